/** What a part of the traffic (IpTrafficWithin) is called on screens. Pure. */
import { ipProtocolName } from '../../src/wire/numbers.ts';
import type { HostMatch, IpTrafficWithin } from './types.ts';

export interface PartWords {
  /** For the title line. */
  title: string;
  /** "10.0.0.1 and 10.0.0.0/24, tcp port 443". */
  whole: string;
  /** The same where there is little room, and the title says which. */
  short: string;
}

/** `watched`: interface or file. */
export function partWords({ port, hosts }: IpTrafficWithin, watched: string): PartWords {
  if (port !== undefined) {
    const whole = `${ipProtocolName(port.ipProtocol)} port ${port.port}`;
    return { title: monitorTitle(`${watched}, ${whole}`), whole, short: whole };
  }
  if (hosts === undefined) return { title: monitorTitle(watched), whole: 'everything', short: 'everything' };
  const whole = hostsText(hosts);
  // Two addresses are long: what is less telling stands where the line is cut.
  const title = `Conversations of ${whole} on ${hosts.interface ?? watched}`;
  return { title, whole, short: 'this pair' };
}

/** Of all traffic, or a part of it. */
export function monitorTitle(watched: string): string {
  return `IP traffic monitor: ${watched}`;
}

function hostsText({ ends, ipProtocol }: NonNullable<IpTrafficWithin['hosts']>): string {
  const ports = ends.flatMap(({ port }) => (port === null ? [] : [port]));
  const hosts = ends.map((end) => (ports.length === 2 ? endpointText(end) : hostText(end)));
  const text = ends.every(({ address }) => address === null) ? `all hosts${portsText(ports)}` : hosts.join(' and ');
  const protocol = ipProtocol === null ? '' : ipProtocolName(ipProtocol);
  const behind = [protocol, ports.length === 1 ? `port ${ports[0]}` : ''].filter((word) => word !== '');
  return behind.length === 0 ? text : `${text}, ${behind.join(' ')}`;
}

function portsText(ports: readonly number[]): string {
  return ports.length === 2 ? `, ports ${ports.join(' and ')}` : '';
}

function hostText({ address, prefix }: HostMatch): string {
  if (address === null) return 'any host';
  return prefix === null ? address : `${address}/${prefix}`;
}

function endpointText(end: HostMatch): string {
  const { address, prefix, port } = end;
  if (address === null || prefix !== null) return `${hostText(end)} port ${port}`;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
