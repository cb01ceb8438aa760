/**
 * The last forty seconds that were closed: how long each lasted, and what all traffic was in it. A second stands in a slot
 * of a ring; a flow's figures of the same second stand in the same slot of its own (pair-flows.ts).
 *
 *   slot          0…39, the newest at `head`
 *   durations     what a slot really lasted, in seconds
 *   carried       sent, received in each slot, in units of the table's quantity
 */
import { PAIR_WINDOWS } from './pair-grouping.ts';

/** Seconds that are kept: those of the longest window. */
export const HISTORY_SLOTS = 40 satisfies (typeof PAIR_WINDOWS)[2];

export class PairHistory {
  /** The newest slot. */
  head = 0;
  /** Slots that were closed, at most HISTORY_SLOTS. */
  closed = 0;
  readonly durations = new Float64Array(HISTORY_SLOTS);
  /** Conversations in the table, and those that found no room. */
  readonly carried = new Float64Array(HISTORY_SLOTS * 2);
  readonly more = new Float64Array(HISTORY_SLOTS * 2);
  /** What the slots of each of PAIR_WINDOWS lasted together. */
  readonly windowSeconds = new Float64Array(PAIR_WINDOWS.length);

  /** A new slot, in place of the oldest. */
  advance(seconds: number): void {
    this.head = (this.head + 1) % HISTORY_SLOTS;
    this.closed = Math.min(this.closed + 1, HISTORY_SLOTS);
    this.durations[this.head] = seconds;
    this.carried.fill(0, this.head * 2, this.head * 2 + 2);
    this.more.fill(0, this.head * 2, this.head * 2 + 2);
    for (const [window, slots] of PAIR_WINDOWS.entries()) {
      let sum = 0;
      for (let ago = 0; ago < Math.min(slots, this.closed); ago++) sum += this.durations[this.slot(ago)];
      this.windowSeconds[window] = sum;
    }
  }

  /** The slot that was closed so many slots before the newest. */
  slot(ago: number): number {
    return (this.head - ago + HISTORY_SLOTS) % HISTORY_SLOTS;
  }

  /** Sum of the newest slots of a window. `ring`: two figures a slot; `side` 0 or 1. */
  windowSum(ring: Float64Array, window: number, side: number): number {
    let sum = 0;
    for (let ago = 0; ago < PAIR_WINDOWS[window]; ago++) sum += ring[this.slot(ago) * 2 + side];
    return sum;
  }

  reset(): void {
    this.head = 0;
    this.closed = 0;
    this.durations.fill(0);
    this.carried.fill(0);
    this.more.fill(0);
    this.windowSeconds.fill(0);
  }
}

/**
 * The highest averages that rates over two seconds showed within the kept seconds. Takes slots from the oldest to the
 * newest; figures and results are three to a place: sent, received, both.
 */
export class PeakSearch {
  readonly highest: Float64Array;
  /** sent, received of the slot that is being filled, and of the one before. */
  current: Float64Array;
  #before: Float64Array;
  readonly #history: PairHistory;
  readonly #firstSeen: Float64Array;

  /** `firstSeen` of each place, in seconds since 1970. */
  constructor(history: PairHistory, firstSeen: Float64Array) {
    this.#history = history;
    this.#firstSeen = firstSeen;
    this.highest = new Float64Array(firstSeen.length * 3);
    this.current = new Float64Array(firstSeen.length * 2);
    this.#before = new Float64Array(firstSeen.length * 2);
  }

  /** `current` holds what the slot closed `ago` slots before the newest carried; it ended at `end`. */
  closeSlot(ago: number, end: number): void {
    const { durations, closed } = this.#history;
    const isOldest = ago === closed - 1;
    const before = isOldest ? 0 : durations[this.#history.slot(ago + 1)];
    const lasted = durations[this.#history.slot(ago)] + before;
    // Of a full ring's oldest slot the second before is not kept.
    const isWhole = !isOldest || closed < HISTORY_SLOTS;
    const count = isWhole ? this.#firstSeen.length : 0;
    for (let place = 0; place < count; place++) {
      const seconds = Math.min(lasted, Math.max(1, end - this.#firstSeen[place]));
      const sent = (this.current[place * 2] + this.#before[place * 2]) / seconds;
      const received = (this.current[place * 2 + 1] + this.#before[place * 2 + 1]) / seconds;
      this.#raise(place * 3, sent);
      this.#raise(place * 3 + 1, received);
      this.#raise(place * 3 + 2, sent + received);
    }
    const { current } = this;
    this.current = this.#before.fill(0);
    this.#before = current;
  }

  #raise(at: number, value: number): void {
    if (value > this.highest[at]) this.highest[at] = value;
  }
}
