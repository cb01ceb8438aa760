/**
 * Output for pipes: every window's snapshot onto standard output as text, JSON lines or CSV. A slow reader slows the
 * asking, never the counting; a reader that goes away is a quiet end.
 */
import { monitorEntry } from '../../screens/monitors.ts';
import type { AlertFact } from '../alerts/alert.ts';
import { alertOutput, alertWords } from '../alerts/records.ts';
import type { EngineClient, WatchReceiver } from '../engine/engine-client.ts';
import type { EngineFact, Snapshot } from '../engine/messages.ts';
import type { MonitorName, Query } from '../engine/monitor.ts';
import { AddressNames } from '../names/address-names.ts';
import { NameCache } from '../names/name-cache.ts';
import type { ObservedNames } from '../names/observed-names.ts';
import type { OutputEvent } from '../output/json.ts';
import type { MonitorOutput } from '../output/monitor-output.ts';
import { monitorOutput, type OutputKind, outputFormat } from '../output/monitors.ts';
import { OutputWriter } from '../output/writer.ts';
import type { OptionValues } from './option-values.ts';
import { DEFAULT_EVERY_SECONDS, DEFAULT_LIMIT } from './options.ts';
import type { Watch } from './session.ts';
import { shownBytes } from './without-packets.ts';

const STANDARD_OUTPUT = 1;
/** A file's only snapshot waits so long for names, in milliseconds; live ones never wait: the next has them. */
const NAMES_PATIENCE_MS = 3000;
const NAMES_PAUSE_MS = 20;

/** A window's figures that are at most so old, in seconds, are those of the moment. */
const JUST_NOW_SECONDS = 0.5;

function kindOf({ json, csv }: OptionValues): OutputKind {
  if (json) return 'json';
  return csv ? 'csv' : 'text';
}

/** What only the front knows. */
interface PrinterParts {
  /** Of addresses, as seen on the wire. */
  observedNames: ObservedNames;
  /** The operator's own, of stations, by MAC address. */
  descriptions: Readonly<Record<string, string>>;
  /** What a front door asks of the monitor, beside what pipes do. */
  options: Query['options'];
}

export class Printer {
  readonly #monitor: MonitorName;
  readonly #writer: OutputWriter<unknown>;
  readonly #values: OptionValues;
  readonly #options: Query['options'];
  readonly #done: (error: unknown) => void;
  /** With --names. */
  readonly #names: { all: AddressNames; reverse: NameCache } | null;
  readonly #nameRows: MonitorOutput<unknown>['nameRows'] | null;
  readonly #describeRows: (rows: readonly unknown[]) => void;
  /** Nothing that happens from now on concerns the caller. */
  #abandoned = false;
  /** What is being written; events go in between. */
  #turn: Promise<void> = Promise.resolve();
  /** Engine time of the last snapshot that was printed, since the capture began. */
  #printedSeconds = Number.NEGATIVE_INFINITY;
  /** The time of the run is over: windows that close now are not printed any more. */
  #isOver = false;

  /** `done` is called when nobody reads any more (null), or with what went wrong. */
  constructor(
    monitor: MonitorName,
    values: OptionValues,
    { observedNames, descriptions, options }: PrinterParts,
    done: (error: unknown) => void,
  ) {
    this.#monitor = monitor;
    this.#values = values;
    this.#options = options;
    this.#done = done;
    const reverse = new NameCache();
    this.#names = values.names ? { all: new AddressNames(observedNames, reverse), reverse } : null;
    const output = monitorOutput(monitor);
    this.#nameRows = output.nameRows ?? null;
    this.#describeRows = (rows) => output.describeRows?.(rows, (mac) => descriptions[mac] ?? null);
    const format = outputFormat(monitor, kindOf(values), shownBytes(values, 'ip'));
    this.#writer = new OutputWriter(STANDARD_OUTPUT, 'standard output', format);
  }

  /** What to ask the engine. */
  watch(): Watch {
    return { monitor: this.#monitor, query: this.#query(), receiver: this.#receiver(() => !this.#isOver) };
  }

  /** The time of the run is over: prints the figures of this moment, unless a window's were printed just now. */
  async last(engine: EngineClient): Promise<void> {
    this.#isOver = true;
    const { everySeconds, forSeconds, minutes } = this.#values;
    const justNow = Math.min(JUST_NOW_SECONDS, (everySeconds ?? DEFAULT_EVERY_SECONDS) / 2);
    // By the engine's time: our own may be late, with the engine's figures of the last window long printed.
    const whole = Math.min(forSeconds ?? Number.POSITIVE_INFINITY, (minutes ?? Number.POSITIVE_INFINITY) * 60);
    const isMissing = (): boolean => this.#printedSeconds < whole - justNow;
    // A window's snapshot may still be coming in: it is whole before the one that is asked for begins.
    if (isMissing()) await engine.take(this.#monitor, this.#query(), this.#receiver(isMissing));
  }

  #query(): Query {
    const { pipeSort, ascendingSorts, pipeOptions } = monitorEntry(this.#monitor);
    const sort = this.#values.sort ?? pipeSort;
    return {
      sort,
      descending: sort !== null && !ascendingSorts.has(sort),
      offset: 0,
      limit: this.#values.limit ?? DEFAULT_LIMIT,
      follow: null,
      options: { ...pipeOptions, ...this.#options, byteKind: shownBytes(this.#values, 'ip') },
    };
  }

  /** Prints each snapshot that is wanted when it begins. */
  #receiver(isWanted: () => boolean): WatchReceiver {
    let wanted = false;
    let seconds = 0;
    return {
      head: (snapshot: Snapshot) => {
        wanted = isWanted();
        seconds = snapshot.elapsedSeconds;
        if (wanted) return this.#put(() => this.#writer.begin(snapshot));
      },
      rows: (rows) => (wanted ? this.#put(() => this.#rows(rows)) : undefined),
      end: () => {
        if (!wanted) return;
        this.#printedSeconds = seconds;
        return this.#put(() => this.#writer.end());
      },
    };
  }

  onFact(fact: EngineFact): void {
    const event = fact.type === 'alert' ? this.#alertEvent(fact) : { ...fact, time: Date.now() / 1000 };
    this.#put(() => this.#writer.event(event));
  }

  #alertEvent(fact: AlertFact): OutputEvent {
    if (this.#values.json) return { ...alertOutput(fact), time: fact.time };
    return { type: 'alert', time: fact.time, [fact.state]: alertWords(fact) };
  }

  async #rows(rows: unknown[]): Promise<void> {
    this.#describeRows(rows);
    const names = this.#names;
    if (names !== null) {
      this.#nameRows?.(rows, (address) => names.all.known(address));
      if (this.#values.readFile !== null) {
        await this.#awaitNames(names.reverse);
        this.#nameRows?.(rows, (address) => names.all.peek(address));
      }
    }
    await this.#writer.rows(rows);
  }

  async #awaitNames(names: NameCache): Promise<void> {
    const patience = performance.now() + NAMES_PATIENCE_MS;
    while (names.pending > 0 && performance.now() < patience) {
      await new Promise((resolve) => setTimeout(resolve, NAMES_PAUSE_MS));
    }
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#turn;
    this.abandon();
  }

  /** Gives up at once: the reader does not read, and the program is to end. */
  abandon(): void {
    this.#abandoned = true;
    this.#names?.reverse.close();
    this.#writer.close();
  }

  #put(action: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(action).then(
      () => {
        if (this.#writer.readerGone && !this.#abandoned) this.#done(null);
      },
      (error: unknown) => {
        if (!this.#abandoned) this.#done(error);
      },
    );
    return this.#turn;
  }
}
