/**
 * The program as a service: what systemd hears of it, `status` and `stop`, the unit. systemd itself runs in few test
 * machines: its socket is real, its part is played by the test, and its own tools judge the unit. Needs root for
 * capturing on the loopback interface.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotifySocket } from '../support/notify-socket.ts';
import { processTree, programFile, ROOT, stillRunning } from '../support/program.ts';

const isRoot = process.getuid?.() === 0;
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
/** Some user that is not root and owns nothing here. */
const STRANGER = 54_321;

let folder: string;
let program: string;
let children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-service-'));
  // Another user is to start the program, too.
  chmodSync(folder, 0o755);
  for (const name of ['state', 'log', 'run']) mkdirSync(join(folder, name));
  program = programFile(folder, {
    IPTRAF_TS_STATE_DIR: join(folder, 'state'),
    IPTRAF_TS_LOG_DIR: join(folder, 'log'),
    IPTRAF_TS_RUN_DIR: join(folder, 'run'),
  });
});

afterEach(async () => {
  const pids = [...daemonPids(), ...children.map(({ pid = 0 }) => pid)].flatMap(processTree);
  for (const pid of stillRunning(pids)) {
    process.kill(pid, 'SIGCONT');
    process.kill(pid, 'SIGKILL');
  }
  await until(() => stillRunning(pids).length === 0, 'everything has ended');
  children = [];
  rmSync(folder, { recursive: true, force: true });
});

function daemonPids(): number[] {
  return readdirSync(join(folder, 'run'))
    .filter((name) => name.endsWith('.pid'))
    .map((name) => Number.parseInt(name, 10));
}

async function until(holds: () => boolean, what: string, milliseconds = 15_000): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${milliseconds} ms: ${what}`);
    await sleep(20);
  }
}

interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** In a session of its own: these tests may themselves run below timeout(1), and -B would rightly stay there. */
function run(...command: string[]): Result {
  const argv = ['-w', 'sh', '-c', '"$@"; exit $?', 'sh', ...command];
  const { status, stdout, stderr } = spawnSync('setsid', argv, { encoding: 'utf8', timeout: 50_000 });
  return { status, stdout, stderr };
}

const log = (name = 'x.log'): string => readFileSync(join(folder, 'log', name), 'utf8');

interface Service {
  child: ChildProcess;
  pid: number;
  ended: Promise<number | NodeJS.Signals>;
}

/** As systemd starts a service: SYSTEMD_EXEC_PID is its process id, no terminal, its own session. */
function startService(environment: Record<string, string>, ...argv: string[]): Service {
  const script = 'export SYSTEMD_EXEC_PID=$$; exec "$@"';
  const child = spawn('setsid', ['sh', '-c', script, 'sh', program, ...argv], {
    stdio: 'ignore',
    env: { ...process.env, ...environment },
  });
  children.push(child);
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  return { child, pid: child.pid ?? 0, ended };
}

describe.skipIf(!isRoot)('systemd (needs root)', () => {
  let socket: NotifySocket;
  const heard: string[] = [];
  const hears = (text: RegExp, what: string): Promise<void> =>
    until(() => {
      heard.push(...socket.received());
      return heard.some((datagram) => text.test(datagram));
    }, what);

  beforeEach(() => {
    heard.length = 0;
    socket = new NotifySocket(join(folder, 'notify'));
  });
  afterEach(() => socket.close());

  it('hears that the service is ready, how it is, that it rereads and that it ends', async () => {
    const notify = { NOTIFY_SOCKET: join(folder, 'notify'), WATCHDOG_USEC: '600000' };
    const service = startService(notify, '-B', '-i', 'lo', '-L', 'x.log');
    await hears(/^READY=1\nSTATUS=.*lo/, 'ready');
    // Ready means that everything is open: the log is there, and the pid file of the process that systemd started.
    expect(existsSync(join(folder, 'log/x.log'))).toBe(true);
    expect(daemonPids()).toEqual([service.pid]);
    await hears(/^WATCHDOG=1$/, 'a ping');
    heard.length = 0;
    process.kill(service.pid, 'SIGHUP');
    await hears(/^READY=1/, 'ready again');
    expect(heard.findIndex((text) => /^RELOADING=1\nMONOTONIC_USEC=\d+\n/.test(text))).toBeLessThan(
      heard.findIndex((text) => text.startsWith('READY=1')),
    );
    process.kill(service.pid, 'SIGTERM');
    expect(await service.ended).toBe(0);
    await hears(/^STOPPING=1/, 'the end');
    expect(log()).toMatch(/monitor stopped/);
  });

  it('hears no more of a service whose engine hangs', async () => {
    const notify = { NOTIFY_SOCKET: join(folder, 'notify'), WATCHDOG_USEC: '300000' };
    const service = startService(notify, '-B', '-i', 'lo', '-L', 'x.log');
    await hears(/^WATCHDOG=1$/, 'a ping');
    const [engine] = processTree(service.pid).slice(1);
    process.kill(engine, 'SIGSTOP');
    // A ping may be on its way.
    await sleep(150);
    socket.received();
    await sleep(500);
    expect(socket.received()).not.toContain('WATCHDOG=1');
    process.kill(engine, 'SIGCONT');
    heard.length = 0;
    await hears(/^WATCHDOG=1$/, 'a ping again');
  });

  it('may run it by a simple unit too: -B stays where it was started', async () => {
    const service = startService({}, '-B', '-L', join(folder, 'log/monitor.log'), '-f', 'daemon');
    await until(() => daemonPids().length === 1, 'a pid file');
    expect(daemonPids()).toEqual([service.pid]);
    process.kill(service.pid, 'SIGTERM');
    expect(await service.ended).toBe(0);
    expect(log('monitor.log')).toMatch(/monitor stopped/);
  });
});

describe.skipIf(!isRoot)('status and stop (needs root)', () => {
  it('find every instance, say how it is, and end it with its last records; not for everyone', () => {
    expect(run(program, '-B', '-i', 'lo', '-L', 'x.log').status).toBe(0);
    expect(run(program, '-B', '-g', '-L', 'y.log').status).toBe(0);
    const pids = daemonPids().sort((a, b) => a - b);
    expect(pids).toHaveLength(2);

    const { status, stdout } = run(program, 'status');
    expect(status).toBe(0);
    const [head, ...lines] = stdout.trimEnd().split('\n');
    expect(head).toMatch(
      /^ *pid +user +since +as of +packets +dropped +records +lost +alerts +restarts +watches +logs to$/,
    );
    expect(lines.map((line) => Number.parseInt(line, 10))).toEqual(pids);
    expect(stdout).toMatch(/ip-traffic on lo .*\/x\.log/);
    expect(stdout).toMatch(/general on all .*\/y\.log/);

    // Anyone may look, and nobody may stop what belongs to another.
    const stranger = ['setpriv', '--reuid', String(STRANGER), '--regid', String(STRANGER), '--clear-groups', program];
    const json = run(...stranger, 'status', '--json')
      .stdout.trimEnd()
      .split('\n');
    const figures = expect.objectContaining({ logRecordsLost: 0 });
    expect(json.map((line) => JSON.parse(line))).toEqual(
      pids.map((pid) => expect.objectContaining({ pid, problem: null, figures })),
    );
    expect(run(...stranger, 'stop', String(pids[0]))).toEqual({
      status: 77,
      stdout: '',
      stderr: `iptraf-ts: cannot stop ${pids[0]}: it belongs to another user (sudo iptraf-ts stop)\n`,
    });
    expect(run(program, 'stop', '1')).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'iptraf-ts: cannot stop 1: no instance in the background has this process id (iptraf-ts status lists them)\n',
    });

    const all = pids.flatMap(processTree);
    expect(run(program, 'stop', String(pids[0]))).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(daemonPids()).toEqual([pids[1]]);
    expect(run(program, 'stop')).toMatchObject({ status: 0, stderr: '' });
    expect(stillRunning(all)).toEqual([]);
    expect([log(), log('y.log')].every((text) => text.includes('stopped'))).toBe(true);
    expect(run(program, 'status')).toEqual({
      status: 3,
      stdout: '',
      stderr: 'iptraf-ts: no instance runs in the background\n',
    });
  });
});

describe('the unit iptraf-ts@.service', () => {
  const unit = join(ROOT, 'scripts/systemd/iptraf-ts@.service');

  /** With a program that is there: verify looks for it. */
  function unitOf(instance: string): string {
    const path = join(folder, `iptraf-ts@${instance}.service`);
    writeFileSync(path, readFileSync(unit, 'utf8').replaceAll('/usr/local/bin/iptraf-ts', program));
    return path;
  }

  it.skipIf(!hasSystemd)('passes systemd-analyze verify, and security at most 3.0 (systemd)', () => {
    for (const instance of ['', 'eth0', 'br-4f2a', 'all'])
      expect(run('systemd-analyze', 'verify', '--man=no', unitOf(instance))).toEqual({
        status: 0,
        stdout: '',
        stderr: '',
      });
    const security = ['security', '--offline=true', '--threshold=30', '--no-pager', unitOf('')];
    const { status, stdout } = run('systemd-analyze', ...security);
    expect(stdout).toMatch(/Overall exposure level for .*: [012]\.\d/);
    expect(status).toBe(0);
  });

  /** What the unit says of a word. */
  const said = (name: string): string[] =>
    [...readFileSync(unit, 'utf8').matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value);

  it.skipIf(!isRoot)('runs with nothing but its rights, in a system it may not write to (root)', async () => {
    const owner = STRANGER;
    for (const name of ['state', 'log', 'run']) execFileSync('chown', [`${owner}:${owner}`, join(folder, name)]);
    expect([said('AmbientCapabilities'), said('CapabilityBoundingSet')]).toEqual([['CAP_NET_RAW'], ['CAP_NET_RAW']]);
    const [start] = said('ExecStart');
    const argv = start.replaceAll('%i', 'lo').replace('$IPTRAF_TS_OPTIONS', '').trim().split(' ').slice(1);
    // ProtectSystem=strict: all is read-only but the service's own folders.
    const mounts = [
      'mount --make-rprivate /; mount -o remount,bind,ro /',
      ...['state', 'log', 'run']
        .map((name) => join(folder, name))
        .map((path) => `mount --bind ${path} ${path}; mount -o remount,bind,rw ${path}`),
    ];
    const rights = `setpriv --reuid ${owner} --regid ${owner} --clear-groups --no-new-privs --bounding-set -all,+net_raw --inh-caps -all,+net_raw --ambient-caps -all,+net_raw`;
    const script = `${mounts.join('; ')}; export SYSTEMD_EXEC_PID=$$; exec ${rights} ${program} ${argv.join(' ')}`;
    const child = spawn('unshare', ['-m', 'sh', '-c', script], { stdio: ['ignore', 'ignore', 'pipe'] });
    children.push(child);
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    await until(() => existsSync(join(folder, 'log/lo.log')) && daemonPids().length === 1, `a log; ${errors}`);
    expect(readFileSync(`/proc/${child.pid}/status`, 'utf8')).toMatch(/^CapEff:\t0000000000002000$/m);
    spawnSync('ping', ['-c', '2', '-i', '0.2', '127.0.0.1']);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(errors).toBe('');
    expect(log('lo.log')).toMatch(/; ICMP; lo; .*from 127\.0\.0\.1 to 127\.0\.0\.1; .* packets/);
    expect(log('lo.log')).toMatch(/monitor stopped/);
    expect(readdirSync(join(folder, 'run'))).toEqual([]);
  });
});

describe('scripts/install --service', () => {
  it('puts the unit and the rotation where they belong, and takes them off again', () => {
    const prefix = join(folder, 'prefix');
    mkdirSync(prefix);
    const install = (...args: string[]): Result => run(join(ROOT, 'scripts/install'), '--prefix', prefix, ...args);
    expect(install('--service').status).toBe(0);
    const unit = join(prefix, 'lib/systemd/system/iptraf-ts@.service');
    expect(readFileSync(unit, 'utf8')).toContain(`ExecStart=${prefix}/bin/iptraf-ts -B -i %i`);
    const rotation = join(prefix, 'etc/logrotate.d/iptraf-ts');
    expect(readFileSync(rotation, 'utf8')).toBe(readFileSync(join(ROOT, 'scripts/logrotate.d/iptraf-ts'), 'utf8'));
    writeFileSync(rotation, '# of the operator\n');
    expect(install('--service').status).toBe(0);
    expect(readFileSync(rotation, 'utf8')).toBe('# of the operator\n');
    expect(install('--remove').status).toBe(0);
    expect(readdirSync(prefix)).toEqual([]);
  });
});
