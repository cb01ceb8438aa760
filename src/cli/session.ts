/**
 * Session: one program run's engine, log and savefile. The menu may start several captures one after the other; a
 * command line with a monitor starts one. Owns the engine's life: forked before anything else, used once, ended here.
 */
import { OperatorError, type OperatorErrorFields } from '../base/errors.ts';
import type { WatchReceiver } from '../engine/engine-client.ts';
import { type EngineClient, forkEngine } from '../engine/engine-client.ts';
import type { EngineFact, PairOptions } from '../engine/messages.ts';
import type { MonitorName, Query } from '../engine/monitor.ts';
import type { EngineLog } from '../logs/engine-log.ts';
import type { LogFigures } from '../logs/log-writer.ts';
import { ObservedNames } from '../names/observed-names.ts';
import { lookUpUser, passingOnCapture } from '../native/privileges.ts';
import type { LiveSettings } from '../store/live-settings.ts';
import type { SessionAids } from './daemon/session-aids.ts';
import { complain } from './fail.ts';
import type { AppliedFilter } from './filters/applied-filter.ts';
import { filesIn, type LogPlan, logPlan, ownLogName } from './logs/log-plan.ts';
import type { Logs } from './logs/logging.ts';
import type { RunLog } from './logs/run-log.ts';
import type { OptionValues } from './option-values.ts';
import type { Watched } from './plan.ts';
import { startEngine } from './start-engine.ts';
import { WITHOUT_PACKETS } from './without-packets.ts';

export interface SessionParts {
  values: OptionValues;
  settings: LiveSettings;
  /** Applies to every capture from its first packet on. */
  filter: AppliedFilter;
  /** Forked already, or null. */
  engine: EngineClient | null;
  /** How a front door has pairs of hosts counted. */
  pairs?: PairOptions;
  /** A screen will be opened: files too are read by an engine process, which restores the terminal if we vanish. */
  onScreen: boolean;
  /** It is not yet, and may be when the program comes to the foreground. Absent: not. */
  mayBecomeScreen?: boolean;
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
  onFact?: (fact: EngineFact) => void;
  onEnd?: () => void;
}

/** The log of the capture that runs now. */
interface SessionLog {
  run: RunLog;
  engine: EngineLog;
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
  /** Names that its captures saw, of all of them together. */
  readonly observedNames = new ObservedNames();
  /** Forked, but not started. */
  #spare: EngineClient | null;
  #engine: EngineClient | null = null;
  #log: SessionLog | null = null;
  #aids: SessionAids | null = null;
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
    engine.onLost((reason) => {
      const log = this.#engine === engine ? this.#log : null;
      void log?.run.lost(log.engine, what, reason);
    });
    this.#parts.filter.throughPcap = false;
    engine.onFact((fact) => {
      if (fact.type === 'write-failed') this.writeProblem = fact.error;
      if (fact.type === 'capture-fallback') this.#parts.filter.throughPcap = true;
    });
    engine.onNames((names) => this.observedNames.learn(names));
    try {
      this.#log = await this.#openLog(what, engine);
      this.#aids = await this.#openAids(what, engine);
      await listen(engine, listeners);
      const { values, settings, filter, pairs, onScreen, mayBecomeScreen = false } = this.#parts;
      const changes = { pairs: { ...pairs, forLog: (onScreen || mayBecomeScreen) && this.#log !== null } };
      const warnings = await startEngine(engine, what, { values, settings: settings.current, filter, ...changes });
      for (const warning of warnings) {
        // On a screen every frame says so.
        if (!onScreen || warning !== WITHOUT_PACKETS) this.warn(warning);
      }
      if (this.#log !== null) await this.#log.run.start([this.#log.engine]);
      this.#aids?.start();
      if (values.user !== null) (await import('./run-as.ts')).becomeChosenUser(values);
      return engine;
    } catch (error) {
      await this.#stopNow();
      throw error;
    }
  }

  async #stopNow(): Promise<void> {
    const [log, engine, aids] = [this.#log, this.#engine, this.#aids];
    this.#log = null;
    this.#engine = null;
    this.#aids = null;
    await engine?.endCapture();
    await log?.run.end();
    await engine?.stop();
    await aids?.close();
    await log?.run.close();
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
    this.#log?.run.reopen();
  }

  async #takeEngine(what: Watched): Promise<EngineClient> {
    if ('file' in what && !this.#parts.onScreen) return (await import('../engine/local-engine.ts')).createLocalEngine();
    if (this.#spare === null) return this.#forkGuarding();
    const engine = this.#spare;
    this.#spare = null;
    return engine;
  }

  async #forkGuarding(): Promise<EngineClient> {
    // After --user we are no longer root.
    const engine = passingOnCapture(() => forkEngine());
    if (this.#restoreSequence !== null) await engine.guardTerminal(this.#restoreSequence, this.#terminalSettings);
    return engine;
  }

  async #openAids(what: Watched, engine: EngineClient): Promise<SessionAids | null> {
    const { values } = this.#parts;
    if (values.onAlert === null && values.prometheusFile === null) return null;
    const { SessionAids } = await import('./daemon/session-aids.ts');
    const log = (): LogFigures | null => this.#log?.run.figures ?? null;
    return new SessionAids({ values, what, engine, log, warn: (line) => this.warn(line) });
  }

  /** What the command line asks for, else what the settings do: of live traffic on a screen. */
  async #openLog(what: Watched, engine: EngineClient): Promise<SessionLog | null> {
    const plan = logPlan(this.#parts.values, [what]);
    const logs = plan === null ? await this.#openUsualLog(what) : await this.#openLogs(plan);
    if (logs === null) return null;
    const { values, settings, filter } = this.#parts;
    const { RunLog } = await import('./logs/run-log.ts');
    const name = filter.choice.filter?.name ?? null;
    const run = new RunLog({ logs, values, settings, watched: [what], filter: name });
    return { run, engine: run.attach(engine, what) };
  }

  /** That it cannot be written stops no monitor. */
  async #openUsualLog(what: Watched): Promise<Logs | null> {
    const { logging, logFile } = this.#parts.settings.current;
    if (!logging || !this.#parts.onScreen || 'file' in what) return null;
    const files = filesIn(logFile === '' ? ownLogName([what]) : logFile, [what]);
    try {
      const logs = await this.#openLogs({ files, facility: null });
      this.tell(`logging to ${logs.paths.join(', ')}`);
      return logs;
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      this.warn(`no log is written: ${error.message}`);
      return null;
    }
  }

  async #openLogs(plan: LogPlan): Promise<Logs> {
    const { values } = this.#parts;
    const { Logs } = await import('./logs/logging.ts');
    // Whom we become is to open it again, and to rotate it.
    const owner = values.user === null ? null : lookUpUser(values.user);
    return new Logs({ plan, values, owner, warn: (line) => this.warn(line) });
  }
}
