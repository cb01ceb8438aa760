/**
 * Coverage: what share of the packets that the kernel counted on the watched interfaces reached us, over the last
 * minute. It is how "true numbers" is checked while running: a gap that no drop counter explains shows here.
 *
 * The wall clock that tells which packets came before the kernel's counters were read counts in milliseconds: what a
 * millisecond carries is no gap.
 */

/** Samples kept: one a second, so a minute. */
const SAMPLES = 61;
/** Share of a sample's interval that the clock cannot resolve. */
const CLOCK_NOISE = 0.001;

export interface CoverageInput {
  /** Interface name: counters are compared by name, since an interface that comes back has a new kernel index. */
  name: string;
  /** Packets that the kernel counted, both directions, since the interface was made. */
  kernelPackets: number;
  /** Packets (or buffers, on virtual links) that we counted since start. */
  capturedPackets: number;
}

export class Coverage {
  #last = new Map<string, CoverageInput>();
  #kernel = new Float64Array(SAMPLES);
  #captured = new Float64Array(SAMPLES);
  #count = 0;
  #kernelSum = 0;
  #capturedSum = 0;

  /** Adds one reading of all watched interfaces. */
  sample(inputs: readonly CoverageInput[]): void {
    for (const input of inputs) {
      const last = this.#last.get(input.name);
      // Counters that went backwards belong to a new interface of the same name: begin again from here.
      if (last !== undefined && input.kernelPackets >= last.kernelPackets) {
        this.#kernelSum += input.kernelPackets - last.kernelPackets;
        this.#capturedSum += Math.max(0, input.capturedPackets - last.capturedPackets);
      }
      this.#last.set(input.name, { ...input });
    }
    const at = this.#count++ % SAMPLES;
    this.#kernel[at] = this.#kernelSum;
    this.#captured[at] = this.#capturedSum;
  }

  /** Captured / counted by the kernel over the last minute, at most 1; null before there was any traffic to compare. */
  value(): number | null {
    if (this.#count < 2) return null;
    const newest = (this.#count - 1) % SAMPLES;
    const oldest = this.#count > SAMPLES ? this.#count % SAMPLES : 0;
    const kernel = this.#kernel[newest] - this.#kernel[oldest];
    if (kernel <= 0) return null;
    const captured = this.#captured[newest] - this.#captured[oldest];
    const lastSecond = this.#kernel[newest] - this.#kernel[(newest + SAMPLES - 1) % SAMPLES];
    return captured + lastSecond * CLOCK_NOISE >= kernel ? 1 : captured / kernel;
  }

  /** Forgets everything (counters were reset). */
  reset(): void {
    this.#last.clear();
    this.#count = 0;
  }
}
