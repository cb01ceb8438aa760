/**
 * What output for pipes needs to know of a monitor: how a row becomes a JSON object, CSV records and a line of text.
 * Each monitor describes itself in its own folder (screens/<monitor>/output.ts); monitors.ts lists them.
 */
import type { SnapshotHead } from '../engine/messages.ts';
import type { KnownName } from '../names/known-name.ts';

/** A cell of CSV or text: null = unknown. */
export type Cell = string | number | boolean | null;

/** Bytes that text shows: of IP packets, or of whole frames. JSON and CSV have both. */
export type ByteKind = 'ip' | 'wire';

export interface TextColumn<Row> {
  /** Upper case, no blanks: a word that cut and awk can count. */
  title: string;
  /** Least cells. */
  width: number;
  align: 'left' | 'right';
  read(row: Row, bytes: ByteKind): string;
}

export interface MonitorOutput<Row> {
  /** The row as machine output prints it (CONTRACT section 4). */
  json(row: Row): object;
  /** Names of the CSV fields. */
  csvHeader: readonly string[];
  /** CSV records of one row: none, one or several (one for each direction). */
  csvRecords(row: Row, head: SnapshotHead): Cell[][];
  textColumns: readonly TextColumn<Row>[];
  /** Fields of this monitor in `totals`, made of Page.extra. Absent: none. */
  totals?(extra: Record<string, unknown>): object;
  /** Facts of this monitor in the first line of text ("largest 1500"), made of Page.extra. Absent: none. */
  facts?(extra: Record<string, unknown>, bytes: ByteKind): readonly string[];
  /** Puts names of addresses into rows that are on their way out; `lookup` never waits. Absent: rows name nobody. */
  nameRows?(rows: readonly Row[], lookup: (address: string) => KnownName | null): void;
  /** Puts the operator's own descriptions of stations (by MAC address) into rows on their way out. Absent: none are shown. */
  describeRows?(rows: readonly Row[], describe: (mac: string) => string | null): void;
}
