/** What the port monitor writes to a log: one line for each port that acts as a service, the busiest first. */
import type { SnapshotHead } from '../../src/engine/messages.ts';
import type { MonitorLog } from '../../src/logs/monitor-log.ts';
import {
  averageText,
  countsText,
  logName,
  StatisticsLog,
  type StatisticsMonitor,
} from '../../src/logs/statistics-log.ts';
import { serviceName } from '../../src/names/services.ts';
import { portsOutput } from './output.ts';
import type { PortCounts, PortExtra, PortRow } from './types.ts';

/** Average since the start, as in iptraf-ng's records. */
function flow(counts: PortCounts, { elapsedSeconds }: SnapshotHead): string {
  return `${countsText(counts)}, ${averageText(counts, elapsedSeconds)}`;
}

/** "TCP/80 (http)". */
function portText({ protocol, port }: PortRow): string {
  const service = serviceName(port, protocol);
  return `${protocol.toUpperCase()}/${port}${service === null ? '' : ` (${logName(service)})`}`;
}

const records: StatisticsMonitor<PortRow> = {
  monitor: 'ports',
  label: 'TCP/UDP port monitor',
  query: {
    sort: 'bytes',
    descending: true,
    offset: 0,
    limit: 0,
    follow: null,
    options: { view: 'services', search: null },
  },
  head({ extra, rowsTotal }) {
    const all = extra as unknown as PortExtra;
    return {
      fields: [`${rowsTotal} ports, ${all.conversations} conversations with ${countsText(all)}`],
      facts: { ...portsOutput.totals?.(extra), rowsTotal },
    };
  },
  row(row, head) {
    return {
      fields: [
        portText(row),
        flow(row.total, head),
        `to ${flow(row.to, head)}`,
        `from ${flow(row.from, head)}`,
        `${row.conversations} conversations`,
      ],
      facts: portsOutput.json(row),
    };
  },
};

/** `interfaceName`: of what is watched. */
export function portsLog(interfaceName: string): MonitorLog {
  return new StatisticsLog(records, interfaceName);
}
