/**
 * The ruler above the rows: what the bars behind them stand for, with as many labels as have room.
 *
 *   ├ 10 s ──── 5M ┼──────── 10M ┼──────── 15M ┼──── 20 Mbit/s ┤
 */
import type { Canvas } from '../kit/canvas.ts';
import { textWidth } from '../kit/text.ts';
import { type Scale, shareOnScale, ticksOf } from './scale.ts';
import { type PairUnits, roundFigure, roundWords } from './units.ts';

/** Draws the ruler over `width` cells of a line; `word` says at its left what the bars show. */
export function drawRuler(
  canvas: Canvas,
  { x, y, width }: { x: number; y: number; width: number },
  scale: Scale,
  units: PairUnits,
  word: string,
): void {
  canvas.fill(x, y, width, 1, '─', 'frame');
  canvas.text(x, y, '├', 'frame');
  canvas.text(x + 1, y, ` ${word} `, 'dim');
  const ticks = ticksOf(scale);
  // The last cell of the bar of that value.
  const places = ticks.map((tick) => x + Math.round(shareOnScale(tick, scale) * width) - 1);
  const last = ticks.length - 1;
  const lastLabel = ` ${roundWords(ticks[last], units)} `;
  const limit = places[last] - textWidth(lastLabel) - 1;
  let from = x + textWidth(word) + 3;
  for (let i = 0; i < last; i++) {
    const label = ` ${roundFigure(ticks[i], units)} `;
    const begin = places[i] - textWidth(label);
    if (places[i] < from || places[i] > limit) continue;
    canvas.text(places[i], y, '┼', 'frame');
    // At least one cell of the line stays between labels.
    if (begin > from) canvas.text(begin, y, label, 'heading');
    from = places[i] + 1;
  }
  canvas.text(places[last] - textWidth(lastLabel), y, lastLabel, 'heading');
  canvas.text(places[last], y, '┤', 'frame');
}
