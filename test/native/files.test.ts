import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tryLockFile, unlockFile } from '../../src/native/files.ts';

let folder: string;
let first: number;
let second: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  first = openSync(join(folder, 'file'), 'w');
  second = openSync(join(folder, 'file'), 'r');
});
afterEach(() => {
  closeSync(second);
  rmSync(folder, { recursive: true });
});

it('refuses an exclusive lock that someone else holds, until it is given back', () => {
  expect(tryLockFile(first)).toBe(true);
  expect(tryLockFile(second)).toBe(false);
  unlockFile(first);
  expect(tryLockFile(second)).toBe(true);
  closeSync(first);
});

it('shares a shared lock, and refuses an exclusive one beside it', () => {
  expect(tryLockFile(first, 'shared')).toBe(true);
  expect(tryLockFile(second, 'shared')).toBe(true);
  expect(tryLockFile(second, 'exclusive')).toBe(false);
  closeSync(first);
});

it('frees the lock when its descriptor is closed', () => {
  expect(tryLockFile(first)).toBe(true);
  closeSync(first);
  expect(tryLockFile(second)).toBe(true);
});

it('says which call failed on a descriptor that is none', () => {
  closeSync(first);
  expect(() => tryLockFile(first)).toThrow('flock: EBADF');
});
