/**
 * --on-alert: runs the operator's command when an alert begins and when it ends, by /bin/sh -c exactly as it was written.
 * What the network had a say in (subjects) reaches it by environment alone, never as a part of a command line:
 *
 *   IPTRAF_TS_ALERT          the rule, as the operator wrote it
 *   IPTRAF_TS_ALERT_STATE    started or ended           IPTRAF_TS_ALERT_MEASURE  host, interface, packets, …
 *   IPTRAF_TS_ALERT_SUBJECT  address, interface or all  IPTRAF_TS_ALERT_UNIT     bytesPerSecond, share, packets, …
 *   IPTRAF_TS_ALERT_VALUE    measured now; at most, where it ended              IPTRAF_TS_ALERT_LIMIT
 *   IPTRAF_TS_ALERT_SINCE    when it began              IPTRAF_TS_ALERT_TIME     when this happened (ISO 8601)
 *
 * It runs with the rights that this process has by then, in a process group of its own. Its output goes nowhere, but for
 * the last line of standard error, which explains its failure. Nothing waits for it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { AlertChange, AlertFact } from '../../alerts/alert.ts';
import { sanitizeText } from '../../names/sanitize.ts';
import { isoTime } from '../../output/time.ts';

const SHELL = '/bin/sh';
/** Commands that run at a time, and that wait for their turn: what comes then is not run. */
const MOST_RUNNING = 4;
const MOST_WAITING = 256;
/** Milliseconds that one may run; then its process group is terminated, and killed after the grace. */
const TIMEOUT_MS = 60_000;
const GRACE_MS = 5000;
/** Milliseconds after the end of a command in which its last words arrive. */
const LAST_WORDS_MS = 200;
/** Characters of standard error that are kept. */
const KEPT_STDERR = 2000;
/** What systemd gave to this process alone: a command must not speak in its name. */
const NOT_INHERITED = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES'];

export interface AlertCommandLimits {
  timeoutMs?: number;
  graceMs?: number;
}

export class AlertCommand {
  readonly #commandLine: string;
  readonly #warn: (line: string) => void;
  readonly #timeoutMs: number;
  readonly #graceMs: number;
  readonly #waiting: AlertChange[] = [];
  readonly #running = new Set<ChildProcess>();
  /** The last one failed, and that was told. */
  #fails = false;
  /** Not run since that was told. */
  #skipped = 0;
  #isClosed = false;
  #onIdle: () => void = () => undefined;

  /** `warn`: one line for the operator, when commands begin to fail or to be left out. */
  constructor(commandLine: string, warn: (line: string) => void, limits: AlertCommandLimits = {}) {
    this.#commandLine = commandLine;
    this.#warn = warn;
    this.#timeoutMs = limits.timeoutMs ?? TIMEOUT_MS;
    this.#graceMs = limits.graceMs ?? GRACE_MS;
  }

  /** Never waits, never throws. Notices run nothing. */
  run(fact: AlertFact): void {
    if (fact.state === 'notice' || this.#isClosed) return;
    if (this.#waiting.length >= MOST_WAITING) {
      if (this.#skipped++ === 0) this.#warn(`${this.#name()}: too many alerts at once, it is not run for some of them`);
      return;
    }
    this.#waiting.push(fact);
    this.#next();
  }

  /** Waits for what runs and waits, at most the grace; what is not run by then is told, what runs is left alone. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#running.size > 0) {
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, this.#graceMs);
      });
      const idle = new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
      await Promise.race([patience, idle]);
      clearTimeout(timer);
    }
    this.#isClosed = true;
    const skipped = this.#waiting.splice(0).length + this.#skipped;
    if (skipped > 0) this.#warn(`${this.#name()}: not run for ${skipped} alerts`);
    for (const child of this.#running) child.unref();
  }

  #next(): void {
    while (this.#running.size < MOST_RUNNING && !this.#isClosed) {
      const fact = this.#waiting.shift();
      if (fact === undefined) break;
      this.#start(fact);
    }
    if (this.#running.size === 0) this.#onIdle();
  }

  #start(fact: AlertChange): void {
    let child: ChildProcess;
    try {
      child = spawn(SHELL, ['-c', this.#commandLine], {
        env: environment(fact),
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
      });
    } catch (error) {
      // Where memory or room for the environment is short, Node throws at once.
      this.#couldNot((error as Error).message);
      return;
    }
    this.#watch(child);
  }

  #watch(child: ChildProcess): void {
    this.#running.add(child);
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString('utf8')).slice(-KEPT_STDERR);
    });
    // What it left running in the background must not keep us.
    (child.stderr as unknown as { unref(): void } | null)?.unref();
    let isLate = false;
    const kill = (signal: NodeJS.Signals): void => {
      isLate = true;
      killGroup(child, signal);
    };
    const timers = [
      setTimeout(() => kill('SIGTERM'), this.#timeoutMs).unref(),
      setTimeout(() => kill('SIGKILL'), this.#timeoutMs + this.#graceMs).unref(),
    ];
    let isOver = false;
    const over = (failure: string | null): void => {
      if (isOver) return;
      isOver = true;
      for (const timer of timers) clearTimeout(timer);
      this.#running.delete(child);
      child.stderr?.destroy();
      this.#ended(failure);
    };
    child.once('error', (error) => over(error.message));
    child.once('exit', (status, signal) => {
      const end = (): void => over(failureOf(status, signal, isLate ? this.#timeoutMs : null, stderr));
      // The last words may still be on their way; what it left running may keep their channel open for ever.
      child.once('close', end);
      setTimeout(end, LAST_WORDS_MS);
    });
  }

  #couldNot(failure: string): void {
    if (!this.#fails) this.#warn(`${this.#name()} failed: ${failure}`);
    this.#fails = true;
  }

  #ended(failure: string | null): void {
    if (failure !== null) this.#couldNot(failure);
    else this.#fails = false;
    if (this.#waiting.length === 0) this.#skipped = 0;
    this.#next();
  }

  #name(): string {
    return `alert command ${sanitizeText(this.#commandLine)}`;
  }
}

/** Ours, with the facts. */
function environment(fact: AlertChange): NodeJS.ProcessEnv {
  const ours = { ...process.env };
  for (const name of NOT_INHERITED) delete ours[name];
  const { alert, state, measure, subject, value, limit, unit, since, time } = fact;
  return {
    ...ours,
    IPTRAF_TS_ALERT: alert,
    IPTRAF_TS_ALERT_STATE: state,
    IPTRAF_TS_ALERT_MEASURE: measure,
    IPTRAF_TS_ALERT_SUBJECT: sanitizeText(subject),
    IPTRAF_TS_ALERT_VALUE: String(value),
    IPTRAF_TS_ALERT_LIMIT: String(limit),
    IPTRAF_TS_ALERT_UNIT: unit,
    IPTRAF_TS_ALERT_SINCE: isoTime(since) ?? '',
    IPTRAF_TS_ALERT_TIME: isoTime(time) ?? '',
  };
}

/** The group is gone where the command ended meanwhile. */
function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing is left of it.
  }
}

/** Why it failed, on one line; null: it did not. */
function failureOf(
  status: number | null,
  signal: NodeJS.Signals | null,
  lateAfterMs: number | null,
  stderr: string,
): string | null {
  if (status === 0) return null;
  let how = signal === null ? `exit status ${status}` : `ended by ${signal}`;
  if (lateAfterMs !== null) how = `it ran for longer than ${lateAfterMs / 1000} s`;
  const words = sanitizeText(stderr.trim().split('\n').at(-1) ?? '');
  return words === '' ? how : `${how}: ${words}`;
}
