/**
 * What `config export` writes and `config import` reads: the settings, all with their values, in one versioned JSON
 * document, so that another machine behaves the same whatever its defaults are.
 */
import { OperatorError } from '../base/errors.ts';
import { SETTINGS_SCHEMA, type SettingChanges, type Settings } from './settings-table.ts';

const FORMAT = 'iptraf-ts-config';
const EXPORT_VERSION = 1;

interface ExportDocument {
  format: typeof FORMAT;
  version: number;
  settings: SettingChanges;
}

const { version: _, ...SETTING_FIELDS } = SETTINGS_SCHEMA.properties;

const EXPORT_SCHEMA = {
  type: 'object',
  required: ['format', 'version', 'settings'],
  additionalProperties: false,
  properties: {
    format: { type: 'string', enum: [FORMAT] },
    version: { type: 'integer', minimum: 1 },
    settings: { type: 'object', additionalProperties: false, properties: SETTING_FIELDS },
  },
};

/** The text of an export, with a newline at its end. */
export function exportText({ version: _version, ...settings }: Settings): string {
  const document: ExportDocument = { format: FORMAT, version: EXPORT_VERSION, settings };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Settings of an export; `source` names it in messages. Throws an OperatorError (E_STORE) with every problem. */
export async function readExport(text: string, source: string): Promise<SettingChanges> {
  const { parseDocument } = await import('./validation.ts');
  const { value, problems } = parseDocument<ExportDocument>(text, EXPORT_SCHEMA);
  if (value?.format === FORMAT && typeof value.version === 'number' && value.version > EXPORT_VERSION) {
    throw importError(source, `a newer version of the program wrote it (export version ${value.version})`);
  }
  if (value !== null && problems.length === 0) return value.settings;
  throw importError(source, problems.join('; '));
}

function importError(target: string, cause: string): OperatorError {
  const remedy = 'nothing was changed';
  return new OperatorError({ code: 'E_STORE', operation: 'import', target, cause, remedy });
}
