import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { afterAll, expect, it } from 'vitest';
import { IFF, InterfaceQueries } from '../../src/native/interfaces.ts';

const queries = new InterfaceQueries();
afterAll(() => queries.close());

it('tells index, name and flags of loopback as /sys does', () => {
  const index = Number(readFileSync('/sys/class/net/lo/ifindex', 'utf8'));
  expect(queries.index('lo')).toBe(index);
  expect(queries.name(index)).toBe('lo');
  const flags = queries.flags('lo') ?? 0;
  expect((flags & IFF.up) !== 0).toBe(networkInterfaces().lo !== undefined);
});

it('has no answer for what does not exist or cannot', () => {
  for (const name of ['nosuchif0', '', 'a-name-that-is-too-long', 'lo\0', '😀😀😀😀']) {
    expect(queries.index(name)).toBeNull();
    expect(queries.flags(name)).toBeNull();
    expect(queries.driver(name)).toBeNull();
  }
  expect(queries.name(0x7fffffff)).toBeNull();
});
