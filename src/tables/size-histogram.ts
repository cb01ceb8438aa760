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
 * A cell that nothing comes to rests: it keeps the sizes there were and gives back the rest of its memory. On a host of
 * containers most interfaces are gone for long.
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

/** After so many rate windows without a packet a cell rests. */
const RESTS_AFTER = 10;

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

/** What a resting cell holds: the sizes there were, ascending, and how many packets of each. */
interface Resting {
  sizes: Uint32Array;
  packets: Float64Array;
}

const NO_COUNTS = new Float64Array(0);

class Cell {
  /** Without room while the cell rests: the next packet is too large for it, whatever its size. */
  counts: Float64Array = new Float64Array(FIRST_SIZES);
  beyond = new Beyond();
  /** The same at the last window's end, and what that window brought; shorter than `counts` until a window closes. */
  #before: Float64Array = NO_COUNTS;
  #window: Float64Array = NO_COUNTS;
  #beyondBefore = { packets: 0, bytes: 0 };
  #beyondWindow = { packets: 0, bytes: 0 };
  #idleWindows = 0;
  #resting: Resting | null = null;

  /** For sizes that `counts` has no room for. */
  addLarge(size: number, packets: number): void {
    if (this.#resting !== null) this.#wake(this.#resting);
    if (size < this.counts.length) {
      this.counts[size] += packets;
      return;
    }
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
    if (this.#resting !== null) return;
    const { counts, beyond } = this;
    if (this.#before.length < counts.length) {
      this.#before = resized(this.#before, counts.length);
      this.#window = new Float64Array(counts.length);
    }
    const before = this.#before;
    const window = this.#window;
    let came = beyond.packets - this.#beyondBefore.packets;
    for (let size = 0; size < counts.length; size++) {
      window[size] = counts[size] - before[size];
      came += window[size];
    }
    before.set(counts);
    this.#beyondWindow.packets = beyond.packets - this.#beyondBefore.packets;
    this.#beyondWindow.bytes = beyond.bytes - this.#beyondBefore.bytes;
    this.#beyondBefore = { packets: beyond.packets, bytes: beyond.bytes };
    this.#idleWindows = came === 0 ? this.#idleWindows + 1 : 0;
    if (this.#idleWindows === RESTS_AFTER) this.#rest();
  }

  #rest(): void {
    const { counts } = this;
    let kinds = 0;
    for (let size = 0; size < counts.length; size++) if (counts[size] !== 0) kinds++;
    const resting = { sizes: new Uint32Array(kinds), packets: new Float64Array(kinds) };
    for (let size = 0, k = 0; k < kinds; size++) {
      if (counts[size] === 0) continue;
      resting.sizes[k] = size;
      resting.packets[k++] = counts[size];
    }
    this.#resting = resting;
    this.counts = NO_COUNTS;
    this.#before = NO_COUNTS;
    this.#window = NO_COUNTS;
  }

  /** What it held is what it had when the open window began. */
  #wake({ sizes, packets }: Resting): void {
    const largest = sizes.length === 0 ? 0 : sizes[sizes.length - 1];
    this.counts = new Float64Array(Math.min(SIZES, Math.max(FIRST_SIZES, 2 * largest)));
    for (let k = 0; k < sizes.length; k++) this.counts[sizes[k]] = packets[k];
    this.#before = this.counts.slice();
    this.#window = new Float64Array(this.counts.length);
    this.#idleWindows = 0;
    this.#resting = null;
  }

  addTo(brackets: readonly SizeCounts[], limits: readonly number[]): void {
    const { beyond } = this;
    const sizes = this.#resting?.sizes ?? null;
    const counts = this.#resting?.packets ?? this.counts;
    let bracket = 0;
    for (let k = 0; k < counts.length; k++) {
      const packets = counts[k];
      if (packets === 0) continue;
      const size = sizes === null ? k : sizes[k];
      while (bracket < limits.length && size > limits[bracket]) bracket++;
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

  get bytesInUse(): number {
    const resting = this.#resting === null ? 0 : this.#resting.sizes.byteLength + this.#resting.packets.byteLength;
    return this.counts.byteLength + this.#before.byteLength + this.#window.byteLength + resting;
  }

  /** 0: there is none. */
  get largest(): number {
    if (this.beyond.packets > 0) return this.beyond.largest;
    if (this.#resting !== null) return this.#resting.sizes.at(-1) ?? 0;
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

  /** Bytes of memory behind all counts. */
  bytesInUse(): number {
    return this.#cells.reduce((bytes, cell) => bytes + (cell?.bytesInUse ?? 0), 0);
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
