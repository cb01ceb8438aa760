/** Columns of the packet size monitor: ranges, counts with bars, shares, rates; more of them where there is room. */
import type { RateFormat } from '../../src/base/format.ts';
import { formatPercent } from '../../src/base/format.ts';
import { bytesCell, countCell, rateCell, rateStyle, rateTitle, shareBar } from '../kit/cells.ts';
import type { Style } from '../kit/style.ts';
import type { Column } from '../kit/table.ts';
import type { PacketSizesRow } from './types.ts';

/** What is counted, and how long the bars are. */
export interface SizesView {
  measure: 'packets' | 'bytes';
  scale: 'linear' | 'logarithmic';
  rate: RateFormat;
  /** All rows, also those that are scrolled away: bars are drawn to one scale. */
  rows: readonly PacketSizesRow[];
}

type SizesColumn = Column<PacketSizesRow>;

/** One of the counts of a row, by measure. */
interface Side {
  title: string;
  style: Style;
  count(row: PacketSizesRow): number | null;
  rate(row: PacketSizesRow): number | null;
}

/** Exact up to 9,999,999 on narrow tables. */
const NARROW_COUNT = 7;
const COUNT = 9;
const SHARE = 7;
const RATE = 9;
/** From these widths of the table on there are shares, rates, and shares summed up. */
const WITH_SHARES = 60;
const WITH_RATES = 90;
const WITH_SUMS = 110;
/** A bar that is shorter says nothing. */
const LEAST_BAR = 3;

function sides({ measure, rows }: SizesView): Side[] {
  const byPackets = measure === 'packets';
  const incoming: Side = {
    title: 'In',
    style: 'incoming',
    count: (row) => (byPackets ? row.in : row.inBytes),
    rate: (row) => (byPackets ? row.inPacketsPerSecond : row.inBytesPerSecond),
  };
  const outgoing: Side = {
    title: 'Out',
    style: 'outgoing',
    count: (row) => (byPackets ? row.out : row.outBytes),
    rate: (row) => (byPackets ? row.outPacketsPerSecond : row.outBytesPerSecond),
  };
  const both: Side = {
    title: byPackets ? 'Packets' : 'Bytes',
    style: 'bar',
    count: (row) => (byPackets ? row.packets : row.bytes),
    rate: (row) => (byPackets ? row.packetsPerSecond : row.bytesPerSecond),
  };
  const knowsDirections = rows.every((row) => row.in !== null);
  return knowsDirections ? [incoming, outgoing] : [both];
}

/** "76–150", "over 1500". */
export function rangeText({ from, to }: PacketSizesRow): string {
  return to === null ? `over ${from - 1}` : `${from}–${to}`;
}

/** Share of the longest bar, 0 to 1. */
function barShare(count: number | null, most: number, scale: SizesView['scale']): number {
  if (count === null || most === 0) return 0;
  return scale === 'linear' ? count / most : Math.log1p(count) / Math.log1p(most);
}

/** Of all up to this row's size; counts are added, since a sum of rounded shares would not end at 1. */
function cumulativeShare({ id }: PacketSizesRow, { rows, measure }: SizesView): number | null {
  const sum = (some: readonly PacketSizesRow[]): number => some.reduce((total, each) => total + each[measure], 0);
  const all = sum(rows);
  return all === 0 ? null : sum(rows.slice(0, id + 1)) / all;
}

function shareColumns(view: SizesView, width: number): SizesColumn[] {
  const share: SizesColumn = {
    id: 'share',
    title: 'Share',
    width: SHARE,
    align: 'right',
    read: (row) => formatPercent(view.measure === 'packets' ? row.share : row.byteShare),
  };
  const sum: SizesColumn = {
    id: 'sum',
    title: 'Up to',
    width: SHARE,
    align: 'right',
    style: 'dim',
    read: (row) => formatPercent(cumulativeShare(row, view)),
  };
  return [...(width >= WITH_SHARES ? [share] : []), ...(width >= WITH_SUMS ? [sum] : [])];
}

function rateColumns(view: SizesView, all: readonly Side[], width: number): SizesColumn[] {
  if (width < WITH_RATES) return [];
  const unit = view.measure === 'packets' ? 'pkt/s' : rateTitle(view.rate);
  return all.map(
    (side): SizesColumn => ({
      id: `rate-${side.title}`,
      title: all.length === 1 ? unit : `${side.title} ${unit}`,
      width: Math.max(RATE, side.title.length + 1 + unit.length),
      align: 'right',
      style: (row) => rateStyle(side.rate(row)),
      read: (row, _, cells) => {
        const rate = side.rate(row);
        if (view.measure === 'bytes') return rateCell(rate, view.rate, cells);
        return countCell(rate === null ? null : Math.round(rate), cells);
      },
    }),
  );
}

/** Columns for a table of `width` cells. Bars are equally long in all of them: they are drawn to one scale. */
export function sizeColumns(view: SizesView, width: number): SizesColumn[] {
  const all = sides(view);
  const counts = width < WITH_SHARES ? NARROW_COUNT : COUNT;
  const ranges = Math.max(...view.rows.map((row) => rangeText(row).length), 5);
  const behind = [...shareColumns(view, width), ...rateColumns(view, all, width)];
  const taken = ranges + behind.reduce((cells, column) => cells + 1 + column.width, 0) + all.length * (1 + counts);
  const bar = Math.floor((width - taken) / all.length) - 1;
  const spare = width - taken - all.length * (bar + 1);
  const most = Math.max(0, ...view.rows.flatMap((row) => all.map((side) => side.count(row) ?? 0)));
  const range: SizesColumn = {
    id: 'range',
    title: 'Size',
    width: ranges + (bar < LEAST_BAR ? 0 : spare),
    align: 'right',
    read: rangeText,
  };
  const graphs = all.flatMap((side): SizesColumn[] => {
    const count: SizesColumn = {
      id: side.title,
      title: side.title,
      width: counts,
      align: 'right',
      style: (row) => ((side.count(row) ?? 0) > 0 ? 'value' : 'dim'),
      read: (row, _, cells) => {
        const value = side.count(row);
        return view.measure === 'packets' ? countCell(value, cells) : bytesCell(value, view.rate.base, cells);
      },
    };
    const graph: SizesColumn = {
      id: `bar-${side.title}`,
      title: '',
      width: bar,
      style: side.style,
      read: (row) => shareBar(barShare(side.count(row), most, view.scale), bar),
    };
    return bar < LEAST_BAR ? [count] : [count, graph];
  });
  return [range, ...graphs, ...behind];
}
