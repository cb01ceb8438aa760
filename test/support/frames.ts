/** A zoo of frames by name, one of each kind that the decoder knows: for truncation, mutation and oracle tests. */
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from '../../src/wire/numbers.ts';
import * as build from './packets.ts';

const { ethernet, filler, hex, ipv4, ipv6, tcp, udp } = build;

export interface NamedFrame {
  name: string;
  bytes: Uint8Array;
  linkType: number;
}

const web = tcp({ sourcePort: 40000, destinationPort: 443, flags: 0x18, sequence: 7, acknowledgement: 9 }, filler(11));
const dns = udp(5353, 53, filler(20));
const syn = tcp({ flags: 2, options: hex('020405b4 0103030a') });
const overIpv4 = (protocol: number, payload: Uint8Array): Uint8Array => ipv4({ protocol }, payload);
const overIpv6 = (nextHeader: number, payload: Uint8Array): Uint8Array => ipv6({ nextHeader }, payload);
const tcp4 = overIpv4(IP_PROTOCOL.tcp, web);
const udp4 = ipv4({ source: '192.0.2.9', destination: '192.0.2.1', protocol: IP_PROTOCOL.udp }, dns);
const tcp6 = overIpv6(IP_PROTOCOL.tcp, web);
const v4 = (packet: Uint8Array): Uint8Array => ethernet(ETHERTYPE.ipv4, packet);
const v6 = (packet: Uint8Array): Uint8Array => ethernet(ETHERTYPE.ipv6, packet);

const ETHERNET_FRAMES: Record<string, Uint8Array> = {
  'TCP over IPv4': v4(tcp4),
  'TCP SYN with options': v4(overIpv4(IP_PROTOCOL.tcp, syn)),
  'UDP over IPv4': v4(udp4),
  'TCP over IPv6': v6(tcp6),
  'UDP over IPv6': v6(overIpv6(IP_PROTOCOL.udp, dns)),
  'IPv4 with options': v4(ipv4({ protocol: IP_PROTOCOL.udp, options: hex('9404000001010100') }, dns)),
  'UDP-Lite': v4(overIpv4(IP_PROTOCOL.udplite, udp(5, 6, filler(8), 8))),
  SCTP: v4(overIpv4(IP_PROTOCOL.sctp, build.sctp(2905, 2906))),
  DCCP: v4(overIpv4(IP_PROTOCOL.dccp, build.dccp(5001, 5002))),
  'ICMP echo': v4(overIpv4(IP_PROTOCOL.icmp, build.icmp(8, 0, 0x10001, filler(16)))),
  'ICMP unreachable': v4(overIpv4(IP_PROTOCOL.icmp, build.icmp(3, 3, 0, udp4))),
  'ICMPv6 neighbor solicitation': v6(overIpv6(IP_PROTOCOL.icmpv6, build.icmpv6(135, 0, 0, filler(24)))),
  'ICMPv6 unreachable': v6(overIpv6(IP_PROTOCOL.icmpv6, build.icmpv6(1, 4, 0, tcp6))),
  IGMP: v4(overIpv4(IP_PROTOCOL.igmp, hex('16 00 0904 e00000fb'))),
  OSPF: v4(overIpv4(IP_PROTOCOL.ospf, hex('02010018 0a000001 00000000 0000 0000 0000000000000000'))),
  GRE: v4(overIpv4(IP_PROTOCOL.gre, build.gre({ protocol: ETHERTYPE.ipv4, key: 5 }, udp4))),
  ESP: v4(overIpv4(IP_PROTOCOL.esp, hex('00000100 00000001 0102030405060708'))),
  AH: v4(overIpv4(IP_PROTOCOL.ah, build.authentication(IP_PROTOCOL.tcp, web))),
  L2TP: v4(overIpv4(IP_PROTOCOL.l2tp, hex('00000001 ff030021'))),
  VRRP: v4(overIpv4(IP_PROTOCOL.vrrp, hex('21 01 64 01 00 01 0000 0a000001'))),
  'protocol 253': v4(overIpv4(253, filler(12))),
  'first fragment': v4(ipv4({ protocol: IP_PROTOCOL.udp, moreFragments: true }, udp(5000, 5001, filler(24), 64))),
  'later fragment': v4(ipv4({ protocol: IP_PROTOCOL.udp, fragmentOffset: 32 }, filler(32))),
  'IPv6 hop-by-hop, destination, routing': v6(
    overIpv6(0, build.ipv6Extension(60, build.ipv6Extension(43, hex('11 00 00 00 00000000 1389 138a 0008 0000')))),
  ),
  'IPv6 with AH': v6(overIpv6(IP_PROTOCOL.ah, build.authentication(IP_PROTOCOL.tcp, web))),
  'IPv6 first fragment': v6(overIpv6(44, build.ipv6Fragment(17, 0, true, udp(5000, 5001, filler(24), 64)))),
  'IPv6 later fragment': v6(overIpv6(44, build.ipv6Fragment(17, 32, false, filler(32)))),
  'IPv6 mobility': v6(overIpv6(135, hex('3b 00 01 00 0000 0000'))),
  '6in4': v4(overIpv4(IP_PROTOCOL.ipv6, tcp6)),
  '4in4': v4(overIpv4(IP_PROTOCOL.ipip, udp4)),
  '4in6': v6(overIpv6(IP_PROTOCOL.ipip, udp4)),
  '6in6': v6(overIpv6(IP_PROTOCOL.ipv6, tcp6)),
  'GRE with all fields': v4(
    overIpv4(IP_PROTOCOL.gre, build.gre({ protocol: ETHERTYPE.ipv6, checksum: true, key: 1, sequence: 2 }, tcp6)),
  ),
  'GRE with Ethernet': v4(overIpv4(IP_PROTOCOL.gre, build.gre({ protocol: 0x6558 }, v4(udp4)))),
  VXLAN: v4(overIpv4(IP_PROTOCOL.udp, udp(50000, 4789, build.vxlan(42, v4(tcp4))))),
  'VXLAN with ARP': v4(overIpv4(IP_PROTOCOL.udp, udp(50000, 8472, build.vxlan(42, ethernet(0x806, build.arp()))))),
  VLAN: ethernet(ETHERTYPE.vlan, build.vlan(5, ETHERTYPE.ipv4, tcp4)),
  QinQ: ethernet(ETHERTYPE.serviceVlan, build.vlan(100, ETHERTYPE.vlan, build.vlan(5, ETHERTYPE.ipv6, tcp6))),
  ARP: build.pad(ethernet(ETHERTYPE.arp, build.arp())),
  RARP: ethernet(ETHERTYPE.rarp, build.arp({ opcode: 3 })),
  LLDP: ethernet(ETHERTYPE.lldp, filler(30)),
  STP: build.pad(build.llc(0x42, 0x42, 3, filler(35))),
  'SNAP with IPv4': build.snap(0, ETHERTYPE.ipv4, udp4),
  'SNAP of Cisco': build.snap(0x00000c, 0x2000, filler(20)),
  PPPoE: ethernet(ETHERTYPE.pppoeSession, build.pppoe(0x21, udp4)),
  MPLS: ethernet(ETHERTYPE.mpls, build.mpls([100, 200], udp4)),
  'MPLS pseudowire': ethernet(ETHERTYPE.mpls, build.mpls([100], build.concat(hex('00000000'), v4(udp4)))),
};

const OTHER_FRAMES: [string, number, Uint8Array][] = [
  ['Linux cooked', LINKTYPE.linuxCooked, build.linuxCooked(ETHERTYPE.ipv4, tcp4)],
  ['Linux cooked 2', LINKTYPE.linuxCooked2, build.linuxCooked2(ETHERTYPE.ipv6, tcp6)],
  ['Linux cooked 2, ARP', LINKTYPE.linuxCooked2, build.linuxCooked2(ETHERTYPE.arp, build.arp())],
  ['raw IPv4', LINKTYPE.raw, udp4],
  ['raw IPv6', LINKTYPE.raw, tcp6],
  ['raw of BSD', LINKTYPE.rawBsd, udp4],
  ['raw of OpenBSD', LINKTYPE.rawOpenBsd, tcp6],
  ['link IPv4', LINKTYPE.ipv4, udp4],
  ['link IPv6', LINKTYPE.ipv6, tcp6],
  ['NULL, little-endian', LINKTYPE.null, build.bsdLoopback(2, udp4)],
  ['NULL, big-endian', LINKTYPE.null, build.bsdLoopback(30, tcp6, false)],
  ['LOOP', LINKTYPE.loop, build.bsdLoopback(24, tcp6, false)],
  ['PPP', LINKTYPE.ppp, build.ppp(0x21, udp4)],
  ['PPP, compressed', LINKTYPE.ppp, build.ppp(0x57, tcp6, true)],
  ['PPP in HDLC', LINKTYPE.pppHdlc, build.ppp(0x57, tcp6)],
  ['Cisco HDLC on PPP', LINKTYPE.pppHdlc, build.concat(hex('0f000800'), udp4)],
  ['PPPoE link', LINKTYPE.pppEthernet, build.pppoe(0x21, udp4)],
  ['Cisco HDLC', LINKTYPE.cHdlc, build.concat(hex('0f0086dd'), tcp6)],
];

export const FRAMES: readonly NamedFrame[] = [
  ...Object.entries(ETHERNET_FRAMES).map(([name, bytes]) => ({ name, bytes, linkType: LINKTYPE.ethernet as number })),
  ...OTHER_FRAMES.map(([name, linkType, bytes]) => ({ name, linkType, bytes })),
];
