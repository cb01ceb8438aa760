import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Instance, type InstanceFacts } from '../../../src/cli/daemon/instance.ts';
import { removeStaleInstances, runningInstances } from '../../../src/cli/daemon/instances.ts';
import { startTicks } from '../../../src/cli/daemon/process-stat.ts';
import { runDirectories } from '../../../src/store/paths.ts';

let folder: string;
let title: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-instances-'));
  title = process.title;
  // Only processes of that name are taken for the program's.
  process.title = 'iptraf-ts';
});
afterEach(() => {
  process.title = title;
  rmSync(folder, { recursive: true });
});

const FACTS: InstanceFacts = {
  commandLine: ['-B', '-i', 'eth0'],
  monitors: [{ monitor: 'ip-traffic', interfaces: 'eth0' }],
  logs: ['/var/log/x.log'],
  facility: null,
  user: 'nobody',
};
const FIGURES = {
  packets: 7,
  droppedByKernel: 1,
  logRecords: 3,
  logRecordsLost: 0,
  alerts: 2,
  engineRestarts: 1,
};

describe('an instance', () => {
  it('is found with what it says of itself, until it ends', async () => {
    const directory = join(folder, 'new');
    const instance = new Instance(FACTS, { directory });
    expect(readFileSync(join(directory, `${process.pid}.pid`), 'utf8')).toBe(`${process.pid}\n`);
    instance.update(FIGURES);
    const [found, ...more] = await runningInstances([directory]);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ pid: process.pid, startTicks: startTicks(process.pid), problem: null });
    expect(found.document).toMatchObject({ ...FACTS, figures: FIGURES, pid: process.pid });
    instance.close();
    instance.close();
    expect(readdirSync(directory)).toEqual([]);
    expect(await runningInstances([directory])).toEqual([]);
  });

  it('is found in a folder of the run directory too, where systemd has it', async () => {
    const instance = new Instance(FACTS, { directory: join(folder, 'eth0') });
    expect(await runningInstances([folder])).toMatchObject([{ pid: process.pid, problem: null }]);
    instance.close();
  });

  it('replaces what a dead process has left, and follows no link', () => {
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, join(folder, `${process.pid}.pid`));
    symlinkSync(victim, join(folder, `${process.pid}.json`));
    const instance = new Instance(FACTS, { directory: folder });
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(readFileSync(join(folder, `${process.pid}.pid`), 'utf8')).toBe(`${process.pid}\n`);
    instance.close();
  });

  it('that cannot write is refused with one line', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => new Instance(FACTS, { directory: join(folder, 'file') })).toThrow(
      /^cannot write pid file .*\.pid: .* \(another folder can be named in IPTRAF_TS_RUN_DIR\)$/,
    );
  });

  it.skipIf(process.geteuid?.() !== 0)(
    'of a user other than root may remove its own files and no others (root)',
    () => {
      const instance = new Instance(FACTS, { directory: folder, owner: { uid: 12_345, gid: 23_456 } });
      expect(statSync(folder)).toMatchObject({ uid: 0, gid: 23_456 });
      expect(statSync(folder).mode & 0o7777).toBe(0o1775);
      for (const name of readdirSync(folder))
        expect(statSync(join(folder, name))).toMatchObject({ uid: 12_345, gid: 23_456 });
      instance.close();
    },
  );
});

describe('what is found in the run directory', () => {
  it('counts only with a living process of the program', async () => {
    writeFileSync(join(folder, '999999.pid'), '999999\n');
    writeFileSync(join(folder, '1.pid'), '1\n');
    writeFileSync(join(folder, 'x.pid'), 'x\n');
    expect(await runningInstances([folder, join(folder, 'nothing')])).toEqual([]);
    expect(await removeStaleInstances(folder)).toBe(2);
    expect(readdirSync(folder)).toEqual(['x.pid']);
  });

  it('counts without its document, and says what is wrong with one', async () => {
    const path = join(folder, `${process.pid}.json`);
    writeFileSync(join(folder, `${process.pid}.pid`), '');
    const problem = async (): Promise<string | null> => (await runningInstances([folder]))[0].problem;
    expect(await problem()).toMatch(/\.json: no such file or directory/);
    writeFileSync(path, '{');
    expect(await problem()).toMatch(/\.json: line 1: /);
    writeFileSync(path, '{"version":2}');
    expect(await problem()).toMatch(/\.json: of a newer program$/);
    writeFileSync(path, '{"version":1}');
    expect(await problem()).toMatch(/must have required property/);
    expect(await removeStaleInstances(folder)).toBe(0);
  });

  it('of an earlier process with the same number is stale', async () => {
    new Instance(FACTS, { directory: folder });
    const path = join(folder, `${process.pid}.json`);
    const document = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...document, startTicks: document.startTicks - 1 }));
    expect(await runningInstances([folder])).toEqual([]);
    expect(await removeStaleInstances(folder)).toBe(1);
    expect(existsSync(path)).toBe(false);
  });
});

describe('run directories', () => {
  const context = { environment: {}, root: false, home: '/home/u' };
  it('are our own and that of root, or the one that is named', () => {
    expect(runDirectories({ ...context, root: true })).toEqual(['/run/iptraf-ts']);
    expect(runDirectories({ ...context, environment: { XDG_RUNTIME_DIR: '/run/user/7' } })).toEqual([
      '/run/user/7/iptraf-ts',
      '/run/iptraf-ts',
    ]);
    expect(runDirectories({ ...context, environment: { IPTRAF_TS_RUN_DIR: '/r' } })).toEqual(['/r']);
  });
});
