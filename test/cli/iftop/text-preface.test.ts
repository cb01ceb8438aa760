import { expect, it } from 'vitest';
import { prefaceLines } from '../../../src/cli/iftop/text-preface.ts';

const INTERFACES = [
  { name: 'lo', addresses: ['127.0.0.1/8', '::1/128'], mac: null },
  {
    name: 'eth0',
    addresses: ['192.0.2.1/24', '2001:db8::1/64', 'fe80::1/64', '192.0.2.9/24'],
    mac: '02:00:00:00:00:01',
  },
  { name: 'eth1', addresses: [], mac: '02:00:00:00:00:02' },
];
const preface = (names: string[] | 'all'): string[] => prefaceLines(names, () => INTERFACES).split('\n');

it('tells the interface and its addresses as iftop does, each on a line, all of them', () => {
  expect(preface(['eth0'])).toEqual([
    'interface: eth0',
    'IP address is: 192.0.2.1',
    'IP address is: 192.0.2.9',
    'IPv6 address is: 2001:db8::1',
    'MAC address is: 02:00:00:00:00:01',
    '',
  ]);
});

it('leaves out what an interface does not have', () => {
  expect(preface(['lo'])).toEqual(['interface: lo', 'IP address is: 127.0.0.1', 'IPv6 address is: ::1', '']);
  expect(preface(['eth1', 'gone'])).toEqual([
    'interface: eth1',
    'MAC address is: 02:00:00:00:00:02',
    'interface: gone',
    '',
  ]);
});

it('names no single one where all are watched', () => {
  expect(preface('all')).toEqual(['interface: all', '']);
});
