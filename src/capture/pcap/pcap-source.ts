/**
 * PcapSource: live capture with libpcap, through the `pcap` package in a child process of its own (its loop starves
 * everything beside it). One interface, or libpcap's "any". Opened unfiltered: filtering is the engine's.
 * An interface that comes back gets a new child, because libpcap's handle does not survive its loss.
 */
import { OperatorError } from '../../base/errors.ts';
import { InterfaceQueries, LinkWatcher } from '../../native/interfaces.ts';
import { LINKTYPE } from '../../wire/numbers.ts';
import type { CaptureSink, CaptureSource, CaptureStatistics, InterfaceTable } from '../capture-source.ts';
import { InterfaceRegistry } from '../interface-table.ts';
import { type LinkChange, LinkMonitor } from '../link-monitor.ts';
import { LINKTYPE_UNSUPPORTED } from '../link-types.ts';
import { DEFAULT_CHILD_PATH, PCAP_REMEDY, PcapProcess, pcapOpenError } from './pcap-process.ts';
import { type PcapCounters, PcapStreamReader } from './pcap-stream.ts';

export interface PcapOptions {
  /** One interface, or libpcap's "any". */
  interface: string;
  promiscuous: boolean;
  /** Bytes kept of each packet. */
  snaplen: number;
  /** The child's program; the bundle has it beside itself as pcap-child.js. */
  childPath?: string;
}

/** After the child ended, how long news of the interface may take that explain it. */
const NEWS_MILLISECONDS = 500;
const NO_COUNTERS: PcapCounters = { received: 0, dropped: 0, interfaceDropped: 0 };

/** null when the `pcap` package works here, else why not and what to do. Starts a child to find out. */
export async function isPcapAvailable(childPath = DEFAULT_CHILD_PATH): Promise<string | null> {
  const child = new PcapProcess(childPath, { type: 'probe' });
  const message = await child.firstMessage();
  await child.stop();
  if (message.type === 'available') return null;
  return `${'cause' in message ? message.cause : 'unexpected answer'} (${PCAP_REMEDY})`;
}

export class PcapSource implements CaptureSource {
  readonly kind = 'pcap' as const;
  readonly #options: PcapOptions;
  readonly #registry = new InterfaceRegistry(() => null);
  #queries: InterfaceQueries | null = null;
  #child: PcapProcess | null = null;
  #sink: CaptureSink | null = null;
  #links: LinkMonitor | null = null;
  #linkWatcher: LinkWatcher | null = null;
  /** Sums of children that ended, and what the present one counted. */
  readonly #sums = { ...NO_COUNTERS };
  #counters = NO_COUNTERS;
  /** The interface went down or away since the child was started: its handle is of no use any more. */
  #stale = false;
  #restarting: Promise<void> = Promise.resolve();

  constructor(options: PcapOptions) {
    this.#options = options;
  }

  get interfaces(): InterfaceTable {
    return this.#registry.list;
  }

  async start(sink: CaptureSink): Promise<void> {
    const queries = new InterfaceQueries();
    this.#queries = queries;
    this.#sink = sink;
    try {
      await this.#open();
    } catch (error) {
      this.#sink = null;
      queries.close();
      throw error;
    }
    this.#followLinks(sink, queries);
  }

  statistics(): CaptureStatistics {
    return {
      received: this.#sums.received,
      droppedByKernel: this.#sums.dropped,
      droppedByInterface: this.#sums.interfaceDropped,
      freezes: null,
    };
  }

  async stop(): Promise<void> {
    if (this.#sink === null) return;
    this.#sink = null;
    this.#linkWatcher?.close();
    await this.#restarting;
    await this.#child?.stop();
    this.#child = null;
    this.#queries?.close();
  }

  async #open(): Promise<void> {
    const { interface: device, promiscuous, snaplen, childPath } = this.#options;
    this.#stale = false;
    const child = new PcapProcess(childPath ?? DEFAULT_CHILD_PATH, { type: 'capture', device, promiscuous, snaplen });
    const message = await child.firstMessage();
    if (message.type !== 'opened') {
      await child.stop();
      throw pcapOpenError(device, message);
    }
    this.#child = child;
    this.#counters = NO_COUNTERS;
    const reader = this.#makeReader(linkTypeOf(message.linkType));
    child.onChunk((chunk) => reader.push(chunk));
    child.ended.then(() => this.#childEnded(child));
  }

  #makeReader(linkType: number): PcapStreamReader {
    const device = this.#options.interface;
    const slot = this.#registry.slotOfName(device, this.#queries?.index(device) ?? null, linkType, device === 'lo');
    return new PcapStreamReader(linkType, slot, {
      onBatch: (batch) => this.#sink?.onBatch(batch),
      onCounters: (counters) => this.#addCounters(counters),
    });
  }

  /** libpcap's counters are 32 bits wide and begin anew with each child. */
  #addCounters(now: PcapCounters): void {
    this.#sums.received += (now.received - this.#counters.received) >>> 0;
    this.#sums.dropped += (now.dropped - this.#counters.dropped) >>> 0;
    this.#sums.interfaceDropped += (now.interfaceDropped - this.#counters.interfaceDropped) >>> 0;
    this.#counters = now;
  }

  /** Pseudo-devices (any, usbmon0, nflog) are no interfaces of the kernel: they neither go nor come. */
  #followLinks(sink: CaptureSink, queries: InterfaceQueries): void {
    const device = this.#options.interface;
    if (queries.index(device) === null) return;
    const links = new LinkMonitor(
      { names: () => [device], index: (name) => queries.index(name), flags: (name) => queries.flags(name) },
      [device],
    );
    this.#links = links;
    this.#linkWatcher = new LinkWatcher(() => {
      for (const change of links.check()) this.#onLink(sink, change);
    });
    const state = links.state(device);
    if (state !== 'up') sink.onFact({ type: 'interface-down', interface: device, reason: state });
  }

  #onLink(sink: CaptureSink, { name, state, before, reindexed }: LinkChange): void {
    if (this.#sink === null) return;
    // Without its carrier only, the interface keeps its packet sockets.
    if (state === 'down' || state === 'gone' || reindexed) this.#stale = true;
    if (state !== 'up') {
      if (before === 'up') sink.onFact({ type: 'interface-down', interface: name, reason: state });
      return;
    }
    const announce = (): void => {
      if (before !== 'up' || reindexed) sink.onFact({ type: 'interface-up', interface: name });
    };
    if (this.#stale || this.#child === null) this.#restart(announce);
    else announce();
  }

  #restart(announce: () => void): void {
    this.#restarting = this.#restarting.then(async () => {
      const former = this.#child;
      this.#child = null;
      await former?.stop();
      if (this.#sink === null) return;
      try {
        await this.#open();
        if (this.#linkState() === 'up') announce();
      } catch (error) {
        // Gone again already: the next news begin anew.
        if (this.#linkState() === 'up') this.#fail(error as OperatorError);
      }
    });
  }

  #linkState(): string {
    return this.#links?.state(this.#options.interface) ?? 'up';
  }

  /** The child ended by itself. A lost interface explains it; anything else is a failure. */
  #childEnded(child: PcapProcess): void {
    if (this.#child !== child) return;
    this.#child = null;
    setTimeout(() => {
      if (this.#child !== null || this.#linkState() !== 'up') return;
      const { interface: target } = this.#options;
      this.#fail(
        new OperatorError({
          code: 'E_CAPTURE_FAILED',
          operation: 'capture with libpcap on',
          target,
          cause: child.cause,
        }),
      );
    }, NEWS_MILLISECONDS).unref();
  }

  #fail(error: OperatorError): void {
    const sink = this.#sink;
    if (sink === null) return;
    sink.onFact({ type: 'capture-failed', error: error.fields });
    sink.onEnd();
  }
}

/** The package names five link types; others are "Unknown linktype N" with N as libpcap's DLT_ number. */
export function linkTypeOf(name: string): number {
  const named = new Map<string, number>([
    ['LINKTYPE_NULL', LINKTYPE.null],
    ['LINKTYPE_ETHERNET', LINKTYPE.ethernet],
    ['LINKTYPE_IEEE802_11_RADIO', 127],
    ['LINKTYPE_RAW', LINKTYPE.raw],
    ['LINKTYPE_LINUX_SLL', LINKTYPE.linuxCooked],
  ]).get(name);
  if (named !== undefined) return named;
  const number = /^Unknown linktype (\d+)$/.exec(name);
  return number === null ? LINKTYPE_UNSUPPORTED : Number(number[1]);
}
