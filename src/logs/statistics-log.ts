/**
 * The log of a statistics monitor: a block at every interval, with one line for the whole and one for each row, an hourly
 * sum, and totals at the end. What a block says of its rows is the monitor's own (screens/<monitor>/log.ts). Counters are
 * those since the start, as iptraf-ng's blocks have them. Pure: snapshots in, records out.
 *
 *   TIME; general; all; running 61 s; 15164 packets, 42511852 bytes; dropped by kernel 0, dropped by interface 0, malformed 0
 *   TIME; general; eth0; 15164 packets, 42511852 bytes; …
 *   14:00 TIME; general; all; 42511852 bytes; hour of 3600 s; 15164 packets, 42511852 bytes, avg flow rate 94.47 kbps; …
 */
import type { CaptureView, Snapshot, SnapshotHead, TotalsView } from '../engine/messages.ts';
import type { MonitorName, Query } from '../engine/monitor.ts';
import { sanitizeText } from '../names/sanitize.ts';
import type { BlockKind, MonitorLog } from './monitor-log.ts';
import type { LogRecord } from './record.ts';

/** What one row, or the first line of a block, says: fields of the line of text, and the facts of JSON. */
export interface BlockLine {
  /** null: what is watched. */
  interface?: string | null;
  fields: readonly string[];
  facts: object;
}

/** What a monitor says of itself. */
export interface StatisticsMonitor<Row> {
  readonly monitor: MonitorName;
  readonly label: string;
  /** All the rows of a block. */
  readonly query: Query;
  /** The monitor's own figures of the whole, for the first line of a block. */
  head(head: Snapshot): Pick<BlockLine, 'fields' | 'facts'>;
  row(row: Row, head: Snapshot): BlockLine;
}

/** Counters at one moment; sums are the differences of two. */
export interface Mark {
  time: number;
  elapsed: number;
  packets: number;
  /** null: only the kernel's counters are read, which do not tell. */
  ipBytes: number | null;
  wireBytes: number;
  droppedByKernel: number | null;
  droppedByInterface: number | null;
  malformed: number | null;
}

export class StatisticsLog<Row> implements MonitorLog {
  readonly monitor: MonitorName;
  readonly label: string;
  readonly #description: StatisticsMonitor<Row>;
  readonly #interface: string;
  /** The block that is being written. */
  #kind: BlockKind = 'interval';
  #head: Snapshot | null = null;
  /** Where the running hour began; null: with the capture. */
  #hour: Mark | null = null;

  /** `interfaceName`: of what is watched. */
  constructor(description: StatisticsMonitor<Row>, interfaceName: string) {
    this.monitor = description.monitor;
    this.label = description.label;
    this.#description = description;
    this.#interface = logName(interfaceName);
  }

  /** The hourly sum needs no rows. */
  query(kind: BlockKind): Query | null {
    return kind === 'hour' ? null : this.#description.query;
  }

  begin(kind: BlockKind, head: Snapshot): LogRecord[] {
    this.#kind = kind;
    this.#head = head;
    if (kind === 'hour') return [this.#hourRecord(head)];
    const { fields, facts } = this.#description.head(head);
    const { capture, elapsedSeconds, totals } = head;
    return [
      this.#record(head, {
        fields: [`running ${elapsedSeconds.toFixed(0)} s`, countsText(totals), captureText(capture), ...fields],
        facts: {
          block: kind,
          elapsedSeconds: rounded(elapsedSeconds),
          totals: totalsFacts(totals),
          capture: captureFacts(capture),
          ...facts,
        },
      }),
    ];
  }

  rows(rows: readonly unknown[]): LogRecord[] {
    const head = this.#head as Snapshot;
    return rows.map((row) => this.#record(head, this.#description.row(row as Row, head)));
  }

  end(): LogRecord[] {
    const head = this.#head;
    this.#head = null;
    return head === null || this.#kind !== 'stopped' ? [] : [this.#stoppedRecord(head)];
  }

  #record({ time }: SnapshotHead, line: BlockLine): LogRecord {
    const where = line.interface == null ? this.#interface : logName(line.interface);
    return {
      time,
      event: 'interval',
      monitor: this.monitor,
      interface: where,
      fields: [this.monitor, where, ...line.fields],
      facts: { ...line.facts },
    };
  }

  #hourRecord(head: SnapshotHead): LogRecord {
    const now = markOf(head);
    const from = this.#hour !== null && this.#hour.elapsed <= now.elapsed ? this.#hour : startOf(now);
    this.#hour = now;
    const { fields, facts } = sumOf(from, now, 'hour');
    const hour = hourLabel(from.time, now.time);
    return { ...this.#record(head, { fields, facts: { block: 'hour', hour, ...facts } }), hour };
  }

  #stoppedRecord(head: SnapshotHead): LogRecord {
    const now = markOf(head);
    const { fields, facts } = sumOf(startOf(now), now, 'total');
    const record = this.#record(head, { fields, facts });
    return { ...record, event: 'stopped', fields: [`******** ${this.label} stopped ********`, ...record.fields] };
  }
}

export function markOf({ time, elapsedSeconds, totals, capture }: SnapshotHead): Mark {
  const { packets, ipBytes, wireBytes } = totals;
  const { droppedByKernel, droppedByInterface, malformed } = capture;
  return { time, elapsed: elapsedSeconds, packets, ipBytes, wireBytes, droppedByKernel, droppedByInterface, malformed };
}

/** The moment at which everything was 0: the start of the capture, or the operator's last reset. */
export function startOf({ time, elapsed }: Mark): Mark {
  const nothing = { packets: 0, ipBytes: 0, wireBytes: 0, droppedByKernel: 0, droppedByInterface: 0, malformed: 0 };
  return { time: time - elapsed, elapsed: 0, ...nothing };
}

export function sumOf(from: Mark, to: Mark, what: string): { fields: string[]; facts: object } {
  const since = (now: number | null, before: number | null): number | null =>
    now === null ? null : now - (before ?? 0);
  const seconds = to.elapsed - from.elapsed;
  const packets = to.packets - from.packets;
  const ipBytes = since(to.ipBytes, from.ipBytes);
  const wireBytes = to.wireBytes - from.wireBytes;
  const sum = { packets, ipBytes, wireBytes };
  const dropped = {
    droppedByKernel: since(to.droppedByKernel, from.droppedByKernel),
    droppedByInterface: since(to.droppedByInterface, from.droppedByInterface),
    malformed: since(to.malformed, from.malformed),
  };
  return {
    fields: [
      bytesText(sum),
      `${what} of ${seconds.toFixed(0)} s`,
      `${countsText(sum)}, avg flow rate ${averageText(sum, seconds)}`,
      captureText(dropped),
    ],
    facts: { seconds: rounded(seconds), ...sum, ...dropped },
  };
}

/**
 * "HH:00": the hour of the local clock that the time from one moment to another lies in. By its middle: both ends are
 * ticks of the engine, up to a quarter of a second beside the full hour.
 */
export function hourLabel(from: number, to: number): string {
  return `${String(new Date(((from + to) / 2) * 1000).getHours()).padStart(2, '0')}:00`;
}

/** A name from the system or the network as a field of a line: no control characters, nothing that separates fields. */
export function logName(name: string): string {
  return sanitizeText(name).replaceAll(';', ',');
}

/** Bytes of IP packets; where those are not known (-u), of whole frames. */
export interface Counted {
  packets: number;
  ipBytes: number | null;
  wireBytes: number;
}

type Bytes = Pick<Counted, 'ipBytes' | 'wireBytes'> | { ipBytes: number; wireBytes?: undefined };

/** "3456 bytes". */
function bytesText({ ipBytes, wireBytes }: Bytes): string {
  return ipBytes === null ? `${wireBytes} wire bytes` : `${ipBytes} bytes`;
}

/** "12 packets, 3456 bytes". */
export function countsText(counts: Bytes & { packets: number }): string {
  return `${counts.packets} packets, ${bytesText(counts)}`;
}

/** Bytes per second over so many seconds; null: no time has passed. */
export function averageOf({ ipBytes, wireBytes }: Counted, seconds: number): number | null {
  return seconds > 0 ? (ipBytes ?? wireBytes) / seconds : null;
}

/** "2407.52 kbps" over so many seconds. */
export function averageText(counts: Counted, seconds: number): string {
  return kbps(averageOf(counts, seconds) ?? 0);
}

/** As iptraf-ng writes rates: bytes per second as "2407.52 kbps". */
export function kbps(bytesPerSecond: number | null): string {
  return bytesPerSecond === null ? 'unknown' : `${((bytesPerSecond * 8) / 1000).toFixed(2)} kbps`;
}

type Losses = Pick<CaptureView, 'droppedByKernel' | 'droppedByInterface' | 'malformed'>;

/** What did not reach us, and what could not be read. */
export function captureText({ droppedByKernel, droppedByInterface, malformed }: Losses): string {
  const dropped = `dropped by kernel ${droppedByKernel ?? 'unknown'}, dropped by interface ${droppedByInterface ?? 'unknown'}`;
  return `${dropped}, malformed ${malformed ?? 'unknown'}`;
}

export function captureFacts(capture: CaptureView): object {
  const { source, received, droppedByKernel, droppedByInterface, malformed, filteredOut, filter, coverage } = capture;
  return { source, received, droppedByKernel, droppedByInterface, malformed, filteredOut, filter, coverage };
}

function totalsFacts({ packets, buffers, ipBytes, wireBytes }: TotalsView): object {
  return { packets, buffers, ipBytes, wireBytes };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
