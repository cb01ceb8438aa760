/**
 * A run in the background, from its options to its last record. No screen, the same engines, one for each set of
 * interfaces that is watched.
 *
 *   logs open ─► engines count ─► first records ─► pid file ─► another user ─► the caller and systemd hear "ready"
 *   until a reason to end: blocks at -I, USR1 new files, HUP settings anew, lost engines started again
 *   last records ─► engines end ─► everything flushed
 */
import { userInfo } from 'node:os';
import type { Filter } from '../../../filters/filter.ts';
import type { AlertFact } from '../../alerts/alert.ts';
import { EXIT, OperatorError, type OperatorErrorFields } from '../../base/errors.ts';
import type { EngineFact, UserIds } from '../../engine/messages.ts';
import type { LiveSettings } from '../../store/live-settings.ts';
import { asFailure, complain } from '../fail.ts';
import { logPlan, monitorsOf } from '../logs/log-plan.ts';
import { Logs } from '../logs/logging.ts';
import { RunLog } from '../logs/run-log.ts';
import type { OptionValues } from '../option-values.ts';
import { usageError } from '../parse.ts';
import { isWithin, type Watched, watchedName } from '../plan.ts';
import type { RunContext } from '../run.ts';
import { becomeChosenUser } from '../run-as.ts';
import type { Ending, Signals } from '../signals.ts';
import { PROGRAM } from '../version.ts';
import type { AlertCommand } from './alert-command.ts';
import { DaemonEngine } from './daemon-engine.ts';
import { Instance, type InstanceFigures } from './instance.ts';
import type { MetricsCapture, MetricsFile } from './metrics-file.ts';
import { Reread } from './reread.ts';
import { ServiceManager } from './service-manager.ts';

/** How often the status document and the service manager hear how it is. */
const STATUS_EVERY_MS = 5000;

export interface DaemonParts {
  values: OptionValues;
  watched: readonly Watched[];
  settings: LiveSettings;
  filter: Filter | null;
  context: RunContext;
  /** Arms -t and --for: their time begins with the counting. */
  armTimes(): void;
}

export class DaemonRun {
  readonly #parts: DaemonParts;
  /** Whom it becomes, or null: it stays who it is. */
  readonly #owner: UserIds | null;
  readonly #signals: Signals;
  readonly #warn: (line: string) => void;
  readonly #service = ServiceManager.fromEnvironment();
  readonly #logs: Logs;
  readonly #log: RunLog;
  readonly #engines: readonly DaemonEngine[];
  #alertsBegun = 0;
  /** Files that are not read to their end. */
  #unread: number;
  /** What makes the exit status 1 although the run ended as it was told to: a damaged file, a -w file that is not whole. */
  #problem: OperatorErrorFields | null = null;
  #instance: Instance | null = null;
  #metrics: MetricsFile | null = null;
  #alertCommand: AlertCommand | null = null;
  #asking = false;
  #statusTimer: NodeJS.Timeout | undefined;

  /** Opens the logs; throws an OperatorError, and then nothing is open. */
  constructor(parts: DaemonParts, owner: UserIds | null) {
    const { values, watched, settings, filter, context } = parts;
    this.#parts = parts;
    this.#owner = owner;
    this.#signals = context.signals;
    this.#warn = context.reporter?.warn ?? complain;
    if (values.writeFile !== null && watched.length > 1) throw oneFileForSeveral(values.writeFile);
    const plan = logPlan(values, watched) ?? { files: new Map(), facility: null };
    this.#logs = new Logs({ plan, values, owner, warn: this.#warn });
    this.#log = new RunLog({ logs: this.#logs, values, settings, watched, filter: filter?.name ?? null });
    this.#unread = watched.length;
    this.#engines = watched.map((what, index) => this.#engineOf(what, index));
  }

  /** Resolves with how the run ended. Rejects with an OperatorError or EngineError where it could not begin. */
  async run(): Promise<Ending> {
    try {
      await this.#begin();
    } catch (error) {
      this.#log.refused(asFailure(error).line);
      await this.#stop();
      throw error;
    }
    const ending = await this.#signals.ending;
    this.#service.stopping();
    await this.#stop();
    if (this.#problem === null) return ending;
    complain(new OperatorError(this.#problem).message);
    return 'status' in ending && ending.status === EXIT.ok ? { status: EXIT.failed } : ending;
  }

  #engineOf(what: Watched, index: number): DaemonEngine {
    const { values, watched, settings, filter, context } = this.#parts;
    return new DaemonEngine({
      what,
      values,
      settings,
      filter,
      log: this.#log,
      spare: index === 0 && 'interfaces' in what ? context.engine : null,
      watchesAlerts: !watched.some((other) => isWithin(what, other)),
      onFact: (fact) => this.#onFact(fact),
      onEnd: () => {
        if (--this.#unread === 0) this.#signals.end({ status: EXIT.ok });
      },
      onGivenUp: (reason) => this.#giveUp(what, reason),
    });
  }

  async #begin(): Promise<void> {
    const { values, context, armTimes } = this.#parts;
    this.#signals.logs = true;
    this.#signals.onReopen(() => this.#log.reopen());
    if (values.onAlert !== null) {
      const { AlertCommand } = await import('./alert-command.ts');
      this.#alertCommand = new AlertCommand(values.onAlert, (line) => this.#tell(line));
    }
    const warnings = await Promise.all(this.#engines.map((engine) => engine.start()));
    await this.#log.start(this.#engines.flatMap(({ log }) => (log === null ? [] : [log])));
    for (const line of warnings.flat()) this.#tell(line);
    armTimes();
    this.#instance = new Instance(this.#instanceFacts(), { owner: this.#owner });
    const reread = new Reread({ ...this.#parts, engines: this.#engines, log: this.#log, service: this.#service });
    becomeChosenUser(values);
    await this.#openMetrics();
    this.#signals.daemon = true;
    this.#signals.onHangUp(() => void reread.now(this.#statusText()));
    context.reporter?.ready();
    this.#service.ready(this.#statusText());
    this.#service.startWatchdog(() => this.#isAlive());
    this.#statusTimer = setInterval(() => void this.#tellStatus(), STATUS_EVERY_MS);
  }

  async #stop(): Promise<void> {
    clearInterval(this.#statusTimer);
    await Promise.all(this.#engines.map((engine) => engine.end()));
    await this.#log.end();
    await this.#metrics?.close();
    // What an engine says of its end (a -w file that is not whole) is still logged.
    await Promise.all(this.#engines.map((engine) => engine.stop()));
    await this.#log.close();
    await this.#alertCommand?.close();
    this.#instance?.close();
  }

  #onFact(fact: EngineFact): void {
    if (fact.type === 'alert') this.#onAlert(fact);
    if (fact.type === 'capture-damaged' || fact.type === 'write-failed') this.#problem = fact.error;
  }

  #onAlert(fact: AlertFact): void {
    if (fact.state === 'started') this.#alertsBegun++;
    this.#alertCommand?.run(fact);
  }

  #giveUp(what: Watched, reason: string): void {
    const error = new OperatorError({
      code: 'E_ENGINE_LOST',
      operation: 'go on watching',
      target: watchedName(what),
      cause: `the capture engine ended again and again (${reason})`,
      remedy: `look into the log, then start ${PROGRAM} again`,
    });
    this.#log.failure(error.message);
    complain(error.message);
    this.#signals.end({ status: error.exitStatus });
  }

  /** For the operator: standard error where it is read, and the log. */
  #tell(line: string): void {
    this.#warn(line);
    this.#log.notice(line);
  }

  async #openMetrics(): Promise<void> {
    const { prometheusFile: path, everySeconds } = this.#parts.values;
    if (path === null) return;
    const { MetricsFile, DEFAULT_METRICS_SECONDS } = await import('./metrics-file.ts');
    this.#metrics = new MetricsFile({
      path,
      everySeconds: everySeconds ?? DEFAULT_METRICS_SECONDS,
      captures: () => this.#captures(),
      run: () => ({ alertsActive: sumOf(this.#engines, ({ alerts }) => alerts), log: this.#logs.figures }),
      warn: (line) => this.#tell(line),
    });
    this.#metrics.start();
  }

  #captures(): MetricsCapture[] {
    return this.#engines.flatMap(({ what, engine }) =>
      engine === null ? [] : [{ name: watchedName(what), engine, monitors: monitorsOf(what) }],
    );
  }

  // --- how it is ----------------------------------------------------------------------------------------------------

  #instanceFacts(): ConstructorParameters<typeof Instance>[0] {
    const { watched, context } = this.#parts;
    return {
      commandLine: context.argv,
      monitors: watched.flatMap((what) => {
        return monitorsOf(what).map((monitor) => ({ monitor, interfaces: watchedName(what) }));
      }),
      logs: this.#logs.paths,
      facility: this.#logs.facility,
      user: this.#owner?.name ?? userName(),
    };
  }

  /** Every engine that runs answers; one that is being started again is on its way. */
  async #isAlive(): Promise<boolean> {
    await Promise.all(this.#engines.map(({ engine }) => engine?.readProbe()));
    return true;
  }

  async #tellStatus(): Promise<void> {
    // One that hangs is asked once.
    if (this.#asking) return;
    this.#asking = true;
    const figures = await this.#figures();
    this.#asking = false;
    this.#instance?.update(figures);
    this.#service.status(this.#statusText(figures));
  }

  async #figures(): Promise<InstanceFigures> {
    const counts = await Promise.all(this.#engines.map((engine) => engine.counts()));
    const dropped = counts.map(({ droppedByKernel }) => droppedByKernel);
    const { written, lost } = this.#logs.figures;
    return {
      packets: sumOf(counts, ({ packets }) => packets),
      droppedByKernel: dropped.includes(null) ? null : sumOf(dropped, (each) => each ?? 0),
      logRecords: written,
      logRecordsLost: lost,
      alerts: this.#alertsBegun,
      engineRestarts: this.#log.restarts,
    };
  }

  #statusText(figures: InstanceFigures | null = null): string {
    const names = [...new Set(this.#parts.watched.map(watchedName))].join(' and ');
    if (figures === null) return `watching ${names}`;
    const { packets, droppedByKernel, logRecordsLost } = figures;
    const lost = logRecordsLost === 0 ? '' : `, ${logRecordsLost} log records lost`;
    return `watching ${names}: ${packets} packets, ${droppedByKernel ?? 'unknown'} dropped by the kernel${lost}`;
  }
}

function sumOf<T>(all: readonly T[], read: (each: T) => number): number {
  return all.reduce((sum, each) => sum + read(each), 0);
}

/** In a container a number need not have a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.geteuid?.());
  }
}

function oneFileForSeveral(path: string): OperatorError {
  const cause = 'the monitors watch different interfaces, and one file holds one capture';
  return usageError(`-w ${path}`, cause, 'name the same interfaces for all, or start the program twice');
}
