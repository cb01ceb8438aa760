/**
 * What a screen is: it turns snapshots into cells and keys into reactions. It changes nothing by itself; the one loop
 * (navigator.ts) carries reactions out.
 */

import type { Snapshot } from '../../src/engine/messages.ts';
import type { MonitorName, Query } from '../../src/engine/monitor.ts';
import type { SearchField } from '../../src/search/query.ts';
import type { SettingChanges } from '../../src/store/settings-table.ts';
import type { FilterRequest } from '../filters/control.ts';
import type { Canvas } from './canvas.ts';

/** What a key or a click asks the loop to do. */
export type Reaction =
  | { type: 'ignored' }
  /** Draw again from what is known. */
  | { type: 'redraw' }
  /** Pull a new snapshot now, then draw (sort, scroll, search changed). */
  | { type: 'refresh' }
  | { type: 'open'; screen: Screen }
  /** Replace this screen by another. */
  | { type: 'replace'; screen: Screen }
  | { type: 'back' }
  /** Leave the program. */
  | { type: 'leave' }
  /** Draw everything anew, as after a foreign program wrote to the terminal. */
  | { type: 'repaint' }
  | { type: 'suspend' }
  /** A word on the status line for a moment: what a key did. */
  | { type: 'say'; text: string }
  /** Hold what is shown, or go on, as Ctrl-P does. */
  | { type: 'toggle-pause' }
  /** Ask the engine: reset counters, or a command of a monitor (flush closed rows, …). */
  | { type: 'engine'; request: EngineRequest }
  /** Write every row that the question selects (its offset and limit do not count) to a CSV file, then say so. */
  | { type: 'save'; path: string; question: MonitorQuery }
  /** Change settings: they hold at once and are saved; where that fails the status line says so. */
  | { type: 'change-settings'; changes: SettingChanges }
  /**
   * Apply, save or remove a filter; where that fails the status line says why and nothing has changed. `done` is called
   * when it is done; what it answers is carried out if the screen that asked is still on top. So it is with what
   * `failed` answers, which is told the reason in place of the status line.
   */
  | { type: 'filter'; request: FilterRequest; done?(): Reaction; failed?(reason: string): Reaction }
  /** Several, in order. */
  | { type: 'all'; reactions: Reaction[] };

/** One question to one monitor. */
export interface MonitorQuery {
  monitor: MonitorName;
  query: Query;
}

export type EngineRequest =
  | { type: 'reset' }
  | { type: 'command'; monitor: MonitorName; command: string; arguments: Record<string, unknown> };

/** Mouse event in cells, relative to the whole canvas. */
export interface MouseEvent {
  kind: 'press' | 'wheel-up' | 'wheel-down';
  x: number;
  y: number;
}

export interface KeyHelp {
  /** Names as terminal-kit gives them ("UP", "CTRL_L", "ESCAPE", "q"). */
  keys: string[];
  /** What the key bar and the help screen call the key ("Up/Dn"). */
  label: string;
  /** One line for the help screen. */
  help: string;
  /** Word on the key bar, or null when only the help screen lists it. */
  bar: string | null;
}

export interface Screen {
  /** For the top line. */
  readonly title: string;
  /** Keys of this screen, in the order of the key bar. */
  readonly keys: readonly KeyHelp[];
  /** What to pull; empty for a screen without a monitor (menu, dialogs). A monitor may be asked several times (panels). */
  queries(): readonly MonitorQuery[];
  /** New snapshots arrived: one for each query, in the order of queries(). Not called while paused. */
  update?(snapshots: readonly Snapshot[]): void;
  /**
   * Draws itself into the whole canvas; the title line, status line and key bar are drawn by the loop (chrome.ts), so a
   * screen keeps to contentArea(canvas). Dialogs draw only their box: what lies below was drawn before.
   */
  draw(canvas: Canvas): void;
  /** Said on the status line instead of the capture's state (a menu entry's explanation), or null. */
  statusText?(): string | null;
  /** A few words at the right end of the status line, whatever else it says: what needs attention. Null: nothing. */
  statusMark?(): string | null;
  /** It left the stack: what it holds is given back here. */
  close?(): void;
  /**
   * Shown or uncovered again: a screen that lives by itself (interface rates) reads its source here, once a second. What
   * it promises is drawn when it has come.
   */
  poll?(): void | Promise<void>;
  onKey(key: string): Reaction;
  onMouse?(event: MouseEvent): Reaction;
  /** Fields of its search, for the help screen; absent: it has no search. */
  readonly searchFields?: readonly SearchField[];
  /** true: the screens below stay visible around it. */
  readonly overlay?: boolean;
}
