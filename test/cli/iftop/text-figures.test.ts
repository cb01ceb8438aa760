import { expect, it } from 'vitest';
import { iftopFigure } from '../../../src/cli/iftop/text-figures.ts';

// What iftop 1.0pre4 printed as "cumulative" for so many bytes.
it.each([
  [0, '0B'],
  [576, '576B'],
  [999, '999B'],
  [1000, '0.98KB'],
  [1023, '1.00KB'],
  [1024, '1.00KB'],
  [1280, '1.25KB'],
  [1536, '1.50KB'],
  [10_236, '10.00KB'],
  [10_239, '10.00KB'],
  [102_350, '100.0KB'],
  [102_390, '100.0KB'],
  [1_022_976, '999KB'],
  [1_023_990, '1000KB'],
])('writes %d bytes as iftop does: %s', (bytes, expected) => {
  expect(iftopFigure(bytes, 'B')).toBe(expected);
});

it('has no prefix beyond G', () => {
  expect(iftopFigure(1.5 * 1024 ** 3, 'b')).toBe('1.50Gb');
  expect(iftopFigure(4096 * 1024 ** 3, 'b')).toBe('4096Gb');
});

it('counts packets in thousands', () => {
  expect(iftopFigure(999, 'p')).toBe('999p');
  expect(iftopFigure(1000, 'p')).toBe('1.00Kp');
  expect(iftopFigure(2_500_000, 'p')).toBe('2.50Mp');
});

it('tells what is not known from nothing', () => {
  expect(iftopFigure(null, 'b')).toBe('-');
  expect(iftopFigure(0, 'b')).toBe('0b');
});
