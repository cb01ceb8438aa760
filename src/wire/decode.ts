/**
 * Decoder: bytes of a PacketBatch to columns of a DecodedBatch, one pass, nothing allocated per packet.
 *
 * Nearly all packets are Ethernet, IPv4 or IPv6, TCP or UDP without anything odd: common.ts decodes those with every
 * column in a local. The rest, and whatever is damaged or cut off, goes layer by layer with a Cursor; both ways fill the
 * same columns with the same values.
 */
import { decodeCommon } from './common.ts';
import { Cursor } from './cursor.ts';
import { DECODE_STATUS, DECODE_STATUS_NAMES, type DecodedBatch, FRAGMENT } from './decoded-batch.ts';
import { setBatchDefaults } from './defaults.ts';
import { createHashSecret } from './key.ts';
import { decodeLayers } from './layers.ts';
import type { PacketBatch } from './packet-batch.ts';

export interface DecoderOptions {
  /** Describe tunnels (IP in IP, GRE, VXLAN) by the packet they carry. */
  decapsulate: boolean;
  /** 32 bits that make hashes unpredictable; random when absent. A fixed one makes runs repeatable. */
  hashSeed?: number;
}

export class Decoder {
  /** Packets (segments) by DECODE_STATUS since the decoder was made. */
  readonly statusCounts = new Float64Array(DECODE_STATUS_NAMES.length);
  readonly #decapsulate: boolean;
  readonly #hashSecret: Int32Array;
  readonly #cursor = new Cursor();

  constructor(options: DecoderOptions) {
    this.#decapsulate = options.decapsulate;
    this.#hashSecret = createHashSecret(options.hashSeed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  }

  /** Fills every column of `out` for the packets of the batch, which `out` borrows. */
  decode(packets: PacketBatch, out: DecodedBatch): void {
    out.packets = packets;
    out.count = packets.count;
    out.hashSecret = this.#hashSecret;
    out.hasFragments = false;
    setBatchDefaults(out);
    this.#cursor.open(packets, out, this.#decapsulate);
    for (let i = 0; i < packets.count; i++) {
      const stop = decodeCommon(packets, out, i, this.#decapsulate);
      this.statusCounts[DECODE_STATUS.ok] += stop - i;
      i = stop;
      if (i < packets.count) this.#decodeUncommon(i);
    }
  }

  #decodeUncommon(i: number): void {
    const cursor = this.#cursor;
    decodeLayers(cursor, i);
    const { out } = cursor;
    this.statusCounts[out.status[i]] += out.segments[i];
    if (out.fragment[i] !== FRAGMENT.none) out.hasFragments = true;
  }
}
