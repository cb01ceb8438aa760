import { describe, expect, it } from 'vitest';
import { Assembly, HandshakeTable } from '../../src/engine/handshake-table.ts';
import { ToldNames } from '../../src/engine/told-names.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../src/wire/numbers.ts';
import { decodeBatch } from '../support/decoding.ts';
import * as build from '../support/packets.ts';
import { filler } from '../support/packets.ts';

/** Packets of this many conversations, a hundredth of a second apart. */
function batchOf(count: number, first = 0): ReturnType<typeof decodeBatch> {
  const packets = Array.from({ length: count }, (_, k) => ({
    bytes: build.ethernet(
      ETHERTYPE.ipv4,
      build.ipv4({ protocol: IP_PROTOCOL.tcp }, build.tcp({ sourcePort: 2000 + first + k }, filler(9))),
    ),
    seconds: 100,
    nanoseconds: (first + k) * 1e6,
  }));
  return decodeBatch(build.packetBatch(packets));
}

describe('the table of handshakes', () => {
  it('keeps 256 at most, the youngest of each set', () => {
    const table = new HandshakeTable();
    let found = 0;
    for (let first = 0; first < 1000; first += 200) {
      const batch = batchOf(200, first);
      for (let i = 0; i < batch.count; i++) table.begin(batch, i, true);
    }
    for (let first = 0; first < 1000; first += 200) {
      const batch = batchOf(200, first);
      for (let i = 0; i < batch.count; i++) if (table.find(batch, i) !== null) found++;
    }
    expect(found).toBe(256);
    const last = batchOf(200, 800);
    expect(table.find(last, 199)?.hash).toBe(last.hash[199]);
    expect(table.marks.reduce((sum, mark) => sum + mark, 0)).toBe(256);
  });

  it('leaves no mark behind when all are over', () => {
    const table = new HandshakeTable();
    const batch = batchOf(100);
    for (let i = 0; i < batch.count; i++) table.begin(batch, i, i % 2 === 0);
    table.end(table.find(batch, 0) ?? table.begin(batch, 0, true));
    table.expire(200);
    expect(table.marks.every((mark) => mark === 0)).toBe(true);
    expect(table.find(batch, 1)).toBeNull();
  });
});

describe('an assembly', () => {
  it('takes pieces that overlap, and none beyond its room', () => {
    const assembly = new Assembly();
    const bytes = filler(8192);
    expect(assembly.put(100, bytes, 100, 200)).toBe(false);
    expect(assembly.put(0, bytes, 0, 60)).toBe(true);
    expect(assembly.length).toBe(60);
    expect(assembly.put(50, bytes, 50, 120)).toBe(true);
    expect(assembly.length).toBe(200);
    expect(assembly.put(200, bytes, 200, 200)).toBe(false);
    expect(assembly.put(9000, bytes, 0, 10)).toBe(false);
    expect(assembly.put(Number.NaN, bytes, 0, 10)).toBe(false);
    expect(assembly.put(150, bytes, 150, 8192)).toBe(true);
    expect(assembly.put(8190, bytes, 0, 10)).toBe(false);
    expect(assembly.isFull).toBe(true);
    expect(assembly.bytes.subarray(0, 8190)).toEqual(bytes.subarray(0, 8190));
  });

  it('keeps nothing of the one before', () => {
    const assembly = new Assembly();
    assembly.put(10, filler(90), 0, 90);
    assembly.clear();
    assembly.put(0, filler(10), 0, 10);
    expect(assembly.length).toBe(10);
  });
});

describe('what was told', () => {
  const words = Uint32Array.of(0, 0, 0xffff, 0x0a000001, 0, 0, 0xffff, 0x0a000002);

  it('is known by address and name, whatever their hashes are', () => {
    const told = new ToldNames(1);
    // 0 and 1 differ in the bit that says "asked for" alone; 0 is also what an empty entry holds.
    expect(told.add(words, 0, 0, false)).toBe(true);
    expect(told.add(words, 0, 0, false)).toBe(false);
    expect(told.add(words, 0, -7, false)).toBe(true);
    expect(told.add(words, 0, -7, false)).toBe(false);
    expect(told.add(words, 4, -7, false)).toBe(true);
    expect(told.add(words, 0, -7, true)).toBe(true);
    expect(told.add(words, 0, -7, true)).toBe(false);
    expect(told.add(words, 0, -7, false)).toBe(false);
  });
});
