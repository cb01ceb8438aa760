import { expect, it } from 'vitest';
import { InterfaceRegistry } from '../../src/capture/interface-table.ts';

function registry(names: Map<number, string>, maximum?: number): InterfaceRegistry {
  return new InterfaceRegistry((index) => names.get(index) ?? null, maximum);
}

it('gives each interface one slot, and asks for its name once', () => {
  let asked = 0;
  const table = new InterfaceRegistry((index) => {
    asked++;
    return `eth${index}`;
  });
  expect([table.slotOf(7, 1), table.slotOf(7, 1), table.slotOf(100_000, 1), table.slotOf(100_000, 1)]).toEqual([
    0, 0, 1, 1,
  ]);
  expect(asked).toBe(2);
  expect(table.slotOfIndex[7]).toBe(0);
  expect(table.list.map(({ name, index }) => [name, index])).toEqual([
    ['eth7', 7],
    ['eth100000', 100_000],
  ]);
});

it('keeps the slot of an interface that is made anew under another index', () => {
  const names = new Map([[2, 'eth0']]);
  const table = registry(names);
  const slot = table.slotOf(2, 1);
  names.clear();
  names.set(9, 'eth0');
  table.refresh();
  // Its last packets may still come with the old index.
  expect(table.slotOf(2, 1)).toBe(slot);
  expect(table.slotOf(9, 1)).toBe(slot);
  expect(table.list[slot].index).toBe(9);
});

it('gives another slot to an index that means another interface now', () => {
  const names = new Map([[2, 'eth0']]);
  const table = registry(names);
  table.slotOf(2, 1);
  names.set(2, 'wan0');
  table.refresh();
  expect(table.slotOfIndex[2]).toBe(-1);
  expect(table.slotOf(2, 1)).toBe(1);
  expect(table.list.map(({ name }) => name)).toEqual(['eth0', 'wan0']);
});

it('gives another slot to a name that comes back with another link type', () => {
  const names = new Map([
    [2, 'vpn'],
    [3, 'vpn'],
  ]);
  const table = registry(names);
  expect(table.slotOf(2, 1)).toBe(0);
  expect(table.slotOf(3, 0xfffe)).toBe(1);
  expect([...table.linkTypes.subarray(0, 2)]).toEqual([1, 101]);
});

it('keeps link types while it grows, and shares the last slot when there are no more', () => {
  const table = new InterfaceRegistry((index) => `veth${index}`, 200);
  const slots = Array.from({ length: 300 }, (_, i) => table.slotOf(i + 5000, i % 2 === 0 ? 1 : 0xfffe));
  expect(slots.slice(0, 199)).toEqual(Array.from({ length: 199 }, (_, i) => i));
  expect(new Set(slots.slice(199))).toEqual(new Set([199]));
  expect([...table.linkTypes.subarray(0, 199)]).toEqual(Array.from({ length: 199 }, (_, i) => (i % 2 === 0 ? 1 : 101)));
  expect(table.list.at(-1)).toMatchObject({ name: '(others)', index: null, linkType: 0xffff });
});
