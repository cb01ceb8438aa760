/**
 * The detailed statistics as lines of a table: a label and pairs of figures (packets, bytes). Which pairs there are
 * depends on the room; wide terminals get rates by direction, shares and sizes. Pure: rows in, texts and styles out.
 */
import { formatPercent, type RateFormat } from '../../src/base/format.ts';
import { bytesCell, countCell, rateCell, rateStyle, rateTitle } from '../kit/cells.ts';
import type { Style } from '../kit/style.ts';
import type {
  DetailedClass,
  DetailedCounts,
  DetailedExtra,
  DetailedRateFigures,
  DetailedRates,
  DetailedRow,
} from './types.ts';

/** How figures are shown. */
export interface DetailedView {
  rate: RateFormat;
  byteKind: 'ip' | 'wire';
}

/** Two figures side by side; the texts are made for the cells they get. */
interface Pair {
  left(width: number): string;
  right(width: number): string;
  style: Style;
}

/** A line of figures, or a heading: its pairs are the titles. */
export interface DetailedLine {
  kind: 'figures' | 'heading';
  label: string;
  style: Style;
  pairs: readonly Pair[];
}

/** Least cells of the labels, and of a pair. */
const LEAST_LABEL = 10;
const LEAST_PAIR = 16;
/** Narrow terminals have totals, incoming and outgoing, a little closer. */
const NARROW_PAIRS = 3;
const NARROW_PAIR = 15;
const MOST_PAIRS = 7;

/** Before the first reading, and where the kernel does not count. */
const UNKNOWN_COUNTS = { rxPackets: null, rxBytes: null, txPackets: null, txBytes: null };

/** Exact bytes are shown where they have so many cells. */
const EXACT_BYTES = 10;

const LABELS: Record<DetailedClass, [label: string, style: Style]> = {
  total: ['Total', 'title'],
  ipv4: ['IPv4', 'text'],
  ipv6: ['IPv6', 'text'],
  tcp: ['TCP', 'tcp'],
  udp: ['UDP', 'udp'],
  icmp: ['ICMP', 'icmp'],
  otherIp: ['Other IP', 'otherIp'],
  nonIp: ['Non-IP', 'nonIp'],
  broadcast: ['Broadcast', 'text'],
  multicast: ['Multicast', 'text'],
};

/** Cells of a line inside the frame: labels, then pairs, all equally wide, then a blank. */
export function pairLayout(width: number): { label: number; count: number; pair: number } {
  const room = width - LEAST_LABEL - 1;
  const narrow = Math.min(NARROW_PAIRS, Math.floor(room / NARROW_PAIR));
  const count = Math.max(1, narrow, Math.min(MOST_PAIRS, Math.floor(room / LEAST_PAIR)));
  const pair = Math.floor(room / count);
  return { label: width - 1 - count * pair, count, pair };
}

/** Cells of the two figures of a pair; each has a blank before it. */
export function pairCells(width: number): [left: number, right: number] {
  const right = Math.floor((width - 2) / 2);
  return [width - 2 - right, right];
}

/** Titles of the class table; the first stands over the labels. */
export function classHeading({ rate, byteKind }: DetailedView): DetailedLine {
  const perSecond = rateTitle(rate);
  return heading(byteKind === 'wire' ? 'Wire bytes' : 'IP bytes', [
    ['Packets', 'bytes'],
    ['In pkts', 'bytes'],
    ['Out pkts', 'bytes'],
    ['pkt/s', perSecond],
    ['In pkt/s', perSecond],
    ['Out pkt/s', perSecond],
    ['Share', 'B/packet'],
  ]);
}

export function rateHeading({ rate }: DetailedView): DetailedLine {
  const unit = rate.unit === 'bits' ? 'bits' : 'bytes';
  return heading('Per second', [
    ['Packets', unit],
    ['In pkts', unit],
    ['Out pkts', unit],
    ['Bcast', unit],
    ['Mcast', unit],
  ]);
}

function heading(label: string, titles: readonly (readonly [string, string])[]): DetailedLine {
  const pairs = titles.map(([left, right]): Pair => ({ left: () => left, right: () => right, style: 'title' }));
  return { kind: 'heading', label, style: 'title', pairs };
}

/** All lines below the first heading, in order. `live`: there is a kernel that counts, though it may not be known yet. */
export function detailedLines(
  rows: readonly DetailedRow[],
  extra: DetailedExtra,
  view: DetailedView,
  live: boolean,
): DetailedLine[] {
  const [total] = rows;
  if (total === undefined) return [];
  const of = (wanted: DetailedClass): DetailedRates | null =>
    rows.find((row) => row.class === wanted)?.rates.total ?? null;
  const now: DetailedRateFigures = { ...total.rates, broadcast: of('broadcast'), multicast: of('multicast') };
  return [
    ...rows.map((row) => classLine(row, total, view)),
    ...(live ? [kernelLine(total, extra, view)] : []),
    rateHeading(view),
    rateLine('Now', now, view),
    rateLine('Average', extra.averages, view),
    rateLine('Peak', extra.peaks, view),
  ];
}

function classLine(row: DetailedRow, total: DetailedRow, view: DetailedView): DetailedLine {
  const [label, style] = LABELS[row.class];
  const { rates } = row;
  const pairs = [
    counts(row.total, view),
    counts(row.incoming, view),
    counts(row.outgoing, view),
    ratePair(rates.total, view),
    ratePair(rates.incoming, view),
    ratePair(rates.outgoing, view),
    sharePair(row, total, view),
  ];
  return { kind: 'figures', label, style, pairs };
}

function bytesOf({ ipBytes, wireBytes }: DetailedCounts, { byteKind }: DetailedView): number | null {
  return byteKind === 'wire' ? wireBytes : ipBytes;
}

/** Bytes: exact where there is room, as iptraf-ng has them. */
function bytesText(bytes: number | null, { rate }: DetailedView, width: number): string {
  return width >= EXACT_BYTES ? countCell(bytes, width) : bytesCell(bytes, rate.base, width);
}

function counts(figures: DetailedCounts | null, view: DetailedView): Pair {
  return {
    left: (width) => countCell(figures?.packets ?? null, width),
    right: (width) => bytesText(figures === null ? null : bytesOf(figures, view), view, width),
    style: rateStyle(figures?.packets ?? 0),
  };
}

function ratePair(rates: DetailedRates | null, { rate, byteKind }: DetailedView): Pair {
  const bytes = byteKind === 'wire' ? rates?.wireBytesPerSecond : rates?.bytesPerSecond;
  return {
    left: (width) => countCell(rates?.packetsPerSecond ?? null, width),
    right: (width) => rateCell(bytes ?? null, rate, width),
    style: rateStyle(rates?.packetsPerSecond ?? 0),
  };
}

/** Share of all packets, and the average size of one. */
function sharePair(row: DetailedRow, total: DetailedRow, view: DetailedView): Pair {
  const { packets } = row.total;
  const bytes = bytesOf(row.total, view);
  const size = packets === 0 || bytes === null ? null : bytes / packets;
  return {
    left: () => formatPercent(total.total.packets === 0 ? null : packets / total.total.packets),
    right: (width) => countCell(size, width),
    style: rateStyle(packets),
  };
}

function rateLine(label: string, figures: DetailedRateFigures, view: DetailedView): DetailedLine {
  const { total, incoming, outgoing, broadcast, multicast } = figures;
  const pairs = [total, incoming, outgoing, broadcast, multicast].map((rates) => ratePair(rates, view));
  return { kind: 'figures', label, style: 'text', pairs };
}

/** The kernel counts the bytes of frames: they stand beside those of frames alone. */
function kernelLine(total: DetailedRow, { kernel, buffers }: DetailedExtra, view: DetailedView): DetailedLine {
  const pair = (packets: number | null, bytes: number | null): Pair => ({
    left: (width) => countCell(packets, width),
    right: (width) => bytesText(view.byteKind === 'wire' ? bytes : null, view, width),
    style: rateStyle(packets),
  });
  const { rxPackets, rxBytes, txPackets, txBytes } = kernel ?? UNKNOWN_COUNTS;
  const both = (received: number | null, sent: number | null): number | null =>
    received === null ? null : received + (sent ?? 0);
  const pairs = [
    pair(both(rxPackets, txPackets), both(rxBytes, txBytes)),
    pair(rxPackets, rxBytes),
    pair(txPackets, txBytes),
  ];
  if (kernel !== null) pairs.push(gapPair(kernel.missed, buffers !== total.total.packets));
  return { kind: 'figures', label: 'Kernel', style: 'text', pairs };
}

/** What the capture missed of what the kernel counted. `inBuffers`: an offloaded one is several packets. */
function gapPair(missed: number | null, inBuffers: boolean): Pair {
  if (missed === null) return { left: () => 'not', right: () => 'compared', style: 'dim' };
  if (missed === 0 && inBuffers) return { left: () => 'in', right: () => 'buffers', style: 'dim' };
  return {
    left: () => 'missed',
    right: (width) => countCell(missed, width),
    style: missed > 0 ? 'warning' : 'dim',
  };
}
