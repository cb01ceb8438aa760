import { describe, expect, it } from 'vitest';
import { MacTable } from '../../src/tables/mac-table.ts';
import {
  isFirm,
  LEFT_OUT,
  PairSides,
  type PairSidesOptions,
  reasonOf,
  type SideInterface,
  type SideNetwork,
  sideOf,
} from '../../src/tables/pair-sides.ts';
import { parseAddress, prefixMask } from '../../src/wire/address.ts';
import { NETWORK } from '../../src/wire/decoded-batch.ts';
import { keyPlace, orderKey } from '../../src/wire/key.ts';

const OWN_MAC = '02:00:00:00:00:01';
const OTHER_MAC = '02:00:00:00:00:02';
const THIRD_MAC = '02:00:00:00:00:03';

/** A host of its own on eth0. */
const HOST: SideInterface = {
  addresses: ['192.0.2.1/24', '192.0.2.200/24', '10.1.2.3/8', '2001:db8::1/64', 'fe80::1/64'],
  mac: OWN_MAC,
  receivesOwnOnly: true,
};
/** A card that hears what others say to each other. */
const MIRROR: SideInterface = { addresses: [], mac: OWN_MAC, receivesOwnOnly: false };

const EVERYTHING: PairSidesOptions = { networks: [], crossingOnly: false, linkLocal: true };

function network(text: string): SideNetwork {
  const [address, bits] = text.split('/');
  const isIpv6 = address.includes(':');
  const mask = prefixMask(Number(bits) + (isIpv6 ? 0 : 96));
  const words = (parseAddress(address) as Uint32Array).map((word, k) => word & mask[k]);
  return { family: isIpv6 ? 6 : 4, words, mask };
}

interface Packet {
  from: string;
  to: string;
  slot?: number;
  ports?: [number, number];
  /** Hardware addresses of from and to as senders; null: it sent nothing yet. */
  macs?: [string | null, string | null];
}

/** Sides over interfaces by slot; answers with the address that is ours, why, and whether that is firm. */
class Bench {
  readonly #macTable = new MacTable();
  readonly sides: PairSides;

  constructor(options: Partial<PairSidesOptions>, interfaces: readonly (SideInterface | null)[]) {
    this.sides = new PairSides({ ...EVERYTHING, ...options }, this.#macTable);
    for (const [slot, known] of interfaces.entries()) this.sides.setInterface(slot, known);
  }

  decide({ from, to, slot = 0, ports = [1000, 2000], macs = [null, null] }: Packet): string {
    const words = new Uint32Array(11);
    words.set(parseAddress(from) as Uint32Array, 0);
    words.set(parseAddress(to) as Uint32Array, 4);
    const direction = orderKey(words, 0, ...ports);
    words[9] = keyPlace(from.includes(':') ? NETWORK.ipv6 : NETWORK.ipv4, 17, 0);
    words[10] = slot;
    const ids = macs.map((mac) => this.#idOf(mac));
    const decision = this.sides.decide(words, 0, ids[direction] | (ids[1 - direction] << 16));
    if (decision === LEFT_OUT) return 'left out';
    const ours = (sideOf(decision) === direction ? [from, ports[0]] : [to, ports[1]]).join(' ');
    return `${ours} ${reasonOf(decision)}${isFirm(decision) ? '' : '?'}`;
  }

  #idOf(mac: string | null): number {
    if (mac === null) return 0;
    const digits = mac.replaceAll(':', '');
    return this.#macTable.idOf(Number.parseInt(digits.slice(0, 4), 16), Number.parseInt(digits.slice(4), 16), 0);
  }
}

type Case = [what: string, packet: Packet, answer: string];

function check(cases: readonly Case[], bench: () => Bench): void {
  it.each(cases)('%s', (_, packet, answer) => {
    expect(bench().decide(packet)).toBe(answer);
    // The same conversation, seen from its other end.
    const [macFrom = null, macTo = null] = packet.macs ?? [];
    const [portFrom, portTo] = packet.ports ?? [1000, 2000];
    const turned = { ...packet, from: packet.to, to: packet.from, ports: [portTo, portFrom] as [number, number] };
    expect(bench().decide({ ...turned, macs: [macTo, macFrom] })).toBe(answer);
  });
}

describe('a host on its own interface', () => {
  check(
    [
      ['sends', { from: '192.0.2.1', to: '198.51.100.7' }, '192.0.2.1 1000 address'],
      ['has a second address', { from: '198.51.100.7', to: '192.0.2.200' }, '192.0.2.200 2000 address'],
      ['has an address of another network', { from: '10.9.9.9', to: '10.1.2.3' }, '10.1.2.3 2000 address'],
      ['speaks IPv6', { from: '2001:db8:1::9', to: '2001:db8::1' }, '2001:db8::1 2000 address'],
      ['link-local', { from: 'fe80::1', to: 'fe80::2' }, 'fe80::1 1000 address'],
      ['sends a multicast', { from: '192.0.2.1', to: '224.0.0.251' }, '192.0.2.1 1000 address'],
      ['sends a broadcast', { from: '192.0.2.1', to: '192.0.2.255' }, '192.0.2.1 1000 address'],
      ['speaks to itself', { from: '192.0.2.200', to: '192.0.2.1' }, '192.0.2.1 2000 order?'],
      ['hears a multicast', { from: '192.0.2.9', to: '224.0.0.251' }, '224.0.0.251 2000 multicast?'],
      ['hears a broadcast', { from: '192.0.2.9', to: '255.255.255.255' }, '255.255.255.255 2000 multicast?'],
      ['hears a broadcast of its network', { from: '192.0.2.9', to: '192.0.2.255' }, '192.0.2.255 2000 multicast?'],
      ['hears one of its other network', { from: '10.9.9.9', to: '10.255.255.255' }, '10.255.255.255 2000 multicast?'],
      ['hears an IPv6 multicast', { from: 'fe80::9', to: 'ff02::fb' }, 'ff02::fb 2000 multicast?'],
      ['hears others', { from: '192.0.2.8', to: '192.0.2.9' }, '192.0.2.8 1000 order?'],
    ],
    () => new Bench({}, [HOST]),
  );

  it('takes the lower port where both ends have one address', () => {
    const bench = new Bench({}, [{ addresses: ['127.0.0.1/8'], mac: null, receivesOwnOnly: true }]);
    expect(bench.decide({ from: '127.0.0.1', to: '127.0.0.1', ports: [50_000, 80] })).toBe('127.0.0.1 80 order?');
  });

  it('does not take an address of two or of one for a broadcast address', () => {
    const bench = new Bench({}, [{ ...HOST, addresses: ['192.0.2.0/31', '198.51.100.9/32'] }]);
    expect(bench.decide({ from: '192.0.2.7', to: '192.0.2.1' })).toBe('192.0.2.1 2000 order?');
  });

  it('passes over what is no address', () => {
    const bench = new Bench({}, [
      { addresses: ['', 'fe80::1%eth0/64', '1.2.3/8', '192.0.2.1'], mac: 'no', receivesOwnOnly: true },
    ]);
    expect(bench.decide({ from: '192.0.2.9', to: '192.0.2.1' })).toBe('192.0.2.1 2000 address');
  });
});

describe('a router', () => {
  const inside = '10.0.0.5';
  const outside = '8.8.8.8';
  check(
    [
      ['forwards out', { from: inside, to: outside, macs: [OWN_MAC, null] }, `${inside} 1000 hardware`],
      [
        'forwards in, before an answer',
        { from: outside, to: inside, macs: [OTHER_MAC, null] },
        `${inside} 2000 hardware?`,
      ],
      ['both ways', { from: outside, to: inside, macs: [OTHER_MAC, OWN_MAC] }, `${inside} 2000 hardware`],
      ['multicast in', { from: outside, to: '239.1.1.1', macs: [OTHER_MAC, null] }, '239.1.1.1 2000 multicast?'],
      ['multicast out', { from: inside, to: '239.1.1.1', macs: [OWN_MAC, null] }, `${inside} 1000 hardware`],
      ['back where it came from', { from: inside, to: outside, macs: [OWN_MAC, OWN_MAC] }, '8.8.8.8 2000 order?'],
      [
        'IPv6',
        { from: '2001:db8:9::1', to: '2001:db8:8::1', macs: [OWN_MAC, OTHER_MAC] },
        '2001:db8:9::1 1000 hardware',
      ],
    ],
    () => new Bench({}, [{ ...HOST, addresses: [] }]),
  );
});

describe('a mirror port, or a card that hears everything', () => {
  check(
    [
      ['strangers', { from: '10.0.0.9', to: '10.0.0.5', macs: [OTHER_MAC, null] }, '10.0.0.5 2000 order?'],
      ['both ways', { from: '10.0.0.9', to: '10.0.0.5', macs: [OTHER_MAC, THIRD_MAC] }, '10.0.0.5 2000 order?'],
      ['multicast', { from: '10.0.0.9', to: '239.1.1.1', macs: [OTHER_MAC, null] }, '239.1.1.1 2000 multicast?'],
      ['forwarded by us', { from: '10.0.0.9', to: '10.0.0.5', macs: [OWN_MAC, OTHER_MAC] }, '10.0.0.9 1000 hardware'],
    ],
    () => new Bench({}, [MIRROR]),
  );

  check(
    [
      ['out of it', { from: '10.0.0.9', to: '8.8.8.8' }, '10.0.0.9 1000 network'],
      ['within it', { from: '10.0.0.9', to: '10.0.0.5' }, '10.0.0.5 2000 order?'],
      ['broadcast in it', { from: '10.0.0.9', to: '10.255.255.255' }, '10.255.255.255 2000 multicast?'],
      ['past it', { from: '8.8.4.4', to: '8.8.8.8' }, '8.8.4.4 1000 order?'],
      ['IPv6 out of it', { from: '2001:db8::7', to: '2001:dead::1' }, '2001:db8::7 1000 network'],
      ['a multicast leaves it', { from: '10.0.0.9', to: '239.1.1.1' }, '10.0.0.9 1000 network'],
    ],
    () => new Bench({ networks: [network('10.0.0.0/8'), network('2001:db8::/32')] }, [MIRROR]),
  );
});

describe('given networks', () => {
  check(
    [
      ['before the address of the interface', { from: '192.0.2.1', to: '10.0.0.5' }, '10.0.0.5 2000 network'],
      ['the address where no border is crossed', { from: '192.0.2.1', to: '8.8.8.8' }, '192.0.2.1 1000 address'],
    ],
    () => new Bench({ networks: [network('10.0.0.0/16')] }, [HOST]),
  );

  check(
    [
      ['what crosses', { from: '8.8.8.8', to: '10.0.0.5' }, '10.0.0.5 2000 network'],
      ['what stays within', { from: '10.0.0.9', to: '10.0.0.5' }, 'left out'],
      ['what passes by', { from: '192.0.2.1', to: '8.8.8.8' }, 'left out'],
      ['IPv6, of which no network was given', { from: '2001:db8::1', to: '2001:db8::9' }, '2001:db8::1 1000 address'],
      ['an IPv6 address that holds an IPv4 one', { from: '::ffff:10.0.0.5', to: '::1:2' }, '::1:2 2000 order?'],
    ],
    () => new Bench({ networks: [network('10.0.0.0/16')], crossingOnly: true }, [HOST]),
  );

  it('all of IPv6 is no network of IPv4', () => {
    const bench = new Bench({ networks: [network('::/0')], crossingOnly: true }, []);
    expect(bench.decide({ from: '10.0.0.9', to: '10.0.0.5' })).toBe('10.0.0.5 2000 order?');
    expect(bench.decide({ from: '::9', to: '::5' })).toBe('left out');
  });
});

describe('IPv6 link-local', () => {
  const bench = new Bench({ linkLocal: false }, [HOST]);
  it.each([
    ['fe80::9', 'ff02::1', 'left out'],
    ['2001:db8::9', 'fe80::1', 'left out'],
    ['febf::1', '2001:db8::9', 'left out'],
    ['fec0::1', '2001:db8::1', '2001:db8::1 2000 address'],
    ['169.254.0.1', '192.0.2.1', '192.0.2.1 2000 address'],
  ])('%s to %s: %s', (from, to, answer) => {
    expect(bench.decide({ from, to })).toBe(answer);
  });
});

describe('several interfaces', () => {
  it('decides by the interface that the packets came by', () => {
    const bridge: SideInterface = { addresses: ['172.17.0.1/16'], mac: OTHER_MAC, receivesOwnOnly: true };
    const bench = new Bench({}, [HOST, bridge, null]);
    const packet = { from: '172.17.0.1', to: '192.0.2.1' };
    expect(bench.decide({ ...packet, slot: 0 })).toBe('192.0.2.1 2000 address');
    expect(bench.decide({ ...packet, slot: 1 })).toBe('172.17.0.1 1000 address');
    expect(bench.decide({ ...packet, slot: 2 })).toBe('172.17.0.1 1000 order?');
    expect(bench.decide({ ...packet, slot: 7 })).toBe('172.17.0.1 1000 order?');
  });

  it('says when decisions may change', () => {
    const { sides } = new Bench({}, [HOST]);
    expect(sides.setInterface(0, { ...HOST })).toBe(false);
    expect(sides.setInterface(0, { ...HOST, addresses: HOST.addresses.slice(1) })).toBe(true);
    expect(sides.setInterface(1, null)).toBe(false);
    expect(sides.setInterface(0, null)).toBe(true);
  });

  it('goes by the addresses there are now', () => {
    const bench = new Bench({}, [HOST]);
    const packet = { from: '192.0.2.9', to: '192.0.2.77' };
    expect(bench.decide(packet)).toBe('192.0.2.9 1000 order?');
    bench.sides.setInterface(0, { ...HOST, addresses: ['192.0.2.77/24'] });
    expect(bench.decide(packet)).toBe('192.0.2.77 2000 address');
  });
});
