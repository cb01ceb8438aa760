import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ancestors, type ProcessFiles, parseStat, processStat, startTicks } from '../../src/cli/daemon/process-stat.ts';
import { decideScreen, noScreenReason, staysAttached, type TerminalFacts } from '../../src/cli/lifecycle.ts';

interface FakeProcess {
  pid: number;
  name: string;
  parent: number;
  group?: number;
  session?: number;
  terminal?: number;
  foreground?: number;
  input?: string;
}

/** A /proc with these processes; ours is 100. */
function proc(...processes: FakeProcess[]): ProcessFiles {
  const find = (pid: number): FakeProcess | undefined => processes.find((process) => process.pid === pid);
  return {
    stat: (pid) => {
      const it = find(pid);
      if (it === undefined) return null;
      const { name, parent, group = pid, session = 1, terminal = 0, foreground = -1 } = it;
      return `${pid} (${name}) S ${parent} ${group} ${session} ${terminal} ${foreground} 4194304 0 0`;
    },
    standardInput: (pid) => find(pid)?.input ?? null,
  };
}

function attachment(files: ProcessFiles, environment: Record<string, string> = {}): string | null {
  return staysAttached({ pid: 100, environment, files });
}

const TTY = 34816;
const shell = { pid: 50, name: 'bash', parent: 1, session: 50, terminal: TTY, foreground: 100, input: '/dev/pts/0' };
const us = {
  pid: 100,
  name: 'iptraf-ts',
  parent: 50,
  group: 100,
  session: 50,
  terminal: TTY,
  foreground: 100,
  input: '/dev/pts/0',
};

describe('-B', () => {
  it('detaches when a shell started it in the foreground', () => {
    expect(attachment(proc(us, shell))).toBeNull();
  });

  it('detaches when sudo stands between the shell and us', () => {
    const sudo = { ...us, pid: 90, name: 'sudo', group: 90 };
    expect(
      attachment(proc({ ...us, parent: 90, group: 90, foreground: 90 }, { ...sudo, foreground: 90 }, shell)),
    ).toBeNull();
  });

  it('stays attached under systemd that says our pid', () => {
    const files = proc(
      { pid: 100, name: 'iptraf-ts', parent: 1, input: '/dev/null' },
      { pid: 1, name: 'systemd', parent: 0 },
    );
    expect(attachment(files, { SYSTEMD_EXEC_PID: '100' })).toBe('systemd');
    expect(attachment(files, { SYSTEMD_EXEC_PID: '99', NOTIFY_SOCKET: '/run/notify' })).toBeNull();
    expect(attachment(files, { NOTIFY_SOCKET: '/run/notify' })).toBe('systemd');
  });

  it('stays attached below timeout, also with sudo on either side', () => {
    const timeout = { ...us, pid: 80, name: 'timeout', group: 80 };
    expect(attachment(proc({ ...us, parent: 80, group: 80, foreground: 80 }, timeout, shell))).toBe('timeout');
    const sudo = { ...us, pid: 90, name: 'sudo', parent: 80 };
    expect(attachment(proc({ ...us, parent: 90 }, sudo, timeout, shell))).toBe('timeout');
  });

  it('stays attached below timeout although sudo has opened a session of its own', () => {
    const timeout = { ...us, pid: 80, name: 'timeout', group: 80 };
    const sudo = { ...us, pid: 90, name: 'sudo', parent: 80, group: 80 };
    const monitor = { ...us, pid: 91, name: 'sudo', parent: 90, session: 91, group: 91, terminal: TTY + 1 };
    const ours = { ...us, parent: 91, session: 91, terminal: TTY + 1 };
    expect(attachment(proc(ours, monitor, sudo, timeout, shell))).toBe('timeout');
    expect(attachment(proc(ours, monitor, { ...sudo, parent: 50 }, shell))).toBeNull();
  });

  it('stays attached when timeout is the session leader and started us itself, as cron does it', () => {
    const leader = { pid: 80, name: 'timeout', parent: 1, session: 80, input: 'pipe:[1]' };
    const ours = { pid: 100, name: 'iptraf-ts', parent: 80, session: 80, input: 'pipe:[1]' };
    expect(attachment(proc(ours, leader))).toBe('timeout');
  });

  it('detaches from a shell that lives within a timeout', () => {
    const outer = { pid: 40, name: 'timeout', parent: 1, session: 40 };
    expect(attachment(proc(us, { ...shell, parent: 40 }, outer))).toBeNull();
    const inSession = { ...shell, parent: 40, session: 40 };
    expect(attachment(proc({ ...us, session: 40 }, inSession, { ...outer, terminal: TTY }))).toBeNull();
  });

  it('detaches in a session of its own, whatever is around that', () => {
    const timeout = { pid: 40, name: 'timeout', parent: 1, session: 30, input: 'pipe:[1]' };
    const leader = { pid: 50, name: 'sh', parent: 40, session: 50, input: 'pipe:[1]' };
    const ours = { pid: 100, name: 'iptraf-ts', parent: 50, session: 50, input: 'pipe:[1]' };
    expect(attachment(proc(ours, leader, timeout))).toBeNull();
    const setsid = { pid: 45, name: 'setsid', parent: 40, session: 30, input: 'pipe:[1]' };
    expect(attachment(proc({ ...ours, parent: 45, session: 100 }, setsid, timeout))).toBeNull();
  });

  it('stays attached when a script started it with &', () => {
    const script = { ...shell, group: 60, foreground: 60 };
    const ours = { ...us, group: 60, foreground: 60, input: '/dev/null' };
    expect(attachment(proc(ours, script))).toBe('&');
    const sudo = { ...ours, pid: 90, name: 'sudo' };
    expect(attachment(proc({ ...ours, parent: 90 }, sudo, script))).toBe('&');
  });

  it('detaches where everything has /dev/null as standard input', () => {
    const script = { pid: 50, name: 'sh', parent: 1, session: 50, input: '/dev/null' };
    expect(
      attachment(proc({ pid: 100, name: 'iptraf-ts', parent: 50, session: 50, input: '/dev/null' }, script)),
    ).toBeNull();
  });

  it('stays attached when a shell with job control started it with &', () => {
    expect(attachment(proc({ ...us, foreground: 50 }, { ...shell, foreground: 50 }))).toBe('&');
  });
});

describe('/proc/PID/stat', () => {
  it('is read although the name has blanks and parentheses', () => {
    expect(parseStat('7 (a) b (c) S 3 4 5 34816 -1 0')).toEqual({
      pid: 7,
      name: 'a) b (c',
      parent: 3,
      group: 4,
      session: 5,
      terminal: 34816,
      foregroundGroup: -1,
    });
  });

  it('agrees with ps about this process and its parents', () => {
    const { stdout } = spawnSync('ps', ['-o', 'ppid=,pgid=,sid=', '-p', String(process.pid)], { encoding: 'utf8' });
    const [parent, group, session] = stdout.trim().split(/\s+/).map(Number);
    expect(processStat(process.pid)).toMatchObject({ parent, group, session });
    expect(ancestors(process.pid)[0].pid).toBe(process.ppid);
  });
});

describe('the start of a process', () => {
  it('tells it from every later one with its number', () => {
    const { stdout } = spawnSync('cut', ['-d', ' ', '-f', '22', `/proc/${process.pid}/stat`], { encoding: 'utf8' });
    expect(startTicks(process.pid)).toBe(Number(stdout));
  });

  it('is nothing where it is gone, or dead and not yet collected', () => {
    expect(startTicks(999_999)).toBeNull();
    const stat = '7 (a) b) Z 3 4 5 34816 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0';
    expect(startTicks(7, { stat: () => stat, standardInput: () => null })).toBeNull();
    expect(startTicks(7, { stat: () => stat.replace('Z', 'S'), standardInput: () => null })).toBe(4711);
  });
});

describe('a screen', () => {
  const facts = (changes: Partial<TerminalFacts>): TerminalFacts => ({
    environment: { TERM: 'xterm-256color' },
    input: true,
    output: true,
    foreground: true,
    ...changes,
  });

  it.each([
    ['a terminal in the foreground', {}, 'screen'],
    ['a terminal in the background', { foreground: false }, 'later'],
    ['a pipe', { output: false }, 'never'],
    ['standard input from a file', { input: false }, 'never'],
    ['TERM=dumb', { environment: { TERM: 'dumb' } }, 'never'],
    ['no TERM', { environment: {} }, 'never'],
  ] as const)('on %s', (_name, changes, expected) => {
    expect(decideScreen(facts(changes))).toBe(expected);
  });

  it('that cannot be opened has a reason', () => {
    expect(noScreenReason(facts({ output: false }))).toBe('standard output is not a terminal');
    expect(noScreenReason(facts({ foreground: false }))).toBe('it runs in the background');
  });
});
