/**
 * What `config export` writes and `config import` reads: the settings, all with their values, and the stored filters in
 * one versioned JSON document, so that another machine behaves the same whatever its defaults are.
 */
import type { Filter } from '../../filters/filter.ts';
import { FILTER_SCHEMA, filterListProblems } from '../../filters/schema.ts';
import { OperatorError } from '../base/errors.ts';
import { SETTINGS_SCHEMA, type SettingChanges, type Settings } from './settings-table.ts';

const FORMAT = 'iptraf-ts-config';
const EXPORT_VERSION = 1;

interface ExportDocument {
  format: typeof FORMAT;
  version: number;
  settings: SettingChanges;
  filters?: Filter[];
}

export interface ImportedConfiguration {
  settings: SettingChanges;
  /** null: the export says nothing about them. */
  filters: Filter[] | null;
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
    filters: { type: 'array', items: FILTER_SCHEMA },
  },
};

/** The text of an export, with a newline at its end. */
export function exportText({ version: _version, ...settings }: Settings, filters: Filter[]): string {
  const document: ExportDocument = { format: FORMAT, version: EXPORT_VERSION, settings, filters };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** What an export holds; `source` names it in messages. Throws an OperatorError (E_STORE) with every problem. */
export async function readExport(text: string, source: string): Promise<ImportedConfiguration> {
  const { parseDocument } = await import('./validation.ts');
  const { value, problems } = parseDocument<ExportDocument>(text, EXPORT_SCHEMA, (document) =>
    filterListProblems((document as Partial<ExportDocument>).filters, ['filters']),
  );
  if (value?.format === FORMAT && typeof value.version === 'number' && value.version > EXPORT_VERSION) {
    throw importError(source, `a newer version of the program wrote it (export version ${value.version})`);
  }
  if (value !== null && problems.length === 0) return { settings: value.settings, filters: value.filters ?? null };
  throw importError(source, problems.join('; '));
}

function importError(target: string, cause: string): OperatorError {
  const remedy = 'nothing was changed';
  return new OperatorError({ code: 'E_STORE', operation: 'import', target, cause, remedy });
}
