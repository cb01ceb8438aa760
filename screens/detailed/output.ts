/**
 * The detailed interface statistics in machine output: one row for each class of traffic (CONTRACT section 4); averages,
 * peaks, and what could not be decoded stand in the totals. Exact numbers, both kinds of bytes.
 */
import { sanitizeText } from '../../src/names/sanitize.ts';
import { rounded } from '../../src/output/json.ts';
import type { ByteKind, Cell, MonitorOutput, TextColumn } from '../../src/output/monitor-output.ts';
import { isoTime } from '../../src/output/time.ts';
import type {
  DetailedCounts,
  DetailedDirections,
  DetailedExtra,
  DetailedRateFigures,
  DetailedRates,
  DetailedRow,
} from './types.ts';

const DIRECTIONS = ['total', 'incoming', 'outgoing'] as const;
type Direction = (typeof DIRECTIONS)[number];

function ratesJson(rates: DetailedRates | null): object {
  return {
    packetsPerSecond: rounded(rates?.packetsPerSecond ?? null),
    bytesPerSecond: rounded(rates?.bytesPerSecond ?? null),
    wireBytesPerSecond: rounded(rates?.wireBytesPerSecond ?? null),
  };
}

function directionsJson({ total, incoming, outgoing }: DetailedDirections<DetailedRates | null>): object {
  return { total: ratesJson(total), incoming: ratesJson(incoming), outgoing: ratesJson(outgoing) };
}

function figuresJson({ broadcast, multicast, ...directions }: DetailedRateFigures): object {
  return { ...directionsJson(directions), broadcast: ratesJson(broadcast), multicast: ratesJson(multicast) };
}

function rowJson(row: DetailedRow): object {
  return {
    class: row.class,
    interface: interfaceText(row),
    total: row.total,
    incoming: row.incoming,
    outgoing: row.outgoing,
    rates: directionsJson(row.rates),
  };
}

function interfaceText(row: DetailedRow): string {
  return row.interface === null ? 'all' : sanitizeText(row.interface);
}

const PREFIXES: Record<Direction, string> = { total: '', incoming: 'in_', outgoing: 'out_' };

const CSV_HEADER = [
  'timestamp',
  'interface',
  'class',
  ...DIRECTIONS.flatMap((direction) =>
    ['packets', 'ip_bytes', 'wire_bytes', 'packets_per_second', 'bytes_per_second', 'wire_bytes_per_second'].map(
      (name) => PREFIXES[direction] + name,
    ),
  ),
];

function csvCells(counts: DetailedCounts | null, rates: DetailedRates | null): Cell[] {
  return [
    counts?.packets ?? null,
    counts?.ipBytes ?? null,
    counts?.wireBytes ?? null,
    rounded(rates?.packetsPerSecond ?? null),
    rounded(rates?.bytesPerSecond ?? null),
    rounded(rates?.wireBytesPerSecond ?? null),
  ];
}

function textNumber(
  title: string,
  width: number,
  read: (row: DetailedRow, bytes: ByteKind) => number | null | undefined,
): TextColumn<DetailedRow> {
  return { title, width, align: 'right', read: (row, bytes) => String(read(row, bytes) ?? '-') };
}

function shownBytes(counts: DetailedCounts | null, bytes: ByteKind): number | null | undefined {
  return bytes === 'wire' ? counts?.wireBytes : counts?.ipBytes;
}

function bits(rates: DetailedRates | null, bytes: ByteKind): number | null {
  const perSecond = (bytes === 'wire' ? rates?.wireBytesPerSecond : rates?.bytesPerSecond) ?? null;
  return perSecond === null ? null : Math.round(perSecond * 8);
}

const TEXT_COLUMNS: readonly TextColumn<DetailedRow>[] = [
  { title: 'CLASS', width: 9, align: 'left', read: (row) => row.class },
  textNumber('PKTS', 9, (row) => row.total.packets),
  textNumber('BYTES', 11, (row, bytes) => shownBytes(row.total, bytes)),
  textNumber('PKTS_IN', 9, (row) => row.incoming?.packets),
  textNumber('BYTES_IN', 11, (row, bytes) => shownBytes(row.incoming, bytes)),
  textNumber('PKTS_OUT', 9, (row) => row.outgoing?.packets),
  textNumber('BYTES_OUT', 11, (row, bytes) => shownBytes(row.outgoing, bytes)),
  textNumber('BITS/S', 11, (row, bytes) => bits(row.rates.total, bytes)),
  textNumber('BITS/S_IN', 11, (row, bytes) => bits(row.rates.incoming, bytes)),
  textNumber('BITS/S_OUT', 11, (row, bytes) => bits(row.rates.outgoing, bytes)),
  textNumber('WIRE_BYTES', 11, (row) => row.total.wireBytes),
];

/** How rows of the detailed interface statistics leave the program. */
export const detailedOutput: MonitorOutput<DetailedRow> = {
  json: rowJson,
  totals(extra) {
    const { averages, peaks, ipChecksumErrors, malformed, kernel } = extra as unknown as DetailedExtra;
    return { averages: figuresJson(averages), peaks: figuresJson(peaks), ipChecksumErrors, malformed, kernel };
  },
  facts(extra, bytes) {
    const { ipChecksumErrors, peaks } = extra as unknown as DetailedExtra;
    const peak = `peak ${bytes === 'wire' ? 'wire ' : ''}bit/s`;
    return [`${peak} ${bits(peaks.total, bytes) ?? 'unknown'}`, `IP checksum errors ${ipChecksumErrors ?? 'unknown'}`];
  },
  csvHeader: CSV_HEADER,
  csvRecords(row, head) {
    const cells = DIRECTIONS.flatMap((direction) => csvCells(row[direction], row.rates[direction]));
    return [[isoTime(head.time), interfaceText(row), row.class, ...cells]];
  },
  textColumns: TEXT_COLUMNS,
};
