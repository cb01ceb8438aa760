/**
 * Statistics of each interface for the monitors that show them (general, detailed): counts by class and direction, their
 * rates over the last window, the highest rates and the averages since start or reset. One instance for all monitors:
 * context.shared(InterfaceStatistics).
 *
 *   cell = ((slot * TRAFFIC_CLASSES + class) * DIRECTIONS + direction) * DOUBLES   Float64Array of
 *     counts at the last window's end │ rates of that window │ highest rates     packets, IP bytes, wire bytes each
 *     direction   in │ out │ unknown │ all together: the peak of a sum is not the sum of the peaks
 */
import type { Counts } from '../tables/totals.ts';
import {
  TRAFFIC_CLASSES,
  TRAFFIC_DIRECTIONS,
  type TrafficClass,
  TrafficClasses,
  type TrafficDirection,
} from '../tables/traffic-classes.ts';
import type { Bus, Tick } from './bus.ts';

/** Rates per second: packets, bytes of IP packets, bytes of whole frames. */
export interface TrafficRates {
  packetsPerSecond: number;
  bytesPerSecond: number;
  wireBytesPerSecond: number;
}

/** One direction, or all of them together. */
export type RateDirection = TrafficDirection | 'total';

const RATE_DIRECTIONS: readonly RateDirection[] = [...TRAFFIC_DIRECTIONS, 'total'];
const MEASURES = 3;
const RATE = MEASURES;
const PEAK = 2 * MEASURES;
const DOUBLES = 3 * MEASURES;
const SLOT_DOUBLES = TRAFFIC_CLASSES.length * RATE_DIRECTIONS.length * DOUBLES;

export class InterfaceStatistics {
  /** Counts, checksum errors and malformed packets by slot. */
  readonly classes = new TrafficClasses();
  #cells = new Float64Array(0);
  /** By slot: buffers at the last window's end. */
  #buffers = new Float64Array(0);
  /** By slot: 1 where a rate is not 0. */
  #moves = new Uint8Array(0);
  /** Seconds since start or reset at the last window's end; 0: no window has closed. */
  #elapsed = 0;

  constructor(bus: Bus) {
    bus.on('batch', (batch) => this.classes.add(batch));
    bus.on('counted', (counted) => {
      for (const traffic of counted) this.classes.addCounted(traffic);
    });
    bus.on('window', (window) => this.#closeWindow(window));
    bus.on('reset', () => this.#reset());
  }

  /** Rates of the last window; null until one has closed since start or reset. */
  ratesOf(slot: number, direction: RateDirection, trafficClass: TrafficClass): TrafficRates | null {
    return this.#elapsed > 0 ? this.#read(slot, direction, trafficClass, RATE, 1) : null;
  }

  /** Highest rate that a window had since start or reset, for each measure; null as for ratesOf. */
  peaksOf(slot: number, direction: RateDirection, trafficClass: TrafficClass): TrafficRates | null {
    return this.#elapsed > 0 ? this.#read(slot, direction, trafficClass, PEAK, 1) : null;
  }

  /** Averages from start or reset to the last window's end; null as for ratesOf. */
  averagesOf(slot: number, direction: RateDirection, trafficClass: TrafficClass): TrafficRates | null {
    return this.#elapsed > 0 ? this.#read(slot, direction, trafficClass, 0, this.#elapsed) : null;
  }

  #read(slot: number, direction: RateDirection, trafficClass: TrafficClass, from: number, per: number): TrafficRates {
    const direct = RATE_DIRECTIONS.indexOf(direction);
    const at = cellAt(slot, TRAFFIC_CLASSES.indexOf(trafficClass), direct) + from;
    const perSecond = (measure: number): number => (this.#cells[at + measure] ?? 0) / per;
    return { packetsPerSecond: perSecond(0), bytesPerSecond: perSecond(1), wireBytesPerSecond: perSecond(2) };
  }

  #closeWindow({ elapsed, interval }: Tick): void {
    if (interval <= 0) return;
    this.#elapsed = elapsed;
    this.#grow();
    for (let slot = 0; slot < this.classes.slots; slot++) this.#closeSlot(slot, interval);
  }

  /** Interfaces that carry nothing cost nothing: on a host of containers most are gone for long. */
  #closeSlot(slot: number, seconds: number): void {
    const { buffers } = this.classes.totalOf(slot, 'total');
    if (buffers === this.#buffers[slot] && this.#moves[slot] === 0) return;
    this.#moves[slot] = buffers === this.#buffers[slot] ? 0 : 1;
    this.#buffers[slot] = buffers;
    for (const [index, trafficClass] of TRAFFIC_CLASSES.entries()) {
      for (const [direction, name] of TRAFFIC_DIRECTIONS.entries()) {
        this.#closeCell(cellAt(slot, index, direction), this.classes.countsOf(slot, name, trafficClass), seconds);
      }
      const all = cellAt(slot, index, TRAFFIC_DIRECTIONS.length);
      this.#closeCell(all, this.classes.totalOf(slot, trafficClass), seconds);
    }
  }

  #closeCell(at: number, { packets, ipBytes, wireBytes }: Counts, seconds: number): void {
    const cells = this.#cells;
    for (const [measure, count] of [packets, ipBytes, wireBytes].entries()) {
      const rate = (count - cells[at + measure]) / seconds;
      cells[at + measure] = count;
      cells[at + RATE + measure] = rate;
      cells[at + PEAK + measure] = Math.max(cells[at + PEAK + measure], rate);
    }
  }

  #grow(): void {
    const { slots } = this.classes;
    if (this.#buffers.length >= slots) return;
    const cells = new Float64Array(slots * SLOT_DOUBLES);
    cells.set(this.#cells);
    this.#cells = cells;
    const buffers = new Float64Array(slots);
    buffers.set(this.#buffers);
    this.#buffers = buffers;
    const moves = new Uint8Array(slots);
    moves.set(this.#moves);
    this.#moves = moves;
  }

  #reset(): void {
    this.classes.reset();
    this.#cells.fill(0);
    this.#buffers.fill(0);
    this.#moves.fill(0);
    this.#elapsed = 0;
  }
}

function cellAt(slot: number, trafficClass: number, direction: number): number {
  return ((slot * TRAFFIC_CLASSES.length + trafficClass) * RATE_DIRECTIONS.length + direction) * DOUBLES;
}
