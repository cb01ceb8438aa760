/**
 * Text for people, cut and awk: each snapshot is a line of facts ("# …"), a line of titles and one line a row. Cells
 * hold no blanks and are never empty ("-" = unknown), so the n-th word is always the n-th column.
 */
import { formatDuration, formatPercent } from '../base/format.ts';
import type { SnapshotHead } from '../engine/messages.ts';
import { sanitizeText } from '../names/sanitize.ts';
import type { OutputEvent } from './json.ts';
import type { ByteKind, MonitorOutput } from './monitor-output.ts';
import { isoTime } from './time.ts';
import type { OutputFormat, OutputHead } from './writer.ts';

/** Stands for what is not known. */
const EMPTY = '-';

function counted(value: number | null): string {
  return value === null ? 'unknown' : String(value);
}

function filterFact(filter: string, passed: number | null): string {
  return passed === null ? `filter ${filter}` : `filter ${filter} lets ${formatPercent(passed)} through`;
}

function factsLine(head: SnapshotHead, more: readonly string[], rowsTotal: number, bytes: ByteKind): string {
  const { capture, totals } = head;
  const rate = bytes === 'wire' ? totals.wireBytesPerSecond : totals.bytesPerSecond;
  const facts = [
    isoTime(head.time) ?? 'time unknown',
    head.interface,
    head.monitor,
    `elapsed ${formatDuration(Math.round(head.elapsedSeconds))}`,
    `packets ${totals.packets}`,
    `IP bytes ${totals.ipBytes ?? 'unknown'}`,
    `wire bytes ${totals.wireBytes}`,
    `${bytes === 'wire' ? 'wire ' : ''}bit/s ${counted(rate === null ? null : Math.round(rate * 8))}`,
    `dropped ${counted(capture.droppedByKernel)}`,
    `malformed ${capture.malformed ?? 'unknown'}`,
    `coverage ${capture.coverage === null ? 'unknown' : formatPercent(capture.coverage)}`,
  ];
  if (capture.filter !== null) facts.push(filterFact(capture.filter, capture.passed));
  if (head.evicted.conversations > 0) facts.push(`evicted ${head.evicted.conversations}`);
  facts.push(...more, `rows ${rowsTotal}`);
  return `# ${facts.map(sanitizeText).join('  ')}\n`;
}

export class TextFormat<Row> implements OutputFormat<Row> {
  readonly #output: MonitorOutput<Row>;
  readonly #bytes: ByteKind;
  #widths: number[];
  #isFirst = true;
  #titlesDue = false;

  constructor(output: MonitorOutput<Row>, bytes: ByteKind = 'ip') {
    this.#output = output;
    this.#bytes = bytes;
    this.#widths = output.textColumns.map((column) => Math.max(column.width, column.title.length));
  }

  begin(head: OutputHead, rowsTotal: number): string {
    const before = this.#isFirst ? '' : '\n';
    this.#isFirst = false;
    this.#titlesDue = true;
    const more = this.#output.facts?.(head.extra ?? {}, this.#bytes) ?? [];
    return before + factsLine(head, more, rowsTotal, this.#bytes);
  }

  /** Columns are as wide as the first slice needs; a longer cell of a later one pushes its line, nothing is cut. */
  rows(rows: readonly Row[]): string {
    const { textColumns } = this.#output;
    const cells = rows.map((row) => textColumns.map((column) => cellText(column.read(row, this.#bytes))));
    let text = '';
    if (this.#titlesDue) {
      this.#widths = textColumns.map((_, i) =>
        cells.reduce((width, line) => Math.max(width, line[i].length), this.#widths[i]),
      );
      text = this.#titles();
    }
    for (const line of cells) text += this.#line(line);
    return text;
  }

  end(): string {
    return this.#titlesDue ? this.#titles() : '';
  }

  event(event: OutputEvent): string {
    const { type, time, ...fields } = event;
    const facts = Object.entries(fields).map(([name, value]) => `${name} ${sanitizeText(eventValue(value))}`);
    return `# ${[isoTime(time) ?? 'time unknown', type, ...facts].join('  ')}\n`;
  }

  #titles(): string {
    this.#titlesDue = false;
    return this.#line(this.#output.textColumns.map((column) => column.title));
  }

  #line(cells: readonly string[]): string {
    const { textColumns } = this.#output;
    const padded = cells.map((cell, i) =>
      textColumns[i].align === 'right' ? cell.padStart(this.#widths[i]) : cell.padEnd(this.#widths[i]),
    );
    return `${padded.join('  ').trimEnd()}\n`;
  }
}

/** An error says why it happened; standard error has the whole of it. */
function eventValue(value: unknown): string {
  const { cause } = Object(value) as { cause?: unknown };
  return String(cause ?? value);
}

function cellText(text: string): string {
  const clean = sanitizeText(text).replace(/\s+/g, '-');
  return clean === '' ? EMPTY : clean;
}
