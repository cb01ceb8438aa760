/**
 * The host pair monitor's screen: what an iftop user knows, with bars behind the rows and a ruler that fits the traffic.
 * Turns snapshots into cells and keys into reactions; how rows look is kept in look.ts, what stands where in layout.ts,
 * the keys in keys.ts.
 */
import { formatCount } from '../../src/base/format.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import type { Query } from '../../src/engine/monitor.ts';
import { createHelp } from '../help/screen.ts';
import type { Area, Canvas } from '../kit/canvas.ts';
import { contentArea, inner } from '../kit/chrome.ts';
import { dispatchKey, IGNORED, type KeyBinding, REDRAW, REFRESH } from '../kit/keys.ts';
import type { MonitorQuery, MouseEvent, Reaction, Screen } from '../kit/screen.ts';
import { Search } from '../kit/search.ts';
import { hostsAndServices } from '../kit/search-names.ts';
import { layoutColumns, Table } from '../kit/table.ts';
import { columnsDialog, type SortChoice, saveDialog, sortDialog } from '../kit/table-dialogs.ts';
import { textWidth } from '../kit/text.ts';
import type { MonitorScreenOptions } from '../monitor-screen.ts';
import type { Choice } from './choices.ts';
import { OPTIONAL_COLUMNS } from './columns.ts';
import { PairConversationsScreen } from './conversations.ts';
import { drawRemainder, drawShortTotals, drawTotals, FOOTER_LINES, remainderTexts } from './footer.ts';
import { groupingWords, networksDialog } from './grouping.ts';
import { type PairActions, pairKeys } from './keys.ts';
import { type PairsLayout, pairsLayout } from './layout.ts';
import { PairsLook } from './look.ts';
import { Prompt } from './prompt.ts';
import { drawRuler } from './ruler.ts';
import { patternProblem, ScreenFilterPattern } from './screen-filter.ts';
import {
  ASCENDING_HOST_PAIR_SORTS,
  HOST_PAIR_SEARCH_FIELDS,
  HOST_PAIR_SORTS,
  type HostPairExtra,
  type HostPairOptions,
  type HostPairRow,
  type HostPairSort,
  PAIR_WINDOWS,
} from './types.ts';
import { limitInShownUnit, roundWords } from './units.ts';
import type { PairsView } from './view.ts';

const SORTS: Record<HostPairSort, Omit<SortChoice, 'column'>> = {
  'rate-2s': { word: '2 s average', key: '1' },
  'rate-10s': { word: '10 s average', key: '2' },
  'rate-40s': { word: '40 s average', key: '3' },
  bytes: { word: 'bytes', key: 'b' },
  packets: { word: 'packets', key: 'p' },
  source: { word: 'our host', key: '<' },
  destination: { word: 'their host', key: '>' },
  interface: { word: 'interface', key: 'i' },
};

const RATE_COLUMNS: readonly HostPairSort[] = ['rate-2s', 'rate-10s', 'rate-40s'];
/** Pairs above the threshold that are counted: "20 or more" says enough. */
const MOST_ABOVE = 20;

/** Without `frozen`: neither the rows that are held nor how pairs are put together are touched. */
const BUSIEST: MonitorQuery = {
  monitor: 'host-pairs',
  query: {
    sort: 'rate-2s',
    descending: true,
    offset: 0,
    limit: MOST_ABOVE,
    follow: null,
    options: { search: null, screenFilter: null },
  },
};

/** What is being typed below the totals. */
interface Typed {
  what: 'screen filter' | 'expression';
  prompt: Prompt;
}

const say = (text: string, then: Reaction): Reaction => ({ type: 'all', reactions: [{ type: 'say', text }, then] });

export class HostPairsScreen implements Screen {
  readonly title: string;
  readonly keys: readonly KeyBinding[];
  readonly searchFields = HOST_PAIR_SEARCH_FIELDS;
  readonly #options: MonitorScreenOptions;
  readonly #look: PairsLook;
  readonly #search = new Search(HOST_PAIR_SEARCH_FIELDS);
  readonly #screenFilter = new ScreenFilterPattern();
  readonly #table = new Table<HostPairRow>({
    columns: [],
    rowId: (row) => row.id,
    joinsLines: false,
    // Held by o, it ended.
    rowStyle: (row) => (row.conversations === 0 ? 'dim' : null),
  });
  #order: { column: HostPairSort; descending: boolean };
  #typed: Typed | null = null;
  #snapshot: Snapshot<HostPairRow> | null = null;
  /** The busiest pairs, where a threshold is watched. */
  #busiest: readonly HostPairRow[] = [];

  constructor(options: MonitorScreenOptions) {
    this.title = `Host pairs: ${options.watched}`;
    this.#options = options;
    this.#look = new PairsLook(options);
    const { sort, screenFilter } = this.#look.view;
    const column = (options.sort ?? sort) as HostPairSort;
    this.#order = { column, descending: !ASCENDING_HOST_PAIR_SORTS.has(column) };
    this.#screenFilter.set(screenFilter);
    this.keys = pairKeys(this.#actions());
  }

  get #view(): PairsView {
    return this.#look.view;
  }

  queries(): readonly MonitorQuery[] {
    const page = this.#query(this.#table.pageQuery());
    // What is above the threshold may stand on no page.
    return this.#view.threshold === null ? [page] : [page, BUSIEST];
  }

  #query(page: Pick<Query, 'offset' | 'limit' | 'follow'>): MonitorQuery {
    const { column, descending } = this.#order;
    const { grouping, frozen } = this.#view;
    const { hosts } = this.#look;
    const options: HostPairOptions = {
      grouping,
      ...this.#search.options(hostsAndServices(hosts)),
      screenFilter: this.#screenFilter.query(hosts),
      frozen,
    };
    return { monitor: 'host-pairs', query: { sort: column, descending, ...page, options: { ...options } } };
  }

  update(snapshots: readonly Snapshot[]): void {
    const [page, busiest] = snapshots as readonly Snapshot<HostPairRow>[];
    this.#snapshot = page;
    this.#busiest = busiest?.rows ?? [];
    this.#table.setPage(page);
    this.#look.learn(page);
  }

  /** Pairs above the threshold, counted. */
  statusMark(): string | null {
    const { threshold } = this.#view;
    if (threshold === null) return null;
    const above = this.#busiest.filter((row) => this.#look.isAbove(row)).length;
    if (above === 0) return null;
    const { units } = this.#look;
    const limit = roundWords(limitInShownUnit(threshold, units), units);
    const counted = above === MOST_ABOVE ? `${above} or more pairs` : `${above} ${above === 1 ? 'pair' : 'pairs'}`;
    return `${counted} above ${limit}`;
  }

  draw(canvas: Canvas): void {
    const note = this.#noteTexts();
    const layout = pairsLayout(contentArea(canvas), {
      ruler: this.#view.bars,
      typed: this.#typed !== null || this.#search.visible,
      remainder: note.length > 0,
    });
    const inside = inner(layout.frame);
    this.#table.columns = this.#look.columns(inside.width, canvas.width);
    this.#table.linesPerRow = this.#view.lines === 'two-line' ? 2 : 1;
    this.#table.sort = this.#order;
    this.#drawRuler(canvas, layout, inside);
    this.#drawRows(canvas, layout.frame, inside);
    this.#drawTotals(canvas, layout.totals, inside);
    if (layout.noteY !== null) this.#drawNote(canvas, layout.noteY, note);
  }

  #drawRuler(canvas: Canvas, { rulerY }: PairsLayout, inside: Area): void {
    if (rulerY === null) return;
    canvas.fill(0, rulerY, canvas.width, 1, ' ', 'text');
    if (this.#snapshot === null) return;
    const word = `${PAIR_WINDOWS[this.#view.barWindow]} s`;
    drawRuler(canvas, { ...inside, y: rulerY }, this.#look.scale, this.#look.units, word);
  }

  #drawRows(canvas: Canvas, frame: Area, inside: Area): void {
    const bottomLeft = this.#countText(frame.width - 4);
    canvas.frame(frame.x, frame.y, frame.width, frame.height, 'frame', {
      bottomLeft,
      bottomRight: this.#placeText(frame.width - textWidth(bottomLeft) - 7),
      style: 'title',
    });
    this.#table.draw(canvas, inside, {
      header: 'border',
      scrollbarX: frame.x + frame.width - 1,
      cursorX: frame.x,
      ...(this.#view.bars ? { meter: (row, line) => this.#look.barShare(row, line) } : {}),
      highlight: this.#search.marked,
      emptyText: this.#emptyText(),
    });
  }

  #emptyText(): string {
    if (this.#snapshot === null) return 'waiting for the first figures';
    if (this.#search.text !== null) return 'nothing matches the search';
    if (this.#screenFilter.source !== null) return 'nothing matches the screen filter: l changes it';
    return 'no pair of hosts has said anything within 40 s';
  }

  /** How many, of what kind, how many are hidden by what; what does not fit is left out from the end. */
  #countText(room: number): string {
    if (this.#snapshot === null) return '';
    const { rowsTotal } = this.#table;
    const { hidden } = this.#snapshot;
    const words = groupingWords(this.#view.grouping);
    const reasons = [
      this.#search.text === null ? '' : 'search',
      this.#screenFilter.source === null ? '' : 'screen filter',
    ];
    const by = reasons.filter((reason) => reason !== '').join(' and ');
    const parts = [
      `${formatCount(rowsTotal)} ${rowsTotal === 1 ? 'pair' : 'pairs'}`,
      by === '' && hidden === 0 ? '' : `${formatCount(hidden)} hidden by ${by === '' ? 'search' : by}`,
      words,
    ].filter((part) => part !== '');
    while (parts.length > 1 && textWidth(parts.join(', ')) > room) parts.pop();
    return parts.join(', ');
  }

  /** Whether it stands still, order and place; the last ones stay longest where there is no room for all. */
  #placeText(room: number): string {
    const { rowsTotal, visibleRows, selectedIndex } = this.#table;
    const parts = [
      `by ${SORTS[this.#order.column].word}`,
      rowsTotal > visibleRows ? `${selectedIndex + 1}/${rowsTotal}` : '',
      this.#view.frozen ? 'FROZEN' : '',
    ].filter((part) => part !== '');
    while (parts.length > 0 && textWidth(parts.join(' ─ ')) > room) parts.shift();
    return parts.join(' ─ ');
  }

  #drawTotals(canvas: Canvas, area: Area, inside: Area): void {
    canvas.fill(0, area.y, canvas.width, area.height, ' ', 'text');
    if (this.#snapshot === null) return;
    const extra = this.#extra(this.#snapshot);
    const { units } = this.#look;
    if (area.height < FOOTER_LINES) {
      drawShortTotals(canvas, area.y, extra, units);
      return;
    }
    const placed = layoutColumns(this.#table.columns, inside, canvas.width, 1);
    const places = RATE_COLUMNS.map((name) => placed.find(({ column }) => column.id === name) ?? null);
    drawTotals(canvas, area, extra, units, places);
  }

  #extra(snapshot: Snapshot): HostPairExtra {
    return snapshot.extra as unknown as HostPairExtra;
  }

  #noteTexts(): string[] {
    return this.#snapshot === null ? [] : remainderTexts(this.#extra(this.#snapshot), this.#look.units);
  }

  #drawNote(canvas: Canvas, y: number, texts: readonly string[]): void {
    if (this.#typed !== null) this.#typed.prompt.draw(canvas, y);
    else if (this.#search.visible) this.#search.draw(canvas, y, this.#table.rowsTotal, this.#snapshot?.hidden ?? 0);
    else drawRemainder(canvas, y, texts);
  }

  onKey(key: string): Reaction {
    if (this.#typed !== null) return this.#onTypedKey(this.#typed, key);
    if (this.#search.typing) return this.#onSearchKey(key);
    if (key === 'ESCAPE' && this.#search.text !== null) {
      this.#search.clear();
      return REFRESH;
    }
    return dispatchKey(this.keys, key);
  }

  onMouse(event: MouseEvent): Reaction {
    return this.#table.onMouse(event);
  }

  #onSearchKey(key: string): Reaction {
    const did = this.#search.onKey(key);
    if (did === 'changed') return REFRESH;
    return did === 'done' ? REDRAW : this.#table.onKey(key);
  }

  #onTypedKey(typed: Typed, key: string): Reaction {
    const did = typed.prompt.onKey(key);
    if (did === 'ignored') return this.#table.onKey(key);
    if (did === 'cancelled') {
      this.#typed = null;
      return REDRAW;
    }
    if (did === 'changed') {
      typed.prompt.problem = typed.what === 'screen filter' ? patternProblem(typed.prompt.text) : null;
      return REDRAW;
    }
    return typed.what === 'screen filter' ? this.#applyScreenFilter(typed.prompt) : this.#applyExpression(typed.prompt);
  }

  #applyScreenFilter(prompt: Prompt): Reaction {
    const { text } = prompt;
    prompt.problem = this.#screenFilter.set(text);
    if (prompt.problem !== null) return REDRAW;
    this.#typed = null;
    return say(text === '' ? 'no screen filter: every pair is shown' : `only pairs that match /${text}/`, REFRESH);
  }

  /** The loop applies it; where that fails the line stays open with the reason, and the expression before holds. */
  #applyExpression(prompt: Prompt): Reaction {
    const isOpen = (): boolean => this.#typed?.prompt === prompt;
    return {
      type: 'filter',
      request: { type: 'apply-expression', text: prompt.text.trim() },
      done: () => {
        if (isOpen()) this.#typed = null;
        return REDRAW;
      },
      failed: (reason) => {
        if (isOpen()) prompt.problem = reason;
        return REDRAW;
      },
    };
  }

  #actions(): PairActions {
    return {
      openConversations: () => this.#openConversations(),
      openHelp: () => ({ type: 'open', screen: createHelp(this) }),
      openNetworks: () =>
        networksDialog(this.#view.grouping, (grouping) =>
          this.#choose({ change: { grouping }, says: groupingWords(grouping) || 'single hosts', wantsRows: true }),
        ),
      openSort: () => this.#openSort(),
      openColumns: () => columnsDialog(OPTIONAL_COLUMNS, this.#look.hiddenColumns),
      openSave: () => this.#openSave(),
      choose: (what) => this.#choose(what(this.#view)),
      sortBy: (column) => this.#sortBy(column, false),
      askScreenFilter: () => this.#ask('screen filter', this.#screenFilter.source ?? ''),
      askExpression: () => this.#ask('expression', this.#options.expression?.() ?? ''),
      startSearch: () => this.#startSearch(),
      move: (key) => this.#table.onKey(key),
    };
  }

  #choose({ change, says, wantsRows }: Choice): Reaction {
    this.#look.change(change);
    if (change.showTotals === true) this.#look.hiddenColumns.delete('total');
    if (change.showTotals === false) this.#look.hiddenColumns.add('total');
    if (this.#snapshot !== null) this.#look.learn(this.#snapshot);
    return say(says, wantsRows ? REFRESH : REDRAW);
  }

  /** `turns`: the column in force again turns the order round. */
  #sortBy(column: HostPairSort, turns: boolean): Reaction {
    const descending = !ASCENDING_HOST_PAIR_SORTS.has(column);
    const isSame = turns && this.#order.column === column;
    this.#order = { column, descending: isSame ? !this.#order.descending : descending };
    const later = this.#view.frozen ? ', once o lets rows move' : '';
    return say(`by ${SORTS[column].word}${later}`, REFRESH);
  }

  #openSort(): Reaction {
    const choices = HOST_PAIR_SORTS.map((column) => ({ column, ...SORTS[column] }));
    return sortDialog(choices, this.#order.column, (column) => this.#sortBy(column as HostPairSort, true));
  }

  #openSave(): Reaction {
    if (this.#snapshot === null) return IGNORED;
    return saveDialog('host-pairs', this.#snapshot.time, this.#query({ offset: 0, limit: 0, follow: null }));
  }

  #startSearch(): Reaction {
    this.#search.start();
    return REDRAW;
  }

  #ask(what: Typed['what'], text: string): Reaction {
    const [label, takes] =
      what === 'expression'
        ? ['Capture only:', 'as tcpdump takes it, empty for all']
        : ['Show only:', 'regular expression over both hosts, empty for all'];
    this.#typed = { what, prompt: new Prompt(label, text, takes) };
    return REDRAW;
  }

  /** The conversations of the marked pair. */
  #openConversations(): Reaction {
    const row = this.#table.selectedRow;
    if (row === null) return IGNORED;
    const { showNames, showServices } = this.#view;
    const options = { ...this.#options, showNames, showServices };
    return { type: 'open', screen: new PairConversationsScreen(options, row) };
  }
}
