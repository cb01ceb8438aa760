/**
 * Where a savefile's bytes come from: a regular file or a pipe (standard input, FIFO), through gunzip where the first
 * bytes ask for it. Knows nothing of packets. Every input hands bytes into memory of the caller's.
 */
import { close, constants, fstat, open, read } from 'node:fs';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { OperatorError } from '../../base/errors.ts';
import { GunzipInput } from './gunzip-input.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);

/** Bytes that a pipe may have waiting here before its writer is held. */
const PIPE_BACKLOG_BYTES = 1024 * 1024;

/** Bytes read to tell a compressed input from a plain one; they are delivered with the rest. */
const HEAD_BYTES = 4096;

export interface ByteInput {
  /**
   * Reads up to `length` bytes to target[offset…] and returns how many; 0 at the end of the input and after close().
   * Rejects with a plain Error when the input cannot be read on.
   */
  read(target: Uint8Array, offset: number, length: number): Promise<number>;
  /** Bytes taken from the file or pipe so far. */
  readonly bytesRead: number;
  /** Size of the file in bytes, null for pipes. */
  readonly totalBytes: number | null;
  /** True when what read() delivers was decompressed. */
  readonly compressed: boolean;
  /** Idempotent; a pending read ends with 0. */
  close(): Promise<void>;
}

/** How messages name an input. */
export function shownPath(path: string): string {
  return path === '-' ? 'standard input' : path;
}

/** An E_SAVEFILE error about an input. */
export function savefileError(path: string, cause: string, remedy?: string): OperatorError {
  const fields = { code: 'E_SAVEFILE', operation: 'read capture file', target: shownPath(path), cause } as const;
  return new OperatorError(remedy === undefined ? fields : { ...fields, remedy });
}

/** Opens a path or standard input ('-'). Rejects with E_SAVEFILE. */
export async function openInput(path: string): Promise<ByteInput> {
  try {
    if (path === '-' && isatty(0)) {
      throw savefileError(path, 'it is a terminal', 'pipe a capture into it: ssh host tcpdump -w - | …');
    }
    // Non-blocking: opening a FIFO that has no writer yet must not hold a thread of the pool.
    const fd = path === '-' ? 0 : await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return new DetectingInput(await inputOf(fd, path));
  } catch (error) {
    throw error instanceof OperatorError ? error : savefileError(path, reasonOf(error));
  }
}

async function inputOf(fd: number, path: string): Promise<ByteInput> {
  const stat = await statFile(fd);
  if (stat.isFile()) return new FileInput(fd, stat.size);
  if (stat.isFIFO() || stat.isSocket()) return new PipeInput(fd);
  await closeFile(fd);
  throw savefileError(path, stat.isDirectory() ? 'is a directory' : 'neither a file nor a pipe');
}

const REASONS: Record<string, string> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'is a directory',
  EIO: 'input/output error of the disk',
};

/** The words for a failed system call. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}

/** A regular file, read in order by the thread pool. */
class FileInput implements ByteInput {
  readonly totalBytes: number;
  readonly compressed = false;
  bytesRead = 0;
  readonly #fd: number;
  #pending: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;

  constructor(fd: number, size: number) {
    this.#fd = fd;
    this.totalBytes = size;
  }

  read(target: Uint8Array, offset: number, length: number): Promise<number> {
    if (this.#closing !== null) return Promise.resolve(0);
    const reading = new Promise<number>((resolve, reject) => {
      read(this.#fd, target, offset, length, null, (error, count) => {
        if (error !== null) return reject(new Error(reasonOf(error)));
        this.bytesRead += count;
        resolve(count);
      });
    });
    this.#pending = reading.catch(() => 0);
    return reading;
  }

  close(): Promise<void> {
    this.#closing ??= this.#pending.then(() => closeFile(this.#fd)).catch(() => undefined);
    return this.#closing;
  }
}

interface WaitingRead {
  target: Uint8Array;
  offset: number;
  length: number;
  resolve: (count: number) => void;
  reject: (error: Error) => void;
}

/** A pipe, FIFO or socket: bytes are taken when they come, so that a live capture over a pipe is seen at once. */
class PipeInput implements ByteInput {
  readonly totalBytes = null;
  readonly compressed = false;
  bytesRead = 0;
  readonly #socket: Socket;
  readonly #chunks: Uint8Array[] = [];
  /** Bytes of chunks[0] that were handed out already. */
  #used = 0;
  #waitingBytes = 0;
  #ended = false;
  #failure: Error | null = null;
  #waiting: WaitingRead | null = null;

  constructor(fd: number) {
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket.on('end', () => this.#end(null));
    this.#socket.on('close', () => this.#end(null));
    this.#socket.on('error', (error) => this.#end(error));
  }

  read(target: Uint8Array, offset: number, length: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting = { target, offset, length, resolve, reject };
      this.#serve();
    });
  }

  close(): Promise<void> {
    this.#chunks.length = 0;
    this.#waitingBytes = 0;
    this.#end(null);
    this.#socket.destroy();
    return Promise.resolve();
  }

  #take(chunk: Uint8Array): void {
    this.bytesRead += chunk.length;
    this.#waitingBytes += chunk.length;
    this.#chunks.push(chunk);
    this.#serve();
    if (this.#waitingBytes >= PIPE_BACKLOG_BYTES) this.#socket.pause();
  }

  #end(failure: Error | null): void {
    if (!this.#ended) this.#failure = failure;
    this.#ended = true;
    this.#serve();
  }

  #serve(): void {
    const waiting = this.#waiting;
    if (waiting === null || (this.#waitingBytes === 0 && !this.#ended)) return;
    this.#waiting = null;
    if (this.#waitingBytes > 0) waiting.resolve(this.#copy(waiting));
    else if (this.#failure !== null) waiting.reject(this.#failure);
    else waiting.resolve(0);
  }

  #copy({ target, offset, length }: WaitingRead): number {
    let copied = 0;
    while (copied < length && this.#chunks.length > 0) {
      const chunk = this.#chunks[0];
      const part = chunk.subarray(this.#used, this.#used + length - copied);
      target.set(part, offset + copied);
      copied += part.length;
      this.#used += part.length;
      if (this.#used === chunk.length) {
        this.#chunks.shift();
        this.#used = 0;
      }
    }
    this.#waitingBytes -= copied;
    if (this.#waitingBytes < PIPE_BACKLOG_BYTES) this.#socket.resume();
    return copied;
  }
}

/** Looks at the first bytes and puts gunzip in between where they are a gzip member's (RFC 1952: 1f 8b). */
class DetectingInput implements ByteInput {
  readonly #raw: ByteInput;
  #input: ByteInput | null = null;
  #head: Uint8Array = new Uint8Array(0);

  constructor(raw: ByteInput) {
    this.#raw = raw;
  }

  get bytesRead(): number {
    return this.#raw.bytesRead;
  }

  get totalBytes(): number | null {
    return this.#raw.totalBytes;
  }

  get compressed(): boolean {
    return this.#input?.compressed ?? false;
  }

  async read(target: Uint8Array, offset: number, length: number): Promise<number> {
    if (this.#input === null) await this.#detect();
    if (this.#head.length === 0) return (this.#input as ByteInput).read(target, offset, length);
    const part = this.#head.subarray(0, length);
    target.set(part, offset);
    this.#head = this.#head.subarray(part.length);
    return part.length;
  }

  close(): Promise<void> {
    return this.#input?.close() ?? this.#raw.close();
  }

  async #detect(): Promise<void> {
    const head = new Uint8Array(HEAD_BYTES);
    let length = 0;
    while (length < 2) {
      const count = await this.#raw.read(head, length, HEAD_BYTES - length);
      if (count === 0) break;
      length += count;
    }
    const found = head.subarray(0, length);
    if (length >= 2 && found[0] === 0x1f && found[1] === 0x8b) {
      this.#input = new GunzipInput(this.#raw, found);
    } else {
      this.#head = found;
      this.#input = this.#raw;
    }
  }
}
