/**
 * What was dropped and malformed, from records that say it for some time each: an interval, an hour, a run. They overlap,
 * and several monitors of one capture say the same: of each record only the part of its time counts that none before it
 * has covered.
 *
 *   covered  ────────────●────────●────────●            checkpoints: time and sum until then
 *   record                        ├─────────────┤       adds what it says less what is known of its time
 */
import type { BlockEntry, Losses, SumEntry } from './entry.ts';
import type { LossRow } from './report.ts';

export const NO_LOSSES: Losses = { droppedByKernel: null, droppedByInterface: null, malformed: null };

/** Times of lines of text are whole seconds, and a monitor begins a moment after its program. */
const TOLERANCE_SECONDS = 2;
/** Records reach back an hour as a rule; those of a whole run begin at its first checkpoint, which is kept. */
const MAXIMUM_CHECKPOINTS = 10_000;

interface Checkpoint {
  time: number;
  sum: Losses;
}

/** Of one interface in one log. */
class Coverage {
  #checkpoints: Checkpoint[];

  /** Nothing of before `time` is known. */
  constructor(time: number) {
    this.#checkpoints = [{ time, sum: NO_LOSSES }];
  }

  /** What `losses`, of the time from `start` to `end`, say that is new. */
  add(start: number, end: number, losses: Losses): Losses {
    const last = this.#checkpoints.at(-1) as Checkpoint;
    const begins = this.#checkpoints.findLast(({ time }) => time <= start + TOLERANCE_SECONDS / 2);
    // It reaches back to where we know nothing: the records that follow one another say the rest.
    if (begins === undefined) return NO_LOSSES;
    const known = joined(last.sum, begins.sum, minus);
    const added = mapped((figure) => fresh(losses[figure], known[figure]));
    this.#checkpoints.push({ time: Math.max(end, last.time), sum: joined(last.sum, added, plus) });
    if (this.#checkpoints.length > MAXIMUM_CHECKPOINTS) this.#checkpoints.splice(1, MAXIMUM_CHECKPOINTS / 2);
    return added;
  }
}

/** Reads losses of records, each once. */
export class LossMeter {
  readonly #coverages = new Map<string, Coverage>();

  /**
   * What the record says that no record before it has said. Of a run that began before the log does, what it lost before
   * is not of this log. `logBegan`: time of the log's first record.
   */
  read({ interface: name, time, seconds, losses }: BlockEntry | SumEntry, log: string, logBegan: number): Losses {
    const key = [log, name].join('\0');
    let coverage = this.#coverages.get(key);
    const start = time - seconds;
    if (coverage === undefined) {
      coverage = new Coverage(Math.max(start, logBegan - TOLERANCE_SECONDS));
      this.#coverages.set(key, coverage);
      if (start < logBegan - TOLERANCE_SECONDS) return coverage.add(time, time, NO_LOSSES);
    }
    return coverage.add(start, time, losses);
  }
}

const FIGURES = ['droppedByKernel', 'droppedByInterface', 'malformed'] as const;

function mapped(figureOf: (figure: (typeof FIGURES)[number]) => number | null): Losses {
  const [droppedByKernel, droppedByInterface, malformed] = FIGURES.map(figureOf);
  return { droppedByKernel, droppedByInterface, malformed };
}

function fresh(now: number | null, known: number | null): number | null {
  return now === null ? null : Math.max(0, now - (known ?? 0));
}

export const plus = (a: number, b: number): number => a + b;
const minus = (a: number, b: number): number => a - b;

/** Figure by figure; what only one of them knows stays. */
export function joined(a: Losses, b: Losses, join: (a: number, b: number) => number): Losses {
  return mapped((figure) => {
    const [x, y] = [a[figure], b[figure]];
    return x === null || y === null ? (x ?? y) : join(x, y);
  });
}

/** Sums by interface. Of several logs that watched the same one, that with the largest figures counts. */
export class LossTable {
  readonly #byInterface = new Map<string, Map<string, Losses>>();

  add(interfaceName: string, log: string, losses: Losses): void {
    const logs = this.#byInterface.get(interfaceName) ?? new Map<string, Losses>();
    this.#byInterface.set(interfaceName, logs);
    logs.set(log, joined(logs.get(log) ?? NO_LOSSES, losses, plus));
  }

  rows(): LossRow[] {
    return [...this.#largest()]
      .map(([name, losses]) => ({ interface: name, ...losses }))
      .sort((a, b) => (a.interface < b.interface ? -1 : 1));
  }

  total(): Losses {
    return wholeOf(this.#largest(), (a, b) => joined(a, b, plus)) ?? NO_LOSSES;
  }

  #largest(): Map<string, Losses> {
    const largest = (logs: Map<string, Losses>): Losses =>
      [...logs.values()].reduce((a, b) => joined(a, b, (x, y) => Math.max(x, y)));
    return new Map([...this.#byInterface].map(([name, logs]) => [name, largest(logs)]));
  }
}

/** Figures of several watched interfaces as one: "all" holds the others; without it they add up. */
export function wholeOf<T>(byInterface: ReadonlyMap<string, T>, add: (a: T, b: T) => T): T | null {
  const all = byInterface.get('all');
  if (all !== undefined) return all;
  const parts = [...byInterface.values()];
  return parts.length === 0 ? null : parts.reduce(add);
}
