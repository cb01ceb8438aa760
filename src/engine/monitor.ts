/**
 * What a monitor is, on the engine's side: it consumes batches or changed conversations and answers snapshots.
 * The eight names appear in folders, options, log sections, golden files and documents.
 */
import type { ConversationTable } from '../tables/conversation-table.ts';
import type { TcpTracker } from '../tables/tcp-tracker.ts';
import type { Bus } from './bus.ts';
import type { LinkView } from './link-view.ts';
import type { EngineOptions, InterfaceView } from './messages.ts';

export const MONITOR_NAMES = [
  'ip-traffic',
  'general',
  'detailed',
  'packet-sizes',
  'ports',
  'lan-stations',
  'host-pairs',
  'processes',
] as const;

export type MonitorName = (typeof MONITOR_NAMES)[number];

/** What a screen or a pipe asks a monitor. Serialisable; each monitor adds fields of its own in `options`. */
export interface Query {
  /** Column to order by (a name from the monitor's columns), or null: the monitor's natural order. */
  sort: string | null;
  descending: boolean;
  /** Rows to skip and to return; limit 0 = all. */
  offset: number;
  limit: number;
  /** Keep the page that contains this row (its `id`), or null: the answer's `offset` says where it begins. */
  follow: number | null;
  /** Monitor's own view options (which panel, search text, …). */
  options: Record<string, unknown>;
}

/** Rows of one answer, with the ids that stay with a row as long as it lives. */
export interface Page<Row> {
  rows: Row[];
  /** Position of rows[0] in the order. */
  offset: number;
  /** Rows in the table (after `hidden` are taken away). */
  rowsTotal: number;
  /** Rows that a search hides. */
  hidden: number;
  /** Monitor's own figures beside the rows. */
  extra: Record<string, unknown>;
}

/** What a monitor works with. */
export interface MonitorContext {
  bus: Bus;
  conversations: ConversationTable;
  /** Interfaces by slot: names for rows. */
  interfaces(): readonly InterfaceView[];
  /** Engine time of the last tick, seconds since 1970. */
  now(): number;
  /** A rate window has closed since start or reset. Before that no rate is known, which is not 0. */
  knowsRates(): boolean;
  tcp: TcpTracker;
  /** What the kernel says of every interface there is now, at most a second old; null: a file is read. */
  links(): readonly LinkView[] | null;
  /** The one instance of a table that several monitors keep together; made for the first that asks. */
  shared<Table>(make: new (bus: Bus) => Table): Table;
  /** Settings in force; read them when needed, they change while running. */
  options: Readonly<EngineOptions>;
}

export interface Monitor<Row = unknown> {
  readonly name: MonitorName;
  /** Whether it reads the conversation table: where no monitor does, packets are not accounted there. */
  readonly usesConversations: boolean;
  /** Whether it reads the rates of conversations, which cost where nobody does. Absent: it does not. */
  readonly usesRates?: boolean;
  /** Subscribes to what it needs. Returns the undo. */
  attach(context: MonitorContext): () => void;
  /** The rows asked for, ordered, at most query.limit: made of plain values. */
  page(query: Query): Page<Row>;
  /**
   * The same rows for output that wants all of them (limit 0): handed out in slices of `size`, so that 200,000 rows
   * never stand in one array. The order is fixed when the call begins.
   */
  slices(query: Query, size: number): Iterable<Row[]>;
  /** Carries out a command of this monitor ("flush", "packets"); the answer is a plain value. Unknown commands throw. */
  command?(command: string, commandArguments: Record<string, unknown>): unknown;
}
