import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileBpf, ExpressionFilter } from '../../filters/bpf.ts';
import { runBpf } from '../../filters/bpf-interpreter.ts';
import type { DecodedBpf } from '../../filters/bpf-program.ts';
import { ANCILLARY, ANCILLARY_BASE, decodeBpf } from '../../filters/bpf-program.ts';
import { translateBpf } from '../../filters/bpf-translator.ts';
import type { BpfProgram } from '../../src/base/bpf-program.ts';
import { compileExpression, offlineFilter } from '../../src/native/libpcap.ts';
import { LINKTYPE } from '../../src/wire/numbers.ts';
import { PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import * as build from '../support/packets.ts';

type Instruction = readonly [code: number, jt: number, jf: number, k: number];

function program(...instructions: Instruction[]): BpfProgram {
  const bytes = Buffer.alloc(instructions.length * 8);
  for (const [n, [code, jt, jf, k]] of instructions.entries()) {
    bytes.writeUInt16LE(code, n * 8);
    bytes.writeUInt8(jt, n * 8 + 2);
    bytes.writeUInt8(jf, n * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, n * 8 + 4);
  }
  return { instructions: bytes };
}

interface Runners {
  decoded: DecodedBpf;
  translated: ReturnType<typeof translateBpf>;
}

const runnersOf = new WeakMap<BpfProgram, Runners>();

/** Translating takes longer than running: once per program. */
function runners(code: BpfProgram): Runners {
  let made = runnersOf.get(code);
  if (made === undefined) {
    const decoded = decodeBpf(code);
    made = { decoded, translated: translateBpf(decoded) };
    runnersOf.set(code, made);
  }
  return made;
}

/** Both runners' answers for one packet, which must agree. */
function answer(code: BpfProgram, packet: build.PacketLike, linkType?: number): number {
  const batch = build.packetBatch([build.filler(33, 200), packet], linkType);
  const { decoded, translated } = runners(code);
  const interpreted = runBpf(decoded, batch, 1);
  expect(translated === null).toBe(decoded.loops);
  if (translated !== null) expect(translated(batch, 1)).toBe(interpreted);
  return interpreted;
}

const A = { source: '10.0.0.1', destination: '10.0.0.2' };
const A6 = { source: '2001:db8::1', destination: '2001:db8::2' };
const ipv4 = (protocol: number, payload: Uint8Array): Uint8Array =>
  build.ethernet(0x0800, build.ipv4({ ...A, protocol }, payload));
const ipv6 = (nextHeader: number, payload: Uint8Array): Uint8Array =>
  build.ethernet(0x86dd, build.ipv6({ ...A6, nextHeader }, payload));

/** Frames that the expressions below can tell apart. */
const FRAMES: readonly Uint8Array[] = [
  ipv4(6, build.tcp({ sourcePort: 40_000, destinationPort: 80 }, build.filler(40))),
  ipv4(6, build.tcp({ sourcePort: 443, destinationPort: 8050 })),
  ipv4(17, build.udp(5353, 53, build.filler(20))),
  ipv4(1, build.icmp(8, 0)),
  ipv6(6, build.tcp({ sourcePort: 22, destinationPort: 50_000 })),
  ipv6(17, build.udp(8000, 8100, build.filler(9))),
  ipv6(58, build.icmpv6(128, 0)),
  ipv6(0, build.ipv6Extension(6, build.tcp({ sourcePort: 1, destinationPort: 80 }))),
  build.ethernet(0x0806, build.arp()),
  build.ethernet(0x8100, build.vlan(10, 0x0800, build.ipv4({ ...A, protocol: 17 }, build.udp(7777, 7778)))),
  build.pad(build.llc(0x42, 0x42, 3, build.filler(35))),
  build.ethernet(
    0x8864,
    build.pppoe(0x0021, build.ipv4({ ...A, protocol: 6 }, build.tcp({ sourcePort: 80, destinationPort: 9 }))),
  ),
  ipv4(132, build.sctp(80, 81)),
  build.ethernet(
    0x0800,
    build.ipv4({ ...A, protocol: 6, options: build.hex('01010101'), identification: 0xff00 }, build.tcp({ flags: 2 })),
  ),
  build.ethernet(
    0x0800,
    build.ipv4({ ...A, protocol: 17, destination: '239.1.2.3' }, build.udp(1, 2, build.filler(1000))),
    { destination: '01:00:5e:01:02:03' },
  ),
];

/** Expressions as the documents that operators learn from have them, and what libpcap makes of every kind of load. */
const EXPRESSIONS: readonly string[] = [
  '',
  'ip',
  'ip6',
  'arp',
  'icmp',
  'tcp port 80',
  'port 443',
  'udp port 53',
  'tcp and port 22',
  'not port 22',
  'portrange 8000-8100',
  'src portrange 1-1024',
  'host 10.0.0.1',
  'src host 10.0.0.1 and dst host 10.0.0.2',
  'net 10.0.0.0/8',
  'not net 10.0.0.0/30',
  'ip6 host 2001:db8::1',
  'ether host 02:00:00:00:00:0a',
  'ether broadcast or ether multicast',
  'tcp[tcpflags] & (tcp-syn|tcp-fin) != 0',
  'tcp[13] & 2 != 0 and tcp[tcpflags] & tcp-ack == 0',
  'ip[0] & 0xf > 5',
  'ip[8] * 2 + ip[9] / 3 - 7 > 100',
  'ip[2:2] % 7 = 3',
  'ip[4:4] ^ 0x55aa55aa > 1000000',
  'ip[2:2] << 3 >> 2 > 100',
  'ip[ip[0] & 0xf] != 7',
  'len >= 60 and less 100',
  'greater 1000',
  'vlan',
  'vlan 10 and udp port 7777',
  'pppoes and tcp port 80',
  'mpls or llc',
  'ip6 protochain 6',
  'ip protochain 17',
  'sctp port 80',
  'tcp port 80 or (udp and not (host 10.0.0.9 or net 192.168.0.0/16))',
  'ether[0] & 1 = 1 and ip[16] >= 224',
];

describe('against pcap_offline_filter', () => {
  test.each(EXPRESSIONS.map((expression) => [expression]))(
    '%j says the same of every frame, cut at every byte',
    (expression) => {
      const code = compileExpression(expression, LINKTYPE.ethernet, 262_144);
      let accepted = 0;
      for (const frame of FRAMES) {
        for (let captured = 0; captured <= frame.length; captured += captured < 100 ? 1 : 97) {
          const expected = offlineFilter(code, frame.subarray(0, captured), frame.length);
          expect(answer(code, { bytes: frame, capturedLength: captured })).toBe(expected);
        }
        if (offlineFilter(code, frame, frame.length) !== 0) accepted++;
      }
      expect(accepted, 'an expression that accepts nothing tests nothing').toBeGreaterThan(0);
    },
  );

  test('the table of expressions is whole', () => expect(EXPRESSIONS.length).toBe(38));

  const hostArbitrary = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.9', '2001:db8::1');
  const primitive = fc.oneof(
    hostArbitrary.map((host) => `host ${host}`),
    fc.constantFrom('tcp', 'udp', 'icmp', 'icmp6', 'ip', 'ip6', 'arp', 'vlan', 'ip protochain 6'),
    fc.integer({ min: 0, max: 65_535 }).map((port) => `port ${port}`),
    fc.constantFrom(53, 80, 443, 8050).map((port) => `dst port ${port}`),
    fc
      .tuple(
        fc.constantFrom('ether', 'ip', 'tcp', 'udp', 'ip6', 'icmp'),
        fc.integer({ min: 0, max: 60 }),
        fc.constantFrom(1, 2, 4),
        fc.constantFrom('&', '|', '+', '-', '*', '/', '%', '^'),
        fc.integer({ min: 1, max: 0xffff_ffff }),
        fc.constantFrom('=', '!=', '>', '<', '>=', '<='),
        fc.integer({ min: 0, max: 0xffff_ffff }),
      )
      .map(
        ([layer, at, size, operator, operand, relation, value]) =>
          `${layer}[${at}:${size}] ${operator} ${operand} ${relation} ${value}`,
      ),
    fc
      .tuple(fc.constantFrom('ip', 'tcp', 'ether'), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 255 }))
      .map(([layer, at, value]) => `${layer}[${layer}[${at}] & 0x1f] - len > ${value}`),
  );
  const expressionArbitrary = fc
    .tuple(primitive, fc.array(fc.tuple(fc.constantFrom('and', 'or', 'and not'), primitive), { maxLength: 4 }))
    .map(([first, rest]) => rest.reduce((text, [word, next]) => `(${text}) ${word} ${next}`, first));

  test('any expression says the same of any mutated frame', () => {
    let compiled = 0;
    const property = fc.property(
      expressionArbitrary,
      fc.boolean(),
      fc.constantFrom(...FRAMES),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
      fc.nat(),
      (expression, optimize, frame, changes, cut) => {
        let code: BpfProgram;
        try {
          code = compileExpression(expression, LINKTYPE.ethernet, 65_535, optimize);
        } catch {
          // libpcap refuses what can never match; its parser is not under test.
          return;
        }
        compiled++;
        const bytes = frame.slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const capturedLength = cut % (bytes.length + 1);
        const expected = offlineFilter(code, bytes.subarray(0, capturedLength), bytes.length);
        expect(answer(code, { bytes, capturedLength })).toBe(expected);
      },
    );
    fc.assert(property, { numRuns: 3000 });
    expect(compiled).toBeGreaterThan(1000);
  });

  test.each([LINKTYPE.null, LINKTYPE.raw, LINKTYPE.linuxCooked, LINKTYPE.linuxCooked2, LINKTYPE.ppp])(
    'programs for link type %i say the same of random bytes',
    (linkType) => {
      const code = compileExpression('tcp port 80 or udp or host 10.0.0.1 or ip[6] & 1 = 1', linkType, 65_535);
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 90 }), (bytes) => {
          expect(answer(code, bytes, linkType)).toBe(offlineFilter(code, bytes, bytes.length));
        }),
      );
    },
  );
});

describe('instructions that libpcap does not make', () => {
  const RET_A: Instruction = [0x16, 0, 0, 0];
  const ldImmediate = (k: number): Instruction => [0x00, 0, 0, k];
  const ldxImmediate = (k: number): Instruction => [0x01, 0, 0, k];
  const alu = (operation: number, a: number, x: number): number =>
    answer(program(ldImmediate(a), ldxImmediate(x), [0x0c | operation, 0, 0, 0], RET_A), build.filler(20));

  test.each([
    ['addition wraps', 0x00, 0xffff_ffff, 2, 1],
    ['subtraction wraps', 0x10, 1, 2, 0xffff_ffff],
    ['multiplication keeps the low word', 0x20, 0xffff_ffff, 0xffff_ffff, 1],
    ['division is unsigned', 0x30, 0xffff_fffe, 2, 0x7fff_ffff],
    ['division of the largest by 1', 0x30, 0xffff_ffff, 1, 0xffff_ffff],
    ['division by zero rejects', 0x30, 7, 0, 0],
    ['or', 0x40, 0x8000_0001, 2, 0x8000_0003],
    ['and', 0x50, 0xff00_ff00, 0x8000_8000, 0x8000_8000],
    ['shift left', 0x60, 1, 31, 0x8000_0000],
    ['shift left by 32 empties', 0x60, 0xffff_ffff, 32, 0],
    ['shift right is unsigned', 0x70, 0x8000_0000, 31, 1],
    ['shift right by more than 31 empties', 0x70, 0xffff_ffff, 0xffff_ffff, 0],
    ['negation', 0x80, 1, 0, 0xffff_ffff],
    ['remainder is unsigned', 0x90, 0xffff_ffff, 10, 5],
    ['remainder by zero rejects', 0x90, 7, 0, 0],
    ['exclusive or', 0xa0, 0xffff_ffff, 0x0f0f_0f0f, 0xf0f0_f0f0],
  ])('%s', (_, operation, a, x, expected) => expect(alu(operation, a, x)).toBe(expected));

  test.each([
    [0x1d, 0xffff_ffff, 0xffff_ffff, true],
    [0x2d, 0xffff_ffff, 1, true],
    [0x2d, 1, 0xffff_ffff, false],
    [0x3d, 0x8000_0000, 0x8000_0000, true],
    [0x4d, 0x8000_0000, 0xc000_0000, true],
    [0x4d, 1, 2, false],
  ])('jump %i compares %i with X = %i unsigned', (code, a, x, taken) => {
    const jumping = program(ldImmediate(a), ldxImmediate(x), [code, 1, 0, 0], [6, 0, 0, 5], [6, 0, 0, 9]);
    expect(answer(jumping, build.filler(20))).toBe(taken ? 9 : 5);
  });

  test('memory keeps A and X, and is empty at first', () => {
    const through = program(
      ldImmediate(7),
      [0x02, 0, 0, 15],
      ldxImmediate(9),
      [0x03, 0, 0, 0],
      [0x61, 0, 0, 15],
      [0x60, 0, 0, 0],
      [0x0c, 0, 0, 0],
      RET_A,
    );
    expect(answer(through, build.filler(20))).toBe(16);
    expect(answer(program([0x60, 0, 0, 3], RET_A), build.filler(20))).toBe(0);
  });

  test('an indirect load far beyond the packet rejects, also where the sum of offsets wraps', () => {
    const wrapping = program(ldxImmediate(0xffff_fffe), [0x50, 0, 0, 4], [6, 0, 0, 1]);
    expect(answer(wrapping, build.filler(20))).toBe(0);
  });

  test('an endless loop is left after a while and rejects', () => {
    expect(answer(program([0x05, 0, 0, -1], [6, 0, 0, 1]), build.filler(20))).toBe(0);
  });

  const facts = { bytes: FRAMES[0], packetType: PACKET_TYPE.outgoing, strippedTag: 0x88a8_0123, interfaceSlot: 3 };
  test.each([
    ['protocol', ANCILLARY.protocol, 0x0800],
    ['packet type', ANCILLARY.packetType, 4],
    ['hardware type', ANCILLARY.hardwareType, 1],
    ['mark', ANCILLARY.mark, 0],
    ['VLAN tag', ANCILLARY.vlanTag, 0x123],
    ['VLAN tag present', ANCILLARY.vlanTagPresent, 1],
    ['VLAN TPID', ANCILLARY.vlanTpid, 0x88a8],
  ])('ancillary load of %s', (_, which, expected) => {
    expect(answer(program([0x20, 0, 0, ANCILLARY_BASE + which], RET_A), facts)).toBe(expected);
  });

  test.each([
    ['802.2', build.llc(0x42, 0x42, 3, build.filler(35)), 4],
    ['Novell', build.ethernet(30, build.concat(build.u16(0xffff), build.filler(28))), 1],
    ['no payload at all', build.ethernet(30, new Uint8Array(0)), 4],
  ])("the protocol of an 802.3 frame is the kernel's name for it: %s", (_, bytes, expected) => {
    expect(answer(program([0x20, 0, 0, ANCILLARY_BASE + ANCILLARY.protocol], RET_A), bytes)).toBe(expected);
  });

  test.each([
    ['an empty program', program()],
    ['half an instruction', { instructions: new Uint8Array(12) }],
    ['no return at the end', program([0x00, 0, 0, 1])],
    ['a jump beyond the end', program([0x15, 1, 0, 0], [6, 0, 0, 0])],
    ['a jump before the beginning', program([0x05, 0, 0, -2], [6, 0, 0, 0])],
    ['a long jump beyond the end', program([0x05, 0, 0, 0x7fff_ffff], [6, 0, 0, 0])],
    ['memory slot 16', program([0x02, 0, 0, 16], [6, 0, 0, 0])],
    ['division by the constant zero', program([0x34, 0, 0, 0], [6, 0, 0, 0])],
    ['a shift by the constant 32', program([0x64, 0, 0, 32], [6, 0, 0, 0])],
    ['an unknown ancillary load', program([0x20, 0, 0, ANCILLARY_BASE + 12], [6, 0, 0, 0])],
    ['an unknown opcode', program([0xffff, 0, 0, 0], [6, 0, 0, 0])],
    ['a load of 8 bytes', program([0x38, 0, 0, 0], [6, 0, 0, 0])],
  ])('%s is refused', (_, code) => expect(() => decodeBpf(code)).toThrow(/BPF/));
});

describe('a frame whose VLAN tag was stripped', () => {
  test.each(EXPRESSIONS.map((expression) => [expression]))(
    '%j sees it as if the tag were in place, cut at every byte',
    (expression) => {
      const code = compileExpression(expression, LINKTYPE.ethernet, 262_144);
      for (const frame of FRAMES) {
        const tagged = build.concat(frame.subarray(0, 12), build.u16(0x8100, 0x600a), frame.subarray(12));
        for (let captured = 12; captured <= frame.length; captured += captured < 70 ? 1 : 97) {
          const expected = offlineFilter(code, tagged.subarray(0, captured + 4), tagged.length);
          expect(answer(code, { bytes: frame, capturedLength: captured, strippedTag: 0x8100_600a })).toBe(expected);
        }
      }
    },
  );

  test('is left as it is for a program that asks for the tag beside it', () => {
    const etherTypeIfTagged = program(
      [0x20, 0, 0, ANCILLARY_BASE + ANCILLARY.vlanTagPresent],
      [0x15, 0, 1, 1],
      [0x28, 0, 0, 12],
      [0x16, 0, 0, 0],
    );
    expect(answer(etherTypeIfTagged, { bytes: FRAMES[0], strippedTag: 0x8100_000a })).toBe(0x0800);
  });

  test('too short to hold a tag stays short', () => {
    const lastByte = program([0x30, 0, 0, 11], [6, 0, 0, 1]);
    expect(answer(lastByte, { bytes: build.filler(11), strippedTag: 0x8100_000a })).toBe(0);
  });
});

describe('ExpressionFilter', () => {
  test('compiles once per link type and counts what it rejects', () => {
    const compiled: number[] = [];
    const filter = new ExpressionFilter('udp', (linkType) => {
      compiled.push(linkType);
      return compileExpression('udp', linkType, 262_144);
    });
    const raw = build.ipv4({ ...A, protocol: 17 }, build.udp(1, 2));
    const batch = build.packetBatch([
      FRAMES[0],
      FRAMES[2],
      { bytes: raw, linkType: LINKTYPE.raw },
      FRAMES[8],
      FRAMES[5],
    ]);
    const selected = new Uint8Array(256).fill(9);
    expect(filter.select(batch, selected)).toBe(2);
    expect(filter.select(batch, selected)).toBe(2);
    expect([...selected.subarray(0, 6)]).toEqual([0, 1, 1, 0, 1, 9]);
    expect(compiled).toEqual([LINKTYPE.ethernet, LINKTYPE.raw]);
  });

  test('hands on what the compiler throws', () => {
    const filter = new ExpressionFilter('nonsense words', (linkType) =>
      compileExpression('nonsense words', linkType, 96),
    );
    expect(() => filter.select(build.packetBatch([FRAMES[0]]), new Uint8Array(256))).toThrow(/syntax error/);
  });

  test('runs a list of hosts that is too long to translate', () => {
    const hosts = Array.from({ length: 800 }, (_, n) => `ip src host 10.1.${n >> 8}.${n & 255}`).join(' or ');
    const code = compileExpression(`${hosts} or ip dst host 10.0.0.2`, LINKTYPE.ethernet, 262_144, false);
    expect(translateBpf(decodeBpf(code))).toBeNull();
    const run = compileBpf(code);
    const batch = build.packetBatch([FRAMES[0], FRAMES[4]]);
    expect([run(batch, 0), run(batch, 1)]).toEqual([262_144, 0]);
  });
});
