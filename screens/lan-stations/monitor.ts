/**
 * Engine side of the LAN station monitor: feeds the station table and answers pages and slices of it. It knows numbers
 * alone: names of makers and stations belong to who asks.
 */
import type { InterfaceView } from '../../src/engine/messages.ts';
import type { Monitor, MonitorContext, Page, Query } from '../../src/engine/monitor.ts';
import { parseSearch } from '../../src/search/query.ts';
import { type StationOrder, stationKey, stationOrder } from '../../src/tables/station-order.ts';
import { stationMatcher } from '../../src/tables/station-search.ts';
import {
  STATION_COUNT,
  STATION_DOUBLE,
  STATION_DOUBLES,
  STATION_RATES,
  StationTable,
} from '../../src/tables/station-table.ts';
import { TopRows } from '../../src/tables/top-rows.ts';
import { addressText, compareAddresses, macText } from '../../src/wire/address.ts';
import type { AddressBlocks } from '../../src/wire/address-blocks.ts';
import {
  type LanStationRow,
  type LanStationsExtra,
  type LanStationsOptions,
  STATION_SEARCH_FIELDS,
  type StationCounts,
  type StationRates,
} from './types.ts';

/** At so many rows a page's choice is used again for a second, while its counters are those of now. */
const LARGE_TABLE = 5000;
const SELECTION_SECONDS = 1;

/** The rows that a page shows. */
interface Selection {
  /** StationTable.idOf of the rows, in order. */
  ids: number[];
  offset: number;
  shown: number;
  hidden: number;
  extra: Pick<LanStationsExtra, 'stations' | 'groups'>;
}

/** One query, understood. */
interface Lookup {
  order: StationOrder;
  matches(row: number): boolean;
  panel: LanStationsOptions['panel'];
}

/** Figures of one pass over the table. */
interface Survey {
  stations: number;
  groups: number;
  /** Of the panel. */
  shown: number;
  hidden: number;
}

export class LanStationsMonitor implements Monitor<LanStationRow> {
  readonly name = 'lan-stations';
  readonly usesConversations = true;
  readonly #table: StationTable;
  #context: MonitorContext | null = null;
  #vendors: AddressBlocks | null = null;
  /** By panel: of a large table, the choice of a moment ago. */
  readonly #selections = new Map<string, { key: string; time: number; selection: Selection }>();

  /** `maximumStations`: at so many the longest idle are folded away. */
  constructor(maximumStations?: number) {
    this.#table = new StationTable(maximumStations);
  }

  attach(context: MonitorContext): () => void {
    this.#context = context;
    const { bus } = context;
    const table = this.#table;
    const undo = [
      bus.on('batch', (batch) => {
        table.account(batch);
        table.settleConversations(context.conversations);
      }),
      bus.on('changed', (changed) => table.noteConversations(changed, context.conversations)),
      bus.on('window', ({ interval }) => {
        table.closeWindow(interval);
        this.#selections.clear();
      }),
      bus.on('clock-set', (by) => table.moveMoments(by, context.now())),
      bus.on('reset', () => {
        table.reset();
        this.#selections.clear();
      }),
    ];
    return () => {
      for (const stop of undo) stop();
    };
  }

  page(query: Query): Page<LanStationRow> {
    const options = this.#readOptions(query);
    const { ids, offset, shown, hidden, extra } = this.#selectionFor(query, options);
    const table = this.#table;
    const builder = this.#builder();
    const rows: LanStationRow[] = [];
    for (const id of ids) {
      const row = table.rowOf(id);
      if (row >= 0) rows.push(builder.row(id, table, row));
    }
    return { rows, offset, rowsTotal: shown, hidden, extra: { ...this.#extra(extra) } };
  }

  slices(query: Query, size: number): Iterable<LanStationRow[]> {
    const options = this.#readOptions(query);
    const all = { ...query, follow: null, limit: query.limit === 0 ? this.#table.count : query.limit };
    const { ids } = this.#select(all, options);
    return slicesOf(new FrozenRows(this.#table, ids), this.#builder(), size);
  }

  #attached(): MonitorContext {
    if (this.#context === null) throw new Error(`monitor ${this.name} is not attached`);
    return this.#context;
  }

  /** Understands a query, and learns what it tells; addresses are then as new as the counters. */
  #readOptions({ options }: Query): LanStationsOptions {
    this.#attached().conversations.handOut();
    const given = options as Partial<LanStationsOptions>;
    if (given.vendors !== undefined) {
      this.#vendors = given.vendors;
      this.#selections.clear();
    }
    return { ...given, panel: given.panel ?? 'all', byteKind: given.byteKind ?? 'ip', search: given.search || null };
  }

  #extra({ stations, groups }: Selection['extra']): LanStationsExtra {
    const { evicted, withoutAddresses, count } = this.#table;
    return {
      stations,
      groups,
      evicted: { ...evicted, in: { ...evicted.in }, out: { ...evicted.out } },
      withoutAddresses: { ...withoutAddresses },
      isWithoutMacs: count === 0 && this.#isWithoutMacs(),
      knowsVendors: this.#vendors !== null,
    };
  }

  #isWithoutMacs(): boolean {
    const { links, options } = this.#attached();
    const { source } = options;
    if (source.kind === 'file') return false;
    const isWatched = (name: string): boolean => source.interfaces === 'all' || source.interfaces.includes(name);
    const watched = (links() ?? []).filter(({ name }) => isWatched(name));
    return watched.length > 0 && watched.every(({ mac }) => mac === null);
  }

  #builder(): RowBuilder {
    const { interfaces, knowsRates } = this.#attached();
    return new RowBuilder(this.#table, interfaces(), knowsRates());
  }

  // --- which rows -------------------------------------------------------------------------------------------------

  #selectionFor(query: Query, options: LanStationsOptions): Selection {
    if (this.#table.count < LARGE_TABLE) return this.#select(query, options);
    const { now } = this.#attached();
    const key = JSON.stringify({ ...query, options: { ...options, vendors: null } });
    const last = this.#selections.get(options.panel);
    if (last?.key === key && now() - last.time < SELECTION_SECONDS) return last.selection;
    const selection = this.#select(query, options);
    this.#selections.set(options.panel, { key, time: now(), selection });
    return selection;
  }

  #select(query: Query, options: LanStationsOptions): Selection {
    const table = this.#table;
    const lookup = this.#lookup(query, options);
    const limit = query.limit === 0 ? table.count : query.limit;
    const followed = query.follow === null ? -1 : table.rowOf(query.follow);
    const wanted = pageOffset(query.offset, limit, followed < 0 ? -1 : this.#positionOf(followed, lookup));
    const most = Math.max(1, table.count);
    const top = [0, 1].map(() => new TopRows(wanted + limit, most, lookup.order.tie));
    const kept = [0, 0];
    const { shown, hidden, stations, groups } = this.#survey(lookup, (row) => {
      const kind = table.isGroup(row) ? 1 : 0;
      kept[kind]++;
      top[kind].add(lookup.order.key(row), row);
    });
    const offset = Math.max(0, Math.min(wanted, shown - limit));
    const inOrder = [
      ...top[0].page(offset, limit),
      ...top[1].page(Math.max(0, offset - kept[0]), Math.max(0, offset + limit - Math.max(offset, kept[0]))),
    ];
    const ids = inOrder.map((row) => table.idOf(row));
    return { ids, offset, shown, hidden, extra: { stations, groups } };
  }

  #lookup(query: Query, options: LanStationsOptions): Lookup {
    const { interfaces } = this.#attached();
    const ranks = rankNames(interfaces());
    const order = stationOrder(
      {
        table: this.#table,
        bytes: options.byteKind,
        interfaceRank: (slot) => ranks.get(slot) ?? ranks.size,
        vendors: this.#vendors,
      },
      query.sort,
      query.descending,
    );
    return { order, matches: this.#matcher(options, interfaces()), panel: options.panel };
  }

  #matcher({ search, searchNames = [] }: LanStationsOptions, interfaces: readonly InterfaceView[]): Lookup['matches'] {
    if (search === null) return () => true;
    const names: string[] = [];
    for (const { slot, name } of interfaces) if (slot >= 0) names[slot] = name;
    const query = parseSearch(search, STATION_SEARCH_FIELDS);
    return stationMatcher(this.#table, query, searchNames, this.#vendors, names);
  }

  /** One pass over the table; visits the rows that are shown. */
  #survey({ matches, panel }: Lookup, visit: (row: number) => void): Survey {
    const table = this.#table;
    const survey: Survey = { stations: 0, groups: 0, shown: 0, hidden: 0 };
    for (let row = 0; row < table.highWater; row++) {
      if (!table.isLive(row)) continue;
      const isGroup = table.isGroup(row);
      survey[isGroup ? 'groups' : 'stations']++;
      if (panel !== 'all' && isGroup !== (panel === 'groups')) continue;
      if (matches(row)) {
        survey.shown++;
        visit(row);
      } else {
        survey.hidden++;
      }
    }
    return survey;
  }

  /** Place of a row in the order of its panel, or -1 when it is not shown. */
  #positionOf(followed: number, lookup: Lookup): number {
    const { key, tie } = lookup.order;
    const followedKey = key(followed);
    let position = 0;
    let isShown = false;
    this.#survey(lookup, (row) => {
      const rowKey = key(row);
      if (row === followed) isShown = true;
      else if (rowKey < followedKey || (rowKey === followedKey && tie(row, followed) < 0)) position++;
    });
    return isShown ? position : -1;
  }
}

/** Where the page begins: at the row asked for, or moved as little as shows the followed row. */
function pageOffset(offset: number, limit: number, position: number): number {
  if (position < 0) return offset;
  if (position < offset) return position;
  return Math.max(offset, position - limit + 1);
}

function rankNames(interfaces: readonly InterfaceView[]): ReadonlyMap<number, number> {
  const names = [...new Set(interfaces.map(({ name }) => name))].sort();
  return new Map(interfaces.map(({ slot, name }) => [slot, names.indexOf(name)]));
}

/** Memory that rows are read from: the table's own, or what it held when a snapshot began. */
interface RowMemory {
  u32: Uint32Array;
  f64: Float64Array;
  rates: Float32Array;
}

/** Rows as they were at one moment: what is written for a while still adds up to that moment's totals. */
class FrozenRows implements RowMemory {
  readonly ids: readonly number[];
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  readonly rates: Float32Array;

  constructor(table: StationTable, ids: readonly number[]) {
    this.ids = ids;
    this.f64 = new Float64Array(ids.length * STATION_DOUBLES);
    this.u32 = new Uint32Array(this.f64.buffer);
    this.rates = new Float32Array(ids.length * STATION_RATES);
    for (const [k, id] of ids.entries()) {
      const row = table.rowOf(id);
      this.f64.set(table.f64.subarray(row * STATION_DOUBLES, (row + 1) * STATION_DOUBLES), k * STATION_DOUBLES);
      this.rates.set(table.rates.subarray(row * STATION_RATES, (row + 1) * STATION_RATES), k * STATION_RATES);
    }
  }
}

function* slicesOf(frozen: FrozenRows, builder: RowBuilder, size: number): Generator<LanStationRow[]> {
  const { ids } = frozen;
  for (let at = 0; at < ids.length; at += size) {
    const slice = ids.slice(at, at + size);
    yield slice.map((id, k) => builder.row(id, frozen, at + k));
  }
}

/** Makes rows of one moment. */
class RowBuilder {
  readonly #table: StationTable;
  readonly #names: ReadonlyMap<number, string>;
  readonly #knowsRates: boolean;

  constructor(table: StationTable, interfaces: readonly InterfaceView[], knowsRates: boolean) {
    this.#table = table;
    this.#names = new Map(interfaces.map(({ slot, name }) => [slot, name]));
    this.#knowsRates = knowsRates;
  }

  /** Row `at` of some memory; its addresses as they are now, none when the station is gone. */
  row(id: number, { u32, f64, rates }: RowMemory, at: number): LanStationRow {
    const { high, low, slot } = stationKey(u32, at);
    const table = this.#table;
    const live = table.rowOf(id);
    const double = at * STATION_DOUBLES;
    const rate = at * STATION_RATES;
    const pair = (first: number): StationRates =>
      this.#knowsRates ? [rates[rate + first], rates[rate + first + 1]] : [null, null];
    return {
      id,
      kind: (high & 0x100) === 0 ? 'station' : 'group',
      interface: this.#names.get(slot) ?? `#${slot}`,
      mac: macText(high, low),
      description: null,
      addresses: live < 0 ? [] : this.#addresses(live),
      addressesTotal: live < 0 ? 0 : table.addresses.distinctCount(live),
      addressesExact: live >= 0 && table.addresses.isExact(live),
      in: countsAt(f64, double + STATION_DOUBLE.in),
      out: countsAt(f64, double + STATION_DOUBLE.out),
      bytesPerSecond: pair(0),
      wireBytesPerSecond: pair(2),
      firstSeen: f64[double + STATION_DOUBLE.firstSeen],
      lastSeen: f64[double + STATION_DOUBLE.lastSeen],
    };
  }

  /** In an order that stays while the newest change places. */
  #addresses(row: number): string[] {
    const { addresses } = this.#table;
    const { words } = addresses;
    const places = Array.from({ length: addresses.listedCount(row) }, (_, k) => addresses.addressAt(row, k));
    places.sort((a, b) => kindOf(words, a) - kindOf(words, b) || compareAddresses(words, a, words, b));
    return places.map((at) => addressText(words, at));
  }
}

/** IPv4, then IPv6, then link-local IPv6 (fe80::/10), which every station has. */
function kindOf(words: Uint32Array, at: number): number {
  if (words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0xffff) return 0;
  return words[at] >>> 22 === 0xfe80 >>> 6 ? 2 : 1;
}

function countsAt(f64: Float64Array, at: number): StationCounts {
  return {
    packets: f64[at + STATION_COUNT.packets],
    ipPackets: f64[at + STATION_COUNT.ipPackets],
    ipBytes: f64[at + STATION_COUNT.ipBytes],
    wireBytes: f64[at + STATION_COUNT.wireBytes],
  };
}
