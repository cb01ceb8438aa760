/**
 * RingSource: live capture from a packet socket's mapped ring. One socket serves one interface, several or all: one
 * ring's memory, one place to look, packets of all interfaces in the order of their arrival, and an interface that is
 * made anew costs a filter replaced at once or a new bind, with no packet of the others lost.
 *
 *   poll ─► turn ─► batches to the sink ─► block back to the kernel
 *     ▲        ├─ more is ready after 10 ms of work: again after the event loop's other work (setImmediate)
 *     │        ├─ several blocks were ready: again in 5 ms
 *     └────────┘  else
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { INSTRUCTION_BYTES, MAXIMUM_INSTRUCTIONS } from '../../../filters/bpf-program.ts';
import type { BpfProgram } from '../../base/bpf-program.ts';
import { OperatorError } from '../../base/errors.ts';
import { InterfaceQueries, LinkWatcher } from '../../native/interfaces.ts';
import { firstLine, SystemCallError } from '../../native/koffi.ts';
import { BLOCK_BYTES, PacketSocket } from '../../native/packet-socket.ts';
import { attachFilter, ReadWatcher, takeSocketError } from '../../native/sockets.ts';
import type { CaptureSink, CaptureSource, CaptureStatistics, InterfaceTable } from '../capture-source.ts';
import { InterfaceRegistry } from '../interface-table.ts';
import { InterfaceDropMeter } from '../kernel-counters.ts';
import { openLinks, reportChange } from '../link-facts.ts';
import type { LinkChange, LinkMonitor } from '../link-monitor.ts';
import { PERMISSION_REMEDY } from '../permission.ts';
import { RingWalker } from './ring-walker.ts';
import { composeSocketFilter, dropEverything } from './socket-filter.ts';

export interface RingOptions {
  /** Names, each of an interface that exists, or all there are and will be. */
  interfaces: readonly string[] | 'all';
  promiscuous: boolean;
  /** Bytes kept of each packet. */
  snaplen: number;
  /** More is kept of packets that may tell names (name-snapshots.ts). Absent: not. */
  keepsNames?: boolean;
  /** Kernel filter that accepts a superset of what is wanted, or null. */
  prefilter?: BpfProgram | null;
}

const RING_BLOCKS = 32;
/** Work in one turn of the event loop: messages to the engine are answered between turns. */
const TURN_MILLISECONDS = 10;
const BUSY_PAUSE_MILLISECONDS = 5;
/** The last packets are waited for at most so long: twice the kernel's time for a block, and a busy machine's delays. */
const LAST_PACKETS_MILLISECONDS = 250;

/** Everything that exists only between start and stop. */
interface Session {
  sink: CaptureSink;
  socket: PacketSocket;
  walker: RingWalker;
  watcher: ReadWatcher;
  queries: InterfaceQueries;
  links: LinkMonitor;
  linkWatcher: LinkWatcher;
  dropMeter: InterfaceDropMeter;
}

export class RingSource implements CaptureSource {
  readonly kind = 'ring' as const;
  readonly #options: RingOptions;
  readonly #registry: InterfaceRegistry;
  #session: Session | null = null;
  #prefilter: BpfProgram | null;
  #prefilterRefusal: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  /** Settles when everything is given back, while that is under way. */
  #ending: Promise<void> | null = null;
  #received = 0;
  #dropped = 0;
  #freezes = 0;
  #droppedByInterface = 0;

  constructor(options: RingOptions) {
    this.#options = options;
    this.#prefilter = options.prefilter ?? null;
    this.#registry = new InterfaceRegistry((index) => this.#nameOf(index));
  }

  get interfaces(): InterfaceTable {
    return this.#registry.list;
  }

  /** Why the kernel does not run the pre-filter (the filter in user space does it all then), or null. */
  get prefilterRefusal(): string | null {
    return this.#prefilterRefusal;
  }

  async start(sink: CaptureSink): Promise<void> {
    const names = this.#options.interfaces === 'all' ? null : this.#options.interfaces;
    const queries = new InterfaceQueries();
    try {
      const links = openLinks(queries, names, 'capture on');
      const socket = openPacketSocket(this.#target());
      try {
        this.#begin(sink, socket, queries, links, names);
      } catch (error) {
        socket.close();
        throw error;
      }
    } catch (error) {
      this.#session = null;
      queries.close();
      throw error;
    }
  }

  statistics(): CaptureStatistics {
    if (this.#session !== null) this.#readStatistics(this.#session);
    return {
      received: this.#received,
      droppedByKernel: this.#dropped,
      droppedByInterface: this.#droppedByInterface,
      freezes: this.#freezes,
    };
  }

  /** Replaces the kernel's pre-filter at once; see prefilterRefusal for whether the kernel took it. */
  setPrefilter(program: BpfProgram | null): void {
    this.#prefilter = program;
    if (this.#session !== null) this.#attachFilter(this.#session.socket, this.#session.links);
  }

  /** Delivers what has arrived until now, also what the kernel still holds back, then gives everything back. */
  stop(): Promise<void> {
    const session = this.#session;
    if (session === null) return Promise.resolve();
    this.#ending ??= this.#end(session).finally(() => {
      this.#ending = null;
    });
    return this.#ending;
  }

  async #end(session: Session): Promise<void> {
    this.#cancelTurn();
    session.watcher.close();
    session.linkWatcher.close();
    // Whoever stops us may be in the midst of a batch.
    await Promise.resolve();
    await this.#deliverRest(session);
    this.#readStatistics(session);
    this.#session = null;
    session.socket.close();
    session.queries.close();
  }

  /** With nothing more coming in, the ring runs empty as soon as the kernel hands over the block that it was filling. */
  async #deliverRest({ socket, walker, sink }: Session): Promise<void> {
    // Where the kernel has no memory for that, packets go on coming: what is more than the ring holds came later.
    tryAttach(socket, dropEverything());
    const deadline = performance.now() + LAST_PACKETS_MILLISECONDS;
    for (let blocks = 0; blocks <= socket.blockCount; ) {
      while (blocks <= socket.blockCount && walker.fill()) {
        sink.onBatch(walker.batch);
        if (walker.release()) blocks++;
      }
      if (!walker.isFilling || performance.now() >= deadline) return;
      await sleep(BUSY_PAUSE_MILLISECONDS);
    }
  }

  #target(): string {
    return this.#options.interfaces === 'all' ? 'all' : this.#options.interfaces.join(', ');
  }

  #begin(
    sink: CaptureSink,
    socket: PacketSocket,
    queries: InterfaceQueries,
    links: LinkMonitor,
    names: readonly string[] | null,
  ): void {
    // The filter first: a bound socket without one receives what nobody asked for.
    this.#attachFilter(socket, links);
    const geometry = { blockBytes: BLOCK_BYTES, blockCount: socket.blockCount, vnetHeader: socket.vnetHeader };
    const walker = new RingWalker(socket.memory.buffer, geometry, this.#registry);
    const dropMeter = new InterfaceDropMeter(names);
    // Before bind: nothing that happens in between goes unnoticed.
    const linkWatcher = new LinkWatcher(() => this.#checkLinks());
    let watcher: ReadWatcher;
    try {
      socket.bind(names?.length === 1 ? (links.indexes()[0] ?? -1) : 0);
      watcher = new ReadWatcher(socket.fd, () => this.#onReadable());
    } catch (error) {
      linkWatcher.close();
      throw openError(error, this.#target());
    }
    this.#session = { sink, socket, walker, watcher, queries, links, linkWatcher, dropMeter };
    if (this.#options.promiscuous) for (const index of links.indexes()) addPromiscuous(socket, index);
    for (const name of names ?? []) {
      const state = links.state(name);
      if (state !== 'up') sink.onFact({ type: 'interface-down', interface: name, reason: state });
    }
  }

  #nameOf(index: number): string | null {
    return this.#session?.queries.name(index) ?? this.#session?.links.lastNameOf(index) ?? null;
  }

  /** Attaches the whole filter, or without the pre-filter when the kernel refuses that. */
  #attachFilter(socket: PacketSocket, links: LinkMonitor): void {
    const { interfaces, snaplen, keepsNames } = this.#options;
    const interfaceIndexes = interfaces === 'all' || interfaces.length === 1 ? null : links.indexes();
    const compose = (prefilter: BpfProgram | null): Uint8Array =>
      composeSocketFilter({ snaplen, keepsNames, interfaceIndexes, prefilter });
    this.#prefilterRefusal = this.#prefilter === null ? null : tryAttach(socket, compose(this.#prefilter));
    if (this.#prefilter !== null && this.#prefilterRefusal === null) return;
    attachFilter(socket.fd, compose(null));
    // A program and the one that it replaces need memory at the same time: now the old one is gone.
    if (this.#prefilter !== null) this.#prefilterRefusal = tryAttach(socket, compose(this.#prefilter));
  }

  #readStatistics(session: Session): void {
    const { packets, drops, freezes } = session.socket.takeStatistics();
    this.#received += packets;
    this.#dropped += drops;
    this.#freezes += freezes;
    this.#droppedByInterface = session.dropMeter.total();
  }

  #onReadable(): void {
    const session = this.#session;
    if (session === null) return;
    if (this.#turn(session)) return;
    // Woken for nothing: ENETDOWN, the interface went down. Reading the error clears it; else it would wake us for ever.
    if (takeSocketError(session.socket.fd) !== 0) this.#checkLinks();
  }

  /**
   * Delivers for a bounded time, then decides when to look again. False when there was nothing to deliver.
   * The watcher stays on while everything is taken at once: switching it costs system calls at every block.
   */
  #turn(session: Session): boolean {
    const deadline = performance.now() + TURN_MILLISECONDS;
    const { walker, sink, watcher } = session;
    let batches = 0;
    let blocks = 0;
    while (walker.fill()) {
      batches++;
      sink.onBatch(walker.batch);
      // The sink may have stopped us.
      if (this.#session !== session || this.#ending !== null) return true;
      if (walker.release()) blocks++;
      if (performance.now() >= deadline) {
        watcher.stop();
        this.#immediate = setImmediate(() => this.#turn(session));
        return true;
      }
    }
    if (blocks > 1) {
      watcher.stop();
      this.#timer = setTimeout(() => this.#turn(session), BUSY_PAUSE_MILLISECONDS);
    } else watcher.start();
    return batches > 0;
  }

  #cancelTurn(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
  }

  /** Something about some interface changed. */
  #checkLinks(): void {
    const session = this.#session;
    if (session === null) return;
    const changes = session.links.check();
    this.#registry.refresh();
    if (changes.length === 0) return;
    try {
      this.#follow(session, changes);
    } catch (error) {
      session.sink.onFact({ type: 'capture-failed', error: openError(error, this.#target()).fields });
      session.sink.onEnd();
      return;
    }
    for (const change of changes) reportChange(session.sink, change);
  }

  /** Makes the socket capture from interfaces that were made anew. */
  #follow(session: Session, changes: readonly LinkChange[]): void {
    const { interfaces, promiscuous } = this.#options;
    for (const { index, reindexed, before } of changes) {
      if (index === null || !(reindexed || before === null)) continue;
      if (interfaces !== 'all' && interfaces.length === 1) rebind(session.socket, index);
      if (promiscuous) addPromiscuous(session.socket, index);
    }
    const several = interfaces !== 'all' && interfaces.length > 1;
    if (several && changes.some((change) => change.reindexed)) this.#attachFilter(session.socket, session.links);
  }
}

function openPacketSocket(target: string): PacketSocket {
  try {
    return new PacketSocket(RING_BLOCKS);
  } catch (error) {
    throw openError(error, target);
  }
}

/** What an operator can do about a packet socket that failed. */
function openError(error: unknown, target: string): OperatorError {
  if (error instanceof OperatorError) return error;
  const operation = 'capture on';
  const code = error instanceof SystemCallError ? error.code : '';
  if (code === 'EPERM' || code === 'EACCES') {
    return new OperatorError({
      code: 'E_CAPTURE_PERMISSION',
      operation,
      target,
      cause: 'no permission to open a packet socket',
      remedy: PERMISSION_REMEDY,
    });
  }
  return new OperatorError({
    code: 'E_CAPTURE_UNAVAILABLE',
    operation,
    target,
    cause: `the packet ring does not work here: ${firstLine(error)}`,
    remedy: 'try --capture pcap',
  });
}

/** Why the kernel refuses the filter, or null when it is attached. */
function tryAttach(socket: PacketSocket, instructions: Uint8Array): string | null {
  const count = instructions.byteLength / INSTRUCTION_BYTES;
  if (count > MAXIMUM_INSTRUCTIONS) return `${count} instructions; the kernel takes ${MAXIMUM_INSTRUCTIONS}`;
  try {
    attachFilter(socket.fd, instructions);
    return null;
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    return error.code === 'ENOMEM' ? 'socket option memory is short (net.core.optmem_max)' : error.message;
  }
}

/** The interface may be gone again already: news of that is on its way. */
function rebind(socket: PacketSocket, index: number): void {
  try {
    socket.bind(index);
  } catch (error) {
    if (!(error instanceof SystemCallError) || (error.code !== 'ENODEV' && error.code !== 'ENXIO')) throw error;
  }
}

function addPromiscuous(socket: PacketSocket, index: number): void {
  try {
    socket.addPromiscuous(index);
  } catch (error) {
    if (!(error instanceof SystemCallError) || (error.code !== 'ENODEV' && error.code !== 'ENXIO')) throw error;
  }
}
