/**
 * Writes large pcap files of known content, always the same for the same options: N conversations (TCP and UDP, IPv4 and
 * IPv6 in turn), M packets each, both directions, interleaved. For oracles (tshark) and benchmarks.
 */
import { closeSync, openSync, writeSync } from 'node:fs';

export interface GenerateOptions {
  conversations: number;
  packetsPerConversation: number;
  /** Of every this many conversations one is IPv6; 0: none. Default 4. */
  ipv6Every?: number;
  /** Microseconds between packets. Default 10. */
  microsecondsApart?: number;
}

const ETHERNET_BYTES = 14;
const RECORD_BYTES = 16;
const BUFFER_BYTES = 4 * 1024 * 1024;
const FIRST_SECOND = 1_700_000_000;

/** What was written. */
export interface GeneratedSavefile {
  packets: number;
  wireBytes: number;
}

/** Writes the file; each round sends one packet of every conversation, in an order that is not that of the addresses. */
export function generateSavefile(path: string, options: GenerateOptions): GeneratedSavefile {
  const { conversations, packetsPerConversation, ipv6Every = 4, microsecondsApart = 10 } = options;
  const fd = openSync(path, 'w');
  const buffer = Buffer.alloc(BUFFER_BYTES);
  let used = writeFileHeader(buffer);
  let packets = 0;
  let wireBytes = 0;
  const stride = strideFor(conversations);
  for (let round = 0; round < packetsPerConversation; round++) {
    for (let n = 0; n < conversations; n++) {
      const id = Number((BigInt(n) * BigInt(stride)) % BigInt(conversations));
      if (used + 256 > BUFFER_BYTES) {
        writeSync(fd, buffer, 0, used);
        used = 0;
      }
      const ipv6 = ipv6Every > 0 && id % ipv6Every === ipv6Every - 1;
      const frame = writeFrame(buffer, used + RECORD_BYTES, id, round, ipv6);
      // Longer on the wire than kept, as with a snapshot length.
      const wire = frame + ((id * 7 + round * 131) % 1200);
      writeLengths(buffer, used + RECORD_BYTES, ipv6, id, wire);
      writeRecord(buffer, used, packets * microsecondsApart, frame, wire);
      used += RECORD_BYTES + frame;
      packets++;
      wireBytes += wire;
    }
  }
  writeSync(fd, buffer, 0, used);
  closeSync(fd);
  return { packets, wireBytes };
}

/** A step through all conversations that meets each once: odd and no divisor of a number of this size in practice. */
function strideFor(conversations: number): number {
  let stride = Math.max(1, Math.floor(conversations * 0.618));
  while (gcd(stride, conversations) !== 1) stride++;
  return stride;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

function writeFileHeader(buffer: Buffer): number {
  buffer.writeUInt32LE(0xa1b2c3d4, 0);
  buffer.writeUInt16LE(2, 4);
  buffer.writeUInt16LE(4, 6);
  buffer.writeUInt32LE(128, 16);
  buffer.writeUInt32LE(1, 20);
  return 24;
}

function writeRecord(buffer: Buffer, at: number, microseconds: number, captured: number, wire: number): void {
  buffer.writeUInt32LE(FIRST_SECOND + Math.floor(microseconds / 1e6), at);
  buffer.writeUInt32LE(microseconds % 1e6, at + 4);
  buffer.writeUInt32LE(captured, at + 8);
  buffer.writeUInt32LE(wire, at + 12);
}

function isTcp(id: number): boolean {
  return id % 3 !== 0;
}

/** Writes one frame; returns its captured length. Even rounds go from client to server. */
function writeFrame(buffer: Buffer, at: number, id: number, round: number, ipv6: boolean): number {
  const forward = round % 2 === 0;
  buffer.writeUIntBE(forward ? 0x02000000000b : 0x02000000000a, at, 6);
  buffer.writeUIntBE(forward ? 0x02000000000a : 0x02000000000b, at + 6, 6);
  buffer.writeUInt16BE(ipv6 ? 0x86dd : 0x0800, at + 12);
  const ip = at + ETHERNET_BYTES;
  const transport = ipv6 ? writeIpv6(buffer, ip, id, forward) : writeIpv4(buffer, ip, id, forward);
  const clientPort = 1024 + (id % 60_000);
  const serverPort = isTcp(id) ? 443 : 53;
  buffer.writeUInt16BE(forward ? clientPort : serverPort, transport);
  buffer.writeUInt16BE(forward ? serverPort : clientPort, transport + 2);
  if (!isTcp(id)) return transport + 8 - at;
  buffer.writeUInt32BE(1 + Math.floor(round / 2), transport + 4);
  buffer.writeUInt32BE(1 + Math.floor(round / 2), transport + 8);
  buffer.writeUInt16BE(0x5010, transport + 12);
  buffer.writeUInt16BE(65_000, transport + 14);
  buffer.writeUInt32BE(0, transport + 16);
  return transport + 20 - at;
}

function writeIpv4(buffer: Buffer, ip: number, id: number, forward: boolean): number {
  buffer.writeUInt32BE(0x45000000, ip);
  buffer.writeUInt32BE(0x00004000, ip + 4);
  buffer.writeUInt16BE(isTcp(id) ? 0x4006 : 0x4011, ip + 8);
  buffer.writeUInt16BE(0, ip + 10);
  const client = 0x0a000001 + id;
  const server = 0xc6336400 + (id % 200);
  buffer.writeUInt32BE((forward ? client : server) >>> 0, ip + 12);
  buffer.writeUInt32BE((forward ? server : client) >>> 0, ip + 16);
  return ip + 20;
}

function writeIpv6(buffer: Buffer, ip: number, id: number, forward: boolean): number {
  buffer.writeUInt32BE(0x60000000, ip);
  buffer.writeUInt16BE(isTcp(id) ? 0x0640 : 0x1140, ip + 6);
  for (const [offset, host] of [
    [8, forward ? id + 1 : 0x10000000 + (id % 200)],
    [24, forward ? 0x10000000 + (id % 200) : id + 1],
  ]) {
    buffer.writeUInt32BE(0x20010db8, ip + offset);
    buffer.writeUInt32BE(0, ip + offset + 4);
    buffer.writeUInt32BE(0, ip + offset + 8);
    buffer.writeUInt32BE(host, ip + offset + 12);
  }
  return ip + 40;
}

/** Fills in what depends on the length on the wire: IP length (and checksum), UDP length. */
function writeLengths(buffer: Buffer, at: number, ipv6: boolean, id: number, wire: number): void {
  const ip = at + ETHERNET_BYTES;
  const ipLength = wire - ETHERNET_BYTES;
  if (ipv6) {
    buffer.writeUInt16BE(ipLength - 40, ip + 4);
    if (!isTcp(id)) writeUdpLengths(buffer, ip + 40, ipLength - 40);
    return;
  }
  buffer.writeUInt16BE(ipLength, ip + 2);
  buffer.writeUInt16BE(headerChecksum(buffer, ip), ip + 10);
  if (!isTcp(id)) writeUdpLengths(buffer, ip + 20, ipLength - 20);
}

function writeUdpLengths(buffer: Buffer, udp: number, length: number): void {
  buffer.writeUInt16BE(length, udp + 4);
  buffer.writeUInt16BE(0, udp + 6);
}

function headerChecksum(buffer: Buffer, ip: number): number {
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += buffer.readUInt16BE(ip + i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
