import { describe, expect, it } from 'vitest';
import { describePacket } from '../../src/wire/describe.ts';
import { etherTypeName, ipProtocolName, LINKTYPE, linkTypeName } from '../../src/wire/numbers.ts';
import { decodeBatch } from '../support/decoding.ts';
import { FRAMES } from '../support/frames.ts';
import * as build from '../support/packets.ts';

const { arp, ethernet, filler, hex, ipv4, packetBatch, tcp } = build;

function text(packet: build.PacketLike, linkType?: number): string {
  return describePacket(decodeBatch(packetBatch([packet], linkType)), 0);
}

describe('describePacket', () => {
  const over = (protocol: number, payload: Uint8Array): Uint8Array => ethernet(0x800, ipv4({ protocol }, payload));
  const segment = (flags: number): Uint8Array => over(6, tcp({ flags, sequence: 1, acknowledgement: 2 }, filler(3)));

  it.each([
    ['SYN, ACK', segment(0x12), 'S-A- seq 1 ack 2 win 500 len 3'],
    ['PSH, ACK, URG', segment(0x38), '-PAU seq 1 ack 2 win 500 len 3'],
    ['FIN without ACK', segment(0x01), '---- fin seq 1 win 500 len 3'],
    ['RST', segment(0x14), '--A- rst seq 1 ack 2 win 500 len 3'],
    ['ARP request', ethernet(0x806, arp()), 'request for 10.0.0.1 from 10.0.0.2'],
    ['ARP announcement', ethernet(0x806, arp({ targetIp: '10.0.0.2' })), 'announcement of 10.0.0.2'],
    ['ARP reply', ethernet(0x806, arp({ opcode: 2 })), 'reply: 10.0.0.2 is 02:00:00:00:00:0a'],
    ['ARP of any opcode', ethernet(0x806, arp({ opcode: 8 })), 'opcode 8'],
    [
      'RARP request',
      ethernet(0x8035, arp({ opcode: 3, targetMac: build.MAC_B })),
      'request for the address of 02:00:00:00:00:0b',
    ],
    [
      'RARP reply',
      ethernet(0x8035, arp({ opcode: 4, targetMac: build.MAC_B })),
      'reply: 02:00:00:00:00:0b is 10.0.0.1',
    ],
    ['a short ARP', ethernet(0x806, hex('0001 0800 06 04 0001')), 'opcode 1'],
    ['ICMP', over(1, build.icmp(3, 1)), 'dest unreachable (host)'],
    ['IGMP', over(2, hex('1600 0904 e00000fb')), 'v2 membership report'],
    ['DCCP', over(33, build.dccp(1, 2)), 'request'],
    ['SCTP', over(132, build.sctp(1, 2)), 'init'],
    ['GRE', over(47, build.gre({ protocol: 0x86dd }, filler(4))), 'carries ipv6'],
    [
      'OSPF',
      over(89, hex('02010018 0a000001 00000000 0000 0000 0000000000000000')),
      'v2 hello router 10.0.0.1 area 0.0.0.0',
    ],
    ['ESP', over(50, hex('0000abcd 00000007 00')), 'spi 0x0000abcd seq 7'],
    ['VRRP', over(112, hex('21 05 64 01 00 01 0000')), 'virtual router 5 priority 100'],
    ['an unknown protocol', over(253, filler(8)), ''],
    ['STP', build.llc(0x42, 0x42, 3, filler(35)), 'stp'],
    ['an unknown EtherType', ethernet(0x1234, filler(46)), '0x1234'],
    [
      'first fragment',
      ethernet(0x800, ipv4({ protocol: 17, moreFragments: true }, build.udp(1, 2, filler(8)))),
      'len 8 (first fragment)',
    ],
    ['later fragment', ethernet(0x800, ipv4({ protocol: 6, fragmentOffset: 8 }, filler(40))), 'fragment'],
    ['a TCP header cut off', { bytes: segment(2), capturedLength: 50 }, ''],
  ])('%s', (_name, packet, expected) => {
    expect(text(packet)).toBe(expected);
  });

  it('names the link type where nothing else is known', () => {
    expect(text(filler(20), 147)).toBe('USER0');
    expect(text(filler(20), 9999)).toBe('link type 9999');
  });

  it('says something about every kind of packet but those with an unknown protocol', () => {
    const silent = FRAMES.filter((frame) => text({ bytes: frame.bytes, linkType: frame.linkType }) === '').map(
      (f) => f.name,
    );
    expect(silent).toEqual(['protocol 253', 'IPv6 mobility', '6in4', '4in4', '4in6', '6in6']);
  });
});

describe('names', () => {
  it('are those of the registries, numbers where there is none', () => {
    expect([6, 17, 1, 58, 47, 50, 51, 89, 2, 132, 33, 136, 115, 4, 41].map(ipProtocolName)).toEqual(
      'tcp udp icmp ipv6-icmp gre esp ah ospf igmp sctp dccp udplite l2tp ipip ipv6'.split(' '),
    );
    expect(ipProtocolName(253)).toBe('253');
    expect([0x806, 0x8035, 0x8847, 0x8863, 0x4242, 0x0abc].map(etherTypeName)).toEqual([
      'arp',
      'rarp',
      'mpls',
      'pppoe-discovery',
      'stp',
      '0x0abc',
    ]);
    expect([LINKTYPE.ethernet, LINKTYPE.linuxCooked2, 4242].map(linkTypeName)).toEqual([
      'EN10MB',
      'LINUX_SLL2',
      'link type 4242',
    ]);
  });
});
