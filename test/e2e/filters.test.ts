/** Filters on the screens of the built program: made and applied while packets come, saved, found again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, PROGRAM, type ProgramHome, temporaryHome } from '../support/program.ts';
import { ctrl, KEY, spawnInTerminal, type TerminalOptions, type TerminalSession } from '../support/pty.ts';

const unavailable = namespacesUnavailable();
const MIXED = join(import.meta.dirname, '../fixtures/mixed.pcapng');

let home: ProgramHome;
let terminal: TerminalSession;

beforeAll(buildProgram);
beforeEach(() => {
  home = temporaryHome();
});
afterEach(async () => {
  await terminal?.close();
  home.remove();
});

async function start(command: string, args: string[], options: TerminalOptions = {}): Promise<void> {
  terminal = await spawnInTerminal(command, args, { ...options, env: { ...home.env, ...options.env } });
}

/** Sends keys, and waits for what they lead to. */
async function press(keys: string, shown: RegExp): Promise<string[]> {
  terminal.send(keys);
  return terminal.waitFor(shown);
}

/** Waits for the status line. The hint of a pause takes the place of a message, and goes with the pause: seconds sooner. */
async function statusShows(shown: RegExp): Promise<string[]> {
  await press(ctrl('p'), /PAUSED/);
  await press(KEY.home, /these rows are held/);
  terminal.send(ctrl('p'));
  return terminal.waitFor((screen) => shown.test(screen.at(-2) ?? ''));
}

async function leave(): Promise<void> {
  terminal.send('x');
  expect(await terminal.waitForExit()).toBe(0);
}

/** What the store holds. */
function stored(): { filters: { name: string; rules: unknown[] }[] } {
  return JSON.parse(readFileSync(join(home.env.IPTRAF_TS_STATE_DIR, 'filters.json'), 'utf8'));
}

/** Packets from the first endpoint, of the row of pings; from the server, of the connection that talks. */
function counted(screen: string[]): { icmp: number; tcp: number } {
  const text = screen.join('\n');
  const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);
  return { icmp: number(/ICMP .*echo request +(\d+)/), tcp: number(/10\.91\.0\.2:9000 +[=>] +(\d+)/) };
}

describe.skipIf(unavailable !== null)(`filters while packets come (${unavailable ?? 'in namespaces'})`, () => {
  let pair: NamespacePair;

  beforeAll(async () => {
    pair = await createNamespacePair('filt');
    pair.right.spawn(['nc', '-lk', '9000'], { stdio: 'ignore' });
    // Again and again: on a busy machine the client may be there before the server listens.
    const talk = `while sleep 0.05; do echo some text; done | nc ${pair.right.ipv4} 9000`;
    pair.left.spawn(['sh', '-c', `while :; do ${talk}; sleep 0.1; done`], { stdio: 'ignore' });
    // What plays the operator's ssh session.
    pair.right.spawn(['nc', '-lk', '9022'], { stdio: 'ignore' });
    const session = `while sleep 0.05; do echo keys; done | nc -p 40022 ${pair.right.ipv4} 9022`;
    pair.left.spawn(['sh', '-c', `while :; do ${session}; sleep 0.1; done`], { stdio: 'ignore' });
    pair.left.spawn(['ping', '-i', '0.2', pair.right.ipv4], { stdio: 'ignore' });
  });
  afterAll(() => pair?.dispose());

  const open = (...args: string[]): Promise<void> => {
    const env = { SSH_CONNECTION: `${pair.left.ipv4} 40022 ${pair.right.ipv4} 9022` };
    return start('ip', ['netns', 'exec', pair.right.name, process.execPath, PROGRAM, ...args], { env });
  };

  it('a filter is made, counted, applied and saved in a monitor, narrows it, and is there tomorrow', async () => {
    await open('-i', 'right');
    await terminal.waitFor(/:9000[\s\S]*ICMP/);
    await press('v', /Filters[\s\S]*no filter is applied/);
    await press('n', /New filter/);
    await press(`chat${KEY.tab}text on 9000${KEY.enter}`, /Filter chat \(not saved\)[\s\S]*no rules; a adds one/);
    await press('a', /New rule 1 of chat/);
    await press(`${KEY.tab}tpc`, /tpc is no /);
    terminal.send(`${KEY.backspace.repeat(2)}cp${KEY.tab.repeat(5)}9000`);
    // Some of the packets are of that connection, not all.
    await terminal.waitFor(/include tcp to any port 9000[\s\S]*\d+ of \d+ packets in the last \d+ s pass \(\d\d\.\d %/);
    await press(KEY.enter, /1 +include +tcp to any port 9000/);
    await press('t', /filter chat applies[\s\S]*a Add/);
    await press(KEY.escape, /chat was changed and is not saved/);
    await press(KEY.enter, /► applied: chat[\s\S]*filter chat is saved/);
    await press(KEY.escape, /IP traffic monitor: right[\s\S]*:9000/);
    const narrowed = await statusShows(/Filter chat \d/);
    const before = counted(narrowed);
    const after = counted(await terminal.waitFor((screen) => counted(screen).tcp > before.tcp + 20));
    expect(after.icmp).toBe(before.icmp);
    await press('v', /► applied: chat/);
    await press('u', /no filter is applied/);
    await press(KEY.escape, /IP traffic monitor: right/);
    await terminal.waitFor((screen) => counted(screen).icmp > before.icmp + 3);
    await leave();
    expect(stored().filters).toEqual([
      {
        name: 'chat',
        description: 'text on 9000',
        rules: [{ action: 'include', protocol: 'tcp', destination: { port: '9000' } }],
      },
    ]);

    await open();
    await terminal.waitFor(/Main menu/);
    await press('f', /chat +1 +text on 9000[\s\S]*Enter applies chat to the monitors/);
    await press(KEY.enter, /Main menu[\s\S]*filter chat applies/);
    await press('m', /which interface/);
    await press('a', /IP traffic monitor: all interfaces[\s\S]*:9000/);
    expect((await statusShows(/Filter chat/)).join('\n')).not.toContain('ICMP');
    await leave();
  });

  it('V leaves out the own session, says so, and counts it again', async () => {
    await open('-i', 'right');
    await terminal.waitFor(/:40022[\s\S]*ICMP/);
    const own = (screen: string[]): number => Number(/:40022 +[=>] +(\d+)/.exec(screen.join('\n'))?.[1]);
    await press('V', /your ssh session is left out/);
    const without = await statusShows(/Filter .*ssh/);
    const { icmp } = counted(without);
    const later = await terminal.waitFor((screen) => counted(screen).icmp > icmp + 10);
    expect(own(later)).toBe(own(without));
    await press('V', /your ssh session is counted again/);
    await terminal.waitFor((screen) => own(screen) > own(later) + 10);
    await leave();
  });

  it('v is there in every monitor, and what was edited and saved goes on at once', async () => {
    for (const [option, shown] of [
      ['-g', /General interface statistics/],
      ['-d', /Detailed statistics/],
      ['-z', /Packet sizes/],
      ['-s', /TCP\/UDP ports/],
      ['-l', /LAN stations/],
    ] as const) {
      await open(...(option === '-g' ? [option] : [option, 'right']));
      await terminal.waitFor(shown);
      await press('v', /Filters[\s\S]*ready-made/);
      await press(KEY.escape, shown);
      await leave();
    }
    await open('-i', 'right', '--filter', 'icmp');
    await terminal.waitFor(/ICMP[\s\S]*Filter icmp/);
    expect(terminal.screen().join('\n')).not.toContain(':9000');
    await press('v', /► applied: icmp/);
    await press('e', /saving makes a filter of your own/);
    await press('r', /are dropped: you chose so/);
    await press('r', /are kept: you chose so/);
    await press('s', /filter icmp is saved and applies/);
    await press(KEY.escape, /► applied: icmp/);
    await press(KEY.escape, /IP traffic monitor: right[\s\S]*:9000/);
    await leave();
  });
});

it('a filter that cannot be decided in a file is refused with the reason, and nothing changes', async () => {
  await start(process.execPath, [PROGRAM, '-i', 'all', '-r', MIXED]);
  await terminal.waitFor(/IP traffic monitor/);
  await press('v', /no filter is applied/);
  await press('n', /New filter/);
  await press(`what comes in from outside${KEY.enter}`, /Filter what comes in from outside \(not saved\)/);
  await press('a', /New rule 1 of what/);
  // Up goes round: own session, expression, process, VLAN, direction.
  await press(`${KEY.up.repeat(5)}i`, /include incoming/);
  await press(KEY.enter, /1 +include +incoming/);
  await terminal.waitFor(/└ rule 1: .*direction/);
  await press('t', /Not possible[\s\S]*cannot apply filter what[\s\S]*--local NET/);
  await press(KEY.enter, /a Add/);
  await press(KEY.escape, /not saved\.[\s\S]*d Discard/);
  await press('d', /no filter is applied/);
  await leave();
});
