/**
 * Cells of the IP traffic monitor: the words, figures and styles that columns and details are made of, and the view
 * (units, names, time) that decides what they say. Pure.
 */
import {
  type Base,
  DEFAULT_RATE_FORMAT,
  formatBytes,
  formatCount,
  formatPacketRate,
  formatRate,
  type RateFormat,
} from '../../src/base/format.ts';
import type { Style } from '../kit/style.ts';
import type { EndpointView } from './endpoint.ts';
import type { ConversationState, IpTrafficRow } from './types.ts';

/** Everything beside the row that decides what a cell says. */
export interface IpTrafficView extends EndpointView {
  /** Which bytes: of the IP packet or of the whole frame. Non-IP rows always show frame bytes. */
  byteKind: 'ip' | 'wire';
  rate: RateFormat;
  /** Engine time of the snapshot, seconds since 1970. */
  time: number;
  /** Rate of everything together, bytes per second. */
  totalRate: number;
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
  byteKind: 'ip',
  rate: DEFAULT_RATE_FORMAT,
  time: 0,
  totalRate: 0,
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

/** Rates of each side, of the kind that is shown, bytes per second. */
export function shownRates(row: IpTrafficRow, byteKind: 'ip' | 'wire'): [number, number] {
  return byteKind === 'wire' || row.ipProtocol === null ? row.wireBytesPerSecond : row.bytesPerSecond;
}

/** A number that is too long for its cell loses digits behind the point, never before it. */
function narrowed(text: string, width: number): string {
  const match = /^(\d+\.\d+)(\D*)$/.exec(text);
  if (text.length <= width || match === null) return text;
  const [, digits, unit] = match;
  const point = digits.indexOf('.');
  const decimals = Math.max(0, width - unit.length - point - 1);
  return Number(digits).toFixed(decimals) + unit;
}

/** A count in at most `width` cells: exact where it fits. */
export function countCell(count: number | null, width: number): string {
  const exact = formatCount(count);
  return exact.length <= width ? exact : narrowed(formatPacketRate(count), width);
}

/** Bytes without the B, which stands in the title. */
export function bytesCell(bytes: number | null, base: Base, width: number): string {
  return narrowed(formatBytes(bytes, base).replace(/ ?B$/, '').replace(' ', ''), width);
}

/** A rate without its unit, which stands in the title. */
export function rateCell(bytesPerSecond: number, format: RateFormat, width: number): string {
  const text = formatRate(bytesPerSecond, format).replace(/(bit|B)\/s$/, '');
  return narrowed(text.replace(' ', ''), width);
}

/** Unit of a rate: the title of its column. */
export function rateTitle(format: RateFormat): string {
  return format.unit === 'bits' ? 'bit/s' : 'B/s';
}

/** Figures of what moves stand out. */
export function rateStyle(rate: number): Style {
  return rate > 0 ? 'value' : 'dim';
}

/** A share of the whole as a bar of half cells. */
export function shareBar(share: number, width: number): string {
  const halves = Math.round(Math.min(1, Math.max(0, share)) * width * 2);
  return '█'.repeat(halves >> 1) + (halves % 2 === 1 ? '▌' : '');
}

/** How long ago, in at most six cells: "3.2 s", "12 min", "5 h"; the time of day stands in the details. */
export function agoText(seconds: number): string {
  if (!(seconds >= 0)) return '0 s';
  if (seconds < 60) return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
