/** A conversation table whose rows are written by hand: begun, freed and used again when a test says so. */
import {
  type ChangedRows,
  ConversationTable,
  GENERATION_SHIFT,
  ROW_DOUBLE,
  ROW_DOUBLES,
  ROW_FLAG,
  ROW_WORD,
  ROW_WORDS,
} from '../../src/tables/conversation-table.ts';
import { parseAddress } from '../../src/wire/address.ts';
import { NETWORK } from '../../src/wire/decoded-batch.ts';
import { keyPlace } from '../../src/wire/key.ts';

const BEFORE_DOUBLES = 6;
const KEY_WORDS = 11;
/** So many bytes of a frame are not IP. */
const LINK_BYTES = 14;

/** Endpoint 0 is `from`, whatever its address. */
export interface KeyFields {
  from: string;
  to: string;
  fromPort?: number;
  toPort?: number;
  protocol?: number;
  slot?: number;
  vlan?: number;
}

export function conversationKey({ from, to, ...fields }: KeyFields): Uint32Array {
  const { fromPort = 0, toPort = 0, protocol = 17, slot = 0, vlan = 0 } = fields;
  const words = new Uint32Array(KEY_WORDS);
  words.set(parseAddress(from) as Uint32Array, 0);
  words.set(parseAddress(to) as Uint32Array, 4);
  words[8] = (fromPort << 16) | toPort;
  words[9] = keyPlace(from.includes(':') ? NETWORK.ipv6 : NETWORK.ipv4, protocol, vlan);
  words[10] = slot;
  return words;
}

export class ConversationRows {
  readonly table: ConversationTable;
  readonly #sink: (changed: ChangedRows) => void;
  readonly #free: number[] = [];
  readonly #changed = new Map<number, number[]>();
  #used = 0;

  constructor(sink: (changed: ChangedRows) => void, maximumRows = 4096) {
    this.table = new ConversationTable({ maximumRows });
    this.#sink = sink;
  }

  /** A new conversation; the row that was freed last is used again first. */
  begin(key: Uint32Array, time: number): number {
    const row = this.#free.pop() ?? this.#used++;
    const { u32, f64, firstSeen } = this.table;
    const at = row * ROW_WORDS;
    const generation = u32[at + ROW_WORD.flags] & (-1 << GENERATION_SHIFT);
    u32.fill(0, at, at + ROW_WORDS);
    u32.set(key, at);
    u32[at + ROW_WORD.flags] = generation | ROW_FLAG.live;
    f64[row * ROW_DOUBLES + ROW_DOUBLE.lastSeen] = time;
    firstSeen[row] = time;
    return row;
  }

  /** Packets of endpoint `side`; negative: fragments that move away. */
  carry(row: number, side: number, packets: number, ipBytes: number, time: number): void {
    const { f64 } = this.table;
    const at = row * ROW_DOUBLES;
    const counters = at + ROW_DOUBLE.packets;
    if (!this.#changed.has(row)) this.#changed.set(row, [...f64.subarray(counters, counters + BEFORE_DOUBLES)]);
    f64[counters + side] += packets;
    f64[counters + 2 + side] += ipBytes;
    f64[counters + 4 + side] += ipBytes + packets * LINK_BYTES;
    f64[at + ROW_DOUBLE.lastSeen] = Math.max(f64[at + ROW_DOUBLE.lastSeen], time);
  }

  /** Ids of the hardware addresses of both endpoints. */
  setMacs(row: number, mac0: number, mac1: number): void {
    this.table.u32[row * ROW_WORDS + ROW_WORD.macs] = (mac1 << 16) | mac0;
  }

  free(row: number): void {
    if (this.#changed.has(row)) this.handOut();
    const at = row * ROW_WORDS + ROW_WORD.flags;
    this.table.u32[at] = ((this.table.u32[at] >>> GENERATION_SHIFT) + 1) << GENERATION_SHIFT;
    this.#free.push(row);
  }

  handOut(): void {
    const rows = Uint32Array.from(this.#changed.keys());
    const before = Float64Array.from([...this.#changed.values()].flat());
    this.#changed.clear();
    this.#sink({ count: rows.length, rows, before });
  }
}
