/** Lists of numbers as ranges, both ends included. */
import type { NumberRange } from './prepared.ts';

/** The same numbers in ascending order, no range beside another. */
export function mergedRanges(ranges: readonly NumberRange[]): NumberRange[] {
  const merged: [number, number][] = [];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** Numbers that are in both lists. */
export function commonRanges(some: readonly NumberRange[], others: readonly NumberRange[]): NumberRange[] {
  return some
    .flatMap(([from, to]) => others.map(([low, high]) => [Math.max(from, low), Math.min(to, high)] as const))
    .filter(([from, to]) => from <= to);
}
