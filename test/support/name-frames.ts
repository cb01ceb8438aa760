/** Frames with and without names, each longer than what is kept of ordinary ones: for the kernel's snapshot lengths. */
import { ETHERTYPE, IP_PROTOCOL } from '../../src/wire/numbers.ts';
import * as build from './packets.ts';

const { concat, ethernet, filler, hex, ipv4, ipv6, tcp, udp } = build;

/** Longer than the 256 bytes that are kept of every packet. */
const FILLING = filler(600);
const PUSH = 0x18;
const ACK = 0x10;

const v4 = (protocol: number, payload: Uint8Array, fields: Partial<build.Ipv4Fields> = {}): Uint8Array =>
  ethernet(ETHERTYPE.ipv4, ipv4({ source: '10.91.0.1', destination: '10.91.0.2', ...fields, protocol }, payload));
const v6 = (nextHeader: number, payload: Uint8Array): Uint8Array =>
  ethernet(ETHERTYPE.ipv6, ipv6({ source: 'fd91::1', destination: 'fd91::2', nextHeader }, payload));
const segment = (payload: Uint8Array, fields: build.TcpFields = {}): Uint8Array =>
  tcp({ sourcePort: 40_000, destinationPort: 443, flags: ACK, ...fields }, payload);
const record = (type: number, handshake: number): Uint8Array =>
  concat(hex(type.toString(16)), hex('0301 0700'), hex(handshake.toString(16).padStart(2, '0')), FILLING);

const HELLO = record(0x16, 1);
const quic = (first: number, version: number): Uint8Array => concat(build.u8(first), build.u32(version), FILLING);
const TCP_OPTIONS = hex('0101080a0000000100000002');

/** Kept longer. */
export const NAME_FRAMES: Readonly<Record<string, Uint8Array>> = {
  'a DNS answer': v4(IP_PROTOCOL.udp, udp(53, 40_000, FILLING)),
  'a DNS answer over IPv6': v6(IP_PROTOCOL.udp, udp(53, 40_000, FILLING)),
  'a DNS answer behind IPv4 options': v4(IP_PROTOCOL.udp, udp(53, 40_000, FILLING), { options: hex('01010101') }),
  'multicast DNS': v4(IP_PROTOCOL.udp, udp(5353, 5353, FILLING)),
  'a DNS answer over TCP': v4(IP_PROTOCOL.tcp, segment(FILLING, { sourcePort: 53, destinationPort: 40_000 })),
  'a ClientHello': v4(IP_PROTOCOL.tcp, segment(HELLO, { flags: PUSH })),
  'the first segment of a ClientHello': v4(IP_PROTOCOL.tcp, segment(HELLO)),
  'a ClientHello behind TCP options': v4(IP_PROTOCOL.tcp, segment(HELLO, { options: TCP_OPTIONS })),
  'a ClientHello over IPv6': v6(IP_PROTOCOL.tcp, segment(HELLO, { options: TCP_OPTIONS })),
  'a ClientHello to another port': v4(IP_PROTOCOL.tcp, segment(HELLO, { destinationPort: 5432 })),
  'the last segment of a ClientHello': v4(IP_PROTOCOL.tcp, segment(FILLING, { flags: PUSH })),
  'the last segment of one to 8443': v4(
    IP_PROTOCOL.tcp,
    segment(FILLING, { destinationPort: 8443, flags: PUSH, options: TCP_OPTIONS }),
  ),
  'the last segment of one to 853 over IPv6': v6(
    IP_PROTOCOL.tcp,
    segment(FILLING, { destinationPort: 853, flags: PUSH }),
  ),
  'a QUIC Initial': v4(IP_PROTOCOL.udp, udp(40_000, 443, quic(0xcd, 1))),
  'a QUIC Initial over IPv6': v6(IP_PROTOCOL.udp, udp(40_000, 443, quic(0xc0, 1))),
  'a QUIC Initial to another port': v4(IP_PROTOCOL.udp, udp(40_000, 8443, quic(0xc1, 1))),
  'a QUIC Initial of version 2': v4(IP_PROTOCOL.udp, udp(40_000, 443, quic(0xd3, 0x6b33_43cf))),
};

/** Kept as all others. */
export const OTHER_FRAMES: Readonly<Record<string, Uint8Array>> = {
  'a question to DNS': v4(IP_PROTOCOL.udp, udp(40_000, 53, FILLING)),
  'other UDP': v4(IP_PROTOCOL.udp, udp(40_000, 5000, FILLING)),
  'QUIC data': v4(IP_PROTOCOL.udp, udp(40_000, 443, quic(0x4d, 1))),
  'QUIC of an unknown version': v4(IP_PROTOCOL.udp, udp(40_000, 443, quic(0xc0, 0x0a0a_0a0a))),
  'QUIC 0-RTT': v4(IP_PROTOCOL.udp, udp(40_000, 443, quic(0xd3, 1))),
  'a QUIC Handshake': v4(IP_PROTOCOL.udp, udp(40_000, 443, quic(0xe3, 1))),
  "a QUIC server's Initial": v4(IP_PROTOCOL.udp, udp(443, 40_000, quic(0xcd, 1))),
  'TLS data that ends': v4(IP_PROTOCOL.tcp, segment(record(0x17, 1), { flags: PUSH })),
  'another handshake message': v4(IP_PROTOCOL.tcp, segment(record(0x16, 16), { flags: PUSH })),
  'a change of cipher': v4(IP_PROTOCOL.tcp, segment(record(0x14, 1), { flags: PUSH })),
  'upload in the middle of a record': v4(IP_PROTOCOL.tcp, segment(FILLING)),
  'a TLS answer': v4(IP_PROTOCOL.tcp, segment(FILLING, { sourcePort: 443, destinationPort: 40_000, flags: PUSH })),
  'a request without TLS': v4(IP_PROTOCOL.tcp, segment(FILLING, { destinationPort: 80, flags: PUSH })),
  'a later fragment': v4(IP_PROTOCOL.udp, udp(53, 40_000, FILLING), { fragmentOffset: 1480 }),
  'IPv6 behind an extension header': v6(60, build.ipv6Extension(IP_PROTOCOL.udp, udp(53, 40_000, FILLING))),
  'a tag in the bytes': ethernet(
    ETHERTYPE.vlan,
    build.vlan(5, ETHERTYPE.vlan, v4(IP_PROTOCOL.udp, udp(53, 40_000, FILLING)).subarray(12)),
  ),
  'another IP protocol': v4(IP_PROTOCOL.gre, concat(build.u16(53, 443), FILLING)),
  'no IP': ethernet(0x88b5, concat(build.u16(53, 443), FILLING)),
};
