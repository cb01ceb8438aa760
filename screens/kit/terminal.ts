/**
 * Terminal: the only user of terminal-kit, which names keys and mouse reports, and knows size and alternate screen.
 * It owns raw mode and everything that must be undone. There is one restore, restoreNow(): synchronous, idempotent,
 * reached by every exit path. It draws nothing itself; bytes of frames come through write().
 */

import { EventEmitter } from 'node:events';
import type { ReadStream, WriteStream } from 'node:tty';
import { KEY_OF_SEQUENCE, KeyTokens } from './key-tokens.ts';
import type { MouseEvent } from './screen.ts';
import { TerminalWriter } from './terminal-writer.ts';

/**
 * Undoes everything that enter() and frames may have left on: synchronised output, mouse reports, automatic wrapping,
 * style, cursor, alternate screen (cleared first: the Linux console has only one). The engine writes it when this
 * process vanishes. Begins with CAN, which ends a sequence that was cut short.
 */
export const restoreSequence =
  '\x18\x1b[?2026l\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?7h\x1b[0m\x1b[H\x1b[2J\x1b[?25h\x1b[?1049l';

/** No cursor, no automatic wrapping, mouse presses in SGR form. terminal-kit's own mouse mode would look for gpm. */
const ENTER_EXTRAS = '\x1b[?25l\x1b[?7l\x1b[?1000h\x1b[?1006h';

/** A lone Escape is taken for the key when nothing follows within this time; longer over ssh, where packets split. */
const ESCAPE_DELAY_MS = 30;
const ESCAPE_DELAY_SSH_MS = 80;
/** Resizing by dragging sends dozens of events: the screen is laid out once they pause. */
const RESIZE_PAUSE_MS = 30;

export interface TerminalHandlers {
  onKey(key: string): void;
  onMouse(event: MouseEvent): void;
  /** New size in cells. */
  onResize(width: number, height: number): void;
  /** Back from a stop (fg): everything must be drawn anew. */
  onResume(): void;
  /** The terminal is gone: end of input or an error on it. */
  onClose(reason: string): void;
}

export interface TerminalOptions {
  stdin: ReadStream;
  stdout: WriteStream;
  env: Record<string, string | undefined>;
  handlers: TerminalHandlers;
  /** Stops this process after the terminal was left. Default: SIGSTOP to itself. */
  stopSelf?: () => void;
}

type Environment = Record<string, string | undefined>;

/** Why a screen cannot be shown here, or null. Tests nothing but the environment and the two streams. */
export function terminalProblem(
  env: Environment,
  stdin: { isTTY?: boolean },
  stdout: { isTTY?: boolean },
): string | null {
  if (!stdin.isTTY) return 'standard input is not a terminal';
  if (!stdout.isTTY) return 'standard output is not a terminal';
  if (env.TERM === undefined || env.TERM === '') return 'TERM is not set';
  if (/^(dumb|unknown)$/i.test(env.TERM)) return `TERM=${env.TERM} cannot show a screen`;
  return null;
}

/**
 * TERM as terminal-kit may see it. It loads a module by this name: a TERM with a path in it, kept by sudo, would run
 * that file as root.
 */
export function safeTerm(term: string | undefined): string {
  return term !== undefined && /^[a-z0-9][a-z0-9+-]*$/i.test(term) ? term.toLowerCase() : 'xterm';
}

/** What restoreNow() needs; set while a terminal is entered. */
let entered: Terminal | null = null;

/** Puts the terminal back as it was. Synchronous, idempotent, never throws: for exit handlers and signals. */
export function restoreNow(): void {
  entered?.restore();
}

/** The part of terminal-kit's terminal that is used. Its published types are older than it. */
interface KitTerminal extends NodeJS.EventEmitter {
  width: number;
  height: number;
  shutdown: boolean;
  grabInput(options: boolean | object): void;
  fullscreen(on: boolean): void;
}

/** Stands between the real input and terminal-kit: whole tokens only. */
class TokenInput extends EventEmitter {
  readonly #stdin: ReadStream;

  constructor(stdin: ReadStream) {
    super();
    this.#stdin = stdin;
  }

  setRawMode(raw: boolean): this {
    this.#stdin.setRawMode(raw);
    return this;
  }

  resume(): this {
    this.#stdin.resume();
    return this;
  }

  pause(): this {
    this.#stdin.pause();
    return this;
  }
}

/** Stands between terminal-kit and the real output: it writes through the writer, so that all bytes keep their order. */
class WriterOutput extends EventEmitter {
  readonly isTTY = true;
  readonly #stdout: WriteStream;
  readonly #writer: TerminalWriter;

  constructor(stdout: WriteStream, writer: TerminalWriter) {
    super();
    this.#stdout = stdout;
    this.#writer = writer;
  }

  get columns(): number {
    return this.#stdout.columns;
  }

  get rows(): number {
    return this.#stdout.rows;
  }

  write(text: string): boolean {
    this.#writer.write(Buffer.from(text));
    return true;
  }
}

const MOUSE_KINDS: Record<string, MouseEvent['kind']> = {
  MOUSE_LEFT_BUTTON_PRESSED: 'press',
  MOUSE_WHEEL_UP: 'wheel-up',
  MOUSE_WHEEL_DOWN: 'wheel-down',
};

export class Terminal {
  readonly #options: TerminalOptions;
  readonly #kit: KitTerminal;
  readonly #input: TokenInput;
  readonly #writer: TerminalWriter;
  readonly #tokens = new KeyTokens();
  readonly #undo: (() => void)[] = [];
  /** Keys that terminal-kit saw in the token being read. */
  #keysOfToken: string[] = [];
  #escapeTimer: NodeJS.Timeout | null = null;
  #resizeTimer: NodeJS.Timeout | null = null;
  #isUp = false;
  #isClosed = false;

  /** Use openTerminal(). */
  constructor(options: TerminalOptions, kit: KitTerminal, input: TokenInput, writer: TerminalWriter) {
    this.#options = options;
    this.#writer = writer;
    this.#kit = kit;
    this.#input = input;
  }

  get width(): number {
    return this.#options.stdout.columns || this.#kit.width || 80;
  }

  get height(): number {
    return this.#options.stdout.rows || this.#kit.height || 24;
  }

  /** True while the terminal has not taken what was written: skip frames until it has. */
  get isBusy(): boolean {
    return !this.#isUp || this.#writer.isBusy;
  }

  /** Takes the terminal: raw mode, alternate screen, keys and mouse. */
  enter(): void {
    if (this.#isUp || this.#isClosed) return;
    entered = this;
    this.#isUp = true;
    if (this.#undo.length === 0) this.#listen();
    this.#kit.grabInput(true);
    this.#kit.fullscreen(true);
    this.write(Buffer.from(ENTER_EXTRAS));
  }

  /** Bytes of a frame. Nothing is written while the terminal is left. */
  write(bytes: Uint8Array): void {
    if (this.#isUp) this.#writer.write(bytes);
  }

  /** See restoreNow(). */
  restore(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    const { stdin } = this.#options;
    this.#writer.writeNow(restoreSequence);
    try {
      stdin.setRawMode(false);
    } catch {
      // The terminal is gone: nothing is left to restore.
    }
  }

  /** Gives the terminal back for good: no listener of ours stays. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.restore();
    this.#isClosed = true;
    this.#kit.shutdown = true;
    for (const undo of this.#undo.splice(0).reverse()) undo();
    this.#options.stdin.pause();
    this.#writer.close();
    if (entered === this) entered = null;
  }

  /** Ctrl-Z: the whole job stops, as the terminal would have done it (a sudo or npm above us must stop too). */
  suspend(): void {
    if (this.#options.stopSelf === undefined) process.kill(0, 'SIGTSTP');
    else this.#stop();
  }

  #stop(): void {
    if (!this.#isUp) return;
    this.restore();
    const stopSelf = this.#options.stopSelf ?? ((): void => void process.kill(process.pid, 'SIGSTOP'));
    stopSelf();
  }

  /** After SIGCONT, also where a SIGSTOP gave us no chance to leave: the shell may have changed modes and screen. */
  #continue(): void {
    if (this.#isClosed) return;
    this.#options.stdin.setRawMode(false);
    this.#isUp = false;
    this.enter();
    this.#options.handlers.onResume();
  }

  #listen(): void {
    const { stdin, stdout, handlers } = this.#options;
    const gone = (reason: string): void => {
      if (!this.#isClosed) handlers.onClose(reason);
    };
    this.#on(stdin, 'data', (chunk: Buffer) => this.#onData(chunk));
    this.#on(stdin, 'end', () => gone('end of input'));
    this.#on(stdin, 'close', () => gone('input closed'));
    this.#on(stdin, 'error', (error: Error) => gone(error.message));
    this.#on(stdout, 'error', (error: Error) => gone(error.message));
    this.#on(stdout, 'resize', () => this.#onResize());
    this.#on(this.#kit, 'key', (key: string) => this.#keysOfToken.push(key));
    this.#on(this.#kit, 'mouse', (name: string, data: { x: number; y: number }) => this.#onMouse(name, data));
    this.#on(process, 'SIGTSTP', () => this.#stop());
    this.#on(process, 'SIGCONT', () => this.#continue());
    this.#on(process, 'exit', restoreNow);
    this.#undo.push(() => {
      if (this.#escapeTimer !== null) clearTimeout(this.#escapeTimer);
      if (this.#resizeTimer !== null) clearTimeout(this.#resizeTimer);
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: an emitter's handlers have whatever arguments the event has
  #on(emitter: NodeJS.EventEmitter, event: string, handler: (...facts: any[]) => void): void {
    emitter.on(event, handler);
    this.#undo.push(() => emitter.off(event, handler));
  }

  #onData(chunk: Buffer): void {
    if (this.#escapeTimer !== null) clearTimeout(this.#escapeTimer);
    this.#escapeTimer = null;
    for (const token of this.#tokens.push(chunk)) this.#onToken(token);
    if (!this.#tokens.isIncomplete) return;
    const delay = this.#options.env.SSH_CONNECTION === undefined ? ESCAPE_DELAY_MS : ESCAPE_DELAY_SSH_MS;
    this.#escapeTimer = setTimeout(() => {
      this.#escapeTimer = null;
      for (const token of this.#tokens.flush()) this.#onToken(token);
    }, delay);
  }

  #onToken(token: Buffer): void {
    if (!this.#isUp) return;
    const known = KEY_OF_SEQUENCE.get(token.toString('latin1'));
    this.#keysOfToken = [];
    if (known !== undefined) this.#keysOfToken.push(known);
    else this.#input.emit('data', token);
    // A sequence it does not know terminal-kit takes for Escape and what else it is made of: that must not leave a screen.
    if (this.#keysOfToken.length === 1) this.#options.handlers.onKey(this.#keysOfToken[0]);
  }

  #onMouse(name: string, data: { x: number; y: number }): void {
    const kind = MOUSE_KINDS[name];
    if (kind !== undefined) this.#options.handlers.onMouse({ kind, x: data.x - 1, y: data.y - 1 });
  }

  #onResize(): void {
    if (this.#resizeTimer !== null) clearTimeout(this.#resizeTimer);
    this.#resizeTimer = setTimeout(() => {
      this.#resizeTimer = null;
      this.#options.handlers.onResize(this.width, this.height);
    }, RESIZE_PAUSE_MS);
  }
}

/** Loads terminal-kit and prepares the terminal; enter() takes it. */
export async function openTerminal(options: TerminalOptions): Promise<Terminal> {
  const { default: termkit } = await import('terminal-kit');
  const input = new TokenInput(options.stdin);
  const writer = new TerminalWriter((options.stdout as WriteStream & { fd: number }).fd, (error) =>
    options.handlers.onClose(error.message),
  );
  const kit = termkit.createTerminal({
    stdin: input,
    stdout: new WriterOutput(options.stdout, writer),
    stderr: process.stderr,
    generic: safeTerm(options.env.TERM),
    isTTY: true,
    isSSH: options.env.SSH_CONNECTION !== undefined,
  } as unknown as Parameters<typeof termkit.createTerminal>[0]) as unknown as KitTerminal;
  return new Terminal(options, kit, input, writer);
}
