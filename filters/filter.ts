/**
 * A filter as operators write it and the store keeps it: rules in order, the first that matches decides. What lists
 * mean (addresses, ports, protocols) is text here and becomes numbers in prepared.ts, when the filter is applied.
 */

/** One side of a rule; what is absent matches everything. */
export interface FilterEndpoint {
  /** Addresses, networks (10.0.0.0/8, fe80::/10), masks (10.0.0.0/255.0.255.0) and host names, separated by commas. */
  address?: string;
  /** MAC addresses, separated by commas. */
  mac?: string;
  /** Ports and ranges: 80,443,8000-8100. Matches protocols with ports only. */
  port?: string;
}

export interface FilterRule {
  action: 'include' | 'exclude';
  source?: FilterEndpoint;
  destination?: FilterEndpoint;
  /**
   * IP protocols by name or number with ranges (tcp, 46, 101-104), ip, ipv4, ipv6 and non-ip for kinds of packets, arp,
   * rarp and EtherTypes (0x88cc) for the rest; separated by commas.
   */
  protocol?: string;
  /** Interface names and patterns (eth0, veth*), separated by commas. */
  interface?: string;
  direction?: 'in' | 'out';
  /** VLAN numbers and ranges, any (tagged) or none (not tagged), separated by commas. */
  vlan?: string;
  /** Names or patterns of programs, separated by commas. */
  process?: string;
  /** both (also with source and destination exchanged) is what an absent field means. */
  ways?: 'both' | 'one';
  /** A capture expression (pcap-filter(7)) in place of all other matchers. */
  expression?: string;
  /** true: the ssh session that the operator is logged in by, in place of all other matchers. */
  ownSession?: boolean;
}

/** What happens to packets that no rule matches. */
export type Unmatched = 'drop' | 'keep';

export interface Filter {
  name: string;
  description: string;
  rules: FilterRule[];
  /** Absent: dropped if any rule includes, kept if all exclude. */
  unmatched?: Unmatched;
}

/** What a filter does with packets that no rule matches. */
export function unmatchedOf({ unmatched, rules }: Pick<Filter, 'rules' | 'unmatched'>): Unmatched {
  return unmatched ?? (rules.some(({ action }) => action === 'include') ? 'drop' : 'keep');
}
