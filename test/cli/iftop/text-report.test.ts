import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HostPairOptions, HostPairRow, PairRates } from '../../../screens/host-pairs/types.ts';
import { DEFAULT_PAIRS_VIEW, type PairsView } from '../../../screens/host-pairs/view.ts';
import type { IftopText } from '../../../src/cli/door.ts';
import { IftopPrinter } from '../../../src/cli/iftop/text-report.ts';
import type { Watched } from '../../../src/cli/plan.ts';
import { type EngineClient, EngineError, type WatchReceiver } from '../../../src/engine/engine-client.ts';
import type { Snapshot } from '../../../src/engine/messages.ts';
import type { MonitorName, Query } from '../../../src/engine/monitor.ts';
import { ObservedNames } from '../../../src/names/observed-names.ts';
import { pairExtra, pairFigures, pairRow } from '../../support/iftop-report.ts';
import { snapshotHead } from '../../support/screens.ts';

/** An engine with these rows, which notes what it is asked. */
class Rows {
  readonly asked: string[] = [];
  readonly queries: Query[] = [];
  elapsedSeconds = 0;
  rows: HostPairRow[];
  /** How it fails to make a report. */
  failure: Error | null = null;

  constructor(rows: HostPairRow[] = []) {
    this.rows = rows;
  }

  snapshot({ offset, limit }: Query): Snapshot {
    const rows = this.rows.slice(offset, limit === 0 ? undefined : offset + limit);
    const head = snapshotHead({ monitor: 'host-pairs', elapsedSeconds: this.elapsedSeconds });
    const extra = { ...pairExtra(pairFigures()) };
    return { ...head, rows, offset, rowsTotal: this.rows.length, hidden: 0, extra };
  }

  get client(): EngineClient {
    const client: Partial<EngineClient> = {
      page: async (_monitor: MonitorName, query: Query) => {
        this.asked.push('page');
        this.queries.push(query);
        return this.snapshot(query);
      },
      take: async (_monitor: MonitorName, query: Query, receiver: WatchReceiver) => {
        this.asked.push('take');
        if (this.failure !== null) throw this.failure;
        this.queries.push(query);
        const { rows, ...head } = this.snapshot(query);
        await receiver.head({ ...head, rows: [] });
        for (const row of rows) await receiver.rows([row]);
        await receiver.end();
      },
    };
    return client as EngineClient;
  }
}

let folder = '';
let output = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-iftop-'));
  output = openSync(join(folder, 'out'), 'w');
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  closeSync(output);
  rmSync(folder, { recursive: true });
});

const printed = (): string => readFileSync(join(folder, 'out'), 'utf8');
const reports = (): number => printed().split('\n====').length - 1;

interface Case {
  view?: Partial<PairsView>;
  text?: Partial<IftopText>;
  what?: Watched;
  observedNames?: ObservedNames;
  done?: (error: unknown) => void;
}

function printerOf({ view, text, what, observedNames, done }: Case = {}): IftopPrinter {
  return new IftopPrinter({
    door: {
      name: 'iftop',
      view: { ...DEFAULT_PAIRS_VIEW, ...view },
      pairs: { quantity: 'ipBytes', networks: [], crossingOnly: false, linkLocal: false },
      unit: 'bits',
      expression: null,
      text: { afterSeconds: null, lines: 10, ...text },
    },
    what: what ?? { monitor: 'host-pairs', interfaces: ['no-such0'] },
    observedNames: observedNames ?? new ObservedNames(),
    takesKeys: false,
    done: done ?? ((error) => expect(error).toBeNull()),
    output,
  });
}

/** The capture runs, and that was said. */
async function start(printer: IftopPrinter, engine: Rows): Promise<void> {
  const before = printed().length;
  printer.start(engine.client);
  await printer.written();
  expect(printed().slice(before)).toMatch(/^(Listening on|Reading) .*\n$/);
}

/** A window of the engine ends after so many seconds of capture; then so many reports are there. */
async function windowAt(printer: IftopPrinter, engine: Rows, elapsedSeconds: number, expected: number): Promise<void> {
  engine.elapsedSeconds = elapsedSeconds;
  const { query, receiver } = printer.watch();
  await receiver.head(engine.snapshot(query));
  await receiver.end();
  await printer.written();
  expect(reports()).toBe(expected);
}

const PAIR = pairRow('10.0.0.1', '10.0.0.2');

/** Of that pair: no name server is asked. */
function knownNames(): ObservedNames {
  const observedNames = new ObservedNames();
  observedNames.learn([
    { address: '10.0.0.1', name: 'one.example', by: 'dns' },
    { address: '10.0.0.2', name: 'two.example', by: 'tls' },
  ]);
  return observedNames;
}

describe('reports', () => {
  it('come every two seconds by the engine, between them nothing', async () => {
    const engine = new Rows([PAIR]);
    const printer = printerOf();
    await start(printer, engine);
    for (const [seconds, expected] of [
      [1.02, 0],
      [2.03, 1],
      [3.04, 1],
      [4.05, 2],
      [5.3, 2],
      [5.9, 3],
      [6.9, 3],
    ]) {
      await windowAt(printer, engine, seconds, expected);
    }
    await printer.close();
    expect(printed()).toMatch(/^Listening on no-such0\n {3}# Host name/);
    expect(printed().endsWith('====\n\n')).toBe(true);
  });

  it('that could not be made in time are left out', async () => {
    const engine = new Rows([PAIR]);
    const printer = printerOf();
    await start(printer, engine);
    for (const [seconds, expected] of [
      [2, 1],
      [9.2, 2],
      [9.9, 3],
      [10.9, 3],
      [11.6, 4],
    ]) {
      await windowAt(printer, engine, seconds, expected);
    }
    await printer.close();
  });

  it('have as many rows as -L says, numbered, and 0 has all of them', async () => {
    const engine = new Rows(Array.from({ length: 12 }, (_, k) => pairRow(`10.0.0.${k}`, '10.0.1.1')));
    for (const [report, lines, expected] of [
      [1, 10, 10],
      [2, 3, 3],
      [3, 0, 12],
    ]) {
      const printer = printerOf({ text: { lines } });
      await start(printer, engine);
      const before = printed().length;
      await windowAt(printer, engine, 2, report);
      const rows = printed()
        .slice(before)
        .match(/^ +\d+ 10\.0\.0\.\d+ +=>/gm);
      expect(rows?.map((row) => Number.parseInt(row, 10))).toEqual(Array.from({ length: expected }, (_, k) => k + 1));
      await printer.close();
    }
  });

  it('ask by the view, in its order', async () => {
    const engine = new Rows([PAIR]);
    const printer = printerOf({ view: { sort: 'source', frozen: true, screenFilter: 'web' } });
    await start(printer, engine);
    await windowAt(printer, engine, 2, 1);
    const [query] = engine.queries;
    expect(query).toMatchObject({ sort: 'source', descending: false, limit: 10 });
    expect(query.options as unknown as HostPairOptions).toMatchObject({
      frozen: true,
      screenFilter: { pattern: 'web' },
    });
    await printer.close();
  });

  it('mark names that were seen on the wire, and show none with -n', async () => {
    const observedNames = knownNames();
    const engine = new Rows([PAIR]);
    for (const [report, showNames, expected] of [
      [1, true, /~one\.example +=>.*\n +~two\.example +<=/],
      [2, false, /10\.0\.0\.1 +=>.*\n +10\.0\.0\.2 +<=/],
    ] as const) {
      const printer = printerOf({ view: { showNames }, observedNames });
      await start(printer, engine);
      const before = printed().length;
      await windowAt(printer, engine, 2, report);
      expect(printed().slice(before)).toMatch(expected);
      await printer.close();
    }
  });
});

describe('pairs above the rate of -L', () => {
  /** So many pairs, of which the first `above` have more than 1000 bit/s. */
  const pairs = (count: number, above: number): HostPairRow[] =>
    Array.from({ length: count }, (_, k) => {
      const rate: PairRates = [k < above ? 100 : 20, 30];
      return pairRow(`10.0.${k >> 8}.${k & 255}`, '10.1.0.1', { rates: [rate, rate, rate] });
    });
  const exceeding = (): number => printed().match(/ exceeds /g)?.length ?? 0;

  it.each([
    [5, 0],
    [20, 15],
    [600, 450],
  ])('are told of all of them, not of those alone that have a line: of %d %d', async (count, above) => {
    const printer = printerOf({ view: { threshold: 1000 } });
    const engine = new Rows(pairs(count, above));
    await start(printer, engine);
    await windowAt(printer, engine, 2, 1);
    expect(exceeding()).toBe(above);
    await printer.close();
  });

  it('are looked for among the rows that are shown where the order is frozen', async () => {
    const printer = printerOf({ view: { threshold: 1000, frozen: true } });
    const engine = new Rows(pairs(20, 15));
    await start(printer, engine);
    await windowAt(printer, engine, 2, 1);
    expect(exceeding()).toBe(10);
    expect(engine.asked).toEqual(['take']);
    await printer.close();
  });
});

describe('the only report', () => {
  it('comes when the time is over (-s), with or without traffic', async () => {
    for (const [report, rows] of [
      [1, [PAIR]],
      [2, []],
    ] as const) {
      const engine = new Rows([...rows]);
      const printer = printerOf({ text: { afterSeconds: 4 } });
      await start(printer, engine);
      await windowAt(printer, engine, 2, report - 1);
      engine.elapsedSeconds = 4;
      await printer.last(engine.client);
      expect(reports()).toBe(report);
      await printer.close();
    }
    expect(printed()).toMatch(/Cumulative \(sent\/received\/total\): +0B +0B +0B\n/);
  });

  it('comes with the second that makes the time full, of whole seconds, and is the end', async () => {
    const engine = new Rows([PAIR]);
    const ended = vi.fn();
    const printer = printerOf({ text: { afterSeconds: 3 }, done: ended });
    await start(printer, engine);
    await windowAt(printer, engine, 2.1, 0);
    expect(ended).not.toHaveBeenCalled();
    await windowAt(printer, engine, 2.95, 1);
    await vi.waitFor(() => expect(ended).toHaveBeenCalledExactlyOnceWith(null));
    // The run's own clock says so too.
    await printer.last(engine.client);
    await printer.close();
    expect(reports()).toBe(1);
  });

  it('has the names that were asked for ahead, as far as there are rows', async () => {
    const engine = new Rows([PAIR]);
    const text = { afterSeconds: 4, lines: 0 };
    const printer = printerOf({ view: { showNames: true }, text, observedNames: knownNames() });
    await start(printer, engine);
    await windowAt(printer, engine, 1, 0);
    expect(engine.queries).toMatchObject([{ limit: 200 }]);
    printer.abandon();
  });

  it('is that of a file at its end', async () => {
    const engine = new Rows([PAIR]);
    const printer = printerOf({ what: { monitor: 'host-pairs', file: '/tmp/x\x1b.pcap' } });
    await start(printer, engine);
    await windowAt(printer, engine, 3600, 0);
    await printer.last(engine.client);
    await printer.close();
    expect(reports()).toBe(1);
    expect(printed()).toMatch(/^Reading \/tmp\/x·\.pcap\n/);
  });
});

it('prints nothing more when it is to give up', async () => {
  const engine = new Rows([PAIR]);
  const printer = printerOf();
  await start(printer, engine);
  printer.abandon();
  await windowAt(printer, engine, 2, 0);
  await printer.last(engine.client);
  expect(reports()).toBe(0);
});

it('makes no second report of the same moment at the end', async () => {
  const engine = new Rows([PAIR]);
  const printer = printerOf();
  await start(printer, engine);
  await windowAt(printer, engine, 2, 1);
  engine.elapsedSeconds = 2.1;
  await printer.last(engine.client);
  expect(reports()).toBe(1);
  engine.elapsedSeconds = 3.4;
  await printer.last(engine.client);
  expect(reports()).toBe(2);
  await printer.close();
});

it('tells what went wrong with the engine or the output', async () => {
  const failed = vi.fn();
  const printer = printerOf({ done: failed });
  const engine = new Rows([PAIR]);
  engine.failure = new Error('gone');
  await start(printer, engine);
  await windowAt(printer, engine, 2, 0);
  expect(failed).toHaveBeenCalledWith(engine.failure);
  printer.abandon();
});

it('leaves it to others to tell that the engine is lost', async () => {
  const failed = vi.fn();
  const printer = printerOf({ done: failed });
  const engine = new Rows([PAIR]);
  const fields = { code: 'E_ENGINE_LOST', operation: 'reach', target: 'the engine', cause: 'killed' } as const;
  engine.failure = new EngineError('lost', fields);
  await start(printer, engine);
  await windowAt(printer, engine, 2, 0);
  expect(engine.asked).toEqual(['take']);
  await printer.close();
  expect(failed).not.toHaveBeenCalled();
});
