/**
 * One packet in a few words, for the packet-by-packet view: what its last decoded header says. Reads only what was
 * captured; fields that are not there are left out.
 */
import { addressText, formatMac } from './address.ts';
import { ARP_HEADER } from './arp.ts';
import { type DecodedBatch, FRAGMENT, KEY_WORDS, NETWORK, TCP_FLAG } from './decoded-batch.ts';
import { describeIcmp } from './icmp.ts';
import { ETHERTYPE, etherTypeName, IP_PROTOCOL, linkTypeName } from './numbers.ts';

export { describeIcmp } from './icmp.ts';

type Words = Readonly<Record<number, string>>;

const IGMP_TYPES: Words = {
  17: 'membership query',
  18: 'v1 membership report',
  19: 'DVMRP',
  22: 'v2 membership report',
  23: 'leave group',
  34: 'v3 membership report',
};
const OSPF_TYPES: Words = {
  1: 'hello',
  2: 'database description',
  3: 'link state request',
  4: 'link state update',
  5: 'link state acknowledgement',
};
const PIM_TYPES: Words = {
  0: 'hello',
  1: 'register',
  2: 'register stop',
  3: 'join/prune',
  4: 'bootstrap',
  5: 'assert',
  6: 'graft',
  7: 'graft ack',
  8: 'candidate RP',
};
const SCTP_CHUNKS: Words = {
  0: 'data',
  1: 'init',
  2: 'init ack',
  3: 'sack',
  4: 'heartbeat',
  5: 'heartbeat ack',
  6: 'abort',
  7: 'shutdown',
  8: 'shutdown ack',
  9: 'error',
  10: 'cookie echo',
  11: 'cookie ack',
  14: 'shutdown complete',
};
const DCCP_TYPES: Words = {
  0: 'request',
  1: 'response',
  2: 'data',
  3: 'ack',
  4: 'data ack',
  5: 'close request',
  6: 'close',
  7: 'reset',
  8: 'sync',
  9: 'sync ack',
};

const ARP_REQUEST = 1;
const ARP_REPLY = 2;
const RARP_REQUEST = 3;
const RARP_REPLY = 4;

/** The packet's header in a few words: "S-A- seq 1 ack 2 win 500 len 0", "request for 10.0.0.1 from 10.0.0.2", … */
export function describePacket(batch: DecodedBatch, i: number): string {
  if (batch.network[i] === NETWORK.other) return describeOther(batch, i);
  if (batch.fragment[i] === FRAGMENT.later) return 'fragment';
  const text = batch.transportOffset[i] < 0 ? '' : describeTransport(batch, i);
  return batch.fragment[i] === FRAGMENT.first ? `${text} (first fragment)`.trimStart() : text;
}

function describeTransport(batch: DecodedBatch, i: number): string {
  const protocol = batch.ipProtocol[i];
  switch (protocol) {
    case IP_PROTOCOL.tcp:
      return describeTcp(batch, i);
    case IP_PROTOCOL.udp:
    case IP_PROTOCOL.udplite:
      return `len ${batch.payloadLength[i]}`;
    case IP_PROTOCOL.icmp:
    case IP_PROTOCOL.icmpv6:
      return has(batch, i, 2) ? describeIcmp(protocol, batch.icmpType[i]) : '';
    case IP_PROTOCOL.igmp:
      return wordAt(batch, i, 0, 0xff, IGMP_TYPES);
    case IP_PROTOCOL.pim:
      return wordAt(batch, i, 0, 0x0f, PIM_TYPES);
    case IP_PROTOCOL.sctp:
      return wordAt(batch, i, 12, 0xff, SCTP_CHUNKS);
    case IP_PROTOCOL.dccp:
      return describeDccp(batch, i);
    case IP_PROTOCOL.ospf:
      return describeOspf(batch, i);
    case IP_PROTOCOL.vrrp:
      return has(batch, i, 3) ? `virtual router ${u8(batch, i, 1)} priority ${u8(batch, i, 2)}` : '';
    case IP_PROTOCOL.gre:
      return has(batch, i, 4) ? `carries ${etherTypeName(u16(batch, i, 2))}` : '';
    case IP_PROTOCOL.esp:
      return has(batch, i, 8) ? `spi 0x${hex32(batch, i, 0)} seq ${u32(batch, i, 4)}` : '';
    case IP_PROTOCOL.ah:
      return has(batch, i, 12) ? `spi 0x${hex32(batch, i, 4)} seq ${u32(batch, i, 8)}` : '';
    case IP_PROTOCOL.l2tp:
      return has(batch, i, 4) ? `session ${u32(batch, i, 0)}` : '';
    default:
      return '';
  }
}

/** True when `length` bytes of the transport header can be read. */
function has(batch: DecodedBatch, i: number, length: number): boolean {
  return batch.transportOffset[i] + length <= batch.packetEnd[i];
}

function u8(batch: DecodedBatch, i: number, offset: number): number {
  return batch.packets.bytes[batch.transportOffset[i] + offset];
}

function u16(batch: DecodedBatch, i: number, offset: number): number {
  return batch.packets.view.getUint16(batch.transportOffset[i] + offset);
}

function u32(batch: DecodedBatch, i: number, offset: number): number {
  return batch.packets.view.getUint32(batch.transportOffset[i] + offset);
}

function hex32(batch: DecodedBatch, i: number, offset: number): string {
  return u32(batch, i, offset).toString(16).padStart(8, '0');
}

/** Word for a type field of the transport header, or its number. */
function wordAt(batch: DecodedBatch, i: number, offset: number, mask: number, words: Words): string {
  if (!has(batch, i, offset + 1)) return '';
  const type = u8(batch, i, offset) & mask;
  return words[type] ?? `type ${type}`;
}

/** SYN, PSH, ACK, URG as iptraf-ng orders them; FIN and RST as words, since they decide about the connection. */
function describeTcp(batch: DecodedBatch, i: number): string {
  if (!has(batch, i, 20)) return '';
  const flags = batch.tcpFlags[i];
  const letter = (bit: number, text: string): string => ((flags & bit) === 0 ? '-' : text);
  const letters =
    letter(TCP_FLAG.syn, 'S') + letter(TCP_FLAG.psh, 'P') + letter(TCP_FLAG.ack, 'A') + letter(TCP_FLAG.urg, 'U');
  const end = ((flags & TCP_FLAG.fin) === 0 ? '' : ' fin') + ((flags & TCP_FLAG.rst) === 0 ? '' : ' rst');
  const acknowledgement = (flags & TCP_FLAG.ack) === 0 ? '' : ` ack ${batch.tcpAcknowledgement[i]}`;
  const rest = `win ${batch.tcpWindow[i]} len ${batch.payloadLength[i]}`;
  return `${letters}${end} seq ${batch.tcpSequence[i]}${acknowledgement} ${rest}`;
}

function describeDccp(batch: DecodedBatch, i: number): string {
  if (!has(batch, i, 9)) return '';
  const type = (u8(batch, i, 8) >>> 1) & 15;
  return DCCP_TYPES[type] ?? `type ${type}`;
}

function describeOspf(batch: DecodedBatch, i: number): string {
  if (!has(batch, i, 12)) return '';
  const type = u8(batch, i, 1);
  const area = dotted(u32(batch, i, 8));
  return `v${u8(batch, i, 0)} ${OSPF_TYPES[type] ?? `type ${type}`} router ${dotted(u32(batch, i, 4))} area ${area}`;
}

function dotted(word: number): string {
  return addressText(Uint32Array.of(0, 0, 0xffff, word), 0);
}

function describeOther(batch: DecodedBatch, i: number): string {
  const etherType = batch.etherType[i];
  const isArp = etherType === ETHERTYPE.arp || etherType === ETHERTYPE.rarp;
  if (isArp && batch.networkOffset[i] >= 0) return describeArp(batch, i);
  const type = batch.key[i * KEY_WORDS + 8];
  return type === 0 ? linkTypeName(batch.packets.linkType[i]) : etherTypeName(type);
}

function describeArp(batch: DecodedBatch, i: number): string {
  const { bytes, view } = batch.packets;
  const at = batch.networkOffset[i];
  const opcode = view.getUint16(at + 6);
  const hardwareLength = bytes[at + 4];
  const known = hardwareLength === 6 && bytes[at + 5] === 4 && view.getUint16(at + 2) === ETHERTYPE.ipv4;
  if (!known || at + ARP_HEADER + 20 > batch.packetEnd[i]) return `opcode ${opcode}`;
  const sender = dotted(view.getUint32(at + 14));
  const target = dotted(view.getUint32(at + 24));
  if (opcode === ARP_REQUEST)
    return sender === target ? `announcement of ${sender}` : `request for ${target} from ${sender}`;
  if (opcode === ARP_REPLY) return `reply: ${sender} is ${formatMac(bytes, at + 8)}`;
  if (opcode === RARP_REQUEST) return `request for the address of ${formatMac(bytes, at + 18)}`;
  if (opcode === RARP_REPLY) return `reply: ${formatMac(bytes, at + 18)} is ${target}`;
  return `opcode ${opcode}`;
}
