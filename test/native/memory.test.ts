import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mapShared, releaseMapping } from '../../src/native/memory.ts';

const BYTES = 1 << 16;
let folder: string;
let file: number;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'map-'));
  file = openSync(join(folder, 'file'), 'w+');
  ftruncateSync(file, BYTES);
  writeSync(file, 'what the file holds', 0);
});
afterAll(() => {
  closeSync(file);
  rmSync(folder, { recursive: true });
});

it('shows and changes what the descriptor holds', () => {
  const memory = mapShared(file, BYTES);
  const bytes = Buffer.from(memory.buffer);
  expect(bytes.toString('latin1', 0, 19)).toBe('what the file holds');
  bytes.write('WHAT');
  const read = Buffer.alloc(4);
  readSync(file, read, 0, 4, 0);
  expect(read.toString()).toBe('WHAT');
  releaseMapping(memory);
});

it('leaves a harmless view behind, and uses its place again', () => {
  const memory = mapShared(file, BYTES);
  releaseMapping(memory);
  expect(new Uint8Array(memory.buffer).every((byte) => byte === 0)).toBe(true);
  const again = mapShared(file, BYTES);
  expect(again.buffer).toBe(memory.buffer);
  expect(Buffer.from(again.buffer).toString('latin1', 5, 8)).toBe('the');
  releaseMapping(again);
});

it('stays harmless when mapping into a used place fails', () => {
  const memory = mapShared(file, BYTES);
  releaseMapping(memory);
  expect(() => mapShared(-1, BYTES)).toThrow('mmap: EBADF');
  expect(new Uint8Array(memory.buffer)[0]).toBe(0);
});
