import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  InterfaceDropMeter,
  isVirtual,
  type KernelCounters,
  parseKernelCounters,
  readKernelCounters,
} from '../../src/capture/kernel-counters.ts';

const TEXT = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    3193      29    0    0    0     0          0         0     3193      29    0    0    0     0       0          0
eth0:1:240888734    7439    1    2    0     0          0         0   578373    4494    3    4    0     0       0          0
`;

it('reads the columns of each interface, also of names with a colon and without a blank', () => {
  expect(Object.fromEntries(parseKernelCounters(TEXT))).toMatchObject({
    lo: { rxBytes: 3193, txPackets: 29 },
    'eth0:1': {
      rxBytes: 240888734,
      rxPackets: 7439,
      rxErrors: 1,
      rxDropped: 2,
      txBytes: 578373,
      txPackets: 4494,
      txErrors: 3,
      txDropped: 4,
    },
  });
});

it('knows the interfaces that /sys knows', () => {
  const names = readdirSync('/sys/class/net').filter((name) => name !== 'bonding_masters');
  expect([...readKernelCounters().keys()].sort()).toEqual(names.sort());
  const lo = Number(readFileSync('/sys/class/net/lo/statistics/rx_packets', 'utf8'));
  expect(Math.abs((readKernelCounters().get('lo')?.rxPackets ?? -1) - lo)).toBeLessThan(10_000);
});

it('calls loopback virtual', () => {
  expect(isVirtual('lo')).toBe(true);
});

it('calls a bond virtual when its members are', () => {
  const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-net-'));
  mkdirSync(join(folder, 'eth0/device'), { recursive: true });
  mkdirSync(join(folder, 'veth0'));
  for (const [bond, members] of [
    ['bond0', 'veth0 eth0\n'],
    ['bond1', 'veth0\n'],
    ['bond2', '\n'],
  ]) {
    mkdirSync(join(folder, bond, 'bonding'), { recursive: true });
    writeFileSync(join(folder, bond, 'bonding/slaves'), members);
  }
  const virtual = ['eth0', 'veth0', 'bond0', 'bond1', 'bond2'].map((name) => isVirtual(name, folder));
  rmSync(folder, { recursive: true });
  expect(virtual).toEqual([false, true, false, true, true]);
});

it('adds up drops since it was made, of the interfaces asked for, across one that was made anew', () => {
  const counters = new Map<string, KernelCounters>();
  const set = (name: string, rxDropped: number): void => {
    counters.set(name, { rxDropped } as KernelCounters);
  };
  set('eth0', 100);
  set('eth1', 5);
  const one = new InterfaceDropMeter(['eth0'], () => counters);
  const all = new InterfaceDropMeter(null, () => counters);
  set('eth0', 110);
  set('eth1', 6);
  expect([one.total(), all.total()]).toEqual([10, 11]);
  counters.delete('eth0');
  expect(one.total()).toBe(10);
  set('eth0', 3);
  set('veth9', 4);
  expect([one.total(), all.total(), all.total()]).toEqual([13, 18, 18]);
});
