/** What must hold for any bytes: no exception, no read past the captured length, every column written, both ways alike. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DECODE_STATUS, DECODE_STATUS_NAMES } from '../../src/wire/decoded-batch.ts';
import { describePacket } from '../../src/wire/describe.ts';
import { quotedConversation } from '../../src/wire/icmp.ts';
import { LINKTYPE } from '../../src/wire/numbers.ts';
import { tcpWindowScale } from '../../src/wire/tcp-options.ts';
import { decodeBatch, decodeByLayers, rawColumns } from '../support/decoding.ts';
import { FRAMES } from '../support/frames.ts';
import { internetChecksum, type PacketLike, packetBatch, type TestPacket, u16 } from '../support/packets.ts';

const LINK_TYPES = [...new Set(FRAMES.map((frame) => frame.linkType)), 147];

/** All columns of the packets, decoded with bytes `garbage` around them and read by every consumer in src/wire. */
function decodeAll(packets: readonly PacketLike[], decapsulate: boolean, garbage = 0xee): Record<string, unknown>[] {
  const batch = packetBatch(packets, LINKTYPE.ethernet, 64, garbage);
  const out = decodeBatch(batch, decapsulate);
  const key = new Uint32Array(11);
  return packets.map((_, i) => ({
    ...rawColumns(out, i),
    text: describePacket(out, i),
    quoted: quotedConversation(out, i, key) ? key.join(' ') : '',
    scale: out.transportOffset[i] < 0 ? -1 : tcpWindowScale(batch.view, out.transportOffset[i], out.packetEnd[i]),
  }));
}

function assertSane(packet: TestPacket, facts: Record<string, unknown>): void {
  const captured = packet.capturedLength ?? packet.bytes.length;
  expect(facts.status).toBeLessThan(DECODE_STATUS_NAMES.length);
  expect(facts.packetEnd).toBeLessThanOrEqual(captured);
  for (const name of ['networkOffset', 'transportOffset', 'macOffset']) {
    expect(facts[name], name).toBeGreaterThanOrEqual(-1);
    expect(facts[name], name).toBeLessThanOrEqual(captured);
  }
  expect(facts.ipBytes).toBeLessThanOrEqual((packet.wireLength ?? packet.bytes.length) * (facts.segments as number));
  expect(facts.segments).toBeGreaterThan(0);
}

/** Changed headers whose checksum is right get past the first test of an Ethernet frame's IPv4 header. */
function repairIpv4Checksum(bytes: Uint8Array): void {
  if (bytes.length < 34 || bytes[12] !== 8 || bytes[13] !== 0) return;
  bytes.set([0, 0], 24);
  bytes.set(u16(internetChecksum(bytes.slice(14, 34))), 24);
}

describe.each([false, true])('with decapsulation %s', (decapsulate) => {
  it.each(FRAMES)(
    '$name, cut at every byte by the snapshot length, is truncated or sound and reads nothing beyond',
    (frame) => {
      const cuts = Array.from({ length: frame.bytes.length + 1 }, (_, capturedLength) => ({
        ...frame,
        capturedLength,
      }));
      for (let at = 0; at < cuts.length; at += 256) {
        const packets = cuts.slice(at, at + 256);
        const facts = decodeAll(packets, decapsulate, 0xee);
        expect(decodeAll(packets, decapsulate, 0x45)).toEqual(facts);
        for (const [k, fact] of facts.entries()) {
          assertSane(packets[k], fact);
          expect([DECODE_STATUS.ok, DECODE_STATUS.truncated]).toContain(fact.status);
        }
      }
    },
  );

  it.each(FRAMES)('$name, ending at every byte on the wire, is never called truncated', (frame) => {
    const packets = Array.from({ length: frame.bytes.length }, (_, length) => ({
      bytes: frame.bytes.slice(0, length),
      linkType: frame.linkType,
    }));
    for (const [length, fact] of decodeAll(packets, decapsulate).entries()) {
      assertSane(packets[length], fact);
      expect(fact.status, `${length} bytes`).not.toBe(DECODE_STATUS.truncated);
    }
  });

  it('mutated frames give the same columns by the hot path and by the layers, whatever surrounds them', () => {
    const mutation = fc.record({
      frame: fc.constantFrom(...FRAMES),
      repaired: fc.boolean(),
      changes: fc.array(fc.tuple(fc.nat(120), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
      cut: fc.oneof(fc.constant(0), fc.nat(80)),
      extra: fc.constantFrom(0, 0, 6, 1000),
      gsoSize: fc.constantFrom(0, 0, 0, 10, 1448),
      flags: fc.constantFrom(0, 1, 2, 3),
      strippedTag: fc.constantFrom(0, 0, 0x81000005, 0x88a80000),
      packetType: fc.constantFrom(0, 4, 255),
      linkType: fc.oneof({ weight: 9, arbitrary: fc.constant(-1) }, fc.constantFrom(...LINK_TYPES)),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 32 }), (mutations) => {
        const packets = mutations.map(({ frame, changes, repaired, cut, extra, linkType, ...fields }) => {
          const bytes = frame.bytes.slice();
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          if (repaired) repairIpv4Checksum(bytes);
          return {
            ...fields,
            bytes,
            capturedLength: Math.max(0, bytes.length - cut),
            wireLength: bytes.length + extra,
            linkType: linkType < 0 ? frame.linkType : linkType,
          };
        });
        const facts = decodeAll(packets, decapsulate);
        expect(decodeAll(packets, decapsulate, 0x60)).toEqual(facts);
        const batch = packetBatch(packets);
        const fast = decodeBatch(batch, decapsulate);
        const layers = decodeByLayers(batch, decapsulate);
        for (const [i, packet] of packets.entries()) {
          expect(rawColumns(layers, i)).toEqual(rawColumns(fast, i));
          assertSane(packet, facts[i]);
        }
      }),
      { numRuns: 600 },
    );
  });

  it('random bytes on any link type are decoded to something', () => {
    const packet = fc.record({
      bytes: fc.uint8Array({ maxLength: 200 }),
      linkType: fc.constantFrom(...LINK_TYPES),
      wireLength: fc.nat(400),
    });
    fc.assert(
      fc.property(packet, (random) => {
        const [fact] = decodeAll([random], decapsulate);
        expect(fact.status).toBeLessThan(DECODE_STATUS_NAMES.length);
      }),
      { numRuns: 2000 },
    );
  });
});
