/**
 * Columns of the general interface statistics as data: what each is called, how wide it is, what it shows of an
 * interface. M chooses which come first; wide terminals have room for the others, too.
 */
import { formatLinkSpeed, formatPercent, type RateFormat } from '../../src/base/format.ts';
import { bytesCell, countCell, rateCell, rateStyle, rateTitle, shareBar } from '../kit/cells.ts';
import { sparkline } from '../kit/chart.ts';
import type { Style } from '../kit/style.ts';
import type { Column } from '../kit/table.ts';
import { textWidth } from '../kit/text.ts';
import type { GeneralCounts, GeneralRates, GeneralRow, InterfaceState, KernelSince } from './types.ts';

type GeneralColumn = Column<GeneralRow>;

/** What M cycles through, in its order. */
export const GENERAL_MODES = ['packets', 'kernel', 'minute'] as const;
export type GeneralMode = (typeof GENERAL_MODES)[number];

/** Everything beside the row that decides what a cell says. */
export interface GeneralView {
  byteKind: 'ip' | 'wire';
  rate: RateFormat;
  /** Cells that the longest name takes, with its place below its master. */
  nameWidth: number;
  /** false (most files): in and out are not known of any interface, their sum is. */
  knowsDirections: boolean;
  /** false: a file is read, of which no kernel says anything. */
  isLive: boolean;
}

/** A link that carries this share of its speed is close to its end. */
const HIGH_LOAD = 0.9;

const STATE_WORDS: Record<Exclude<InterfaceState, null>, string> = {
  up: 'up',
  'no-carrier': 'no carrier',
  down: 'down',
  gone: 'gone',
};

/** In the place of a rate: at most seven cells. */
const SHORT_STATE_WORDS: Record<Exclude<InterfaceState, null>, string> = { ...STATE_WORDS, 'no-carrier': 'no link' };

/** The name below its master: "└ eth1". */
export function nameText({ interface: name, depth }: GeneralRow): string {
  return depth === 0 ? name : `${'  '.repeat(depth - 1)}└ ${name}`;
}

function percentCell(share: number | null, width: number): string {
  const text = formatPercent(share).replace(' ', '');
  return text.length <= width ? text : `${Math.round((share ?? 0) * 100)}%`;
}

/** The busier direction: what a full-duplex link reaches its end by. */
function loadOf({ load }: GeneralRow): number | null {
  const known = load.filter((each) => each !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function kernelSum({ kernel }: GeneralRow, ...counters: (keyof KernelSince)[]): number | null {
  return kernel === null ? null : counters.reduce((sum, counter) => sum + kernel[counter], 0);
}

/** Packets of both directions; a loopback packet is sent and received, and captured once. */
function kernelPackets(row: GeneralRow): number | null {
  return row.kind === 'loopback' ? kernelSum(row, 'rxPackets') : kernelSum(row, 'rxPackets', 'txPackets');
}

function capturedPackets({ captured }: GeneralRow): number | null {
  return captured === null ? null : captured[0] + (captured[1] ?? 0);
}

/** It cannot carry anything: its state stands in the place of its rates where it has no column. */
function isStill({ state, rates }: GeneralRow): boolean {
  return state !== null && state !== 'up' && (rates.total?.packetsPerSecond ?? 0) === 0;
}

function rateOf(rates: GeneralRates | null, { byteKind }: GeneralView): number | null {
  if (rates === null) return null;
  return byteKind === 'wire' ? rates.wireBytesPerSecond : rates.bytesPerSecond;
}

function bytesOf(counts: GeneralCounts | null, { byteKind }: GeneralView): number | null {
  if (counts === null) return null;
  return byteKind === 'wire' ? counts.wireBytes : counts.ipBytes;
}

/** What it is, and what it sits on; the members of a bridge or bond stand below it. */
function kindText({ kind, lower }: GeneralRow): string {
  if (kind === null) return '';
  const isMaster = kind === 'bridge' || kind === 'bond';
  return lower.length === 0 || isMaster ? kind : `${kind} on ${lower.join(', ')}`;
}

/** "10G", "100M". */
function speedText({ speed }: GeneralRow): string {
  return formatLinkSpeed(speed).replace(/ ([GM])bit\/s$/, '$1');
}

/** The minute in at most `width` cells: each one is the average of as many seconds as it takes. */
export function minuteText(values: readonly number[], width: number): string {
  const perCell = Math.max(1, Math.ceil(60 / width));
  const cells: number[] = [];
  for (let end = values.length; end > 0; end -= perCell) {
    const group = values.slice(Math.max(0, end - perCell), end);
    cells.unshift(group.reduce((sum, value) => sum + value, 0) / group.length);
  }
  return sparkline(cells, Math.min(width, Math.ceil(60 / perCell)));
}

const warnAbove =
  (value: (row: GeneralRow) => number | null, style: Style = 'warning') =>
  (row: GeneralRow): Style =>
    (value(row) ?? 0) > 0 ? style : 'dim';

function countColumn(
  id: string,
  title: string,
  width: number,
  value: (row: GeneralRow) => number | null,
  style?: GeneralColumn['style'],
): GeneralColumn {
  return { id, title, width, align: 'right', style, read: (row) => countCell(value(row), width) };
}

function countColumns(): Record<string, GeneralColumn> {
  const errors = (row: GeneralRow): number | null => kernelSum(row, 'rxErrors', 'txErrors');
  const drops = (row: GeneralRow): number | null => kernelSum(row, 'rxDropped', 'txDropped');
  const part = (id: keyof KernelSince, title: string, style: Style): GeneralColumn => {
    const value = (row: GeneralRow): number | null => kernelSum(row, id);
    return countColumn(id, title, 7, value, warnAbove(value, style));
  };
  const missed = ({ missed: packets }: GeneralRow): number | null => packets;
  const malformed = ({ malformed: packets }: GeneralRow): number | null => packets;
  return {
    packets: countColumn('packets', 'Total', 7, ({ total }) => total?.packets ?? null, 'value'),
    ipv4: countColumn('ipv4', 'IPv4', 7, ({ ipv4 }) => ipv4?.packets ?? null),
    ipv6: countColumn('ipv6', 'IPv6', 6, ({ ipv6 }) => ipv6?.packets ?? null),
    nonIp: countColumn('nonIp', 'Other', 5, ({ nonIp }) => nonIp?.packets ?? null, 'nonIp'),
    malformed: countColumn('malformed', 'Bad', 4, malformed, warnAbove(malformed)),
    kernel: countColumn('kernel', 'Kernel', 7, kernelPackets, (row) => ((row.missed ?? 0) > 0 ? 'warning' : 'text')),
    captured: countColumn('captured', 'Captured', 8, capturedPackets, 'value'),
    missed: countColumn('missed', 'Missed', 6, missed, warnAbove(missed)),
    errors: countColumn('errors', 'Errs', 5, errors, warnAbove(errors)),
    drops: countColumn('drops', 'Drops', 5, drops, warnAbove(drops, 'title')),
    rxErrors: part('rxErrors', 'Err in', 'warning'),
    txErrors: part('txErrors', 'Err out', 'warning'),
    rxDropped: part('rxDropped', 'Drp in', 'title'),
    txDropped: part('txDropped', 'Drp out', 'title'),
  };
}

function columnSet(view: GeneralView): Record<string, GeneralColumn> {
  const unit = rateTitle(view.rate);
  const rate = (id: 'incoming' | 'outgoing' | 'total', title: string, width: number): GeneralColumn => ({
    id,
    title,
    width,
    align: 'right',
    style: (row) => rateStyle(rateOf(row.rates[id], view)),
    read: (row) => rateCell(rateOf(row.rates[id], view), view.rate, width),
  });
  const bytes = (id: 'incoming' | 'outgoing', title: string): GeneralColumn => ({
    id: `${id}-bytes`,
    title,
    width: 7,
    align: 'right',
    read: (row) => bytesCell(bytesOf(row[id], view), view.rate.base, 7),
  });
  return {
    ...countColumns(),
    in: rate('incoming', `In ${unit}`, 8),
    out: rate('outgoing', 'Out', 7),
    rate: rate('total', unit, 8),
    load: {
      id: 'load',
      title: 'Load',
      width: 5,
      align: 'right',
      style: (row) => ((loadOf(row) ?? 0) >= HIGH_LOAD ? 'warning' : rateStyle(loadOf(row))),
      read: (row) => percentCell(loadOf(row), 5),
    },
    bytesTotal: {
      id: 'bytes',
      title: 'Bytes',
      width: 7,
      align: 'right',
      read: (row) => bytesCell(bytesOf(row.total, view), view.rate.base, 7),
    },
    bytesIn: bytes('incoming', 'In B'),
    bytesOut: bytes('outgoing', 'Out B'),
    state: { id: 'state', title: 'State', width: 10, read: ({ state }) => (state === null ? '' : STATE_WORDS[state]) },
    speed: { id: 'speed', title: 'Speed', width: 5, align: 'right', read: speedText },
    share: {
      id: 'share',
      title: 'Share of master',
      width: 15,
      style: 'bar',
      read: ({ memberShare }) =>
        memberShare === null ? '' : `${percentCell(memberShare, 6).padStart(6)} ${shareBar(memberShare, 8)}`,
    },
    kind: { id: 'kind', title: 'Kind', width: 18, style: 'dim', read: kindText },
    minute: {
      id: 'minute',
      title: 'Last minute',
      width: 15,
      style: 'bar',
      read: ({ minute }, _line, width) => minuteText(minute, width),
    },
  };
}

const MODE_COLUMNS: Record<GeneralMode, readonly string[]> = {
  packets: ['packets', 'ipv4', 'ipv6', 'nonIp', 'malformed', 'in', 'out', 'load'],
  kernel: ['state', 'captured', 'kernel', 'missed', 'rxErrors', 'rxDropped', 'txErrors', 'txDropped'],
  minute: ['in', 'out', 'bytesTotal', 'minute', 'share'],
};

/** What there is room for beside, the most telling first; what belongs together comes together. */
const EXTRAS: readonly (readonly string[])[] = [
  ['missed'],
  ['errors', 'drops'],
  ['minute'],
  ['in', 'out'],
  ['load'],
  ['state'],
  ['captured', 'kernel'],
  ['bytesIn', 'bytesOut'],
  ['speed'],
  ['share'],
  ['packets'],
  ['ipv4', 'ipv6', 'nonIp', 'malformed'],
  ['kind'],
];

/** What goes first where there is no room for all that M chose. */
const DISPENSABLE = ['load', 'malformed', 'captured', 'txErrors', 'txDropped', 'nonIp', 'share'];

/** From left to right. */
const ORDER = [
  'state',
  'packets',
  'ipv4',
  'ipv6',
  'nonIp',
  'malformed',
  'in',
  'out',
  'rate',
  'load',
  'speed',
  'bytesTotal',
  'bytesIn',
  'bytesOut',
  'captured',
  'kernel',
  'missed',
  'errors',
  'drops',
  'rxErrors',
  'rxDropped',
  'txErrors',
  'txDropped',
  'minute',
  'share',
  'kind',
];

/** What no file tells. */
const LIVE_ONLY: ReadonlySet<string> = new Set([
  'state',
  'load',
  'speed',
  'captured',
  'kernel',
  'missed',
  'errors',
  'drops',
  'share',
  'kind',
]);

/** What stands for two directions where they are not known. */
const SUMS: Readonly<Record<string, string>> = {
  in: 'rate',
  out: 'rate',
  bytesIn: 'bytesTotal',
  bytesOut: 'bytesTotal',
};

/** Cells that a name keeps at least, and at most. */
const LEAST_NAME = 10;
const MOST_NAME = 24;
/** A sparkline takes a whole number of seconds for a cell. */
const MINUTE_WIDTHS = [60, 30, 20, 15];

/** Columns for an inner width (frame excluded); those of `hidden` (ids) are switched off. */
export function generalColumns(
  mode: GeneralMode,
  view: GeneralView,
  width: number,
  hidden: ReadonlySet<string>,
): GeneralColumn[] {
  const set = columnSet(view);
  const shows = (name: string): boolean => !hidden.has(set[name].id) && (view.isLive || !LIVE_ONLY.has(name));
  const known = (group: readonly string[]): readonly string[] =>
    view.knowsDirections ? group : [...new Set(group.map((name) => SUMS[name] ?? name))];
  const names = new Set(known(MODE_COLUMNS[mode]).filter(shows));
  const taken = (): number => [...names].reduce((cells, name) => cells + set[name].width + 1, 0);
  for (const name of DISPENSABLE) if (taken() + LEAST_NAME > width) names.delete(name);
  const nameCells = Math.min(MOST_NAME, Math.max(LEAST_NAME, view.nameWidth));
  const room = (): number => width - taken() - nameCells;
  // Errors in both directions together say nothing that their columns do not say.
  const said = new Set(mode === 'kernel' ? ['errors', 'drops'] : mode === 'minute' ? ['bytesIn', 'bytesOut'] : []);
  for (const group of EXTRAS) {
    const wanted = known(group).filter((name) => !names.has(name) && !said.has(name) && shows(name));
    const cells = wanted.reduce((sum, name) => sum + set[name].width + 1, 0);
    if (cells <= room()) for (const name of wanted) names.add(name);
  }
  if (!names.has('state')) {
    set.in = insteadOfRate(set.in, ({ state }) => SHORT_STATE_WORDS[state ?? 'up']);
    set.out = insteadOfRate(set.out, () => '');
  }
  if (names.has('minute')) widenMinute(set.minute, room());
  const shown = ORDER.filter((name) => names.has(name)).map((name) => set[name]);
  return [nameColumn(Math.max(LEAST_NAME, Math.min(MOST_NAME, width - taken()))), ...shown];
}

function insteadOfRate(column: GeneralColumn, text: (row: GeneralRow) => string): GeneralColumn {
  return { ...column, read: (row, line, width) => (isStill(row) ? text(row) : column.read(row, line, width)) };
}

function widenMinute(column: GeneralColumn, room: number): void {
  column.width = MINUTE_WIDTHS.find((cells) => cells <= column.width + room) ?? column.width;
}

function nameColumn(width: number): GeneralColumn {
  return { id: 'interface', title: 'Interface', width, flex: 1, maximumWidth: MOST_NAME, read: nameText };
}

/** Cells of the longest name. */
export function longestName(rows: readonly GeneralRow[]): number {
  return rows.reduce((width, row) => Math.max(width, textWidth(nameText(row))), 0);
}

/** Columns that C can switch off, by id, with their titles. */
export const OPTIONAL_COLUMNS: readonly (readonly [id: string, title: string])[] = [
  ['state', 'State'],
  ['ipv4', 'IPv4'],
  ['ipv6', 'IPv6'],
  ['nonIp', 'Other (non-IP)'],
  ['malformed', 'Bad (malformed)'],
  ['load', "Share of the link's speed"],
  ['speed', 'Speed'],
  ['incoming-bytes', 'Bytes in'],
  ['outgoing-bytes', 'Bytes out'],
  ['captured', 'Captured, as the kernel counts'],
  ['kernel', "Kernel's packets"],
  ['missed', 'Missed packets'],
  ['errors', 'Errors'],
  ['drops', 'Drops'],
  ['minute', 'Last minute'],
  ['share', "Share of the master's traffic"],
  ['kind', 'Kind'],
];
