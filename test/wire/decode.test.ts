/** Named packets, sound and damaged; beside each what tcpdump prints where that says something. */
import { describe, expect, it } from 'vitest';
import { Decoder } from '../../src/wire/decode.ts';
import { DECODE_STATUS, DecodedBatch, FRAGMENT, NETWORK, NO_ROW, TCP_FLAG } from '../../src/wire/decoded-batch.ts';
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from '../../src/wire/numbers.ts';
import { PACKET_FLAG, PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import { COLUMNS, columnOf, type Decoded, decodeBatch, decodeOne, rawColumns } from '../support/decoding.ts';
import { FRAMES } from '../support/frames.ts';
import * as build from '../support/packets.ts';

const { concat, ethernet, filler, hex, ipv4, ipv6, tcp, u16, udp } = build;

type Case = [name: string, bytes: Uint8Array, expected: Partial<Decoded>];

const dns = udp(5353, 53, filler(20));
const dns4 = ipv4({ protocol: IP_PROTOCOL.udp }, dns);
const dns6 = ipv6({ nextHeader: IP_PROTOCOL.udp }, dns);
const v4 = (packet: Uint8Array): Uint8Array => ethernet(ETHERTYPE.ipv4, packet);
const v6 = (packet: Uint8Array): Uint8Array => ethernet(ETHERTYPE.ipv6, packet);
const isDns4: Partial<Decoded> = { status: 'ok', network: 4, source: '10.0.0.1', protocol: 17, destinationPort: 53 };
const isDns6: Partial<Decoded> = { status: 'ok', network: 6, source: 'fd00::1', protocol: 17, destinationPort: 53 };
const isOther: Partial<Decoded> = { network: NETWORK.other, protocol: 0, ipBytes: 0, sourcePort: 0, segments: 1 };
const macs = { source: build.MAC_A, destination: build.MAC_B };

function check(cases: Case[], linkType?: number, decapsulate?: boolean): void {
  it.each(cases)('%s', (_name, bytes, expected) => {
    expect(decodeOne(bytes, { linkType, decapsulate })).toMatchObject(expected);
  });
}

describe('from a wire dump', () => {
  // IP 10.77.0.1.54320 > 10.77.0.2.80: Flags [S], seq 305419896, win 64240, options [mss 1460,sackOK,nop,nop,nop,wscale 7]
  it('reads every column of a SYN', () => {
    const bytes = hex(`
      02424d000002 02424d000001 0800
      45000030 12344000 40060000 0a4d0001 0a4d0002
      d430 0050 12345678 00000000 7002 faf0 0000 0000
      020405b4 0402 0101`);
    bytes.set(u16(build.internetChecksum(bytes.slice(14, 34))), 24);
    const out = decodeBatch(
      build.packetBatch([{ bytes, seconds: 1700000000, nanoseconds: 250_000_000, interfaceSlot: 3 }]),
    );
    expect(rawColumns(out, 0)).toEqual({
      time: 1700000000.25,
      status: DECODE_STATUS.ok,
      network: NETWORK.ipv4,
      etherType: 0x800,
      ipProtocol: 6,
      vlan: 0,
      hash: out.hash[0],
      direction: 0,
      sourcePort: 54320,
      destinationPort: 80,
      segments: 1,
      ipBytes: 48,
      wireBytes: 62,
      macOffset: 0,
      networkOffset: 14,
      transportOffset: 34,
      packetEnd: 62,
      fragment: FRAGMENT.none,
      tcpFlags: TCP_FLAG.syn,
      tcpSequence: 0x12345678,
      tcpAcknowledgement: 0,
      tcpWindow: 0xfaf0,
      payloadLength: 0,
      icmpType: 0,
      selected: 1,
      row: NO_ROW,
      key: '0 0 ffff a4d0001 0 0 ffff a4d0002 d4300050 4060000 3',
    });
  });

  it('leaves nothing of an earlier batch in any column', () => {
    const decoder = new Decoder({ decapsulate: false, hashSeed: 1 });
    const results = [0xa5, 0x5a].map((pattern) => {
      const out = new DecodedBatch();
      for (const name of COLUMNS) new Uint8Array(columnOf(out, name).buffer).fill(pattern);
      decoder.decode(build.packetBatch(FRAMES), out);
      return FRAMES.map((_, i) => rawColumns(out, i));
    });
    expect(results[0]).toEqual(results[1]);
  });
});

describe('link layers', () => {
  const tagged = (type: number): Uint8Array => ethernet(type, build.vlan(7, ETHERTYPE.ipv4, dns4));
  const stack = Array.from({ length: 20 }, () => build.vlan(9, ETHERTYPE.vlan, new Uint8Array(0)));
  const cisco = build.snap(0x00000c, 0x2000, filler(20));
  const control = concat(hex('00000000'), v4(dns4));
  check([
    ['Ethernet II', v4(dns4), { ...isDns4, vlan: null, networkOffset: 14, transportOffset: 34, wireBytes: 62 }],
    [
      'Ethernet padding is no IP byte',
      build.pad(v4(ipv4({ protocol: 17 }, udp(1, 2)))),
      { status: 'ok', ipBytes: 28, wireBytes: 60 },
    ],
    ['802.1Q', tagged(0x8100), { ...isDns4, vlan: 7, ipBytes: 48, wireBytes: 66, etherType: 0x800 }],
    ['802.1ad alone', tagged(0x88a8), { ...isDns4, vlan: 7 }],
    ['TPID 0x9100', tagged(0x9100), { ...isDns4, vlan: 7 }],
    ['TPID 0x9200', tagged(0x9200), { ...isDns4, vlan: 7 }],
    [
      'QinQ: the outer tag names the VLAN',
      ethernet(0x88a8, build.vlan(100, 0x8100, build.vlan(5, 0x86dd, dns6))),
      { ...isDns6, vlan: 100 },
    ],
    ['a priority tag (VLAN 0) names none', ethernet(0x8100, build.vlan(0, 0x800, dns4, 5)), { ...isDns4, vlan: null }],
    [
      'a priority tag around a VLAN',
      ethernet(0x8100, build.vlan(0, 0x8100, build.vlan(8, 0x800, dns4), 5)),
      { ...isDns4, vlan: 8 },
    ],
    [
      'more tags than anyone stacks',
      ethernet(0x8100, concat(...stack)),
      { ...isOther, status: 'ok', etherType: 0x8100, vlan: 9 },
    ],
    [
      'LLC with a length: STP',
      build.pad(build.llc(0x42, 0x42, 3, filler(35))),
      { ...isOther, status: 'ok', etherType: 0, keyWord: 0x4242 },
    ],
    ['LLC with IP', build.llc(6, 6, 3, dns4), isDns4],
    ['SNAP', build.snap(0, ETHERTYPE.ipv6, dns6), isDns6],
    ['SNAP, bridge tunnel', build.snap(0xf8, ETHERTYPE.ipv4, dns4), isDns4],
    ['SNAP of Cisco', cisco, { ...isOther, status: 'ok', etherType: 0, keyWord: 0xaaaa, ...macs }],
    [
      'tag, then LLC',
      ethernet(0x8100, build.vlan(4, 38, concat(hex('424203'), filler(35)))),
      { ...isOther, vlan: 4, keyWord: 0x4242 },
    ],
    [
      'a number between length and EtherType',
      ethernet(1501, filler(40)),
      { ...isOther, status: 'ok', etherType: 1501 },
    ],
    ['MPLS', ethernet(ETHERTYPE.mpls, build.mpls([3, 4], dns6)), { ...isDns6, etherType: 0x86dd }],
    // MPLS (label 100, [S], ttl 64), pseudowire with control word
    [
      'MPLS pseudowire with control word',
      ethernet(ETHERTYPE.mpls, build.mpls([100], control)),
      { ...isDns4, networkOffset: 36 },
    ],
    [
      'MPLS with something unknown',
      ethernet(0x8848, build.mpls([1], hex('10000000'))),
      { ...isOther, status: 'ok', etherType: 0x8848 },
    ],
    ['MPLS without a last label', ethernet(0x8847, hex('00001000')), { ...isOther, status: 'badTunnel' }],
    ['PPPoE', ethernet(0x8864, build.pppoe(0x57, dns6)), isDns6],
    [
      'PPPoE: padding is cut off',
      build.pad(ethernet(0x8864, build.pppoe(0xc021, filler(8)))),
      { ...isOther, status: 'ok', etherType: 0x8864 },
    ],
    [
      'PPPoE whose packet is longer than its length',
      ethernet(0x8864, concat(build.pppoe(0x21, dns4.slice(0, -4)), filler(4))),
      { ...isDns4, status: 'badIpTotalLength', ipBytes: 44 },
    ],
    [
      'PPPoE discovery',
      ethernet(0x8863, hex('1109000000040103 0000')),
      { ...isOther, status: 'ok', etherType: 0x8863 },
    ],
    [
      'PPPoE with an impossible length',
      ethernet(0x8864, hex('11000001 0100 0021 45')),
      { ...isOther, status: 'badTunnel' },
    ],
    ['PPPoE of another version', ethernet(0x8864, hex('21000001 0003 0021 45')), { ...isOther, status: 'badTunnel' }],
    [
      'ARP',
      ethernet(0x806, build.arp()),
      { ...isOther, status: 'ok', etherType: 0x806, keyWord: 0x806, networkOffset: 14, ...macs },
    ],
    ['RARP', ethernet(0x8035, build.arp({ opcode: 3 })), { ...isOther, status: 'ok', etherType: 0x8035 }],
    [
      'ARP without room for its addresses',
      ethernet(0x806, hex('0001 0800 06 10 0001 0203040506')),
      { ...isOther, status: 'badArp' },
    ],
    ['unknown EtherType', ethernet(0x1234, filler(46)), { ...isOther, status: 'ok', keyWord: 0x1234, ...macs }],
    ['13 bytes', v4(dns4).slice(0, 13), { ...isOther, status: 'shortLink', ...macs }],
    ['an empty frame', new Uint8Array(0), { ...isOther, status: 'shortLink', source: '00:00:00:00:00:00' }],
    ['a tag without an EtherType', concat(v4(dns4).slice(0, 12), hex('8100 00')), { ...isOther, status: 'shortLink' }],
    ['an LLC header cut by its own length', ethernet(2, hex('424203')), { ...isOther, status: 'shortLink' }],
  ]);

  describe('Linux cooked', () => {
    const source = { source: build.MAC_A, destination: '00:00:00:00:00:00' };
    check(
      [
        ['IPv4', build.linuxCooked(0x800, dns4), { ...isDns4, networkOffset: 16 }],
        ['a tag', build.linuxCooked(0x8100, build.vlan(6, 0x86dd, dns6)), { ...isDns6, vlan: 6 }],
        ['ARP', build.linuxCooked(0x806, build.arp()), { ...isOther, status: 'ok', keyWord: 0x806, ...source }],
        ['802.2', build.linuxCooked(4, hex('424203')), { ...isOther, status: 'ok', keyWord: 0x4242 }],
        ['raw 802.3', build.linuxCooked(1, hex('ffff')), { ...isOther, status: 'ok', keyWord: 0xffff }],
        ['netlink', build.linuxCooked(0, filler(20), { hardwareType: 824 }), { ...isOther, status: 'unsupportedLink' }],
        ['short', build.linuxCooked(0x800, dns4).slice(0, 15), { ...isOther, status: 'shortLink' }],
      ],
      LINKTYPE.linuxCooked,
    );
  });

  describe('Linux cooked 2', () => {
    check(
      [
        ['IPv6', build.linuxCooked2(0x86dd, dns6), { ...isDns6, networkOffset: 20 }],
        [
          'LLDP',
          build.linuxCooked2(0x88cc, filler(9)),
          { ...isOther, status: 'ok', keyWord: 0x88cc, source: build.MAC_A },
        ],
      ],
      LINKTYPE.linuxCooked2,
    );
  });

  it.each([
    [LINKTYPE.rawBsd, dns4, isDns4],
    [LINKTYPE.rawOpenBsd, dns6, isDns6],
    [LINKTYPE.raw, dns6, isDns6],
    [LINKTYPE.raw, hex('25'), { ...isOther, status: 'badIpVersion' }],
    [LINKTYPE.ipv4, dns4, isDns4],
    [LINKTYPE.ipv6, dns6, isDns6],
    [LINKTYPE.ipv6, dns4, { ...isOther, status: 'badIpVersion' }],
    [LINKTYPE.null, build.bsdLoopback(2, dns4), isDns4],
    [LINKTYPE.null, build.bsdLoopback(2, dns4, false), isDns4],
    ...[10, 23, 24, 28, 30].map((family) => [LINKTYPE.null, build.bsdLoopback(family, dns6), isDns6] as const),
    [LINKTYPE.loop, build.bsdLoopback(28, dns6, false), isDns6],
    [LINKTYPE.null, build.bsdLoopback(99, dns6), { ...isOther, status: 'ok' }],
    [LINKTYPE.ppp, build.ppp(0x21, dns4), isDns4],
    [LINKTYPE.ppp, build.ppp(0x57, dns6, true), isDns6],
    [LINKTYPE.ppp, build.ppp(0x281, build.mpls([9], dns4)), isDns4],
    [LINKTYPE.ppp, build.ppp(0xc021, filler(9)), { ...isOther, status: 'ok', etherType: 0x880b }],
    [LINKTYPE.pppHdlc, build.ppp(0x57, dns6), isDns6],
    [LINKTYPE.pppHdlc, concat(hex('0f000800'), dns4), isDns4],
    [LINKTYPE.pppEthernet, build.pppoe(0x21, dns4), isDns4],
    [LINKTYPE.cHdlc, concat(hex('8f0086dd'), dns6), isDns6],
    [147, filler(40), { ...isOther, status: 'unsupportedLink' }],
  ] as [number, Uint8Array, Partial<Decoded>][])('link type %i', (linkType, bytes, expected) => {
    expect(decodeOne(bytes, { linkType })).toMatchObject(expected);
  });

  it('puts the tag that the kernel stripped outermost and adds its bytes', () => {
    const inner = ethernet(0x8100, build.vlan(5, 0x800, dns4));
    expect(decodeOne({ bytes: v4(dns4), strippedTag: 0x8100_2007 })).toMatchObject({
      ...isDns4,
      vlan: 7,
      wireBytes: 66,
      ipBytes: 48,
    });
    expect(decodeOne({ bytes: inner, strippedTag: 0x88a8_0064 })).toMatchObject({
      ...isDns4,
      vlan: 100,
      wireBytes: 70,
    });
    expect(decodeOne({ bytes: v4(dns4), strippedTag: 0x8100_a000 })).toMatchObject({
      ...isDns4,
      vlan: null,
      wireBytes: 66,
    });
  });
});

describe('IPv4', () => {
  const optioned = ipv4({ protocol: 17, options: hex('9404000001010100') }, dns);
  const damaged = (change: Partial<build.Ipv4Fields>): Uint8Array => v4(ipv4({ protocol: 17, ...change }, dns));
  const fault: Partial<Decoded> = { ...isOther, etherType: 0x800, keyWord: 0x800, ...macs };
  check([
    ['options', v4(optioned), { ...isDns4, ipBytes: 56, transportOffset: 42 }],
    ['version 6 under the EtherType of IPv4', v4(dns6), { ...fault, status: 'badIpVersion' }],
    ['a header of 16 bytes', damaged({ headerWords: 4 }), { ...fault, status: 'badIpHeaderLength' }],
    [
      'a header beyond the packet',
      v4(ipv4({ protocol: 17, headerWords: 15 }, filler(8))),
      { ...fault, status: 'badIpHeaderLength' },
    ],
    ['19 bytes', v4(dns4.slice(0, 19)), { ...fault, status: 'badIpHeaderLength' }],
    [
      'a total length below the header',
      damaged({ totalLength: 19 }),
      { network: 4, status: 'badIpTotalLength', protocol: 17, ipBytes: 20, destinationPort: 0 },
    ],
    [
      'a total length beyond the frame counts what is there',
      damaged({ totalLength: 4000 }),
      { ...isDns4, status: 'badIpTotalLength', ipBytes: 48 },
    ],
    [
      'a total length one beyond the frame',
      damaged({ totalLength: 49 }),
      { ...isDns4, status: 'badIpTotalLength', ipBytes: 48 },
    ],
    [
      'a first fragment of TCP',
      v4(ipv4({ protocol: 6, moreFragments: true }, tcp({}, filler(4)))),
      { status: 'ok', fragment: FRAGMENT.first, sourcePort: 40000, payloadLength: 4 },
    ],
    ['no payload at all', v4(ipv4({ protocol: 253 }, filler(0))), { status: 'ok', protocol: 253, transportOffset: -1 }],
    ['a total length of 0 is left to the card', damaged({ totalLength: 0 }), { ...isDns4, status: 'ok', ipBytes: 48 }],
    [
      'a wrong checksum is counted and decoded',
      damaged({ checksum: 0x1234 }),
      { ...isDns4, status: 'badIpChecksum', ipBytes: 48 },
    ],
    [
      'first fragment',
      v4(ipv4({ protocol: 17, moreFragments: true }, udp(5, 6, filler(16), 900))),
      { status: 'ok', fragment: FRAGMENT.first, sourcePort: 5, payloadLength: 16 },
    ],
    [
      'later fragment',
      v4(ipv4({ protocol: 17, fragmentOffset: 24 }, dns)),
      { status: 'ok', fragment: FRAGMENT.later, sourcePort: 0, protocol: 17, transportOffset: -1 },
    ],
    [
      'last byte of a tiny fragment',
      v4(ipv4({ protocol: 17, fragmentOffset: 8 }, hex('00'))),
      { status: 'ok', fragment: FRAGMENT.later },
    ],
    [
      'unknown protocol',
      v4(ipv4({ protocol: 253 }, filler(1))),
      { status: 'ok', protocol: 253, destinationPort: 0, ipBytes: 21 },
    ],
    [
      'AH keeps its own conversation',
      v4(ipv4({ protocol: 51 }, build.authentication(6, tcp()))),
      { status: 'ok', protocol: 51, sourcePort: 0 },
    ],
  ]);

  it('excuses a checksum of 0 only where a card may still fill it in', () => {
    const bytes = v4(ipv4({ protocol: 17, checksum: 0 }, dns));
    const status = (fields: Partial<build.TestPacket>): string => decodeOne({ bytes, ...fields }).status;
    expect(status({ packetType: PACKET_TYPE.outgoing })).toBe('ok');
    expect(status({ packetType: PACKET_TYPE.unknown })).toBe('ok');
    expect(status({ packetType: PACKET_TYPE.host, flags: PACKET_FLAG.checksumPending })).toBe('ok');
    expect(status({ packetType: PACKET_TYPE.host })).toBe('badIpChecksum');
    const wrong = v4(ipv4({ protocol: 17, checksum: 0x1234 }, dns));
    expect(decodeOne({ bytes: wrong, packetType: PACKET_TYPE.outgoing }).status).toBe('badIpChecksum');
  });
});

describe('IPv6', () => {
  const chain = (kinds: number[]): Uint8Array =>
    kinds.reduceRight((payload, _kind, k) => build.ipv6Extension(kinds[k + 1] ?? 17, payload), dns);
  const all = [0, 60, 43, 60, 135, 139, 140];
  const long = new Array<number>(17).fill(60);
  const jumbo = concat(udp(5353, 53, new Uint8Array(0), 0), new Uint8Array(70000));
  const fault: Partial<Decoded> = { ...isOther, etherType: 0x86dd, keyWord: 0x86dd };
  check([
    [
      'every extension header',
      v6(ipv6({ nextHeader: 0 }, chain(all))),
      { ...isDns6, transportOffset: 54 + 56, ipBytes: 124 },
    ],
    [
      'AH is an extension header',
      v6(ipv6({ nextHeader: 51 }, build.authentication(17, dns))),
      { ...isDns6, ipBytes: 92 },
    ],
    [
      'ESP ends the chain',
      v6(ipv6({ nextHeader: 0 }, build.ipv6Extension(50, filler(16)))),
      { status: 'ok', protocol: 50 },
    ],
    ['no next header', v6(ipv6({ nextHeader: 59 }, filler(3))), { status: 'ok', protocol: 59, transportOffset: -1 }],
    ['a mobility message', v6(ipv6({ nextHeader: 135 }, hex('3b00010000000000'))), { status: 'ok', protocol: 135 }],
    [
      'more headers than allowed',
      v6(ipv6({ nextHeader: 60 }, chain(long))),
      { status: 'badExtensionHeader', network: 6, protocol: 255 },
    ],
    [
      'a header beyond the packet',
      v6(ipv6({ nextHeader: 0 }, hex('11ff010400000000'))),
      { status: 'badExtensionHeader', protocol: 17, destinationPort: 0 },
    ],
    [
      'four bytes of a header',
      v6(ipv6({ nextHeader: 43 }, hex('11000000'))),
      { status: 'badExtensionHeader', protocol: 255 },
    ],
    [
      'first fragment',
      v6(ipv6({ nextHeader: 44 }, build.ipv6Fragment(17, 0, true, udp(5, 6, filler(16), 900)))),
      { status: 'ok', fragment: FRAGMENT.first, sourcePort: 5 },
    ],
    [
      'later fragment',
      v6(ipv6({ nextHeader: 44 }, build.ipv6Fragment(6, 24, false, filler(8)))),
      { status: 'ok', fragment: FRAGMENT.later, protocol: 6, sourcePort: 0 },
    ],
    [
      'later fragment of a header chain',
      v6(ipv6({ nextHeader: 44 }, build.ipv6Fragment(60, 24, false, filler(8)))),
      { status: 'ok', fragment: FRAGMENT.later, protocol: 255 },
    ],
    [
      'a fragment that is the whole datagram',
      v6(ipv6({ nextHeader: 44 }, build.ipv6Fragment(17, 0, false, dns))),
      { ...isDns6, fragment: FRAGMENT.none },
    ],
    [
      'a payload length of 0 with padding',
      build.pad(v6(ipv6({ nextHeader: 59 }, new Uint8Array(0)))),
      { status: 'ok', ipBytes: 40 },
    ],
    [
      'a payload length beyond the frame',
      v6(ipv6({ nextHeader: 17, payloadLength: 999 }, dns)),
      { ...isDns6, status: 'badIpTotalLength', ipBytes: 68 },
    ],
    [
      'version 4 under the EtherType of IPv6',
      v6(concat(hex('45'), dns6.slice(1))),
      { ...fault, status: 'badIpVersion' },
    ],
    ['39 bytes', v6(dns6.slice(0, 39)), { ...fault, status: 'badIpHeaderLength' }],
    [
      'a jumbogram',
      v6(ipv6({ nextHeader: 0, payloadLength: 0, fillChecksum: false }, build.ipv6Jumbo(17, jumbo.length + 8, jumbo))),
      { ...isDns6, ipBytes: 48 + jumbo.length, payloadLength: 70000 },
    ],
    [
      'a jumbo option with a small length',
      v6(ipv6({ nextHeader: 0, payloadLength: 0 }, build.ipv6Jumbo(17, 36, dns))),
      { ...isDns6, status: 'badIpTotalLength' },
    ],
  ]);
});

describe('transports', () => {
  const over = (protocol: number, payload: Uint8Array): Uint8Array =>
    v4(ipv4({ protocol, fillChecksum: false }, payload));
  const ports = { sourcePort: 40000, destinationPort: 80 };
  check([
    ['TCP with payload', over(6, tcp({}, filler(9))), { status: 'ok', ...ports, payloadLength: 9 }],
    [
      'a TCP header of 16 bytes',
      over(6, tcp({ headerWords: 4 })),
      { status: 'badTcpHeaderLength', ...ports, payloadLength: 0 },
    ],
    ['a TCP header beyond the segment', over(6, tcp({ headerWords: 6 })), { status: 'badTcpHeaderLength', ...ports }],
    ['19 bytes of TCP keep the ports', over(6, tcp().slice(0, 19)), { status: 'shortTransport', ...ports }],
    ['3 bytes of TCP', over(6, hex('9c4000')), { status: 'shortTransport', sourcePort: 0 }],
    [
      'UDP shorter than the packet',
      over(17, concat(udp(1, 2, filler(4)), filler(9))),
      { status: 'ok', payloadLength: 4, ipBytes: 41 },
    ],
    [
      'a UDP length of 7',
      over(17, udp(1, 2, filler(4), 7)),
      { status: 'badUdpLength', sourcePort: 1, destinationPort: 2 },
    ],
    ['a UDP length of 0', over(17, udp(1, 2, filler(4), 0)), { status: 'badUdpLength', sourcePort: 1 }],
    ['a UDP length beyond the packet', over(17, udp(1, 2, filler(4), 13)), { status: 'badUdpLength', sourcePort: 1 }],
    ['7 bytes of UDP', over(17, udp(1, 2).slice(0, 7)), { status: 'shortTransport', sourcePort: 1 }],
    [
      'UDP-Lite covering everything',
      over(136, udp(1, 2, filler(4), 0)),
      { status: 'ok', sourcePort: 1, payloadLength: 4 },
    ],
    ['UDP-Lite covering 7 bytes', over(136, udp(1, 2, filler(4), 7)), { status: 'badUdpLength', sourcePort: 1 }],
    ['SCTP', over(132, build.sctp(9, 10)), { status: 'ok', sourcePort: 9, destinationPort: 10 }],
    ['11 bytes of SCTP', over(132, build.sctp(9, 10).slice(0, 11)), { status: 'shortTransport', sourcePort: 9 }],
    ['DCCP', over(33, build.dccp(9, 10)), { status: 'ok', sourcePort: 9, destinationPort: 10 }],
    [
      'a DCCP offset that cuts the sequence number',
      over(33, build.dccp(9, 10, 3)),
      { status: 'badUdpLength', sourcePort: 9 },
    ],
    ['ICMP of 4 bytes', over(1, hex('08000000')), { status: 'shortTransport', protocol: 1 }],
    ['IGMP', over(2, hex('11640000e0000001')), { status: 'ok', protocol: 2 }],
    ['an OSPF header cut short', over(89, hex('02010018')), { status: 'shortTransport', protocol: 89 }],
  ]);

  it('keeps ICMP type and code', () => {
    const out = decodeBatch(build.packetBatch([over(1, build.icmp(3, 13))]));
    expect(out.icmpType[0]).toBe(0x030d);
  });

  it('calls a packet sound whose payload alone was cut off', () => {
    const bytes = over(6, tcp({}, filler(1000)));
    expect(decodeOne({ bytes, capturedLength: 54 })).toMatchObject({
      status: 'ok',
      payloadLength: 1000,
      ipBytes: 1040,
    });
    expect(decodeOne({ bytes, capturedLength: 53 })).toMatchObject({ status: 'truncated', ...ports });
    expect(decodeOne({ bytes, capturedLength: 37 })).toMatchObject({ status: 'truncated', protocol: 6, sourcePort: 0 });
    expect(decodeOne({ bytes, capturedLength: 33 })).toMatchObject({
      status: 'truncated',
      network: NETWORK.other,
      ...macs,
    });
  });
});

describe('tunnels', () => {
  const inner = ipv4({ source: '192.0.2.1', destination: '192.0.2.2', protocol: 17 }, dns);
  const innerFrame = ethernet(0x800, inner, { source: '02:00:00:00:00:99', destination: '02:00:00:00:00:98' });
  const arpFrame = ethernet(0x806, build.arp(), { source: '02:00:00:00:00:99', destination: 'ff:ff:ff:ff:ff:ff' });
  const carried: Partial<Decoded> = {
    status: 'ok',
    network: 4,
    source: '192.0.2.1',
    protocol: 17,
    destinationPort: 53,
    ipBytes: 48,
  };
  const gre = (fields: Partial<build.GreFields>, payload = inner): Uint8Array =>
    v4(ipv4({ protocol: 47 }, build.gre({ protocol: 0x800, ...fields }, payload)));
  const nested = (depth: number): Uint8Array => (depth === 0 ? inner : ipv4({ protocol: 4 }, nested(depth - 1)));
  const vxlan = (frame: Uint8Array, port = 4789): Uint8Array =>
    v4(ipv4({ protocol: 17 }, udp(5555, port, build.vxlan(42, frame))));
  const shown: [string, Uint8Array, number][] = [
    ['4in4', v4(nested(1)), 4],
    ['6in4', v4(ipv4({ protocol: 41 }, dns6)), 41],
    ['4in6', v6(ipv6({ nextHeader: 4 }, inner)), 4],
    ['6in6', v6(ipv6({ nextHeader: 41 }, dns6)), 41],
    ['GRE', gre({}), 47],
    ['VXLAN', vxlan(innerFrame), 17],
  ];

  it.each(shown)('%s is shown as itself unless asked otherwise', (_name, bytes, protocol) => {
    expect(decodeOne(bytes)).toMatchObject({ status: 'ok', protocol, ipBytes: bytes.length - 14 });
    expect(decodeOne(bytes, { decapsulate: true })).toMatchObject({
      status: 'ok',
      protocol: 17,
      destinationPort: 53,
      wireBytes: bytes.length,
    });
  });

  describe('decapsulated', () => {
    check(
      [
        ['7 times nested', v4(nested(7)), carried],
        ['nested deeper than allowed', v4(nested(12)), { status: 'ok', protocol: 4, source: '10.0.0.1' }],
        ['GRE with checksum, key and sequence', gre({ checksum: true, key: 1, sequence: 2 }), carried],
        ['GRE with Ethernet', gre({ protocol: 0x6558 }, innerFrame), carried],
        [
          'GRE version 1 (PPTP) stays GRE',
          gre({ version: 1, protocol: 0x880b }),
          { status: 'ok', protocol: 47, source: '10.0.0.1' },
        ],
        ['GRE with something unknown stays GRE', gre({ protocol: 0x88be }), { status: 'ok', protocol: 47 }],
        [
          'GRE whose key is missing',
          v4(ipv4({ protocol: 47 }, hex('20000800'))),
          { status: 'badTunnel', protocol: 47, source: '10.0.0.1' },
        ],
        ['VXLAN', vxlan(innerFrame), carried],
        [
          'VXLAN with ICMP',
          vxlan(v4(ipv4({ protocol: 1 }, build.icmp(8, 0)))),
          { status: 'ok', protocol: 1, sourcePort: 0, payloadLength: 0 },
        ],
        [
          'a tag within the tunnel is no VLAN of this network',
          vxlan(ethernet(0x8100, build.vlan(77, 0x800, inner))),
          { ...carried, vlan: null },
        ],
        [
          'VXLAN whose inner packet is longer than the datagram',
          v4(ipv4({ protocol: 17 }, concat(udp(5555, 4789, build.vxlan(42, innerFrame.slice(0, -4))), filler(4)))),
          { ...carried, status: 'badIpTotalLength', ipBytes: 44 },
        ],
        ['VXLAN on Linux’s old port', vxlan(innerFrame, 8472), carried],
        [
          'VXLAN with ARP is the inner MACs’ conversation',
          vxlan(arpFrame),
          { ...isOther, status: 'ok', keyWord: 0x806, source: '02:00:00:00:00:99' },
        ],
        [
          'UDP on VXLAN’s port that is none',
          v4(ipv4({ protocol: 17 }, udp(5555, 4789, filler(40)))),
          { status: 'ok', protocol: 17, destinationPort: 4789 },
        ],
        [
          'a first fragment of a tunnel stays the tunnel',
          v4(ipv4({ protocol: 4, moreFragments: true }, inner)),
          { protocol: 4, source: '10.0.0.1' },
        ],
        [
          'a damaged inner header leaves the outer packet',
          v4(ipv4({ protocol: 4 }, hex('25'))),
          { status: 'badIpHeaderLength', protocol: 4, source: '10.0.0.1' },
        ],
        [
          'IPv4 AH shows what it protects',
          v4(ipv4({ protocol: 51 }, build.authentication(17, dns))),
          { ...isDns4, ipBytes: 72 },
        ],
      ],
      LINKTYPE.ethernet,
      true,
    );
  });

  it('keeps outer MACs, frame bytes and VLAN beside the inner packet', () => {
    const tagged = ethernet(
      0x8100,
      build.vlan(5, 0x800, vxlan(ethernet(0x8100, build.vlan(77, 0x800, inner))).slice(14)),
    );
    const out = decodeBatch(build.packetBatch([tagged]), true);
    expect(rawColumns(out, 0)).toMatchObject({ macOffset: 0, vlan: 0x1005, wireBytes: tagged.length, ipBytes: 48 });
  });
});

describe('offloaded buffers', () => {
  const buffer = (payload: number, options: Uint8Array = new Uint8Array(0)): Uint8Array =>
    v4(ipv4({ protocol: 6, fillChecksum: false }, tcp({ options }, new Uint8Array(payload))));
  const options = hex('0101080a0000000100000002');

  it('count as their segments, each with its headers', () => {
    const decoded = decodeOne({ bytes: buffer(14480, options), gsoSize: 1448 });
    expect(decoded).toMatchObject({ status: 'ok', segments: 10, payloadLength: 14480 });
    expect(decoded.ipBytes).toBe(10 * 52 + 14480);
    expect(decoded.wireBytes).toBe(10 * 66 + 14480);
  });

  it('round a last short segment up', () => {
    expect(decodeOne({ bytes: buffer(1449), gsoSize: 1448 })).toMatchObject({ segments: 2, wireBytes: 1449 + 2 * 54 });
    expect(decodeOne({ bytes: buffer(1448), gsoSize: 1448 })).toMatchObject({ segments: 1, wireBytes: 1448 + 54 });
    expect(decodeOne({ bytes: buffer(0), gsoSize: 1448 })).toMatchObject({ segments: 1 });
  });

  it('carry a stripped tag on each segment', () => {
    const decoded = decodeOne({ bytes: buffer(3000), gsoSize: 1000, strippedTag: 0x8100_0005 });
    expect(decoded).toMatchObject({ segments: 3, vlan: 5, wireBytes: 3000 + 3 * 58, ipBytes: 3000 + 3 * 40 });
  });

  it('need only their headers captured', () => {
    const decoded = decodeOne({ bytes: buffer(60000), gsoSize: 1000, capturedLength: 54 });
    expect(decoded).toMatchObject({ status: 'ok', segments: 60, wireBytes: 60000 + 60 * 54 });
    expect(decodeOne({ bytes: buffer(60000), gsoSize: 1000, capturedLength: 53 })).toMatchObject({
      status: 'truncated',
      segments: 1,
    });
  });

  it('may leave the IP length to the card (BIG TCP)', () => {
    const big = v4(ipv4({ protocol: 6, totalLength: 0, fillChecksum: false }, tcp({}, new Uint8Array(100_000))));
    expect(decodeOne({ bytes: big, gsoSize: 1000 })).toMatchObject({
      status: 'ok',
      segments: 100,
      ipBytes: 100_000 + 100 * 40,
    });
    const big6 = v6(ipv6({ nextHeader: 6, payloadLength: 0, fillChecksum: false }, tcp({}, new Uint8Array(100_000))));
    expect(decodeOne({ bytes: big6, gsoSize: 1000 })).toMatchObject({
      status: 'ok',
      segments: 100,
      ipBytes: 100_000 + 100 * 60,
    });
  });

  it('of UDP count when the card cuts UDP', () => {
    const bytes = v6(ipv6({ nextHeader: 17, fillChecksum: false }, udp(1, 443, new Uint8Array(6000))));
    expect(decodeOne({ bytes, gsoSize: 1200, flags: PACKET_FLAG.gsoUdp })).toMatchObject({
      segments: 5,
      wireBytes: 6000 + 5 * 62,
    });
    expect(decodeOne({ bytes, gsoSize: 1200 })).toMatchObject({ segments: 1, wireBytes: bytes.length });
  });

  it('within a tunnel are cut at the inner payload, whatever is shown', () => {
    const inner = ethernet(
      0x800,
      ipv4({ protocol: 6, source: '192.0.2.1', fillChecksum: false }, tcp({}, new Uint8Array(5000))),
    );
    const bytes = v4(ipv4({ protocol: 17, fillChecksum: false }, udp(5555, 4789, build.vxlan(1, inner))));
    const packet = { bytes, gsoSize: 1000 };
    const wireBytes = 5000 + 5 * (14 + 20 + 8 + 8 + 54);
    expect(decodeOne(packet)).toMatchObject({
      status: 'ok',
      protocol: 17,
      segments: 5,
      wireBytes,
      ipBytes: wireBytes - 5 * 14,
    });
    expect(decodeOne(packet, { decapsulate: true })).toMatchObject({
      protocol: 6,
      segments: 5,
      wireBytes,
      ipBytes: 5000 + 5 * 40,
    });
  });

  it('are counted by status as packets', () => {
    const decoder = new Decoder({ decapsulate: false });
    const short = { bytes: hex('0102') };
    decoder.decode(build.packetBatch([{ bytes: buffer(3000), gsoSize: 1000 }, short, v4(dns4)]), new DecodedBatch());
    expect(decoder.statusCounts[DECODE_STATUS.ok]).toBe(4);
    expect(decoder.statusCounts[DECODE_STATUS.shortLink]).toBe(1);
  });
});
