/**
 * CountersSource (-u): no packets, only what the kernel counts of each interface (/proc/net/dev), several times a second.
 * Needs no privilege. What is not in those counters (protocols, addresses, bytes of IP packets) is not known.
 *
 * Counters belong to a kernel index: an interface that was made anew begins at zero, one that was renamed goes on.
 */
import { InterfaceQueries, LinkWatcher } from '../native/interfaces.ts';
import type {
  CaptureSink,
  CaptureSource,
  CaptureStatistics,
  CountedTraffic,
  InterfaceTable,
} from './capture-source.ts';
import { InterfaceRegistry } from './interface-table.ts';
import { InterfaceDropMeter, type KernelCounters, readKernelCounters } from './kernel-counters.ts';
import { openLinks, reportChange } from './link-facts.ts';
import { LINKTYPE_UNSUPPORTED } from './link-types.ts';

/** As often as the engine ticks: a history of seconds has each in its place. */
const READING_MS = 250;

const LOOPBACK = 'lo';

export interface CountersOptions {
  /** Names, each of an interface that exists, or all there are and will be. */
  interfaces: readonly string[] | 'all';
}

/** Everything that exists only between start and stop. */
interface Session {
  sink: CaptureSink;
  queries: InterfaceQueries;
  watcher: LinkWatcher;
  drops: InterfaceDropMeter;
  timer: NodeJS.Timeout;
}

export class CountersSource implements CaptureSource {
  readonly kind = 'counters';
  readonly #names: readonly string[] | null;
  readonly #registry = new InterfaceRegistry(() => null);
  /** By kernel index, at the last reading. */
  #last = new Map<number, KernelCounters>();
  #session: Session | null = null;
  #dropped = 0;

  constructor({ interfaces }: CountersOptions) {
    this.#names = interfaces === 'all' ? null : interfaces;
  }

  get interfaces(): InterfaceTable {
    return this.#registry.list;
  }

  async start(sink: CaptureSink): Promise<void> {
    const queries = new InterfaceQueries();
    try {
      const links = openLinks(queries, this.#names, 'read the counters of');
      // What was counted before belongs to nobody who asks now.
      this.#read(queries);
      const drops = new InterfaceDropMeter(this.#names);
      const watcher = new LinkWatcher(() => {
        for (const change of links.check()) reportChange(sink, change);
      });
      const timer = setInterval(() => sink.onCounted?.(this.#read(queries)), READING_MS);
      this.#session = { sink, queries, watcher, drops, timer };
      for (const name of this.#names ?? []) {
        const state = links.state(name);
        if (state !== 'up') sink.onFact({ type: 'interface-down', interface: name, reason: state });
      }
    } catch (error) {
      queries.close();
      throw error;
    }
  }

  statistics(): CaptureStatistics {
    this.#dropped = this.#session?.drops.total() ?? this.#dropped;
    return { received: null, droppedByKernel: null, droppedByInterface: this.#dropped, freezes: null };
  }

  async stop(): Promise<void> {
    const session = this.#session;
    if (session === null) return;
    // What the kernel has counted since the last reading.
    session.sink.onCounted?.(this.#read(session.queries));
    this.statistics();
    this.#session = null;
    clearInterval(session.timer);
    session.watcher.close();
    session.queries.close();
  }

  /** What was counted since the last reading. */
  #read(queries: InterfaceQueries): CountedTraffic[] {
    const isFirst = this.#session === null;
    const present = new Map<number, KernelCounters>();
    const counted: CountedTraffic[] = [];
    for (const [name, now] of readKernelCounters()) {
      const index = this.#names === null || this.#names.includes(name) ? queries.index(name) : null;
      // Gone between two looks, or not asked for.
      if (index === null) continue;
      present.set(index, now);
      const { slot } = this.#registry.list[this.#slotOf(name, index)];
      const before = this.#last.get(index);
      if (!isFirst) counted.push(...differences(slot, name, before ?? NOTHING, now));
    }
    this.#last = present;
    return counted;
  }

  #slotOf(name: string, index: number): number {
    return this.#registry.slotOfName(name, index, LINKTYPE_UNSUPPORTED, name === LOOPBACK);
  }
}

const NOTHING = { rxPackets: 0, rxBytes: 0, txPackets: 0, txBytes: 0 };

type Traffic = typeof NOTHING;

/** Each loopback packet is received as it is sent: it counts as it does when it is captured, once. */
function differences(slot: number, name: string, before: Traffic, now: Traffic): CountedTraffic[] {
  // A driver that began anew at zero.
  const from = now.rxPackets < before.rxPackets || now.txPackets < before.txPackets ? NOTHING : before;
  const since: CountedTraffic[] = [
    { slot, direction: 'in', packets: now.rxPackets - from.rxPackets, wireBytes: now.rxBytes - from.rxBytes },
  ];
  if (name !== LOOPBACK) {
    since.push({
      slot,
      direction: 'out',
      packets: now.txPackets - from.txPackets,
      wireBytes: now.txBytes - from.txBytes,
    });
  }
  return since.filter(({ packets }) => packets > 0);
}
