/**
 * What crosses between the engine side (monitor.ts) and the front side (screen.ts, output.ts) of the general interface
 * statistics. Plain values only. CONTRACT section 4: counters since start or reset, unknown is null, units in names.
 */
import type { SearchField } from '../../src/search/query.ts';

export interface GeneralCounts {
  packets: number;
  /** null: only the kernel's counters are read, which do not tell. */
  ipBytes: number | null;
  wireBytes: number;
}

/** Per second, over the last rate window. */
export interface GeneralRates {
  packetsPerSecond: number;
  /** null as ipBytes. */
  bytesPerSecond: number | null;
  wireBytesPerSecond: number;
}

/** gone: it was there since the capture began. null (files): there is nothing to say. */
export type InterfaceState = 'up' | 'no-carrier' | 'down' | 'gone' | null;

/** The kernel's counters of an interface since start or reset (/proc/net/dev). */
export interface KernelSince {
  rxPackets: number;
  rxBytes: number;
  rxErrors: number;
  rxDropped: number;
  txPackets: number;
  txBytes: number;
  txErrors: number;
  txDropped: number;
}

export interface GeneralRow {
  /** Stays with the interface's name while the capture runs. */
  id: number;
  interface: string;
  /** Members stand below their master: 0 = it has none, or one that is not shown. */
  depth: number;
  state: InterfaceState;
  /** Driver of the card, else the kind of virtual interface; null in files. */
  kind: string | null;
  /** Bridge or bond that it belongs to, or null. */
  master: string | null;
  /** Interfaces that it sits on. */
  lower: string[];
  /** Mbit/s, or null where the kernel does not know. */
  speed: number | null;
  /** null: what was captured of this interface alone is not known (libpcap watches all as one). */
  total: GeneralCounts | null;
  ipv4: GeneralCounts | null;
  ipv6: GeneralCounts | null;
  nonIp: GeneralCounts | null;
  /** Packets that could not be decoded to their end, those with a wrong IPv4 checksum among them. */
  malformed: number | null;
  checksumErrors: number | null;
  /** null where the capture does not tell directions (most files), or does not have this one (loopback: out). */
  incoming: GeneralCounts | null;
  outgoing: GeneralCounts | null;
  /** null until a rate window has closed. */
  rates: { total: GeneralRates | null; incoming: GeneralRates | null; outgoing: GeneralRates | null };
  /** The highest rates of one window since start or reset, each for itself; null as for `rates`. */
  peak: GeneralRates | null;
  /** Frame bits per second of each direction [in, out] / the link's speed. */
  load: [number | null, number | null];
  /** At its last reading, at most two seconds ago; null in files. */
  kernel: KernelSince | null;
  /** Packets captured [in, out] at the moment of `kernel`, in the unit in which the kernel counts there. */
  captured: [number, number | null] | null;
  /**
   * Packets that the kernel counted and the capture did not get; 0 where it is no more than what is on its way. null:
   * it cannot be known (files, a filter leaves packets out).
   */
  missed: number | null;
  /** Members: share of what all members of the master carried in the last 60 rate windows. */
  memberShare: number | null;
  /** Bytes per second of the last minute, newest last; empty unless asked for. */
  minute: number[];
}

/** Query.options of this monitor. */
export interface GeneralOptions {
  /** As typed (src/search/query.ts), with the fields below; null: none. Without a field it also looks at kind, master, and what is below. */
  search: string | null;
  /** Which bytes `minute` holds; null: none is wanted. */
  minute: 'ip' | 'wire' | null;
}

/** Fields of the search. */
export const GENERAL_SEARCH_FIELDS = ['iface', 'state'] as const satisfies SearchField[];

/** Page.extra of this monitor. */
export interface GeneralExtra {
  /** Interfaces there are, search or not. */
  interfaces: number;
  /** Those of them that are gone. */
  gone: number;
}

/** flush: interfaces that are gone leave the table; what they carried stays in the totals. */
export type GeneralCommand = 'flush';

export const GENERAL_SORTS = ['interface', 'rate', 'packets', 'bytes', 'load', 'errors', 'missed'] as const;
export type GeneralSort = (typeof GENERAL_SORTS)[number];

export const GENERAL_ASCENDING: ReadonlySet<string> = new Set<GeneralSort>(['interface']);
