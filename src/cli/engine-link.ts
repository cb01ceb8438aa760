/** The engine that runs now, as the loop of the screens sees it: questions wait while one starts. */
import type { MonitorQuery } from '../../screens/kit/screen.ts';
import type { NavigatorClient, ScreenFact } from '../../screens/navigator.ts';
import type { OperatorErrorFields } from '../base/errors.ts';
import { type EngineClient, Handlers } from '../engine/engine-client.ts';
import type { Snapshot } from '../engine/messages.ts';
import type { MonitorName, Query } from '../engine/monitor.ts';
import type { LiveSettings } from '../store/live-settings.ts';
import type { Watched } from './plan.ts';
import { saveRows } from './save-rows.ts';

export class EngineLink implements NavigatorClient {
  readonly #facts = new Handlers<[ScreenFact]>();
  /** What happened before anyone listened: a short file is over before the screen is open. */
  #early: ScreenFact[] | null = [];
  readonly #settings: LiveSettings;
  #engine: Promise<EngineClient> = nothingCaptured();
  #watched: Watched | null = null;

  constructor(settings: LiveSettings) {
    this.#settings = settings;
  }

  /** What is captured now, or null. */
  get watched(): Watched | null {
    return this.#watched;
  }

  /** Rejects while nothing is captured. */
  get engine(): Promise<EngineClient> {
    return this.#engine;
  }

  /** Questions go to this engine from now on; `tell` hears when it is lost. */
  use(what: Watched, starting: Promise<EngineClient>, tell: (fact: ScreenFact) => void): void {
    this.#engine = starting;
    this.#watched = what;
    const gone = (): void => {
      if (this.#engine === starting) this.#watched = null;
    };
    starting.then((engine) => {
      this.tell({ type: 'engine-started' });
      engine.onLost((reason) => {
        gone();
        tell({ type: 'engine-lost', error: lost(reason) });
      });
    }, gone);
  }

  /** Nothing is captured any more. */
  release(): void {
    this.#engine = nothingCaptured();
    this.#watched = null;
  }

  async page(monitor: MonitorName, query: Query): Promise<Snapshot> {
    return (await this.#engine).page(monitor, query);
  }

  async reset(): Promise<void> {
    await (await this.#engine).reset();
  }

  async command(monitor: MonitorName, command: string, commandArguments: Record<string, unknown>): Promise<unknown> {
    return (await this.#engine).command(monitor, command, commandArguments);
  }

  async save(path: string, question: MonitorQuery): Promise<number> {
    return saveRows(await this.#engine, path, question, this.#settings.current.stationDescriptions);
  }

  tell(fact: ScreenFact): void {
    if (this.#early === null) this.#facts.call(fact);
    else this.#early.push(fact);
  }

  onFact(handler: (fact: ScreenFact) => void): () => void {
    for (const fact of this.#early ?? []) handler(fact);
    this.#early = null;
    return this.#facts.add(handler);
  }
}

function nothingCaptured(): Promise<EngineClient> {
  const none = Promise.reject<EngineClient>(new Error('nothing is captured'));
  none.catch(() => undefined);
  return none;
}

function lost(cause: string): OperatorErrorFields {
  return {
    code: 'E_ENGINE_LOST',
    operation: 'go on',
    target: '',
    cause: `the capture engine ended (${cause})`,
    // Short: a status line of 80 cells holds it all.
    remedy: 'start it again',
  };
}
