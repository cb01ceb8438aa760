/** Pairs of hosts as plain objects: what the host pair table must hold, written down without thought of cost. */
import {
  type ChangedRows,
  type ConversationTable,
  ROW_DOUBLE,
  ROW_DOUBLES,
  ROW_WORDS,
} from '../../src/tables/conversation-table.ts';
import { PAIR_WINDOWS, type PairGrouping, type PairSide } from '../../src/tables/pair-grouping.ts';
import { LEFT_OUT, sideOf } from '../../src/tables/pair-sides.ts';
import type { DecideSide } from '../../src/tables/pair-table.ts';
import { addressText } from '../../src/wire/address.ts';
import type { PairSums } from './pair-driver.ts';

const SECONDS = 40;

interface ModelFlow {
  key: Uint32Array;
  /** By endpoint, six counters: of closed seconds, and of the open one. */
  counted: number[];
  open: number[];
  /** IP bytes of each closed second by endpoint, the newest first. */
  slots: number[][];
  firstSeen: number;
}

interface ModelPair {
  /** Of flows that have left, [sent, received] three times. */
  left: number[];
  firstSeen: number;
}

const zeros = (): number[] => [0, 0, 0, 0, 0, 0];
const plus = (a: number[], b: number[]): number[] => a.map((value, k) => value + b[k]);
/** Six counters seen from endpoint `side`. */
const oriented = (counters: number[], side: number): number[] => counters.map((_, k) => counters[k ^ side]);

export class PairModel {
  gone = { pairs: 0, counters: zeros() };
  leftOut = zeros();
  /** Everything that was added up to the last closed second. */
  added = zeros();
  flows = new Map<string, ModelFlow>();
  #pairs = new Map<string, ModelPair>();
  #durations: number[] = [];
  #grouping: PairGrouping;
  #decide: DecideSide = () => 0;
  #now = 0;
  #open = zeros();
  readonly #table: ConversationTable;

  constructor(table: ConversationTable, grouping: PairGrouping) {
    this.#table = table;
    this.#grouping = grouping;
  }

  add({ count, rows, before }: ChangedRows): void {
    const { u32, f64, firstSeen } = this.#table;
    for (let k = 0; k < count; k++) {
      const row = rows[k];
      const key = u32.slice(row * ROW_WORDS, row * ROW_WORDS + 11);
      const was = [...before.subarray(k * 6, k * 6 + 6)];
      const difference = was.map((value, at) => f64[row * ROW_DOUBLES + ROW_DOUBLE.packets + at] - value);
      this.#open = plus(this.#open, difference);
      const isNew = was.every((value) => value === 0);
      const flow = this.flows.get(key.join()) ?? {
        key,
        counted: zeros(),
        open: zeros(),
        slots: [],
        firstSeen: isNew ? firstSeen[row] : Math.max(this.#now, firstSeen[row]),
      };
      flow.open = plus(flow.open, difference);
      this.flows.set(key.join(), flow);
    }
  }

  closeSecond(seconds: number, now: number): void {
    const isSilent = [...this.flows.values()].every(({ open }) => open.every((value) => value === 0));
    this.#now = now;
    this.added = plus(this.added, this.#open);
    this.#open = zeros();
    const slots = isSilent ? Math.max(1, Math.round(seconds)) : 1;
    for (let k = 0; k < Math.min(SECONDS, slots); k++) this.#closeSlot(seconds / slots);
    for (const [key, flow] of this.flows) if (flow.slots.every(([a, b]) => a === 0 && b === 0)) this.#leave(key, flow);
    this.#join();
    this.gone.pairs += this.#removeOver();
  }

  setSides(decide: DecideSide): void {
    this.#decide = decide;
    this.#join();
    this.#removeOver();
  }

  setGrouping(grouping: PairGrouping): void {
    const old = this.#pairs;
    const { ours, theirs } = this.#grouping;
    const coarser = (fine: PairSide, coarse: PairSide): boolean =>
      (coarse.hidden || (!fine.hidden && coarse.ipv4Prefix <= fine.ipv4Prefix)) && (fine.ports || !coarse.ports);
    const canCarry = coarser(ours, grouping.ours) && coarser(theirs, grouping.theirs);
    // One flow of each old pair shows where its pair is now.
    const heirs = new Map<string, string>();
    for (const flow of this.#counted()) {
      const side = sideOf(this.#decision(flow));
      heirs.set(this.#nameOf(flow.key, side), nameOf(flow.key, side, grouping));
    }
    this.#grouping = grouping;
    this.#pairs = new Map();
    this.#join();
    for (const [name, { left, firstSeen }] of old) {
      const heir = canCarry ? this.#pairs.get(heirs.get(name) as string) : undefined;
      if (heir === undefined) this.gone.counters = plus(this.gone.counters, left);
      else Object.assign(heir, { left: plus(heir.left, left), firstSeen: Math.min(heir.firstSeen, firstSeen) });
    }
  }

  reset(): void {
    this.gone = { pairs: 0, counters: zeros() };
    this.leftOut = zeros();
    this.added = zeros();
    this.#open = zeros();
    this.flows.clear();
    this.#pairs.clear();
    this.#durations = [];
    this.#now = 0;
  }

  /** Every pair by name, as PairDriver has them. */
  all(): Map<string, PairSums> {
    const names = [...this.#pairs.keys()].sort();
    return new Map(names.map((name) => [name, this.#sums(name, this.#pairs.get(name) as ModelPair)]));
  }

  #sums(name: string, { left, firstSeen }: ModelPair): PairSums {
    const flows = this.#counted().filter((flow) => this.#nameOf(flow.key, sideOf(this.#decision(flow))) === name);
    const counters = flows.reduce((sum, flow) => plus(sum, oriented(flow.counted, sideOf(this.#decision(flow)))), left);
    const windows = PAIR_WINDOWS.map((slots) =>
      [0, 1].map((way) => {
        const sums = flows.map((flow) => sumOf(flow.slots.slice(0, slots), way ^ sideOf(this.#decision(flow))));
        return sums.reduce((a, b) => a + b, 0);
      }),
    );
    const rates = windows.map((counts, window) => {
      const lasted = this.#durations.slice(0, PAIR_WINDOWS[window]).reduce((a, b) => a + b, 0);
      return counts.map((count) => Math.max(0, count / Math.min(lasted, Math.max(1, this.#now - firstSeen))));
    });
    return {
      windows,
      rates,
      counters: [counters.slice(0, 2), counters.slice(2, 4), counters.slice(4, 6)],
      conversations: flows.length,
      firstSeen,
    };
  }

  #decision(flow: ModelFlow): number {
    return this.#decide(flow.key, 0, 0);
  }

  /** Flows of closed seconds that are in pairs. */
  #counted(): ModelFlow[] {
    return [...this.flows.values()].filter((flow) => flow.slots.length > 0 && this.#decision(flow) !== LEFT_OUT);
  }

  #nameOf(key: Uint32Array, side: number): string {
    return nameOf(key, side, this.#grouping);
  }

  #closeSlot(seconds: number): void {
    this.#durations = [seconds, ...this.#durations].slice(0, SECONDS);
    for (const [key, flow] of this.flows) {
      if (flow.slots.length === 0 && flow.open.every((value) => value === 0)) this.flows.delete(key);
      flow.slots = [flow.open.slice(2, 4), ...flow.slots].slice(0, SECONDS);
      flow.counted = plus(flow.counted, flow.open);
      flow.open = zeros();
    }
  }

  #join(): void {
    for (const flow of this.#counted()) {
      const name = this.#nameOf(flow.key, sideOf(this.#decision(flow)));
      const pair = this.#pairs.get(name) ?? { left: zeros(), firstSeen: flow.firstSeen };
      pair.firstSeen = Math.min(pair.firstSeen, flow.firstSeen);
      this.#pairs.set(name, pair);
    }
  }

  #leave(key: string, flow: ModelFlow): void {
    this.flows.delete(key);
    const decision = this.#decision(flow);
    if (decision === LEFT_OUT) {
      this.leftOut = plus(this.leftOut, flow.counted);
      return;
    }
    const pair = this.#pairs.get(this.#nameOf(flow.key, sideOf(decision))) as ModelPair;
    pair.left = plus(pair.left, oriented(flow.counted, sideOf(decision)));
  }

  #removeOver(): number {
    const names = new Set(this.#counted().map((flow) => this.#nameOf(flow.key, sideOf(this.#decision(flow)))));
    let removed = 0;
    for (const [name, { left }] of this.#pairs) {
      if (names.has(name)) continue;
      this.gone.counters = plus(this.gone.counters, left);
      this.#pairs.delete(name);
      removed++;
    }
    return removed;
  }
}

function sumOf(slots: number[][], endpoint: number): number {
  return slots.reduce((sum, slot) => sum + slot[endpoint], 0);
}

/** As pairName of pair-driver.ts. Knows prefixes of whole bytes of IPv4, and single hosts of IPv6. */
function nameOf(key: Uint32Array, side: number, { ours, theirs }: PairGrouping): string {
  const endpoint = (number: number, kept: PairSide): string => {
    const port = kept.ports ? (number === 0 ? key[8] >>> 16 : key[8] & 0xffff) : 0;
    if (kept.hidden) return `*:${port}`;
    const address = addressText(key, number * 4);
    if (address.includes(':')) return `${address}:${port}`;
    const bytes = address.split('.').map((byte, k) => (k * 8 < kept.ipv4Prefix ? byte : '0'));
    return `${bytes.join('.')}:${port}`;
  };
  const protocol = ours.ports || theirs.ports ? (key[9] >>> 16) & 0xff : 0;
  return `${endpoint(side, ours)} > ${endpoint(1 - side, theirs)} ${protocol} ${key[10]}`;
}
