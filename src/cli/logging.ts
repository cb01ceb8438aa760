/**
 * Logging of one run: pulls facts and snapshots from the engine, gives them to the monitor's log, writes the records.
 * Timers: connections twice a second, interval records each -I minutes, the hourly sum at the full hour.
 */

import { IpTrafficLog, type LogRecord, logLine } from '../../screens/ip-traffic/log.ts';
import type { ConnectionFacts, IpTrafficRow } from '../../screens/ip-traffic/types.ts';
import { describeOperatorError, OperatorError } from '../base/errors.ts';
import type { CaptureFact } from '../capture/capture-source.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import type { Snapshot } from '../engine/messages.ts';
import type { Query } from '../engine/monitor.ts';
import { LogWriter } from '../output/log.ts';
import { after } from './timer.ts';
import { PROGRAM } from './version.ts';

const MONITOR = 'ip-traffic';
/** How often connection facts are fetched. */
const FACTS_EVERY_MS = 500;
/** Rows fetched at a time for the records of active conversations. */
const PAGE_ROWS = 1000;

export interface LoggingOptions {
  engine: EngineClient;
  path: string | null;
  facility: string | null;
  intervalMinutes: number;
  /** Name of the interface, "all", or of the file that is read. */
  interface: string;
  /** false: a file is read, its time is not ours; then there are no interval and hourly records. */
  live: boolean;
  warn: (line: string) => void;
}

export class TrafficLogging {
  readonly #options: LoggingOptions;
  readonly #writer: LogWriter;
  readonly #log: IpTrafficLog;
  #trouble: string | null = null;
  #factsTimer: NodeJS.Timeout | undefined;
  #cancelInterval: () => void = () => undefined;
  #cancelHour: () => void = () => undefined;
  /** Steps run one after the other: an interval record never stands before the facts of its interval. */
  #turn: Promise<void> = Promise.resolve();

  /** Opens the log; throws an OperatorError. Call before the engine starts: errors are told before packets count. */
  constructor(options: LoggingOptions) {
    this.#options = options;
    this.#writer = new LogWriter({
      path: options.path,
      facility: options.facility,
      tag: PROGRAM,
      warn: options.warn,
    });
    this.#log = new IpTrafficLog(options.interface, options.live ? Date.now() / 1000 : 0);
  }

  /** Call when the engine has started. */
  async start(): Promise<void> {
    this.#write(this.#log.started(Date.now() / 1000));
    this.#options.engine.onFact((fact) => this.#onFact(fact));
    await this.#step(() => this.#connections());
    this.#factsTimer = setInterval(() => this.#step(() => this.#connections()), FACTS_EVERY_MS);
    if (!this.#options.live) return;
    this.#armInterval();
    this.#armHour();
  }

  /** SIGUSR1. */
  reopen(): void {
    try {
      this.#writer.reopen();
      this.#write({ time: Date.now() / 1000, event: 'reopened', fields: ['log file reopened'] });
    } catch (error) {
      this.#options.warn((error as Error).message);
    }
  }

  /** What the engine said last, the totals, and everything flushed. `lost`: the engine is gone and cannot be asked. */
  async stop(lost: string | null = null): Promise<void> {
    clearInterval(this.#factsTimer);
    this.#cancelInterval();
    this.#cancelHour();
    if (lost === null) await this.#step(() => this.#connections());
    await this.#step(() => (lost === null ? this.#lastRecords() : this.#engineLost(lost)));
    await this.#writer.close();
  }

  /** Closes the log of a capture that did not start. */
  abandon(): Promise<void> {
    return this.#writer.close();
  }

  async #lastRecords(): Promise<void> {
    const head = await this.#activeRows();
    if (this.#options.live) this.#write(this.#log.hour(head));
    this.#write(this.#log.stopped(head));
  }

  async #engineLost(reason: string): Promise<void> {
    this.#write({ time: Date.now() / 1000, event: 'error', fields: [`error: capture engine lost: ${reason}`] });
  }

  #step(action: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(action).catch((error: Error) => this.#onTrouble(error));
    return this.#turn;
  }

  /** The same trouble twice a second would fill the log: it is written when it changes. */
  #onTrouble(error: Error): void {
    if (error.message === this.#trouble) return;
    this.#trouble = error.message;
    const text = error instanceof OperatorError ? describeOperatorError(error.fields) : error.message;
    this.#write({ time: Date.now() / 1000, event: 'error', fields: [`error: ${text}`] });
  }

  async #connections(): Promise<void> {
    const facts = (await this.#options.engine.command(MONITOR, 'facts', {})) as ConnectionFacts;
    for (const record of this.#log.connections(facts)) this.#write(record);
  }

  async #interval(): Promise<void> {
    const head = await this.#activeRows();
    this.#write(this.#log.interval(head));
  }

  /** Records of what was active since the last interval, newest first; returns the last snapshot asked for. */
  async #activeRows(): Promise<Snapshot> {
    const since = this.#log.intervalBegan;
    for (let offset = 0; ; offset += PAGE_ROWS) {
      const snapshot = await this.#options.engine.page(MONITOR, activeQuery(offset));
      const rows = snapshot.rows as IpTrafficRow[];
      for (const row of rows) {
        const record = row.lastSeen < since ? null : this.#log.active(row, snapshot.time);
        if (record !== null) this.#write(record);
      }
      const done = rows.length < PAGE_ROWS || rows[rows.length - 1].lastSeen < since;
      if (done) return snapshot;
    }
  }

  #armInterval(): void {
    this.#cancelInterval = after(this.#options.intervalMinutes * 60, () => {
      this.#step(() => this.#connections());
      this.#step(() => this.#interval());
      this.#armInterval();
    });
  }

  #armHour(): void {
    this.#cancelHour = after(secondsToFullHour(new Date()), () => {
      this.#step(() => this.#hour());
      this.#armHour();
    });
  }

  async #hour(): Promise<void> {
    const head = await this.#options.engine.page(MONITOR, { ...activeQuery(0), limit: 1 });
    this.#write(this.#log.hour(head));
  }

  #onFact(fact: CaptureFact): void {
    this.#write(this.#log.fact(fact, Date.now() / 1000));
  }

  #write(record: LogRecord): void {
    const lost = this.#writer.takeLost();
    if (lost > 0) {
      const time = Date.now() / 1000;
      this.#put({ time, event: 'lost', fields: [`error: ${lost} lines of this log could not be written`] });
    }
    this.#put(record);
  }

  #put(record: LogRecord): void {
    const severity = record.event === 'error' || record.event === 'lost' ? 'error' : 'info';
    this.#writer.write(severity, logLine(record), record.fields.join('; '), record.time);
  }
}

/** To the next full hour of the local clock, whose zone may be half an hour off. */
function secondsToFullHour(now: Date): number {
  return 3600 - now.getMinutes() * 60 - now.getSeconds() - now.getMilliseconds() / 1000;
}

function activeQuery(offset: number): Query {
  return {
    sort: 'last-seen',
    descending: true,
    offset,
    limit: PAGE_ROWS,
    follow: null,
    options: { panel: 'all', search: null },
  };
}
