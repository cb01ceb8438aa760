/**
 * Errors an operator can do something about, and the exit statuses of the program.
 * Malformed packets are no errors (they are data: see wire/), bugs are plain throws.
 */

/** Exit statuses, as documented in the manual page. */
export const EXIT = {
  /** Done; also: pipe closed by the reader, time over, told to stop. */
  ok: 0,
  /** The operation failed: unknown interface, damaged file, engine lost. */
  failed: 1,
  /** Wrong use: unknown option, bad expression, no terminal for the menu. */
  usage: 2,
  /** A bug of ours (sysexits.h EX_SOFTWARE). */
  bug: 70,
  /** Not permitted (sysexits.h EX_NOPERM). */
  noPermission: 77,
} as const;

/** Stable codes: tests and scripts match these, never the prose. */
export type OperatorErrorCode =
  | 'E_USAGE'
  | 'E_EXPRESSION'
  | 'E_FILTER'
  | 'E_INTERFACE_UNKNOWN'
  | 'E_PERMISSION'
  | 'E_CAPTURE_PERMISSION'
  | 'E_CAPTURE_UNAVAILABLE'
  | 'E_CAPTURE_FAILED'
  | 'E_SAVEFILE'
  | 'E_SAVEFILE_DAMAGED'
  | 'E_OUTPUT'
  | 'E_STORE'
  | 'E_ENGINE_LOST';

const EXIT_OF: Record<OperatorErrorCode, number> = {
  E_USAGE: EXIT.usage,
  E_EXPRESSION: EXIT.usage,
  E_FILTER: EXIT.usage,
  E_INTERFACE_UNKNOWN: EXIT.failed,
  E_PERMISSION: EXIT.noPermission,
  E_CAPTURE_PERMISSION: EXIT.noPermission,
  E_CAPTURE_UNAVAILABLE: EXIT.failed,
  E_CAPTURE_FAILED: EXIT.failed,
  E_SAVEFILE: EXIT.failed,
  E_SAVEFILE_DAMAGED: EXIT.failed,
  E_OUTPUT: EXIT.failed,
  E_STORE: EXIT.failed,
  E_ENGINE_LOST: EXIT.failed,
};

/** Plain, serialisable form of an OperatorError: it crosses the process boundary. */
export interface OperatorErrorFields {
  code: OperatorErrorCode;
  /** What was tried: "open interface", "read capture file". */
  operation: string;
  /** On what: "eth9", "/tmp/x.pcap". */
  target: string;
  /** Why it failed. */
  cause: string;
  /** What to do next. */
  remedy?: string;
}

/** One line for the operator: what was tried, on what, why it failed, what to do next. */
export class OperatorError extends Error {
  readonly fields: OperatorErrorFields;

  constructor(fields: OperatorErrorFields) {
    super(describeOperatorError(fields));
    this.name = 'OperatorError';
    this.fields = fields;
  }

  get code(): OperatorErrorCode {
    return this.fields.code;
  }

  get exitStatus(): number {
    return EXIT_OF[this.fields.code];
  }
}

/** A system call's message without what the operator did not ask: "ENOENT: no such file or directory, open '/x.tmp'". */
export function systemCause(message: string): string {
  return message.replace(/^[A-Z0-9]+: /, '').replace(/, [a-z]+( '.*)?$/, '');
}

/** The line that is printed, without program name and newline. */
export function describeOperatorError(fields: OperatorErrorFields): string {
  const what = fields.target === '' ? fields.operation : `${fields.operation} ${fields.target}`;
  const next = fields.remedy === undefined ? '' : ` (${fields.remedy})`;
  return `cannot ${what}: ${fields.cause}${next}`;
}
