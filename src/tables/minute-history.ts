/**
 * Bytes of the newest POINTS intervals (seconds, or rate windows) of each interface: what a sparkline shows. Small, so
 * that a thousand interfaces have one; the history of src/tables/rate-history.ts is the long one.
 *
 *   point = (slot * RING + number % RING) * MEASURES   Float64Array: IP bytes, wire bytes
 */

/** Intervals kept. */
export const POINTS = 60;

/** A power of two above POINTS: the slots of the ring beyond are empty, ready for what comes next. */
const RING = 64;
const MEASURES = 2;
const SLOT_DOUBLES = RING * MEASURES;

export class MinuteHistory {
  #points: Float64Array = new Float64Array(0);
  /** Number of the newest interval, −1: none yet. */
  #newest = -1;

  /** Adds bytes to interval `number`. Those that are older than the ring are forgotten, newer ones move it on. */
  add(slot: number, number: number, ipBytes: number, wireBytes: number): void {
    this.advance(number);
    if (number <= this.#newest - POINTS) return;
    const at = slot * SLOT_DOUBLES + (number % RING) * MEASURES;
    if (at + MEASURES > this.#points.length) this.#grow(slot);
    this.#points[at] += ipBytes;
    this.#points[at + 1] += wireBytes;
  }

  /** Opens interval `number`: those since the newest one carried nothing. */
  advance(number: number): void {
    const points = this.#points;
    for (let next = Math.max(this.#newest + 1, number - RING + 1); next <= number; next++) {
      for (let at = (next % RING) * MEASURES; at < points.length; at += SLOT_DOUBLES) points.fill(0, at, at + MEASURES);
    }
    this.#newest = Math.max(this.#newest, number);
  }

  /** Bytes of each interval of these interfaces together, newest last; as many as there are, at most POINTS. */
  bytesOf(slots: readonly number[], kind: 'ip' | 'wire'): number[] {
    const measure = kind === 'ip' ? 0 : 1;
    const bytes: number[] = [];
    for (let number = Math.max(0, this.#newest - POINTS + 1); number <= this.#newest; number++) {
      let sum = 0;
      for (const slot of slots) sum += this.#points[slot * SLOT_DOUBLES + (number % RING) * MEASURES + measure] ?? 0;
      bytes.push(sum);
    }
    return bytes;
  }

  reset(): void {
    this.#points.fill(0);
    this.#newest = -1;
  }

  #grow(slot: number): void {
    const points = new Float64Array(Math.ceil((slot + 1) * 1.5) * SLOT_DOUBLES);
    points.set(this.#points);
    this.#points = points;
  }
}
