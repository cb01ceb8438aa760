/**
 * How many packets there are of every single size, by interface slot and direction: brackets for any MTU, averages and
 * largest packets are exact, and made when they are read.
 *
 *   cell = (slot * DIRECTIONS + direction) * KINDS + kind    made when the first packet of its kind comes
 *     direction   in │ out │ unknown (TRAFFIC_DIRECTIONS)
 *     kind        network: IP total length, other packets without their link header │ frame: the whole frame
 *   cell.counts[size]   Float64Array, packets of that many bytes; grows to SIZES with the sizes that come
 *   cell.beyond         what is larger than any IPv4 or IPv6 packet on Ethernet: a sum and the largest
 *
 * Packets are packets on the wire: an offloaded buffer counts as its segments, all full but the last one.
 */
import { type DecodedBatch, NETWORK } from '../wire/decoded-batch.ts';
import { lengthBehindLinkHeader, linkHeaderLength } from '../wire/link-header.ts';
import { DIRECTION_OF_TYPE, TRAFFIC_DIRECTIONS, type TrafficDirection } from './traffic-classes.ts';

/** Which length: of the network-layer packet (what an MTU limits), or of the whole frame. */
export const SIZE_KINDS = ['network', 'frame'] as const;
export type SizeKind = (typeof SIZE_KINDS)[number];

const KINDS = SIZE_KINDS.length;
const SLOT_CELLS = TRAFFIC_DIRECTIONS.length * KINDS;

/** Sizes counted one by one: the largest IPv6 packet that is no jumbogram (65,575), its link header and two tags. */
export const SIZES = 65_600;
/** Room at first: most interfaces never carry more than 1,518 bytes. */
const FIRST_SIZES = 2048;

/** Packets of one bracket. Window: those of the last closed rate window. */
export interface SizeCounts {
  packets: number;
  bytes: number;
  windowPackets: number;
  windowBytes: number;
}

export function noSizeCounts(): SizeCounts {
  return { packets: 0, bytes: 0, windowPackets: 0, windowBytes: 0 };
}

/** Packets beyond SIZES, as a sum. */
class Beyond {
  packets = 0;
  bytes = 0;
  largest = 0;
}

class Cell {
  counts = new Float64Array(FIRST_SIZES);
  beyond = new Beyond();
  /** The same at the last window's end, and what that window brought; shorter than `counts` until a window closes. */
  #before = new Float64Array(0);
  #window = new Float64Array(0);
  #beyondBefore = { packets: 0, bytes: 0 };
  #beyondWindow = { packets: 0, bytes: 0 };

  /** For sizes that `counts` has no room for. */
  addLarge(size: number, packets: number): void {
    if (size < SIZES) {
      this.counts = resized(this.counts, Math.min(SIZES, Math.max(2 * this.counts.length, size + 1)));
      this.counts[size] += packets;
      return;
    }
    this.beyond.packets += packets;
    this.beyond.bytes += packets * size;
    this.beyond.largest = Math.max(this.beyond.largest, size);
  }

  closeWindow(): void {
    const { counts, beyond } = this;
    if (this.#before.length < counts.length) {
      this.#before = resized(this.#before, counts.length);
      this.#window = new Float64Array(counts.length);
    }
    const before = this.#before;
    for (let size = 0; size < counts.length; size++) this.#window[size] = counts[size] - before[size];
    before.set(counts);
    this.#beyondWindow.packets = beyond.packets - this.#beyondBefore.packets;
    this.#beyondWindow.bytes = beyond.bytes - this.#beyondBefore.bytes;
    this.#beyondBefore = { packets: beyond.packets, bytes: beyond.bytes };
  }

  addTo(brackets: readonly SizeCounts[], limits: readonly number[]): void {
    const { counts, beyond } = this;
    let bracket = 0;
    for (let size = 0; size < counts.length; size++) {
      while (bracket < limits.length && size > limits[bracket]) bracket++;
      const packets = counts[size];
      if (packets === 0) continue;
      const windowPackets = size < this.#window.length ? this.#window[size] : 0;
      const into = brackets[bracket];
      into.packets += packets;
      into.bytes += packets * size;
      into.windowPackets += windowPackets;
      into.windowBytes += windowPackets * size;
    }
    const larger = brackets[limits.length];
    larger.packets += beyond.packets;
    larger.bytes += beyond.bytes;
    larger.windowPackets += this.#beyondWindow.packets;
    larger.windowBytes += this.#beyondWindow.bytes;
  }

  /** 0: there is none. */
  get largest(): number {
    if (this.beyond.packets > 0) return this.beyond.largest;
    let size = this.counts.length - 1;
    while (size > 0 && this.counts[size] === 0) size--;
    return size;
  }
}

function resized(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(length);
  longer.set(array);
  return longer;
}

export class SizeHistogram {
  readonly #cells: (Cell | null)[] = [];
  /** By slot: bytes of the link header of the first packet there. */
  readonly #linkHeaders: number[] = [];

  /** Counts the selected packets of a batch. */
  add(batch: DecodedBatch): void {
    const { count, selected, segments, ipBytes, wireBytes, network } = batch;
    const { interfaceSlot, packetType } = batch.packets;
    const cells = this.#cells;
    for (let i = 0; i < count; i++) {
      if (selected[i] === 0) continue;
      const at = interfaceSlot[i] * SLOT_CELLS + DIRECTION_OF_TYPE[packetType[i]] * KINDS;
      if (at >= cells.length || cells[at] === null) this.#make(at, batch, i);
      const networkCell = cells[at] as Cell;
      const frameCell = cells[at + 1] as Cell;
      if (segments[i] > 1) {
        addSegments(networkCell, frameCell, batch, i);
        continue;
      }
      const size = network[i] === NETWORK.other ? lengthBehindLinkHeader(batch, i) : ipBytes[i];
      if (size < networkCell.counts.length) networkCell.counts[size]++;
      else networkCell.addLarge(size, 1);
      const frame = wireBytes[i];
      if (frame < frameCell.counts.length) frameCell.counts[frame]++;
      else frameCell.addLarge(frame, 1);
    }
  }

  /** Ends the rate window. */
  closeWindow(): void {
    for (const cell of this.#cells) cell?.closeWindow();
  }

  reset(): void {
    this.#cells.fill(null);
  }

  /** Bytes of the link header on this interface, 0 where no packet came by it. */
  linkHeader(slot: number): number {
    return this.#linkHeaders[slot] ?? 0;
  }

  /**
   * Adds packets to brackets: brackets[k] holds sizes up to limits[k] (ascending, below SIZES), the one behind them all
   * that is larger. What has no byte at all is in the first.
   */
  addTo(
    brackets: readonly SizeCounts[],
    limits: readonly number[],
    slot: number,
    direction: TrafficDirection,
    kind: SizeKind,
  ): void {
    this.#cell(slot, direction, kind)?.addTo(brackets, limits);
  }

  /** Size of the largest packet; 0: there is none. */
  largest(slot: number, direction: TrafficDirection, kind: SizeKind): number {
    return this.#cell(slot, direction, kind)?.largest ?? 0;
  }

  #cell(slot: number, direction: TrafficDirection, kind: SizeKind): Cell | null {
    const at = slot * SLOT_CELLS + TRAFFIC_DIRECTIONS.indexOf(direction) * KINDS + SIZE_KINDS.indexOf(kind);
    return this.#cells[at] ?? null;
  }

  #make(at: number, { packets }: DecodedBatch, i: number): void {
    const slot = packets.interfaceSlot[i];
    while (this.#cells.length < (slot + 1) * SLOT_CELLS) this.#cells.push(null);
    this.#cells[at] = new Cell();
    this.#cells[at + 1] = new Cell();
    this.#linkHeaders[slot] ??= linkHeaderLength(packets.linkType[i]);
  }
}

/**
 * The segments of an offloaded buffer. Its bytes on the wire are what came plus the headers of each segment but the
 * first (src/wire/segments.ts): so the headers' length follows from them, and with it the length of a full segment.
 */
function addSegments(networkCell: Cell, frameCell: Cell, batch: DecodedBatch, i: number): void {
  const { offset, wireLength, strippedTag, gsoSize } = batch.packets;
  const more = batch.segments[i] - 1;
  const tag = strippedTag[i] === 0 ? 0 : 4;
  const headers = (batch.wireBytes[i] - wireLength[i] - tag) / more;
  const linkHeader = tag + batch.networkOffset[i] - offset[i];
  const frame = headers + gsoSize[i];
  const packet = frame - linkHeader;
  addPackets(frameCell, frame, more);
  addPackets(frameCell, batch.wireBytes[i] - more * frame, 1);
  addPackets(networkCell, packet, more);
  addPackets(networkCell, batch.ipBytes[i] - more * packet, 1);
}

function addPackets(cell: Cell, size: number, packets: number): void {
  if (size < cell.counts.length) cell.counts[size] += packets;
  else cell.addLarge(size, packets);
}
