/** Parts of the packet size monitor's screen: where they stand, and what is said below the brackets. */
import {
  type Base,
  formatBytes,
  formatCount,
  formatPacketRate,
  formatRate,
  type RateFormat,
  UNKNOWN,
} from '../../src/base/format.ts';
import type { Area, Canvas } from '../kit/canvas.ts';
import type { Style } from '../kit/style.ts';
import { clipText, fitText } from '../kit/text.ts';
import { BRACKETS, type PacketSizesExtra, type PacketSizesRow, type SizeSummary } from './types.ts';

const ROWS = BRACKETS + 1;
/** Brackets in the left one of two columns; the right one has what is larger besides. */
export const LEFT_ROWS = BRACKETS / 2;
const RIGHT_ROWS = ROWS - LEFT_ROWS;

/** Lines of the figures: as a table with what is said about sizes, or in short. */
const TABLE_LINES = 7;
const LONG_TABLE_LINES = TABLE_LINES + 2;
const SHORT_LINES = 2;

/** Two columns of brackets need so many cells for bars in both. */
const TWO_COLUMNS_WIDTH = 74;
const BETWEEN_COLUMNS = 3;

export interface SizesLayout {
  /** One area for all brackets, or two. */
  brackets: Area[];
  /** Line between brackets and figures, or null. */
  lineY: number | null;
  figures: Area;
}

/** How `area`, the inside of the frame, is divided: a line each where all fit, else two columns, else a scrolled list. */
export function sizesLayout(area: Area): SizesLayout {
  if (area.height >= ROWS + 1 + SHORT_LINES) return below(area, ROWS, [area]);
  if (area.width < TWO_COLUMNS_WIDTH || area.height < RIGHT_ROWS + SHORT_LINES) {
    const rows = Math.max(1, area.height - SHORT_LINES);
    const figures = { ...area, y: area.y + rows, height: area.height - rows };
    return { brackets: [{ ...area, height: rows }], lineY: null, figures };
  }
  const width = (area.width - BETWEEN_COLUMNS) >> 1;
  const right = area.x + area.width - width;
  return below(area, RIGHT_ROWS, [
    { ...area, width },
    { ...area, x: right, width },
  ]);
}

function below(area: Area, rows: number, columns: readonly Area[]): SizesLayout {
  const rest = area.height - rows;
  const line = rest > SHORT_LINES ? 1 : 0;
  return {
    brackets: columns.map((column) => ({ ...column, height: rows })),
    lineY: line === 1 ? area.y + rows : null,
    figures: { ...area, y: area.y + rows + line, height: rest - line },
  };
}

/** One line of figures: in, out, all. */
interface FigureRow {
  label: string;
  figures: [string, string, string];
}

function figureRow(
  label: string,
  { in: incoming, out, total }: PacketSizesExtra,
  read: (summary: SizeSummary) => string,
): FigureRow {
  return { label, figures: [read(incoming), read(out), read(total)] };
}

function countRows(extra: PacketSizesExtra, base: Base): FigureRow[] {
  return [
    figureRow('Packets', extra, ({ packets }) => formatCount(packets)),
    figureRow('Bytes', extra, ({ bytes }) => formatBytes(bytes, base)),
  ];
}

function sizeRows(extra: PacketSizesExtra): FigureRow[] {
  return [
    figureRow('Average', extra, ({ average }) => (average === null ? UNKNOWN : `${average.toFixed(1)} B`)),
    figureRow('Largest', extra, ({ largest }) => (largest === null ? UNKNOWN : `${largest} B`)),
  ];
}

function rateRows(rows: readonly PacketSizesRow[], format: RateFormat): FigureRow[] {
  const sum = (read: (row: PacketSizesRow) => number | null): number | null =>
    rows.reduce<number | null>((total, row) => {
      const rate = read(row);
      return total === null || rate === null ? null : total + rate;
    }, 0);
  const packets = (read: (row: PacketSizesRow) => number | null): string => formatPacketRate(sum(read));
  const rate = (read: (row: PacketSizesRow) => number | null): string => formatRate(sum(read), format);
  return [
    {
      label: 'Packets/s',
      figures: [
        packets((row) => row.inPacketsPerSecond),
        packets((row) => row.outPacketsPerSecond),
        packets((row) => row.packetsPerSecond),
      ],
    },
    {
      label: 'Rate',
      figures: [
        rate((row) => row.inBytesPerSecond),
        rate((row) => row.outBytesPerSecond),
        rate((row) => row.bytesPerSecond),
      ],
    },
  ];
}

/** Which length the sizes are, and what the brackets are made of. */
function sizeNotes({ byteKind, mtu, mtuFrom, linkHeader }: PacketSizesExtra): [string, string] {
  const sizes =
    byteKind === 'ip'
      ? 'Sizes are IP total lengths; of other packets, what follows the link header.'
      : 'Sizes are those of whole frames, link header included.';
  const added = byteKind === 'wire' && linkHeader > 0 ? `, and ${linkHeader} of link header` : '';
  const whose = {
    link: `the MTU, ${mtu} bytes${added}`,
    'largest-link': `the largest MTU but the loopback's, ${mtu} bytes${added}`,
    assumed: `an MTU that is assumed, ${mtu} bytes${added}`,
  };
  return [sizes, `Brackets are twentieths of ${whose[mtuFrom]}.`];
}

/** Draws packets, bytes, average and largest size; in two lines where there is no room for the table. */
export function drawSizeFigures(
  canvas: Canvas,
  area: Area,
  rows: readonly PacketSizesRow[],
  extra: PacketSizesExtra,
  format: RateFormat,
): void {
  if (area.height < TABLE_LINES) {
    drawShort(canvas, area, extra);
    return;
  }
  const more = area.height >= LONG_TABLE_LINES ? rateRows(rows, format) : [];
  drawTable(canvas, area, [...countRows(extra, format.base), ...sizeRows(extra), ...more], sizeNotes(extra));
}

const LABEL = 10;
const FIGURE = 15;

function drawTable(canvas: Canvas, { x, y, width }: Area, rows: readonly FigureRow[], notes: readonly string[]): void {
  const put = (k: number, line: number, text: string, style: Style): void =>
    canvas.text(x + 1 + LABEL + k * FIGURE, y + line, fitText(text, FIGURE, 'right'), style);
  for (const [k, title] of ['In', 'Out', 'Total'].entries()) put(k, 0, title, 'heading');
  for (const [i, { label, figures }] of rows.entries()) {
    canvas.text(x + 1, y + 1 + i, label, 'text');
    for (const [k, figure] of figures.entries()) put(k, 1 + i, figure, 'value');
  }
  for (const [i, note] of notes.entries()) {
    canvas.text(x + 1, y + 1 + rows.length + i, clipText(note, width - 2), 'dim');
  }
}

function drawShort(canvas: Canvas, { x, y, width, height }: Area, extra: PacketSizesExtra): void {
  for (const [i, { label, figures }] of sizeRows(extra).slice(0, height).entries()) {
    const [incoming, out, all] = figures;
    canvas.text(x + 1, y + i, label, 'text');
    canvas.text(x + 1 + LABEL, y + i, clipText(`in ${incoming}, out ${out}, all ${all}`, width - 2 - LABEL), 'value');
  }
}
