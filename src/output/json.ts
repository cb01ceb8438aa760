/**
 * JSON lines (CONTRACT section 4): one object a line, streamed: the line of a snapshot is begun, filled with slices of
 * rows and ended, so that no string ever holds 200,000 rows. Strings from the network are cleaned; unknown is null.
 */

import type { CaptureView, SnapshotHead, TotalsView } from '../engine/messages.ts';
import { sanitizeText } from '../names/sanitize.ts';
import type { MonitorOutput } from './monitor-output.ts';
import { isoTime } from './time.ts';
import type { OutputFormat, OutputHead } from './writer.ts';

/** Version of the shapes below; grows when a field is taken away or changes its meaning. */
export const JSON_SCHEMA_VERSION = 1;

/** Rates are measured over windows of milliseconds: more digits would be noise. */
export function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000;
}

function captureJson(capture: CaptureView): object {
  return {
    source: capture.source,
    received: capture.received,
    droppedByKernel: capture.droppedByKernel,
    droppedByInterface: capture.droppedByInterface,
    malformed: capture.malformed,
    malformedByReason: capture.malformedByReason,
    filteredOut: capture.filteredOut,
    filter: capture.filter,
    passed: capture.passed,
    kernelFilterRefusal: capture.kernelFilterRefusal,
    coverage: capture.coverage,
    freezes: capture.freezes,
    notWritten: capture.notWritten,
  };
}

function totalsJson(totals: TotalsView): object {
  return {
    packets: totals.packets,
    buffers: totals.buffers,
    ipBytes: totals.ipBytes,
    wireBytes: totals.wireBytes,
    packetsPerSecond: rounded(totals.packetsPerSecond),
    bytesPerSecond: rounded(totals.bytesPerSecond),
    wireBytesPerSecond: rounded(totals.wireBytesPerSecond),
  };
}

function headJson(head: SnapshotHead, totals: object): object {
  return {
    type: 'snapshot',
    schema: JSON_SCHEMA_VERSION,
    monitor: head.monitor,
    time: isoTime(head.time),
    elapsedSeconds: rounded(head.elapsedSeconds),
    interface: sanitizeText(head.interface),
    capture: captureJson(head.capture),
    totals,
    evicted: head.evicted,
  };
}

/** Something that happened, as its own line. `time` is seconds since 1970; null = now is not known. */
export interface OutputEvent {
  type: string;
  time: number | null;
  [field: string]: unknown;
}

export class JsonFormat<Row> implements OutputFormat<Row> {
  readonly #output: MonitorOutput<Row>;
  #rowsTotal = 0;
  #first = true;

  constructor(output: MonitorOutput<Row>) {
    this.#output = output;
  }

  begin(head: OutputHead, rowsTotal: number): string {
    this.#rowsTotal = rowsTotal;
    this.#first = true;
    const totals = { ...totalsJson(head.totals), ...this.#output.totals?.(head.extra ?? {}) };
    return `${JSON.stringify(headJson(head, totals)).slice(0, -1)},"rows":[`;
  }

  rows(rows: readonly Row[]): string {
    let text = '';
    for (const row of rows) {
      text += (this.#first ? '' : ',') + JSON.stringify(this.#output.json(row));
      this.#first = false;
    }
    return text;
  }

  end(): string {
    return `],"rowsTotal":${this.#rowsTotal}}\n`;
  }

  event(event: OutputEvent): string {
    const { type, time, ...fields } = event;
    return `${JSON.stringify({ type, schema: JSON_SCHEMA_VERSION, time: isoTime(time), ...fields })}\n`;
  }
}
