/**
 * The detailed interface statistics in machine output: one row for each class of traffic (CONTRACT section 4); averages,
 * peaks, and what could not be decoded stand in the totals. Exact numbers, both kinds of bytes.
 */
import { sanitizeText } from '../../src/names/sanitize.ts';
import { rounded } from '../../src/output/json.ts';
import type { Cell, MonitorOutput, TextColumn } from '../../src/output/monitor-output.ts';
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
  read: (row: DetailedRow) => number | null | undefined,
): TextColumn<DetailedRow> {
  return { title, width, align: 'right', read: (row) => String(read(row) ?? '-') };
}

function bits(rates: DetailedRates | null): number | null {
  return rates === null ? null : Math.round(rates.bytesPerSecond * 8);
}

const TEXT_COLUMNS: readonly TextColumn<DetailedRow>[] = [
  { title: 'CLASS', width: 9, align: 'left', read: (row) => row.class },
  textNumber('PKTS', 9, (row) => row.total.packets),
  textNumber('BYTES', 11, (row) => row.total.ipBytes),
  textNumber('PKTS_IN', 9, (row) => row.incoming?.packets),
  textNumber('BYTES_IN', 11, (row) => row.incoming?.ipBytes),
  textNumber('PKTS_OUT', 9, (row) => row.outgoing?.packets),
  textNumber('BYTES_OUT', 11, (row) => row.outgoing?.ipBytes),
  textNumber('BITS/S', 11, (row) => bits(row.rates.total)),
  textNumber('BITS/S_IN', 11, (row) => bits(row.rates.incoming)),
  textNumber('BITS/S_OUT', 11, (row) => bits(row.rates.outgoing)),
  textNumber('WIRE_BYTES', 11, (row) => row.total.wireBytes),
];

/** How rows of the detailed interface statistics leave the program. */
export const detailedOutput: MonitorOutput<DetailedRow> = {
  json: rowJson,
  totals(extra) {
    const { averages, peaks, ipChecksumErrors, malformed, kernel } = extra as unknown as DetailedExtra;
    return { averages: figuresJson(averages), peaks: figuresJson(peaks), ipChecksumErrors, malformed, kernel };
  },
  facts(extra) {
    const { ipChecksumErrors, peaks } = extra as unknown as DetailedExtra;
    return [`peak bit/s ${bits(peaks.total) ?? 'unknown'}`, `IP checksum errors ${ipChecksumErrors}`];
  },
  csvHeader: CSV_HEADER,
  csvRecords(row, head) {
    const cells = DIRECTIONS.flatMap((direction) => csvCells(row[direction], row.rates[direction]));
    return [[isoTime(head.time), interfaceText(row), row.class, ...cells]];
  },
  textColumns: TEXT_COLUMNS,
};
