/**
 * The list of monitors as the front knows them: what the menu and the command line say of each, how its rows can be
 * ordered, and what pipes ask for. A new monitor is one entry here. It imports nothing heavy: --help starts here.
 */
import type { MonitorName } from '../src/engine/monitor.ts';
import { GENERAL_ASCENDING, GENERAL_SORTS } from './general/types.ts';
import { ASCENDING_HOST_PAIR_SORTS, HOST_GROUPING, HOST_PAIR_SORTS } from './host-pairs/types.ts';
import { ASCENDING_SORTS, IP_TRAFFIC_SORTS } from './ip-traffic/types.ts';
import { LAN_STATIONS_ASCENDING, LAN_STATIONS_SORTS } from './lan-stations/types.ts';
import { ASCENDING_PORT_SORTS, PORT_SORTS } from './ports/types.ts';

/** A monitor seen from outside. */
export interface MonitorEntry {
  monitor: MonitorName;
  label: string;
  /** Letter in the menu, iptraf-ng's where it has one. */
  hotKey: string;
  help: string;
  /** 'breakdowns': in the menu below "Statistical breakdowns...". */
  group: 'breakdowns' | null;
  /** Whether an interface is asked for, and whether "All interfaces" is among the answers. */
  picker: 'none' | 'one' | 'one-or-all';
  /** Monitors that its screens ask, itself included: those that Enter leads to. */
  asks: readonly MonitorName[];
  /** Columns that --sort takes; empty: its order is fixed. */
  sorts: readonly string[];
  /** Those of them that run from the smallest up. */
  ascendingSorts: ReadonlySet<string>;
  /** Order in output for pipes where --sort is not given; null: the fixed one. */
  pipeSort: string | null;
  /** Query.options of output for pipes. */
  pipeOptions: Readonly<Record<string, unknown>>;
}

export const MONITOR_ENTRIES: readonly MonitorEntry[] = [
  {
    monitor: 'ip-traffic',
    label: 'IP traffic monitor',
    hotKey: 'm',
    help: 'Every conversation: who talks to whom, how much, how fast',
    group: null,
    picker: 'one-or-all',
    asks: ['ip-traffic'],
    sorts: IP_TRAFFIC_SORTS,
    ascendingSorts: ASCENDING_SORTS,
    pipeSort: 'bytes',
    pipeOptions: { panel: 'all', search: null },
  },
  {
    monitor: 'general',
    label: 'General interface statistics',
    hotKey: 's',
    help: 'Every interface: load, errors, what the kernel counted',
    group: null,
    picker: 'none',
    asks: ['general', 'detailed'],
    sorts: GENERAL_SORTS,
    ascendingSorts: GENERAL_ASCENDING,
    pipeSort: 'interface',
    pipeOptions: { search: null, minute: null },
  },
  {
    monitor: 'detailed',
    label: 'Detailed interface statistics',
    hotKey: 'd',
    help: 'One interface: classes of traffic, rates, peaks, history',
    group: null,
    picker: 'one-or-all',
    asks: ['detailed'],
    sorts: [],
    ascendingSorts: new Set(),
    pipeSort: null,
    pipeOptions: { interface: null, history: null },
  },
  {
    monitor: 'packet-sizes',
    label: 'By packet size',
    hotKey: 's',
    help: 'How many packets of which size, average and largest',
    group: 'breakdowns',
    picker: 'one-or-all',
    asks: ['packet-sizes'],
    sorts: [],
    ascendingSorts: new Set(),
    pipeSort: null,
    pipeOptions: { interface: null },
  },
  {
    monitor: 'ports',
    label: 'By TCP/UDP port',
    hotKey: 'p',
    help: 'Every service port: packets, bytes and rates, to and from',
    group: 'breakdowns',
    picker: 'one-or-all',
    asks: ['ports', 'ip-traffic'],
    sorts: PORT_SORTS,
    ascendingSorts: ASCENDING_PORT_SORTS,
    pipeSort: 'bytes',
    pipeOptions: { view: 'services', search: null },
  },
  {
    monitor: 'lan-stations',
    label: 'LAN station monitor',
    hotKey: 'l',
    help: 'Every MAC address: vendor, IP addresses, traffic',
    group: null,
    picker: 'one-or-all',
    asks: ['lan-stations'],
    sorts: LAN_STATIONS_SORTS,
    ascendingSorts: LAN_STATIONS_ASCENDING,
    pipeSort: 'bytes',
    pipeOptions: { panel: 'all', search: null },
  },
  {
    monitor: 'host-pairs',
    label: 'Host pair monitor',
    hotKey: 'h',
    help: 'Pairs of hosts: averages of 2, 10 and 40 s, both ways',
    group: null,
    picker: 'one-or-all',
    asks: ['host-pairs', 'ip-traffic'],
    sorts: HOST_PAIR_SORTS,
    ascendingSorts: ASCENDING_HOST_PAIR_SORTS,
    pipeSort: 'rate-10s',
    pipeOptions: { grouping: HOST_GROUPING, search: null, screenFilter: null },
  },
];

/** The entry of a monitor; throws where there is none (a bug). */
export function monitorEntry(monitor: MonitorName): MonitorEntry {
  const entry = MONITOR_ENTRIES.find((each) => each.monitor === monitor);
  if (entry === undefined) throw new Error(`no entry for monitor ${monitor}`);
  return entry;
}
