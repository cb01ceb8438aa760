/**
 * Output for pipes: every window's snapshot onto standard output as text, JSON lines or CSV. A slow reader slows the
 * asking, never the counting; a reader that goes away is a quiet end.
 */
import { ipTrafficOutput, nameRows } from '../../screens/ip-traffic/output.ts';
import type { IpTrafficRow, IpTrafficSort } from '../../screens/ip-traffic/types.ts';
import type { CaptureFact } from '../capture/capture-source.ts';
import type { Snapshot } from '../engine/messages.ts';
import { NameCache } from '../names/name-cache.ts';
import { CsvFormat } from '../output/csv.ts';
import { JsonFormat } from '../output/json.ts';
import { TextFormat } from '../output/text.ts';
import { type OutputFormat, OutputWriter } from '../output/writer.ts';
import type { OptionValues } from './option-values.ts';
import { DEFAULT_LIMIT } from './options.ts';
import type { Watch } from './session.ts';

const STANDARD_OUTPUT = 1;
/** A file's only snapshot waits so long for names, in milliseconds; live ones never wait: the next has them. */
const NAMES_PATIENCE_MS = 3000;
const NAMES_PAUSE_MS = 20;

/** Columns that are read from A to Z or from early to late; the others begin with the largest. */
const ASCENDING: ReadonlySet<IpTrafficSort> = new Set([
  ...(['source', 'destination', 'port', 'protocol', 'state', 'interface', 'first-seen'] as const),
]);

function formatOf({ json, csv }: OptionValues): OutputFormat<IpTrafficRow> {
  if (json) return new JsonFormat(ipTrafficOutput);
  return csv ? new CsvFormat(ipTrafficOutput) : new TextFormat(ipTrafficOutput);
}

export class Printer {
  readonly #writer: OutputWriter<IpTrafficRow>;
  readonly #values: OptionValues;
  readonly #done: (error: unknown) => void;
  readonly #names: NameCache | null;
  /** Nothing that happens from now on concerns the caller. */
  #abandoned = false;
  /** What is being written; events go in between. */
  #turn: Promise<void> = Promise.resolve();

  /** `done` is called when nobody reads any more (null), or with what went wrong. */
  constructor(values: OptionValues, done: (error: unknown) => void) {
    this.#values = values;
    this.#done = done;
    this.#names = values.names ? new NameCache() : null;
    this.#writer = new OutputWriter(STANDARD_OUTPUT, 'standard output', formatOf(values));
  }

  /** What to ask the engine. */
  watch(): Watch {
    return {
      monitor: 'ip-traffic',
      query: {
        sort: this.#values.sort,
        descending: this.#values.sort === null || !ASCENDING.has(this.#values.sort),
        offset: 0,
        limit: this.#values.limit ?? DEFAULT_LIMIT,
        follow: null,
        options: { panel: 'all', search: null },
      },
      receiver: {
        head: (snapshot: Snapshot) => this.#put(() => this.#writer.begin(snapshot)),
        rows: (rows) => this.#put(() => this.#rows(rows as IpTrafficRow[])),
        end: () => this.#put(() => this.#writer.end()),
      },
    };
  }

  onFact(fact: CaptureFact): void {
    this.#put(() => this.#writer.event({ ...fact, time: Date.now() / 1000 }));
  }

  async #rows(rows: IpTrafficRow[]): Promise<void> {
    const names = this.#names;
    if (names !== null) {
      nameRows(rows, (address) => names.lookup(address));
      if (this.#values.readFile !== null) await this.#awaitNames(names, rows);
    }
    await this.#writer.rows(rows);
  }

  async #awaitNames(names: NameCache, rows: IpTrafficRow[]): Promise<void> {
    const patience = performance.now() + NAMES_PATIENCE_MS;
    while (names.pending > 0 && performance.now() < patience) {
      await new Promise((resolve) => setTimeout(resolve, NAMES_PAUSE_MS));
    }
    nameRows(rows, (address) => names.peek(address));
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#turn;
    this.abandon();
  }

  /** Gives up at once: the reader does not read, and the program is to end. */
  abandon(): void {
    this.#abandoned = true;
    this.#names?.close();
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
