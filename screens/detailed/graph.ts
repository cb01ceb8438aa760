/**
 * The history as a graph in its own part of the frame: incoming above, outgoing below, one scale for both, time along
 * the lower border.
 *
 *   ├ bit/s: in above, out below ──────────── 1 s a dot ┤
 *   │ 10M┤                     ⢀⣀⡀                      │
 *   │   0┼───────────────────────────────────────────── │   (where there is a line for it)
 *   │ 10M┤                     ⠈⠉⠁                      │
 *   └ ───── 1 min ──────────────── 30 s ─────────── now ┘
 */
import { type Base, formatScaled } from '../../src/base/format.ts';
import type { Area, Canvas } from '../kit/canvas.ts';
import { chartColumns, chartRows, roundScale, timeMarks } from '../kit/chart.ts';
import type { Style } from '../kit/style.ts';
import { textWidth } from '../kit/text.ts';
import type { DetailedView } from './lines.ts';
import type { DetailedHistory, DetailedRow, HistoryResolution } from './types.ts';

/** Cells of the scale, its line included. */
const SCALE_WIDTH = 7;
/** Least end of the scale: one small packet is no mountain. */
const LEAST_SCALE = { bits: 1000, bytes: 100, packets: 10 } as const;

const RESOLUTION_TEXT: Record<HistoryResolution, string> = { 1: '1 s', 10: '10 s', 60: '1 min' };

export interface Graph {
  history: DetailedHistory;
  /** Which directions are told apart; false: all is drawn as one. */
  knows: { incoming: boolean; outgoing: boolean };
  measure: 'packets' | 'bytes';
  view: DetailedView;
}

/** Values that a graph of this width shows. */
export function graphPoints(width: number, ascii: boolean): number {
  return Math.max(0, width - SCALE_WIDTH - 1) * chartColumns(ascii);
}

/** What of the directions a row tells. */
export function knownDirections(row: DetailedRow): Graph['knows'] {
  return { incoming: row.incoming !== null, outgoing: row.outgoing !== null };
}

function unitOf({ measure, view }: Graph): string {
  if (measure === 'packets') return 'pkt/s';
  return view.rate.unit === 'bits' ? 'bit/s' : 'B/s';
}

/** "bit/s: in above, out below". */
export function graphTitle(graph: Graph): string {
  const kind = graph.measure === 'packets' ? '' : graph.view.byteKind === 'wire' ? 'wire ' : 'IP ';
  return `${kind}${unitOf(graph)}: ${directionText(graph.knows)}`;
}

function directionText({ incoming, outgoing }: Graph['knows']): string {
  if (!incoming) return 'direction unknown';
  return outgoing ? 'in above, out below' : 'in and out as one';
}

/** "1 s a dot". */
export function stepTitle(resolution: HistoryResolution, ascii: boolean): string {
  return `${RESOLUTION_TEXT[resolution]} a ${ascii ? 'column' : 'dot'}`;
}

/** Draws the graph into the inside of its frame; `area` ends above the lower border, which gets the time. */
export function drawGraph(canvas: Canvas, area: Area, graph: Graph): void {
  const { history, knows } = graph;
  const factor = graph.measure === 'bytes' && graph.view.rate.unit === 'bits' ? 8 : 1;
  const scaled = (values: readonly (number | null)[]): (number | null)[] =>
    values.map((value) => (value === null ? null : value * factor));
  const mirrored = knows.incoming && knows.outgoing;
  const up = scaled(knows.incoming ? history.incoming : together(history));
  const down = mirrored ? scaled(history.outgoing) : [];
  const maximum = scaleEnd(graph, [...up, ...down]);
  const width = area.width - SCALE_WIDTH - 1;
  const axis = mirrored && area.height % 2 === 1 ? 1 : 0;
  const height = mirrored ? (area.height - axis) / 2 : area.height;
  const shape = { width, height, maximum, ascii: canvas.ascii };
  const style: Style = knows.incoming ? 'incoming' : 'bar';
  drawRows(canvas, area, 0, chartRows(up, shape), style);
  const below = height + axis;
  if (mirrored) drawRows(canvas, area, below, chartRows(down, { ...shape, hanging: true }), 'outgoing');
  if (axis === 1) drawAxis(canvas, area, height);
  drawScale(canvas, area, { maximum, height, below: mirrored ? below : null, graph });
  drawTime(canvas, area, history.resolution);
}

/** Everything that passed, whichever way. */
function together({ incoming, outgoing, unknown }: DetailedHistory): (number | null)[] {
  return incoming.map((value, i) => (value === null ? null : value + (outgoing[i] ?? 0) + (unknown[i] ?? 0)));
}

function scaleEnd({ measure, view }: Graph, values: readonly (number | null)[]): number {
  const { unit, base } = view.rate;
  const least = LEAST_SCALE[measure === 'packets' ? 'packets' : unit];
  const highest = values.reduce((high: number, value) => Math.max(high, value ?? 0), least);
  return roundScale(highest, measure === 'packets' ? 1000 : base);
}

function drawRows(canvas: Canvas, area: Area, from: number, rows: readonly string[], style: Style): void {
  for (const [i, text] of rows.entries()) {
    canvas.text(area.x + SCALE_WIDTH - 1, area.y + from + i, '│', 'frame');
    canvas.text(area.x + SCALE_WIDTH, area.y + from + i, text, style);
  }
}

function drawAxis(canvas: Canvas, area: Area, row: number): void {
  const { x, y, width } = area;
  canvas.text(x + SCALE_WIDTH - 2, y + row, '0', 'value');
  canvas.text(x + SCALE_WIDTH - 1, y + row, '┼', 'frame');
  canvas.fill(x + SCALE_WIDTH, y + row, width - SCALE_WIDTH - 1, 1, '─', 'frame');
}

/** The end of the scale at the outer line of each direction, and its half where there is a line for it. */
function drawScale(
  canvas: Canvas,
  area: Area,
  { maximum, height, below, graph }: { maximum: number; height: number; below: number | null; graph: Graph },
): void {
  const base = graph.measure === 'packets' ? 1000 : graph.view.rate.base;
  const label = (row: number, value: number): void => {
    const text = scaleText(value, base);
    canvas.text(area.x + SCALE_WIDTH - 1 - textWidth(text), area.y + row, text, 'value');
    canvas.text(area.x + SCALE_WIDTH - 1, area.y + row, '┤', 'frame');
  };
  const half = height >= 4 && height % 2 === 0 ? height / 2 : null;
  label(0, maximum);
  if (half !== null) label(half, maximum / 2);
  if (below === null) return;
  label(below + height - 1, maximum);
  if (half !== null) label(below + half - 1, maximum / 2);
}

/** "10M", "2.5k": a round number without the zeros that figures keep. */
function scaleText(value: number, base: Base): string {
  return formatScaled(value, base).replace(/\.(\d*?)0+(?=\D|$)/, (_, digits: string) =>
    digits === '' ? '' : `.${digits}`,
  );
}

/** Marks in the border below: how long ago. */
function drawTime(canvas: Canvas, area: Area, resolution: HistoryResolution): void {
  const y = area.y + area.height;
  const left = area.x + SCALE_WIDTH;
  const width = area.width - SCALE_WIDTH - 1;
  const now = ' now ';
  const nowX = left + width - now.length + 1;
  canvas.text(nowX, y, now, 'value');
  for (const { x, text } of timeMarks(width, resolution * chartColumns(canvas.ascii))) {
    const label = ` ${text} `;
    const at = left + x - (label.length >> 1);
    if (at > area.x && at + label.length < nowX) canvas.text(at, y, label, 'value');
  }
}
