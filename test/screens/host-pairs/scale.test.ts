import { describe, expect, it } from 'vitest';
import { drawRuler } from '../../../screens/host-pairs/ruler.ts';
import {
  FittingMaximum,
  LEAST_MAXIMUM,
  roundMaximum,
  type Scale,
  shareOnScale,
  ticksOf,
} from '../../../screens/host-pairs/scale.ts';
import { createCanvas } from '../../../screens/kit/canvas.ts';

const linear = (maximum: number, base: Scale['base'] = 1000): Scale => ({ kind: 'linear', base, maximum });
const logarithmic = (maximum: number, base: Scale['base'] = 1000): Scale => ({ kind: 'logarithmic', base, maximum });

describe('the maximum of a scale', () => {
  it.each([
    [0, 10_000],
    [9999, 10_000],
    [10_001, 20_000],
    [19_000_000, 20_000_000],
    [20_000_000, 20_000_000],
    [20_000_001, 50_000_000],
    [63_000_000, 100_000_000],
    [941_000_000, 1_000_000_000],
    [9.4e12, 1e13],
  ])('for %d bit/s is %d', (largest, maximum) => {
    expect(roundMaximum(largest, 'linear', 1000)).toBe(maximum);
  });

  it('is a power of two with base 1024, of ten where it is logarithmic', () => {
    expect(roundMaximum(19_000_000, 'linear', 1024)).toBe(32 * 1024 ** 2);
    expect(roundMaximum(1024 ** 2, 'linear', 1024)).toBe(1024 ** 2);
    expect(roundMaximum(19_000_000, 'logarithmic', 1000)).toBe(100_000_000);
    expect(roundMaximum(19_000_000, 'logarithmic', 1024)).toBe(32 * 1024 ** 2);
  });

  it('is never less than what is shown, and not more than two and a half times of it', () => {
    for (let largest = LEAST_MAXIMUM; largest < 1e13; largest *= 1.37) {
      for (const base of [1000, 1024] as const) {
        const maximum = roundMaximum(largest, 'linear', base);
        expect(maximum).toBeGreaterThanOrEqual(largest);
        expect(maximum / largest).toBeLessThanOrEqual(2.5);
      }
    }
  });
});

describe('a bar', () => {
  it('is as long as its value on a linear scale', () => {
    expect(shareOnScale(5, linear(20))).toBe(0.25);
    expect(shareOnScale(25, linear(20))).toBe(1);
    for (const nothing of [0, -1, Number.NaN]) expect(shareOnScale(nothing, linear(20))).toBe(0);
  });

  it('grows by the same length with every power of ten on a logarithmic one', () => {
    const scale = logarithmic(1e9);
    expect(shareOnScale(1e9, scale)).toBe(1);
    expect(shareOnScale(1e6, scale)).toBeCloseTo(0.5);
    expect(shareOnScale(1e3, scale)).toBe(0);
    expect(shareOnScale(1e7, scale) - shareOnScale(1e6, scale)).toBeCloseTo(1 / 6);
    // Less than one of a unit is nothing to be seen.
    expect(shareOnScale(1, logarithmic(10_000))).toBe(0);
  });
});

describe('ticks', () => {
  it.each([
    [linear(1e6), [2e5, 4e5, 6e5, 8e5, 1e6]],
    [linear(2e6), [5e5, 1e6, 1.5e6, 2e6]],
    [linear(5e6), [1e6, 2e6, 3e6, 4e6, 5e6]],
    // Given by the operator.
    [linear(104_857_600), [2e7, 4e7, 6e7, 8e7, 1e8, 104_857_600]],
    [linear(1024 ** 2, 1024), [262_144, 524_288, 786_432, 1_048_576]],
    [logarithmic(1e6), [10, 100, 1e3, 1e4, 1e5, 1e6]],
    [logarithmic(1024 ** 3, 1024), [32 * 1024, 1024 ** 2, 32 * 1024 ** 2, 1024 ** 3]],
  ])('of %j', (scale, ticks) => {
    expect(ticksOf(scale)).toEqual(ticks);
  });
});

describe('a scale that fits', () => {
  const maximumFor = (scale: FittingMaximum, largest: number, seconds: number): number =>
    scale.fit(largest, 'linear', 1000, seconds);

  it('grows at once', () => {
    const scale = new FittingMaximum();
    expect(maximumFor(scale, 9e6, 1)).toBe(1e7);
    expect(maximumFor(scale, 11e6, 2)).toBe(2e7);
  });

  it('shrinks when less has done for ten seconds, to what did all the time', () => {
    const scale = new FittingMaximum();
    maximumFor(scale, 90e6, 0);
    for (let second = 1; second <= 10; second++) {
      expect(maximumFor(scale, second === 5 ? 15e6 : 1e6, second)).toBe(100e6);
    }
    expect(maximumFor(scale, 1e6, 11)).toBe(20e6);
  });

  it('stays where one second of the ten needed it', () => {
    const scale = new FittingMaximum();
    maximumFor(scale, 90e6, 0);
    for (let second = 1; second < 40; second++)
      expect(maximumFor(scale, second % 9 === 0 ? 80e6 : 1e6, second)).toBe(100e6);
  });

  it('does not go back and forth between two maxima', () => {
    const scale = new FittingMaximum();
    const seen: number[] = [];
    for (let second = 0; second < 300; second++)
      seen.push(maximumFor(scale, second % 2 === 0 ? 9.99e6 : 10.01e6, second));
    expect(seen.filter((maximum, i) => i > 0 && maximum !== seen[i - 1])).toHaveLength(1);
  });

  it('fits at once when another thing is looked at', () => {
    const scale = new FittingMaximum();
    maximumFor(scale, 90e6, 1000);
    expect(maximumFor(scale, 1e6, 1001)).toBe(1e8);
    scale.forget();
    expect(maximumFor(scale, 3000, 1002)).toBe(10_000);
  });
});

describe('the ruler', () => {
  const BITS = { quantity: 'ipBytes', rate: { unit: 'bits', base: 1000 } } as const;

  function ruler(width: number, scale: Scale, units: Parameters<typeof drawRuler>[3] = BITS): string {
    const canvas = createCanvas(width, 1);
    drawRuler(canvas, { x: 0, y: 0, width }, scale, units, '10 s');
    return canvas.rowText(0);
  }

  it('has labels at its ticks, the unit at its end', () => {
    expect(ruler(60, linear(20e6))).toBe('├ 10 s ─── 5M ┼───────── 10M ┼───────── 15M ┼─── 20 Mbit/s ┤');
    expect(ruler(60, linear(2 * 1024 ** 2, 1024), { ...BITS, rate: { unit: 'bytes', base: 1024 } })).toBe(
      '├ 10 s ───────┼───────── 1Mi ┼─────── 1.5Mi ┼───── 2 MiB/s ┤',
    );
    expect(ruler(60, linear(20_000), { ...BITS, quantity: 'packets' })).toMatch(/ 20k pkt\/s ┤$/);
  });

  const scales = [linear(1e4), linear(5e8), linear(104_857_600), logarithmic(1e6), logarithmic(2e10)];

  const FACTORS: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

  it.each(scales)('of %j says at each tick what a bar that ends there stands for, at every width', (scale) => {
    const ticks = ticksOf(scale);
    for (let width = 40; width <= 200; width += 3) {
      const text = ruler(width, scale);
      expect(text).toHaveLength(width);
      expect(text.endsWith('┤')).toBe(true);
      const ends = new Map(ticks.map((tick) => [Math.round(shareOnScale(tick, scale) * width) - 1, tick]));
      for (const [place, character] of [...text].entries()) if (character === '┼') expect(ends.has(place)).toBe(true);
      const labels = [...text.matchAll(/(?<=─) ([\d.]+)([kMG]?) ┼/g)];
      for (const { 0: all, 1: digits, 2: prefix, index } of labels) {
        expect(Number(digits) * FACTORS[prefix]).toBe(ends.get(index + all.length - 1));
      }
      if (width >= 78) expect(labels.length).toBeGreaterThanOrEqual(3);
    }
  });
});
