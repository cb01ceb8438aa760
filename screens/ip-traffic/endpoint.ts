/**
 * Endpoints and conversations as text that fits its cell: "10.0.0.1:443", "[2001:db8::1]:443", "web.example:https".
 * What does not fit loses its least telling part: an IPv6 address its middle, a name its end; a port is never cut.
 */
import { serviceName } from '../../src/names/services.ts';
import type { NameSource } from '../monitor-screen.ts';
import { shownName } from '../shown-name.ts';
import type { Endpoint, IpTrafficRow } from './types.ts';

export interface EndpointView {
  names: NameSource | null;
  showNames: boolean;
  showServices: boolean;
}

/** An IPv6 address with a port and brackets: the longest endpoint that has no name. */
export const LONGEST_ENDPOINT = 47;

const UNLIMITED = Number.POSITIVE_INFINITY;

/** Name of the address, marked where it was seen on the wire, if names are shown and known. */
export function hostName(endpoint: Endpoint, view: EndpointView): string | null {
  if (endpoint.name !== null) return endpoint.name;
  return view.showNames && view.names !== null ? shownName(view.names, endpoint.address) : null;
}

function portText(port: number, protocol: string, view: EndpointView): string {
  const service = view.showServices ? serviceName(port, protocol) : null;
  return service ?? String(port);
}

/** The endpoint in at most `width` cells. */
export function endpointText(endpoint: Endpoint, protocol: string, view: EndpointView, width = UNLIMITED): string {
  const name = hostName(endpoint, view);
  const host = name ?? endpoint.address;
  const isAddress = name === null && host.includes(':');
  if (endpoint.port === null) return isAddress ? cutMiddle(host, width) : cutEnd(host, width);
  const port = portText(endpoint.port, protocol, view);
  if (!isAddress) return `${cutEnd(host, width - port.length - 1)}:${port}`;
  return `[${cutMiddle(host, width - port.length - 3)}]:${port}`;
}

/** A text that tells most at its beginning, in at most `width` cells. */
export function cutEnd(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** A text whose beginning and end tell most, in at most `width` cells. */
export function cutMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const kept = Math.max(0, width - 1);
  const tail = kept >> 1;
  return `${text.slice(0, kept - tail)}…${tail === 0 ? '' : text.slice(-tail)}`;
}

/** Widest first endpoint that keeps the arrows of short conversations below each other. */
const WIDEST_ALIGNED = 40;
/** Least cells for an endpoint before the detail behind it is left out. */
const LEAST_ENDPOINT = 15;

/**
 * Both endpoints on one line, "a → b" where only a has sent, "a ↔ b" where both have, and what ICMP or ARP said last
 * behind it where there is room.
 */
export function conversationText(row: IpTrafficRow, view: EndpointView, width: number, withDetail: boolean): string {
  const detail = withDetail ? detailText(row) : '';
  const arrow = row.packets[1] > 0 ? ' ↔ ' : ' → ';
  let room = width - arrow.length;
  const [first, second] = row.endpoints;
  const secondLength = endpointText(second, row.protocol, view).length;
  const firstLength = endpointText(first, row.protocol, view).length;
  const least = Math.min(firstLength + secondLength, 2 * LEAST_ENDPOINT);
  const hasDetail = detail !== '' && room - detail.length - 2 >= least;
  const half = Math.min(room >> 1, WIDEST_ALIGNED);
  if (hasDetail) room -= detail.length + 2;
  const firstWidth = splitRoom(room, Math.min(half, room), firstLength, secondLength);
  const a = endpointText(first, row.protocol, view, firstWidth);
  const b = endpointText(second, row.protocol, view, room - firstWidth);
  return `${a.padEnd(firstWidth)}${arrow}${b}${hasDetail ? `  ${detail}` : ''}`;
}

/** Cells for the first endpoint: `half` so that arrows align, more or less only where one of the two needs it. */
function splitRoom(room: number, half: number, first: number, second: number): number {
  if (first + second > room) {
    const even = room >> 1;
    if (first <= even) return first;
    return second <= even ? room - second : even;
  }
  return Math.max(first, Math.min(half, room - second));
}

/** What the newest ICMP or ARP packet said, or "". */
export function detailText(row: IpTrafficRow): string {
  return row.detail[0] ?? row.detail[1] ?? '';
}
