import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { statusCommand, stopCommand } from '../../../src/cli/daemon/instance-commands.ts';
import { startTicks } from '../../../src/cli/daemon/process-stat.ts';

let folder: string;
let children: ChildProcess[] = [];
let said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-commands-'));
  vi.stubEnv('IPTRAF_TS_RUN_DIR', folder);
  vi.stubEnv('TZ', 'UTC');
  said = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A process that goes by the program's name, with its pid file. */
async function instance(script = ''): Promise<ChildProcess> {
  const code = `process.title = 'iptraf-ts'; ${script}; setInterval(() => {}, 1000); console.log('there')`;
  const child = spawn(process.execPath, ['-e', code]);
  children.push(child);
  await once(child.stdout, 'data');
  writeFileSync(join(folder, `${child.pid}.pid`), `${child.pid}\n`);
  return child;
}

function writeDocument({ pid = 0 }: ChildProcess, changes: object = {}): void {
  const document = {
    version: 1,
    pid,
    startTicks: startTicks(pid),
    program: '0.1.0',
    since: '2026-11-21T01:02:03.000Z',
    commandLine: ['-B'],
    monitors: [
      { monitor: 'ip-traffic', interfaces: 'eth0,eth1' },
      { monitor: 'general', interfaces: 'all' },
      { monitor: 'ports', interfaces: 'eth0,eth1' },
    ],
    logs: ['/var/log/a.log', '/var/log/b.log'],
    facility: 'daemon',
    user: 'nobody',
    figures: { packets: 1234, droppedByKernel: null, logRecords: 56, logRecordsLost: 7, alerts: 8, engineRestarts: 9 },
    updated: '2026-11-21T02:00:00.000Z',
    ...changes,
  };
  writeFileSync(join(folder, `${pid}.json`), JSON.stringify(document));
}

describe('status', () => {
  it('has a line for each instance', async () => {
    const child = await instance();
    writeDocument(child);
    const { text, status } = await statusCommand(false);
    expect(status).toBe(0);
    expect(text.split('\n')[1].trim().split(/ {2,}/)).toEqual([
      String(child.pid),
      'nobody',
      '2026-11-21 01:02:03',
      '02:00:00',
      ...['1234', '-', '56', '7', '8', '9'],
      'ip-traffic, ports on eth0,eth1; general on all',
      '/var/log/a.log, /var/log/b.log, syslog daemon',
    ]);
    expect(said).toEqual([]);
  });

  it('sends no control characters of a document to the terminal', async () => {
    const child = await instance();
    writeDocument(child, { logs: ['/x\x1b[2J'], monitors: [{ monitor: '\x9b', interfaces: '\n' }] });
    const { text } = await statusCommand(false);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
    expect(text.trimEnd().split('\n')).toHaveLength(2);
  });

  it('shows an instance whose document is damaged, and says so', async () => {
    const child = await instance();
    writeDocument(child, { figures: {} });
    const { text, status } = await statusCommand(false);
    expect(status).toBe(0);
    expect(text).toContain(String(child.pid));
    expect(said.join('')).toMatch(/^iptraf-ts: instance \d+ does not say how it is: .*\.json: line 1: /);
    expect(JSON.parse((await statusCommand(true)).text)).toMatchObject({ pid: child.pid, problem: expect.any(String) });
  });
});

describe('stop', () => {
  it('waits until the instance is gone', async () => {
    const child = await instance(`process.on('SIGTERM', () => setTimeout(() => process.exit(0), 100))`);
    expect(await stopCommand([])).toEqual({ text: '', status: 0 });
    expect(startTicks(child.pid ?? 0)).toBeNull();
    expect(said).toEqual([]);
  });

  it('kills one that does not end, and does not keep that to itself', async () => {
    const child = await instance(`process.on('SIGTERM', () => {})`);
    expect(await stopCommand([String(child.pid)], 200)).toEqual({ text: '', status: 1 });
    expect(said).toEqual([
      `iptraf-ts: instance ${child.pid} has not ended within 0.2 s: killing it; its last records may be missing\n`,
    ]);
    expect(startTicks(child.pid ?? 0)).toBeNull();
  });

  it('touches no process that is none of ours, whatever the pid file says', async () => {
    const other = spawn('sleep', ['60']);
    children.push(other);
    writeFileSync(join(folder, `${other.pid}.pid`), `${other.pid}\n`);
    expect((await stopCommand([String(other.pid)])).status).toBe(1);
    expect(await stopCommand([])).toEqual({ text: '', status: 0 });
    expect(startTicks(other.pid ?? 0)).not.toBeNull();
  });

  it('ends those it can, and tells of the rest by its status', async () => {
    const child = await instance();
    expect((await stopCommand(['999999', String(child.pid)])).status).toBe(1);
    expect(startTicks(child.pid ?? 0)).toBeNull();
  });

  it.each(['x', '-1', '0', '1.5', '9999999999'])('refuses %s as a process id', async (word) => {
    await expect(stopCommand([word])).rejects.toMatchObject({ code: 'E_USAGE' });
  });
});
