/**
 * Engine side of the port monitor: feeds the port table from the bus and answers pages and slices of it. It knows no
 * service names and makes strings only for rows that are handed out.
 */
import type { Monitor, MonitorContext, Page, Query } from '../../src/engine/monitor.ts';
import { parseSearch } from '../../src/search/query.ts';
import { protocolWords, rowMatcher, type SearchedRow } from '../../src/search/rows.ts';
import { PART, PORT_PROTOCOLS, PortTable, QUANTITY } from '../../src/tables/port-table.ts';
import { selectRows } from '../../src/tables/row-selection.ts';
import { ipProtocolName } from '../../src/wire/numbers.ts';
import {
  PORT_SEARCH_FIELDS,
  type PortCounts,
  type PortExtra,
  type PortOptions,
  type PortRates,
  type PortRow,
  type PortSort,
  type PortView,
} from './types.ts';

/** Protocol (place in PORT_PROTOCOLS) and port of a port's id. */
const PORT_BITS = 16;
const PORT_MASK = 0xffff;
const MOST_PORTS = PORT_PROTOCOLS.length << PORT_BITS;
/** No port is followed. */
const NOBODY = -1;

/**
 * From this many ports on, which of them a page shows is chosen once a second, when rates change, and not at each of the
 * four pulls: looking through all of them costs more than counting the packets.
 */
const MANY_PORTS = 4096;
const SELECTION_SECONDS = 1;

/** The ports that a page shows. */
interface Selection {
  /** The query it answers, and the engine's time when it was made. */
  key: string;
  time: number;
  ids: Uint32Array;
  /** As in Page. */
  offset: number;
  shown: number;
  hidden: number;
}

type Key = (id: number) => number;

/** One question, understood. */
interface Lookup {
  view: PortView;
  key: Key;
  matches(id: number): boolean;
}

export class PortsMonitor implements Monitor<PortRow> {
  readonly name = 'ports';
  readonly usesConversations = true;
  #context: MonitorContext | null = null;
  #table: PortTable | null = null;
  #selection: Selection | null = null;

  attach(context: MonitorContext): () => void {
    const { bus, conversations, tcp } = context;
    const table = new PortTable(conversations, tcp);
    this.#context = context;
    this.#table = table;
    const stops = [
      bus.on('changed', (changed) => table.add(changed)),
      bus.on('batch', () => table.settle()),
      bus.on('window', ({ interval }) => {
        table.closeWindow(interval);
        this.#selection = null;
      }),
      bus.on('reset', () => {
        table.reset();
        this.#selection = null;
      }),
      bus.on('tick', () => table.setServicePorts(context.options.servicePorts ?? [])),
    ];
    table.setServicePorts(context.options.servicePorts ?? []);
    return () => {
      for (const stop of stops) stop();
    };
  }

  page(query: Query): Page<PortRow> {
    const { context, table } = this.#attached();
    const key = JSON.stringify(query);
    const last = this.#selection;
    const isFresh = last !== null && last.key === key && context.now() - last.time < SELECTION_SECONDS;
    const selection = isFresh ? last : { key, time: context.now(), ...select(this.#current(), query) };
    this.#selection = selection.shown + selection.hidden >= MANY_PORTS ? selection : null;
    const { ids, offset, shown, hidden } = selection;
    const rows = this.#frozen(table, viewOf(query), ids).rows(0, ids.length);
    return { rows, offset, rowsTotal: shown, hidden, extra: { ...this.#extra(table) } };
  }

  slices(query: Query, size: number): Iterable<PortRow[]> {
    const table = this.#current();
    return this.#frozen(table, viewOf(query), select(table, { ...query, follow: null }).ids).slices(size);
  }

  /** The port table, as new as the conversations are. */
  #current(): PortTable {
    const { context, table } = this.#attached();
    context.conversations.handOut();
    return table;
  }

  #attached(): { context: MonitorContext; table: PortTable } {
    if (this.#context === null || this.#table === null) throw new Error(`monitor ${this.name} is not attached`);
    return { context: this.#context, table: this.#table };
  }

  #frozen(table: PortTable, view: PortView, ids: Uint32Array): FrozenPorts {
    return new FrozenPorts(table, view, ids, this.#context?.knowsRates() ?? false);
  }

  #extra(table: PortTable): PortExtra {
    const { packetsPerSecond, bytesPerSecond, wireBytesPerSecond, ...counts } = table.totals();
    const known = this.#context?.knowsRates() ?? false;
    return {
      ...counts,
      packetsPerSecond: known ? packetsPerSecond : null,
      bytesPerSecond: known ? bytesPerSecond : null,
      wireBytesPerSecond: known ? wireBytesPerSecond : null,
    };
  }
}

/** The ports that answer a query. */
function select(table: PortTable, query: Query): Omit<Selection, 'key' | 'time'> {
  const { view, key, matches } = lookupOf(table, query);
  const forEach = (visit: (id: number) => void): void => table.forEach(view, visit);
  const { offset, limit, follow } = query;
  const asked = { forEach, most: MOST_PORTS, matches, key, tie: (a: number, b: number) => a - b };
  const { rows, ...places } = selectRows(asked, { offset, limit, follow: follow ?? NOBODY });
  return { ids: rows, ...places };
}

/** In the order of a frozen port's figures. */
const PARTS = [PART.total, PART.to, PART.from];
const QUANTITIES = [QUANTITY.packets, QUANTITY.ipBytes, QUANTITY.wireBytes];
const PART_FIGURES = QUANTITIES.length;
const COUNTERS = PARTS.length * PART_FIGURES;
/** Counters, then their rates, then conversations. */
const FIGURES = 2 * COUNTERS + 1;

/** Ports of one moment with their figures, so that rows that are written for a while still add up. */
class FrozenPorts {
  readonly #ids: Uint32Array;
  readonly #figures: Float64Array;
  readonly #knowsRates: boolean;

  constructor(table: PortTable, view: PortView, ids: Uint32Array, knowsRates: boolean) {
    this.#ids = ids;
    this.#figures = new Float64Array(ids.length * FIGURES);
    this.#knowsRates = knowsRates;
    let at = 0;
    for (const id of ids) {
      for (const part of PARTS) for (const of of QUANTITIES) this.#figures[at++] = table.counter(view, id, part, of);
      for (const part of PARTS) for (const of of QUANTITIES) this.#figures[at++] = table.rate(view, id, part, of);
      this.#figures[at++] = table.conversations(view, id);
    }
  }

  *slices(size: number): Generator<PortRow[]> {
    for (let at = 0; at < this.#ids.length; at += size) yield this.rows(at, at + size);
  }

  /** Places [begin, end). */
  rows(begin: number, end: number): PortRow[] {
    const rows: PortRow[] = [];
    for (let k = begin; k < Math.min(end, this.#ids.length); k++) rows.push(this.#row(k));
    return rows;
  }

  #row(k: number): PortRow {
    const id = this.#ids[k];
    const ipProtocol = PORT_PROTOCOLS[id >>> PORT_BITS];
    const part = (place: number): PortCounts & PortRates => this.#part(k * FIGURES + place * PART_FIGURES);
    return {
      id,
      protocol: ipProtocolName(ipProtocol),
      ipProtocol,
      port: id & PORT_MASK,
      total: part(0),
      to: part(1),
      from: part(2),
      conversations: this.#figures[k * FIGURES + 2 * COUNTERS],
    };
  }

  #part(at: number): PortCounts & PortRates {
    const figures = this.#figures;
    const rate = (quantity: number): number | null => (this.#knowsRates ? figures[at + COUNTERS + quantity] : null);
    return {
      packets: figures[at],
      ipBytes: figures[at + 1],
      wireBytes: figures[at + 2],
      packetsPerSecond: rate(QUANTITY.packets),
      bytesPerSecond: rate(QUANTITY.ipBytes),
      wireBytesPerSecond: rate(QUANTITY.wireBytes),
    };
  }
}

function viewOf({ options }: Query): PortView {
  return (options as Partial<PortOptions>).view ?? 'services';
}

function lookupOf(table: PortTable, query: Query): Lookup {
  const { search = null, searchNames } = query.options as Partial<PortOptions>;
  const view = viewOf(query);
  const key = sortKey(table, view, query.sort as PortSort | null);
  const matches = search === null ? null : rowMatcher(parseSearch(search, PORT_SEARCH_FIELDS), searchNames);
  return {
    view,
    key: query.descending ? (id) => -key(id) : key,
    matches: (id) => matches === null || matches(searchedPort(id)),
  };
}

function searchedPort(id: number): SearchedRow {
  const ipProtocol = PORT_PROTOCOLS[id >>> PORT_BITS];
  const port = id & PORT_MASK;
  const name = ipProtocolName(ipProtocol);
  return { port: [port], proto: protocolWords(name), ipProtocol, other: [`${name}/${port}`] };
}

/** The figure that rows are ordered by; what is none of them stands in the order of protocols and ports. */
function sortKey(table: PortTable, view: PortView, sort: PortSort | null): Key {
  const counter =
    (part: number, quantity: number): Key =>
    (id) =>
      table.counter(view, id, part, quantity);
  const rate =
    (part: number): Key =>
    (id) =>
      table.rate(view, id, part, QUANTITY.ipBytes);
  switch (sort) {
    case 'rate':
      return rate(PART.total);
    case 'rate-to':
      return rate(PART.to);
    case 'rate-from':
      return rate(PART.from);
    case 'bytes':
      return counter(PART.total, QUANTITY.ipBytes);
    case 'bytes-to':
      return counter(PART.to, QUANTITY.ipBytes);
    case 'bytes-from':
      return counter(PART.from, QUANTITY.ipBytes);
    case 'packets':
      return counter(PART.total, QUANTITY.packets);
    case 'packets-to':
      return counter(PART.to, QUANTITY.packets);
    case 'packets-from':
      return counter(PART.from, QUANTITY.packets);
    case 'conversations':
      return (id) => table.conversations(view, id);
    case 'port':
      return (id) => id & PORT_MASK;
    default:
      return (id) => id;
  }
}
