/**
 * Chrome: what surrounds every screen — title line, status line, key bar — and how a stack of screens becomes one
 * canvas. Pure: golden tests of whole screens use it without a loop or a terminal.
 *
 *   line 0              iptraf-ts   title of the screen                         paused
 *   1 … height-3        contentArea: the screen's own
 *   line height-2       status line
 *   line height-1       key bar
 */
import type { SnapshotHead } from '../../src/engine/messages.ts';
import type { Area, Canvas } from './canvas.ts';
import { drawKeyBar } from './key-bar.ts';
import { COMMON_KEYS } from './keys.ts';
import type { KeyHelp, Screen } from './screen.ts';
import { drawStatusLine, type StatusMessage } from './status-line.ts';
import { clipText, textWidth } from './text.ts';

/** Least size in which a screen is drawn (DESIGN section 5). */
export const LEAST_WIDTH = 60;
export const LEAST_HEIGHT = 12;

export interface ChromeState {
  /** Name and version, left on the title line. */
  program: string;
  /** Latest snapshot, or null before the first. */
  head: SnapshotHead | null;
  message: StatusMessage | null;
  paused: boolean;
  /** Alerts that are on. */
  alerts?: number;
}

/** What a screen may draw into: everything but title line, status line and key bar. */
export function contentArea(canvas: { width: number; height: number }): Area {
  return { x: 0, y: 1, width: canvas.width, height: Math.max(0, canvas.height - 3) };
}

/** The inside of a framed panel. */
export function inner({ x, y, width, height }: Area): Area {
  return { x: x + 1, y: y + 1, width: width - 2, height: height - 2 };
}

/** A box of this size in the middle of the content, cut to it. */
export function centeredArea(canvas: { width: number; height: number }, width: number, height: number): Area {
  const content = contentArea(canvas);
  const w = Math.min(width, content.width);
  const h = Math.min(height, content.height);
  return { x: (content.width - w) >> 1, y: content.y + ((content.height - h) >> 1), width: w, height: h };
}

export function isTooSmall(canvas: { width: number; height: number }): boolean {
  return canvas.width < LEAST_WIDTH || canvas.height < LEAST_HEIGHT;
}

function drawTooSmall(canvas: Canvas): void {
  const text = `needs ${LEAST_WIDTH}x${LEAST_HEIGHT}, is ${canvas.width}x${canvas.height}`;
  const long = `iptraf-ts ${text}`;
  const fitting = textWidth(long) <= canvas.width ? long : text;
  const shown = clipText(fitting, canvas.width);
  canvas.text((canvas.width - textWidth(shown)) >> 1, canvas.height >> 1, shown, 'warning');
}

function drawTitleLine(canvas: Canvas, state: ChromeState, title: string): void {
  canvas.fill(0, 0, canvas.width, 1, ' ', 'text');
  canvas.text(1, 0, state.program, 'title');
  const x = textWidth(state.program) + 3;
  const mark = state.paused ? ' PAUSED ' : '';
  canvas.text(x, 0, clipText(title, canvas.width - x - mark.length - 2), 'text');
  if (mark !== '') canvas.text(canvas.width - mark.length - 1, 0, mark, 'warning');
}

/** Keys that mean something only where a monitor is shown. */
const MONITOR_KEYS: readonly string[] = ['CTRL_P', 'CTRL_R', 'v', 'V'];

/** The common key that gives way to a screen's own keys where the key bar has no room for all. */
const YIELDING_KEY = 'CTRL_P';

/** Common keys that the screen has not taken for itself, and that do something on it. */
export function commonKeysOf(screen: Screen): KeyHelp[] {
  const taken = new Set(screen.keys.flatMap((key) => key.keys));
  if (screen.queries().length === 0) for (const key of MONITOR_KEYS) taken.add(key);
  return COMMON_KEYS.map(
    (common): KeyHelp => ({ ...common, keys: common.keys.filter((key) => !taken.has(key)) }),
  ).filter((common) => common.keys.length > 0);
}

/** Draws the stack: the topmost whole screen, the overlays on it, and the chrome of the screen on top. */
export function drawScreens(canvas: Canvas, stack: readonly Screen[], state: ChromeState): void {
  if (isTooSmall(canvas)) {
    drawTooSmall(canvas);
    return;
  }
  const top = stack.at(-1);
  if (top === undefined) return;
  const base = Math.max(
    0,
    stack.findLastIndex((screen) => screen.overlay !== true),
  );
  for (const screen of stack.slice(base)) screen.draw(canvas);
  drawTitleLine(canvas, state, stack[base].title);
  const own = top.statusText?.() ?? null;
  const message = state.message ?? (own === null ? null : { text: own, style: 'status' as const });
  const marks = { alerts: state.alerts ?? 0, own: stack[base].statusMark?.() ?? null };
  drawStatusLine(canvas, canvas.height - 2, state.head, message, marks);
  // An overlay shows its own keys alone: the common ones do not reach past it.
  const common = top.overlay === true ? [] : commonKeysOf(top);
  const yields = ({ keys }: KeyHelp): boolean => keys.includes(YIELDING_KEY);
  const fixed = common.filter((key) => !yields(key));
  drawKeyBar(canvas, canvas.height - 1, [...top.keys, ...common.filter(yields)], fixed);
}
