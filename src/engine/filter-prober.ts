/** Counts beside the capture what a filter would let through, while it is being edited: one candidate at a time. */

import { kernelProgram } from '../../filters/prefilter.ts';
import type { PreparedFilter } from '../../filters/prepared.ts';
import type { BpfProgram } from '../base/bpf-program.ts';
import type { CaptureSource } from '../capture/capture-source.ts';
import { SystemCallError } from '../native/koffi.ts';
import type { EngineOptions, FilterProbe } from './messages.ts';

/** What counts in the kernel (capture/match-counter.ts). */
export interface CountsMatches {
  /** False: the kernel did not take the program, so that everything matches. */
  readonly runsProgram: boolean;
  read(): { matched: number; seen: number };
  close(): void;
}

/** Begins to count; throws SystemCallError where that is not permitted. */
export type MakeMatchCounter = (interfaces: readonly string[] | 'all', program: BpfProgram | null) => CountsMatches;

export interface ProberParts {
  source: Pick<CaptureSource, 'kind'>;
  countMatches: MakeMatchCounter | null;
  /** Monotonic clock, seconds. */
  monotonicClock(): number;
}

interface Probing {
  counter: CountsMatches;
  began: number;
  exact: boolean;
}

export class FilterProber {
  readonly #options: EngineOptions;
  readonly #parts: ProberParts;
  #probing: Probing | null = null;

  constructor(options: EngineOptions, parts: ProberParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Counts for this filter from now on; null ends it. Where it cannot count there is nothing to read. */
  probe(filter: PreparedFilter | null): void {
    this.close();
    const { countMatches, source, monotonicClock } = this.#parts;
    const watched = this.#options.source;
    // Only the ring sees what a packet socket sees.
    if (filter === null || countMatches === null || watched.kind !== 'live' || source.kind !== 'ring') return;
    const made = kernelProgram(filter, this.#options);
    try {
      const counter = countMatches(watched.interfaces, made?.program ?? null);
      const exact = counter.runsProgram ? made?.exact === true : keepsEverything(filter);
      this.#probing = { counter, began: monotonicClock(), exact };
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
    }
  }

  read(): FilterProbe | null {
    if (this.#probing === null) return null;
    const { counter, began, exact } = this.#probing;
    return { seconds: this.#parts.monotonicClock() - began, ...counter.read(), exact };
  }

  /** Gives the sockets back. Idempotent. */
  close(): void {
    this.#probing?.counter.close();
    this.#probing = null;
  }
}

function keepsEverything({ rules, unmatched }: PreparedFilter): boolean {
  return unmatched === 'keep' && rules.every(({ include }) => include);
}
