import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundle } from '../support/bundle.ts';
import { LogFolder, logRecord, until } from '../support/log-folder.ts';

let folder: LogFolder;
beforeEach(() => {
  folder = new LogFolder();
});
afterEach(() => folder.remove());

const numbered = (word: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${word} ${index}`);

const openDescriptors = (path: string): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
    } catch {
      return false;
    }
  }).length;

describe('a log file', () => {
  it('has every record after closing, and its writer counts them', async () => {
    const writer = folder.open();
    const given = numbered('line', 5000);
    for (const text of given) writer.write(logRecord(text));
    await writer.close();
    expect(folder.texts()).toEqual(given);
    expect(writer.figures).toEqual({ written: 5000, lost: 0, waiting: 0 });
    expect(folder.warnings).toEqual([]);
  });

  it('has each record at once, without closing', async () => {
    const writer = folder.open();
    writer.write(logRecord('one'));
    await until(() => folder.texts().length === 1);
    await writer.close();
  });

  it('has a JSON object in each line when asked for, with the time in UTC', async () => {
    const writer = folder.open({ format: 'json' });
    writer.write(logRecord('two\nlines'));
    await writer.close();
    expect(folder.lines()).toEqual([
      '{"time":"2026-11-21T01:45:00.250Z","event":"closed","monitor":"ip-traffic","interface":"eth0","text":"two\\nlines"}',
    ]);
  });

  it('has one line of text for each record, whatever is in it', async () => {
    const writer = folder.open();
    writer.write(logRecord('evil\nname\r\x1b[2J\u2028'));
    await writer.close();
    expect(folder.texts()).toEqual(['evil?name??[2J?']);
  });

  it('is appended to', async () => {
    writeFileSync(folder.file, 'before\n');
    const writer = folder.open();
    writer.write(logRecord('after'));
    await writer.close();
    expect(folder.texts()).toEqual(['before', 'after']);
  });

  it('gets its missing folders and is for owner and group alone', async () => {
    const path = join(folder.path, 'a/b/c.log');
    await folder.open({ path }).close();
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('is refused when it is a symbolic link, also a dangling one', () => {
    const target = join(folder.path, 'target');
    symlinkSync(target, folder.file);
    expect(() => folder.open()).toThrow(
      `cannot write log ${folder.file}: it is a symbolic link (name the file itself)`,
    );
    expect(existsSync(target)).toBe(false);
  });

  it('is refused to a second writer', async () => {
    const first = folder.open();
    expect(() => folder.open()).toThrow(/another instance writes to it/);
    await first.close();
    await folder.open().close();
  });

  it('is refused with the reason where it cannot be made', () => {
    const refusal = (path: string): string => {
      try {
        folder.open({ path });
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    writeFileSync(join(folder.path, 'file'), '');
    expect(refusal(folder.path)).toBe(`cannot write log ${folder.path}: it is a directory (name a file in it)`);
    expect(refusal(join(folder.path, 'file/x.log'))).toMatch(/x\.log: its folder is a file$/);
    expect(refusal(join(folder.path, 'file/a/x.log'))).toMatch(/x\.log: its folder is a file$/);
    expect(refusal('/proc/nothing/x.log')).toBe('cannot write log /proc/nothing/x.log: no such file or directory');
    // /proc is nobody's to write, also not root's.
    const denied = '/proc/sys/kernel/ostype';
    expect(refusal(denied)).toMatch(/ostype: .*permi.* \(who runs it may not write there: run with sudo/);
  });
});

describe('reopening', () => {
  it('a file that was moved away leaves it the earlier lines, and begins a new one', async () => {
    const writer = folder.open();
    for (const text of numbered('old', 3000)) writer.write(logRecord(text));
    renameSync(folder.file, `${folder.file}.1`);
    writer.reopen();
    for (const text of numbered('new', 3000)) writer.write(logRecord(text));
    await writer.close();
    expect(folder.texts(`${folder.file}.1`)).toEqual(numbered('old', 3000));
    expect(folder.texts()).toEqual(numbered('new', 3000));
  });

  it('many times at once loses and doubles nothing, and leaves no descriptor open', async () => {
    const writer = folder.open();
    for (let round = 0; round < 20; round++) {
      for (const text of numbered(`round ${round}`, 100)) writer.write(logRecord(text));
      renameSync(folder.file, `${folder.file}.${round}`);
      writer.reopen();
    }
    writer.write(logRecord('last'));
    await until(() => writer.figures.waiting === 0 && openDescriptors(folder.path) === 1);
    await writer.close();
    for (let round = 0; round < 20; round++) {
      expect(folder.texts(`${folder.file}.${round}`)).toEqual(numbered(`round ${round}`, 100));
    }
    expect(folder.texts()).toEqual(['last']);
    expect(openDescriptors(folder.path)).toBe(0);
  });

  it('a file that was emptied in place goes on at its beginning', async () => {
    const writer = folder.open();
    writer.write(logRecord('old'));
    await until(() => writer.figures.written === 1);
    truncateSync(folder.file, 0);
    writer.reopen();
    writer.write(logRecord('new'));
    await writer.close();
    expect(folder.texts()).toEqual(['new']);
  });

  it('what cannot be opened is an error, and the old file goes on', async () => {
    const writer = folder.open();
    renameSync(folder.file, `${folder.file}.1`);
    symlinkSync('/dev/null', folder.file);
    expect(() => writer.reopen()).toThrow(/symbolic link/);
    writer.write(logRecord('still here'));
    await writer.close();
    expect(folder.texts(`${folder.file}.1`)).toEqual(['still here']);
  });
});

describe('a process that is killed', () => {
  it('leaves every record that is a moment old in the file', async () => {
    const program = await bundle('test/support/log-program.ts');
    const child = spawn(process.execPath, [program, folder.file], { stdio: ['ignore', 'pipe', 'inherit'] });
    // It says after each burst of 100 how many it gave.
    let said = 0;
    child.stdout.on('data', (data: Buffer) => {
      said = Number(data.toString().trim().split('\n').at(-1));
    });
    await until(() => said >= 3000);
    const due = said;
    // A tenth of a second of its own time.
    await until(() => said >= due + 1000);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const texts = folder.texts();
    expect(texts.length).toBeGreaterThanOrEqual(due);
    expect(texts.slice(0, due)).toEqual(numbered('line', due));
  });
});

const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65534, gid: 65534 };

describe.skipIf(!isRoot)('a log of a program that becomes somebody else (needs root)', () => {
  it('belongs to them with the folders that were made, and nothing else does', async () => {
    mkdirSync(join(folder.path, 'there'));
    const path = join(folder.path, 'there/a/b/c.log');
    await folder.open({ path, owner: NOBODY }).close();
    const owners = ['there', 'there/a', 'there/a/b', 'there/a/b/c.log'].map(
      (name) => statSync(join(folder.path, name)).uid,
    );
    expect(owners).toEqual([0, NOBODY.uid, NOBODY.uid, NOBODY.uid]);
  });

  it('stays whose it was when it was there', async () => {
    writeFileSync(folder.file, '');
    chownSync(folder.file, 1, 1);
    linkSync(folder.file, join(folder.path, 'other-name'));
    await folder.open({ owner: NOBODY }).close();
    expect(statSync(folder.file).uid).toBe(1);
  });
});
