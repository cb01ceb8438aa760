import { describe, expect, it } from 'vitest';
import { quicCrypto } from '../../src/engine/quic-crypto.ts';
import { cryptoPieces, initialKeys, LongHeader, looksLikeQuic, openInitial } from '../../src/wire/quic-initial.ts';
import { concat, filler, hex, toHex, u8 } from '../support/packets.ts';
import {
  cryptoFrame,
  type InitialFields,
  initialPacket,
  QUIC_1,
  QUIC_2,
  RFC_HELLO,
  RFC_ID,
  rfcInitial,
  variable,
} from '../support/quic-packets.ts';

const MARGIN = 7;

interface Opened {
  header: LongHeader;
  frames: Uint8Array | null;
}

/** Opens the first packet of the bytes, which stand between others; `captured` of them were captured. */
function open(packet: Uint8Array, captured = packet.length, keyId?: Uint8Array): Opened | null {
  const bytes = concat(filler(MARGIN, 0xc3), packet, filler(60));
  const before = toHex(bytes);
  const header = new LongHeader();
  if (!header.read(bytes, new DataView(bytes.buffer), MARGIN, MARGIN + captured)) return null;
  const keys = initialKeys(quicCrypto, header.version, keyId ?? bytes.slice(header.idBegin, header.idEnd));
  const frames = openInitial(quicCrypto, keys, bytes, header, MARGIN + captured);
  expect(toHex(bytes)).toBe(before);
  return { header, frames };
}

function framesOf(fields: Partial<InitialFields> & { frames: Uint8Array }): string | null {
  const frames = open(initialPacket(fields))?.frames ?? null;
  return frames === null ? null : toHex(frames);
}

function pieces(frames: Uint8Array): [offset: number, data: string][] {
  const found: [number, string][] = [];
  cryptoPieces(frames, (bytes, from, to, offset) => found.push([offset, toHex(bytes.subarray(from, to))]));
  return found;
}

describe('the packets of the standards', () => {
  it('are what the builder makes: RFC 9001 appendix A.2', () => {
    const packet = toHex(rfcInitial(QUIC_1));
    expect(packet).toHaveLength(2400);
    expect(packet.slice(0, 76)).toBe('c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9b');
    expect(packet.slice(-32)).toBe('e221af44860018ab0856972e194cd934');
  });

  it('are what the builder makes: RFC 9369 appendix A.2', () => {
    const packet = toHex(rfcInitial(QUIC_2));
    expect(packet.slice(0, 76)).toBe('d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071');
    expect(packet.slice(-32)).toBe('a18b2faa745b6fe189cf772a9f84cbfc');
  });

  it.each([QUIC_1, QUIC_2])('have the keys that the standards print: version %i', (version) => {
    const { key, iv, mask } = initialKeys(quicCrypto, version, RFC_ID);
    const printed: Record<number, string[]> = {
      [QUIC_1]: ['1f369613dd76d5467730efcbe3b1a22d', 'fa044b2f42a3fd3b46fb255c', '9f50449e04a0e810283a1e9933adedd2'],
      [QUIC_2]: ['8b1a0bc121284290a29e0971b5cd045d', '91f73e2351d8fa91660e909f', '45b95e15235d6f45a6b19cbcb0294ba9'],
    };
    expect([key, iv, mask].map(toHex)).toEqual(printed[version]);
  });

  it.each([QUIC_1, QUIC_2])('are opened: version %i', (version) => {
    const opened = open(rfcInitial(version));
    expect(opened?.frames).toHaveLength(1162);
    expect(pieces(opened?.frames ?? u8())).toEqual([[0, toHex(RFC_HELLO)]]);
  });
});

describe('an Initial packet', () => {
  const frames = concat(cryptoFrame(0, filler(100)), new Uint8Array(60));

  it.each<[string, Partial<InitialFields>]>([
    ['plain', {}],
    ['with a token', { token: filler(70) }],
    ['with a source id', { source: filler(20) }],
    ['with the longest id', { id: filler(20) }],
    ['with a packet number of two bytes', { number: 300, numberLength: 2 }],
    ['with one of three', { number: 3, numberLength: 3 }],
    ['of version 2', { version: QUIC_2, number: 1, numberLength: 4 }],
  ])('is opened: %s', (_name, fields) => {
    expect(framesOf({ ...fields, frames })).toBe(toHex(frames));
  });

  it('is opened as far as it was captured, once the sample was', () => {
    const packet = rfcInitial(QUIC_1);
    const first = toHex(open(packet)?.frames?.subarray(0, 100) ?? u8());
    expect(toHex(open(packet, 122)?.frames ?? u8())).toBe(first);
    expect(open(packet, 18 + 4 + 15)?.frames).toBeNull();
    for (let captured = 0; captured < 18; captured++) expect(open(packet, captured)).toBeNull();
  });

  it('is not opened with other keys, nor when it was changed', () => {
    const packet = initialPacket({ frames });
    expect(open(packet, packet.length, filler(8))?.frames).toBeNull();
    packet[packet.length - 20] ^= 1;
    expect(open(packet)?.frames).toBeNull();
    expect(open(initialPacket({ frames, byServer: true }))?.frames).toBeNull();
  });

  it('says where the next packet of the datagram begins', () => {
    const [first, second] = [initialPacket({ frames }), initialPacket({ frames, number: 1 })];
    expect(open(concat(first, second))?.header.end).toBe(MARGIN + first.length);
  });
});

it.each([
  ['a short header', hex('4000000001080102030405060708 0000'), false],
  ['no QUIC of today', hex('c0ff00001d 08 0102030405060708 00 00 4016'), false],
  ['an id that is too long', concat(hex('c000000001 15'), filler(40)), true],
  ['an id that was cut off', hex('c000000001 08 0102'), true],
  ['a token that was cut off', hex('c000000001 00 00 4fff 01'), true],
  ['a Retry', concat(hex('f000000001 08'), filler(60)), true],
  ['a Retry of version 2', concat(hex('c06b3343cf 08'), filler(60)), true],
])('no header is read: %s', (_name, bytes, looks) => {
  const view = new DataView(bytes.buffer);
  expect(looksLikeQuic(bytes, view, 0, bytes.length)).toBe(looks);
  expect(new LongHeader().read(bytes, view, 0, bytes.length)).toBe(false);
});

describe('CRYPTO frames', () => {
  const ACK = concat(u8(2), variable(7), variable(0), variable(1), variable(0), variable(0), variable(0));

  it('are found in any order, between padding, pings and acknowledgements', () => {
    const frames = concat(u8(0, 0, 1), cryptoFrame(30, u8(3)), ACK, u8(1), cryptoFrame(0, u8(1, 2)), u8(0));
    expect(pieces(frames)).toEqual([
      [30, '03'],
      [0, '0102'],
    ]);
  });

  it('are found behind an acknowledgement with congestion counts', () => {
    const withCounts = concat(
      u8(3),
      variable(7),
      variable(0),
      variable(0),
      variable(0),
      variable(1),
      variable(2),
      variable(3),
    );
    expect(pieces(concat(withCounts, cryptoFrame(0, u8(9))))).toEqual([[0, '09']]);
  });

  it.each([
    ['a frame of another kind', u8(0x1c, 0, 0, 0)],
    ['an acknowledgement without an end', concat(u8(2, 1, 1), variable(2 ** 40, 8), filler(20))],
  ])('end at %s', (_name, frame) => {
    expect(pieces(concat(cryptoFrame(0, u8(5)), frame, cryptoFrame(1, u8(6))))).toEqual([[0, '05']]);
  });

  it('are cut off with their packet', () => {
    const frames = cryptoFrame(4, filler(50));
    expect(pieces(frames.subarray(0, 15))).toEqual([[4, toHex(filler(10))]]);
    expect(pieces(frames.subarray(0, 3))).toEqual([]);
  });
});
