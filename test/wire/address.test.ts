import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressText,
  compareAddresses,
  formatAddress,
  formatMac,
  macText,
  parseAddress,
  writeIpv6,
} from '../../src/wire/address.ts';
import { NETWORK } from '../../src/wire/decoded-batch.ts';
import { hex, ipv6Bytes } from '../support/packets.ts';

function words(text: string): Uint32Array {
  const view = new DataView(ipv6Bytes(text).buffer);
  return Uint32Array.from({ length: 4 }, (_, k) => view.getUint32(4 * k));
}

const word = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: 0xffffffff }));
const anyAddress = fc.array(word, { minLength: 4, maxLength: 4 }).map((list) => Uint32Array.from(list));

describe('address text', () => {
  it('is the same in bytes', () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        fc.pre(address[0] !== 0 || address[1] !== 0 || address[2] !== 0xffff);
        const bytes = new Uint8Array(39);
        const length = writeIpv6(bytes, Uint32Array.of(7, ...address), 1);
        expect(new TextDecoder().decode(bytes.subarray(0, length))).toBe(addressText(address, 0));
      }),
    );
  });

  it.each([
    ['::', '::'],
    ['::1', '::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fe80:0:0:0:0:0:0:0', 'fe80::'],
    ['0:0:0:0:0:1:0:0', '::1:0:0'],
    ['0:0:1:2:3:4:5:6', '::1:2:3:4:5:6'],
    ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
  ])('%s is written as RFC 5952 says', (text, expected) => {
    expect(addressText(words(text), 0)).toBe(expected);
    expect(formatAddress(words(text), 0, NETWORK.ipv6)).toBe(expected);
  });

  it('IPv6 agrees with the URL standard, which writes addresses the same way', () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        fc.pre(address[0] !== 0 || address[1] !== 0 || address[2] !== 0xffff);
        const full = Array.from(address, (w) => `${(w >>> 16).toString(16)}:${(w & 0xffff).toString(16)}`).join(':');
        expect(`[${addressText(address, 0)}]`).toBe(new URL(`http://[${full}]/`).hostname);
      }),
    );
  });

  it('IPv4 is dotted; a v4-mapped address within IPv6 says so', () => {
    const mapped = Uint32Array.of(9, 0, 0, 0xffff, 0xc0000201);
    expect(addressText(mapped, 1)).toBe('192.0.2.1');
    expect(formatAddress(mapped, 1, NETWORK.ipv4)).toBe('192.0.2.1');
    expect(formatAddress(mapped, 1, NETWORK.ipv6)).toBe('::ffff:192.0.2.1');
    expect(addressText(Uint32Array.of(0, 0, 0xffff, 0xffffffff), 0)).toBe('255.255.255.255');
  });

  it('MAC addresses keep their zeros', () => {
    expect(macText(0x0200, 0x0000000a)).toBe('02:00:00:00:00:0a');
    expect(macText(0xffff, 0xffffffff)).toBe('ff:ff:ff:ff:ff:ff');
    expect(formatAddress(Uint32Array.of(0, 0, 0x0001, 0x02030405), 0, NETWORK.other)).toBe('00:01:02:03:04:05');
    expect(formatMac(hex('ff 00:1a:2b:03:04:05'), 1)).toBe('00:1a:2b:03:04:05');
  });
});

describe('parseAddress', () => {
  it('reads back every address that is written', () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        expect(parseAddress(addressText(address, 0))).toEqual(address);
        expect(parseAddress(formatAddress(address, 0, NETWORK.ipv6))).toEqual(address);
      }),
    );
  });

  it.each([
    ['10.0.0.1', [0, 0, 0xffff, 0x0a000001]],
    ['::ffff:10.0.0.1', [0, 0, 0xffff, 0x0a000001]],
    ['64:ff9b::192.0.2.33', [0x0064ff9b, 0, 0, 0xc0000221]],
    ['FE80::A', [0xfe800000, 0, 0, 10]],
    ['1:2:3:4:5:6:7::', [0x00010002, 0x00030004, 0x00050006, 0x00070000]],
    ['1:2:3:4:5:6:1.2.3.4', [0x00010002, 0x00030004, 0x00050006, 0x01020304]],
  ])('accepts %s', (text, expected) => {
    expect(parseAddress(text)).toEqual(Uint32Array.from(expected));
  });

  it.each([
    '',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.01',
    '1.2.3.4.5',
    '10.0.0.1/8',
    'host',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '::12345',
    '::g',
    'fe80::1%eth0',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    ':1:2:3:4:5:6:7',
  ])('refuses "%s"', (text) => {
    expect(parseAddress(text)).toBeNull();
  });
});

describe('compareAddresses', () => {
  it('orders by number, not by text', () => {
    const sorted = ['9.0.0.1', '10.0.0.1', '10.0.0.2', '200.0.0.1', '2001:db8::1', 'fe80::1'].map(
      (text) => parseAddress(text)!,
    );
    for (let k = 1; k < sorted.length; k++) {
      expect(compareAddresses(sorted[k - 1], 0, sorted[k], 0)).toBeLessThan(0);
      expect(compareAddresses(sorted[k], 0, sorted[k - 1], 0)).toBeGreaterThan(0);
    }
    expect(compareAddresses(sorted[2], 0, sorted[2].slice(), 0)).toBe(0);
  });
});
