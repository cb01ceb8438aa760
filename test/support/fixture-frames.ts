/**
 * Frames that no client on a test machine sends: tags, tunnels, extension headers, rare protocols. Part of the mixed
 * fixture, and seeds for fuzzing. Bundled as frames.mjs it is a program that writes them to pcap files.
 */
import { LINKTYPE } from '../../src/wire/numbers.ts';
import * as build from './packets.ts';

const V4 = { source: '192.0.2.1', destination: '192.0.2.2' };
const V4_BACK = { source: '192.0.2.2', destination: '192.0.2.1' };
const INNER = { source: '10.10.0.1', destination: '10.10.0.2' };
const V6 = { source: '2001:db8:1::1', destination: '2001:db8:1::2' };
const V6_INNER = { source: '2001:db8:2::1', destination: '2001:db8:2::2' };
const MULTICAST = { destination: '01:00:5e:00:00:05' };

const ip = (protocol: number, payload: Uint8Array, fields = {}): Uint8Array =>
  build.ethernet(0x0800, build.ipv4({ ...V4, protocol, ...fields }, payload));
const ip6 = (nextHeader: number, payload: Uint8Array): Uint8Array =>
  build.ethernet(0x86dd, build.ipv6({ ...V6, nextHeader }, payload));
const innerTcp = (): Uint8Array =>
  build.ipv4({ ...INNER, protocol: 6 }, build.tcp({ sourcePort: 40_001, destinationPort: 80 }, build.filler(20)));
const innerUdp6 = (): Uint8Array => build.ipv6({ ...V6_INNER, nextHeader: 17 }, build.udp(5000, 53, build.filler(30)));

/** Name and bytes of each frame (Ethernet). */
export const FIXTURE_FRAMES: readonly (readonly [name: string, frame: Uint8Array])[] = [
  [
    'VLAN, TCP SYN',
    build.ethernet(0x8100, build.vlan(100, 0x0800, build.ipv4({ ...V4, protocol: 6 }, build.tcp({ flags: 2 })))),
  ],
  [
    'VLAN, TCP SYN+ACK',
    build.ethernet(
      0x8100,
      build.vlan(
        100,
        0x0800,
        build.ipv4(
          { ...V4_BACK, protocol: 6 },
          build.tcp({ sourcePort: 80, destinationPort: 40_000, flags: 0x12, acknowledgement: 2 }),
        ),
      ),
      { destination: build.MAC_A, source: build.MAC_B },
    ),
  ],
  [
    'VLAN, UDP over IPv6',
    build.ethernet(
      0x8100,
      build.vlan(200, 0x86dd, build.ipv6({ ...V6, nextHeader: 17 }, build.udp(123, 123, build.filler(48)))),
    ),
  ],
  [
    'QinQ, UDP',
    build.ethernet(
      0x88a8,
      build.vlan(
        300,
        0x8100,
        build.vlan(31, 0x0800, build.ipv4({ ...V4, protocol: 17 }, build.udp(7777, 7778, build.filler(99)))),
      ),
    ),
  ],
  ['VLAN, ARP', build.ethernet(0x8100, build.vlan(100, 0x0806, build.arp()))],
  ['6in4', ip(41, innerUdp6())],
  ['4in4', ip(4, innerTcp())],
  ['4in6', ip6(4, innerTcp())],
  ['6in6', ip6(41, innerUdp6())],
  ['GRE, IPv4', ip(47, build.gre({ protocol: 0x0800 }, innerTcp()))],
  [
    'GRE, key and sequence, IPv6',
    ip(47, build.gre({ protocol: 0x86dd, key: 77, sequence: 5, checksum: true }, innerUdp6())),
  ],
  ['GRE, Ethernet', ip(47, build.gre({ protocol: 0x6558 }, build.ethernet(0x0800, innerTcp())))],
  ['VXLAN', ip(17, build.udp(51_234, 4789, build.vxlan(42, build.ethernet(0x0800, innerTcp()))))],
  [
    'VXLAN, VLAN inside',
    ip(17, build.udp(51_234, 4789, build.vxlan(42, build.ethernet(0x8100, build.vlan(7, 0x86dd, innerUdp6()))))),
  ],
  ['hop-by-hop options', ip6(0, build.ipv6Extension(17, build.udp(1000, 2000, build.filler(10))))],
  ['routing header', ip6(43, build.ipv6Extension(6, build.tcp({ sourcePort: 1001, destinationPort: 443 }), 24))],
  [
    'destination options, then fragment header',
    ip6(60, build.ipv6Extension(44, build.ipv6Fragment(17, 0, false, build.udp(1002, 53)))),
  ],
  ['IPv6 first fragment', ip6(44, build.ipv6Fragment(17, 0, true, build.udp(1003, 2003, build.filler(192), 400), 99))],
  ['IPv6 later fragment', ip6(44, build.ipv6Fragment(17, 200, false, build.filler(192), 99))],
  ['AH, then UDP', ip6(51, build.authentication(17, build.udp(1004, 2004)))],
  ['no next header', ip6(59, new Uint8Array(0))],
  [
    'IPv4 first fragment',
    ip(17, build.udp(1005, 2005, build.filler(72), 160), { moreFragments: true, identification: 500 }),
  ],
  ['IPv4 last fragment', ip(17, build.filler(80), { fragmentOffset: 80, identification: 500 })],
  [
    'IPv4 options',
    ip(6, build.tcp({ sourcePort: 1006, flags: 2, options: build.hex('020405b40402080a00000001000000000103030 7') }), {
      options: build.hex('94040000 01010101'),
    }),
  ],
  ['ARP request', build.pad(build.ethernet(0x0806, build.arp(), { destination: 'ff:ff:ff:ff:ff:ff' }))],
  ['ARP of an odd opcode', build.pad(build.ethernet(0x0806, build.arp({ opcode: 99 })))],
  ['RARP request', build.pad(build.ethernet(0x8035, build.arp({ opcode: 3 })))],
  [
    'LLDP',
    build.pad(
      build.ethernet(0x88cc, build.hex('0207 04 02000000000a 0403 05 6531 0602 0078 0000'), {
        destination: '01:80:c2:00:00:0e',
      }),
    ),
  ],
  ['LLC, spanning tree', build.pad(build.llc(0x42, 0x42, 3, build.filler(35), { destination: '01:80:c2:00:00:00' }))],
  ['SNAP, CDP', build.pad(build.snap(0x00000c, 0x2000, build.filler(30), { destination: '01:00:0c:cc:cc:cc' }))],
  ['SNAP, IPv4', build.snap(0, 0x0800, build.ipv4({ ...V4, protocol: 17 }, build.udp(1007, 2007)))],
  [
    'MPLS, IPv4',
    build.ethernet(0x8847, build.mpls([16, 17], build.ipv4({ ...V4, protocol: 17 }, build.udp(1008, 2008)))),
  ],
  ['MPLS, IPv6', build.ethernet(0x8847, build.mpls([18], innerUdp6()))],
  [
    'PPPoE session, IPv4',
    build.ethernet(0x8864, build.pppoe(0x0021, build.ipv4({ ...V4, protocol: 6 }, build.tcp({ sourcePort: 1009 })))),
  ],
  ['PPPoE session, LCP', build.pad(build.ethernet(0x8864, build.pppoe(0xc021, build.hex('01010004'))))],
  ['PPPoE discovery', build.pad(build.ethernet(0x8863, build.hex('11090000000401010000')))],
  ['SCTP', ip(132, build.sctp(3868, 3869))],
  ['DCCP', ip(33, build.dccp(5001, 5002))],
  ['UDP-Lite', ip(136, build.udp(1010, 2010))],
  [
    'ICMP time exceeded',
    ip(1, build.icmp(11, 0, 0, build.ipv4({ ...V4_BACK, protocol: 17 }, build.udp(33_000, 33_434))), V4_BACK),
  ],
  [
    'ICMP port unreachable of a TCP segment',
    ip(
      1,
      build.icmp(
        3,
        3,
        0,
        build.ipv4({ ...V4_BACK, protocol: 6 }, build.tcp({ sourcePort: 80, destinationPort: 40_000 })),
      ),
    ),
  ],
  ['ICMPv6 router solicitation', ip6(58, build.icmpv6(133, 0))],
  [
    'IGMP',
    build.pad(
      build.ethernet(
        0x0800,
        build.ipv4({ ...V4, destination: '224.0.0.5', protocol: 2 }, build.hex('1600 f9fe e0000005')),
        MULTICAST,
      ),
    ),
  ],
  [
    'OSPF hello',
    build.ethernet(
      0x0800,
      build.ipv4(
        { ...V4, destination: '224.0.0.5', protocol: 89, ttl: 1 },
        build.hex(
          '0201002c c0000201 00000000 0000 0000 0000000000000000 ffffff00 000a 02 01 00000028 c0000201 00000000',
        ),
      ),
      MULTICAST,
    ),
  ],
  ['ESP', ip(50, build.hex('00000100 00000001 00112233445566778899aabbccddeeff'))],
  ['AH, then TCP', ip(51, build.authentication(6, build.tcp({ sourcePort: 1011, destinationPort: 179 })))],
  ['L2TP over IP', ip(115, build.hex('00000001 00000000 01020304'))],
  ['an IP protocol of no name', ip(253, build.filler(33))],
  ['an EtherType of no name', build.pad(build.ethernet(0x88b5, build.filler(40)))],
  ['Wake-on-LAN', build.ethernet(0x0842, build.filler(102), { destination: 'ff:ff:ff:ff:ff:ff' })],
];

/** The IP packets among the frames without their Ethernet header, for link types that carry IP alone. */
function ipPackets(): { packet: Uint8Array; etherType: number }[] {
  const packets = FIXTURE_FRAMES.map(([, frame]) => ({
    packet: frame.subarray(14),
    etherType: (frame[12] << 8) | frame[13],
  }));
  return packets.filter(({ etherType }) => etherType === 0x0800 || etherType === 0x86dd);
}

/** Numbers of IPv4 and IPv6 by link type: address families of BSD's loopback, protocols of PPP (RFC 1661). */
const LINKS: readonly (readonly [
  name: string,
  linkType: number,
  wrap: (packet: Uint8Array, ipv6: boolean) => Uint8Array,
])[] = [
  ['raw', LINKTYPE.raw, (packet) => packet],
  ['null', LINKTYPE.null, (packet, ipv6) => build.bsdLoopback(ipv6 ? 30 : 2, packet, true)],
  ['loop', LINKTYPE.loop, (packet, ipv6) => build.bsdLoopback(ipv6 ? 24 : 2, packet, false)],
  ['ppp', LINKTYPE.ppp, (packet, ipv6) => build.concat(build.hex('ff03'), build.ppp(ipv6 ? 0x0057 : 0x0021, packet))],
];

function timed(frames: readonly Uint8Array[], start: number): build.TestPacket[] {
  return frames.map((bytes, n) => ({ bytes, seconds: start + Math.floor(n / 20), nanoseconds: (n % 20) * 50_000_000 }));
}

/** frames.mjs FOLDER FIRST-SECOND: frames.pcap (Ethernet) and one file for each of LINKS. */
function main(folder: string, start: number): void {
  const frames = FIXTURE_FRAMES.map(([, frame]) => frame);
  build.writePcap(`${folder}/frames.pcap`, LINKTYPE.ethernet, timed(frames, start));
  for (const [name, linkType, wrap] of LINKS) {
    const packets = ipPackets().map(({ packet, etherType }) => wrap(packet, etherType === 0x86dd));
    build.writePcap(`${folder}/${name}.pcap`, linkType, timed(packets, start));
  }
}

const [, program, folder, firstSecond] = process.argv;
if (program?.endsWith('frames.mjs') && folder !== undefined) main(folder, Math.ceil(Number(firstSecond)) + 1);
