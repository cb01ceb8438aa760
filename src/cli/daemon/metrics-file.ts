/**
 * --prometheus FILE: figures of the run in node_exporter's textfile format, replaced atomically every --every seconds.
 *
 *   const metrics = new MetricsFile({ path, everySeconds, captures: () => […], run: () => ({ … }), warn });
 *   metrics.start();  …  await metrics.close();
 *
 * The neighbour that is written first has no name that node_exporter reads (*.prom). It is not forced onto the disk:
 * after a crash of the machine figures of a run that is over are worth nothing. When the run ends, the file is removed:
 * what is gone must not look as if it stood still.
 */
import { accessSync, constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { GeneralRow } from '../../../screens/general/types.ts';
import { OperatorError } from '../../base/errors.ts';
import type { EngineClient } from '../../engine/engine-client.ts';
import type { Snapshot } from '../../engine/messages.ts';
import type { MonitorName, Query } from '../../engine/monitor.ts';
import { type CaptureMetrics, Metrics, type RunMetrics } from '../../metrics/prometheus.ts';
import { VERSION } from '../version.ts';

/** Seconds between two writings where --every is not given. */
export const DEFAULT_METRICS_SECONDS = 15;

/** node_exporter has a user of its own. */
const READABLE_BY_ALL = 0o644;
const READ_BY_NODE_EXPORTER = '.prom';

/** A capture that runs now. */
export interface MetricsCapture {
  /** What it watches: watchedName(). */
  name: string;
  engine: EngineClient;
  /** Its monitors; `general` is always among those of the engine (plan.ts). */
  monitors: readonly MonitorName[];
}

export interface MetricsFileOptions {
  path: string;
  everySeconds: number;
  captures(): readonly MetricsCapture[];
  /** Figures of the program itself. */
  run(): Pick<RunMetrics, 'alertsActive' | 'log'>;
  /** One line for the operator, when writing begins to fail. */
  warn(line: string): void;
}

export class MetricsFile {
  readonly #options: MetricsFileOptions;
  readonly #path: string;
  readonly #metrics = new Metrics();
  readonly #startTime = Date.now() / 1000 - process.uptime();
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  #hasWritten = false;
  /** It cannot be written, and that was told. */
  #fails = false;

  /** Throws an OperatorError where this process, as whom it is now, cannot write there. */
  constructor(options: MetricsFileOptions) {
    this.#options = options;
    // A daemon leaves the folder that it was started in.
    this.#path = resolve(options.path);
    const folder = dirname(this.#path);
    try {
      accessSync(folder, constants.W_OK | constants.X_OK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const cause =
        code === 'ENOENT' ? `there is no folder ${folder}` : `files cannot be replaced in ${folder} (${code})`;
      throw new OperatorError({ code: 'E_OUTPUT', operation: 'write metrics to', target: options.path, cause });
    }
    if (!this.#path.endsWith(READ_BY_NODE_EXPORTER)) {
      options.warn(
        `node_exporter reads only files whose names end in ${READ_BY_NODE_EXPORTER}: ${options.path} does not`,
      );
    }
  }

  /** Writes now, and every `everySeconds` from now on. Call when the engines run. */
  start(): void {
    void this.update();
    this.#timer = setInterval(() => void this.update(), this.#options.everySeconds * 1000);
  }

  /** Asks the engines and writes; a writing that is under way is enough. Never rejects. */
  update(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  /** No more is written, and the file is removed. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#writing;
    if (this.#hasWritten) await unlink(this.#path).catch(() => undefined);
    this.#hasWritten = false;
  }

  async #write(): Promise<void> {
    const captures = await Promise.all(this.#options.captures().map(readCapture));
    const run: RunMetrics = { version: VERSION, startTime: this.#startTime, ...this.#options.run() };
    // An engine that does not answer is being started again.
    const text = this.#metrics.text(
      captures.filter((capture) => capture !== null),
      run,
    );
    try {
      await replace(this.#path, text);
      this.#hasWritten = true;
      this.#fails = false;
    } catch (error) {
      if (!this.#fails) this.#options.warn(`cannot write metrics to ${this.#path}: ${(error as Error).message}`);
      this.#fails = true;
    }
  }
}

const ALL_INTERFACES: Query = {
  sort: null,
  descending: false,
  offset: 0,
  limit: 0,
  follow: null,
  options: { search: null, minute: null },
};

/** null: the engine is gone. */
async function readCapture({ name, engine, monitors }: MetricsCapture): Promise<CaptureMetrics | null> {
  try {
    const page = (await engine.page('general', ALL_INTERFACES)) as Snapshot<GeneralRow>;
    const followed = monitors.includes('ip-traffic');
    const states = followed ? ((await engine.command('ip-traffic', 'states', {})) as number[]) : null;
    const { rows: interfaces, ...head } = page;
    return { name, head, interfaces, conversations: states };
  } catch {
    return null;
  }
}

async function replace(path: string, text: string): Promise<void> {
  const neighbour = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  // Left by a process of the same number that was killed.
  await unlink(neighbour).catch(() => undefined);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(neighbour, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, READABLE_BY_ALL);
  try {
    await file.chmod(READABLE_BY_ALL);
    await file.writeFile(text);
    await file.close();
    await rename(neighbour, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(neighbour).catch(() => undefined);
    throw error;
  }
}
