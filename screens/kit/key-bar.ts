/**
 * Key bar: the last line, from the key table. Keys that do not fit are left out from the middle on; help and exit
 * always stay, so that nobody is lost on a narrow terminal.
 */
import type { Canvas } from './canvas.ts';
import type { KeyHelp } from './screen.ts';
import { textWidth } from './text.ts';

const SEPARATION = 2;

function barWidth(key: KeyHelp): number {
  return textWidth(key.label) + 1 + textWidth(key.bar ?? '') + SEPARATION;
}

/** The keys that fit: as many of `own` as possible in order, then all of `fixed`. */
export function keysThatFit(width: number, own: readonly KeyHelp[], fixed: readonly KeyHelp[]): KeyHelp[] {
  const visible = (keys: readonly KeyHelp[]): KeyHelp[] => keys.filter((key) => key.bar !== null);
  const last = visible(fixed);
  let room = width - 1 + SEPARATION;
  const kept: KeyHelp[] = [];
  for (const key of last) {
    if (barWidth(key) > room) continue;
    kept.push(key);
    room -= barWidth(key);
  }
  const first: KeyHelp[] = [];
  for (const key of visible(own)) {
    if (barWidth(key) > room) break;
    first.push(key);
    room -= barWidth(key);
  }
  return [...first, ...kept];
}

/** Draws the key bar over line `y`. */
export function drawKeyBar(canvas: Canvas, y: number, own: readonly KeyHelp[], fixed: readonly KeyHelp[]): void {
  canvas.fill(0, y, canvas.width, 1, ' ', 'keyLabel');
  let x = 1;
  for (const key of keysThatFit(canvas.width, own, fixed)) {
    canvas.text(x, y, key.label, 'key');
    canvas.text(x + textWidth(key.label) + 1, y, key.bar ?? '', 'keyLabel');
    x += barWidth(key);
  }
}
