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

  it('has no id for the all-zero address of loopback', () => {
    const table = new MacTable();
    expect(table.idOf(0, 0, 0)).toBe(0);
    expect(table.count).toBe(0);
  });
});
