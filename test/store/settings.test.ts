import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OperatorError } from '../../src/base/errors.ts';
import { LiveSettings } from '../../src/store/live-settings.ts';
import { logDirectory, logPath, type PathContext, runDirectory, stateDirectory } from '../../src/store/paths.ts';
import { SettingsStore } from '../../src/store/settings.ts';
import {
  defaultSettings,
  isDefault,
  SETTINGS,
  SETTINGS_SCHEMA,
  type SettingChanges,
  type Settings,
} from '../../src/store/settings-table.ts';

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

  it('that are back at their default leave the file', async () => {
    const path = join(folder, 'settings.json');
    await new SettingsStore(path).change({ theme: 'dark', additionalPorts: ['8000'] });
    expect(await new SettingsStore(path).change({ theme: 'blue', additionalPorts: [] })).toEqual(defaultSettings());
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ version: 1 });
  });

  it('written by hand are read in one form', async () => {
    const path = join(folder, 'settings.json');
    const ports = ['9000', '8100-8000', '443-443'];
    const stations = { '02-AB-3-44-55-66': 'printer', '02:00:00:00:00:01': 'gate' };
    writeFileSync(path, JSON.stringify({ version: 1, additionalPorts: ports, stationDescriptions: stations }));
    expect(await new SettingsStore(path).read()).toMatchObject({
      additionalPorts: ['443', '8000-8100', '9000'],
      stationDescriptions: { '02:00:00:00:00:01': 'gate', '02:ab:03:44:55:66': 'printer' },
    });
  });

  it('that are wrong in a list are named by place and line', async () => {
    const path = join(folder, 'settings.json');
    const text = [
      '{ "version": 1,',
      '  "additionalPorts": ["80",',
      '    "70000"],',
      '  "stationDescriptions": {',
      '    "02:11": "x",',
      '    "02:11:22:33:44:55": "a\\u001bb" } }',
    ];
    writeFileSync(path, text.join('\n'));
    const store = new SettingsStore(path);
    expect(await store.read()).toEqual(defaultSettings());
    expect(
      store.warnings[0]
        .replace(/^.*?: line/, 'line')
        .split('; ')
        .sort(),
    ).toEqual([
      'line 3: /additionalPorts/1 must be a port or a range of ports, as 8000 or 8000-8100',
      'line 5: /stationDescriptions/02:11 must be a MAC address, as 02:11:22:33:44:55',
      'line 6: /stationDescriptions/02:11:22:33:44:55 must be 1 to 60 printable characters',
    ]);
  });

  it('of a newer program stay where they are: the defaults hold, and no change is written over them', async () => {
    const path = join(folder, 'settings.json');
    const text = '{"version": 9, "theme": "pink"}';
    writeFileSync(path, text);
    const store = new SettingsStore(path);
    expect(await store.readOrDefaults()).toEqual(defaultSettings());
    expect(store.warnings).toEqual([
      `cannot read settings ${path}: it was written by a newer version of the program (document version 9); the defaults hold, and no change can be kept`,
    ]);
    await expect(store.change({ theme: 'dark' })).rejects.toThrow('newer version');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('that cannot be read are the defaults, with a line that says why', async () => {
    const path = join(folder, 'settings.json');
    mkdirSync(path);
    const store = new SettingsStore(path);
    expect(await store.readOrDefaults()).toEqual(defaultSettings());
    expect(store.warnings[0]).toMatch(/^cannot read settings .*: illegal operation on a directory; the defaults hold/);
  });

  it('are replaced as a whole, with a copy of what was there, whatever it was', async () => {
    const path = join(folder, 'settings.json');
    const store = new SettingsStore(path);
    expect(await store.replace({ theme: 'dark' })).toBeNull();
    for (const before of [readFileSync(path, 'utf8'), 'damaged', '{"version":9}']) {
      writeFileSync(path, before);
      const copy = await store.replace({ unit: 'bytes' });
      expect(readFileSync(copy as string, 'utf8')).toBe(before);
      expect(await store.read()).toEqual({ ...defaultSettings(), unit: 'bytes' });
    }
    expect(readdirSync(folder).filter((name) => name.includes('.before-'))).toHaveLength(3);
  });

  it('that make no sense replace nothing', async () => {
    const path = join(folder, 'settings.json');
    const store = new SettingsStore(path);
    await store.change({ theme: 'dark' });
    await expect(store.replace({ refreshSeconds: 0 })).rejects.toThrow('/refreshSeconds must be >= 0.1');
    expect(await store.read()).toMatchObject({ theme: 'dark' });
    expect(readdirSync(folder).sort()).toEqual(['settings.json', 'settings.json.lock']);
  });
});

describe('the table of settings', () => {
  it('explains each in whole sentences, and none stands twice', () => {
    expect(new Set(SETTINGS.map(({ name }) => name)).size).toBe(SETTINGS.length);
    for (const line of SETTINGS) {
      expect(line.description, line.name).toMatch(/^[A-Z].*\.$/);
      expect(line.label.length).toBeLessThanOrEqual(33);
      expect(isDefault(line, line.default)).toBe(true);
    }
  });

  it('has a line for every field', () => {
    const fields = Object.keys(defaultSettings()).filter((name) => name !== 'version');
    expect(SETTINGS.map(({ name }) => name)).toEqual(fields);
  });
});

describe('settings of a run', () => {
  it('keep what another run has put into a list meanwhile, and what it took out', async () => {
    const path = join(folder, 'settings.json');
    const [gate, hall, mast] = ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:03'];
    const first = new SettingsStore(path);
    await first.change({ stationDescriptions: { [gate]: 'gate', [hall]: 'hall' }, additionalPorts: ['80', '443'] });
    const open = async (): Promise<LiveSettings> => new LiveSettings(new SettingsStore(path), await first.read());
    const [one, other] = [await open(), await open()];
    await one.change({ stationDescriptions: { [gate]: 'gate', [hall]: 'hall', [mast]: 'mast' } });
    await one.change({ additionalPorts: ['80', '443', '8000'] });
    await other.change({ stationDescriptions: { [gate]: 'new gate' }, additionalPorts: ['443', '9000'] });
    await one.change({ theme: 'dark' });
    expect(await first.read()).toMatchObject({ additionalPorts: ['443', '8000', '9000'], theme: 'dark' });
    expect((await first.read()).stationDescriptions).toEqual({ [gate]: 'new gate', [mast]: 'mast' });
    await one.change({ stationDescriptions: { [gate]: 'gate', [hall]: 'hall' } });
    expect((await first.read()).stationDescriptions).toEqual({ [gate]: 'new gate' });
  });

  /** A store in memory whose disk can be full. */
  class FakeStore {
    warnings: string[] = [];
    saved: SettingChanges = {};
    full = false;

    async change(changes: SettingChanges): Promise<Settings> {
      await Promise.resolve();
      if (this.full) throw storeError();
      Object.assign(this.saved, changes);
      return { ...defaultSettings(), ...this.saved };
    }
  }

  function storeError(): OperatorError {
    return new OperatorError({ code: 'E_STORE', operation: 'write settings', target: '/s', cause: 'ENOSPC' });
  }

  it('hold at once, are told, and are saved in order', async () => {
    const store = new FakeStore();
    const live = new LiveSettings(store, defaultSettings());
    const told: string[] = [];
    live.onChange(({ theme }) => told.push(theme));
    const saves = [live.change({ theme: 'dark' }), live.change({ theme: 'light' })];
    expect(live.current.theme).toBe('light');
    expect(told).toEqual(['dark', 'light']);
    await Promise.all(saves);
    expect(store.saved).toEqual({ theme: 'light' });
    expect(await live.settled()).toBeNull();
  });

  it('hold although they cannot be saved, and are saved with the next change', async () => {
    const store = new FakeStore();
    const live = new LiveSettings(store, defaultSettings());
    store.full = true;
    await expect(live.change({ theme: 'dark' })).rejects.toThrow(
      'not saved: ENOSPC; the change holds until the program ends (/s)',
    );
    expect(live.current.theme).toBe('dark');
    expect(await live.settled()).toBe('cannot write settings /s: ENOSPC');
    store.full = false;
    await live.change({ unit: 'bytes' });
    expect(store.saved).toEqual({ theme: 'dark', unit: 'bytes' });
    expect(await live.settled()).toBeNull();
  });

  it('leave the file as it was where the disk does not take them', async () => {
    const path = join(folder, 'settings.json');
    const store = new SettingsStore(path);
    await store.change({ theme: 'dark' });
    const before = readFileSync(path, 'utf8');
    // /dev/full cannot be a folder: the lock beside the file is what fails.
    rmSync(`${path}.lock`);
    mkdirSync(`${path}.lock`);
    await expect(new LiveSettings(store, await store.read()).change({ unit: 'bytes' })).rejects.toThrow(
      /^not saved: illegal operation on a directory; the change holds until the program ends \(/,
    );
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(existsSync(path)).toBe(true);
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
