/**
 * What crosses the boundary between the host pair monitor (engine side) and its screen, output and log (front side).
 * CONTRACT section 4: direction pairs are [sent by endpoint 0, sent by endpoint 1]; endpoint 0 is ours (what iftop calls
 * the source, on the left), so that they read [sent, received]. Unknown is null.
 */
import type { NameOrigin } from '../../src/names/known-name.ts';
import type { SearchField } from '../../src/search/query.ts';
import type { TermNames } from '../../src/search/rows.ts';
import type { PairGrouping, PairQuantity, SideReason } from '../../src/tables/pair-grouping.ts';

export {
  HOST_GROUPING,
  HOST_SIDE,
  PAIR_WINDOWS,
  type PairGrouping,
  type PairQuantity,
  type PairSide,
  SIDE_REASONS,
  type SideReason,
} from '../../src/tables/pair-grouping.ts';

/** One figure in both directions: [sent, received]. */
export type PairCounts = [number, number];
/** null until the first second is over. */
export type PairRates = [number | null, number | null];

export interface PairEndpoint {
  /** null: this side's hosts are not told apart. */
  address: string | null;
  /** Bits of a network; null: a single host (or none). */
  prefix: number | null;
  /** null: ports are not told apart on this side, or the protocol has none. */
  port: number | null;
  /** Name of the address, filled in by the front; null = unknown or not asked for. */
  name: string | null;
  /** How that name is known, filled in with it. */
  nameSource?: NameOrigin | null;
}

/** In PairQuantity units a second, over PAIR_WINDOWS in their order; of a younger pair over its age, at least a second. */
export type WindowRates = [PairRates, PairRates, PairRates];
/** In PairQuantity units, exact, over the same windows: rows add up to the totals' in each. */
export type WindowCounts = [PairCounts, PairCounts, PairCounts];

export interface PairFigures {
  rates: WindowRates;
  counts: WindowCounts;
  /** Highest average over 2 s within the last 40 s: sent, received, both together (which is not their sum). */
  peak: [number | null, number | null, number | null];
  /** Since the pair began; of the totals: since start or reset. */
  packets: PairCounts;
  ipBytes: PairCounts;
  wireBytes: PairCounts;
}

export interface HostPairRow extends PairFigures {
  /** Stays with the pair while it lives and the grouping stands; never two pairs with one id in a run. */
  id: number;
  interface: string;
  /** What `rates`, `counts` and `peak` count. */
  quantity: PairQuantity;
  endpoints: [PairEndpoint, PairEndpoint];
  /** Lower-case name ("tcp") and number, where ports are told apart on either side; else null. */
  protocol: string | null;
  ipProtocol: number | null;
  side: SideReason;
  /** Conversations that carried something within the last 40 s. */
  conversations: number;
  /** Seconds since 1970. */
  firstSeen: number;
  lastSeen: number;
}

/** Columns that rows can be ordered by (Query.sort); rates of both directions together. */
export const HOST_PAIR_SORTS = [
  'rate-2s',
  'rate-10s',
  'rate-40s',
  'bytes',
  'packets',
  'source',
  'destination',
  'interface',
] as const;
export type HostPairSort = (typeof HOST_PAIR_SORTS)[number];

export const ASCENDING_HOST_PAIR_SORTS: ReadonlySet<string> = new Set<HostPairSort>([
  'source',
  'destination',
  'interface',
]);

/** Fields of the search. */
export const HOST_PAIR_SEARCH_FIELDS = ['host', 'port', 'proto', 'iface'] as const satisfies SearchField[];

/**
 * iftop's screen filter (key l): a regular expression (POSIX extended, no matter of case) over each side's text as it is
 * shown, "name:port". The engine knows no names: those that the front knows to match come beside the pattern.
 */
export interface ScreenFilter {
  pattern: string;
  /** Addresses whose shown name matches, and ports whose shown service name does. */
  addresses: readonly string[];
  ports: readonly number[];
}

/** Query.options of this monitor. */
export interface HostPairOptions {
  /** Absent: as they are put together at the time (single hosts, where nobody has said so). */
  grouping: PairGrouping;
  /** As typed (src/search/query.ts), with the fields above; null: none. */
  search: string | null;
  searchNames?: readonly TermNames[];
  screenFilter: ScreenFilter | null;
  /**
   * true: the rows and their order are those of the first query that said so (key o); what comes anew is not shown. A
   * query without it is none of a screen, but of a pipe or a log: what a screen has frozen stands.
   */
  frozen: boolean;
}

/** What is in no row. */
export interface PairRemainder {
  packets: number;
  ipBytes: number;
  wireBytes: number;
}

/** Page.extra of this monitor: all traffic, whatever the grouping, the search and the screen filter. */
export interface HostPairExtra {
  quantity: PairQuantity;
  /** Everything here and in rows is of the end of the last whole second: so long ago. */
  secondsAgo: number;
  /** Since start or reset, pairs that left included: what is in rows + gone + more. */
  totals: PairFigures;
  /** Pairs that said nothing for 40 s and left, with what they carried. */
  gone: PairRemainder & { pairs: number };
  /** What found no room in the table. */
  more: PairRemainder;
  /** Neither IPv4 nor IPv6: in no row and not in totals. */
  nonIp: PairRemainder;
  /** IP that is left out: IPv6 link-local without -l, and with -F or -G what does not cross the network's border. */
  leftOut: PairRemainder;
}
