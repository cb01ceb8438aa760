/**
 * The registries: link types (tcpdump.org), EtherTypes (IEEE) and IP protocols (IANA), with the names that screens and
 * machine output print. Only numbers that the decoder or an operator meets; everything else prints as a number.
 */

/** LINKTYPE_ numbers of savefiles and interfaces (tcpdump.org/linktypes.html). */
export const LINKTYPE = {
  null: 0,
  ethernet: 1,
  ppp: 9,
  /** Raw IP as libpcap's DLT_RAW is numbered on most systems, and on OpenBSD. */
  rawBsd: 12,
  rawOpenBsd: 14,
  pppHdlc: 50,
  pppEthernet: 51,
  raw: 101,
  cHdlc: 104,
  loop: 108,
  linuxCooked: 113,
  ipv4: 228,
  ipv6: 229,
  linuxCooked2: 276,
} as const;

/** EtherTypes (IEEE registration authority). */
export const ETHERTYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  wakeOnLan: 0x0842,
  trill: 0x22f3,
  transparentBridging: 0x6558,
  rarp: 0x8035,
  appleTalk: 0x809b,
  aarp: 0x80f3,
  vlan: 0x8100,
  ipx: 0x8137,
  ipv6: 0x86dd,
  flowControl: 0x8808,
  slow: 0x8809,
  ppp: 0x880b,
  mpls: 0x8847,
  mplsMulticast: 0x8848,
  pppoeDiscovery: 0x8863,
  pppoeSession: 0x8864,
  eapol: 0x888e,
  profinet: 0x8892,
  ataOverEthernet: 0x88a2,
  serviceVlan: 0x88a8,
  lldp: 0x88cc,
  macsec: 0x88e5,
  ptp: 0x88f7,
  cfm: 0x8902,
  fcoe: 0x8906,
  roce: 0x8915,
  vlan9100: 0x9100,
  vlan9200: 0x9200,
} as const;

/** Assigned Internet protocol numbers (IANA). */
export const IP_PROTOCOL = {
  hopByHop: 0,
  icmp: 1,
  igmp: 2,
  ipip: 4,
  tcp: 6,
  egp: 8,
  igp: 9,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  routing: 43,
  fragment: 44,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  noNextHeader: 59,
  destinationOptions: 60,
  eigrp: 88,
  ospf: 89,
  pim: 103,
  ipcomp: 108,
  vrrp: 112,
  l2tp: 115,
  sctp: 132,
  mobility: 135,
  udplite: 136,
  hip: 139,
  shim6: 140,
  /** Upper layer unknown: later headers were cut off, or the header chain is damaged. */
  unknown: 255,
} as const;

const IP_PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  0: 'hopopt',
  1: 'icmp',
  2: 'igmp',
  3: 'ggp',
  4: 'ipip',
  5: 'st',
  6: 'tcp',
  8: 'egp',
  9: 'igp',
  12: 'pup',
  17: 'udp',
  20: 'hmp',
  22: 'xns-idp',
  27: 'rdp',
  29: 'iso-tp4',
  33: 'dccp',
  36: 'xtp',
  37: 'ddp',
  38: 'idpr-cmtp',
  41: 'ipv6',
  43: 'ipv6-route',
  44: 'ipv6-frag',
  45: 'idrp',
  46: 'rsvp',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  57: 'skip',
  58: 'ipv6-icmp',
  59: 'ipv6-nonxt',
  60: 'ipv6-opts',
  73: 'rspf',
  81: 'vmtp',
  88: 'eigrp',
  89: 'ospf',
  93: 'ax.25',
  97: 'etherip',
  98: 'encap',
  103: 'pim',
  108: 'ipcomp',
  112: 'vrrp',
  115: 'l2tp',
  124: 'isis',
  132: 'sctp',
  133: 'fc',
  135: 'mobility-header',
  136: 'udplite',
  137: 'mpls-in-ip',
  138: 'manet',
  139: 'hip',
  140: 'shim6',
  141: 'wesp',
  142: 'rohc',
  143: 'ethernet',
  255: 'unknown',
};

// DSAP/SSAP pairs of 802.2 frames stand in the same key word as EtherTypes and have their names here.
const ETHERTYPE_NAMES: Readonly<Record<number, string>> = {
  [ETHERTYPE.ipv4]: 'ipv4',
  [ETHERTYPE.arp]: 'arp',
  [ETHERTYPE.wakeOnLan]: 'wake-on-lan',
  [ETHERTYPE.trill]: 'trill',
  [ETHERTYPE.transparentBridging]: 'bridging',
  [ETHERTYPE.rarp]: 'rarp',
  [ETHERTYPE.appleTalk]: 'appletalk',
  [ETHERTYPE.aarp]: 'aarp',
  [ETHERTYPE.vlan]: 'vlan',
  [ETHERTYPE.ipx]: 'ipx',
  [ETHERTYPE.ipv6]: 'ipv6',
  [ETHERTYPE.flowControl]: 'flow-control',
  [ETHERTYPE.slow]: 'slow',
  [ETHERTYPE.ppp]: 'ppp',
  [ETHERTYPE.mpls]: 'mpls',
  [ETHERTYPE.mplsMulticast]: 'mpls',
  [ETHERTYPE.pppoeDiscovery]: 'pppoe-discovery',
  [ETHERTYPE.pppoeSession]: 'pppoe',
  [ETHERTYPE.eapol]: 'eapol',
  [ETHERTYPE.profinet]: 'profinet',
  [ETHERTYPE.ataOverEthernet]: 'aoe',
  [ETHERTYPE.serviceVlan]: 'vlan',
  [ETHERTYPE.lldp]: 'lldp',
  [ETHERTYPE.macsec]: 'macsec',
  [ETHERTYPE.ptp]: 'ptp',
  [ETHERTYPE.cfm]: 'cfm',
  [ETHERTYPE.fcoe]: 'fcoe',
  [ETHERTYPE.roce]: 'roce',
  [ETHERTYPE.vlan9100]: 'vlan',
  [ETHERTYPE.vlan9200]: 'vlan',
  16962: 'stp',
  43690: 'snap',
  57568: 'ipx',
  61680: 'netbios',
  65278: 'iso',
  65535: 'ipx',
};

const LINKTYPE_NAMES: Readonly<Record<number, string>> = {
  [LINKTYPE.null]: 'NULL',
  [LINKTYPE.ethernet]: 'EN10MB',
  [LINKTYPE.ppp]: 'PPP',
  [LINKTYPE.rawBsd]: 'RAW',
  [LINKTYPE.rawOpenBsd]: 'RAW',
  [LINKTYPE.pppHdlc]: 'PPP_SERIAL',
  [LINKTYPE.pppEthernet]: 'PPP_ETHER',
  [LINKTYPE.raw]: 'RAW',
  [LINKTYPE.cHdlc]: 'C_HDLC',
  105: 'IEEE802_11',
  [LINKTYPE.loop]: 'LOOP',
  [LINKTYPE.linuxCooked]: 'LINUX_SLL',
  127: 'IEEE802_11_RADIO',
  147: 'USER0',
  189: 'USB_LINUX',
  220: 'USB_LINUX_MMAPPED',
  [LINKTYPE.ipv4]: 'IPV4',
  [LINKTYPE.ipv6]: 'IPV6',
  239: 'NFLOG',
  253: 'NETLINK',
  [LINKTYPE.linuxCooked2]: 'LINUX_SLL2',
};

/** Lower-case name of an IP protocol as /etc/protocols spells it, or the number as text. */
export function ipProtocolName(protocol: number): string {
  return IP_PROTOCOL_NAMES[protocol] ?? String(protocol);
}

/** Lower-case name of an EtherType (or of an 802.2 DSAP/SSAP pair), or its number as "0x88cc". */
export function etherTypeName(etherType: number): string {
  return ETHERTYPE_NAMES[etherType] ?? `0x${etherType.toString(16).padStart(4, '0')}`;
}

/** Number of an IP protocol by the name that ipProtocolName() gives it, or null. */
export function ipProtocolByName(name: string): number | null {
  const known = Object.entries(IP_PROTOCOL_NAMES).find(([, candidate]) => candidate === name);
  return known === undefined ? null : Number(known[0]);
}

/** EtherTypes (and 802.2 DSAP/SSAP pairs) that etherTypeName() calls so; several share a name. */
export function etherTypesByName(name: string): number[] {
  const known = Object.entries(ETHERTYPE_NAMES).filter(([, candidate]) => candidate === name);
  return known.map(([number]) => Number(number));
}

/** Name of a link type as tcpdump -L prints it, or "link type 147". */
export function linkTypeName(linkType: number): string {
  return LINKTYPE_NAMES[linkType] ?? `link type ${linkType}`;
}

/** True for protocols whose header begins with a source and a destination port of 16 bits each. */
export function hasPorts(protocol: number): boolean {
  return (
    protocol === IP_PROTOCOL.tcp ||
    protocol === IP_PROTOCOL.udp ||
    protocol === IP_PROTOCOL.sctp ||
    protocol === IP_PROTOCOL.dccp ||
    protocol === IP_PROTOCOL.udplite
  );
}
