import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogWriter } from '../../src/logs/log-writer.ts';
import { bundle } from '../support/bundle.ts';
import { LogFolder, logRecord, until } from '../support/log-folder.ts';

let folder: LogFolder;
beforeEach(() => {
  folder = new LogFolder();
});
afterEach(() => folder.remove());

const MAX_BYTES = 2000;
const bySize = (keep: number) => ({ rotation: { maxBytes: MAX_BYTES, maxAgeSeconds: null, keep } });
const text = (index: number): string => `line ${index}`;
const texts = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => text(from + index));

/** Writes at a pace that lets files be packed. */
async function write(writer: LogWriter, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index++) {
    writer.write(logRecord(text(index)));
    if (index % 25 === 0) await until(() => writer.figures.waiting === 0 && !packing());
  }
}

const packing = (): boolean => existsSync(`${folder.file}.1`) && statSync(`${folder.file}.1`).isFile();

/** All that is kept, the oldest first. */
function everything(): string[] {
  const numbers = folder.names().map((name) => Number(/\.log\.(\d+)\.gz$/.exec(name)?.[1] ?? 0));
  const oldestFirst = numbers.filter((number) => number > 0).sort((a, b) => b - a);
  const packed = oldestFirst.flatMap((number) => folder.texts(`${folder.file}.${number}.gz`));
  const aside = `${folder.file}.1`;
  return [...packed, ...(existsSync(aside) ? folder.texts(aside) : []), ...folder.texts()];
}

describe('rotation by size', () => {
  it('packs files of that size, numbered from the newest, and loses and doubles nothing', async () => {
    const writer = folder.open(bySize(100));
    await write(writer, 0, 600);
    await writer.close();
    expect(everything()).toEqual(texts(0, 600));
    const count = folder.names().length - 1;
    expect(count).toBeGreaterThan(5);
    expect(folder.names().sort()).toEqual(
      ['traffic.log', ...Array.from({ length: count }, (_, index) => `traffic.log.${index + 1}.gz`)].sort(),
    );
    for (const name of folder.names()) expect(statSync(`${folder.path}/${name}`).mode & 0o777).toBe(0o640);
    expect(statSync(folder.file).size).toBeLessThanOrEqual(MAX_BYTES);
    expect(folder.warnings).toEqual([]);
  });

  it('keeps as many packed files as it is told, the newest', async () => {
    const writer = folder.open(bySize(3));
    await write(writer, 0, 600);
    await writer.close();
    expect(folder.names()).toEqual(['traffic.log', 'traffic.log.1.gz', 'traffic.log.2.gz', 'traffic.log.3.gz']);
    const kept = everything();
    expect(kept).toEqual(texts(600 - kept.length, 600));
  });

  it('keeps no packed file with 0', async () => {
    const writer = folder.open(bySize(0));
    await write(writer, 0, 200);
    await writer.close();
    expect(folder.names()).toEqual(['traffic.log']);
    const kept = everything();
    expect(kept.length).toBeLessThan(100);
    expect(kept).toEqual(texts(200 - kept.length, 200));
  });

  it('lets a file grow while its predecessor is packed rather than wait', async () => {
    const writer = folder.open(bySize(100));
    for (let index = 0; index < 5000; index++) writer.write(logRecord(text(index)));
    await writer.close();
    expect(everything()).toEqual(texts(0, 5000));
  });

  it('goes on beside SIGUSR1', async () => {
    const writer = folder.open(bySize(100));
    for (let from = 0; from < 1000; from += 50) {
      await write(writer, from, from + 50);
      writer.reopen();
    }
    await writer.close();
    expect(everything()).toEqual(texts(0, 1000));
    expect(folder.warnings).toEqual([]);
  });

  it('is refused for what cannot be put aside', () => {
    expect(() => folder.open({ path: '/dev/null', ...bySize(1) })).toThrow(/only a regular file can be put aside/);
  });
});

describe('rotation by age', () => {
  it('counts from when the file was made, and needs no record to come', async () => {
    const writer = folder.open({ rotation: { maxBytes: null, maxAgeSeconds: 1, keep: 5 } });
    writer.write(logRecord('one'));
    await until(() => folder.names().includes('traffic.log.1.gz') && !folder.names().includes('traffic.log.1'));
    expect(folder.texts(`${folder.file}.1.gz`)).toEqual(['one']);
    // An empty file stays as it is.
    await new Promise((resolve) => setTimeout(resolve, 2200));
    expect(folder.names()).toEqual(['traffic.log', 'traffic.log.1.gz']);
    await writer.close();
  });
});

describe('what a crash has left', () => {
  const lines = (...given: string[]): string => given.map((line) => `${line}\n`).join('');

  it('is packed: a file that was put aside, and a packing that was cut off', async () => {
    writeFileSync(`${folder.file}.1`, lines('aside'));
    writeFileSync(`${folder.file}.1.gz.part`, gzipSync(lines('aside')).subarray(0, 12));
    await folder.open(bySize(5)).close();
    expect(folder.names()).toEqual(['traffic.log', 'traffic.log.1.gz']);
    expect(folder.lines(`${folder.file}.1.gz`)).toEqual(['aside']);
  });

  it('is removed: a file that is packed already', async () => {
    writeFileSync(`${folder.file}.1`, lines('aside'));
    writeFileSync(`${folder.file}.1.gz`, gzipSync(lines('aside')));
    await folder.open(bySize(5)).close();
    expect(folder.names()).toEqual(['traffic.log', 'traffic.log.1.gz']);
  });

  it('is never taken for what is packed already when it is another file', async () => {
    writeFileSync(`${folder.file}.1`, lines('newer'));
    writeFileSync(`${folder.file}.1.gz`, gzipSync(lines('older')));
    await folder.open(bySize(5)).close();
    expect(folder.names()).toEqual(['traffic.log', 'traffic.log.1.gz', 'traffic.log.2.gz']);
    expect(folder.lines(`${folder.file}.1.gz`)).toEqual(['newer']);
    expect(folder.lines(`${folder.file}.2.gz`)).toEqual(['older']);
  });

  it('kill -9 at any moment: each record is there once', { timeout: 60_000 }, async () => {
    const program = await bundle('test/support/log-program.ts');
    let begun = 0;
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, [program, folder.file, String(begun), '20000', '10000'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = 0;
      child.stdout.on('data', (data: Buffer) => {
        said = Number(data.toString().trim().split('\n').at(-1)) - begun;
      });
      await until(() => said > 1000 + round * 137);
      child.kill('SIGKILL');
      await once(child, 'exit');
      begun += 1_000_000;
    }
    await folder.open(bySize(10_000)).close();
    const numbers = everything().map((line) => Number(line.slice('line '.length)));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    for (let round = 0; round < 4; round++) {
      const ofRound = numbers.filter((number) => Math.floor(number / 1_000_000) === round);
      expect(ofRound.length).toBeGreaterThan(500);
      expect(ofRound).toEqual(Array.from(ofRound, (_, index) => round * 1_000_000 + index));
    }
    expect(folder.names().filter((name) => !/^traffic\.log(\.\d+\.gz)?$/.test(name))).toEqual([]);
  });
});

describe('a rotation that fails', () => {
  it('packs nothing that a link leads to', async () => {
    const foreign = `${folder.file}.foreign`;
    writeFileSync(foreign, 'a secret\n');
    symlinkSync(foreign, `${folder.file}.1`);
    const writer = folder.open(bySize(5));
    for (const line of texts(0, 300)) writer.write(logRecord(line));
    await until(() => writer.figures.waiting === 0 && folder.warnings.length > 0);
    await writer.close();
    expect(folder.texts()).toEqual(texts(0, 300));
    expect(folder.names().filter((name) => name.endsWith('.gz'))).toEqual([]);
    expect(folder.warnings).toEqual([expect.stringMatching(/symbolic link/)]);
  });

  it('is told once, and costs no record', async () => {
    // A folder in the way: FILE cannot be renamed to it.
    mkdirSync(`${folder.file}.1`);
    writeFileSync(`${folder.file}.1/x`, '');
    const writer = folder.open(bySize(5));
    await write(writer, 0, 300);
    await writer.close();
    expect(folder.texts()).toEqual(texts(0, 300));
    expect(folder.warnings).toHaveLength(1);
    expect(folder.warnings[0]).toMatch(
      /^cannot write log .*traffic\.log: .*EISDIR.* \(it is not rotated, and grows\)$/,
    );
  });
});
