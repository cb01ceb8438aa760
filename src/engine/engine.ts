/**
 * The capture engine: one source, one pipeline, one set of tables, and the monitors on the bus.
 *
 *   source ─► decode ─► fragments ─► filter ─► conversations, TCP, totals ─► bus ─► monitors
 *                                                     │
 *                                                     └─► pcapng writer (-w)
 *
 * It draws nothing, resolves no name and listens on nothing. Time comes with the data: live from the monotonic clock,
 * in a file from packet timestamps, so that every snapshot of a file is the same each time.
 */

import type { ExpressionFilter } from '../../filters/bpf.ts';
import type { PreparedFilter } from '../../filters/prepared.ts';
import type { OperatorErrorFields } from '../base/errors.ts';
import type { CaptureFact, CaptureSink, CaptureSource, CountedTraffic } from '../capture/capture-source.ts';
import { ConversationTable } from '../tables/conversation-table.ts';
import { FragmentTable } from '../tables/fragment-table.ts';
import { TcpTracker } from '../tables/tcp-tracker.ts';
import { Totals } from '../tables/totals.ts';
import { Decoder } from '../wire/decode.ts';
import { DecodedBatch } from '../wire/decoded-batch.ts';
import type { PacketBatch } from '../wire/packet-batch.ts';
import { AlertWatch, alertsUseConversations } from './alert-watch.ts';
import { Bus, type Second, type Tick } from './bus.ts';
import { CaptureFigures } from './capture-figures.ts';
import { CoverageMeter } from './coverage-meter.ts';
import { FilterProber, type MakeMatchCounter } from './filter-prober.ts';
import { kernelProgramOf } from './kernel-program.ts';
import type { LinkView } from './link-view.ts';
import type { CaptureView, EngineOptions, FilterProbe, Snapshot, SnapshotHead, TotalsView } from './messages.ts';
import type { Monitor, MonitorContext, MonitorName, Query } from './monitor.ts';
import { NameObserver } from './name-observer.ts';
import { Seconds } from './seconds.ts';
import { Selection } from './selection.ts';
import { WatchedInterfaces } from './watched-interfaces.ts';

/** Live ticks: four a second. */
const TICK_MS = 250;
/** Coverage is sampled once a second. */
const COVERAGE_INTERVAL = 1;
/** Seconds: by less the wall clock may be set without anything being moved. */
const LEAST_CLOCK_STEP = 1;

/** What writes packets to a file for -w (capture/savefile/pcapng-writer.ts). */
export interface PacketWriter {
  write(packets: PacketBatch, selected: Uint8Array, interfaces: CaptureSource['interfaces']): void;
  readonly notWritten: number;
  close(): Promise<void>;
}

/** What the engine needs from outside; tests pass their own. */
export interface EngineParts {
  source: CaptureSource;
  monitors: readonly Monitor[];
  /** The capture expression of the options, or null: all packets pass it. */
  expression: ExpressionFilter | null;
  writer: PacketWriter | null;
  /** Kernel's packet counters by interface name, or null (files). */
  kernelPackets: (() => ReadonlyMap<string, number>) | null;
  /** What the kernel says of every interface, or null (files). */
  links: (() => readonly LinkView[]) | null;
  /** Counts beside the capture what a filter would let through, or null where that cannot be (files). */
  countMatches: MakeMatchCounter | null;
  /** Wall clock, seconds since 1970. */
  wallClock(): number;
  /** Monotonic clock, seconds. */
  monotonicClock(): number;
}

export class Engine {
  readonly bus = new Bus();
  readonly #options: EngineOptions;
  readonly #parts: EngineParts;
  readonly #live: boolean;
  /** A monitor reads the conversation table. */
  readonly #usesConversations: boolean;
  readonly #decoder: Decoder;
  readonly #fragments = new FragmentTable();
  readonly #conversations: ConversationTable;
  readonly #tcp: TcpTracker;
  readonly #totals = new Totals();
  readonly #batch = new DecodedBatch();
  readonly #selection: Selection;
  readonly #coverage: CoverageMeter;
  readonly #figures: CaptureFigures;
  readonly #prober: FilterProber;
  readonly #monitors = new Map<MonitorName, Monitor>();
  /** Tables that several monitors keep together, by class. */
  readonly #shared = new Map<new (bus: Bus) => unknown, unknown>();
  readonly #interfaces: WatchedInterfaces;
  readonly #seconds: Seconds;
  #alerts: AlertWatch | null = null;
  #timer: NodeJS.Timeout | null = null;
  #onEnd: () => void = () => undefined;
  /** The kernel's view of the interfaces as it was read last. */
  #lastLinks: readonly LinkView[] | null = null;
  /** No more packets will come: what snapshots show does not change any more. */
  ended = false;

  /** Engine time: seconds since 1970 of the last tick, of the start (or reset), of the open window's beginning. */
  #now = 0;
  #began = 0;
  #windowBegan = 0;
  /** A rate window that lasted has closed since start or reset. */
  #knowsRates = false;
  #lastTick = 0;
  #lastCoverage = 0;
  /** wall clock − monotonic clock, at start and since the wall clock was set: that does not disturb intervals. */
  #clockOffset = 0;
  /** Files: time of the first packet, in whole nanoseconds as the source cuts its batches; number of the open window. */
  #origin: { seconds: number; nanoseconds: number } | null = null;
  #windowIndex = 0;

  constructor(options: EngineOptions, parts: EngineParts) {
    this.#options = options;
    this.#parts = parts;
    this.#live = options.source.kind === 'live';
    const { alerts = [] } = options;
    this.#usesConversations =
      parts.monitors.some((monitor) => monitor.usesConversations) || alertsUseConversations(alerts);
    this.#decoder = new Decoder({ decapsulate: options.decapsulate });
    this.#conversations = new ConversationTable({
      maximumRows: options.maximumConversations,
      keepsRates: parts.monitors.some(({ usesRates }) => usesRates === true),
    });
    this.#tcp = new TcpTracker(this.#conversations, { maximumRows: options.maximumConversations });
    this.#interfaces = new WatchedInterfaces(parts.source, options.source);
    this.#selection = new Selection(parts.expression, options.filter, (slot) => this.#interfaces.nameOf(slot));
    this.#coverage = new CoverageMeter({ ...parts, interfaces: () => parts.source.interfaces, totals: this.#totals });
    this.#figures = new CaptureFigures({ ...parts, decoder: this.#decoder });
    this.#prober = new FilterProber(options, parts);
    this.#seconds = new Seconds(options, (second) => this.#closeSecond(second));
    this.#conversations.onOverflow = (changed) => this.bus.emit('changed', changed);
    for (const monitor of parts.monitors) this.#attach(monitor);
    new NameObserver(this.#context()).attach();
    if (alerts.length > 0) {
      this.#alerts = new AlertWatch(alerts, this.#context(), this.#totals, this.#figures);
    }
    if (this.bus.has('changed')) this.#conversations.prepareForRollUps();
  }

  /** Opens the source and begins to count. `onEnd` is called when no more packets will come. */
  async start(onEnd: () => void): Promise<void> {
    this.#onEnd = onEnd;
    if (this.#live) this.#startClock();
    const sink: CaptureSink = {
      onBatch: (packets) => this.#onBatch(packets),
      onCounted: (counted) => this.#onCounted(counted),
      onFact: (fact) => this.#onFact(fact),
      onEnd: () => this.#end(),
    };
    this.#narrowKernel();
    await this.#parts.source.start(sink);
    if (!this.#live) return;
    // Opening takes its time on a busy machine: what could not be counted yet is in no average.
    if (this.#totals.packets === 0) this.#beginTime(this.#clockOffset + this.#parts.monotonicClock());
    this.#coverage.sample();
    // What the kernel counted before is best known while nothing has come yet, not in the middle of traffic.
    if (this.bus.has('links')) this.#readLinks();
    this.#timer = setInterval(() => this.#onTimer(), TICK_MS);
  }

  /** Head and rows of one moment. */
  page(name: MonitorName, query: Query): Snapshot {
    return { ...this.head(name), ...this.#monitor(name).page(query) };
  }

  /** Rows of one moment in slices: for output that wants all of them. */
  slices(name: MonitorName, query: Query, size: number): Iterable<unknown[]> {
    return this.#monitor(name).slices(query, size);
  }

  command(name: MonitorName, command: string, commandArguments: Record<string, unknown>): unknown {
    const monitor = this.#monitor(name);
    if (monitor.command === undefined) throw new Error(`${name} has no commands`);
    return monitor.command(command, commandArguments);
  }

  /** Settings that may change while running. */
  setOptions(changes: Partial<EngineOptions>): void {
    Object.assign(this.#options, changes);
  }

  /**
   * Another filter, or none, decides from the next batch on. Counters go on; of the packets that the new filter lets
   * through none is lost.
   */
  setFilter(filter: PreparedFilter | null): void {
    this.#selection.setFilter(filter, this.#totals.packets);
    this.#options.filter = filter;
    this.#narrowKernel();
    this.#tcp.endSamples();
    // A share of what the former filter let through says nothing of this one.
    if (this.#live) this.#coverage.begin();
    this.bus.emit('filter');
  }

  /** Begins to count what this filter would let through, in place of the one before; null: ends it. */
  probeFilter(filter: PreparedFilter | null): void {
    this.#prober.probe(filter);
  }

  /** null: nothing is probed, or it cannot be here. */
  readProbe(): FilterProbe | null {
    return this.#prober.read();
  }

  /** All counters begin at zero again; conversations are forgotten. */
  reset(): void {
    this.#conversations.reset();
    this.#tcp.reset();
    this.#fragments.reset();
    this.#totals.reset();
    this.#coverage.reset();
    this.#selection.reset();
    this.#figures.reset();
    this.#began = this.#now;
    this.#windowBegan = this.#now;
    this.#knowsRates = false;
    this.#seconds.reset(this.#now);
    this.bus.emit('reset');
  }

  /**
   * Everything that has arrived is counted, then time stands still: what is asked from now on is all of one moment.
   * Alerts that are on are told as ended. Idempotent.
   */
  async endCapture(): Promise<void> {
    await this.#parts.source.stop();
    if (this.#timer !== null) {
      clearInterval(this.#timer);
      this.#tick(this.#clockOffset + this.#parts.monotonicClock(), false);
    }
    this.#timer = null;
    this.ended = true;
    this.#seconds.end(this.#now);
    this.#alerts?.end(this.#now);
  }

  async stop(): Promise<void> {
    await this.endCapture();
    this.#prober.close();
    const { writer } = this.#parts;
    await writer?.close();
    if (writer === null || writer.notWritten === 0) return;
    const cause = `${writer.notWritten} packets could not be written`;
    const error: OperatorErrorFields = {
      code: 'E_OUTPUT',
      operation: 'write packets to',
      target: this.#options.writeName ?? '',
      cause,
    };
    this.bus.emit('fact', { type: 'write-failed', error });
  }

  /** Everything about this moment except rows. */
  head(monitor: MonitorName): SnapshotHead {
    return {
      monitor,
      time: this.#now,
      elapsedSeconds: Math.max(0, this.#now - this.#began),
      interface: this.#interfaces.name,
      capture: this.#captureView(),
      totals: this.#totalsView(),
      evicted: { ...this.#conversations.evicted },
      interfaces: this.#interfaces.views(),
    };
  }

  #attach(monitor: Monitor): void {
    this.#monitors.set(monitor.name, monitor);
    monitor.attach(this.#context());
  }

  #context(): MonitorContext {
    return {
      bus: this.bus,
      conversations: this.#conversations,
      tcp: this.#tcp,
      links: () => this.#readLinks(),
      shared: (make) => this.#sharedTable(make),
      interfaces: () => this.#interfaces.views(),
      now: () => this.#now,
      knowsRates: () => this.#knowsRates,
      options: this.#options,
    };
  }

  #readLinks(): readonly LinkView[] | null {
    const links = this.#parts.links?.() ?? null;
    if (links === null || links === this.#lastLinks) return links;
    this.#lastLinks = links;
    this.bus.emit('links', links);
    return links;
  }

  #sharedTable<Table>(make: new (bus: Bus) => Table): Table {
    const known = this.#shared.get(make) as Table | undefined;
    if (known !== undefined) return known;
    const table = new make(this.bus);
    this.#shared.set(make, table);
    return table;
  }

  #monitor(name: MonitorName): Monitor {
    const monitor = this.#monitors.get(name);
    if (monitor === undefined) throw new Error(`monitor ${name} does not run`);
    return monitor;
  }

  /** Tells the kernel what it may drop in front of us. */
  #narrowKernel(): void {
    if (this.#live) this.#parts.source.setPrefilter?.(kernelProgramOf(this.#options));
  }

  #onBatch(packets: PacketBatch): void {
    const batch = this.#batch;
    if (!this.#live) this.#followPacketTime(packets);
    this.#decoder.decode(packets, batch);
    // A filter decides later fragments by the ports of their first, whatever is watched.
    if (this.#usesConversations || this.#options.filter !== null) this.#fragments.resolve(batch);
    if (this.#selection.isActive) this.#selection.select(batch);
    if (this.#usesConversations) this.#account(batch);
    this.#totals.add(batch);
    if (this.#live) this.#seconds.notePacket(batch.time[batch.count - 1]);
    this.#coverage.afterBatch(batch);
    this.#parts.writer?.write(packets, batch.selected, this.#parts.source.interfaces);
    this.bus.emit('batch', batch);
  }

  #onCounted(counted: readonly CountedTraffic[]): void {
    for (const traffic of counted) this.#totals.addCounted(traffic);
    this.bus.emit('counted', counted);
  }

  /** Decoded packets are selected until a filter says otherwise. */
  #account(batch: DecodedBatch): void {
    this.#fragments.resolveEarlier(batch);
    this.#conversations.account(batch);
    this.#fragments.settle(batch, this.#conversations);
    this.#tcp.update(batch);
  }

  #onFact(fact: CaptureFact): void {
    this.#interfaces.note(fact);
    this.bus.emit('fact', fact);
  }

  #end(): void {
    if (this.ended) return;
    this.ended = true;
    if (!this.#live) {
      this.#seconds.end(this.#now);
      this.#tick(this.#now, true);
      this.#alerts?.end(this.#now);
    }
    this.#onEnd();
  }

  // --- time, live -------------------------------------------------------------------------------------------------

  #startClock(): void {
    this.#clockOffset = this.#parts.wallClock() - this.#parts.monotonicClock();
    this.#beginTime(this.#parts.wallClock());
  }

  #beginTime(time: number): void {
    this.#now = time;
    this.#began = time;
    this.#windowBegan = time;
    this.#lastTick = time;
    this.#lastCoverage = time;
  }

  #onTimer(): void {
    this.#followWallClock();
    const now = this.#clockOffset + this.#parts.monotonicClock();
    if (now - this.#lastCoverage >= COVERAGE_INTERVAL) {
      this.#lastCoverage = now;
      this.#coverage.sample();
    }
    // A timer may fire a little early: half a tick of tolerance keeps windows at their nominal length.
    this.#tick(now, now - this.#windowBegan >= this.#options.rateWindow - TICK_MS / 2000);
  }

  /** Packets are stamped by the wall clock. Where that was set, all moments move with it, and what lies between them stays. */
  #followWallClock(): void {
    const by = this.#parts.wallClock() - this.#parts.monotonicClock() - this.#clockOffset;
    if (Math.abs(by) < LEAST_CLOCK_STEP) return;
    this.#clockOffset += by;
    this.#now += by;
    this.#began += by;
    this.#windowBegan += by;
    this.#lastTick += by;
    this.#lastCoverage += by;
    this.#seconds.move(by);
    this.#conversations.moveMoments(by, this.#parts.wallClock());
    this.#tcp.endSamples();
    this.bus.emit('clock-set', by);
  }

  #tick(now: number, closesWindow: boolean): void {
    const tick: Tick = { time: now, elapsed: now - this.#began, interval: now - this.#lastTick };
    this.#now = now;
    this.#lastTick = now;
    this.#conversations.expireSome(now, this.#options.closedPersistence, this.#options.tcpTimeout);
    this.bus.emit('tick', tick);
    if (this.#live) this.#seconds.onTick(tick, closesWindow);
    if (closesWindow) this.#closeWindow(tick);
  }

  #closeSecond(second: Omit<Second, 'elapsed'>): void {
    if (!this.bus.has('second')) return;
    this.#conversations.handOut();
    this.bus.emit('second', { ...second, elapsed: second.time - this.#began });
  }

  #closeWindow(tick: Tick): void {
    const seconds = tick.time - this.#windowBegan;
    this.#windowBegan = tick.time;
    this.#knowsRates = seconds > 0;
    this.#totals.closeWindow(seconds);
    this.#conversations.closeWindow(seconds, (changed) => this.bus.emit('changed', changed));
    this.bus.emit('window', { ...tick, interval: seconds });
  }

  // --- time, files ------------------------------------------------------------------------------------------------

  /**
   * The source never lets a batch span a window's boundary, so the first packet's time says which windows are over.
   * Of a long silence only the first empty window is closed (it brings all rates to zero): a capture of a year is no
   * million of empty snapshots.
   */
  #followPacketTime(packets: PacketBatch): void {
    if (this.#origin === null) {
      this.#origin = { seconds: packets.seconds[0], nanoseconds: packets.nanoseconds[0] };
      this.#beginTime(packets.seconds[0] + packets.nanoseconds[0] / 1e9);
      this.#seconds.begin(this.#began);
    }
    const window = this.#options.rateWindow;
    const { seconds, nanoseconds } = this.#origin;
    const sinceFirst = (packets.seconds[0] - seconds) * 1e9 + (packets.nanoseconds[0] - nanoseconds);
    if (Number.isFinite(window)) {
      const index = Math.floor(sinceFirst / (window * 1e9));
      for (let closed = 0; this.#windowIndex < index && closed < 2; closed++) {
        this.#windowIndex++;
        this.#seconds.followWindow(this.#windowIndex * window);
        this.#tick(this.#began + this.#windowIndex * window, true);
      }
      if (this.#windowIndex < index) {
        this.#windowIndex = index;
        this.#windowBegan = this.#began + index * window;
      }
    }
    this.#seconds.follow(sinceFirst);
    const last = packets.count - 1;
    this.#now = Math.max(this.#now, packets.seconds[last] + packets.nanoseconds[last] / 1e9);
  }

  // --- views ------------------------------------------------------------------------------------------------------

  #captureView(): CaptureView {
    const { filteredOut, text, isActive } = this.#selection;
    const share = this.#coverage.value();
    return {
      ...this.#figures.read(),
      filteredOut,
      filter: text,
      // What a filter rejected was not counted here, and in the kernel not even seen: then the share tells of the filter.
      coverage: isActive ? null : share,
      passed: isActive ? this.#passed(share) : null,
      kernelFilterRefusal: isActive ? this.#kernelRefusal() : null,
    };
  }

  #passed(shareOfKernel: number | null): number | null {
    return this.#live ? shareOfKernel : this.#selection.share(this.#totals.packets);
  }

  #kernelRefusal(): string | null {
    const { source } = this.#parts;
    if (!this.#live) return null;
    if (source.kind === 'pcap') return 'libpcap hands over every packet';
    return source.prefilterRefusal ?? null;
  }

  /** false: what is in frames is not known. */
  get #seesPackets(): boolean {
    return this.#parts.source.kind !== 'counters';
  }

  #totalsView(): TotalsView {
    const totals = this.#totals;
    const known = this.#knowsRates;
    const sees = this.#seesPackets;
    return {
      packets: totals.packets,
      buffers: sees ? totals.buffers : null,
      ipBytes: sees ? totals.ipBytes : null,
      wireBytes: totals.wireBytes,
      packetsPerSecond: known ? totals.packetsPerSecond : null,
      bytesPerSecond: known && sees ? totals.ipBytesPerSecond : null,
      wireBytesPerSecond: known ? totals.wireBytesPerSecond : null,
    };
  }
}
