/** Interfaces as a server has them: for the picker. */
import type { InterfacePickerRow } from '../../screens/interfaces/screen.ts';

export const INTERFACE_ROWS: readonly InterfacePickerRow[] = [
  {
    name: 'br-lan',
    up: true,
    note: 'bridge',
    addresses: ['192.168.1.1', 'fd00:1::1'],
    speedMegabits: 1000,
    bytesPerSecond: [5_120_345, 44_000],
  },
  {
    name: 'enp3s0f0',
    up: true,
    note: 'member of br-lan',
    addresses: [],
    speedMegabits: 10_000,
    bytesPerSecond: [154_320_000, 12_345_678],
  },
  { name: 'enp3s0f1', up: false, note: 'no carrier', addresses: [], speedMegabits: null, bytesPerSecond: [0, 0] },
  {
    name: 'lo',
    up: true,
    note: 'loopback',
    addresses: ['127.0.0.1', '::1'],
    speedMegabits: null,
    bytesPerSecond: [812, 812],
  },
  {
    name: 'wlp2s0',
    up: true,
    note: '',
    addresses: ['10.20.30.40', '2001:db8:1:2:aaaa:bbbb:cccc:dddd', 'fe80::1234:56ff:fe78:9abc'],
    speedMegabits: 866,
    bytesPerSecond: [null, null],
  },
];
