/**
 * What the length of a bar means: a scale from the left edge to a maximum that fits the traffic. It grows at once and
 * shrinks when the traffic has stayed small, so that it does not jump. Pure; values are in the unit that is shown.
 *
 *   linear       0 ──── 5 ──── 10 ──── 15 ──── 20      round maxima 1, 2, 5, 10 …  (base 1024: powers of two)
 *   logarithmic  20 ── 1k ── 100k ── 10M ──── 20M      six powers of ten to the maximum (base 1024: four of 32)
 */
import type { Base } from '../../src/base/format.ts';

export type ScaleKind = 'linear' | 'logarithmic';

export interface Scale {
  kind: ScaleKind;
  base: Base;
  /** At the right end. */
  maximum: number;
}

/** Least maximum: idle chatter is not to fill the line. */
export const LEAST_MAXIMUM = 10_000;
/** A logarithmic scale ends at so small a part of its maximum, but at no less than one. */
const DECIMAL_SPAN = 10 ** 6;
const BINARY_SPAN = 32 ** 4;
const BINARY_STEP = 32;
/** Ticks that a linear scale has at least. */
const LEAST_TICKS = 4;
/** Seconds of little traffic before a scale shrinks. */
const SHRINKS_AFTER = 10;
/** What it shrinks to leaves this much room, or it would grow again at once. */
const ROOM = 1.1;

/** Round numbers in ascending order from the power at or below `value`. */
function* roundNumbers(value: number, base: Base): Generator<number> {
  if (base === 1024) {
    for (let power = Math.floor(Math.log2(value)); ; power++) yield 2 ** power;
  }
  for (let power = Math.floor(Math.log10(value)); ; power++) for (const digit of [1, 2, 5]) yield digit * 10 ** power;
}

/** The least round maximum that `largest` fits on. */
export function roundMaximum(largest: number, kind: ScaleKind, base: Base): number {
  const wanted = Math.max(largest, LEAST_MAXIMUM);
  if (kind === 'logarithmic') {
    const step = base === 1024 ? BINARY_STEP : 10;
    let maximum = step;
    while (maximum < wanted) maximum *= step;
    return maximum;
  }
  for (const round of roundNumbers(wanted, base)) if (round >= wanted) return round;
  return wanted;
}

function lowEnd({ base, maximum }: Scale): number {
  return Math.max(1, maximum / (base === 1024 ? BINARY_SPAN : DECIMAL_SPAN));
}

/** Length of the bar of `value` as a share of the line, 0 to 1. */
export function shareOnScale(value: number, scale: Scale): number {
  const { kind, maximum } = scale;
  if (!(value > 0)) return 0;
  if (kind === 'linear') return Math.min(1, value / maximum);
  const low = lowEnd(scale);
  if (value <= low) return 0;
  return low >= maximum ? 1 : Math.min(1, Math.log(value / low) / Math.log(maximum / low));
}

/** Values at which the scale is marked, ascending; the maximum is the last. */
export function ticksOf(scale: Scale): number[] {
  const ticks = scale.kind === 'linear' ? linearTicks(scale) : powerTicks(scale);
  return [...ticks, scale.maximum];
}

function linearTicks({ base, maximum }: Scale): number[] {
  // The largest round step that gives enough ticks.
  let step = maximum;
  for (const round of roundNumbers(maximum / LEAST_TICKS / 10, base)) {
    if (maximum / round < LEAST_TICKS) break;
    step = round;
  }
  const ticks: number[] = [];
  for (let k = 1; k * step < maximum * 0.999; k++) ticks.push(k * step);
  return ticks;
}

function powerTicks(scale: Scale): number[] {
  const factor = scale.base === 1024 ? BINARY_STEP : 10;
  const low = lowEnd(scale);
  const ticks: number[] = [];
  for (let tick = factor; tick < scale.maximum * 0.999; tick *= factor) if (tick > low * 1.001) ticks.push(tick);
  return ticks;
}

/** A maximum that follows the traffic. */
export class FittingMaximum {
  #maximum: number | null = null;
  /** Since when (seconds since start) less would do, and the least maximum that would have done all the time. */
  #less: { since: number; maximum: number } | null = null;

  /** The maximum for the largest value that is shown now; `seconds` since start or reset. */
  fit(largest: number, kind: ScaleKind, base: Base, seconds: number): number {
    const needed = roundMaximum(largest, kind, base);
    if (this.#maximum === null || needed >= this.#maximum) return this.#become(needed);
    const roomy = roundMaximum(largest * ROOM, kind, base);
    if (roomy >= this.#maximum) this.#less = null;
    else {
      this.#less ??= { since: seconds, maximum: roomy };
      this.#less.maximum = Math.max(this.#less.maximum, roomy);
      const { since, maximum } = this.#less;
      if (seconds - since >= SHRINKS_AFTER) return this.#become(maximum);
    }
    return this.#maximum;
  }

  /** Something else is looked at, or counted anew: the next maximum fits at once. */
  forget(): void {
    this.#maximum = null;
    this.#less = null;
  }

  #become(maximum: number): number {
    this.#maximum = maximum;
    this.#less = null;
    return maximum;
  }
}
