/**
 * One engine of a run in the background, with its log: started, started again when it is lost, asked for the last records
 * at the end. Counters of an engine that is started again begin anew, and the log says so.
 */
import { resolve } from 'node:path';
import type { Filter } from '../../../filters/filter.ts';
import { ActiveAlerts } from '../../alerts/active-alerts.ts';
import { OperatorError } from '../../base/errors.ts';
import { type EngineClient, forkEngine } from '../../engine/engine-client.ts';
import type { EngineFact, EngineOptions } from '../../engine/messages.ts';
import type { EngineLog } from '../../logs/engine-log.ts';
import { passingOnCapture } from '../../native/privileges.ts';
import type { LiveSettings } from '../../store/live-settings.ts';
import { portRange } from '../../store/setting-kinds.ts';
import type { Settings } from '../../store/settings-table.ts';
import { asFailure } from '../fail.ts';
import { AppliedFilter } from '../filters/applied-filter.ts';
import type { RunLog } from '../logs/run-log.ts';
import type { OptionValues } from '../option-values.ts';
import { type Watched, watchedName } from '../plan.ts';
import { startEngine } from '../start-engine.ts';
import { after } from '../timer.ts';

/** An engine that ends sooner than this after its start has died quickly. */
const QUICK_DEATH_MS = 60_000;
/** So many quick deaths in a row are no accident. */
const MOST_QUICK_DEATHS = 5;
const FIRST_PAUSE_MS = 1000;
/** A question that takes no counting is answered sooner than this, also on a machine that is full of work. */
const ANSWER_SECONDS = 10;

/** Since the start of the run. */
export interface EngineCounts {
  /** On the wire. */
  packets: number;
  /** null: unknown. */
  droppedByKernel: number | null;
}

const NOTHING: EngineCounts = { packets: 0, droppedByKernel: 0 };

export interface DaemonEngineParts {
  what: Watched;
  values: OptionValues;
  settings: LiveSettings;
  filter: Filter | null;
  /** null: nothing is logged. */
  log: RunLog | null;
  /** Forked already, or null. */
  spare: EngineClient | null;
  /** Whether thresholds are watched here: not where another engine sees the same and more. */
  watchesAlerts: boolean;
  onFact(fact: EngineFact): void;
  /** The file is over. */
  onEnd(): void;
  /** It cannot be kept running; `reason` on one line. */
  onGivenUp(reason: string): void;
  /** Makes an engine in place of a forked one (tests). */
  newEngine?: (what: Watched) => Promise<EngineClient>;
}

export class DaemonEngine {
  readonly what: Watched;
  readonly #parts: DaemonEngineParts;
  readonly #filter: AppliedFilter;
  /** Of -w: a daemon leaves the folder that it was started in. */
  readonly #savefile: string;
  readonly #alerts = new ActiveAlerts();
  #engine: EngineClient | null = null;
  #log: EngineLog | null = null;
  #startedAt = 0;
  #quickDeaths = 0;
  #starts = 0;
  /** What the engines before this one had counted, and this one when it was asked last. */
  #before = NOTHING;
  #counts = NOTHING;
  /** What follows a death or the end of a capture: its last records, another start. */
  #aftermath: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();

  constructor(parts: DaemonEngineParts) {
    this.#parts = parts;
    this.what = parts.what;
    this.#savefile = resolve(parts.values.writeFile ?? '');
    this.#filter = new AppliedFilter(parts.values, parts.filter);
  }

  /** null: lost, and not yet started again. */
  get engine(): EngineClient | null {
    return this.#engine;
  }

  /** Alerts that are on. */
  get alerts(): number {
    return this.#alerts.count;
  }

  get log(): EngineLog | null {
    return this.#log;
  }

  /** Resolves with warnings, one line each. Rejects with an OperatorError or EngineError; then nothing runs. */
  async start(): Promise<string[]> {
    const { what, values, settings, log } = this.#parts;
    const engine = this.#parts.spare ?? (await (this.#parts.newEngine ?? newEngine)(what));
    this.#parts.spare = null;
    this.#starts++;
    this.#startedAt = performance.now();
    this.#filter.throughPcap = false;
    engine.onFact((fact) => {
      if (fact.type === 'capture-fallback') this.#filter.throughPcap = true;
      this.#alerts.note(fact);
      this.#parts.onFact(fact);
    });
    this.#log = log?.attach(engine, what) ?? null;
    let lostEarly: string | null = null;
    engine.onEnd(() => {
      // A file may be over before start() has returned; a live capture that is, is none.
      if ('interfaces' in what) lostEarly ??= 'the capture ended';
      this.#follow(() => this.#onEnd(engine));
    });
    engine.onLost((reason) => {
      lostEarly = reason;
      this.#follow(() => this.#onLost(engine, reason));
    });
    try {
      const warnings = await startEngine(engine, what, {
        values: this.#withSavefile(values),
        settings: settings.current,
        filter: this.#filter,
        changes: this.#parts.watchesAlerts ? {} : { alerts: [] },
      });
      if (lostEarly !== null) throw lostAtOnce(lostEarly);
      this.#before = sumOf(this.#before, this.#counts);
      this.#counts = NOTHING;
      this.#engine = engine;
      return warnings;
    } catch (error) {
      await engine.stop();
      throw error;
    }
  }

  /** What of the settings can change while packets are counted. */
  async apply(settings: Settings): Promise<void> {
    await this.#aftermath;
    await this.#tell((engine) => engine.setOptions(changeableOptions(settings)));
  }

  /** One that is lost meanwhile is started again with what holds then. */
  async #tell(action: (engine: EngineClient) => Promise<void>): Promise<void> {
    const engine = this.#engine;
    if (engine === null) return;
    try {
      await action(engine);
    } catch (error) {
      if (engine === this.#engine) throw error;
    }
  }

  /**
   * Another version of the filter applies, from the next packets on: none is lost. Rejects with an OperatorError where it
   * cannot be applied; then all stays as it was. Resolves with warnings, one line each.
   */
  async useFilter(filter: Filter | null): Promise<string[]> {
    // An engine that is being started has the former filter already.
    await this.#aftermath;
    const choice = { ...this.#filter.choice, filter };
    const { prepared, warnings } = await this.#filter.prepare(this.what, choice);
    await this.#tell((engine) => engine.setFilter(prepared));
    this.#filter.choice = choice;
    return warnings;
  }

  /** By all its engines, one after the other; of one that is lost, what it had counted when it was asked last. */
  async counts(): Promise<EngineCounts> {
    const query = { sort: null, descending: false, offset: 0, limit: 1, follow: null, options: {} };
    const engine = this.#engine;
    const head = (await engine?.page(this.what.monitor, query).catch(() => null)) ?? null;
    if (head !== null && engine === this.#engine) {
      this.#counts = { packets: head.totals.packets, droppedByKernel: head.capture.droppedByKernel };
    }
    return sumOf(this.#before, this.#counts);
  }

  /**
   * No engine is started any more, and the alerts that are on end. One that was just lost or started is waited for: its
   * records belong into the log. One that hangs cannot be asked for its last records.
   */
  async end(): Promise<void> {
    this.#stopping.abort();
    await inTime(this.#aftermath);
    const engine = this.#engine;
    if (engine === null) return;
    if (await inTime(engine.readProbe())) return engine.endCapture();
    this.#engine = null;
    await engine.stop();
    this.#endAlerts();
    if (this.#log !== null) await this.#parts.log?.lost(this.#log, this.what, 'it does not answer');
  }

  async stop(): Promise<void> {
    await this.#engine?.stop();
  }

  /** What was written with -w before stays: an engine that is started again writes to a file of its own. */
  #withSavefile(values: OptionValues): OptionValues {
    if (values.writeFile === null || this.#starts === 1) return values;
    return { ...values, writeFile: `${this.#savefile}.${this.#starts}` };
  }

  /** One after the other, and nothing of it is left running when the run ends. */
  #follow(action: () => Promise<void>): void {
    this.#aftermath = Promise.all([this.#aftermath, action()]).then(() => undefined);
  }

  /** Those that nobody has told the end of. */
  #endAlerts(): void {
    for (const fact of this.#alerts.endAll(Date.now() / 1000)) {
      this.#parts.log?.fact(fact);
      this.#parts.onFact(fact);
    }
  }

  /** A live source that gave up has said why (capture-failed): it is opened anew. */
  async #onEnd(engine: EngineClient): Promise<void> {
    if ('file' in this.what) return this.#parts.onEnd();
    if (this.#engine !== engine || this.#stopping.signal.aborted) return;
    this.#engine = null;
    if (this.#log !== null) await this.#parts.log?.finish(this.#log);
    await engine.stop();
    await this.#afterDeath('the capture ended');
  }

  async #onLost(engine: EngineClient, reason: string): Promise<void> {
    // One that was lost while it started is the starter's business.
    if (this.#engine !== engine) return;
    this.#engine = null;
    const { log, what } = this.#parts;
    this.#endAlerts();
    if (this.#log !== null) await log?.lost(this.#log, what, reason);
    await this.#afterDeath(reason);
  }

  async #afterDeath(reason: string): Promise<void> {
    const lived = performance.now() - this.#startedAt;
    this.#quickDeaths = lived < QUICK_DEATH_MS ? this.#quickDeaths + 1 : 1;
    await this.#restart(reason);
  }

  /** Until then, or until the run is over. */
  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = after(milliseconds / 1000, resolve);
      const onOver = (): void => {
        cancel();
        resolve();
      };
      this.#stopping.signal.addEventListener('abort', onOver, { once: true });
    });
  }

  /** At once after the first death, then after longer and longer pauses. */
  async #restart(reason: string): Promise<void> {
    const { log, what } = this.#parts;
    let cause = reason;
    for (; !this.#stopping.signal.aborted; this.#quickDeaths++) {
      if (this.#quickDeaths >= MOST_QUICK_DEATHS) return this.#parts.onGivenUp(cause);
      const pause = this.#quickDeaths === 1 ? 0 : FIRST_PAUSE_MS * 2 ** (this.#quickDeaths - 2);
      await this.#pause(pause);
      if (this.#stopping.signal.aborted) return;
      try {
        for (const warning of await this.start()) log?.notice(warning);
        break;
      } catch (error) {
        cause = asFailure(error).line;
        log?.failure(`the capture engine of ${watchedName(what)} could not be started again: ${cause}`);
      }
    }
    if (this.#log !== null && this.#engine !== null) await log?.restarted(this.#log, what);
  }
}

function sumOf(one: EngineCounts, other: EngineCounts): EngineCounts {
  const [dropped, more] = [one.droppedByKernel, other.droppedByKernel];
  return {
    packets: one.packets + other.packets,
    droppedByKernel: dropped === null || more === null ? null : dropped + more,
  };
}

/** Whether it settles, in whatever way, as soon as what takes no counting should. */
async function inTime(action: Promise<unknown>): Promise<boolean> {
  let cancel = (): void => undefined;
  const hangs = new Promise<boolean>((resolve) => {
    cancel = after(ANSWER_SECONDS, () => resolve(false));
  });
  const settles = action.then(
    () => true,
    () => true,
  );
  const isInTime = await Promise.race([settles, hangs]);
  cancel();
  return isInTime;
}

function lostAtOnce(cause: string): OperatorError {
  return new OperatorError({ code: 'E_ENGINE_LOST', operation: 'start', target: 'the capture engine', cause });
}

/** Files are read in this process. */
async function newEngine(what: Watched): Promise<EngineClient> {
  if ('file' in what) return (await import('../../engine/local-engine.ts')).createLocalEngine();
  return passingOnCapture(() => forkEngine());
}

/** Options of the engine that follow from settings and may change while it runs. */
function changeableOptions(settings: Settings): Partial<EngineOptions> {
  const { tcpTimeoutMinutes, closedPersistenceMinutes, additionalPorts } = settings;
  return {
    tcpTimeout: tcpTimeoutMinutes * 60,
    closedPersistence: closedPersistenceMinutes > 0 ? closedPersistenceMinutes * 60 : null,
    servicePorts: additionalPorts.map(portRange).filter((range) => range !== null),
  };
}
