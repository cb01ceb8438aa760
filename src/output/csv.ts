/**
 * CSV: one header line a run, then one record for each direction that carried packets, so that source, destination and
 * bytes of a line mean what they say. Fields are quoted as RFC 4180 says; lines end with LF, as pipes expect.
 */
import type { SnapshotHead } from '../engine/messages.ts';
import type { Cell, MonitorOutput } from './monitor-output.ts';
import type { OutputFormat } from './writer.ts';

/** One field; null is empty. Quoted where it holds a comma, a quote or a line end. */
export function csvField(cell: Cell): string {
  if (cell === null) return '';
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvField).join(',')}\n`;
}

export class CsvFormat<Row> implements OutputFormat<Row> {
  readonly #output: MonitorOutput<Row>;
  #head: SnapshotHead | null = null;

  constructor(output: MonitorOutput<Row>) {
    this.#output = output;
  }

  begin(head: SnapshotHead): string {
    const isFirst = this.#head === null;
    this.#head = head;
    return isFirst ? csvLine(this.#output.csvHeader) : '';
  }

  rows(rows: readonly Row[]): string {
    const head = this.#head;
    if (head === null) return '';
    let text = '';
    for (const row of rows) {
      for (const record of this.#output.csvRecords(row, head)) text += csvLine(record);
    }
    return text;
  }

  end(): string {
    return '';
  }

  /** Events have no place in a flat table: the caller says them on standard error. */
  event(): string {
    return '';
  }
}
