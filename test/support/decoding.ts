/**
 * Decodes test packets into plain objects. Output columns are filled with 0xA5 first: a column that the decoder forgets
 * to write shows.
 */
import { formatAddress } from '../../src/wire/address.ts';
import { Cursor } from '../../src/wire/cursor.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DECODE_STATUS_NAMES, DecodedBatch, KEY_WORDS } from '../../src/wire/decoded-batch.ts';
import { setDefaults } from '../../src/wire/defaults.ts';
import { createHashSecret } from '../../src/wire/key.ts';
import { decodeLayers } from '../../src/wire/layers.ts';
import { LINKTYPE } from '../../src/wire/numbers.ts';
import type { PacketBatch } from '../../src/wire/packet-batch.ts';
import { type PacketLike, packetBatch } from './packets.ts';

const SEED = 7;

/** Names of DecodedBatch's columns: what decoding must fill. */
export const COLUMNS = Object.entries(new DecodedBatch())
  .filter(([name, value]) => ArrayBuffer.isView(value) && name !== 'hashSecret')
  .map(([name]) => name);

type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

export function columnOf(batch: DecodedBatch, name: string): Column {
  return (batch as unknown as Record<string, Column>)[name];
}

export function spoiledBatch(): DecodedBatch {
  const batch = new DecodedBatch();
  for (const name of COLUMNS) new Uint8Array(columnOf(batch, name).buffer).fill(0xa5);
  return batch;
}

/** Everything that was decoded about packet i: columns by name, offsets relative to the frame. */
export function rawColumns(batch: DecodedBatch, i: number): Record<string, number | string> {
  const start = batch.packets.offset[i];
  const facts: Record<string, number | string> = {};
  for (const name of COLUMNS) {
    if (name === 'key') continue;
    const value = columnOf(batch, name)[i];
    const isOffset = /Offset$|^packetEnd$/.test(name) && value !== -1;
    facts[name] = isOffset ? value - start : value;
  }
  facts.key = Array.from(batch.key.subarray(i * KEY_WORDS, (i + 1) * KEY_WORDS), (word) => word.toString(16)).join(' ');
  return facts;
}

/** A packet as a test compares it; addresses and ports in sending order. */
export interface Decoded {
  status: string;
  network: number;
  etherType: number;
  protocol: number;
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  /** VLAN identifier, or null. */
  vlan: number | null;
  fragment: number;
  segments: number;
  ipBytes: number;
  wireBytes: number;
  payloadLength: number;
  networkOffset: number;
  transportOffset: number;
  /** Word 8 of the key. */
  keyWord: number;
}

export function decodedPacket(batch: DecodedBatch, i: number): Decoded {
  const at = i * KEY_WORDS;
  const sender = at + 4 * batch.direction[i];
  const receiver = at + 4 * (1 - batch.direction[i]);
  const start = batch.packets.offset[i];
  const relative = (offset: number): number => (offset < 0 ? -1 : offset - start);
  return {
    status: DECODE_STATUS_NAMES[batch.status[i]],
    network: batch.network[i],
    etherType: batch.etherType[i],
    protocol: batch.ipProtocol[i],
    source: formatAddress(batch.key, sender, batch.network[i]),
    destination: formatAddress(batch.key, receiver, batch.network[i]),
    sourcePort: batch.sourcePort[i],
    destinationPort: batch.destinationPort[i],
    vlan: batch.vlan[i] === 0 ? null : batch.vlan[i] & 0xfff,
    fragment: batch.fragment[i],
    segments: batch.segments[i],
    ipBytes: batch.ipBytes[i],
    wireBytes: batch.wireBytes[i],
    payloadLength: batch.payloadLength[i],
    networkOffset: relative(batch.networkOffset[i]),
    transportOffset: relative(batch.transportOffset[i]),
    keyWord: batch.key[at + 8],
  };
}

export interface DecodingOptions {
  linkType?: number;
  decapsulate?: boolean;
}

export function decodeBatch(packets: PacketBatch, decapsulate = false): DecodedBatch {
  const out = spoiledBatch();
  new Decoder({ decapsulate, hashSeed: SEED }).decode(packets, out);
  return out;
}

export function decodePackets(packets: readonly PacketLike[], options: DecodingOptions = {}): Decoded[] {
  const out = decodeBatch(packetBatch(packets, options.linkType ?? LINKTYPE.ethernet), options.decapsulate);
  return packets.map((_, i) => decodedPacket(out, i));
}

export function decodeOne(packet: PacketLike, options: DecodingOptions = {}): Decoded {
  return decodePackets([packet], options)[0];
}

/** The same batch by the layers alone, without the hot path. */
export function decodeByLayers(packets: PacketBatch, decapsulate = false): DecodedBatch {
  const out = spoiledBatch();
  out.packets = packets;
  out.count = packets.count;
  out.hashSecret = createHashSecret(SEED);
  setDefaults(out, 0, packets.count);
  const cursor = new Cursor();
  cursor.open(packets, out, decapsulate);
  for (let i = 0; i < packets.count; i++) decodeLayers(cursor, i);
  return out;
}
