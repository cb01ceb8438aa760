/**
 * Key tables: the one place a key is described. A screen's table gives its reactions, the key bar, the help screen and
 * the README. The keys that every screen has are listed here; the loop (navigator.ts) carries them out.
 */
import type { KeyHelp, Reaction } from './screen.ts';

/** A key with what it does. */
export interface KeyBinding extends KeyHelp {
  run(key: string): Reaction;
}

export const IGNORED: Reaction = { type: 'ignored' };
export const REDRAW: Reaction = { type: 'redraw' };
export const REFRESH: Reaction = { type: 'refresh' };
export const BACK: Reaction = { type: 'back' };

/** A line of a key table: keys, what they are called, their word on the key bar (null: none), a line of help. */
export function binding(
  keys: string[],
  label: string,
  bar: string | null,
  help: string,
  run: (key: string) => Reaction,
): KeyBinding {
  return { keys, label, bar, help, run };
}

/** Runs the first binding that has the key; 'ignored' lets the common keys have it. */
export function dispatchKey(bindings: readonly KeyBinding[], key: string): Reaction {
  const binding = bindings.find((each) => each.keys.includes(key));
  return binding === undefined ? IGNORED : binding.run(key);
}

/** Keys of every screen (CONTRACT section 3). A screen's own keys win over them. */
export const COMMON_KEYS = [
  { keys: ['v'], label: 'v', help: 'Filters: choose, edit, detach', bar: 'Filter' },
  { keys: ['V'], label: 'V', help: 'Leave out your own ssh session, or count it again', bar: null },
  { keys: ['?', 'F1'], label: '?', help: 'Help: the keys of this screen', bar: 'Help' },
  { keys: ['CTRL_P'], label: '^P', help: 'Pause: keep what is shown; counting goes on', bar: 'Pause' },
  { keys: ['CTRL_R'], label: '^R', help: 'Reset all counters to zero (asks first)', bar: null },
  { keys: ['CTRL_L'], label: '^L', help: 'Draw the screen anew', bar: null },
  { keys: ['CTRL_Z'], label: '^Z', help: 'Back to the shell for a while; fg returns', bar: null },
  { keys: ['ESCAPE', 'q'], label: 'q', help: 'Back; at the first screen: leave', bar: 'Back' },
  { keys: ['x', 'CTRL_C'], label: 'x', help: 'Leave the program', bar: 'Exit' },
] as const satisfies readonly KeyHelp[];

/** True for a key that types a character into a field. */
export function isTyped(key: string): boolean {
  return [...key].length === 1 && key >= ' ';
}

/** The keys that move a table's selection. */
export function tableKeys(run: (key: string) => Reaction): KeyBinding[] {
  return [
    binding(['UP', 'DOWN'], 'Up/Dn', null, 'Select the row above or below', run),
    binding(['PAGE_UP', 'PAGE_DOWN'], 'PgUp/PgDn', null, 'One page up or down', run),
    binding(['HOME', 'END'], 'Home/End', null, 'First row (and stay at the top); last row', run),
  ];
}
