/**
 * What crosses the boundary between the port monitor (engine side) and its screen and output (front side).
 * CONTRACT section 4: counts are packets, IP bytes and wire bytes; unknown is null.
 */
import type { SearchField } from '../../src/search/query.ts';
import type { TermNames } from '../../src/search/rows.ts';

/**
 * services: every conversation under the port of its server. strict (iptraf-ng's own): every packet under its source and
 * its destination port, if that port is below 1024 or configured; nothing else. src/tables/port-table.ts says it all.
 */
export type PortView = 'services' | 'strict';

export interface PortCounts {
  packets: number;
  ipBytes: number;
  wireBytes: number;
}

/** Of the last rate window; null until one has closed since start or reset. */
export interface PortRates {
  packetsPerSecond: number | null;
  bytesPerSecond: number | null;
  wireBytesPerSecond: number | null;
}

export interface PortRow {
  /** Always the same for one port of one protocol. */
  id: number;
  /** Lower-case name: "tcp", "udp", "sctp", "dccp", "udplite". */
  protocol: string;
  ipProtocol: number;
  /** 0: also what came without ports (fragments whose first one is missing, packets cut off before their ports). */
  port: number;
  /** All, with the port as destination, with it as source. In the strict view of equal ports a packet is both. */
  total: PortCounts & PortRates;
  to: PortCounts & PortRates;
  from: PortCounts & PortRates;
  /** Distinct ones since start or reset. */
  conversations: number;
}

/** Columns that rows can be ordered by (Query.sort). */
export const PORT_SORTS = [
  'rate',
  'bytes',
  'packets',
  'port',
  'protocol',
  'packets-to',
  'bytes-to',
  'packets-from',
  'bytes-from',
  'rate-to',
  'rate-from',
  'conversations',
] as const;
export type PortSort = (typeof PORT_SORTS)[number];

/** Columns that are read from the smallest up; the others begin with the largest. */
export const ASCENDING_PORT_SORTS: ReadonlySet<string> = new Set<PortSort>(['port', 'protocol']);

/** Query.options of this monitor. */
export interface PortOptions {
  /** Which ports, and how packets are counted to them. */
  view: PortView;
  /** As typed (src/search/query.ts), with the fields below; null: none. Without a field it looks at "tcp/443". */
  search: string | null;
  /** By term of the search: ports whose service names are meant (the engine knows no names). */
  searchNames?: readonly TermNames[];
}

/** Fields of the search. */
export const PORT_SEARCH_FIELDS = ['port', 'proto'] as const satisfies SearchField[];

/** Page.extra of this monitor: all traffic of protocols with ports, whatever the view and the search. */
export interface PortExtra extends PortCounts, PortRates {
  conversations: number;
}
