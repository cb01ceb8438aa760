/** scripts/logrotate.d/iptraf-ts with the real logrotate, while a program writes ten thousand records a second. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundle } from '../support/bundle.ts';
import { LogFolder, until } from '../support/log-folder.ts';
import { configureLogrotate, LOGROTATE } from '../support/logrotate.ts';

let folder: LogFolder;
let child: ChildProcess | null;
beforeEach(() => {
  folder = new LogFolder();
  child = null;
  mkdirSync(join(folder.path, 'run'));
  mkdirSync(join(folder.path, 'log'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  folder.remove();
});

const log = (): string => join(folder.path, 'log/traffic.log');

const configure = (change?: (text: string) => string): string =>
  configureLogrotate(join(folder.path, 'log'), join(folder.path, 'run'), folder.path, change);

function rotate(configuration: string): void {
  const ended = spawnSync(LOGROTATE as string, ['--force', '--state', join(folder.path, 'state'), configuration]);
  expect([String(ended.stderr), ended.status]).toEqual(['', 0]);
}

async function startProgram(): Promise<() => Promise<number>> {
  const program = await bundle('test/support/log-program.ts');
  const writer = spawn(process.execPath, [program, log()], { stdio: ['ignore', 'pipe', 'inherit'] });
  child = writer;
  let said = '';
  writer.stdout.on('data', (data: Buffer) => {
    said = data.toString();
  });
  await until(() => said !== '');
  writeFileSync(join(folder.path, `run/${writer.pid}.pid`), `${writer.pid}\n`);
  return async () => {
    const exit = once(writer, 'exit');
    writer.kill('SIGTERM');
    await exit;
    return Number(said.trim().split('\n').at(-1));
  };
}

/** Until the log in place has grown by something. */
async function written(): Promise<void> {
  await until(() => statSync(log(), { throwIfNoEntry: false })?.size !== undefined && statSync(log()).size > 10_000);
}

function everything(): number[] {
  const names = Array.from({ length: 14 }, (_, index) => [
    `${log()}.${14 - index}.gz`,
    `${log()}.${14 - index}`,
  ]).flat();
  const there = [...names, log()].filter((name) => statSync(name, { throwIfNoEntry: false }) !== undefined);
  return there.flatMap((name) => folder.texts(name)).map((line) => Number(line.slice('line '.length)));
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe.skipIf(LOGROTATE === null)(
  `logrotate${LOGROTATE === null ? ' (not installed)' : ''}`,
  { timeout: 60_000 },
  () => {
    it('as packaged: each record is in one file, once and in order', async () => {
      const configuration = configure();
      const stop = await startProgram();
      for (let round = 0; round < 5; round++) {
        await written();
        rotate(configuration);
      }
      await written();
      const count = await stop();
      expect(everything()).toEqual(numbers(count));
      expect(count).toBeGreaterThan(1000);
      // delaycompress: the newest is as it was, the others are packed.
      expect(statSync(`${log()}.1`).mode & 0o777).toBe(0o640);
      expect(statSync(`${log()}.2.gz`).size).toBeGreaterThan(0);
      expect(statSync(log()).mode & 0o777).toBe(0o640);
    });

    it('with copytruncate and no signal: the file begins anew, without a hole, and goes on', async () => {
      const configuration = configure((text) =>
        text.replace('create 0640', 'copytruncate').replace(/ {4}postrotate[\s\S]*endscript\n/, ''),
      );
      expect(readFileSync(configuration, 'utf8')).not.toContain('kill');
      const stop = await startProgram();
      for (let round = 0; round < 3; round++) {
        await written();
        // What is written between logrotate's copy and its truncation is lost with every program: nothing is, here.
        process.kill(child?.pid as number, 'SIGSTOP');
        rotate(configuration);
        process.kill(child?.pid as number, 'SIGCONT');
      }
      await written();
      const count = await stop();
      expect(everything()).toEqual(numbers(count));
      expect(readFileSync(log()).includes(0)).toBe(false);
    });

    it('with copytruncate and the signal as well', async () => {
      const configuration = configure((text) => text.replace('create 0640', 'copytruncate'));
      const stop = await startProgram();
      for (let round = 0; round < 3; round++) {
        await written();
        process.kill(child?.pid as number, 'SIGSTOP');
        rotate(configuration);
        process.kill(child?.pid as number, 'SIGCONT');
      }
      await written();
      const count = await stop();
      expect(everything()).toEqual(numbers(count));
    });

    it('signals nobody where no pid file is, and no process that is not iptraf-ts', async () => {
      writeFileSync(log(), 'something\n');
      rotate(configure());
      expect(folder.lines(`${log()}.1`)).toEqual(['something']);

      const other = spawn('sleep', ['60'], { stdio: 'ignore' });
      child = other;
      for (const [name, text] of Object.entries({ a: `${other.pid}\n`, b: '', c: 'no number\n', d: '999999999\n' })) {
        writeFileSync(join(folder.path, `run/${name}.pid`), text);
      }
      writeFileSync(log(), 'something else\n');
      rotate(configure());
      expect([other.exitCode, other.signalCode]).toEqual([null, null]);
    });
  },
);
