/**
 * Engine side of the host pair monitor: feeds the pair table from the bus, tells it which end of a conversation is ours,
 * and answers pages and slices of it. It knows no names and makes strings only for rows that are handed out.
 *
 * A question says how pairs are put together, and that is how the table keeps them, until another one says otherwise: a
 * change costs one pass over the conversations and loses no history. A screen changes that, a log does not follow: where
 * both ask (PairOptions.forLog) each has a table of its own. Questions without `frozen` are those of the log and of pipes.
 */
import type { PairOptions } from '../../src/engine/messages.ts';
import type { Monitor, MonitorContext, Page, Query } from '../../src/engine/monitor.ts';
import { parseSearch } from '../../src/search/query.ts';
import type { PairGrouping } from '../../src/tables/pair-grouping.ts';
import { PAIR_KEY } from '../../src/tables/pair-groups.ts';
import { type PairOrder, pairOrder } from '../../src/tables/pair-order.ts';
import { PAIR_COUNTER } from '../../src/tables/pair-readers.ts';
import { networkBits, PairFilter, PairSearch, portOf, sideAt } from '../../src/tables/pair-search.ts';
import { PairSides, type SideInterface } from '../../src/tables/pair-sides.ts';
import { PairTable } from '../../src/tables/pair-table.ts';
import { pageOffset, selectRows } from '../../src/tables/row-selection.ts';
import { addressText } from '../../src/wire/address.ts';
import { ipProtocolName } from '../../src/wire/numbers.ts';
import {
  HOST_PAIR_SEARCH_FIELDS,
  type HostPairExtra,
  type HostPairOptions,
  type HostPairRow,
  PAIR_WINDOWS,
  type PairCounts,
  type PairEndpoint,
  type PairQuantity,
  type PairRates,
  type WindowCounts,
  type WindowRates,
} from './types.ts';

const EVERYTHING: PairOptions = { quantity: 'ipBytes', networks: [], crossingOnly: false, linkLocal: true };
/** libpcap's pseudo-interface for all interfaces. */
const ALL_INTERFACES = 'any';
/** A first second that is shorter (a file that is) counts as one: of a moment no rate is known. */
const LEAST_FIRST_SECOND = 0.875;
/** Length of a last second in which the last packet came at once. */
const LEAST_SECOND = 1e-6;

/** The pairs that a page shows; places as in Page. */
interface Selection {
  pairs: Uint32Array;
  offset: number;
  shown: number;
  hidden: number;
}

/** A page of this moment, which is asked for several times. */
interface KnownPage extends Omit<Selection, 'pairs'> {
  /** The question it answers. */
  key: string;
  pairs: FrozenPairs;
}

export class HostPairsMonitor implements Monitor<HostPairRow> {
  readonly name = 'host-pairs';
  readonly usesConversations = true;
  #context: MonitorContext | null = null;
  #table: PairTable | null = null;
  /** Of a log beside a screen. */
  #logTable: PairTable | null = null;
  #sides: PairSides | null = null;
  /** Interfaces that packets had come by when their addresses were read. */
  #slots = 0;
  /** null: what it is of has changed since. */
  #page: KnownPage | null = null;
  #filter: PairFilter | null = null;
  /** Ids of all pairs there were when the order was frozen, in that order; null: it is not. */
  #frozen: Float64Array | null = null;

  attach(context: MonitorContext): () => void {
    const { bus, conversations, options } = context;
    const { quantity, forLog = false, ...sides } = options.pairs ?? EVERYTHING;
    const table = new PairTable(conversations, { quantity });
    const tables = [table];
    this.#context = context;
    this.#table = table;
    if (forLog) {
      this.#logTable = new PairTable(conversations, { quantity });
      tables.push(this.#logTable);
    }
    this.#sides = new PairSides(sides, conversations.macs);
    const stops = [
      bus.on('changed', (changed) => {
        // A packet came by an interface that none came by before.
        if (slotsOf(context.interfaces()) !== this.#slots) this.#readInterfaces();
        for (const each of tables) each.add(changed);
      }),
      bus.on('second', ({ counted, interval }) => {
        const isFirst = !table.knowsRates && interval < LEAST_FIRST_SECOND;
        for (const each of tables) each.closeSecond(isFirst ? 1 : Math.max(interval, LEAST_SECOND), counted);
        this.#page = null;
        // Read again where that was a while ago; what has changed comes as an event.
        context.links();
      }),
      bus.on('links', () => this.#readInterfaces()),
      bus.on('clock-set', (by) => {
        for (const each of tables) each.moveMoments(by, context.now());
      }),
      bus.on('reset', () => {
        for (const each of tables) each.reset();
        this.#page = null;
        this.#frozen = null;
      }),
    ];
    this.#decideSides();
    return () => {
      for (const stop of stops) stop();
    };
  }

  page(query: Query): Page<HostPairRow> {
    const table = this.#current(query);
    const key = JSON.stringify(query);
    if (this.#page?.key !== key) {
      const { pairs, ...places } = this.#select(table, query);
      this.#page = { key, pairs: new FrozenPairs(table, this.#names(), pairs), ...places };
    }
    const { pairs, offset, shown, hidden } = this.#page;
    return {
      rows: pairs.rows(0, pairs.count),
      offset,
      rowsTotal: shown,
      hidden,
      extra: { ...extraOf(table, this.#attached().context.now()) },
    };
  }

  slices(query: Query, size: number): Iterable<HostPairRow[]> {
    const table = this.#current(query);
    return new FrozenPairs(table, this.#names(), this.#select(table, query).pairs).slices(size);
  }

  // --- which end is ours ------------------------------------------------------------------------------------------

  /** Tells what is known of each interface that packets came by; decides anew where that is something else now. */
  #readInterfaces(): void {
    const { context, sides } = this.#attached();
    const links = context.links();
    const interfaces = context.interfaces();
    this.#slots = slotsOf(interfaces);
    const { source } = context.options;
    const isPromiscuous = source.kind !== 'live' || source.promiscuous;
    let hasChanged = false;
    for (const { slot, name } of interfaces) {
      if (slot < 0) continue;
      const link = links?.find((each) => each.name === name);
      let known: SideInterface | null = null;
      if (link !== undefined) {
        const { addresses, mac, master } = link;
        // A virtual interface takes frames for others too; not so a bridge, which hands up only what is for its host.
        const isChoosy = !link.virtual || link.kind === 'bridge';
        known = { addresses, mac, receivesOwnOnly: !isPromiscuous && master === null && isChoosy };
      } else if (links !== null && name === ALL_INTERFACES) {
        const addresses = links.flatMap((each) => each.addresses);
        known = { addresses, mac: null, receivesOwnOnly: false };
      }
      if (sides.setInterface(slot, known)) hasChanged = true;
    }
    if (hasChanged) this.#decideSides();
  }

  /** Not a moment for more changed rows: this may happen while some are being added. */
  #decideSides(): void {
    const { table, sides } = this.#attached();
    for (const each of [table, this.#logTable]) each?.setSides((words, at, macs) => sides.decide(words, at, macs));
    this.#page = null;
  }

  // --- questions --------------------------------------------------------------------------------------------------

  #attached(): { context: MonitorContext; table: PairTable; sides: PairSides } {
    if (this.#context === null || this.#table === null || this.#sides === null) {
      throw new Error(`monitor ${this.name} is not attached`);
    }
    return { context: this.#context, table: this.#table, sides: this.#sides };
  }

  /** The table, with pairs as the question wants them. */
  #current({ options }: Query): PairTable {
    const { context, table } = this.#attached();
    const { grouping, frozen } = options as Partial<HostPairOptions>;
    // Nobody's choice undoes somebody's: a screen may ask for both at once.
    if (grouping === undefined) return table;
    if (frozen === undefined && this.#logTable !== null) return this.#logTable;
    if (JSON.stringify(grouping) !== JSON.stringify(table.grouping)) {
      context.conversations.handOut();
      table.setGrouping(grouping);
      this.#page = null;
      this.#frozen = null;
      this.#filter = null;
    }
    return table;
  }

  /** Names of interfaces by slot. */
  #names(): string[] {
    const names: string[] = [];
    for (const { slot, name } of this.#attached().context.interfaces()) if (slot >= 0) names[slot] = name;
    return names;
  }

  #select(table: PairTable, query: Query): Selection {
    const { frozen } = query.options as Partial<HostPairOptions>;
    const names = this.#names();
    const order = pairOrder(table, query.sort, query.descending, interfaceRank(names));
    const matches = this.#matcher(table, query, names);
    if (frozen === false) this.#frozen = null;
    else if (frozen === true) this.#frozen ??= idsInOrder(table, order);
    const follow = query.follow === null ? -1 : table.pairOf(query.follow);
    const wanted = { offset: query.offset, limit: query.limit, follow };
    if (frozen === true && this.#frozen !== null) return selectFrozen(table, this.#frozen, matches, wanted);
    const { rows, ...places } = selectRows({ ...allOf(table), matches, ...order }, wanted);
    return { pairs: rows, ...places };
  }

  #matcher(table: PairTable, query: Query, names: readonly string[]): (pair: number) => boolean {
    const { search = null, searchNames = [], screenFilter = null } = query.options as Partial<HostPairOptions>;
    const terms = search === null ? null : parseSearch(search, HOST_PAIR_SEARCH_FIELDS);
    const searched = terms === null ? null : new PairSearch(table, terms, searchNames, names);
    if (screenFilter !== null && this.#filter?.key !== JSON.stringify(screenFilter)) {
      this.#filter = new PairFilter(table, screenFilter);
    }
    const filter = screenFilter === null ? null : this.#filter;
    if (searched === null && filter === null) return () => true;
    return (pair) => searched?.matches(pair) !== false && filter?.matches(pair) !== false;
  }
}

/** Interfaces that packets came by: others, that are down, come and go in the same list. */
function slotsOf(interfaces: readonly { slot: number }[]): number {
  return interfaces.reduce((count, { slot }) => count + Number(slot >= 0), 0);
}

/** Ranks of interface slots by name. */
function interfaceRank(names: readonly string[]): (slot: number) => number {
  const slots = names.map((_, slot) => slot).sort((a, b) => (names[a] < names[b] ? -1 : 1));
  const ranks: number[] = [];
  for (const [rank, slot] of slots.entries()) ranks[slot] = rank;
  return (slot) => ranks[slot] ?? slots.length;
}

function allOf(table: PairTable): { forEach(visit: (pair: number) => void): void; most: number } {
  return { forEach: (visit) => table.forEach(visit), most: Math.max(1, table.count) };
}

function idsInOrder(table: PairTable, order: PairOrder): Float64Array {
  const { rows } = selectRows({ ...allOf(table), matches: () => true, ...order }, { offset: 0, limit: 0, follow: -1 });
  return Float64Array.from(rows, (pair) => table.idOf(pair));
}

/** Of the pairs of then those that are still there. */
function selectFrozen(
  table: PairTable,
  ids: Float64Array,
  matches: (pair: number) => boolean,
  { offset, limit, follow }: { offset: number; limit: number; follow: number },
): Selection {
  const pairs: number[] = [];
  let hidden = 0;
  for (const id of ids) {
    const pair = table.pairOf(id);
    if (pair < 0) continue;
    if (matches(pair)) pairs.push(pair);
    else hidden++;
  }
  const rows = limit === 0 ? pairs.length : limit;
  const begin = pageOffset(offset, rows, follow < 0 ? -1 : pairs.indexOf(follow), pairs.length);
  return { pairs: Uint32Array.from(pairs.slice(begin, begin + rows)), offset: begin, shown: pairs.length, hidden };
}

const WINDOWS = PAIR_WINDOWS.length;
/** Doubles of a frozen pair, in their order: id, 6 window counts, 6 rates, 3 peaks, 6 counters, then these. */
const COUNTS_AT = 1;
const RATES_AT = COUNTS_AT + 2 * WINDOWS;
const PEAK_AT = RATES_AT + 2 * WINDOWS;
const COUNTERS_AT = PEAK_AT + 3;
const REST_AT = COUNTERS_AT + 6;
const FIGURES = REST_AT + 3;
const COUNTERS = [PAIR_COUNTER.packets, PAIR_COUNTER.ipBytes, PAIR_COUNTER.wireBytes];
const KEY_WORDS = 11;

/** Pairs of one moment with their figures, so that rows that are written for a while still add up. */
class FrozenPairs {
  readonly #figures: Float64Array;
  readonly #words: Uint32Array;
  readonly #sides: HostPairRow['side'][];
  readonly #grouping: PairGrouping;
  readonly #interfaces: readonly string[];
  readonly #knowsRates: boolean;
  readonly #quantity: PairQuantity;
  readonly count: number;

  constructor(table: PairTable, interfaces: readonly string[], pairs: Uint32Array) {
    this.count = pairs.length;
    this.#grouping = table.grouping;
    this.#interfaces = interfaces;
    this.#knowsRates = table.knowsRates;
    this.#quantity = table.quantity;
    this.#figures = new Float64Array(pairs.length * FIGURES);
    this.#words = new Uint32Array(pairs.length * KEY_WORDS);
    this.#sides = Array.from(pairs, (pair) => table.reason(pair));
    const peaks = table.peaks(pairs);
    for (const [k, pair] of pairs.entries()) {
      const from = table.wordsAt(pair);
      this.#words.set(table.words.subarray(from, from + KEY_WORDS), k * KEY_WORDS);
      this.#copy(table, pair, k * FIGURES);
      this.#figures.set(peaks.subarray(3 * k, 3 * k + 3), k * FIGURES + PEAK_AT);
    }
  }

  #copy(table: PairTable, pair: number, at: number): void {
    const figures = this.#figures;
    figures[at] = table.idOf(pair);
    for (let window = 0; window < WINDOWS; window++) {
      for (let side = 0; side < 2; side++) {
        figures[at + COUNTS_AT + 2 * window + side] = table.windowCount(pair, window, side);
        figures[at + RATES_AT + 2 * window + side] = table.rate(pair, window, side);
      }
    }
    for (const counter of COUNTERS) {
      figures[at + COUNTERS_AT + 2 * counter] = table.counter(pair, counter, 0);
      figures[at + COUNTERS_AT + 2 * counter + 1] = table.counter(pair, counter, 1);
    }
    figures[at + REST_AT] = table.conversations(pair);
    figures[at + REST_AT + 1] = table.firstSeen(pair);
    figures[at + REST_AT + 2] = table.lastSeen(pair);
  }

  *slices(size: number): Generator<HostPairRow[]> {
    for (let at = 0; at < this.count; at += size) yield this.rows(at, at + size);
  }

  /** Places [begin, end). */
  rows(begin: number, end: number): HostPairRow[] {
    const rows: HostPairRow[] = [];
    for (let k = begin; k < Math.min(end, this.count); k++) rows.push(this.#row(k));
    return rows;
  }

  #row(k: number): HostPairRow {
    const figures = this.#figures;
    const at = k * FIGURES;
    const words = k * KEY_WORDS;
    const { ours, theirs } = this.#grouping;
    const protocol = ours.ports || theirs.ports ? this.#words[words + PAIR_KEY.protocol] : null;
    const both = (from: number): PairCounts => [figures[at + from], figures[at + from + 1]];
    const rates = (from: number): PairRates => (this.#knowsRates ? both(from) : [null, null]);
    const peak = (place: number): number | null => (this.#knowsRates ? figures[at + PEAK_AT + place] : null);
    return {
      id: figures[at],
      interface: this.#interfaces[this.#words[words + PAIR_KEY.interfaceSlot]] ?? '',
      quantity: this.#quantity,
      endpoints: [this.#endpoint(words, 0), this.#endpoint(words, 1)],
      protocol: protocol === null ? null : ipProtocolName(protocol),
      ipProtocol: protocol,
      side: this.#sides[k],
      rates: [rates(RATES_AT), rates(RATES_AT + 2), rates(RATES_AT + 4)],
      counts: [both(COUNTS_AT), both(COUNTS_AT + 2), both(COUNTS_AT + 4)],
      peak: [peak(0), peak(1), peak(2)],
      packets: both(COUNTERS_AT),
      ipBytes: both(COUNTERS_AT + 2),
      wireBytes: both(COUNTERS_AT + 4),
      conversations: figures[at + REST_AT],
      firstSeen: figures[at + REST_AT + 1],
      lastSeen: figures[at + REST_AT + 2],
    };
  }

  #endpoint(words: number, place: 0 | 1): PairEndpoint {
    const side = place === 0 ? this.#grouping.ours : this.#grouping.theirs;
    const at = words + sideAt(place);
    return {
      address: side.hidden ? null : addressText(this.#words, at),
      prefix: side.hidden ? null : networkBits(side, this.#words, at),
      port: portOf(side, this.#words, words, place),
      name: null,
    };
  }
}

const UNKNOWN: WindowRates = [
  [null, null],
  [null, null],
  [null, null],
];

function extraOf(table: PairTable, now: number): HostPairExtra {
  const { rates, peak, counts, ...counters } = table.totals();
  return {
    quantity: table.quantity,
    secondsAgo: table.knowsRates ? Math.max(0, now - table.moment) : 0,
    totals: { rates: rates ?? UNKNOWN, peak: peak ?? [null, null, null], counts: counts as WindowCounts, ...counters },
    gone: { ...table.gone },
    more: { ...table.more },
    nonIp: { ...table.nonIp },
    leftOut: { ...table.leftOut },
  };
}
