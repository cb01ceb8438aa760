/**
 * Columns of the host pair monitor as data: iftop's (ours, arrow, theirs, cumulative, three averages), then what wide
 * terminals have room for. One or two lines a pair: what a line says is its flow.
 */
import { protocolName } from '../../src/names/protocols.ts';
import { countCell, rateStyle } from '../kit/cells.ts';
import type { Style } from '../kit/style.ts';
import type { Column } from '../kit/table.ts';
import { type HostsView, hostText } from './hosts.ts';
import type { HostPairRow, HostPairSort, PairCounts, PairRates } from './types.ts';
import {
  amountFigure,
  amountOf,
  inShownUnit,
  limitInShownUnit,
  type PairUnits,
  rateFigure,
  unitTitle,
} from './units.ts';
import type { LineDisplay } from './view.ts';

type PairColumn = Column<HostPairRow>;

/** Which way the traffic of a line goes. */
export type Flow = 'sent' | 'received' | 'both';

export interface PairColumnsView {
  units: PairUnits;
  lines: LineDisplay;
  hosts: HostsView;
  /** Ports, and with them protocols, are told apart. */
  showsProtocol: boolean;
  severalInterfaces: boolean;
  interfaceWidth: number;
  /** Widest text of each side so far. */
  hostWidths: readonly [ours: number, theirs: number];
  /** In the unit that is shown; null: none. */
  threshold: number | null;
  hidden: ReadonlySet<string>;
}

const FLOW_OF_DISPLAY: Record<Exclude<LineDisplay, 'two-line'>, Flow> = {
  'one-line-both': 'both',
  'one-line-sent': 'sent',
  'one-line-received': 'received',
};

/** What a line of a row shows. */
export function flowOf(lines: LineDisplay, line: number): Flow {
  if (lines !== 'two-line') return FLOW_OF_DISPLAY[lines];
  return line === 0 ? 'sent' : 'received';
}

const ARROWS: Record<Flow, { text: string; style: Style }> = {
  sent: { text: '=>', style: 'outgoing' },
  received: { text: '<=', style: 'incoming' },
  both: { text: '<=>', style: 'heading' },
};

function sum(rates: PairRates): number | null {
  return rates[0] === null || rates[1] === null ? null : rates[0] + rates[1];
}

/** An average of a row in one flow. */
export function rateOf(row: HostPairRow, window: number, flow: Flow): number | null {
  const rates = row.rates[window];
  return flow === 'both' ? sum(rates) : rates[flow === 'sent' ? 0 : 1];
}

function countOf(counts: PairCounts, flow: Flow): number {
  return flow === 'both' ? counts[0] + counts[1] : counts[flow === 'sent' ? 0 : 1];
}

/** Its 2 s average, both directions together, is above the threshold. */
export function isAboveThreshold(row: HostPairRow, { units, threshold }: PairColumnsView): boolean {
  const rate = sum(row.rates[0]);
  return threshold !== null && rate !== null && inShownUnit(rate, units) > threshold;
}

/** The threshold as the columns take it. */
export function shownThreshold(threshold: number | null, units: PairUnits): number | null {
  return threshold === null ? null : limitInShownUnit(threshold, units);
}

const RATE_WIDTH = 7;
const RATE_SORTS: readonly HostPairSort[] = ['rate-2s', 'rate-10s', 'rate-40s'];
const RATE_TITLES = ['2 s', '10 s', '40 s'];
/** Before a rate above the threshold. */
const ABOVE = '! ';
const ARROW_WIDTH = 3;
const PEAKS: Record<Flow, 0 | 1 | 2> = { sent: 0, received: 1, both: 2 };
/** Least and most cells that a side is given before other columns are. */
const LEAST_HOST = 15;
const ENOUGH_HOST = 47;
/** Where there is more room, ours does not move the arrow further away. */
const MOST_OURS = 52;
/** Below this inner width the average over 40 s is left out, and the unit stands on the ruler alone. */
const NARROW = 66;

/** From left to right. */
const ORDER = ['protocol', 'interface', 'conversations', 'other', 'total', 'peak', 'rate-2s', 'rate-10s', 'rate-40s'];
/** What there is room for beside the averages, the most telling first. */
const BY_IMPORTANCE = ['total', 'protocol', 'interface', 'peak', 'other', 'conversations'];
/** Columns that C can switch off, by id, with their titles. T switches the first. */
export const OPTIONAL_COLUMNS: readonly (readonly [id: string, title: string])[] = [
  ['total', 'Cumulative (T)'],
  ['rate-2s', 'Average over 2 s'],
  ['rate-10s', 'Average over 10 s'],
  ['rate-40s', 'Average over 40 s'],
  ['peak', 'Peak: highest 2 s of the last 40'],
  ['other', 'Packets'],
  ['conversations', 'Conversations'],
  ['protocol', 'Protocol, with ports'],
  ['interface', 'Interface, with several'],
];

/** Columns for an inner width (frame excluded). */
export function pairColumns(view: PairColumnsView, width: number): PairColumn[] {
  const set = columnSet(view, width >= NARROW);
  const shown = shownColumns(view, width, set);
  const right = ORDER.filter((name) => shown.has(name));
  const room = width - ARROW_WIDTH - 2 - right.reduce((all, name) => all + set[name].width + 1, 0);
  const ours = oursWidth(room, view.hostWidths);
  return [
    hostColumn('source', 'Ours', 0, ours, view, (row) => lowerText(row, view, shown)),
    arrowColumn(view),
    hostColumn('destination', 'Theirs', 1, room - ours, view, () => ''),
    ...right.map((name) => set[name]),
  ];
}

/** Names of the columns behind the hosts that there is room for. */
function shownColumns(view: PairColumnsView, width: number, set: Record<string, PairColumn>): Set<string> {
  const hosts = view.hostWidths.reduce((all, cells) => all + Math.min(ENOUGH_HOST, Math.max(LEAST_HOST, cells)), 0);
  const shown = new Set<string>();
  let room = width - ARROW_WIDTH - 2;
  const take = (name: string, least: number): void => {
    const cells = set[name].width + 1;
    if (view.hidden.has(name) || room - cells < least) return;
    shown.add(name);
    room -= cells;
  };
  for (const name of RATE_SORTS) if (name !== 'rate-40s' || width >= NARROW) take(name, 0);
  const isMeant: Record<string, boolean> = { protocol: view.showsProtocol, interface: view.severalInterfaces };
  // The operator asked for it; the protocol has the lower line where there is one.
  const isWanted = (name: string): boolean => name === 'total' || (name === 'protocol' && view.lines !== 'two-line');
  for (const name of BY_IMPORTANCE) {
    if (isMeant[name] !== false) take(name, isWanted(name) ? 2 * LEAST_HOST : hosts);
  }
  return shown;
}

/** Below our host: what has no column of its own, "TCP on eth0". */
function lowerText(row: HostPairRow, view: PairColumnsView, shown: ReadonlySet<string>): string {
  const isLower = (name: string): boolean => !shown.has(name) && !view.hidden.has(name);
  const protocol = view.showsProtocol && isLower('protocol') ? protocolText(row) : '';
  const at = view.severalInterfaces && isLower('interface') ? `on ${row.interface}` : '';
  return [protocol, at].filter((text) => text !== '').join(' ');
}

/** Half for each side, unless one needs less and the other more. */
function oursWidth(room: number, wanted: readonly [ours: number, theirs: number]): number {
  const half = Math.min(room >> 1, MOST_OURS);
  const [ours, theirs] = wanted.map((cells) => Math.max(LEAST_HOST, cells));
  if (theirs > room - half) return Math.min(half, Math.max(ours, room - theirs));
  return ours > half ? Math.min(ours, room - theirs) : half;
}

function hostColumn(
  id: HostPairSort,
  title: string,
  side: 0 | 1,
  width: number,
  view: PairColumnsView,
  lower: (row: HostPairRow) => string,
): PairColumn {
  return {
    id,
    title,
    width,
    style: (_row, line) => (line === 0 ? 'text' : 'dim'),
    read: (row, line, cells) => (line === 0 ? hostText(row, side, view.hosts, cells) : lower(row)),
  };
}

function arrowColumn({ lines }: PairColumnsView): PairColumn {
  return {
    id: 'arrow',
    title: '',
    width: ARROW_WIDTH,
    align: 'center',
    // Which end is ours was decided by nothing but the order of addresses: the direction says little.
    style: (row, line) => (row.side === 'order' ? 'dim' : ARROWS[flowOf(lines, line)].style),
    read: (_row, line) => ARROWS[flowOf(lines, line)].text,
  };
}

function columnSet(view: PairColumnsView, hasUnit: boolean): Record<string, PairColumn> {
  const { units, lines } = view;
  const figure = (id: string, title: string, width: number, read: PairColumn['read']): PairColumn => ({
    id,
    title,
    width,
    align: 'right',
    read,
  });
  const flow = (line: number): Flow => flowOf(lines, line);
  const isPackets = units.quantity === 'packets';
  const packets: PairColumn['read'] = (row, line, width) => countCell(countOf(row.packets, flow(line)), width);
  const bytes: PairColumn['read'] = (row, line, width) =>
    amountFigure(countOf(row.ipBytes, flow(line)), ipUnits(units), width);
  return {
    ...Object.fromEntries(RATE_SORTS.map((id, window) => [id, rateColumn(view, id, window, window === 0 && hasUnit)])),
    total: figure(isPackets ? 'packets' : 'bytes', isPackets ? 'Packets' : 'Bytes', 7, (row, line, width) =>
      amountFigure(countOf(amountOf(row, units), flow(line)), units, width),
    ),
    other: isPackets ? figure('bytes', 'Bytes', 7, bytes) : figure('packets', 'Packets', 8, packets),
    peak: figure('peak', 'Peak', RATE_WIDTH, (row, line, width) =>
      rateFigure(row.peak[PEAKS[flow(line)]], units, width),
    ),
    conversations: figure('conversations', 'Convs', 5, (row, line, width) =>
      line === 0 ? countCell(row.conversations, width) : '',
    ),
    protocol: { id: 'protocol', title: 'Proto', width: 6, read: (row, line) => (line === 0 ? protocolText(row) : '') },
    interface: {
      id: 'interface',
      title: 'Iface',
      width: Math.max(5, view.interfaceWidth),
      read: (row, line) => (line === 0 ? row.interface : ''),
    },
  };
}

function ipUnits(units: PairUnits): PairUnits {
  return { ...units, quantity: 'ipBytes' };
}

function protocolText({ protocol, ipProtocol }: HostPairRow): string {
  return protocol === null ? '' : protocolName(protocol, ipProtocol, null);
}

/** The first marks what is above the threshold. */
function rateColumn(view: PairColumnsView, id: HostPairSort, window: number, hasUnit: boolean): PairColumn {
  const { units, lines, threshold } = view;
  const rate = (row: HostPairRow, line: number): number | null => rateOf(row, window, flowOf(lines, line));
  const isMarked = (row: HostPairRow, line: number): boolean =>
    window === 0 && line === 0 && isAboveThreshold(row, view);
  const title = hasUnit ? `${unitTitle(units)} ${RATE_TITLES[window]}` : RATE_TITLES[window];
  const mark = window === 0 && threshold !== null ? ABOVE.length : 0;
  return {
    id,
    title,
    // With the arrow of the order.
    width: Math.max(RATE_WIDTH + mark, title.length + 1),
    align: 'right',
    style: (row, line) => (isMarked(row, line) ? 'warning' : rateStyle(rate(row, line))),
    read: (row, line) => `${isMarked(row, line) ? ABOVE : ''}${rateFigure(rate(row, line), units, RATE_WIDTH)}`,
  };
}
