import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import {
  buildProgram,
  PROGRAM,
  type ProgramHome,
  processTree,
  stillRunning,
  temporaryHome,
} from '../support/program.ts';
import { ctrl, KEY, spawnInTerminal, type TerminalOptions, type TerminalSession } from '../support/pty.ts';

const unavailable = namespacesUnavailable();

/** A key, and what is on the screen after it. */
type Step = [key: string, shown: RegExp];

/** Counter on the status line, the last but one; its labels are short where room is scarce. */
function packetsShown(screen: string[]): number {
  return Number(screen.at(-2)?.match(/(?:Rcvd|Received) (\d+)/)?.[1] ?? 0);
}

/** Figures of the search line: rows shown, rows hidden. Empty where there is no search. */
function searchFigures(screen: string[]): number[] {
  const found = /(\d+) shown, (\d+) hidden/.exec(screen.join('\n')) ?? [];
  return found.slice(1).map(Number);
}

describe.skipIf(unavailable !== null)(`a walk through the screens (${unavailable ?? 'in namespaces'})`, () => {
  let pair: NamespacePair;
  let home: ProgramHome;
  let terminal: TerminalSession;
  let settingsBefore: string;

  beforeAll(async () => {
    buildProgram();
    pair = await createNamespacePair('walk');
    pair.right.spawn(['nc', '-lk', '9000'], { stdio: 'ignore' });
    // Again and again: on a busy machine the client may be there before the server listens.
    const talk = `while sleep 0.05; do echo some text; done | nc ${pair.right.ipv4} 9000`;
    pair.left.spawn(['sh', '-c', `while :; do ${talk}; sleep 0.1; done`], { stdio: 'ignore' });
    pair.left.spawn(['ping', '-i', '0.2', pair.right.ipv4], { stdio: 'ignore' });
  });
  afterAll(() => pair?.dispose());

  beforeEach(() => {
    home = temporaryHome();
  });
  afterEach(async () => {
    await terminal?.close();
    home.remove();
  });

  /** Starts the program where the traffic arrives. */
  const open = async (args: string[], options: TerminalOptions = {}): Promise<void> => {
    const command = ['netns', 'exec', pair.right.name, process.execPath, PROGRAM, ...args];
    terminal = await spawnInTerminal('ip', command, { ...options, env: { ...home.env, ...options.env } });
    settingsBefore = terminal.settings();
  };

  const pickInterface = async (): Promise<void> => {
    await terminal.waitFor(/IP traffic monitor/);
    terminal.send(KEY.enter);
    await terminal.waitFor(/All interfaces[\s\S]*right/);
    const selects = (screen: string[]) => screen.slice(-3).some((line) => /^ *right\b/.test(line));
    for (let i = 0; i < 10 && !selects(terminal.screen()); i++) {
      const before = terminal.screen().join('\n');
      terminal.send(KEY.down);
      await terminal.waitFor((screen) => screen.join('\n') !== before);
    }
    terminal.send(KEY.enter);
    await terminal.waitFor(/IP traffic monitor: right/);
  };

  const expectRestored = (): void => {
    expect(terminal.modes()).toEqual({
      alternateScreen: false,
      cursorVisible: true,
      mouse: false,
      bracketedPaste: false,
      raw: false,
    });
    expect(terminal.settings()).toBe(settingsBefore);
  };

  it('opens the menu, picks an interface and shows its live traffic', async () => {
    await open([]);
    await terminal.waitFor(/IP traffic monitor[\s\S]*Exit/);
    expect(terminal.modes()).toMatchObject({ alternateScreen: true, cursorVisible: false, raw: true });
    await pickInterface();
    const first = await terminal.waitFor(/10\.91\.0\.1:\d+[\s\S]*10\.91\.0\.2:9000[\s\S]*ICMP/);
    const later = await terminal.waitFor((screen) => packetsShown(screen) > packetsShown(first) + 20);
    expect(later.join('\n')).toMatch(/Drop(ped)? 0/);
  });

  it('sorts by the column that is chosen', async () => {
    await open(['-i', 'right']);
    await terminal.waitFor(/9000/);
    terminal.send('S');
    await terminal.waitFor(/Sort by/);
    terminal.send('p');
    await terminal.waitFor(/by packets/);
  });

  it('shows only what a search matches, and everything again', async () => {
    await open(['-i', 'right']);
    await terminal.waitFor(/9000[\s\S]*ICMP/);
    terminal.send('/9000');
    await terminal.waitFor((screen) => /:9000/.test(screen.join('\n')) && !/ICMP/.test(screen.join('\n')));
    terminal.send(KEY.escape);
    await terminal.waitFor(/9000[\s\S]*ICMP/);
  });

  it('goes by the terms of a search, says how much it hides, and has all again after Esc', async () => {
    // Where nobody listens: connections that are reset.
    const knock = `while :; do nc -z ${pair.right.ipv4} 22; sleep 0.2; done`;
    const knocker = pair.left.spawn(['sh', '-c', knock], { stdio: 'ignore' });
    await open(['-i', 'right'], { cols: 120, rows: 40 });
    const all = await terminal.waitFor(/:22 [\s\S]*:9000[\s\S]*ICMP|:9000[\s\S]*:22 [\s\S]*ICMP/);
    expect(searchFigures(all)).toEqual([]);
    terminal.send('/proto:tcp !port:22 host:/10\\.91\\./');
    const found = await terminal.waitFor((screen) => {
      const text = screen.join('\n');
      return text.includes('91\\./') && /:9000/.test(text) && !/\.2:22 |ICMP/.test(text);
    });
    const [shown, hidden] = searchFigures(found);
    expect(shown).toBe(found.filter((line) => /:9000 /.test(line)).length);
    const byPanel = [...found.join('\n').matchAll(/(\d+) hidden by search/g)].map(([, count]) => Number(count));
    expect(byPanel).toHaveLength(2);
    expect(hidden).toBe(byPanel[0] + byPanel[1]);
    terminal.send(KEY.escape);
    const again = await terminal.waitFor(/:22 [\s\S]*:9000[\s\S]*ICMP|:9000[\s\S]*:22 [\s\S]*ICMP/);
    expect(again.join('\n')).not.toContain('hidden');
    expect(packetsShown(again)).toBeGreaterThanOrEqual(packetsShown(found));
    knocker.kill();
  });

  it('lays itself out anew when the terminal changes its size, and recovers from one that is too small', async () => {
    await open(['-i', 'right']);
    await terminal.waitFor(/9000/);
    terminal.resize(132, 43);
    await terminal.waitFor((screen) => screen.length === 43 && /^┌.*┐$/.test(screen[1]) && screen[1].length === 132);
    terminal.resize(40, 8);
    await terminal.waitFor(/needs 60x12/);
    terminal.resize(80, 24);
    await terminal.waitFor((screen) => screen[1].length === 80 && /9000/.test(screen.join('\n')));
  });

  it('keeps what is shown while paused, and goes on', async () => {
    await open(['-i', 'right']);
    await terminal.waitFor(/9000/);
    terminal.send(ctrl('p'));
    const paused = await terminal.waitFor(/PAUSED/);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(packetsShown(terminal.screen())).toBe(packetsShown(paused));
    terminal.send(ctrl('p'));
    await terminal.waitFor((screen) => packetsShown(screen) > packetsShown(paused));
  });

  it('goes back to the menu and leaves with the terminal restored and no process left', async () => {
    await open([]);
    await pickInterface();
    await terminal.waitFor(/9000/);
    const processes = processTree(terminal.pid);
    expect(processes.length).toBeGreaterThan(1);
    terminal.send('q');
    await terminal.waitFor((screen) => !/IP traffic monitor: right$/m.test(screen[0]));
    terminal.send('x');
    expect(await terminal.waitForExit()).toBe(0);
    expectRestored();
    expect(stillRunning(processes)).toEqual([]);
  });

  it('leads through the whole menu: every monitor on live traffic, settings, help, and out again', async () => {
    await open([]);
    await terminal.waitFor(/IP traffic monitor[\s\S]*Exit/);
    // Where one is: the title, and the keys of what stands on top. Figures change by themselves.
    const place = (screen: string[]): string => `${screen[0]}|${screen.at(-1)}`;
    const home = (screen: string[]): boolean => /Main menu *\|.*Help/.test(place(screen));
    // A title that changes by itself is no answer to Escape: another one would reach past the menu.
    const settled = async (): Promise<void> => {
      for (let before = ''; before !== place(terminal.screen()); await sleep(200)) before = place(terminal.screen());
    };
    const back = async (): Promise<void> => {
      while (!home(terminal.screen())) {
        const before = place(terminal.screen());
        terminal.send(KEY.escape);
        await terminal.waitFor((screen) => place(screen) !== before);
        await settled();
      }
    };
    const walks: Step[][] = [
      [
        ['m', /which interface/],
        ['a', /IP traffic monitor: all interfaces[\s\S]*:9000[\s\S]*ICMP/],
      ],
      [
        ['s', /General interface statistics[\s\S]*right +[1-9]\d*/],
        [KEY.enter, /Detailed statistics: /],
      ],
      [
        ['d', /which interface/],
        ['a', /Detailed statistics: all interfaces[\s\S]*TCP:? +[1-9]\d*/],
      ],
      [
        ['b', /By packet size/],
        ['s', /which interface/],
        ['a', /Packet sizes: all interfaces[\s\S]*[1-9]\d* *[▌█]/],
      ],
      [
        ['b', /By packet size/],
        ['p', /which interface/],
        ['a', /TCP\/UDP ports: all interfaces[\s\S]*TCP\/9000/],
        [KEY.enter, /tcp port 9000[\s\S]*:9000/],
      ],
      [
        ['l', /which interface/],
        ['a', /LAN stations: all interfaces[\s\S]*([0-9a-f]{2}:){5}[0-9a-f]{2}/],
        [KEY.enter, /LAN station[\s\S]*IP addresses +10\.91\.0\./],
      ],
      [
        ['h', /which interface/],
        ['a', /Host pairs: all interfaces[\s\S]*10\.91\.0\.[12] +=> +10\.91\.0\.[12]/],
        [KEY.enter, /Conversations of 10\.91\.0\.[\s\S]*:9000[\s\S]*ICMP/],
      ],
      [
        ['f', /Filters[\s\S]*web +2 +ready-made/],
        ['e', /Rules: the first that matches decides/],
        [KEY.enter, /Rule 1 of [\s\S]*Destination port/],
      ],
      [['o', /Configure[\s\S]*Reverse DNS lookups/]],
      [['a', /About[\s\S]*MIT/]],
      [['?', /Everywhere/]],
    ];
    for (const steps of walks) {
      for (const [key, shown] of steps) {
        terminal.send(key);
        await terminal.waitFor(shown);
      }
      await back();
    }
    const processes = processTree(terminal.pid);
    terminal.send('x');
    expect(await terminal.waitForExit()).toBe(0);
    expectRestored();
    expect(stillRunning(processes)).toEqual([]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGKILL', 137],
  ] as const)('leaves a sane terminal and no process behind after %s', async (signal, status) => {
    await open(['-i', 'right']);
    await terminal.waitFor(/9000/);
    const processes = processTree(terminal.pid);
    process.kill(terminal.pid, signal);
    expect(await terminal.waitForExit()).toBe(status);
    // After SIGKILL the engine restores the terminal: a moment later than the shell reports the end.
    await terminal.waitFor(() => stillRunning(processes).length === 0, 3000);
    await terminal.waitFor(() => !terminal.modes().alternateScreen, 3000);
    expectRestored();
  });

  it('says that the engine was lost, keeps the data on the screen, and leaves well', async () => {
    await open(['-i', 'right']);
    await terminal.waitFor(/9000/);
    const [front, ...others] = processTree(terminal.pid);
    for (const pid of others) process.kill(pid, 'SIGKILL');
    await terminal.waitFor((screen) => /engine/i.test(screen.join('\n')) && /9000/.test(screen.join('\n')));
    expect(stillRunning([front])).toEqual([front]);
    terminal.send('x');
    await terminal.waitForExit();
    expectRestored();
  });

  it('ends with all its processes when the terminal closes', async () => {
    await open(['-i', 'right']);
    await terminal.waitFor(/9000/);
    const processes = processTree(terminal.pid);
    terminal.hangUp();
    await terminal.waitFor(() => stillRunning(processes).length === 0, 5000);
  });

  it('refuses a screen on TERM=dumb and prints text', async () => {
    await open(['-i', 'right', '--for', '2'], { env: { TERM: 'dumb' } });
    expect(await terminal.waitForExit()).toBe(0);
    expect(terminal.output()).toMatch(/9000/);
    expect(terminal.output()).not.toContain('\x1b[');
  });
});
