import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEY_WORDS } from '../../src/wire/decoded-batch.ts';
import { createHashSecret, hashKey, keyPlace, setPorts } from '../../src/wire/key.ts';
import { decodeBatch, decodedPacket, rawColumns } from '../support/decoding.ts';
import { ethernet, filler, ipv4, ipv6, packetBatch, tcp, udp } from '../support/packets.ts';

function keyOf(frame: Uint8Array): Record<string, number | string> {
  const { key, hash, direction } = rawColumns(decodeBatch(packetBatch([frame])), 0);
  return { key, hash, direction };
}

function tcp4(source: string, sourcePort: number, destination: string, destinationPort: number): Uint8Array {
  return ethernet(0x800, ipv4({ source, destination, protocol: 6 }, tcp({ sourcePort, destinationPort })));
}

function tcp6(source: string, sourcePort: number, destination: string, destinationPort: number): Uint8Array {
  return ethernet(0x86dd, ipv6({ source, destination, nextHeader: 6 }, tcp({ sourcePort, destinationPort })));
}

describe('the key', () => {
  it.each([
    ['IPv4', tcp4, '10.0.0.9', '10.0.0.200'],
    ['IPv4 beyond 2^31', tcp4, '10.0.0.9', '200.0.0.1'],
    ['IPv6, first word', tcp6, '2001:db8::1', 'fe80::1'],
    ['IPv6, second word', tcp6, '2001:db8:1::1', '2001:db8:9000::1'],
    ['IPv6, third word', tcp6, 'fd00::1:0:1', 'fd00::9000:0:1'],
    ['IPv6, last word', tcp6, 'fd00::1', 'fd00::2'],
  ])('%s is the same in both directions, the smaller address first', (_name, frame, small, large) => {
    const there = keyOf(frame(small, 50000, large, 80));
    const back = keyOf(frame(large, 80, small, 50000));
    expect(there.direction).toBe(0);
    expect(back).toEqual({ ...there, direction: 1 });
  });

  it('orders by port between equal addresses', () => {
    for (const [frame, address] of [
      [tcp4, '127.0.0.1'],
      [tcp6, '::1'],
    ] as const) {
      const there = keyOf(frame(address, 80, address, 50000));
      expect(there.direction).toBe(0);
      expect(keyOf(frame(address, 50000, address, 80))).toEqual({ ...there, direction: 1 });
      expect(keyOf(frame(address, 7, address, 7)).direction).toBe(0);
    }
  });

  it('tells protocols, ports, VLANs, networks and interfaces apart', () => {
    const frame = tcp4('10.0.0.1', 1, '10.0.0.2', 2);
    const others = [
      tcp4('10.0.0.1', 2, '10.0.0.2', 1),
      ethernet(0x800, ipv4({ protocol: 17 }, udp(1, 2))),
      tcp6('::ffff:a00:1', 1, '::ffff:a00:2', 2),
      { bytes: frame, strippedTag: 0x81000005 },
      { bytes: frame, strippedTag: 0x81000006 },
      { bytes: frame, interfaceSlot: 1 },
      frame,
    ];
    const out = decodeBatch(packetBatch(others));
    const facts = others.map((_, i) => rawColumns(out, i));
    expect(new Set(facts.map((fact) => fact.key)).size).toBe(others.length);
    expect(new Set(facts.map((fact) => fact.hash)).size).toBe(others.length);
  });
});

describe('setPorts', () => {
  const port = fc.integer({ min: 0, max: 0xffff });
  const host = fc.integer({ min: 1, max: 3 });

  it('gives a later fragment the key, direction and hash of its first fragment', () => {
    fc.assert(
      fc.property(host, host, port, port, fc.boolean(), (from, to, sourcePort, destinationPort, six) => {
        const datagram = udp(sourcePort, destinationPort, filler(8));
        const frames = [true, false].map((first) => {
          const place = first ? {} : { fragmentOffset: 64 };
          const packet = { source: `10.0.0.${from}`, destination: `10.0.0.${to}`, protocol: 17, ...place };
          return ethernet(0x800, ipv4(packet, datagram));
        });
        const frames6 = [0, 44].map((next) => {
          const fragment = Uint8Array.of(17, 0, 0, 64, 0, 0, 0, 1, ...datagram);
          const packet = { source: `fd00::${from}`, destination: `fd00::${to}`, nextHeader: next || 17 };
          return ethernet(0x86dd, ipv6(packet, next ? fragment : datagram));
        });
        const out = decodeBatch(packetBatch(six ? frames6 : frames));
        expect(decodedPacket(out, 1)).toMatchObject({ sourcePort: 0, destinationPort: 0, fragment: 2 });
        setPorts(out, 1, sourcePort, destinationPort);
        const [first, later] = [0, 1].map((i) => rawColumns(out, i));
        for (const name of ['key', 'hash', 'direction', 'sourcePort', 'destinationPort']) {
          expect(later[name], name).toBe(first[name]);
        }
      }),
    );
  });
});

describe('the hash', () => {
  const secret = createHashSecret(12345);

  function ipv4Key(source: number, destination: number, ports: number): Uint32Array {
    return Uint32Array.of(0, 0, 0xffff, source, 0, 0, 0xffff, destination, ports, keyPlace(4, 6, 0), 0);
  }

  it('depends on the seed', () => {
    const key = ipv4Key(1, 2, 3);
    const hashes = [1, 2, 3, 4].map((seed) => hashKey(createHashSecret(seed), key, 0));
    expect(new Set(hashes).size).toBe(4);
    expect(hashKey(createHashSecret(1), key, 0)).toBe(hashes[0]);
  });

  it('changes about half of its bits with any bit of the key', () => {
    const key = Uint32Array.of(0x20010db8, 1, 2, 3, 0xfd000000, 5, 6, 7, 0x9c400050, keyPlace(6, 6, 0), 2);
    const bits = (value: number): number => value.toString(2).replaceAll('0', '').length;
    for (let word = 0; word < KEY_WORDS; word++) {
      for (let bit = 0; bit < 32; bit++) {
        if (word === 9 && bit >= 24) continue; // the network kind selects the words
        let changed = 0;
        for (let seed = 0; seed < 64; seed++) {
          const seeded = createHashSecret(seed);
          const flipped = key.slice();
          flipped[word] = (flipped[word] ^ (1 << bit)) >>> 0;
          changed += bits((hashKey(seeded, key, 0) ^ hashKey(seeded, flipped, 0)) >>> 0);
        }
        expect(changed / 64, `word ${word} bit ${bit}`).toBeGreaterThan(11);
      }
    }
  });

  it.each([
    ['one host scanning ports', (n: number) => ipv4Key(0x0a000001, 0x0a000002, (40000 << 16) | n)],
    ['one port scanned on many hosts', (n: number) => ipv4Key(0x0a000001, 0x0b000000 + n, 0x9c400050)],
    ['sources and ports rising together', (n: number) => ipv4Key(0x0a000000 + n, 0xc0a80001, (n << 16) | n)],
    ['addresses that differ in their upper bits', (n: number) => ipv4Key(n << 16, 0xc0a80001, 0x9c400050)],
  ])('spreads %s over a table as chance would', (_name, key) => {
    const slots = new Uint8Array(1 << 17);
    const count = 1 << 16;
    for (let n = 0; n < count; n++) slots[hashKey(secret, key(n), 0) & (slots.length - 1)]++;
    const used = slots.reduce((sum, n) => sum + (n > 0 ? 1 : 0), 0);
    // Balls into bins: 131072 x (1 - e^-0.5) = 51573 expected, deviation about 110.
    expect(used).toBeGreaterThan(51_000);
  });
});
