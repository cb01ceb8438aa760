/** Files that commands read and write whole; "-" is standard input or output. */
import { readFileSync } from 'node:fs';
import { OperatorError, systemCause } from '../base/errors.ts';
import { replaceFile } from '../store/durable-file.ts';

const STANDARD_INPUT = 0;

/** What messages call the file. */
export function fileTitle(path: string): string {
  return path === '-' ? 'standard input' : path;
}

/** Throws an OperatorError (E_STORE): "cannot import PATH: …". */
export function readTextFile(path: string, operation: string): string {
  try {
    return readFileSync(path === '-' ? STANDARD_INPUT : path, 'utf8');
  } catch (error) {
    throw fileError(operation, path, error);
  }
}

/** Returns what is to be printed: the text itself where it goes to standard output. `what`: "settings". */
export async function writeTextFile(path: string, text: string, what: string): Promise<string> {
  if (path === '-') return text;
  try {
    await replaceFile(path, text);
  } catch (error) {
    const remedy = 'name another file; without one they go to standard output';
    throw fileError(`write ${what} to`, path, error, remedy);
  }
  return '';
}

function fileError(operation: string, target: string, error: unknown, remedy?: string): OperatorError {
  const cause = systemCause((error as Error).message);
  return new OperatorError({ code: 'E_STORE', operation, target, cause, remedy });
}
