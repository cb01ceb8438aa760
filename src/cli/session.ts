/**
 * Session: one program run's engine, log and savefile. The menu may start several captures one after the other; a
 * command line with a monitor starts one. Owns the engine's life: forked before anything else, used once, ended here.
 */
import { closeSync, openSync } from 'node:fs';
import { OperatorError, type OperatorErrorFields } from '../base/errors.ts';
import type { CaptureFact } from '../capture/capture-source.ts';
import type { WatchReceiver } from '../engine/engine-client.ts';
import { type EngineClient, forkEngine } from '../engine/engine-client.ts';
import type { EngineOptions } from '../engine/messages.ts';
import type { MonitorName, Query } from '../engine/monitor.ts';
import type { LiveSettings } from '../store/live-settings.ts';
import { logPath } from '../store/paths.ts';
import type { AppliedFilter } from './applied-filter.ts';
import { complain } from './fail.ts';
import type { TrafficLogging } from './logging.ts';
import type { OptionValues } from './option-values.ts';
import { engineOptions, type Watched, watchedName } from './plan.ts';

/** A savefile holds what was said on the network: for its owner and group. */
const SAVEFILE_MODE = 0o640;

export interface SessionParts {
  values: OptionValues;
  settings: LiveSettings;
  /** Applies to every capture from its first packet on. */
  filter: AppliedFilter;
  /** Forked already, or null. */
  engine: EngineClient | null;
  /** A screen will be opened: files too are read by an engine process, which restores the terminal if we vanish. */
  onScreen: boolean;
}

/** What is asked of every window, from the first packet on. */
export interface Watch {
  monitor: MonitorName;
  query: Query;
  receiver: WatchReceiver;
}

/** What hears of the engine before its first packet: a short file is over before start() has returned. */
export interface Listeners {
  watch?: Watch;
  onFact?: (fact: CaptureFact) => void;
  onEnd?: () => void;
}

async function listen(engine: EngineClient, { watch, onFact, onEnd }: Listeners): Promise<void> {
  if (onFact !== undefined) engine.onFact(onFact);
  if (onEnd !== undefined) engine.onEnd(onEnd);
  if (watch !== undefined) await engine.watch(watch.monitor, watch.query, watch.receiver);
}

export class Session {
  readonly #parts: SessionParts;
  /** For the operator, one line. A screen puts its own in place: standard error is the terminal it draws on. */
  warn: (line: string) => void = complain;
  /** As warn, for what is no trouble; heard on a screen only. */
  tell: (line: string) => void = () => undefined;
  /** The last that was said of a -w file that is not whole. */
  writeProblem: OperatorErrorFields | null = null;
  /** Forked, but not started. */
  #spare: EngineClient | null;
  #engine: EngineClient | null = null;
  #logging: TrafficLogging | null = null;
  #lost: string | null = null;
  #restoreSequence: string | null = null;
  /** The terminal as it was before the screen was opened. */
  #terminalSettings: Uint8Array | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#spare = parts.engine;
  }

  /** Opens log and savefile, starts the engine. Rejects with an OperatorError or EngineError; then nothing runs. */
  start(what: Watched, listeners: Listeners = {}): Promise<EngineClient> {
    return this.#inTurn(async () => {
      await this.#stopNow();
      return this.#startNow(what, listeners);
    });
  }

  /** Last log records, everything flushed, the engine ended. Idempotent. */
  stop(): Promise<void> {
    return this.#inTurn(() => this.#stopNow());
  }

  /** A log must be closed before the next capture opens it again. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #startNow(what: Watched, listeners: Listeners): Promise<EngineClient> {
    const engine = await this.#takeEngine(what);
    this.#engine = engine;
    this.#lost = null;
    engine.onLost((reason) => {
      this.#lost = reason;
    });
    this.#parts.filter.throughPcap = false;
    engine.onFact((fact) => {
      if (fact.type === 'write-failed') this.writeProblem = fact.error;
      if (fact.type === 'capture-fallback') this.#parts.filter.throughPcap = true;
    });
    try {
      this.#logging = await this.#openLog(what, engine);
      await listen(engine, listeners);
      await this.#startEngine(engine, what);
      await this.#logging?.start();
      return engine;
    } catch (error) {
      const logging = this.#logging as TrafficLogging | null;
      this.#logging = null;
      await logging?.abandon();
      await this.#stopNow();
      throw error;
    }
  }

  async #stopNow(): Promise<void> {
    const [logging, engine] = [this.#logging, this.#engine];
    this.#logging = null;
    this.#engine = null;
    await logging?.stop(this.#lost);
    await engine?.stop();
  }

  /** Ends everything, also the engine that was forked ahead and not used. */
  async close(): Promise<void> {
    await this.stop();
    await this.#spare?.stop();
    this.#spare = null;
  }

  /** Tells the engine, also one that is not used yet, how to restore the terminal should this process vanish. */
  async guardTerminal(restoreSequence: string): Promise<void> {
    this.#restoreSequence = restoreSequence;
    const engine = this.#engine ?? this.#spare;
    this.#terminalSettings = (await engine?.guardTerminal(restoreSequence, null)) ?? null;
  }

  /** SIGUSR1. */
  reopenLogs(): void {
    this.#logging?.reopen();
  }

  async #takeEngine(what: Watched): Promise<EngineClient> {
    if ('file' in what && !this.#parts.onScreen) return (await import('../engine/local-engine.ts')).createLocalEngine();
    if (this.#spare === null) return this.#forkGuarding();
    const engine = this.#spare;
    this.#spare = null;
    return engine;
  }

  async #forkGuarding(): Promise<EngineClient> {
    const engine = forkEngine();
    if (this.#restoreSequence !== null) await engine.guardTerminal(this.#restoreSequence, this.#terminalSettings);
    return engine;
  }

  async #startEngine(engine: EngineClient, what: Watched): Promise<void> {
    const { values, settings } = this.#parts;
    // Before a file is opened for writing: what is refused must not have emptied it.
    const { prepared: filter, warnings } = await this.#parts.filter.prepare(what);
    const file = values.writeFile === null ? null : openSavefile(values.writeFile);
    try {
      const writePath = file === null ? null : `/proc/${process.pid}/fd/${file}`;
      const options: EngineOptions = await engineOptions(what, values, settings.current, { filter, writePath });
      await engine.start(options);
      // What was made ready for the packet ring may be nothing that can be decided now.
      if (this.#parts.filter.throughPcap) await this.#parts.filter.prepare(what);
      for (const warning of warnings) this.warn(warning);
    } finally {
      if (file !== null) closeSync(file);
    }
  }

  async #openLog(what: Watched, engine: EngineClient): Promise<TrafficLogging | null> {
    const { values } = this.#parts;
    const target = logTarget(values);
    if (target === null) return this.#openUsualLog(what, engine);
    if (what.monitor !== 'ip-traffic') {
      this.warn('only the IP traffic monitor is logged in this version: nothing goes to the log now');
      return null;
    }
    return this.#makeLog(what, engine, target);
  }

  /** The log that the settings ask for: of live traffic on a screen. That it cannot be written stops no monitor. */
  async #openUsualLog(what: Watched, engine: EngineClient): Promise<TrafficLogging | null> {
    const { logging, logFile } = this.#parts.settings.current;
    if (!logging || !this.#parts.onScreen || what.monitor !== 'ip-traffic' || 'file' in what) return null;
    const path = logPath(logFile === '' ? ownLogName() : logFile);
    try {
      const log = await this.#makeLog(what, engine, { path, facility: null });
      this.tell(`logging to ${path}`);
      return log;
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      this.warn(`no log is written: ${error.message}`);
      return null;
    }
  }

  async #makeLog(what: Watched, engine: EngineClient, target: LogTarget): Promise<TrafficLogging> {
    const { values, settings } = this.#parts;
    const { TrafficLogging } = await import('./logging.ts');
    return new TrafficLogging({
      engine,
      ...target,
      intervalMinutes: values.logIntervalMinutes ?? settings.current.logIntervalMinutes,
      interface: watchedName(what),
      live: 'interfaces' in what,
      warn: (line) => this.warn(line),
    });
  }
}

export interface LogTarget {
  path: string | null;
  facility: string | null;
}

/** Named after the monitor and the process: several instances never write one file. */
function ownLogName(): string {
  return `ip-traffic-${process.pid}.log`;
}

/** Where the log goes, or null. -B without -L and -f logs to a file named after the monitor and the process. */
export function logTarget(values: OptionValues): LogTarget | null {
  const facility = values.facility === '' ? null : values.facility;
  const name = values.logFile ?? (values.background && facility === null ? ownLogName() : null);
  if (name === null && facility === null) return null;
  return { path: name === null ? null : logPath(name), facility };
}

function openSavefile(path: string): number {
  try {
    return openSync(path, 'w', SAVEFILE_MODE);
  } catch (error) {
    throw new OperatorError({
      code: 'E_OUTPUT',
      operation: 'write packets to',
      target: path,
      cause: (error as Error).message,
    });
  }
}
