/** Decoded batches without bytes: columns set directly, for tests of the tables. */
import { DecodedBatch, KEY_WORDS, NETWORK } from '../../src/wire/decoded-batch.ts';
import { createHashSecret, finishKey } from '../../src/wire/key.ts';
import { IP_PROTOCOL } from '../../src/wire/numbers.ts';

/** One IPv4 packet; addresses are numbers. */
export interface DecodedPacket {
  source: number;
  destination: number;
  sourcePort?: number;
  destinationPort?: number;
  protocol?: number;
  slot?: number;
  time?: number;
  segments?: number;
  ipBytes?: number;
  wireBytes?: number;
  selected?: number;
}

const SECRET = createHashSecret(1);

/** Fills a batch (a new one unless given) with at most BATCH_CAPACITY packets. */
export function decodedBatch(packets: readonly DecodedPacket[], batch = new DecodedBatch()): DecodedBatch {
  batch.hashSecret = SECRET;
  batch.count = packets.length;
  batch.packets.count = packets.length;
  for (const [i, packet] of packets.entries()) writePacket(batch, i, packet);
  return batch;
}

function writePacket(batch: DecodedBatch, i: number, packet: DecodedPacket): void {
  const at = i * KEY_WORDS;
  batch.key.fill(0, at, at + KEY_WORDS);
  batch.key[at + 2] = 0xffff;
  batch.key[at + 3] = packet.source;
  batch.key[at + 6] = 0xffff;
  batch.key[at + 7] = packet.destination;
  batch.packets.interfaceSlot[i] = packet.slot ?? 0;
  batch.network[i] = NETWORK.ipv4;
  batch.ipProtocol[i] = packet.protocol ?? IP_PROTOCOL.udp;
  batch.sourcePort[i] = packet.sourcePort ?? 0;
  batch.destinationPort[i] = packet.destinationPort ?? 0;
  batch.time[i] = packet.time ?? 0;
  batch.segments[i] = packet.segments ?? 1;
  batch.ipBytes[i] = packet.ipBytes ?? 28;
  batch.wireBytes[i] = packet.wireBytes ?? 42;
  batch.selected[i] = packet.selected ?? 1;
  batch.macOffset[i] = -1;
  batch.networkOffset[i] = -1;
  batch.transportOffset[i] = -1;
  finishKey(batch, i, 0);
}
