import { describe, expect, it } from 'vitest';
import { runBpf } from '../../filters/bpf-interpreter.ts';
import {
  ANCILLARY,
  type DecodedBpf,
  decodeBpf,
  INSTRUCTION_BYTES,
  MAXIMUM_INSTRUCTIONS,
} from '../../filters/bpf-program.ts';
import { kernelProgram, prefilterProgram } from '../../filters/prefilter.ts';
import type { PreparedFilter, PreparedNetwork, PreparedRule } from '../../filters/prepared.ts';
import type { BpfProgram } from '../../src/base/bpf-program.ts';
import { compileExpression } from '../../src/native/libpcap.ts';
import { AF, attachFilter, closeDescriptor, openSocket, SOCK } from '../../src/native/sockets.ts';
import { LINKTYPE } from '../../src/wire/numbers.ts';
import { PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import { Random } from '../fuzz/random.ts';
import { bpfListing, kernelDecoded } from '../support/bpf.ts';
import { compiledExpression } from '../support/filters.ts';
import { expectGolden } from '../support/golden.ts';
import * as build from '../support/packets.ts';
import { ANY, preparedNetwork, preparedRule } from '../support/random-filter.ts';
import { randomFrame } from '../support/random-frames.ts';

const V4_MAPPED = [0, 0, 0xffff] as const;

function filterOf(rules: PreparedRule[], unmatched: 'keep' | 'drop' = 'drop'): PreparedFilter {
  return { text: 'test', rules, unmatched, local: [] };
}

describe('what it can and cannot drop', () => {
  const web = preparedRule({
    protocols: { ip: [[6, 6]], networks: [], etherTypes: [] },
    destination: { ...ANY, ports: [[80, 80]] },
  });
  const program = (filter: PreparedFilter, decapsulate = false): DecodedBpf => {
    const made = kernelProgram(filter, { decapsulate });
    if (made === null) throw new Error('there is no program');
    return kernelDecoded(made.program);
  };
  const accepts = (filter: PreparedFilter, packet: build.PacketLike, decapsulate = false): boolean =>
    runBpf(program(filter, decapsulate), build.packetBatch([packet]), 0) !== 0;
  const A = { source: '10.0.0.1', destination: '10.0.0.2' };
  const tcp = (port: number): Uint8Array => build.tcp({ sourcePort: 40_000, destinationPort: port });
  const ipv4 = (fields: Partial<build.Ipv4Fields>, payload: Uint8Array): Uint8Array =>
    build.ethernet(0x0800, build.ipv4({ ...A, protocol: 6, ...fields }, payload));

  it.each([
    ['the port', ipv4({}, tcp(80)), true],
    ['another port', ipv4({}, tcp(81)), false],
    ['the port as source', ipv4({}, build.tcp({ sourcePort: 80, destinationPort: 9 })), true],
    ['another protocol', ipv4({ protocol: 17 }, build.udp(80, 80)), false],
    ['IPv6', build.ethernet(0x86dd, build.ipv6({ nextHeader: 6 }, tcp(80))), true],
    ['IPv6 with another port', build.ethernet(0x86dd, build.ipv6({ nextHeader: 6 }, tcp(81))), false],
    ['ARP', build.ethernet(0x0806, build.arp()), false],
    ['a later fragment', ipv4({ fragmentOffset: 1480 }, tcp(81)), true],
    ['a first fragment', ipv4({ moreFragments: true }, tcp(81)), true],
    ['options', ipv4({ options: build.hex('01010101') }, tcp(81)), true],
    [
      'an extension header',
      build.ethernet(0x86dd, build.ipv6({ nextHeader: 60 }, build.ipv6Extension(6, tcp(81)))),
      true,
    ],
    ['a tag', build.ethernet(0x8100, build.vlan(5, 0x0800, build.ipv4({ ...A, protocol: 6 }, tcp(81)))), true],
    ['PPPoE', build.ethernet(0x8864, build.pppoe(0x21, build.ipv4({ ...A, protocol: 6 }, tcp(81)))), true],
    ['MPLS', build.ethernet(0x8847, build.mpls([9], build.ipv4({ ...A, protocol: 6 }, tcp(81)))), true],
    ['LLC', build.llc(0x42, 0x42, 3, build.filler(40)), true],
    ['a frame without a type', build.filler(13), true],
    ['a cut IPv4 header', ipv4({}, tcp(81)).subarray(0, 33), true],
    ['a packet that ends before its ports', ipv4({ totalLength: 22 }, tcp(81)), true],
    ['a packet cut off before its ports', ipv4({ totalLength: 20 }, tcp(81)).subarray(0, 34), true],
    ['a total length beyond the frame', ipv4({ totalLength: 1500 }, tcp(81)), true],
  ])('tcp port 80: %s', (_, bytes, expected) => expect(accepts(filterOf([web]), bytes)).toBe(expected));

  it('judges a packet whose tag the kernel stripped, and packets of links without Ethernet pass', () => {
    expect(accepts(filterOf([web]), { bytes: ipv4({}, tcp(81)), strippedTag: 0x8100_0005 })).toBe(false);
    expect(accepts(filterOf([web]), { bytes: ipv4({}, tcp(81)).subarray(14), linkType: LINKTYPE.raw })).toBe(true);
  });

  it('judges the VLAN that the kernel stripped', () => {
    const filter = filterOf([preparedRule({ vlans: { ranges: [[10, 20]], untagged: false } })]);
    const tagged = (tag: number): boolean => accepts(filter, { bytes: ipv4({}, tcp(81)), strippedTag: tag });
    expect([0x8100_000a, 0x8100_e014, 0x88a8_0015, 0x8100_0000, 0].map(tagged)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('judges the direction by the packet type, and not where that does not tell', () => {
    const filter = filterOf([preparedRule({ direction: 'in' })]);
    const types = [
      PACKET_TYPE.host,
      PACKET_TYPE.broadcast,
      PACKET_TYPE.otherHost,
      PACKET_TYPE.outgoing,
      PACKET_TYPE.unknown,
    ];
    const accepted = types.map((packetType) => accepts(filter, { bytes: ipv4({}, tcp(80)), packetType }));
    expect(accepted).toEqual([true, true, true, false, true]);
  });

  it('lets tunnels pass where they are opened, and only there', () => {
    const inside = build.ipv4({ ...A, protocol: 6 }, tcp(80));
    const tunnels = [
      ipv4({ protocol: 4 }, inside),
      ipv4({ protocol: 47 }, build.gre({ protocol: 0x0800 }, inside)),
      ipv4({ protocol: 51 }, build.authentication(6, tcp(80))),
      ipv4({ protocol: 17 }, build.udp(5, 4789, build.vxlan(1, ipv4({}, tcp(80))))),
      ipv4({ protocol: 17 }, build.udp(5, 4790, build.vxlan(1, ipv4({}, tcp(80))))),
    ];
    expect(tunnels.map((bytes) => accepts(filterOf([web]), bytes, true))).toEqual([true, true, true, true, false]);
    expect(tunnels.map((bytes) => accepts(filterOf([web]), bytes))).toEqual([false, false, false, false, false]);
  });

  it('takes what the kernel cannot judge as matching where that lets packets pass, and as not matching where it drops', () => {
    const onEth0 = { interfaces: ['eth0'] };
    const included = filterOf([preparedRule({ ...web, ...onEth0 })]);
    const excluded = filterOf([preparedRule({ ...web, ...onEth0, include: false }), web]);
    expect([80, 81].map((port) => accepts(included, ipv4({}, tcp(port))))).toEqual([true, false]);
    expect([80, 81].map((port) => accepts(excluded, ipv4({}, tcp(port))))).toEqual([true, false]);
    expect(kernelProgram(included, { decapsulate: false })?.exact).toBe(false);
    expect(kernelProgram(filterOf([web]), { decapsulate: false })?.exact).toBe(true);
  });

  it.each([
    ['no rule, all kept', filterOf([], 'keep')],
    ['a rule that takes everything', filterOf([preparedRule()])],
    ['a rule that takes everything before one that drops', filterOf([preparedRule(), { ...web, include: false }])],
    ['an expression beside others', filterOf([preparedRule({ expression: compiledExpression('arp') }), web])],
    [
      'an expression that drops',
      filterOf([preparedRule({ include: false, expression: compiledExpression('arp') })], 'keep'),
    ],
    [
      'an expression that the kernel cannot run',
      filterOf([preparedRule({ expression: compiledExpression('ip6 protochain 6') })]),
    ],
    ['a rule that drops on some interface', filterOf([preparedRule({ include: false, interfaces: ['lo'] })], 'keep')],
    ['a rule that drops nothing', filterOf([preparedRule({ include: false, interfaces: [] })], 'keep')],
  ])('there is none for %s', (_, filter) => expect(kernelProgram(filter, { decapsulate: false })).toBeNull());

  it('drops everything where nothing is included', () => {
    const none = filterOf([preparedRule({ source: { ...ANY, networks: [] } })]);
    expect(accepts(none, ipv4({}, tcp(80)))).toBe(false);
  });

  it('is the superset of an expression that stands alone', () => {
    const filter = filterOf([preparedRule({ expression: compiledExpression('udp port 53') })]);
    expect(accepts(filter, ipv4({ protocol: 17 }, build.udp(53, 9)))).toBe(true);
    expect(accepts(filter, ipv4({ protocol: 17 }, build.udp(54, 9)))).toBe(false);
    expect(accepts(filter, { bytes: ipv4({ protocol: 17 }, build.udp(54, 9)), strippedTag: 0x8100_0005 })).toBe(true);
  });

  it('finds each of many addresses and no other, in both directions', () => {
    const hosts = Array.from({ length: 200 }, (_, n) => `10.${n % 7}.${n}.${(n * 37) % 251}`);
    const filter = filterOf([
      preparedRule({ destination: { ...ANY, networks: hosts.map((host) => preparedNetwork(host)) } }),
    ]);
    const decoded = program(filter);
    for (const host of hosts) {
      const next = host.replace(/\d+$/, (last) => String(Number(last) + 1));
      const frames = [
        ipv4({ source: host, destination: '1.2.3.4' }, tcp(80)),
        ipv4({ source: '1.2.3.4', destination: host }, tcp(80)),
        ipv4({ source: next, destination: next }, tcp(80)),
      ];
      const batch = build.packetBatch(frames);
      expect(frames.map((_, i) => runBpf(decoded, batch, i) !== 0)).toEqual([true, true, false]);
    }
    expect(decoded.length).toBeLessThan(600);
  });

  it.each([4, 6] as const)('finds what is in any of many networks of IPv%i, and nothing else', (family) => {
    const few = [0, 1, 0x8000_0000, 0xff00_00ff, 0xffff_ffff];
    const seen = { found: 0, missed: 0 };
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const address = (): Uint32Array =>
        Uint32Array.from({ length: 4 }, (_, n) =>
          family === 4 && n < 3 ? V4_MAPPED[n] : random.oneIn(4) ? random.word() : random.pick(few),
        );
      const networks = Array.from({ length: 1 + random.below(100) }, (): PreparedNetwork => {
        const bits = family === 4 ? 4 + random.below(29) : random.pick([20, 32, 33, 48, 64, 72, 96, 120, 128, 128]);
        const { mask } = preparedNetwork(`${family === 4 ? '0.0.0.0' : '::'}/${bits}`);
        if (random.oneIn(20)) mask[3] = 0x00ff_ff0f;
        return { family, words: address().map((word, n) => word & mask[n]), mask };
      });
      const filter = filterOf([preparedRule({ source: { ...ANY, networks }, bothWays: false })]);
      const decoded = program(filter);
      for (let n = 0; n < 60; n++) {
        const [wanted, words] = [random.pick(networks), address()];
        if (random.oneIn(2)) for (let k = 0; k < 4; k++) words[k] = wanted.words[k] | (words[k] & ~wanted.mask[k]);
        const found = networks.some(({ words: network, mask }) =>
          network.every((word, k) => (words[k] & mask[k]) >>> 0 === word),
        );
        const frame = family === 4 ? ipv4({}, tcp(80)) : build.ethernet(0x86dd, build.ipv6({ nextHeader: 6 }, tcp(80)));
        frame.set(family === 4 ? build.u32(words[3]) : build.u32(...words), family === 4 ? 26 : 22);
        expect(runBpf(decoded, build.packetBatch([frame]), 0) !== 0, `seed ${seed}, ${n}`).toBe(found);
        seen[found ? 'found' : 'missed']++;
      }
    }
    expect(Math.min(seen.found, seen.missed)).toBeGreaterThan(200);
  });

  it('may be longer than the kernel takes: whoever attaches it says so', () => {
    const hosts = Array.from({ length: 2000 }, (_, n) => preparedNetwork(`10.0.${n >> 7}.${(n & 127) * 2}`));
    const made = kernelProgram(filterOf([preparedRule({ source: { ...ANY, networks: hosts } })]), {
      decapsulate: false,
    });
    expect((made?.program.instructions.length ?? 0) / INSTRUCTION_BYTES).toBeGreaterThan(MAXIMUM_INSTRUCTIONS);
  });

  it('reads like this', () => {
    const made = kernelProgram(filterOf([web]), { decapsulate: false });
    expectGolden('prefilter-tcp-port-80.txt', bpfListing(made?.program as BpfProgram));
  });
});

describe('the pre-filter of an expression', () => {
  const udp = compileExpression('udp port 7777', LINKTYPE.ethernet, 300);
  const run = (packet: build.PacketLike): number =>
    runBpf(decodeBpf(prefilterProgram(udp) as BpfProgram), build.packetBatch([packet]), 0);
  const frame = (port: number): Uint8Array => build.ethernet(0x0800, build.ipv4({ protocol: 17 }, build.udp(port, 9)));

  it('lets packets with a stripped tag and of other links pass, and judges the rest', () => {
    expect(run(frame(7777))).toBe(300);
    expect(run(frame(7778))).toBe(0);
    expect(run({ bytes: frame(7778), strippedTag: 0x8100_0001 })).toBe(300);
    expect(run({ bytes: frame(7778).subarray(14), linkType: LINKTYPE.raw })).toBe(300);
  });

  it('is none where the program jumps back', () => {
    expect(prefilterProgram(compileExpression('ip6 protochain 6', LINKTYPE.ethernet, 300))).toBeNull();
  });

  it('passes what the program passes in user space', () => {
    const expressions = ['vlan 10', 'tcp', 'not host 10.0.0.1', 'ether broadcast', 'greater 100', 'ip[8] > 3', ''];
    const programs = expressions.map((text) => compileExpression(text, LINKTYPE.ethernet, 300));
    let passed = 0;
    for (let seed = 1; seed <= 2000; seed++) {
      const random = new Random(seed);
      const inUserSpace = random.pick(programs);
      const batch = build.packetBatch([randomFrame(random)]);
      if (batch.linkType[0] !== LINKTYPE.ethernet || runBpf(decodeBpf(inUserSpace), batch, 0) === 0) continue;
      passed++;
      expect(runBpf(decodeBpf(prefilterProgram(inUserSpace) as BpfProgram), batch, 0), `seed ${seed}`).not.toBe(0);
    }
    expect(passed).toBeGreaterThan(500);
  });
});

describe('a filter and an expression in one program', () => {
  const ports = filterOf([preparedRule({ source: { ...ANY, ports: [[53, 53]] } })]);
  const small = prefilterProgram(compileExpression('less 100', LINKTYPE.ethernet, 300)) as BpfProgram;
  const programOf = (behind: BpfProgram | null): BpfProgram =>
    kernelProgram(ports, { decapsulate: false, behind })?.program as BpfProgram;
  const both = programOf(small);
  const accepts = (program: BpfProgram, packet: build.PacketLike): boolean =>
    runBpf(kernelDecoded(program), build.packetBatch([packet]), 0) !== 0;

  it('drop what the filter drops, and of the plain packets that it takes those that the expression drops', () => {
    const datagram = (port: number, length: number): Uint8Array =>
      build.ethernet(0x0800, build.ipv4({ protocol: 17 }, build.udp(40_000, port, build.filler(length))));
    const packets = [datagram(53, 20), datagram(53, 200), datagram(54, 20), datagram(54, 200)];
    expect(packets.map((packet) => accepts(both, packet))).toEqual([true, false, false, false]);
  });

  it('let a first fragment pass that the expression drops: it has the ports of the later ones', () => {
    const payload = build.udp(40_000, 53, build.filler(192));
    const first = build.ethernet(0x0800, build.ipv4({ protocol: 17, moreFragments: true }, payload));
    expect(accepts(small, first)).toBe(false);
    expect(accepts(both, first)).toBe(true);
    // Also in front of a filter that the kernel cannot judge.
    const byInterface = filterOf(
      [preparedRule({ include: false, interfaces: ['eth0'], source: { ...ANY, ports: [[53, 53]] } })],
      'keep',
    );
    const made = kernelProgram(byInterface, { decapsulate: false, behind: small }) as { program: BpfProgram };
    expect(accepts(made.program, first)).toBe(true);
    expect(accepts(made.program, build.ethernet(0x0800, build.ipv4({ protocol: 17 }, payload)))).toBe(false);
  });

  it('let all pass that passes both', () => {
    const ofFilter = programOf(null);
    const counts = { passed: 0, dropped: 0 };
    for (let seed = 1; seed <= 1500; seed++) {
      const packet = randomFrame(new Random(seed));
      const passes = accepts(both, packet);
      counts[passes ? 'passed' : 'dropped']++;
      if (!passes) expect(accepts(ofFilter, packet) && accepts(small, packet), `seed ${seed}`).toBe(false);
    }
    expect(Math.min(counts.passed, counts.dropped)).toBeGreaterThan(200);
  });

  it('are one that the kernel takes', () => {
    const fd = openSocket(AF.inet, SOCK.datagram, 0);
    expect(() => attachFilter(fd, both.instructions)).not.toThrow();
    closeDescriptor(fd);
  });
});

it('asks for ancillary facts that the kernel has', () => {
  // Their numbers are those of linux/filter.h: SKF_AD_OFF + 4, 28, 44 and 48.
  const { packetType, hardwareType, vlanTag, vlanTagPresent } = ANCILLARY;
  expect([packetType, hardwareType, vlanTag, vlanTagPresent]).toEqual([4, 28, 44, 48]);
});
