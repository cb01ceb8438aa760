/** A report as CSV: one header line, then one record for each row of each table, which its first field names. */
import { sanitizeText } from '../names/sanitize.ts';
import { csvLine } from '../output/csv.ts';
import type { Cell } from '../output/monitor-output.ts';
import { isoTime } from '../output/time.ts';
import { splitPlace } from './entry.ts';
import type { AlertRow, ConversationRow, DayRow, HostRow, HourRow, Report } from './report.ts';

const HEADER = [
  'table',
  'rank',
  'name',
  'interface',
  'protocol',
  'src_ip',
  'dst_ip',
  'src_port',
  'dst_port',
  'bytes',
  'packets',
  'conversations',
  'sent_bytes',
  'received_bytes',
  'sent_packets',
  'received_packets',
  'may_lack_bytes',
  'start',
  'end',
  'measured',
  'times',
  'seconds',
  'dropped_by_kernel',
  'dropped_by_interface',
  'malformed',
] as const;
type Field = (typeof HEADER)[number];
type CsvRow = Partial<Record<Exclude<Field, 'table' | 'rank'>, Cell>>;

export function* csvReport(report: Report): Generator<string> {
  yield csvLine(HEADER);
  for (const [table, rows] of tables(report)) {
    let rank = 0;
    for (const row of rows) yield record(table, ++rank, row);
  }
}

function record(table: string, rank: number, row: CsvRow): string {
  const fields: Partial<Record<Field, Cell>> = { ...row, table, rank };
  return csvLine(
    HEADER.map((field) => {
      const cell = fields[field] ?? null;
      return typeof cell === 'string' ? sanitizeText(cell) : cell;
    }),
  );
}

function tables(report: Report): [string, Iterable<CsvRow>][] {
  return [
    ['total', totals(report)],
    ['source', mapped(report.sources.rows, host)],
    ['destination', mapped(report.destinations.rows, host)],
    ['port', mapped(report.ports.rows, (row) => ({ ...sums(row), name: String(row.port), protocol: row.protocol }))],
    ['protocol', mapped(report.protocols.rows, (row) => ({ ...sums(row), name: row.name, protocol: row.name }))],
    ['conversation', mapped(report.conversations.rows, conversation)],
    ['interface', mapped(report.interfaces.rows, (row) => ({ ...sums(row), name: row.name, interface: row.name }))],
    ['hour', mapped(report.busiestHours.rows, hour)],
    ['day', mapped(report.days, day)],
    ['day-interface', dayInterfaces(report)],
    ['drops', mapped(report.losses, (row) => ({ name: row.interface, interface: row.interface, ...losses(row) }))],
    ['alert', mapped(report.alerts.rows, alert)],
  ];
}

function* mapped<Row>(rows: Iterable<Row>, convert: (row: Row) => CsvRow): Generator<CsvRow> {
  for (const row of rows) yield convert(row);
}

function* totals({ totals: all, firstRecord, lastRecord }: Report): Generator<CsvRow> {
  yield { ...sums(all), ...losses(all.losses), start: isoTime(firstRecord), end: isoTime(lastRecord) };
}

interface Summed {
  bytes: number;
  packets: number;
  conversations: number;
  mayLack?: number;
}

function sums({ bytes, packets, conversations, mayLack }: Summed): CsvRow {
  return { bytes, packets, conversations, may_lack_bytes: mayLack ?? null };
}

function losses({ droppedByKernel, droppedByInterface, malformed }: Report['totals']['losses']): CsvRow {
  return { dropped_by_kernel: droppedByKernel, dropped_by_interface: droppedByInterface, malformed };
}

function host(row: HostRow): CsvRow {
  return {
    name: row.address,
    bytes: row.sentBytes + row.receivedBytes,
    packets: row.sentPackets + row.receivedPackets,
    conversations: row.conversationsFrom + row.conversationsTo,
    sent_bytes: row.sentBytes,
    received_bytes: row.receivedBytes,
    sent_packets: row.sentPackets,
    received_packets: row.receivedPackets,
    may_lack_bytes: row.mayLack,
  };
}

function conversation(row: ConversationRow): CsvRow {
  const [from, to] = [splitPlace(row.from), splitPlace(row.to)];
  return {
    ...sums(row),
    name: `${row.from} to ${row.to}`,
    interface: row.interface,
    protocol: row.protocol,
    src_ip: from.address,
    dst_ip: to.address,
    src_port: from.port,
    dst_port: to.port,
    sent_bytes: row.sentBytes,
    received_bytes: row.receivedBytes,
    sent_packets: row.sentPackets,
    received_packets: row.receivedPackets,
  };
}

function hour(row: HourRow): CsvRow {
  return {
    bytes: row.bytes,
    packets: row.packets,
    conversations: row.ended.conversations,
    start: isoTime(row.start),
    end: isoTime(row.start + 3600),
    measured: String(row.measured),
    ...(row.losses === null ? {} : losses(row.losses)),
  };
}

function day(row: DayRow): CsvRow {
  return { ...sums(row), name: row.date, start: isoTime(row.start), times: row.alerts, ...losses(row.losses) };
}

function* dayInterfaces({ days }: Report): Generator<CsvRow> {
  for (const { date, start, interfaces } of days) {
    for (const each of interfaces) {
      yield { ...sums(each), name: date, interface: each.name, start: isoTime(start) };
    }
  }
}

function alert({ alert: text, subject, times, seconds, first, last }: AlertRow): CsvRow {
  return { name: `${text}: ${subject}`, times, seconds, start: isoTime(first), end: isoTime(last) };
}
