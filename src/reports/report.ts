/**
 * A report, as its forms (text, JSON, CSV, HTML) take it. Times are seconds since 1970; hours and days are those of the
 * zone that the report is made in; bytes are IP bytes (frame bytes of what is no IP); unknown is null.
 */
import type { Ending, Losses } from './entry.ts';
import type { SkippedFile } from './log-files.ts';

export interface Report {
  /** IANA name of the zone of hours and days. */
  zone: string;
  /** As asked for, [from, to); null: not limited. */
  from: number | null;
  to: number | null;
  /** Of the records that were taken; null: there were none. */
  firstRecord: number | null;
  lastRecord: number | null;
  input: ReportInput;
  totals: ReportTotals;
  /** By what they sent, by what they received. */
  sources: Ranking<HostRow>;
  destinations: Ranking<HostRow>;
  ports: Ranking<PortRow>;
  protocols: Ranking<NamedRow>;
  conversations: Ranking<ConversationRow>;
  interfaces: Ranking<NamedRow>;
  /** The busiest first. */
  busiestHours: Ranking<HourRow>;
  /** All hours, in the order of time: for charts. */
  hours: readonly HourRow[];
  /** In the order of time. */
  days: readonly DayRow[];
  losses: readonly LossRow[];
  alerts: Ranking<AlertRow>;
  errors: ErrorList;
}

export interface ReportInput {
  files: number;
  lines: number;
  /** As they lie on the disk. */
  bytes: number;
  damagedLines: number;
  /** "FILE:LINE" of the first one. */
  firstDamaged: string | null;
  /** Files whose last line has no end yet. */
  unfinishedLines: number;
  /** Conversations whose record was there before: an estimate where there are very many records. */
  repeatedRecords: number;
  firstRepeated: string | null;
  skipped: readonly SkippedFile[];
  /** Lines that the program says it could not write. */
  lostLines: number;
  /** Times that the program was started. */
  starts: number;
}

export interface Sums {
  conversations: number;
  packets: number;
  bytes: number;
}

export interface ReportTotals extends Sums {
  endings: Readonly<Record<Ending, number>>;
  losses: Losses;
}

/** Rows in order, the first at most `--limit` of them. */
export interface Ranking<Row> {
  /** Made while they are gone through: there may be a million. */
  rows: Iterable<Row>;
  shown: number;
  /** Different ones there are; null: more than could be told apart. */
  total: number | null;
  /** Bytes that one which is not listed may have had at most because it was forgotten; 0: all figures are exact. */
  mayLack: number;
}

/** Bytes that the figures of a row may be short by; 0: exact. */
interface Bounded {
  mayLack: number;
}

export interface HostRow extends Bounded {
  address: string;
  sentBytes: number;
  receivedBytes: number;
  sentPackets: number;
  receivedPackets: number;
  /** That it began (it sent the first packet), and that others began with it. */
  conversationsFrom: number;
  conversationsTo: number;
}

export interface NamedRow extends Bounded, Sums {
  name: string;
}

export interface PortRow extends Bounded, Sums {
  protocol: string;
  port: number;
  service: string | null;
}

export interface ConversationRow extends Bounded, Sums {
  protocol: string;
  interface: string;
  /** "10.0.0.1:49744": who sent the first packet, and who got it. */
  from: string;
  to: string;
  sentBytes: number;
  receivedBytes: number;
  sentPackets: number;
  receivedPackets: number;
}

export interface HourRow {
  /** Seconds since 1970. */
  start: number;
  /** true: bytes and packets are those that passed, as hourly records say; false: those of conversations that ended. */
  measured: boolean;
  packets: number;
  bytes: number;
  /** Of conversations whose record is of this hour. */
  ended: Sums;
  /** Of hourly records; null: there are none. */
  losses: Losses | null;
}

export interface DayRow extends Sums {
  start: number;
  /** "2026-11-21" */
  date: string;
  interfaces: readonly (Sums & { name: string })[];
  losses: Losses;
  alerts: number;
}

/** What was lost of an interface; "all" has the others within it. */
export interface LossRow extends Losses {
  interface: string;
}

export interface AlertRow {
  alert: string;
  subject: string;
  times: number;
  /** That it lasted, as far as its end is in the log. */
  seconds: number;
  first: number;
  last: number;
  /** true: its last end is not in the log. */
  isOn: boolean;
}

export interface ErrorList {
  count: number;
  /** The last ones, the newest last. */
  last: readonly { time: number; text: string }[];
}
