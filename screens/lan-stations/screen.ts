/**
 * The LAN station monitor's screen: stations, or (W) the groups that frames were sent to. Who made a card and what a
 * station is called is known here alone; for an order or a search by it the engine is told numbers.
 */
import { formatCount } from '../../src/base/format.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import type { SearchTerm } from '../../src/search/query.ts';
import type { Canvas } from '../kit/canvas.ts';
import { drawFigures } from '../kit/figures.ts';
import { BACK, binding, IGNORED, type KeyBinding, REDRAW } from '../kit/keys.ts';
import type { Reaction } from '../kit/screen.ts';
import type { NamesOf } from '../kit/search.ts';
import { hostsAndServices } from '../kit/search-names.ts';
import type { Column } from '../kit/table.ts';
import type { SortChoice } from '../kit/table-dialogs.ts';
import { TableScreen } from '../kit/table-screen.ts';
import type { MonitorScreenOptions } from '../monitor-screen.ts';
import { footerFigures, type LanStationsView, learn, noStationsText, viewOf } from './cells.ts';
import { groupColumns, STATION_OPTIONAL, stationColumns } from './columns.ts';
import { describeStation } from './describe.ts';
import { StationDetails } from './details.ts';
import type { StationNameSources } from './names.ts';
import {
  LAN_STATIONS_ASCENDING,
  type LanStationRow,
  type LanStationsExtra,
  type LanStationsOptions,
  type LanStationsSort,
  STATION_SEARCH_FIELDS,
} from './types.ts';

type Panel = 'stations' | 'groups';

/** iptraf-ng's letters where it has them: P, I, B in and K, O, Y out. */
const SORTS: Record<LanStationsSort, { word: string; key: string; ofGroups?: true }> = {
  rate: { word: 'rate', key: 'r', ofGroups: true },
  bytes: { word: 'bytes', key: 't', ofGroups: true },
  packets: { word: 'packets', key: 'a', ofGroups: true },
  'ip-packets': { word: 'IP packets', key: 'z', ofGroups: true },
  'rate-in': { word: 'rate in', key: 'n' },
  'bytes-in': { word: 'bytes in', key: 'b' },
  'packets-in': { word: 'packets in', key: 'p' },
  'ip-packets-in': { word: 'IP packets in', key: 'i' },
  'rate-out': { word: 'rate out', key: 'u' },
  'bytes-out': { word: 'bytes out', key: 'y' },
  'packets-out': { word: 'packets out', key: 'k' },
  'ip-packets-out': { word: 'IP packets out', key: 'o' },
  mac: { word: 'MAC address', key: 'm', ofGroups: true },
  vendor: { word: 'vendor', key: 'v' },
  addresses: { word: 'number of IP addresses', key: 'd' },
  interface: { word: 'interface', key: 'e', ofGroups: true },
  'first-seen': { word: 'first seen', key: 'f', ofGroups: true },
  'last-seen': { word: 'last seen', key: 'l', ofGroups: true },
};

function sortsOf(panel: Panel): SortChoice[] {
  const all = Object.entries(SORTS).filter(([, { ofGroups }]) => panel === 'stations' || ofGroups);
  return all.map(([column, { word, key }]) => ({ column, word, key }));
}

export class LanStationsScreen extends TableScreen<LanStationRow> {
  readonly #panel: Panel;
  readonly #options: MonitorScreenOptions;
  readonly #sources: StationNameSources;
  readonly #termVendors = new WeakMap<SearchTerm, Uint16Array>();
  #view: LanStationsView;

  constructor(options: MonitorScreenOptions, sources: StationNameSources = {}, panel: Panel = 'stations') {
    const sorts = sortsOf(panel);
    super({
      monitor: 'lan-stations',
      title: `${panel === 'stations' ? 'LAN stations' : 'LAN groups (multicast, broadcast)'}: ${options.watched}`,
      rowId: (row) => row.id,
      linesPerRow: panel === 'stations' ? 2 : 1,
      sorts,
      ascendingSorts: LAN_STATIONS_ASCENDING,
      sort: sorts.find(({ column }) => column === options.sort)?.column ?? 'rate',
      searchFields: STATION_SEARCH_FIELDS,
      optionalColumns: STATION_OPTIONAL,
    });
    this.#panel = panel;
    this.#options = options;
    this.#sources = sources;
    this.#view = viewOf(options, sources);
  }

  override update(snapshots: readonly Snapshot[]): void {
    super.update(snapshots);
    this.#view = learn(this.#view, snapshots[0]);
  }

  protected override queryOptions(): Record<string, unknown> {
    const { stations, byteKind } = this.#view;
    const needsVendors = this.order.column === 'vendor' || this.isSearching;
    const knowsVendors = this.#extra?.knowsVendors ?? false;
    const options: Omit<LanStationsOptions, 'search'> = {
      panel: this.#panel,
      byteKind,
      ...(needsVendors && !knowsVendors ? { vendors: stations.vendors.blocks } : {}),
    };
    return { ...options };
  }

  /** What a station is called stands for the station, without a field and as its host. */
  protected override readonly namesOf: NamesOf = (term, isMeant) => {
    const { stations, names, showNames } = this.#view;
    const hosts = hostsAndServices({ names, showNames, showServices: false })(term, isMeant);
    const isCalled = term.field === null || term.field === 'host';
    return {
      ...hosts,
      ...(isCalled ? { macs: stations.macsMatching(isMeant) } : {}),
      ...(term.field === null || term.field === 'vendor' ? { vendors: this.#vendorsOf(term, isMeant) } : {}),
    };
  };

  /** Found once for each term that is typed: there are tens of thousands of makers. */
  #vendorsOf(term: SearchTerm, isMeant: (name: string) => boolean): Uint16Array {
    const vendors = this.#termVendors.get(term) ?? this.#view.stations.vendors.ownersMatching(isMeant);
    this.#termVendors.set(term, vendors);
    return vendors;
  }

  get #extra(): LanStationsExtra | undefined {
    return this.snapshot?.extra as unknown as LanStationsExtra | undefined;
  }

  protected columns(width: number, hidden: ReadonlySet<string>): readonly Column<LanStationRow>[] {
    const view = { ...this.#view, sort: this.order.column };
    return this.#panel === 'stations' ? stationColumns(view, width, hidden) : groupColumns(view, width, hidden);
  }

  protected countText(rowsTotal: number, hidden: number): string {
    const counted = (count: number, word: string): string => `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`;
    if (hidden > 0) return `${formatCount(rowsTotal)} of ${counted(rowsTotal + hidden, this.#panel.slice(0, -1))}`;
    if (this.#panel === 'groups') return counted(rowsTotal, 'group');
    const groups = this.#extra?.groups ?? 0;
    return groups === 0
      ? counted(rowsTotal, 'station')
      : `${counted(rowsTotal, 'station')}, ${counted(groups, 'group')} (W)`;
  }

  protected emptyText(): string {
    return this.#panel === 'stations' ? noStationsText(this.snapshot) : 'nothing was sent to a group yet';
  }

  protected drawFooter(canvas: Canvas, y: number): void {
    if (this.snapshot !== null) drawFigures(canvas, y, footerFigures(this.snapshot, this.#view));
  }

  protected ownKeys(): KeyBinding[] {
    const isStations = this.#panel === 'stations';
    const bindings = [
      binding(['ENTER'], 'Enter', 'Details', 'Everything about one: addresses, vendor, both directions', () =>
        this.#open(),
      ),
      isStations
        ? binding(['w', 'W', 'TAB'], 'W', 'Groups', 'Multicast and broadcast groups (also Tab)', () =>
            this.#openGroups(),
          )
        : binding(['w', 'W', 'TAB'], 'W', 'Stations', 'Back to the stations (also Tab)', () => BACK),
    ];
    if (!isStations) return bindings;
    return [
      ...bindings,
      binding(['d', 'D'], 'd', 'Describe', 'Give the station a description, or take it away', () => this.#describe()),
      binding(['n', 'N'], 'n', null, 'Names of IP addresses (~ as seen on the wire), or addresses', () =>
        this.#toggleNames(),
      ),
    ];
  }

  #open(): Reaction {
    const row = this.table.selectedRow;
    return row === null ? IGNORED : { type: 'open', screen: new StationDetails(row, this.#view) };
  }

  #openGroups(): Reaction {
    return { type: 'open', screen: new LanStationsScreen(this.#options, this.#sources, 'groups') };
  }

  #describe(): Reaction {
    const row = this.table.selectedRow;
    return row === null ? IGNORED : describeStation(row.mac, this.#view.stations);
  }

  #toggleNames(): Reaction {
    this.#view = { ...this.#view, showNames: !this.#view.showNames };
    return REDRAW;
  }
}
