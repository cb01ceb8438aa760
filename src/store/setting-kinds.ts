/**
 * Kinds of settings: what a value may be, how it is written as text, how text becomes a value, and its JSON Schema. One
 * description for the document on disk, the command line and the screen. Pure.
 */

/** Where a number's text ends and its unit begins stands in `unit`: "minutes", "seconds", "rows". */
export type SettingKind =
  | { type: 'switch' }
  | { type: 'choice'; values: readonly (string | number)[] }
  | { type: 'number'; whole: boolean; minimum: number; maximum: number; unit: string }
  /** A file name, or nothing. */
  | { type: 'file' }
  | { type: 'ports' }
  | { type: 'stations' };

export type SettingValue = boolean | string | number | readonly string[] | Readonly<Record<string, string>>;

/** A text that is no value of the kind; the message says what was expected, in a few words. */
export class BadSetting extends Error {}

const PORT = '(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])';
const PORT_RANGE = `^${PORT}(?:-${PORT})?$`;
const MAC = '^[0-9A-Fa-f]{1,2}(?:[:-][0-9A-Fa-f]{1,2}){5}$';
/** As long as a screen shows it in one piece. */
export const LONGEST_DESCRIPTION = 60;
const DESCRIPTION = `^[^\\u0000-\\u001f\\u007f-\\u009f]{1,${LONGEST_DESCRIPTION}}$`;
const FILE = '^[^\\u0000-\\u001f\\u007f-\\u009f]{0,4000}$';

const PORT_WORDS = 'a port or a range of ports, as 8000 or 8000-8100';
const MAC_WORDS = 'a MAC address, as 02:11:22:33:44:55';
const DESCRIPTION_WORDS = `1 to ${LONGEST_DESCRIPTION} printable characters`;

/** First and last port of "8000" or "8000-8100" (either way round), or null. */
export function portRange(text: string): readonly [number, number] | null {
  if (!new RegExp(PORT_RANGE).test(text)) return null;
  const [a, b = a] = text.split('-').map(Number);
  return a <= b ? [a, b] : [b, a];
}

/** As the document has it: "8000", "8000-8100"; null where the text is no port and no range. */
export function portRangeText(text: string): string | null {
  const range = portRange(text.trim().replace(/\s*(-|–|\bto\b)\s*/, '-'));
  if (range === null) return null;
  return range[0] === range[1] ? String(range[0]) : range.join('-');
}

/** A MAC address in lower case with colons and two digits each, or null; ethers(5) leaves out leading zeros. */
export function stationAddress(text: string): string | null {
  if (!new RegExp(MAC).test(text.trim())) return null;
  return text
    .trim()
    .toLowerCase()
    .split(/[:-]/)
    .map((byte) => byte.padStart(2, '0'))
    .join(':');
}

/** JSON Schema of a value; `description` says what a pattern stands for (validation.ts puts it into problems). */
export function kindSchema(kind: SettingKind): object {
  switch (kind.type) {
    case 'switch':
      return { type: 'boolean' };
    case 'choice':
      return { type: typeof kind.values[0], enum: kind.values };
    case 'number':
      return { type: kind.whole ? 'integer' : 'number', minimum: kind.minimum, maximum: kind.maximum };
    case 'file':
      return { type: 'string', pattern: FILE, description: 'a file name without control characters' };
    case 'ports':
      return {
        type: 'array',
        uniqueItems: true,
        items: { type: 'string', pattern: PORT_RANGE, description: PORT_WORDS },
      };
    case 'stations':
      return {
        type: 'object',
        propertyNames: { type: 'string', pattern: MAC, description: MAC_WORDS },
        additionalProperties: { type: 'string', pattern: DESCRIPTION, description: DESCRIPTION_WORDS },
      };
  }
}

/** Values as they are written the same way everywhere: a document may be edited by hand. */
export function normalised(kind: SettingKind, value: SettingValue): SettingValue {
  if (kind.type === 'ports') {
    const entries = new Set((value as readonly string[]).map((text) => portRangeText(text) ?? text));
    return [...entries].sort((a, b) => (portRange(a)?.[0] ?? 0) - (portRange(b)?.[0] ?? 0));
  }
  if (kind.type === 'stations') {
    const entries = Object.entries(value as Record<string, string>);
    const named = entries.map(([mac, text]): [string, string] => [stationAddress(mac) ?? mac, text]);
    return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  return value;
}

/**
 * A value that was changed from `before` to `after`, put upon what another instance has stored meanwhile: of lists only
 * the entries that were changed are, everything else is as a whole what it was changed to.
 */
export function rebased(
  kind: SettingKind,
  before: SettingValue,
  after: SettingValue,
  stored: SettingValue,
): SettingValue {
  if (kind.type === 'ports') {
    const [old, wanted, there] = [before, after, stored] as (readonly string[])[];
    const kept = there.filter((entry) => wanted.includes(entry) || !old.includes(entry));
    return [...new Set([...kept, ...wanted.filter((entry) => !old.includes(entry))])];
  }
  if (kind.type === 'stations') {
    const [old, wanted, there] = [before, after, stored] as Readonly<Record<string, string>>[];
    const kept = Object.entries(there).filter(([mac]) => mac in wanted || !(mac in old));
    const changed = Object.entries(wanted).filter(([mac, text]) => old[mac] !== text);
    return Object.fromEntries([...kept, ...changed]);
  }
  return after;
}

/** What a value may be, in words: after "say" or "must be". */
export function expectedWords(kind: SettingKind): string {
  switch (kind.type) {
    case 'switch':
      return 'on or off';
    case 'choice':
      return `one of ${kind.values.join(', ')}`;
    case 'number':
      return `a ${kind.whole ? 'whole ' : ''}number of ${kind.unit} from ${kind.minimum} to ${kind.maximum}`;
    case 'file':
      return 'a file name, or nothing';
    case 'ports':
      return 'ports and ranges of ports, as 8000 or 8000-8100';
    case 'stations':
      return 'entries MAC=TEXT, as 02:11:22:33:44:55=printer';
  }
}

/** The words of a value: one for a switch, a choice, a number; one an entry for lists. Reading them gives it back. */
export function valueWords(kind: SettingKind, value: SettingValue): string[] {
  if (kind.type === 'switch') return [value ? 'on' : 'off'];
  if (kind.type === 'ports') return [...(value as readonly string[])];
  if (kind.type === 'stations') return Object.entries(value as Record<string, string>).map((entry) => entry.join('='));
  return [String(value)];
}

/** The value in a few words, for people: "15 minutes", "3 stations", "8000, 9000-9100". */
export function valueText(kind: SettingKind, value: SettingValue): string {
  const words = valueWords(kind, value);
  if (kind.type === 'number') return `${words[0]} ${value === 1 ? kind.unit.replace(/s$/, '') : kind.unit}`;
  if (kind.type === 'file') return words[0] === '' ? 'named by itself' : words[0];
  if (kind.type === 'ports') return words.length === 0 ? 'none' : words.join(', ');
  if (kind.type === 'stations') return words.length === 0 ? 'none' : plural(words.length, 'station');
  return words[0];
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** What was typed becomes a value: one word for a switch, a choice, a number; one an entry for lists. */
export function readValue(kind: SettingKind, words: readonly string[]): SettingValue {
  if (kind.type === 'ports') return readPorts(words);
  if (kind.type === 'stations') return readStations(words);
  const [text] = words;
  if (words.length !== 1) throw new BadSetting(`say ${expectedWords(kind)}`);
  const value = readWord(kind, text.trim());
  if (value === null) throw new BadSetting(`say ${expectedWords(kind)}`);
  return value;
}

const SWITCH_WORDS: Record<string, boolean> = {
  on: true,
  true: true,
  yes: true,
  '1': true,
  off: false,
  false: false,
  no: false,
  '0': false,
};

function readWord(kind: SettingKind, text: string): SettingValue | null {
  switch (kind.type) {
    case 'switch':
      return Object.hasOwn(SWITCH_WORDS, text.toLowerCase()) ? SWITCH_WORDS[text.toLowerCase()] : null;
    case 'choice':
      return kind.values.find((value) => String(value) === text) ?? null;
    case 'number':
      return readNumber(kind, text);
    default:
      return new RegExp(FILE).test(text) ? text : null;
  }
}

function readNumber({ whole, minimum, maximum }: SettingKind & { type: 'number' }, text: string): number | null {
  if (!(whole ? /^\d+$/ : /^(\d+\.?\d*|\.\d+)$/).test(text)) return null;
  const value = Number(text);
  return value >= minimum && value <= maximum ? value : null;
}

/** Commas part entries as well: "8000,9000-9100". */
function readPorts(words: readonly string[]): SettingValue {
  const texts = words.flatMap((word) => word.split(',')).filter((text) => text.trim() !== '');
  const entries = texts.map((text) => {
    const entry = portRangeText(text);
    if (entry === null) throw new BadSetting(`${JSON.stringify(text)} is not ${PORT_WORDS}`);
    return entry;
  });
  return normalised({ type: 'ports' }, entries);
}

function readStations(words: readonly string[]): SettingValue {
  const entries = words
    .filter((word) => word.trim() !== '')
    .map((word): [string, string] => {
      const at = word.indexOf('=');
      if (at < 0) throw new BadSetting(`${JSON.stringify(word)} has no "=": say MAC=TEXT`);
      return [readStation(word.slice(0, at)), readDescription(word.slice(at + 1))];
    });
  return normalised({ type: 'stations' }, Object.fromEntries(entries));
}

/** A MAC address as typed, in its one form; throws BadSetting. */
export function readStation(text: string): string {
  const mac = stationAddress(text);
  if (mac === null) throw new BadSetting(`${JSON.stringify(text)} is not ${MAC_WORDS}`);
  return mac;
}

/** The description of a station as typed; throws BadSetting. */
export function readDescription(text: string): string {
  const trimmed = text.trim();
  if (!new RegExp(DESCRIPTION).test(trimmed)) throw new BadSetting(`a description has ${DESCRIPTION_WORDS}`);
  return trimmed;
}
