/** `report FILE…`: sums up logs. Reads for minutes where logs are long: progress on a terminal, ended by any signal. */
import { EXIT } from '../base/errors.ts';
import { csvReport } from '../reports/csv-report.ts';
import { htmlReport } from '../reports/html-report.ts';
import { jsonReport } from '../reports/json-report.ts';
import { type Progress, reportOf } from '../reports/read-logs.ts';
import type { Report } from '../reports/report.ts';
import { textReport } from '../reports/text-report.ts';
import type { CommandResult } from './command-result.ts';
import { complain } from './fail.ts';
import type { OptionValues } from './option-values.ts';
import { usageError } from './parse.ts';

/** Rows of a table unless --limit says otherwise: people read fewer than programs. */
const ROWS_FOR_PEOPLE = 10;
const ROWS = 50;
const PROGRESS_EVERY_MS = 200;

const FORMATS = { text: textReport, json: jsonReport, csv: csvReport, html: htmlReport } as const;
type Format = keyof typeof FORMATS;

export function reportCommand(paths: readonly string[], values: OptionValues): CommandResult {
  const format = formatOf(values);
  if (values.from !== null && values.to !== null && values.from >= values.to)
    throw usageError('--from --to', 'there is no time between them');
  return { text: '', status: EXIT.ok, pieces: pieces(paths, values, format) };
}

function formatOf(values: OptionValues): Format {
  const named = (Object.keys(FORMATS) as Format[]).filter((format) => values[format]);
  if (named.length < 2) return named[0] ?? 'text';
  throw usageError(named.map((format) => `--${format}`).join(' '), 'only one of them is possible');
}

async function* pieces(paths: readonly string[], values: OptionValues, format: Format): AsyncGenerator<string, number> {
  const { from, to } = values;
  const limit = values.limit ?? (format === 'text' ? ROWS_FOR_PEOPLE : ROWS);
  const meter = new ProgressMeter();
  const report = await reportOf(paths, { from, to, limit, onProgress: (progress) => meter.show(progress) });
  meter.clear();
  tellSkipped(report);
  const failed = report.input.skipped.some(({ wrong }) => wrong);
  // A report of nothing would say that there was no traffic.
  if (!failed || report.input.files > 0) yield* FORMATS[format](report);
  return failed ? EXIT.failed : EXIT.ok;
}

/** On standard error too: the report may go to a file that nobody reads today. */
function tellSkipped({ input }: Report): void {
  for (const { path, reason, wrong } of input.skipped) {
    complain(wrong ? `cannot read log ${path}: ${reason}` : `${path} is left out: ${reason}`);
  }
  if (input.damagedLines === 0) return;
  const lines = input.damagedLines === 1 ? '1 damaged line is' : `${input.damagedLines} damaged lines are`;
  complain(`${lines} left out, the first is ${input.firstDamaged}`);
}

/** A line on a terminal's standard error, written over as it goes on. */
class ProgressMeter {
  readonly #isShown = process.stderr.isTTY === true;
  #next = Date.now() + PROGRESS_EVERY_MS;
  #width = 0;

  show({ bytes, totalBytes, lines, path }: Progress): void {
    const now = Date.now();
    if (!this.#isShown || now < this.#next) return;
    this.#next = now + PROGRESS_EVERY_MS;
    const percent = totalBytes > 0 ? `${Math.floor((100 * bytes) / totalBytes)} %` : `${Math.round(bytes / 1e6)} MB`;
    const room = (process.stderr.columns ?? 80) - 1;
    const clean = path.replace(/[\x00-\x1f\x7f-\x9f]/g, '?');
    const line = `reading: ${percent}, ${lines} lines, ${clean}`.slice(0, room);
    process.stderr.write(`\r${line.padEnd(this.#width)}`);
    this.#width = line.length;
  }

  clear(): void {
    if (this.#width > 0) process.stderr.write(`\r${' '.repeat(this.#width)}\r`);
    this.#width = 0;
  }
}
