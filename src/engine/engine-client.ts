/**
 * The front's handle on an engine. Two kinds behind one interface: the forked engine process (live capture) and the
 * engine in the front's own process (files, tests: local-engine.ts). This file is imported first of all by main.ts, so
 * that the engine process starts before anything else is loaded: it imports nothing but node:child_process.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PreparedFilter } from '../../filters/prepared.ts';
import { ActiveAlerts } from '../alerts/active-alerts.ts';
import type { OperatorErrorFields } from '../base/errors.ts';
import type {
  Acknowledgement,
  EngineFact,
  EngineOptions,
  FilterProbe,
  ObservedName,
  Reply,
  RequestBody,
  Snapshot,
} from './messages.ts';
import type { MonitorName, Query } from './monitor.ts';

/** Receives the snapshots of a watch. Each call may return a promise: no further snapshot is made before it is settled. */
export interface WatchReceiver {
  /** Everything but the rows (rows is empty). */
  head(snapshot: Snapshot): void | Promise<void>;
  rows(rows: unknown[]): void | Promise<void>;
  end(): void | Promise<void>;
}

export interface EngineClient {
  /** Opens the source and begins to count. Rejects with an OperatorError. */
  start(options: EngineOptions): Promise<void>;
  page(monitor: MonitorName, query: Query): Promise<Snapshot>;
  /** One snapshot at the end of every rate window, and one at the end of a file. One watch at a time. */
  watch(monitor: MonitorName, query: Query, receiver: WatchReceiver): Promise<void>;
  /** One snapshot of this moment with every row the query selects, in slices. Resolves after receiver.end. */
  take(monitor: MonitorName, query: Query, receiver: WatchReceiver): Promise<void>;
  reset(): Promise<void>;
  command(monitor: MonitorName, command: string, commandArguments: Record<string, unknown>): Promise<unknown>;
  /** Changes settings that can change while running (timeouts, service ports). */
  setOptions(options: Partial<EngineOptions>): Promise<void>;
  /** Replaces the filter while packets come; null: without one. Counters go on, and no packet that passes is lost. */
  setFilter(filter: PreparedFilter | null): Promise<void>;
  /** Begins to count what this filter would let through, in place of the one before; null: ends it. */
  probeFilter(filter: PreparedFilter | null): Promise<void>;
  /** null: nothing is probed, or it cannot be here (files, libpcap, no permission). */
  readProbe(): Promise<FilterProbe | null>;
  /**
   * Hands over what the engine writes to the terminal if the front vanishes, and the terminal's settings before the
   * screen was opened; null: the engine reads them now. Answers with those settings (null without a second process).
   */
  guardTerminal(restore: string, settings: Uint8Array | null): Promise<Uint8Array | null>;
  onFact(handler: (fact: EngineFact) => void): () => void;
  /** Names that were seen on the wire (EngineOptions.observesNames). */
  onNames(handler: (names: readonly ObservedName[]) => void): () => void;
  /**
   * Everything that has arrived is counted, and then nothing more: what is asked afterwards is all of one moment, so that
   * last records and totals agree. Alerts that are on are told as ended (those of an engine that is lost, before onLost).
   * Call it before logs are closed and the engine is stopped. Never rejects.
   */
  endCapture(): Promise<void>;
  /** No more packets will come (end of file); watches have had their last snapshot. */
  onEnd(handler: () => void): () => void;
  /** The engine process is gone although nobody stopped it. Pending requests reject. */
  onLost(handler: (reason: string) => void): () => void;
  /** Ends the engine and waits until it is gone. Idempotent. */
  stop(): Promise<void>;
}

/** An error that came over from the engine; `fields` is null when it was a bug there. */
export class EngineError extends Error {
  readonly fields: OperatorErrorFields | null;

  constructor(message: string, fields: OperatorErrorFields | null) {
    super(message);
    this.name = 'EngineError';
    this.fields = fields;
  }
}

/** A set of handlers; adding one returns its undo. */
export class Handlers<Arguments extends unknown[]> {
  #handlers: ((...values: Arguments) => void)[] = [];

  add(handler: (...values: Arguments) => void): () => void {
    this.#handlers = [...this.#handlers, handler];
    return () => {
      this.#handlers = this.#handlers.filter((other) => other !== handler);
    };
  }

  call(...values: Arguments): void {
    for (const handler of this.#handlers) handler(...values);
  }
}

/** Hands a snapshot on and settles with it. After a failure the rest is let go by: those behind it must not wait. */
export function settling(
  receiver: WatchReceiver,
  resolve: () => void,
  reject: (error: unknown) => void,
): WatchReceiver {
  let failed = false;
  const pass = async (action: () => void | Promise<void>): Promise<void> => {
    if (failed) return;
    try {
      await action();
    } catch (error) {
      failed = true;
      reject(error);
    }
  };
  return {
    head: (head) => pass(() => receiver.head(head)),
    rows: (rows) => pass(() => receiver.rows(rows)),
    end: () =>
      pass(async () => {
        await receiver.end();
        resolve();
      }),
  };
}

/** What a dead process said of its end: Node prints the error, where it was, and its own version. */
function lastWords(stderr: string): string {
  const lines = stderr.trim().split('\n');
  return lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? '';
}

/** Milliseconds that a stopping engine is given before it is killed; more where it has a file to finish (-w). */
const STOP_PATIENCE_MS = 1000;
const WRITE_PATIENCE_MS = 10_000;
/** Characters of the engine's standard error that are kept to explain its death. */
const KEPT_STDERR = 2000;

/**
 * Forks the engine process at once. `modulePath` defaults to engine.js beside this bundle.
 * The terminal (when standard output is one) is inherited as descriptor 4, for the rescue alone.
 */
export function forkEngine(modulePath = fileURLToPath(new URL('./engine.js', import.meta.url))): EngineClient {
  return new ForkedEngine(modulePath);
}

class ForkedEngine implements EngineClient {
  readonly #child: ChildProcess;
  readonly #facts = new Handlers<[EngineFact]>();
  readonly #names = new Handlers<[readonly ObservedName[]]>();
  readonly #alerts = new ActiveAlerts();
  readonly #ends = new Handlers<[]>();
  readonly #losses = new Handlers<[string]>();
  readonly #pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #lastId = 0;
  #receiver: WatchReceiver | null = null;
  /** Those who asked for a snapshot by take(), in this order. */
  #takers: WatchReceiver[] = [];
  /** Receives the snapshot that is coming in. */
  #current: WatchReceiver | null = null;
  /** Replies of a watch are handled strictly one after the other. */
  #watchTurn: Promise<void> = Promise.resolve();
  #stopping = false;
  #started = false;
  #writes = false;
  #lost: string | null = null;
  #stderr = '';
  readonly #gone: Promise<void>;

  constructor(modulePath: string) {
    this.#child = fork(modulePath, [], {
      serialization: 'advanced',
      execArgv: ['--max-semi-space-size=1'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', process.stdout.isTTY ? 1 : 'ignore'],
    });
    this.#child.on('message', (reply) => this.#onReply(reply as Reply));
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-KEPT_STDERR);
    });
    this.#child.on('error', (error) => this.#onGone(error.message));
    this.#gone = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#onGone(signal === null ? `exit status ${code}` : `killed by ${signal}`);
        resolve();
      });
    });
  }

  async start(options: EngineOptions): Promise<void> {
    this.#started = true;
    this.#writes = options.writePath !== null;
    await this.#ask({ type: 'start', options });
  }

  async page(monitor: MonitorName, query: Query): Promise<Snapshot> {
    return (await this.#ask({ type: 'page', monitor, query })) as Snapshot;
  }

  async watch(monitor: MonitorName, query: Query, receiver: WatchReceiver): Promise<void> {
    this.#receiver = receiver;
    await this.#ask({ type: 'watch', monitor, query });
  }

  async take(monitor: MonitorName, query: Query, receiver: WatchReceiver): Promise<void> {
    let stopListening = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        stopListening = this.onLost((reason) => reject(engineLost(reason)));
        const taker = settling(receiver, resolve, reject);
        this.#takers.push(taker);
        this.#ask({ type: 'take', monitor, query }).catch((error: Error) => {
          this.#takers = this.#takers.filter((other) => other !== taker);
          reject(error);
        });
      });
    } finally {
      stopListening();
    }
  }

  async reset(): Promise<void> {
    await this.#ask({ type: 'reset' });
  }

  command(monitor: MonitorName, command: string, commandArguments: Record<string, unknown>): Promise<unknown> {
    return this.#ask({ type: 'command', monitor, command, arguments: commandArguments });
  }

  async setOptions(options: Partial<EngineOptions>): Promise<void> {
    await this.#ask({ type: 'set-options', options });
  }

  async setFilter(filter: PreparedFilter | null): Promise<void> {
    await this.#ask({ type: 'set-filter', filter });
  }

  async probeFilter(filter: PreparedFilter | null): Promise<void> {
    await this.#ask({ type: 'probe-filter', filter });
  }

  async readProbe(): Promise<FilterProbe | null> {
    return (await this.#ask({ type: 'read-probe' })) as FilterProbe | null;
  }

  async guardTerminal(restore: string, settings: Uint8Array | null): Promise<Uint8Array | null> {
    return (await this.#ask({ type: 'terminal', restore, settings })) as Uint8Array | null;
  }

  async endCapture(): Promise<void> {
    if (this.#started && this.#lost === null) await this.#ask({ type: 'end-capture' }).catch(() => undefined);
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

  onLost(handler: (reason: string) => void): () => void {
    return this.#losses.add(handler);
  }

  async stop(): Promise<void> {
    if (this.#lost !== null) return this.#gone;
    if (!this.#stopping) {
      this.#stopping = true;
      // An engine that was never started has nothing to close: it need not even finish loading.
      if (!this.#started) this.#child.kill('SIGKILL');
      else this.#ask({ type: 'stop' }).catch(() => undefined);
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), this.#writes ? WRITE_PATIENCE_MS : STOP_PATIENCE_MS);
      this.#gone.then(() => clearTimeout(timer));
    }
    await this.#gone;
  }

  #ask(body: RequestBody): Promise<unknown> {
    const reason = this.#lost;
    if (reason !== null) return Promise.reject(engineLost(reason));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#child.send({ ...body, id }, (error) => {
        if (error !== null && this.#pending.delete(id)) reject(engineLost(error.message));
      });
    });
  }

  #onReply(reply: Reply): void {
    switch (reply.type) {
      case 'answer':
        this.#pending.get(reply.id)?.resolve(reply.value);
        this.#pending.delete(reply.id);
        return;
      case 'failed':
        this.#pending.get(reply.id)?.reject(new EngineError(reply.message, reply.error));
        this.#pending.delete(reply.id);
        return;
      case 'fact':
        this.#alerts.note(reply.fact);
        this.#facts.call(reply.fact);
        break;
      case 'names':
        this.#names.call(reply.names);
        return;
      case 'end':
        this.#watchTurn = this.#watchTurn.then(() => this.#ends.call());
        return;
      default:
        this.#watchTurn = this.#watchTurn.then(() => this.#onWatch(reply));
    }
  }

  async #onWatch(reply: Extract<Reply, { type: 'watch-head' | 'watch-rows' | 'watch-end' }>): Promise<void> {
    if (reply.type === 'watch-head') {
      this.#current = reply.taken ? (this.#takers.shift() ?? null) : this.#receiver;
      await this.#current?.head(reply.head);
    } else if (reply.type === 'watch-rows') {
      await this.#current?.rows(reply.rows);
      this.#acknowledge('rows-taken');
    } else {
      await this.#current?.end();
      this.#acknowledge('watch-taken');
    }
  }

  #acknowledge(type: Acknowledgement['type']): void {
    if (this.#lost === null && this.#child.connected) this.#child.send({ type, id: 0 });
  }

  #onGone(reason: string): void {
    if (this.#lost !== null) return;
    const words = lastWords(this.#stderr);
    this.#lost = words === '' ? reason : `${reason}: ${words}`;
    for (const request of this.#pending.values()) request.reject(engineLost(this.#lost));
    this.#pending.clear();
    if (this.#stopping) return;
    for (const fact of this.#alerts.endAll(Date.now() / 1000)) this.#facts.call(fact);
    this.#losses.call(this.#lost);
  }
}

function engineLost(cause: string): EngineError {
  const fields: OperatorErrorFields = {
    code: 'E_ENGINE_LOST',
    operation: 'reach',
    target: 'the capture engine',
    cause,
    remedy: 'start the program again',
  };
  return new EngineError(`capture engine lost: ${cause}`, fields);
}
