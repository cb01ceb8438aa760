/**
 * Words for group addresses of Ethernet: who is spoken to. From IEEE 802.1Q (01:80:c2), RFC 1112 and RFC 2464 (the low
 * bits of IP groups), the IANA's registries of IP groups, and makers' manuals (Cisco's 01:00:0c).
 */

const KNOWN: Readonly<Record<string, string>> = {
  'ff:ff:ff:ff:ff:ff': 'broadcast',
  '01:80:c2:00:00:00': 'STP (spanning tree)',
  '01:80:c2:00:00:01': 'MAC control (pause)',
  '01:80:c2:00:00:02': 'LACP (slow protocols)',
  '01:80:c2:00:00:03': '802.1X, LLDP (nearest non-TPMR)',
  '01:80:c2:00:00:08': 'STP of providers',
  '01:80:c2:00:00:0e': 'LLDP, PTP (nearest bridge)',
  '01:80:c2:00:00:14': 'IS-IS level 1',
  '01:80:c2:00:00:15': 'IS-IS level 2',
  '01:80:c2:00:00:20': 'GMRP, MMRP',
  '01:80:c2:00:00:21': 'GVRP, MVRP',
  '01:00:0c:cc:cc:cc': 'CDP, VTP, UDLD (Cisco)',
  '01:00:0c:cc:cc:cd': 'PVST+ (Cisco)',
  '01:1b:19:00:00:00': 'PTP',
  '09:00:2b:00:00:05': 'IS-IS',
  '03:00:00:00:00:01': 'NetBEUI',
  '01:00:5e:00:00:01': 'all hosts (224.0.0.1)',
  '01:00:5e:00:00:02': 'all routers (224.0.0.2)',
  '01:00:5e:00:00:05': 'OSPF routers (224.0.0.5)',
  '01:00:5e:00:00:06': 'OSPF designated (224.0.0.6)',
  '01:00:5e:00:00:09': 'RIPv2 (224.0.0.9)',
  '01:00:5e:00:00:0a': 'EIGRP (224.0.0.10)',
  '01:00:5e:00:00:0d': 'PIM (224.0.0.13)',
  '01:00:5e:00:00:12': 'VRRP (224.0.0.18)',
  '01:00:5e:00:00:16': 'IGMPv3 (224.0.0.22)',
  '01:00:5e:00:00:fb': 'mDNS (224.0.0.251)',
  '01:00:5e:00:00:fc': 'LLMNR (224.0.0.252)',
  '01:00:5e:00:01:01': 'NTP (224.0.1.1)',
  '01:00:5e:00:01:81': 'PTP (224.0.1.129)',
  '01:00:5e:7f:ff:fa': 'SSDP (239.255.255.250)',
  '33:33:00:00:00:01': 'all nodes (ff02::1)',
  '33:33:00:00:00:02': 'all routers (ff02::2)',
  '33:33:00:00:00:05': 'OSPFv3 (ff02::5)',
  '33:33:00:00:00:06': 'OSPFv3 designated (ff02::6)',
  '33:33:00:00:00:09': 'RIPng (ff02::9)',
  '33:33:00:00:00:0d': 'PIM (ff02::d)',
  '33:33:00:00:00:12': 'VRRP (ff02::12)',
  '33:33:00:00:00:16': 'MLDv2 (ff02::16)',
  '33:33:00:00:00:fb': 'mDNS (ff02::fb)',
  '33:33:00:01:00:02': 'DHCPv6 (ff02::1:2)',
  '33:33:00:01:00:03': 'LLMNR (ff02::1:3)',
};

/** By their first bits, the longest first. */
const KINDS: readonly (readonly [prefix: string, word: string])[] = [
  ['33:33:ff:', 'IPv6 neighbour discovery'],
  ['33:33:', 'IPv6 multicast'],
  ['01:00:5e:8', 'MPLS multicast'],
  ['01:00:5e:', 'IPv4 multicast'],
  ['01:80:c2:', '802.1 control'],
  ['01:00:0c:', 'Cisco control'],
];

/** The word for a group ("01:00:5e:00:00:fb", lower case); null where nothing more is known than that it is one. */
export function groupWord(mac: string): string | null {
  const known = KNOWN[mac];
  if (known !== undefined) return known;
  return KINDS.find(([prefix]) => mac.startsWith(prefix))?.[1] ?? null;
}

/** Well-known groups whose word is meant. */
export function groupsMatching(isMeant: (word: string) => boolean): string[] {
  return Object.keys(KNOWN).filter((mac) => isMeant(KNOWN[mac]));
}
