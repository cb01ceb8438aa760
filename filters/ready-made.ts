/** Filters that come with the program; a stored filter of the same name takes its place. */
import type { Filter } from './filter.ts';

/** In the order of the alphabet. */
export const READY_MADE: readonly Filter[] = [
  {
    name: 'broadcast',
    description: 'Frames to everyone on the link: ARP requests, DHCP, service announcements',
    rules: [{ action: 'include', destination: { mac: 'ff:ff:ff:ff:ff:ff' }, ways: 'one' }],
  },
  {
    name: 'databases',
    description: 'MySQL, PostgreSQL, SQL Server, Oracle, MongoDB, Redis, Cassandra and Elasticsearch by their ports',
    rules: [
      {
        action: 'include',
        protocol: 'tcp',
        destination: { port: '1433,1521,3306,5432,6379,9042,9200,9300,27017-27019,33060' },
      },
      { action: 'include', protocol: 'udp', destination: { port: '1434' } },
    ],
  },
  {
    name: 'dns',
    description: 'Name lookups: DNS over UDP and TCP, and over TLS',
    rules: [
      { action: 'include', protocol: 'tcp,udp', destination: { port: '53' } },
      { action: 'include', protocol: 'tcp', destination: { port: '853' } },
    ],
  },
  {
    name: 'icmp',
    description: 'ICMP and ICMPv6: pings, errors, neighbour discovery',
    rules: [{ action: 'include', protocol: 'icmp,icmpv6' }],
  },
  {
    name: 'mail',
    description: 'SMTP, submission, POP3 and IMAP, with and without TLS',
    rules: [{ action: 'include', protocol: 'tcp', destination: { port: '25,110,143,465,587,993,995' } }],
  },
  {
    name: 'not-my-ssh',
    description: 'Everything but the ssh session that you are logged in by',
    rules: [{ action: 'exclude', ownSession: true }],
  },
  {
    name: 'ssh',
    description: 'Secure shell: TCP port 22',
    rules: [{ action: 'include', protocol: 'tcp', destination: { port: '22' } }],
  },
  {
    name: 'web',
    description: 'HTTP and HTTPS, also on ports 8080 and 8443, and HTTP/3 (QUIC)',
    rules: [
      { action: 'include', protocol: 'tcp', destination: { port: '80,443,8080,8443' } },
      { action: 'include', protocol: 'udp', destination: { port: '443' } },
    ],
  },
];

/** A filter by its name, with where it comes from. */
export interface NamedFilter {
  filter: Filter;
  /** Comes with the program. */
  readyMade: boolean;
}

/** All filters there are: the stored ones by name, then those of the program whose place none of them takes. */
export function allFilters(stored: readonly Filter[]): NamedFilter[] {
  const own = [...stored].sort((a, b) => (a.name < b.name ? -1 : 1));
  const rest = READY_MADE.filter(({ name }) => !stored.some((each) => each.name === name));
  return [
    ...own.map((filter) => ({ filter, readyMade: false })),
    ...rest.map((filter) => ({ filter, readyMade: true })),
  ];
}

/** The filter of that name, a stored one first; null: there is none. */
export function filterNamed(name: string, stored: readonly Filter[]): NamedFilter | null {
  return allFilters(stored).find(({ filter }) => filter.name === name) ?? null;
}
