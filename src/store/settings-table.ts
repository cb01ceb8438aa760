/**
 * The settings, as one table: name, kind, default, explanation. The JSON Schema of settings.json, the screen (Configure),
 * the `config` command and the completion scripts are made from it. Options on the command line win over settings,
 * settings over defaults. A later setting is a field and an entry here. Pure: screens read it too.
 */
import { kindSchema, normalised, rebased, type SettingKind, type SettingValue } from './setting-kinds.ts';

export interface Settings {
  version: number;
  reverseDns: boolean;
  observedNames: boolean;
  serviceNames: boolean;
  /** Own names by MAC address (lower case, colons). */
  stationDescriptions: Readonly<Record<string, string>>;
  theme: 'blue' | 'dark' | 'light' | 'monochrome';
  colour: boolean;
  unit: 'bits' | 'bytes';
  unitBase: 1000 | 1024;
  byteCounting: 'ip' | 'wire';
  sourceMacs: boolean;
  promiscuous: boolean;
  decapsulateTunnels: boolean;
  /** "8000", "8000-8100". */
  additionalPorts: readonly string[];
  maximumConversations: number;
  tcpTimeoutMinutes: number;
  /** 0: never. */
  closedPersistenceMinutes: number;
  refreshSeconds: number;
  logging: boolean;
  /** '': a name is made. */
  logFile: string;
  logIntervalMinutes: number;
}

export type SettingName = Exclude<keyof Settings, 'version'>;

/** What is to be changed, by name. */
export type SettingChanges = Partial<Omit<Settings, 'version'>>;

export const SETTING_GROUPS = ['Names', 'Display', 'Capture', 'Timers', 'Logging'] as const;

export interface SettingLine {
  name: SettingName;
  group: (typeof SETTING_GROUPS)[number];
  /** As the list on the screen calls it, with iptraf-ng's word where it has one. */
  label: string;
  kind: SettingKind;
  default: SettingValue;
  /** One or two whole sentences. */
  description: string;
  /** true: what is on the screen changes at once; false: it holds for the monitor that is opened next. */
  immediate: boolean;
}

export const SETTINGS_VERSION = 1;

const YEAR_MINUTES = 525_600;
/** What the table's row arena can address with 128 bytes a row in 2 GiB. */
const MOST_CONVERSATIONS = 16_000_000;
const LEAST_CONVERSATIONS = 1000;

function setting<Name extends SettingName>(
  name: Name,
  group: SettingLine['group'],
  label: string,
  kind: SettingKind,
  byDefault: Settings[Name] & SettingValue,
  description: string,
  immediate = false,
): SettingLine {
  return { name, group, label, kind, default: byDefault, description, immediate };
}

const SWITCH: SettingKind = { type: 'switch' };

function minutes(minimum: number): SettingKind {
  return { type: 'number', whole: false, minimum, maximum: YEAR_MINUTES, unit: 'minutes' };
}

export const SETTINGS: readonly SettingLine[] = [
  setting(
    'reverseDns',
    'Names',
    'Reverse DNS lookups',
    SWITCH,
    false,
    'Show host names in place of addresses. Name servers are asked in the background; nothing waits for them.',
  ),
  setting(
    'observedNames',
    'Names',
    'Observed names',
    SWITCH,
    false,
    'Show host names that were seen on the wire: DNS answers, TLS and QUIC server names, marked with ~. Nobody is asked for them.',
  ),
  setting(
    'serviceNames',
    'Names',
    'TCP/UDP service names',
    SWITCH,
    false,
    'Show the names of /etc/services in place of port numbers.',
  ),
  setting(
    'stationDescriptions',
    'Names',
    'Station descriptions',
    { type: 'stations' },
    {},
    'Names of your own for MAC addresses (Ethernet, PLIP, FDDI). The LAN station monitor shows them; they win over /etc/ethers.',
  ),
  setting(
    'theme',
    'Display',
    'Theme',
    { type: 'choice', values: ['blue', 'dark', 'light', 'monochrome'] },
    'blue',
    "Colours: iptraf-ng's blue, the terminal's own dark or light background, or no colours but bold and reverse.",
    true,
  ),
  setting(
    'colour',
    'Display',
    'Colour',
    SWITCH,
    true,
    'Off: bold, underline and reverse carry the meaning, whatever the theme. The variable NO_COLOR does the same.',
    true,
  ),
  setting(
    'unit',
    'Display',
    'Activity mode (unit of rates)',
    { type: 'choice', values: ['bits', 'bytes'] },
    'bits',
    'Rates in bits or in bytes a second.',
  ),
  setting(
    'unitBase',
    'Display',
    'Base of units',
    { type: 'choice', values: [1000, 1024] },
    1000,
    'What k and M stand for: 1000 gives kbit/s and MB, 1024 gives Kibit/s and MiB.',
  ),
  setting(
    'byteCounting',
    'Display',
    'Bytes counted',
    { type: 'choice', values: ['ip', 'wire'] },
    'ip',
    'Bytes on screens: of IP packets (as iptraf-ng counts) or of whole frames (as interface counters do). Both are always counted.',
  ),
  setting(
    'sourceMacs',
    'Display',
    'Source MACs in IP traffic monitor',
    SWITCH,
    false,
    'Begin the IP traffic monitor with the source MAC address of each row; M shows the other columns.',
  ),
  setting(
    'promiscuous',
    'Capture',
    'Promiscuous mode',
    SWITCH,
    false,
    'Also take packets that are addressed to other stations, where the network delivers them.',
  ),
  setting(
    'decapsulateTunnels',
    'Capture',
    'Tunnels as what they carry',
    SWITCH,
    false,
    'Show tunnels (IPv6 in IPv4, GRE, VXLAN and others) by the packets inside. Off: as traffic between their ends.',
  ),
  setting(
    'additionalPorts',
    'Capture',
    'Additional ports',
    { type: 'ports' },
    [],
    'Ports and ranges that the TCP/UDP port monitor always shows as services, beside the well-known ones below 1024.',
  ),
  setting(
    'maximumConversations',
    'Capture',
    'Conversations kept (table cap)',
    {
      type: 'number',
      whole: true,
      minimum: LEAST_CONVERSATIONS,
      maximum: MOST_CONVERSATIONS,
      unit: 'conversations',
    },
    1_000_000,
    'Beyond, the longest idle one is folded into one row, so that totals still add up. A million takes up to 300 MB.',
  ),
  setting(
    'tcpTimeoutMinutes',
    'Timers',
    'TCP timeout',
    minutes(0.1),
    15,
    'A TCP connection without traffic for so long is marked as timed out.',
  ),
  setting(
    'closedPersistenceMinutes',
    'Timers',
    'Closed/idle persistence',
    minutes(0),
    1,
    'How long closed, reset, timed-out and idle rows stay in the list. 0: until F removes them (as in iptraf-ng).',
  ),
  setting(
    'refreshSeconds',
    'Timers',
    'Screen update interval',
    { type: 'number', whole: false, minimum: 0.1, maximum: 60, unit: 'seconds' },
    0.25,
    'Time from one look at the counters to the next. Longer saves bytes on slow lines; nothing is counted less.',
    true,
  ),
  setting(
    'logging',
    'Logging',
    'Logging',
    SWITCH,
    false,
    'Write a log whenever a monitor is opened on the screen. The options -L and -f log without this.',
  ),
  setting(
    'logFile',
    'Logging',
    'Log file',
    { type: 'file' },
    '',
    'File of that log; a bare name goes to the log directory. A directory: a file for each monitor in it. Nothing: MONITOR-PID.log.',
  ),
  setting(
    'logIntervalMinutes',
    'Logging',
    'Log interval',
    minutes(0.1),
    60,
    'Time from one summary in the log to the next; -I wins over it.',
  ),
];

/** The line of a setting; null: there is none of that name. */
export function settingLine(name: string): SettingLine | null {
  return SETTINGS.find((line) => line.name === name) ?? null;
}

/** JSON Schema of the fields: each may be left out, unknown ones are refused. */
const FIELDS: Record<string, object> = Object.fromEntries(SETTINGS.map(({ name, kind }) => [name, kindSchema(kind)]));

/** JSON Schema of settings.json. */
export const SETTINGS_SCHEMA = {
  type: 'object',
  required: ['version'],
  additionalProperties: false,
  properties: { version: { type: 'integer', minimum: 1 }, ...FIELDS },
};

/** What is in the file: only what differs from the defaults. */
export type StoredSettings = Partial<Settings> & { version: number };

export function defaultSettings(): Settings {
  const defaults = Object.fromEntries(SETTINGS.map((line) => [line.name, line.default]));
  return { version: SETTINGS_VERSION, ...defaults } as unknown as Settings;
}

/** Whether a value is the setting's default. */
export function isDefault(line: SettingLine, value: SettingValue): boolean {
  return JSON.stringify(normalised(line.kind, value)) === JSON.stringify(line.default);
}

/** Stored values with the defaults of all others, each in its one form. */
export function completeSettings(stored: StoredSettings): Settings {
  const settings: Record<string, unknown> = { ...defaultSettings(), ...stored };
  for (const { name, kind } of SETTINGS) settings[name] = normalised(kind, settings[name] as SettingValue);
  return settings as unknown as Settings;
}

/** Changes that were made to the settings as `known`, for a document that may have changed since. */
export function rebasedChanges(changes: SettingChanges, known: Settings, stored: Settings): SettingChanges {
  const lines = SETTINGS.filter(({ name }) => changes[name] !== undefined);
  return Object.fromEntries(
    lines.map(({ name, kind }) => [name, rebased(kind, known[name], changes[name] as SettingValue, stored[name])]),
  );
}

/** Puts changes into a stored document: what is its default is taken out. */
export function applyChanges(stored: StoredSettings, changes: SettingChanges): void {
  const target: Record<string, unknown> = stored;
  for (const line of SETTINGS) {
    const value = changes[line.name] as SettingValue | undefined;
    if (value === undefined) continue;
    if (isDefault(line, value)) delete target[line.name];
    else target[line.name] = normalised(line.kind, value);
  }
}
