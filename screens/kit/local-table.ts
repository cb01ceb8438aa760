/**
 * A table whose rows are all at hand (settings, filters, rules, interfaces): the page that it wants to see, it gets at
 * once. What moves the mark, scrolls, pages and searches is the same on every screen that has one: such a screen derives
 * from LocalTableScreen.
 */
import type { Area, Canvas } from './canvas.ts';
import { inner } from './chrome.ts';
import { binding, dispatchKey, type KeyBinding, REDRAW, tableKeys } from './keys.ts';
import type { MouseEvent, Reaction, Screen } from './screen.ts';
import type { Search } from './search.ts';
import { pageOf, positionText, Table, type TableDraw, type TableOptions } from './table.ts';
import { clipText, textWidth } from './text.ts';

export interface LocalTableOptions<Row> extends TableOptions<Row> {
  /** All rows as they are now, in their order; where there is a search, those that it leaves. */
  rows(): readonly Row[];
  /** Rows of a page as they are shown beside one another; absent: as they are. */
  arrange?(page: readonly Row[]): readonly Row[];
  search?: Search;
}

/** Titles of the frame; the place of the window among all rows stands at the lower right. */
interface LocalTitles<Row> {
  topLeft?: string;
  /** Gets the rows that are shown. */
  bottomLeft?(rows: readonly Row[]): string;
}

/** Cells of the lower border that are not its titles': corners, blanks, and a gap between the two. */
const BORDER_CELLS = 8;

export class LocalTable<Row> {
  /** Lines of the screen's key table. */
  readonly keys: readonly KeyBinding[];
  readonly #options: LocalTableOptions<Row>;
  readonly #table: Table<Row>;

  constructor(options: LocalTableOptions<Row>) {
    this.#options = options;
    this.#table = new Table(options);
    this.keys = [
      ...(options.search === undefined ? [] : [searchKey(options.search)]),
      ...tableKeys((key) => this.#moved(this.#table.onKey(key))),
    ];
    this.refresh();
  }

  /** The marked row, or null in an empty table. */
  get selectedRow(): Row | null {
    return this.#table.selectedRow;
  }

  get rowsTotal(): number {
    return this.#table.rowsTotal;
  }

  /** "12–31 of 42", or "" where all rows are shown. */
  get position(): string {
    const { visibleRows, rowsTotal } = this.#table;
    return positionText({ offset: this.#table.pageQuery().offset, visible: visibleRows, total: rowsTotal });
  }

  /** The rows changed. */
  refresh(): void {
    const { rows, rowId, arrange } = this.#options;
    const page = pageOf(rows(), rowId, this.#table.pageQuery());
    this.#table.setPage(arrange === undefined ? page : { ...page, rows: arrange(page.rows) });
  }

  /** Marks the row at this place of all rows. */
  mark(place: number): void {
    this.refresh();
    this.#table.selectIndex(place);
    this.refresh();
  }

  /** A key of the screen, by its bindings; while a search is typed, by the search. */
  onKey(key: string, bindings: readonly KeyBinding[]): Reaction {
    // Several keys may come before the next drawing: each goes by what holds now.
    this.refresh();
    const { search } = this.#options;
    if (search === undefined || !search.visible) return dispatchKey(bindings, key);
    if (search.typing) return this.#moved(search.onKey(key) === 'ignored' ? this.#table.onKey(key) : REDRAW);
    if (key !== 'ESCAPE') return dispatchKey(bindings, key);
    search.clear();
    return this.#moved(REDRAW);
  }

  onMouse(event: MouseEvent): Reaction {
    return this.#moved(this.#table.onMouse(event));
  }

  #moved(reaction: Reaction): Reaction {
    if (reaction.type === 'ignored') return reaction;
    this.refresh();
    return REDRAW;
  }

  /** Takes the rows that fit into the area; for a screen that draws what is around the table itself. */
  fit(canvas: Canvas, area: Area): void {
    // How many fit is known after a drawing.
    this.#table.draw(canvas, area);
    this.refresh();
  }

  draw(canvas: Canvas, area: Area, how: TableDraw<Row>): void {
    this.#table.draw(canvas, area, { highlight: this.#options.search?.marked, ...how });
  }

  /** The table in a frame that fills the area. */
  drawFramed(canvas: Canvas, area: Area, emptyText: string, titles: LocalTitles<Row> = {}): void {
    const { x, y, width, height } = area;
    const inside = { ...inner(area), x: x + 2, width: width - 4 };
    this.fit(canvas, inside);
    const bottomRight = this.position;
    const room = width - BORDER_CELLS - textWidth(bottomRight);
    const bottomLeft = clipText(titles.bottomLeft?.(this.#table.rows) ?? '', room);
    canvas.fill(x, y, width, height, ' ', 'text');
    canvas.frame(x, y, width, height, 'frame', { topLeft: titles.topLeft, bottomLeft, bottomRight });
    this.draw(canvas, inside, { scrollbarX: x + width - 1, emptyText });
  }

  /** The line of the search; `all`: rows there are without it. */
  drawSearch(canvas: Canvas, y: number, all: number): void {
    this.#options.search?.draw(canvas, y, this.rowsTotal, all - this.rowsTotal);
  }
}

function searchKey(search: Search): KeyBinding {
  return binding(['/'], '/', 'Search', 'Show only what contains a text; Esc shows all again', () => {
    search.start();
    return REDRAW;
  });
}

/** A screen around such a table: no monitor is asked, and keys and mouse are the table's and the screen's own. */
export abstract class LocalTableScreen<Row> implements Screen {
  abstract readonly title: string;
  /** Those of the screen, with those of the list among them. */
  abstract readonly keys: readonly KeyBinding[];
  protected abstract readonly list: LocalTable<Row>;

  abstract draw(canvas: Canvas): void;

  queries(): [] {
    return [];
  }

  onKey(key: string): Reaction {
    return this.list.onKey(key, this.keys);
  }

  onMouse(event: MouseEvent): Reaction {
    return this.list.onMouse(event);
  }
}

/** Numbers for rows that have only names: each name keeps its number, so that the mark stays on its row. */
export function numbersOfNames(): (name: string) => number {
  const numbers = new Map<string, number>();
  return (name) => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  };
}
