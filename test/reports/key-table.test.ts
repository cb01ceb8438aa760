import { describe, expect, it } from 'vitest';
import { KeyTable } from '../../src/reports/key-table.ts';
import { random } from '../support/report-logs.ts';

function filled(capacity: number, adds: readonly (readonly [key: string, weight: number])[]) {
  const table = new KeyTable({ columns: 2, weighed: 1, capacity });
  const truth = new Map<string, number>();
  for (const [key, weight] of adds) {
    const row = table.row(key);
    table.add(row, 0, weight);
    table.add(row, 1, 1);
    truth.set(key, (truth.get(key) ?? 0) + weight);
  }
  return { table, truth };
}

/** Many light keys, each seen once, and a few heavy ones among them. */
function skewed(count: number, seed: number): [string, number][] {
  const below = random(seed);
  return Array.from({ length: count }, () =>
    below(3) === 0 ? [`heavy-${below(20)}`, 1000 + below(1000)] : [`light-${below(1_000_000)}`, 1 + below(50)],
  );
}

describe('KeyTable', () => {
  it('is exact as long as all keys have room, in the order of their sums and then of their names', () => {
    const { table, truth } = filled(10_000, skewed(5000, 1));
    const expected = [...truth].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    expect(table.bound).toBe(0);
    expect(table.rows).toBe(truth.size);
    expect(table.top(0, [0]).map((row) => [table.key(row), table.sum(row, 0)])).toEqual(expected);
    expect(table.top(7, [0]).map((row) => table.key(row))).toEqual(expected.slice(0, 7).map(([key]) => key));
  });

  it.each([64, 200, 1000])('holds its bounds with room for %i of very many keys', (capacity) => {
    const { table, truth } = filled(capacity, skewed(30_000, capacity));
    expect(table.bound).toBeGreaterThan(0);
    expect(table.rows).toBeLessThanOrEqual(capacity);
    const rows = table.top(0, [0]);
    const there = new Set(rows.map((row) => table.key(row)));
    const wrong = rows.filter((row) => {
      const real = truth.get(table.key(row)) as number;
      const [sum, missing] = [table.sum(row, 0), table.missing(row)];
      return sum > real || sum + missing < real || missing > table.bound;
    });
    expect(wrong).toEqual([]);
    expect([...truth].filter(([key, real]) => !there.has(key) && real > table.bound)).toEqual([]);
  });

  it('keeps heavy keys of before exact when the light ones are forgotten', () => {
    const heavy = Array.from({ length: 20 }, (_, i): [string, number] => [`heavy-${i}`, 1e6 + i]);
    const { table } = filled(100, [...heavy, ...skewed(20_000, 5).filter(([key]) => key.startsWith('light'))]);
    const best = table.top(20, [0]);
    expect(best.map((row) => table.key(row))).toEqual(heavy.map(([key]) => key).reverse());
    expect(best.map((row) => table.missing(row))).toEqual(new Array(20).fill(0));
  });

  it('takes keys of any text, also where they are long and the table is small', () => {
    const keys = ['', 'ä'.repeat(300), '\0', '鍵', ...Array.from({ length: 500 }, (_, i) => `${i}-${'x'.repeat(190)}`)];
    const { table } = filled(
      32,
      keys.map((key) => [key, 1]),
    );
    expect(table.rows).toBeLessThanOrEqual(32);
    expect(table.key(table.row('鍵'))).toBe('鍵');
  });

  it('leaves out rows without any', () => {
    const table = new KeyTable({ columns: 1, weighed: 1, capacity: 10 });
    table.row('nothing');
    table.add(table.row('some'), 0, 5);
    expect(table.top(10, [0]).map((row) => table.key(row))).toEqual(['some']);
  });
});
