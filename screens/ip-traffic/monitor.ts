/**
 * Engine side of the IP traffic monitor: answers pages and slices of the conversation table, and keeps the newest packets
 * for the packet-by-packet view while someone wants them. It owns no conversation and makes strings only for rows that
 * are handed out.
 *
 *   query ─► order, search ─► one pass over the table: counts, candidates ─► page of rows ─► plain values
 */
import type { InterfaceView } from '../../src/engine/messages.ts';
import type { Monitor, MonitorContext, Page, Query } from '../../src/engine/monitor.ts';
import { parseSearch } from '../../src/search/query.ts';
import { protocolWords, rowMatcher, type SearchedRow } from '../../src/search/rows.ts';
import { FACT_WORDS } from '../../src/tables/connection-facts.ts';
import {
  addressOffset,
  firstSide,
  ipProtocolOf,
  isTcp,
  networkOf,
  type OrderContext,
  portOf,
  type RowOrder,
  rowOrder,
  VLAN_ID,
  VLAN_PRESENT,
} from '../../src/tables/conversation-order.ts';
import { packetsOfPart, rowsOfPart, type SlotsOf } from '../../src/tables/conversation-part.ts';
import { ConversationSearch } from '../../src/tables/conversation-search.ts';
import { countStates } from '../../src/tables/conversation-states.ts';
import {
  type ConversationTable,
  ROW_DOUBLE,
  ROW_DOUBLES,
  ROW_FLAG,
  ROW_RATES,
  ROW_WORD,
  ROW_WORDS,
} from '../../src/tables/conversation-table.ts';
import { PacketRing } from '../../src/tables/packet-ring.ts';
import type { TcpTracker } from '../../src/tables/tcp-tracker.ts';
import { TopRows } from '../../src/tables/top-rows.ts';
import { addressText, macText } from '../../src/wire/address.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DECODE_STATUS_NAMES, DecodedBatch, KEY_WORDS, NETWORK, TCP_FLAG } from '../../src/wire/decoded-batch.ts';
import { describeIcmp, describePacket } from '../../src/wire/describe.ts';
import { etherTypeName, hasPorts, IP_PROTOCOL, ipProtocolName } from '../../src/wire/numbers.ts';
import { BATCH_CAPACITY } from '../../src/wire/packet-batch.ts';
import {
  CONVERSATION_SEARCH_FIELDS,
  CONVERSATION_STATES,
  type ConnectionFacts,
  type Endpoint,
  type IpTrafficExtra,
  type IpTrafficOptions,
  type IpTrafficRow,
  type IpTrafficWithin,
  PACKET_SEARCH_FIELDS,
  type PacketLine,
  type RatePair,
  type WithinFigures,
} from './types.ts';

/** Figures of one pass over the table. */
interface Survey {
  tcpConversations: number;
  otherConversations: number;
  tcpBytesPerSecond: number;
  otherBytesPerSecond: number;
  /** Rows of the panel that pass the search, and those that do not. */
  shown: number;
  hidden: number;
  within: WithinFigures | null;
}

/**
 * At this many conversations looking through all of them for every page costs more than counting the packets: the rows
 * of a page are chosen once a second, when rates change, and not at each of the four pulls.
 */
const LARGE_TABLE = 20_000;
const SELECTION_SECONDS = 1;

/** The rows that a page shows. */
interface Selection {
  /** The query it answers, and the engine's time when it was made. */
  key: string;
  time: number;
  /** ConversationTable.idOf of the rows, in order. */
  ids: number[];
  /** As in Page. */
  offset: number;
  shown: number;
  hidden: number;
  extra: IpTrafficExtra;
}

/** One query, understood. */
interface Lookup {
  order: RowOrder;
  /** null: nothing is restricted. */
  isWithin: ((row: number) => boolean) | null;
  /** The search; null: there is none. */
  matches: ((row: number) => boolean) | null;
  panel: IpTrafficOptions['panel'];
}

export class IpTrafficMonitor implements Monitor<IpTrafficRow | PacketLine> {
  readonly name = 'ip-traffic';
  readonly usesConversations = true;
  readonly usesRates = true;
  #context: MonitorContext | null = null;
  #search: { key: string; search: ConversationSearch } | null = null;
  #packets: PacketRing | null = null;
  /** By panel. */
  readonly #selections = new Map<string, Selection>();
  #clockSet = 0;

  attach(context: MonitorContext): () => void {
    this.#context = context;
    if (context.options.keepsPackets) this.#packets = new PacketRing();
    const stopBatches = context.bus.on('batch', (batch) => this.#packets?.add(batch));
    const stopWindows = context.bus.on('window', () => this.#selections.clear());
    const stopResets = context.bus.on('reset', () => {
      this.#selections.clear();
      if (this.#packets !== null) this.#packets = new PacketRing();
    });
    const stopClock = context.bus.on('clock-set', (by) => {
      this.#clockSet += by;
    });
    return () => {
      stopClock();
      stopBatches();
      stopWindows();
      stopResets();
    };
  }

  page(query: Query): Page<IpTrafficRow | PacketLine> {
    const options = readOptions(query);
    return options.panel === 'packets' ? this.#packetPage(query, options) : this.#rowPage(query, options);
  }

  slices(query: Query, size: number): Iterable<(IpTrafficRow | PacketLine)[]> {
    const options = readOptions(query);
    if (options.panel === 'packets') return [this.#packetPage(query, options).rows];
    const { conversations, knowsRates } = this.#attached();
    const lookup = this.#lookup(query, options);
    const top = new TopRows(conversations.count, conversations.count, lookup.order.tie);
    this.#survey(lookup, (row) => top.add(lookup.order.key(row), row));
    const limit = query.limit === 0 ? conversations.count : query.limit;
    return this.#slicesOf(new FrozenCounts(conversations, top.page(query.offset, limit), knowsRates()), size);
  }

  command(command: string, commandArguments: Record<string, unknown>): unknown {
    const { conversations, options, now } = this.#attached();
    switch (command) {
      case 'flush':
        this.#selections.clear();
        return { removed: conversations.removeClosed(now(), options.tcpTimeout) };
      case 'packets':
        this.#keepPackets(commandArguments.on === true);
        return null;
      case 'facts':
        return this.#takeFacts(commandArguments.final === true);
      case 'states':
        return countStates(conversations, now(), options.tcpTimeout).slice(0, CONVERSATION_STATES.length);
      default:
        throw new Error(`${this.name} has no command ${command}`);
    }
  }

  #attached(): MonitorContext {
    if (this.#context === null) throw new Error(`monitor ${this.name} is not attached`);
    return this.#context;
  }

  // --- conversations ----------------------------------------------------------------------------------------------

  #rowPage(query: Query, options: IpTrafficOptions): Page<IpTrafficRow> {
    const { conversations } = this.#attached();
    const { ids, offset, shown, hidden, extra } = this.#selectionFor(query, options);
    const builder = this.#builder();
    const rows: IpTrafficRow[] = [];
    for (const id of ids) {
      const row = conversations.rowOf(id);
      if (row >= 0) rows.push(builder.row(row));
    }
    return { rows, offset, rowsTotal: shown, hidden, extra: { ...extra } };
  }

  /** Which rows a page shows; of a large table the choice of a moment ago, with the counters of now. */
  #selectionFor(query: Query, options: IpTrafficOptions): Selection {
    const { conversations, now } = this.#attached();
    const key = JSON.stringify(query);
    const last = this.#selections.get(options.panel);
    if (last !== undefined && last.key === key && now() - last.time < SELECTION_SECONDS) return last;
    const selection = { key, time: now(), ...this.#select(query, options) };
    if (conversations.count >= LARGE_TABLE) this.#selections.set(options.panel, selection);
    else this.#selections.clear();
    return selection;
  }

  #select(query: Query, options: IpTrafficOptions): Omit<Selection, 'key' | 'time'> {
    const { conversations, knowsRates } = this.#attached();
    const lookup = this.#lookup(query, options);
    const followed = query.follow === null ? -1 : conversations.rowOf(query.follow);
    const position = followed < 0 ? -1 : this.#positionOf(followed, lookup);
    const limit = query.limit === 0 ? conversations.count : query.limit;
    const wanted = pageOffset(query.offset, limit, position);
    const top = new TopRows(wanted + limit, conversations.count, lookup.order.tie);
    const survey = this.#survey(lookup, (row) => top.add(lookup.order.key(row), row));
    const offset = Math.max(0, Math.min(wanted, survey.shown - limit));
    const { shown, hidden, ...figures } = survey;
    const extra = knowsRates() ? figures : withoutRates(figures);
    const ids = Array.from(top.page(offset, limit), (row) => conversations.idOf(row));
    return { ids, offset, shown, hidden, extra };
  }

  *#slicesOf(counts: FrozenCounts, size: number): Generator<IpTrafficRow[]> {
    const { conversations } = this.#attached();
    for (let at = 0; at < counts.ids.length; at += size) {
      const builder = this.#builder();
      const rows: IpTrafficRow[] = [];
      for (let k = at; k < Math.min(at + size, counts.ids.length); k++) {
        // Conversations may go while slices are being written.
        const row = conversations.rowOf(counts.ids[k]);
        if (row >= 0) rows.push(builder.row(row, counts, k));
      }
      yield rows;
    }
  }

  #builder(): RowBuilder {
    const { conversations, tcp, interfaces, now, knowsRates, options } = this.#attached();
    return new RowBuilder(conversations, tcp, interfaces(), now(), knowsRates(), options.tcpTimeout);
  }

  #lookup(query: Query, options: IpTrafficOptions): Lookup {
    const context = this.#attached();
    const { conversations: table, tcp } = context;
    const now = context.now();
    const { tcpTimeout } = context.options;
    const stateOf = (row: number): number => table.stateAt(row, now, tcpTimeout);
    const ranks = rankNames(context.interfaces());
    const orderContext: OrderContext = { table, tcp, stateOf, interfaceRank: (slot) => ranks.get(slot) ?? ranks.size };
    const search = this.#searchFor(options, context.interfaces());
    return {
      order: rowOrder(orderContext, query.sort, query.descending),
      isWithin: options.within === undefined ? null : rowsOfPart(table, options.within, slotsOf(context.interfaces())),
      matches: search === null ? null : (row) => search.matches(row, stateOf(row)),
      panel: options.panel,
    };
  }

  /** The search of these options; kept while they are the same, since a port number takes 65,536 comparisons. */
  #searchFor(options: IpTrafficOptions, interfaces: readonly InterfaceView[]): ConversationSearch | null {
    const { search: text, searchNames = [] } = options;
    if (text === null) return null;
    const names: string[] = [];
    for (const { slot, name } of interfaces) names[slot] = name;
    const key = JSON.stringify([text, searchNames, names]);
    if (this.#search?.key !== key) {
      const { conversations } = this.#attached();
      const query = parseSearch(text, CONVERSATION_SEARCH_FIELDS);
      const words = { states: CONVERSATION_STATES, interfaces: names };
      this.#search = { key, search: new ConversationSearch(conversations, query, searchNames, words) };
    }
    return this.#search.search;
  }

  /** One pass over the table; visits the rows that are shown. Large tables feel every step of this loop. */
  #survey(lookup: Lookup, visit: (row: number) => void): Survey {
    const { conversations: table } = this.#attached();
    const { u32, rates, highWater } = table;
    const { isWithin, matches, panel } = lookup;
    const within = isWithin === null ? null : noFigures();
    let shown = 0;
    let hidden = 0;
    let tcpConversations = 0;
    let otherConversations = 0;
    let tcpBytesPerSecond = 0;
    let otherBytesPerSecond = 0;
    for (let row = 0; row < highWater; row++) {
      if ((u32[row * ROW_WORDS + ROW_WORD.flags] & ROW_FLAG.live) === 0 || isWithin?.(row) === false) continue;
      if (within !== null) addFigures(within, table, row);
      const isTcpRow = isTcp(table, row);
      const bytesPerSecond = rates[row * ROW_RATES] + rates[row * ROW_RATES + 1];
      if (isTcpRow) {
        tcpConversations++;
        tcpBytesPerSecond += bytesPerSecond;
      } else {
        otherConversations++;
        otherBytesPerSecond += bytesPerSecond;
      }
      if (panel !== 'all' && isTcpRow !== (panel === 'tcp')) continue;
      if (matches === null || matches(row)) {
        shown++;
        visit(row);
      } else {
        hidden++;
      }
    }
    const conversations = { tcpConversations, otherConversations, tcpBytesPerSecond, otherBytesPerSecond };
    return { shown, hidden, ...conversations, within };
  }

  /** Place of a row in the order, or -1 when it is not shown. */
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

  // --- facts for logs ---------------------------------------------------------------------------------------------

  #takeFacts(final: boolean): ConnectionFacts {
    const { tcp, interfaces, now } = this.#attached();
    if (!tcp.facts.wanted) tcp.facts.start();
    const time = now();
    const piece = tcp.facts.take(final, time);
    return {
      time,
      clockSet: this.#clockSet,
      ...piece,
      interfaces: factInterfaces(piece.facts, interfaceNames(interfaces())),
    };
  }

  // --- packets ----------------------------------------------------------------------------------------------------

  #keepPackets(on: boolean): void {
    if (!on) this.#packets = this.#attached().options.keepsPackets ? this.#packets : null;
    else this.#packets ??= new PacketRing();
  }

  #packetPage(query: Query, options: IpTrafficOptions): Page<PacketLine> {
    const lines = this.#packets === null ? [] : this.#packetLines(this.#packets, options.within);
    const matches = rowMatcher(parseSearch(options.search ?? '', PACKET_SEARCH_FIELDS), options.searchNames);
    const shown = lines.filter((line) => matches(searchedLine(line)));
    const limit = query.limit === 0 ? shown.length : query.limit;
    const offset = Math.max(0, Math.min(query.offset, shown.length - limit));
    const rows = shown.slice(offset, offset + limit);
    return { rows, offset, rowsTotal: shown.length, hidden: lines.length - shown.length, extra: {} };
  }

  /** The packets that are kept and within what is given, oldest first, decoded again. */
  #packetLines(ring: PacketRing, within: IpTrafficWithin | undefined): PacketLine[] {
    const { options, interfaces } = this.#attached();
    const isWithin = within === undefined ? null : packetsOfPart(ring, within, slotsOf(interfaces()));
    const decoder = new Decoder({ decapsulate: options.decapsulate });
    const names = interfaceNames(interfaces());
    const decoded = ring.batches.map((packets) => {
      const batch = new DecodedBatch();
      decoder.decode(packets, batch);
      return batch;
    });
    const lines: PacketLine[] = [];
    const capacity = decoded.length * BATCH_CAPACITY;
    for (let number = ring.oldest; number < ring.count; number++) {
      const slot = number % capacity;
      const batch = decoded[Math.floor(slot / BATCH_CAPACITY)];
      if (isWithin?.(batch, slot) !== false) lines.push(packetLine(ring, batch, slot, number, names));
    }
    return lines;
  }
}

/** Names of the interfaces that these facts were seen on, by slot: on a host of containers there may be thousands. */
function factInterfaces(facts: Float64Array, names: ReadonlyMap<number, string>): Record<number, string> {
  const found: Record<number, string> = {};
  const words = new Uint32Array(facts.buffer, facts.byteOffset, facts.length * 2);
  for (let at = 0; at < words.length; at += FACT_WORDS) {
    const slot = words[at + ROW_WORD.interfaceSlot];
    found[slot] ??= nameOf(names, slot);
  }
  return found;
}

/** Where a row's counters and rates are: the table itself, or what they were when a snapshot began. */
interface RowCounts {
  /** packets 0, 1, IP bytes 0, 1, wire bytes 0, 1 of place k begin at k * countsStride + countsOffset. */
  counts: Float64Array;
  countsStride: number;
  countsOffset: number;
  /** ROW_RATES a place; null while no rate is known. */
  rates: Float32Array | null;
}

const COUNTERS = 6;

/** Counters as they were at one moment, so that rows that are written for a while still add up to that moment's totals. */
class FrozenCounts implements RowCounts {
  readonly ids: Float64Array;
  readonly counts: Float64Array;
  readonly countsStride = COUNTERS;
  readonly countsOffset = 0;
  readonly rates: Float32Array | null;

  constructor(table: ConversationTable, rows: ArrayLike<number>, knowsRates: boolean) {
    this.ids = new Float64Array(rows.length);
    this.counts = new Float64Array(rows.length * COUNTERS);
    const rates = new Float32Array(rows.length * ROW_RATES);
    this.rates = knowsRates ? rates : null;
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k];
      this.ids[k] = table.idOf(row);
      const from = row * ROW_DOUBLES + ROW_DOUBLE.packets;
      for (let c = 0; c < COUNTERS; c++) this.counts[k * COUNTERS + c] = table.f64[from + c];
      for (let r = 0; r < ROW_RATES; r++) rates[k * ROW_RATES + r] = table.rates[row * ROW_RATES + r];
    }
  }
}

/** Makes rows of one moment. */
class RowBuilder {
  readonly #live: RowCounts;
  readonly #table: ConversationTable;
  readonly #tcp: TcpTracker;
  readonly #names: ReadonlyMap<number, string>;
  readonly #now: number;
  readonly #tcpTimeout: number;

  constructor(
    table: ConversationTable,
    tcp: TcpTracker,
    interfaces: readonly InterfaceView[],
    now: number,
    knowsRates: boolean,
    tcpTimeout: number,
  ) {
    this.#table = table;
    this.#live = {
      counts: table.f64,
      countsStride: ROW_DOUBLES,
      countsOffset: ROW_DOUBLE.packets,
      rates: knowsRates ? table.rates : null,
    };
    this.#tcp = tcp;
    this.#names = interfaceNames(interfaces);
    this.#now = now;
    this.#tcpTimeout = tcpTimeout;
  }

  /** The row with the table's own counters, or with those at place k of a frozen copy. */
  row(row: number, source: RowCounts = this.#live, k = row): IpTrafficRow {
    const table = this.#table;
    const { u32, f64 } = table;
    const { counts, rates } = source;
    const countsAt = k * source.countsStride + source.countsOffset;
    const first = firstSide(table, row);
    const isIp = networkOf(table, row) !== NETWORK.other;
    const word = u32[row * ROW_WORDS + ROW_WORD.ports];
    const vlan = u32[row * ROW_WORDS + ROW_WORD.place] & 0xffff;
    const counted = (at: number): [number, number] => pair(first, (side) => counts[countsAt + at + side]);
    const rated = (at: number): RatePair =>
      pair(first, (side) => (rates === null ? null : rates[k * ROW_RATES + at + side]));
    return {
      id: table.idOf(row),
      protocol: isIp ? ipProtocolName(ipProtocolOf(table, row)) : etherTypeName(word),
      ipProtocol: isIp ? ipProtocolOf(table, row) : null,
      etherType: isIp ? null : word,
      interface: nameOf(this.#names, u32[row * ROW_WORDS + ROW_WORD.interfaceSlot]),
      vlan: (vlan & VLAN_PRESENT) === 0 ? null : vlan & VLAN_ID,
      endpoints: pair(first, (side) => this.#endpoint(row, side)),
      packets: counted(0),
      ipBytes: counted(2),
      wireBytes: counted(4),
      bytesPerSecond: rated(0),
      wireBytesPerSecond: rated(2),
      ...(isTcp(table, row) ? this.#tcpPart(row, first) : this.#otherPart(row, first)),
      state: CONVERSATION_STATES[table.stateAt(row, this.#now, this.#tcpTimeout)],
      process: null,
      firstSeen: table.firstSeen[row],
      lastSeen: f64[row * ROW_DOUBLES + ROW_DOUBLE.lastSeen],
    };
  }

  #tcpPart(row: number, first: 0 | 1) {
    const tcp = this.#tcp;
    const known = !Number.isNaN(tcp.retransmissions(row, 0));
    return {
      flags: pair(first, (side) => flagsText(tcp.lastFlags(row, side))),
      partial: (this.#table.u32[row * ROW_WORDS + ROW_WORD.flags] & ROW_FLAG.partial) !== 0,
      rttSeconds: orNull(tcp.rttSeconds(row)),
      retransmissions: known ? pair(first, (side) => tcp.retransmissions(row, side)) : null,
      window: pair(first, (side) => orNull(tcp.windowBytes(row, side))),
      lastPacketSize: pair(first, (side) => orNull(tcp.lastPacketSize(row, side))),
      detail: pair<string | null>(first, () => null),
    };
  }

  #otherPart(row: number, first: 0 | 1) {
    const protocol = ipProtocolOf(this.#table, row);
    const isIcmp = protocol === IP_PROTOCOL.icmp || protocol === IP_PROTOCOL.icmpv6;
    const last = this.#table.u32[row * ROW_WORDS + ROW_WORD.extra];
    const value = (side: number): number | null => (last >>> (side * 16)) & 0xffff || null;
    const detail = (side: number): string | null => {
      const type = value(side);
      return type === null || !isIcmp ? null : describeIcmp(protocol, type - 1);
    };
    return {
      flags: pair<string | null>(first, () => null),
      partial: null,
      rttSeconds: null,
      retransmissions: null,
      window: pair<number | null>(first, () => null),
      lastPacketSize: pair(first, (side) => (isIcmp ? null : value(side))),
      detail: pair(first, detail),
    };
  }

  #endpoint(row: number, side: number): Endpoint {
    const table = this.#table;
    const { u32, macs } = table;
    const at = addressOffset(row, side);
    const id = (u32[row * ROW_WORDS + ROW_WORD.macs] >>> (side * 16)) & 0xffff;
    const isIp = networkOf(table, row) !== NETWORK.other;
    return {
      address: isIp ? addressText(u32, at) : macText(u32[at + 2], u32[at + 3]),
      port: orNull(portOf(table, row, side)),
      name: null,
      mac: id === 0 ? null : macText(macs.highOf(id), macs.lowOf(id)),
    };
  }
}

/** Values of both sides, the sender of the first packet first. */
function pair<T>(first: 0 | 1, of: (side: number) => T): [T, T] {
  return first === 0 ? [of(0), of(1)] : [of(1), of(0)];
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** Where the page begins: at the row asked for, or moved as little as shows the followed row. */
function pageOffset(offset: number, limit: number, position: number): number {
  if (position < 0) return offset;
  if (position < offset) return position;
  return Math.max(offset, position - limit + 1);
}

function flagsText(flags: number): string | null {
  if (flags < 0) return null;
  const letter = (bit: number, text: string): string => ((flags & bit) === 0 ? '-' : text);
  return letter(TCP_FLAG.syn, 'S') + letter(TCP_FLAG.psh, 'P') + letter(TCP_FLAG.ack, 'A') + letter(TCP_FLAG.urg, 'U');
}

function interfaceNames(interfaces: readonly InterfaceView[]): ReadonlyMap<number, string> {
  return new Map(interfaces.map(({ slot, name }) => [slot, name]));
}

function slotsOf(interfaces: readonly InterfaceView[]): SlotsOf {
  return (name) => new Set(interfaces.filter((each) => each.name === name).map(({ slot }) => slot));
}

function nameOf(names: ReadonlyMap<number, string>, slot: number): string {
  return names.get(slot) ?? `#${slot}`;
}

function rankNames(interfaces: readonly InterfaceView[]): ReadonlyMap<number, number> {
  const sorted = [...interfaces].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const ranks = new Map<string, number>();
  for (const { name } of sorted) if (!ranks.has(name)) ranks.set(name, ranks.size);
  return new Map(interfaces.map(({ slot, name }) => [slot, ranks.get(name) ?? 0]));
}

function readOptions(query: Query): IpTrafficOptions {
  const { panel, search, searchNames, within } = query.options as Partial<IpTrafficOptions>;
  return { panel: panel ?? 'all', search: search || null, searchNames, within };
}

function noFigures(): WithinFigures {
  return { packets: 0, ipBytes: 0, wireBytes: 0, bytesPerSecond: 0, wireBytesPerSecond: 0 };
}

function addFigures(figures: WithinFigures, { f64, rates }: ConversationTable, row: number): void {
  const both = (word: number): number => f64[row * ROW_DOUBLES + word] + f64[row * ROW_DOUBLES + word + 1];
  const rated = (at: number): number => rates[row * ROW_RATES + at] + rates[row * ROW_RATES + at + 1];
  figures.packets += both(ROW_DOUBLE.packets);
  figures.ipBytes += both(ROW_DOUBLE.ipBytes);
  figures.wireBytes += both(ROW_DOUBLE.wireBytes);
  figures.bytesPerSecond = (figures.bytesPerSecond ?? 0) + rated(0);
  figures.wireBytesPerSecond = (figures.wireBytesPerSecond ?? 0) + rated(2);
}

/** Before the first window has closed. */
function withoutRates(extra: IpTrafficExtra): IpTrafficExtra {
  const within = extra.within === null ? null : { ...extra.within, bytesPerSecond: null, wireBytesPerSecond: null };
  return { ...extra, tcpBytesPerSecond: null, otherBytesPerSecond: null, within };
}

function packetLine(
  ring: PacketRing,
  batch: DecodedBatch,
  slot: number,
  number: number,
  names: ReadonlyMap<number, string>,
): PacketLine {
  const i = slot % BATCH_CAPACITY;
  const isIp = batch.network[i] !== NETWORK.other;
  const protocol = batch.ipProtocol[i];
  const withPorts = isIp && hasPorts(protocol);
  const address = (side: number): string => {
    const at = i * KEY_WORDS + side * 4;
    return isIp ? addressText(batch.key, at) : macText(batch.key[at + 2], batch.key[at + 3]);
  };
  return {
    number,
    time: batch.time[i],
    protocol: isIp ? ipProtocolName(protocol) : etherTypeName(batch.key[i * KEY_WORDS + 8]),
    ipProtocol: isIp ? protocol : null,
    interface: nameOf(names, batch.packets.interfaceSlot[i]),
    source: address(batch.direction[i]),
    sourcePort: withPorts ? ring.sourcePort[slot] : null,
    destination: address(1 - batch.direction[i]),
    destinationPort: withPorts ? ring.destinationPort[slot] : null,
    bytes: isIp ? ring.ipBytes[slot] : ring.wireBytes[slot],
    detail: describePacket(batch, i),
    malformed: ring.status[slot] === 0 ? null : DECODE_STATUS_NAMES[ring.status[slot]],
  };
}

function searchedLine(line: PacketLine): SearchedRow {
  const { source, destination, sourcePort, destinationPort, ipProtocol } = line;
  return {
    host: [source, destination],
    port: [sourcePort, destinationPort],
    proto: protocolWords(line.protocol),
    ipProtocol,
    iface: [line.interface],
    other: [line.detail],
  };
}
