/**
 * Keys from the terminal while reports scroll by: one by one and without echo, and nothing else of the terminal changed.
 * Only in the foreground: a job in the background that reads the terminal, or sets it, is stopped by the kernel
 * (SIGTTIN, SIGTTOU). Stopped by Ctrl-Z it leaves the terminal as it was, and takes it again with fg.
 */
import type { ReadStream } from 'node:tty';
import { KeyTokens } from '../../../screens/kit/key-tokens.ts';
import { restoreTerminalSettings, saveTerminalSettings, withoutLineEditing } from '../../native/terminal.ts';
import { inForeground } from '../daemon/process-stat.ts';
import { whenInForeground } from '../lifecycle.ts';

const STANDARD_INPUT = 0;

export interface KeyboardParts {
  /** Standard input, which is a terminal. */
  input: Pick<ReadStream, 'on' | 'off' | 'pause' | 'resume'>;
  onKey(key: string): void;
  /** The terminal's settings as they were, before they are changed for the first time. */
  onTake(settings: Uint8Array): void;
}

export class TerminalKeyboard {
  readonly #parts: KeyboardParts;
  readonly #tokens = new KeyTokens();
  readonly #undo: (() => void)[] = [];
  /** As they were; null until the terminal was taken. */
  #settings: Uint8Array | null = null;
  #isTaken = false;
  #isClosed = false;
  #stopWaiting: () => void = () => undefined;

  constructor(parts: KeyboardParts) {
    this.#parts = parts;
  }

  /** Takes the terminal, now or when we come to the foreground. */
  open(): void {
    const { input } = this.#parts;
    this.#listen(input, 'data', (chunk: Buffer) => this.#onData(chunk));
    // The terminal is gone: reports go on as long as somebody takes them.
    this.#listen(input, 'end', () => this.close());
    this.#listen(input, 'error', () => this.close());
    this.#listen(process, 'SIGTSTP', () => this.#stop());
    this.#listen(process, 'SIGCONT', () => this.#continue());
    this.#listen(process, 'exit', () => this.#release());
    input.pause();
    this.#takeInForeground();
  }

  /** Gives the terminal back for good. Synchronous, idempotent, never throws. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#release();
    this.#stopWaiting();
    for (const undo of this.#undo.splice(0)) undo();
  }

  #takeInForeground(): void {
    this.#stopWaiting();
    if (inForeground()) this.#take();
    else this.#stopWaiting = whenInForeground(() => this.#take());
  }

  #take(): void {
    if (this.#isTaken || this.#isClosed) return;
    try {
      if (this.#settings === null) {
        this.#settings = saveTerminalSettings(STANDARD_INPUT);
        this.#parts.onTake(this.#settings);
      }
      restoreTerminalSettings(STANDARD_INPUT, withoutLineEditing(this.#settings));
    } catch {
      // The terminal is gone, or it is none that has settings: no keys.
      return;
    }
    this.#isTaken = true;
    this.#parts.input.resume();
  }

  /** As it was found. In the background it is another job's, which has set it as it likes. */
  #release(): void {
    if (!this.#isTaken || this.#settings === null) return;
    this.#isTaken = false;
    this.#parts.input.pause();
    if (!inForeground()) return;
    try {
      restoreTerminalSettings(STANDARD_INPUT, this.#settings);
    } catch {
      // The terminal is gone.
    }
  }

  /** Ctrl-Z: with a handler of ours we are not stopped by it. */
  #stop(): void {
    this.#release();
    process.kill(process.pid, 'SIGSTOP');
  }

  /** Also after a SIGSTOP, which left no time to give anything back. */
  #continue(): void {
    this.#isTaken = false;
    this.#parts.input.pause();
    this.#takeInForeground();
  }

  #onData(chunk: Buffer): void {
    // Arrows and the like are sequences of several characters, which mean nothing here.
    for (const token of this.#tokens.push(chunk)) if (token.length === 1) this.#parts.onKey(token.toString('latin1'));
  }

  // biome-ignore lint/suspicious/noExplicitAny: an emitter's handlers have whatever arguments the event has
  #listen(emitter: Pick<NodeJS.EventEmitter, 'on' | 'off'>, event: string, handler: (...facts: any[]) => void): void {
    emitter.on(event, handler);
    this.#undo.push(() => emitter.off(event, handler));
  }
}
