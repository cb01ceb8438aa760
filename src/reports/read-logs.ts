/** Logs into a report: files one after the other, line by line, with what is wrong with them counted and told. */

import { readLines } from './line-reader.ts';
import { type ChosenFiles, causeOf, chooseFiles, type LogFile, parseLine, type SkippedFile } from './log-files.ts';
import type { Report } from './report.ts';
import { ReportBuilder, type ReportOptions } from './report-builder.ts';

export interface Progress {
  /** Of all files, as they lie on the disk; `totalBytes` 0: not known. */
  bytes: number;
  totalBytes: number;
  lines: number;
  path: string;
}

export interface ReadOptions extends ReportOptions {
  /** Called now and then. */
  onProgress(progress: Progress): void;
  signal?: AbortSignal;
}

/** Never rejects but by `signal`: what cannot be read is in the report's input. */
export async function reportOf(paths: readonly string[], options: ReadOptions): Promise<Report> {
  const chosen = await chooseFiles(paths);
  const reader = new LogReader(chosen, options);
  for (const file of chosen.files) await reader.read(file);
  return reader.report();
}

class LogReader {
  readonly #options: ReadOptions;
  readonly #builder: ReportBuilder;
  readonly #skipped: SkippedFile[];
  readonly #totalBytes: number;
  #files = 0;
  #bytes = 0;
  #lines = 0;
  #damaged = 0;
  #firstDamaged: string | null = null;
  #unfinished = 0;

  constructor({ files, skipped }: ChosenFiles, options: ReadOptions) {
    this.#options = options;
    this.#builder = new ReportBuilder(options);
    this.#skipped = [...skipped];
    this.#totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async read({ path, log }: LogFile): Promise<void> {
    let number = 0;
    const where = (): string => `${path}:${number}`;
    const handler = {
      line: (line: string) => {
        number++;
        if (line === '') return;
        const entry = parseLine(line);
        if (entry === null) this.#damage(where());
        else this.#builder.add(entry, log, where);
      },
      unfinished: (line: string) => {
        number++;
        const entry = parseLine(line);
        // Without its end, only what adds up is sure to be whole.
        if (entry?.kind === 'conversation') this.#builder.add(entry, log, where);
        else this.#unfinished++;
      },
      bytes: (count: number) => {
        this.#bytes += count;
        const lines = this.#lines + number;
        this.#options.onProgress({ bytes: this.#bytes, totalBytes: this.#totalBytes, lines, path });
      },
    };
    try {
      await readLines(path, handler, this.#options.signal);
      this.#files++;
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      this.#fail(path, number, error);
    }
    this.#lines += number;
  }

  /** What was read before counts. */
  #fail(path: string, lines: number, error: unknown): void {
    if (lines > 0) this.#files++;
    const reason = lines > 0 ? `after line ${lines}: ${causeOf(error)}` : causeOf(error);
    this.#skipped.push({ path, reason, wrong: true });
  }

  #damage(where: string): void {
    this.#damaged++;
    this.#firstDamaged ??= where;
  }

  report(): Report {
    return this.#builder.report({
      files: this.#files,
      lines: this.#lines,
      bytes: this.#bytes,
      damagedLines: this.#damaged,
      firstDamaged: this.#firstDamaged,
      unfinishedLines: this.#unfinished,
      skipped: this.#skipped,
    });
  }
}
