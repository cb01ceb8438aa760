/** The published schema of JSON logs, for tests that write some. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';

const PATH = resolve(import.meta.dirname, '../../schemas/log.json');

let compiled: ValidateFunction | null = null;

/** Whether this is a line of a JSON log. */
export function isLogLine(value: unknown): boolean {
  // Compiling is most of the work; a few hundred lines are no reason to optimise for.
  compiled ??= new Ajv({ code: { optimize: false } }).compile(JSON.parse(readFileSync(PATH, 'utf8')));
  return compiled(value);
}
