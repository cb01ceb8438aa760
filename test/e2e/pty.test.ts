import { afterEach, describe, expect, it } from 'vitest';
import { ctrl, KEY, spawnInTerminal, type TerminalSession } from '../support/pty.ts';

describe('the pseudo-terminal of the tests', () => {
  let session: TerminalSession | null = null;
  const run = async (script: string, cols = 80, rows = 24) => {
    session = await spawnInTerminal('bash', ['--norc', '-c', script], { cols, rows });
    return session;
  };
  afterEach(async () => {
    await session?.close();
    session = null;
  });

  it('shows what a program draws, where it draws it', async () => {
    const terminal = await run(`printf '\\033[2J\\033[3;5Hhere'; sleep 5`);
    const screen = await terminal.waitFor(/here/);
    expect(screen[2]).toBe('    here');
    expect(screen).toHaveLength(24);
  });

  it('tells the modes while a program uses them and after it has ended', async () => {
    const terminal = await run(
      `stty raw -echo; printf '\\033[?1049h\\033[?25l\\033[?1000hbusy'; head -c1 >/dev/null; printf '\\033[?1049l\\033[?25h\\033[?1000l'; stty sane`,
    );
    await terminal.waitFor(/busy/);
    expect(terminal.modes()).toMatchObject({ alternateScreen: true, cursorVisible: false, mouse: true, raw: true });
    terminal.send('q');
    expect(await terminal.waitForExit()).toBe(0);
    expect(terminal.modes()).toMatchObject({ alternateScreen: false, cursorVisible: true, mouse: false, raw: false });
  });

  it('sends keys and control characters', async () => {
    const terminal = await run(
      'read -r line; echo "got <$line>"; trap "echo interrupted; exit 3" INT; sleep 20 & wait',
    );
    terminal.send(`word${KEY.enter}`);
    await terminal.waitFor(/got <word>/);
    terminal.send(ctrl('c'));
    expect(await terminal.waitForExit()).toBe(3);
  });

  it('resizes the screen and tells the program', async () => {
    const terminal = await run('trap "stty size" WINCH; echo ready; for i in $(seq 100); do sleep 0.1; done');
    await terminal.waitFor(/ready/);
    terminal.resize(132, 40);
    await terminal.waitFor(/40 132/);
    expect(terminal.screen()).toHaveLength(40);
  });

  it('keeps the terminal when the program is killed, with what was left behind', async () => {
    const terminal = await run(`stty raw -echo; printf '\\033[?1049hbusy'; sleep 20`);
    await terminal.waitFor(/busy/);
    process.kill(-terminal.pid, 'SIGKILL');
    expect(await terminal.waitForExit()).toBe(137);
    expect(terminal.modes()).toMatchObject({ alternateScreen: true, raw: true });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('reports the end by %s as a shell does', async (signal, status) => {
    const terminal = await run('exec sleep 20');
    process.kill(terminal.pid, signal);
    expect(await terminal.waitForExit(2000)).toBe(status);
  });

  it('hangs up everyone on a terminal that closes', async () => {
    const terminal = await run('echo ready; sleep 20 & wait');
    await terminal.waitFor(/ready/);
    expect(terminal.isRunning()).toBe(true);
    terminal.hangUp();
    await terminal.waitFor(() => !terminal.isRunning(), 2000);
  });

  it('fails with the screen when what it waits for does not come', async () => {
    const terminal = await run('echo only this; sleep 5');
    await terminal.waitFor(/only/);
    await expect(terminal.waitFor(/something else/, 200)).rejects.toThrow('only this');
  });
});
