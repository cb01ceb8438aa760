import { describe, expect, it } from 'vitest';
import { noSizeCounts, SIZES, type SizeCounts, SizeHistogram, type SizeKind } from '../../src/tables/size-histogram.ts';
import type { TrafficDirection } from '../../src/tables/traffic-classes.ts';
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from '../../src/wire/numbers.ts';
import { PACKET_FLAG, PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import { decodedBatch } from '../support/decoded.ts';
import { decodeBatch } from '../support/decoding.ts';
import * as build from '../support/packets.ts';

/** Packets by exact size: one bracket for each size up to `most`. */
function bySize(
  sizes: SizeHistogram,
  direction: TrafficDirection = 'unknown',
  kind: SizeKind = 'network',
  { slot = 0, most = 9100 } = {},
): [size: number, packets: number][] {
  const brackets = Array.from({ length: most + 1 }, noSizeCounts);
  const limits = Array.from({ length: most }, (_, k) => k);
  sizes.addTo(brackets, limits, slot, direction, kind);
  return brackets.flatMap(({ packets }, size): [number, number][] => (packets === 0 ? [] : [[size, packets]]));
}

function counted(packets: readonly build.PacketLike[], linkType: number = LINKTYPE.ethernet): SizeHistogram {
  const sizes = new SizeHistogram();
  for (const batch of build.packetBatches(packets, linkType)) sizes.add(decodeBatch(batch));
  return sizes;
}

const udp4 = (payload: number): Uint8Array =>
  build.ethernet(
    ETHERTYPE.ipv4,
    build.ipv4({ protocol: IP_PROTOCOL.udp }, build.udp(1000, 2000, new Uint8Array(payload))),
  );

const tcp4 = (payload: number): Uint8Array =>
  build.ipv4({ protocol: IP_PROTOCOL.tcp }, build.tcp({}, new Uint8Array(payload)));

describe('sizes of packets', () => {
  it('are IP total lengths, padding left out, and whole frames', () => {
    const sizes = counted([udp4(10), build.pad(udp4(10)), udp4(1472)]);
    expect(bySize(sizes)).toEqual([
      [38, 2],
      [1500, 1],
    ]);
    expect(bySize(sizes, 'unknown', 'frame')).toEqual([
      [52, 1],
      [60, 1],
      [1514, 1],
    ]);
    expect([sizes.largest(0, 'unknown', 'network'), sizes.largest(0, 'unknown', 'frame')]).toEqual([1500, 1514]);
    expect([sizes.largest(0, 'in', 'network'), sizes.largest(7, 'in', 'frame')]).toEqual([0, 0]);
  });

  it('of what is no IP are those of the frame without link header and tags', () => {
    const arp = build.ethernet(ETHERTYPE.arp, build.arp());
    const tagged = build.ethernet(ETHERTYPE.vlan, build.vlan(7, ETHERTYPE.lldp, new Uint8Array(100)));
    const double = build.ethernet(
      ETHERTYPE.serviceVlan,
      build.vlan(7, ETHERTYPE.vlan, build.vlan(8, 0x9999, new Uint8Array(200))),
    );
    const spanningTree = build.llc(0x42, 0x42, 3, new Uint8Array(35));
    const stripped = { bytes: build.ethernet(0x9999, new Uint8Array(300)), strippedTag: 0x8100_0005 };
    const sizes = counted([
      arp,
      build.pad(arp),
      tagged,
      double,
      spanningTree,
      stripped,
      build.ethernet(0x9999, build.u8()),
    ]);
    expect(bySize(sizes)).toEqual([
      [0, 1],
      [28, 1],
      [38, 1],
      [46, 1],
      [100, 1],
      [200, 1],
      [300, 1],
    ]);
    expect(bySize(sizes, 'unknown', 'frame').map(([size]) => size)).toEqual([14, 42, 52, 60, 118, 222, 318]);
  });

  it.each([
    ['cooked', LINKTYPE.linuxCooked, build.linuxCooked(0x9999, new Uint8Array(50)), 16],
    ['cooked, second version', LINKTYPE.linuxCooked2, build.linuxCooked2(0x9999, new Uint8Array(50)), 20],
    ['raw IP that is none', LINKTYPE.raw, new Uint8Array(50), 0],
  ])('on %s links leave that header out', (_, linkType, bytes, header) => {
    const sizes = counted([bytes], linkType);
    expect(bySize(sizes)).toEqual([[50, 1]]);
    expect(sizes.linkHeader(0)).toBe(header);
  });

  it('of a damaged packet count all the same', () => {
    const cut = udp4(1000).subarray(0, 30);
    const sizes = counted([
      { bytes: cut, wireLength: 30 },
      build.u8(1, 2, 3),
      { bytes: udp4(1000), capturedLength: 20 },
    ]);
    const all = bySize(sizes).reduce((sum, [, packets]) => sum + packets, 0);
    expect(all).toBe(3);
    expect(bySize(sizes, 'unknown', 'frame')).toEqual([
      [3, 1],
      [30, 1],
      [1042, 1],
    ]);
  });
});

describe('segments of offloaded buffers', () => {
  /** What a card makes of a buffer: the payload cut up, the headers before each piece. */
  function cut(payload: number, gsoSize: number, headers: number): [size: number, packets: number][] {
    const counts = new Map<number, number>();
    for (let rest = payload; rest > 0; rest -= gsoSize) {
      const size = headers + Math.min(rest, gsoSize);
      counts.set(size, (counts.get(size) ?? 0) + 1);
    }
    return [...counts].sort(([a], [b]) => a - b);
  }

  it.each([
    [14_480, 1448],
    [14_481, 1448],
    [1449, 1448],
    [60_000, 1000],
    [2999, 1000],
  ])('of %i bytes cut at %i are full ones and a shorter last one', (payload, gsoSize) => {
    const sizes = counted([{ bytes: build.ethernet(ETHERTYPE.ipv4, tcp4(payload)), gsoSize }]);
    expect(bySize(sizes)).toEqual(cut(payload, gsoSize, 40));
    expect(bySize(sizes, 'unknown', 'frame')).toEqual(cut(payload, gsoSize, 54));
  });

  it('have the tag that the kernel stripped, or the one within the frame', () => {
    const stripped = counted([
      { bytes: build.ethernet(ETHERTYPE.ipv4, tcp4(2500)), gsoSize: 1000, strippedTag: 0x8100_0005 },
    ]);
    const inside = counted([
      { bytes: build.ethernet(ETHERTYPE.vlan, build.vlan(5, ETHERTYPE.ipv4, tcp4(2500))), gsoSize: 1000 },
    ]);
    for (const sizes of [stripped, inside]) {
      expect(bySize(sizes)).toEqual(cut(2500, 1000, 40));
      expect(bySize(sizes, 'unknown', 'frame')).toEqual(cut(2500, 1000, 58));
    }
  });

  it('of IPv6 and of UDP', () => {
    const six = build.ipv6({ nextHeader: IP_PROTOCOL.tcp }, build.tcp({}, new Uint8Array(5000)));
    const datagrams = build.ipv4({ protocol: IP_PROTOCOL.udp }, build.udp(1, 2, new Uint8Array(5000)));
    const sizes = counted([
      { bytes: build.ethernet(ETHERTYPE.ipv6, six), gsoSize: 1428 },
      { bytes: build.ethernet(ETHERTYPE.ipv4, datagrams), gsoSize: 1200, flags: PACKET_FLAG.gsoUdp, interfaceSlot: 1 },
    ]);
    expect(bySize(sizes)).toEqual(cut(5000, 1428, 60));
    expect(bySize(sizes, 'unknown', 'network', { slot: 1 })).toEqual(cut(5000, 1200, 28));
    expect(bySize(sizes, 'unknown', 'frame', { slot: 1 })).toEqual(cut(5000, 1200, 42));
  });

  it('within a tunnel have all its headers', () => {
    const inner = build.ipv4({ protocol: IP_PROTOCOL.tcp }, build.tcp({}, new Uint8Array(2500)));
    const outer = build.ethernet(ETHERTYPE.ipv4, build.ipv4({ protocol: IP_PROTOCOL.ipip }, inner));
    const sizes = counted([{ bytes: outer, gsoSize: 1000 }]);
    expect(bySize(sizes)).toEqual(cut(2500, 1000, 60));
    expect(bySize(sizes, 'unknown', 'frame')).toEqual(cut(2500, 1000, 74));
  });
});

describe('the histogram', () => {
  const packet = { source: 1, destination: 2, ipBytes: 100, wireBytes: 114 };

  function sum(sizes: SizeHistogram, limits: readonly number[], direction: TrafficDirection = 'unknown'): SizeCounts[] {
    const brackets = Array.from({ length: limits.length + 1 }, noSizeCounts);
    sizes.addTo(brackets, limits, 0, direction, 'network');
    return brackets;
  }

  function add(sizes: SizeHistogram, ...ipBytes: number[]): void {
    const batch = decodedBatch(ipBytes.map((bytes) => ({ ...packet, ipBytes: bytes })));
    batch.packets.packetType.fill(PACKET_TYPE.unknown);
    sizes.add(batch);
  }

  it('keeps interfaces and directions apart, and counts only what was selected', () => {
    const sizes = new SizeHistogram();
    const batch = decodedBatch([
      { ...packet, slot: 2 },
      { ...packet, slot: 2, ipBytes: 200 },
      { ...packet, slot: 2, ipBytes: 300 },
      { ...packet, slot: 2, ipBytes: 400 },
      { ...packet, slot: 0, selected: 0 },
    ]);
    const { host, outgoing, otherHost, unknown } = PACKET_TYPE;
    batch.packets.packetType.set([host, outgoing, otherHost, unknown, host]);
    sizes.add(batch);
    expect(bySize(sizes, 'in', 'network', { slot: 2 })).toEqual([
      [100, 1],
      [300, 1],
    ]);
    expect(bySize(sizes, 'out', 'network', { slot: 2 })).toEqual([[200, 1]]);
    expect(bySize(sizes, 'unknown', 'network', { slot: 2 })).toEqual([[400, 1]]);
    expect(bySize(sizes, 'in')).toEqual([]);
  });

  it('puts sizes into brackets by their upper ends', () => {
    const sizes = new SizeHistogram();
    add(sizes, 0, 1, 75, 76, 150, 151, 9000);
    expect(sum(sizes, [75, 150]).map(({ packets, bytes }) => [packets, bytes])).toEqual([
      [3, 76],
      [2, 226],
      [2, 9151],
    ]);
  });

  it('counts one by one up to the largest IP packet, and beyond it a sum and the largest', () => {
    const sizes = new SizeHistogram();
    add(sizes, 2047, 2048, 65_535, SIZES - 1, SIZES, 70_000, 10);
    const [small, large, larger] = sum(sizes, [SIZES - 2, SIZES - 1]);
    expect([small.packets, large.packets, larger.packets]).toEqual([4, 1, 2]);
    expect([large.bytes, larger.bytes]).toEqual([SIZES - 1, SIZES + 70_000]);
    expect(sizes.largest(0, 'unknown', 'network')).toBe(70_000);
  });

  it('knows what the last closed window brought', () => {
    const sizes = new SizeHistogram();
    add(sizes, 100, 100, 3000);
    expect(sum(sizes, [2000]).map(({ windowPackets }) => windowPackets)).toEqual([0, 0]);
    sizes.closeWindow();
    add(sizes, 100, 40_000, 70_000);
    expect(sum(sizes, [2000]).map(({ windowPackets }) => windowPackets)).toEqual([2, 1]);
    sizes.closeWindow();
    expect(sum(sizes, [2000]).map(({ windowPackets, windowBytes }) => [windowPackets, windowBytes])).toEqual([
      [1, 100],
      [2, 110_000],
    ]);
    sizes.closeWindow();
    expect(sum(sizes, [2000]).map(({ windowPackets }) => windowPackets)).toEqual([0, 0]);
    expect(sum(sizes, [2000]).map(({ packets }) => packets)).toEqual([3, 3]);
  });

  it('counts on where nothing came for long', () => {
    const sizes = new SizeHistogram();
    add(sizes, 60, 60, 1500, 9000);
    for (let window = 0; window < 20; window++) sizes.closeWindow();
    const rested = sum(sizes, [100, 2000]).map(({ packets, windowPackets }) => [packets, windowPackets]);
    expect(rested).toEqual([
      [2, 0],
      [1, 0],
      [1, 0],
    ]);
    expect(sizes.largest(0, 'unknown', 'network')).toBe(9000);
    add(sizes, 60, 40_000);
    expect(sum(sizes, [100, 2000]).map(({ packets }) => packets)).toEqual([3, 1, 2]);
    sizes.closeWindow();
    expect(sum(sizes, [100, 2000]).map(({ windowPackets }) => windowPackets)).toEqual([1, 0, 1]);
    for (let window = 0; window < 20; window++) sizes.closeWindow();
    add(sizes, 80_000);
    sizes.closeWindow();
    expect(sum(sizes, [100, 2000]).map(({ packets, windowPackets }) => [packets, windowPackets])).toEqual([
      [3, 0],
      [1, 0],
      [3, 1],
    ]);
  });

  it('gives back the memory of interfaces that nothing comes by any more', () => {
    const sizes = new SizeHistogram();
    for (let slot = 0; slot < 100; slot++) sizes.add(decodedBatch([{ ...packet, slot }]));
    sizes.closeWindow();
    expect(sizes.bytesInUse()).toBeGreaterThan(9_000_000);
    for (let window = 0; window < 20; window++) sizes.closeWindow();
    // One size in each of 200 cells.
    expect(sizes.bytesInUse()).toBeLessThan(10_000);
    expect(sizes.largest(99, 'in', 'network')).toBe(100);
  });

  it('begins again after a reset', () => {
    const sizes = new SizeHistogram();
    add(sizes, 100, 80_000);
    sizes.closeWindow();
    sizes.reset();
    expect(sum(sizes, [2000])).toEqual([noSizeCounts(), noSizeCounts()]);
    expect(sizes.largest(0, 'unknown', 'network')).toBe(0);
    add(sizes, 60);
    sizes.closeWindow();
    expect(sum(sizes, [2000])[0]).toEqual({ packets: 1, bytes: 60, windowPackets: 1, windowBytes: 60 });
  });
});
