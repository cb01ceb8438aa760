/**
 * The service manager that started us (sd_notify(3), sd_watchdog_enabled(3)): is told that we are ready, how we are, that
 * we reread settings, that we end, and that we are alive. Where none listens, or it listens to another process of its
 * service, every call does nothing.
 */
import { notifyServiceManager } from '../../native/notify.ts';
import { startedBySystemd } from '../lifecycle.ts';

type Environment = Record<string, string | undefined>;

/** Pings come this many times in the interval after which the service manager takes us for dead. */
const PINGS_PER_INTERVAL = 3;

export class ServiceManager {
  /** null: nobody listens. */
  readonly #socket: string | null;
  /** null: no watchdog waits for us. */
  readonly #watchdogMs: number | null;
  #timer: NodeJS.Timeout | undefined;
  #ending = false;
  /** The last answer is still awaited: an engine that hangs is not asked a hundred times. */
  #asking = false;

  constructor(socket: string | null, watchdogMs: number | null) {
    this.#socket = socket;
    this.#watchdogMs = watchdogMs;
  }

  /**
   * Takes the variables out of the environment: what we start (alert commands) must not speak in our name. Call after
   * staysAttached has decided: it reads one of them.
   */
  static fromEnvironment(environment: Environment = process.env, pid = process.pid): ServiceManager {
    const { NOTIFY_SOCKET: socket = '', WATCHDOG_USEC: microseconds, WATCHDOG_PID: watched = '' } = environment;
    const ours = socket !== '' && startedBySystemd({ pid, environment });
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name];
    const interval = Number(microseconds) / 1000;
    const guarded = ours && interval > 0 && (watched === '' || watched === String(pid));
    return new ServiceManager(ours ? socket : null, guarded ? interval : null);
  }

  /** Everything is open, packets are counted; also after reloading(). `text`: one line on what is watched. */
  ready(text: string): void {
    this.#tell(['READY=1', `STATUS=${oneLine(text)}`]);
  }

  /** One line for `systemctl status`. */
  status(text: string): void {
    this.#tell([`STATUS=${oneLine(text)}`]);
  }

  /** SIGHUP has come; ready() must follow. */
  reloading(): void {
    // Node's clock is CLOCK_MONOTONIC, which systemd compares with its own.
    this.#tell(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`, 'STATUS=rereading settings']);
  }

  /** Engines end from here on, and writing the last records may take its time: pings need no answer of theirs. */
  stopping(text = 'writing the last records'): void {
    this.#ending = true;
    this.#tell(['STOPPING=1', `STATUS=${oneLine(text)}`]);
  }

  /**
   * Tells the service manager from now on, several times in its interval, that we are alive; as soon as `isAlive` does
   * not answer true in time, it hears nothing and starts the service anew. Does nothing where no watchdog waits.
   */
  startWatchdog(isAlive: () => Promise<boolean>): void {
    if (this.#watchdogMs === null) return;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.#ping(isAlive), this.#watchdogMs / PINGS_PER_INTERVAL);
    this.#timer.unref();
    void this.#ping(isAlive);
  }

  async #ping(isAlive: () => Promise<boolean>): Promise<void> {
    if (this.#ending) return this.#tell(['WATCHDOG=1']);
    if (this.#asking) return;
    this.#asking = true;
    const alive = await isAlive().catch(() => false);
    this.#asking = false;
    if (alive) this.#tell(['WATCHDOG=1']);
  }

  /** A service manager that is gone or busy is no reason to stop. */
  #tell(assignments: readonly string[]): void {
    if (this.#socket === null) return;
    try {
      notifyServiceManager(assignments.join('\n'), this.#socket);
    } catch {
      // It will find out from the process itself.
    }
  }
}

/** A line end would begin another assignment. */
function oneLine(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]+/g, ' ');
}
