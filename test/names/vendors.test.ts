import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import ouiData from 'oui-data' with { type: 'json' };
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vendorFile } from '../../scripts/build-vendors.mjs';
import { localWord, parseMac, VendorNames } from '../../src/names/vendors.ts';
import { ownerOf } from '../../src/wire/address-blocks.ts';
import { meant } from '../support/meant.ts';

const data: Readonly<Record<string, string>> = ouiData;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-vendors-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function vendorsOf(registry?: Readonly<Record<string, string>>): VendorNames {
  const path = join(folder, `vendors-${registry === undefined ? 'all' : Object.keys(registry).join('-')}.bin`);
  writeFileSync(path, vendorFile(registry));
  return new VendorNames(path);
}

function mac(digits: string): string {
  return digits
    .padEnd(12, '0')
    .toLowerCase()
    .replace(/..(?=.)/g, '$&:');
}

/** What the registry says, by the longest of the three prefixes. */
function byPrefix(digits: string): string | null {
  if (Number.parseInt(digits.slice(0, 2), 16) & 3) return null;
  const text = data[digits.slice(0, 9)] ?? data[digits.slice(0, 7)] ?? data[digits.slice(0, 6)];
  const name = text?.split('\n')[0].replace(/\s+/g, ' ').trim();
  return name === undefined || name === 'IEEE Registration Authority' ? null : name;
}

describe('vendors', () => {
  it('are found by the longest prefix, in a registry of three sizes of block', () => {
    const vendors = vendorsOf({
      '000000': 'Zero\nAnywhere',
      '001BC5': 'IEEE Registration Authority\nSomewhere',
      '001BC5000': 'First 36\n',
      '001BC5F': 'Last 28',
      '001BC6': 'Next',
      FCFFFF: 'End',
    });
    const name = (digits: string): string | null => vendors.name(mac(digits));
    expect(name('000000000000')).toBe('Zero');
    expect(name('000001000000')).toBeNull();
    expect(name('001bc5000fff')).toBe('First 36');
    expect(name('001bc5001000')).toBeNull();
    expect(name('001bc5efffff')).toBeNull();
    expect(name('001bc5f00000')).toBe('Last 28');
    expect(name('001bc6000000')).toBe('Next');
    expect(name('fcffffffffff')).toBe('End');
    expect(name('fd0000000000')).toBeNull();
  });

  it('are those of the whole registry', () => {
    const vendors = vendorsOf();
    expect(vendors.name('b8:27:eb:12:34:56')).toBe('Raspberry Pi Foundation');
    const prefixes = Object.keys(data);
    fc.assert(
      fc.property(fc.nat(prefixes.length - 1), fc.stringMatching(/^[0-9A-F]{6}$/), fc.boolean(), (at, tail, own) => {
        const digits = (own ? prefixes[at] : '') + tail + tail;
        expect(vendors.name(mac(digits.slice(0, 12)))).toBe(byPrefix(digits.padEnd(12, '0').slice(0, 12)));
      }),
      { numRuns: 3000 },
    );
  });

  it('are numbered in the order of their names', () => {
    const vendors = vendorsOf({ '000001': 'beta', '000002': 'Alpha', '000003': 'gamma', '000004': 'Alpha' });
    const owner = (digits: string): number => {
      const address = parseMac(mac(digits));
      return address === null ? -1 : ownerOf(vendors.blocks, address.high, address.low);
    };
    expect(['000002', '000001', '000003', '000004', '000005'].map(owner)).toEqual([1, 2, 3, 1, 0]);
    expect(Array.from(vendors.ownersMatching(meant('a')))).toEqual([1, 2, 3]);
    expect(Array.from(vendors.ownersMatching(meant('mm')))).toEqual([3]);
    expect(Array.from(vendors.ownersMatching(meant('nobody')))).toEqual([]);
  });

  it('has none for groups and for addresses that software made', () => {
    const vendors = vendorsOf({ '000001': 'Maker', '010001': 'Group', '020001': 'Local' });
    expect(['000001', '010001', '020001'].map((digits) => vendors.name(mac(digits)))).toEqual(['Maker', null, null]);
    expect(['000001', '010001', '020001', '330001'].map((digits) => localWord(mac(digits)))).toEqual([
      ...[null, null, 'local', null],
    ]);
    expect(vendors.name('not an address')).toBeNull();
  });

  it('names nobody where its file is missing or damaged', () => {
    expect(new VendorNames(join(folder, 'none')).name('b8:27:eb:12:34:56')).toBeNull();
    const whole = vendorFile({ '000001': 'Maker' });
    for (const [i, bytes] of [
      Buffer.from('x'),
      whole.subarray(0, 30),
      gzipSync(Buffer.alloc(4)),
      gzipSync(Buffer.alloc(99, 1)),
    ].entries()) {
      const path = join(folder, `damaged-${i}`);
      writeFileSync(path, bytes);
      const vendors = new VendorNames(path);
      expect([vendors.name('00:00:01:00:00:00'), vendors.ownersMatching(meant('maker')).length]).toEqual([null, 0]);
    }
  });

  it('carry no control characters', () => {
    expect(vendorsOf({ '000001': 'Ma\u001b[31mker' }).name('00:00:01:00:00:00')).toBe('Ma·[31mker');
  });
});

describe('parseMac', () => {
  it('reads addresses with and without leading zeros, and nothing else', () => {
    expect(parseMac('02:00:5e:FF:00:01')).toEqual({ high: 0x0200, low: 0x5eff0001 });
    expect(parseMac('8:0:20:0:61:ca')).toEqual({ high: 0x0800, low: 0x200061ca });
    expect(parseMac('ff:ff:ff:ff:ff:ff')).toEqual({ high: 0xffff, low: 0xffffffff });
    for (const text of [
      '',
      '02:00:5e:ff:00',
      '02:00:5e:ff:00:01:02',
      '02-00-5e-ff-00-01',
      '02:00:5e:ff:00:0g',
      '10.0.0.1',
    ]) {
      expect(parseMac(text)).toBeNull();
    }
  });
});
