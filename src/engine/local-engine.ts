/**
 * The engine in the front's own process: for capture files and for tests. The same interface as the forked engine.
 * Reading goes on in short slices of time, so a screen stays alive; it waits while a receiver of snapshots does.
 */
import type { PreparedFilter } from '../../filters/prepared.ts';
import { OperatorError } from '../base/errors.ts';
import type { CaptureSource } from '../capture/capture-source.ts';
import { buildEngine } from './build-engine.ts';
import type { Engine } from './engine.ts';
import { type EngineClient, EngineError, Handlers, settling, type WatchReceiver } from './engine-client.ts';
import type { EngineFact, EngineOptions, ObservedName, Snapshot } from './messages.ts';
import type { MonitorName, Query } from './monitor.ts';
import { takeSnapshot, type WatchedSnapshot } from './watch.ts';

export interface LocalEngineParts {
  /** Makes the source in place of the one that the options name (tests). */
  source?: (options: EngineOptions) => CaptureSource;
}

export function createLocalEngine(parts: LocalEngineParts = {}): EngineClient {
  return new LocalEngine(parts);
}

class LocalEngine implements EngineClient {
  readonly #parts: LocalEngineParts;
  readonly #facts = new Handlers<[EngineFact]>();
  readonly #names = new Handlers<[readonly ObservedName[]]>();
  readonly #ends = new Handlers<[]>();
  #engine: Engine | null = null;
  /** Deliveries to the receiver, one after the other; the source waits for it between slices. */
  #deliveries: Promise<void> = Promise.resolve();
  #delivering = 0;

  constructor(parts: LocalEngineParts) {
    this.#parts = parts;
  }

  async start(options: EngineOptions): Promise<void> {
    try {
      const engine = buildEngine(options, {
        source: this.#parts.source?.(options),
        beforeSlice: () => (this.#delivering > 0 ? this.#deliveries : undefined),
      });
      this.#engine = engine;
      engine.bus.on('fact', (fact) => this.#facts.call(fact));
      engine.bus.on('names', (names) => this.#names.call(names));
      for (const begin of this.#beforeStart) begin(engine);
      this.#beforeStart = [];
      await engine.start(() => {
        this.#deliveries = this.#deliveries.then(() => this.#ends.call());
      });
    } catch (error) {
      if (error instanceof OperatorError) throw new EngineError(error.message, error.fields);
      throw error;
    }
  }

  /** A watch must stand before the first packet: it may be asked for before start. */
  #beforeStart: ((engine: Engine) => void)[] = [];

  async page(monitor: MonitorName, query: Query): Promise<Snapshot> {
    return this.#running().page(monitor, query);
  }

  async watch(monitor: MonitorName, query: Query, receiver: WatchReceiver): Promise<void> {
    const begin = (engine: Engine): void => {
      engine.bus.on('window', () => {
        const snapshot = takeSnapshot(engine, { monitor, query });
        // Before the end of the file rows go on changing, so they are taken now; afterwards they can be taken lazily.
        if (!engine.ended) snapshot.slices = [...snapshot.slices];
        this.#deliver(snapshot, receiver);
      });
    };
    if (this.#engine === null) this.#beforeStart.push(begin);
    else begin(this.#engine);
  }

  #deliver({ head, slices }: WatchedSnapshot, receiver: WatchReceiver): void {
    this.#delivering++;
    this.#deliveries = this.#deliveries.then(async () => {
      await receiver.head(head);
      for (const rows of slices) await receiver.rows(rows);
      await receiver.end();
      this.#delivering--;
    });
    this.#deliveries.catch(() => undefined);
  }

  async take(monitor: MonitorName, query: Query, receiver: WatchReceiver): Promise<void> {
    const snapshot = takeSnapshot(this.#running(), { monitor, query });
    const whole = { head: snapshot.head, slices: [...snapshot.slices] };
    await new Promise<void>((resolve, reject) => this.#deliver(whole, settling(receiver, resolve, reject)));
  }

  async reset(): Promise<void> {
    this.#running().reset();
  }

  async command(monitor: MonitorName, command: string, commandArguments: Record<string, unknown>): Promise<unknown> {
    return this.#running().command(monitor, command, commandArguments);
  }

  async setOptions(options: Partial<EngineOptions>): Promise<void> {
    this.#running().setOptions(options);
  }

  async setFilter(filter: PreparedFilter | null): Promise<void> {
    this.#running().setFilter(filter);
  }

  async probeFilter(): Promise<void> {
    // Files: there is no socket that could count beside the capture.
  }

  async readProbe(): Promise<null> {
    return null;
  }

  async guardTerminal(): Promise<null> {
    // The front's own exit handlers restore the terminal: there is no second process to do it.
    return null;
  }

  async endCapture(): Promise<void> {
    await this.#engine?.endCapture();
  }

  onFact(handler: (fact: EngineFact) => void): () => void {
    return this.#facts.add(handler);
  }

  onNames(handler: (names: readonly ObservedName[]) => void): () => void {
    return this.#names.add(handler);
  }

  onEnd(handler: () => void): () => void {
    return this.#ends.add(handler);
  }

  onLost(): () => void {
    return () => undefined;
  }

  async stop(): Promise<void> {
    const engine = this.#engine;
    this.#engine = null;
    await engine?.stop();
  }

  #running(): Engine {
    if (this.#engine === null) throw new EngineError('the engine does not run', null);
    return this.#engine;
  }
}
