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
import type { OperatorErrorFields } from '../base/errors.ts';
import type { CaptureFact, CaptureSink, CaptureSource } from '../capture/capture-source.ts';
import { ConversationTable } from '../tables/conversation-table.ts';
import { FragmentTable } from '../tables/fragment-table.ts';
import { TcpTracker } from '../tables/tcp-tracker.ts';
import { Totals } from '../tables/totals.ts';
import { Decoder } from '../wire/decode.ts';
import { DECODE_STATUS, DECODE_STATUS_NAMES, DecodedBatch } from '../wire/decoded-batch.ts';
import type { PacketBatch } from '../wire/packet-batch.ts';
import { Bus, type Tick } from './bus.ts';
import { Coverage, type CoverageInput } from './coverage.ts';
import type { LinkView } from './link-view.ts';
import type { CaptureView, EngineOptions, InterfaceView, Snapshot, SnapshotHead, TotalsView } from './messages.ts';
import type { Monitor, MonitorName, Query } from './monitor.ts';

/** Live ticks: four a second. */
const TICK_MS = 250;
/** Slot of an interface that no packet came by. */
const NO_SLOT = -1;
/** Coverage is sampled once a second. */
const COVERAGE_INTERVAL = 1;

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
  /** Decides which packets pass, or null: all. */
  filter: ExpressionFilter | null;
  writer: PacketWriter | null;
  /** Kernel's packet counters by interface name, or null (files). */
  kernelPackets: (() => ReadonlyMap<string, number>) | null;
  /** What the kernel says of every interface, or null (files). */
  links: (() => readonly LinkView[]) | null;
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
  readonly #coverage = new Coverage();
  readonly #monitors = new Map<MonitorName, Monitor>();
  /** Tables that several monitors keep together, by class. */
  readonly #shared = new Map<new (bus: Bus) => unknown, unknown>();
  readonly #downInterfaces = new Set<string>();
  readonly #statusBase = new Float64Array(DECODE_STATUS_NAMES.length);
  #filteredOut = 0;
  #receivedBase = { received: 0, kernel: 0, interface: 0, freezes: 0 };
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
  /** Kernel's counters that wait for the packets of before their moment, and that moment. */
  #awaitedCoverage: { time: number; counters: ReadonlyMap<string, number> } | null = null;
  /** wall clock − monotonic clock at start: a step of the wall clock does not disturb intervals. */
  #clockOffset = 0;
  /** Files: time of the first packet, in whole nanoseconds as the source cuts its batches; number of the open window. */
  #origin: { seconds: number; nanoseconds: number } | null = null;
  #windowIndex = 0;

  constructor(options: EngineOptions, parts: EngineParts) {
    this.#options = options;
    this.#parts = parts;
    this.#live = options.source.kind === 'live';
    this.#usesConversations = parts.monitors.some((monitor) => monitor.usesConversations);
    this.#decoder = new Decoder({ decapsulate: options.decapsulate });
    this.#conversations = new ConversationTable({ maximumRows: options.maximumConversations });
    this.#tcp = new TcpTracker(this.#conversations, { maximumRows: options.maximumConversations });
    this.#conversations.onOverflow = (changed) => this.bus.emit('changed', changed);
    for (const monitor of parts.monitors) this.#attach(monitor);
    if (this.bus.has('changed')) this.#conversations.prepareForRollUps();
  }

  /** Opens the source and begins to count. `onEnd` is called when no more packets will come. */
  async start(onEnd: () => void): Promise<void> {
    this.#onEnd = onEnd;
    if (this.#live) this.#startClock();
    const sink: CaptureSink = {
      onBatch: (packets) => this.#onBatch(packets),
      onFact: (fact) => this.#onFact(fact),
      onEnd: () => this.#end(),
    };
    await this.#parts.source.start(sink);
    if (!this.#live) return;
    this.#sampleCoverage();
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

  /** All counters begin at zero again; conversations are forgotten. */
  reset(): void {
    this.#conversations.reset();
    this.#tcp.reset();
    this.#fragments.reset();
    this.#totals.reset();
    this.#coverage.reset();
    this.#awaitedCoverage = null;
    this.#filteredOut = 0;
    this.#statusBase.set(this.#decoder.statusCounts);
    const statistics = this.#parts.source.statistics();
    this.#receivedBase = {
      received: statistics.received ?? 0,
      kernel: statistics.droppedByKernel ?? 0,
      interface: statistics.droppedByInterface ?? 0,
      freezes: statistics.freezes ?? 0,
    };
    this.#began = this.#now;
    this.#windowBegan = this.#now;
    this.#knowsRates = false;
    this.bus.emit('reset');
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#parts.source.stop();
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
      interface: this.#interfaceName(),
      capture: this.#captureView(),
      totals: this.#totalsView(),
      evicted: { ...this.#conversations.evicted },
      interfaces: this.#interfaceViews(),
    };
  }

  #attach(monitor: Monitor): void {
    this.#monitors.set(monitor.name, monitor);
    monitor.attach({
      bus: this.bus,
      conversations: this.#conversations,
      tcp: this.#tcp,
      links: () => this.#readLinks(),
      shared: (make) => this.#sharedTable(make),
      interfaces: () => this.#interfaceViews(),
      now: () => this.#now,
      knowsRates: () => this.#knowsRates,
      options: this.#options,
    });
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

  #onBatch(packets: PacketBatch): void {
    const batch = this.#batch;
    if (!this.#live) this.#followPacketTime(packets);
    else if (this.#awaitedCoverage !== null) this.#settleCoverage(packets);
    this.#decoder.decode(packets, batch);
    if (this.#usesConversations) this.#fragments.resolve(batch);
    this.#select(batch);
    if (this.#usesConversations) this.#account(batch);
    this.#totals.add(batch);
    this.#parts.writer?.write(packets, batch.selected, this.#parts.source.interfaces);
    this.bus.emit('batch', batch);
  }

  /** Decoded packets are selected until a filter says otherwise. */
  #account(batch: DecodedBatch): void {
    this.#conversations.account(batch);
    this.#fragments.settle(batch, this.#conversations);
    this.#tcp.update(batch);
  }

  #select(batch: DecodedBatch): void {
    const filter = this.#parts.filter;
    if (filter === null) return;
    const { selected, segments, count } = batch;
    if (filter.select(batch.packets, selected) === 0) return;
    for (let i = 0; i < count; i++) if (selected[i] === 0) this.#filteredOut += segments[i];
  }

  #onFact(fact: CaptureFact): void {
    if (fact.type === 'interface-down') this.#downInterfaces.add(fact.interface);
    if (fact.type === 'interface-up') this.#downInterfaces.delete(fact.interface);
    this.bus.emit('fact', fact);
  }

  #end(): void {
    if (this.ended) return;
    this.ended = true;
    if (!this.#live) this.#tick(this.#now, true);
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
    const now = this.#clockOffset + this.#parts.monotonicClock();
    if (now - this.#lastCoverage >= COVERAGE_INTERVAL) {
      this.#lastCoverage = now;
      this.#sampleCoverage();
    }
    // A timer may fire a little early: half a tick of tolerance keeps windows at their nominal length.
    this.#tick(now, now - this.#windowBegan >= this.#options.rateWindow - TICK_MS / 2000);
  }

  #tick(now: number, closesWindow: boolean): void {
    const tick: Tick = { time: now, elapsed: now - this.#began, interval: now - this.#lastTick };
    this.#now = now;
    this.#lastTick = now;
    this.#conversations.expireSome(now, this.#options.closedPersistence, this.#options.tcpTimeout);
    this.bus.emit('tick', tick);
    if (closesWindow) this.#closeWindow(tick);
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
    }
    const window = this.#options.rateWindow;
    if (Number.isFinite(window)) {
      const { seconds, nanoseconds } = this.#origin;
      const sinceFirst = (packets.seconds[0] - seconds) * 1e9 + (packets.nanoseconds[0] - nanoseconds);
      const index = Math.floor(sinceFirst / (window * 1e9));
      for (let closed = 0; this.#windowIndex < index && closed < 2; closed++) {
        this.#windowIndex++;
        this.#tick(this.#began + this.#windowIndex * window, true);
      }
      if (this.#windowIndex < index) {
        this.#windowIndex = index;
        this.#windowBegan = this.#began + index * window;
      }
    }
    const last = packets.count - 1;
    this.#now = Math.max(this.#now, packets.seconds[last] + packets.nanoseconds[last] / 1e9);
  }

  // --- views ------------------------------------------------------------------------------------------------------

  /**
   * Reads the kernel's counters. The ring hands packets over up to 45 ms late: what was captured is compared when a
   * packet of after this moment came, or at the next reading.
   */
  #sampleCoverage(): void {
    this.#settleCoverage(null);
    const counters = this.#parts.kernelPackets?.();
    if (counters !== undefined) this.#awaitedCoverage = { time: this.#parts.wallClock(), counters };
  }

  /** Compares, if these packets (null: whatever came) reach beyond the moment of the kernel's counters. */
  #settleCoverage(packets: PacketBatch | null): void {
    if (this.#awaitedCoverage === null) return;
    const { time, counters } = this.#awaitedCoverage;
    const timeOf = (batch: PacketBatch, i: number): number => batch.seconds[i] + batch.nanoseconds[i] / 1e9;
    if (packets !== null && timeOf(packets, packets.count - 1) <= time) return;
    this.#awaitedCoverage = null;
    const early = new Map<number, number>();
    for (let i = 0; packets !== null && i < packets.count && timeOf(packets, i) <= time; i++) {
      early.set(packets.interfaceSlot[i], (early.get(packets.interfaceSlot[i]) ?? 0) + 1);
    }
    const captured = new Map<string, number>();
    for (const { slot, name, virtual } of this.#parts.source.interfaces) {
      const counted = virtual ? this.#totals.buffersOf(slot) : this.#totals.packetsOf(slot);
      captured.set(name, (captured.get(name) ?? 0) + counted + (early.get(slot) ?? 0));
    }
    const inputs: CoverageInput[] = [];
    for (const [name, kernelPackets] of counters) {
      inputs.push({ name, kernelPackets, capturedPackets: captured.get(name) ?? 0 });
    }
    this.#coverage.sample(inputs);
  }

  #captureView(): CaptureView {
    const { source, filter, writer } = this.#parts;
    const statistics = source.statistics();
    const base = this.#receivedBase;
    const since = (value: number | null, before: number): number | null => (value === null ? null : value - before);
    const reasons = this.#malformedByReason();
    return {
      source: source.kind,
      received: since(statistics.received, base.received),
      droppedByKernel: since(statistics.droppedByKernel, base.kernel),
      droppedByInterface: since(statistics.droppedByInterface, base.interface),
      malformed: Object.values(reasons).reduce((sum, count) => sum + count, 0),
      malformedByReason: reasons,
      filteredOut: this.#filteredOut,
      filter: filter === null ? null : (this.#options.expression?.text ?? null),
      // What a filter rejected was not counted here, and in the kernel not even seen.
      coverage: filter === null ? this.#coverage.value() : null,
      freezes: since(statistics.freezes, base.freezes),
      notWritten: writer?.notWritten ?? 0,
    };
  }

  #malformedByReason(): Record<string, number> {
    const reasons: Record<string, number> = {};
    for (let status = DECODE_STATUS.ok + 1; status < DECODE_STATUS_NAMES.length; status++) {
      const count = this.#decoder.statusCounts[status] - this.#statusBase[status];
      if (count > 0) reasons[DECODE_STATUS_NAMES[status]] = count;
    }
    return reasons;
  }

  #totalsView(): TotalsView {
    const totals = this.#totals;
    const known = this.#knowsRates;
    return {
      packets: totals.packets,
      buffers: totals.buffers,
      ipBytes: totals.ipBytes,
      wireBytes: totals.wireBytes,
      packetsPerSecond: known ? totals.packetsPerSecond : null,
      bytesPerSecond: known ? totals.ipBytesPerSecond : null,
      wireBytesPerSecond: known ? totals.wireBytesPerSecond : null,
    };
  }

  #interfaceName(): string {
    const { source } = this.#options;
    if (source.kind === 'live') {
      return source.interfaces !== 'all' && source.interfaces.length === 1 ? source.interfaces[0] : 'all';
    }
    const names = new Set(this.#parts.source.interfaces.map((entry) => entry.name));
    return names.size === 1 ? [...names][0] : 'all';
  }

  #interfaceViews(): InterfaceView[] {
    const known = this.#parts.source.interfaces.map(({ slot, name }) => ({
      slot,
      name,
      up: !this.#downInterfaces.has(name),
    }));
    // An interface that was down from the start has no packets, and so no slot: it is down all the same.
    // Both lists may be long: on a host of containers interfaces come and go for as long as we run.
    const seen = new Set(known.map(({ name }) => name));
    const unseen = [...this.#downInterfaces].filter((name) => !seen.has(name));
    return [...known, ...unseen.map((name) => ({ slot: NO_SLOT, name, up: false }))];
  }
}
