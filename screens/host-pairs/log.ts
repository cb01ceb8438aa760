/** What the host pair monitor writes to a log: one line for each pair, the one that carried most first. */
import type { Snapshot } from '../../src/engine/messages.ts';
import type { MonitorLog } from '../../src/logs/monitor-log.ts';
import {
  averageText,
  type Counted,
  countsText,
  logName,
  StatisticsLog,
  type StatisticsMonitor,
} from '../../src/logs/statistics-log.ts';
import { hostPairsOutput } from './output.ts';
import { HOST_GROUPING, type HostPairExtra, type HostPairRow, type PairEndpoint, type PairFigures } from './types.ts';

type Sums = Pick<PairFigures, 'packets' | 'ipBytes' | 'wireBytes'>;

/** Figures of longer ago are not those of the line's moment. */
const LEAST_TOLD_SECONDS = 0.05;

/** What went in one direction. */
function directed({ packets, ipBytes, wireBytes }: Sums, side: 0 | 1): Counted {
  return { packets: packets[side], ipBytes: ipBytes[side], wireBytes: wireBytes[side] };
}

function together(sums: Sums): Counted {
  const [sent, received] = [directed(sums, 0), directed(sums, 1)];
  return {
    packets: sent.packets + received.packets,
    ipBytes: (sent.ipBytes ?? 0) + (received.ipBytes ?? 0),
    wireBytes: sent.wireBytes + received.wireBytes,
  };
}

/** Average from the start to the moment of the counts, as in the records of the other monitors. */
function flow(counts: Counted, { elapsedSeconds, extra }: Snapshot): string {
  const { secondsAgo } = extra as unknown as HostPairExtra;
  return `${countsText(counts)}, avg flow rate ${averageText(counts, elapsedSeconds - secondsAgo)}`;
}

/** "10.0.0.1", "10.0.0.0/24", "[2001:db8::1]:443", "any". */
function endpointText({ address, prefix, port }: PairEndpoint): string {
  const host = address === null ? 'any' : prefix === null ? address : `${address}/${prefix}`;
  if (port === null) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** "TCP 10.0.0.1:1000 to 10.0.0.2:80"; without ports, without the protocol. */
function pairText({ protocol, endpoints }: HostPairRow): string {
  const [ours, theirs] = endpoints.map(endpointText);
  return `${protocol === null ? '' : `${protocol.toUpperCase()} `}${ours} to ${theirs}`;
}

const records: StatisticsMonitor<HostPairRow> = {
  monitor: 'host-pairs',
  label: 'Host pair monitor',
  query: {
    sort: 'bytes',
    descending: true,
    offset: 0,
    limit: 0,
    follow: null,
    options: { grouping: HOST_GROUPING, search: null, screenFilter: null },
  },
  head({ extra, rowsTotal }) {
    const { totals, gone, more, secondsAgo } = extra as unknown as HostPairExtra;
    const until = secondsAgo < LEAST_TOLD_SECONDS ? '' : ` until ${secondsAgo.toFixed(1)} s before`;
    const fields = [`${rowsTotal} pairs with ${countsText(together(totals))}${until}`];
    if (gone.pairs > 0) fields.push(`${gone.pairs} pairs gone with ${countsText(gone)}`);
    if (more.packets > 0) fields.push(`without room ${countsText(more)}`);
    return { fields, facts: { ...hostPairsOutput.totals?.(extra), rowsTotal } };
  },
  row(row, head) {
    return {
      interface: row.interface,
      fields: [
        logName(pairText(row)),
        flow(together(row), head),
        `sent ${flow(directed(row, 0), head)}`,
        `received ${flow(directed(row, 1), head)}`,
        `${row.conversations} conversations`,
      ],
      facts: hostPairsOutput.json(row),
    };
  },
};

/** `interfaceName`: of what is watched. */
export function hostPairsLog(interfaceName: string): MonitorLog {
  return new StatisticsLog(records, interfaceName);
}
