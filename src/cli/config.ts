/**
 * The `config` commands: settings without the screen. Needs no root for the user's own settings; says where they are.
 * What is wrong with a key or a value is wrong use (2), what is wrong with a file is a failure (1).
 */
import { FilterStore } from '../../filters/store.ts';
import { EXIT } from '../base/errors.ts';
import { exportText, readExport } from '../store/export.ts';
import { BadSetting, expectedWords, readValue, valueText, valueWords } from '../store/setting-kinds.ts';
import { SettingsStore } from '../store/settings.ts';
import {
  defaultSettings,
  isDefault,
  SETTING_GROUPS,
  SETTINGS,
  type SettingLine,
  type Settings,
  settingLine,
} from '../store/settings-table.ts';
import type { CommandResult } from './command-result.ts';
import { wrap } from './documents/help.ts';
import { complain } from './fail.ts';
import { usageError } from './parse.ts';
import { fileTitle, readTextFile, writeTextFile } from './text-files.ts';

const WIDTH = 80;
const INDENT = '      ';

/** `name`: "config", "config get"…; `words`: what follows it. */
export async function configCommand(name: string, words: readonly string[], json: boolean): Promise<CommandResult> {
  const stores: Stores = { settings: new SettingsStore(), filters: new FilterStore() };
  try {
    return { text: await run(stores, name, words, json), status: EXIT.ok };
  } finally {
    for (const warning of [...stores.settings.warnings, ...stores.filters.warnings]) complain(warning);
  }
}

/** An export holds both. */
interface Stores {
  settings: SettingsStore;
  filters: FilterStore;
}

function run(stores: Stores, name: string, words: readonly string[], json: boolean): Promise<string> {
  const { settings: store } = stores;
  const [first = '', ...rest] = words;
  switch (name) {
    case 'config get':
      return get(store, knownLine(first), json);
    case 'config set':
      return set(store, knownLine(first), rest);
    case 'config unset':
      return unset(store, knownLine(first));
    case 'config export':
      return exportTo(stores, words.length === 0 ? '-' : first);
    case 'config import':
      return importFrom(stores, first);
    default:
      return list(store, json);
  }
}

/** The line of a key, or one error that names all there are. */
function knownLine(key: string): SettingLine {
  const line = settingLine(key);
  if (line !== null) return line;
  const names = SETTINGS.map(({ name }) => name);
  const meant = names.find((name) => name.toLowerCase() === key.toLowerCase());
  if (meant !== undefined) throw usageError(`setting ${key}`, `it is written ${meant}`);
  throw usageError(`setting ${JSON.stringify(key)}`, `there is none of that name; there are ${names.join(', ')}`);
}

async function list(store: SettingsStore, json: boolean): Promise<string> {
  const settings = await store.read();
  if (json) return SETTINGS.map((line) => `${JSON.stringify(settingJson(line, settings))}\n`).join('');
  const groups = SETTING_GROUPS.flatMap((group) => [
    '',
    `${group}:`,
    ...SETTINGS.filter((line) => line.group === group).flatMap((line) => settingText(line, settings)),
  ]);
  return [`settings in ${store.path} (* differs from the default)`, ...groups, ''].join('\n');
}

function settingJson(line: SettingLine, settings: Settings): object {
  const { name, label, description } = line;
  const value = settings[name];
  const changed = !isDefault(line, value);
  return { key: name, value, default: line.default, changed, label, description, values: expectedWords(line.kind) };
}

function settingText(line: SettingLine, settings: Settings): string[] {
  const { name, kind, description } = line;
  const value = settings[name];
  const mark = isDefault(line, value) ? ' ' : '*';
  const words = valueWords(kind, value);
  const facts = `Default: ${valueText(kind, line.default)}. It can be ${expectedWords(kind)}.`;
  return [
    ...(words.length === 0 ? [''] : words).map((word) => `${mark} ${name} = ${word}`.trimEnd()),
    ...[description, facts].flatMap((text) => wrap(text, WIDTH - INDENT.length)).map((text) => INDENT + text),
  ];
}

async function get(store: SettingsStore, { name, kind }: SettingLine, json: boolean): Promise<string> {
  const value = (await store.read())[name];
  if (json) return `${JSON.stringify(value)}\n`;
  return valueWords(kind, value)
    .map((word) => `${word}\n`)
    .join('');
}

async function set(store: SettingsStore, line: SettingLine, words: readonly string[]): Promise<string> {
  try {
    const value = readValue(line.kind, words);
    return assigned(line, await store.change({ [line.name]: value }));
  } catch (error) {
    if (error instanceof BadSetting) throw usageError(`${line.name} ${words.join(' ')}`.trim(), error.message);
    throw error;
  }
}

async function unset(store: SettingsStore, line: SettingLine): Promise<string> {
  const byDefault = defaultSettings()[line.name];
  return assigned(line, await store.change({ [line.name]: byDefault }));
}

function assigned({ name, kind }: SettingLine, settings: Settings): string {
  const words = valueWords(kind, settings[name]);
  const lines = (words.length === 0 ? [''] : words).map((word) => `${name} = ${word}`.trimEnd());
  return `${lines.join('\n')}\n`;
}

async function exportTo({ settings, filters }: Stores, path: string): Promise<string> {
  return writeTextFile(path, exportText(await settings.read(), await filters.read()), 'settings');
}

async function importFrom({ settings, filters }: Stores, path: string): Promise<string> {
  const title = fileTitle(path);
  const imported = await readExport(readTextFile(path, 'import'), title);
  // An export of before there were filters says nothing about them.
  const copies = imported.filters === null ? [] : [await filters.replaceAll(imported.filters)];
  copies.unshift(await settings.replace(imported.settings));
  const what = imported.filters === null ? 'settings' : 'settings and filters';
  const where = imported.filters === null ? settings.path : `${settings.path} and ${filters.path}`;
  const kept = copies.filter((copy) => copy !== null);
  const before = kept.length === 0 ? 'there were none before' : `those of before are in ${kept.join(' and ')}`;
  return `${what} of ${title} are now in ${where}; ${before}\n`;
}
