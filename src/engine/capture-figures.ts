/** What source, decoder and writer say of the capture, since start or reset: the counters of a CaptureView. */
import type { CaptureSource } from '../capture/capture-source.ts';
import { DECODE_STATUS, DECODE_STATUS_NAMES } from '../wire/decoded-batch.ts';
import type { CaptureView } from './messages.ts';

type Figures = Pick<
  CaptureView,
  | 'source'
  | 'received'
  | 'droppedByKernel'
  | 'droppedByInterface'
  | 'malformed'
  | 'malformedByReason'
  | 'freezes'
  | 'notWritten'
>;

export interface FiguresParts {
  source: Pick<CaptureSource, 'kind' | 'statistics'>;
  decoder: { readonly statusCounts: ArrayLike<number> };
  writer: { readonly notWritten: number } | null;
}

export class CaptureFigures {
  readonly #parts: FiguresParts;
  readonly #statusBase = new Float64Array(DECODE_STATUS_NAMES.length);
  #base = { received: 0, kernel: 0, interface: 0, freezes: 0 };

  constructor(parts: FiguresParts) {
    this.#parts = parts;
  }

  /** Counters begin at zero again. */
  reset(): void {
    this.#statusBase.set(this.#parts.decoder.statusCounts);
    const statistics = this.#parts.source.statistics();
    this.#base = {
      received: statistics.received ?? 0,
      kernel: statistics.droppedByKernel ?? 0,
      interface: statistics.droppedByInterface ?? 0,
      freezes: statistics.freezes ?? 0,
    };
  }

  read(): Figures {
    const { source, writer } = this.#parts;
    const statistics = source.statistics();
    const base = this.#base;
    const since = (value: number | null, before: number): number | null => (value === null ? null : value - before);
    const reasons = this.#malformedByReason();
    const malformed = Object.values(reasons).reduce((sum, count) => sum + count, 0);
    return {
      source: source.kind,
      received: since(statistics.received, base.received),
      droppedByKernel: since(statistics.droppedByKernel, base.kernel),
      droppedByInterface: since(statistics.droppedByInterface, base.interface),
      // Where no packet is seen, none is known to be malformed.
      malformed: source.kind === 'counters' ? null : malformed,
      malformedByReason: reasons,
      freezes: since(statistics.freezes, base.freezes),
      notWritten: writer?.notWritten ?? 0,
    };
  }

  #malformedByReason(): Record<string, number> {
    const { statusCounts } = this.#parts.decoder;
    const reasons: Record<string, number> = {};
    for (let status = DECODE_STATUS.ok + 1; status < DECODE_STATUS_NAMES.length; status++) {
      const count = statusCounts[status] - this.#statusBase[status];
      if (count > 0) reasons[DECODE_STATUS_NAMES[status]] = count;
    }
    return reasons;
  }
}
