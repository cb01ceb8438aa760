/**
 * Random rules and random frames out of the same few addresses, ports and names, so that rules do match. Everything
 * follows from the random numbers.
 */
import type { FilterEndpoint, FilterRule } from '../../filters/filter.ts';
import { PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import type { Random } from '../fuzz/random.ts';
import * as build from './packets.ts';

export const SLOT_NAMES: readonly string[] = ['eth0', 'eth1', 'veth12', 'wlan0'];
export const LOCAL_NETWORKS: readonly string[] = ['10.1.0.0/16', '2001:db8:1::/48'];

const ADDRESSES4 = ['10.1.0.1', '10.1.0.2', '10.1.200.77', '10.2.0.1', '192.0.2.1', '255.255.255.255'] as const;
const ADDRESSES6 = ['2001:db8:1::1', '2001:db8:1::2', '2001:db8:2::1', 'fe80::1', '::ffff:a01:1', 'ff02::1'] as const;
const NETWORKS = [
  ...ADDRESSES4,
  ...ADDRESSES6,
  '10.1.0.0/16',
  '10.1.0.2/24',
  '10.0.0.0/8',
  '10.0.0.1/255.0.0.255',
  '0.0.0.0/0',
  '10.1.0.1/31',
  '::/0',
  '2001:db8::/32',
  '2001:db8:1::/127',
  '::ffff:0:0/96',
  'fe80::/10',
] as const;
const PORTS = [0, 22, 53, 80, 443, 8080, 40_000, 65_535] as const;
const PORT_LISTS = ['22', '80,443', '0', '1-1023', '65535', '8000-8100,53', '0-65535', '40000-50000,80'] as const;
const MACS = [
  '02:00:00:00:00:0a',
  '02:00:00:00:00:0b',
  '02:00:00:01:00:0a',
  '02:01:00:00:00:0a',
  'ff:ff:ff:ff:ff:ff',
] as const;
const PROTOCOLS = [
  'tcp',
  'udp',
  'icmp',
  'icmpv6',
  'sctp,udplite',
  'tcp, udp',
  '0-16',
  '17,33-140',
  '255',
  'esp',
  'ip',
  'ipv4',
  'ipv6',
  'non-ip',
  'arp',
  'arp,rarp',
  'lldp, tcp',
  'stp',
  '0x0800',
  '0x86dd,gre',
  '0x88cc',
] as const;
const VLANS = ['any', 'none', '10', '1-9,11-4095', 'none,10', '20'] as const;
const INTERFACES = ['eth0', 'eth*', '*', 'veth*,wlan0', '*1*', 'eth?', 'lo'] as const;
const EXPRESSIONS = ['tcp port 80', 'vlan 10', 'arp or ip6', 'ether[0] & 1 = 1', 'less 60', 'vlan and udp'] as const;
const PACKET_TYPES = Object.values(PACKET_TYPE);

// --- rules ------------------------------------------------------------------------------------------------------------

/** Up to `most` rules; every field is used in some. */
export function randomRules(random: Random, most = 5): FilterRule[] {
  return Array.from({ length: random.below(most + 1) }, () => randomRule(random));
}

export function randomRule(random: Random): FilterRule {
  const rule: FilterRule = { action: random.pick(['include', 'exclude']) };
  if (random.oneIn(12)) return { ...rule, expression: random.pick(EXPRESSIONS) };
  const source = randomEndpoint(random);
  const destination = randomEndpoint(random);
  if (source !== undefined) rule.source = source;
  if (destination !== undefined) rule.destination = destination;
  if (random.oneIn(3)) rule.protocol = random.pick(PROTOCOLS);
  if (random.oneIn(8)) rule.interface = random.pick(INTERFACES);
  if (random.oneIn(8)) rule.direction = random.pick(['in', 'out']);
  if (random.oneIn(8)) rule.vlan = random.pick(VLANS);
  if (random.oneIn(2)) rule.ways = 'one';
  return rule;
}

function randomEndpoint(random: Random): FilterEndpoint | undefined {
  const endpoint: FilterEndpoint = {};
  if (random.oneIn(3)) {
    const several = Array.from({ length: 1 + random.below(random.oneIn(4) ? 12 : 2) }, () => random.pick(NETWORKS));
    endpoint.address = several.join(',');
  }
  if (random.oneIn(4)) endpoint.port = random.pick(PORT_LISTS);
  if (random.oneIn(8)) endpoint.mac = random.oneIn(3) ? MACS.slice(0, 2).join(',') : random.pick(MACS);
  return Object.keys(endpoint).length === 0 ? undefined : endpoint;
}

// --- frames -----------------------------------------------------------------------------------------------------------

/** Frames in batches, as they come by; fragments of one datagram may be apart, in any order. */
export function randomFrames(random: Random, batches: number, most: number): build.TestPacket[][] {
  const lists = Array.from({ length: batches }, (): build.TestPacket[] => []);
  let identification = 0;
  while (lists.some((list) => list.length < most / 2)) {
    const list = random.pick(lists);
    const frame = besides(random);
    const [type, ...packets] = random.oneIn(3)
      ? fragmentedDatagram(random, ++identification)
      : wholePacket(random, identification);
    for (const bytes of packets) {
      const to = packets.length > 1 && random.oneIn(3) ? random.pick(lists) : list;
      if (to.length < most) to.splice(random.below(to.length + 1), 0, finish(frame, type, bytes, random));
    }
  }
  return lists;
}

/** What the frames of a datagram have in common. */
interface FrameHead {
  macs: build.MacPair;
  tags: readonly (readonly [type: number, control: number])[];
  rest: Omit<build.TestPacket, 'bytes'>;
}

function besides(random: Random): FrameHead {
  const tag = (): number => random.pick([0, 10, 20, 4094]) | (random.below(8) << 13);
  return {
    macs: { source: random.pick(MACS.slice(0, 4)), destination: random.pick(MACS) },
    tags: Array.from({ length: random.oneIn(3) ? 1 + random.below(2) : 0 }, () => [
      random.pick([0x8100, 0x88a8, 0x9100]),
      tag(),
    ]),
    rest: {
      interfaceSlot: random.below(SLOT_NAMES.length),
      packetType: random.pick(PACKET_TYPES),
      strippedTag: random.oneIn(4) ? 0x8100_0000 + tag() : 0,
      seconds: 1000,
    },
  };
}

/** Some are cut off, some are offloaded buffers. */
function finish({ macs, tags, rest }: FrameHead, type: number, payload: Uint8Array, random: Random): build.TestPacket {
  let [bytes, outer] = [payload, type];
  if (random.oneIn(12) && type >= 0x600) {
    bytes = build.concat(build.hex('aaaa03000000'), build.u16(type), bytes);
    outer = bytes.length;
  }
  for (const [tagType, control] of tags) [bytes, outer] = [build.concat(build.u16(control, outer), bytes), tagType];
  const frame = build.ethernet(outer, bytes, macs);
  const capturedLength = random.oneIn(6) ? random.below(frame.length + 1) : frame.length;
  return { ...rest, bytes: frame, capturedLength, gsoSize: random.oneIn(10) ? 10 : 0 };
}

/** EtherType (or 802.3 length) and what follows it. */
type Packets = [type: number, ...packets: Uint8Array[]];

function wholePacket(random: Random, identification: number): Packets {
  switch (random.below(8)) {
    case 0:
      return [random.pick([0x0806, 0x8035]), build.arp()];
    case 1:
      return random.oneIn(2)
        ? [0x88cc, build.filler(40)]
        : [38, build.concat(build.u8(0x42, 0x42, 3), build.filler(35))];
    case 2:
    case 3:
    case 4: {
      const { protocol, bytes } = upper(random, false);
      const options = random.oneIn(4) ? build.hex('01010101') : new Uint8Array(0);
      return [0x0800, build.ipv4({ ...pair(ADDRESSES4, random), protocol, options, identification }, bytes)];
    }
    default: {
      const { protocol, bytes } = extended(random, upper(random, true));
      return [0x86dd, build.ipv6({ ...pair(ADDRESSES6, random), nextHeader: protocol }, bytes)];
    }
  }
}

function pair(addresses: readonly string[], random: Random): { source: string; destination: string } {
  return { source: random.pick(addresses), destination: random.pick(addresses) };
}

interface Upper {
  protocol: number;
  bytes: Uint8Array;
}

function upper(random: Random, isIpv6: boolean): Upper {
  const [source, destination] = [random.pick(PORTS), random.pick(PORTS)];
  const payload = build.filler(random.below(40));
  switch (random.below(9)) {
    case 0:
      return isIpv6
        ? { protocol: 58, bytes: build.icmpv6(128, 0) }
        : { protocol: 1, bytes: build.icmp(8, 0, 0, payload) };
    case 1:
      return { protocol: 132, bytes: build.sctp(source, destination) };
    case 2:
      return { protocol: 33, bytes: build.dccp(source, destination) };
    case 3:
      return { protocol: 136, bytes: build.udp(source, destination, payload, 8) };
    case 4:
      return { protocol: random.pick([50, 89, 100, 255]), bytes: build.filler(40) };
    case 5:
    case 6:
      return { protocol: 17, bytes: build.udp(source, destination, payload) };
    default:
      return { protocol: 6, bytes: build.tcp({ sourcePort: source, destinationPort: destination }, payload) };
  }
}

/** Behind up to two extension headers. */
function extended(random: Random, last: Upper): Upper {
  let next = last;
  for (let n = random.oneIn(2) ? 0 : 1 + random.below(2); n > 0; n--) {
    const kind = random.pick([0, 60, 43, 44, 51]);
    const { protocol, bytes } = next;
    if (kind === 44) next = { protocol: 44, bytes: build.ipv6Fragment(protocol, 0, false, bytes) };
    else if (kind === 51) next = { protocol: 51, bytes: build.authentication(protocol, bytes) };
    else next = { protocol: kind, bytes: build.ipv6Extension(protocol, bytes, random.pick([8, 16])) };
  }
  return next;
}

/** Two or three fragments of one datagram, in order. */
function fragmentedDatagram(random: Random, identification: number): Packets {
  const isIpv6 = random.oneIn(2);
  const { protocol, bytes } = upper(random, isIpv6);
  const payload = build.concat(bytes, build.filler(24));
  const step = payload.length > 40 && random.oneIn(2) ? 16 : 24;
  const offsets = Array.from({ length: Math.ceil(payload.length / step) }, (_, k) => k * step);
  const ends = pair(isIpv6 ? ADDRESSES6 : ADDRESSES4, random);
  const fragments = offsets.map((offset) => {
    const part = payload.subarray(offset, offset + step);
    const more = offset + step < payload.length;
    if (!isIpv6) {
      return build.ipv4({ ...ends, protocol, identification, moreFragments: more, fragmentOffset: offset }, part);
    }
    const next = build.ipv6Fragment(protocol, offset, more, part, identification);
    return build.ipv6({ ...ends, nextHeader: 44, fillChecksum: false }, next);
  });
  return [isIpv6 ? 0x86dd : 0x0800, ...fragments];
}
