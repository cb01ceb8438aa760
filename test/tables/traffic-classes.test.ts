import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TRAFFIC_CLASSES, TRAFFIC_DIRECTIONS, TrafficClasses } from '../../src/tables/traffic-classes.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DECODE_STATUS, DecodedBatch, NETWORK } from '../../src/wire/decoded-batch.ts';
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from '../../src/wire/numbers.ts';
import { PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import { arp, ethernet, filler, ipv4, ipv6, packetBatch, type TestPacket, tcp, udp } from '../support/packets.ts';

const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const V4 = { source: '10.0.0.1', destination: '10.0.0.2' };
const V6 = { source: 'fd00::1', destination: 'fd00::2' };

function counted(packets: readonly TestPacket[]): TrafficClasses {
  const classes = new TrafficClasses();
  const batch = new DecodedBatch();
  new Decoder({ decapsulate: false, hashSeed: 1 }).decode(packetBatch(packets), batch);
  batch.selected.fill(1, 0, batch.count);
  classes.add(batch);
  return classes;
}

/** Packets of each class that has any, all directions. */
function packetsByClass(classes: TrafficClasses, slot = 0): Record<string, number> {
  const found = TRAFFIC_CLASSES.map((each) => [each, classes.totalOf(slot, each).packets] as const);
  return Object.fromEntries(found.filter(([, packets]) => packets > 0));
}

const tcpPacket = ipv4({ ...V4, protocol: IP_PROTOCOL.tcp }, tcp({}, filler(10)));

describe('traffic classes', () => {
  it.each<[string, Uint8Array, Record<string, number>]>([
    ['TCP over IPv4', ethernet(ETHERTYPE.ipv4, tcpPacket), { total: 1, ipv4: 1, tcp: 1 }],
    [
      'UDP over IPv6',
      ethernet(ETHERTYPE.ipv6, ipv6({ ...V6, nextHeader: IP_PROTOCOL.udp }, udp(1, 2, filler(4)))),
      { total: 1, ipv6: 1, udp: 1 },
    ],
    [
      'ICMPv6',
      ethernet(ETHERTYPE.ipv6, ipv6({ ...V6, nextHeader: IP_PROTOCOL.icmpv6 }, filler(8))),
      { total: 1, ipv6: 1, icmp: 1 },
    ],
    [
      'OSPF',
      ethernet(ETHERTYPE.ipv4, ipv4({ ...V4, protocol: IP_PROTOCOL.ospf }, filler(24))),
      { total: 1, ipv4: 1, otherIp: 1 },
    ],
    [
      'a later fragment of TCP',
      ethernet(
        ETHERTYPE.ipv4,
        ipv4({ ...V4, protocol: IP_PROTOCOL.tcp, fragmentOffset: 64, fillChecksum: false }, filler(64)),
      ),
      { total: 1, ipv4: 1, tcp: 1 },
    ],
    [
      'ARP to everyone',
      ethernet(ETHERTYPE.arp, arp({}), { destination: BROADCAST }),
      { total: 1, nonIp: 1, broadcast: 1 },
    ],
    [
      'TCP to a multicast MAC',
      ethernet(ETHERTYPE.ipv4, tcpPacket, { destination: '01:00:5e:00:00:05' }),
      { total: 1, ipv4: 1, tcp: 1, multicast: 1 },
    ],
  ])('%s', (_, bytes, classes) => {
    expect(packetsByClass(counted([{ bytes }]))).toEqual(classes);
  });

  it('count a wrong IPv4 checksum in its classes and as an error, and one that is left to the card as right', () => {
    const wrong = ethernet(ETHERTYPE.ipv4, tcpPacket);
    wrong[14 + 10] ^= 0x55;
    const pending = ethernet(ETHERTYPE.ipv4, tcpPacket);
    pending.fill(0, 14 + 10, 14 + 12);
    const classes = counted([{ bytes: wrong }, { bytes: pending, packetType: PACKET_TYPE.outgoing }]);
    expect(packetsByClass(classes)).toEqual({ total: 2, ipv4: 2, tcp: 2 });
    expect([classes.checksumErrors(0), classes.malformed(0)]).toEqual([1, 1]);
  });

  it('know broadcasts by the packet type where there is no MAC', () => {
    const bytes = tcpPacket;
    const packet = (packetType: number): TestPacket => ({ bytes, packetType, linkType: LINKTYPE.raw });
    const classes = counted([packet(PACKET_TYPE.broadcast), packet(PACKET_TYPE.multicast), packet(PACKET_TYPE.host)]);
    expect(packetsByClass(classes)).toMatchObject({ total: 3, broadcast: 1, multicast: 1 });
  });

  it('begin again at zero after a reset', () => {
    const classes = counted([{ bytes: ethernet(ETHERTYPE.ipv4, tcpPacket), interfaceSlot: 3 }]);
    expect(packetsByClass(classes, 3)).toEqual({ total: 1, ipv4: 1, tcp: 1 });
    classes.reset();
    expect(packetsByClass(classes, 3)).toEqual({});
    expect(classes.malformed(3)).toBe(0);
  });

  it('answer 0 for a slot that nothing came by', () => {
    expect(counted([]).countsOf(900, 'in', 'total')).toEqual({ packets: 0, buffers: 0, ipBytes: 0, wireBytes: 0 });
    expect(counted([]).malformed(900)).toBe(0);
  });
});

// --- against the obvious way -----------------------------------------------------------------------------------------

interface Fact {
  slot: number;
  packetType: number;
  network: number;
  protocol: number;
  status: number;
  mac: 'none' | 'unicast' | 'multicast' | 'broadcast';
  segments: number;
  selected: number;
}

const MACS = {
  none: [],
  unicast: [2, 0, 0, 0, 0, 1],
  multicast: [1, 0, 94, 0, 0, 5],
  broadcast: [255, 255, 255, 255, 255, 255],
};

const fact = fc.record<Fact>({
  slot: fc.constantFrom(0, 1, 7, 40),
  packetType: fc.constantFrom(...Object.values(PACKET_TYPE)),
  network: fc.constantFrom(...Object.values(NETWORK)),
  protocol: fc.constantFrom(1, 2, 6, 17, 50, 58, 136, 255),
  status: fc.constantFrom(0, 0, 0, DECODE_STATUS.badIpChecksum, DECODE_STATUS.truncated),
  mac: fc.constantFrom('none', 'unicast', 'multicast', 'broadcast'),
  segments: fc.integer({ min: 1, max: 45 }),
  selected: fc.constantFrom(1, 1, 1, 0),
});

function batchOf(facts: readonly Fact[]): DecodedBatch {
  const batch = new DecodedBatch();
  batch.count = facts.length;
  batch.packets.count = facts.length;
  batch.packets.bytes = new Uint8Array(6 * facts.length);
  for (const [i, each] of facts.entries()) {
    batch.packets.bytes.set(MACS[each.mac], 6 * i);
    batch.macOffset[i] = each.mac === 'none' ? -1 : 6 * i;
    batch.packets.interfaceSlot[i] = each.slot;
    batch.packets.packetType[i] = each.packetType;
    batch.network[i] = each.network;
    batch.ipProtocol[i] = each.protocol;
    batch.status[i] = each.status;
    batch.segments[i] = each.segments;
    batch.ipBytes[i] = each.network === NETWORK.other ? 0 : 100 * each.segments;
    batch.wireBytes[i] = 114 * each.segments;
    batch.selected[i] = each.selected;
  }
  return batch;
}

/** The classes of one packet, from their definitions. */
function classesOf({ network, protocol, mac, packetType }: Fact): string[] {
  const classes = ['total'];
  const castOfType =
    packetType === PACKET_TYPE.broadcast ? 'broadcast' : packetType === PACKET_TYPE.multicast ? 'multicast' : '';
  const cast = mac === 'none' ? castOfType : mac;
  if (cast === 'broadcast' || cast === 'multicast') classes.push(cast);
  if (network === NETWORK.other) return [...classes, 'nonIp'];
  const names: Record<number, string> = { 6: 'tcp', 17: 'udp', 1: 'icmp', 58: 'icmp' };
  return [...classes, network === NETWORK.ipv4 ? 'ipv4' : 'ipv6', names[protocol] ?? 'otherIp'];
}

function directionOf(packetType: number): string {
  if (packetType === PACKET_TYPE.outgoing) return 'out';
  return packetType === PACKET_TYPE.unknown ? 'unknown' : 'in';
}

describe('traffic classes on random traffic', () => {
  it('equal a plain Map that counts each packet in each of its classes', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fact, { maxLength: 60 }), { maxLength: 4 }), (batches) => {
        const classes = new TrafficClasses();
        const plain = new Map<string, { packets: number; buffers: number; ipBytes: number; wireBytes: number }>();
        const malformed = new Map<number, number>();
        for (const facts of batches) {
          classes.add(batchOf(facts));
          for (const each of facts.filter(({ selected }) => selected === 1)) {
            if (each.status !== 0) malformed.set(each.slot, (malformed.get(each.slot) ?? 0) + each.segments);
            for (const name of classesOf(each)) {
              const key = `${each.slot} ${directionOf(each.packetType)} ${name}`;
              const counts = plain.get(key) ?? { packets: 0, buffers: 0, ipBytes: 0, wireBytes: 0 };
              counts.packets += each.segments;
              counts.buffers++;
              counts.ipBytes += each.network === NETWORK.other ? 0 : 100 * each.segments;
              counts.wireBytes += 114 * each.segments;
              plain.set(key, counts);
            }
          }
        }
        const zero = { packets: 0, buffers: 0, ipBytes: 0, wireBytes: 0 };
        for (const slot of [0, 1, 7, 40]) {
          for (const direction of TRAFFIC_DIRECTIONS) {
            for (const name of TRAFFIC_CLASSES) {
              const expected = plain.get(`${slot} ${direction} ${name}`) ?? zero;
              expect(classes.countsOf(slot, direction, name)).toEqual(expected);
            }
          }
          expect(classes.malformed(slot)).toBe(malformed.get(slot) ?? 0);
        }
      }),
      { numRuns: 100 },
    );
  });
});
