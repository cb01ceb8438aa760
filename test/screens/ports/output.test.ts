import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { portsOutput } from '../../../screens/ports/output.ts';
import { CsvFormat } from '../../../src/output/csv.ts';
import { JsonFormat } from '../../../src/output/json.ts';
import { TextFormat } from '../../../src/output/text.ts';
import type { OutputFormat } from '../../../src/output/writer.ts';
import { expectGolden } from '../../support/golden.ts';
import { LiteralPorts, withoutRates } from '../../support/port-rows.ts';

const QUERY = { sort: null, descending: false, offset: 0, limit: 0, follow: null };
const SCHEMA = join(import.meta.dirname, '../../../schemas/snapshot-ports.json');

/** Two windows: the first without rates. */
function written(format: OutputFormat<never>): string {
  const ports = new LiteralPorts();
  let text = '';
  for (const rows of [withoutRates(ports.rows).slice(0, 2), ports.rows]) {
    ports.rows = rows;
    const snapshot = ports.answer({ ...QUERY, options: { view: 'services', search: null } });
    text += format.begin(snapshot, snapshot.rowsTotal) + format.rows(snapshot.rows as never[]) + format.end();
  }
  return text;
}

const FORMATS: [string, OutputFormat<never>][] = [
  ['text', new TextFormat(portsOutput) as OutputFormat<never>],
  ['json', new JsonFormat(portsOutput) as OutputFormat<never>],
  ['csv', new CsvFormat(portsOutput) as OutputFormat<never>],
];

describe('ports for pipes', () => {
  it.each(FORMATS)('look as they did as %s', (name, format) => {
    expectGolden(`ports-output-${name}.txt`, written(format));
  });

  it('are JSON lines that the published schema accepts', () => {
    const validate = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync(SCHEMA, 'utf8')));
    const lines = written(new JsonFormat(portsOutput) as OutputFormat<never>)
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      validate(JSON.parse(line));
      expect(validate.errors).toBeNull();
    }
  });

  it('have as many CSV fields as their header', () => {
    const lines = written(new CsvFormat(portsOutput) as OutputFormat<never>)
      .trimEnd()
      .split('\n');
    expect(new Set(lines.map((line) => line.split(',').length))).toEqual(new Set([portsOutput.csvHeader.length]));
  });
});
