/** Errors become one line and an exit status. Whatever is no OperatorError is a bug of ours and says so. */
import { describeOperatorError, EXIT, OperatorError } from '../base/errors.ts';
import { EngineError } from '../engine/engine-client.ts';
import { PROGRAM } from './version.ts';

export interface Failure {
  /** Without program name and newline. */
  line: string;
  status: number;
}

export function asFailure(error: unknown): Failure {
  if (error instanceof EngineError && error.fields !== null) return asFailure(new OperatorError(error.fields));
  if (error instanceof OperatorError) return { line: describeOperatorError(error.fields), status: error.exitStatus };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const place = /\n\s+at (.*)/.exec(stack ?? '')?.[1] ?? 'unknown place';
  return { line: `internal error: ${message} (at ${place})`, status: EXIT.bug };
}

/** An exception that nobody caught: ends the program; the line comes after the terminal's own exit handler. */
export function endOnBug(error: unknown): never {
  const { line, status } = asFailure(error);
  process.on('exit', () => complain(line));
  process.exit(status);
}

/** One line for the operator on standard error. Control characters (of file names, arguments) are shown, not sent. */
export function complain(line: string): void {
  const shown = line.replace(/[\x00-\x1f\x7f-\x9f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  process.stderr.write(`${PROGRAM}: ${shown}\n`);
}
