/** Every link type through the decoder, the describer and the readers of quoted packets and TCP options. */
import { Decoder } from '../../src/wire/decode.ts';
import { DECODE_STATUS_NAMES, DecodedBatch, FRAGMENT, KEY_WORDS } from '../../src/wire/decoded-batch.ts';
import { describePacket } from '../../src/wire/describe.ts';
import { quotedConversation } from '../../src/wire/icmp.ts';
import { tcpWindowScale } from '../../src/wire/tcp-options.ts';
import { COLUMNS, columnOf } from '../support/decoding.ts';
import type { TestPacket } from '../support/packets.ts';
import { packetFile, poisonedBatch, randomPackets } from './packets.ts';
import type { Random } from './random.ts';
import type { Corpus, FuzzTarget } from './target.ts';
import { must } from './target.ts';

const decoders = [new Decoder({ decapsulate: false, hashSeed: 1 }), new Decoder({ decapsulate: true, hashSeed: 1 })];
const batches = [new DecodedBatch(), new DecodedBatch()];
const quotedKeys = [new Uint32Array(KEY_WORDS), new Uint32Array(KEY_WORDS)];

/** Columns that decoding does not write: filter and table do. */
const LATER_COLUMNS: ReadonlySet<string> = new Set(['selected', 'row']);
const DECODED_COLUMNS = COLUMNS.filter((name) => !LATER_COLUMNS.has(name));

export function decodeTarget(corpus: Corpus): FuzzTarget<TestPacket[]> {
  return {
    name: 'decode',
    make: (random) => randomPackets(corpus, random, 24),
    check,
    toFile: packetFile,
  };
}

/** Decodes the same packets twice with different bytes between them: the results must be the same. */
function check(packets: TestPacket[], random: Random): void {
  for (const decoder of decoders) {
    for (const batch of batches) decoder.decode(poisonedBatch(packets, random), batch);
    for (let i = 0; i < packets.length; i++) {
      checkColumns(i);
      checkBounds(batches[0], i);
      checkReaders(i);
    }
  }
}

function checkColumns(i: number): void {
  for (const name of DECODED_COLUMNS) {
    const width = name === 'key' ? KEY_WORDS : 1;
    const [first, second] = batches.map((batch) => columnOf(batch, name));
    for (let k = i * width; k < (i + 1) * width; k++) {
      must(Object.is(first[k], second[k]), `${name} of packet ${i} depends on bytes that were not captured`);
    }
  }
}

function checkBounds(batch: DecodedBatch, i: number): void {
  const start = batch.packets.offset[i];
  const end = start + batch.packets.capturedLength[i];
  must(batch.status[i] < DECODE_STATUS_NAMES.length, `status ${batch.status[i]} has no name`);
  must(batch.segments[i] >= 1, `${batch.segments[i]} segments`);
  must(batch.wireBytes[i] >= batch.packets.wireLength[i], `${batch.wireBytes[i]} bytes on the wire`);
  must(batch.ipBytes[i] >= 0 && Number.isFinite(batch.ipBytes[i]), `${batch.ipBytes[i]} IP bytes`);
  must(batch.direction[i] <= 1 && batch.fragment[i] <= FRAGMENT.later, 'direction or fragment out of range');
  must(batch.packetEnd[i] <= end, `packetEnd is ${batch.packetEnd[i] - end} bytes beyond the packet`);
  for (const name of ['macOffset', 'networkOffset', 'transportOffset'] as const) {
    const at = batch[name][i];
    must(at === -1 || (at >= start && at <= end), `${name} is outside of the packet`);
  }
}

function checkReaders(i: number): void {
  const [text, sameText] = batches.map((batch) => describePacket(batch, i));
  must(text === sameText, `"${text}" or "${sameText}": describing reads bytes that were not captured`);
  const [quotes, quotesToo] = batches.map((batch, n) => quotedConversation(batch, i, quotedKeys[n]));
  must(quotes === quotesToo, 'a quoted conversation depends on bytes that were not captured');
  if (quotes)
    must(quotedKeys[0].join() === quotedKeys[1].join(), 'a quoted key depends on bytes that were not captured');
  const [scale, sameScale] = batches.map((batch) => {
    const at = batch.transportOffset[i];
    return at === -1 ? -1 : tcpWindowScale(batch.packets.view, at, batch.packetEnd[i]);
  });
  must(scale === sameScale && scale >= -1 && scale <= 14, `window scale ${scale} or ${sameScale}`);
}
