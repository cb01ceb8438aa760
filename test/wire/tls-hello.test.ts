import { describe, expect, it } from 'vitest';
import { HostName } from '../../src/wire/host-name.ts';
import { HELLO, HelloReader, looksLikeHello } from '../../src/wire/tls-hello.ts';
import { clientHello, extension, type HelloFields, handshake, records, serverName } from '../support/hellos.ts';
import { concat, filler, hex, u8, u16 } from '../support/packets.ts';

const OUTCOMES = ['none', 'more'] as const;

/** The name, or what became of the bytes, which stand between others. */
function read(message: Uint8Array, inRecords = true): string {
  const bytes = concat(filler(3), message, filler(40, 22));
  const name = new HostName(1);
  const found = new HelloReader().read(bytes, 3, 3 + message.length, inRecords, name);
  if (found !== HELLO.found) return OUTCOMES[found];
  return name.isHost ? name.text : 'no host';
}

const hello = (fields: HelloFields): string => read(records(clientHello(fields)));

describe('the server name of a ClientHello', () => {
  it.each<[string, HelloFields]>([
    ['as the first extension', {}],
    ['behind a padding', { before: 3000, after: 500 }],
    ['without a session', { session: 0 }],
    ['of TLS 1.0', { version: 0x0301 }],
  ])('is found %s', (_name, fields) => {
    expect(hello(fields)).toBe('www.example.com');
  });

  it.each([
    ['one byte each', new Array<number>(100).fill(1)],
    ['its first byte alone', [1]],
    ['cut within the name', [100]],
  ])('is found in several records: %s', (_name, lengths) => {
    expect(read(records(clientHello(), lengths))).toBe('www.example.com');
  });

  it('is found without records, as QUIC has it', () => {
    expect(read(clientHello(), false)).toBe('www.example.com');
    expect(read(records(clientHello()), false)).toBe('none');
  });

  it('is kept as A-label, and is of no host where it is none', () => {
    expect(hello({ name: 'xn--bcher-kva.example' })).toBe('xn--bcher-kva.example');
    expect(hello({ name: 'bücher.example' })).toBe('no host');
    expect(hello({ name: '192.0.2.1' })).toBe('no host');
    expect(hello({ name: '2001:db8::1' })).toBe('no host');
    expect(hello({ name: '' })).toBe('no host');
    expect(hello({ name: 'a\nb.example' })).toBe('no host');
    expect(hello({ name: 'x'.repeat(254) })).toBe('no host');
    expect(hello({ name: 'a..b' })).toBe('no host');
  });

  it('needs more until all of the name is there', () => {
    const whole = records(clientHello({ before: 1500 }), [700, 600]);
    const enough = Buffer.from(whole).indexOf('www.example.com') + 'www.example.com'.length;
    for (let length = 0; length < enough; length++) expect(read(whole.subarray(0, length))).toBe('more');
    expect(read(whole.subarray(0, enough))).toBe('www.example.com');
  });

  it('is not there', () => {
    expect(hello({ name: null })).toBe('none');
    // Without extensions at all; what follows is another message.
    const body = concat(u16(0x0301), filler(32), u8(0), u16(2, 0x002f), u8(1, 0));
    expect(read(concat(records(handshake(1, body)), records(serverName(Buffer.from('a.example')))))).toBe('none');
    expect(read(records(handshake(2, body)))).toBe('none');
  });

  it.each([
    ['an alert behind the first record', concat(records(clientHello().subarray(0, 50)), hex('1503030002'), filler(50))],
    ['an empty record', hex('1603010000 1603010005 0100000000')],
    ['a record that is too long', concat(hex('160301 ffff 01'), filler(100))],
    ['a hello that is too long', concat(hex('160301 1000 01 00ffff'), filler(100))],
    ['a list longer than its extension', hostile(extension(0, concat(u16(99), u8(0), u16(1), u8(97))))],
    ['a name longer than its list', hostile(extension(0, concat(u16(4), u8(0), u16(60), filler(60, 97))))],
    ['an extension longer than all of them', hostile(concat(u16(5, 9999), filler(9000)))],
    ['a name of another type', hostile(extension(0, concat(u16(4), u8(1), u16(1), u8(97))))],
  ])('is not found in damaged bytes: %s', (_name, bytes) => {
    expect(read(bytes)).toBe('none');
  });

  it('is the first of two', () => {
    const two = concat(serverName(Buffer.from('one.example')), serverName(Buffer.from('two.example')));
    expect(read(hostile(two))).toBe('one.example');
  });
});

/** A hello with these extensions, followed by 40 bytes that belong to them by their length. */
function hostile(extensions: Uint8Array): Uint8Array {
  const padded = concat(extensions, filler(40));
  const body = concat(u16(0x0303), filler(32), u8(0), u16(2, 0x1301), u8(1, 0), u16(padded.length), padded);
  return records(handshake(1, body));
}

it('a hello shows by its first bytes, as many as there are', () => {
  const begins = (digits: string): boolean => looksLikeHello(hex(digits), 0, hex(digits).length);
  expect(begins('160301 0200 01')).toBe(true);
  expect(begins('160301 02')).toBe(true);
  expect(begins('160301')).toBe(true);
  expect(begins('1603')).toBe(false);
  expect(begins('160301 0200 02')).toBe(false);
  expect(begins('160201 0200 01')).toBe(false);
  expect(begins('160305 0200 01')).toBe(false);
  expect(begins('170303 0200 01')).toBe(false);
});
