import { describe, expect, it } from 'vitest';
import { chartColumns, chartRows, roundScale, timeMarks } from '../../../screens/kit/chart.ts';

const shape = { width: 4, height: 1, maximum: 4, ascii: false };

describe('chartRows', () => {
  it('has two values in a cell, four dots a line, the newest at the right', () => {
    expect(chartRows([0, 1, 2, 3, 4], shape)).toEqual(['  ⣠⣾']);
  });

  it('goes on in the line above', () => {
    expect(chartRows([2, 6], { width: 1, height: 2, maximum: 8, ascii: false })).toEqual(['⢠', '⣼']);
  });

  it('hangs from the top line with the first line full', () => {
    expect(chartRows([2, 6], { width: 1, height: 2, maximum: 8, hanging: true, ascii: false })).toEqual(['⢻', '⠘']);
  });

  it('shows the least that moved as one dot, and never more than there is room for', () => {
    expect(chartRows([0.0001, 1e9], { ...shape, width: 1 })).toEqual(['⣸']);
    expect(chartRows([null, 0], { ...shape, width: 1 })).toEqual([' ']);
    expect(chartRows([1, 1], { ...shape, width: 1, maximum: 0 })).toEqual([' ']);
  });

  it('shows as many of the newest as fit, and blanks before the oldest', () => {
    expect(chartRows([4, 4, 4, 4, 0, 0], { ...shape, width: 2 })).toEqual(['⣿ ']);
    expect(chartRows([], { ...shape, height: 2 })).toEqual(['    ', '    ']);
  });

  it('has one value in a cell and two halves a line where there is only ASCII', () => {
    const ascii = { width: 5, height: 2, maximum: 4, ascii: true };
    expect(chartRows([0, 1, 2, 3, 4], ascii)).toEqual(['   .#', ' .###']);
    expect(chartRows([0, 1, 2, 3, 4], { ...ascii, hanging: true })).toEqual([" '###", "   '#"]);
    expect([chartColumns(true), chartColumns(false)]).toEqual([1, 2]);
  });
});

describe('roundScale', () => {
  it.each([
    [0, 1],
    [1, 1],
    [1.2, 1.5],
    [7, 8],
    [8.1, 10],
    [999, 1000],
    [1001, 1500],
    [207.5e6, 300e6],
    [0.03, 0.03],
    [1e15, 1e15],
  ])('of %d ends at %d', (value, end) => {
    expect(roundScale(value)).toBeCloseTo(end, 9);
  });

  it.each([
    [1000, 1024],
    [1024, 1024],
    [1025, 1536],
    [1_500_000, 1_572_864],
    [1_600_000, 2_097_152],
  ])('of %d ends at %d by powers of two', (value, end) => {
    expect(roundScale(value, 1024)).toBe(end);
  });

  it('is never below the value, and leaves no more than half empty', () => {
    for (const base of [1000, 1024] as const) {
      for (let value = 0.013; value < 1e13; value *= 1.37) {
        expect(roundScale(value, base)).toBeGreaterThanOrEqual(value);
        expect(roundScale(value, base)).toBeLessThanOrEqual(value * 2);
      }
    }
  });
});

describe('timeMarks', () => {
  it('stand at round times, so far apart that their words fit', () => {
    expect(timeMarks(68, 2)).toEqual([
      { x: 53, text: '30 s' },
      { x: 38, text: '1 min' },
      { x: 23, text: '90 s' },
      { x: 8, text: '2 min' },
    ]);
    expect(timeMarks(68, 20).map(({ text }) => text)).toEqual(['5 min', '10 min', '15 min', '20 min']);
    expect(timeMarks(68, 120).map(({ text }) => text)).toEqual(['30 min', '1 h', '1:30 h', '2 h']);
    expect(timeMarks(90, 2).map(({ text }) => text)).toContain('2:30 min');
    expect(timeMarks(10, 60)).toEqual([]);
  });
});
