/**
 * The packet size monitor in machine output (CONTRACT section 4): one row a bracket, the last without an upper end.
 * Sizes are those of network-layer packets (IP total length) unless whole frames were asked for (--bytes wire).
 */
import { sanitizeText } from '../../src/names/sanitize.ts';
import { rounded } from '../../src/output/json.ts';
import type { Cell, MonitorOutput, TextColumn } from '../../src/output/monitor-output.ts';
import { isoTime } from '../../src/output/time.ts';
import type { PacketSizesExtra, PacketSizesRow } from './types.ts';

/** Shares with more digits than anyone needs would differ by rounding only. */
function share(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1e6) / 1e6;
}

function rowJson(row: PacketSizesRow): object {
  return {
    from: row.from,
    to: row.to,
    in: row.in,
    out: row.out,
    packets: row.packets,
    share: share(row.share),
    inBytes: row.inBytes,
    outBytes: row.outBytes,
    bytes: row.bytes,
    byteShare: share(row.byteShare),
    inPacketsPerSecond: rounded(row.inPacketsPerSecond),
    outPacketsPerSecond: rounded(row.outPacketsPerSecond),
    packetsPerSecond: rounded(row.packetsPerSecond),
  };
}

const CSV_HEADER = [
  'timestamp',
  'interface',
  'from',
  'to',
  'in',
  'out',
  'packets',
  'share',
  'in_bytes',
  'out_bytes',
  'bytes',
  'byte_share',
  'in_packets_per_second',
  'out_packets_per_second',
  'packets_per_second',
] as const;

function csvRecord(row: PacketSizesRow, head: { time: number; interface: string }): Cell[] {
  return [
    isoTime(head.time),
    sanitizeText(head.interface),
    row.from,
    row.to,
    row.in,
    row.out,
    row.packets,
    share(row.share),
    row.inBytes,
    row.outBytes,
    row.bytes,
    share(row.byteShare),
    rounded(row.inPacketsPerSecond),
    rounded(row.outPacketsPerSecond),
    rounded(row.packetsPerSecond),
  ];
}

function textNumber(
  title: string,
  width: number,
  read: (row: PacketSizesRow) => number | null,
): TextColumn<PacketSizesRow> {
  return { title, width, align: 'right', read: (row) => String(read(row) ?? '-') };
}

const TEXT_COLUMNS: readonly TextColumn<PacketSizesRow>[] = [
  textNumber('FROM', 6, (row) => row.from),
  textNumber('TO', 6, (row) => row.to),
  textNumber('IN', 10, (row) => row.in),
  textNumber('OUT', 10, (row) => row.out),
  textNumber('PACKETS', 10, (row) => row.packets),
  {
    title: 'SHARE',
    width: 7,
    align: 'right',
    read: (row) => (row.share === null ? '-' : `${(row.share * 100).toFixed(1)}%`),
  },
  textNumber('BYTES', 13, (row) => row.bytes),
  textNumber('PKTS/S', 8, (row) => (row.packetsPerSecond === null ? null : Math.round(row.packetsPerSecond))),
];

/** Average and largest size, and what the brackets are made of: fields of `totals`. */
function totals(extra: Record<string, unknown>): object {
  const { byteKind, mtu, mtuFrom, in: incoming, out: outgoing, total } = extra as unknown as PacketSizesExtra;
  return {
    sizesOf: byteKind === 'ip' ? 'network-packets' : 'frames',
    mtu: mtuFrom === 'assumed' ? null : mtu,
    inAverageSize: rounded(incoming.average),
    outAverageSize: rounded(outgoing.average),
    averageSize: rounded(total.average),
    inLargestSize: incoming.largest,
    outLargestSize: outgoing.largest,
    largestSize: total.largest,
  };
}

function facts(extra: Record<string, unknown>): readonly string[] {
  const { byteKind, mtu, mtuFrom, total } = extra as unknown as PacketSizesExtra;
  return [
    `sizes of ${byteKind === 'ip' ? 'network packets' : 'frames'}`,
    mtuFrom === 'assumed' ? `MTU ${mtu} assumed` : `MTU ${mtu}`,
    `average ${total.average === null ? 'unknown' : total.average.toFixed(1)}`,
    `largest ${total.largest ?? 'unknown'}`,
  ];
}

/** How rows of the packet size monitor leave the program. */
export const packetSizesOutput: MonitorOutput<PacketSizesRow> = {
  json: rowJson,
  csvHeader: CSV_HEADER,
  csvRecords: (row, head) => [csvRecord(row, head)],
  textColumns: TEXT_COLUMNS,
  totals,
  facts,
};
