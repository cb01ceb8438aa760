/**
 * CaptureSource: where packets come from. Three kinds stand behind this interface: the packet ring, libpcap, and
 * savefiles. A source fills batches and counts what it lost; it decides nothing about what a packet means.
 */
import type { BpfProgram } from '../base/bpf-program.ts';
import type { OperatorErrorFields } from '../base/errors.ts';
import type { PacketBatch } from '../wire/packet-batch.ts';

/** counters: no packets, the kernel's counters of each interface alone (-u). */
export type CaptureKind = 'ring' | 'pcap' | 'savefile' | 'counters';

/** An interface that packets were seen on. A slot is never reused while the program runs. */
export interface CapturedInterface {
  slot: number;
  name: string;
  /** Kernel's index, or null (files). */
  index: number | null;
  /** LINKTYPE_ number. */
  linkType: number;
  /** True where several packets share one card-level buffer only virtually: veth, bridge, loopback, tun. */
  virtual: boolean;
  loopback: boolean;
}

/** Append-only list: index = slot. */
export type InterfaceTable = readonly CapturedInterface[];

/** Counters since start. null = the source cannot know, which is not 0. */
export interface CaptureStatistics {
  /** Buffers that the source delivered to us or dropped for lack of room (ps_recv). */
  received: number | null;
  droppedByKernel: number | null;
  droppedByInterface: number | null;
  /** Times the ring was full and the kernel stopped filling it. */
  freezes: number | null;
}

/** What can happen to a source while it runs; past tense, serialisable. */
export type CaptureFact =
  | { type: 'interface-down'; interface: string; reason: string }
  | { type: 'interface-up'; interface: string }
  /** libpcap captures in the ring's place, which was tried first. */
  | { type: 'capture-fallback'; source: 'pcap'; reason: string }
  | { type: 'capture-damaged'; error: OperatorErrorFields }
  | { type: 'capture-failed'; error: OperatorErrorFields }
  /** -w: packets are missing from the file, or will be. The capture goes on. */
  | { type: 'write-failed'; error: OperatorErrorFields };

/** What the kernel counted of an interface in one direction since its last reading. */
export interface CountedTraffic {
  slot: number;
  direction: 'in' | 'out';
  packets: number;
  /** Whole frames. */
  wireBytes: number;
}

/** Receives what a source delivers. All calls are synchronous and on the source's own thread. */
export interface CaptureSink {
  /** The batch is borrowed: valid until this returns. */
  onBatch(batch: PacketBatch): void;
  /** In place of batches, from a source that has no packets. */
  onCounted?(counted: readonly CountedTraffic[]): void;
  onFact(fact: CaptureFact): void;
  /** No more packets will come (end of file, or the source gave up after a capture-failed fact). */
  onEnd(): void;
}

export interface CaptureSource {
  readonly kind: CaptureKind;
  readonly interfaces: InterfaceTable;
  /** Opens everything that needs privileges and begins to deliver. Rejects with an OperatorError. */
  start(sink: CaptureSink): Promise<void>;
  statistics(): CaptureStatistics;
  /**
   * Replaces the kernel's pre-filter without losing a packet (ring only; absent elsewhere).
   * The program must accept a superset of what is wanted. null = everything.
   */
  setPrefilter?(program: BpfProgram | null): void;
  /** Why the kernel does not run the pre-filter, or null (ring only). */
  readonly prefilterRefusal?: string | null;
  /** Gives everything back. Idempotent. */
  stop(): Promise<void>;
}
