/**
 * Totals of everything that passed the filter: packets, buffers, IP bytes and wire bytes by interface slot and packet
 * type, the grand total, and the rates of the last closed window. Independent of the conversation table: what is evicted
 * or removed there stays counted here.
 *
 *   cell = slot * TYPES + type   Float64Array, COUNTERS doubles a cell: packets, buffers, IP bytes, wire bytes
 *   type = PACKET_TYPE 0 to 4, 5 = unknown
 */
import type { DecodedBatch } from '../wire/decoded-batch.ts';
import { PACKET_TYPE } from '../wire/packet-batch.ts';
import type { CountedElsewhere } from './traffic-classes.ts';

const TYPES = 6;
const UNKNOWN_TYPE = TYPES - 1;
const COUNTERS = 4;
const SLOT_DOUBLES = TYPES * COUNTERS;

/** Counters of one interface and direction, or of sums of them. */
export interface Counts {
  packets: number;
  /** What the kernel handed over: an offloaded buffer is one, its segments are packets. */
  buffers: number;
  ipBytes: number;
  wireBytes: number;
}

export class Totals {
  packetsPerSecond = 0;
  ipBytesPerSecond = 0;
  wireBytesPerSecond = 0;
  #cells: Float64Array = new Float64Array(SLOT_DOUBLES);
  readonly #grand = new Float64Array(COUNTERS);
  readonly #windowStart = new Float64Array(COUNTERS);

  get packets(): number {
    return this.#grand[0];
  }

  get buffers(): number {
    return this.#grand[1];
  }

  get ipBytes(): number {
    return this.#grand[2];
  }

  get wireBytes(): number {
    return this.#grand[3];
  }

  packetsOf(slot: number): number {
    return this.#sumOf(slot, 0);
  }

  buffersOf(slot: number): number {
    return this.#sumOf(slot, 1);
  }

  /** Counters of one interface and one PACKET_TYPE. */
  countsOf(slot: number, packetType: number): Counts {
    const at = slot * SLOT_DOUBLES + typeIndex(packetType) * COUNTERS;
    const cell = (k: number): number => this.#cells[at + k] ?? 0;
    return { packets: cell(0), buffers: cell(1), ipBytes: cell(2), wireBytes: cell(3) };
  }

  /** Counts the selected packets of a batch, run by run: neighbours mostly share their cell. */
  add(batch: DecodedBatch): void {
    const { count, selected, segments, ipBytes, wireBytes } = batch;
    const { interfaceSlot, packetType } = batch.packets;
    let runSlot = 0;
    let runType = 0;
    let packets = 0;
    let buffers = 0;
    let ip = 0;
    let wire = 0;
    for (let i = 0; i < count; i++) {
      if (selected[i] === 0) continue;
      if (interfaceSlot[i] !== runSlot || packetType[i] !== runType) {
        this.#addRun(runSlot, runType, packets, buffers, ip, wire);
        runSlot = interfaceSlot[i];
        runType = packetType[i];
        packets = 0;
        buffers = 0;
        ip = 0;
        wire = 0;
      }
      packets += segments[i];
      buffers++;
      ip += ipBytes[i];
      wire += wireBytes[i];
    }
    this.#addRun(runSlot, runType, packets, buffers, ip, wire);
  }

  /** Counts packets that the kernel counted and nobody saw. */
  addCounted({ slot, direction, packets, wireBytes }: CountedElsewhere): void {
    const type = direction === 'out' ? PACKET_TYPE.outgoing : PACKET_TYPE.host;
    this.#addRun(slot, type, packets, packets, 0, wireBytes);
  }

  /** Ends the rate window of `seconds`. */
  closeWindow(seconds: number): void {
    const grand = this.#grand;
    const start = this.#windowStart;
    const perSecond = seconds > 0 ? 1 / seconds : 0;
    this.packetsPerSecond = (grand[0] - start[0]) * perSecond;
    this.ipBytesPerSecond = (grand[2] - start[2]) * perSecond;
    this.wireBytesPerSecond = (grand[3] - start[3]) * perSecond;
    start.set(grand);
  }

  reset(): void {
    this.#cells.fill(0);
    this.#grand.fill(0);
    this.#windowStart.fill(0);
    this.closeWindow(0);
  }

  #addRun(
    slot: number,
    packetType: number,
    packets: number,
    buffers: number,
    ipBytes: number,
    wireBytes: number,
  ): void {
    if (buffers === 0) return;
    if ((slot + 1) * SLOT_DOUBLES > this.#cells.length) this.#grow(slot);
    const cells = this.#cells;
    const grand = this.#grand;
    const at = slot * SLOT_DOUBLES + typeIndex(packetType) * COUNTERS;
    cells[at] += packets;
    cells[at + 1] += buffers;
    cells[at + 2] += ipBytes;
    cells[at + 3] += wireBytes;
    grand[0] += packets;
    grand[1] += buffers;
    grand[2] += ipBytes;
    grand[3] += wireBytes;
  }

  #sumOf(slot: number, counter: number): number {
    let sum = 0;
    for (let type = 0; type < TYPES; type++) {
      sum += this.#cells[slot * SLOT_DOUBLES + type * COUNTERS + counter] ?? 0;
    }
    return sum;
  }

  #grow(slot: number): void {
    const grown = new Float64Array((slot + 1) * 2 * SLOT_DOUBLES);
    grown.set(this.#cells);
    this.#cells = grown;
  }
}

function typeIndex(packetType: number): number {
  return packetType <= PACKET_TYPE.outgoing ? packetType : UNKNOWN_TYPE;
}
