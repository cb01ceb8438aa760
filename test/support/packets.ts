/**
 * Builders for packets, batches and pcap files that tests share. Each builder puts one header before a payload; IP
 * builders fill in lengths and checksums (transport checksums too) unless told otherwise.
 */
import { writeFileSync } from 'node:fs';
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from '../../src/wire/numbers.ts';
import { BATCH_CAPACITY, PACKET_TYPE, PacketBatch } from '../../src/wire/packet-batch.ts';

/** Bytes from hexadecimal text; blanks, line ends and colons are skipped. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/[\s:]/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) throw new Error(`not hexadecimal: ${text}`);
  return Uint8Array.from({ length: digits.length / 2 }, (_, k) => Number.parseInt(digits.slice(2 * k, 2 * k + 2), 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** `length` bytes that count up from `first`. */
export function filler(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, k) => first + k);
}

/** Big-endian integers: u16(1, 2) is 00 01 00 02. */
export function u8(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function u16(...values: number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value >>> 8, value]));
}

export function u32(...values: number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value >>> 24, value >>> 16, value >>> 8, value]));
}

function macBytes(text: string): Uint8Array {
  return hex(text);
}

function ipv4Bytes(text: string): Uint8Array {
  return Uint8Array.from(text.split('.').map(Number));
}

/** The 16 bytes of an IPv6 address; written apart from src/wire/address.ts on purpose. */
export function ipv6Bytes(text: string): Uint8Array {
  const [head, tail] = text.split('::');
  const groups = (part: string | undefined): number[] =>
    part ? part.split(':').map((g) => Number.parseInt(g, 16)) : [];
  const before = groups(head);
  const after = groups(tail);
  const zeros = text.includes('::') ? new Array<number>(8 - before.length - after.length).fill(0) : [];
  return u16(...before, ...zeros, ...after);
}

/** Internet checksum (RFC 1071) of the bytes. */
export function internetChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let k = 0; k < bytes.length; k += 2) sum += (bytes[k] << 8) | (bytes[k + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

// --- link layers ---

export const MAC_A = '02:00:00:00:00:0a';
export const MAC_B = '02:00:00:00:00:0b';

export interface MacPair {
  source?: string;
  destination?: string;
}

/** Ethernet II, or 802.3 when `typeOrLength` is below 0x600. */
export function ethernet(typeOrLength: number, payload: Uint8Array, macs: MacPair = {}): Uint8Array {
  return concat(macBytes(macs.destination ?? MAC_B), macBytes(macs.source ?? MAC_A), u16(typeOrLength), payload);
}

/** Pads a frame to Ethernet's 60 bytes with `value`. */
export function pad(frame: Uint8Array, length = 60, value = 0): Uint8Array {
  return frame.length >= length ? frame : concat(frame, new Uint8Array(length - frame.length).fill(value));
}

/** What follows a TPID: tag control, then the next EtherType. */
export function vlan(id: number, etherType: number, payload: Uint8Array, priority = 0): Uint8Array {
  return concat(u16((priority << 13) | id, etherType), payload);
}

/** 802.3 frame with an 802.2 header. */
export function llc(dsap: number, ssap: number, control: number, payload: Uint8Array, macs: MacPair = {}): Uint8Array {
  return ethernet(payload.length + 3, concat(u8(dsap, ssap, control), payload), macs);
}

/** 802.3 frame with LLC and SNAP. */
export function snap(oui: number, type: number, payload: Uint8Array, macs: MacPair = {}): Uint8Array {
  return llc(0xaa, 0xaa, 3, concat(u8(oui >>> 16, oui >>> 8, oui), u16(type), payload), macs);
}

export interface CookedFields {
  packetType?: number;
  hardwareType?: number;
  address?: string;
  interfaceIndex?: number;
}

/** LINKTYPE_LINUX_SLL. */
export function linuxCooked(protocol: number, payload: Uint8Array, fields: CookedFields = {}): Uint8Array {
  const address = macBytes(fields.address ?? MAC_A);
  return concat(
    u16(fields.packetType ?? 0, fields.hardwareType ?? 1, address.length),
    pad(address, 8),
    u16(protocol),
    payload,
  );
}

/** LINKTYPE_LINUX_SLL2. */
export function linuxCooked2(protocol: number, payload: Uint8Array, fields: CookedFields = {}): Uint8Array {
  const address = macBytes(fields.address ?? MAC_A);
  return concat(
    u16(protocol, 0),
    u32(fields.interfaceIndex ?? 1),
    u16(fields.hardwareType ?? 1),
    u8(fields.packetType ?? 0, address.length),
    pad(address, 8),
    payload,
  );
}

/** LINKTYPE_NULL in the given byte order, and LINKTYPE_LOOP (big-endian). */
export function bsdLoopback(family: number, payload: Uint8Array, littleEndian = true): Uint8Array {
  return concat(littleEndian ? u32(family).reverse() : u32(family), payload);
}

/** PPP with address and control; `compressed` leaves them and the protocol's first byte out. */
export function ppp(protocol: number, payload: Uint8Array, compressed = false): Uint8Array {
  return compressed ? concat(u8(protocol), payload) : concat(u8(0xff, 3), u16(protocol), payload);
}

/** What follows EtherType 0x8864: PPPoE, then PPP's protocol. */
export function pppoe(protocol: number, payload: Uint8Array, session = 1): Uint8Array {
  return concat(u8(0x11, 0), u16(session, payload.length + 2, protocol), payload);
}

/** A label stack before a payload. */
export function mpls(labels: number[], payload: Uint8Array): Uint8Array {
  const last = labels.length - 1;
  return concat(...labels.map((label, k) => u32((label << 12) | (k === last ? 0x100 : 0) | 64)), payload);
}

export interface ArpFields {
  opcode?: number;
  senderMac?: string;
  senderIp?: string;
  targetMac?: string;
  targetIp?: string;
}

/** ARP (or RARP) for IPv4 over Ethernet. */
export function arp(fields: ArpFields = {}): Uint8Array {
  return concat(
    u16(1, ETHERTYPE.ipv4),
    u8(6, 4),
    u16(fields.opcode ?? 1),
    macBytes(fields.senderMac ?? MAC_A),
    ipv4Bytes(fields.senderIp ?? '10.0.0.2'),
    macBytes(fields.targetMac ?? '00:00:00:00:00:00'),
    ipv4Bytes(fields.targetIp ?? '10.0.0.1'),
  );
}

// --- network layer ---

export interface Ipv4Fields {
  source?: string;
  destination?: string;
  protocol: number;
  identification?: number;
  ttl?: number;
  dontFragment?: boolean;
  moreFragments?: boolean;
  /** Bytes, a multiple of 8. */
  fragmentOffset?: number;
  /** Length a multiple of 4. */
  options?: Uint8Array;
  /** Overrides for damaged headers. */
  version?: number;
  headerWords?: number;
  totalLength?: number;
  checksum?: number;
  fillChecksum?: boolean;
}

/** Where each protocol keeps its checksum within its header. */
const CHECKSUM_OFFSET: Readonly<Record<number, number>> = {
  [IP_PROTOCOL.tcp]: 16,
  [IP_PROTOCOL.udp]: 6,
  [IP_PROTOCOL.icmpv6]: 2,
};

function withTransportChecksum(addresses: Uint8Array, protocol: number, payload: Uint8Array): Uint8Array {
  const at = CHECKSUM_OFFSET[protocol];
  if (at === undefined || payload.length < at + 2 || payload[at] !== 0 || payload[at + 1] !== 0) return payload;
  const filled = payload.slice();
  const sum = internetChecksum(concat(addresses, u32(payload.length, protocol), payload));
  filled.set(u16(sum === 0 && protocol === IP_PROTOCOL.udp ? 0xffff : sum), at);
  return filled;
}

export function ipv4(fields: Ipv4Fields, payload: Uint8Array): Uint8Array {
  const options = fields.options ?? new Uint8Array(0);
  const headerLength = 20 + options.length;
  const addresses = concat(ipv4Bytes(fields.source ?? '10.0.0.1'), ipv4Bytes(fields.destination ?? '10.0.0.2'));
  const fragmented = fields.moreFragments || fields.fragmentOffset;
  const flags = (fields.dontFragment ? 0x4000 : 0) | (fields.moreFragments ? 0x2000 : 0);
  const header = concat(
    u8(((fields.version ?? 4) << 4) | (fields.headerWords ?? headerLength / 4), 0),
    u16(fields.totalLength ?? headerLength + payload.length, fields.identification ?? 1),
    u16(flags | ((fields.fragmentOffset ?? 0) / 8)),
    u8(fields.ttl ?? 64, fields.protocol, 0, 0),
    addresses,
    options,
  );
  header.set(u16(fields.checksum ?? internetChecksum(header)), 10);
  const fill = !fragmented && fields.fillChecksum !== false && fields.protocol !== IP_PROTOCOL.icmpv6;
  return concat(header, fill ? withTransportChecksum(addresses, fields.protocol, payload) : payload);
}

export interface Ipv6Fields {
  source?: string;
  destination?: string;
  nextHeader: number;
  /** Upper-layer protocol, when extension headers stand before it: fills in its checksum. */
  hopLimit?: number;
  version?: number;
  payloadLength?: number;
  fillChecksum?: boolean;
}

export function ipv6(fields: Ipv6Fields, payload: Uint8Array): Uint8Array {
  const addresses = concat(ipv6Bytes(fields.source ?? 'fd00::1'), ipv6Bytes(fields.destination ?? 'fd00::2'));
  return concat(
    u32((fields.version ?? 6) << 28),
    u16(fields.payloadLength ?? Math.min(payload.length, 0xffff)),
    u8(fields.nextHeader, fields.hopLimit ?? 64),
    addresses,
    fields.fillChecksum === false ? payload : withTransportChecksum(addresses, fields.nextHeader, payload),
  );
}

/** A generic extension header of `length` bytes (a multiple of 8), filled with PadN. */
export function ipv6Extension(nextHeader: number, payload: Uint8Array, length = 8): Uint8Array {
  return concat(u8(nextHeader, length / 8 - 1, 1, length - 4), new Uint8Array(length - 4), payload);
}

/** Hop-by-hop header with the jumbo payload option (RFC 2675). */
export function ipv6Jumbo(nextHeader: number, length: number, payload: Uint8Array): Uint8Array {
  return concat(u8(nextHeader, 0, 0xc2, 4), u32(length), payload);
}

/** Fragment header; `offset` in bytes. */
export function ipv6Fragment(
  nextHeader: number,
  offset: number,
  more: boolean,
  payload: Uint8Array,
  identification = 1,
): Uint8Array {
  return concat(u8(nextHeader, 0), u16(offset | (more ? 1 : 0)), u32(identification), payload);
}

/** Authentication header with 12 bytes of integrity check value. */
export function authentication(nextHeader: number, payload: Uint8Array): Uint8Array {
  return concat(u8(nextHeader, 4), u16(0), u32(0x100, 1), new Uint8Array(12), payload);
}

// --- transport layer and tunnels ---

export interface TcpFields {
  sourcePort?: number;
  destinationPort?: number;
  sequence?: number;
  acknowledgement?: number;
  /** TCP_FLAG bits. */
  flags?: number;
  window?: number;
  /** Length a multiple of 4. */
  options?: Uint8Array;
  headerWords?: number;
}

export function tcp(fields: TcpFields = {}, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const options = fields.options ?? new Uint8Array(0);
  return concat(
    u16(fields.sourcePort ?? 40000, fields.destinationPort ?? 80),
    u32(fields.sequence ?? 1, fields.acknowledgement ?? 0),
    u8((fields.headerWords ?? 5 + options.length / 4) << 4, fields.flags ?? 0x10),
    u16(fields.window ?? 500, 0, 0),
    options,
    payload,
  );
}

/** UDP; also UDP-Lite, whose third word is the checksum coverage. */
export function udp(
  sourcePort: number,
  destinationPort: number,
  payload: Uint8Array = new Uint8Array(0),
  length = payload.length + 8,
): Uint8Array {
  return concat(u16(sourcePort, destinationPort, length, 0), payload);
}

export function sctp(sourcePort: number, destinationPort: number, payload: Uint8Array = hex('01000004')): Uint8Array {
  return concat(u16(sourcePort, destinationPort), u32(1, 0), payload);
}

/** DCCP with 48-bit sequence numbers (RFC 4340 section 5.1), type Request. */
export function dccp(sourcePort: number, destinationPort: number, dataOffset = 5): Uint8Array {
  return concat(u16(sourcePort, destinationPort), u8(dataOffset, 0, 0, 0), u8(1, 0), u16(0), u32(1), u32(0));
}

export function icmp(type: number, code: number, rest = 0, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const message = concat(u8(type, code), u16(0), u32(rest), payload);
  message.set(u16(internetChecksum(message)), 2);
  return message;
}

/** ICMPv6: ipv6() fills in its checksum. */
export function icmpv6(type: number, code: number, rest = 0, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  return concat(u8(type, code), u16(0), u32(rest), payload);
}

export interface GreFields {
  protocol: number;
  checksum?: boolean;
  key?: number;
  sequence?: number;
  version?: number;
}

export function gre(fields: GreFields, payload: Uint8Array): Uint8Array {
  const none = new Uint8Array(0);
  const flags =
    (fields.checksum ? 0x8000 : 0) |
    (fields.key === undefined ? 0 : 0x2000) |
    (fields.sequence === undefined ? 0 : 0x1000) |
    (fields.version ?? 0);
  return concat(
    u16(flags, fields.protocol),
    fields.checksum ? u32(0) : none,
    fields.key === undefined ? none : u32(fields.key),
    fields.sequence === undefined ? none : u32(fields.sequence),
    payload,
  );
}

/** VXLAN header and the frame it carries; goes into udp(…, 4789, …). */
export function vxlan(network: number, frame: Uint8Array): Uint8Array {
  return concat(u32(0x08000000, network << 8), frame);
}

// --- batches and files ---

/** A packet with what a capture source says about it; defaults: Ethernet, complete, time counting up from 1 s. */
export interface TestPacket {
  bytes: Uint8Array;
  wireLength?: number;
  capturedLength?: number;
  linkType?: number;
  seconds?: number;
  nanoseconds?: number;
  interfaceSlot?: number;
  packetType?: number;
  strippedTag?: number;
  gsoSize?: number;
  flags?: number;
}

export type PacketLike = Uint8Array | TestPacket;

function asTestPacket(packet: PacketLike): TestPacket {
  return packet instanceof Uint8Array ? { bytes: packet } : packet;
}

/**
 * At most BATCH_CAPACITY packets, each followed by `gap` bytes of `garbage`: a read past a packet's end meets garbage.
 * Packets cut short (capturedLength) are followed by the gap at once.
 */
export function packetBatch(
  packets: readonly PacketLike[],
  linkType: number = LINKTYPE.ethernet,
  gap = 64,
  garbage = 0xee,
): PacketBatch {
  if (packets.length > BATCH_CAPACITY) throw new Error(`${packets.length} packets are more than a batch holds`);
  const batch = new PacketBatch();
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [i, like] of packets.entries()) {
    const packet = asTestPacket(like);
    const captured = packet.bytes.subarray(0, packet.capturedLength ?? packet.bytes.length);
    batch.offset[i] = at;
    batch.capturedLength[i] = captured.length;
    batch.wireLength[i] = packet.wireLength ?? packet.bytes.length;
    batch.seconds[i] = packet.seconds ?? 1 + i;
    batch.nanoseconds[i] = packet.nanoseconds ?? 0;
    batch.interfaceSlot[i] = packet.interfaceSlot ?? 0;
    batch.linkType[i] = packet.linkType ?? linkType;
    batch.packetType[i] = packet.packetType ?? PACKET_TYPE.unknown;
    batch.strippedTag[i] = packet.strippedTag ?? 0;
    batch.gsoSize[i] = packet.gsoSize ?? 0;
    batch.flags[i] = packet.flags ?? 0;
    parts.push(captured, new Uint8Array(gap).fill(garbage));
    at += captured.length + gap;
  }
  batch.bytes = concat(...parts);
  batch.view = new DataView(batch.bytes.buffer);
  batch.count = packets.length;
  return batch;
}

/** Splits any number of packets into batches. */
export function packetBatches(packets: readonly PacketLike[], linkType: number = LINKTYPE.ethernet): PacketBatch[] {
  const batches: PacketBatch[] = [];
  for (let at = 0; at < packets.length; at += BATCH_CAPACITY) {
    batches.push(packetBatch(packets.slice(at, at + BATCH_CAPACITY), linkType));
  }
  return batches;
}

/** A classic pcap file as bytes (big-endian, microseconds). */
export function pcapBytes(linkType: number, packets: readonly PacketLike[]): Uint8Array {
  const parts = [u32(0xa1b2c3d4), u16(2, 4), u32(0, 0, 262144, linkType)];
  for (const [i, like] of packets.entries()) {
    const packet = asTestPacket(like);
    const captured = packet.bytes.subarray(0, packet.capturedLength ?? packet.bytes.length);
    const micros = Math.floor((packet.nanoseconds ?? 0) / 1000);
    parts.push(
      u32(packet.seconds ?? 1 + i, micros, captured.length, packet.wireLength ?? packet.bytes.length),
      captured,
    );
  }
  return concat(...parts);
}

export function writePcap(path: string, linkType: number, packets: readonly PacketLike[]): void {
  writeFileSync(path, pcapBytes(linkType, packets));
}
