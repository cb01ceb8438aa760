/**
 * BlockQueue: whole pcapng blocks on their way to a descriptor. Two buffers in turn: one is being written by the thread
 * pool while blocks are appended to the other; the caller never waits. What is in neither does not get in.
 *
 *   writing  [ written ──► sent | still to write ……… length ]      filling  [ blocks ……… length | room ]
 *
 * A write that came short goes on at the exact byte; one that failed (disk full) is tried again every second. A file that
 * has to be given up is cut back to its last whole block.
 */
import { close, ftruncate, write } from 'node:fs';
import { promisify } from 'node:util';

const closeFile = promisify(close);
const truncateFile = promisify(ftruncate);

/** Half of the backlog. 16 MiB hold 25 ms of a saturated 10 Gbit/s link with whole frames, a second and more with short ones. */
const BUFFER_BYTES = 16 * 1024 * 1024;

/** Bytes that start a write at once; fewer wait for the timer, so that slow traffic costs few system calls. */
const WRITE_AT_BYTES = 256 * 1024;
const WRITE_AFTER_MILLISECONDS = 200;
const RETRY_MILLISECONDS = 1000;
/** A pipe that is full for now (EAGAIN) is no failure: its reader is asked again soon. */
const BUSY_MILLISECONDS = 20;

/** Failures that trying again does not mend: the reader of a pipe is gone, the descriptor is none. */
const FINAL_ERRORS: ReadonlySet<string> = new Set(['EPIPE', 'EBADF', 'EINVAL', 'EFBIG']);

interface BlockBuffer {
  bytes: Uint8Array;
  view: DataView;
  /** Bytes of whole blocks. */
  length: number;
  /** Packets in them. */
  packets: number;
}

function newBuffer(capacity: number): BlockBuffer {
  const bytes = Buffer.allocUnsafeSlow(capacity);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, capacity), length: 0, packets: 0 };
}

export interface BlockQueueOptions {
  /** Called once, with the first failure. */
  onError(error: NodeJS.ErrnoException): void;
  /** Bytes of each of the two buffers; a test makes them few. */
  bufferBytes?: number;
}

export class BlockQueue {
  /** Packets whose blocks were given up after they had been taken. */
  lostPackets = 0;
  readonly #fd: number;
  readonly #options: BlockQueueOptions;
  #filling: BlockBuffer;
  #writing: BlockBuffer;
  /** Bytes of #writing that are in the file. */
  #sent = 0;
  /** Bytes in the file before #writing: where to cut it. */
  #fileLength = 0;
  #inFlight = false;
  #retryTimer: NodeJS.Timeout | null = null;
  #writeTimer: NodeJS.Timeout | null = null;
  #failed = false;
  #givenUp = false;
  /** Set by flush(): called when nothing is left to write, or a write failed. */
  #waiters: (() => void)[] = [];

  constructor(fd: number, options: BlockQueueOptions) {
    this.#fd = fd;
    this.#options = options;
    const capacity = options.bufferBytes ?? BUFFER_BYTES;
    this.#filling = newBuffer(capacity);
    this.#writing = newBuffer(capacity);
  }

  /** Room for a block of `length` bytes: its place in `bytes`, or -1 when there is none. Ends with commit(). */
  reserve(length: number): number {
    if (this.#givenUp) return -1;
    if (this.#filling.length + length > this.#filling.bytes.length) this.#startWriting();
    return this.#filling.length + length > this.#filling.bytes.length ? -1 : this.#filling.length;
  }

  get bytes(): Uint8Array {
    return this.#filling.bytes;
  }

  get view(): DataView {
    return this.#filling.view;
  }

  /** The reserved block is complete. */
  commit(length: number, packets: number): void {
    this.#filling.length += length;
    this.#filling.packets += packets;
  }

  /** True while less than half of the backlog is free. */
  get isCrowded(): boolean {
    const waiting = this.#writing.length - this.#sent + this.#filling.length;
    return !this.#givenUp && waiting > this.#filling.bytes.length;
  }

  /** To be called after each batch: starts a write when there is enough, or later. */
  pump(): void {
    if (this.#filling.length >= WRITE_AT_BYTES) this.#startWriting();
    else if (this.#filling.length > 0)
      this.#writeTimer ??= setTimeout(() => this.#onTimer(), WRITE_AFTER_MILLISECONDS).unref();
  }

  /** Resolves when everything taken so far is in the file, or when a write failed. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.#stopRetrying();
      this.#startWriting();
    });
  }

  /** Writes what it can, cuts off a torn block, closes the descriptor. */
  async close(): Promise<void> {
    await this.flush();
    if (this.#writeTimer !== null) clearTimeout(this.#writeTimer);
    this.#stopRetrying();
    await this.#giveUpRest();
    await closeFile(this.#fd).catch((error: NodeJS.ErrnoException) => this.#report(error));
  }

  #onTimer(): void {
    this.#writeTimer = null;
    this.#startWriting();
  }

  /** Begins a write unless one is under way or a failed one waits for its time. */
  #startWriting(): void {
    if (this.#inFlight || this.#retryTimer !== null) return;
    if (this.#sent === this.#writing.length) this.#swap();
    if (this.#sent === this.#writing.length || this.#givenUp) {
      this.#release();
      return;
    }
    this.#inFlight = true;
    const { bytes, length } = this.#writing;
    write(this.#fd, bytes, this.#sent, length - this.#sent, null, (error, count) => {
      this.#inFlight = false;
      if (error !== null) this.#onFailure(error);
      else this.#onWritten(count);
    });
  }

  #swap(): void {
    this.#fileLength += this.#sent;
    const empty = this.#writing;
    empty.length = 0;
    empty.packets = 0;
    this.#sent = 0;
    this.#writing = this.#filling;
    this.#filling = empty;
  }

  #onWritten(count: number): void {
    this.#sent += count;
    const unfinished = this.#sent < this.#writing.length;
    if (unfinished || this.#filling.length >= WRITE_AT_BYTES || this.#waiters.length > 0) this.#startWriting();
  }

  #onFailure(error: NodeJS.ErrnoException): void {
    if (error.code === 'EAGAIN') {
      this.#retryAfter(BUSY_MILLISECONDS);
      return;
    }
    this.#report(error);
    if (FINAL_ERRORS.has(error.code ?? '')) this.#givenUp = true;
    else this.#retryAfter(RETRY_MILLISECONDS);
    this.#release();
  }

  #retryAfter(milliseconds: number): void {
    const retry = (): void => {
      this.#retryTimer = null;
      this.#startWriting();
    };
    this.#retryTimer = setTimeout(retry, milliseconds).unref();
  }

  #stopRetrying(): void {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
  }

  #report(error: NodeJS.ErrnoException): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#options.onError(error);
  }

  #release(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  /** Counts what never got into the file, and cuts the file behind its last whole block. */
  async #giveUpRest(): Promise<void> {
    this.#givenUp = true;
    this.lostPackets += this.#filling.packets;
    if (this.#sent === this.#writing.length) return;
    const whole = this.#wholeBlocks();
    if (whole === this.#sent) return;
    // A pipe cannot be cut: its reader sees a torn block and then the end.
    await truncateFile(this.#fd, this.#fileLength + whole).catch(() => undefined);
  }

  /** Bytes of whole blocks among those sent; counts the packets behind them as lost. */
  #wholeBlocks(): number {
    const { view, length } = this.#writing;
    let whole = 0;
    for (let at = 0; at < length; ) {
      const end = at + view.getUint32(at + 4, true);
      if (end <= this.#sent) whole = end;
      else if (view.getUint32(at, true) === 6) this.lostPackets++;
      at = end;
    }
    return whole;
  }
}
