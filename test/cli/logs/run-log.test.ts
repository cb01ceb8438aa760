/** What a run writes to its logs beside what its monitors say, and where each record goes. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogClock, Logs, secondsToHourSum } from '../../../src/cli/logs/logging.ts';
import { RunLog } from '../../../src/cli/logs/run-log.ts';
import { parseArguments } from '../../../src/cli/parse.ts';
import type { Watched } from '../../../src/cli/plan.ts';
import type { MonitorName } from '../../../src/engine/monitor.ts';
import { LiveSettings } from '../../../src/store/live-settings.ts';
import type { SettingsStore } from '../../../src/store/settings.ts';
import { defaultSettings } from '../../../src/store/settings-table.ts';

const WATCHED: Watched[] = [
  { monitor: 'ip-traffic', monitors: ['ip-traffic'], interfaces: ['eth0'] },
  { monitor: 'general', monitors: ['general'], interfaces: 'all' },
];

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-runlog-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function settings(): LiveSettings {
  return new LiveSettings({ warnings: [] } as unknown as SettingsStore, defaultSettings());
}

/** Without their times. */
function fields(name: string): string[] {
  const lines = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');
  return lines.map((line) => line.slice(line.indexOf('; ') + 2));
}

function open(files: Partial<Record<MonitorName, string>>, ...argv: string[]): { logs: Logs; log: RunLog } {
  const { values } = parseArguments(['-B', ...argv]);
  const paths = Object.entries(files).map(([monitor, name]) => [monitor as MonitorName, join(folder, name)] as const);
  const plan = { files: new Map(paths), facility: null };
  const logs = new Logs({ plan, values, owner: null, warn: (line) => expect.fail(line) });
  return { logs, log: new RunLog({ logs, values, settings: settings(), watched: WATCHED, filter: 'web' }) };
}

const EACH = { 'ip-traffic': 'ip.log', general: 'general.log' } as const;

describe('the log of a run', () => {
  it('says in every file what is watched, and how long it was', async () => {
    const { log } = open(EACH, '--bpf', 'tcp;port 80');
    log.fact({ type: 'capture-fallback', source: 'pcap', reason: 'no ring here' });
    await log.start([]);
    log.notice('something');
    await log.end();
    await log.close();
    for (const name of ['ip.log', 'general.log']) {
      expect(fields(name)).toEqual([
        expect.stringMatching(
          new RegExp(
            `^iptraf-ts [0-9.]+ started, pid ${process.pid}; ip-traffic on eth0, general on all; filter web, expression tcp,port 80$`,
          ),
        ),
        'capturing through libpcap: no ring here',
        'something',
        'iptraf-ts stopped after 0 s',
      ]);
    }
  });

  it('is waited for once when it takes nothing, not at every piece of the last records', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { values } = parseArguments(['-B']);
    const plan = { files: new Map([['general', path] as const]), facility: null };
    const logs = new Logs({ plan, values, owner: null, warn: () => undefined });
    const lines = 20_000;
    for (let k = 0; k < lines; k++) {
      logs.write({ time: 0, event: 'active', monitor: 'general', interface: 'eth0', fields: ['mine'], facts: {} });
    }
    await expect.poll(() => logs.figures.waiting).toBeGreaterThan(10_000);
    vi.useFakeTimers();
    const waits = async (seconds: number): Promise<boolean> => {
      let waiting = true;
      void logs.room().then(() => {
        waiting = false;
      });
      await vi.advanceTimersByTimeAsync(seconds * 1000);
      return waiting;
    };
    expect([await waits(29), await waits(31), await waits(1)]).toEqual([true, false, false]);
    vi.useRealTimers();
    closeSync(reader);
    await logs.close();
    const { written, lost } = logs.figures;
    expect([written + lost, lost > 10_000]).toEqual([lines, true]);
  });

  it('of a run that did not begin is empty', async () => {
    const { log } = open(EACH);
    log.refused('cannot capture');
    await log.close();
    expect(readFileSync(join(folder, 'ip.log'), 'utf8')).toBe('');
  });

  it('takes records of a monitor to its own file', async () => {
    const { logs } = open(EACH);
    expect([logs.share('ip-traffic', 'general'), logs.paths.length]).toEqual([false, 2]);
    logs.write({ time: 0, event: 'active', monitor: 'general', interface: 'eth0', fields: ['mine'], facts: {} });
    await logs.close();
    expect(fields('general.log')).toEqual(['mine']);
    expect(readFileSync(join(folder, 'ip.log'), 'utf8')).toBe('');
    expect(logs.figures).toEqual({ written: 1, lost: 0, waiting: 0 });
  });

  it('opens every file anew, and says so in its first line', async () => {
    const { logs } = open(EACH);
    for (const name of readdirSync(folder)) renameSync(join(folder, name), join(folder, `${name}.1`));
    logs.reopen();
    await logs.close();
    expect([fields('ip.log'), fields('general.log')]).toEqual([['log file reopened'], ['log file reopened']]);
  });

  it('tells once that an interface went, although two engines watch it', async () => {
    const { logs } = open({ 'ip-traffic': 'one.log', general: 'one.log' });
    expect(logs.share('ip-traffic', 'general')).toBe(true);
    const down = { type: 'interface-down', interface: 'eth0', reason: 'down' } as const;
    for (const fact of [down, down]) logs.fact(fact);
    for (const name of ['eth0', 'eth0', 'eth1']) logs.fact({ type: 'interface-up', interface: name });
    logs.fact(down);
    await logs.close();
    expect(fields('one.log')).toEqual([
      'error: interface eth0 went down: down',
      'interface eth0 is up again',
      'interface eth1 is up again',
      'error: interface eth0 went down: down',
    ]);
  });

  it('opens nothing where one of its files cannot be opened', async () => {
    expect(() => open({ 'ip-traffic': 'ip.log', general: 'ip.log/x' })).toThrow(/cannot write log .*ip\.log\/x/);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // Its lock is free again.
    const { logs } = open({ 'ip-traffic': 'ip.log' });
    await logs.close();
    expect(existsSync(join(folder, 'ip.log'))).toBe(true);
  });
});

describe('when blocks are due', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date('2026-11-21T14:50:00') });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is after every interval and at every full hour', () => {
    const kinds: string[] = [];
    const clock = new LogClock((kind) => kinds.push(`${new Date().toTimeString().slice(0, 8)} ${kind}`));
    clock.start(20);
    vi.advanceTimersByTime(80 * 60_000);
    expect(kinds).toEqual([
      '15:00:00 hour',
      '15:10:00 interval',
      '15:30:00 interval',
      '15:50:00 interval',
      '16:00:00 hour',
      '16:10:00 interval',
    ]);
    clock.start(5);
    vi.advanceTimersByTime(6 * 60_000);
    expect(kinds.slice(6)).toEqual(['16:15:00 interval']);
    clock.stop();
    vi.advanceTimersByTime(3_600_000);
    expect(kinds).toHaveLength(7);
  });

  it.each([
    ['forward', 20, ['15:00:00', '16:00:00']],
    ['back', -20, ['15:00:00', '16:00:00']],
  ])('says the hour of the clock also when that is set %s', (_, minutes, hours) => {
    vi.useFakeTimers({ now: new Date('2026-11-21T14:25:00') });
    const said: string[] = [];
    const clock = new LogClock((kind) => {
      if (kind === 'hour') said.push(new Date().toTimeString().slice(0, 8));
    });
    clock.start(1000);
    vi.advanceTimersByTime(60_000);
    vi.setSystemTime(Date.now() + minutes * 60_000);
    vi.advanceTimersByTime(120 * 60_000);
    expect(said.slice(0, 2)).toEqual(hours);
    clock.stop();
  });

  it('is not twice at one hour: timers and the clock may differ a little', () => {
    expect(secondsToHourSum(new Date('2026-11-21T14:00:00'))).toBe(3600);
    expect(secondsToHourSum(new Date('2026-11-21T14:15:30.5'))).toBe(2669.5);
    expect(secondsToHourSum(new Date('2026-11-21T14:59:59.9'))).toBeCloseTo(3600.1);
  });
});
