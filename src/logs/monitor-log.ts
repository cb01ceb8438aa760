/**
 * What logging needs to know of a monitor: how its rows become records. Each monitor describes itself in its own folder
 * (screens/<monitor>/log.ts), pure: snapshots in, records out; monitor-logs.ts lists them.
 *
 *   interval ─► block.begin(head) ─► block.rows(slice)… ─► block.end()      at -I, at the full hour, at the end
 *
 * The engine's log (engine-log.ts) writes "started" before all else and gives the rest of the records to the writer as
 * they are made: "stopped" with the totals is the last record of a monitor's last block, so it is made by end().
 */
import type { ConnectionFacts } from '../../screens/ip-traffic/types.ts';
import type { Snapshot } from '../engine/messages.ts';
import type { MonitorName, Query } from '../engine/monitor.ts';
import type { LogRecord } from './record.ts';

/** Why a block is written: -I has passed, an hour of the clock is over, the log ends. */
export type BlockKind = 'interval' | 'hour' | 'stopped';

export interface MonitorLog {
  readonly monitor: MonitorName;
  /** "IP traffic monitor": for "******** … started ********". */
  readonly label: string;
  /** What is asked for a block; null: its head alone says it all (no rows are taken). Limit 0 = all rows, in slices. */
  query(kind: BlockKind): Query | null;
  /** The figures of a block: sums, drops, malformed packets. `head.rows` is empty. */
  begin(kind: BlockKind, head: Snapshot): LogRecord[];
  rows(rows: readonly unknown[]): LogRecord[];
  end(): LogRecord[];
}

/** The log of a monitor that has events between its blocks: they are fetched twice a second (its command "facts"). */
export interface ConnectionsLog extends MonitorLog {
  connections(answer: ConnectionFacts): LogRecord[];
}
