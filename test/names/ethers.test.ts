import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { groupsMatching, groupWord } from '../../src/names/ethernet-groups.ts';
import { EtherNames, parseEthers } from '../../src/names/ethers.ts';
import { meant } from '../support/meant.ts';

describe('ethers', () => {
  it('reads what ethers(5) describes: addresses without leading zeros, comments, the first line of an address wins', () => {
    const text =
      '# head\n08:00:20:00:61:CA pal\n  8:0:20:0:61:cb\tfriend # comment\n08:00:20:00:61:ca other\nbroken line\n' +
      '08:00:20:00:61:cc\n08:00:20:00:61:cd -x\u001b[31m\n10.0.0.1 host\n';
    expect([...parseEthers(text)]).toEqual([
      ['08:00:20:00:61:ca', 'pal'],
      ['08:00:20:00:61:cb', 'friend'],
      ['08:00:20:00:61:cd', '?x??31m'],
    ]);
  });

  it('reads the file when it is needed, again when it has changed, and a missing one is no error', () => {
    const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-ethers-'));
    const path = join(folder, 'ethers');
    let now = 0;
    const ethers = new EtherNames(path, () => now);
    const mac = '08:00:20:00:61:ca';
    expect(ethers.name(mac)).toBeNull();
    writeFileSync(path, `${mac} pal\n`);
    expect(ethers.name(mac)).toBeNull();
    now += 3;
    expect(ethers.name(mac)).toBe('pal');
    expect(ethers.macsMatching(meant('pa'), 10)).toEqual([mac]);
    expect(ethers.macsMatching(meant('pa'), 0)).toEqual([]);
    writeFileSync(path, `${mac} a-longer-name\n`);
    now += 3;
    expect(ethers.name(mac)).toBe('a-longer-name');
    rmSync(folder, { recursive: true });
    now += 3;
    expect(ethers.name(mac)).toBeNull();
  });
});

describe('groups', () => {
  it.each([
    ['ff:ff:ff:ff:ff:ff', 'broadcast'],
    ['01:00:5e:00:00:fb', 'mDNS (224.0.0.251)'],
    ['01:00:5e:12:34:56', 'IPv4 multicast'],
    ['01:00:5e:80:00:01', 'MPLS multicast'],
    ['33:33:ff:12:34:56', 'IPv6 neighbour discovery'],
    ['33:33:00:00:12:34', 'IPv6 multicast'],
    ['01:80:c2:00:00:00', 'STP (spanning tree)'],
    ['01:80:c2:00:00:0e', 'LLDP, PTP (nearest bridge)'],
    ['01:00:0c:cc:cc:cc', 'CDP, VTP, UDLD (Cisco)'],
    ['03:12:34:56:78:9a', null],
    ['02:00:00:00:00:01', null],
  ])('%s is %s', (mac, word) => {
    expect(groupWord(mac)).toBe(word);
  });

  it('are found by their words', () => {
    expect(groupsMatching(meant('mdns'))).toEqual(['01:00:5e:00:00:fb', '33:33:00:00:00:fb']);
  });
});
