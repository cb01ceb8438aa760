/**
 * What crosses the boundary between the engine process and the front. Plain values only (structured clone).
 * CONTRACT: counters are cumulative since start or reset, unknown is null, units are in names.
 */

import type { PreparedFilter, PreparedNetwork } from '../../filters/prepared.ts';
import type { AlertFact, AlertRule } from '../alerts/alert.ts';
import type { CompiledExpression } from '../base/bpf-program.ts';
import type { OperatorErrorFields } from '../base/errors.ts';
import type { CaptureFact, CaptureKind } from '../capture/capture-source.ts';
import type { UserIds } from '../native/privileges.ts';
import type { PairQuantity } from '../tables/pair-grouping.ts';
import type { MonitorName, Page, Query } from './monitor.ts';

export type { UserIds } from '../native/privileges.ts';

/** What the engine tells without being asked. */
export type EngineFact = CaptureFact | AlertFact;

/** An interface as screens name it. */
export interface InterfaceView {
  /** -1: no packet came by it yet. */
  slot: number;
  name: string;
  /** false after it went down or vanished. */
  up: boolean;
}

/** The `capture` object of machine output, and the status line. */
export interface CaptureView {
  source: CaptureKind;
  received: number | null;
  droppedByKernel: number | null;
  droppedByInterface: number | null;
  /** Packets with a decode status other than ok, in total and by reason (DECODE_STATUS_NAMES). */
  malformed: number | null;
  malformedByReason: Record<string, number>;
  filteredOut: number;
  /** Text of the active filter or expression, or null. */
  filter: string | null;
  /** Share of the packets that the filter lets through, 0 to 1: live over the last minute; null without one or unknown. */
  passed: number | null;
  /** Why the kernel does not drop in front of us what the filter drops, or null (also without a filter). */
  kernelFilterRefusal: string | null;
  /** Captured / kernel's counters over the last minute, 0 to 1; null when it cannot be known. */
  coverage: number | null;
  /** Ring full and frozen: times. */
  freezes: number | null;
  /** Packets that -w could not write. */
  notWritten: number;
}

export interface TotalsView {
  packets: number;
  /** Buffers that the kernel handed over: an offloaded one is several packets. null, as ipBytes: only counters are read. */
  buffers: number | null;
  ipBytes: number | null;
  wireBytes: number;
  /** Over the last rate window; null until one has closed since start or reset. */
  packetsPerSecond: number | null;
  bytesPerSecond: number | null;
  wireBytesPerSecond: number | null;
}

/** Everything about a moment except rows. */
export interface SnapshotHead {
  monitor: MonitorName;
  /** Seconds since 1970, engine time. */
  time: number;
  elapsedSeconds: number;
  /** Interface name or "all"; the file's name is not an interface. */
  interface: string;
  capture: CaptureView;
  totals: TotalsView;
  /** Conversations folded away at the table's cap, with what they carried. */
  evicted: { conversations: number; packets: number; ipBytes: number; wireBytes: number };
  interfaces: InterfaceView[];
}

export interface Snapshot<Row = unknown> extends SnapshotHead, Page<Row> {}

/** counters: no packets, what the kernel counts alone. */
export type LiveCapture = 'auto' | 'ring' | 'pcap' | 'counters';

/** Where packets come from. */
export type SourceOptions =
  | { kind: 'live'; interfaces: string[] | 'all'; capture: LiveCapture; promiscuous: boolean }
  | { kind: 'file'; path: string };

/** How the engine is to run; fixed for one capture. */
export interface EngineOptions {
  source: SourceOptions;
  monitors: MonitorName[];
  /** Bytes kept per packet. */
  snaplen: number;
  /** Capture expression, compiled by the front for every link type that may come (libpcap may resolve host names). */
  expression: CompiledExpression | null;
  /** Stored filter, made ready by the front (names are resolved there), or null; a packet must pass the expression too. */
  filter: PreparedFilter | null;
  /** Thresholds that are watched; absent: none. */
  alerts?: readonly AlertRule[];
  /** Write what passes to this pcapng file (a path the engine may open, e.g. /proc/PID/fd/N), or null. */
  writePath: string | null;
  /** What the operator calls that file, for messages. */
  writeName?: string;
  /** Seconds of a rate window; Infinity (files): one window over the whole file, so that rates are its averages. */
  rateWindow: number;
  /** Rows of the conversation table. */
  maximumConversations: number;
  /** Show tunnels by what they carry. */
  decapsulate: boolean;
  /** Files: keep the newest packets for the packet-by-packet view, since the file is over before anyone asks for it. */
  keepsPackets: boolean;
  /** The host pair monitor; absent: IP bytes, no networks, everything. */
  pairs?: PairOptions;
  /** Names are read from DNS answers and TLS and QUIC handshakes, for which more of those packets is kept. Absent: not. */
  observesNames?: boolean;
  /** Ports that are services beside those below 1024, both ends included; may change while running. Absent: none. */
  servicePorts?: readonly (readonly [from: number, to: number])[];
  /**
   * Started as root: whom the engine becomes, keeping the right to capture alone. Before a live source is opened (that
   * right is enough), after a file is. Absent or null: whoever started it.
   */
  runAs?: UserIds | null;
  /** Idle TCP connections are timed out after this many seconds. */
  tcpTimeout: number;
  /** Closed, reset and timed-out rows go after this many seconds; idle rows of other protocols too. null: never (files). */
  closedPersistence: number | null;
}

/** How pairs of hosts are counted. */
export interface PairOptions {
  quantity: PairQuantity;
  /** Networks that are ours (--local, iftop's -F and -G), or none. */
  networks: readonly PreparedNetwork[];
  /** Only what crosses their border is counted (-F, -G). */
  crossingOnly: boolean;
  /** IPv6 link-local traffic is counted (iftop: -l). */
  linkLocal: boolean;
  /** A log is written beside a screen: it has pairs of single hosts, however the screen puts them together. Absent: not. */
  forLog?: boolean;
}

/** A name that was seen on the wire for an address: in an answer of DNS, or asked for in a TLS or QUIC handshake. */
export interface ObservedName {
  address: string;
  /** As it came: whoever shows it cleans it. */
  name: string;
  by: 'dns' | 'tls' | 'quic';
}

/** What a filter would let through, counted beside the capture since it was asked for. */
export interface FilterProbe {
  seconds: number;
  /** Packets that would match, and all packets, as the kernel counted them (offloaded buffers count once). */
  matched: number;
  seen: number;
  /** false: the kernel cannot decide every rule; at most so many match. */
  exact: boolean;
}

/** What the front asks; every request is answered by `done`, `answer` or `failed` with the same id. */
export type RequestBody =
  | { type: 'start'; options: EngineOptions }
  | { type: 'page'; monitor: MonitorName; query: Query }
  | { type: 'watch'; monitor: MonitorName; query: Query }
  /** One snapshot now, with the replies of a watch. */
  | { type: 'take'; monitor: MonitorName; query: Query }
  | { type: 'reset' }
  | { type: 'command'; monitor: MonitorName; command: string; arguments: Record<string, unknown> }
  | { type: 'set-options'; options: Partial<EngineOptions> }
  /** Replaces the filter while packets come; counters go on. */
  | { type: 'set-filter'; filter: PreparedFilter | null }
  /** Begins to count what this filter would let through, in place of the one before; null: ends it. */
  | { type: 'probe-filter'; filter: PreparedFilter | null }
  /** Answers a FilterProbe, or null where nothing is probed. */
  | { type: 'read-probe' }
  | { type: 'terminal'; restore: string; settings: Uint8Array | null }
  /** Counts what has arrived, and nothing after that; answered when it is done. */
  | { type: 'end-capture' }
  | { type: 'stop' };

/**
 * Front to engine. `watch-taken` says that the last watched snapshot was written: only then is another made; `rows-taken`
 * that one slice of its rows was.
 */
export type Request = (RequestBody & { id: number }) | Acknowledgement;

export type Acknowledgement = { type: 'watch-taken'; id: number } | { type: 'rows-taken'; id: number };

/** Engine to front. */
export type Reply =
  | { type: 'answer'; id: number; value: unknown }
  | { type: 'failed'; id: number; error: OperatorErrorFields | null; message: string }
  /** One snapshot, never two at once: head first, then slices of rows, then its end. `taken`: asked for by 'take'. */
  | { type: 'watch-head'; head: Snapshot; taken: boolean }
  | { type: 'watch-rows'; rows: unknown[] }
  | { type: 'watch-end' }
  | { type: 'fact'; fact: EngineFact }
  /** Seen since the last time, a few hundred at most at once; before the snapshot whose rows may have them. */
  | { type: 'names'; names: ObservedName[] }
  /** No more packets will come. */
  | { type: 'end' };
