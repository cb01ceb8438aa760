/**
 * Live count: how many packets a filter that is looked at would let through, counted by the engine beside the capture.
 * The screens of filters share one; whichever is on top polls it with its own candidate, once a second, so typing does
 * not begin a count with every key.
 */
import type { Filter } from '../../filters/filter.ts';
import { OperatorError } from '../../src/base/errors.ts';
import { formatCount, formatPercent } from '../../src/base/format.ts';
import type { FilterProbe } from '../../src/engine/messages.ts';
import type { FilterControl } from './control.ts';

/** What decides packets; name and description do not. */
function countedAs({ rules, unmatched }: Filter): string {
  return JSON.stringify([rules, unmatched]);
}

/** "at most 12 of 300 packets in the last 10 s match (4.0 %)". */
export function probeText({ seconds, matched, seen, exact }: FilterProbe): string {
  const span = `in the last ${Math.max(1, Math.round(seconds))} s`;
  if (seen === 0) return `no packet ${span}`;
  const share = formatPercent(Math.min(1, matched / seen));
  return `${exact ? '' : 'at most '}${formatCount(matched)} of ${formatCount(seen)} packets ${span} pass (${share})`;
}

export class LiveCount {
  readonly #control: FilterControl;
  /** The candidate that is counted, or was refused; null: none. */
  #asked: string | null = null;
  #refused = false;
  #text: string | null = null;
  #polling: Promise<void> | null = null;

  constructor(control: FilterControl) {
    this.#control = control;
  }

  /** Settles when what is known has been read. `candidate`: the filter looked at, or null while it makes no sense. */
  async poll(candidate: Filter | null): Promise<void> {
    if (this.#polling !== null) return;
    this.#polling = this.#ask(candidate).finally(() => {
      this.#polling = null;
    });
    await this.#polling;
  }

  async #ask(candidate: Filter | null): Promise<void> {
    const key = candidate === null || !this.#control.capturing ? null : countedAs(candidate);
    try {
      if (key === this.#asked) await this.#read();
      else await this.#begin(key, candidate);
    } catch (error) {
      this.#refused = true;
      // What was tried stands on the screen already.
      this.#text = error instanceof OperatorError ? error.fields.cause : String(error);
    }
  }

  async #begin(key: string | null, candidate: Filter | null): Promise<void> {
    this.#asked = key;
    this.#refused = false;
    this.#text = null;
    await this.#control.probe(key === null ? null : candidate);
  }

  async #read(): Promise<void> {
    if (this.#asked === null || this.#refused) return;
    const probe = await this.#control.readProbe();
    this.#text = probe === null ? null : probeText(probe);
  }

  /** What is known of this candidate: its count, or why it cannot be applied; null: nothing. */
  of(candidate: Filter | null): { text: string; refused: boolean } | null {
    if (candidate === null || this.#text === null || countedAs(candidate) !== this.#asked) return null;
    return { text: this.#text, refused: this.#refused };
  }

  /** Ends counting. A candidate that is just being asked for is waited for: its count would go on. */
  close(): void {
    const end = (): Promise<void> => this.#control.probe(null);
    (this.#polling ?? Promise.resolve()).then(end).catch(() => undefined);
  }
}
