/**
 * One rule of a filter as classic BPF, for one kind of packet: plain IPv4, plain IPv6, or no IP. What can be said when
 * the program is made (a rule for ports never matches ARP) costs no instruction.
 */
import { ETHERTYPE, hasPorts } from '../src/wire/numbers.ts';
import { PACKET_TYPE } from '../src/wire/packet-batch.ts';
import type { BpfAssembler } from './bpf-assembler.ts';
import { ANCILLARY } from './bpf-program.ts';
import { addressTest, macTest, rangeTest, type Test, testAll } from './bpf-search.ts';
import type { NumberRange, PreparedEndpoint, PreparedRule } from './prepared.ts';
import { commonRanges } from './ranges.ts';

/** Where an Ethernet frame of this kind has what rules ask for: bytes from its beginning. */
export interface PacketKind {
  network: 'ipv4' | 'ipv6' | 'other';
  /** IP protocol (8 bits), or the EtherType (16 bits) of what is no IP. */
  protocolAt: number;
  /** null: neither addresses nor ports. `firstWord`: of PreparedNetwork, what is the first one in the packet. */
  ip: { etherType: number; family: 4 | 6; firstWord: number; addressAt: Sides; portAt: Sides } | null;
}

interface Sides {
  source: number;
  destination: number;
}

export const KINDS = {
  ipv4: {
    network: 'ipv4',
    protocolAt: 23,
    ip: {
      etherType: ETHERTYPE.ipv4,
      family: 4,
      firstWord: 3,
      addressAt: { source: 26, destination: 30 },
      portAt: { source: 34, destination: 36 },
    },
  },
  ipv6: {
    network: 'ipv6',
    protocolAt: 20,
    ip: {
      etherType: ETHERTYPE.ipv6,
      family: 6,
      firstWord: 0,
      addressAt: { source: 22, destination: 38 },
      portAt: { source: 54, destination: 56 },
    },
  },
  other: { network: 'other', protocolAt: 12, ip: null },
} as const satisfies Record<string, PacketKind>;

const MAC_AT: Sides = { source: 6, destination: 0 };

/** IP protocols whose ports rules ask for. */
export const PORT_PROTOCOLS: readonly NumberRange[] = Array.from({ length: 256 }, (_, protocol) => protocol)
  .filter(hasPorts)
  .map((protocol) => [protocol, protocol] as const);

/**
 * What is to be tested of a packet of this kind for the rule to match; null: it never does; none: it always does.
 * Interfaces and expressions are left out: the kernel cannot judge them.
 */
export function ruleTests(rule: PreparedRule, kind: PacketKind): Test[] | null {
  const { source, destination, direction } = rule;
  const protocols = protocolTest(rule, kind);
  const vlans = vlanTest(rule.vlans);
  const ways = [endpointTests(source, 'source', destination, 'destination', kind)];
  if (rule.bothWays) ways.push(endpointTests(source, 'destination', destination, 'source', kind));
  const possible = ways.filter((way) => way !== null);
  if (protocols === null || vlans === null || possible.length === 0) return null;
  const tests = [...protocols, ...vlans];
  if (direction !== null) tests.push(directionTest(direction));
  // Without endpoints both ways are the same one.
  if (possible.some((way) => way.length === 0)) return tests;
  return possible.length === 1 ? [...tests, ...possible[0]] : [...tests, eitherTest(possible[0], possible[1])];
}

/** Tests of a rule's protocols: none, one, or null where it takes no packet of this kind. */
function protocolTest(
  { protocols, source, destination }: PreparedRule,
  { network, protocolAt, ip }: PacketKind,
): Test[] | null {
  const asksPorts = source.ports !== null || destination.ports !== null;
  if (ip === null) {
    if (asksPorts) return null;
    if (protocols === null || protocols.networks.includes(network)) return [];
    return listTest(
      protocols.etherTypes.map((type) => [type, type] as const),
      (bpf) => bpf.loadHalf(protocolAt),
    );
  }
  const whole =
    protocols === null || protocols.networks.includes(network) || protocols.etherTypes.includes(ip.etherType);
  if (whole && !asksPorts) return [];
  const wanted = whole ? [[0, 255] as const] : protocols.ip;
  return listTest(asksPorts ? commonRanges(wanted, PORT_PROTOCOLS) : wanted, (bpf) => bpf.loadByte(protocolAt));
}

function listTest(ranges: readonly NumberRange[], load: (bpf: BpfAssembler) => void): Test[] | null {
  const test = rangeTest(ranges, load);
  return test === null ? null : [test];
}

function vlanTest(vlans: PreparedRule['vlans']): Test[] | null {
  if (vlans === null) return [];
  const numbers = commonRanges(vlans.ranges, [[1, 0xfff]]);
  // The number 0 is a priority and no VLAN, and what the kernel says of a packet without a tag.
  if (vlans.untagged) numbers.push([0, 0]);
  return listTest(numbers, (bpf) => {
    bpf.loadAncillary(ANCILLARY.vlanTag);
    bpf.and(0xfff);
  });
}

/** prefilter.ts leaves alone packets whose direction the kernel does not tell. */
function directionTest(direction: 'in' | 'out'): Test {
  return (bpf, hit, miss) => {
    bpf.loadAncillary(ANCILLARY.packetType);
    bpf.jumpIf('equal', PACKET_TYPE.outgoing, direction === 'out' ? hit : miss, direction === 'out' ? miss : hit);
  };
}

function eitherTest(first: readonly Test[], second: readonly Test[]): Test {
  return (bpf, hit, miss) => {
    const found = bpf.label();
    const otherWay = bpf.label();
    testAll(bpf, first, found, otherWay);
    // Here, since a jump to `hit` would be a long one for each entry of a long list.
    bpf.place(found);
    bpf.jump(hit);
    bpf.place(otherWay);
    testAll(bpf, second, hit, miss);
  };
}

/** Tests of two endpoints on the sides of a packet; null: never together. */
function endpointTests(
  first: PreparedEndpoint,
  firstSide: keyof Sides,
  second: PreparedEndpoint,
  secondSide: keyof Sides,
  kind: PacketKind,
): Test[] | null {
  const tests = [endpointTest(first, firstSide, kind), endpointTest(second, secondSide, kind)];
  return tests.every((test) => test !== null) ? tests.flat() : null;
}

function endpointTest(
  { ports, networks, macs }: PreparedEndpoint,
  side: keyof Sides,
  { ip }: PacketKind,
): Test[] | null {
  const tests: Test[] = [];
  if (ports !== null) {
    const portTest = ip === null ? null : listTest(ports, (bpf) => bpf.loadHalf(ip.portAt[side]));
    if (portTest === null) return null;
    tests.push(...portTest);
  }
  if (networks !== null) {
    const ours = networks.filter(({ family }) => family === ip?.family);
    if (ip === null || ours.length === 0) return null;
    tests.push(addressTest(ours, ip.addressAt[side], ip.firstWord));
  }
  if (macs !== null) {
    if (macs.length === 0) return null;
    tests.push(macTest(macs, MAC_AT[side]));
  }
  return tests;
}
