/**
 * Engine side of the detailed interface statistics: one interface, or the sum of all that are watched, by class of
 * traffic and direction, with rates, averages, peaks and a history. What is counted stands in InterfaceStatistics, which
 * other monitors read too; here is the history, with the fullest second of each direction.
 *
 *   query.options.interface ─► slots of that name ─► sums over them ─► ten rows, always the same
 */
import { frameRatesAlone, framesAlone, seesPackets } from '../../src/engine/counters-only.ts';
import { InterfaceStatistics, type RateDirection, type TrafficRates } from '../../src/engine/interface-statistics.ts';
import { KernelComparison } from '../../src/engine/kernel-comparison.ts';
import type { KernelAccount } from '../../src/engine/kernel-ledger.ts';
import type { LinkView } from '../../src/engine/link-view.ts';
import type { Monitor, MonitorContext, Page, Query } from '../../src/engine/monitor.ts';
import { RateHistory, type SecondCounts } from '../../src/tables/rate-history.ts';
import type { Counts } from '../../src/tables/totals.ts';
import { addCounts, TRAFFIC_CLASSES, type TrafficDirection } from '../../src/tables/traffic-classes.ts';
import type {
  DetailedClass,
  DetailedCounts,
  DetailedDirections,
  DetailedExtra,
  DetailedHistory,
  DetailedOptions,
  DetailedRateFigures,
  DetailedRates,
  DetailedRow,
  KernelFigures,
} from './types.ts';

/** libpcap's pseudo-interface: its packets do not say which interface they came by. */
const ANY = 'any';

/** eth2 before eth10. */
const NAMES = new Intl.Collator('en', { numeric: true });

/** Kind of interface whose packets are captured once, as they come in. */
const LOOPBACK = 'loopback';

/** Slot of an interface that no packet came by. */
const NO_SLOT = -1;

/** What it works with. */
interface Attached {
  context: MonitorContext;
  statistics: InterfaceStatistics;
  history: RateHistory;
  comparison: KernelComparison;
}

/** What is shown: an interface, or the sum. */
interface Choice {
  /** null: the sum. */
  name: string | null;
  slots: readonly number[];
  /** Names that could be shown. */
  names: string[];
  /** Which directions are told apart. */
  knows: { incoming: boolean; outgoing: boolean };
}

export class DetailedMonitor implements Monitor<DetailedRow> {
  readonly name = 'detailed';
  readonly usesConversations = false;
  #parts: Attached | null = null;
  /** Of all interfaces together: the peak of a sum is not the sum of the peaks. */
  #castPeaks: Record<'broadcast' | 'multicast', TrafficRates | null> = { broadcast: null, multicast: null };

  attach(context: MonitorContext): () => void {
    const { bus, options } = context;
    // Before our own handlers: the history compares the counters of before and after a batch.
    const statistics = context.shared(InterfaceStatistics);
    const history = new RateHistory(statistics.classes, options.source.kind === 'live');
    const comparison = new KernelComparison(context, statistics);
    this.#parts = { context, statistics, history, comparison };
    const undo = [
      comparison.start(),
      bus.on('batch', (batch) => history.onBatch(batch)),
      bus.on('counted', () => history.onCounted()),
      bus.on('tick', (tick) => history.onTick(tick.time, tick.elapsed)),
      bus.on('clock-set', (by) => history.moveOrigin(by)),
      bus.on('window', () => this.#raiseCastPeaks()),
      bus.on('reset', () => {
        history.reset();
        this.#castPeaks = { broadcast: null, multicast: null };
      }),
    ];
    return () => {
      for (const each of undo) each();
    };
  }

  page(query: Query): Page<DetailedRow> {
    const choice = this.#choose(readOptions(query).interface);
    const sees = seesPackets(this.#attached().context.options.source);
    const rows = sees ? this.#rows(choice) : this.#rows(choice).slice(0, 1).map(asCounted);
    const extra = this.#extra(choice, readOptions(query).history);
    const end = query.limit === 0 ? rows.length : query.offset + query.limit;
    return {
      rows: rows.slice(query.offset, end),
      offset: query.offset,
      rowsTotal: rows.length,
      hidden: 0,
      extra: { ...(sees ? extra : extraAsCounted(extra, readOptions(query))) },
    };
  }

  slices(query: Query): Iterable<DetailedRow[]> {
    return [this.page(query).rows];
  }

  #attached(): Attached {
    if (this.#parts === null) throw new Error(`monitor ${this.name} is not attached`);
    return this.#parts;
  }

  // --- what is shown ----------------------------------------------------------------------------------------------

  #choose(wanted: string | null): Choice {
    const names = this.#names();
    const name = wanted ?? (names.length === 1 ? names[0] : null);
    const slots = this.#slotsOf(name);
    const incoming = this.#directionKnown(slots);
    const isLoopback = name !== null && this.#linkOf(name)?.kind === LOOPBACK;
    return { name, slots, names, knows: { incoming, outgoing: incoming && !isLoopback } };
  }

  /** Of the interfaces of this name (an interface made anew with another link type has another slot), null: of all. */
  #slotsOf(name: string | null): number[] {
    const views = this.#attached().context.interfaces();
    return views.filter((view) => view.slot >= 0 && (name ?? view.name) === view.name).map((view) => view.slot);
  }

  /** Interfaces that can be shown: those named, else those there are and those that packets came by. */
  #names(): string[] {
    const { context } = this.#attached();
    const { source } = context.options;
    if (source.kind === 'live' && source.interfaces !== 'all') return source.interfaces;
    const names = new Set(context.interfaces().map((view) => view.name));
    if (!names.has(ANY)) for (const link of context.links() ?? []) names.add(link.name);
    return [...names].sort(NAMES.compare);
  }

  // --- rows -------------------------------------------------------------------------------------------------------

  #rows(choice: Choice): DetailedRow[] {
    const { knows } = choice;
    if (this.#isInvisible(choice)) return [];
    return TRAFFIC_CLASSES.map((trafficClass, id) => {
      const rates = (direction: RateDirection): DetailedRates | null =>
        this.#rates(choice.slots, direction, trafficClass, 'ratesOf');
      return {
        id,
        interface: choice.name,
        class: trafficClass,
        total: this.#counts(choice.slots, null, trafficClass),
        incoming: knows.incoming ? this.#counts(choice.slots, 'in', trafficClass) : null,
        outgoing: knows.outgoing ? this.#counts(choice.slots, 'out', trafficClass) : null,
        rates: {
          total: rates('total'),
          incoming: knows.incoming ? rates('in') : null,
          outgoing: knows.outgoing ? rates('out') : null,
        },
      };
    });
  }

  /** libpcap watches all interfaces as one: nothing is known of one of them. */
  #isInvisible({ name }: Choice): boolean {
    return name !== null && name !== ANY && this.#slotsOf(ANY).length > 0;
  }

  /** A file may tell the direction of none of its packets, or of some: then the others are in neither. */
  #directionKnown(slots: readonly number[]): boolean {
    const { classes } = this.#attached().statistics;
    return slots.every((slot) => classes.countsOf(slot, 'unknown', 'total').buffers === 0);
  }

  /** `direction` null: all together. */
  #counts(slots: readonly number[], direction: TrafficDirection | null, trafficClass: DetailedClass): DetailedCounts {
    const { packets, ipBytes, wireBytes } = this.#sum(slots, direction, trafficClass);
    return { packets, ipBytes, wireBytes };
  }

  #sum(slots: readonly number[], direction: TrafficDirection | null, trafficClass: DetailedClass): Counts {
    const { classes } = this.#attached().statistics;
    const sum: Counts = { packets: 0, buffers: 0, ipBytes: 0, wireBytes: 0 };
    for (const slot of slots) {
      const counts =
        direction === null ? classes.totalOf(slot, trafficClass) : classes.countsOf(slot, direction, trafficClass);
      addCounts(sum, counts);
    }
    return sum;
  }

  #rates(
    slots: readonly number[],
    direction: RateDirection,
    trafficClass: DetailedClass,
    which: 'ratesOf' | 'averagesOf',
  ): TrafficRates | null {
    const { context, statistics } = this.#attached();
    if (!context.knowsRates()) return null;
    return sumOfRates(slots.map((slot) => statistics[which](slot, direction, trafficClass)));
  }

  // --- beside the rows --------------------------------------------------------------------------------------------

  #extra(choice: Choice, wanted: DetailedOptions['history']): DetailedExtra {
    const { classes } = this.#attached().statistics;
    const { name, slots } = choice;
    const total = (read: (slot: number) => number): number => slots.reduce((sum, slot) => sum + read(slot), 0);
    return {
      interface: name,
      interfaces: choice.names,
      directionKnown: choice.knows.incoming,
      averages: this.#averages(choice),
      peaks: this.#peaksOf(choice),
      ipChecksumErrors: total((slot) => classes.checksumErrors(slot)),
      malformed: total((slot) => classes.malformed(slot)),
      buffers: this.#sum(slots, null, 'total').buffers,
      link: name === null ? null : this.#linkOf(name),
      kernel: this.#kernelOf(choice),
      history: wanted === null ? null : this.#historyOf(choice, wanted),
    };
  }

  #linkOf(name: string): LinkView | null {
    const links = this.#attached().context.links();
    return links?.find((link) => link.name === name) ?? null;
  }

  /** Of the sum: of the interfaces that the kernel counts, each for itself. */
  #kernelOf({ name, names }: Choice): KernelFigures | null {
    const { comparison } = this.#attached();
    const accounts = (name === null ? names : [name]).map((each) => comparison.accountOf(each));
    const isComparable = comparison.isComparable && this.#slotsOf(ANY).length === 0;
    const known = accounts.filter((account) => account !== null);
    return known.length === 0 ? null : kernelFigures(known, isComparable);
  }

  #averages({ slots, knows }: Choice): DetailedRateFigures {
    return {
      total: this.#rates(slots, 'total', 'total', 'averagesOf'),
      incoming: knows.incoming ? this.#rates(slots, 'in', 'total', 'averagesOf') : null,
      outgoing: knows.outgoing ? this.#rates(slots, 'out', 'total', 'averagesOf') : null,
      broadcast: this.#rates(slots, 'total', 'broadcast', 'averagesOf'),
      multicast: this.#rates(slots, 'total', 'multicast', 'averagesOf'),
    };
  }

  /**
   * Of two slots under one name no peak is known. Broadcasts and multicasts have that of the rate windows, which a file
   * read in one window does not have.
   */
  #peaksOf({ name, slots, knows }: Choice): DetailedRateFigures {
    const { context, statistics, history } = this.#attached();
    const none = { total: null, incoming: null, outgoing: null, broadcast: null, multicast: null };
    if (!context.knowsRates() || (name !== null && slots.length > 1)) return none;
    const slot = name === null ? null : (slots[0] ?? NO_SLOT);
    if (slot !== null && !history.has(slot)) return none;
    const { total, incoming, outgoing } = history.peaksOf(slot);
    const casts =
      slot === null
        ? this.#castPeaks
        : {
            broadcast: statistics.peaksOf(slot, 'total', 'broadcast'),
            multicast: statistics.peaksOf(slot, 'total', 'multicast'),
          };
    return {
      total: perSecond(total),
      incoming: knows.incoming ? perSecond(incoming) : null,
      outgoing: knows.outgoing ? perSecond(outgoing) : null,
      ...(Number.isFinite(context.options.rateWindow) ? casts : { broadcast: null, multicast: null }),
    };
  }

  #raiseCastPeaks(): void {
    const slots = this.#slotsOf(null);
    const { broadcast, multicast } = this.#castPeaks;
    this.#castPeaks = {
      broadcast: higherRates(broadcast, this.#rates(slots, 'total', 'broadcast', 'ratesOf')),
      multicast: higherRates(multicast, this.#rates(slots, 'total', 'multicast', 'ratesOf')),
    };
  }

  #historyOf(
    { name, slots }: Choice,
    { resolution, points, measure }: NonNullable<DetailedOptions['history']>,
  ): DetailedHistory | null {
    const { context, history } = this.#attached();
    if (name !== null && !slots.every((slot) => history.has(slot))) return null;
    const series = history.series(name === null ? null : slots, resolution, measure, points, context.now());
    return { resolution, ...series };
  }
}

function perSecond({ packets, ipBytes, wireBytes }: SecondCounts): DetailedRates {
  return { packetsPerSecond: packets, bytesPerSecond: ipBytes, wireBytesPerSecond: wireBytes };
}

/** Sums; what loopback sends is not captured, and so neither counted nor missed. */
function kernelFigures(accounts: readonly KernelAccount[], isComparable: boolean): KernelFigures {
  const sum = (read: (account: KernelAccount) => number): number =>
    accounts.reduce((total, account) => total + read(account), 0);
  const sent = accounts.filter((account) => account.captured.outPackets !== null);
  const sumSent = (read: (account: KernelAccount) => number): number | null =>
    sent.length === 0 ? null : sent.reduce((total, account) => total + read(account), 0);
  return {
    rxPackets: sum(({ kernel }) => kernel.rxPackets),
    rxBytes: sum(({ kernel }) => kernel.rxBytes),
    txPackets: sumSent(({ kernel }) => kernel.txPackets),
    txBytes: sumSent(({ kernel }) => kernel.txBytes),
    rxErrors: sum(({ kernel }) => kernel.rxErrors),
    txErrors: sum(({ kernel }) => kernel.txErrors),
    rxDropped: sum(({ kernel }) => kernel.rxDropped),
    txDropped: sum(({ kernel }) => kernel.txDropped),
    missed: isComparable ? sum(({ missed }) => missed) : null,
  };
}

/** Several rates together; null where one of them is not known. Nothing at all is 0. */
function sumOfRates(rates: readonly (TrafficRates | null)[]): TrafficRates | null {
  const sum: TrafficRates = { packetsPerSecond: 0, bytesPerSecond: 0, wireBytesPerSecond: 0 };
  for (const each of rates) {
    if (each === null) return null;
    sum.packetsPerSecond += each.packetsPerSecond;
    sum.bytesPerSecond += each.bytesPerSecond;
    sum.wireBytesPerSecond += each.wireBytesPerSecond;
  }
  return sum;
}

/** The higher of two, each measure for itself. */
function higherRates(a: TrafficRates | null, b: TrafficRates | null): TrafficRates | null {
  if (a === null || b === null) return a ?? b;
  return {
    packetsPerSecond: Math.max(a.packetsPerSecond, b.packetsPerSecond),
    bytesPerSecond: Math.max(a.bytesPerSecond, b.bytesPerSecond),
    wireBytesPerSecond: Math.max(a.wireBytesPerSecond, b.wireBytesPerSecond),
  };
}

/** Of the row of all traffic: what the kernel's counters tell. The other classes are not known. */
function asCounted(row: DetailedRow): DetailedRow {
  return {
    ...row,
    total: framesAlone(row.total) as DetailedCounts,
    incoming: framesAlone(row.incoming),
    outgoing: framesAlone(row.outgoing),
    rates: ratesAsCounted(row.rates),
  };
}

function ratesAsCounted(rates: DetailedDirections<DetailedRates | null>): DetailedDirections<DetailedRates | null> {
  const { total, incoming, outgoing } = rates;
  return { total: frameRatesAlone(total), incoming: frameRatesAlone(incoming), outgoing: frameRatesAlone(outgoing) };
}

function extraAsCounted(extra: DetailedExtra, { history }: DetailedOptions): DetailedExtra {
  const noCasts = { broadcast: null, multicast: null };
  return {
    ...extra,
    averages: { ...ratesAsCounted(extra.averages), ...noCasts },
    peaks: { ...ratesAsCounted(extra.peaks), ...noCasts },
    ipChecksumErrors: null,
    malformed: null,
    buffers: null,
    history: history?.measure === 'ipBytes' ? null : extra.history,
  };
}

function readOptions({ options }: Query): DetailedOptions {
  const { interface: name = null, history = null } = options as Partial<DetailedOptions>;
  return { interface: name, history };
}
