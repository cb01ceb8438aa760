/**
 * A monitor's screen that is one table: frame, order, search, columns, saving, and a line of figures below. What is its
 * own (columns, what Enter opens, the figures) each monitor's screen adds by deriving from it.
 *
 *   ┌ titles of the columns ──────────┐
 *   │ rows                            │
 *   └ count ────────── order, place ──┘
 *   footer, or the search
 */
import type { Snapshot } from '../../src/engine/messages.ts';
import type { MonitorName, Query } from '../../src/engine/monitor.ts';
import type { SearchField } from '../../src/search/query.ts';
import type { Canvas } from './canvas.ts';
import { contentArea, inner } from './chrome.ts';
import { binding, dispatchKey, IGNORED, type KeyBinding, REDRAW, REFRESH, tableKeys } from './keys.ts';
import type { MonitorQuery, MouseEvent, Reaction, Screen } from './screen.ts';
import { type NamesOf, Search } from './search.ts';
import type { Style } from './style.ts';
import { type Column, Table } from './table.ts';
import { columnsDialog, type SortChoice, saveDialog, sortDialog } from './table-dialogs.ts';
import { textWidth } from './text.ts';

export interface TableScreenSpec<Row> {
  monitor: MonitorName;
  title: string;
  rowId(row: Row): number;
  linesPerRow?: 1 | 2;
  rowStyle?(row: Row, line: number): Style | null;
  /** Orders there are. */
  sorts: readonly SortChoice[];
  /** Columns that run from the smallest up when they are chosen. */
  ascendingSorts: ReadonlySet<string>;
  /** Order at first. */
  sort: string;
  /** Fields of the search, or null: there is no search. */
  searchFields: readonly SearchField[] | null;
  /** Columns that the operator may switch off: id and title. */
  optionalColumns: readonly (readonly [id: string, title: string])[];
}

export abstract class TableScreen<Row> implements Screen {
  readonly title: string;
  protected readonly table: Table<Row>;
  /** The last one that came, or null. */
  protected snapshot: Snapshot<Row> | null = null;
  readonly #spec: TableScreenSpec<Row>;
  readonly #search: Search;
  readonly #hiddenColumns = new Set<string>();
  #sort: { column: string; descending: boolean };
  #keys: readonly KeyBinding[] | null = null;

  constructor(spec: TableScreenSpec<Row>) {
    this.#spec = spec;
    this.title = spec.title;
    this.#search = new Search(spec.searchFields ?? []);
    this.#sort = { column: spec.sort, descending: !spec.ascendingSorts.has(spec.sort) };
    this.table = new Table<Row>({
      columns: [],
      rowId: spec.rowId,
      linesPerRow: spec.linesPerRow ?? 1,
      rowStyle: spec.rowStyle,
    });
  }

  get keys(): readonly KeyBinding[] {
    if (this.#keys === null) {
      const own = this.ownKeys();
      this.#keys = [...own, ...this.#tableKeys(own)];
    }
    return this.#keys;
  }

  /** Columns for a table of `width` cells; those of `hidden` are switched off. */
  protected abstract columns(width: number, hidden: ReadonlySet<string>): readonly Column<Row>[];
  /** "12 ports": stands in the lower border. `hidden` rows are left out by the search. */
  protected abstract countText(rowsTotal: number, hidden: number): string;
  /** Said where there are no rows and no search. */
  protected abstract emptyText(): string;
  /** Draws the line below the table. */
  protected abstract drawFooter(canvas: Canvas, y: number): void;
  /** Keys of this screen alone, before those of every table. */
  protected abstract ownKeys(): KeyBinding[];

  /** Query.options beside the search. */
  protected queryOptions(): Record<string, unknown> {
    return {};
  }

  /** What the terms of a search stand for by names that are known here alone; undefined: there are none. */
  protected readonly namesOf: NamesOf | undefined = undefined;

  /** The order in force. */
  protected get order(): { readonly column: string; readonly descending: boolean } {
    return this.#sort;
  }

  /** Something is searched for. */
  protected get isSearching(): boolean {
    return this.#search.text !== null;
  }

  get searchFields(): readonly SearchField[] | undefined {
    return this.#spec.searchFields ?? undefined;
  }

  queries(): readonly MonitorQuery[] {
    return [this.#query(this.table.pageQuery())];
  }

  #query(page: Pick<Query, 'offset' | 'limit' | 'follow'>): MonitorQuery {
    const { column, descending } = this.#sort;
    const options = { ...this.queryOptions(), ...this.#search.options(this.namesOf) };
    return { monitor: this.#spec.monitor, query: { sort: column, descending, ...page, options } };
  }

  update(snapshots: readonly Snapshot[]): void {
    this.snapshot = snapshots[0] as Snapshot<Row>;
    this.table.setPage(this.snapshot);
  }

  draw(canvas: Canvas): void {
    const content = contentArea(canvas);
    const area = { ...content, height: content.height - 1 };
    this.table.columns = this.columns(area.width - 2, this.#hiddenColumns);
    this.table.sort = this.#sort;
    const bottomLeft = this.snapshot === null ? '' : this.countText(this.table.rowsTotal, this.snapshot.hidden);
    canvas.frame(area.x, area.y, area.width, area.height, 'frame', {
      bottomLeft,
      bottomRight: this.#placeText(area.width - textWidth(bottomLeft) - 7),
      style: 'title',
    });
    this.table.draw(canvas, inner(area), {
      header: 'border',
      scrollbarX: area.x + area.width - 1,
      highlight: this.#search.marked,
      emptyText: this.#emptyText(),
    });
    this.#drawBottom(canvas, content.y + content.height - 1);
  }

  #emptyText(): string {
    if (this.snapshot === null) return 'waiting for the first figures';
    return this.#search.text === null ? this.emptyText() : 'nothing matches the search';
  }

  /** Order and place; the order goes first where there is no room for both. */
  #placeText(room: number): string {
    const { rowsTotal, visibleRows, selectedIndex } = this.table;
    const word = this.#spec.sorts.find(({ column }) => column === this.#sort.column)?.word;
    const parts = [
      word === undefined ? '' : `by ${word}`,
      rowsTotal > visibleRows ? `${selectedIndex + 1}/${rowsTotal}` : '',
    ];
    const shown = parts.filter((text) => text !== '');
    while (shown.length > 0 && textWidth(shown.join(' ─ ')) > room) shown.shift();
    return shown.join(' ─ ');
  }

  #drawBottom(canvas: Canvas, y: number): void {
    if (this.#search.visible) {
      this.#search.draw(canvas, y, this.table.rowsTotal, this.snapshot?.hidden ?? 0);
      return;
    }
    canvas.fill(0, y, canvas.width, 1, ' ', 'text');
    this.drawFooter(canvas, y);
  }

  onKey(key: string): Reaction {
    if (this.#search.typing) return this.#onSearchKey(key);
    if (key === 'ESCAPE' && this.#search.text !== null) {
      this.#search.clear();
      return REFRESH;
    }
    const reaction = dispatchKey(this.keys, key);
    return reaction.type === 'ignored' ? this.table.onKey(key) : reaction;
  }

  #onSearchKey(key: string): Reaction {
    const did = this.#search.onKey(key);
    if (did === 'changed') return REFRESH;
    return did === 'done' ? REDRAW : this.table.onKey(key);
  }

  onMouse(event: MouseEvent): Reaction {
    return this.table.onMouse(event);
  }

  #tableKeys(own: readonly KeyBinding[]): KeyBinding[] {
    const { sorts, searchFields, optionalColumns } = this.#spec;
    const taken = new Set(own.flatMap(({ keys }) => keys));
    const bindings = [
      binding(['s', 'S', 'o', 'F6'], 'S', 'Sort', 'Order; the same again turns it round', () => this.#openSort()),
      binding(['/'], '/', 'Search', 'Show only what contains a text; Esc shows all again', () => this.#startSearch()),
      binding(['C'], 'C', null, 'Columns: on and off', () => columnsDialog(optionalColumns, this.#hiddenColumns)),
      binding(['CTRL_S'], '^S', null, 'Save all rows, in this order and search, as CSV', () => this.#openSave()),
      binding(['l', 'L'], 'L', null, 'Draw the screen anew', () => ({ type: 'repaint' })),
      ...tableKeys((key) => this.table.onKey(key)),
      binding([' '], 'Space', null, 'One page down', () => this.table.onKey('PAGE_DOWN')),
      binding(['-'], '-', null, 'One page up', () => this.table.onKey('PAGE_UP')),
    ];
    const without = new Set<string>();
    if (sorts.length === 0) without.add('S');
    if (searchFields === null) without.add('/');
    if (optionalColumns.length === 0) without.add('C');
    return bindings
      .filter(({ label }) => !without.has(label))
      .map((binding) => ({ ...binding, keys: binding.keys.filter((each) => !taken.has(each)) }));
  }

  #startSearch(): Reaction {
    this.#search.start();
    return REDRAW;
  }

  #openSort(): Reaction {
    return sortDialog(this.#spec.sorts, this.#sort.column, (column) => {
      const same = this.#sort.column === column;
      this.#sort = { column, descending: same ? !this.#sort.descending : !this.#spec.ascendingSorts.has(column) };
      return REFRESH;
    });
  }

  #openSave(): Reaction {
    if (this.snapshot === null) return IGNORED;
    const question = this.#query({ offset: 0, limit: 0, follow: null });
    return saveDialog(this.#spec.monitor, this.snapshot.time, question);
  }
}
