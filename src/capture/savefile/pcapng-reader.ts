/**
 * pcapng files (draft-ietf-opsawg-pcapng): sections of blocks, each section with its own byte order and interfaces.
 *
 *   block     type u32 · total length u32 · body · padding to 4 · total length u32
 *   options   code u16 · length u16 · value · padding to 4 … until code 0
 *
 * Packets come from Enhanced Packet, Simple Packet and (obsolete) Packet Blocks; interfaces and drop counters from their
 * blocks. Everything else is skipped, however long it is.
 */

import type { PacketBatch } from '../../wire/packet-batch.ts';
import { BATCH_CAPACITY, PACKET_TYPE } from '../../wire/packet-batch.ts';
import type { ByteWindow, FillOutcome, RecordReader, SavefileInterfaces } from './byte-window.ts';
import { FILL, linkTypeOf, MAXIMUM_INTERFACES, MAXIMUM_PACKET_BYTES } from './byte-window.ts';
import type { TimeCut } from './time-cut.ts';

/** The same in both byte orders. */
export const SECTION_HEADER_BLOCK = 0x0a0d0d0a;

const BLOCK = { interface: 1, packet: 2, simplePacket: 3, statistics: 5, enhancedPacket: 6 } as const;

/** Length of a packet block's fixed fields, from its type to the packet's first byte. */
const ENHANCED_HEADER_BYTES = 28;
const SIMPLE_HEADER_BYTES = 12;

/** Room for options beside the largest packet. */
const MAXIMUM_BLOCK_BYTES = MAXIMUM_PACKET_BYTES + 64 * 1024;

/** Reception type of epb_flags (bits 2 to 4) of an incoming packet: unspecified, unicast, multicast, broadcast, promiscuous. */
const INCOMING_TYPE = [
  PACKET_TYPE.host,
  PACKET_TYPE.host,
  PACKET_TYPE.multicast,
  PACKET_TYPE.broadcast,
  PACKET_TYPE.otherHost,
  PACKET_TYPE.host,
  PACKET_TYPE.host,
  PACKET_TYPE.host,
];

/** One interface of the current section. */
interface SectionInterface {
  slot: number;
  linkType: number;
  snaplen: number;
  /** if_tsresol as units per second. */
  unitsPerSecond: number;
  nanosecondsPerUnit: number;
  /** if_tsoffset: seconds to add. */
  offsetSeconds: number;
}

export class PcapngReader implements RecordReader {
  damage = '';
  droppedByKernel: number | null = null;
  droppedByInterface: number | null = null;
  readonly #interfaces: SavefileInterfaces;
  readonly #cut: TimeCut;
  #littleEndian = true;
  #section: SectionInterface[] = [];
  /** Time of the last packet: Simple Packet Blocks have none of their own. */
  #seconds = 0;
  #nanoseconds = 0;
  /** Drops of finished sections, and of each interface of the current one (counters are cumulative per interface). */
  readonly #drops = { kernel: new DropCounter(), interface: new DropCounter() };

  constructor(interfaces: SavefileInterfaces, cut: TimeCut) {
    this.#interfaces = interfaces;
    this.#cut = cut;
  }

  fill(window: ByteWindow, batch: PacketBatch): FillOutcome {
    const { view } = window;
    while (batch.count < BATCH_CAPACITY) {
      this.#takeOrdinary(window, batch);
      if (batch.count === BATCH_CAPACITY) break;
      const position = window.position;
      const available = window.end - position;
      if (available < 12) return FILL.needsBytes;
      const type = view.getUint32(position, this.#littleEndian);
      if (type === SECTION_HEADER_BLOCK && !this.#readByteOrder(view, position)) return FILL.damaged;
      const length = view.getUint32(position + 4, this.#littleEndian);
      if (length < 12 || length % 4 !== 0) return this.#damaged(`a block of ${length} bytes is impossible`);
      if (!isInteresting(type)) {
        window.position = position + length;
        if (window.position > window.end) return FILL.needsBytes;
        continue;
      }
      if (length > MAXIMUM_BLOCK_BYTES) return this.#damaged(`a block of ${length} bytes is impossible`);
      if (length > available) return FILL.needsBytes;
      if (view.getUint32(position + length - 4, this.#littleEndian) !== length) {
        return this.#damaged("a block's two lengths differ");
      }
      const outcome = this.#readBlock(type, view, position, length, batch);
      if (outcome !== TAKEN) return outcome;
      window.position = position + length;
    }
    return FILL.batchReady;
  }

  /**
   * Takes Enhanced Packet Blocks as long as each is whole and usual; what is not is left to the code behind, which says why.
   * One long loop with its columns in locals: nearly every packet of every file comes this way.
   */
  #takeOrdinary(window: ByteWindow, batch: PacketBatch): void {
    const { offset, capturedLength, wireLength, nanoseconds, interfaceSlot, linkType, packetType } = batch;
    const secondsColumn = batch.seconds;
    const { view, end } = window;
    const littleEndian = this.#littleEndian;
    const section = this.#section;
    const cut = this.#cut;
    const { lowNanoseconds, highNanoseconds, originSeconds, originNanoseconds } = cut;
    let position = window.position;
    let count = batch.count;
    while (cut.started && count < BATCH_CAPACITY && position + ENHANCED_HEADER_BYTES + 4 <= end) {
      if (view.getUint32(position, littleEndian) !== BLOCK.enhancedPacket) break;
      const length = view.getUint32(position + 4, littleEndian);
      const captured = view.getUint32(position + 20, littleEndian);
      const optionsAt = ENHANCED_HEADER_BYTES + ((captured + 3) & ~3);
      // The first comparison also refuses what overflowed in the line above.
      if (captured > MAXIMUM_PACKET_BYTES || length < optionsAt + 4 || (length & 3) !== 0) break;
      if (length > MAXIMUM_BLOCK_BYTES || position + length > end) break;
      if (view.getUint32(position + length - 4, littleEndian) !== length) break;
      const id = view.getUint32(position + 8, littleEndian);
      if (id >= section.length) break;
      const from = section[id];
      const units = from.unitsPerSecond;
      if (units > 1e9) break;
      const low = view.getUint32(position + 16, littleEndian);
      let seconds = Math.floor((view.getUint32(position + 12, littleEndian) * 4294967296 + low) / units);
      let fraction = (low - Math.imul(seconds, units)) | 0;
      if (fraction < 0) {
        fraction += units;
        seconds--;
      } else if (fraction >= units) {
        fraction -= units;
        seconds++;
      }
      seconds += from.offsetSeconds;
      fraction = Math.floor(fraction * from.nanosecondsPerUnit);
      const relative = (seconds - originSeconds) * 1e9 + (fraction - originNanoseconds);
      if (relative < lowNanoseconds || relative >= highNanoseconds) break;
      const wire = view.getUint32(position + 24, littleEndian);
      offset[count] = position + ENHANCED_HEADER_BYTES;
      capturedLength[count] = captured;
      wireLength[count] = Math.max(wire, captured);
      secondsColumn[count] = seconds;
      nanoseconds[count] = fraction;
      interfaceSlot[count] = from.slot;
      linkType[count] = from.linkType;
      packetType[count] =
        optionsAt + 12 > length
          ? PACKET_TYPE.unknown
          : packetTypeOf(view, position + optionsAt, position + length - 4, littleEndian);
      this.#seconds = seconds;
      this.#nanoseconds = fraction;
      position += length;
      count++;
    }
    batch.count = count;
    window.position = position;
  }

  #readBlock(type: number, view: DataView, position: number, length: number, batch: PacketBatch): FillOutcome | Taken {
    switch (type) {
      case BLOCK.enhancedPacket:
        return this.#readEnhanced(view, position, length, batch);
      case BLOCK.packet:
        return this.#readObsolete(view, position, length, batch);
      case BLOCK.simplePacket:
        return this.#readSimple(view, position, length, batch);
      case BLOCK.interface:
        return this.#readInterface(view, position, length);
      case BLOCK.statistics:
        return this.#readStatistics(view, position, length);
      default:
        return this.#beginSection(length);
    }
  }

  #damaged(reason: string): FillOutcome {
    this.damage = reason;
    return FILL.damaged;
  }

  #readByteOrder(view: DataView, position: number): boolean {
    const magic = view.getUint32(position + 8);
    if (magic !== 0x1a2b3c4d && magic !== 0x4d3c2b1a) {
      this.damage = 'a section header has no byte-order magic';
      return false;
    }
    this.#littleEndian = magic === 0x4d3c2b1a;
    return true;
  }

  #beginSection(length: number): FillOutcome | Taken {
    if (length < 28) return this.#damaged('a section header is too short');
    this.#section = [];
    this.#drops.kernel.beginSection();
    this.#drops.interface.beginSection();
    return TAKEN;
  }

  /** reserved u16 at 10 · snaplen u32 at 12 · options at 16; link type u16 at 8. */
  #readInterface(view: DataView, position: number, length: number): FillOutcome | Taken {
    if (length < 20) return this.#damaged('an interface description is too short');
    const littleEndian = this.#littleEndian;
    const ordinal = this.#section.length;
    if (ordinal >= MAXIMUM_INTERFACES) return this.#damaged('too many interfaces');
    const found: SectionInterface = {
      slot: 0,
      linkType: linkTypeOf(view.getUint16(position + 8, littleEndian)),
      snaplen: view.getUint32(position + 12, littleEndian),
      unitsPerSecond: 1e6,
      nanosecondsPerUnit: 1e3,
      offsetSeconds: 0,
    };
    let name: string | null = null;
    for (const option of optionsOf(view, position + 16, position + length - 4, littleEndian)) {
      if (option.code === 2) name = textOf(view, option.start, option.length);
      else if (option.code === 9 && option.length === 1)
        found.unitsPerSecond = resolutionOf(view.getUint8(option.start));
      else if (option.code === 14 && option.length === 8) {
        found.offsetSeconds = Number(view.getBigInt64(option.start, littleEndian));
      }
    }
    found.nanosecondsPerUnit = 1e9 / found.unitsPerSecond;
    found.slot = this.#interfaces.slotOf(name, ordinal, found.linkType);
    if (found.slot < 0) return this.#damaged('too many interfaces');
    this.#section.push(found);
    return TAKEN;
  }

  /** interface u32 at 8 · time u32 u32 · options at 20: isb_ifdrop (5) and isb_osdrop (7) are cumulative. */
  #readStatistics(view: DataView, position: number, length: number): FillOutcome | Taken {
    if (length < 24) return this.#damaged('interface statistics are too short');
    const littleEndian = this.#littleEndian;
    const id = view.getUint32(position + 8, littleEndian);
    if (id >= this.#section.length) return TAKEN;
    for (const option of optionsOf(view, position + 20, position + length - 4, littleEndian)) {
      if (option.length !== 8) continue;
      const value = Number(view.getBigUint64(option.start, littleEndian));
      if (option.code === 5) this.droppedByInterface = this.#drops.interface.set(id, value);
      else if (option.code === 7) this.droppedByKernel = this.#drops.kernel.set(id, value);
    }
    return TAKEN;
  }

  /** interface u32 at 8 · time high, low at 12, 16 · captured at 20 · wire at 24 · packet at 28 · options. */
  #readEnhanced(view: DataView, position: number, length: number, batch: PacketBatch): FillOutcome | Taken {
    const littleEndian = this.#littleEndian;
    if (length < ENHANCED_HEADER_BYTES + 4) return this.#damaged('a packet block is too short');
    const captured = view.getUint32(position + 20, littleEndian);
    const optionsAt = ENHANCED_HEADER_BYTES + padded(captured);
    if (optionsAt + 4 > length) return this.#damaged(`a packet of ${captured} bytes in a block of ${length}`);
    const from = this.#section[view.getUint32(position + 8, littleEndian)];
    if (from === undefined) return this.#damaged('a packet of an interface that was not described');
    if (!this.#takeTime(view, position + 12, from, batch)) return FILL.batchReady;
    const packetType =
      optionsAt + 12 > length
        ? PACKET_TYPE.unknown
        : packetTypeOf(view, position + optionsAt, position + length - 4, littleEndian);
    const start = position + ENHANCED_HEADER_BYTES;
    this.#append(batch, from, start, captured, view.getUint32(position + 24, littleEndian), packetType);
    return TAKEN;
  }

  /** As the enhanced block, but interface u16 at 8 and drops u16 at 10 (draft, appendix A). */
  #readObsolete(view: DataView, position: number, length: number, batch: PacketBatch): FillOutcome | Taken {
    const littleEndian = this.#littleEndian;
    if (length < ENHANCED_HEADER_BYTES + 4) return this.#damaged('a packet block is too short');
    const captured = view.getUint32(position + 20, littleEndian);
    const optionsAt = ENHANCED_HEADER_BYTES + padded(captured);
    if (optionsAt + 4 > length) return this.#damaged(`a packet of ${captured} bytes in a block of ${length}`);
    const from = this.#section[view.getUint16(position + 8, littleEndian)];
    if (from === undefined) return this.#damaged('a packet of an interface that was not described');
    if (!this.#takeTime(view, position + 12, from, batch)) return FILL.batchReady;
    const packetType = packetTypeOf(view, position + optionsAt, position + length - 4, littleEndian);
    const start = position + ENHANCED_HEADER_BYTES;
    this.#append(batch, from, start, captured, view.getUint32(position + 24, littleEndian), packetType);
    return TAKEN;
  }

  /** wire length u32 at 8 · packet at 12, cut at the first interface's snaplen; no time. */
  #readSimple(view: DataView, position: number, length: number, batch: PacketBatch): FillOutcome | Taken {
    const from = this.#section[0];
    if (from === undefined) return this.#damaged('a packet of an interface that was not described');
    if (length < SIMPLE_HEADER_BYTES + 4) return this.#damaged('a packet block is too short');
    const wire = view.getUint32(position + 8, this.#littleEndian);
    const snaplen = from.snaplen === 0 ? Infinity : from.snaplen;
    const captured = Math.min(wire, snaplen, length - SIMPLE_HEADER_BYTES - 4);
    if (!this.#placeInTime(batch)) return FILL.batchReady;
    this.#append(batch, from, position + SIMPLE_HEADER_BYTES, captured, wire, PACKET_TYPE.unknown);
    return TAKEN;
  }

  #append(
    batch: PacketBatch,
    from: SectionInterface,
    start: number,
    captured: number,
    wire: number,
    packetType: number,
  ): void {
    const i = batch.count++;
    batch.offset[i] = start;
    batch.capturedLength[i] = captured;
    batch.wireLength[i] = Math.max(wire, captured);
    batch.seconds[i] = this.#seconds;
    batch.nanoseconds[i] = this.#nanoseconds;
    batch.interfaceSlot[i] = from.slot;
    batch.linkType[i] = from.linkType;
    batch.packetType[i] = packetType;
  }

  /** Reads a 64-bit time; false when the packet belongs into the next batch. */
  #takeTime(view: DataView, at: number, from: SectionInterface, batch: PacketBatch): boolean {
    const units = from.unitsPerSecond;
    const high = view.getUint32(at, this.#littleEndian);
    const low = view.getUint32(at + 4, this.#littleEndian);
    let seconds = Math.floor((high * 4294967296 + low) / units);
    let fraction: number;
    if (units <= 1e9) {
      // Above 2^53 the quotient may be one off; the remainder is exact modulo 2^32 and shows it.
      fraction = (low - Math.imul(seconds, units)) | 0;
      if (fraction < 0) {
        fraction += units;
        seconds--;
      } else if (fraction >= units) {
        fraction -= units;
        seconds++;
      }
      fraction = Math.floor(fraction * from.nanosecondsPerUnit);
    } else {
      fraction = nanosecondsOf(high, low, units);
    }
    this.#seconds = seconds + from.offsetSeconds;
    this.#nanoseconds = fraction;
    return this.#placeInTime(batch);
  }

  #placeInTime(batch: PacketBatch): boolean {
    const cut = this.#cut;
    if (!cut.started) cut.start(this.#seconds, this.#nanoseconds);
    const relative = (this.#seconds - cut.originSeconds) * 1e9 + (this.#nanoseconds - cut.originNanoseconds);
    if (relative >= cut.lowNanoseconds && relative < cut.highNanoseconds) return true;
    if (batch.count > 0) return false;
    cut.moveTo(relative);
    return true;
  }
}

/** The block was used up: go on with the next one. */
const TAKEN = -1;
type Taken = typeof TAKEN;

/** Sum of cumulative counters, one per interface of the current section, and those of finished sections. */
class DropCounter {
  #finished = 0;
  #current: number[] = [];

  set(interfaceId: number, value: number): number {
    this.#current[interfaceId] = value;
    return this.#finished + sumOf(this.#current);
  }

  beginSection(): void {
    this.#finished += sumOf(this.#current);
    this.#current = [];
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function isInteresting(type: number): boolean {
  return (
    type === BLOCK.enhancedPacket ||
    type === BLOCK.packet ||
    type === BLOCK.simplePacket ||
    type === BLOCK.interface ||
    type === BLOCK.statistics ||
    type === SECTION_HEADER_BLOCK
  );
}

function padded(length: number): number {
  return length + ((4 - (length % 4)) % 4);
}

/** Units per second of if_tsresol: a power of ten, or of two where the highest bit is set. */
function resolutionOf(field: number): number {
  return (field & 0x80) !== 0 ? 2 ** (field & 0x7f) : 10 ** field;
}

/** Nanoseconds within the second of a time finer than a nanosecond. */
function nanosecondsOf(high: number, low: number, unitsPerSecond: number): number {
  const units = BigInt(unitsPerSecond);
  const fraction = ((BigInt(high) << 32n) | BigInt(low)) % units;
  return Number((fraction * 1_000_000_000n) / units);
}

interface BlockOption {
  code: number;
  /** First byte of the value, in the view. */
  start: number;
  length: number;
}

/** The options between two places; ends at the first that does not fit. Not for packets: it allocates. */
function* optionsOf(view: DataView, start: number, end: number, littleEndian: boolean): Generator<BlockOption> {
  let at = start;
  while (at + 4 <= end) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    if (code === 0 || at + 4 + length > end) return;
    yield { code, start: at + 4, length };
    at += 4 + padded(length);
  }
}

/** PACKET_TYPE from the option epb_flags (2), without allocating: this runs per packet. */
function packetTypeOf(view: DataView, start: number, end: number, littleEndian: boolean): number {
  let at = start;
  while (at + 8 <= end) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    if (code === 0) break;
    if (code === 2 && length === 4) {
      const flags = view.getUint32(at + 4, littleEndian);
      if ((flags & 3) === 2) return PACKET_TYPE.outgoing;
      return (flags & 3) === 1 ? INCOMING_TYPE[(flags >> 2) & 7] : PACKET_TYPE.unknown;
    }
    at += 4 + padded(length);
  }
  return PACKET_TYPE.unknown;
}

/** A UTF-8 value; a C string's end counts as the end. */
function textOf(view: DataView, start: number, length: number): string | null {
  const text = Buffer.from(view.buffer, view.byteOffset + start, length)
    .toString('utf8')
    .replace(/\0.*$/s, '');
  return text === '' ? null : text;
}
