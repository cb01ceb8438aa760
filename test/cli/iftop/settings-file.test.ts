import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Caller, caller, readGiven, readUsual } from '../../../src/cli/iftop/settings-file.ts';

const isRoot = process.geteuid?.() === 0;
const NOBODY = { name: 'nobody', uid: 65534, gid: 65534 };

let home: string;
let warnings: string[];
const path = (name = '.iftoprc'): string => join(home, name);
const usual = (user: Caller['user'] = null) => readUsual((line) => warnings.push(line), { home, user });

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'iftoprc-'));
  chmodSync(home, 0o755);
  warnings = [];
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the usual file', () => {
  it("is that of the user's home, and need not be there", () => {
    expect(usual()).toBeNull();
    writeFileSync(path(), 'sort: 2s\n');
    expect(usual()).toEqual({ path: path(), content: 'sort: 2s\n' });
    expect(readUsual(() => undefined, null)).toBeNull();
    expect(warnings).toEqual([]);
  });

  it.each([
    ['a folder', () => mkdirSync(path()), 'it is no regular file'],
    ['a pipe that nobody writes to', () => spawnSync('mkfifo', [path()]), 'it is no regular file'],
    ['a link to a device', () => symlinkSync('/dev/zero', path()), 'it is no regular file'],
    ['a link to itself', () => symlinkSync(path(), path()), expect.stringMatching(/symbolic links/)],
    ['too long', () => writeFileSync(path(), '#'.repeat(70_000)), 'it is longer than 64 KiB'],
  ])('is left out with a warning where it is %s', (_, make, cause) => {
    make();
    expect(usual()).toBeNull();
    expect(warnings).toHaveLength(1);
    expect(warnings[0].slice(`${path()} is left out: `.length)).toEqual(cause);
  });

  it("is the calling user's under sudo, by what sudo says of him", () => {
    const entries = readFileSync('/etc/passwd', 'utf8').split('\n');
    const [name, , uid, gid, , known] = entries.map((line) => line.split(':')).find((entry) => entry[2] !== '0') ?? [];
    const environment = { SUDO_USER: name, SUDO_UID: uid, SUDO_GID: gid };
    const user = { name, uid: Number(uid), gid: Number(gid) };
    expect(caller(environment, true)).toEqual({ home: known, user });
    const unknown = { SUDO_USER: 'ann', SUDO_UID: '4000000', SUDO_GID: '1', SUDO_HOME: '/home/ann' };
    expect(caller(unknown, true)).toEqual({ home: '/home/ann', user: { name: 'ann', uid: 4_000_000, gid: 1 } });
    expect(caller({ ...unknown, SUDO_HOME: undefined }, true)).toBeNull();
    const own = { home: homedir(), user: null };
    expect(caller(environment, false)).toEqual(own);
    expect(caller({ SUDO_USER: 'root', SUDO_UID: '0', SUDO_GID: '0' }, true)).toEqual(own);
    expect(caller({}, true)).toEqual(own);
  });

  it.skipIf(!isRoot)("is read with that user's rights, and ours are back afterwards (needs root)", () => {
    const rights = () => [process.geteuid?.(), process.getegid?.(), process.getgroups?.()];
    const before = rights();
    writeFileSync(path(), 'sort: 2s\n', { mode: 0o600 });
    chownSync(path(), NOBODY.uid, NOBODY.gid);
    expect(usual(NOBODY)?.content).toBe('sort: 2s\n');
    expect(rights()).toEqual(before);
    // What root's group may read the user may not.
    writeFileSync(path('secret'), 'sort: 10s\n');
    chmodSync(path('secret'), 0o640);
    rmSync(path());
    symlinkSync(path('secret'), path());
    expect(usual(NOBODY)).toBeNull();
    expect(warnings).toEqual([`${path()} is left out: permission denied`]);
    expect(rights()).toEqual(before);
    expect(usual()?.content).toBe('sort: 10s\n');
  });
});

describe('the file of -c', () => {
  it('must be there', () => {
    writeFileSync(path('other'), 'sort: 2s');
    expect(readGiven(path('other'))).toBe('sort: 2s');
    expect(() => readGiven(path('missing'))).toThrow(
      `cannot read ${path('missing')}: no such file or directory (start without -c, or name a file of "name: value" lines)`,
    );
    expect(() => readGiven(home)).toThrow(/it is no regular file/);
    expect(readGiven('/dev/null')).toBe('');
  });
});
