/** Puts an engine together as its options say: which source, which filter, which monitors, which file to write. */
import { openSync } from 'node:fs';
import { expressionFilter } from '../../filters/bpf.ts';
import { OperatorError, type OperatorErrorFields } from '../base/errors.ts';
import { AutoSource, ringBlindness } from '../capture/auto-source.ts';
import type { CaptureSource } from '../capture/capture-source.ts';
import { CountersSource } from '../capture/counters-source.ts';
import { readKernelCounters } from '../capture/kernel-counters.ts';
import { MatchCounter } from '../capture/match-counter.ts';
import { PcapSource } from '../capture/pcap/pcap-source.ts';
import { NAME_SNAPLEN } from '../capture/ring/name-snapshots.ts';
import { RingSource } from '../capture/ring/ring-source.ts';
import { PcapngWriter } from '../capture/savefile/pcapng-writer.ts';
import { SavefileSource } from '../capture/savefile/savefile-source.ts';
import { Engine } from './engine.ts';
import { linkReader } from './links.ts';
import type { EngineOptions } from './messages.ts';
import { makeMonitors } from './monitors.ts';
import { secondsCutOf } from './seconds.ts';

/** libpcap's pseudo-interface for all interfaces. */
const PCAP_ALL = 'any';

export interface BuildParts {
  /** In place of the source that the options name (tests). */
  source?: CaptureSource;
  /** Files: awaited between slices of reading. */
  beforeSlice?: () => Promise<void> | undefined;
}

/** Rejects nothing by itself; what the source cannot open is said by Engine.start. */
export function buildEngine(options: EngineOptions, parts: BuildParts): Engine {
  const live = options.source.kind === 'live';
  const writer =
    options.writePath === null
      ? null
      : openWriter(options.writePath, options, (error) => {
          engine.bus.emit('fact', { type: 'write-failed', error });
        });
  // A file is read faster than a disk writes: reading waits for the writer, and then for who watches.
  const beforeSlice = (): Promise<void> | undefined => writer?.drained() ?? parts.beforeSlice?.();
  const source = parts.source ?? makeSource(options, beforeSlice);
  const engine = new Engine(options, {
    source,
    monitors: makeMonitors(options.monitors),
    expression: options.expression === null ? null : expressionFilter(options.expression),
    writer,
    // Counters compared with themselves would say nothing.
    kernelPackets: live && source.kind !== 'counters' ? () => kernelPackets(options, source.kind === 'pcap') : null,
    links: live ? linkReader() : null,
    countMatches: (interfaces, program) => new MatchCounter(interfaces, program),
    wallClock: () => Date.now() / 1000,
    monotonicClock: () => performance.now() / 1000,
  });
  return engine;
}

function makeSource(
  { source, snaplen, rateWindow, monitors, alerts = [], observesNames: keepsNames = false }: EngineOptions,
  beforeSlice: BuildParts['beforeSlice'],
): CaptureSource {
  if (source.kind === 'file') {
    const window = Number.isFinite(rateWindow) ? rateWindow : null;
    const countsSeconds = alerts.length > 0 || monitors.includes('host-pairs');
    const cutEverySeconds = countsSeconds ? secondsCutOf(rateWindow) : window;
    return new SavefileSource({ path: source.path, cutEverySeconds, beforeSlice });
  }
  const { interfaces, promiscuous } = source;
  // libpcap knows one length for all packets.
  const pcapSnaplen = keepsNames ? Math.max(snaplen, NAME_SNAPLEN) : snaplen;
  const makePcap = (): PcapSource =>
    new PcapSource({ interface: pcapInterface(interfaces), promiscuous, snaplen: pcapSnaplen });
  if (source.capture === 'counters') return new CountersSource({ interfaces });
  if (source.capture === 'pcap') return makePcap();
  const ring = new RingSource({ interfaces, promiscuous, snaplen, keepsNames });
  if (source.capture === 'ring') return ring;
  return new AutoSource({ ring, makePcap, ringIsBlind: () => ringBlindness(interfaces) });
}

/** libpcap opens one interface, or its pseudo-interface for all. */
function pcapInterface(interfaces: readonly string[] | 'all'): string {
  if (interfaces === 'all') return PCAP_ALL;
  if (interfaces.length === 1) return interfaces[0];
  throw new OperatorError({
    code: 'E_USAGE',
    operation: 'watch',
    target: interfaces.join(', '),
    cause: 'libpcap watches one interface at a time',
    remedy: 'name one, or all, or leave out --capture pcap',
  });
}

/** Packets of both directions by interface, as the kernel counted them; each loopback packet is received as it is sent. */
function kernelPackets({ source }: EngineOptions, byPcap: boolean): Map<string, number> {
  const counts = new Map<string, number>();
  // libpcap's pseudo-interface does not tell which interface a packet came by: it is compared with all of them.
  const asOne = byPcap && source.kind === 'live' && source.interfaces === 'all';
  const watched = source.kind === 'live' && source.interfaces !== 'all' ? new Set(source.interfaces) : null;
  for (const [name, counters] of readKernelCounters()) {
    if (watched !== null && !watched.has(name)) continue;
    const packets = name === 'lo' ? counters.rxPackets : counters.rxPackets + counters.txPackets;
    if (asOne) counts.set(PCAP_ALL, (counts.get(PCAP_ALL) ?? 0) + packets);
    else counts.set(name, packets);
  }
  return counts;
}

function openWriter(
  path: string,
  { snaplen, writeName = path }: EngineOptions,
  onError: (error: OperatorErrorFields) => void,
): PcapngWriter {
  try {
    return new PcapngWriter(openSync(path, 'w'), { snaplen, application: 'iptraf-ts', path: writeName, onError });
  } catch (error) {
    throw new OperatorError({
      code: 'E_OUTPUT',
      operation: 'write packets to',
      target: writeName,
      cause: (error as Error).message,
    });
  }
}
