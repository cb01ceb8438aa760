/**
 * OutputWriter: snapshots onto a descriptor (standard output, a file), in slices, with backpressure: begin, rows and end
 * resolve when the reader has taken what was given, so a slow reader slows the asking and never fills memory.
 * A reader that went away (EPIPE) is a quiet end; anything else that fails is an OperatorError E_OUTPUT.
 *
 * Pipes are written through a descriptor of our own in non-blocking mode: a write that blocks in the thread pool would
 * keep process.exit() waiting for as long as the reader sleeps, and O_NONBLOCK on the shared one would surprise others.
 */
import { closeSync, constants, fstatSync, openSync, write } from 'node:fs';
import { OperatorError } from '../base/errors.ts';
import type { SnapshotHead } from '../engine/messages.ts';
import type { OutputEvent } from './json.ts';

/** What a snapshot begins with: its head, and the monitor's own figures where it has some. */
export type OutputHead = SnapshotHead & { extra?: Record<string, unknown> };

/** Turns snapshots into text, piece by piece. */
export interface OutputFormat<Row> {
  begin(head: OutputHead, rowsTotal: number): string;
  rows(rows: readonly Row[]): string;
  end(): string;
  event(event: OutputEvent): string;
}

/** Rows that are turned into one string at a time. */
const ROWS_A_PIECE = 256;

/** Characters collected before they are written. */
const BUFFER_LIMIT = 64 * 1024;

/** Milliseconds between attempts while a pipe is full: short at first, as long as a frame when the reader sleeps. */
const RETRY_DELAYS = [1, 1, 2, 5, 10, 25];

export class OutputWriter<Row> {
  readonly #format: OutputFormat<Row>;
  readonly #target: string;
  #descriptor: number;
  #ownsDescriptor = false;
  #buffered: string[] = [];
  #bufferedLength = 0;
  #closed = false;
  #cancelled = false;
  #writing = false;
  #inSnapshot = false;
  /** Events that happened while a snapshot was being written: they go after it. */
  #heldEvents: OutputEvent[] = [];

  /** `target` names the descriptor in errors: "standard output", a path. */
  constructor(descriptor: number, target: string, format: OutputFormat<Row>) {
    this.#format = format;
    this.#target = target;
    this.#descriptor = descriptor;
    this.#openOwnPipe();
  }

  /** True after the reader went away: stop asking for snapshots, end with status 0. */
  get readerGone(): boolean {
    return this.#closed;
  }

  async begin(head: OutputHead & { rowsTotal: number }): Promise<void> {
    this.#inSnapshot = true;
    await this.#put(this.#format.begin(head, head.rowsTotal));
  }

  async rows(rows: readonly Row[]): Promise<void> {
    for (let i = 0; i < rows.length && !this.#closed; i += ROWS_A_PIECE) {
      await this.#put(this.#format.rows(rows.slice(i, i + ROWS_A_PIECE)));
    }
  }

  /** Ends the snapshot: what was given is with the reader when this resolves. */
  async end(): Promise<void> {
    this.#inSnapshot = false;
    const held = this.#heldEvents.splice(0).map((event) => this.#format.event(event));
    await this.#put([this.#format.end(), ...held].join(''));
    await this.#flush();
  }

  /** Writes an event line; within a snapshot it waits for its end, since a line of JSON is one whole snapshot. */
  async event(event: OutputEvent): Promise<void> {
    if (this.#inSnapshot) {
      this.#heldEvents.push(event);
      return;
    }
    await this.#put(this.#format.event(event));
    await this.#flush();
  }

  /** Gives up waiting for the reader and lets go of what was opened here; the descriptor handed in stays open. */
  close(): void {
    this.#cancelled = true;
    this.#closed = true;
    this.#letGo();
  }

  /** Closes our own descriptor, but never under a write that is under way: its number could be somebody else's by then. */
  #letGo(): void {
    if (!this.#ownsDescriptor || this.#writing) return;
    this.#ownsDescriptor = false;
    closeSync(this.#descriptor);
  }

  #openOwnPipe(): void {
    try {
      if (!fstatSync(this.#descriptor).isFIFO()) return;
      this.#descriptor = openSync(`/proc/self/fd/${this.#descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
      this.#ownsDescriptor = true;
    } catch {
      // No /proc, or a pipe that may not be opened again: write to the one we were given.
    }
  }

  async #put(text: string): Promise<void> {
    if (this.#closed || text === '') return;
    this.#buffered.push(text);
    this.#bufferedLength += text.length;
    if (this.#bufferedLength >= BUFFER_LIMIT) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#closed || this.#bufferedLength === 0) return;
    const bytes = Buffer.from(this.#buffered.join(''), 'utf8');
    this.#buffered = [];
    this.#bufferedLength = 0;
    let written = 0;
    let attempts = 0;
    while (written < bytes.length && !this.#closed) {
      const count = await this.#write(bytes, written);
      written += count;
      if (count > 0) attempts = 0;
      else if (!this.#closed) await delay(RETRY_DELAYS[Math.min(attempts++, RETRY_DELAYS.length - 1)]);
    }
  }

  /** Bytes taken: 0 when the pipe is full or the reader is gone. */
  #write(bytes: Uint8Array, from: number): Promise<number> {
    this.#writing = true;
    return new Promise((resolve, reject) => {
      write(this.#descriptor, bytes, from, bytes.length - from, null, (error, count) => {
        this.#writing = false;
        if (this.#cancelled) this.#letGo();
        if (error === null) return resolve(count);
        if (error.code === 'EAGAIN') return resolve(0);
        this.#closed = true;
        if (error.code === 'EPIPE' || this.#cancelled) return resolve(0);
        reject(outputError(this.#target, error));
      });
    });
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function outputError(target: string, error: NodeJS.ErrnoException): OperatorError {
  const full = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  return new OperatorError({
    code: 'E_OUTPUT',
    operation: 'write to',
    target,
    cause: full ? 'no space left on the device' : (error.code ?? error.message),
    ...(full ? { remedy: 'make room or write elsewhere' } : {}),
  });
}
