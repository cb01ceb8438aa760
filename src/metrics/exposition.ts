/**
 * Prometheus' text format, as node_exporter reads it from files (exposition_formats.md of the Prometheus documentation,
 * version 0.0.4), and counters that never go back. Pure.
 */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  labels: Labels;
  /** null: not known, and then not written. */
  value: number | null;
}

/** All samples of one name. */
export interface Family {
  /** Without the program's prefix. */
  name: string;
  type: 'counter' | 'gauge';
  help: string;
  samples: readonly Sample[];
}

const PREFIX = 'iptraf_ts_';

/** Families without samples are left out. */
export function exposition(families: readonly Family[]): string {
  return families.map(familyText).join('');
}

function familyText({ name, type, help, samples }: Family): string {
  const known = samples.filter((sample) => sample.value !== null && Number.isFinite(sample.value));
  if (known.length === 0) return '';
  const full = PREFIX + name;
  const lines = known.map(({ labels, value }) => `${full}${labelText(labels)} ${value}`);
  return [`# HELP ${full} ${escaped(help, /[\\\n]/g)}`, `# TYPE ${full} ${type}`, ...lines, ''].join('\n');
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value, /[\\"\n]/g)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(text: string, special: RegExp): string {
  return text.replace(special, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

/** Series that are remembered; those that are written no more are forgotten when there are more. */
const MOST_SERIES = 20_000;

interface Series {
  /** When the counter behind it began, its value, and what former ones had counted. */
  began: number;
  last: number;
  carried: number;
  /** What was written last. */
  written: number;
  round: number;
}

/** Began at the same moment, as far as doubles of seconds since 1970 tell. */
const SAME_MOMENT = 0.01;

/**
 * Makes counters go on where the ones behind them begin anew: an engine that was started again, a reset by the operator.
 * What was written is never taken back.
 */
export class LastingCounters {
  readonly #series = new Map<string, Series>();
  #round = 0;

  /** What is read from now on belongs to the next writing. */
  next(): void {
    this.#round++;
    if (this.#series.size <= MOST_SERIES) return;
    for (const [key, { round }] of this.#series) if (round < this.#round - 1) this.#series.delete(key);
  }

  /** `began`: when the counter was 0, seconds since 1970. */
  read(key: string, value: number, began: number): number {
    const known = this.#series.get(key);
    if (known === undefined) {
      this.#series.set(key, { began, last: value, carried: 0, written: value, round: this.#round });
      return value;
    }
    if (Math.abs(began - known.began) > SAME_MOMENT) {
      known.carried += known.last;
      known.began = began;
    }
    known.last = value;
    known.round = this.#round;
    known.written = Math.max(known.written, known.carried + value);
    return known.written;
  }
}
