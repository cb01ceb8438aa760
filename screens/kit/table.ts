/**
 * Table: rows in columns, with a selection that stays with its row, a scrolling window, and one or two lines a row.
 * It holds one page of rows; which page it wants it says in pageQuery(), and the monitor's answer comes in setPage().
 * It orders nothing itself.
 *
 *   offset ─► ┌ rows of the page ┐      index of a row = its place in the monitor's whole order
 *             │ selected         │      selectedId null = nothing chosen yet: the first row is marked and the
 *             └──────────────────┘      window stays at the top while rows move
 */
import type { Area, Canvas } from './canvas.ts';
import { IGNORED, REDRAW, REFRESH } from './keys.ts';
import type { MouseEvent, Reaction } from './screen.ts';
import type { Style } from './style.ts';
import { type Align, clipText, fitText, textWidth } from './text.ts';

export interface Column<Row> {
  /** Name as in Query.sort, where rows can be ordered by it. */
  id: string;
  title: string;
  /** Cells; with `flex` the least. */
  width: number;
  /** Share of what is left of the line; absent: the width is fixed. */
  flex?: number;
  /** Most cells with `flex`. */
  maximumWidth?: number;
  align?: Align;
  /** Shown only where the canvas is at least this wide: wide terminals get more columns, not more blanks. */
  minTerminalWidth?: number;
  /** Style of the cell; default: 'text'. */
  style?: Style | ((row: Row, line: number) => Style);
  /** Blank cells before the column, instead of the table's. */
  gap?: number;
  /** Text of the cell. `line` is 0, or 1 for the lower line of a two-line row; `width` is what the cell has room for. */
  read(row: Row, line: number, width: number): string;
}

export interface TableOptions<Row> {
  columns: readonly Column<Row>[];
  rowId(row: Row): number;
  /** 2: two lines a row, joined by ┌ and └ in the first cell. Default 1. */
  linesPerRow?: 1 | 2;
  /** false: nothing joins the lines of a row, which have a cell more. */
  joinsLines?: boolean;
  /** Style of a whole line instead of its cells' own (dim closed rows), or null. */
  rowStyle?(row: Row, line: number): Style | null;
  /** Blank cells between columns. Default 1. */
  gap?: number;
}

export interface TableDraw<Row> {
  /** The marked row is shown only where the table has the focus. Default true. */
  focused?: boolean;
  /** Where titles stand: the first line of the area (default), the border above it (iptraf-ng's manner), or nowhere. */
  header?: 'line' | 'border' | 'none';
  /** Column of the scroll bar, usually the right border of the frame; absent: none. */
  scrollbarX?: number;
  /** Column of a mark beside the selected row, usually the left border of the frame; absent: none. */
  cursorX?: number;
  /** Share of a line, 0 to 1, behind whose left part a bar stands; absent: no bars. */
  meter?(row: Row, line: number): number;
  /** Texts to mark in cells (search), in lower case. */
  highlight?: readonly string[];
  /** Said in the middle of an empty table. */
  emptyText?: string;
}

/** The part of Query and Page that a table handles. */
export interface PageQuery {
  offset: number;
  limit: number;
  follow: number | null;
}

interface PlacedColumn<Row> {
  column: Column<Row>;
  x: number;
  width: number;
}

/** Columns that fit, with their places; flexible ones share what is left by weight. */
export function layoutColumns<Row>(
  columns: readonly Column<Row>[],
  area: { x: number; width: number },
  terminalWidth: number,
  gap: number,
): PlacedColumn<Row>[] {
  const shown = columns.filter((column) => terminalWidth >= (column.minTerminalWidth ?? 0));
  const widths = shown.map((column) => column.width);
  const gaps = shown.map((column, i) => (i === 0 ? 0 : (column.gap ?? gap)));
  let rest = area.width - [...widths, ...gaps].reduce((sum, cells) => sum + cells, 0);
  const open = new Set([...shown.keys()].filter((i) => shown[i].flex !== undefined));
  while (rest > 0 && open.size > 0) {
    const weight = [...open].reduce((sum, i) => sum + (shown[i].flex ?? 0), 0);
    const before = rest;
    for (const i of [...open]) {
      const most = (shown[i].maximumWidth ?? Number.POSITIVE_INFINITY) - widths[i];
      const share = Math.min(most, Math.max(1, Math.floor((before * (shown[i].flex ?? 0)) / weight)), rest);
      widths[i] += share;
      rest -= share;
      if (share === most) open.delete(i);
      if (rest === 0) break;
    }
  }
  let x = area.x;
  return shown.map((column, i) => {
    const placed = { column, x: x + gaps[i], width: widths[i] };
    x += gaps[i] + widths[i];
    return placed;
  });
}

/** The page that a query asks for, out of rows that are all at hand: moved least so that it holds the followed row. */
export function pageOf<Row>(
  rows: readonly Row[],
  rowId: (row: Row) => number,
  { offset, limit, follow }: PageQuery,
): { rows: Row[]; offset: number; rowsTotal: number } {
  const at = follow === null ? -1 : rows.findIndex((row) => rowId(row) === follow);
  let first = Math.min(offset, Math.max(0, rows.length - limit));
  if (at >= 0) first = Math.min(Math.max(first, at - limit + 1), at);
  return { rows: rows.slice(first, first + limit), offset: first, rowsTotal: rows.length };
}

export class Table<Row> {
  /** Column the rows are ordered by, for the mark in the header. */
  sort: { column: string; descending: boolean } | null = null;
  columns: readonly Column<Row>[];
  linesPerRow: 1 | 2;
  readonly #options: TableOptions<Row>;
  #rows: readonly Row[] = [];
  #offset = 0;
  #rowsTotal = 0;
  #selectedId: number | null = null;
  /** Index of the selected row when last seen: where the mark stays when the row goes. */
  #selectedIndex = 0;
  /** Index to be selected as soon as a page has it, or null. */
  #wanted: number | null = null;
  #visibleRows = 50;
  #area: Area = { x: 0, y: 0, width: 0, height: 0 };

  constructor(options: TableOptions<Row>) {
    this.#options = options;
    this.columns = options.columns;
    this.linesPerRow = options.linesPerRow ?? 1;
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  get rowsTotal(): number {
    return this.#rowsTotal;
  }

  /** Rows that fit, as of the last drawing. */
  get visibleRows(): number {
    return this.#visibleRows;
  }

  /** The marked row, or null in an empty table. */
  get selectedRow(): Row | null {
    return this.#rows[this.#selectedIndex - this.#offset] ?? null;
  }

  /** Place of the marked row in the whole order, from 0. */
  get selectedIndex(): number {
    return this.#wanted ?? this.#selectedIndex;
  }

  /** Which page is wanted next; spread into the Query. */
  pageQuery(): PageQuery {
    const follow = this.#wanted === null ? this.#selectedId : null;
    return { offset: this.#wantedOffset(), limit: this.#visibleRows, follow };
  }

  /** First row of the window that holds the wanted row and moves least. */
  #wantedOffset(): number {
    const index = this.#wanted;
    if (index === null) return this.#selectedId === null ? 0 : this.#offset;
    if (index < this.#offset) return index;
    return Math.max(this.#offset, index - this.#visibleRows + 1);
  }

  /** A page arrived. The mark stays on its row, or where that row was if it is gone. */
  setPage(page: { rows: readonly Row[]; offset: number; rowsTotal: number }): void {
    this.#rows = page.rows;
    this.#offset = page.offset;
    this.#rowsTotal = page.rowsTotal;
    const last = Math.max(0, page.rowsTotal - 1);
    if (this.#wanted !== null) {
      this.#wanted = Math.min(this.#wanted, last);
      if (this.#isInPage(this.#wanted)) this.#select(this.#wanted);
      return;
    }
    if (this.#selectedId === null) {
      this.#selectedIndex = 0;
      return;
    }
    const at = page.rows.findIndex((row) => this.#options.rowId(row) === this.#selectedId);
    if (at >= 0) this.#selectedIndex = page.offset + at;
    else this.#selectNear(Math.min(this.#selectedIndex, last));
  }

  #selectNear(index: number): void {
    if (this.#rows.length === 0) return;
    const lowest = this.#offset;
    this.#select(Math.min(Math.max(index, lowest), lowest + this.#rows.length - 1));
  }

  #isInPage(index: number): boolean {
    return index >= this.#offset && index < this.#offset + this.#rows.length;
  }

  #select(index: number): void {
    this.#wanted = null;
    this.#selectedIndex = index;
    this.#selectedId = this.#options.rowId(this.#rows[index - this.#offset]);
  }

  /** Selects the row at this place of the order; a page is asked for where it is not at hand. */
  selectIndex(index: number): Reaction {
    if (this.#rowsTotal === 0) return IGNORED;
    const target = Math.min(Math.max(0, index), this.#rowsTotal - 1);
    const shownRows = Math.min(this.#rows.length, this.#visibleRows);
    if (target >= this.#offset && target < this.#offset + shownRows) {
      this.#select(target);
      return REDRAW;
    }
    this.#wanted = target;
    return REFRESH;
  }

  /** Marks the row of this id, wherever it stands: the next page is the one that has it. */
  markRow(id: number): void {
    this.#wanted = null;
    this.#selectedId = id;
  }

  /** Back to the first row, where the window stays while rows move. */
  selectTop(): Reaction {
    this.#wanted = null;
    this.#selectedId = null;
    this.#selectedIndex = 0;
    return REFRESH;
  }

  /** Arrows, pages, Home and End; 'ignored' for every other key. */
  onKey(key: string): Reaction {
    const page = Math.max(1, this.#visibleRows - 1);
    switch (key) {
      case 'UP':
        return this.selectIndex(this.selectedIndex - 1);
      case 'DOWN':
        return this.selectIndex(this.selectedIndex + 1);
      case 'PAGE_UP':
        return this.selectIndex(this.selectedIndex - page);
      case 'PAGE_DOWN':
        return this.selectIndex(this.selectedIndex + page);
      case 'HOME':
        return this.selectTop();
      case 'END':
        return this.selectIndex(this.#rowsTotal - 1);
      default:
        return IGNORED;
    }
  }

  /** A click selects, the wheel moves the selection by three rows; 'ignored' outside the table. */
  onMouse(event: MouseEvent): Reaction {
    const { x, y, width, height } = this.#area;
    if (event.x < x || event.x >= x + width || event.y < y || event.y >= y + height) return IGNORED;
    if (event.kind === 'wheel-up') return this.selectIndex(this.selectedIndex - 3);
    if (event.kind === 'wheel-down') return this.selectIndex(this.selectedIndex + 3);
    const row = Math.floor((event.y - y) / this.linesPerRow);
    return row < this.#rows.length ? this.selectIndex(this.#offset + row) : IGNORED;
  }

  draw(canvas: Canvas, area: Area, how: TableDraw<Row> = {}): void {
    const header = how.header ?? 'line';
    const headerLines = header === 'line' ? 1 : 0;
    const body = { ...area, y: area.y + headerLines, height: Math.max(0, area.height - headerLines) };
    const lines = this.linesPerRow;
    this.#area = body;
    this.#visibleRows = Math.max(1, Math.floor(body.height / lines));
    this.#dropRowsAboveMark();
    const columnsArea = this.#joinsLines ? { x: area.x + 1, width: area.width - 1 } : area;
    const placed = layoutColumns(this.columns, columnsArea, canvas.width, this.#options.gap ?? 1);
    if (header !== 'none') this.#drawHeader(canvas, placed, body, header);
    const rows = Math.min(this.#rows.length, Math.floor(body.height / lines));
    for (let i = 0; i < rows; i++) this.#drawRow(canvas, placed, body, i, how);
    if (this.#rows.length === 0 && how.emptyText !== undefined && body.height > 0) {
      canvas.text(body.x, body.y + (body.height >> 1), fitText(how.emptyText, body.width, 'center'), 'dim');
    }
    if (how.scrollbarX !== undefined) drawScrollbar(canvas, { ...body, x: how.scrollbarX, width: 1 }, this.#scroll());
  }

  /** A page asked for before it was known how many rows fit has the marked one below the last line. */
  #dropRowsAboveMark(): void {
    const place = this.#selectedIndex - this.#offset;
    const excess = place - this.#visibleRows + 1;
    if (this.#selectedId === null || excess <= 0 || place >= this.#rows.length) return;
    this.#rows = this.#rows.slice(excess);
    this.#offset += excess;
  }

  #scroll(): Scroll {
    return { offset: this.#offset, visible: this.#visibleRows, total: this.#rowsTotal };
  }

  #drawHeader(canvas: Canvas, placed: PlacedColumn<Row>[], body: Area, header: 'line' | 'border'): void {
    const y = body.y - 1;
    for (const { column, x, width } of placed) {
      const mark = this.sort?.column === column.id ? (this.sort.descending ? '▼' : '▲') : '';
      const title = clipText(column.title, width - mark.length) + mark;
      const style = mark === '' ? 'heading' : 'title';
      const right = column.align === 'right' ? width - textWidth(title) : 0;
      // In the border each title is set off by blanks; at the outer edges there is no room for both.
      if (header === 'border') this.#drawBorderTitle(canvas, body, x + right, y, title, style);
      else canvas.text(x + right, y, title, style);
    }
  }

  #drawBorderTitle(canvas: Canvas, body: Area, x: number, y: number, title: string, style: Style): void {
    if (title === '') return;
    const before = x > body.x ? ' ' : '';
    const after = x + textWidth(title) < body.x + body.width ? ' ' : '';
    canvas.text(x - before.length, y, before + title + after, style);
  }

  get #joinsLines(): boolean {
    return this.linesPerRow === 2 && this.#options.joinsLines !== false;
  }

  #drawRow(canvas: Canvas, placed: PlacedColumn<Row>[], body: Area, i: number, how: TableDraw<Row>): void {
    const row = this.#rows[i];
    const selected = how.focused !== false && this.#offset + i === this.#selectedIndex;
    for (let line = 0; line < this.linesPerRow; line++) {
      const y = body.y + i * this.linesPerRow + line;
      const whole = this.#options.rowStyle?.(row, line) ?? null;
      const marked = whole === 'dim' ? 'selectedDim' : 'selected';
      if (selected) canvas.fill(body.x, y, body.width, 1, ' ', marked);
      if (this.#joinsLines) canvas.text(body.x, y, line === 0 ? '┌' : '└', selected ? marked : 'frame');
      if (selected && line === 0 && how.cursorX !== undefined) canvas.text(how.cursorX, y, '►', 'title');
      this.#drawLine(canvas, placed, { ...body, y }, { row, line, style: selected ? marked : whole }, how);
    }
  }

  /** `style`: of all cells, or null: each has its own. */
  #drawLine(
    canvas: Canvas,
    placed: PlacedColumn<Row>[],
    area: Area,
    { row, line, style }: { row: Row; line: number; style: Style | null },
    how: TableDraw<Row>,
  ): void {
    const { y } = area;
    const texts = placed.map(({ column, width }) => column.read(row, line, width));
    const styles = placed.map(({ column }) => ownStyle(column, row, line));
    for (const [k, { column, x, width }] of placed.entries()) {
      canvas.cell(x, y, width, texts[k], style ?? styles[k], column.align);
    }
    if (how.meter !== undefined) {
      const cells = Math.round(Math.min(1, Math.max(0, how.meter(row, line))) * area.width);
      canvas.restyle(area.x, y, cells, 1, style === 'selected' ? 'meterSelected' : 'meter');
    }
    for (const [k, { column, x, width }] of placed.entries()) {
      // A warning is seen through bars.
      if (how.meter !== undefined && styles[k] === 'warning')
        canvas.cell(x, y, width, texts[k], 'warning', column.align);
      for (const each of how.highlight ?? []) markMatches(canvas, x, y, fitText(texts[k], width, column.align), each);
    }
  }
}

function ownStyle<Row>({ style }: Column<Row>, row: Row, line: number): Style {
  return (typeof style === 'function' ? style(row, line) : style) ?? 'text';
}

/** Marks where the searched text (lower case) stands in a cell. */
export function markMatches(canvas: Canvas, x: number, y: number, text: string, search: string): void {
  const where = text.toLowerCase();
  const { length } = search;
  for (let at = where.indexOf(search); at >= 0 && length > 0; at = where.indexOf(search, at + length)) {
    canvas.restyle(x + textWidth(text.slice(0, at)), y, textWidth(text.slice(at, at + length)), 1, 'match');
  }
}

export interface Scroll {
  offset: number;
  visible: number;
  total: number;
}

/** A scroll bar over what stands there; nothing where everything is visible. */
export function drawScrollbar(canvas: Canvas, area: Area, scroll: Scroll): void {
  if (scroll.total <= scroll.visible || area.height < 3) return;
  const size = Math.max(1, Math.round((area.height * scroll.visible) / scroll.total));
  const most = scroll.total - scroll.visible;
  const place = Math.round(((area.height - size) * Math.min(scroll.offset, most)) / most);
  canvas.fill(area.x, area.y + place, 1, size, '█', 'bar');
}

/** "12–31 of 4,210", or "" for an empty table: for the border of a frame. */
export function positionText(scroll: Scroll): string {
  if (scroll.total === 0) return '';
  const first = scroll.offset + 1;
  const last = Math.min(scroll.total, scroll.offset + scroll.visible);
  return scroll.total <= scroll.visible ? '' : `${first}–${last} of ${scroll.total}`;
}
