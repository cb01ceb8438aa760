import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatLinkSpeed,
  formatPacketRate,
  formatPercent,
  formatRate,
  formatSeconds,
  UNKNOWN,
} from '../../src/base/format.ts';

describe('numbers for operators', () => {
  it.each([
    [0, '0'],
    [99_999_999, '99999999'],
    [100_000_000, '100.0M'],
    [123_456_789, '123.5M'],
    [9_999_999_999, '10.00G'],
    [1e15, '1.000P'],
  ])('counts are exact up to eight digits, then four with a prefix: %d', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  it.each([
    [0, 1000, '0 B'],
    [999, 1000, '999 B'],
    [1000, 1000, '1.000 kB'],
    [999_949, 1000, '999.9 kB'],
    [999_960, 1000, '1.000 MB'],
    [1023, 1024, '1023 B'],
    [1024, 1024, '1.000 KiB'],
    [1_048_576, 1024, '1.000 MiB'],
    [1_048_000, 1024, '1023 KiB'],
  ] as const)('bytes carry a truthful unit: %d by %d', (bytes, base, text) => {
    expect(formatBytes(bytes, base)).toBe(text);
  });

  it('rates are in bits or bytes, by 1000 or 1024, and say which', () => {
    expect(formatRate(1_542_500)).toBe('12.34 Mbit/s');
    expect(formatRate(1_542_500, { unit: 'bytes', base: 1000 })).toBe('1.542 MB/s');
    expect(formatRate(1_542_500, { unit: 'bytes', base: 1024 })).toBe('1.471 MiB/s');
    expect(formatRate(0)).toBe('0 bit/s');
    expect(formatPacketRate(12_340)).toBe('12.34k');
  });

  it('never shows more than four significant digits with a prefix, nor more than 12 cells', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e17, noNaN: true }), fc.constantFrom(1000, 1024), (value, base) => {
        const text = formatRate(value, { unit: 'bits', base });
        const [digits, unit] = text.split(' ');
        expect(digits.replace('.', '').replace(/^0+(?=\d)/, '').length).toBeLessThanOrEqual(4);
        expect(Number(digits)).toBeLessThan(1024);
        expect(unit).toMatch(base === 1000 ? /^[kMGTPE]?bit\/s$/ : /^([KMGTPE]i)?bit\/s$/);
      }),
    );
  });

  it('what is shown is the value, rounded by less than a thousandth', () => {
    const factor: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        const [digits, unit] = formatBytes(bytes).split(' ');
        const shown = Number(digits) * factor[unit.slice(0, -1)];
        expect(Math.abs(shown - bytes) / bytes).toBeLessThan(0.001);
      }),
    );
  });

  it('time spans are hours, minutes and seconds, hours unbounded', () => {
    expect([0, 59.9, 3725, 360_000].map(formatDuration)).toEqual(['0:00:00', '0:00:59', '1:02:05', '100:00:00']);
  });

  it('a share short of the whole is never shown as 100 %', () => {
    expect([0, 1, 0.99999, 0.123, 0.0001, 1.02].map(formatPercent)).toEqual([
      '0 %',
      '100 %',
      '99.9 %',
      '12.3 %',
      '<0.1 %',
      '102 %',
    ]);
  });

  it('short times have the unit that suits them', () => {
    expect([0.00085, 0.01234, 1.2345, 7200].map(formatSeconds)).toEqual(['850 µs', '12.34 ms', '1.234 s', '2:00:00']);
  });

  it('link speeds are as printed on the card', () => {
    expect([100, 1000, 2500, 10_000, -1, null].map(formatLinkSpeed)).toEqual([
      '100 Mbit/s',
      '1 Gbit/s',
      '2.5 Gbit/s',
      '10 Gbit/s',
      UNKNOWN,
      UNKNOWN,
    ]);
  });

  it('what is not known is a dash, never zero', () => {
    for (const format of [formatCount, formatBytes, formatRate, formatDuration, formatPercent, formatSeconds]) {
      expect(format(null)).toBe('—');
      expect(format(Number.NaN)).toBe('—');
    }
  });
});
