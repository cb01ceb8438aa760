import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectSmallest, TopRows } from '../../src/tables/top-rows.ts';

/** Brute force: everything sorted. */
function sorted(keys: readonly number[]): number[] {
  return keys.map((_, row) => row).sort((a, b) => keys[a] - keys[b] || a - b);
}

const anyKeys = fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(Number.POSITIVE_INFINITY)), {
  maxLength: 5000,
});

/** NaN from Infinity - Infinity is no order: compare like the table does. */
function infinitySafe(keys: readonly number[]): number[] {
  return keys.map((key) => (key === Number.POSITIVE_INFINITY ? 1e9 : key));
}

describe('a page of an order', () => {
  it('is the page that sorting everything would give, ties by row number', () => {
    fc.assert(
      fc.property(anyKeys, fc.nat(5000), fc.nat(300), (keys, offset, limit) => {
        const top = new TopRows(offset + limit, keys.length);
        keys.forEach((key, row) => {
          top.add(key, row);
        });
        const expected = sorted(infinitySafe(keys)).slice(offset, offset + limit);
        expect(Array.from(top.page(offset, limit))).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it('may be asked of more candidates than there is room for', () => {
    const top = new TopRows(50, 1_000_000);
    for (let row = 0; row < 100_000; row++) top.add((row * 7919) % 100_003, row);
    expect(top.page(0, 50)).toHaveLength(50);
    expect(top.page(0, 1)[0]).toBe(0);
  });
});

describe('selectSmallest', () => {
  it('brings the smallest to the front', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 500 }),
        fc.nat(499),
        (keys, nth) => {
          const wanted = Math.min(nth + 1, keys.length);
          const values = Float64Array.from(keys);
          const rows = Uint32Array.from(keys, (_, row) => row);
          selectSmallest(values, rows, wanted);
          const front = Array.from(rows.subarray(0, wanted)).sort((a, b) => a - b);
          expect(front).toEqual(
            sorted(keys)
              .slice(0, wanted)
              .sort((a, b) => a - b),
          );
          for (let k = 0; k < keys.length; k++) expect(values[k]).toBe(keys[rows[k]]);
        },
      ),
    );
  });
});
