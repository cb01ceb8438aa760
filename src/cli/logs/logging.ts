/**
 * The logs of one run: the files and the syslog facility that it writes to, and which record goes into which. A record of
 * a monitor goes to that monitor's file, one of the program itself to all of them; syslog has each once.
 */
import type { EngineClient } from '../../engine/engine-client.ts';
import type { EngineFact, UserIds } from '../../engine/messages.ts';
import type { MonitorName } from '../../engine/monitor.ts';
import { EngineLog } from '../../logs/engine-log.ts';
import { type LogFigures, LogWriter } from '../../logs/log-writer.ts';
import { monitorLog } from '../../logs/monitor-logs.ts';
import { factRecord, failure, logReopened } from '../../logs/program-records.ts';
import type { LogRecord } from '../../logs/record.ts';
import type { Settings } from '../../store/settings-table.ts';
import type { OptionValues } from '../option-values.ts';
import { type Watched, watchedName } from '../plan.ts';
import { after } from '../timer.ts';
import { PROGRAM } from '../version.ts';
import { type LogPlan, monitorsOf } from './log-plan.ts';

/** Lines that may wait for a slow disk before blocks and events wait for it too: far below what a writer would lose. */
const MOST_WAITING = 10_000;
const ROOM_PAUSE_MS = 20;
/** A disk that takes nothing for so long holds up nobody: lines beyond the backlog are lost and counted. */
const ROOM_PATIENCE_MS = 30_000;

/** --log-keep where it is not given. */
const DEFAULT_KEPT = 7;

export interface LogsParts {
  plan: LogPlan;
  values: OptionValues;
  /** Whom the program becomes: the files are given to it. */
  owner: UserIds | null;
  /** For the operator, one line. */
  warn(line: string): void;
}

export class Logs {
  readonly #files = new Map<string, LogWriter>();
  readonly #ofMonitor = new Map<MonitorName, LogWriter>();
  /** Where it is not beside the one file. */
  readonly #syslog: LogWriter | null = null;
  readonly #warn: (line: string) => void;
  readonly #facility: string | null;
  /** Those that took nothing while they were waited for, with what they had written until then. */
  readonly #stuck = new Map<LogWriter, number>();
  /** What is known of interfaces: engines that watch one and the same each tell of it. */
  readonly #interfaces = new Map<string, string>();

  /** Opens everything; throws an OperatorError (E_OUTPUT), and then nothing is open. */
  constructor({ plan, values, owner, warn }: LogsParts) {
    this.#warn = warn;
    this.#facility = plan.facility;
    const shared = { format: values.logFormat ?? 'text', tag: PROGRAM, warn, owner } as const;
    const rotation = rotationOf(values);
    const single = new Set(plan.files.values()).size === 1;
    try {
      if (!single && plan.facility !== null) {
        this.#syslog = new LogWriter({
          ...shared,
          path: null,
          facility: plan.facility,
          rotation: null,
          // What syslog misses is told in the files.
          onLost: (record) => this.#toFiles(record),
        });
      }
      const facility = single ? plan.facility : null;
      const onLost = (record: LogRecord): void => this.#syslog?.write(record);
      for (const [monitor, path] of plan.files) {
        const known = this.#files.get(path);
        const writer = known ?? new LogWriter({ ...shared, path, facility, rotation, onLost });
        this.#files.set(path, writer);
        this.#ofMonitor.set(monitor, writer);
      }
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  get paths(): string[] {
    return [...this.#files.keys()];
  }

  get facility(): string | null {
    return this.#facility;
  }

  get figures(): LogFigures {
    const sum = { written: 0, lost: 0, waiting: 0 };
    for (const writer of this.#writers()) {
      const { figures } = writer;
      // What goes to files and to syslog is written once, but may be lost here or there.
      if (writer !== this.#syslog || this.#files.size === 0) sum.written += figures.written;
      sum.lost += figures.lost;
      sum.waiting += figures.waiting;
    }
    return sum;
  }

  /** Whether two monitors write into one file. */
  share(one: MonitorName, other: MonitorName): boolean {
    return this.#ofMonitor.get(one) === this.#ofMonitor.get(other);
  }

  write(record: LogRecord): void {
    const files = record.monitor === null ? this.#files.values() : [this.#ofMonitor.get(record.monitor)];
    for (const file of files) file?.write(record);
    this.#syslog?.write(record);
  }

  /** What an engine tells. */
  fact(fact: EngineFact): void {
    if (this.#isNews(fact)) this.write(factRecord(fact, Date.now() / 1000));
  }

  #isNews(fact: EngineFact): boolean {
    if (fact.type !== 'interface-down' && fact.type !== 'interface-up') return true;
    const state = fact.type === 'interface-down' ? fact.reason : 'up';
    const before = this.#interfaces.get(fact.interface) ?? null;
    this.#interfaces.set(fact.interface, state);
    return before !== state;
  }

  /**
   * Settles when there is room for many more lines. A disk that is past hope is waited for once, not at each piece of the
   * last records: the time in which a program has to end would be over before the other logs have theirs.
   */
  async room(): Promise<void> {
    const patience = performance.now() + ROOM_PATIENCE_MS;
    while (this.#full().length > 0 && performance.now() < patience) {
      await new Promise((resolve) => setTimeout(resolve, ROOM_PAUSE_MS));
    }
    for (const writer of this.#full()) this.#stuck.set(writer, writer.figures.written);
  }

  /** Those that are to be waited for. */
  #full(): LogWriter[] {
    return this.#writers().filter((writer) => {
      const { waiting, written } = writer.figures;
      return waiting > MOST_WAITING && this.#stuck.get(writer) !== written;
    });
  }

  /** SIGUSR1: what is written from now on goes to new files of the same names. */
  reopen(): void {
    for (const file of this.#files.values()) {
      try {
        file.reopen();
        file.write(logReopened(Date.now() / 1000));
      } catch (error) {
        // The old file goes on.
        this.#warn((error as Error).message);
        file.write(failure(Date.now() / 1000, (error as Error).message));
      }
    }
  }

  /** Everything flushed and closed. */
  async close(): Promise<void> {
    await Promise.all(this.#writers().map((writer) => writer.close()));
  }

  #toFiles(record: LogRecord): void {
    for (const file of this.#files.values()) file.write(record);
  }

  #writers(): LogWriter[] {
    return [...this.#files.values(), ...(this.#syslog === null ? [] : [this.#syslog])];
  }
}

function rotationOf({
  logMaxBytes,
  logMaxAgeSeconds,
  logKeep,
}: OptionValues): ConstructorParameters<typeof LogWriter>[0]['rotation'] {
  if (logMaxBytes === null && logMaxAgeSeconds === null) return null;
  return { maxBytes: logMaxBytes, maxAgeSeconds: logMaxAgeSeconds, keep: logKeep ?? DEFAULT_KEPT };
}

/** The log of an engine that watches `what`; its counters begin now. */
export function engineLog(
  engine: EngineClient,
  what: Watched,
  logs: Logs,
  values: OptionValues,
  settings: () => Settings,
): EngineLog {
  const name = watchedName(what);
  const monitors = monitorsOf(what);
  const options = {
    interface: name,
    flowsSeconds: values.logFlowsSeconds,
    descriptions: () => settings().stationDescriptions,
  };
  return new EngineLog({
    engine,
    monitors: monitors.map((monitor) => monitorLog(monitor, options)),
    interface: name,
    live: 'interfaces' in what,
    saysHour: (monitor) => monitors.find((other) => logs.share(other, monitor)) === monitor,
    write: (record) => logs.write(record),
    room: () => logs.room(),
  });
}

/** Says when blocks are due: after every interval, and at every full hour of the local clock. */
export class LogClock {
  readonly #block: (kind: 'interval' | 'hour') => void;
  #cancelInterval: () => void = () => undefined;
  #cancelHour: () => void = () => undefined;

  constructor(block: (kind: 'interval' | 'hour') => void) {
    this.#block = block;
  }

  /** Begins, or goes on with another interval, which then begins now. */
  start(intervalMinutes: number): void {
    this.stop();
    this.#armInterval(intervalMinutes * 60);
    this.#armHour();
  }

  stop(): void {
    this.#cancelInterval();
    this.#cancelHour();
  }

  #armInterval(seconds: number): void {
    this.#cancelInterval = after(seconds, () => {
      this.#armInterval(seconds);
      this.#block('interval');
    });
  }

  #armHour(): void {
    const left = secondsToHourSum(new Date());
    // The clock may be set meanwhile: it is looked at again, but not so near to the hour that this one could be missed.
    const look = Math.min(left - 2 * SAME_HOUR_SECONDS, HOUR_LOOK_SECONDS);
    if (look > 0) {
      this.#cancelHour = after(look, () => this.#armHour());
      return;
    }
    this.#cancelHour = after(left, () => {
      this.#armHour();
      this.#block('hour');
    });
  }
}

/** A timer that is a little early must not be followed by another at the hour itself. */
const SAME_HOUR_SECONDS = 60;
/** How long the wall clock is believed. */
const HOUR_LOOK_SECONDS = 600;

/** To the next full hour of the local clock, whose zone may be half an hour off. */
export function secondsToHourSum(now: Date): number {
  const left = 3600 - now.getMinutes() * 60 - now.getSeconds() - now.getMilliseconds() / 1000;
  return left < SAME_HOUR_SECONDS ? left + 3600 : left;
}
