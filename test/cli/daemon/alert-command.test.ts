// Real shells: what the command is given, and what becomes of one that fails, hangs or comes too often.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlertChange } from '../../../src/alerts/alert.ts';
import { AlertCommand } from '../../../src/cli/daemon/alert-command.ts';

let folder = '';
let warnings: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-on-alert-'));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function fact(changes: Partial<AlertChange> = {}): AlertChange {
  return {
    type: 'alert',
    state: 'started',
    time: 1_700_000_010,
    since: 1_700_000_000.5,
    alert: 'host>100Mbit/s for 10s',
    measure: 'host',
    subject: '10.0.0.1',
    value: 12_600_000.25,
    limit: 12_500_000,
    unit: 'bytesPerSecond',
    ...changes,
  };
}

async function ran(commandLine: string, facts: AlertChange[], limits = {}): Promise<void> {
  const command = new AlertCommand(commandLine, (line) => warnings.push(line), limits);
  for (const each of facts) command.run(each);
  await command.close();
}

/** Variables that the command has seen. */
function seen(name: string): Record<string, string> {
  const lines = readFileSync(join(folder, name), 'utf8')
    .split('\0')
    .filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

it('has the facts in its environment', async () => {
  process.env.NOTIFY_SOCKET = '/run/nobody';
  await ran(`env -0 > ${folder}/env`, [fact()]);
  delete process.env.NOTIFY_SOCKET;
  expect(seen('env')).toMatchObject({
    IPTRAF_TS_ALERT: 'host>100Mbit/s for 10s',
    IPTRAF_TS_ALERT_STATE: 'started',
    IPTRAF_TS_ALERT_MEASURE: 'host',
    IPTRAF_TS_ALERT_SUBJECT: '10.0.0.1',
    IPTRAF_TS_ALERT_VALUE: '12600000.25',
    IPTRAF_TS_ALERT_LIMIT: '12500000',
    IPTRAF_TS_ALERT_UNIT: 'bytesPerSecond',
    IPTRAF_TS_ALERT_SINCE: '2023-11-14T22:13:20.500Z',
    IPTRAF_TS_ALERT_TIME: '2023-11-14T22:13:30.000Z',
    PATH: process.env.PATH,
  });
  expect(seen('env')).not.toHaveProperty('NOTIFY_SOCKET');
  expect(warnings).toEqual([]);
});

it('that cannot be started at all is told once, and stops nobody', async () => {
  // Longer than the kernel takes one string of the environment: Node throws at once.
  const alert = 'x'.repeat(200_000);
  await ran('true', [fact({ alert }), fact({ alert }), fact()]);
  expect(warnings).toEqual([expect.stringMatching(/^alert command true failed: .*E2BIG/)]);
});

it('does not let a name become a command', async () => {
  const subject = `$(touch ${folder}/a)\`touch ${folder}/b\`;touch ${folder}/c\n"'&|`;
  await ran(`env -0 > ${folder}/env; echo $IPTRAF_TS_ALERT_SUBJECT > /dev/null`, [fact({ subject })]);
  for (const name of 'abc') expect(existsSync(join(folder, name))).toBe(false);
  expect(seen('env').IPTRAF_TS_ALERT_SUBJECT).toBe(subject.replace('\n', '·'));
});

it('runs for begin and end, and not for notices', async () => {
  const command = new AlertCommand(`echo $IPTRAF_TS_ALERT_STATE >> ${folder}/states`, (line) => warnings.push(line));
  command.run(fact());
  command.run({ type: 'alert', state: 'notice', time: 1, alert: 'drops>0', text: 'hm' });
  command.run(fact({ state: 'ended' }));
  await command.close();
  expect(readFileSync(join(folder, 'states'), 'utf8').split('\n').sort()).toEqual(['', 'ended', 'started']);
});

describe('a command that fails', () => {
  it('is told once, with its status and its last words', async () => {
    await ran('echo first >&2; echo no such pager >&2; exit 3', [fact(), fact(), fact()]);
    expect(warnings).toEqual([
      'alert command echo first >&2; echo no such pager >&2; exit 3 failed: exit status 3: no such pager',
    ]);
  });

  it('is told again when it had worked in between', async () => {
    const line = `echo $$ > ${folder}/$IPTRAF_TS_ALERT_VALUE; exit $IPTRAF_TS_ALERT_VALUE`;
    const command = new AlertCommand(line, (warning) => warnings.push(warning));
    for (const value of [1, 0, 2]) {
      command.run(fact({ value }));
      const marker = join(folder, String(value));
      await expect.poll(() => existsSync(marker) && readFileSync(marker, 'utf8') !== '').toBe(true);
      await expect.poll(() => existsSync(`/proc/${readFileSync(marker, 'utf8').trim()}`)).toBe(false);
    }
    await command.close();
    expect(warnings.map((warning) => warning.slice(-15))).toEqual([': exit status 1', ': exit status 2']);
  });

  it('is ended with all it started when it hangs', async () => {
    await ran(`sleep 60 & echo $! > ${folder}/pid; wait`, [fact()], { timeoutMs: 300, graceMs: 3000 });
    expect(warnings).toEqual([expect.stringMatching(/failed: it ran for longer than 0.3 s$/)]);
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    await expect.poll(() => existsSync(`/proc/${pid}`) && !isZombie(pid)).toBe(false);
  });
});

function isZombie(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}

it('is not waited for when it left something running', async () => {
  await ran(`sleep 60 & echo $! > ${folder}/pid`, [fact()]);
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  process.kill(pid);
  expect(warnings).toEqual([]);
});

it('runs a few at a time, and says when alerts are left out', async () => {
  const runs = join(folder, 'runs');
  mkdirSync(runs);
  const line = `touch ${runs}/$$; ls ${runs} | wc -l >> ${folder}/counts; sleep 0.02; rm ${runs}/$$`;
  const facts = Array.from({ length: 300 }, () => fact());
  await ran(line, facts, { graceMs: 100 });
  expect(warnings.at(0)).toMatch(/too many alerts at once/);
  expect(warnings.at(-1)).toMatch(/not run for \d+ alerts$/);
  await expect.poll(() => readdirSync(runs)).toEqual([]);
  const counts = readFileSync(join(folder, 'counts'), 'utf8').trim().split('\n').map(Number);
  expect(Math.max(...counts)).toBeGreaterThan(1);
  expect(Math.max(...counts)).toBeLessThanOrEqual(4);
});
