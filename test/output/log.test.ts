import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogWriter } from '../../src/output/log.ts';
import { openLogFile } from '../../src/output/log-file.ts';
import { SEVERITY, syslogDatagram } from '../../src/output/syslog.ts';

let folder: string;
let path: string;
let warnings: string[];
let writers: LogWriter[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-log-'));
  path = join(folder, 'traffic.log');
  warnings = [];
  writers = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(at = path): LogWriter {
  const writer = new LogWriter({ path: at, facility: null, tag: 'test', warn: (line) => warnings.push(line) });
  writers.push(writer);
  return writer;
}

function put(writer: LogWriter, line: string): void {
  writer.write('info', line, line, 0);
}

const lines = (at: string): string[] => readFileSync(at, 'utf8').trimEnd().split('\n');

describe('a log file', () => {
  it('has every line after closing', async () => {
    const writer = open();
    const given = Array.from({ length: 5000 }, (_, index) => `line ${index}`);
    for (const line of given) put(writer, line);
    await writer.close();
    expect(lines(path)).toEqual(given);
    expect(warnings).toEqual([]);
  });

  it('is appended to', async () => {
    writeFileSync(path, 'before\n');
    const writer = open();
    put(writer, 'after');
    await writer.close();
    expect(lines(path)).toEqual(['before', 'after']);
  });

  it('gets its missing folders and is for owner and group alone', async () => {
    const deep = join(folder, 'a/b/c.log');
    await open(deep).close();
    expect(statSync(deep).mode & 0o777).toBe(0o640);
  });

  it('is refused when it is a symbolic link, also a dangling one', () => {
    const target = join(folder, 'target');
    symlinkSync(target, path);
    expect(() => open()).toThrow(`cannot write log ${path}: it is a symbolic link (name the file itself)`);
    expect(existsSync(target)).toBe(false);
  });

  it('is refused to a second writer', async () => {
    const first = open();
    expect(() => open()).toThrow(/another instance writes to it/);
    await first.close();
    await open().close();
  });

  it('is refused with the reason where it cannot be made', () => {
    expect(() => openLogFile(folder)).toThrow(/cannot write log .*EISDIR/);
    expect(() => openLogFile('/proc/nothing/x.log')).toThrow(/cannot write log \/proc\/nothing\/x\.log: ENOENT/);
  });

  it('that was moved away is followed by a new one, and no line is lost', async () => {
    const writer = open();
    for (let i = 0; i < 1000; i++) put(writer, `old ${i}`);
    renameSync(path, `${path}.1`);
    writer.reopen();
    for (let i = 0; i < 1000; i++) put(writer, `new ${i}`);
    await writer.close();
    expect(lines(`${path}.1`)).toEqual(Array.from({ length: 1000 }, (_, index) => `old ${index}`));
    expect(lines(path)).toEqual(Array.from({ length: 1000 }, (_, index) => `new ${index}`));
  });

  it('that was emptied in place goes on at its beginning', async () => {
    const writer = open();
    put(writer, 'old');
    await new Promise((resolve) => setTimeout(resolve, 50));
    truncateSync(path, 0);
    writer.reopen();
    put(writer, 'new');
    await writer.close();
    expect(lines(path)).toEqual(['new']);
  });

  it('goes on to the old file when the new one cannot be opened', async () => {
    const writer = open();
    renameSync(path, `${path}.1`);
    symlinkSync('/dev/null', path);
    expect(() => writer.reopen()).toThrow(/symbolic link/);
    put(writer, 'still here');
    await writer.close();
    expect(lines(`${path}.1`)).toEqual(['still here']);
  });

  it('on a full disk costs the lines that had no room, which are counted and told once', async () => {
    const full = open('/dev/full');
    for (let i = 0; i < 10; i++) put(full, `line ${i}`);
    await full.close();
    expect(full.takeLost()).toBe(10);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('cannot write log /dev/full: ENOSPC');
  });
});

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)('a log on a disk that fills up (needs root to mount one)', () => {
  it('has whole lines only, and goes on when there is room again', async () => {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', folder]);
    expect(mounted.status, String(mounted.stderr)).toBe(0);
    try {
      const filler = join(folder, 'filler');
      writeFileSync(filler, Buffer.alloc(10_000));
      const writer = open();
      const wait = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 30));
      for (let i = 0; i < 400; i++) {
        put(writer, `line ${String(i).padStart(4, '0')} ${'x'.repeat(40)}`);
        if (i % 20 === 0) await wait();
      }
      await wait();
      const lost = writer.takeLost();
      rmSync(filler);
      put(writer, 'room again');
      await writer.close();
      const written = lines(path);
      const whole = written.filter((line) => /^line \d{4} x{40}$/.test(line));
      expect(written.at(-1)).toBe('room again');
      expect(lost).toBeGreaterThan(0);
      expect(whole.length + lost).toBe(400);
      // At most one line was cut by the full disk, and it stands alone.
      expect(written.length - whole.length - 1).toBeLessThanOrEqual(1);
    } finally {
      spawnSync('umount', [folder]);
    }
  });
});

describe('syslog', () => {
  it('lines have the old form with priority, time, tag', () => {
    const seconds = new Date(2026, 10, 1, 2, 45, 9).getTime() / 1000;
    const line = syslogDatagram('local0', SEVERITY.error, 'iptraf-ts[7]', 'text', seconds);
    expect(line).toBe('<131>Nov  1 02:45:09 iptraf-ts[7]: text');
  });
});
