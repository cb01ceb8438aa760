/**
 * The finest unit of the host pair monitor: what was carried between the endpoints of a conversation key, by row of the
 * conversation table while there is one, and kept for forty seconds of silence also when the row is gone, or another
 * conversation's. A connection that begins anew between the same endpoints goes on with the same flow.
 *
 *   line      72 bytes a flow, the same memory as Float64Array (9 doubles) and Int32Array (18 words): all that a changed
 *             row needs
 *     f64 0..5  the open second: packets, IP bytes, wire bytes, each sent by endpoint 0, 1        f64 6  last seen
 *     i32 14    row + 1, 0: none      i32 15  the row's generation, in the bits where its flags have it
 *     i32 16    hardware addresses' ids, as ROW_WORD.macs
 *   counters  Float64Array, 6 a flow: the same six up to the last closed second
 *   slots     Float32Array, slot-major: (slot * capacity + flow) * 2 + endpoint, so that the end of a second goes through
 *             memory as it lies. Whole numbers; those beyond 2^24 are rounded, and what that leaves (rest, Float32Array)
 *             goes to the next second
 *   keys      12 words: conversation key; next free flow + 1 in word 11
 *   pair      Int32Array: FLOW_PAIR, or pair + 1      firstSeen  Float64Array      decision  Uint8Array (pair-sides.ts)
 *   idle      Uint8Array: seconds without traffic | HAS_REST | LISTED
 *
 * A flow takes 72 line + 48 counters + 320 slots + 8 rest + 48 key + 14 + up to 16 index + 8 lists = 534 bytes, and a pair
 * (pair-groups.ts) up to 190: 72 MB at 100,000 flows that are as many pairs, 190 MB at MOST_FLOWS. As everywhere, the
 * kernel gives memory only to pages that are touched.
 */
import { GENERATION_SHIFT } from './conversation-table.ts';
import { COUNTERS } from './pair-counters.ts';
import { HISTORY_SLOTS } from './pair-history.ts';
import { KeyIndex, MOST_RECORDS, RECORD_WORDS } from './pair-keys.ts';

/**
 * Flows that there can be. Forty seconds of 6,500 new conversations a second: what a busy server has; a scan fills it,
 * and then new conversations count together until old ones leave.
 */
export const MOST_FLOWS = MOST_RECORDS;

export const FLOW_DOUBLES = 9;
export const FLOW_WORDS = 18;
export const FLOW_DOUBLE = { lastSeen: 6 } as const;
export const FLOW_WORD = { row: 14, generation: 15, macs: 16 } as const;

/** Values of `pair` beside pair + 1. */
export const FLOW_PAIR = { free: 0, undecided: -1, leftOut: -2 } as const;

/** Bits of `idle`: seconds; a rounding remainder waits; the flow stands in a list to be decided again. */
export const IDLE_BITS = { seconds: 0x3f, hasRest: 0x40, listed: 0x80 } as const;

export const GENERATION_MASK = -1 << GENERATION_SHIFT;

const NEXT_WORD = 11;

export class PairFlows {
  readonly capacity: number;
  readonly f64: Float64Array;
  readonly i32: Int32Array;
  readonly counters: Float64Array;
  readonly slots: Float32Array;
  readonly rest: Float32Array;
  readonly keys: Uint32Array;
  readonly pair: Int32Array;
  readonly firstSeen: Float64Array;
  readonly decision: Uint8Array;
  readonly idle: Uint8Array;
  /** All flows in use are below. */
  highWater = 0;
  count = 0;
  readonly #index: KeyIndex;
  #freeHead = 0;

  constructor(mostFlows: number) {
    const capacity = Math.min(MOST_FLOWS, mostFlows);
    this.capacity = capacity;
    const arena = new ArrayBuffer(capacity * FLOW_WORDS * 4);
    this.f64 = new Float64Array(arena);
    this.i32 = new Int32Array(arena);
    this.counters = new Float64Array(capacity * COUNTERS);
    this.slots = new Float32Array(capacity * 2 * HISTORY_SLOTS);
    this.rest = new Float32Array(capacity * 2);
    this.keys = new Uint32Array(capacity * RECORD_WORDS);
    this.pair = new Int32Array(capacity);
    this.firstSeen = new Float64Array(capacity);
    this.decision = new Uint8Array(capacity);
    this.idle = new Uint8Array(capacity);
    this.#index = new KeyIndex(this.keys);
  }

  get isFull(): boolean {
    return this.#freeHead === 0 && this.highWater === this.capacity;
  }

  hashOf(words: Uint32Array, at: number): number {
    return this.#index.hashOf(words, at);
  }

  /** The flow between the endpoints of the conversation key at words[at…], or -1. */
  find(words: Uint32Array, at: number, hash: number): number {
    return this.#index.find(words, at, hash);
  }

  /** A new flow, undecided, with nothing carried; there must be room. */
  begin(words: Uint32Array, at: number, hash: number, firstSeen: number): number {
    let flow = this.#freeHead - 1;
    if (flow < 0) flow = this.highWater++;
    else this.#freeHead = this.keys[flow * RECORD_WORDS + NEXT_WORD];
    const key = flow * RECORD_WORDS;
    for (let k = 0; k < NEXT_WORD; k++) this.keys[key + k] = words[at + k];
    this.#index.add(flow, hash);
    this.f64.fill(0, flow * FLOW_DOUBLES, (flow + 1) * FLOW_DOUBLES);
    this.counters.fill(0, flow * COUNTERS, (flow + 1) * COUNTERS);
    this.firstSeen[flow] = firstSeen;
    this.pair[flow] = FLOW_PAIR.undecided;
    this.idle[flow] = 0;
    this.count++;
    return flow;
  }

  /** The flow's slots and rest must be empty. Its place is used again after collectFree. */
  free(flow: number): void {
    this.#index.remove(flow);
    this.i32[flow * FLOW_WORDS + FLOW_WORD.row] = 0;
    this.pair[flow] = FLOW_PAIR.free;
    this.count--;
  }

  /** Lists the free places, the lowest first, so that a flood leaves no long table behind. */
  collectFree(): void {
    const { pair, keys } = this;
    this.#freeHead = 0;
    let high = 0;
    for (let flow = this.highWater - 1; flow >= 0; flow--) {
      if (pair[flow] !== FLOW_PAIR.free) high ||= flow + 1;
      else if (high !== 0) {
        keys[flow * RECORD_WORDS + NEXT_WORD] = this.#freeHead;
        this.#freeHead = flow + 1;
      }
    }
    this.highWater = high;
  }

  /** Where a slot's figures begin. */
  slotAt(slot: number): number {
    return slot * this.capacity * 2;
  }

  /** The endpoint that is ours, of a flow in a pair. */
  sideOf(flow: number): number {
    return this.decision[flow] & 1;
  }

  reset(): void {
    const end = this.highWater * 2;
    for (let slot = 0; slot < HISTORY_SLOTS; slot++) this.slots.fill(0, this.slotAt(slot), this.slotAt(slot) + end);
    this.rest.fill(0, 0, end);
    this.i32.fill(0, 0, this.highWater * FLOW_WORDS);
    this.pair.fill(FLOW_PAIR.free, 0, this.highWater);
    this.#index.clear();
    this.#freeHead = 0;
    this.highWater = 0;
    this.count = 0;
  }
}
