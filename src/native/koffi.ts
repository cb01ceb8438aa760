/**
 * Loads koffi and the C library, once and only when the first native call is made: a front that only reads a file
 * never pays for it. Everything else in src/native/ declares its functions through here. No other room knows koffi.
 */
import { createRequire } from 'node:module';
import { endianness } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { OperatorError } from '../base/errors.ts';

export type Koffi = typeof import('koffi');

let loaded: Koffi | undefined;
let library: ReturnType<Koffi['load']> | undefined;

/** The koffi module. Throws OperatorError E_CAPTURE_UNAVAILABLE where it has no binary for this machine. */
export function koffi(): Koffi {
  loaded ??= loadKoffi();
  return loaded;
}

function loadKoffi(): Koffi {
  let module: Koffi;
  try {
    module = createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    throw new OperatorError({
      code: 'E_CAPTURE_UNAVAILABLE',
      operation: 'load package',
      target: 'koffi',
      cause: firstLine(error),
      remedy: 'run npm install again on this machine',
    });
  }
  // Every structure in this room is laid out for 64-bit little-endian machines; on others it would corrupt memory.
  if (module.sizeof('void *') !== 8 || module.sizeof('long') !== 8 || endianness() !== 'LE') {
    throw new OperatorError({
      code: 'E_CAPTURE_UNAVAILABLE',
      operation: 'use system calls on',
      target: process.arch,
      cause: 'only 64-bit little-endian systems are supported',
    });
  }
  return module;
}

/**
 * Declares a C library function; it is looked up at its first call. Variadic ones (ioctl, prctl) are declared with the
 * arguments we pass: the same calling convention on the 64-bit Linux machines that koffi has binaries for.
 */
export function libc<F extends (...args: never[]) => unknown>(declaration: string): F {
  let resolved: ((...args: never[]) => unknown) | undefined;
  const call = (...args: never[]): unknown => {
    if (resolved === undefined) {
      library ??= koffi().load(null);
      resolved = library.func(declaration);
    }
    return resolved(...args);
  };
  return call as F;
}

/** A system call that failed: which one, and the error's number and name (errno(3)). */
export class SystemCallError extends Error {
  readonly call: string;
  readonly errno: number;
  /** Symbolic name: "EPERM". */
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = errno > 0 ? getSystemErrorName(-errno) : 'EUNKNOWN';
    super(`${call}: ${code}`);
    this.name = 'SystemCallError';
    this.call = call;
    this.errno = errno;
    this.code = code;
  }
}

/** Passes a result on, or throws SystemCallError when it is -1. Must directly follow the call: errno is volatile. */
export function checked(call: string, result: number): number {
  if (result === -1) throw new SystemCallError(call, koffi().errno());
  return result;
}

/** First line of whatever was thrown. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const end = text.indexOf('\n');
  return end === -1 ? text : text.slice(0, end);
}
