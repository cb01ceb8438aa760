/**
 * Where the parts of the host pair monitor stand. On low terminals the totals take one line in place of three.
 *
 *   ├ 10 s ──── 10M ┼──── 20 Mbit/s ┤   ruler, with bars
 *   ┌ Ours ───── Theirs ── 2 s ─ 40 s ┐
 *   │ rows                            │
 *   └ count ───────────── order, place ┘
 *   Sent, Received, Total
 *   what is typed, or what is in no row
 */
import type { Area } from '../kit/canvas.ts';
import { FOOTER_LINES } from './footer.ts';

export interface PairsLayout {
  /** Line of the ruler, or null. */
  rulerY: number | null;
  frame: Area;
  totals: Area;
  /** Line below the totals, or null: nothing is to be said there. */
  noteY: number | null;
}

/** From this height of the content on there is room for three lines of totals and for what is in no row. */
const ROOMY = 14;

/** `typed`: something is being typed; `remainder`: something is in no row. */
export function pairsLayout(
  content: Area,
  { ruler, typed, remainder }: { ruler: boolean; typed: boolean; remainder: boolean },
): PairsLayout {
  const isRoomy = content.height >= ROOMY;
  const totalsHeight = isRoomy ? FOOTER_LINES : 1;
  const hasNote = typed || (remainder && isRoomy);
  const above = ruler ? 1 : 0;
  const below = totalsHeight + (hasNote ? 1 : 0);
  const bottom = content.y + content.height;
  return {
    rulerY: ruler ? content.y : null,
    frame: { ...content, y: content.y + above, height: content.height - above - below },
    totals: { x: content.x + 1, y: bottom - below, width: content.width - 2, height: totalsHeight },
    noteY: hasNote ? bottom - 1 : null,
  };
}
