/**
 * How the built program lives and ends: screen or text, background, signals to either process. Needs root for capturing
 * on the loopback interface.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { programFile } from '../support/program.ts';
import { ctrl, KEY, spawnInTerminal, type TerminalSession } from '../support/pty.ts';

const PROGRAM = resolve(import.meta.dirname, '../../dist/iptraf-ts.js');
const FIXTURE = resolve(import.meta.dirname, '../fixtures/mixed.pcapng');
const isRoot = process.getuid?.() === 0;

let folder: string;
let sessions: TerminalSession[] = [];
let children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-life-'));
  for (const name of ['state', 'log', 'run']) mkdirSync(join(folder, name));
  process.env.IPTRAF_TS_STATE_DIR = join(folder, 'state');
  process.env.IPTRAF_TS_LOG_DIR = join(folder, 'log');
  process.env.IPTRAF_TS_RUN_DIR = join(folder, 'run');
});

afterEach(async () => {
  for (const pid of daemonPids()) stop(pid, 'SIGKILL');
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  for (const session of sessions) await session.close();
  sessions = [];
  children = [];
  await until(() => daemonPids().every((pid) => !isAlive(pid)), 'daemons are gone');
  rmSync(folder, { recursive: true, force: true });
});

function stop(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

function daemonPids(): number[] {
  return readdirSync(join(folder, 'run'))
    .filter((name) => name.endsWith('.pid'))
    .map((name) => Number.parseInt(name, 10));
}

/** Processes that have this test's folders in their environment: the program's, wherever they went. */
function processesOfTest(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && isAlive(Number(name)))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'latin1').includes(`IPTRAF_TS_RUN_DIR=${folder}/`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Has timeout(1) see its time as over: SIGALRM is what its own clock sends it. */
function endTimeout(): void {
  const command = (pid: number): string =>
    spawnSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
  const pid = processesOfTest().find((each) => command(each) === 'timeout\n');
  if (pid === undefined) throw new Error('no timeout runs');
  process.kill(pid, 'SIGALRM');
}

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
}

async function until(holds: () => boolean, what: string, milliseconds = 10_000): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${milliseconds} ms: ${what}`);
    await sleep(25);
  }
}

interface Started {
  child: ChildProcess;
  pid: number;
  output(): string;
  errors(): string;
  /** Exit status, or the signal it ended by. */
  ended: Promise<number | NodeJS.Signals>;
}

/** Starts the program itself with pipes. */
function start(...argv: string[]): Started {
  return startCommand(process.execPath, PROGRAM, ...argv);
}

function startCommand(command: string, ...argv: string[]): Started {
  const child = spawn(command, argv, { stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  return { child, pid: child.pid ?? 0, output: () => output, errors: () => errors, ended };
}

/** The engine: the only child of the front. */
function engineOf(pid: number): number {
  const list = spawnSync('ps', ['--ppid', String(pid), '-o', 'pid='], { encoding: 'utf8' })
    .stdout.trim()
    .split(/\s+/);
  expect(list).toHaveLength(1);
  return Number(list[0]);
}

const log = (name = 'x.log'): string => readFileSync(join(folder, 'log', name), 'utf8');

/** A line in a shell script, in a terminal of its own, with the program as $P. */
async function inTerminal(script: string): Promise<TerminalSession> {
  const file = join(folder, `script${sessions.length}.sh`);
  writeFileSync(file, `P='${process.execPath} ${PROGRAM}'\n${script}\n`);
  const session = await spawnInTerminal('bash', ['--norc', file]);
  sessions.push(session);
  return session;
}

describe.skipIf(!isRoot)('the end of a run with a pipe (needs root)', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'is by the same signal after %s, with whole lines',
    async (signal) => {
      const run = start('-i', 'lo', '--json', '--every', '0.2');
      await until(() => run.output().includes('\n'), 'output');
      const engine = engineOf(run.pid);
      run.child.kill(signal);
      expect(await run.ended).toBe(signal);
      expect(isAlive(engine)).toBe(false);
      for (const line of run.output().trimEnd().split('\n')) JSON.parse(line);
      expect(run.errors()).toBe('');
    },
  );

  it('has status 0 when --for or -t is over, and after USR2', async () => {
    const [byFor, byTime, byUsr2] = [
      start('-i', 'lo', '--json', '--for', '1'),
      start('-i', 'lo', '--csv', '-t', '0.02'),
      start('-i', 'lo', '--text'),
    ];
    expect(await byFor.ended).toBe(0);
    expect(await byTime.ended).toBe(0);
    await until(() => byUsr2.output() !== '', 'output');
    byUsr2.child.kill('SIGUSR2');
    expect(await byUsr2.ended).toBe(0);
  });

  it('has status 0 when the reader goes away', () => {
    const script = `${process.execPath} ${PROGRAM} -i lo --json --every 0.1 | head -n 1 >/dev/null; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', timeout: 20_000 });
    expect(stdout).toBe('0\n');
    expect(stderr).toBe('');
  });

  it('comes at once although nobody reads', async () => {
    const run = start('-i', 'lo', '--json', '--every', '0.1');
    await until(() => run.output() !== '', 'output');
    run.child.stdout?.pause();
    await sleep(500);
    const asked = performance.now();
    run.child.kill('SIGTERM');
    const [, signal] = await once(run.child, 'exit');
    expect(signal).toBe('SIGTERM');
    expect(performance.now() - asked).toBeLessThan(3000);
  });

  it('does not open the debugger on USR1', async () => {
    const run = start('-i', 'lo', '--json', '--every', '0.2');
    await until(() => run.output() !== '', 'output');
    const engine = engineOf(run.pid);
    run.child.kill('SIGUSR1');
    process.kill(engine, 'SIGUSR1');
    await sleep(500);
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe('SIGTERM');
    expect(run.errors()).toBe('');
  });

  it('leaves signals to the front: the engine goes on', async () => {
    const run = start('-i', 'lo', '--json', '--every', '0.2');
    await until(() => run.output() !== '', 'output');
    const engine = engineOf(run.pid);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGTSTP', 'SIGUSR2'] as const)
      process.kill(engine, signal);
    const lines = run.output().split('\n').length;
    await until(() => run.output().split('\n').length > lines + 2, 'further output');
    expect(isAlive(engine)).toBe(true);
  });

  it('has status 1 and one line when the engine is killed', async () => {
    const run = start('-i', 'lo', '--json', '--every', '0.2');
    await until(() => run.output() !== '', 'output');
    process.kill(engineOf(run.pid), 'SIGKILL');
    expect(await run.ended).toBe(1);
    expect(run.errors()).toMatch(/^iptraf-ts: cannot go on: the capture engine ended \(killed by SIGKILL\).*\n$/);
  });

  it('takes the engine along when the front is killed', async () => {
    const run = start('-i', 'lo', '--json', '--every', '0.2');
    await until(() => run.output() !== '', 'output');
    expect(processesOfTest()).toContain(engineOf(run.pid));
    run.child.kill('SIGKILL');
    await run.ended;
    await until(() => processesOfTest().length === 0, 'the engine is gone');
  });

  it('has both processes named, for pkill', async () => {
    const run = start('-i', 'lo', '--json', '--every', '0.2');
    await until(() => run.output() !== '', 'output');
    for (const pid of [run.pid, engineOf(run.pid)]) {
      expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('iptraf-ts\n');
      expect(readFileSync(`/proc/${pid}/cmdline`, 'latin1')).toMatch(/^iptraf-ts/);
    }
  });

  it('leaves no process behind when the arguments are wrong', async () => {
    const run = start('-i', 'lo', '--sort', 'beauty');
    expect(await run.ended).toBe(2);
    expect(run.errors()).toMatch(/^iptraf-ts: cannot use --sort beauty: not one of rate, .*\n$/);
    expect(processesOfTest()).toEqual([]);
  });
});

describe('the menu', () => {
  it('without a terminal is wrong use', async () => {
    const run = start();
    expect(await run.ended).toBe(2);
    expect(run.errors()).toBe(
      'iptraf-ts: cannot use the menu: standard input is not a terminal (iptraf-ts -i IF --text)\n',
    );
  });

  it('with TERM=dumb is wrong use, and the terminal is not touched', async () => {
    const session = await inTerminal('TERM=dumb $P; echo "status $?"');
    await session.waitFor(/status 2/);
    expect(session.output()).not.toContain('\x1b');
  });
});

describe.skipIf(!isRoot)('a terminal (needs root)', () => {
  it('gets a screen in the foreground, and is given back by q, Ctrl-C and TERM', async () => {
    for (const end of ['q', ctrl('c'), 'SIGTERM'] as const) {
      const session = await spawnInTerminal(process.execPath, [PROGRAM, '-i', 'lo']);
      sessions.push(session);
      const before = session.settings();
      await session.waitFor(/IP traffic monitor/);
      expect(session.modes()).toMatchObject({ alternateScreen: true, raw: true });
      if (end === 'SIGTERM') stop(session.pid, end);
      else session.send(end);
      expect(await session.waitForExit()).toBe(end === 'SIGTERM' ? 143 : 0);
      expect(session.modes()).toMatchObject({ alternateScreen: false, cursorVisible: true, mouse: false, raw: false });
      expect(session.settings()).toBe(before);
    }
  });

  it('is given back by the engine when the front is killed', async () => {
    const session = await spawnInTerminal(process.execPath, [PROGRAM, '-i', 'lo']);
    sessions.push(session);
    const before = session.settings();
    await session.waitFor(/IP traffic monitor/);
    stop(session.pid, 'SIGKILL');
    expect(await session.waitForExit()).toBe(137);
    await until(() => !session.modes().alternateScreen, 'the screen is given back');
    await until(() => session.settings() === before, 'the settings are given back');
    expect(session.modes()).toMatchObject({ cursorVisible: true, mouse: false, raw: false });
  });

  it('is given back after a second capture from the menu too, which another engine process makes', async () => {
    const session = await spawnInTerminal(process.execPath, [PROGRAM]);
    sessions.push(session);
    const before = session.settings();
    await session.waitFor(/Every conversation/);
    session.send(KEY.enter);
    await session.waitFor(/which interface/);
    session.send('a');
    await session.waitFor(/all interfaces/);
    const firstEngine = engineOf(session.pid);
    session.send(KEY.escape);
    await session.waitFor(/which interface/);
    await until(() => !isAlive(firstEngine), 'the first engine is gone');
    session.send('a');
    await session.waitFor(/Received \d+/);
    stop(session.pid, 'SIGKILL');
    expect(await session.waitForExit()).toBe(137);
    await until(() => !session.modes().alternateScreen, 'the screen is given back');
    await until(() => session.settings() === before, 'the settings are given back');
    expect(session.modes()).toMatchObject({ cursorVisible: true, mouse: false, raw: false });
  });

  it('keeps its screen when the engine is killed, and the status is 1', async () => {
    const session = await spawnInTerminal(process.execPath, [PROGRAM, '-i', 'lo']);
    sessions.push(session);
    await session.waitFor(/Received \d+/);
    stop(engineOf(session.pid), 'SIGKILL');
    await session.waitFor(/the capture engine ended \(killed by SIGKILL\)/);
    session.send('q');
    expect(await session.waitForExit()).toBe(1);
    expect(session.screen().join('')).toContain('iptraf-ts: cannot go on: the capture engine ended');
  });

  it('goes on with another capture after an engine was killed', async () => {
    const session = await spawnInTerminal(process.execPath, [PROGRAM]);
    sessions.push(session);
    await session.waitFor(/Every conversation/);
    session.send(KEY.enter);
    await session.waitFor(/which interface/);
    session.send('a');
    await session.waitFor(/Received \d+/);
    stop(engineOf(session.pid), 'SIGKILL');
    await session.waitFor(/the capture engine ended \(killed by SIGKILL\)/);
    session.send(KEY.escape);
    await session.waitFor(/which interface/);
    session.send('a');
    await session.waitFor(/Received \d+/);
    session.send('x');
    expect(await session.waitForExit()).toBe(0);
  });

  it('is given back by the engine that reads a file, too', async () => {
    const session = await spawnInTerminal(process.execPath, [PROGRAM, '-r', FIXTURE]);
    sessions.push(session);
    const before = session.settings();
    await session.waitFor(/Received 710/);
    stop(session.pid, 'SIGKILL');
    expect(await session.waitForExit()).toBe(137);
    await until(() => !session.modes().alternateScreen, 'the screen is given back');
    await until(() => session.settings() === before, 'the settings are given back');
  });

  it('shows a damaged file up to the damage, says so, and the status is 1', async () => {
    const file = join(folder, 'damaged.pcapng');
    writeFileSync(file, readFileSync(FIXTURE).subarray(0, 40_000));
    const session = await inTerminal(`$P -r ${file}; echo "status $?"`);
    await session.waitFor(/TCP: 7 connections/);
    await session.waitFor(/damaged at byte \d+ after \d+ packets/);
    session.send('q');
    await session.waitFor(/status 1/);
    expect(session.screen().join('')).toContain('iptraf-ts: cannot read capture file');
    expect(session.modes()).toMatchObject({ alternateScreen: false, cursorVisible: true, raw: false });
  });

  it.each(['linux', 'vt100', 'screen', 'tmux-256color', 'xterm', 'rxvt-unicode-256color', 'nonsense'])(
    'of the kind %s gets a screen and its keys work',
    async (kind) => {
      const session = await inTerminal(`TERM=${kind} $P -r ${FIXTURE}; echo "status $?"`);
      await session.waitFor(/Received 710/);
      session.send('?');
      await session.waitFor(/Help: IP traffic monitor/);
      session.send('x');
      await session.waitFor(/status 0/);
    },
  );

  it('gets text below timeout, and is not touched', async () => {
    const session = await inTerminal('timeout 60 $P -i lo; echo "status $?"');
    await session.waitFor(/rows \d+/);
    expect(session.modes()).toMatchObject({ alternateScreen: false, raw: false });
    endTimeout();
    await session.waitFor(/status 124/);
    expect(session.output()).not.toContain('\x1b');
  });

  it('gets text from a job in the background, and a screen when the job comes to the foreground', async () => {
    const session = await inTerminal('set -m; $P -i lo & read -r; fg; echo "status $?"');
    await session.waitFor(/rows \d+/);
    expect(session.modes().alternateScreen).toBe(false);
    session.send(KEY.enter);
    await session.waitFor(/IP traffic monitor/);
    expect(session.modes()).toMatchObject({ alternateScreen: true, raw: true });
    session.send('q');
    await session.waitFor(/status 0/);
    expect(session.modes()).toMatchObject({ alternateScreen: false, cursorVisible: true, raw: false });
  });

  it('is given back by Ctrl-Z and taken again by fg', async () => {
    const session = await inTerminal('set -m; $P -i lo; echo "stopped $?"; read -r; fg; echo "status $?"');
    await session.waitFor(/IP traffic monitor/);
    session.send(ctrl('z'));
    await session.waitFor(/stopped 1\d\d/);
    expect(session.modes()).toMatchObject({ alternateScreen: false, cursorVisible: true, raw: false });
    session.send(KEY.enter);
    await session.waitFor(/IP traffic monitor/);
    session.send('q');
    await session.waitFor(/status 0/);
  });
});

describe.skipIf(!isRoot)('-B (needs root)', () => {
  it('detaches, writes a pid file and a log, and ends with the last records', async () => {
    const session = await inTerminal('$P -B -i lo -L x.log; echo "status $?"');
    await session.waitFor(/status 0/);
    const [pid] = daemonPids();
    expect(readFileSync(join(folder, 'run', `${pid}.pid`), 'utf8')).toBe(`${pid}\n`);
    const [, , session_, terminal] = execFileSync('ps', ['-o', 'pid=,ppid=,sid=,tty=', '-p', String(pid)], {
      encoding: 'utf8',
    })
      .trim()
      .split(/\s+/);
    expect([session_, terminal]).toEqual([String(pid), '?']);
    expect(log()).toMatch(
      /^\d{8}T\d{6}[+-]\d{4}; iptraf-ts \S+ started, pid \d+; ip-traffic on lo; no filter\n\S+; \*+ IP traffic monitor started \*+; lo\n/,
    );
    const engine = engineOf(pid);
    spawnSync('ping', ['-c', '2', '-i', '0.2', '127.0.0.1']);
    stop(pid, 'SIGTERM');
    await until(() => !isAlive(pid) && !isAlive(engine), 'both processes are gone');
    expect(daemonPids()).toEqual([]);
    expect(log()).toMatch(/; ICMP; lo; \d+ bytes; from 127\.0\.0\.1 to 127\.0\.0\.1; still open; \d+ packets, /);
    const [last, end] = log().trimEnd().split('\n').slice(-2);
    expect(last).toMatch(/; \*+ IP traffic monitor stopped \*+; IP; lo; \d+ bytes; total of \d+ s; \d+ packets/);
    expect(end).toMatch(/; iptraf-ts stopped after \d+ s$/);
  });

  it('tells its caller what went wrong, as an exit status and one line', async () => {
    const session = await inTerminal('$P -B -i nothing0 -L x.log; echo "status $?"');
    await session.waitFor(/status 1/);
    expect(session.output()).toContain(
      'iptraf-ts: cannot capture on nothing0: there is no such interface (there are: ',
    );
    expect(daemonPids()).toEqual([]);
  });

  it('tells its caller that another instance writes the log', async () => {
    const session = await inTerminal('$P -B -i lo -L x.log; $P -B -i lo -L x.log; echo "status $?"');
    await session.waitFor(/status 1/);
    expect(session.output()).toContain('another instance writes to it');
    expect(daemonPids()).toHaveLength(1);
  });

  it('stays where it was started below timeout, and flushes its log', async () => {
    const session = await inTerminal('timeout 60 $P -B -i lo -L x.log; echo "status $?"');
    await until(() => daemonPids().length === 1, 'a pid file');
    endTimeout();
    await session.waitFor(/status 124/);
    expect(log()).toMatch(/monitor stopped/);
    expect(daemonPids()).toEqual([]);
  });

  it('is what $! names when a script starts it with &', async () => {
    const session = await inTerminal('$P -B -i lo -L x.log & PID=$!; read -r; kill $PID; wait $PID; echo "status $?"');
    await until(() => daemonPids().length === 1, 'a pid file');
    session.send(KEY.enter);
    await session.waitFor(/status 0/);
    expect(log()).toMatch(/monitor stopped/);
    expect(daemonPids()).toEqual([]);
  });

  const hasSudo = spawnSync('sudo', ['-n', 'true']).status === 0;
  /** For scripts: waits until the log given has its first record. */
  const UNTIL_STARTED = 'until_started() { until grep -qs "monitor started" "$1"; do sleep 0.05; done; }';
  /** The program as scripts name it, by one word, with the test's folders also below sudo and cron. */
  const ownProgram = (): string =>
    programFile(folder, {
      IPTRAF_TS_STATE_DIR: join(folder, 'state'),
      IPTRAF_TS_LOG_DIR: join(folder, 'log'),
      IPTRAF_TS_RUN_DIR: join(folder, 'run'),
    });

  it.skipIf(!hasSudo)('is what sudo, timeout and & in a script are meant for (sudo)', async () => {
    const head = `${UNTIL_STARTED}; P=${ownProgram()}; cd ${join(folder, 'log')}`;
    const scripts: [string, RegExp][] = [
      // The timeout's own status: the process that it waits for is the one that logs.
      ['sudo timeout 5s $P -B -L "$PWD/a.log" -i lo; echo "status $?"', /status 124/],
      ['timeout 5s sudo $P -B -L "$PWD/b.log" -i lo; echo "status $?"', /status 124/],
      ['timeout --foreground 5s sudo $P -B -L "$PWD/c.log" -i lo; echo "status $?"', /status 124/],
      [
        'sudo $P -B -L "$PWD/d.log" -i lo & MONITOR_PID=$!; until_started d.log; sudo kill $MONITOR_PID; wait $MONITOR_PID; echo "status $?"',
        /status 0/,
      ],
    ];
    const terminals = [];
    for (const [script] of scripts) terminals.push(await inTerminal(`${head}; ${script}`));
    await Promise.all(terminals.map((terminal, i) => terminal.waitFor(scripts[i][1], 20_000)));
    for (const name of ['a', 'b', 'c', 'd']) expect(log(`${name}.log`), name).toMatch(/monitor stopped/);
    expect(daemonPids()).toEqual([]);
  });

  it.each(['', ...(hasSudo ? ['sudo '] : [])])('is what $! names in an interactive shell (%s&)', async (sudo) => {
    const session = await spawnInTerminal('bash', ['--norc', '--noprofile', '-i']);
    sessions.push(session);
    session.send(`PS1='$ '; ${sudo}${ownProgram()} -B -i lo -L x.log &\r`);
    await until(() => daemonPids().length === 1, 'a pid file');
    session.send(`${sudo}kill $!; wait $!; echo "status" $?\r`);
    await session.waitFor(/status 0/);
    expect(log()).toMatch(/monitor stopped/);
    expect(daemonPids()).toEqual([]);
  });

  it('detaches below cron and ssh, and keeps none of their pipes open', async () => {
    const program = ownProgram();
    const ssh = startCommand('setsid', '-w', 'bash', '-c', `${program} -B -i lo -L ssh.log; echo "status $?"`);
    const cron = startCommand(
      'setsid',
      '-w',
      'sh',
      '-c',
      `exec </dev/null; ${program} -B -i lo -L cron.log; echo "status $?"`,
    );
    // The streams close, too: whoever reads them to their end need not wait for the daemon.
    expect([await ssh.ended, await cron.ended]).toEqual([0, 0]);
    expect([ssh.output(), cron.output()]).toEqual(['status 0\n', 'status 0\n']);
    expect(daemonPids()).toHaveLength(2);
    const timed = startCommand('setsid', '-w', 'timeout', '4', program, '-B', '-i', 'lo', '-L', 'timed.log');
    expect(await timed.ended).toBe(124);
    expect(log('timed.log')).toMatch(/monitor stopped/);
  });

  it('ends with the script around it at Ctrl-C, with its last records', async () => {
    const loop = 'while true; do $P -B --foreground -i lo -L x.log; echo again; done';
    const session = await inTerminal(loop);
    await until(() => daemonPids().length === 1, 'a pid file');
    session.send(ctrl('c'));
    expect(await session.waitForExit()).toBe(130);
    expect(log()).toMatch(/monitor stopped/);
    expect(session.output()).not.toContain('again');
  });

  it('stays in the foreground when told to, and ends when its time is over', async () => {
    const run = start('-B', '--foreground', '-i', 'lo', '-L', 'x.log', '-t', '0.03');
    expect(await run.ended).toBe(0);
    expect(log()).toMatch(/monitor stopped/);
  });

  it('opens its log anew on USR1', async () => {
    const run = start('-B', '--foreground', '-i', 'lo', '-L', 'x.log');
    await until(() => existsSync(join(folder, 'log/x.log')) && log() !== '', 'a log');
    renameSync(join(folder, 'log/x.log'), join(folder, 'log/x.log.1'));
    run.child.kill('SIGUSR1');
    await until(() => existsSync(join(folder, 'log/x.log')) && log() !== '', 'a new log', 1000);
    expect(log()).toMatch(/^[^\n]*; log file reopened\n/);
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(0);
    expect(log()).toMatch(/monitor stopped/);
    expect(log('x.log.1')).toMatch(/monitor started/);
  });

  it('writes a record for each connection of its own traffic', async () => {
    const run = start('-B', '--foreground', '-i', 'lo', '-L', 'x.log');
    await until(() => existsSync(join(folder, 'log/x.log')) && log() !== '', 'a log');
    const { port, close } = await listen();
    for (let i = 0; i < 5; i++) spawnSync('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port}; cat <&3`]);
    close();
    await sleep(700);
    run.child.kill('SIGTERM');
    await run.ended;
    const records = log()
      .split('\n')
      .filter((line) => line.includes(`to 127.0.0.1:${port};`));
    expect(records.filter((line) => line.includes('first packet (SYN)'))).toHaveLength(5);
    expect(records.filter((line) => line.includes('; FIN sent and acknowledged, closed; '))).toHaveLength(5);
    expect(log()).not.toMatch(/error|fail/i);
  });

  it('watches every interface when none is named', async () => {
    const run = start('-B', '--foreground', '-L', 'x.log', '-t', '0.03');
    expect(await run.ended).toBe(0);
    expect(log()).toMatch(/started \*+; all\n/);
  });

  it('-f without a facility removes pid files of the dead', async () => {
    writeFileSync(join(folder, 'run/999999.pid'), '999999\n');
    const run = start('-f');
    expect(await run.ended).toBe(0);
    expect(run.errors()).toBe('iptraf-ts: removed 1 stale pid file\n');
    expect(daemonPids()).toEqual([]);
  });
});

/** A server that says a word and closes. */
async function listen(): Promise<{ port: number; close: () => void }> {
  const child = spawn(process.execPath, [
    '-e',
    `require('net').createServer(s => s.end('word')).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`,
  ]);
  children.push(child);
  const [chunk] = await once(child.stdout, 'data');
  return { port: Number(chunk), close: () => child.kill() };
}
