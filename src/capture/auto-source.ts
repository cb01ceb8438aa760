/**
 * AutoSource: live capture with whichever source works here. The packet ring comes first; libpcap takes its place where
 * the ring cannot be opened, and where the ring would count an interface's packets without being able to read them.
 */
import type { BpfProgram } from '../base/bpf-program.ts';
import { OperatorError } from '../base/errors.ts';
import { InterfaceQueries } from '../native/interfaces.ts';
import type { CaptureKind, CaptureSink, CaptureSource, CaptureStatistics, InterfaceTable } from './capture-source.ts';
import { LINKTYPE_UNSUPPORTED, linkLayerOf } from './link-types.ts';

export interface AutoParts {
  ring: CaptureSource;
  /** Makes the other source; throws OperatorError E_USAGE where libpcap cannot watch what is wanted. */
  makePcap: () => CaptureSource;
  /** Why the ring could not read what it captures, or null. */
  ringIsBlind: () => string | null;
}

export class AutoSource implements CaptureSource {
  readonly #parts: AutoParts;
  #source: CaptureSource;

  constructor(parts: AutoParts) {
    this.#parts = parts;
    this.#source = parts.ring;
  }

  get kind(): CaptureKind {
    return this.#source.kind;
  }

  get interfaces(): InterfaceTable {
    return this.#source.interfaces;
  }

  /** Rejects with the ring's error where libpcap would fail for the same reason, else with the reasons of both. */
  async start(sink: CaptureSink): Promise<void> {
    const { ring, ringIsBlind } = this.#parts;
    const blindness = ringIsBlind();
    if (blindness !== null) {
      // Packets that are only counted are better than none.
      if ((await this.#tryPcap(sink, blindness)) !== null) await ring.start(sink);
      return;
    }
    try {
      await ring.start(sink);
    } catch (error) {
      if (!(error instanceof OperatorError) || error.code !== 'E_CAPTURE_UNAVAILABLE') throw error;
      const refusal = await this.#tryPcap(sink, error.fields.cause);
      if (refusal !== null) throw neitherWorks(error, refusal);
    }
  }

  /** Starts libpcap and says so; else answers with its error. */
  async #tryPcap(sink: CaptureSink, reason: string): Promise<OperatorError | null> {
    const { ring, makePcap } = this.#parts;
    try {
      // What reaches the sink while it starts is this source's already.
      this.#source = makePcap();
      await this.#source.start(sink);
    } catch (error) {
      this.#source = ring;
      if (error instanceof OperatorError) return error;
      throw error;
    }
    sink.onFact({ type: 'capture-fallback', source: 'pcap', reason });
    return null;
  }

  statistics(): CaptureStatistics {
    return this.#source.statistics();
  }

  get prefilterRefusal(): string | null {
    return this.#source.prefilterRefusal ?? null;
  }

  setPrefilter(program: BpfProgram | null): void {
    this.#source.setPrefilter?.(program);
  }

  stop(): Promise<void> {
    return this.#source.stop();
  }
}

/**
 * Why the ring could not read the packets of these interfaces, or null. Of an unknown kind of link it knows no
 * link-layer header; libpcap takes such packets without theirs ("cooked").
 */
export function ringBlindness(interfaces: readonly string[] | 'all'): string | null {
  // Among several the others still count: libpcap could not watch them together.
  if (interfaces === 'all' || interfaces.length !== 1) return null;
  const queries = new InterfaceQueries();
  try {
    const hardwareType = queries.hardwareType(interfaces[0]);
    if (hardwareType === null || linkLayerOf(hardwareType).linkType !== LINKTYPE_UNSUPPORTED) return null;
    return `the packet ring knows no links of type ${hardwareType} (ARPHRD_)`;
  } finally {
    queries.close();
  }
}

function neitherWorks(ring: OperatorError, pcap: OperatorError): OperatorError {
  const isUsage = pcap.code === 'E_USAGE';
  return new OperatorError({
    code: pcap.code === 'E_CAPTURE_PERMISSION' ? pcap.code : ring.code,
    operation: ring.fields.operation,
    target: ring.fields.target,
    cause: `${ring.fields.cause}; ${isUsage ? '' : 'nor does libpcap: '}${pcap.fields.cause}`,
    remedy: isUsage ? 'name one, or all' : pcap.fields.remedy,
  });
}
