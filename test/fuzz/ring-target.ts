/** The packet ring's block and packet headers: whatever they say, batches stay within the ring and the walk ends. */
import { InterfaceRegistry } from '../../src/capture/interface-table.ts';
import { RingWalker } from '../../src/capture/ring/ring-walker.ts';
import type { PacketBatch } from '../../src/wire/packet-batch.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';
import { must } from './target.ts';

const BLOCK_BYTES = 4096;
const BLOCKS = 3;
/** More packets than the headers of a ring of this size leave room for. */
const MOST_BATCHES = 64;

export const ringTarget: FuzzTarget<Uint8Array> = {
  name: 'ring',
  make(random) {
    const bytes = random.oneIn(4) ? random.bytes(BLOCK_BYTES * BLOCKS) : new Uint8Array(BLOCK_BYTES * BLOCKS);
    const view = new DataView(bytes.buffer);
    for (let block = 0; block < BLOCKS; block++) writeBlock(view, block * BLOCK_BYTES, random);
    return bytes;
  },
  check,
  toFile: (bytes) => bytes,
};

/** A block as the kernel writes it, each field sometimes wrong. */
function writeBlock(view: DataView, start: number, random: Random): void {
  const odd = (value: number): number =>
    random.oneIn(15) ? random.word() : random.oneIn(15) ? random.below(5000) : value;
  const packets = random.below(20);
  view.setUint32(start + 8, random.oneIn(8) ? random.word() : 1, true);
  view.setUint32(start + 12, odd(packets), true);
  view.setUint32(start + 16, odd(48), true);
  let at = start + 48;
  for (let n = 0; n < packets && at + 160 < start + BLOCK_BYTES; n++) {
    const captured = random.below(60);
    const next = (96 + captured + 15) & ~15;
    view.setUint32(at, odd(n === packets - 1 ? 0 : next), true);
    for (const [field, value] of [
      [4, 1_700_000_000],
      [8, 5],
      [12, captured],
      [16, captured],
      [20, random.word() & 0xff],
      [52, random.below(4)],
    ]) {
      view.setUint32(at + field, odd(value), true);
    }
    view.setUint16(at + 24, odd(96), true);
    view.setUint16(at + 26, odd(110), true);
    view.setUint16(at + 56, random.pick([1, 772, 65_534, random.word() & 0xffff]), true);
    view.setUint8(at + 87, random.below(6));
    at += next;
  }
}

function check(bytes: Uint8Array, random: Random): void {
  const memory = new ArrayBuffer(bytes.length);
  new Uint8Array(memory).set(bytes);
  const geometry = { blockBytes: BLOCK_BYTES, blockCount: BLOCKS, vnetHeader: random.oneIn(2) };
  const walker = new RingWalker(memory, geometry, new InterfaceRegistry((index) => `if${index}`, 100));
  let batches = 0;
  while (walker.fill()) {
    checkBatch(walker.batch, memory.byteLength);
    must(++batches <= MOST_BATCHES, 'the walk does not end');
  }
}

function checkBatch(batch: PacketBatch, ringBytes: number): void {
  for (let i = 0; i < batch.count; i++) {
    const end = batch.offset[i] + batch.capturedLength[i];
    must(end <= ringBytes, `packet ${i} ends at ${end} of ${ringBytes}`);
    must(batch.interfaceSlot[i] <= 100, `slot ${batch.interfaceSlot[i]}`);
  }
}
