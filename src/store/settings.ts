/**
 * The settings, as one table: name, kind, default, explanation. The JSON Schema of settings.json is made from it.
 * Options on the command line win over settings, settings over defaults. A later setting is one line here.
 */
import { join } from 'node:path';
import { JsonDocument } from './document.ts';
import { stateDirectory } from './paths.ts';

export interface Settings {
  version: number;
  reverseDns: boolean;
  serviceNames: boolean;
  theme: string;
  byteCounting: 'ip' | 'wire';
  unit: 'bits' | 'bytes';
  unitBase: 1000 | 1024;
  tcpTimeoutMinutes: number;
  closedPersistenceMinutes: number;
  promiscuous: boolean;
  decapsulateTunnels: boolean;
  maximumConversations: number;
}

export type SettingName = Exclude<keyof Settings, 'version'>;

export interface SettingLine {
  name: SettingName;
  /** JSON Schema of the value. */
  schema: {
    type: 'boolean' | 'string' | 'number' | 'integer';
    enum?: readonly unknown[];
    minimum?: number;
    maximum?: number;
  };
  default: Settings[SettingName];
  description: string;
}

const SETTINGS_VERSION = 1;
export const THEMES = ['blue', 'dark', 'light', 'monochrome'] as const;

const YEAR_MINUTES = 525_600;
/** What the table's row arena can address with 128 bytes a row in 2 GiB. */
const MOST_CONVERSATIONS = 16_000_000;

export const SETTINGS: readonly SettingLine[] = [
  { name: 'reverseDns', schema: { type: 'boolean' }, default: false, description: 'show host names' },
  { name: 'serviceNames', schema: { type: 'boolean' }, default: false, description: 'show service names for ports' },
  { name: 'theme', schema: { type: 'string', enum: THEMES }, default: 'blue', description: 'colours' },
  {
    name: 'byteCounting',
    schema: { type: 'string', enum: ['ip', 'wire'] },
    default: 'ip',
    description: 'bytes that screens show: of IP packets or of whole frames',
  },
  { name: 'unit', schema: { type: 'string', enum: ['bits', 'bytes'] }, default: 'bits', description: 'unit of rates' },
  { name: 'unitBase', schema: { type: 'number', enum: [1000, 1024] }, default: 1000, description: 'k is 1000 or 1024' },
  {
    name: 'tcpTimeoutMinutes',
    schema: { type: 'number', minimum: 0.1, maximum: YEAR_MINUTES },
    default: 15,
    description: 'a TCP connection without traffic is timed out after so many minutes',
  },
  {
    name: 'closedPersistenceMinutes',
    schema: { type: 'number', minimum: 0, maximum: YEAR_MINUTES },
    default: 1,
    description: 'closed, reset and timed-out connections stay on the screen so long',
  },
  {
    name: 'promiscuous',
    schema: { type: 'boolean' },
    default: false,
    description: 'also take packets that are addressed to other stations',
  },
  {
    name: 'decapsulateTunnels',
    schema: { type: 'boolean' },
    default: false,
    description: 'show tunnels by what they carry',
  },
  {
    name: 'maximumConversations',
    schema: { type: 'integer', minimum: 1000, maximum: MOST_CONVERSATIONS },
    default: 1_000_000,
    description: 'conversations that are kept; beyond, the longest idle one is folded away',
  },
];

/** JSON Schema of settings.json: every field may be left out, unknown ones are refused. */
export const SETTINGS_SCHEMA = {
  type: 'object',
  required: ['version'],
  additionalProperties: false,
  properties: {
    version: { type: 'integer', minimum: 1 },
    ...Object.fromEntries(SETTINGS.map(({ name, schema }) => [name, schema])),
  },
};

export function defaultSettings(): Settings {
  const defaults = Object.fromEntries(SETTINGS.map((line) => [line.name, line.default]));
  return { version: SETTINGS_VERSION, ...defaults } as unknown as Settings;
}

/** What is in the file: only what differs from the defaults must be there. */
type StoredSettings = Partial<Settings> & { version: number };

export class SettingsStore {
  readonly #document: JsonDocument<StoredSettings>;

  constructor(path = join(stateDirectory(), 'settings.json')) {
    this.#document = new JsonDocument<StoredSettings>({
      path,
      schema: SETTINGS_SCHEMA,
      defaults: () => ({ version: SETTINGS_VERSION }),
      title: 'settings',
    });
  }

  /** One line for each thing that was wrong with the file. */
  get warnings(): readonly string[] {
    return this.#document.warnings;
  }

  async read(): Promise<Settings> {
    return { ...defaultSettings(), ...(await this.#document.read()) };
  }

  async change(values: Partial<Omit<Settings, 'version'>>): Promise<Settings> {
    const stored = await this.#document.update((document) => Object.assign(document, values));
    return { ...defaultSettings(), ...stored };
  }
}
