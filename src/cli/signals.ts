/**
 * The front's signals. The first of INT, TERM, HUP, USR2 or an ending of our own decides how the program ends; USR1
 * reopens logs; a daemon reads its settings again at HUP. Installed before anything else: without a handler, USR1 would
 * open Node's debugger.
 */

/** How the program ends: by an exit status, or by the signal that interrupted it. */
export type Ending = { status: number } | { signal: NodeJS.Signals };

const INTERRUPTIONS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Milliseconds that ending may take before the program ends at once. */
const PATIENCE_MS = 5000;
/**
 * The same where a log is written: the last records of many conversations to a slow disk take their time, and nobody
 * waits at a screen. Within the 90 s after which systemd kills (systemd-system.conf(5), DefaultTimeoutStopSec).
 */
const LOG_PATIENCE_MS = 80_000;

export class Signals {
  /** Settles with the first reason to end. */
  readonly ending: Promise<Ending>;
  #settle: (ending: Ending) => void = () => undefined;
  #reopen: (() => void)[] = [];
  #ended = false;
  #reread: (() => void) | null = null;
  /** A log is written: what is to be flushed at the end is worth waiting for. */
  logs = false;
  /**
   * A daemon that is told to stop has done what it was told: status 0. Ctrl-C is no such order: the script around one
   * that stays attached is to end too, and a shell ends it only when what it waits for was interrupted.
   */
  daemon = false;
  /** How we were told to end from outside, or null: we were not. */
  interruption: Ending | null = null;

  constructor() {
    this.ending = new Promise((resolve) => {
      this.#settle = resolve;
    });
    process.on('SIGUSR1', () => {
      for (const handler of this.#reopen) handler();
    });
    process.on('SIGUSR2', () => this.end({ status: 0 }));
    for (const signal of INTERRUPTIONS) {
      process.on(signal, () => this.#onInterruption(signal));
    }
  }

  #onInterruption(signal: (typeof INTERRUPTIONS)[number]): void {
    if (signal === 'SIGHUP' && this.#reread !== null && !this.#ended) {
      this.#reread();
      return;
    }
    this.interruption ??= this.daemon && signal !== 'SIGINT' ? { status: 0 } : { signal };
    this.end(this.interruption);
  }

  /** SIGHUP does not end the program from now on, but calls `handler`. */
  onHangUp(handler: () => void): void {
    this.#reread = handler;
  }

  onReopen(handler: () => void): void {
    this.#reopen.push(handler);
  }

  /**
   * Ends the program. Later calls change nothing: timeout(1) sends its signal twice, to us and to our group. Signals
   * stay handled while the end is prepared; a timer sees to it that it comes.
   */
  end(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    setTimeout(() => finish(ending), this.logs ? LOG_PATIENCE_MS : PATIENCE_MS).unref();
    this.#settle(ending);
  }
}

/** Ends this process now. A signal is raised with its default action, so that the caller sees what interrupted us. */
export function finish(ending: Ending): never {
  if ('signal' in ending) {
    process.removeAllListeners(ending.signal);
    process.kill(process.pid, ending.signal);
    // The signal is delivered before the system call returns; should it be blocked, 128 + n is the shells' notation.
    process.exit(128 + SIGNAL_NUMBERS[ending.signal as (typeof INTERRUPTIONS)[number]]);
  }
  process.exit(ending.status);
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
