/**
 * Keeps a KernelLedger up to date: reads the kernel's counters once a second and compares each reading with what had been
 * captured at its moment. Also while nobody asks: a log asks once an hour, and what it is told must be of that moment.
 *
 *   reading (bus event `links`) ─► waits for a packet of after its moment, or LATEST_SECONDS ─► settle
 *
 * While packets of before its moment still come, because we are slower than they are, a reading waits longer: what lies
 * in the ring is late, not missed. What a filter or an expression leaves out is not missed either.
 */
import type { Counts } from '../tables/totals.ts';
import { addCounts } from '../tables/traffic-classes.ts';
import type { DecodedBatch } from '../wire/decoded-batch.ts';
import { PACKET_TYPE } from '../wire/packet-batch.ts';
import { seesPackets } from './counters-only.ts';
import type { InterfaceStatistics } from './interface-statistics.ts';
import { type CapturedCounts, type KernelAccount, KernelLedger } from './kernel-ledger.ts';
import type { LinkView } from './link-view.ts';
import type { MonitorContext } from './monitor.ts';

/** A capture source hands packets over this many seconds late at most. */
const LATEST_SECONDS = 0.2;

/** Packets of before the moment came since the last tick (0.25 s, and what a timer is late): there may be more of them. */
const BEHIND_SECONDS = 0.3;

/** No longer than this: the wall clock may have been set back after the reading. A ring holds less. */
const MOST_BEHIND_SECONDS = 10;

const LOOPBACK = 'loopback';

export class KernelComparison {
  readonly #context: MonitorContext;
  readonly #statistics: InterfaceStatistics;
  readonly #ledger = new KernelLedger();
  /** There is a baseline, or one is on its way. */
  #hasBegun = false;
  /** When the last batch came that was all of before the reading's moment. */
  #olderAt = Number.NEGATIVE_INFINITY;

  /** `statistics` has each batch before this. */
  constructor(context: MonitorContext, statistics: InterfaceStatistics) {
    this.#context = context;
    this.#statistics = statistics;
  }

  /** Subscribes; returns the undo. Nothing is read for files. */
  start(): () => void {
    const { bus, options } = this.#context;
    if (options.source.kind === 'file') return () => undefined;
    if (!this.isComparable) this.#ledger.setFiltered(true);
    const undo = [
      bus.on('batch', (batch) => this.#onBatch(batch)),
      bus.on('tick', ({ time }) => this.#onTick(time)),
      bus.on('links', (links) => this.#onLinks(links)),
      bus.on('reset', () => this.#reset()),
      bus.on('filter', () => this.#ledger.setFiltered(!this.isComparable)),
    ];
    return () => {
      for (const each of undo) each();
    };
  }

  /** False: a filter or an expression leaves packets out, so that a gap says nothing; or none is captured at all. */
  get isComparable(): boolean {
    const { expression, filter, source } = this.#context.options;
    return expression === null && filter === null && seesPackets(source);
  }

  /** What the kernel counted of an interface since start or reset; null: not known (yet). */
  accountOf(name: string): KernelAccount | null {
    return this.#ledger.accountOf(name);
  }

  #onBatch(batch: DecodedBatch): void {
    if (batch.count === 0) return;
    // The first packets: the baseline is taken as near to the capture's beginning as can be.
    if (!this.#hasBegun) this.#context.links();
    const { awaitedTime } = this.#ledger;
    if (awaitedTime === null) return;
    if (timeOf(batch, batch.count - 1) > awaitedTime) this.#settle(batch, awaitedTime);
    else this.#olderAt = this.#context.now();
  }

  /** Packets of before the awaited moment are still coming. */
  #isBehind(awaitedTime: number): boolean {
    const now = this.#context.now();
    return now - this.#olderAt < BEHIND_SECONDS && Math.abs(now - awaitedTime) < MOST_BEHIND_SECONDS;
  }

  #onTick(time: number): void {
    const { awaitedTime } = this.#ledger;
    const isOld = awaitedTime !== null && time - awaitedTime > LATEST_SECONDS;
    if (isOld && !this.#isBehind(awaitedTime)) this.#settle(null, awaitedTime);
    // Asking makes a new reading when one is due.
    this.#context.links();
  }

  /** What was read waits to be compared; what waited before is compared now, or goes on waiting in its place. */
  #onLinks(links: readonly LinkView[]): void {
    this.#hasBegun = true;
    const { awaitedTime } = this.#ledger;
    if (awaitedTime !== null && this.#isBehind(awaitedTime)) return;
    if (awaitedTime !== null) this.#settle(null, awaitedTime);
    this.#ledger.read(links);
  }

  /** `batch` reaches beyond the moment: its packets of after it were counted already, and do not belong to it. */
  #settle(batch: DecodedBatch | null, moment: number): void {
    const slotsOf = new Map<string, number[]>();
    for (const { slot, name } of this.#context.interfaces()) {
      if (slot >= 0) slotsOf.set(name, [...(slotsOf.get(name) ?? []), slot]);
    }
    this.#ledger.settle((link) => {
      const slots = slotsOf.get(link.name) ?? [];
      const late = batch === null ? NOTHING_LATE : lateCounts(batch, moment, slots, link.virtual);
      return capturedCounts(this.#statistics, slots, link, late);
    });
  }

  #reset(): void {
    this.#ledger.begin();
    this.#hasBegun = false;
    this.#olderAt = Number.NEGATIVE_INFINITY;
  }
}

/** Packets and bytes [in, out] of a batch that came after a moment. */
interface LateCounts {
  packets: [number, number];
  bytes: [number, number];
}

const NOTHING_LATE: LateCounts = { packets: [0, 0], bytes: [0, 0] };

function timeOf({ packets }: DecodedBatch, i: number): number {
  return packets.seconds[i] + packets.nanoseconds[i] / 1e9;
}

function lateCounts(batch: DecodedBatch, moment: number, slots: readonly number[], asBuffers: boolean): LateCounts {
  const late: LateCounts = { packets: [0, 0], bytes: [0, 0] };
  const { count, selected, segments, wireBytes } = batch;
  const { interfaceSlot, packetType } = batch.packets;
  for (let i = 0; i < count; i++) {
    if (selected[i] === 0 || packetType[i] > PACKET_TYPE.outgoing) continue;
    if (!slots.includes(interfaceSlot[i]) || timeOf(batch, i) <= moment) continue;
    const direction = packetType[i] === PACKET_TYPE.outgoing ? 1 : 0;
    late.packets[direction] += asBuffers ? 1 : segments[i];
    late.bytes[direction] += wireBytes[i];
  }
  return late;
}

/** The kernel counts buffers on virtual links, and on cards what is on the wire. */
function capturedCounts(
  { classes }: InterfaceStatistics,
  slots: readonly number[],
  link: LinkView,
  late: LateCounts,
): CapturedCounts {
  const counts = (direction: 'in' | 'out'): Counts => {
    const total: Counts = { packets: 0, buffers: 0, ipBytes: 0, wireBytes: 0 };
    for (const slot of slots) addCounts(total, classes.countsOf(slot, direction, 'total'));
    return total;
  };
  const unit = link.virtual ? 'buffers' : 'packets';
  const incoming = counts('in');
  const outgoing = counts('out');
  const isLoopback = link.kind === LOOPBACK;
  return {
    inPackets: incoming[unit] - late.packets[0],
    inBytes: incoming.wireBytes - late.bytes[0],
    outPackets: isLoopback ? null : outgoing[unit] - late.packets[1],
    outBytes: isLoopback ? null : outgoing.wireBytes - late.bytes[1],
  };
}
