/**
 * What passed in each second, ten seconds and minute: the newest POINTS of each, and the fullest second there was, for
 * every interface and for all of them together. Bounded, whatever comes.
 *
 *   block (one for an interface that carried something, one for the sum), Float64Array:
 *     ((resolution * POINTS + point) * DIRECTIONS + direction) * MEASURES + measure
 *       point       number of the interval since the origin, modulo POINTS
 *       direction   in │ out │ unknown
 *       measure     packets │ IP bytes │ wire bytes
 *     PEAK + direction * MEASURES + measure         the most that one second carried; direction also: all together
 *
 * Time is the packets' own, in whole seconds since the origin (the first packet's moment, or the capture's beginning).
 * A batch within the second that is open adds nothing here: what it carried is the difference of the counters in
 * TrafficClasses when the second is over. Only of a batch that reaches beyond each packet is put where it belongs.
 *
 *   open second = counters − (what they were at the last look + packets of this batch, which are put in one by one)
 */
import type { DecodedBatch } from '../wire/decoded-batch.ts';
import { DIRECTION_OF_TYPE, TRAFFIC_DIRECTIONS, type TrafficClasses } from './traffic-classes.ts';

/** Seconds of one point. */
export const RESOLUTIONS = [1, 10, 60] as const;

/** Points kept of each: ten minutes, 100 minutes, ten hours. */
export const POINTS = 600;

/** Interfaces with a history of their own (130 kB each); those beyond are in the sum alone. */
const MAXIMUM_BLOCKS = 256;

/** Live: a packet this many seconds away from the clock was stamped by a clock that was set meanwhile. */
const CLOCK_STEP = 60;

const DIRECTIONS = TRAFFIC_DIRECTIONS.length;
const MEASURES = 3;
const POINT_DOUBLES = DIRECTIONS * MEASURES;
const PEAK = RESOLUTIONS.length * POINTS * POINT_DOUBLES;
const PEAK_TOTAL = PEAK + POINT_DOUBLES;
const BLOCK_DOUBLES = PEAK_TOTAL + MEASURES;

/** In the order of a point's measures. */
export const MEASURE = { packets: 0, ipBytes: 1, wireBytes: 2 } as const;

export type Measure = keyof typeof MEASURE;

/** The most that one second carried. */
export interface SecondCounts {
  packets: number;
  ipBytes: number;
  wireBytes: number;
}

/** Per second, the newest last; null: before the origin. All three are equally long. */
export interface RateSeries {
  incoming: (number | null)[];
  outgoing: (number | null)[];
  /** Of packets whose direction is not known. */
  unknown: (number | null)[];
}

export class RateHistory {
  readonly #classes: TrafficClasses;
  readonly #live: boolean;
  readonly #sum = new Float64Array(BLOCK_DOUBLES);
  /** By slot. */
  #blocks: (Float64Array | undefined)[] = [];
  #blockCount = 0;
  /** Counters that stand in points already: POINT_DOUBLES a slot. */
  #counted = new Float64Array(0);
  /** Seconds since 1970, whole and nanoseconds; null before anything happened. */
  #origin: { seconds: number; nanoseconds: number } | null = null;
  /** Seconds since the origin of the newest second, which is open; −1 before the origin. */
  #open = -1;
  /** Nothing was counted since the last look at the counters. */
  #isSettled = true;
  /** Live: where the clock stood at the last tick. */
  #clock = 0;

  /**
   * `classes` counts each batch before onBatch has it. `live`: time goes on without packets, and the second that is open
   * is not shown.
   */
  constructor(classes: TrafficClasses, live: boolean) {
    this.#classes = classes;
    this.#live = live;
  }

  /** After TrafficClasses.add of the same batch. */
  onBatch(batch: DecodedBatch): void {
    const { packets, count } = batch;
    if (count === 0) return;
    if (this.#origin === null) this.#begin(packets.seconds[0], packets.nanoseconds[0]);
    this.#isSettled = false;
    if (!this.#isWithinOpen(batch)) this.#spread(batch);
  }

  /** After TrafficClasses.addCounted: it belongs to the second that is open. */
  onCounted(): void {
    this.#isSettled = false;
  }

  /** The engine's clock stands at `time`, `elapsed` seconds after start or reset. */
  onTick(time: number, elapsed: number): void {
    if (this.#origin === null) {
      const began = time - elapsed;
      this.#begin(Math.floor(began), Math.floor((began % 1) * 1e9));
    }
    const second = Math.floor(this.#sinceOrigin(time));
    this.#clock = second;
    if (second <= this.#open) return;
    this.#settle();
    this.#advance(second);
  }

  /** The clock that stamps packets was set by `by` seconds: what was drawn stays where it is. */
  moveOrigin(by: number): void {
    if (this.#origin === null) return;
    const whole = Math.floor(by);
    const nanoseconds = this.#origin.nanoseconds + Math.round((by - whole) * 1e9);
    this.#origin.seconds += whole + Math.floor(nanoseconds / 1e9);
    this.#origin.nanoseconds = nanoseconds % 1e9;
  }

  /** Forgets everything. The counters in TrafficClasses begin at zero too. */
  reset(): void {
    this.#sum.fill(0);
    this.#blocks = [];
    this.#blockCount = 0;
    this.#counted.fill(0);
    this.#isSettled = true;
    this.#origin = null;
    this.#open = -1;
    this.#clock = 0;
  }

  /** false: there were too many interfaces before this one. */
  has(slot: number): boolean {
    this.#settle();
    return this.#blocks[slot] !== undefined || this.#blockCount < MAXIMUM_BLOCKS;
  }

  /**
   * The newest `count` rates at `now` (seconds since 1970) of these interfaces together, null: of all.
   * An interval that is not over counts by the time that has passed of it; live, it is left out in its first second.
   */
  series(
    slots: readonly number[] | null,
    resolution: (typeof RESOLUTIONS)[number],
    measure: Measure,
    count: number,
    now: number,
  ): RateSeries {
    const series: RateSeries = { incoming: [], outgoing: [], unknown: [] };
    if (this.#origin === null) return series;
    this.#settle();
    const elapsed = Math.max(this.#sinceOrigin(now), this.#open);
    this.#advance(Math.floor(elapsed));
    const blocks = slots === null ? [this.#sum] : slots.map((slot) => this.#blocks[slot]);
    const newest = Math.floor(elapsed / resolution);
    const passed = elapsed - newest * resolution;
    const last = this.#live && passed < 1 ? newest - 1 : newest;
    const first = last - Math.min(count, POINTS - 1) + 1;
    for (let number = first; number <= last; number++) {
      const seconds = number === newest ? Math.max(1, passed) : resolution;
      const at = pointAt(RESOLUTIONS.indexOf(resolution), number) + MEASURE[measure];
      series.incoming.push(number < 0 ? null : sumAt(blocks, at) / seconds);
      series.outgoing.push(number < 0 ? null : sumAt(blocks, at + MEASURES) / seconds);
      series.unknown.push(number < 0 ? null : sumAt(blocks, at + 2 * MEASURES) / seconds);
    }
    return series;
  }

  /** The fullest second of an interface, null: of the sum; in each direction and measure for itself. */
  peaksOf(slot: number | null): { total: SecondCounts; incoming: SecondCounts; outgoing: SecondCounts } {
    this.#settle();
    const block = slot === null ? this.#sum : this.#blocks[slot];
    const read = (at: number): SecondCounts => ({
      packets: block?.[at] ?? 0,
      ipBytes: block?.[at + 1] ?? 0,
      wireBytes: block?.[at + 2] ?? 0,
    });
    return { total: read(PEAK_TOTAL), incoming: read(PEAK), outgoing: read(PEAK + MEASURES) };
  }

  #begin(seconds: number, nanoseconds: number): void {
    this.#origin = { seconds, nanoseconds };
    this.#open = 0;
  }

  #sinceOrigin(time: number): number {
    if (this.#origin === null) return 0;
    return time - this.#origin.seconds - this.#origin.nanoseconds / 1e9;
  }

  /** Whole seconds from the origin to a packet, exactly; one just before the origin belongs to the first second. */
  #secondOf({ packets }: DecodedBatch, i: number): number {
    const { seconds, nanoseconds } = this.#origin as { seconds: number; nanoseconds: number };
    const second = packets.seconds[i] - seconds - (packets.nanoseconds[i] < nanoseconds ? 1 : 0);
    if (this.#live && Math.abs(second - this.#clock) > CLOCK_STEP) return this.#clock;
    return second === -1 ? 0 : second;
  }

  /** Live packets come in order; files are not always so, and are looked through. */
  #isWithinOpen(batch: DecodedBatch): boolean {
    const last = batch.count - 1;
    if (this.#secondOf(batch, last) !== this.#open) return false;
    for (let i = 0; i < last; i += this.#live ? last : 1) if (this.#secondOf(batch, i) !== this.#open) return false;
    return true;
  }

  /** Puts each packet into its own second. */
  #spread(batch: DecodedBatch): void {
    const { count, selected, segments, ipBytes, wireBytes } = batch;
    const { interfaceSlot, packetType } = batch.packets;
    this.#grow();
    // The counters have this batch: what is put in below is taken away from the difference.
    const counted = this.#counted;
    for (let i = 0; i < count; i++) {
      if (selected[i] === 0) continue;
      const at = interfaceSlot[i] * POINT_DOUBLES + DIRECTION_OF_TYPE[packetType[i]] * MEASURES;
      counted[at] += segments[i];
      counted[at + 1] += ipBytes[i];
      counted[at + 2] += wireBytes[i];
    }
    this.#settle();
    for (let i = 0; i < count; i++) {
      const second = this.#secondOf(batch, i);
      this.#advance(second);
      if (selected[i] === 0) continue;
      const direction = DIRECTION_OF_TYPE[packetType[i]];
      this.#add(interfaceSlot[i], direction, second, segments[i], ipBytes[i], wireBytes[i]);
    }
  }

  /** Puts what was counted since the last look into the open second. */
  #settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#grow();
    const counted = this.#counted;
    for (let slot = 0; slot < this.#classes.slots; slot++) {
      for (let direction = 0; direction < DIRECTIONS; direction++) {
        const counts = this.#classes.countsOf(slot, TRAFFIC_DIRECTIONS[direction], 'total');
        const at = slot * POINT_DOUBLES + direction * MEASURES;
        const packets = counts.packets - counted[at];
        if (packets === 0) continue;
        const ipBytes = counts.ipBytes - counted[at + 1];
        const wireBytes = counts.wireBytes - counted[at + 2];
        this.#add(slot, direction, this.#open, packets, ipBytes, wireBytes);
        counted[at] = counts.packets;
        counted[at + 1] = counts.ipBytes;
        counted[at + 2] = counts.wireBytes;
      }
    }
  }

  #add(slot: number, direction: number, second: number, packets: number, ipBytes: number, wireBytes: number): void {
    const block = this.#blocks[slot] ?? this.#newBlock(slot);
    for (const [index, resolution] of RESOLUTIONS.entries()) {
      const number = Math.floor(second / resolution);
      if (number < 0 || number <= Math.floor(this.#open / resolution) - POINTS) continue;
      const at = pointAt(index, number);
      for (const into of [this.#sum, block]) {
        if (into === undefined) continue;
        addAt(into, at + direction * MEASURES, packets, ipBytes, wireBytes);
        if (resolution === 1) raisePeaks(into, at, direction);
      }
    }
  }

  #newBlock(slot: number): Float64Array | undefined {
    if (this.#blockCount === MAXIMUM_BLOCKS) return undefined;
    const block = new Float64Array(BLOCK_DOUBLES);
    this.#blocks[slot] = block;
    this.#blockCount++;
    return block;
  }

  /** Opens a newer second: the points that it and the silence before it take are emptied. */
  #advance(second: number): void {
    if (second <= this.#open) return;
    for (const [index, resolution] of RESOLUTIONS.entries()) {
      const newest = Math.floor(second / resolution);
      const first = Math.max(Math.floor(this.#open / resolution) + 1, newest - POINTS + 1);
      for (let number = first; number <= newest; number++) {
        const at = pointAt(index, number);
        this.#sum.fill(0, at, at + POINT_DOUBLES);
        for (const block of this.#blocks) block?.fill(0, at, at + POINT_DOUBLES);
      }
    }
    this.#open = second;
  }

  #grow(): void {
    const wanted = this.#classes.slots * POINT_DOUBLES;
    if (this.#counted.length >= wanted) return;
    const counted = new Float64Array(wanted);
    counted.set(this.#counted);
    this.#counted = counted;
  }
}

function pointAt(resolutionIndex: number, number: number): number {
  return (resolutionIndex * POINTS + (number % POINTS)) * POINT_DOUBLES;
}

function addAt(block: Float64Array, at: number, packets: number, ipBytes: number, wireBytes: number): void {
  block[at] += packets;
  block[at + 1] += ipBytes;
  block[at + 2] += wireBytes;
}

/** A second only grows: the most it ever holds is what it holds at last. */
function raisePeaks(block: Float64Array, point: number, direction: number): void {
  for (let measure = 0; measure < MEASURES; measure++) {
    const at = point + measure;
    const peak = PEAK + direction * MEASURES + measure;
    const total = block[at] + block[at + MEASURES] + block[at + 2 * MEASURES];
    block[peak] = Math.max(block[peak], block[at + direction * MEASURES]);
    block[PEAK_TOTAL + measure] = Math.max(block[PEAK_TOTAL + measure], total);
  }
}

function sumAt(blocks: readonly (Float64Array | undefined)[], at: number): number {
  let sum = 0;
  for (const block of blocks) sum += block?.[at] ?? 0;
  return sum;
}
