/** What keys make of a setting: the next value of a switch or a choice, and the dialog for what is typed. */
import {
  BadSetting,
  expectedWords,
  readValue,
  type SettingKind,
  type SettingValue,
  valueText,
  valueWords,
} from '../../src/store/setting-kinds.ts';
import type { SettingLine } from '../../src/store/settings-table.ts';
import { formDialog } from '../kit/dialog.ts';
import type { Reaction, Screen } from '../kit/screen.ts';

/** Saves one setting. */
export function change({ name }: SettingLine, value: SettingValue): Reaction {
  return { type: 'change-settings', changes: { [name]: value } };
}

/** The value after (+1) or before (-1) this one, around the end; null: it is not chosen from a few. */
export function turned(kind: SettingKind, value: SettingValue, by: 1 | -1): SettingValue | null {
  if (kind.type === 'switch') return !value;
  if (kind.type !== 'choice') return null;
  const { values } = kind;
  return values[(values.indexOf(value as string | number) + by + values.length) % values.length];
}

/** What Enter does, for the status line. */
export function enterWords(kind: SettingKind, value: SettingValue): string {
  switch (kind.type) {
    case 'switch':
      return `Enter switches it ${value ? 'off' : 'on'}`;
    case 'choice':
      return `Enter takes ${turned(kind, value, 1)}; it can be ${expectedWords(kind)}`;
    case 'ports':
      return 'Enter opens the list of ports';
    case 'stations':
      return 'Enter opens the list of stations';
    default:
      return `Enter asks for ${expectedWords(kind)}`;
  }
}

/** Why a text is no value of the kind, or null. */
function problem(kind: SettingKind, text: string): string | null {
  try {
    readValue(kind, [text]);
    return null;
  } catch (error) {
    if (error instanceof BadSetting) return error.message;
    throw error;
  }
}

/** Asks for a number or a file name. */
export function valueDialog(line: SettingLine, value: SettingValue): Screen {
  const { kind } = line;
  const text = `${line.description} Default: ${valueText(kind, line.default)}.`;
  const label = kind.type === 'number' ? capital(kind.unit) : 'File';
  const field = {
    id: 'value',
    label,
    value: valueWords(kind, value)[0],
    check: (typed: string) => problem(kind, typed),
  };
  return formDialog(line.label, text, [field], (values) => change(line, readValue(kind, [values.value])));
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
