/**
 * Below the rows: sent, received and both together, with the averages under those of the rows; on low terminals one
 * line of figures; and what is in no row, where there is something.
 *
 *   Sent       35.80 MB   peak 22.50 Mbit/s        22.00M  22.10M  20.50M
 */
import { formatCount } from '../../src/base/format.ts';
import type { Area, Canvas } from '../kit/canvas.ts';
import { rateStyle } from '../kit/cells.ts';
import { drawFigures, type Figure } from '../kit/figures.ts';
import { textWidth } from '../kit/text.ts';
import type { HostPairExtra, PairRemainder } from './types.ts';
import { amountOf, amountWords, type PairUnits, rateFigure, rateWords } from './units.ts';

/** Where the averages of the rows stand, by window; null: there is no such column. */
export type RatePlaces = readonly ({ x: number; width: number } | null)[];

export const FOOTER_LINES = 3;
const LABELS = ['Sent', 'Received', 'Total'];
const SHORT_LABELS = ['Sent', 'Rcvd', 'Total'];
const TOTAL = 2;
const FIGURE_WIDTH = 7;

const AMOUNT_END = 22;
const PEAK_LABEL = 'peak ';
const PEAK_END = AMOUNT_END + 22;
const PACKETS_END = PEAK_END + 20;

type Rates = [number | null, number | null];

/** Of sent, received, or both. */
function part(rates: Rates, i: number): number | null {
  if (i < TOTAL) return rates[i];
  return rates[0] === null || rates[1] === null ? null : rates[0] + rates[1];
}

/** Draws three lines from `area.y` on. */
export function drawTotals(
  canvas: Canvas,
  area: Area,
  extra: HostPairExtra,
  units: PairUnits,
  places: RatePlaces,
): void {
  const { totals } = extra;
  const amounts = amountOf(totals, units);
  const firstRate = Math.min(area.x + area.width, ...places.flatMap((place) => (place === null ? [] : [place.x])));
  for (const [i, label] of LABELS.entries()) {
    const y = area.y + i;
    const amount = (counts: readonly [number, number]): number => part([...counts], i) ?? 0;
    canvas.fill(0, y, canvas.width, 1, ' ', 'text');
    canvas.text(area.x, y, label, 'text');
    const put = (text: string, end: number, note = ''): void => {
      const begin = area.x + end - textWidth(text);
      if (area.x + end >= firstRate) return;
      canvas.text(begin, y, text, 'value');
      canvas.text(begin - textWidth(note), y, note, 'dim');
    };
    put(amountWords(amount(amounts), units), AMOUNT_END);
    put(rateWords(totals.peak[i], units), PEAK_END, PEAK_LABEL);
    if (units.quantity !== 'packets') put(formatCount(amount(totals.packets)), PACKETS_END, 'packets ');
    for (const [window, place] of places.entries()) {
      if (place === null) continue;
      const rate = part(totals.rates[window], i);
      canvas.cell(place.x, y, place.width, rateFigure(rate, units, FIGURE_WIDTH), rateStyle(rate), 'right');
    }
  }
}

/** The same in one line, as far as there is room. */
export function drawShortTotals(canvas: Canvas, y: number, { totals }: HostPairExtra, units: PairUnits): void {
  const amounts = amountOf(totals, units);
  const figures: Figure[] = SHORT_LABELS.map((label, i) => ({
    label,
    value: rateWords(part(totals.rates[0], i), units),
  }));
  drawFigures(canvas, y, [...figures, { label: 'all', value: amountWords(amounts[0] + amounts[1], units) }]);
}

/** What is in no row, each with a word; empty where everything is. */
export function remainderTexts({ gone, more, nonIp, leftOut }: HostPairExtra, units: PairUnits): string[] {
  const text = (remainder: PairRemainder, words: string): string[] =>
    remainder.packets === 0 ? [] : [`${words} ${amountWords(amountOf(remainder, units), units)}`];
  // It has no IP bytes.
  const counted: PairUnits = units.quantity === 'ipBytes' ? { ...units, quantity: 'packets' } : units;
  return [
    ...text(gone, `${formatCount(gone.pairs)} ${gone.pairs === 1 ? 'idle pair' : 'idle pairs'}`),
    ...(nonIp.packets === 0 ? [] : [`not IP ${amountWords(amountOf(nonIp, counted), counted)}`]),
    ...text(leftOut, 'left out'),
    ...text(more, 'no room in the table'),
  ];
}

/** Draws them dimly over line `y`, as many as fit. */
export function drawRemainder(canvas: Canvas, y: number, texts: readonly string[]): void {
  canvas.fill(0, y, canvas.width, 1, ' ', 'text');
  const shown = [...texts];
  const line = (): string => `Not in rows: ${shown.join(', ')}`;
  while (shown.length > 1 && textWidth(line()) > canvas.width - 2) shown.pop();
  canvas.text(1, y, line(), 'dim');
}
