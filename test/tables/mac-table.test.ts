import { describe, expect, it } from 'vitest';
import { MacTable } from '../../src/tables/mac-table.ts';

/** First two and last four bytes of 02:xx:xx:xx:xx:77. */
function mac(number: number): [number, number] {
  return [0x0200 | (number >>> 24), ((number << 8) | 0x77) >>> 0];
}

describe('the MAC table', () => {
  it('gives an address the same id each time, and back the address', () => {
    const table = new MacTable();
    const first = table.idOf(...mac(1), 0);
    const second = table.idOf(...mac(0xdeadbeef), 0);
    expect(first).not.toBe(second);
    expect(table.idOf(...mac(1), 0)).toBe(first);
    expect(table.idOf(...mac(0xdeadbeef), first)).toBe(second);
    expect([table.highOf(second), table.lowOf(second)]).toEqual([0x02de, 0xadbeef77]);
  });

  it('knows 65,535 addresses and calls any further one unknown', () => {
    const table = new MacTable();
    const ids = new Set<number>();
    for (let number = 1; number <= 65_535; number++) ids.add(table.idOf(...mac(number), 0));
    expect(ids.size).toBe(65_535);
    expect(ids.has(0)).toBe(false);
    expect(table.idOf(...mac(70_000), 0)).toBe(0);
    expect(table.idOf(...mac(65_535), 0)).toBe(65_535);
  });

  it('stays quick when a sender chooses its addresses', () => {
    const table = new MacTable();
    // All the same under low ^ (high << 13), which stands for any hash without a secret.
    const chosen = (high: number): [number, number] => [high, (0x1234 ^ (high << 13)) >>> 0];
    for (let high = 1; high <= 0xffff; high++) table.idOf(...chosen(high), 0);
    expect(table.count).toBe(65_535);
    // Where they stand in one row, an unknown one is compared with all of them: 13 billion comparisons.
    for (let k = 0; k < 200_000; k++) table.idOf(...chosen(0), 0);
    expect(table.idOf(...chosen(77), 0)).toBe(77);
  });

  it('has room again after a reset', () => {
    const table = new MacTable();
    for (let number = 1; number <= 70_000; number++) table.idOf(...mac(number), 0);
    table.reset();
    const id = table.idOf(...mac(80_000), 0);
    expect([id, table.count]).toEqual([1, 1]);
    expect([table.highOf(id), table.lowOf(id)]).toEqual(mac(80_000));
    expect(table.idOf(...mac(1), 0)).toBe(2);
  });

  it('has no id for the all-zero address of loopback', () => {
    const table = new MacTable();
    expect(table.idOf(0, 0, 0)).toBe(0);
    expect(table.count).toBe(0);
  });
});
