/** Settings of the built program: on its screen, by its commands, and with files that cannot be used. Needs no root. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram, PROGRAM, type ProgramHome, temporaryHome } from '../support/program.ts';
import { KEY, spawnInTerminal, type TerminalSession } from '../support/pty.ts';

let home: ProgramHome;
let terminal: TerminalSession | null;

beforeAll(buildProgram);
beforeEach(() => {
  home = temporaryHome();
  terminal = null;
});
afterEach(async () => {
  await terminal?.close();
  home.remove();
});

const path = (): string => join(home.env.IPTRAF_TS_STATE_DIR, 'settings.json');
const stored = (): unknown => JSON.parse(readFileSync(path(), 'utf8'));

function put(text: string): void {
  mkdirSync(home.env.IPTRAF_TS_STATE_DIR, { recursive: true });
  writeFileSync(path(), text);
}

function config(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, ...home.env };
  return spawnSync(process.execPath, [PROGRAM, 'config', ...words], { encoding: 'utf8', env, input: '' });
}

async function openMenu(): Promise<TerminalSession> {
  terminal = await spawnInTerminal(process.execPath, [PROGRAM], { env: { ...home.env, COLORTERM: 'truecolor' } });
  await terminal.waitFor(/Main menu/);
  return terminal;
}

/** Background of the blue theme. */
const NAVY = '48;2;12;20;108';

describe('Configure', () => {
  it('changes the colours at once, saves, edits a list, and leads back to the menu', async () => {
    const menu = await openMenu();
    expect(menu.output()).toContain(NAVY);
    menu.send('o');
    await menu.waitFor(/Reverse DNS lookups +off/);
    menu.send(KEY.down.repeat(4));
    await menu.waitFor(/┌ Theme /);
    const before = menu.output().length;
    menu.send(KEY.enter);
    await menu.waitFor(/• Theme +dark/);
    expect(menu.output().slice(before)).not.toContain(NAVY);
    menu.send('/additional\r');
    await menu.waitFor(/Additional ports +none[\s\S]*1 shown/);
    menu.send(KEY.enter);
    await menu.waitFor(/no additional ports/);
    menu.send('a8000-8100\r');
    await menu.waitFor(/8000 - 8100 +101/);
    menu.send(KEY.escape);
    await menu.waitFor(/• Additional ports +8000-8100/);
    menu.send(KEY.escape);
    await menu.waitFor(/of 20 ┘/);
    menu.send(KEY.escape);
    await menu.waitFor(/Main menu/);
    menu.send('x');
    expect(await menu.waitForExit()).toBe(0);
    expect(stored()).toEqual({ version: 1, theme: 'dark', additionalPorts: ['8000-8100'] });
    expect(config('get', 'theme').stdout).toBe('dark\n');
  });

  it('says on the screen what is wrong with the file, and writes nothing over a newer one', async () => {
    put('{"version": 9}');
    const menu = await openMenu();
    await menu.waitFor(/┌ Warning [\s\S]*newer version[\s\S]*the defaults hold[\s\S]*Enter Close/);
    menu.send(KEY.enter);
    await menu.waitFor(/Main menu[\s\S]*Enter Open/);
    menu.send('o');
    await menu.waitFor(/Enter Change/);
    menu.send(KEY.enter);
    await menu.waitFor(/not saved: it was written by a newer version/);
    await menu.waitFor(/• Reverse DNS lookups +on/);
    menu.send('x');
    expect(await menu.waitForExit()).toBe(0);
    expect(stored()).toEqual({ version: 9 });
  });
});

it.skipIf(process.getuid?.() !== 0)(
  'logging writes a log where a monitor is opened on the screen (needs root)',
  async () => {
    expect(config('set', 'logging', 'on').status).toBe(0);
    expect(config('set', 'logFile', 'always.log').status).toBe(0);
    const path = join(home.env.IPTRAF_TS_LOG_DIR, 'always.log');
    terminal = await spawnInTerminal(process.execPath, [PROGRAM, '-i', 'lo'], { env: home.env });
    await terminal.waitFor(/logging to .*always\.log/);
    terminal.send('x');
    expect(await terminal.waitForExit()).toBe(0);
    expect(readFileSync(path, 'utf8')).toMatch(/IP traffic monitor started[\s\S]*IP traffic monitor stopped/);
  },
);

describe('config', () => {
  it('sets, exports and imports through pipes', () => {
    expect(config('set', 'unit', 'bytes')).toMatchObject({ status: 0, stdout: 'unit = bytes\n', stderr: '' });
    const { stdout } = config('export');
    expect(config('set', 'unit', 'bits').status).toBe(0);
    const env = { ...process.env, ...home.env };
    const imported = spawnSync(process.execPath, [PROGRAM, 'config', 'import', '-'], {
      encoding: 'utf8',
      env,
      input: stdout,
    });
    expect(imported).toMatchObject({ status: 0, stderr: '' });
    expect(stored()).toEqual({ version: 1, unit: 'bytes' });
    expect(config('set', 'unit', 'furlongs')).toMatchObject({
      status: 2,
      stderr: 'iptraf-ts: cannot use unit furlongs: say one of bits, bytes (see iptraf-ts --help)\n',
    });
  });

  it('sets a damaged file aside, and a daemon tells its caller so', () => {
    put('{');
    const env = { ...process.env, ...home.env, IPTRAF_TS_RUN_DIR: join(home.env.IPTRAF_TS_STATE_DIR, 'run') };
    const argv = [PROGRAM, '-B', '-r', join(import.meta.dirname, '../fixtures/mixed.pcapng')];
    const { stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8', env, input: '' });
    expect(stderr).toMatch(/^iptraf-ts: settings .* is damaged and was moved to .*: line 1: not JSON/);
    expect(existsSync(path())).toBe(false);
    expect(readdirSync(home.env.IPTRAF_TS_STATE_DIR).some((name) => name.includes('damaged'))).toBe(true);
  });
});
