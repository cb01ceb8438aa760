/**
 * ICMP (RFC 792) and ICMPv6 (RFC 4443): words for types and codes, and the conversation that an error message quotes.
 *
 *   type 1 | code 1 | checksum 2 | 4 bytes by type | errors: the IP header of the packet that caused it, and ≥ 8 bytes
 */
import { type DecodedBatch, NETWORK } from './decoded-batch.ts';
import { FRAGMENT_OFFSET, V4_MAPPED } from './ipv4.ts';
import { extensionHeaderLength, isExtensionHeader } from './ipv6.ts';
import { keyPlace, orderKey } from './key.ts';
import { hasPorts, IP_PROTOCOL } from './numbers.ts';

type Words = Readonly<Record<number, string>>;

const ICMP_TYPES: Words = {
  0: 'echo reply',
  3: 'dest unreachable',
  4: 'source quench',
  5: 'redirect',
  8: 'echo request',
  9: 'router advertisement',
  10: 'router solicitation',
  11: 'time exceeded',
  12: 'parameter problem',
  13: 'timestamp request',
  14: 'timestamp reply',
  15: 'information request',
  16: 'information reply',
  17: 'address mask request',
  18: 'address mask reply',
  30: 'traceroute',
  40: 'photuris',
  42: 'extended echo request',
  43: 'extended echo reply',
};

const ICMP_CODES: Readonly<Record<number, Words>> = {
  3: {
    0: 'network',
    1: 'host',
    2: 'protocol',
    3: 'port',
    4: 'fragmentation needed',
    5: 'source route failed',
    6: 'network unknown',
    7: 'host unknown',
    8: 'source isolated',
    9: 'network prohibited',
    10: 'host prohibited',
    11: 'network, service',
    12: 'host, service',
    13: 'filtered',
    14: 'precedence violation',
    15: 'precedence cutoff',
  },
  5: { 0: 'network', 1: 'host', 2: 'network, service', 3: 'host, service' },
  11: { 0: 'in transit', 1: 'reassembly' },
  12: { 0: 'pointer', 1: 'missing option', 2: 'length' },
};

const ICMPV6_TYPES: Words = {
  1: 'dest unreachable',
  2: 'packet too big',
  3: 'time exceeded',
  4: 'parameter problem',
  128: 'echo request',
  129: 'echo reply',
  130: 'MLD query',
  131: 'MLD report',
  132: 'MLD done',
  133: 'router solicitation',
  134: 'router advertisement',
  135: 'neighbor solicitation',
  136: 'neighbor advertisement',
  137: 'redirect',
  138: 'router renumbering',
  139: 'node information query',
  140: 'node information reply',
  141: 'inverse neighbor solicitation',
  142: 'inverse neighbor advertisement',
  143: 'MLDv2 report',
  144: 'home agent request',
  145: 'home agent reply',
  146: 'mobile prefix solicitation',
  147: 'mobile prefix advertisement',
  148: 'certification path solicitation',
  149: 'certification path advertisement',
  151: 'multicast router advertisement',
  152: 'multicast router solicitation',
  153: 'multicast router termination',
  155: 'RPL control',
  157: 'duplicate address request',
  158: 'duplicate address confirmation',
  160: 'extended echo request',
  161: 'extended echo reply',
};

const ICMPV6_CODES: Readonly<Record<number, Words>> = {
  1: {
    0: 'no route',
    1: 'prohibited',
    2: 'beyond scope',
    3: 'address',
    4: 'port',
    5: 'source policy',
    6: 'reject route',
    7: 'source routing',
  },
  3: { 0: 'in transit', 1: 'reassembly' },
  4: { 0: 'header field', 1: 'next header', 2: 'option', 3: 'incomplete chain' },
};

/** Words for a value of the icmpType column: "dest unreachable (port)"; unknown: "type 42 code 3". */
export function describeIcmp(ipProtocol: number, typeAndCode: number): string {
  const type = typeAndCode >>> 8;
  const code = typeAndCode & 0xff;
  const isIpv4 = ipProtocol === IP_PROTOCOL.icmp;
  const words = (isIpv4 ? ICMP_TYPES : ICMPV6_TYPES)[type];
  if (words === undefined) return `type ${type} code ${code}`;
  const codes = (isIpv4 ? ICMP_CODES : ICMPV6_CODES)[type];
  if (codes === undefined) return code === 0 ? words : `${words} (code ${code})`;
  return `${words} (${codes[code] ?? `code ${code}`})`;
}

const UNREACHABLE = 3;
const FRAGMENTATION_NEEDED = 4;
const UNREACHABLE_V6 = 1;

/** True for a message that ends the conversation it quotes; "fragmentation needed" only asks for smaller packets. */
export function isUnreachable(ipProtocol: number, typeAndCode: number): boolean {
  const type = typeAndCode >>> 8;
  if (ipProtocol === IP_PROTOCOL.icmpv6) return type === UNREACHABLE_V6;
  return ipProtocol === IP_PROTOCOL.icmp && type === UNREACHABLE && (typeAndCode & 0xff) !== FRAGMENTATION_NEEDED;
}

/** True for the types whose message ends in the packet that caused it. */
function quotesPacket(ipProtocol: number, type: number): boolean {
  if (ipProtocol === IP_PROTOCOL.icmpv6) return type >= 1 && type <= 4;
  if (ipProtocol !== IP_PROTOCOL.icmp) return false;
  return type === UNREACHABLE || type === 4 || type === 5 || type === 11 || type === 12;
}

/**
 * For an ICMP or ICMPv6 error: fills key[0 … 10] with the canonical key of the conversation whose packet it quotes (on
 * the same interface and VLAN) and returns true. False, with the key in no particular state, when packet i is no error
 * or too little of the quoted packet was captured.
 */
export function quotedConversation(batch: DecodedBatch, i: number, key: Uint32Array): boolean {
  const start = batch.transportOffset[i];
  const ipProtocol = batch.ipProtocol[i];
  if (start < 0 || !quotesPacket(ipProtocol, batch.icmpType[i] >>> 8)) return false;
  key[10] = batch.packets.interfaceSlot[i];
  const isIpv4 = ipProtocol === IP_PROTOCOL.icmp;
  return isIpv4 ? quotedIpv4(batch, i, start + 8, key) : quotedIpv6(batch, i, start + 8, key);
}

function quotedIpv4(batch: DecodedBatch, i: number, at: number, key: Uint32Array): boolean {
  const view = batch.packets.view;
  if (at + 20 > batch.packetEnd[i] || view.getUint8(at) >>> 4 !== 4) return false;
  const headerLength = (view.getUint8(at) & 15) * 4;
  if (headerLength < 20 || (view.getUint16(at + 6) & FRAGMENT_OFFSET) !== 0) return false;
  key.fill(0, 0, 8);
  key[2] = V4_MAPPED;
  key[3] = view.getUint32(at + 12);
  key[6] = V4_MAPPED;
  key[7] = view.getUint32(at + 16);
  return quotedPorts(batch, i, at + headerLength, key, NETWORK.ipv4, view.getUint8(at + 9));
}

function quotedIpv6(batch: DecodedBatch, i: number, from: number, key: Uint32Array): boolean {
  const { view, bytes } = batch.packets;
  const end = batch.packetEnd[i];
  if (from + 40 > end || view.getUint8(from) >>> 4 !== 6) return false;
  for (let k = 0; k < 8; k++) key[k] = view.getUint32(from + 8 + 4 * k);
  let protocol = bytes[from + 6];
  let at = from + 40;
  while (isExtensionHeader(protocol)) {
    if (at + 8 > end) return false;
    if (protocol === IP_PROTOCOL.fragment && (view.getUint16(at + 2) & 0xfff8) !== 0) return false;
    const length = extensionHeaderLength(bytes, at, protocol);
    protocol = bytes[at];
    at += length;
  }
  return quotedPorts(batch, i, at, key, NETWORK.ipv6, protocol);
}

function quotedPorts(
  batch: DecodedBatch,
  i: number,
  at: number,
  key: Uint32Array,
  network: number,
  protocol: number,
): boolean {
  const view = batch.packets.view;
  const withPorts = hasPorts(protocol);
  if (withPorts && at + 4 > batch.packetEnd[i]) return false;
  key[9] = keyPlace(network, protocol, batch.vlan[i]);
  orderKey(key, 0, withPorts ? view.getUint16(at) : 0, withPorts ? view.getUint16(at + 2) : 0);
  return true;
}
