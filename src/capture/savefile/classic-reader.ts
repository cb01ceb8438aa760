/**
 * Classic pcap files (draft-ietf-opsawg-pcap): a file header, then records of one link type. Both byte orders, µs and ns.
 *
 *   file header    magic u32 · version u16 u16 · zone i32 · accuracy u32 · snaplen u32 · link type u32          24 bytes
 *   record         seconds u32 · fraction u32 · captured u32 · wire u32 · packet                               16 + n
 *   "modified"     … · ifindex u32 · protocol u16 · packet type u8 · padding u8 · packet  (0xa1b2cd34)          24 + n
 */

import type { PacketBatch } from '../../wire/packet-batch.ts';
import { BATCH_CAPACITY } from '../../wire/packet-batch.ts';
import type { ByteWindow, FillOutcome, RecordReader, SavefileInterfaces } from './byte-window.ts';
import { FILL, linkTypeOf, MAXIMUM_PACKET_BYTES } from './byte-window.ts';
import type { TimeCut } from './time-cut.ts';

export const CLASSIC_HEADER_BYTES = 24;

export interface ClassicFormat {
  littleEndian: boolean;
  /** Fractions of a second: 1,000,000 or 1,000,000,000. */
  unitsPerSecond: number;
  recordHeaderBytes: number;
}

const FORMATS: Readonly<Record<number, ClassicFormat>> = {
  2712847316: { littleEndian: false, unitsPerSecond: 1e6, recordHeaderBytes: 16 },
  3569595041: { littleEndian: true, unitsPerSecond: 1e6, recordHeaderBytes: 16 },
  2712812621: { littleEndian: false, unitsPerSecond: 1e9, recordHeaderBytes: 16 },
  1295823521: { littleEndian: true, unitsPerSecond: 1e9, recordHeaderBytes: 16 },
  2712849716: { littleEndian: false, unitsPerSecond: 1e6, recordHeaderBytes: 24 },
  885895841: { littleEndian: true, unitsPerSecond: 1e6, recordHeaderBytes: 24 },
};

/** The format that a magic number (read big-endian) stands for, or null. */
export function classicFormatOf(magic: number): ClassicFormat | null {
  return FORMATS[magic] ?? null;
}

export class ClassicReader implements RecordReader {
  damage = '';
  readonly droppedByKernel = null;
  readonly droppedByInterface = null;
  readonly #format: ClassicFormat;
  readonly #slot: number;
  readonly #linkType: number;
  readonly #cut: TimeCut;

  /** Takes the file header, which must be whole, from the window. */
  constructor(format: ClassicFormat, window: ByteWindow, interfaces: SavefileInterfaces, cut: TimeCut) {
    this.#format = format;
    this.#cut = cut;
    this.#linkType = linkTypeOf(window.view.getUint32(window.position + 20, format.littleEndian));
    this.#slot = interfaces.slotOf(null, 0, this.#linkType);
    window.position += CLASSIC_HEADER_BYTES;
  }

  // One long loop without calls, columns in locals: this runs per packet.
  fill(window: ByteWindow, batch: PacketBatch): FillOutcome {
    const { littleEndian, unitsPerSecond, recordHeaderBytes } = this.#format;
    const nanosecondsPerUnit = 1e9 / unitsPerSecond;
    const { offset, capturedLength, wireLength, nanoseconds, interfaceSlot, linkType } = batch;
    const secondsColumn = batch.seconds;
    const { view, end } = window;
    const cut = this.#cut;
    let low = cut.lowNanoseconds;
    let high = cut.highNanoseconds;
    let position = window.position;
    let count = batch.count;
    let outcome: FillOutcome = FILL.batchReady;
    while (count < BATCH_CAPACITY) {
      const start = position + recordHeaderBytes;
      if (start > end) {
        outcome = FILL.needsBytes;
        break;
      }
      const captured = view.getUint32(position + 8, littleEndian);
      if (captured > MAXIMUM_PACKET_BYTES) {
        this.damage = `a packet of ${captured} bytes is impossible`;
        outcome = FILL.damaged;
        break;
      }
      if (start + captured > end) {
        outcome = FILL.needsBytes;
        break;
      }
      let seconds = view.getUint32(position, littleEndian);
      let fraction = view.getUint32(position + 4, littleEndian);
      if (fraction >= unitsPerSecond) {
        seconds += Math.floor(fraction / unitsPerSecond);
        fraction %= unitsPerSecond;
      }
      fraction *= nanosecondsPerUnit;
      if (!cut.started) {
        cut.start(seconds, fraction);
        low = cut.lowNanoseconds;
        high = cut.highNanoseconds;
      }
      const relative = (seconds - cut.originSeconds) * 1e9 + (fraction - cut.originNanoseconds);
      if (relative < low || relative >= high) {
        if (count > 0) break;
        cut.moveTo(relative);
        low = cut.lowNanoseconds;
        high = cut.highNanoseconds;
      }
      const wire = view.getUint32(position + 12, littleEndian);
      offset[count] = start;
      capturedLength[count] = captured;
      wireLength[count] = Math.max(wire, captured);
      secondsColumn[count] = seconds;
      nanoseconds[count] = fraction;
      if (recordHeaderBytes === 24) batch.packetType[count] = view.getUint8(position + 22);
      position = start + captured;
      count++;
    }
    interfaceSlot.fill(this.#slot, batch.count, count);
    linkType.fill(this.#linkType, batch.count, count);
    batch.count = count;
    window.position = position;
    return outcome;
  }
}
