/** Draws lines of figures, and headings into a border; both have their pairs at the same places. */
import type { Area, Canvas } from '../kit/canvas.ts';
import { textWidth } from '../kit/text.ts';
import { type DetailedLine, pairCells, pairLayout } from './lines.ts';

/** Draws one line of figures over line `y` of the inside of a frame. */
export function drawLine(canvas: Canvas, { x, width }: Area, y: number, line: DetailedLine): void {
  const layout = pairLayout(width);
  const [left, right] = pairCells(layout.pair);
  canvas.text(x + 1, y, line.label, line.style);
  for (const [i, pair] of line.pairs.slice(0, layout.count).entries()) {
    const at = x + layout.label + i * layout.pair;
    canvas.cell(at + 1, y, left, pair.left(left), pair.style, 'right');
    canvas.cell(at + 2 + left, y, right, pair.right(right), pair.style, 'right');
  }
}

/** Puts a heading's titles over the border at `y`. A long first title of a pair takes free cells of the second. */
export function drawHeading(canvas: Canvas, frame: Area, y: number, line: DetailedLine): void {
  const inside = frame.x + 1;
  const layout = pairLayout(frame.width - 2);
  const [left] = pairCells(layout.pair);
  canvas.text(inside, y, ` ${line.label} `, line.style);
  for (const [i, pair] of line.pairs.slice(0, layout.count).entries()) {
    const at = inside + layout.label + i * layout.pair;
    const second = pair.right(left);
    const first = pair.left(left);
    const secondAt = at + layout.pair - textWidth(second);
    const firstAt = Math.max(at + 1, at + 1 + left - textWidth(first));
    canvas.text(firstAt - 1, y, ` ${first} `, pair.style);
    canvas.text(secondAt - 1, y, ` ${second} `, pair.style);
  }
}

/** A border from side to side of a frame. */
export function drawRule(canvas: Canvas, { x, width }: Area, y: number): void {
  canvas.text(x, y, '├', 'frame');
  canvas.fill(x + 1, y, width - 2, 1, '─', 'frame');
  canvas.text(x + width - 1, y, '┤', 'frame');
}
