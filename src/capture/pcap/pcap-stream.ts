/**
 * What the pcap child writes and its parent reads: records one after the other, little-endian.
 *
 *   packet      0 seconds u32   4 microseconds u32   8 captured u32   12 length u32   16 bytes …
 *   statistics  0 received u32  4 dropped u32        8 0xffffffff     12 dropped by the interface u32
 *
 * The reader fills batches over the chunks as they arrive; only a record that two chunks share is copied together.
 */
import { LINKTYPE } from '../../wire/numbers.ts';
import { BATCH_CAPACITY, PACKET_TYPE, PacketBatch } from '../../wire/packet-batch.ts';

/** Bytes before a packet: as the `pcap` package hands them over. */
export const RECORD_HEADER_BYTES = 16;
/** In place of the captured length: this record is statistics. */
export const STATISTICS_MARK = 0xffff_ffff;

/** libpcap's counters (pcap_stats(3)): they wrap at 32 bits. */
export interface PcapCounters {
  received: number;
  dropped: number;
  interfaceDropped: number;
}

export interface PcapStreamHandlers {
  /** The batch is borrowed during the call. */
  onBatch(batch: PacketBatch): void;
  onCounters(counters: PcapCounters): void;
}

export class PcapStreamReader {
  readonly #handlers: PcapStreamHandlers;
  readonly #batch = new PacketBatch();
  readonly #linkType: number;
  readonly #slot: number;
  /** A record that began in an earlier chunk; grows to the largest one seen. */
  #carry: Uint8Array = new Uint8Array(4096);
  #carried = 0;

  constructor(linkType: number, slot: number, handlers: PcapStreamHandlers) {
    this.#linkType = linkType;
    this.#slot = slot;
    this.#handlers = handlers;
  }

  /** Takes the next chunk; everything in it is delivered before this returns, but for an unfinished last record. */
  push(chunk: Uint8Array): void {
    const begin = this.#carried === 0 ? 0 : this.#finishCarried(chunk);
    const end = this.#carried === 0 ? this.#readRecords(chunk, begin) : chunk.byteLength;
    if (end < chunk.byteLength) this.#carryOver(chunk, end, chunk.byteLength);
  }

  /** Completes the carried record from the chunk's beginning and delivers it; answers where the next begins. */
  #finishCarried(chunk: Uint8Array): number {
    let used = this.#fillCarry(chunk, 0, RECORD_HEADER_BYTES);
    if (this.#carried < RECORD_HEADER_BYTES) return used;
    const view = new DataView(this.#carry.buffer);
    const captured = view.getUint32(8, true);
    const wanted = RECORD_HEADER_BYTES + (captured === STATISTICS_MARK ? 0 : captured);
    used = this.#fillCarry(chunk, used, wanted);
    if (this.#carried < wanted) return used;
    this.#carried = 0;
    this.#readRecords(this.#carry.subarray(0, wanted), 0);
    return used;
  }

  #fillCarry(chunk: Uint8Array, from: number, wanted: number): number {
    const to = Math.min(chunk.byteLength, from + Math.max(0, wanted - this.#carried));
    this.#carryOver(chunk, from, to);
    return to;
  }

  #carryOver(chunk: Uint8Array, from: number, to: number): void {
    const needed = this.#carried + to - from;
    if (needed > this.#carry.byteLength) {
      const larger = new Uint8Array(needed * 2);
      larger.set(this.#carry.subarray(0, this.#carried));
      this.#carry = larger;
    }
    this.#carry.set(chunk.subarray(from, to), this.#carried);
    this.#carried = needed;
  }

  /** Delivers all whole records from `at` on; answers where the unfinished one begins. */
  #readRecords(bytes: Uint8Array, begin: number): number {
    const batch = this.#batch;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    batch.bytes = bytes;
    batch.view = view;
    const { offset, capturedLength, wireLength, seconds, nanoseconds, interfaceSlot, linkType, packetType } = batch;
    const length = bytes.byteLength;
    const cooked = this.#linkType === LINKTYPE.linuxCooked;
    let at = begin;
    let count = 0;
    while (at + RECORD_HEADER_BYTES <= length) {
      const captured = view.getUint32(at + 8, true);
      if (captured === STATISTICS_MARK) {
        this.#handlers.onCounters(countersAt(view, at));
        at += RECORD_HEADER_BYTES;
        continue;
      }
      const start = at + RECORD_HEADER_BYTES;
      if (start + captured > length) break;
      offset[count] = start;
      capturedLength[count] = captured;
      wireLength[count] = view.getUint32(at + 12, true);
      seconds[count] = view.getUint32(at, true);
      nanoseconds[count] = view.getUint32(at + 4, true) * 1000;
      interfaceSlot[count] = this.#slot;
      linkType[count] = this.#linkType;
      // A cooked header begins with the packet type, in network order and with the kernel's numbers.
      const type = cooked && captured >= 2 ? bytes[start + 1] : PACKET_TYPE.unknown;
      packetType[count] = type > PACKET_TYPE.outgoing ? PACKET_TYPE.unknown : type;
      count++;
      at = start + captured;
      if (count === BATCH_CAPACITY) {
        this.#deliver(count);
        count = 0;
      }
    }
    this.#deliver(count);
    return at;
  }

  #deliver(count: number): void {
    if (count === 0) return;
    this.#batch.count = count;
    this.#handlers.onBatch(this.#batch);
  }
}

function countersAt(view: DataView, at: number): PcapCounters {
  return {
    received: view.getUint32(at, true),
    dropped: view.getUint32(at + 4, true),
    interfaceDropped: view.getUint32(at + 12, true),
  };
}
