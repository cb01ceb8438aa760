/** A host pair table under rows that are written by hand, and its figures as plain values. */
import { HOST_SIDE, PAIR_WINDOWS, type PairGrouping, type PairSide } from '../../src/tables/pair-grouping.ts';
import { PAIR_COUNTER } from '../../src/tables/pair-readers.ts';
import { PairTable, type PairTableOptions } from '../../src/tables/pair-table.ts';
import { addressText } from '../../src/wire/address.ts';
import { ConversationRows, conversationKey, type KeyFields } from './conversation-rows.ts';

export const COUNTERS = [PAIR_COUNTER.packets, PAIR_COUNTER.ipBytes, PAIR_COUNTER.wireBytes];

/** [sent, received] each. */
export interface PairSums {
  /** In PAIR_WINDOWS. */
  windows: number[][];
  rates: number[][];
  /** Packets, IP bytes, wire bytes. */
  counters: number[][];
  conversations: number;
  firstSeen: number;
}

export function grouping(ours: Partial<PairSide>, theirs: Partial<PairSide> = ours): PairGrouping {
  return { ours: { ...HOST_SIDE, ...ours }, theirs: { ...HOST_SIDE, ...theirs } };
}

/** "10.0.0.1:5 > 10.0.0.2:80 17 0": addresses (* where nothing is told apart), ports, protocol, interface slot. */
export function pairName(words: Uint32Array, at: number): string {
  const side = (from: number, port: number): string => {
    const isHidden = words.subarray(at + from, at + from + 4).every((word) => word === 0);
    return `${isHidden ? '*' : addressText(words, at + from)}:${port}`;
  };
  return `${side(0, words[at + 8] >>> 16)} > ${side(4, words[at + 8] & 0xffff)} ${words[at + 9]} ${words[at + 10]}`;
}

export class PairDriver {
  readonly pairs: PairTable;
  readonly rows: ConversationRows;
  readonly #byKey = new Map<string, number>();
  now = 1000;

  constructor(options: Partial<PairTableOptions> = {}) {
    this.rows = new ConversationRows((changed) => this.pairs.add(changed));
    // Room for what a test makes: memory for more takes time.
    this.pairs = new PairTable(this.rows.table, { quantity: 'ipBytes', mostFlows: 4096, ...options });
  }

  /** One packet of `bytes`; its conversation begins where there is none. Returns the row. */
  packet(fields: KeyFields, bytes: number, side = 0, time = this.now): number {
    const name = JSON.stringify(fields);
    let row = this.#byKey.get(name);
    if (row === undefined) {
      row = this.rows.begin(conversationKey(fields), time);
      this.#byKey.set(name, row);
    }
    this.rows.carry(row, side, 1, bytes, time);
    return row;
  }

  /** The conversation's row is freed. */
  end(fields: KeyFields): void {
    const name = JSON.stringify(fields);
    this.rows.free(this.#byKey.get(name) as number);
    this.#byKey.delete(name);
  }

  /** Hands out and closes a second. */
  second(seconds = 1): this {
    this.rows.handOut();
    this.now += seconds;
    this.pairs.closeSecond(seconds, this.now);
    return this;
  }

  seconds(count: number): this {
    for (let k = 0; k < count; k++) this.second();
    return this;
  }

  names(): string[] {
    return [...this.all().keys()];
  }

  pair(name: string): number {
    let found = -1;
    this.pairs.forEach((pair) => {
      if (pairName(this.pairs.words, this.pairs.wordsAt(pair)) === name) found = pair;
    });
    if (found < 0) throw new Error(`no pair ${name} among ${this.names().join(', ')}`);
    return found;
  }

  sums(name: string): PairSums {
    return sumsOf(this.pairs, this.pair(name));
  }

  all(): Map<string, PairSums> {
    return pairsOf(this.pairs);
  }
}

/** Every pair by name, in the order of names. */
export function pairsOf(pairs: PairTable): Map<string, PairSums> {
  const found: [string, PairSums][] = [];
  pairs.forEach((pair) => {
    found.push([pairName(pairs.words, pairs.wordsAt(pair)), sumsOf(pairs, pair)]);
  });
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sumsOf(pairs: PairTable, pair: number): PairSums {
  const both = (figure: (side: number) => number): number[] => [figure(0), figure(1)];
  return {
    windows: PAIR_WINDOWS.map((_, window) => both((side) => pairs.windowCount(pair, window, side))),
    rates: PAIR_WINDOWS.map((_, window) => both((side) => pairs.rate(pair, window, side))),
    counters: COUNTERS.map((counter) => both((side) => pairs.counter(pair, counter, side))),
    conversations: pairs.conversations(pair),
    firstSeen: pairs.firstSeen(pair),
  };
}

/** Rows + gone + more, and totals, which must be the same: packets, IP bytes, wire bytes, and counts of each window. */
export function conservation(pairs: PairTable): { rows: number[]; totals: number[] } {
  const rows = [0, 0, 0, ...PAIR_WINDOWS.flatMap(() => [0, 0])];
  pairs.forEach((pair) => {
    for (const counter of COUNTERS) rows[counter] += pairs.counter(pair, counter, 0) + pairs.counter(pair, counter, 1);
    for (const window of PAIR_WINDOWS.keys()) {
      for (const side of [0, 1]) rows[3 + 2 * window + side] += pairs.windowCount(pair, window, side);
    }
  });
  for (const rest of [pairs.gone, pairs.more]) {
    for (const [k, value] of [rest.packets, rest.ipBytes, rest.wireBytes].entries()) rows[k] += value;
  }
  for (const window of PAIR_WINDOWS.keys()) {
    for (const side of [0, 1]) rows[3 + 2 * window + side] += pairs.moreCounts(window)[side];
  }
  const { packets, ipBytes, wireBytes, counts } = pairs.totals();
  const totals = [packets, ipBytes, wireBytes].map(([sent, received]) => sent + received);
  return { rows, totals: [...totals, ...counts.flat()] };
}
