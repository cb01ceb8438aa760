/**
 * The front's signals. The first of INT, TERM, HUP, USR2 or an ending of our own decides how the program ends; USR1
 * reopens logs. Installed before anything else: without a handler, USR1 would open Node's debugger.
 */

/** How the program ends: by an exit status, or by the signal that interrupted it. */
export type Ending = { status: number } | { signal: NodeJS.Signals };

const INTERRUPTIONS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Milliseconds that ending may take (flushing logs to a slow disk) before the program ends at once. */
const PATIENCE_MS = 5000;

export class Signals {
  /** Settles with the first reason to end. */
  readonly ending: Promise<Ending>;
  #settle: (ending: Ending) => void = () => undefined;
  #reopen: (() => void)[] = [];
  #ended = false;
  /** A daemon that is told to stop has done what it was told: status 0. */
  daemon = false;

  constructor() {
    this.ending = new Promise((resolve) => {
      this.#settle = resolve;
    });
    process.on('SIGUSR1', () => {
      for (const handler of this.#reopen) handler();
    });
    process.on('SIGUSR2', () => this.end({ status: 0 }));
    for (const signal of INTERRUPTIONS) {
      process.on(signal, () => this.end(this.daemon ? { status: 0 } : { signal }));
    }
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
    setTimeout(() => finish(ending), PATIENCE_MS).unref();
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
