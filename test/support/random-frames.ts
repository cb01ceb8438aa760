/**
 * Random packets for filters: sound ones of every kind with addresses, ports and tags out of small pools, so that random
 * rules meet them, and odd and damaged ones. Everything follows from the chance that is handed in.
 */
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from '../../src/wire/numbers.ts';
import { PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import { mutated, type Random } from '../fuzz/random.ts';
import * as build from './packets.ts';

export const POOL = {
  ipv4: ['10.0.0.1', '10.0.0.2', '10.0.1.7', '192.0.2.1', '255.255.255.255', '0.0.0.0'],
  ipv6: ['fd00::1', 'fd00::2', 'fd00:0:0:1::1', '2001:db8::5', 'ff02::1', '::'],
  mac: ['02:00:00:00:00:0a', '02:00:00:00:00:0b', 'ff:ff:ff:ff:ff:ff', '33:33:00:00:00:01'],
  port: [0, 22, 53, 80, 443, 4789, 8080, 65_535],
  vlan: [0, 1, 10, 20, 4095],
  interface: ['lo', 'eth0', 'veth1'],
} as const;

const PORT_PROTOCOLS = [
  IP_PROTOCOL.tcp,
  IP_PROTOCOL.tcp,
  IP_PROTOCOL.udp,
  IP_PROTOCOL.udp,
  IP_PROTOCOL.sctp,
  IP_PROTOCOL.dccp,
  IP_PROTOCOL.udplite,
] as const;
const OTHER_PROTOCOLS = [0, 1, 2, 4, 41, 46, 47, 50, 51, 58, 59, 89, 103, 135, 140, 255] as const;
const OTHER_TYPES = [
  ETHERTYPE.lldp,
  ETHERTYPE.eapol,
  0x0600,
  0xffff,
  ETHERTYPE.wakeOnLan,
  ETHERTYPE.appleTalk,
] as const;
const TAG_TYPES = [ETHERTYPE.vlan, ETHERTYPE.serviceVlan, ETHERTYPE.vlan9100] as const;

/** What a source may say beside the bytes; one packet in five is damaged. */
export function randomFrame(random: Random): build.TestPacket & { bytes: Uint8Array; interfaceSlot: number } {
  const whole = linkLayer(random);
  const bytes = random.oneIn(5) ? mutated(whole, random, 3) : whole;
  const raw = random.oneIn(25);
  return {
    bytes: raw ? bytes.subarray(14) : bytes,
    linkType: raw ? LINKTYPE.raw : LINKTYPE.ethernet,
    packetType: random.pick(Object.values(PACKET_TYPE)),
    interfaceSlot: random.below(POOL.interface.length),
    strippedTag: random.oneIn(5) ? random.pick(TAG_TYPES) * 0x10000 + tagControl(random) : 0,
    gsoSize: random.oneIn(15) ? 500 : 0,
  };
}

function tagControl(random: Random): number {
  return random.pick(POOL.vlan) | (random.oneIn(3) ? random.below(16) << 12 : 0);
}

function linkLayer(random: Random): Uint8Array {
  const [type, payload] = networkLayer(random, 0);
  const macs = { source: random.pick(POOL.mac), destination: random.pick(POOL.mac) };
  if (random.oneIn(12)) {
    return build.ethernet(random.pick(TAG_TYPES), build.concat(build.u16(tagControl(random), type), payload), macs);
  }
  if (random.oneIn(20)) return build.llc(0x42, 0x42, 3, build.filler(35), macs);
  if (random.oneIn(20)) return build.snap(0, type, payload, macs);
  const frame = build.ethernet(type, payload, macs);
  return random.oneIn(2) ? build.pad(frame, 60, random.below(256)) : frame;
}

/** EtherType and what it announces. */
function networkLayer(random: Random, depth: number): [type: number, payload: Uint8Array] {
  const kind = random.below(20);
  if (kind < 9) return [ETHERTYPE.ipv4, ipv4(random, depth)];
  if (kind < 15) return [ETHERTYPE.ipv6, ipv6(random, depth)];
  if (kind === 15) return [random.pick([ETHERTYPE.arp, ETHERTYPE.rarp]), build.arp()];
  if (kind === 16) return [ETHERTYPE.pppoeSession, build.pppoe(0x21, ipv4(random, depth))];
  if (kind === 17) return [ETHERTYPE.mpls, build.mpls([16, 17], ipv4(random, depth))];
  if (kind === 18) return [ETHERTYPE.ipv4, build.filler(random.below(40))];
  return [random.pick(OTHER_TYPES), build.filler(random.below(60))];
}

function ipv4(random: Random, depth: number): Uint8Array {
  const [protocol, payload] = upperLayer(random, depth, 4);
  const fields: build.Ipv4Fields = {
    source: random.pick(POOL.ipv4),
    destination: random.pick(POOL.ipv4),
    protocol,
    dontFragment: random.oneIn(2),
  };
  if (random.oneIn(12)) fields.options = build.hex('01010101');
  if (random.oneIn(12)) fields.moreFragments = true;
  if (random.oneIn(12)) fields.fragmentOffset = 1480;
  if (random.oneIn(12)) fields.totalLength = random.pick([0, 10, 20, 22, 24, 1500]);
  if (random.oneIn(12)) fields.checksum = 1;
  return build.ipv4(fields, payload);
}

function ipv6(random: Random, depth: number): Uint8Array {
  const [protocol, payload] = upperLayer(random, depth, 6);
  const fields = { source: random.pick(POOL.ipv6), destination: random.pick(POOL.ipv6) };
  if (random.oneIn(10)) {
    return build.ipv6({ ...fields, nextHeader: 60 }, build.ipv6Extension(protocol, payload));
  }
  if (random.oneIn(10)) {
    const fragment = build.ipv6Fragment(protocol, random.pick([0, 1480]), random.oneIn(2), payload);
    return build.ipv6({ ...fields, nextHeader: 44 }, fragment);
  }
  const payloadLength = random.oneIn(12) ? random.pick([0, 2, 4, 9000]) : undefined;
  return build.ipv6({ ...fields, nextHeader: protocol, payloadLength }, payload);
}

/** IP protocol and what it announces. */
function upperLayer(random: Random, depth: number, family: 4 | 6): [protocol: number, payload: Uint8Array] {
  if (depth < 2 && random.oneIn(10)) return tunnel(random, depth);
  if (random.oneIn(6)) return [random.pick(OTHER_PROTOCOLS), build.filler(random.below(40))];
  if (random.oneIn(8)) return family === 4 ? [1, build.icmp(8, 0)] : [58, build.icmpv6(128, 0)];
  const protocol = random.pick(PORT_PROTOCOLS);
  const [from, to] = [random.pick(POOL.port), random.pick(POOL.port)];
  const data = build.filler(random.oneIn(3) ? 0 : random.below(300));
  switch (protocol) {
    case IP_PROTOCOL.tcp:
      return [protocol, build.tcp({ sourcePort: from, destinationPort: to }, data)];
    case IP_PROTOCOL.sctp:
      return [protocol, build.sctp(from, to, data)];
    case IP_PROTOCOL.dccp:
      return [protocol, build.dccp(from, to)];
    default:
      return [protocol, build.udp(from, to, data)];
  }
}

function tunnel(random: Random, depth: number): [protocol: number, payload: Uint8Array] {
  switch (random.below(5)) {
    case 0:
      return [IP_PROTOCOL.ipip, ipv4(random, depth + 1)];
    case 1:
      return [IP_PROTOCOL.ipv6, ipv6(random, depth + 1)];
    case 2:
      return [IP_PROTOCOL.ah, build.authentication(IP_PROTOCOL.udp, build.udp(53, random.pick(POOL.port)))];
    case 3: {
      const [protocol, payload] = networkLayer(random, depth + 1);
      return [IP_PROTOCOL.gre, build.gre({ protocol }, payload)];
    }
    default: {
      const [type, payload] = networkLayer(random, depth + 1);
      return [
        IP_PROTOCOL.udp,
        build.udp(5000, random.pick([4789, 8472]), build.vxlan(7, build.ethernet(type, payload))),
      ];
    }
  }
}
