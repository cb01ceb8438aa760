/**
 * What crosses between the engine side (monitor.ts) and the front side (screen.ts, output.ts) of the detailed interface
 * statistics. Plain values only. CONTRACT section 4: counters since start or reset, unknown is null, units in names.
 */
import type { LinkView } from '../../src/engine/link-view.ts';

/** Classes of traffic, in the order of screens and output. */
export const DETAILED_CLASSES = [
  'total',
  'ipv4',
  'ipv6',
  'tcp',
  'udp',
  'icmp',
  'otherIp',
  'nonIp',
  'broadcast',
  'multicast',
] as const;

export type DetailedClass = (typeof DETAILED_CLASSES)[number];

export interface DetailedCounts {
  packets: number;
  /** null: only the kernel's counters are read, which do not tell. */
  ipBytes: number | null;
  wireBytes: number;
}

/** Per second. */
export interface DetailedRates {
  packetsPerSecond: number;
  /** null as ipBytes. */
  bytesPerSecond: number | null;
  wireBytesPerSecond: number;
}

/**
 * Incoming and outgoing are null where the source does not tell the direction (most files), or does not have it (what
 * loopback sends is captured once, as it comes in).
 */
export interface DetailedRow {
  /** Place in DETAILED_CLASSES. */
  id: number;
  /** null: the sum of several. */
  interface: string | null;
  class: DetailedClass;
  total: DetailedCounts;
  incoming: DetailedCounts | null;
  outgoing: DetailedCounts | null;
  /** Over the last rate window; null until one has closed. */
  rates: DetailedDirections<DetailedRates | null>;
}

export interface DetailedDirections<T> {
  total: T;
  incoming: T;
  outgoing: T;
}

/** Of all traffic, and of broadcasts and multicasts apart; null until a rate window has closed. */
export interface DetailedRateFigures extends DetailedDirections<DetailedRates | null> {
  broadcast: DetailedRates | null;
  multicast: DetailedRates | null;
}

/** What one column of the history is: seconds. */
export const HISTORY_RESOLUTIONS = [1, 10, 60] as const;

export type HistoryResolution = (typeof HISTORY_RESOLUTIONS)[number];

/** What the history counts. */
export type HistoryMeasure = 'packets' | 'ipBytes' | 'wireBytes';

/** Query.options. */
export interface DetailedOptions {
  /** Interface shown; null: the sum of all that are watched (the one, where there is only one). */
  interface: string | null;
  /** The newest `points` of the history, or null: none wanted. */
  history: { resolution: HistoryResolution; points: number; measure: HistoryMeasure } | null;
}

/** Rates per second, the newest last; null: before the start, or not over yet. */
export interface DetailedHistory {
  resolution: HistoryResolution;
  /** `unknown`: of no known direction. */
  incoming: (number | null)[];
  outgoing: (number | null)[];
  unknown: (number | null)[];
}

/**
 * What the kernel counted of what is shown since start or reset, at its last reading (at most a second ago). It counts
 * buffers where no card stands behind the interface.
 */
export interface KernelFigures {
  rxPackets: number;
  rxBytes: number;
  /** null: not captured, so not to be compared (loopback). */
  txPackets: number | null;
  txBytes: number | null;
  rxErrors: number;
  txErrors: number;
  rxDropped: number;
  txDropped: number;
  /** Packets that the kernel counted and the capture did not get until then; null: a filter leaves some out. */
  missed: number | null;
}

/** Page.extra. */
export interface DetailedExtra {
  /** Interface shown; null: the sum. */
  interface: string | null;
  /** Interfaces that can be shown. */
  interfaces: string[];
  /** false: the source does not tell which way packets went. */
  directionKnown: boolean;
  /** Figures of all traffic; the peaks of total, incoming and outgoing are those of one second. */
  averages: DetailedRateFigures;
  peaks: DetailedRateFigures;
  /** IPv4 packets with a wrong header checksum; one that is left to the card is none. */
  ipChecksumErrors: number | null;
  /** Packets that could not be decoded to their end. */
  malformed: number | null;
  /** What the kernel handed over: an offloaded buffer is several packets. */
  buffers: number | null;
  /** What the kernel says of the interface; null for the sum, for files, and where it is gone. */
  link: LinkView | null;
  /** null for files, and where the kernel does not count. */
  kernel: KernelFigures | null;
  history: DetailedHistory | null;
}
