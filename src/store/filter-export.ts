/** What `filter export` writes and `filter import` reads: one filter in a versioned JSON document. */
import type { Filter } from '../../filters/filter.ts';
import { FILTER_SCHEMA, filterFieldProblems } from '../../filters/schema.ts';
import { OperatorError } from '../base/errors.ts';

const FORMAT = 'iptraf-ts-filter';
const EXPORT_VERSION = 1;

interface ExportDocument {
  format: typeof FORMAT;
  version: number;
  filter: Filter;
}

const EXPORT_SCHEMA = {
  type: 'object',
  required: ['format', 'version', 'filter'],
  additionalProperties: false,
  properties: {
    format: { type: 'string', enum: [FORMAT] },
    version: { type: 'integer', minimum: 1 },
    filter: FILTER_SCHEMA,
  },
};

/** The text of an export, with a newline at its end. */
export function filterExportText(filter: Filter): string {
  const document: ExportDocument = { format: FORMAT, version: EXPORT_VERSION, filter };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The filter of an export; `source` names it in messages. Rejects with an OperatorError (E_STORE) and every problem. */
export async function readFilterExport(text: string, source: string): Promise<Filter> {
  const { parseDocument } = await import('./validation.ts');
  const { value, problems } = parseDocument<ExportDocument>(text, EXPORT_SCHEMA, (document) =>
    filterFieldProblems((document as Partial<ExportDocument>).filter, ['filter']),
  );
  if (value?.format === FORMAT && typeof value.version === 'number' && value.version > EXPORT_VERSION) {
    throw importError(source, `a newer version of the program wrote it (export version ${value.version})`);
  }
  if (value !== null && problems.length === 0) return value.filter;
  throw importError(source, problems.join('; '));
}

function importError(target: string, cause: string): OperatorError {
  return new OperatorError({ code: 'E_STORE', operation: 'import', target, cause, remedy: 'nothing was changed' });
}
