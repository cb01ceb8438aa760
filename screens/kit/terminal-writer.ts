/**
 * Terminal writer: bytes to the terminal, without ever waiting for it. Node's own terminal streams block: one that is
 * not read (a stalled ssh) would hold up the whole process, signals included. Writes go to a description of our own,
 * opened anew, so that making it non-blocking does not touch the shell's. What was not taken is kept and tried again;
 * writeNow() throws it away instead, which a stream of Node could not do.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';

/** Between tries while the terminal takes nothing. */
const RETRY_MS = 20;
/** How long writeNow() tries. */
const PATIENCE_MS = 1000;

function openOwn(descriptor: number): number | null {
  try {
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Another user's terminal (su): the shared description stays, and blocks.
    return null;
  }
}

export class TerminalWriter {
  readonly #descriptor: number;
  readonly #own: number | null;
  readonly #onError: (error: Error) => void;
  #pending: Buffer | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(descriptor: number, onError: (error: Error) => void) {
    this.#own = openOwn(descriptor);
    this.#descriptor = this.#own ?? descriptor;
    this.#onError = onError;
  }

  /** True while the terminal has not taken what was written. */
  get isBusy(): boolean {
    return this.#pending !== null;
  }

  /** Writes as much as the terminal takes; the rest follows by itself. */
  write(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#pending = this.#pending === null ? Buffer.from(bytes) : Buffer.concat([this.#pending, bytes]);
    if (this.#timer === null) this.#flush();
  }

  /**
   * Throws away what is pending and writes this, within a second, for exit handlers. What a stalled terminal has not
   * taken by then follows if the process lives on, but does not keep it alive.
   */
  writeNow(text: string): void {
    if (this.#isClosed) return;
    this.#stopTimer();
    this.#pending = Buffer.from(text, 'latin1');
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let waited = 0; this.#tryWrite(() => {}) && waited < PATIENCE_MS; waited += 10) Atomics.wait(pause, 0, 0, 10);
    if (this.#pending !== null) this.#retryLater();
  }

  /** Gives the descriptor back. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopTimer();
    if (this.#own !== null) closeSync(this.#own);
  }

  #flush(): void {
    if (this.#tryWrite(this.#onError)) this.#retryLater();
  }

  /** Returns true when something is left to write. */
  #tryWrite(onError: (error: Error) => void): boolean {
    while (this.#pending !== null) {
      try {
        const written = writeSync(this.#descriptor, this.#pending);
        this.#pending = written < this.#pending.length ? this.#pending.subarray(written) : null;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EAGAIN') return true;
        if (code === 'EINTR') continue;
        this.#pending = null;
        onError(error as Error);
      }
    }
    return false;
  }

  #retryLater(): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (!this.#isClosed) this.#flush();
    }, RETRY_MS);
    this.#timer.unref();
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
