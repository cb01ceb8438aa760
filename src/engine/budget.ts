/** At most so many of something in a second of packet time; what is beyond that is counted. */
export class Budget {
  readonly #most: number;
  #second = Number.NaN;
  #left = 0;
  /** Refused since it was made. */
  refused = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes one at this time, seconds; false: this second's are used up. */
  spend(time: number): boolean {
    if (!this.has(time)) return false;
    this.#left--;
    return true;
  }

  /** One can be taken at this time. Where not, it counts as refused. */
  has(time: number): boolean {
    const second = Math.floor(time);
    if (second !== this.#second) {
      this.#second = second;
      this.#left = this.#most;
    }
    if (this.#left === 0) this.refused++;
    return this.#left > 0;
  }
}
