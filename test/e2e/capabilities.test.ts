// scripts/install --capabilities GROUP, with a real group and user: who may capture then, and with what.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/program.ts';

const GROUP = `ipt${process.pid}`;
const MEMBER = `iptm${process.pid}`;

function unavailable(): string | null {
  if (process.getuid?.() !== 0) return 'groups, users and capabilities need root';
  const missing = ['setcap', 'useradd', 'setpriv'].find((tool) => spawnSync('which', [tool]).status !== 0);
  return missing === undefined ? null : `${missing} is not here`;
}

const reason = unavailable();

describe.skipIf(reason !== null)(`scripts/install --capabilities (${reason ?? 'a group and a user'})`, () => {
  let prefix: string;
  let home: string;

  const run = (command: string, args: string[], env: Record<string, string> = {}): SpawnSyncReturns<string> =>
    spawnSync(command, args, { encoding: 'utf8', cwd: '/', env: { ...process.env, ...env } });

  const install = (...args: string[]): SpawnSyncReturns<string> =>
    run(join(ROOT, 'scripts/install'), ['--prefix', prefix, ...args]);

  const runtimes = (): string[] =>
    readdirSync(join(prefix, 'lib/iptraf-ts'))
      .map((name) => join(prefix, 'lib/iptraf-ts', name, 'node'))
      .filter((path) => existsSync(path));

  /** Through a shell: setpriv itself still has root's rights while it starts a program. */
  function as(user: string, command: string[], env: Record<string, string> = {}): SpawnSyncReturns<string> {
    const who = user === MEMBER ? ['--reuid', MEMBER, '--regid', MEMBER, '--init-groups'] : NOBODY;
    const folders = { IPTRAF_TS_STATE_DIR: home, IPTRAF_TS_LOG_DIR: home, IPTRAF_TS_RUN_DIR: home };
    return run('setpriv', [...who, 'sh', '-c', 'exec "$@"', 'sh', ...command], { ...folders, ...env });
  }

  const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  const capture = (...options: string[]): string[] => [
    join(prefix, 'bin/iptraf-ts'),
    ...['-i', 'lo', '--json', '--every', '0.3', '--for', '0.8', ...options],
  ];

  beforeAll(() => {
    prefix = mkdtempSync(join(tmpdir(), 'iptraf-ts-capable-'));
    chmodSync(prefix, 0o755);
    home = join(prefix, 'home');
    mkdirSync(home);
    chmodSync(home, 0o777);
    expect(run('groupadd', ['--system', GROUP]).stderr).toBe('');
    expect(run('useradd', ['--system', '-M', '-G', GROUP, MEMBER]).status).toBe(0);
    expect(install('--capabilities', GROUP)).toMatchObject({ status: 0, stdout: '' });
  });
  afterAll(() => {
    run('userdel', [MEMBER]);
    run('groupdel', [GROUP]);
    rmSync(prefix, { recursive: true, force: true });
  });

  it('gives the one right to a copy of node that the group alone may run', () => {
    const [runtime, ...others] = runtimes();
    expect(others).toEqual([]);
    expect(statSync(runtime)).toMatchObject({ uid: 0, mode: 0o100750 });
    expect(run('stat', ['-c', '%G', runtime]).stdout.trim()).toBe(GROUP);
    expect(run('getcap', [runtime]).stdout.trim()).toBe(`${runtime} cap_net_raw=ep`);
    expect(run('getcap', [process.execPath]).stdout).toBe('');
    expect(as('nobody', [runtime, '--version'])).toMatchObject({ status: 126, stdout: '' });
  });

  it('members capture, through the ring and through libpcap, and write files; others do not', () => {
    const path = join(home, 'member.pcapng');
    for (const options of [
      ['-w', path],
      ['--capture', 'pcap'],
    ]) {
      const { status, stdout, stderr } = as(MEMBER, capture(...options));
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(JSON.parse(stdout.split('\n')[0])).toMatchObject({ type: 'snapshot', capture: { droppedByKernel: 0 } });
    }
    expect(run('stat', ['-c', '%U', path]).stdout.trim()).toBe(MEMBER);
    expect(as('nobody', capture())).toMatchObject({ status: 77, stdout: '' });
  });

  it('members have that right alone, and the environment does not change what runs', () => {
    const [runtime] = runtimes();
    const other = join(home, 'other.cjs');
    writeFileSync(other, 'console.log("loaded")');
    const script = 'console.log(require("fs").readFileSync("/proc/self/status", "utf8").match(/CapPrm:\\s*(\\w+)/)[1])';
    const shown = as(MEMBER, [runtime, '-e', script], { NODE_OPTIONS: `--require ${other}` });
    expect(shown.stdout).toBe('0000000000002000\n');
    // What the comment in scripts/install says members can do: any program of theirs, run by that copy.
    expect(as(MEMBER, [runtime, other]).stdout).toBe('loaded\n');
  });

  it('an installation without it takes it away, --remove everything', () => {
    const again = install();
    expect(again.stderr).toContain(`members of ${GROUP} cannot capture any more`);
    expect(runtimes()).toEqual([]);
    expect(as(MEMBER, capture())).toMatchObject({ status: 77 });
    expect(install('--remove').status).toBe(0);
    expect(readdirSync(prefix)).toEqual(['home']);
  });

  it('refuses a group that is not there before anything is changed', () => {
    const refused = install('--capabilities', `no${GROUP}`);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain(`there is no group no${GROUP}: groupadd`);
    expect(readdirSync(prefix)).toEqual(['home']);
  });
});
