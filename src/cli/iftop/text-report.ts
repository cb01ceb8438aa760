/**
 * `iftop -t`: reports in iftop's form on standard output, one every two seconds, or one when the time of the run is over
 * (-s). Keys change what the next one shows. A slow reader misses reports, never packets; a reader that goes away is a
 * quiet end.
 *
 * The engine's windows are the clock: with each comes a snapshot that says how long the capture has run. The report asks
 * for its rows itself, by the view that holds then.
 */
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { ScreenFilterPattern } from '../../../screens/host-pairs/screen-filter.ts';
import {
  ASCENDING_HOST_PAIR_SORTS,
  type HostPairExtra,
  type HostPairOptions,
  type HostPairRow,
} from '../../../screens/host-pairs/types.ts';
import { shownName } from '../../../screens/shown-name.ts';
import { type EngineClient, EngineError, type WatchReceiver } from '../../engine/engine-client.ts';
import type { EngineFact, Snapshot } from '../../engine/messages.ts';
import type { Query } from '../../engine/monitor.ts';
import { AddressNames } from '../../names/address-names.ts';
import { NameCache } from '../../names/name-cache.ts';
import type { ObservedNames } from '../../names/observed-names.ts';
import { sanitizeText } from '../../names/sanitize.ts';
import { serviceName } from '../../names/services.ts';
import { OutputWriter } from '../../output/writer.ts';
import type { IftopDoor } from '../door.ts';
import { complain } from '../fail.ts';
import { type Watched, watchedName } from '../plan.ts';
import type { Watch } from '../session.ts';
import { answerKey, type TextView } from './text-keys.ts';
import { exceeds, pairLines, type ReportStyle, sumLines, titleLines } from './text-lines.ts';
import { prefaceLines } from './text-preface.ts';
import { TerminalKeyboard } from './text-terminal.ts';

const MONITOR = 'host-pairs';
const STANDARD_INPUT = 0;
const STANDARD_OUTPUT = 1;
const REPORT_SECONDS = 2;
/** A window that closes so much early is that of the report, in seconds; figures that are younger are those of now. */
const TOLERANCE_SECONDS = 0.5;
/** Windows end a little early: half a tick of the engine. */
const EARLY_SECONDS = 0.125;
/** The only report waits so long for names, in milliseconds: they have been asked for since the traffic began. */
const NAMES_PATIENCE_MS = 1000;
const NAMES_PAUSE_MS = 20;
/** Rows whose names are asked for ahead of the only report. */
const NAMED_ROWS = 200;
/** Pairs above the rate of -L that are asked for at first. */
const EXCEEDING_ROWS = 200;

/** What keys ask for while the reader does not read. */
const MOST_WAITING = 4;

/** Lines are finished when they are handed over. */
const LINES = {
  begin: () => '',
  rows: (lines: readonly string[]) => lines.join(''),
  end: () => '',
  event: () => '',
};

export interface IftopPrinterParts {
  door: IftopDoor;
  what: Watched;
  /** Shown, with their mark, before those of reverse DNS; null: scripts see names as iftop prints them. */
  observedNames: ObservedNames | null;
  /** Keys may be taken from the terminal: no screen will want it. */
  takesKeys: boolean;
  /** Called when nobody reads any more or key q was pressed (null), or with what went wrong. */
  done(error: unknown): void;
  /** Descriptor that reports are written to; standard output but for tests. */
  output?: number;
}

export class IftopPrinter {
  readonly #parts: IftopPrinterParts;
  readonly #writer: OutputWriter<string>;
  readonly #reverse = new NameCache();
  readonly #names: AddressNames;
  readonly #screenFilter = new ScreenFilterPattern();
  #view: TextView;
  #engine: EngineClient | null = null;
  #keyboard: TerminalKeyboard | null = null;
  /** What is being written, one report after the other. */
  #turn: Promise<void> = Promise.resolve();
  /** Reports that are being written or wait for it. */
  #underway = 0;
  /** Engine time of the last report, since the capture began. */
  #reportedSeconds = Number.NEGATIVE_INFINITY;
  #dueSeconds = REPORT_SECONDS;
  /** The only report is made, or was. */
  #isFinished = false;
  /** Nothing that happens from now on concerns the caller. */
  #abandoned = false;

  constructor(parts: IftopPrinterParts) {
    this.#parts = parts;
    this.#writer = new OutputWriter<string>(parts.output ?? STANDARD_OUTPUT, 'standard output', LINES);
    this.#view = { pairs: parts.door.view, paused: false };
    this.#names = new AddressNames(parts.observedNames, this.#reverse);
    this.#screenFilter.set(parts.door.view.screenFilter);
  }

  /** What to ask the engine: windows are the clock, their rows are not used. */
  watch(): Watch {
    const receiver: WatchReceiver = {
      head: (head) => this.#onWindow(head),
      rows: () => undefined,
      end: () => undefined,
    };
    return { monitor: MONITOR, query: { ...this.#query(), limit: 1 }, receiver };
  }

  /** The capture runs. */
  start(engine: EngineClient): void {
    this.#engine = engine;
    const { what } = this.#parts;
    const isLive = 'interfaces' in what;
    if (isLive) process.stderr.write(prefaceLines(what.interfaces));
    this.#put(() => this.#write(`${isLive ? 'Listening on' : 'Reading'} ${sanitizeText(watchedName(what))}\n`));
    if (this.#isInteractive) this.#openKeyboard(engine);
  }

  /** The time of the run is over (-s), or the file: the report of this moment, unless there was one just now. */
  async last(engine: EngineClient): Promise<void> {
    await this.written();
    const { elapsedSeconds } = await engine.page(MONITOR, { ...this.#query(), limit: 1 });
    if (elapsedSeconds - this.#reportedSeconds < TOLERANCE_SECONDS) return;
    await this.#put(() => this.#namedReport(engine));
  }

  onFact(fact: EngineFact): void {
    if (fact.type === 'interface-down' || fact.type === 'interface-up') {
      complain(`interface ${fact.interface} is ${fact.type === 'interface-up' ? 'up' : 'down'}`);
    }
  }

  /** Resolves when what was to be written until now is with the reader. */
  written(): Promise<void> {
    return this.#turn;
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    this.#keyboard?.close();
    await this.written();
    this.abandon();
  }

  /** Gives up at once: the reader does not read, and the program is to end, or a screen takes over. */
  abandon(): void {
    this.#abandoned = true;
    this.#keyboard?.close();
    this.#reverse.close();
    this.#writer.close();
  }

  /** A pager behind a pipe reads the same terminal: it must get its keys. */
  get #isInteractive(): boolean {
    return this.#parts.takesKeys && isatty(STANDARD_INPUT) && !fstatSync(STANDARD_OUTPUT).isFIFO();
  }

  #openKeyboard(engine: EngineClient): void {
    this.#keyboard = new TerminalKeyboard({
      input: process.stdin,
      onKey: (key) => this.#onKey(key),
      // Should we be killed, the engine gives the terminal back. Without it (files) nobody can.
      onTake: (settings) => void engine.guardTerminal('', settings).catch(() => undefined),
    });
    this.#keyboard.open();
  }

  #onKey(key: string): void {
    const answer = answerKey(key, this.#view);
    if (answer === null || this.#abandoned) return;
    if (answer.kind === 'quit') {
      this.#parts.done(null);
      return;
    }
    this.#follow(answer.view);
    if (this.#underway >= MOST_WAITING) return;
    this.#put(async () => {
      if (answer.says !== null) await this.#write(`${answer.says}\n\n`);
      if (answer.kind === 'report' && this.#engine !== null) await this.#report(this.#engine);
    });
  }

  /** The engine is asked for one grouping and order at a time. */
  #follow(view: TextView): void {
    const isOther = view.pairs !== this.#view.pairs;
    this.#view = view;
    if (!isOther) return;
    const { monitor, query, receiver } = this.watch();
    if ('interfaces' in this.#parts.what) this.#engine?.watch(monitor, query, receiver).catch(() => undefined);
  }

  /** Live: the end of a rate window. Of a file the report comes at its end. */
  #onWindow({ elapsedSeconds }: Snapshot): void {
    const engine = this.#engine;
    if (engine === null || 'file' in this.#parts.what || this.#abandoned) return;
    const { afterSeconds } = this.#parts.door.text;
    if (afterSeconds === null) this.#reportWhenDue(engine, elapsedSeconds);
    // Averages of whole seconds are better than what a run that is cut short a moment later would tell.
    else if (elapsedSeconds >= afterSeconds - EARLY_SECONDS) void this.#finish(engine);
    // The only report is to have its names.
    else this.#askNames(engine).catch(() => undefined);
  }

  #reportWhenDue(engine: EngineClient, elapsedSeconds: number): void {
    if (elapsedSeconds < this.#dueSeconds - TOLERANCE_SECONDS) return;
    const reports = Math.floor((elapsedSeconds + TOLERANCE_SECONDS) / REPORT_SECONDS);
    this.#dueSeconds = (reports + 1) * REPORT_SECONDS;
    // A reader that is slow misses reports: what it gets is of the moment.
    if (this.#underway === 0 && !this.#view.paused) this.#put(() => this.#report(engine));
  }

  async #finish(engine: EngineClient): Promise<void> {
    if (this.#isFinished) return;
    this.#isFinished = true;
    await this.#put(() => this.#namedReport(engine));
    if (!this.#abandoned) this.#parts.done(null);
  }

  async #namedReport(engine: EngineClient): Promise<void> {
    await this.#askNames(engine);
    await this.#awaitNames();
    await this.#report(engine);
  }

  async #report(engine: EngineClient): Promise<void> {
    const style = this.#style();
    const { threshold, frozen } = this.#view.pairs;
    // Another order than the frozen one cannot be asked for: of its rows those that are shown are looked at.
    const aboveRate = frozen ? [] : await this.#exceeding(engine);
    let head: Snapshot | null = null;
    let number = 0;
    await engine.take(MONITOR, this.#query(), {
      head: (snapshot: Snapshot) => {
        head = snapshot;
        number = snapshot.offset;
        return this.#writer.rows([titleLines()]);
      },
      rows: (taken) => {
        const rows = taken as HostPairRow[];
        if (frozen) aboveRate.push(...rows.filter((row) => this.#exceeds(row)));
        return this.#writer.rows(rows.map((row) => pairLines(row, ++number, style)));
      },
      end: async () => {
        const { extra, elapsedSeconds } = head as unknown as Snapshot & { extra: HostPairExtra };
        this.#reportedSeconds = elapsedSeconds;
        await this.#write(sumLines({ extra, elapsedSeconds, exceeding: aboveRate, threshold }, style));
      },
    });
  }

  #exceeds(row: HostPairRow): boolean {
    const { threshold } = this.#view.pairs;
    return threshold !== null && exceeds(row, threshold, this.#parts.door.unit);
  }

  /** Pairs above the rate of -L, the fastest first, also those that the report has no line for. */
  async #exceeding(engine: EngineClient): Promise<HostPairRow[]> {
    const found: HostPairRow[] = [];
    if (this.#view.pairs.threshold === null) return found;
    const query = { ...this.#query(), sort: 'rate-2s', descending: true };
    for (;;) {
      // As many again: every page is a look at all pairs.
      const limit = Math.max(EXCEEDING_ROWS, found.length);
      const { rows, rowsTotal } = await engine.page(MONITOR, { ...query, offset: found.length, limit });
      const above = (rows as HostPairRow[]).filter((row) => this.#exceeds(row));
      for (const row of above) found.push(row);
      if (above.length < limit || found.length >= rowsTotal) return found;
    }
  }

  #query(): Query {
    const { sort, grouping, frozen, showNames, showServices } = this.#view.pairs;
    const options: HostPairOptions = {
      grouping,
      search: null,
      screenFilter: this.#screenFilter.query({ names: this.#names, showNames, showServices }),
      frozen,
    };
    return {
      sort,
      descending: !ASCENDING_HOST_PAIR_SORTS.has(sort),
      offset: 0,
      limit: this.#parts.door.text.lines,
      follow: null,
      options: { ...options },
    };
  }

  #style(): ReportStyle {
    const { showNames, showServices } = this.#view.pairs;
    return {
      unit: this.#parts.door.unit,
      nameOf: (address) => (showNames ? shownName(this.#names, address) : null),
      serviceOf: (port, protocol) => (showServices ? serviceName(port, protocol) : null),
    };
  }

  /** Begins to look up the names that a report would show now. */
  async #askNames(engine: EngineClient): Promise<void> {
    if (!this.#view.pairs.showNames) return;
    const query = this.#query();
    const limit = query.limit === 0 ? NAMED_ROWS : Math.min(query.limit, NAMED_ROWS);
    const { rows } = await engine.page(MONITOR, { ...query, limit });
    for (const { endpoints } of rows as HostPairRow[]) {
      for (const { address, prefix } of endpoints) {
        if (address !== null && prefix === null) this.#names.lookup(address);
      }
    }
  }

  async #awaitNames(): Promise<void> {
    const patience = performance.now() + NAMES_PATIENCE_MS;
    while (this.#reverse.pending > 0 && performance.now() < patience) {
      await new Promise((resolve) => setTimeout(resolve, NAMES_PAUSE_MS));
    }
  }

  /** A whole piece: it is with the reader when this resolves. */
  async #write(text: string): Promise<void> {
    await this.#writer.rows([text]);
    await this.#writer.end();
  }

  #put(action: () => Promise<void>): Promise<void> {
    this.#underway++;
    this.#turn = this.#turn
      .then(() => (this.#abandoned ? undefined : action()))
      .then(
        () => this.#settled(null),
        (error: unknown) => this.#settled(error),
      );
    return this.#turn;
  }

  #settled(error: unknown): void {
    this.#underway--;
    // That the engine is lost is told by whoever runs it.
    const isLost = error instanceof EngineError && error.fields?.code === 'E_ENGINE_LOST';
    if (this.#abandoned || isLost) return;
    if (error !== null || this.#writer.readerGone) this.#parts.done(error);
  }
}
