/** Random batches: mutated packets of the corpus and plain noise, with everything that a source may say beside them. */

import type { PacketBatch } from '../../src/wire/packet-batch.ts';
import { PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import type { TestPacket } from '../support/packets.ts';
import { packetBatch, pcapBytes } from '../support/packets.ts';
import type { Random } from './random.ts';
import { mutated } from './random.ts';
import type { Corpus } from './target.ts';

/** Every link type that the decoder knows, and one that it does not. */
const LINK_TYPES = [0, 1, 9, 12, 14, 50, 51, 101, 104, 108, 113, 228, 229, 276, 147] as const;

const PACKET_TYPES = Object.values(PACKET_TYPE);

/** Up to `most` packets; times wander a little, also back. */
export function randomPackets(corpus: Corpus, random: Random, most: number): TestPacket[] {
  let time = 1_700_000_000 + random.below(1000);
  return Array.from({ length: 1 + random.below(most) }, () => {
    time += random.oneIn(20) ? random.below(2000) - 500 : random.below(2);
    return { ...randomPacket(corpus, random), seconds: Math.max(0, time), nanoseconds: random.below(1e9) };
  });
}

function randomPacket(corpus: Corpus, random: Random): TestPacket {
  const seed = random.pick(corpus.packets);
  const bytes = random.oneIn(12) ? random.bytes(random.below(120)) : mutated(seed.bytes, random);
  const linkType = random.oneIn(8) ? random.pick(LINK_TYPES) : seed.linkType;
  const wireLength = random.oneIn(6) ? random.below(70_000) : bytes.length + (random.oneIn(4) ? random.below(1500) : 0);
  return {
    bytes,
    linkType,
    wireLength: Math.max(wireLength, bytes.length),
    interfaceSlot: random.below(3),
    packetType: random.pick(PACKET_TYPES),
    strippedTag: random.oneIn(6) ? 0x8100_0000 + (random.word() & 0xffff) : 0,
    gsoSize: random.oneIn(6) ? random.below(3000) : 0,
    flags: random.below(4),
  };
}

/** The batch, with the bytes between packets set to noise: nothing decoded may depend on them. */
export function poisonedBatch(packets: readonly TestPacket[], random: Random): PacketBatch {
  const batch = packetBatch(packets);
  let at = 0;
  for (let i = 0; i < batch.count; i++) {
    for (; at < batch.offset[i]; at++) batch.bytes[at] = random.word();
    at = batch.offset[i] + batch.capturedLength[i];
  }
  for (; at < batch.bytes.length; at++) batch.bytes[at] = random.word();
  return batch;
}

/** A pcap file of packets of one link type (a mixture is told by the seed alone). */
export function packetFile(packets: readonly TestPacket[]): Uint8Array {
  return pcapBytes(packets[0]?.linkType ?? 1, packets);
}
