/**
 * The newest packets, for the packet-by-packet view: a bounded ring of frame beginnings and their columns, decoded again
 * when someone looks. Copying is all that is done per packet.
 *
 *   slot = number % capacity   at most 128 bytes of the frame, capture columns, what decoding cannot find out again
 */
import { type DecodedBatch, NO_ROW } from '../wire/decoded-batch.ts';
import { BATCH_CAPACITY, PacketBatch } from '../wire/packet-batch.ts';

/** Packets kept. */
export const PACKET_RING_CAPACITY = 1024;
/** Room for a frame's beginning: enough for two tags, IPv6 with extension headers, ARP. */
const FRAME_BYTES = 128;
/** Bytes of the transport header that describing a packet needs. */
const TRANSPORT_BYTES = 24;
const BATCHES = PACKET_RING_CAPACITY / BATCH_CAPACITY;

export class PacketRing {
  /** Packets ever seen while filling. */
  count = 0;
  /** Columns of the packets, in BATCH_CAPACITY pieces; `bytes` is the ring's own memory. */
  readonly batches: readonly PacketBatch[];
  /** Facts that the whole packet told: DECODE_STATUS, IP and wire bytes, packets, ports (fragments learn them). */
  readonly status = new Uint8Array(PACKET_RING_CAPACITY);
  readonly ipBytes = new Float64Array(PACKET_RING_CAPACITY);
  readonly wireBytes = new Float64Array(PACKET_RING_CAPACITY);
  readonly sourcePort = new Uint16Array(PACKET_RING_CAPACITY);
  readonly destinationPort = new Uint16Array(PACKET_RING_CAPACITY);
  readonly #view: DataView;

  constructor() {
    const bytes = new Uint8Array(PACKET_RING_CAPACITY * FRAME_BYTES);
    this.#view = new DataView(bytes.buffer);
    this.batches = Array.from({ length: BATCHES }, () => {
      const batch = new PacketBatch();
      batch.bytes = bytes;
      batch.view = this.#view;
      batch.count = BATCH_CAPACITY;
      return batch;
    });
  }

  /** Number of the oldest packet that is still there. */
  get oldest(): number {
    return Math.max(0, this.count - PACKET_RING_CAPACITY);
  }

  /** Copies the accounted packets of a batch. */
  add(batch: DecodedBatch): void {
    const { count, row, status, ipBytes, wireBytes, sourcePort, destinationPort, transportOffset } = batch;
    const from = batch.packets;
    for (let i = 0; i < count; i++) {
      if (row[i] === NO_ROW) continue;
      const slot = this.count++ % PACKET_RING_CAPACITY;
      this.#copyPacket(from, i, slot, transportOffset[i]);
      this.status[slot] = status[i];
      this.ipBytes[slot] = ipBytes[i];
      this.wireBytes[slot] = wireBytes[i];
      this.sourcePort[slot] = sourcePort[i];
      this.destinationPort[slot] = destinationPort[i];
    }
  }

  #copyPacket(from: PacketBatch, i: number, slot: number, transportOffset: number): void {
    const to = this.batches[Math.floor(slot / BATCH_CAPACITY)];
    const k = slot % BATCH_CAPACITY;
    const needed = transportOffset < 0 ? FRAME_BYTES : transportOffset - from.offset[i] + TRANSPORT_BYTES;
    const length = Math.min(FRAME_BYTES, needed, from.capturedLength[i]);
    to.offset[k] = slot * FRAME_BYTES;
    to.capturedLength[k] = length;
    to.wireLength[k] = from.wireLength[i];
    to.seconds[k] = from.seconds[i];
    to.nanoseconds[k] = from.nanoseconds[i];
    to.interfaceSlot[k] = from.interfaceSlot[i];
    to.linkType[k] = from.linkType[i];
    to.packetType[k] = from.packetType[i];
    to.strippedTag[k] = from.strippedTag[i];
    to.gsoSize[k] = from.gsoSize[i];
    to.flags[k] = from.flags[i];
    this.#copyBytes(from, from.offset[i], slot * FRAME_BYTES, length);
  }

  /** Four bytes at a time; the rest byte by byte. */
  #copyBytes(from: PacketBatch, source: number, target: number, length: number): void {
    const { view, bytes } = from;
    const own = this.#view;
    const words = length & ~3;
    for (let k = 0; k < words; k += 4) own.setUint32(target + k, view.getUint32(source + k));
    for (let k = words; k < length; k++) own.setUint8(target + k, bytes[source + k]);
  }
}
