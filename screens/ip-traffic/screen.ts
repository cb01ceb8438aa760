/**
 * The IP traffic monitor's screen: TCP conversations above, all others below, totals at the bottom. Turns snapshots into
 * cells and keys into reactions; what it wants to see (page, order, search) it says in queries(), one for each panel.
 */
import { DEFAULT_RATE_FORMAT, formatCount } from '../../src/base/format.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import type { Query } from '../../src/engine/monitor.ts';
import { IP_PROTOCOL } from '../../src/wire/numbers.ts';
import type { Canvas } from '../kit/canvas.ts';
import { contentArea, inner } from '../kit/chrome.ts';
import { binding, dispatchKey, IGNORED, type KeyBinding, REDRAW, REFRESH, tableKeys } from '../kit/keys.ts';
import type { MonitorQuery, MouseEvent, Reaction, Screen } from '../kit/screen.ts';
import { Search, type SearchOptions } from '../kit/search.ts';
import { hostsAndServices } from '../kit/search-names.ts';
import { Table } from '../kit/table.ts';
import { columnsDialog, saveDialog, sortDialog } from '../kit/table-dialogs.ts';
import { textWidth } from '../kit/text.ts';
import type { MonitorScreenOptions, NameSource } from '../monitor-screen.ts';
import { DEFAULT_VIEW, type IpTrafficView, isOver } from './cells.ts';
import { OPTIONAL_COLUMNS, otherColumns, TCP_MODES, type TcpMode, tcpColumns } from './columns.ts';
import { DetailsScreen } from './details.ts';
import { endpointText, LONGEST_ENDPOINT } from './endpoint.ts';
import { PacketView } from './packet-view.ts';
import { countText, drawTotals, emptyText, panelAreas } from './panels.ts';
import { SORT_CHOICES, sortWord } from './sorts.ts';
import {
  ASCENDING_SORTS,
  CONVERSATION_SEARCH_FIELDS,
  type IpTrafficCommand,
  type IpTrafficExtra,
  type IpTrafficOptions,
  type IpTrafficRow,
  type IpTrafficSort,
  type IpTrafficWithin,
} from './types.ts';
import { monitorTitle, type PartWords, partWords } from './within-words.ts';

type Panel = 'tcp' | 'other';
const PANELS = ['tcp', 'other'] as const;

interface PanelState {
  table: Table<IpTrafficRow>;
  conversations: number;
  hidden: number;
}

/** Interface names are shown in at most this many cells on narrow and on wide terminals. */
const NARROW_INTERFACE = 9;
const WIDE_INTERFACE = 15;

function panelState(linesPerRow: 1 | 2): PanelState {
  const table = new Table<IpTrafficRow>({
    columns: [],
    rowId: (row) => row.id,
    linesPerRow,
    rowStyle: (row) => (isOver(row.state) ? 'dim' : null),
  });
  return { table, conversations: 0, hidden: 0 };
}

/** What of the traffic the screen shows, and where it begins. */
export interface IpTrafficStart {
  /** Nothing but that part of the traffic is there. */
  within?: IpTrafficWithin;
  /** Marked at first, wherever it stands in the order. */
  marked?: IpTrafficRow;
}

function panelsOf(within: IpTrafficWithin | null): readonly Panel[] {
  const ipProtocol = within?.port?.ipProtocol ?? within?.hosts?.ipProtocol ?? null;
  if (ipProtocol === null) return PANELS;
  return ipProtocol === IP_PROTOCOL.tcp ? ['tcp'] : ['other'];
}

function panelOf(row: IpTrafficRow): Panel {
  return row.protocol === 'tcp' ? 'tcp' : 'other';
}

export class IpTrafficScreen implements Screen {
  readonly title: string;
  readonly keys: readonly KeyBinding[];
  readonly #panels: Record<Panel, PanelState> = { tcp: panelState(2), other: panelState(1) };
  readonly searchFields = CONVERSATION_SEARCH_FIELDS;
  readonly #search = new Search(CONVERSATION_SEARCH_FIELDS);
  readonly #names: NameSource;
  readonly #within: IpTrafficWithin | null;
  readonly #part: PartWords | null;
  /** Those that may have rows. */
  readonly #shownPanels: readonly Panel[];
  readonly #hiddenColumns = new Set<string>();
  #focus: Panel;
  #mode: TcpMode;
  #sort: { column: IpTrafficSort; descending: boolean };
  #view: IpTrafficView;
  #snapshot: Snapshot | null = null;
  /** To be marked as soon as rows come. */
  #awaited: IpTrafficRow | null;
  /** Said on the status line until the next key. */
  #notice: string | null = null;

  constructor(options: MonitorScreenOptions, { within, marked }: IpTrafficStart = {}) {
    this.#within = within ?? null;
    this.#shownPanels = panelsOf(this.#within);
    this.#awaited = marked ?? null;
    this.#focus = marked === undefined ? this.#shownPanels[0] : panelOf(marked);
    if (marked !== undefined) this.#table.markRow(marked.id);
    this.#part = within === undefined ? null : partWords(within, options.watched);
    this.title = this.#part?.title ?? monitorTitle(options.watched);
    this.#names = options.names;
    const sort = (options.sort ?? 'rate') as IpTrafficSort;
    this.#sort = { column: sort, descending: !ASCENDING_SORTS.has(sort) };
    this.#view = {
      ...DEFAULT_VIEW,
      names: options.names,
      showNames: options.showNames ?? false,
      showServices: options.showServices ?? false,
      showSourceMacs: options.showSourceMacs ?? false,
      byteKind: options.byteKind ?? 'ip',
      rate: options.rate ?? DEFAULT_RATE_FORMAT,
      hiddenColumns: this.#hiddenColumns,
    };
    this.#mode = this.#view.showSourceMacs ? 'mac' : 'counts';
    this.keys = this.#bindings();
  }

  queries(): readonly MonitorQuery[] {
    return this.#shownPanels.map((panel) => this.#query(panel, this.#panels[panel].table.pageQuery()));
  }

  #query(panel: IpTrafficOptions['panel'], page: Pick<Query, 'offset' | 'limit' | 'follow'>): MonitorQuery {
    const { column, descending } = this.#sort;
    const query: Query = {
      sort: column,
      descending,
      ...page,
      options: { ...this.#searchOptions(), ...this.#withinOptions(), panel },
    };
    return { monitor: 'ip-traffic', query };
  }

  /** The engine knows neither host nor service names: it is told which addresses and ports a name stands for. */
  #searchOptions(): SearchOptions {
    return this.#search.options(hostsAndServices({ ...this.#view, names: this.#names }));
  }

  #withinOptions(): Pick<IpTrafficOptions, 'within'> {
    return this.#within === null ? {} : { within: this.#within };
  }

  update(snapshots: readonly Snapshot[]): void {
    for (const [i, panel] of this.#shownPanels.entries()) {
      const snapshot = snapshots[i] as Snapshot<IpTrafficRow>;
      const state = this.#panels[panel];
      state.table.setPage(snapshot);
      state.hidden = snapshot.hidden;
      const extra = snapshot.extra as unknown as IpTrafficExtra;
      state.conversations = panel === 'tcp' ? extra.tcpConversations : extra.otherConversations;
    }
    const isFirst = this.#snapshot === null;
    this.#snapshot = snapshots[0];
    this.#learnView(snapshots[0]);
    this.#lookForAwaited();
    if (isFirst && this.#part !== null) this.#focusOnRows();
  }

  /** A part of the traffic may be in the panel below alone: Enter shall open something there. */
  #focusOnRows(): void {
    if (this.#table.rows.length > 0) return;
    this.#focus = this.#shownPanels.find((panel) => this.#panels[panel].table.rows.length > 0) ?? this.#focus;
  }

  /** Conversations end: the one that was to be marked may be gone before the first rows come. */
  #lookForAwaited(): void {
    const row = this.#awaited;
    this.#awaited = null;
    if (row === null || this.#table.rows.some(({ id }) => id === row.id)) return;
    this.#table.selectTop();
    const [a, b] = row.endpoints.map((endpoint) => endpointText(endpoint, row.protocol, this.#view));
    this.#notice = `ended and is no longer listed: ${row.protocol} ${a} and ${b}`;
  }

  statusText(): string | null {
    return this.#notice;
  }

  #learnView(snapshot: Snapshot): void {
    const { totals, interfaces } = snapshot;
    const view = this.#view;
    const isLong = (row: IpTrafficRow): boolean =>
      row.endpoints.some((endpoint) => endpointText(endpoint, 'tcp', view).length >= LONGEST_ENDPOINT - 10);
    this.#view = {
      ...view,
      time: snapshot.time,
      totalRate: view.byteKind === 'wire' ? totals.wireBytesPerSecond : totals.bytesPerSecond,
      interfaceWidth: interfaces.reduce((width, each) => Math.max(width, textWidth(each.name)), 6),
      severalInterfaces: interfaces.length > 1,
      longEndpoints: view.longEndpoints || this.#panels.tcp.table.rows.some(isLong),
    };
  }

  draw(canvas: Canvas): void {
    const areas = panelAreas(contentArea(canvas), this.#shownPanels);
    const widest = canvas.width < 100 ? NARROW_INTERFACE : WIDE_INTERFACE;
    const view = { ...this.#view, interfaceWidth: Math.min(this.#view.interfaceWidth, widest) };
    const width = canvas.width - 2;
    this.#panels.tcp.table.columns = tcpColumns(this.#mode, view, width);
    this.#panels.other.table.columns = otherColumns(view, width);
    for (const panel of this.#shownPanels) this.#drawPanel(canvas, panel, areas[panel]);
    this.#drawBottom(canvas, areas.totalsY);
  }

  #drawPanel(canvas: Canvas, panel: Panel, area: { x: number; y: number; width: number; height: number }): void {
    const state = this.#panels[panel];
    const hasFocus = this.#focus === panel;
    const style = hasFocus ? 'frame' : 'dim';
    const bottomLeft = this.#countText(panel);
    canvas.frame(area.x, area.y, area.width, area.height, style, {
      bottomLeft,
      bottomRight: this.#placeText(state.table, hasFocus, area.width - textWidth(bottomLeft) - 7),
      style: hasFocus ? 'title' : 'dim',
    });
    state.table.sort = this.#sort;
    state.table.draw(canvas, inner(area), {
      header: 'border',
      focused: hasFocus,
      scrollbarX: area.x + area.width - 1,
      highlight: this.#search.marked,
      emptyText: emptyText(panel, {
        began: this.#snapshot !== null,
        searched: this.#search.text !== null,
        part: this.#part?.short ?? null,
        isEmpty: this.#shownPanels.every((each) => this.#panels[each].conversations === 0),
      }),
    });
  }

  #countText(panel: Panel): string {
    const text = countText(panel, this.#panels[panel]);
    if (panel === 'tcp') return this.#showsPartial() ? `${text}, > open before we began` : text;
    const evicted = this.#snapshot?.evicted.conversations ?? 0;
    return evicted > 0 ? `${text}, ${formatCount(evicted)} evicted (table full)` : text;
  }

  /** The mark is explained where it is seen. */
  #showsPartial(): boolean {
    const { table } = this.#panels.tcp;
    return table.rows.slice(0, table.visibleRows).some((row) => row.partial === true);
  }

  /** Order, place and focus, the last ones longest where there is no room for all. */
  #placeText(table: Table<IpTrafficRow>, hasFocus: boolean, room: number): string {
    const total = table.rowsTotal;
    const place = total > table.visibleRows ? `${table.selectedIndex + 1}/${total}` : '';
    const order = hasFocus ? `by ${sortWord(this.#sort.column)}` : '';
    const parts = [order, place, hasFocus ? 'Active' : ''].filter((text) => text !== '');
    while (parts.length > 0 && textWidth(parts.join(' ─ ')) > room) parts.shift();
    return parts.join(' ─ ');
  }

  #drawBottom(canvas: Canvas, y: number): void {
    const { tcp, other } = this.#panels;
    if (this.#search.visible) {
      this.#search.draw(canvas, y, tcp.table.rowsTotal + other.table.rowsTotal, tcp.hidden + other.hidden);
    } else if (this.#snapshot !== null) {
      const extra = this.#snapshot.extra as unknown as IpTrafficExtra;
      drawTotals(canvas, y, this.#snapshot, extra, this.#view, this.#part?.short ?? null);
    }
  }

  onKey(key: string): Reaction {
    this.#notice = null;
    if (this.#search.typing) return this.#onSearchKey(key);
    if (key === 'ESCAPE' && this.#search.text !== null) {
      this.#search.clear();
      return REFRESH;
    }
    const reaction = dispatchKey(this.keys, key);
    return reaction.type === 'ignored' ? this.#table.onKey(key) : reaction;
  }

  #onSearchKey(key: string): Reaction {
    const did = this.#search.onKey(key);
    if (did === 'changed') return REFRESH;
    return did === 'done' ? REDRAW : this.#table.onKey(key);
  }

  onMouse(event: MouseEvent): Reaction {
    for (const panel of this.#shownPanels) {
      const reaction = this.#panels[panel].table.onMouse(event);
      if (reaction.type === 'ignored') continue;
      if (event.kind === 'press') this.#focus = panel;
      return reaction;
    }
    return IGNORED;
  }

  get #table(): Table<IpTrafficRow> {
    return this.#panels[this.#focus].table;
  }

  #bindings(): KeyBinding[] {
    const page = (way: 'PAGE_UP' | 'PAGE_DOWN') => (): Reaction => this.#table.onKey(way);
    return [
      this.enterBinding(),
      binding(['m', 'M'], 'M', 'More', 'TCP columns: counts, source MAC, sizes, round trip', () => this.#nextMode()),
      binding(['s', 'S', 'o', 'F6'], 'S', 'Sort', 'Order; the same again turns it round', () => this.#openSort()),
      binding(['/'], '/', 'Search', 'Show only what contains a text; Esc shows all again', () => this.#startSearch()),
      binding(['w', 'W', 'TAB'], 'W', 'Window', 'The other panel (also Tab)', () => this.#switchPanel()),
      binding(['p'], 'p', 'Packets', 'Packet by packet, the newest', () => this.#openPackets()),
      binding(['n'], 'n', 'Names', 'Names of hosts (~ as seen on the wire), or addresses', () =>
        this.#toggle('showNames'),
      ),
      binding(['f', 'F'], 'F', 'Flush', 'Remove closed, reset and timed-out rows', () => this.#flush()),
      binding(['N'], 'N', null, 'Names of services (/etc/services), or port numbers', () =>
        this.#toggle('showServices'),
      ),
      binding(['C'], 'C', null, 'Columns on wide terminals: on and off', () => this.#openColumns()),
      binding(['CTRL_S'], '^S', null, 'Save all rows, in this order and search, as CSV', () => this.#openSave()),
      binding(['l', 'L'], 'L', null, 'Draw the screen anew', () => ({ type: 'repaint' })),
      ...tableKeys((key) => this.#table.onKey(key)),
      binding([' '], 'Space', null, 'One page down', page('PAGE_DOWN')),
      binding(['-'], '-', null, 'One page up', page('PAGE_UP')),
    ];
  }

  /** What Enter does with the marked conversation. */
  protected enterBinding(): KeyBinding {
    const help = 'Details; = seen from its start, > open before we began';
    return this.openingBinding('Details', help, (row) => new DetailsScreen(row, this.#view));
  }

  /** Enter opens a screen about the marked conversation. */
  protected openingBinding(bar: string, help: string, screenOf: (row: IpTrafficRow) => Screen): KeyBinding {
    return binding(['ENTER'], 'Enter', bar, help, () => {
      const row = this.#table.selectedRow;
      return row === null ? IGNORED : { type: 'open', screen: screenOf(row) };
    });
  }

  /** Names that are shown now, for a screen that is opened from here. */
  protected get shownNames(): Pick<MonitorScreenOptions, 'showNames' | 'showServices'> {
    const { showNames, showServices } = this.#view;
    return { showNames, showServices };
  }

  #openPackets(): Reaction {
    return {
      type: 'all',
      reactions: [
        PacketView.keeping(true),
        {
          type: 'open',
          screen: new PacketView(this.#view, this.#names, this.#withinOptions(), this.#part?.whole ?? null),
        },
      ],
    };
  }

  #nextMode(): Reaction {
    this.#mode = TCP_MODES[(TCP_MODES.indexOf(this.#mode) + 1) % TCP_MODES.length];
    return REDRAW;
  }

  #switchPanel(): Reaction {
    const panels = this.#shownPanels;
    this.#focus = panels[(panels.indexOf(this.#focus) + 1) % panels.length];
    return REDRAW;
  }

  #startSearch(): Reaction {
    this.#search.start();
    return REDRAW;
  }

  #toggle(what: 'showNames' | 'showServices'): Reaction {
    this.#view = { ...this.#view, [what]: !this.#view[what] };
    return REDRAW;
  }

  #flush(): Reaction {
    return {
      type: 'engine',
      request: { type: 'command', monitor: 'ip-traffic', command: 'flush' satisfies IpTrafficCommand, arguments: {} },
    };
  }

  #openSort(): Reaction {
    return sortDialog(SORT_CHOICES, this.#sort.column, (column) => this.#sortBy(column as IpTrafficSort));
  }

  #sortBy(column: IpTrafficSort): Reaction {
    const same = this.#sort.column === column;
    this.#sort = { column, descending: same ? !this.#sort.descending : !ASCENDING_SORTS.has(column) };
    return REFRESH;
  }

  #openColumns(): Reaction {
    return columnsDialog(OPTIONAL_COLUMNS, this.#hiddenColumns);
  }

  #openSave(): Reaction {
    const snapshot = this.#snapshot;
    if (snapshot === null) return IGNORED;
    const question = this.#query('all', { offset: 0, limit: 0, follow: null });
    return saveDialog('ip-traffic', snapshot.time, question);
  }
}
