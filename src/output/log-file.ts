/**
 * A log file opened so that nothing foreign is written through it: appended to, mode 0640, no symbolic link followed,
 * missing folders made, locked against a second writer. A disk that refuses lines costs those lines, which are counted,
 * and nothing else: the next line is tried anew.
 */
import { closeSync, constants, fsync, openSync, write } from 'node:fs';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';
import { OperatorError } from '../base/errors.ts';
import { tryLockFile } from '../native/files.ts';
import { makeFolder } from '../store/folders.ts';

const LOG_MODE = 0o640;
const FOLDER_MODE = 0o755;
const NEWLINE = 10;

const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/** Opens and locks; throws an OperatorError (E_OUTPUT). */
export function openLogFile(path: string): number {
  const fd = openOrThrow(path);
  if (tryLockFile(fd)) return fd;
  closeSync(fd);
  throw logError(path, 'another instance writes to it', 'give each instance a log of its own');
}

function openOrThrow(path: string): number {
  try {
    makeFolder(dirname(path), FOLDER_MODE);
    return openSync(path, FLAGS, LOG_MODE);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP') throw logError(path, 'it is a symbolic link', 'name the file itself');
    throw logError(path, message);
  }
}

export function logError(path: string, cause: string, remedy?: string): OperatorError {
  return new OperatorError({ code: 'E_OUTPUT', operation: 'write log', target: path, cause, remedy });
}

/** Lines to a descriptor, which it owns. Never fails: what cannot be written is reported to `onLost`. */
export class LogFileStream extends Writable {
  readonly fd: number;
  readonly #onLost: (lines: number, cause: string) => void;
  /** A full disk may take the beginning of a line: the next one must not be glued to it. */
  #lineBroken = false;

  constructor(fd: number, onLost: (lines: number, cause: string) => void) {
    super({ decodeStrings: true });
    this.fd = fd;
    this.#onLost = onLost;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#put(chunk, 0, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#put(Buffer.concat(chunks.map(({ chunk }) => chunk)), 0, done);
  }

  override _final(done: () => void): void {
    fsync(this.fd, () => {
      closeSync(this.fd);
      done();
    });
  }

  #put(lines: Buffer, from: number, done: () => void): void {
    const rest = this.#lineBroken ? Buffer.concat([Buffer.of(NEWLINE), lines.subarray(from)]) : lines.subarray(from);
    write(this.fd, rest, (error, written) => {
      if (error !== null) {
        this.#onLost(countLines(lines.subarray(from)), error.message);
        return done();
      }
      const reached = from + written - (this.#lineBroken ? 1 : 0);
      this.#lineBroken = reached > 0 && lines[reached - 1] !== NEWLINE;
      if (reached >= lines.length) return done();
      this.#putRest(lines, reached, done);
    });
  }

  /** The disk took a part: the rest of that line follows without a break if it is taken at once. */
  #putRest(lines: Buffer, from: number, done: () => void): void {
    const broken = this.#lineBroken;
    this.#lineBroken = false;
    write(this.fd, lines.subarray(from), (error, written) => {
      if (error !== null || written < lines.length - from) {
        this.#lineBroken = broken || (error === null && lines[from + written - 1] !== NEWLINE);
        this.#onLost(countLines(lines.subarray(from + (error === null ? written : 0))), error?.message ?? 'disk full');
      }
      done();
    });
  }
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === NEWLINE) count++;
  return count;
}
