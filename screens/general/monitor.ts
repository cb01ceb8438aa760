/**
 * Engine side of the general interface statistics: one row for each interface there is or was, what was captured of it
 * beside what the kernel counted. Counting is InterfaceStatistics' business, comparing with the kernel KernelComparison's.
 *
 *   interfaces of the kernel and of the capture, by name ─► rows ─► search ─► masters with their members ─► page
 */
import { frameRatesAlone, framesAlone, seesPackets } from '../../src/engine/counters-only.ts';
import { InterfaceStatistics, type TrafficRates } from '../../src/engine/interface-statistics.ts';
import { KernelComparison } from '../../src/engine/kernel-comparison.ts';
import type { LinkView } from '../../src/engine/link-view.ts';
import type { Monitor, MonitorContext, Page, Query } from '../../src/engine/monitor.ts';
import { parseSearch } from '../../src/search/query.ts';
import { rowMatcher, type SearchedRow } from '../../src/search/rows.ts';
import { MinuteHistory } from '../../src/tables/minute-history.ts';
import type { Counts } from '../../src/tables/totals.ts';
import { addCounts, type TrafficClass, type TrafficDirection } from '../../src/tables/traffic-classes.ts';
import type { DecodedBatch } from '../../src/wire/decoded-batch.ts';
import {
  GENERAL_SEARCH_FIELDS,
  type GeneralCounts,
  type GeneralExtra,
  type GeneralOptions,
  type GeneralRates,
  type GeneralRow,
  type GeneralSort,
  type InterfaceState,
} from './types.ts';

/** libpcap's pseudo-interface: which interface a packet came by is not known there. */
const PCAP_ALL = 'any';
const LOOPBACK = 'loopback';

/** An interface that there is or was, by its name. */
interface Known {
  id: number;
  name: string;
  /** The last that the kernel said of it; null: it never did (files, libpcap's pseudo-interface). */
  link: LinkView | null;
  isGone: boolean;
  /** Flushed: shown again when it comes back. */
  isHidden: boolean;
  /** Of its packets; several link types of one name have one each. */
  slots: number[];
}

interface Attached {
  context: MonitorContext;
  statistics: InterfaceStatistics;
  comparison: KernelComparison;
}

export class GeneralMonitor implements Monitor<GeneralRow> {
  readonly name = 'general';
  readonly usesConversations = false;
  #parts: Attached | null = null;
  /** Bytes per second of the newest rate windows, or of the last seconds of a file that is one window. */
  readonly #minute = new MinuteHistory();
  #windows = 0;
  /** Files: whole second of the first packet. */
  #firstSecond: number | null = null;
  readonly #known = new Map<string, Known>();

  attach(context: MonitorContext): () => void {
    // Made first: the counters have a batch before our own handlers see it.
    const statistics = context.shared(InterfaceStatistics);
    const comparison = new KernelComparison(context, statistics);
    this.#parts = { context, statistics, comparison };
    const stops = [
      comparison.start(),
      context.bus.on('batch', (batch) => this.#onBatch(batch)),
      // Read anew each second, also while nobody asks: interfaces that come and go between two questions are met.
      context.bus.on('tick', () => context.links()),
      context.bus.on('links', () => this.#meet()),
      context.bus.on('window', ({ interval }) => this.#onWindow(interval)),
      context.bus.on('reset', () => this.#reset()),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  page(query: Query): Page<GeneralRow> {
    const sees = seesPackets(this.#attached().context.options.source);
    const rows = this.#orderedRows(query);
    const at = query.follow === null ? -1 : rows.shown.findIndex(({ id }) => id === query.follow);
    const limit = query.limit === 0 ? rows.shown.length : query.limit;
    const wanted = at < 0 ? query.offset : Math.min(Math.max(query.offset, at - limit + 1), at);
    const offset = Math.max(0, Math.min(wanted, rows.shown.length - limit));
    const page = rows.shown.slice(offset, offset + limit);
    this.#addMinutes(page, readOptions(query));
    const extra: GeneralExtra = { interfaces: rows.total, gone: rows.gone };
    const rowsTotal = rows.shown.length;
    return {
      rows: sees ? page : page.map(asCounted),
      offset,
      rowsTotal,
      hidden: rows.total - rowsTotal,
      extra: { ...extra },
    };
  }

  *slices(query: Query, size: number): Generator<GeneralRow[]> {
    const { rows } = this.page(query);
    for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size);
  }

  command(command: string): unknown {
    if (command !== 'flush') throw new Error(`${this.name} has no command ${command}`);
    let removed = 0;
    for (const known of this.#known.values()) {
      if (!known.isGone || known.isHidden) continue;
      known.isHidden = true;
      removed++;
    }
    return { removed };
  }

  #attached(): Attached {
    if (this.#parts === null) throw new Error(`monitor ${this.name} is not attached`);
    return this.#parts;
  }

  // --- events -----------------------------------------------------------------------------------------------------

  get #isLive(): boolean {
    return this.#attached().context.options.source.kind === 'live';
  }

  #onBatch(batch: DecodedBatch): void {
    if (batch.count > 0 && !Number.isFinite(this.#attached().context.options.rateWindow)) this.#addSeconds(batch);
  }

  /** A file that is one rate window has its last minute from the packets' times. */
  #addSeconds({ count, selected, ipBytes, wireBytes, packets }: DecodedBatch): void {
    this.#firstSecond ??= packets.seconds[0];
    for (let i = 0; i < count; i++) {
      if (selected[i] === 0) continue;
      // Files are not always in order: what is older than the first packet belongs to its second.
      const second = Math.max(0, packets.seconds[i] - this.#firstSecond);
      this.#minute.add(packets.interfaceSlot[i], second, ipBytes[i], wireBytes[i]);
    }
  }

  #onWindow(seconds: number): void {
    const { context, statistics } = this.#attached();
    if (!Number.isFinite(context.options.rateWindow) || seconds <= 0) return;
    const window = this.#windows++;
    this.#minute.advance(window);
    for (let slot = 0; slot < statistics.classes.slots; slot++) {
      const rates = statistics.ratesOf(slot, 'total', 'total');
      if (rates === null || rates.packetsPerSecond === 0) continue;
      this.#minute.add(slot, window, rates.bytesPerSecond, rates.wireBytesPerSecond);
    }
  }

  #reset(): void {
    this.#minute.reset();
    this.#windows = 0;
    this.#firstSecond = null;
    for (const known of this.#known.values()) known.isHidden ||= known.isGone;
  }

  // --- interfaces -------------------------------------------------------------------------------------------------

  /** Takes note of interfaces that came, went, or carried their first packet. */
  #meet(): void {
    const { context } = this.#attached();
    const links = context.links();
    const { source } = context.options;
    const watched = source.kind === 'live' && source.interfaces !== 'all' ? new Set(source.interfaces) : null;
    const present = new Map((links ?? []).map((link) => [link.name, link]));
    for (const link of present.values()) if (watched === null || watched.has(link.name)) this.#knownOf(link.name);
    for (const known of this.#known.values()) known.slots = [];
    for (const { slot, name } of context.interfaces()) if (slot >= 0) this.#knownOf(name).slots.push(slot);
    for (const known of this.#known.values()) {
      const link = present.get(known.name);
      known.isGone = links !== null && link === undefined && known.name !== PCAP_ALL;
      if (link === undefined) continue;
      known.link = link;
      known.isHidden = false;
    }
  }

  #knownOf(name: string): Known {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const created = { id: this.#known.size, name, link: null, isGone: false, isHidden: false, slots: [] };
    this.#known.set(name, created);
    return created;
  }

  // --- rows -------------------------------------------------------------------------------------------------------

  #orderedRows(query: Query): { shown: GeneralRow[]; total: number; gone: number } {
    this.#meet();
    const shown = [...this.#known.values()].filter(({ isHidden }) => !isHidden);
    const rows = shown.map((known) => this.#row(known));
    const matches = rowMatcher(parseSearch(readOptions(query).search ?? '', GENERAL_SEARCH_FIELDS));
    const found = rows.filter((row) => matches(searched(row)));
    const gone = shown.filter(({ isGone }) => isGone).length;
    return { shown: belowMasters(found, comparison(query)), total: rows.length, gone };
  }

  #row({ id, name, link, isGone, slots }: Known): GeneralRow {
    const account = this.#attached().comparison.accountOf(name);
    const isComparable = this.#isComparable() && account !== null;
    const rates = this.#rates(slots, link);
    const speed = link?.speed ?? null;
    return {
      id,
      interface: name,
      depth: 0,
      state: !this.#isLive || name === PCAP_ALL ? null : stateOf(link, isGone),
      kind: link?.kind ?? null,
      master: link?.master ?? null,
      lower: link?.lower ?? [],
      speed,
      ...this.#counts(slots, link),
      rates,
      peak: this.#peak(slots, link),
      load: [loadOf(rates.incoming, speed), loadOf(rates.outgoing, speed)],
      kernel: account?.kernel ?? null,
      captured: isComparable ? [account.captured.inPackets, account.captured.outPackets] : null,
      missed: isComparable ? account.missed : null,
      memberShare: null,
      minute: [],
    };
  }

  /** What a filter leaves out is not counted here, and libpcap's pseudo-interface has all in one. */
  #isComparable(): boolean {
    return this.#attached().comparison.isComparable && !this.#isOneForAll();
  }

  #isOneForAll(): boolean {
    return this.#isLive && (this.#known.get(PCAP_ALL)?.slots.length ?? 0) > 0;
  }

  #counts(
    slots: readonly number[],
    link: LinkView | null,
  ): Pick<GeneralRow, 'total' | 'ipv4' | 'ipv6' | 'nonIp' | 'malformed' | 'checksumErrors' | 'incoming' | 'outgoing'> {
    const { statistics } = this.#attached();
    if (link !== null && this.#isOneForAll()) return UNKNOWN_COUNTS;
    const { classes } = statistics;
    const all = (trafficClass: TrafficClass): GeneralCounts =>
      sum(slots.map((slot) => classes.totalOf(slot, trafficClass)));
    const knows = this.#knownDirections(slots, link);
    const one = (direction: TrafficDirection): GeneralCounts | null =>
      knows[direction] ? sum(slots.map((slot) => classes.countsOf(slot, direction, 'total'))) : null;
    return {
      total: all('total'),
      ipv4: all('ipv4'),
      ipv6: all('ipv6'),
      nonIp: all('nonIp'),
      malformed: slots.reduce((packets, slot) => packets + classes.malformed(slot), 0),
      checksumErrors: slots.reduce((packets, slot) => packets + classes.checksumErrors(slot), 0),
      incoming: one('in'),
      outgoing: one('out'),
    };
  }

  /** Loopback packets are captured once, on their way in. A file tells directions if it does of any packet. */
  #knownDirections(slots: readonly number[], link: LinkView | null): Record<TrafficDirection, boolean> {
    const { statistics } = this.#attached();
    if (this.#isLive) return { in: true, out: link?.kind !== LOOPBACK, unknown: false };
    const told = slots.some((slot) => {
      const packets = (direction: TrafficDirection): number =>
        statistics.classes.countsOf(slot, direction, 'total').packets;
      return packets('in') + packets('out') > 0;
    });
    return { in: told, out: told, unknown: false };
  }

  #rates(slots: readonly number[], link: LinkView | null): GeneralRow['rates'] {
    const { statistics } = this.#attached();
    const rates = (direction: 'in' | 'out' | 'total'): GeneralRates | null => {
      // An interface that carried nothing has no slot, and the rates of one that carried nothing.
      const each = (slots.length === 0 ? [0] : slots).map((slot) => statistics.ratesOf(slot, direction, 'total'));
      if (each.some((one) => one === null)) return null;
      return slots.length === 0 ? sumRates([]) : sumRates(each as TrafficRates[]);
    };
    if (link !== null && this.#isOneForAll()) return { total: null, incoming: null, outgoing: null };
    const knows = this.#knownDirections(slots, link);
    return {
      total: rates('total'),
      incoming: knows.in ? rates('in') : null,
      outgoing: knows.out ? rates('out') : null,
    };
  }

  /** Of a name with several link types, which no live capture has, the highest of one. */
  #peak(slots: readonly number[], link: LinkView | null): GeneralRates | null {
    const { statistics } = this.#attached();
    if (link !== null && this.#isOneForAll()) return null;
    const peaks = (slots.length === 0 ? [0] : slots).map((slot) => statistics.peaksOf(slot, 'total', 'total'));
    if (peaks.some((peak) => peak === null)) return null;
    return slots.length === 0 ? sumRates([]) : highest(peaks as TrafficRates[]);
  }

  /** Last minutes, and what share of its master's members each member carried in it. */
  #addMinutes(rows: readonly GeneralRow[], { minute }: GeneralOptions): void {
    const sees = seesPackets(this.#attached().context.options.source);
    const members = new Map<string, number>();
    const carried = (known: Known): number =>
      this.#minute.bytesOf(known.slots, 'wire').reduce((bytes, each) => bytes + each, 0);
    for (const known of this.#known.values()) {
      const master = known.link?.master ?? null;
      if (master !== null && !known.isGone) members.set(master, (members.get(master) ?? 0) + carried(known));
    }
    for (const row of rows) {
      const known = this.#known.get(row.interface);
      if (known === undefined || row.total === null) continue;
      const all = row.master === null || known.isGone ? 0 : (members.get(row.master) ?? 0);
      if (all > 0) row.memberShare = carried(known) / all;
      if (minute !== null && (minute === 'wire' || sees)) row.minute = this.#minute.bytesOf(known.slots, minute);
    }
  }
}

/** What the kernel's counters do not tell is not known. */
function asCounted(row: GeneralRow): GeneralRow {
  const { total, incoming, outgoing } = row.rates;
  return {
    ...row,
    ...UNKNOWN_COUNTS,
    total: framesAlone(row.total),
    incoming: framesAlone(row.incoming),
    outgoing: framesAlone(row.outgoing),
    rates: {
      total: frameRatesAlone(total),
      incoming: frameRatesAlone(incoming),
      outgoing: frameRatesAlone(outgoing),
    },
    peak: frameRatesAlone(row.peak),
  };
}

const UNKNOWN_COUNTS = {
  total: null,
  ipv4: null,
  ipv6: null,
  nonIp: null,
  malformed: null,
  checksumErrors: null,
  incoming: null,
  outgoing: null,
} as const;

function readOptions({ options }: Query): GeneralOptions {
  const { search = null, minute = null } = options as Partial<GeneralOptions>;
  return { search, minute };
}

function stateOf(link: LinkView | null, isGone: boolean): InterfaceState {
  if (isGone || link === null) return 'gone';
  if (!link.up) return 'down';
  return link.running ? 'up' : 'no-carrier';
}

function sum(all: readonly Counts[]): GeneralCounts {
  const { packets, ipBytes, wireBytes } = all.reduce(
    (total, each) => {
      addCounts(total, each);
      return total;
    },
    { packets: 0, buffers: 0, ipBytes: 0, wireBytes: 0 },
  );
  return { packets, ipBytes, wireBytes };
}

function sumRates(all: readonly TrafficRates[]): GeneralRates {
  const total = { packetsPerSecond: 0, bytesPerSecond: 0, wireBytesPerSecond: 0 };
  for (const each of all) {
    total.packetsPerSecond += each.packetsPerSecond;
    total.bytesPerSecond += each.bytesPerSecond;
    total.wireBytesPerSecond += each.wireBytesPerSecond;
  }
  return total;
}

function highest(all: readonly TrafficRates[]): GeneralRates {
  const of = (measure: keyof TrafficRates): number => Math.max(...all.map((rates) => rates[measure]));
  return {
    packetsPerSecond: of('packetsPerSecond'),
    bytesPerSecond: of('bytesPerSecond'),
    wireBytesPerSecond: of('wireBytesPerSecond'),
  };
}

/** Speed in Mbit/s. */
function loadOf(rates: GeneralRates | null, speed: number | null): number | null {
  if (rates === null || speed === null || speed <= 0) return null;
  return (rates.wireBytesPerSecond * 8) / (speed * 1e6);
}

function searched({ interface: name, kind, state, master, lower }: GeneralRow): SearchedRow {
  const known = [kind, master, ...lower].filter((each) => each !== null);
  return { iface: [name], state: state === null ? [] : [state], other: known };
}

// --- order --------------------------------------------------------------------------------------------------------

type Comparison = (a: GeneralRow, b: GeneralRow) => number;

/** eth2 before eth10. */
const NAMES = new Intl.Collator('en', { numeric: true });

const errorsOf = ({ kernel }: GeneralRow): number =>
  kernel === null ? 0 : kernel.rxErrors + kernel.rxDropped + kernel.txErrors + kernel.txDropped;

const KEYS: Record<Exclude<GeneralSort, 'interface'>, (row: GeneralRow) => number> = {
  rate: ({ rates }) => rates.total?.wireBytesPerSecond ?? 0,
  packets: ({ total }) => total?.packets ?? 0,
  bytes: ({ total }) => total?.wireBytes ?? 0,
  load: ({ load }) => Math.max(load[0] ?? 0, load[1] ?? 0),
  errors: errorsOf,
  missed: ({ missed }) => missed ?? 0,
};

function comparison({ sort, descending }: Query): Comparison {
  const byName: Comparison = (a, b) => NAMES.compare(a.interface, b.interface);
  const way = descending ? -1 : 1;
  if (sort === null) return byName;
  if (sort === 'interface') return (a, b) => way * byName(a, b);
  const key = KEYS[sort as keyof typeof KEYS];
  if (key === undefined) throw new Error(`general has no order ${sort}`);
  return (a, b) => way * (key(a) - key(b)) || byName(a, b);
}

/** Members follow their master, one deeper; both in this order among their like. */
function belowMasters(rows: readonly GeneralRow[], compare: Comparison): GeneralRow[] {
  const shown = new Set(rows.map((row) => row.interface));
  const members = new Map<string | null, GeneralRow[]>();
  for (const row of rows) {
    const master = row.master !== null && shown.has(row.master) && row.state !== 'gone' ? row.master : null;
    const siblings = members.get(master);
    if (siblings === undefined) members.set(master, [row]);
    else siblings.push(row);
  }
  const ordered: GeneralRow[] = [];
  const append = (master: string | null, depth: number): void => {
    for (const row of (members.get(master) ?? []).sort(compare)) {
      row.depth = depth;
      ordered.push(row);
      append(row.interface, depth + 1);
    }
  };
  append(null, 0);
  return ordered;
}
