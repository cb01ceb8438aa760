/** A line of figures below a screen: "Rate 12.34 Mbit/s │ Packets 1234 │ …", as many as fit. */
import type { Canvas } from './canvas.ts';
import { textWidth } from './text.ts';

export interface Figure {
  label: string;
  value: string;
}

/** Draws the figures over line `y`: as many as fit, the first ones always. */
export function drawFigures(canvas: Canvas, y: number, figures: readonly Figure[]): void {
  canvas.fill(0, y, canvas.width, 1, ' ', 'text');
  let x = 1;
  for (const { label, value } of figures) {
    const width = textWidth(label) + 1 + textWidth(value);
    const start = x === 1 ? 1 : x + 3;
    if (start + width >= canvas.width) break;
    if (x !== 1) canvas.text(x + 1, y, '│', 'frame');
    canvas.text(start, y, label, 'text');
    canvas.text(start + textWidth(label) + 1, y, value, 'value');
    x = start + width;
  }
}
