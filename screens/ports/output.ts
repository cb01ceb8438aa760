/**
 * The port monitor in machine output (CONTRACT section 4): a row for each port that acts as a service. "to" are packets
 * with the port as destination, "from" those with it as source; both add up to "total". Exact numbers, both kinds of bytes.
 */
import { sanitizeText } from '../../src/names/sanitize.ts';
import { serviceName } from '../../src/names/services.ts';
import { rounded } from '../../src/output/json.ts';
import type { ByteKind, Cell, MonitorOutput, TextColumn } from '../../src/output/monitor-output.ts';
import { isoTime } from '../../src/output/time.ts';
import type { PortCounts, PortExtra, PortRates, PortRow } from './types.ts';

function counts({ packets, ipBytes, wireBytes }: PortCounts): object {
  return { packets, ipBytes, wireBytes };
}

/** One rate of all, to and from the port. */
function rates(row: PortRow, field: keyof PortRates): object {
  return { total: rounded(row.total[field]), to: rounded(row.to[field]), from: rounded(row.from[field]) };
}

function rowJson(row: PortRow): object {
  return {
    protocol: row.protocol,
    ipProtocol: row.ipProtocol,
    port: row.port,
    service: serviceName(row.port, row.protocol),
    total: counts(row.total),
    to: counts(row.to),
    from: counts(row.from),
    packetsPerSecond: rates(row, 'packetsPerSecond'),
    bytesPerSecond: rates(row, 'bytesPerSecond'),
    wireBytesPerSecond: rates(row, 'wireBytesPerSecond'),
    conversations: row.conversations,
  };
}

const CSV_PART = ['packets', 'bytes', 'wire_bytes'];
const CSV_RATES = ['packets_per_second', 'bytes_per_second', 'wire_bytes_per_second'];

const CSV_HEADER: readonly string[] = [
  'timestamp',
  'interface',
  'protocol',
  'port',
  'service',
  ...['', 'to_', 'from_'].flatMap((part) => CSV_PART.map((name) => part + name)),
  ...['', 'to_', 'from_'].flatMap((part) => CSV_RATES.map((name) => part + name)),
  'conversations',
];

function csvRecord(row: PortRow, timestamp: string | null, interfaceName: string): Cell[] {
  const parts = [row.total, row.to, row.from];
  return [
    timestamp,
    interfaceName,
    row.protocol,
    row.port,
    serviceName(row.port, row.protocol),
    ...parts.flatMap(({ packets, ipBytes, wireBytes }) => [packets, ipBytes, wireBytes]),
    ...parts.flatMap((part) => [part.packetsPerSecond, part.bytesPerSecond, part.wireBytesPerSecond].map(rounded)),
    row.conversations,
  ];
}

function number(
  title: string,
  width: number,
  read: (row: PortRow, bytes: ByteKind) => number | null,
): TextColumn<PortRow> {
  return { title, width, align: 'right', read: (row, bytes) => String(read(row, bytes) ?? '-') };
}

function shownBytes({ ipBytes, wireBytes }: PortCounts, bytes: ByteKind): number {
  return bytes === 'wire' ? wireBytes : ipBytes;
}

function bits({ bytesPerSecond, wireBytesPerSecond }: PortRates, bytes: ByteKind): number | null {
  const rate = bytes === 'wire' ? wireBytesPerSecond : bytesPerSecond;
  return rate === null ? null : Math.round(rate * 8);
}

const TEXT_COLUMNS: readonly TextColumn<PortRow>[] = [
  { title: 'PROTO', width: 5, align: 'left', read: (row) => row.protocol },
  number('PORT', 5, (row) => row.port),
  { title: 'SERVICE', width: 10, align: 'left', read: (row) => serviceName(row.port, row.protocol) ?? '-' },
  number('PKTS', 8, (row) => row.total.packets),
  number('BYTES', 9, (row, bytes) => shownBytes(row.total, bytes)),
  number('PKTS_TO', 8, (row) => row.to.packets),
  number('BYTES_TO', 9, (row, bytes) => shownBytes(row.to, bytes)),
  number('PKTS_FROM', 9, (row) => row.from.packets),
  number('BYTES_FROM', 10, (row, bytes) => shownBytes(row.from, bytes)),
  number('BITS/S_TO', 9, (row, bytes) => bits(row.to, bytes)),
  number('BITS/S_FROM', 11, (row, bytes) => bits(row.from, bytes)),
  number('CONVERSATIONS', 13, (row) => row.conversations),
];

/** How rows of the port monitor leave the program. */
export const portsOutput: MonitorOutput<PortRow> = {
  json: rowJson,
  csvHeader: CSV_HEADER,
  csvRecords: (row, head) => [csvRecord(row, isoTime(head.time), sanitizeText(head.interface))],
  textColumns: TEXT_COLUMNS,
  totals: (extra) => {
    const { conversations, packets, ipBytes, wireBytes } = extra as unknown as PortExtra;
    return { ports: { packets, ipBytes, wireBytes, conversations } };
  },
};
