/**
 * Log lines to syslog. A daemon that restarts is away for a moment: lines wait for it in a bounded queue; what has no
 * room there is lost, counted, and told when the daemon listens again.
 */
import type { Outage, OutageListener } from './outage.ts';
import type { SyslogLine, SyslogSocket } from './syslog.ts';

/** Lines that may wait for the daemon. */
const MOST_WAITING = 5000;
const ABSENT_RETRY_MS = 100;
/** A daemon reads the handful of datagrams that a socket holds within a moment. */
const BUSY_RETRY_MS = 2;
/** At the end, what waits is tried for so long. */
const CLOSE_MS = 1000;

export class SyslogTarget {
  readonly #socket: SyslogSocket;
  readonly #listener: OutageListener;
  #waiting: SyslogLine[] = [];
  #retryTimer: NodeJS.Timeout | null = null;
  #outage: Outage | null = null;
  /** The queue was full: nothing is taken until it is empty, so that losses come in few, long pieces. */
  #overflowing = false;
  #written = 0;
  #lost = 0;
  #onDrained: (() => void) | null = null;

  constructor(socket: SyslogSocket, listener: OutageListener) {
    this.#socket = socket;
    this.#listener = listener;
  }

  get figures(): { written: number; lost: number; waiting: number } {
    return { written: this.#written, lost: this.#lost, waiting: this.#waiting.length };
  }

  put(line: SyslogLine): void {
    if (this.#overflowing || this.#waiting.length >= MOST_WAITING) {
      this.#overflowing = true;
      this.#lose(1, 'its daemon is too slow');
      return;
    }
    this.#waiting.push(line);
    if (this.#retryTimer === null) this.#pump();
  }

  /** Sends what waits, as long as that makes sense, and closes. */
  async close(): Promise<void> {
    this.#pump();
    if (this.#waiting.length > 0) await this.#drained();
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    if (this.#waiting.length > 0) this.#lose(this.#waiting.length, 'its daemon is too slow');
    if (this.#outage !== null) this.#listener.abandoned(this.#outage);
    this.#socket.close();
  }

  #pump(): void {
    let sent = 0;
    for (const line of this.#waiting) {
      const refusal = this.#socket.send(line);
      if (refusal !== null) {
        this.#waiting = this.#waiting.slice(sent);
        this.#retryIn(refusal.busy ? BUSY_RETRY_MS : ABSENT_RETRY_MS);
        if (!refusal.busy) this.#begin(refusal.cause);
        return;
      }
      sent++;
      this.#written++;
    }
    this.#waiting = [];
    if (this.#outage !== null) this.#recover(this.#outage);
    else this.#onDrained?.();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, CLOSE_MS);
      this.#onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #recover(outage: Outage): void {
    this.#outage = null;
    this.#overflowing = false;
    this.#listener.working(outage);
  }

  #retryIn(milliseconds: number): void {
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null;
      this.#pump();
    }, milliseconds);
  }

  #begin(cause: string): Outage {
    if (this.#outage === null) {
      this.#outage = { since: Date.now() / 1000, cause, lines: 0 };
      this.#listener.failing(cause);
    }
    return this.#outage;
  }

  #lose(lines: number, cause: string): void {
    this.#begin(cause).lines += lines;
    this.#lost += lines;
  }
}
