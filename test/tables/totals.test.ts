import { describe, expect, it } from 'vitest';
import { Totals } from '../../src/tables/totals.ts';
import { PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import { type DecodedPacket, decodedBatch } from '../support/decoded.ts';

const packet: DecodedPacket = { source: 1, destination: 2, ipBytes: 100, wireBytes: 114 };

describe('totals', () => {
  it('count packets, buffers and bytes by interface and direction, and all together', () => {
    const totals = new Totals();
    const batch = decodedBatch([
      { ...packet, slot: 0, segments: 3 },
      { ...packet, slot: 2 },
      { ...packet, slot: 2 },
      { ...packet, slot: 2, selected: 0 },
    ]);
    batch.packets.packetType.set([PACKET_TYPE.outgoing, PACKET_TYPE.host, PACKET_TYPE.unknown, PACKET_TYPE.host]);
    totals.add(batch);
    expect([totals.packets, totals.buffers, totals.ipBytes, totals.wireBytes]).toEqual([5, 3, 300, 342]);
    expect([totals.packetsOf(0), totals.buffersOf(0), totals.packetsOf(2)]).toEqual([3, 1, 2]);
    expect(totals.countsOf(2, PACKET_TYPE.host)).toEqual({ packets: 1, buffers: 1, ipBytes: 100, wireBytes: 114 });
    expect(totals.countsOf(2, PACKET_TYPE.unknown).packets).toBe(1);
    expect(totals.packetsOf(700)).toBe(0);
  });

  it('keep packets apart that come by turns', () => {
    const totals = new Totals();
    const batch = decodedBatch([0, 3, 0, 3, 3, 0].map((slot) => ({ ...packet, slot })));
    batch.packets.packetType.set([0, 0, 4, 4, 0, 4]);
    totals.add(batch);
    expect([0, 3].map((slot) => [0, 4].map((type) => totals.countsOf(slot, type).wireBytes / 114))).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(totals.wireBytes).toBe(6 * 114);
  });

  it('have rates of the last closed window', () => {
    const totals = new Totals();
    totals.add(decodedBatch([packet, packet]));
    totals.closeWindow(0.5);
    expect([totals.packetsPerSecond, totals.ipBytesPerSecond, totals.wireBytesPerSecond]).toEqual([4, 400, 456]);
    totals.closeWindow(0.5);
    expect(totals.packetsPerSecond).toBe(0);
  });

  it('begin again at zero after a reset', () => {
    const totals = new Totals();
    totals.add(decodedBatch([packet]));
    totals.closeWindow(1);
    totals.reset();
    expect([totals.packets, totals.packetsPerSecond, totals.packetsOf(0)]).toEqual([0, 0, 0]);
    totals.add(decodedBatch([packet]));
    totals.closeWindow(1);
    expect(totals.packetsPerSecond).toBe(1);
  });
});
