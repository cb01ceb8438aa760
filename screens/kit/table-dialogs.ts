/** The questions that every screen with a table asks: which order, which columns, where to save the rows. */
import { chooseDialog, inputDialog } from './dialog.ts';
import { REDRAW } from './keys.ts';
import type { MonitorQuery, Reaction } from './screen.ts';

/** An order that rows can have. */
export interface SortChoice {
  /** As in Query.sort. */
  column: string;
  word: string;
  /** Letter that chooses it at once. */
  key: string;
}

/** Asks for an order; `sortBy` gets the column, also the one in force: choosing it again turns the order round. */
export function sortDialog(
  sorts: readonly SortChoice[],
  current: string,
  sortBy: (column: string) => Reaction,
): Reaction {
  const choices = sorts.map(({ column, word, key }) => ({
    label: column === current ? `${word} (turn round)` : word,
    hotKey: key,
    run: (): Reaction => sortBy(column),
  }));
  const selected = sorts.findIndex(({ column }) => column === current);
  return { type: 'open', screen: chooseDialog('Sort by', choices, Math.max(0, selected)) };
}

/** Switches columns on and off in `hidden`; choosing one opens the list again, until Esc. */
export function columnsDialog(
  columns: readonly (readonly [id: string, title: string])[],
  hidden: Set<string>,
  selected = 0,
): Reaction {
  const choices = columns.map(([id, title], i) => ({
    label: `${hidden.has(id) ? '[ ]' : '[x]'} ${title}`,
    run: (): Reaction => {
      if (!hidden.delete(id)) hidden.add(id);
      return columnsDialog(columns, hidden, i);
    },
  }));
  return { type: 'open', screen: chooseDialog('Columns', choices, selected) };
}

/** Asks for a file name, then saves every row of the question. `time`: of the snapshot, seconds since 1970. */
export function saveDialog(prefix: string, time: number, question: MonitorQuery): Reaction {
  const date = new Date(time * 1000);
  const stamp = Number.isNaN(date.getTime()) ? '' : `-${date.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const save = (path: string): Reaction =>
    path.trim() === '' ? REDRAW : { type: 'save', path: path.trim(), question };
  return { type: 'open', screen: inputDialog('Save rows as CSV', `${prefix}${stamp}.csv`, save) };
}
