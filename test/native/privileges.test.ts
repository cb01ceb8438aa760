import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CAPABILITY } from '../../src/native/capabilities.ts';
import { becomeUser, changeOfUserRefusal, excessOf, lookUpUser } from '../../src/native/privileges.ts';

const isRoot = process.getuid?.() === 0;

/** A thread's status as proc(5) has it. */
function statusOf(changes: Record<string, string> = {}): string {
  const lines: Record<string, string> = {
    Name: 'node',
    Uid: '6\t6\t6\t6',
    Gid: '12\t12\t12\t12',
    Groups: '12 44 ',
    CapInh: '0000000000002000',
    CapPrm: '0000000000002000',
    CapEff: '0000000000002000',
    CapBnd: '000001ffffffffff',
    CapAmb: '0000000000000000',
    ...changes,
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name}:\t${value}\n`)
    .join('');
}

describe('lookUpUser', () => {
  it('finds a user with its groups, as id(1) does', () => {
    const ids = (option: string): number[] =>
      spawnSync('id', [option, 'daemon'], { encoding: 'utf8' }).stdout.trim().split(' ').map(Number);
    const user = lookUpUser('daemon');
    expect(user).toEqual({ name: 'daemon', uid: ids('-u')[0], gid: ids('-g')[0], groups: ids('-G') });
  });

  it.each(['no-such-user', '', 'daemon\0'])('refuses %j, which does not exist', (name) => {
    expect(() => lookUpUser(name)).toThrow(/^cannot become user.*: there is no such user/);
  });
});

describe('what a thread kept', () => {
  const user = { name: 'man', uid: 6, gid: 12, groups: [12, 44] };

  it('is nothing where it is the user with the capability that is kept', () => {
    expect(excessOf(statusOf(), user, [CAPABILITY.netRaw])).toBeNull();
    expect(excessOf(statusOf({ Groups: '' }), user, [CAPABILITY.netRaw])).toBeNull();
  });

  it.each([
    ['Uid', '6\t0\t6\t6'],
    ['Gid', '12\t12\t0\t12'],
    ['Groups', '12 0'],
    ['CapEff', '0000000000002001'],
    ['CapPrm', '000001ffffffffff'],
    ['CapInh', '0000000000001000'],
    ['CapAmb', '0000000000000400'],
  ])('is said of %s', (name, value) => {
    expect(excessOf(statusOf({ [name]: value }), user, [CAPABILITY.netRaw])).toBe(
      `${name}: ${value.replaceAll('\t', ' ')}`,
    );
  });

  it('is not taken for nothing where the kernel does not say', () => {
    expect(excessOf(statusOf().replace(/^CapPrm.*$/m, ''), user, [CAPABILITY.netRaw])).toBe('CapPrm: unknown');
  });

  it('is the capability itself where none is kept', () => {
    expect(excessOf(statusOf(), user, [])).toBe('CapInh: 0000000000002000');
  });
});

describe('becomeUser', () => {
  it('does nothing for root, and for who we are already', () => {
    const before = readFileSync('/proc/self/status', 'latin1').match(/^(Uid|Gid|Groups|Cap\w+):.*$/gm);
    becomeUser({ name: 'root', uid: 0, gid: 0, groups: [0] }, { keep: 'nothing' });
    becomeUser({ name: 'me', uid: process.geteuid?.() ?? 0, gid: 1, groups: [] }, { keep: 'nothing' });
    expect(readFileSync('/proc/self/status', 'latin1').match(/^(Uid|Gid|Groups|Cap\w+):.*$/gm)).toEqual(before);
  });

  it.skipIf(isRoot)('says why it cannot be', () => {
    const user = { name: 'daemon', uid: 1, gid: 1, groups: [1] };
    expect(() => becomeUser(user, { keep: 'nothing' })).toThrow('cannot become user daemon: only root can');
    expect(changeOfUserRefusal(user)).toBe('only root can');
  });
});
