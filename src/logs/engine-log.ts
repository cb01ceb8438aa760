/**
 * The log of one engine's monitors: connection events as they happen, a block of each monitor at every interval, the
 * hourly sum, and at the end the last events, blocks and totals. Asks the engine and gives records on: it knows neither
 * files nor clocks. A slow log holds up the asking, never the counting.
 */
import type { ConnectionFacts } from '../../screens/ip-traffic/types.ts';
import { describeOperatorError, type OperatorErrorFields } from '../base/errors.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import type { MonitorName, Query } from '../engine/monitor.ts';
import type { BlockKind, ConnectionsLog, MonitorLog } from './monitor-log.ts';
import type { LogRecord } from './record.ts';

/** How often connection events are fetched. What is due when a process is killed is lost at most for so long. */
const EVENTS_EVERY_MS = 400;

/** Where only the head of a snapshot is wanted. */
const HEAD_ONLY: Omit<Query, 'options'> = { sort: null, descending: false, offset: 0, limit: 1, follow: null };

export interface EngineLogParts {
  engine: Pick<EngineClient, 'command' | 'page' | 'take'>;
  monitors: readonly MonitorLog[];
  /** Name of what is watched. */
  interface: string;
  /** false: a file is read. Its time is not ours: it has no intervals and no hours, and events are fetched as it is read. */
  live: boolean;
  /** Whether this monitor's log also says the hourly sum: two of one engine in one file would say the same twice. */
  saysHour(monitor: MonitorName): boolean;
  write(record: LogRecord): void;
  /** Settles when the log has room for more. */
  room(): Promise<void>;
}

export class EngineLog {
  readonly #parts: EngineLogParts;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  /** What waits for its turn. */
  readonly #due = new Set<BlockKind | 'events'>();
  /** Settles when the file is not followed any more. */
  #following: Promise<void> = Promise.resolve();
  #follows = true;
  /** The last that went wrong: the same twice a second would fill the log. */
  #trouble: string | null = null;
  /** Steps run one after the other: a block never stands before the events of its time. */
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: EngineLogParts) {
    this.#parts = parts;
  }

  /** Call when the engine has started. */
  async begin(): Promise<void> {
    const time = Date.now() / 1000;
    for (const log of this.#parts.monitors) this.#parts.write(startedRecord(log, this.#parts.interface, time));
    if (this.#connectionLogs().length === 0) return;
    await this.#step(() => this.#events());
    if (this.#parts.live) this.#timer = setInterval(() => void this.#fetch(), EVENTS_EVERY_MS);
    else this.#following = this.#followFile();
  }

  /** A block of each monitor: at -I, at the full hour. One that is still waiting for its turn is enough. */
  async block(kind: BlockKind): Promise<void> {
    if (this.#due.has(kind)) return;
    this.#due.add(kind);
    await this.#step(async () => {
      this.#due.delete(kind);
      await this.#events();
      await this.#blocks(kind);
    });
  }

  /** The last events, blocks and totals. The engine must still be there. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#follows = false;
    await this.#following;
    await this.#step(() => this.#events({ final: true }));
    if (this.#parts.live) await this.#step(() => this.#blocks('hour'));
    await this.#step(() => this.#blocks('stopped'));
    this.#isOver = true;
  }

  /** The engine is gone: nothing more can be asked. Settles when what it still said is written. */
  abandon(): Promise<void> {
    clearInterval(this.#timer);
    this.#isOver = true;
    return this.#turn;
  }

  #step(action: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn
      .then(() => (this.#isOver ? undefined : action()))
      .catch((error: Error) => this.#onTrouble(error));
    return this.#turn;
  }

  #onTrouble(error: Error & { fields?: OperatorErrorFields | null }): void {
    if (this.#isOver || error.message === this.#trouble) return;
    this.#trouble = error.message;
    const text = error.fields == null ? error.message : describeOperatorError(error.fields);
    this.#parts.write({
      time: Date.now() / 1000,
      event: 'error',
      monitor: null,
      interface: null,
      fields: [`error: ${text}`],
      facts: { message: text },
    });
  }

  /** A log that is slow is not asked for more and more. */
  async #fetch(): Promise<void> {
    if (this.#due.has('events')) return;
    this.#due.add('events');
    await this.#step(() => {
      this.#due.delete('events');
      return this.#events();
    });
  }

  #connectionLogs(): ConnectionsLog[] {
    return this.#parts.monitors.filter((log): log is ConnectionsLog => 'connections' in log);
  }

  /** What happened to conversations since the last call; `final`: also those that are still open. */
  async #events(how: { final?: true } = {}): Promise<void> {
    for (const log of this.#connectionLogs()) {
      let answer: ConnectionFacts;
      do {
        answer = (await this.#parts.engine.command(log.monitor, 'facts', how)) as ConnectionFacts;
        for (const record of log.connections(answer)) this.#parts.write(record);
        await this.#parts.room();
      } while (answer.more && !this.#isOver);
    }
  }

  /** A file is read faster than any timer would fetch: it waits while we do. */
  async #followFile(): Promise<void> {
    const { engine } = this.#parts;
    const [{ monitor }] = this.#connectionLogs();
    const receiver = { head: () => this.#events(), rows: () => undefined, end: () => undefined };
    while (this.#follows && !this.#isOver) {
      await engine.take(monitor, { ...HEAD_ONLY, options: {} }, receiver).catch((error: Error) => {
        this.#follows = false;
        this.#onTrouble(error);
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #blocks(kind: BlockKind): Promise<void> {
    for (const log of this.#parts.monitors) {
      if (kind === 'hour' && !this.#parts.saysHour(log.monitor)) continue;
      await this.#block(log, kind);
    }
  }

  async #block(log: MonitorLog, kind: BlockKind): Promise<void> {
    const { engine, room } = this.#parts;
    const write = (records: LogRecord[]): Promise<void> => {
      for (const record of records) this.#parts.write(record);
      return room();
    };
    const query = log.query(kind);
    if (query === null) {
      const head = await engine.page(log.monitor, { ...HEAD_ONLY, options: {} });
      await write([...log.begin(kind, { ...head, rows: [] }), ...log.end()]);
      return;
    }
    await engine.take(log.monitor, query, {
      head: (head) => write(log.begin(kind, head)),
      rows: (rows) => write(log.rows(rows)),
      end: () => write(log.end()),
    });
  }
}

function startedRecord({ monitor, label }: MonitorLog, interfaceName: string, time: number): LogRecord {
  return {
    time,
    event: 'started',
    monitor,
    interface: interfaceName,
    fields: [`******** ${label} started ********`, interfaceName],
    facts: {},
  };
}
