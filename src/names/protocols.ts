/**
 * How protocols are written for people. Rows carry lower-case names (or numbers as text); screens and reports show the
 * spelling that the protocol's own documents use.
 */

const LABELS: Record<string, string> = {
  'ipv6-icmp': 'ICMPv6',
  icmpv6: 'ICMPv6',
  'ospf-igp': 'OSPF',
  ospfigp: 'OSPF',
  ipencap: 'IPIP',
  ipip: 'IPIP',
  ipv4: 'IPIP',
  ipv6: '6in4',
  'ipv6-nonxt': 'IP6-Non',
  'ipv6-route': 'IP6-Rt',
  'ipv6-frag': 'IP6-Frg',
  'ipv6-opts': 'IP6-Opt',
  'mobility-header': 'MobIPv6',
  etherip: 'EtherIP',
  'iso-tp4': 'ISO-TP4',
  'xns-idp': 'XNS-IDP',
  'idpr-cmtp': 'IDPR',
  udplite: 'UDPLite',
  'pim-sm': 'PIM',
  'mpls-in-ip': 'MPLS/IP',
  hopopt: 'HopOpt',
  unknown: 'IP ?',
  'wake-on-lan': 'WoL',
  pppoe: 'PPPoE',
  'pppoe-discovery': 'PPPoE D',
  'flow-control': 'Pause',
  appletalk: 'AppleTk',
  macsec: 'MACsec',
  fcoe: 'FCoE',
  roce: 'RoCE',
  aoe: 'AoE',
};

const ETHER_TYPE_LABELS = new Map<number, string>([
  [0x0806, 'ARP'],
  [0x8035, 'RARP'],
  [0x0842, 'WoL'],
  [0x6002, 'DEC MOP'],
  [0x8137, 'IPX'],
  [0x8809, 'LACP'],
  [0x8847, 'MPLS'],
  [0x8848, 'MPLS mc'],
  [0x8863, 'PPPoE D'],
  [0x8864, 'PPPoE S'],
  [0x888e, 'EAPOL'],
  [0x88a2, 'AoE'],
  [0x88cc, 'LLDP'],
  [0x88e5, 'MACsec'],
  [0x88f7, 'PTP'],
  [0x8902, 'CFM'],
  [0x8906, 'FCoE'],
  [0x9000, 'Loop'],
]);

/**
 * Label of a row's protocol: "TCP", "ICMPv6", "OSPF", "IP 253" for IP protocols without a name, "LLDP", "0x88b5" for
 * EtherTypes without one, "LLC" where there is no EtherType. At most seven characters.
 */
export function protocolName(protocol: string, ipProtocol: number | null, etherType: number | null): string {
  if (ipProtocol === null && etherType !== null) return etherTypeName(etherType);
  if (/^\d+$/.test(protocol)) return `IP ${protocol}`;
  if (protocol.startsWith('0x')) return protocol;
  return (LABELS[protocol] ?? protocol.toUpperCase()).slice(0, 7);
}

function etherTypeName(etherType: number): string {
  if (etherType === 0) return 'LLC';
  return ETHER_TYPE_LABELS.get(etherType) ?? `0x${etherType.toString(16).padStart(4, '0')}`;
}
