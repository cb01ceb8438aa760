/**
 * Runs a program in a real pseudo-terminal and shows what an operator would see: the bytes go through a terminal
 * emulator, tests read its screen. It also tells in which state the program leaves the terminal.
 *
 * As in life, a shell owns the terminal and the program is its foreground job: when the program is killed, the terminal
 * lives on, and what others still write to it can be seen.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type IPty, spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';

/** What keys send in the emulated terminal (xterm, normal cursor mode). */
export const KEY = {
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  home: '\x1b[H',
  end: '\x1b[F',
  pageUp: '\x1b[5~',
  pageDown: '\x1b[6~',
  enter: '\r',
  escape: '\x1b',
  tab: '\t',
  backspace: '\x7f',
  f1: '\x1bOP',
  f6: '\x1b[17~',
} as const;

/** Ctrl with a letter: `ctrl('p')`. */
export function ctrl(letter: string): string {
  return String.fromCharCode(letter.toUpperCase().charCodeAt(0) - 64);
}

export interface TerminalOptions {
  cols?: number;
  rows?: number;
  /** Added to (undefined: taken from) this process' environment. */
  env?: Record<string, string | undefined>;
  cwd?: string;
}

/** How a program left a terminal, or uses it now. */
export interface TerminalModes {
  alternateScreen: boolean;
  cursorVisible: boolean;
  mouse: boolean;
  bracketedPaste: boolean;
  /** The terminal driver's side: neither line editing nor echo. */
  raw: boolean;
}

export interface TerminalSession {
  /** The program's process id; its process group has the same number. */
  readonly pid: number;
  /** Path of the terminal device. */
  readonly device: string;
  /** Rows of the screen, right-trimmed. */
  screen(): string[];
  /** Waits until a pattern matches the screen (rows joined by newlines) or a condition holds; fails with the screen. */
  waitFor(condition: RegExp | ((screen: string[]) => boolean), milliseconds?: number): Promise<string[]>;
  /** Exit status as the shell reports it (128 + signal number); null while the program runs. */
  status(): number | null;
  /** Waits for the end of the program and returns its status; fails when it takes longer. */
  waitForExit(milliseconds?: number): Promise<number>;
  send(keys: string): void;
  resize(cols: number, rows: number): void;
  modes(): TerminalModes;
  /** The driver's settings in the form of `stty -g`: compare before and after. */
  settings(): string;
  /** All that was written so far. */
  output(): string;
  /** Whether the program's process is there. */
  isRunning(): boolean;
  /** Closes the terminal as a window manager or a lost connection does. The shell dies of it: no status will come. */
  hangUp(): void;
  /** Kills the program if it still runs, and gives the terminal back. */
  close(): Promise<void>;
}

const DEFAULT_WAIT = 10_000;
const CURSOR = 25;
const ALTERNATE_SCREEN = [47, 1047, 1049];
const MOUSE = [9, 1000, 1002, 1003];
const BRACKETED_PASTE = 2004;

/**
 * `set -m`: the program gets a process group of its own in the foreground, as under an interactive shell. The status is
 * written by the trap because a shell ends when SIGINT has ended its program; when the terminal is gone, it just ends.
 */
const SHELL = [
  `set -m; d=$1; shift; trap 's=$?; [ -t 0 ] || exit; echo "$s" >"$d/status"; exec sleep 1000' EXIT`,
  `(echo "$BASHPID" >"$d/pid"; exec "$@")`,
].join('; ');

/** Starts a program in a terminal of its own, 80x24 when nothing else is asked for. Close the session when done. */
export async function spawnInTerminal(
  command: string,
  args: string[],
  options: TerminalOptions = {},
): Promise<TerminalSession> {
  const { cols = 80, rows = 24 } = options;
  const terminal = new headless.Terminal({ cols, rows, allowProposedApi: true, scrollback: 1000 });
  const privateModes = trackPrivateModes(terminal);
  const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-pty-'));
  const env = { ...process.env, TERM: 'xterm-256color', ...options.env };
  const shellArgs = ['--norc', '--noprofile', '-c', SHELL, 'shell', folder, command, ...args];
  const pty = spawn('bash', shellArgs, { cols, rows, cwd: options.cwd, env });
  const session = new PtySession(terminal, pty, privateModes, folder);
  await session.started();
  return session;
}

/** DECSET and DECRST by number: which private modes are on. */
function trackPrivateModes(terminal: headless.Terminal): Set<number> {
  const on = new Set([CURSOR]);
  const numbers = (parameters: (number | number[])[]) => parameters.flat();
  terminal.parser.registerCsiHandler({ prefix: '?', final: 'h' }, (parameters) => {
    for (const mode of numbers(parameters)) on.add(mode);
    return false;
  });
  terminal.parser.registerCsiHandler({ prefix: '?', final: 'l' }, (parameters) => {
    for (const mode of numbers(parameters)) on.delete(mode);
    return false;
  });
  return on;
}

class PtySession implements TerminalSession {
  readonly device: string;
  pid = 0;
  readonly #terminal: headless.Terminal;
  readonly #pty: DestroyablePty;
  readonly #privateModes: ReadonlySet<number>;
  readonly #folder: string;
  readonly #shellEnded: Promise<void>;
  #output = '';
  #open = true;

  constructor(terminal: headless.Terminal, pty: IPty, privateModes: ReadonlySet<number>, folder: string) {
    this.#terminal = terminal;
    this.#pty = pty as DestroyablePty;
    this.#privateModes = privateModes;
    this.#folder = folder;
    this.device = this.#pty.ptsName;
    pty.onData((data) => {
      this.#output += data;
      terminal.write(data);
    });
    // What a terminal answers when it is asked (cursor position, device attributes).
    terminal.onData((answer) => this.send(answer));
    this.#shellEnded = new Promise((resolve) => pty.onExit(() => resolve()));
  }

  async started(): Promise<void> {
    await this.#until(() => this.#number('pid') !== null, DEFAULT_WAIT, 'the program did not start');
    this.pid = this.#number('pid') ?? 0;
  }

  screen(): string[] {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.#terminal.rows }, (_, row) => {
      return active.getLine(active.baseY + row)?.translateToString(true) ?? '';
    });
  }

  async waitFor(condition: RegExp | ((screen: string[]) => boolean), milliseconds = DEFAULT_WAIT): Promise<string[]> {
    const holds =
      typeof condition === 'function' ? condition : (rows: string[]) => rows.join('\n').search(condition) >= 0;
    await this.#until(() => holds(this.screen()), milliseconds, `did not see ${condition}`);
    return this.screen();
  }

  status(): number | null {
    return this.#number('status');
  }

  async waitForExit(milliseconds = DEFAULT_WAIT): Promise<number> {
    await this.#until(() => this.status() !== null, milliseconds, 'the program still runs');
    // The last bytes are still on their way through the terminal.
    await sleep(50);
    return this.status() ?? 0;
  }

  send(keys: string): void {
    if (this.#open) this.#pty.write(keys);
  }

  resize(cols: number, rows: number): void {
    this.#terminal.resize(cols, rows);
    this.#pty.resize(cols, rows);
  }

  modes(): TerminalModes {
    const on = (modes: number[]) => modes.some((mode) => this.#privateModes.has(mode));
    const driver = this.#stty('-a');
    return {
      alternateScreen: on(ALTERNATE_SCREEN),
      cursorVisible: on([CURSOR]),
      mouse: on(MOUSE),
      bracketedPaste: on([BRACKETED_PASTE]),
      raw: / -icanon\b/.test(driver) && / -echo\b/.test(driver),
    };
  }

  settings(): string {
    return this.#stty('-g').trim();
  }

  output(): string {
    return this.#output;
  }

  isRunning(): boolean {
    try {
      // The third field of /proc/PID/stat: Z is dead and not yet collected.
      return !readFileSync(`/proc/${this.pid}/stat`, 'latin1').includes(') Z ');
    } catch {
      return false;
    }
  }

  hangUp(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#pty.destroy();
  }

  async close(): Promise<void> {
    if (this.status() === null) killIfAlive(-this.pid);
    killIfAlive(this.#pty.pid);
    await this.#shellEnded;
    this.hangUp();
    this.#terminal.dispose();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Content of a file the shell writes, once its line is complete. */
  #number(name: string): number | null {
    try {
      const text = readFileSync(join(this.#folder, name), 'utf8');
      return text.endsWith('\n') ? Number(text) : null;
    } catch {
      return null;
    }
  }

  #stty(form: string): string {
    return execFileSync('stty', ['-F', this.device, form], { encoding: 'utf8' });
  }

  async #until(holds: () => boolean, milliseconds: number, failure: string): Promise<void> {
    const deadline = performance.now() + milliseconds;
    while (!holds()) {
      if (performance.now() > deadline) throw this.#error(`${failure} within ${milliseconds} ms`);
      await sleep(20);
    }
  }

  #error(what: string): Error {
    const status = this.status();
    const ended = status === null ? '' : ` (the program ended with status ${status})`;
    return new Error(`${what}${ended}; the screen:\n${this.screen().join('\n')}`);
  }
}

/** The package's types leave these out. */
interface DestroyablePty extends IPty {
  readonly ptsName: string;
  destroy(): void;
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
