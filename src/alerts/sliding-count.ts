/**
 * What a counter grew by in the last so many seconds, kept as samples of it: at most SAMPLES of them, so that a count
 * over a week needs no more room than one over an hour. It never reaches further back than it should: it may fall
 * short by the distance of two samples (a 3600th of the time, or a window). Pure.
 */
const SAMPLES = 3600;
/** Windows are closed by a timer: they are a little shorter or longer than they should be. */
const TOLERANCE_SECONDS = 0.125;

export class SlidingCount {
  readonly #seconds: number;
  /** Oldest first. */
  #samples: { time: number; total: number }[] = [];

  /** `time`: the counter was 0 then. */
  constructor(seconds: number, time: number) {
    this.#seconds = seconds;
    this.#samples.push({ time, total: 0 });
  }

  /** The clock was set by so many seconds. */
  move(by: number): void {
    for (const sample of this.#samples) sample.time += by;
  }

  /** The counter is at `total` now; returns what it grew by. */
  add(time: number, total: number): number {
    const samples = this.#samples;
    const from = time - this.#seconds - TOLERANCE_SECONDS;
    let old = 0;
    while (old < samples.length - 1 && samples[old].time < from) old++;
    if (old > 0) samples.splice(0, old);
    const [first] = samples;
    const grown = total - first.total;
    if (time - samples[samples.length - 1].time >= this.#seconds / SAMPLES) samples.push({ time, total });
    // Of before, and nothing newer was kept: what it grew by since then is not known to be within.
    return first.time < from ? 0 : grown;
  }
}
