/** Which rows of a table a page shows: those that match, in order, from the place asked for or around a followed row. */
import { type TieBreak, TopRows } from './top-rows.ts';

/** What is asked of a table. */
export interface Selecting {
  /** Calls with every row there is. */
  forEach(visit: (row: number) => void): void;
  /** No more rows than this. */
  most: number;
  matches(row: number): boolean;
  /** Smaller first. */
  key(row: number): number;
  tie: TieBreak;
}

/** As in a query: 0 = all rows. `follow` is a row, or -1: none. */
export interface Wanted {
  offset: number;
  limit: number;
  follow: number;
}

export interface Selection {
  rows: Uint32Array;
  /** Place of the first of them in the order. */
  offset: number;
  shown: number;
  /** That do not match. */
  hidden: number;
}

/** The page that is asked for; a followed row that does not match is not followed. */
export function selectRows(table: Selecting, { offset, limit, follow }: Wanted): Selection {
  const rows = limit === 0 ? table.most : limit;
  const first = survey(table, offset + rows, follow);
  const begin = pageOffset(offset, rows, first.position, first.shown);
  // The followed row may stand further down than was looked for.
  const { top } = begin <= offset ? first : survey(table, begin + rows, -1);
  return { rows: top.page(begin, rows), offset: begin, shown: first.shown, hidden: first.hidden };
}

interface Survey {
  shown: number;
  hidden: number;
  /** Place of the followed row in the order; -1: it is not shown. */
  position: number;
  /** The first of the order, as many as were wanted. */
  top: TopRows;
}

/** One pass over the table. */
function survey({ forEach, most, matches, key, tie }: Selecting, wanted: number, follow: number): Survey {
  const top = new TopRows(wanted, most, tie);
  const followedKey = follow < 0 ? 0 : key(follow);
  let [shown, hidden, before, isShown] = [0, 0, 0, false];
  forEach((row) => {
    if (!matches(row)) {
      hidden++;
      return;
    }
    shown++;
    const rowKey = key(row);
    top.add(rowKey, row);
    if (row === follow) isShown = true;
    else if (follow >= 0 && (rowKey < followedKey || (rowKey === followedKey && tie(row, follow) < 0))) before++;
  });
  return { shown, hidden, position: isShown ? before : -1, top };
}

/** Where the page begins: at the row asked for, or moved as little as shows the followed row, never behind the end. */
export function pageOffset(offset: number, limit: number, position: number, total: number): number {
  let wanted = offset;
  if (position >= 0) wanted = position < offset ? position : Math.max(offset, position - limit + 1);
  return Math.max(0, Math.min(wanted, total - limit));
}
