/**
 * What crosses the boundary between the IP traffic monitor (engine side) and its screen, output and log (front side).
 * CONTRACT section 4: direction pairs are [sent by endpoint 0, sent by endpoint 1]; unknown is null.
 */
import type { NameOrigin } from '../../src/names/known-name.ts';
import type { SearchField } from '../../src/search/query.ts';
import type { TermNames } from '../../src/search/rows.ts';
import type { LogSums } from '../../src/tables/connection-facts.ts';
import type { ConversationPart } from '../../src/tables/conversation-part.ts';

export type { HostMatch } from '../../src/tables/conversation-part.ts';

/** Life of a conversation. TCP runs through the first seven; other protocols are active or idle. */
export const CONVERSATION_STATES = [
  'new',
  'syn-sent',
  'syn-received',
  'established',
  'fin-wait',
  'closing',
  'closed',
  'reset',
  'timed-out',
  'active',
  'idle',
] as const;
export type ConversationState = (typeof CONVERSATION_STATES)[number];

export interface Endpoint {
  /** IPv4, IPv6 or (non-IP) MAC address as text. */
  address: string;
  /** null where the protocol has no ports. */
  port: number | null;
  /** Name of the address, filled in by the front; null = unknown or not asked for. */
  name: string | null;
  /** How that name is known, filled in with it. */
  nameSource?: NameOrigin | null;
  mac: string | null;
}

/** Bytes per second of both sides; null = not known. */
export type RatePair = [number | null, number | null];

export interface IpTrafficRow {
  /** Stays with the conversation while it lives; never two conversations with one id in a run. */
  id: number;
  /** Lower-case name: "tcp", "udp", "icmp", "ipv6-icmp", "arp", or the number as text. */
  protocol: string;
  /** IP protocol number, or null for non-IP. */
  ipProtocol: number | null;
  /** EtherType of non-IP rows, else null. */
  etherType: number | null;
  interface: string;
  vlan: number | null;
  /** The first packet's sender stands first, as iptraf-ng orders its lines. */
  endpoints: [Endpoint, Endpoint];
  packets: [number, number];
  ipBytes: [number, number];
  wireBytes: [number, number];
  /** Over the last rate window; null until one has closed since start or reset. */
  bytesPerSecond: RatePair;
  wireBytesPerSecond: RatePair;
  /** Flags of the last packet of each side, order S P A U ("S-A-"); null for other protocols. */
  flags: [string | null, string | null];
  state: ConversationState;
  /** true: was open already when we started (TCP whose SYN was not seen); null for other protocols. */
  partial: boolean | null;
  /** Round-trip time in seconds as seen here (both halves of the path added), or null. */
  rttSeconds: number | null;
  retransmissions: [number, number] | null;
  /** Advertised window in bytes, scaled when the scale was negotiated in sight; null = unknown. */
  window: [number | null, number | null];
  /** IP bytes of the last packet of each side; null = none yet. */
  lastPacketSize: [number | null, number | null];
  /** Last ICMP type and code of each side ("echo req", "dest unrch (port)"), else null. */
  detail: [string | null, string | null];
  process: null;
  /** Seconds since 1970. Machine output prints ISO 8601. */
  firstSeen: number;
  lastSeen: number;
}

/** Columns that rows can be ordered by (Query.sort). */
export const IP_TRAFFIC_SORTS = [
  'rate',
  'bytes',
  'packets',
  'source',
  'destination',
  'port',
  'protocol',
  'state',
  'interface',
  'first-seen',
  'last-seen',
  'rtt',
  'retransmissions',
  'window',
  'size',
  'vlan',
  'mac',
] as const;
export type IpTrafficSort = (typeof IP_TRAFFIC_SORTS)[number];

/** Columns that are read from A to Z or from early to late; the others begin with the largest. */
export const ASCENDING_SORTS: ReadonlySet<IpTrafficSort> = new Set([
  'source',
  'destination',
  'port',
  'protocol',
  'state',
  'interface',
  'first-seen',
  'vlan',
  'mac',
]);

/** Fields of the search over conversations, and over packets. */
export const CONVERSATION_SEARCH_FIELDS = [
  'host',
  'port',
  'proto',
  'state',
  'iface',
  'process',
] as const satisfies SearchField[];
export const PACKET_SEARCH_FIELDS = ['host', 'port', 'proto', 'iface'] as const satisfies SearchField[];

/** Rows, packets and figures are those of that part of the traffic. */
export type IpTrafficWithin = ConversationPart;

/** Query.options of this monitor. */
export interface IpTrafficOptions {
  /**
   * Which rows: TCP, everything else, or both. 'packets': PacketLine rows instead, the oldest kept first (a bounded
   * number; an offset beyond the end gives the newest `limit`); offset, limit and search apply, sort and follow do not.
   */
  panel: 'tcp' | 'other' | 'all' | 'packets';
  /** As typed (src/search/query.ts), with the fields below; null: none. */
  search: string | null;
  /** By term of the search: addresses and ports whose *names* are meant (the front knows names, the engine does not). */
  searchNames?: readonly TermNames[];
  /** Nothing else is there, neither shown nor hidden; absent: everything is. */
  within?: IpTrafficWithin;
}

/** Page.extra of this monitor. */
export interface IpTrafficExtra {
  tcpConversations: number;
  otherConversations: number;
  /** IP bytes per second of all TCP, of everything else. */
  tcpBytesPerSecond: number | null;
  otherBytesPerSecond: number | null;
  /** What the conversations that are in the table carried, of both panels; null where the query has no `within`. */
  within: WithinFigures | null;
}

export interface WithinFigures {
  packets: number;
  ipBytes: number;
  wireBytes: number;
  bytesPerSecond: number | null;
  wireBytesPerSecond: number | null;
}

/**
 * Commands of this monitor (EngineRequest): "flush" {} drops closed rows; "packets" {on: boolean} starts and stops
 * keeping the newest packets for panel 'packets' (kept from the start when reading a file: it is over before one asks);
 * "facts" {final?: true} hands out what became of conversations, for logs: ConnectionFacts; "states" {} counts the
 * conversations in each state, in the order of CONVERSATION_STATES.
 */
export type IpTrafficCommand = 'flush' | 'packets' | 'facts' | 'states';

/** One line of the packet-by-packet view (panel 'packets'). */
export interface PacketLine {
  /** Grows by one with every packet seen. */
  number: number;
  time: number;
  protocol: string;
  /** IP protocol number, or null for non-IP. */
  ipProtocol: number | null;
  interface: string;
  source: string;
  sourcePort: number | null;
  destination: string;
  destinationPort: number | null;
  /** IP bytes, or frame bytes of non-IP. */
  bytes: number;
  /** "S-A-", "echo req", "request for 10.0.0.1", … */
  detail: string;
  /** Decode status other than ok, by name; else null. */
  malformed: string | null;
}

/**
 * Answer of the command "facts" {final?: true}: what became of conversations since the last call, oldest first, a bounded
 * piece at a time. The first call begins the collecting; with `final` it ends, after one final fact for each conversation
 * that is still open.
 */
export interface ConnectionFacts {
  /** Engine time, seconds since 1970. */
  time: number;
  /** Seconds that the clock was set by since the capture began: moments of earlier answers have moved by that. */
  clockSet: number;
  /** FACT_DOUBLES a fact (src/tables/connection-facts.ts). */
  facts: Float64Array;
  /** Names of the interfaces of these facts, by slot. */
  interfaces: Record<number, string>;
  /** More is waiting: ask again at once. */
  more: boolean;
  /** Facts that had no room since the last call. */
  lost: number;
  /** With the last piece of `final`: sums of the whole log at that moment; else null. */
  sums: LogSums | null;
}
