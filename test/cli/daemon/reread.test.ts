/** SIGHUP: what is read again, what holds at once, and what changes nothing. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Filter } from '../../../filters/filter.ts';
import type { DaemonEngine } from '../../../src/cli/daemon/daemon-engine.ts';
import { changesText, Reread } from '../../../src/cli/daemon/reread.ts';
import { ServiceManager } from '../../../src/cli/daemon/service-manager.ts';
import type { RunLog } from '../../../src/cli/logs/run-log.ts';
import { parseArguments } from '../../../src/cli/parse.ts';
import { LiveSettings } from '../../../src/store/live-settings.ts';
import { SettingsStore } from '../../../src/store/settings.ts';
import { defaultSettings, type Settings } from '../../../src/store/settings-table.ts';

let folder: string;
let written: string[];
let applied: Settings[];
let filters: (Filter | null)[];
const before = process.env.IPTRAF_TS_STATE_DIR;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-reread-'));
  process.env.IPTRAF_TS_STATE_DIR = folder;
  written = [];
  applied = [];
  filters = [];
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  if (before === undefined) delete process.env.IPTRAF_TS_STATE_DIR;
  else process.env.IPTRAF_TS_STATE_DIR = before;
});

const write = (name: string, document: unknown): void => writeFileSync(join(folder, name), JSON.stringify(document));

async function reread(...given: string[]): Promise<LiveSettings> {
  const [argv, isElsewhere] = given[0] === 'elsewhere' ? [given.slice(1), true] : [given, false];
  const store = new SettingsStore();
  const settings = new LiveSettings(store, defaultSettings());
  const engine = {
    apply: async (current: Settings) => void applied.push(current),
    useFilter: async (filter: Filter | null) => {
      filters.push(filter);
      return ['a warning'];
    },
  } as unknown as DaemonEngine;
  const log = {
    notice: (text: string) => written.push(text),
    failure: (text: string) => written.push(`error: ${text}`),
  } as unknown as RunLog;
  const { values } = parseArguments(['-B', ...argv]);
  const service = new ServiceManager(null, null);
  const again = new Reread({ values, settings, engines: [engine, engine], log, service });
  if (isElsewhere) process.env.IPTRAF_TS_STATE_DIR = join(folder, 'elsewhere');
  await again.now('');
  return settings;
}

describe('SIGHUP', () => {
  it('takes the settings to every engine, and tells what changed', async () => {
    write('settings.json', { version: 1, tcpTimeoutMinutes: 2, theme: 'dark', maximumConversations: 5000 });
    const settings = await reread();
    expect(settings.current).toMatchObject({ tcpTimeoutMinutes: 2 });
    expect(applied.map(({ tcpTimeoutMinutes }) => tcpTimeoutMinutes)).toEqual([2, 2]);
    expect(written).toEqual([
      'settings reread; changed: tcpTimeoutMinutes; changed, but holds from the next start on: maximumConversations',
    ]);
  });

  it('looks where the program looked at its start, whoever it has become since', async () => {
    write('settings.json', { version: 1, tcpTimeoutMinutes: 2 });
    write('filters.json', {
      version: 1,
      filters: [{ name: 'mine', description: '', rules: [{ action: 'include', protocol: 'udp' }] }],
    });
    await reread('elsewhere', '--filter', 'mine');
    expect(applied.map(({ tcpTimeoutMinutes }) => tcpTimeoutMinutes)).toEqual([2, 2]);
    expect(filters).toHaveLength(2);
  });

  it('takes the named filter to every engine', async () => {
    write('filters.json', {
      version: 1,
      filters: [{ name: 'mine', description: '', rules: [{ action: 'include', protocol: 'udp' }] }],
    });
    await reread('--filter', 'mine');
    expect(filters.map((filter) => filter?.rules)).toEqual([
      [{ action: 'include', protocol: 'udp' }],
      [{ action: 'include', protocol: 'udp' }],
    ]);
    expect(written.slice(1)).toEqual(['a warning', 'a warning', 'filter mine reread']);
  });

  it.each([
    [
      'settings.json',
      '{"version": 1, "logIntervalMinutes": "often"}',
      /^error: cannot read settings .*logIntervalMinutes/,
    ],
    ['settings.json', '{', /^error: cannot read settings .* it is damaged: /],
    ['settings.json', '{"version": 99}', /^error: cannot read settings .*: it was written by a newer version/],
  ])('leaves everything as it was where %s is %s', async (name, text, message) => {
    writeFileSync(join(folder, name), text);
    const settings = await reread();
    expect(settings.current).toEqual(defaultSettings());
    expect([applied, written]).toEqual([[], [expect.stringMatching(message)]]);
    expect(written[0]).toMatch(/; nothing was changed$/);
    expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
  });

  it('keeps the filter where it is gone, or cannot be read', async () => {
    await reread('--filter', 'mine');
    expect(written[1]).toMatch(/^error: .*there is no filter of that name; .*; nothing was changed$/);
    mkdirSync(join(folder, 'filters.json'));
    await reread('--filter', 'mine');
    expect(written[3]).toMatch(/^error: .*filters\.json.*; nothing was changed$/);
    expect(filters).toEqual([]);
  });

  it('says so where nothing of it is used in the background', () => {
    expect(changesText(defaultSettings(), { ...defaultSettings(), theme: 'dark' })).toEqual([
      'nothing that is used here has changed',
    ]);
  });
});
