/** A watch: one snapshot, with all the rows asked for, at the end of every rate window. */
import type { Engine } from './engine.ts';
import type { Snapshot } from './messages.ts';
import type { MonitorName, Query } from './monitor.ts';

/** Rows per slice: small enough that building one does not keep a full ring waiting. */
export const SLICE_ROWS = 2000;

export interface Watched {
  monitor: MonitorName;
  query: Query;
}

/** A snapshot whose rows come in slices; `head.rows` is empty. */
export interface WatchedSnapshot {
  head: Snapshot;
  slices: Iterable<unknown[]>;
}

/** The snapshot of this moment. The order of rows is fixed now, the slices are built when they are taken. */
export function takeSnapshot(engine: Engine, { monitor, query }: Watched): WatchedSnapshot {
  const few = query.limit > 0 && query.limit <= SLICE_ROWS;
  const page = engine.page(monitor, few ? query : { ...query, limit: 1 });
  const slices = few ? [page.rows] : engine.slices(monitor, query, SLICE_ROWS);
  return { head: { ...page, rows: [] }, slices };
}
