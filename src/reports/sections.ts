/**
 * The tables of a report, as people read them: text and the page are made from the same ones. Pure. The last column says
 * what the row is of and may be long; the others are figures.
 */
import { formatBytes, formatCount, formatDuration, formatPercent, formatRate } from '../base/format.ts';
import { sanitizeText } from '../names/sanitize.ts';
import { clockText, dateText } from './calendar.ts';
import type { ConversationRow, DayRow, HostRow, HourRow, NamedRow, PortRow, Ranking, Report, Sums } from './report.ts';

export interface SectionCell {
  text: string;
  /** What it is sorted by; null: by its text. */
  value: number | null;
}

export interface Section {
  /** "top-sources" */
  id: string;
  title: string;
  /** One sentence that says what the figures mean; null where that is plain. */
  note: string | null;
  columns: readonly string[];
  /** Made while they are gone through, each time anew. */
  rows: Iterable<readonly SectionCell[]>;
  isEmpty: boolean;
  /** "10 of 1234" where there are more; null: these are all. */
  more: string | null;
  /** What stands in place of an empty table. */
  empty: string;
}

interface Column<Row> {
  title: string;
  cell(row: Row): SectionCell;
}

const bytes = (value: number): SectionCell => ({ text: formatBytes(value), value });
const count = (value: number | null): SectionCell => ({ text: formatCount(value), value: value ?? -1 });
const name = (text: string): SectionCell => ({ text: sanitizeText(text), value: null });
const share = (part: number, whole: number): SectionCell => ({
  text: formatPercent(whole > 0 ? part / whole : null),
  value: part,
});

/** "2026-11-21 14:05" */
export function momentText(seconds: number): string {
  return `${dateText(seconds)} ${clockText(seconds)}`;
}

export function sections(report: Report): Section[] {
  return [
    ...rankings(report),
    hourSection(report),
    daySection(report),
    lossSection(report),
    alertSection(report),
    errorSection(report),
  ];
}

function rankings(report: Report): Section[] {
  const whole = report.totals.bytes;
  return [
    section('top-sources', 'Top sources', report.sources, hostColumns(whole, 'sent'), {
      note: 'Addresses by the bytes that they sent.',
    }),
    section('top-destinations', 'Top destinations', report.destinations, hostColumns(whole, 'received'), {
      note: 'Addresses by the bytes that were sent to them.',
    }),
    section('top-ports', 'Top ports', report.ports, [...sumColumns<PortRow>(whole), portColumn], {
      note: 'The port that the first packet went to; the other one where only that is below 1024.',
    }),
    section('protocols', 'Protocols', report.protocols, [...sumColumns<NamedRow>(whole), nameColumn('protocol')]),
    section('top-conversations', 'Top conversations', report.conversations, conversationColumns(whole)),
    section('interfaces', 'Interfaces', report.interfaces, [...sumColumns<NamedRow>(whole), nameColumn('interface')]),
  ];
}

function section<Row>(
  id: string,
  title: string,
  ranking: Ranking<Row>,
  columns: readonly Column<Row>[],
  { note = null, empty = 'none' }: { note?: string | null; empty?: string } = {},
): Section {
  const rows = {
    *[Symbol.iterator]() {
      for (const row of ranking.rows) yield columns.map(({ cell }) => cell(row));
    },
  };
  return {
    id,
    title,
    note: [note, approximation(ranking)].filter((text) => text !== null).join(' ') || null,
    columns: columns.map((column) => column.title),
    rows,
    isEmpty: ranking.shown === 0,
    more: moreText(ranking),
    empty,
  };
}

function moreText({ shown, total }: Ranking<unknown>): string | null {
  if (total === null) return `the first ${shown} of very many`;
  return shown < total ? `the first ${shown} of ${formatCount(total)}` : null;
}

function approximation({ mayLack }: Ranking<unknown>): string | null {
  if (mayLack === 0) return null;
  return `There are more than can be told apart: figures with ~ may be short by up to ${formatBytes(mayLack)}, and nobody who is missing here had more than that.`;
}

/** A figure that may be short is marked. */
function bounded(cell: SectionCell, mayLack: number): SectionCell {
  return mayLack === 0 ? cell : { ...cell, text: `~${cell.text}` };
}

function hostColumns(whole: number, by: 'sent' | 'received'): Column<HostRow>[] {
  const sent: Column<HostRow> = {
    title: 'sent',
    cell: (row) => bounded(bytes(row.sentBytes), row.mayLack),
  };
  const received: Column<HostRow> = {
    title: 'received',
    cell: (row) => bounded(bytes(row.receivedBytes), row.mayLack),
  };
  return [
    ...(by === 'sent' ? [sent, received] : [received, sent]),
    { title: 'share', cell: (row) => share(by === 'sent' ? row.sentBytes : row.receivedBytes, whole) },
    { title: 'packets', cell: (row) => count(by === 'sent' ? row.sentPackets : row.receivedPackets) },
    { title: 'conversations', cell: (row) => count(row.conversationsFrom + row.conversationsTo) },
    { title: 'address', cell: (row) => name(row.address) },
  ];
}

function sumColumns<Row extends Sums & { mayLack: number }>(whole: number): Column<Row>[] {
  return [
    { title: 'bytes', cell: (row) => bounded(bytes(row.bytes), row.mayLack) },
    { title: 'share', cell: (row) => share(row.bytes, whole) },
    { title: 'packets', cell: (row) => count(row.packets) },
    { title: 'conversations', cell: (row) => count(row.conversations) },
  ];
}

function nameColumn(title: string): Column<NamedRow> {
  return { title, cell: (row) => name(row.name) };
}

const portColumn: Column<PortRow> = {
  title: 'port',
  cell: ({ protocol, port, service }) => name(`${protocol}/${port}${service === null ? '' : ` ${service}`}`),
};

function conversationColumns(whole: number): Column<ConversationRow>[] {
  return [
    { title: 'bytes', cell: (row) => bounded(bytes(row.bytes), row.mayLack) },
    { title: 'share', cell: (row) => share(row.bytes, whole) },
    { title: 'sent', cell: (row) => bytes(row.sentBytes) },
    { title: 'received', cell: (row) => bytes(row.receivedBytes) },
    { title: 'conversation', cell: (row) => name(`${row.protocol} ${row.interface} ${row.from} to ${row.to}`) },
  ];
}

function hourSection(report: Report): Section {
  const columns: Column<HourRow>[] = [
    { title: 'bytes', cell: (row) => bytes(row.bytes) },
    { title: 'average', cell: (row) => ({ text: formatRate(row.bytes / 3600), value: row.bytes }) },
    { title: 'packets', cell: (row) => count(row.packets) },
    { title: 'ended', cell: (row) => count(row.ended.conversations) },
    {
      title: 'hour',
      cell: ({ start, measured }) => ({
        text: `${momentText(start)}${measured ? '' : ' (by ends)'}`,
        value: start,
      }),
    },
  ];
  return section('busiest-hours', 'Busiest hours', report.busiestHours, columns, { note: hourNote(report) });
}

function hourNote({ hours }: Report): string | null {
  const guessed = hours.filter(({ measured }) => !measured).length;
  if (hours.length === 0 || guessed === 0) return 'What passed in an hour, by the hourly records.';
  const which =
    guessed === hours.length ? 'The log has no hourly records' : 'Some hours have no hourly record (by ends)';
  return `${which}: bytes are those of the conversations that ended in the hour, whenever they passed.`;
}

const nothing = '-';

function daySection({ days, totals }: Report): Section {
  const sums = (row: Sums): SectionCell[] => [
    bytes(row.bytes),
    share(row.bytes, totals.bytes),
    count(row.packets),
    count(row.conversations),
  ];
  const rows = days.flatMap((day: DayRow) => [
    [...sums(day), count(day.losses.droppedByKernel), count(day.alerts), { text: day.date, value: day.start }],
    ...(day.interfaces.length < 2 ? [] : day.interfaces).map((each) => [
      ...sums(each),
      { text: nothing, value: -1 },
      { text: nothing, value: -1 },
      { text: sanitizeText(`${day.date} ${each.name}`), value: day.start },
    ]),
  ]);
  return {
    id: 'days',
    title: 'Days',
    note: 'A conversation is of the day that it ended on.',
    columns: ['bytes', 'share', 'packets', 'conversations', 'dropped', 'alerts', 'day'],
    rows,
    isEmpty: rows.length === 0,
    more: null,
    empty: 'none',
  };
}

function lossSection({ losses }: Report): Section {
  return {
    id: 'drops',
    title: 'Drops',
    note: 'Packets that the kernel or the interface dropped before they were counted, and those that could not be read.',
    columns: ['by kernel', 'by interface', 'malformed', 'interface'],
    rows: losses.map((row) => [
      count(row.droppedByKernel),
      count(row.droppedByInterface),
      count(row.malformed),
      name(row.interface),
    ]),
    isEmpty: losses.length === 0,
    more: null,
    empty: 'the logs have no records that say what was dropped',
  };
}

function alertSection({ alerts }: Report): Section {
  return section('alerts', 'Alerts', alerts, [
    { title: 'times', cell: (row) => count(row.times) },
    { title: 'lasted', cell: (row) => ({ text: formatDuration(row.seconds), value: row.seconds }) },
    { title: 'last', cell: (row) => ({ text: momentText(row.last), value: row.last }) },
    { title: 'alert', cell: (row) => name(`${row.alert}: ${row.subject}${row.isOn ? ' (no end in the log)' : ''}`) },
  ]);
}

function errorSection({ errors }: Report): Section {
  const shown = errors.last.length;
  return {
    id: 'errors',
    title: 'Errors',
    note: null,
    columns: ['time', 'error'],
    rows: errors.last.map(({ time, text }) => [{ text: momentText(time), value: time }, name(text)]),
    isEmpty: shown === 0,
    more: shown < errors.count ? `the last ${shown} of ${formatCount(errors.count)}` : null,
    empty: 'none',
  };
}

/** What a reader must know before the figures, one sentence each: what is missing, damaged or doubtful. */
export function warnings({ input, totals }: Report): string[] {
  const notes: string[] = [];
  if (totals.conversations === 0)
    notes.push(
      'there are no records of conversations that ended: the tables of hosts, ports and conversations are empty',
    );
  if (input.lostLines > 0)
    notes.push(`the program could not write ${input.lostLines} lines of these logs: figures are too small`);
  if (input.damagedLines > 0)
    notes.push(`${input.damagedLines} lines are damaged and left out, the first is ${input.firstDamaged}`);
  if (input.repeatedRecords > 0) {
    notes.push(
      `about ${input.repeatedRecords} records are there twice (first ${input.firstRepeated}): figures are too large`,
    );
  }
  for (const { path, reason } of input.skipped) notes.push(`${path} was not read: ${reason}`);
  return notes.map(sanitizeText);
}

/** "2026-11-21 02:45 to 2026-11-22 14:00". */
export function periodText({ firstRecord, lastRecord }: Report): string {
  if (firstRecord === null || lastRecord === null) return 'no records';
  return `${momentText(firstRecord)} to ${momentText(lastRecord)}`;
}

/** Label and figures, as a head above all tables. */
export function summary(report: Report): [label: string, text: string][] {
  const { totals, input, from, to, zone } = report;
  const { endings, losses } = totals;
  const asked = [from === null ? null : `from ${momentText(from)}`, to === null ? null : `before ${momentText(to)}`];
  const limits = asked.filter((text) => text !== null).join(' ');
  return [
    ['period', `${periodText(report)} (${zone})`],
    ...(limits === '' ? [] : [['asked for', `${limits}; conversations by their end`] as [string, string]]),
    ['traffic', `${formatBytes(totals.bytes)} in ${formatCount(totals.packets)} packets`],
    [
      'conversations',
      `${formatCount(totals.conversations)}: ${endings.closed} closed, ${endings.reset} reset, ${endings['timed-out']} timed out, ${endings.open} still open`,
    ],
    ['dropped', lossText(losses)],
    ['read', `${plural(input.files, 'file')}, ${plural(input.lines, 'line')}, ${formatBytes(input.bytes)}`],
  ];
}

function plural(value: number, word: string): string {
  return `${value} ${word}${value === 1 ? '' : 's'}`;
}

function lossText({ droppedByKernel, droppedByInterface, malformed }: Report['totals']['losses']): string {
  if (droppedByKernel === null && droppedByInterface === null && malformed === null) return 'not in these logs';
  return `${known(droppedByKernel)} by the kernel, ${known(droppedByInterface)} by interfaces; ${known(malformed)} malformed`;
}

function known(value: number | null): string {
  return value === null ? 'unknown' : String(value);
}
