/** Capture files, mutated and made of noise, through the savefile source, twice with different chunk sizes. */
import { writeFileSync } from 'node:fs';
import { OperatorError } from '../../src/base/errors.ts';
import { SavefileSource } from '../../src/capture/savefile/savefile-source.ts';
import type { PacketBatch } from '../../src/wire/packet-batch.ts';
import { BATCH_CAPACITY } from '../../src/wire/packet-batch.ts';
import { mutated } from './random.ts';
import type { Corpus, FuzzTarget } from './target.ts';
import { must } from './target.ts';

/** First bytes of every format, so that noise is taken for packets. */
const HEADERS = [
  Buffer.from('a1b2c3d40002000400000000000000000004000000000001', 'hex'),
  Buffer.from('4d3cb2a10200040000000000000000000000040001000000', 'hex'),
  Buffer.from('0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000', 'hex'),
  Buffer.from('0a0d0d0a0000001c1a2b3c4d00010000ffffffffffffffff0000001c', 'hex'),
];

/** @param path a file of ours that inputs are written to */
export function savefileTarget(corpus: Corpus, path: string): FuzzTarget<Uint8Array> {
  return {
    name: 'savefile',
    make(random) {
      if (random.oneIn(10)) return Buffer.concat([random.pick(HEADERS), random.bytes(random.below(400))]);
      const bytes = mutated(random.pick(corpus.files), random, 4);
      // Mutations near the beginning matter most: headers, and the first packets of pcapng with its interfaces.
      return Buffer.concat([mutated(bytes.subarray(0, 200), random, 2), bytes.subarray(200)]);
    },
    async check(bytes, random) {
      writeFileSync(path, bytes);
      const first = await digest(path, bytes.length, 64 + random.below(4000));
      const second = await digest(path, bytes.length, 1 << 20);
      must(first === second, `read in small chunks: ${first}; in large ones: ${second}`);
    },
    toFile: (bytes) => bytes,
  };
}

/** Reads it all; a line that stands for everything that was delivered. */
async function digest(path: string, fileBytes: number, chunkBytes: number): Promise<string> {
  const source = new SavefileSource({ path, cutEverySeconds: 0.25, chunkBytes });
  let sum = 0;
  let captured = 0;
  let fact = '';
  const onBatch = (batch: PacketBatch): void => {
    captured += checkBatch(batch, source.interfaces.length);
    for (let i = 0; i < batch.count; i++) sum = mix(sum, batch, i);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      source
        .start({
          onBatch,
          onFact: (found) => {
            must(fact === '' && found.type === 'capture-damaged', `after "${fact}": ${JSON.stringify(found)}`);
            fact = found.error.cause;
          },
          onEnd: resolve,
        })
        .catch(reject);
    });
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return error.message;
  }
  await source.stop();
  must(captured <= fileBytes, `${captured} bytes of packets in a file of ${fileBytes}`);
  return `${source.statistics().received} packets ${sum} ${source.interfaces.map(({ name }) => name)} ${fact}`;
}

function checkBatch(batch: PacketBatch, interfaces: number): number {
  must(batch.count >= 1 && batch.count <= BATCH_CAPACITY, `a batch of ${batch.count} packets`);
  let captured = 0;
  for (let i = 0; i < batch.count; i++) {
    captured += batch.capturedLength[i];
    must(batch.offset[i] + batch.capturedLength[i] <= batch.bytes.length, `packet ${i} ends beyond the chunk`);
    must(batch.wireLength[i] >= batch.capturedLength[i], `packet ${i} is shorter on the wire`);
    must(batch.interfaceSlot[i] < interfaces, `slot ${batch.interfaceSlot[i]} of ${interfaces}`);
    must(batch.nanoseconds[i] < 1e9, `${batch.nanoseconds[i]} nanoseconds`);
    must(Number.isFinite(batch.seconds[i]), `${batch.seconds[i]} seconds`);
  }
  return captured;
}

function mix(sum: number, batch: PacketBatch, i: number): number {
  let mixed = Math.imul(sum ^ batch.seconds[i] ^ batch.nanoseconds[i], 0x9e3779b1);
  mixed ^= batch.wireLength[i] ^ (batch.interfaceSlot[i] << 8) ^ (batch.packetType[i] << 16) ^ (batch.linkType[i] << 4);
  const end = batch.offset[i] + batch.capturedLength[i];
  for (let at = batch.offset[i]; at < end; at++) mixed = Math.imul(mixed ^ batch.bytes[at], 0x01000193);
  return mixed;
}
