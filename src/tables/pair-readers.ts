/**
 * The host pair table as its readers see it. A pair is a number below highWater, and holds until the table changes:
 * closeSecond, setGrouping, setSides, reset (pair-table.ts).
 */
import { COUNTERS, type PairCounters } from './pair-counters.ts';
import type { PairFlows } from './pair-flows.ts';
import { PAIR_WINDOWS, type PairGrouping, SIDE_REASONS, type SideReason } from './pair-grouping.ts';
import { type PairGroups, WINDOW_DOUBLES } from './pair-groups.ts';
import { PairHistory, PeakSearch } from './pair-history.ts';
import { RECORD_WORDS } from './pair-keys.ts';

/** What counters count, in their order. */
export const PAIR_COUNTER = { packets: 0, ipBytes: 1, wireBytes: 2 } as const;

/** [sent, received]. */
export type BothWays = [number, number];

/** Figures of all traffic; see PairFigures in screens/host-pairs/types.ts. */
export interface PairTotals {
  /** In units of the table's quantity a second; null until a second was closed. */
  rates: [BothWays, BothWays, BothWays] | null;
  counts: [BothWays, BothWays, BothWays];
  /** Sent, received, both together; null until a second was closed. */
  peak: [number, number, number] | null;
  packets: BothWays;
  ipBytes: BothWays;
  wireBytes: BothWays;
}

export abstract class PairReaders {
  readonly gone: PairCounters & { pairs: number } = { pairs: 0, packets: 0, ipBytes: 0, wireBytes: 0 };
  /** IP that found no room: in totals, and in no pair. */
  readonly more: PairCounters = { packets: 0, ipBytes: 0, wireBytes: 0 };
  readonly nonIp: PairCounters = { packets: 0, ipBytes: 0, wireBytes: 0 };
  /** What decisions leave out. */
  readonly leftOut: PairCounters = { packets: 0, ipBytes: 0, wireBytes: 0 };
  protected abstract readonly flows: PairFlows;
  protected abstract groups: PairGroups;
  protected readonly history = new PairHistory();
  /** End of the last closed second, in seconds since 1970. */
  protected now = 0;
  /** Counters of all traffic: packets, IP bytes, wire bytes, sent and received of each. */
  protected readonly sums = new Float64Array(COUNTERS);
  protected currentGrouping: PairGrouping;

  constructor(grouping: PairGrouping) {
    this.currentGrouping = grouping;
  }

  get grouping(): PairGrouping {
    return this.currentGrouping;
  }

  get highWater(): number {
    return this.groups.highWater;
  }

  /** Live pairs. */
  get count(): number {
    return this.groups.count;
  }

  /** Conversations that carried something within the last forty seconds; with those that are left out. */
  get flowCount(): number {
    return this.flows.count;
  }

  isLive(pair: number): boolean {
    return this.groups.isLive(pair);
  }

  /** Calls with every live pair. */
  forEach(visit: (pair: number) => void): void {
    const { groups } = this;
    for (let pair = 0; pair < groups.highWater; pair++) if (groups.isLive(pair)) visit(pair);
  }

  /** A safe integer that no other pair of this run has or had; it stays while the pair lives and the grouping stands. */
  idOf(pair: number): number {
    return this.groups.idOf(pair);
  }

  /** The pair that has this id, or -1: it is gone. */
  pairOf(id: number): number {
    return this.groups.pairOf(id);
  }

  /**
   * Words of pairs' keys, from wordsAt(pair) on: 0..3 our address, 4..7 theirs (as keys of DecodedBatch have them, masked
   * to the grouping's prefix; all 0 where the side is hidden), 8 ports (ours << 16 | theirs; 0 where not told apart),
   * 9 IP protocol (0 where ports are told apart on no side), 10 interface slot. Another array after a new grouping.
   */
  get words(): Uint32Array {
    return this.groups.keys;
  }

  wordsAt(pair: number): number {
    return pair * RECORD_WORDS;
  }

  /** End of the last closed second, in seconds since 1970. */
  get moment(): number {
    return this.now;
  }

  /** A second was closed since start or reset: before, rates and peaks are not known. */
  get knowsRates(): boolean {
    return this.history.closed > 0;
  }

  /**
   * What the newest seconds carried, in units of the quantity; `window` is a place in PAIR_WINDOWS, side 0 sent, 1
   * received. Below 0 where fragments moved to another conversation after their second was over.
   */
  windowCount(pair: number, window: number, side: number): number {
    return this.groups.windows[pair * WINDOW_DOUBLES + 2 * window + side];
  }

  /** The same a second: over what those seconds lasted, or over the pair's age where that is less, at least a second. */
  rate(pair: number, window: number, side: number): number {
    const seconds = this.history.windowSeconds[window];
    if (seconds === 0) return 0;
    const age = Math.max(1, this.now - this.groups.firstSeen[pair]);
    return Math.max(0, this.windowCount(pair, window, side) / Math.min(seconds, age));
  }

  /** rate() of both sides together, for orders: it is asked for every pair. Until the table changes. */
  rateKey(window: number): (pair: number) => number {
    const { windows, firstSeen } = this.groups;
    const seconds = this.history.windowSeconds[window];
    const { now } = this;
    return (pair) => {
      const at = pair * WINDOW_DOUBLES + 2 * window;
      const count = Math.max(0, windows[at]) + Math.max(0, windows[at + 1]);
      if (count === 0) return 0;
      return count / Math.min(seconds, Math.max(1, now - firstSeen[pair]));
    };
  }

  /** Since the pair began; `counter` is one of PAIR_COUNTER. */
  counter(pair: number, counter: number, side: number): number {
    return this.groups.counters[pair * COUNTERS + 2 * counter + side];
  }

  /** Conversations that carried something within the last forty seconds; connections that began anew are one. */
  conversations(pair: number): number {
    return this.groups.flows[pair];
  }

  /** Seconds since 1970. */
  firstSeen(pair: number): number {
    return this.groups.firstSeen[pair];
  }

  lastSeen(pair: number): number {
    return this.groups.lastSeen[pair];
  }

  /** The strongest among the reasons of its conversations. */
  reason(pair: number): SideReason {
    return SIDE_REASONS[this.groups.reason[pair]];
  }

  /**
   * Highest averages over two seconds within the last forty: three doubles (sent, received, both) for each of the given
   * pairs, 0 until a second was closed. One look at all flows and forty at those of the pairs: ask for many at once.
   */
  peaks(pairs: ArrayLike<number>): Float64Array {
    const firstSeen = Float64Array.from({ length: pairs.length }, (_, place) => this.firstSeen(pairs[place]));
    const search = new PeakSearch(this.history, firstSeen);
    const { flows, places } = this.#flowsOf(pairs);
    const { decision, slots } = this.flows;
    this.#eachSlot((ago, end) => {
      const { current } = search;
      const begin = this.flows.slotAt(this.history.slot(ago));
      for (let k = 0; k < flows.length; k++) {
        const from = begin + flows[k] * 2;
        const side = decision[flows[k]] & 1;
        current[places[k] * 2] += slots[from + side];
        current[places[k] * 2 + 1] += slots[from + 1 - side];
      }
      search.closeSlot(ago, end);
    });
    return search.highest;
  }

  totals(): PairTotals {
    const { history, sums } = this;
    const counts = PAIR_WINDOWS.map((_, window) => this.#carried(window)) as PairTotals['counts'];
    const perSecond = (window: number, sum: number): number => Math.max(0, sum / history.windowSeconds[window]);
    const rates = counts.map(([sent, received], window) => [perSecond(window, sent), perSecond(window, received)]);
    return {
      rates: this.knowsRates ? (rates as NonNullable<PairTotals['rates']>) : null,
      counts,
      peak: this.knowsRates ? this.#totalPeak() : null,
      packets: [sums[0], sums[1]],
      ipBytes: [sums[2], sums[3]],
      wireBytes: [sums[4], sums[5]],
    };
  }

  /** What of totals.counts is in no pair. */
  moreCounts(window: number): BothWays {
    const { history } = this;
    return [history.windowSum(history.more, window, 0), history.windowSum(history.more, window, 1)];
  }

  #carried(window: number): BothWays {
    const { history } = this;
    const [sent, received] = this.moreCounts(window);
    return [
      sent + history.windowSum(history.carried, window, 0),
      received + history.windowSum(history.carried, window, 1),
    ];
  }

  #totalPeak(): [number, number, number] {
    const { carried, more } = this.history;
    const search = new PeakSearch(this.history, Float64Array.of(Number.NEGATIVE_INFINITY));
    this.#eachSlot((ago, end) => {
      const at = this.history.slot(ago) * 2;
      search.current[0] = carried[at] + more[at];
      search.current[1] = carried[at + 1] + more[at + 1];
      search.closeSlot(ago, end);
    });
    return [...search.highest] as [number, number, number];
  }

  /** Calls with every closed slot, the oldest first, and the moment when it ended. */
  #eachSlot(visit: (ago: number, end: number) => void): void {
    const { history } = this;
    let end = this.now;
    for (let ago = 0; ago < history.closed - 1; ago++) end -= history.durations[history.slot(ago)];
    for (let ago = history.closed - 1; ago >= 0; ago--) {
      visit(ago, end);
      if (ago > 0) end += history.durations[history.slot(ago - 1)];
    }
  }

  /** The flows of some pairs, and the place of each one's pair among them. */
  #flowsOf(pairs: ArrayLike<number>): { flows: Uint32Array; places: Uint32Array } {
    const wanted = new Uint32Array(this.groups.highWater);
    let length = 0;
    for (let place = 0; place < pairs.length; place++) {
      wanted[pairs[place]] = place + 1;
      length += this.conversations(pairs[place]);
    }
    const flows = new Uint32Array(length);
    const places = new Uint32Array(length);
    const { pair, highWater } = this.flows;
    let found = 0;
    for (let flow = 0; flow < highWater && found < length; flow++) {
      const place = pair[flow] > 0 ? wanted[pair[flow] - 1] : 0;
      if (place === 0) continue;
      flows[found] = flow;
      places[found++] = place - 1;
    }
    return { flows, places };
  }
}
