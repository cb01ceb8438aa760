import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Filter } from '../../filters/filter.ts';
import { FilterStore } from '../../filters/store.ts';
import { exportText } from '../../src/store/export.ts';
import { defaultSettings, SETTINGS } from '../../src/store/settings-table.ts';
import { CommandStage } from '../support/command-stage.ts';

const stage = new CommandStage('config');
const config = (...words: string[]): Promise<string> => stage.run(...words);
const failure = (...words: string[]): Promise<{ message: string; status: number }> => stage.failure(...words);
let path: string;

beforeEach(() => {
  path = join(stage.folder, 'settings.json');
});

const stored = (): unknown => JSON.parse(readFileSync(path, 'utf8'));

describe('config', () => {
  it('prints every setting with its value, default and explanation, in 80 columns', async () => {
    await config('set', 'theme', 'dark');
    await config('set', 'stationDescriptions', '2-0-0-0-0-1=the gate', '2:0:0:0:0:2=hall');
    const text = await config();
    expect(text.split('\n')[0]).toBe(`settings in ${path} (* differs from the default)`);
    await expect(text.replaceAll(stage.folder, '/var/lib/iptraf-ts')).toMatchFileSnapshot('../golden/cli/config.txt');
    for (const line of text.split('\n').slice(1)) expect(line.length, line).toBeLessThanOrEqual(80);
    for (const { name } of SETTINGS) expect(text).toMatch(new RegExp(`^[ *] ${name} =`, 'm'));
  });

  it('prints one JSON object for each setting', async () => {
    await config('set', 'additionalPorts', '8000');
    const lines = (await config('--json')).trimEnd().split('\n');
    const objects = lines.map((line) => JSON.parse(line));
    expect(objects.map(({ key }) => key)).toEqual(SETTINGS.map(({ name }) => name));
    expect(objects.find(({ key }) => key === 'additionalPorts')).toMatchObject({
      value: ['8000'],
      default: [],
      changed: true,
      description: expect.stringContaining('Ports and ranges'),
    });
  });

  it('sets by kind, gets what was set, and unsets', async () => {
    expect(await config('set', 'reverseDns', 'YES')).toBe('reverseDns = on\n');
    expect(await config('get', 'reverseDns')).toBe('on\n');
    expect(await config('get', 'reverseDns', '--json')).toBe('true\n');
    expect(await config('set', 'unitBase', '1024')).toBe('unitBase = 1024\n');
    expect(await config('set', 'additionalPorts', '9000-8000,80')).toBe(
      'additionalPorts = 80\nadditionalPorts = 8000-9000\n',
    );
    expect(await config('get', 'additionalPorts')).toBe('80\n8000-9000\n');
    expect(stored()).toEqual({ version: 1, reverseDns: true, unitBase: 1024, additionalPorts: ['80', '8000-9000'] });
    expect(await config('unset', 'additionalPorts')).toBe('additionalPorts =\n');
    expect(await config('get', 'additionalPorts')).toBe('');
    expect(await config('get', 'additionalPorts', '--json')).toBe('[]\n');
    expect(await config('set', 'logFile', '')).toBe('logFile =\n');
    expect(stored()).toEqual({ version: 1, reverseDns: true, unitBase: 1024 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.each([
    [
      ['get', 'color'],
      'cannot use setting "color": there is none of that name; there are reverseDns, observedNames, serviceNames, ',
    ],
    [['set', 'tcptimeoutminutes', '5'], 'cannot use setting tcptimeoutminutes: it is written tcpTimeoutMinutes'],
    [['set', 'theme', 'pink'], 'cannot use theme pink: say one of blue, dark, light, monochrome'],
    [['set', 'theme', 'dark', 'light'], 'cannot use theme dark light: say one of blue, dark, light, monochrome'],
    [['set', 'colour', 'maybe'], 'cannot use colour maybe: say on or off'],
    [['set', 'refreshSeconds', '0'], 'cannot use refreshSeconds 0: say a number of seconds from 0.1 to 60'],
    [
      ['set', 'maximumConversations', '1.5'],
      'cannot use maximumConversations 1.5: say a whole number of conversations',
    ],
    [['set', 'additionalPorts', '80', 'http'], 'cannot use additionalPorts 80 http: "http" is not a port or a range'],
    [['set', 'stationDescriptions', 'x'], 'cannot use stationDescriptions x: "x" has no "=": say MAC=TEXT'],
    [['unset', ''], 'cannot use setting "": there is none of that name; there are '],
  ])('answers %j with one line, wrong use', async (words, expected) => {
    const { message, status } = await failure(...words);
    expect(message.startsWith(expected), message).toBe(true);
    expect(status).toBe(2);
    expect(readdirSync(stage.folder)).toEqual([]);
  });

  it('names a damaged file and goes on with the defaults', async () => {
    writeFileSync(path, '{');
    expect(await config('get', 'theme')).toBe('blue\n');
    expect(stage.complaints).toHaveLength(1);
    expect(stage.complaints[0]).toMatch(/^iptraf-ts: settings .* is damaged and was moved to .*: line 1: not JSON/);
  });

  it('refuses a newer file and one that cannot be read', async () => {
    writeFileSync(path, '{"version": 7}');
    expect(await failure('get', 'theme')).toMatchObject({ status: 1 });
    expect((await failure('set', 'theme', 'dark')).message).toContain('newer version');
    expect(stored()).toEqual({ version: 7 });
    rmSync(path);
    mkdirSync(path);
    expect((await failure()).message).toMatch(/^cannot read settings .*: illegal operation on a directory$/);
  });
});

describe('config export and import', () => {
  it('carry all settings to another machine, and keep those of before', async () => {
    await config('set', 'theme', 'dark');
    await config('set', 'stationDescriptions', '02:00:00:00:00:01=the gate');
    const filters = new FilterStore();
    const ours: Filter = { name: 'ours', description: '', rules: [{ action: 'exclude', protocol: 'arp' }] };
    await filters.save(ours, null);
    const text = await config('export');
    expect(JSON.parse(text).filters).toEqual([ours]);
    expect(JSON.parse(text)).toMatchObject({ format: 'iptraf-ts-config', version: 1, settings: { theme: 'dark' } });
    const file = join(stage.folder, 'export.json');
    expect(await config('export', file)).toBe('');
    expect(readFileSync(file, 'utf8')).toBe(text);

    await config('set', 'theme', 'light');
    await config('set', 'unit', 'bytes');
    await filters.remove('ours');
    const before = readFileSync(path, 'utf8');
    const said = await config('import', file);
    const [, copy, filterCopy] = /those of before are in (.*) and (.*)\n/.exec(said) ?? [];
    expect(said).toBe(
      `settings and filters of ${file} are now in ${path} and ${filters.path}; those of before are in ${copy} and ${filterCopy}\n`,
    );
    expect(readFileSync(copy, 'utf8')).toBe(before);
    expect(JSON.parse(readFileSync(filterCopy, 'utf8')).filters).toEqual([]);
    expect(await filters.read()).toEqual([ours]);
    expect(stored()).toEqual({
      version: 1,
      theme: 'dark',
      stationDescriptions: { '02:00:00:00:00:01': 'the gate' },
    });
    expect(await config('export')).toBe(text);
  });

  it('leave the filters alone where an export says nothing about them', async () => {
    const file = join(stage.folder, 'old.json');
    writeFileSync(file, '{"format": "iptraf-ts-config", "version": 1, "settings": {"unit": "bytes"}}');
    const ours: Filter = { name: 'ours', description: '', rules: [] };
    await new FilterStore().save(ours, null);
    expect(await config('import', file)).toBe(`settings of ${file} are now in ${path}; there were none before\n`);
    expect(await new FilterStore().read()).toEqual([ours]);
  });

  it('make a file where there was none', async () => {
    const file = join(stage.folder, 'export.json');
    writeFileSync(file, exportText({ ...defaultSettings(), unit: 'bytes' }, []));
    expect(await config('import', file)).toBe(
      `settings and filters of ${file} are now in ${path} and ${join(stage.folder, 'filters.json')}; there were none before\n`,
    );
    expect(stored()).toEqual({ version: 1, unit: 'bytes' });
  });

  it.each([
    ['', 'line 1: the file is empty'],
    ['{"version": 1, "settings": {}}', "line 1: the document must have required property 'format'"],
    [
      '{ "format": "iptraf-ts-config", "version": 1, "settings": {\n "theme": "pink",\n "refreshSeconds": 0,\n "x": 1 } }',
      'line 4: /settings/x is not a known field; line 2: /settings/theme must be one of blue, dark, light, monochrome; line 3: /settings/refreshSeconds must be >= 0.1',
    ],
    [
      '{ "format": "iptraf-ts-config", "version": 1, "settings": {}, "filters": [\n{"name": "a", "description": "", "rules": []},\n{"name": "a", "description": "", "rules": []}] }',
      'line 3: /filters/1/name: another filter is called a',
    ],
    [
      '{ "format": "iptraf-ts-config", "version": 2, "settings": {}, "new": 1 }',
      'a newer version of the program wrote it (export version 2)',
    ],
  ])('name everything that is wrong and change nothing: %j', async (text, problems) => {
    await config('set', 'theme', 'dark');
    const file = join(stage.folder, 'wrong.json');
    writeFileSync(file, text);
    const { message, status } = await failure('import', file);
    expect(message).toBe(`cannot import ${file}: ${problems} (nothing was changed)`);
    expect(status).toBe(1);
    expect(stored()).toEqual({ version: 1, theme: 'dark' });
    expect(readdirSync(stage.folder).filter((name) => name.includes('before'))).toEqual([]);
  });

  it('say what is wrong with a file that is not there', async () => {
    expect((await failure('import', '/nowhere/x')).message).toMatch(
      /^cannot import \/nowhere\/x: no such file or directory$/,
    );
    const pipe = join(stage.folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect((await failure('export', pipe)).message).toBe(
      `cannot write settings to ${pipe}: it is no regular file (name another file; without one they go to standard output)`,
    );
    expect(statSync(pipe).isFIFO()).toBe(true);
    expect((await failure('export', '/nowhere/x')).message).toMatch(
      /^cannot write settings to \/nowhere\/x: no such file or directory \(name another file/,
    );
  });
});
