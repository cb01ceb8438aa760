/**
 * The IP traffic monitor's screen: TCP conversations above, all others below, totals at the bottom. Turns snapshots into
 * cells and keys into reactions; what it wants to see (page, order, search) it says in queries(), one for each panel.
 */
import { DEFAULT_RATE_FORMAT, formatCount, type RateFormat } from '../../src/base/format.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import type { Query } from '../../src/engine/monitor.ts';
import { servicePorts } from '../../src/names/services.ts';
import type { Canvas } from '../kit/canvas.ts';
import { contentArea } from '../kit/chrome.ts';
import { chooseDialog, inputDialog } from '../kit/dialog.ts';
import { dispatchKey, IGNORED, type KeyBinding, REDRAW, REFRESH, TABLE_KEYS } from '../kit/keys.ts';
import type { MonitorQuery, MouseEvent, Reaction, Screen } from '../kit/screen.ts';
import { Table } from '../kit/table.ts';
import { textWidth } from '../kit/text.ts';
import { DEFAULT_VIEW, type IpTrafficView, isOver } from './cells.ts';
import { OPTIONAL_COLUMNS, otherColumns, TCP_MODES, type TcpMode, tcpColumns } from './columns.ts';
import { DetailsScreen } from './details.ts';
import { endpointText, LONGEST_ENDPOINT, type NameSource } from './endpoint.ts';
import { PacketView } from './packet-view.ts';
import { countText, drawTotals, inner, panelAreas, sortWord } from './panels.ts';
import { Search } from './search.ts';
import {
  ASCENDING_SORTS,
  IP_TRAFFIC_SORTS,
  type IpTrafficCommand,
  type IpTrafficExtra,
  type IpTrafficOptions,
  type IpTrafficRow,
  type IpTrafficSort,
} from './types.ts';

type Panel = 'tcp' | 'other';
const PANELS = ['tcp', 'other'] as const;

export interface IpTrafficScreenOptions {
  /** What is watched, for the title line: an interface, "all interfaces", a file. */
  watched: string;
  names: NameSource;
  rate?: RateFormat;
  byteKind?: 'ip' | 'wire';
  showNames?: boolean;
  showServices?: boolean;
  /** Order at first; default: the busiest first. */
  sort?: IpTrafficSort;
}

interface PanelState {
  table: Table<IpTrafficRow>;
  conversations: number;
  hidden: number;
}

const SORT_KEYS: Record<IpTrafficSort, string> = {
  rate: 'r',
  bytes: 'b',
  packets: 'p',
  source: 's',
  destination: 'd',
  port: 'o',
  protocol: 't',
  state: 'e',
  interface: 'i',
  'first-seen': 'f',
  'last-seen': 'l',
  rtt: 'm',
  retransmissions: 'x',
  window: 'w',
  size: 'z',
  vlan: 'v',
  mac: 'a',
};

/** Names and ports that one search may stand for: more would make every question to the engine large. */
const SEARCHED_NAMES = 500;

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

export class IpTrafficScreen implements Screen {
  readonly title: string;
  readonly keys: readonly KeyBinding[];
  readonly #panels: Record<Panel, PanelState> = { tcp: panelState(2), other: panelState(1) };
  readonly #search = new Search();
  readonly #names: NameSource;
  readonly #hiddenColumns = new Set<string>();
  #focus: Panel = 'tcp';
  #mode: TcpMode = 'counts';
  #sort: { column: IpTrafficSort; descending: boolean };
  #view: IpTrafficView;
  #snapshot: Snapshot | null = null;

  constructor(options: IpTrafficScreenOptions) {
    this.title = `IP traffic monitor: ${options.watched}`;
    this.#names = options.names;
    const sort = options.sort ?? 'rate';
    this.#sort = { column: sort, descending: !ASCENDING_SORTS.has(sort) };
    this.#view = {
      ...DEFAULT_VIEW,
      names: options.names,
      showNames: options.showNames ?? false,
      showServices: options.showServices ?? false,
      byteKind: options.byteKind ?? 'ip',
      rate: options.rate ?? DEFAULT_RATE_FORMAT,
      hiddenColumns: this.#hiddenColumns,
    };
    this.keys = this.#bindings();
  }

  queries(): readonly MonitorQuery[] {
    return PANELS.map((panel) => this.#query(panel, this.#panels[panel].table.pageQuery()));
  }

  #query(panel: IpTrafficOptions['panel'], page: Pick<Query, 'offset' | 'limit' | 'follow'>): MonitorQuery {
    const { column, descending } = this.#sort;
    const query: Query = { sort: column, descending, ...page, options: { ...this.#searchOptions(), panel } };
    return { monitor: 'ip-traffic', query };
  }

  /** The engine knows neither host nor service names: it is told which addresses and ports a name stands for. */
  #searchOptions(): Omit<IpTrafficOptions, 'panel'> {
    const search = this.#search.text;
    if (search === null) return { search };
    const text = search.toLowerCase();
    const { showNames, showServices } = this.#view;
    return {
      search,
      ...(showNames ? { searchAddresses: this.#names.addressesMatching(text, SEARCHED_NAMES) } : {}),
      ...(showServices ? { searchPorts: servicePorts(text, SEARCHED_NAMES) } : {}),
    };
  }

  update(snapshots: readonly Snapshot[]): void {
    for (const [i, panel] of PANELS.entries()) {
      const snapshot = snapshots[i] as Snapshot<IpTrafficRow>;
      const state = this.#panels[panel];
      state.table.setPage(snapshot);
      state.hidden = snapshot.hidden;
      const extra = snapshot.extra as unknown as IpTrafficExtra;
      state.conversations = panel === 'tcp' ? extra.tcpConversations : extra.otherConversations;
    }
    this.#snapshot = snapshots[0];
    this.#learnView(snapshots[0]);
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
    const areas = panelAreas(contentArea(canvas));
    const widest = canvas.width < 100 ? NARROW_INTERFACE : WIDE_INTERFACE;
    const view = { ...this.#view, interfaceWidth: Math.min(this.#view.interfaceWidth, widest) };
    const width = canvas.width - 2;
    this.#panels.tcp.table.columns = tcpColumns(this.#mode, view, width);
    this.#panels.other.table.columns = otherColumns(view, width);
    for (const panel of PANELS) this.#drawPanel(canvas, panel, areas[panel]);
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
      highlight: this.#search.text,
      emptyText: this.#emptyText(panel),
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

  #emptyText(panel: Panel): string {
    if (this.#snapshot === null) return 'waiting for the first figures';
    if (this.#search.text !== null) return 'nothing matches the search';
    return panel === 'tcp' ? 'no TCP connection seen yet' : 'nothing but TCP seen yet';
  }

  #drawBottom(canvas: Canvas, y: number): void {
    const { tcp, other } = this.#panels;
    if (this.#search.typing || this.#search.text !== null) {
      this.#search.draw(canvas, y, tcp.table.rowsTotal + other.table.rowsTotal, tcp.hidden + other.hidden);
    } else if (this.#snapshot !== null) {
      drawTotals(canvas, y, this.#snapshot, this.#snapshot.extra as unknown as IpTrafficExtra, this.#view);
    }
  }

  onKey(key: string): Reaction {
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
    for (const panel of PANELS) {
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
    const key = (keys: string[], label: string, bar: string | null, help: string, run: () => Reaction): KeyBinding => ({
      keys,
      label,
      help,
      bar,
      run,
    });
    const page = (way: 'PAGE_UP' | 'PAGE_DOWN') => (): Reaction => this.#table.onKey(way);
    return [
      key(['ENTER'], 'Enter', 'Details', 'Details; = seen from its start, > open before we began', () =>
        this.#openDetails(),
      ),
      key(['m', 'M'], 'M', 'More', 'TCP columns: counts, source MAC, sizes, round trip', () => this.#nextMode()),
      key(['s', 'S', 'o', 'F6'], 'S', 'Sort', 'Order; the same again turns it round', () => this.#openSort()),
      key(['/'], '/', 'Search', 'Show only what contains a text; Esc shows all again', () => this.#startSearch()),
      key(['w', 'W', 'TAB'], 'W', 'Window', 'The other panel (also Tab)', () => this.#switchPanel()),
      key(['p'], 'p', 'Packets', 'Packet by packet, the newest', () => this.#openPackets()),
      key(['n'], 'n', 'Names', 'Names of hosts by reverse DNS, or addresses', () => this.#toggle('showNames')),
      key(['f', 'F'], 'F', 'Flush', 'Remove closed, reset and timed-out rows', () => this.#flush()),
      key(['N'], 'N', null, 'Names of services (/etc/services), or port numbers', () => this.#toggle('showServices')),
      key(['C'], 'C', null, 'Columns on wide terminals: on and off', () => this.#openColumns(0)),
      key(['CTRL_S'], '^S', null, 'Save all rows, in this order and search, as CSV', () => this.#openSave()),
      key(['l', 'L'], 'L', null, 'Draw the screen anew', () => ({ type: 'repaint' })),
      ...TABLE_KEYS.map((help): KeyBinding => ({ ...help, run: (pressed) => this.#table.onKey(pressed) })),
      key([' '], 'Space', null, 'One page down', page('PAGE_DOWN')),
      key(['-'], '-', null, 'One page up', page('PAGE_UP')),
    ];
  }

  #openDetails(): Reaction {
    const row = this.#table.selectedRow;
    if (row === null) return IGNORED;
    return { type: 'open', screen: new DetailsScreen(row, this.#view) };
  }

  #openPackets(): Reaction {
    return { type: 'all', reactions: [PacketView.keeping(true), { type: 'open', screen: new PacketView(this.#view) }] };
  }

  #nextMode(): Reaction {
    this.#mode = TCP_MODES[(TCP_MODES.indexOf(this.#mode) + 1) % TCP_MODES.length];
    return REDRAW;
  }

  #switchPanel(): Reaction {
    this.#focus = this.#focus === 'tcp' ? 'other' : 'tcp';
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
    const choices = IP_TRAFFIC_SORTS.map((sort) => ({
      label: sort === this.#sort.column ? `${sortWord(sort)} (turn round)` : sortWord(sort),
      hotKey: SORT_KEYS[sort],
      run: (): Reaction => this.#sortBy(sort),
    }));
    const selected = IP_TRAFFIC_SORTS.indexOf(this.#sort.column);
    return { type: 'open', screen: chooseDialog('Sort by', choices, selected) };
  }

  #sortBy(column: IpTrafficSort): Reaction {
    const same = this.#sort.column === column;
    this.#sort = { column, descending: same ? !this.#sort.descending : !ASCENDING_SORTS.has(column) };
    return REFRESH;
  }

  /** Choosing a column switches it and opens the list again, until Esc. */
  #openColumns(selected: number): Reaction {
    const choices = OPTIONAL_COLUMNS.map(([id, title], i) => ({
      label: `${this.#hiddenColumns.has(id) ? '[ ]' : '[x]'} ${title}`,
      run: (): Reaction => {
        if (!this.#hiddenColumns.delete(id)) this.#hiddenColumns.add(id);
        return this.#openColumns(i);
      },
    }));
    return { type: 'open', screen: chooseDialog('Columns', choices, selected) };
  }

  #openSave(): Reaction {
    const snapshot = this.#snapshot;
    if (snapshot === null) return IGNORED;
    const time = new Date(snapshot.time * 1000);
    const stamp = Number.isNaN(time.getTime()) ? '' : `-${time.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
    const question = this.#query('all', { offset: 0, limit: 0, follow: null });
    const save = (path: string): Reaction =>
      path.trim() === '' ? REDRAW : { type: 'save', path: path.trim(), question };
    return { type: 'open', screen: inputDialog('Save rows as CSV', `ip-traffic${stamp}.csv`, save) };
  }
}
