/**
 * Cuts batches at multiples of a period counted from the first packet's time, so that ticks made from packet time are
 * exact. Works in nanoseconds relative to the first packet: whole numbers, exact for 104 days either way.
 */

const NANOSECONDS = 1_000_000_000;

export class TimeCut {
  /** Current period: lowNanoseconds <= packet time relative to the first < highNanoseconds. */
  lowNanoseconds = -Infinity;
  highNanoseconds = Infinity;
  /** Number of the current period, 0 = the one that begins with the first packet. */
  index = 0;
  originSeconds = 0;
  originNanoseconds = 0;
  /** False until the first packet was seen. */
  started = false;
  readonly #period: number;

  /** @param seconds the period, or null: never cut */
  constructor(seconds: number | null) {
    this.#period = seconds === null ? Infinity : seconds * NANOSECONDS;
  }

  /** Makes the first packet's time the origin. */
  start(seconds: number, nanoseconds: number): void {
    this.started = true;
    this.originSeconds = seconds;
    this.originNanoseconds = nanoseconds;
    this.moveTo(0);
  }

  /** Makes the period that holds this relative time the current one. */
  moveTo(relativeNanoseconds: number): void {
    if (this.#period === Infinity) return;
    this.index = Math.floor(relativeNanoseconds / this.#period);
    this.lowNanoseconds = this.index * this.#period;
    this.highNanoseconds = (this.index + 1) * this.#period;
  }
}
