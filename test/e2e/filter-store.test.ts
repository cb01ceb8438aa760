/** Stored filters under kill -9, several writers and a full disk; each process is a real one. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Filter } from '../../filters/filter.ts';
import { FilterStore } from '../../filters/store.ts';
import { bundle } from '../support/bundle.ts';

const KILLS = 200;
/** State directories in which programs save and are killed at the same time: one starts while another saves. */
const LANES = 2;
const SAVES_EACH = 200;
/** Milliseconds from a first save to kill -9: several saves long, so that every point of one is met. */
const LONGEST_LIFE = 30;

let folder: string;
let path: string;
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-saving-'));
  path = join(folder, 'filters.json');
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function saver(program: string, at: string, name: string, times: number): ChildProcess {
  const child = spawn(process.execPath, [program, at, name, String(times)], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

/** More than a block of a disk, and quickly checked: a good part of the time that saving takes is writing. */
function manyFilters(count: number): Filter[] {
  return Array.from({ length: count }, (_, n) => ({
    name: `filter ${n}`,
    description: 'x'.repeat(200),
    rules: [],
  }));
}

/** What the document was after a kill, in numbers of kills. */
interface KillCounts {
  /** The last save that the process told of is what the file holds. */
  told: number;
  /** A save that was begun has left its unfinished file. */
  cut: number;
}

const unfinished = (at: string): string[] =>
  readdirSync(dirname(at)).filter((name) => name.startsWith(`.${basename(at)}`));

/** Settles soon after a file in the folder was made or renamed. */
async function nextWriting(directory: string): Promise<void> {
  const watcher = watch(directory);
  await once(watcher, 'change');
  watcher.close();
}

/** Lets a process save until it is killed, so many times. */
async function killAgainAndAgain(program: string, at: string, times: number): Promise<KillCounts> {
  mkdirSync(dirname(at));
  await new FilterStore(at).replaceAll(manyFilters(20));
  const counts = { told: 0, cut: 0 };
  for (let kill = 0; kill < times; kill++) {
    const child = saver(program, at, '', 1000);
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    // One that fails closes it without a word.
    await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), once(child, 'exit')]);
    expect(child.exitCode).toBe(null);
    await sleep(Math.random() * LONGEST_LIFE);
    // Most of a save is reading and checking: every second kill waits until one has begun to write.
    if (kill % 2 === 1) await nextWriting(dirname(at));
    child.kill('SIGKILL');
    await once(child, 'close');
    const told = Number(output.trimEnd().split('\n').at(-1));
    const { filters } = JSON.parse(readFileSync(at, 'utf8')) as { filters: Filter[] };
    const saved = Number(filters.find(({ name }) => name === 'counter')?.description);
    expect([told, told + 1]).toContain(saved);
    if (saved === told) counts.told++;
    if (unfinished(at).length > 0) counts.cut++;
  }
  const store = new FilterStore(at);
  await store.add([]);
  expect((await store.read()).slice(0, 20)).toEqual(manyFilters(20));
  expect(store.warnings).toEqual([]);
  // Nothing unfinished, nothing set aside as damaged.
  expect(readdirSync(dirname(at)).sort()).toEqual(['filters.json', 'filters.json.lock']);
  return counts;
}

describe('the stored filters', () => {
  it(`are the old or the new ones after kill -9, ${KILLS} times`, async () => {
    const program = await bundle('test/store/save-filters.ts', 'bundle');
    const lanes = Array.from({ length: LANES }, (_, lane) =>
      killAgainAndAgain(program, join(folder, String(lane), 'filters.json'), KILLS / LANES),
    );
    const counts = await Promise.all(lanes);
    const sum = (count: keyof KillCounts): number => counts.reduce((total, each) => total + each[count], 0);
    // Saves were met before, while and after they wrote.
    expect(sum('told')).toBeGreaterThan(0);
    expect(sum('cut')).toBeGreaterThan(0);
  }, 300_000);

  it(`are all there after two processes have saved ${SAVES_EACH} times each`, async () => {
    const program = await bundle('test/store/save-filters.ts', 'bundle');
    const savers = ['ours', 'theirs'].map((name) => saver(program, path, name, SAVES_EACH));
    for (const child of savers) child.stdout?.resume();
    const statuses = await Promise.all(savers.map(async (child) => (await once(child, 'exit'))[0]));
    expect(statuses).toEqual([0, 0]);
    const names = (await new FilterStore(path).read()).map(({ name }) => name);
    const all = ['ours', 'theirs'].flatMap((name) => Array.from({ length: SAVES_EACH }, (_, n) => `${name}-${n + 1}`));
    expect(names.toSorted()).toEqual(all.toSorted());
    expect(readdirSync(folder).sort()).toEqual(['filters.json', 'filters.json.lock']);
  }, 300_000);

  const noRoot = process.getuid?.() === 0 ? '' : ' (not run: mounting needs root)';
  it.skipIf(noRoot !== '')(`stay as they are on a full disk${noRoot}`, async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
    try {
      const store = new FilterStore(path);
      const before = manyFilters(60);
      await store.replaceAll(before);
      const text = readFileSync(path, 'utf8');
      expect(() => writeFileSync(join(folder, 'filler'), Buffer.alloc(1 << 20))).toThrow(/ENOSPC/);
      await expect(store.save({ name: 'one more', description: '', rules: [] }, null)).rejects.toThrow(
        `cannot write filters ${path}: no space left on device`,
      );
      expect(readFileSync(path, 'utf8')).toBe(text);
      expect(readdirSync(folder).sort()).toEqual(['filler', 'filters.json', 'filters.json.lock']);
      rmSync(join(folder, 'filler'));
      await store.save({ name: 'one more', description: '', rules: [] }, null);
      expect(await store.read()).toHaveLength(61);
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});
