/** Six counters in a row of doubles: packets, IP bytes, wire bytes, each of both directions. */

import type { PairQuantity } from './pair-grouping.ts';

/** Doubles of a set of counters. */
export const COUNTERS = 6;

/** Place of a quantity among them, of the first direction. */
export const QUANTITY_AT: Readonly<Record<PairQuantity, number>> = { packets: 0, ipBytes: 2, wireBytes: 4 };

export interface PairCounters {
  packets: number;
  ipBytes: number;
  wireBytes: number;
}

/** Adds the counters of the line at `from`, by endpoint, to those at `at`, [sent, received]; endpoint `side` is ours. */
export function addCounters(to: Float64Array, at: number, line: Float64Array, from: number, side: number): void {
  const other = 1 - side;
  to[at] += line[from + side];
  to[at + 1] += line[from + other];
  to[at + 2] += line[from + 2 + side];
  to[at + 3] += line[from + 2 + other];
  to[at + 4] += line[from + 4 + side];
  to[at + 5] += line[from + 4 + other];
}

/** Takes off what addCounters adds. */
export function takeCounters(to: Float64Array, at: number, line: Float64Array, from: number, side: number): void {
  for (let k = 0; k < COUNTERS; k += 2) {
    to[at + k] -= line[from + k + side];
    to[at + k + 1] -= line[from + k + 1 - side];
  }
}

/** Sets `shown` to the sum of both directions. */
export function showCounters(shown: PairCounters, counters: Float64Array): void {
  shown.packets = counters[0] + counters[1];
  shown.ipBytes = counters[2] + counters[3];
  shown.wireBytes = counters[4] + counters[5];
}
