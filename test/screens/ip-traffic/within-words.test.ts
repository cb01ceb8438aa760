import { expect, it } from 'vitest';
import type { HostMatch } from '../../../screens/ip-traffic/types.ts';
import { partWords } from '../../../screens/ip-traffic/within-words.ts';

const end = (address: string | null, prefix: number | null = null, port: number | null = null): HostMatch => ({
  address,
  prefix,
  port,
});
const A = end('10.0.0.1');

it.each<[HostMatch, HostMatch, number | null, string]>([
  [A, end('10.0.0.2'), null, '10.0.0.1 and 10.0.0.2'],
  [A, end('10.0.0.0', 24), null, '10.0.0.1 and 10.0.0.0/24'],
  [A, end('10.0.0.0', 24, 443), 6, '10.0.0.1 and 10.0.0.0/24, tcp port 443'],
  [end('10.0.0.1', null, 40_000), end('10.0.0.2', null, 443), 6, '10.0.0.1:40000 and 10.0.0.2:443, tcp'],
  [end('2001:db8::1', null, 53), end('2001:db8::', 64, 53), 17, '[2001:db8::1]:53 and 2001:db8::/64 port 53, udp'],
  [A, end('10.0.0.2'), 1, '10.0.0.1 and 10.0.0.2, icmp'],
  [A, end(null), null, '10.0.0.1 and any host'],
  [end(null), end('10.0.0.2', null, 53), 17, 'any host and 10.0.0.2, udp port 53'],
  [end(null, null, 4000), end('10.0.0.2', null, 53), 17, 'any host port 4000 and 10.0.0.2:53, udp'],
  [end(null), end(null), null, 'all hosts'],
  [end(null), end(null, null, 443), 6, 'all hosts, tcp port 443'],
  [end(null, null, 40_000), end(null, null, 443), 6, 'all hosts, ports 40000 and 443, tcp'],
])('%j and %j of protocol %j', (a, b, ipProtocol, text) => {
  const hosts = { ends: [a, b] as [HostMatch, HostMatch], interface: 'eth0', ipProtocol };
  expect(partWords({ hosts }, 'all interfaces')).toEqual({
    title: `Conversations of ${text} on eth0`,
    whole: text,
    short: 'this pair',
  });
});

it('a port, and no restriction', () => {
  expect(partWords({ port: { ipProtocol: 17, port: 53 } }, 'eth0')).toEqual({
    title: 'IP traffic monitor: eth0, udp port 53',
    whole: 'udp port 53',
    short: 'udp port 53',
  });
  expect(partWords({}, 'eth0').title).toBe('IP traffic monitor: eth0');
});
