/**
 * Orders of the conversation table: a number per row (smaller first) and a tie-break. Unknown values come last in both
 * directions; equal rows stand in the order of their row numbers, so that an order does not flicker.
 */
import { NETWORK } from '../wire/decoded-batch.ts';
import { hasPorts, IP_PROTOCOL, ipProtocolName } from '../wire/numbers.ts';
import {
  type ConversationTable,
  ROW_DOUBLE,
  ROW_DOUBLES,
  ROW_FLAG,
  ROW_RATES,
  ROW_WORD,
  ROW_WORDS,
} from './conversation-table.ts';
import type { TcpTracker } from './tcp-tracker.ts';
import type { TieBreak } from './top-rows.ts';

/** What an order needs to know beside the rows. */
export interface OrderContext {
  table: ConversationTable;
  tcp: TcpTracker;
  /** State code of a row at this moment. */
  stateOf(row: number): number;
  /** Interface slots ranked by name. */
  interfaceRank(slot: number): number;
}

export interface RowOrder {
  key(row: number): number;
  tie: TieBreak;
}

type Key = (row: number) => number;

/** First word of a MAC address that stands where an IP address would, after all IPv6 addresses in the order. */
const MAC_BASE = 2 ** 51;
const IPV6_BASE = 2 ** 33;
const V4_MAPPED = 0xffff;
const LARGEST_IP_PROTOCOL = 255;
/** VLAN column of the key: 0x1000 | id. */
export const VLAN_PRESENT = 0x1000;
export const VLAN_ID = 0xfff;

/** IP protocols ranked by name; screens show names. */
const PROTOCOL_RANK = rankProtocols();

function rankProtocols(): Uint16Array {
  const rank = new Uint16Array(LARGEST_IP_PROTOCOL + 1);
  const names = Array.from(rank, (_, protocol) => ({ protocol, name: ipProtocolName(protocol) }));
  names.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const [place, { protocol }] of names.entries()) rank[protocol] = place;
  return rank;
}

/** Side (0 or 1) of the endpoint that a row shows first: the sender of the first packet. */
export function firstSide(table: ConversationTable, row: number): 0 | 1 {
  return (table.u32[row * ROW_WORDS + ROW_WORD.flags] & ROW_FLAG.endpoint1First) === 0 ? 0 : 1;
}

/** NETWORK of a row. */
export function networkOf(table: ConversationTable, row: number): number {
  return table.u32[row * ROW_WORDS + ROW_WORD.place] >>> 24;
}

/** IP protocol of a row; 0 for non-IP. */
export function ipProtocolOf(table: ConversationTable, row: number): number {
  return (table.u32[row * ROW_WORDS + ROW_WORD.place] >>> 16) & 0xff;
}

/** Port of an endpoint, or NaN where the protocol has none. */
export function portOf(table: ConversationTable, row: number, side: number): number {
  if (networkOf(table, row) === NETWORK.other || !hasPorts(ipProtocolOf(table, row))) return Number.NaN;
  const ports = table.u32[row * ROW_WORDS + ROW_WORD.ports];
  return side === 0 ? ports >>> 16 : ports & 0xffff;
}

/** The order of this name (a monitor's column); the natural order, first seen first, for names that are none. */
export function rowOrder(context: OrderContext, sort: string | null, descending: boolean): RowOrder {
  if (sort === 'source' || sort === 'destination') return addressOrder(context.table, sort === 'source', descending);
  const key = sort === null ? undefined : columnKey(context, sort);
  if (key === undefined) return natural(context.table);
  return { key: signed(key, descending), tie: (a, b) => a - b };
}

function natural(table: ConversationTable): RowOrder {
  return { key: (row) => table.firstSeen[row], tie: (a, b) => a - b };
}

function signed(key: Key, descending: boolean): Key {
  return (row) => {
    const value = key(row);
    if (Number.isNaN(value)) return Number.POSITIVE_INFINITY;
    return descending ? -value : value;
  };
}

function columnKey({ table, tcp, stateOf, interfaceRank }: OrderContext, sort: string): Key | undefined {
  const { f64, rates, u32 } = table;
  const both = (word: number): Key => {
    return (row) => f64[row * ROW_DOUBLES + word] + f64[row * ROW_DOUBLES + word + 1];
  };
  switch (sort) {
    case 'rate':
      return (row) => rates[row * ROW_RATES] + rates[row * ROW_RATES + 1];
    case 'bytes':
      return both(ROW_DOUBLE.ipBytes);
    case 'packets':
      return both(ROW_DOUBLE.packets);
    case 'port':
      return (row) => portOf(table, row, 1 - firstSide(table, row));
    case 'protocol':
      return (row) => protocolKey(table, row);
    case 'state':
      return stateOf;
    case 'interface':
      return (row) => interfaceRank(u32[row * ROW_WORDS + ROW_WORD.interfaceSlot]);
    case 'first-seen':
      return (row) => table.firstSeen[row];
    case 'last-seen':
      return (row) => f64[row * ROW_DOUBLES + ROW_DOUBLE.lastSeen];
    case 'rtt':
      return (row) => (isTcp(table, row) ? tcp.rttSeconds(row) : Number.NaN);
    case 'retransmissions':
      return (row) => (isTcp(table, row) ? tcp.retransmissions(row, 0) + tcp.retransmissions(row, 1) : Number.NaN);
    case 'window':
      return (row) => (isTcp(table, row) ? largest(tcp.windowBytes(row, 0), tcp.windowBytes(row, 1)) : Number.NaN);
    case 'size':
      return (row) => lastSize(table, tcp, row);
    case 'vlan':
      return (row) => vlanOf(table, row);
    case 'mac':
      return (row) => sourceMac(table, row);
    default:
      return undefined;
  }
}

/** The larger of two figures of which either may be unknown (NaN). */
function largest(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : Math.max(a, b);
}

/** Larger of both sides' last packets in IP bytes; NaN where it is not kept (ICMP) or there is none. */
function lastSize(table: ConversationTable, tcp: TcpTracker, row: number): number {
  if (isTcp(table, row)) return largest(tcp.lastPacketSize(row, 0), tcp.lastPacketSize(row, 1));
  const protocol = ipProtocolOf(table, row);
  if (protocol === IP_PROTOCOL.icmp || protocol === IP_PROTOCOL.icmpv6) return Number.NaN;
  const sizes = table.u32[row * ROW_WORDS + ROW_WORD.extra];
  return largest(sizes & 0xffff || Number.NaN, sizes >>> 16 || Number.NaN);
}

/** VLAN id of a row, or NaN without a tag. */
function vlanOf(table: ConversationTable, row: number): number {
  const vlan = table.u32[row * ROW_WORDS + ROW_WORD.place] & 0xffff;
  return (vlan & VLAN_PRESENT) === 0 ? Number.NaN : vlan & VLAN_ID;
}

/** MAC address of the endpoint that stands first, as a number, or NaN where it is unknown. */
function sourceMac(table: ConversationTable, row: number): number {
  const ids = table.u32[row * ROW_WORDS + ROW_WORD.macs];
  const id = firstSide(table, row) === 0 ? ids & 0xffff : ids >>> 16;
  return id === 0 ? Number.NaN : table.macs.highOf(id) * 2 ** 32 + table.macs.lowOf(id);
}

/** True for TCP over IPv4 or IPv6. */
export function isTcp(table: ConversationTable, row: number): boolean {
  return ipProtocolOf(table, row) === 6 && networkOf(table, row) !== NETWORK.other;
}

function protocolKey(table: ConversationTable, row: number): number {
  if (networkOf(table, row) !== NETWORK.other) return PROTOCOL_RANK[ipProtocolOf(table, row)];
  return LARGEST_IP_PROTOCOL + 1 + table.u32[row * ROW_WORDS + ROW_WORD.ports];
}

/** IPv4 before IPv6 before hardware addresses, each by value. The key holds what 53 bits can, the tie-break the rest. */
function addressOrder(table: ConversationTable, source: boolean, descending: boolean): RowOrder {
  const { u32 } = table;
  const addressAt = (row: number): number => {
    const side = source ? firstSide(table, row) : 1 - firstSide(table, row);
    return row * ROW_WORDS + side * 4;
  };
  const key = (row: number): number => {
    const at = addressAt(row);
    if (networkOf(table, row) === NETWORK.other) return MAC_BASE + u32[at + 2];
    const isV4 = u32[at] === 0 && u32[at + 1] === 0 && u32[at + 2] === V4_MAPPED;
    return isV4 ? u32[at + 3] : IPV6_BASE + u32[at] * 2 ** 16 + (u32[at + 1] >>> 16);
  };
  const sign = descending ? -1 : 1;
  const tie: TieBreak = (a, b) => {
    const atA = addressAt(a);
    const atB = addressAt(b);
    for (let k = 0; k < 4; k++) if (u32[atA + k] !== u32[atB + k]) return u32[atA + k] < u32[atB + k] ? -sign : sign;
    return a - b;
  };
  return { key: signed(key, descending), tie };
}

/** Words of a row's key, for formatting: where endpoint `side`'s address begins. */
export function addressOffset(row: number, side: number): number {
  return row * ROW_WORDS + (side === 0 ? 0 : 4);
}
