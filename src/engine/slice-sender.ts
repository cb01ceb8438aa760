/**
 * The slices of a snapshot on their way to the front: one a turn of the event loop, so that capture goes on in between,
 * and never more than a few that the front has not taken: a million rows do not wait in its memory for a slow disk.
 */

/** Slices that are on their way at a time: the front need not wait for the next one to be built. */
const MOST_UNDERWAY = 3;

export class SliceSender {
  readonly #put: (rows: unknown[]) => void;
  #slices: Iterator<unknown[]> | null = null;
  #done: () => void = () => undefined;
  #underway = 0;

  constructor(put: (rows: unknown[]) => void) {
    this.#put = put;
  }

  /** Settles when the last slice is sent. One snapshot at a time. */
  send(slices: Iterable<unknown[]>): Promise<void> {
    this.#slices = slices[Symbol.iterator]();
    this.#underway = 0;
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#next();
    });
  }

  /** The front has taken a slice. */
  taken(): void {
    if (this.#underway-- === MOST_UNDERWAY) this.#next();
  }

  #next(): void {
    const next = this.#slices?.next();
    if (next === undefined) return;
    if (next.done === true) {
      this.#slices = null;
      this.#done();
      return;
    }
    this.#put(next.value);
    if (++this.#underway < MOST_UNDERWAY) setImmediate(() => this.#next());
  }
}
