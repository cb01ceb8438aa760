/**
 * PcapngWriter: writes packets as pcapng (draft-ietf-opsawg-pcapng) for -w, little-endian, nanosecond times, an interface
 * block when an interface is first seen. The file shows what was on the wire: a VLAN tag that the kernel stripped is put
 * back. Never blocks and never throws: what could not be written is counted.
 */
import type { OperatorErrorFields } from '../../base/errors.ts';
import type { PacketBatch } from '../../wire/packet-batch.ts';
import { PACKET_TYPE } from '../../wire/packet-batch.ts';
import type { InterfaceTable } from '../capture-source.ts';
import { BlockQueue } from './block-queue.ts';

export interface PcapngWriterOptions {
  /** Bytes kept per packet, 0: all. */
  snaplen: number;
  /** Name and version of the writing program, for the section header. */
  application: string;
  /** The file's name in messages. */
  path: string;
  /** Called once, with the first failure to write. Writing goes on where it can. */
  onError?: (error: OperatorErrorFields) => void;
  /** Bytes of each of the two buffers of the backlog; a test makes them few. */
  bufferBytes?: number;
}

const BLOCK = { section: 0x0a0d0d0a, interface: 1, enhancedPacket: 6 } as const;
const OPTION = { interfaceName: 2, packetFlags: 2, sectionApplication: 4, timeResolution: 9 } as const;

/** if_tsresol: 10^-9 s. */
const NANOSECOND_RESOLUTION = 9;

/** type, length, interface, time, captured, wire; then packet, flags (8), end of options (4), length (4). */
const PACKET_HEADER_BYTES = 28;
const PACKET_TRAILER_BYTES = 16;

/** Packets up to this length are copied word by word: a call of TypedArray.set costs more than the copy. */
const WORD_COPY_BYTES = 256;

const ETHERNET = 1;
const ADDRESSES_BYTES = 12;
const TAG_BYTES = 4;

/** epb_flags by PACKET_TYPE: direction (1 in, 2 out) | reception type << 2 (1 unicast, 2 multicast, 3 broadcast, 4 promiscuous). */
const FLAGS_OF_PACKET_TYPE: Readonly<Record<number, number>> = {
  [PACKET_TYPE.host]: 1 | (1 << 2),
  [PACKET_TYPE.broadcast]: 1 | (3 << 2),
  [PACKET_TYPE.multicast]: 1 | (2 << 2),
  [PACKET_TYPE.otherHost]: 1 | (4 << 2),
  [PACKET_TYPE.outgoing]: 2,
};

export class PcapngWriter {
  readonly #options: PcapngWriterOptions;
  readonly #queue: BlockQueue;
  /** Interface of the file by slot << 16 | link type. */
  readonly #interfaceIds = new Map<number, number>();
  #lastKey = -1;
  #lastId = -1;
  #refused = 0;
  #taken = 0;

  /** @param fd open for writing; close() closes it */
  constructor(fd: number, options: PcapngWriterOptions) {
    this.#options = options;
    this.#queue = new BlockQueue(fd, {
      onError: (error) => options.onError?.(outputError(options.path, error)),
      ...(options.bufferBytes === undefined ? {} : { bufferBytes: options.bufferBytes }),
    });
    this.#writeSection();
  }

  /** Packets that are in the file or on their way to it. */
  get written(): number {
    return this.#taken - this.#queue.lostPackets;
  }

  /** Packets that found no room in the backlog, or were given up when the file was closed. */
  get notWritten(): number {
    return this.#refused + this.#queue.lostPackets;
  }

  /** Copies the packets with selected[i] !== 0; never blocks. */
  write(packets: PacketBatch, selected: Uint8Array, interfaces: InterfaceTable): void {
    const { count, interfaceSlot, linkType } = packets;
    for (let i = 0; i < count; i++) {
      if (selected[i] === 0) continue;
      const key = (interfaceSlot[i] << 16) | linkType[i];
      if (key !== this.#lastKey && !this.#switchInterface(key, interfaces)) this.#refused++;
      else this.#writePacket(packets, i);
    }
    this.#queue.pump();
  }

  /**
   * For sources that can wait (files): undefined while more than half of the backlog is free, else a promise that resolves
   * when everything is written or a write failed.
   */
  drained(): Promise<void> | undefined {
    return this.#queue.isCrowded ? this.#queue.flush() : undefined;
  }

  /** Resolves when everything written so far is in the file, or when a write failed. */
  flush(): Promise<void> {
    return this.#queue.flush();
  }

  /** Writes what it can, never leaves half a block behind, closes the descriptor. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  #writePacket(packets: PacketBatch, i: number): void {
    const tag =
      packets.linkType[i] === ETHERNET && packets.capturedLength[i] >= ADDRESSES_BYTES ? packets.strippedTag[i] : 0;
    const room = tag === 0 ? 0 : TAG_BYTES;
    const snaplen = this.#options.snaplen === 0 ? Infinity : this.#options.snaplen;
    const captured = Math.min(packets.capturedLength[i] + room, Math.max(snaplen, ADDRESSES_BYTES + room));
    const paddedLength = (captured + 3) & ~3;
    const length = PACKET_HEADER_BYTES + paddedLength + PACKET_TRAILER_BYTES;
    const at = this.#queue.reserve(length);
    if (at < 0) {
      this.#refused++;
      return;
    }
    const { bytes, view } = this.#queue;
    this.#writeHeader(view, at, length, packets, i, captured, packets.wireLength[i] + room);
    const start = at + PACKET_HEADER_BYTES;
    const from = packets.offset[i];
    if (tag === 0) {
      copyBytes(packets, from, bytes, view, start, captured);
    } else {
      copyBytes(packets, from, bytes, view, start, ADDRESSES_BYTES);
      view.setUint32(start + ADDRESSES_BYTES, tag);
      const rest = captured - ADDRESSES_BYTES - TAG_BYTES;
      copyBytes(packets, from + ADDRESSES_BYTES, bytes, view, start + ADDRESSES_BYTES + TAG_BYTES, rest);
    }
    for (let padding = start + captured; padding < start + paddedLength; padding++) bytes[padding] = 0;
    writeTrailer(view, start + paddedLength, FLAGS_OF_PACKET_TYPE[packets.packetType[i]] ?? 0, length);
    this.#queue.commit(length, 1);
    this.#taken++;
  }

  #writeHeader(
    view: DataView,
    at: number,
    length: number,
    packets: PacketBatch,
    i: number,
    captured: number,
    wire: number,
  ): void {
    view.setUint32(at, BLOCK.enhancedPacket, true);
    view.setUint32(at + 4, length, true);
    view.setUint32(at + 8, this.#lastId, true);
    writeTime(view, at + 12, packets.seconds[i], packets.nanoseconds[i]);
    view.setUint32(at + 20, captured, true);
    view.setUint32(at + 24, wire, true);
  }

  /** Makes the key's interface the current one, with a block of its own when it is new; false when there is no room. */
  #switchInterface(key: number, interfaces: InterfaceTable): boolean {
    const known = this.#interfaceIds.get(key);
    const id = known ?? this.#interfaceIds.size;
    if (known === undefined) {
      const name = interfaces[key >>> 16]?.name ?? '';
      if (!this.#writeBlock(interfaceBlock(name, key & 0xffff, this.#options.snaplen))) return false;
      this.#interfaceIds.set(key, id);
    }
    this.#lastKey = key;
    this.#lastId = id;
    return true;
  }

  #writeSection(): void {
    const body = new Uint8Array(16);
    const view = new DataView(body.buffer);
    view.setUint32(0, 0x1a2b3c4d, true);
    view.setUint16(4, 1, true);
    // Length of the section: unknown.
    view.setBigInt64(8, -1n, true);
    this.#writeBlock(block(BLOCK.section, body, [[OPTION.sectionApplication, textBytes(this.#options.application)]]));
  }

  #writeBlock(bytes: Uint8Array): boolean {
    const at = this.#queue.reserve(bytes.length);
    if (at < 0) return false;
    this.#queue.bytes.set(bytes, at);
    this.#queue.commit(bytes.length, 0);
    return true;
  }
}

/**
 * 64-bit nanoseconds since 1970 as high and low word. seconds × 10^9 does not fit a double, so the seconds are split at 12
 * bits: product × 2^12 + rest, each of which is exact as long as 64 bits hold the time (year 2554).
 */
function writeTime(view: DataView, at: number, seconds: number, nanoseconds: number): void {
  const upper = Math.floor(seconds / 4096);
  const product = upper * 1e9;
  const productHigh = Math.floor(product / 1048576);
  const low = (product - productHigh * 1048576) * 4096 + (seconds - upper * 4096) * 1e9 + nanoseconds;
  const carry = Math.floor(low / 4294967296);
  view.setUint32(at, productHigh + carry, true);
  view.setUint32(at + 4, low - carry * 4294967296, true);
}

function writeTrailer(view: DataView, at: number, flags: number, length: number): void {
  view.setUint16(at, OPTION.packetFlags, true);
  view.setUint16(at + 2, 4, true);
  view.setUint32(at + 4, flags, true);
  view.setUint32(at + 8, 0, true);
  view.setUint32(at + 12, length, true);
}

function copyBytes(
  packets: PacketBatch,
  from: number,
  bytes: Uint8Array,
  view: DataView,
  to: number,
  length: number,
): void {
  const source = packets.bytes;
  if (length > WORD_COPY_BYTES) {
    bytes.set(source.subarray(from, from + length), to);
    return;
  }
  const sourceView = packets.view;
  const words = length & ~3;
  for (let i = 0; i < words; i += 4) view.setUint32(to + i, sourceView.getUint32(from + i));
  for (let i = words; i < length; i++) bytes[to + i] = source[from + i];
}

function interfaceBlock(name: string, linkType: number, snaplen: number): Uint8Array {
  const body = new Uint8Array(8);
  const view = new DataView(body.buffer);
  view.setUint16(0, linkType, true);
  view.setUint32(4, snaplen, true);
  const options: [number, Uint8Array][] = [[OPTION.timeResolution, new Uint8Array([NANOSECOND_RESOLUTION])]];
  if (name !== '') options.unshift([OPTION.interfaceName, textBytes(name)]);
  return block(BLOCK.interface, body, options);
}

/** A whole block: type, length, body, options, length. For the few blocks that are no packets. */
function block(type: number, body: Uint8Array, options: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const optionBytes = options.reduce((sum, [, value]) => sum + 4 + ((value.length + 3) & ~3), 4);
  const length = 12 + body.length + optionBytes;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  bytes.set(body, 8);
  let at = 8 + body.length;
  for (const [code, value] of options) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + ((value.length + 3) & ~3);
  }
  view.setUint32(length - 4, length, true);
  return bytes;
}

function textBytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8').subarray(0, 0xffff);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EPIPE: 'the reader closed the pipe',
  EIO: 'input/output error of the disk',
};

function outputError(path: string, error: NodeJS.ErrnoException): OperatorErrorFields {
  const cause = REASONS[error.code ?? ''] ?? error.message;
  return {
    code: 'E_OUTPUT',
    operation: 'write packets to',
    target: path,
    cause,
    remedy: 'packets that could not be written are counted; writing goes on when it can',
  };
}
