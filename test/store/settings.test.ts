import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logDirectory, logPath, type PathContext, runDirectory, stateDirectory } from '../../src/store/paths.ts';
import { defaultSettings, SETTINGS_SCHEMA, SettingsStore } from '../../src/store/settings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-settings-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('settings', () => {
  it('have defaults that their own schema accepts', () => {
    const validate = new Ajv({ allErrors: true }).compile(SETTINGS_SCHEMA);
    expect(validate(defaultSettings()), JSON.stringify(validate.errors)).toBe(true);
    expect(defaultSettings()).toMatchObject({
      tcpTimeoutMinutes: 15,
      byteCounting: 'ip',
      maximumConversations: 1_000_000,
    });
  });

  it('keep in the file only what was changed', async () => {
    const path = join(folder, 'settings.json');
    await new SettingsStore(path).change({ theme: 'dark' });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ version: 1, theme: 'dark' });
    expect(await new SettingsStore(path).read()).toEqual({ ...defaultSettings(), theme: 'dark' });
  });

  it('refuse what makes no sense, naming it', async () => {
    const store = new SettingsStore(join(folder, 'settings.json'));
    await expect(store.change({ tcpTimeoutMinutes: -1 })).rejects.toThrow('/tcpTimeoutMinutes must be >= 0.1');
  });

  it('of a damaged file are the defaults, and the file is named', async () => {
    const path = join(folder, 'settings.json');
    writeFileSync(path, '{"version": 1,\n "theme": "pink"}');
    const store = new SettingsStore(path);
    expect(await store.read()).toEqual(defaultSettings());
    expect(store.warnings[0]).toMatch(
      /settings\.json is damaged and was moved to .*: line 2: \/theme must be one of blue/,
    );
  });
});

describe('paths', () => {
  const root: PathContext = { environment: {}, root: true, home: '/root' };
  const user: PathContext = { environment: {}, root: false, home: '/home/ann' };
  const withVariables = (context: PathContext, environment: Record<string, string>): PathContext => ({
    ...context,
    environment,
  });

  it('of root are the system’s', () => {
    expect(stateDirectory(root)).toBe('/var/lib/iptraf-ts');
    expect(logDirectory(root)).toBe('/var/log/iptraf-ts');
    expect(runDirectory(root)).toBe('/run/iptraf-ts');
    expect(stateDirectory(withVariables(root, { XDG_CONFIG_HOME: '/home/ann/.config' }))).toBe('/var/lib/iptraf-ts');
  });

  it('of users follow XDG, whose relative values are ignored', () => {
    expect(stateDirectory(user)).toBe('/home/ann/.config/iptraf-ts');
    expect(stateDirectory(withVariables(user, { XDG_CONFIG_HOME: '/x' }))).toBe('/x/iptraf-ts');
    expect(stateDirectory(withVariables(user, { XDG_CONFIG_HOME: 'x' }))).toBe('/home/ann/.config/iptraf-ts');
  });

  it('can be set', () => {
    const variables = { IPTRAF_TS_STATE_DIR: '/s', IPTRAF_TS_LOG_DIR: '/l', IPTRAF_TS_RUN_DIR: '/r' };
    const context = withVariables(root, variables);
    expect([stateDirectory(context), logDirectory(context), runDirectory(context)]).toEqual(['/s', '/l', '/r']);
  });

  it('of logs: a bare name goes to the log directory, another is where it says', () => {
    expect(logPath('a.log', root)).toBe('/var/log/iptraf-ts/a.log');
    expect(logPath('./a.log', root)).toBe(join(process.cwd(), 'a.log'));
    expect(logPath('/x/a.log', root)).toBe('/x/a.log');
  });
});
