/** Alerts by rule and subject, from the records of their beginnings and ends. */
import type { AlertEntry } from './entry.ts';
import type { AlertRow, Ranking } from './report.ts';

/** Rules are few, but each host may be a subject of its own. */
const CAPACITY = 10_000;

interface Watch extends AlertRow {
  /** Of the beginning whose end is awaited. */
  since: number | null;
}

export class AlertTable {
  readonly #rows = new Map<string, Watch>();
  #isFull = false;

  add({ state, alert, subject, time }: AlertEntry): void {
    const key = [alert, subject].join('\0');
    const row = this.#rows.get(key);
    if (row === undefined) this.#begin(key, { alert, subject, time, state });
    else if (state === 'started') {
      row.times++;
      row.last = time;
      row.since = time;
    } else if (row.since !== null) {
      row.seconds += Math.max(0, time - row.since);
      row.since = null;
    }
  }

  /** An end whose beginning is not in the log is no alert of this report. */
  #begin(key: string, { state, alert, subject, time }: Omit<AlertEntry, 'kind'>): void {
    if (state === 'ended') return;
    this.#isFull ||= this.#rows.size >= CAPACITY;
    if (this.#isFull) return;
    this.#rows.set(key, { alert, subject, times: 1, seconds: 0, first: time, last: time, isOn: true, since: time });
  }

  /** The most frequent first. */
  ranking(limit: number): Ranking<AlertRow> {
    const ordered = [...this.#rows.values()].sort(
      (a, b) => b.times - a.times || b.seconds - a.seconds || a.first - b.first,
    );
    const rows = (limit === 0 ? ordered : ordered.slice(0, limit)).map(({ since, ...row }) => ({
      ...row,
      isOn: since !== null,
    }));
    return { rows, shown: rows.length, total: this.#isFull ? null : ordered.length, mayLack: 0 };
  }
}
