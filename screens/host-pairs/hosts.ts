/**
 * One side of a pair as text that fits its cell: "10.0.0.1", "[2001:db8::1]:443", "web.example:https", "10.0.0.0/8",
 * "*" where hosts are not told apart. A port is never cut.
 */
import { serviceName } from '../../src/names/services.ts';
import { cutEnd, cutMiddle } from '../ip-traffic/endpoint.ts';
import type { NameSource } from '../monitor-screen.ts';
import { shownName } from '../shown-name.ts';
import type { HostPairRow, PairEndpoint } from './types.ts';

export interface HostsView {
  names: NameSource;
  showNames: boolean;
  showServices: boolean;
}

/** All hosts of a side together. */
const ALL_HOSTS = '*';

function nameOf({ address, prefix, name }: PairEndpoint, view: HostsView): string | null {
  if (name !== null) return name;
  if (address === null || prefix !== null || !view.showNames) return null;
  return shownName(view.names, address);
}

function portText(port: number, protocol: string | null, { showServices }: HostsView): string {
  const service = showServices && protocol !== null ? serviceName(port, protocol) : null;
  return service ?? String(port);
}

/** The side (0 ours, 1 theirs) in at most `width` cells. */
export function hostText(row: HostPairRow, side: 0 | 1, view: HostsView, width = Number.POSITIVE_INFINITY): string {
  const endpoint = row.endpoints[side];
  const name = nameOf(endpoint, view);
  const host = name ?? addressText(endpoint);
  const isLong = name === null && host.includes(':');
  if (endpoint.port === null) return isLong ? cutMiddle(host, width) : cutEnd(host, width);
  const port = portText(endpoint.port, row.protocol, view);
  if (!isLong) return `${cutEnd(host, width - port.length - 1)}:${port}`;
  return `[${cutMiddle(host, width - port.length - 3)}]:${port}`;
}

function addressText({ address, prefix }: PairEndpoint): string {
  if (address === null) return ALL_HOSTS;
  return prefix === null ? address : `${address}/${prefix}`;
}
