import { describe, expect, test } from 'vitest';
import { PacketFilter } from '../../filters/evaluate.ts';
import { FragmentTable } from '../../src/tables/fragment-table.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DecodedBatch } from '../../src/wire/decoded-batch.ts';
import { LINKTYPE } from '../../src/wire/numbers.ts';
import { BATCH_CAPACITY, PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import { Random } from '../fuzz/random.ts';
import { compareVerdicts, type Tally } from '../support/filter-comparison.ts';
import { preparedFilter } from '../support/filters.ts';
import * as build from '../support/packets.ts';
import { collectSavefile } from '../support/savefile.ts';
import { tsharkFields, tsharkUnavailable } from '../support/tshark.ts';

const CASES = 400;

const A = { source: '10.0.0.1', destination: '10.0.0.2' };
const web = build.ethernet(0x0800, build.ipv4({ ...A, protocol: 6 }, build.tcp({ sourcePort: 40_000 })));
const answer = build.ethernet(
  0x0800,
  build.ipv4(
    { source: A.destination, destination: A.source, protocol: 6 },
    build.tcp({ sourcePort: 80, destinationPort: 40_000 }),
  ),
);
const arp = build.ethernet(0x0806, build.arp());

interface Result {
  selected: number[];
  rejected: number;
  decidedBy: number[];
}

interface Surroundings {
  local?: readonly string[];
  names?: readonly string[];
  decapsulate?: boolean;
}

/** One batch of packets through a filter of these rules. */
function run(rules: readonly string[], packets: readonly build.PacketLike[], around: Surroundings = {}): Result {
  const filter = new PacketFilter(preparedFilter(rules, around.local));
  const batch = decoded(packets, around.decapsulate);
  const rejected = filter.select(batch, (slot) => around.names?.[slot] ?? 'eth0');
  const { count } = batch;
  return {
    selected: [...batch.selected.subarray(0, count)],
    rejected,
    decidedBy: [...filter.decidedBy.subarray(0, count)],
  };
}

function decoded(packets: readonly build.PacketLike[], decapsulate = false): DecodedBatch {
  const batch = new DecodedBatch();
  new Decoder({ decapsulate, hashSeed: 1 }).decode(build.packetBatch(packets), batch);
  new FragmentTable().resolve(batch);
  return batch;
}

describe('verdicts on columns', () => {
  test('equal a slow reading of rules and frames, for random ones', () => {
    const tally: Tally = { passed: 0, decidedByRule: 0, portsOfLaterFragments: 0 };
    for (let seed = 1; seed <= CASES; seed++) {
      try {
        compareVerdicts(new Random(seed), tally);
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`);
      }
    }
    expect(tally.passed).toBeGreaterThan(5 * CASES);
    expect(tally.decidedByRule).toBeGreaterThan(5 * CASES);
    expect(tally.portsOfLaterFragments).toBeGreaterThan(CASES);
  }, 60_000);

  test('the first rule that matches decides, and what is rejected is counted as buffers', () => {
    const buffer = {
      bytes: build.ethernet(0x0800, build.ipv4({ ...A, protocol: 6 }, build.tcp({}, build.filler(100)))),
      gsoSize: 40,
    };
    expect(run(['exclude from 10.0.0.1 one-way', 'include tcp'], [web, buffer, answer, arp])).toEqual({
      selected: [0, 0, 1, 0],
      rejected: 3,
      decidedBy: [0, 0, 1, 2],
    });
  });

  test('what no rule matches is dropped if any rule includes, and kept if all exclude', () => {
    expect(run(['include tcp'], [web, arp]).selected).toEqual([1, 0]);
    expect(run(['exclude tcp'], [web, arp]).selected).toEqual([0, 1]);
    expect(run([], [web, arp])).toEqual({ selected: [1, 1], rejected: 0, decidedBy: [0, 0] });
    const asked = { ...preparedFilter(['include tcp']), unmatched: 'keep' as const };
    expect(new PacketFilter(asked).select(decoded([web, arp]), () => 'eth0')).toBe(0);
  });

  test('packets that something else rejected before stay rejected, and no rule decides them', () => {
    const filter = new PacketFilter(preparedFilter(['include tcp']));
    const batch = decoded([web, arp, web]);
    batch.selected[0] = 0;
    expect(filter.select(batch, () => 'eth0')).toBe(1);
    expect([...batch.selected.subarray(0, 3)]).toEqual([0, 0, 1]);
    expect([...filter.decidedBy.subarray(1, 3)]).toEqual([1, 0]);
    expect(filter.decidedBy[0]).toBeGreaterThan(1);
  });

  test('a batch may be full, and leaves nothing to the next', () => {
    const filter = new PacketFilter(preparedFilter(['include tcp', 'exclude arp']));
    const packets = Array.from({ length: BATCH_CAPACITY }, (_, k) => (k % 4 === 0 ? arp : web));
    for (let k = 0; k < 3; k++) expect(filter.select(decoded(packets), () => 'eth0')).toBe(64);
    expect(filter.select(decoded([arp, web]), () => 'eth0')).toBe(1);
    expect([...filter.decidedBy.subarray(0, 2)]).toEqual([1, 0]);
  });

  test('ports, addresses and MACs are exchanged together or not at all', () => {
    const both = 'include from 10.0.0.1 port 40000 to 10.0.0.2 port 80';
    expect(run([both], [web, answer]).selected).toEqual([1, 1]);
    expect(run([`${both} one-way`], [web, answer]).selected).toEqual([1, 0]);
    expect(run(['include from 10.0.0.1 port 80'], [web, answer]).selected).toEqual([0, 0]);
    const macs = `include from 10.0.0.2 mac ${build.MAC_A} to any mac ${build.MAC_B}`;
    expect(run([macs], [web, answer]).selected).toEqual([0, 1]);
    expect(run([`include from any mac ${build.MAC_B}`], [web]).selected).toEqual([1]);
    expect(run([`include from any mac ${build.MAC_B} one-way`], [web]).selected).toEqual([0]);
  });

  test('an interface is asked for its name once', () => {
    const filter = new PacketFilter(preparedFilter(['include on veth*', 'include on eth1']));
    const asked: number[] = [];
    const nameOfSlot = (slot: number): string => {
      asked.push(slot);
      return ['eth0', 'veth1', 'eth1'][slot] ?? `veth${slot}`;
    };
    const packets = [0, 1, 2, 1, 0].map((interfaceSlot) => ({ bytes: web, interfaceSlot }));
    expect(filter.select(decoded(packets), nameOfSlot)).toBe(2);
    expect(filter.select(decoded([...packets, { bytes: web, interfaceSlot: 60_000 }]), nameOfSlot)).toBe(2);
    // The second rule sees what the first left.
    expect(asked).toEqual([0, 1, 2, 0, 2, 60_000]);
  });

  test('where the capture does not tell the direction, local networks do', () => {
    const packets = [
      { bytes: web, packetType: PACKET_TYPE.outgoing },
      { bytes: web, packetType: PACKET_TYPE.host },
      { bytes: web, packetType: PACKET_TYPE.otherHost },
      web,
      answer,
      arp,
    ];
    const local = ['10.0.0.1'];
    expect(run(['include outgoing'], packets, { local }).selected).toEqual([1, 0, 0, 1, 0, 0]);
    expect(run(['include incoming'], packets, { local }).selected).toEqual([0, 1, 1, 0, 1, 0]);
    expect(run(['include incoming'], packets).selected).toEqual([0, 1, 1, 0, 0, 0]);
    // Between two of ours: it goes out.
    expect(run(['include incoming'], [web], { local: ['10.0.0.0/8'] }).selected).toEqual([0]);
  });

  test('of a tunnel, the packet that is shown is judged', () => {
    const inner = build.ipv4({ source: '192.0.2.1', destination: '192.0.2.2', protocol: 17 }, build.udp(1, 53));
    const tunnel = build.ethernet(0x0800, build.ipv4({ ...A, protocol: 4 }, inner));
    expect(run(['include udp from 192.0.2.1 port 1'], [tunnel], { decapsulate: true }).selected).toEqual([1]);
    expect(run(['include udp'], [tunnel]).selected).toEqual([0]);
    expect(run(['include ipip from 10.0.0.1'], [tunnel]).selected).toEqual([1]);
  });

  test('ports are known as soon as their four bytes are captured, also port 0', () => {
    const frame = build.ethernet(0x0800, build.ipv4({ ...A, protocol: 17 }, build.udp(0, 0)));
    const cut = (capturedLength: number): build.TestPacket => ({ bytes: frame, capturedLength });
    expect(run(['include to any port 0'], [cut(37), cut(38), cut(42)]).selected).toEqual([0, 1, 1]);
    expect(run(['include udp'], [cut(37)]).selected).toEqual([1]);
  });

  test('ports that look like an EtherType make no packet of that type', () => {
    const looksLikeArp = build.ethernet(0x0800, build.ipv4({ ...A, protocol: 17 }, build.udp(0, 0x0806)));
    expect(run(['include arp'], [looksLikeArp, arp]).selected).toEqual([0, 1]);
  });

  test('an expression takes no packet of a link type that it has no sense on', () => {
    const raw = { bytes: web.subarray(14), linkType: LINKTYPE.raw };
    expect(run([`include matching ether src ${build.MAC_A} and tcp`], [web, raw, arp, web]).selected).toEqual([
      1, 0, 0, 1,
    ]);
    expect(run(['include tcp'], [web, raw, arp, web]).selected).toEqual([1, 1, 0, 1]);
    // Nor has a packet without a link layer MAC addresses.
    expect(run([`include from any mac ${build.MAC_A}`], [web, raw]).selected).toEqual([1, 0]);
  });

  test('empty lists match nothing', () => {
    const filter = preparedFilter(['include from 10.0.0.1 port 1 mac 02:00:00:00:00:0a']);
    const [rule] = filter.rules;
    for (const field of ['networks', 'macs', 'ports'] as const) {
      const source = { networks: null, macs: null, ports: null, [field]: [] };
      const destination = { networks: null, macs: null, ports: null };
      const none = new PacketFilter({ ...filter, rules: [{ ...rule, source, destination }] });
      expect(
        none.select(decoded([web, arp]), () => 'eth0'),
        field,
      ).toBe(2);
    }
  });

  test('long lists of networks, with several masks, find every address and no other', () => {
    const listed = Array.from({ length: 300 }, (_, k) => `10.${k >> 8}.${k & 255}.7${k % 3 === 0 ? '/24' : ''}`);
    const listed6 = Array.from(
      { length: 300 },
      (_, k) => `2001:db8:${(k * 7).toString(16)}::${k % 5 === 0 ? '/48' : '1'}`,
    );
    const filter = new PacketFilter(preparedFilter([`include from ${[...listed, ...listed6].join(',')} one-way`]));
    const select = (packets: Uint8Array[]): number[] => {
      const batch = decoded(packets);
      filter.select(batch, () => 'eth0');
      return [...batch.selected.subarray(0, packets.length)];
    };
    const from4 = (source: string): Uint8Array =>
      build.ethernet(0x0800, build.ipv4({ source, protocol: 6 }, build.tcp()));
    const from6 = (source: string): Uint8Array =>
      build.ethernet(0x86dd, build.ipv6({ source, nextHeader: 6 }, build.tcp()));
    const four = Array.from({ length: 200 }, (_, k) => [from4(`10.1.${k}.7`), from4(`10.1.${k}.8`)]);
    for (const [k, packets] of four.entries()) {
      const isListed = 256 + k < 300;
      expect(select(packets)).toEqual([isListed ? 1 : 0, isListed && (256 + k) % 3 === 0 ? 1 : 0]);
    }
    for (let k = 0; k < 300; k += 13) {
      const prefix = `2001:db8:${(k * 7).toString(16)}`;
      const packets = [from6(`${prefix}::1`), from6(`${prefix}::2`), from6(`2001:db8:${(k * 7 + 1).toString(16)}::1`)];
      expect(select(packets)).toEqual([1, k % 5 === 0 ? 1 : 0, 0]);
    }
  });
});

const FILE = new URL('../fixtures/mixed.pcapng', import.meta.url).pathname;

/** tshark finds fields also in tunnels and in the packets that ICMP errors quote: these are not what we show. */
const NO_TUNNEL = '!(gre || vxlan || ip.proto == 4 || ip.proto == 41 || ipv6.nxt == 4 || ipv6.nxt == 41)';
const PLAIN = `${NO_TUNNEL} && !(icmp || icmpv6) && !(ip.proto == 51)`;

/** Rules, and what finds the same packets for tshark (#1: the outermost header of its kind). */
const COMPARED: readonly (readonly [rules: string, display: string])[] = [
  ['include tcp to any port 80', `tcp.port == 80 && ${PLAIN}`],
  ['include tcp to any port 80 one-way', `tcp.dstport == 80 && ${PLAIN}`],
  [
    'include to any port 22,53,5000-5300',
    `(tcp.port in {22, 53, 5000 .. 5300} || udp.port in {22, 53, 5000 .. 5300} || dccp.port == 5001) && ${PLAIN}`,
  ],
  [
    'exclude from 10.77.0.1 one-way; include tcp to any port 22',
    `tcp.port == 22 && !(ip.src#1 == 10.77.0.1) && ${PLAIN}`,
  ],
  [
    'include from 10.0.0.2/255.0.0.255',
    'eth.type#1 == 0x0800 && ((frame[26] == 0a && frame[29] == 02) || (frame[30] == 0a && frame[33] == 02))',
  ],
  [
    'include from 2001:db8:77::/64 to any port 80 one-way',
    `ipv6.src#1 == 2001:db8:77::/64 && tcp.dstport == 80 && ${PLAIN}`,
  ],
  ['include icmp,icmpv6', 'ip.proto#1 == 1 || icmpv6 || ipv6.fraghdr.nxt == 58'],
  ['include arp,rarp', 'arp'],
  ['include non-ip', '!ip && !ipv6'],
  ['include lldp,stp,0x8863', 'lldp || stp || pppoed'],
  ['include vlan any', '(vlan || ieee8021ad) && !vxlan'],
  ['exclude vlan none; exclude ip', 'vlan && arp'],
  ['include from any mac ff:ff:ff:ff:ff:ff', 'eth.addr#1 == ff:ff:ff:ff:ff:ff'],
  ['include sctp,dccp,udplite,50-52', 'sctp || dccp || udplite || esp || ip.proto == 51'],
  ['include on eth0', 'frame.interface_name == "eth0"'],
  ['include incoming', 'ip.dst#1 == 10.77.0.2'],
  ['include matching tcp[13] & 2 != 0', `ip && tcp.flags.syn == 1 && !vlan && ${PLAIN}`],
];

const unavailable = tsharkUnavailable();

describe.skipIf(unavailable !== null)(
  `a mixed capture${unavailable === null ? '' : ` (skipped: ${unavailable})`}`,
  () => {
    test.each(COMPARED)('%s lets through what tshark finds', async (rules, display) => {
      const filter = new PacketFilter(preparedFilter(rules.split('; '), ['10.77.0.2']));
      const { packets, interfaces } = await collectSavefile(FILE);
      const fragments = new FragmentTable();
      const decoder = new Decoder({ decapsulate: false, hashSeed: 1 });
      const batch = new DecodedBatch();
      const found: number[] = [];
      for (let at = 0; at < packets.length; at += BATCH_CAPACITY) {
        decoder.decode(build.packetBatch(packets.slice(at, at + BATCH_CAPACITY)), batch);
        fragments.resolve(batch);
        filter.select(batch, (slot) => interfaces[slot].name);
        for (let i = 0; i < batch.count; i++) if (batch.selected[i] === 1) found.push(at + i + 1);
      }
      const theirs = tsharkFields(FILE, ['frame.number'], display).map(([number]) => Number(number));
      expect(theirs.length).toBeGreaterThan(0);
      expect(found).toEqual(theirs);
    });
  },
);
