import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Filter } from '../../filters/filter.ts';
import { ruleText } from '../../filters/rule-text.ts';
import { filterListProblems } from '../../filters/schema.ts';
import { readIptrafNgFilters } from '../../src/store/iptraf-ng-filters.ts';

/** Written by iptraf-ng 1.2.1 on x86-64. */
const REAL = resolve(import.meta.dirname, '../fixtures/iptraf-ng');
const REAL_FILE = '1795276733';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-ng-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function texts({ rules }: Filter): string[] {
  return rules.map(ruleText);
}

/** A directory with one filter whose rules are those of the real file after `change`. */
function changed(change: (rules: Buffer) => void, list: (record: Buffer) => void = () => undefined): void {
  const rules = readFileSync(join(REAL, REAL_FILE));
  change(rules);
  writeFileSync(join(folder, REAL_FILE), rules);
  const record = readFileSync(join(REAL, 'othipfilters.dat')).subarray(0, 75);
  list(record);
  writeFileSync(join(folder, 'othipfilters.dat'), record);
}

describe("iptraf-ng's own filters", () => {
  it('are read as they were meant, field by field', () => {
    const { filters, notes } = readIptrafNgFilters(REAL);
    expect(filters.map(({ name, description, unmatched }) => [name, description, unmatched])).toEqual([
      ['Web and more', 'from iptraf-ng', 'drop'],
      ['Hidden things', 'from iptraf-ng', 'drop'],
    ]);
    expect(filterListProblems(filters, [])).toEqual([]);
    expect(texts(filters[0])).toEqual([
      // Ports are for TCP and UDP alone: the other protocols match by address.
      'exclude tcp,udp from 10.1.2.3/16 port 80-90 to 192.168.7.0/1.2.3.4 port 1111-2222',
      'exclude 0-5,7-16,18-255 from 10.1.2.3/16 to 192.168.7.0/1.2.3.4',
      'include tcp one-way',
      'include udp from any port 53 one-way',
    ]);
    expect(notes).toEqual([
      'filter Web and more: rule 2: 10.0.0.9 had no mask there, which matches every address',
      'filter Web and more: rule 3: localhost had no mask there, which matches every address',
    ]);
    expect(texts(filters[1])).toEqual([
      'include tcp,udp from 10.77.0.2/24 port 443 to any port 53-60 one-way',
      'include icmp from 10.77.0.2/24 one-way',
      'exclude to 192.168.1.1',
      'include ip one-way',
    ]);
  });

  it('may have additional protocols and host names', () => {
    changed((rules) => {
      rules.writeUInt32LE(0, 140);
      rules.fill(0, 130, 138);
      rules.fill(0, 90, 110);
      rules.write('255.255.255.255', 90);
      rules.fill(0, 0, 45);
      rules.write('www.example.net', 0);
    });
    const [filter] = readIptrafNgFilters(folder).filters;
    expect(texts(filter)[0]).toBe(
      'exclude 1-2,tcp,9,udp,46-47,50-51,55,88-89,101-104,115 from www.example.net to 192.168.7.0/1.2.3.4',
    );
  });

  it.each([
    [(rules: Buffer) => rules.writeUInt16LE(70, 132), 'rule 1: the ports 80-70 match nothing'],
    [(rules: Buffer) => rules.write('host.example\0', 0), 'rule 1: the host name host.example has a mask'],
    [(rules: Buffer) => rules.write('none\0', 90), 'rule 1: "none" is no mask'],
  ])('that say what cannot be said are left out with the reason', (change, reason) => {
    changed(change);
    expect(readIptrafNgFilters(folder)).toEqual({
      filters: [],
      notes: [`filter Web and more is left out: ${reason}`],
    });
  });

  it('are not looked for outside of the directory, and need not be whole', () => {
    mkdirSync(join(folder, 'inside'));
    changed(
      () => undefined,
      (record) => record.write(`../${REAL_FILE}\0`, 35),
    );
    copyFileSync(join(folder, 'othipfilters.dat'), join(folder, 'inside/othipfilters.dat'));
    expect(readIptrafNgFilters(join(folder, 'inside')).notes).toEqual([
      `filter Web and more is left out: "../${REAL_FILE}" is no name of a filter file`,
    ]);
    changed(() => undefined);
    writeFileSync(join(folder, REAL_FILE), readFileSync(join(REAL, REAL_FILE)).subarray(0, 2000));
    expect(readIptrafNgFilters(folder).notes).toEqual([
      'filter Web and more is left out: its file has 2000 bytes, no whole rules',
    ]);
    rmSync(join(folder, REAL_FILE));
    expect(readIptrafNgFilters(folder).notes[0]).toContain('no such file or directory');
  });

  it('keep apart where two have one name', () => {
    changed(() => undefined);
    const record = readFileSync(join(folder, 'othipfilters.dat'));
    writeFileSync(join(folder, 'othipfilters.dat'), Buffer.concat([record, record]));
    expect(readIptrafNgFilters(folder).filters.map(({ name }) => name)).toEqual(['Web and more', 'Web and more (2)']);
  });

  it('are not made up from a file that is no list', () => {
    writeFileSync(join(folder, 'othipfilters.dat'), 'x');
    expect(() => readIptrafNgFilters(folder)).toThrow("it is no list of iptraf-ng's filters (1 bytes)");
    expect(() => readIptrafNgFilters(join(folder, 'none'))).toThrow(
      /^cannot import .*othipfilters\.dat: no such file or directory \(name the directory that iptraf-ng keeps/,
    );
  });
});
