/** Builders for savefiles of every shape, and a sink that collects what SavefileSource delivers. */

import type { CapturedInterface, CaptureFact, CaptureStatistics } from '../../src/capture/capture-source.ts';
import type { SavefileOptions } from '../../src/capture/savefile/savefile-source.ts';
import { SavefileSource } from '../../src/capture/savefile/savefile-source.ts';

/** Header fields in one byte order, appended in turn. */
class Fields {
  readonly #littleEndian: boolean;
  readonly #parts: Buffer[] = [];

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  u16(...values: number[]): this {
    for (const value of values) {
      const bytes = Buffer.alloc(2);
      if (this.#littleEndian) bytes.writeUInt16LE(value);
      else bytes.writeUInt16BE(value);
      this.#parts.push(bytes);
    }
    return this;
  }

  u32(...values: number[]): this {
    for (const value of values) {
      const bytes = Buffer.alloc(4);
      if (this.#littleEndian) bytes.writeUInt32LE(value >>> 0);
      else bytes.writeUInt32BE(value >>> 0);
      this.#parts.push(bytes);
    }
    return this;
  }

  u64(value: bigint): this {
    const bytes = Buffer.alloc(8);
    if (this.#littleEndian) bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
    else bytes.writeBigUInt64BE(BigInt.asUintN(64, value));
    this.#parts.push(bytes);
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes));
    return this;
  }

  padded(bytes: Uint8Array): this {
    return this.raw(bytes).raw(new Uint8Array((4 - (bytes.length % 4)) % 4));
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

export interface ClassicShape {
  littleEndian?: boolean;
  nanoseconds?: boolean;
  /** The "modified" format of magic 0xa1b2cd34. */
  modified?: boolean;
  linkType?: number;
}

export interface ClassicRecord {
  seconds: number;
  /** µs or ns, as the file's format says. */
  fraction: number;
  packet: Uint8Array;
  wireLength?: number;
  /** Of the "modified" format. */
  packetType?: number;
}

export function classicFile(shape: ClassicShape, records: readonly ClassicRecord[]): Buffer {
  const { littleEndian = true, nanoseconds = false, modified = false, linkType = 1 } = shape;
  const magic = modified ? 0xa1b2cd34 : nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  const fields = new Fields(littleEndian).u32(magic).u16(2, 4).u32(0, 0, 262_144, linkType);
  for (const { seconds, fraction, packet, wireLength = packet.length, packetType = 0 } of records) {
    fields.u32(seconds, fraction, packet.length, wireLength);
    if (modified)
      fields
        .u32(7)
        .u16(0x0800)
        .raw(new Uint8Array([packetType, 0]));
    fields.raw(packet);
  }
  return fields.bytes();
}

export type Option = readonly [code: number, value: Uint8Array];

/** Builds pcapng blocks of one byte order. */
export class PcapngBlocks {
  readonly littleEndian: boolean;

  constructor(littleEndian = true) {
    this.littleEndian = littleEndian;
  }

  fields(): Fields {
    return new Fields(this.littleEndian);
  }

  block(type: number, body: Uint8Array): Buffer {
    const length = 12 + body.length + ((4 - (body.length % 4)) % 4);
    return this.fields().u32(type, length).padded(body).u32(length).bytes();
  }

  options(options: readonly Option[]): Buffer {
    const fields = this.fields();
    if (options.length === 0) return fields.bytes();
    for (const [code, value] of options) fields.u16(code, value.length).padded(value);
    return fields.u16(0, 0).bytes();
  }

  section(): Buffer {
    return this.block(0x0a0d0d0a, this.fields().u32(0x1a2b3c4d).u16(1, 0).u64(-1n).bytes());
  }

  interface(linkType: number, snaplen = 0, options: readonly Option[] = []): Buffer {
    return this.block(1, this.fields().u16(linkType, 0).u32(snaplen).raw(this.options(options)).bytes());
  }

  enhanced(
    id: number,
    time: bigint,
    packet: Uint8Array,
    wire = packet.length,
    options: readonly Option[] = [],
  ): Buffer {
    const [high, low] = [Number(time >> 32n), Number(time & 0xffff_ffffn)];
    const fields = this.fields().u32(id, high, low, packet.length, wire).padded(packet).raw(this.options(options));
    return this.block(6, fields.bytes());
  }

  obsolete(id: number, time: bigint, packet: Uint8Array, wire = packet.length): Buffer {
    const [high, low] = [Number(time >> 32n), Number(time & 0xffff_ffffn)];
    const fields = this.fields().u16(id, 3).u32(high, low, packet.length, wire).padded(packet);
    return this.block(2, fields.bytes());
  }

  simple(packet: Uint8Array, wire = packet.length): Buffer {
    return this.block(3, this.fields().u32(wire).padded(packet).bytes());
  }

  statistics(id: number, counters: readonly (readonly [code: number, value: bigint])[]): Buffer {
    const options: Option[] = counters.map(([code, value]) => [code, this.fields().u64(value).bytes()]);
    return this.block(5, this.fields().u32(id, 0, 0).raw(this.options(options)).bytes());
  }

  u32Option(code: number, value: number): Option {
    return [code, this.fields().u32(value).bytes()];
  }

  u64Option(code: number, value: bigint): Option {
    return [code, this.fields().u64(value).bytes()];
  }
}

export function textOption(code: number, text: string): Option {
  return [code, Buffer.from(text)];
}

export interface CollectedPacket {
  seconds: number;
  nanoseconds: number;
  bytes: Buffer;
  wireLength: number;
  interfaceSlot: number;
  linkType: number;
  packetType: number;
}

export interface Collected {
  packets: CollectedPacket[];
  facts: CaptureFact[];
  /** Packets and period of each batch. */
  batches: { count: number; cutIndex: number }[];
  interfaces: readonly CapturedInterface[];
  statistics: CaptureStatistics;
  bytesRead: number;
  totalBytes: number | null;
}

/** Reads a whole savefile; rejects as start() does. */
export async function collectSavefile(path: string, options: Partial<SavefileOptions> = {}): Promise<Collected> {
  const source = new SavefileSource({ path, cutEverySeconds: null, ...options });
  const packets: CollectedPacket[] = [];
  const facts: CaptureFact[] = [];
  const batches: { count: number; cutIndex: number }[] = [];
  let onEnd: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    onEnd = resolve;
  });
  await source.start({
    onBatch(batch) {
      batches.push({ count: batch.count, cutIndex: source.cutIndex });
      for (let i = 0; i < batch.count; i++) {
        packets.push({
          seconds: batch.seconds[i],
          nanoseconds: batch.nanoseconds[i],
          bytes: Buffer.from(batch.bytes.subarray(batch.offset[i], batch.offset[i] + batch.capturedLength[i])),
          wireLength: batch.wireLength[i],
          interfaceSlot: batch.interfaceSlot[i],
          linkType: batch.linkType[i],
          packetType: batch.packetType[i],
        });
      }
    },
    onFact: (fact) => facts.push(fact),
    onEnd: () => onEnd(),
  });
  await ended;
  await source.stop();
  const { interfaces, bytesRead, totalBytes } = source;
  return { packets, facts, batches, interfaces, statistics: source.statistics(), bytesRead, totalBytes };
}
