import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { decideScreen, noScreenReason, staysAttached, type TerminalFacts } from '../../src/cli/lifecycle.ts';
import { ancestors, type ProcessFiles, parseStat, processStat } from '../../src/cli/process-stat.ts';

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
