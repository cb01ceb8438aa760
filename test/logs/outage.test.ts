/** What becomes of records when the file takes none, or takes them slowly: on real full disks, removed files, pipes. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogWriter } from '../../src/logs/log-writer.ts';
import { LogFolder, logRecord, until } from '../support/log-folder.ts';

let folder: LogFolder;
beforeEach(() => {
  folder = new LogFolder();
});
afterEach(() => folder.remove());

const text = (index: number): string => `line ${String(index).padStart(6, '0')} ${'x'.repeat(40)}`;

function write(writer: LogWriter, from: number, to: number): void {
  for (let index = from; index < to; index++) writer.write(logRecord(text(index)));
}

/** More than ever waits: the backlog holds 16 MiB. */
const LONG = 'x'.repeat(10_000);
const TOO_MANY = 2000;

describe('a file that takes nothing', () => {
  it('costs the lines that still wait at the end; both is told', async () => {
    const writer = folder.open({ path: '/dev/full' });
    write(writer, 0, 10);
    await writer.close();
    expect(writer.figures).toMatchObject({ written: 0, lost: 10 });
    expect(folder.warnings).toEqual([
      'cannot write log /dev/full: no space left on device (lines wait for it; what is too much is lost and counted)',
      'cannot write log /dev/full: no space left on device (lines lost at the end: 10)',
    ]);
  });

  it('lets no more lines wait than the backlog holds', async () => {
    const writer = folder.open({ path: '/dev/full' });
    for (let index = 0; index < TOO_MANY; index++) writer.write(logRecord(LONG));
    const { lost, waiting } = writer.figures;
    expect(lost).toBeGreaterThan(300);
    expect(lost + waiting).toBe(TOO_MANY);
    expect(waiting * LONG.length).toBeLessThan(16 * 1024 * 1024);
    await writer.close();
    expect(writer.figures.lost).toBe(TOO_MANY);
  });
});

describe('a file that is removed with its folder', () => {
  it('is made anew within a second or two, and begins with a record of what was lost', async () => {
    const path = join(folder.path, 'logs/traffic.log');
    mkdirSync(join(folder.path, 'logs'));
    const writer = folder.open({ path });
    write(writer, 0, 1);
    await until(() => folder.texts(path).length === 1);
    rmSync(join(folder.path, 'logs'), { recursive: true });
    write(writer, 1, 4);
    await until(() => folder.names().length > 0 && folder.texts(path).length > 0);
    write(writer, 4, 5);
    await writer.close();
    const [first, ...rest] = folder.texts(path);
    // Whether the first look came before or after the removal, the line of before is among the lost or it is not.
    const lost = Number(/^error: (\d+) lines of this log were lost since .*: the file was removed$/.exec(first)?.[1]);
    expect([3, 4]).toContain(lost);
    expect(rest).toEqual([text(4)]);
    expect(writer.figures).toEqual({ written: 6 - lost, lost, waiting: 0 });
  });

  it('while records come all the time: each is in the new file, or was written before, or is counted', async () => {
    const writer = folder.open();
    let given = 0;
    const timer = setInterval(() => {
      for (let index = 0; index < 50; index++) writer.write(logRecord(text(given++)));
    }, 2);
    await until(() => writer.figures.written > 500);
    const before = folder.lines().length;
    rmSync(folder.file);
    // The record of what was lost stands first; others follow it.
    await until(() => folder.names().length > 0 && folder.texts().some((line) => line.startsWith('line ')));
    clearInterval(timer);
    await writer.close();
    const records = folder.texts().filter((line) => line.startsWith('line '));
    const first = Number(records[0].split(' ')[1]);
    expect(records).toEqual(Array.from({ length: given - first }, (_, index) => text(first + index)));
    const { written, lost } = writer.figures;
    // The record of what was lost is a line, too.
    expect(written + lost).toBe(given + 1);
    // What was there when it was removed may be among the lost: it was looked at a second ago.
    expect(lost).toBeGreaterThanOrEqual(first - before);
    expect(lost).toBeLessThanOrEqual(first);
  });
});

describe('a pipe', () => {
  const openPipe = (): void => {
    expect(spawnSync('mkfifo', [folder.file]).status).toBe(0);
  };

  it('that nobody reads is refused at once', () => {
    openPipe();
    expect(() => folder.open()).toThrow('nobody reads this pipe (start its reader first)');
  });

  it('whose reader is slow costs what the backlog does not hold; a record says how many, where they are missing', async () => {
    openPipe();
    const copy = join(folder.path, 'copy');
    const reader = spawn('sh', ['-c', `exec cat '${folder.file}' > '${copy}'`]);
    const readerEnd = once(reader, 'exit');
    const writer = await opened();
    reader.kill('SIGSTOP');
    for (let index = 0; index < TOO_MANY; index++) writer.write(logRecord(`${index} ${LONG}`));
    const before = writer.figures;
    expect(before.lost).toBeGreaterThan(300);
    expect(folder.warnings).toEqual([expect.stringContaining('its reader is too slow')]);
    reader.kill('SIGCONT');
    await until(() => folder.warnings.length === 2);
    writer.write(logRecord('after'));
    await writer.close();
    await readerEnd;

    const texts = folder.texts(copy);
    const gap = texts.findIndex((line) => line.startsWith('error: '));
    expect(texts[gap]).toMatch(new RegExp(`^error: ${before.lost} lines of this log were lost since `));
    expect(texts.slice(0, gap).map((line) => Number.parseInt(line, 10))).toEqual(
      Array.from({ length: TOO_MANY - before.lost }, (_, index) => index),
    );
    expect(texts.slice(gap + 1)).toEqual(['after']);
    expect(writer.figures.lost).toBe(before.lost);
  });

  it('whose reader ends and comes again gets what waited for it', async () => {
    openPipe();
    const [first, second] = [join(folder.path, 'first'), join(folder.path, 'second')];
    const read = (copy: string) => spawn('sh', ['-c', `exec cat '${folder.file}' > '${copy}'`]);
    const reader = read(first);
    const writer = await opened();
    writer.write(logRecord('one'));
    await until(() => folder.names().includes('first') && folder.texts(first).length === 1);
    const readerEnd = once(reader, 'exit');
    reader.kill('SIGKILL');
    await readerEnd;
    write(writer, 0, 100);
    await until(() => folder.warnings.length === 1);
    expect(folder.warnings[0]).toContain('broken pipe');
    const nextEnd = once(read(second), 'exit');
    await until(() => writer.figures.waiting === 0);
    await writer.close();
    await nextEnd;
    expect(folder.texts(second)).toEqual([
      ...Array.from({ length: 100 }, (_, index) => text(index)),
      expect.stringMatching(/^error: 0 lines of this log were lost since .*: broken pipe$/),
    ]);
  });

  /** The reader opens its end when it pleases. */
  async function opened(): Promise<LogWriter> {
    for (;;) {
      try {
        return folder.open();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }
});

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)('a disk that fills up (needs root to mount one)', () => {
  beforeEach(() => {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder.path]);
    expect(mounted.status, String(mounted.stderr)).toBe(0);
  });
  afterEach(() => spawnSync('umount', [folder.path]));

  /** Leaves so much room. */
  function fill(room: number): string {
    const filler = join(folder.path, 'filler');
    writeFileSync(filler, Buffer.alloc(64 * 1024 - room));
    return filler;
  }

  it('gets every line when there is room again, whole and once, and says that it was full', async () => {
    const filler = fill(8192);
    const writer = folder.open();
    write(writer, 0, 300);
    await until(() => folder.warnings.length === 1);
    expect(writer.figures.waiting).toBeGreaterThan(0);
    rmSync(filler);
    await until(() => writer.figures.waiting === 0);
    write(writer, 300, 302);
    await writer.close();
    const texts = folder.texts();
    expect(texts.slice(0, 300)).toEqual(Array.from({ length: 300 }, (_, index) => text(index)));
    expect(texts[300]).toMatch(/^error: 0 lines of this log were lost since \S+: no space left on device$/);
    expect(texts.slice(301)).toEqual([text(300), text(301)]);
    expect(folder.warnings[1]).toBe(`log ${folder.file} can be written again: 0 lines are lost`);
  });

  it('costs what had no room in the backlog, and a record in JSON says how many', async () => {
    const filler = fill(4096);
    const writer = folder.open({ format: 'json' });
    for (let index = 0; index < TOO_MANY; index++) writer.write(logRecord(LONG));
    const { lost } = writer.figures;
    await until(() => folder.warnings.some((line) => line.includes('no space left on device')));
    rmSync(filler);
    // All that waits needs more than this disk had.
    spawnSync('mount', ['-o', 'remount,size=64m', folder.path]);
    await until(() => writer.figures.waiting === 0);
    await writer.close();
    const records = folder.lines().map((line) => JSON.parse(line));
    expect(records).toHaveLength(TOO_MANY - lost + 1);
    expect(records.at(-1)).toMatchObject({
      event: 'lost',
      monitor: null,
      interface: null,
      target: 'file',
      lines: lost,
      cause: 'no space left on device',
    });
  });

  it.each(['create', 'copytruncate'])('in the middle of a line doubles and cuts none with %s', async (mode) => {
    const filler = fill(4096);
    const writer = folder.open();
    write(writer, 0, 100);
    await until(() => folder.warnings.length === 1);
    // A whole page is full: the disk took the beginning of a line.
    expect(statSync(folder.file).size).toBe(4096);
    const aside = `${folder.file}.1`;
    if (mode === 'create') renameSync(folder.file, aside);
    else {
      rmSync(filler);
      writeFileSync(aside, `${folder.lines().join('\n')}`);
      writeFileSync(folder.file, '');
    }
    writer.reopen();
    if (mode === 'create') rmSync(filler);
    await until(() => writer.figures.waiting === 0);
    await writer.close();
    const cut = folder.lines(aside).at(-1) as string;
    const [whole] = folder.lines();
    expect(whole.startsWith(cut)).toBe(true);
    expect(cut.length).toBeLessThan(whole.length);
    const before = folder.texts(aside).slice(0, -1);
    const after = folder.texts().filter((line) => !line.startsWith('error: '));
    expect([...before, ...after]).toEqual(Array.from({ length: 100 }, (_, index) => text(index)));
  });
});
