import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InterfaceRegistry } from '../../src/capture/interface-table.ts';
import { RingWalker } from '../../src/capture/ring/ring-walker.ts';
import type { PacketBatch } from '../../src/wire/packet-batch.ts';

const BLOCK_BYTES = 65536;
const STATUS = 8;

interface Packet {
  bytes: number[];
  length?: number;
  index?: number;
  hardwareType?: number;
  type?: number;
  status?: number;
  tci?: number;
  tpid?: number;
  /** gso_type, gso_size */
  gso?: [number, number];
  /** net - mac */
  linkHeader?: number;
}

/** A ring in memory, filled as the kernel would (linux/if_packet.h). */
class FakeRing {
  readonly memory: ArrayBuffer;
  readonly view: DataView;
  constructor(blocks: number) {
    this.memory = new ArrayBuffer(blocks * BLOCK_BYTES);
    this.view = new DataView(this.memory);
  }

  status(block: number): number {
    return this.view.getUint32(block * BLOCK_BYTES + STATUS, true);
  }

  fill(block: number, packets: Packet[]): void {
    const start = block * BLOCK_BYTES;
    const { view } = this;
    view.setUint32(start + 12, packets.length, true);
    view.setUint32(start + 16, 48, true);
    let at = start + 48;
    packets.forEach((packet, i) => {
      const mac = 96;
      const next = (mac + packet.bytes.length + 15) & ~15;
      view.setUint32(at, i === packets.length - 1 ? 0 : next, true);
      view.setUint32(at + 4, 1000 + i, true);
      view.setUint32(at + 8, 999_999_999 - i, true);
      view.setUint32(at + 12, packet.bytes.length, true);
      view.setUint32(at + 16, packet.length ?? packet.bytes.length, true);
      view.setUint32(at + 20, packet.status ?? 1, true);
      view.setUint16(at + 24, mac, true);
      view.setUint16(at + 26, mac + (packet.linkHeader ?? 14), true);
      view.setUint32(at + 32, packet.tci ?? 0, true);
      view.setUint16(at + 36, packet.tpid ?? 0, true);
      view.setInt32(at + 52, packet.index ?? 2, true);
      view.setUint16(at + 56, packet.hardwareType ?? 1, true);
      view.setUint8(at + 58, packet.type ?? 0);
      const [gsoType, gsoSize] = packet.gso ?? [0, 0];
      view.setUint8(at + mac - 9, gsoType);
      view.setUint16(at + mac - 6, gsoSize, true);
      new Uint8Array(this.memory).set(packet.bytes, at + mac);
      at += next;
    });
    view.setUint32(start + STATUS, 1, true);
  }
}

const registryOf = (names: Record<number, string> = { 1: 'lo', 2: 'eth0', 3: 'tun0' }): InterfaceRegistry =>
  new InterfaceRegistry((index) => names[index] ?? null);

function walkerOf(ring: FakeRing, registry = registryOf(), vnetHeader = true): RingWalker {
  const blockCount = ring.memory.byteLength / BLOCK_BYTES;
  return new RingWalker(ring.memory, { blockBytes: BLOCK_BYTES, blockCount, vnetHeader }, registry);
}

const frameOf = (batch: PacketBatch, i: number): number[] => [
  ...batch.bytes.subarray(batch.offset[i], batch.offset[i] + batch.capturedLength[i]),
];

it('delivers nothing while the kernel holds the block', () => {
  expect(walkerOf(new FakeRing(2)).fill()).toBe(false);
});

it('fills every column from the packet, its address and its virtio header', () => {
  const ring = new FakeRing(1);
  ring.fill(0, [
    { bytes: [1, 2, 3], length: 1500, type: 4, status: 1 | 0x08 },
    { bytes: [4], status: 1 | 0x10 | 0x40, tci: 0x600a, tpid: 0x88a8, index: 1, hardwareType: 772 },
    { bytes: [5], status: 1 | 0x10, tci: 7, gso: [0x81, 1448] },
    { bytes: [6], gso: [5, 1200], type: 6 },
    { bytes: [0, 0, 0, 0, 0x45, 9], index: 3, hardwareType: 0xfffe, linkHeader: 4 },
    { bytes: [7], index: 9, hardwareType: 4711 },
  ]);
  const registry = registryOf();
  const walker = walkerOf(ring, registry);
  expect(walker.fill()).toBe(true);
  const { batch } = walker;
  const column = (
    name: 'wireLength' | 'packetType' | 'flags' | 'gsoSize' | 'strippedTag' | 'linkType' | 'interfaceSlot',
  ) => [...batch[name].subarray(0, batch.count)];
  expect(batch.count).toBe(6);
  expect([0, 1, 2, 3, 4, 5].map((i) => frameOf(batch, i))).toEqual([[1, 2, 3], [4], [5], [6], [0x45, 9], [7]]);
  expect(column('wireLength')).toEqual([1500, 1, 1, 1, 2, 1]);
  expect(column('packetType')).toEqual([4, 0, 0, 255, 0, 0]);
  expect(column('flags')).toEqual([1, 0, 0, 2, 0, 0]);
  expect(column('gsoSize')).toEqual([0, 0, 1448, 1200, 0, 0]);
  expect(column('strippedTag')).toEqual([0, 0x88a8600a, 0x81000007, 0, 0, 0]);
  expect(column('linkType')).toEqual([1, 1, 1, 1, 101, 0xffff]);
  expect(column('interfaceSlot')).toEqual([0, 1, 0, 0, 2, 3]);
  expect(batch.seconds[1]).toBe(1001);
  expect(batch.nanoseconds[1]).toBe(999_999_998);
  expect(registry.list.map(({ name, loopback }) => [name, loopback])).toEqual([
    ['eth0', false],
    ['lo', true],
    ['tun0', false],
    ['if9', false],
  ]);
});

it('lets nothing of a batch show through in the next one', () => {
  const ring = new FakeRing(2);
  ring.fill(0, [{ bytes: [1], status: 1 | 0x08 | 0x10, tci: 7, gso: [5, 1448] }]);
  ring.fill(1, [{ bytes: [2] }]);
  const walker = walkerOf(ring);
  const rare = (): number[] => {
    walker.fill();
    const { flags, gsoSize, strippedTag } = walker.batch;
    return [flags[0], gsoSize[0], strippedTag[0]];
  };
  expect([rare(), rare()]).toEqual([
    [3, 1448, 0x81000007],
    [0, 0, 0],
  ]);
});

it('reads no virtio header where the kernel puts none', () => {
  const ring = new FakeRing(1);
  ring.fill(0, [{ bytes: [1], gso: [1, 1448] }]);
  const walker = walkerOf(ring, registryOf(), false);
  walker.fill();
  expect(walker.batch.gsoSize[0]).toBe(0);
});

it('gives a block back only after its last packet was delivered', () => {
  const ring = new FakeRing(2);
  ring.fill(0, new Array<Packet>(570).fill({ bytes: [1] }));
  ring.fill(1, [{ bytes: [2] }]);
  const walker = walkerOf(ring);
  const counts: [number, number, boolean][] = [];
  while (walker.fill()) {
    const held = ring.status(0);
    counts.push([walker.batch.count, held, walker.release()]);
  }
  expect(counts).toEqual([
    [256, 1, false],
    [256, 1, false],
    [58, 1, true],
    [1, 0, true],
  ]);
  expect([ring.status(0), ring.status(1)]).toEqual([0, 0]);
});

it('goes round the ring as long as the kernel fills it', () => {
  const ring = new FakeRing(3);
  const walker = walkerOf(ring);
  const seen: number[] = [];
  for (let round = 0; round < 10; round++) {
    ring.fill(round % 3, [{ bytes: [round] }]);
    expect(walker.fill()).toBe(true);
    seen.push(...frameOf(walker.batch, 0));
    walker.release();
    expect(walker.fill()).toBe(false);
  }
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

it('passes over an empty block', () => {
  const ring = new FakeRing(2);
  ring.fill(0, []);
  ring.fill(1, [{ bytes: [1] }]);
  const walker = walkerOf(ring);
  expect(walker.fill()).toBe(true);
  expect(ring.status(0)).toBe(0);
});

it('never points outside of the ring, whatever stands in its headers', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 300, maxLength: 400 }),
      fc.array(fc.tuple(fc.nat(399), fc.nat(255))),
      (noise, holes) => {
        const ring = new FakeRing(2);
        ring.fill(0, new Array<Packet>(4).fill({ bytes: [...noise] }));
        const bytes = new Uint8Array(ring.memory);
        for (const [at, value] of holes) bytes[12 + at] = value;
        ring.view.setUint32(STATUS, 1, true);
        const walker = walkerOf(ring);
        for (let batches = 0; walker.fill(); batches++) {
          const { batch } = walker;
          expect(batches).toBeLessThan(BLOCK_BYTES);
          for (let i = 0; i < batch.count; i++) {
            expect(batch.offset[i] + batch.capturedLength[i]).toBeLessThanOrEqual(BLOCK_BYTES);
          }
          walker.release();
        }
      },
    ),
    { numRuns: 300 },
  );
});
