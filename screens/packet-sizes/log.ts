/**
 * What the packet size monitor writes to a log: average and largest size, then one line for each bracket, what is larger
 * than the MTU among them.
 */
import type { Snapshot } from '../../src/engine/messages.ts';
import type { MonitorLog } from '../../src/logs/monitor-log.ts';
import { StatisticsLog, type StatisticsMonitor } from '../../src/logs/statistics-log.ts';
import { packetSizesOutput } from './output.ts';
import type { PacketSizesExtra, PacketSizesRow } from './types.ts';

function sizes(
  name: string,
  read: (side: PacketSizesExtra['total']) => number | null,
  extra: PacketSizesExtra,
): string {
  const size = (side: PacketSizesExtra['total']): string => {
    const value = read(side);
    return value === null ? 'unknown' : String(Math.round(value * 10) / 10);
  };
  return `${name} ${size(extra.total)}, in ${size(extra.in)}, out ${size(extra.out)}`;
}

/** "1 to 75 bytes", and "more than 1500 bytes" for those that no MTU allows. */
function bracket({ from, to }: PacketSizesRow): string {
  return to === null ? `more than ${from - 1} bytes (oversized)` : `${from} to ${to} bytes`;
}

const records: StatisticsMonitor<PacketSizesRow> = {
  monitor: 'packet-sizes',
  label: 'Packet size breakdown',
  query: {
    sort: null,
    descending: false,
    offset: 0,
    limit: 0,
    follow: null,
    options: { interface: null, byteKind: 'ip' },
  },
  head({ extra }: Snapshot) {
    const figures = extra as unknown as PacketSizesExtra;
    return {
      fields: [
        figures.mtuFrom === 'assumed' ? `MTU ${figures.mtu} assumed` : `MTU ${figures.mtu}`,
        sizes('average size', ({ average }) => average, figures),
        sizes('largest size', ({ largest }) => largest, figures),
      ],
      facts: { ...packetSizesOutput.totals?.(extra) },
    };
  },
  row(row) {
    const share = row.share === null ? 'unknown' : `${(row.share * 100).toFixed(1)}%`;
    const sides = `in ${row.in ?? 'unknown'} packets, out ${row.out ?? 'unknown'} packets`;
    return {
      fields: [bracket(row), `${row.packets} packets, ${row.bytes} bytes`, sides, `share ${share}`],
      facts: packetSizesOutput.json(row),
    };
  },
};

/** `interfaceName`: of what is watched; of several it is their sum. */
export function packetSizesLog(interfaceName: string): MonitorLog {
  return new StatisticsLog(records, interfaceName);
}
