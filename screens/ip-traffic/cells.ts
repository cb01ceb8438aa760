/**
 * Cells of the IP traffic monitor: the words, figures and styles that columns and details are made of, and the view
 * (units, names, time) that decides what they say. Pure.
 */
import { DEFAULT_RATE_FORMAT, type RateFormat } from '../../src/base/format.ts';
import type { Style } from '../kit/style.ts';
import type { EndpointView } from './endpoint.ts';
import type { ConversationState, IpTrafficRow, RatePair } from './types.ts';

/** Everything beside the row that decides what a cell says. */
export interface IpTrafficView extends EndpointView {
  /** The panel below has a column of source MAC addresses, however narrow it is. */
  showSourceMacs: boolean;
  /** Which bytes: of the IP packet or of the whole frame. Non-IP rows always show frame bytes. */
  byteKind: 'ip' | 'wire';
  rate: RateFormat;
  /** Engine time of the snapshot, seconds since 1970. */
  time: number;
  /** Rate of everything together, bytes per second. */
  totalRate: number | null;
  /** Longest interface name there is. */
  interfaceWidth: number;
  /** More than one interface: the column is never left out. */
  severalInterfaces: boolean;
  /** An endpoint as long as LONGEST_ENDPOINT was seen: narrow terminals then keep room for it. */
  longEndpoints: boolean;
  /** Columns switched off by the operator. */
  hiddenColumns: ReadonlySet<string>;
}

export const DEFAULT_VIEW: IpTrafficView = {
  names: null,
  showNames: false,
  showServices: false,
  showSourceMacs: false,
  byteKind: 'ip',
  rate: DEFAULT_RATE_FORMAT,
  time: 0,
  totalRate: null,
  interfaceWidth: 6,
  severalInterfaces: false,
  longEndpoints: false,
  hiddenColumns: new Set(),
};

/** Rows that are over: dim until they go. */
export function isOver(state: ConversationState): boolean {
  return state === 'closed' || state === 'reset' || state === 'timed-out' || state === 'idle';
}

const STATE_WORDS: Record<ConversationState, string> = {
  new: 'NEW',
  'syn-sent': 'SYN',
  'syn-received': 'SYN-RCVD',
  established: 'ESTAB',
  'fin-wait': 'FIN-WAIT',
  closing: 'CLOSING',
  closed: 'CLOSED',
  reset: 'RESET',
  'timed-out': 'TIMED OUT',
  active: '',
  idle: 'idle',
};

/** The state as screens write it. */
export function stateWord(state: ConversationState): string {
  return STATE_WORDS[state];
}

/** Words of the ends of life that replace the flags where there is no column for the state, as iptraf-ng does. */
export const END_WORDS: Partial<Record<ConversationState, string>> = {
  'fin-wait': 'FIN',
  closing: 'CLOSING',
  closed: 'CLOSED',
  reset: 'RESET',
  'timed-out': 'TIMEOUT',
};

/** Flags of a side that has sent nothing. */
export const NO_FLAGS = '----';

/** "=" the whole connection was seen, ">" it was open already when we started. */
export function partialMark(row: IpTrafficRow): string {
  return row.partial === true ? '>' : '=';
}

/** Colour of a protocol. */
export function protocolStyle(protocol: string, ipProtocol: number | null): Style {
  if (ipProtocol === null) return 'nonIp';
  if (protocol === 'tcp') return 'tcp';
  if (protocol === 'udp' || protocol === 'udplite') return 'udp';
  return protocol === 'icmp' || protocol === 'ipv6-icmp' ? 'icmp' : 'otherIp';
}

/** Bytes sent by each side, of the kind that is shown. */
export function shownBytes(row: IpTrafficRow, byteKind: 'ip' | 'wire'): [number, number] {
  return byteKind === 'wire' || row.ipProtocol === null ? row.wireBytes : row.ipBytes;
}

/** Rates of each side, of the kind that is shown. */
export function shownRates(row: IpTrafficRow, byteKind: 'ip' | 'wire'): RatePair {
  return byteKind === 'wire' || row.ipProtocol === null ? row.wireBytesPerSecond : row.bytesPerSecond;
}

/** The share of a rate in the whole, 0 where either is not known. */
export function rateShare(rate: number | null, total: number | null): number {
  return rate === null || total === null || total <= 0 ? 0 : rate / total;
}
