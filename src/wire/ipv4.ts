/**
 * IPv4 (RFC 791).
 *
 *   0 version, header words | 1 | 2 total length | 4 identification | 6 flags, fragment offset | 8 | 9 protocol
 *   10 checksum | 12 source | 16 destination | 20 options…
 *
 * A header whose version or length is wrong gives nothing: the packet stays with its link-layer conversation.
 */
import { type Cursor, LAYER } from './cursor.ts';
import { DECODE_STATUS, FRAGMENT, KEY_WORDS, NETWORK } from './decoded-batch.ts';
import { ETHERTYPE } from './numbers.ts';
import { PACKET_FLAG, PACKET_TYPE } from './packet-batch.ts';

/** Third word of a v4-mapped address (::ffff:a.b.c.d). */
export const V4_MAPPED = 0xffff;

/** Flags and offset word: "more fragments" and the offset in units of 8 bytes. */
export const MORE_FRAGMENTS = 0x2000;
export const FRAGMENT_OFFSET = 0x1fff;

/** Sum of the header's 16-bit words with carries folded in: 0xffff when the checksum is right. */
export function ipv4HeaderSum(view: DataView, at: number, length: number): number {
  let sum = 0;
  for (let k = at; k < at + length; k += 2) sum += view.getUint16(k);
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16);
}

/**
 * A wrong checksum is an error unless the field is 0 and the packet may be on its way to a card that fills it in:
 * Linux fills it in itself, other systems whose savefiles we read do not.
 */
function checksumIsPending(c: Cursor): boolean {
  const packets = c.packets;
  const leaving = packets.packetType[c.i] === PACKET_TYPE.outgoing || packets.packetType[c.i] === PACKET_TYPE.unknown;
  const offloaded = packets.gsoSize[c.i] > 0 || (packets.flags[c.i] & PACKET_FLAG.checksumPending) !== 0;
  return c.u16(10) === 0 && (leaving || offloaded);
}

/** Bytes of the IP packet on the wire; a total length of 0 is left to the card when it cuts the buffer up. */
function totalLength(c: Cursor, headerLength: number): number {
  const available = c.realEnd - c.at;
  const total = c.u16(2);
  if (total === 0) return available;
  if (total >= headerLength && total <= available) return total;
  c.fail(DECODE_STATUS.badIpTotalLength);
  return total < headerLength ? headerLength : available;
}

function writeAddresses(c: Cursor): void {
  const key = c.out.key;
  const at = c.i * KEY_WORDS;
  key[at] = 0;
  key[at + 1] = 0;
  key[at + 2] = V4_MAPPED;
  key[at + 3] = c.view.getUint32(c.at + 12);
  key[at + 4] = 0;
  key[at + 5] = 0;
  key[at + 6] = V4_MAPPED;
  key[at + 7] = c.view.getUint32(c.at + 16);
}

export function ipv4(c: Cursor): number {
  if (!c.has(20, DECODE_STATUS.badIpHeaderLength)) return LAYER.done;
  const first = c.bytes[c.at];
  const headerLength = (first & 15) * 4;
  if (first >>> 4 !== 4) return fault(c, DECODE_STATUS.badIpVersion);
  if (headerLength < 20 || c.at + headerLength > c.realEnd) return fault(c, DECODE_STATUS.badIpHeaderLength);
  c.beginIp(NETWORK.ipv4, ETHERTYPE.ipv4, totalLength(c, headerLength));
  writeAddresses(c);
  c.protocol = c.bytes[c.at + 9];
  c.out.ipProtocol[c.i] = c.protocol;
  const next = layerAfter(c, c.u16(6));
  if (!c.has(headerLength, DECODE_STATUS.badIpHeaderLength)) return LAYER.done;
  if (ipv4HeaderSum(c.view, c.at, headerLength) !== 0xffff && !checksumIsPending(c)) {
    c.fail(DECODE_STATUS.badIpChecksum);
  }
  c.at += headerLength;
  return next;
}

function fault(c: Cursor, status: number): number {
  c.fail(status);
  return LAYER.done;
}

/** Notes the packet's place in its datagram: only the first fragment has a transport header. */
function layerAfter(c: Cursor, fragment: number): number {
  const offset = fragment & FRAGMENT_OFFSET;
  if (offset === 0 && (fragment & MORE_FRAGMENTS) === 0) return LAYER.transport;
  c.out.fragment[c.i] = offset === 0 ? FRAGMENT.first : FRAGMENT.later;
  return offset === 0 ? LAYER.transport : LAYER.done;
}
