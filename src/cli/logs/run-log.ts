/**
 * What one run writes to its logs: that it started and stopped, what its engines count and tell, the blocks when they are
 * due. Engines come and go (one that was lost is started again); the files stay.
 */
import type { EngineClient } from '../../engine/engine-client.ts';
import type { EngineFact } from '../../engine/messages.ts';
import type { EngineLog } from '../../logs/engine-log.ts';
import type { LogFigures } from '../../logs/log-writer.ts';
import { failure, notice, programStarted, programStopped } from '../../logs/program-records.ts';
import type { LiveSettings } from '../../store/live-settings.ts';
import type { OptionValues } from '../option-values.ts';
import { type Watched, watchedName } from '../plan.ts';
import { PROGRAM, VERSION } from '../version.ts';
import { monitorsOf } from './log-plan.ts';
import { engineLog, LogClock, type Logs } from './logging.ts';

export interface RunLogParts {
  logs: Logs;
  values: OptionValues;
  settings: LiveSettings;
  /** Everything that is watched. */
  watched: readonly Watched[];
  /** Name of the stored filter that applies. */
  filter: string | null;
}

export class RunLog {
  readonly #parts: RunLogParts;
  readonly #engines = new Set<EngineLog>();
  readonly #clock = new LogClock((kind) => {
    for (const log of this.#engines) void log.block(kind);
  });
  readonly #undo: () => void;
  /** What happened before the first record; null: it is written. */
  #early: EngineFact[] | null = [];
  #began = 0;
  #intervalMinutes = 0;
  #restarts = 0;

  constructor(parts: RunLogParts) {
    this.#parts = parts;
    this.#undo = parts.settings.onChange(() => this.#onSettings());
  }

  get figures(): LogFigures {
    return this.#parts.logs.figures;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Call before the engine starts: what it tells while it starts is heard. */
  attach(engine: EngineClient, what: Watched): EngineLog {
    const { logs, values, settings } = this.#parts;
    engine.onFact((fact) => this.fact(fact));
    return engineLog(engine, what, logs, values, () => settings.current);
  }

  /** What an engine tells. */
  fact(fact: EngineFact): void {
    if (this.#early === null) this.#parts.logs.fact(fact);
    else this.#early.push(fact);
  }

  /** The engines run: the first records, and from now on all others. */
  async start(engineLogs: readonly EngineLog[]): Promise<void> {
    const { logs, values, watched, filter } = this.#parts;
    this.#began = performance.now();
    const monitors = watched.flatMap((what) => {
      return monitorsOf(what).map((monitor) => ({ monitor, interface: watchedName(what) }));
    });
    const facts = { program: PROGRAM, version: VERSION, pid: process.pid, monitors, filter };
    logs.write(programStarted(now(), { ...facts, expression: values.expression }));
    for (const fact of this.#early ?? []) logs.fact(fact);
    this.#early = null;
    // An engine that was lost meanwhile and is there again has begun its log.
    for (const log of engineLogs) if (!this.#engines.has(log)) await this.#begin(log);
    if (watched.some((what) => 'interfaces' in what)) this.#startClock();
  }

  /** An engine is there in place of one that was lost. */
  async restarted(log: EngineLog, what: Watched): Promise<void> {
    this.#restarts++;
    this.notice(`the capture engine of ${watchedName(what)} was started again: its counters begin anew`);
    await this.#begin(log);
  }

  /** An engine is gone: nothing more can be asked of it. */
  async lost(log: EngineLog, what: Watched, reason: string): Promise<void> {
    this.#engines.delete(log);
    const written = log.abandon();
    this.failure(`capture engine of ${watchedName(what)} lost: ${reason}`);
    await written;
  }

  /** An engine has no more to count, but still answers: its last records. */
  async finish(log: EngineLog): Promise<void> {
    this.#engines.delete(log);
    await log.end();
  }

  notice(text: string): void {
    this.#parts.logs.write(notice(now(), text));
  }

  failure(text: string): void {
    this.#parts.logs.write(failure(now(), text));
  }

  /** The run ends before it was ready. Where no engine ran, the caller alone hears why: a log is of what was counted. */
  refused(text: string): void {
    if (this.#early === null) this.failure(text);
  }

  reopen(): void {
    this.#parts.logs.reopen();
  }

  /** The last events, blocks and totals of all engines, which must still be there. */
  async end(): Promise<void> {
    this.#clock.stop();
    this.#undo();
    await Promise.all([...this.#engines].map((log) => log.end()));
    this.#engines.clear();
  }

  /** The last record; everything flushed. What engines say while they end goes in between. */
  async close(): Promise<void> {
    this.#clock.stop();
    this.#undo();
    const { logs } = this.#parts;
    if (this.#early === null) {
      const runningSeconds = (performance.now() - this.#began) / 1000;
      logs.write(programStopped(now(), { program: PROGRAM, runningSeconds, engineRestarts: this.#restarts }));
    }
    await logs.close();
  }

  async #begin(log: EngineLog): Promise<void> {
    await log.begin();
    this.#engines.add(log);
  }

  #startClock(): void {
    this.#intervalMinutes = this.#interval();
    this.#clock.start(this.#intervalMinutes);
  }

  #interval(): number {
    return this.#parts.values.logIntervalMinutes ?? this.#parts.settings.current.logIntervalMinutes;
  }

  /** -I wins over the setting. */
  #onSettings(): void {
    if (this.#intervalMinutes > 0 && this.#interval() !== this.#intervalMinutes) this.#startClock();
  }
}

function now(): number {
  return Date.now() / 1000;
}
