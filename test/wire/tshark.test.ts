/** Wireshark as an independent oracle: addresses, protocol, ports, lengths, VLAN and TCP fields of nested packets. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAGMENT, NETWORK } from '../../src/wire/decoded-batch.ts';
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from '../../src/wire/numbers.ts';
import { decodeBatch, decodedPacket } from '../support/decoding.ts';
import { FRAMES } from '../support/frames.ts';
import * as build from '../support/packets.ts';

const hasTshark = spawnSync('tshark', ['--version']).status === 0;

const FIELDS = [
  'frame.protocols',
  'ip.src',
  'ip.dst',
  'ip.len',
  'ipv6.src',
  'ipv6.dst',
  'ipv6.plen',
  'tcp.srcport',
  'tcp.dstport',
  'udp.srcport',
  'udp.dstport',
  'sctp.srcport',
  'sctp.dstport',
  'dccp.srcport',
  'dccp.dstport',
  'vlan.id',
  'ieee8021ad.id',
  'tcp.seq_raw',
  'tcp.ack_raw',
  'tcp.window_size_value',
  'tcp.len',
  'icmp.type',
  'icmpv6.type',
] as const;
type Field = (typeof FIELDS)[number];
type Facts = Record<Field, string[]>;

/** Everything that tshark found in each packet of a file: all occurrences of each field, outermost first. */
function tsharkFacts(linkType: number, frames: readonly Uint8Array[]): Facts[] {
  const directory = mkdtempSync(join(tmpdir(), 'iptraf-ts-oracle-'));
  try {
    const path = join(directory, 'frames.pcap');
    build.writePcap(path, linkType, frames);
    const options = [
      '-o',
      'ip.defragment:FALSE',
      '-o',
      'ipv6.defragment:FALSE',
      '-o',
      'tcp.analyze_sequence_numbers:FALSE',
    ];
    const columns = FIELDS.flatMap((field) => ['-e', field]);
    const output = execFileSync(
      'tshark',
      ['-n', '-r', path, ...options, '-T', 'fields', '-E', 'separator=;', ...columns],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 1 << 28,
      },
    );
    const lines = output.toString().trimEnd().split('\n');
    return lines.map((line) => {
      const values = line.split(';');
      return Object.fromEntries(FIELDS.map((field, k) => [field, values[k] ? values[k].split(',') : []])) as Facts;
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const PROTOCOL_OF: Record<string, number> = {
  tcp: IP_PROTOCOL.tcp,
  udp: IP_PROTOCOL.udp,
  udplite: IP_PROTOCOL.udplite,
  sctp: IP_PROTOCOL.sctp,
  dccp: IP_PROTOCOL.dccp,
  icmp: IP_PROTOCOL.icmp,
  icmpv6: IP_PROTOCOL.icmpv6,
  igmp: IP_PROTOCOL.igmp,
  ospf: IP_PROTOCOL.ospf,
  gre: IP_PROTOCOL.gre,
  esp: IP_PROTOCOL.esp,
  ah: IP_PROTOCOL.ah,
  l2tp: IP_PROTOCOL.l2tp,
  vrrp: IP_PROTOCOL.vrrp,
  mipv6: IP_PROTOCOL.mobility,
  ip: IP_PROTOCOL.ipip,
  ipv6: IP_PROTOCOL.ipv6,
};

const PORT_FIELDS: Record<number, [Field, Field]> = {
  [IP_PROTOCOL.tcp]: ['tcp.srcport', 'tcp.dstport'],
  [IP_PROTOCOL.udp]: ['udp.srcport', 'udp.dstport'],
  [IP_PROTOCOL.udplite]: ['udp.srcport', 'udp.dstport'],
  [IP_PROTOCOL.sctp]: ['sctp.srcport', 'sctp.dstport'],
  [IP_PROTOCOL.dccp]: ['dccp.srcport', 'dccp.dstport'],
};

interface Expected {
  network: number;
  source?: string;
  destination?: string;
  ipBytes?: number;
  protocol?: number;
  sourcePort?: number;
  destinationPort?: number;
  vlan: number | null;
}

/** What the decoder should say, read from tshark's fields: of the outermost IP packet, or of the innermost. */
function expectedFrom(facts: Facts, innermost: boolean): Expected {
  const all = facts['frame.protocols'].join(',').split(':');
  const quote = all.findIndex((token) => token === 'icmp' || token === 'icmpv6');
  const tokens = quote < 0 ? all : all.slice(0, quote + 1);
  const isIp = (token: string): boolean => token === 'ip' || token === 'ipv6';
  const at = innermost ? tokens.findLastIndex(isIp) : tokens.findIndex(isIp);
  const vlan = facts['ieee8021ad.id'][0] ?? facts['vlan.id'][0];
  const outer = { vlan: vlan === undefined ? null : Number(vlan) };
  if (at < 0) return { network: NETWORK.other, ...outer };
  const family = tokens[at] as 'ip' | 'ipv6';
  const nth = tokens.slice(0, at).filter((token) => token === family).length;
  const isSkipped = (token: string): boolean =>
    token.startsWith('ipv6.') || (token === 'ah' && (family === 'ipv6' || innermost));
  const protocol = PROTOCOL_OF[tokens.slice(at + 1).find((token) => !isSkipped(token)) ?? ''];
  const ports = PORT_FIELDS[protocol];
  const port = (field: Field): number => Number(facts[field].at(innermost ? -1 : 0));
  return {
    network: family === 'ip' ? NETWORK.ipv4 : NETWORK.ipv6,
    source: facts[`${family}.src`][nth],
    destination: facts[`${family}.dst`][nth],
    ipBytes: family === 'ip' ? Number(facts['ip.len'][nth]) : Number(facts['ipv6.plen'][nth]) + 40,
    ...(protocol === undefined ? {} : { protocol }),
    ...(ports === undefined ? {} : { sourcePort: port(ports[0]), destinationPort: port(ports[1]) }),
    ...outer,
  };
}

function compare(linkType: number, frames: readonly Uint8Array[], decapsulate: boolean): number {
  const facts = tsharkFacts(linkType, frames);
  expect(facts.length).toBe(frames.length);
  let compared = 0;
  for (let at = 0; at < frames.length; at += 256) {
    const chunk = frames.slice(at, at + 256);
    const out = decodeBatch(build.packetBatch(chunk, linkType), decapsulate);
    for (const [i, frame] of chunk.entries()) {
      const expected = expectedFrom(facts[at + i], decapsulate);
      const actual = decodedPacket(out, i);
      const label = `${facts[at + i]['frame.protocols']} ${build.toHex(frame)}`;
      expect(actual, label).toMatchObject({ ...expected, status: 'ok', wireBytes: frame.length });
      if (actual.protocol === IP_PROTOCOL.tcp && actual.fragment === FRAGMENT.none) {
        const tcp = (field: Field): number => Number(facts[at + i][field].at(-1));
        expect(out.tcpSequence[i], label).toBe(tcp('tcp.seq_raw'));
        expect(out.tcpAcknowledgement[i], label).toBe(tcp('tcp.ack_raw'));
        expect(out.tcpWindow[i], label).toBe(tcp('tcp.window_size_value'));
        expect(out.payloadLength[i], label).toBe(tcp('tcp.len'));
      }
      if (actual.protocol === IP_PROTOCOL.icmp)
        expect(out.icmpType[i] >>> 8, label).toBe(Number(facts[at + i]['icmp.type'][0]));
      if (actual.protocol === IP_PROTOCOL.icmpv6) {
        expect(out.icmpType[i] >>> 8, label).toBe(Number(facts[at + i]['icmpv6.type'][0]));
      }
      compared++;
    }
  }
  return compared;
}

// --- random packets, deterministic ---

const port = fc.integer({ min: 20000, max: 30000 });
const payload = fc.uint8Array({ maxLength: 60 });
const address4 = fc
  .tuple(...[10, 0, 0, 0].map((low) => fc.integer({ min: low, max: low + 200 })))
  .map((p) => p.join('.'));
const address6 = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 7, maxLength: 7 })
  .map((groups) => ['2001', ...groups.map((group) => group.toString(16))].join(':'));

interface Upper {
  protocol: number;
  bytes: Uint8Array;
}

const upper: fc.Arbitrary<Upper> = fc.oneof(
  fc
    .record({
      sourcePort: port,
      destinationPort: port,
      sequence: fc.integer({ min: 0, max: 0xffffffff }),
      acknowledgement: fc.integer({ min: 0, max: 0xffffffff }),
      window: fc.integer({ min: 0, max: 0xffff }),
      flags: fc.constantFrom(0x10, 0x18, 0x11),
      options: fc.constantFrom(new Uint8Array(0), build.hex('01010402'), build.hex('0101080a0000000100000002')),
    })
    .chain((fields) => payload.map((data) => ({ protocol: 6, bytes: build.tcp({ ...fields }, data) }))),
  fc.tuple(port, port, payload).map(([a, b, data]) => ({ protocol: 17, bytes: build.udp(a, b, data) })),
  fc.tuple(port, port, payload).map(([a, b, data]) => ({ protocol: 136, bytes: build.udp(a, b, data, 8) })),
  fc.tuple(port, port).map(([a, b]) => ({ protocol: 33, bytes: build.dccp(a, b) })),
  payload.map((data) => ({ protocol: 1, bytes: build.icmp(8, 0, 0x10001, data) })),
  payload.map((data) => ({ protocol: 50, bytes: build.concat(build.u32(256, 1), data, build.filler(8)) })),
);

function overIpv4(inner: fc.Arbitrary<Upper>): fc.Arbitrary<Uint8Array> {
  const options = fc.constantFrom(new Uint8Array(0), build.hex('01010101'), build.hex('9404000001010100'));
  return fc
    .record({ inner, source: address4, destination: address4, options, dontFragment: fc.boolean() })
    .map(({ inner: { protocol, bytes }, ...fields }) => build.ipv4({ ...fields, protocol }, bytes));
}

function withExtensions({ protocol, bytes }: Upper, kinds: readonly number[]): Upper {
  return kinds.reduceRight<Upper>(
    (next, kind) => {
      if (kind === 44) return { protocol: 44, bytes: build.ipv6Fragment(next.protocol, 0, false, next.bytes) };
      if (kind === 51) return { protocol: 51, bytes: build.authentication(next.protocol, next.bytes) };
      const routing = build.concat(build.u8(next.protocol, 0, 0, 0, 0, 0, 0, 0), next.bytes);
      return { protocol: kind, bytes: kind === 43 ? routing : build.ipv6Extension(next.protocol, next.bytes, 16) };
    },
    { protocol, bytes },
  );
}

function overIpv6(inner: fc.Arbitrary<Upper>): fc.Arbitrary<Uint8Array> {
  const chains = fc.constantFrom([], [], [], [0], [60], [43], [44], [0, 60, 43, 44, 51, 60], [0, 44], [51]);
  return fc
    .record({ inner, chain: chains, source: address6, destination: address6 })
    .map(({ inner: next, chain, ...fields }) => {
      const { protocol, bytes } = withExtensions(
        next.protocol === 1 ? { protocol: 58, bytes: echo6(next.bytes) } : next,
        chain,
      );
      return build.ipv6({ ...fields, nextHeader: protocol }, bytes);
    });
}

function echo6(icmp: Uint8Array): Uint8Array {
  return build.icmpv6(128, 0, 0x10001, icmp.subarray(8));
}

interface Packet {
  isIpv4: boolean;
  bytes: Uint8Array;
}

function ipPacket(inner: fc.Arbitrary<Upper>): fc.Arbitrary<Packet> {
  return fc.oneof(
    overIpv4(inner).map((bytes) => ({ isIpv4: true, bytes })),
    overIpv6(inner).map((bytes) => ({ isIpv4: false, bytes })),
  );
}

const etherTypeOf = (packet: Packet): number => (packet.isIpv4 ? ETHERTYPE.ipv4 : ETHERTYPE.ipv6);

/** The packet within a tunnel, as the payload of another IP packet. */
function tunnelled(inner: fc.Arbitrary<Packet>): fc.Arbitrary<Upper> {
  const optional = fc.option(fc.integer({ min: 0, max: 0xffffffff }), { nil: undefined });
  return fc.oneof(
    inner.map((packet) => ({ protocol: packet.isIpv4 ? 4 : 41, bytes: packet.bytes })),
    fc
      .record({ packet: inner, checksum: fc.boolean(), key: optional, sequence: optional })
      .map(({ packet, ...gre }) => ({
        protocol: 47,
        bytes: build.gre({ ...gre, protocol: etherTypeOf(packet) }, packet.bytes),
      })),
    inner.map((packet) => ({
      protocol: 47,
      bytes: build.gre({ protocol: 0x6558 }, build.ethernet(etherTypeOf(packet), packet.bytes)),
    })),
    fc.tuple(inner, port).map(([packet, from]) => ({
      protocol: 17,
      bytes: build.udp(from, 4789, build.vxlan(7, build.ethernet(etherTypeOf(packet), packet.bytes))),
    })),
  );
}

const plain = ipPacket(upper);
const once = ipPacket(tunnelled(plain));
const anyPacket = fc.oneof(plain, plain, once, ipPacket(tunnelled(once)));

/** Tags, PPPoE or labels between Ethernet and IP. */
const ethernetFrame = fc
  .record({ packet: anyPacket, tags: fc.array(fc.integer({ min: 1, max: 4094 }), { maxLength: 3 }), shim: fc.nat(5) })
  .map(({ packet, tags, shim }) => {
    let type = etherTypeOf(packet);
    let bytes = packet.bytes;
    if (shim === 1) {
      bytes = build.pppoe(packet.isIpv4 ? 0x21 : 0x57, bytes);
      type = ETHERTYPE.pppoeSession;
    } else if (shim === 2) {
      bytes = build.mpls([1000, 2000], bytes);
      type = ETHERTYPE.mpls;
    } else if (shim === 3) {
      bytes = build.concat(build.hex('aaaa03000000'), build.u16(type), bytes);
      type = bytes.length;
    }
    for (const id of tags) {
      bytes = build.vlan(id, type, bytes);
      type = ETHERTYPE.vlan;
    }
    return build.ethernet(type, bytes);
  });

/** What tshark reads otherwise, for reasons of its own; decode.test.ts has these. */
const NOT_COMPARED = new Set([
  'MPLS pseudowire', // its heuristics prefer a frame without control word here
  'VXLAN with ARP', // it does not know Linux's old port
  'OSPF', // its fields stop at a malformed body
]);

describe.skipIf(!hasTshark)(`tshark agrees${hasTshark ? '' : ' (skipped: tshark is not installed)'}`, () => {
  const compared = FRAMES.filter((frame) => !NOT_COMPARED.has(frame.name));
  const linkTypes = [...new Set(compared.map((frame) => frame.linkType))];

  it.each(linkTypes)('on one frame of each kind, link type %i', (linkType) => {
    const frames = compared.filter((frame) => frame.linkType === linkType).map((frame) => frame.bytes);
    expect(compare(linkType, frames, false)).toBe(frames.length);
  });

  it.each([false, true])('on 1000 random nested Ethernet frames, decapsulation %s', (decapsulate) => {
    const frames = fc.sample(ethernetFrame, { seed: 20261121, numRuns: 1000 });
    expect(compare(LINKTYPE.ethernet, frames, decapsulate)).toBe(1000);
  });

  it('on 200 random raw IP packets, decapsulated', () => {
    const frames = fc.sample(anyPacket, { seed: 4, numRuns: 200 }).map((packet) => packet.bytes);
    expect(compare(LINKTYPE.raw, frames, true)).toBe(200);
  });
});
