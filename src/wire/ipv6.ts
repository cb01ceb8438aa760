/**
 * IPv6 (RFC 8200), its extension headers, and jumbograms (RFC 2675).
 *
 *   0 version | 4 payload length 2 | 6 next header | 7 | 8 source 16 | 24 destination 16
 *   extension: next header 1 | length 1 (8-byte units after the first 8; AH: 4-byte units after the first 8) | …
 *   fragment:  next header 1 | 1 | offset in 8-byte units, 2 bits, more | identification 4
 */
import { type Cursor, LAYER } from './cursor.ts';
import { DECODE_STATUS, FRAGMENT, KEY_WORDS, NETWORK } from './decoded-batch.ts';
import { ETHERTYPE, IP_PROTOCOL } from './numbers.ts';

/** More than any real packet carries: a longer chain is an attack. */
const MAX_EXTENSION_HEADERS = 16;

/** Jumbo payload option of the hop-by-hop header: type, length, then 4 bytes. */
const JUMBO_OPTION = 0xc204;
const MAX_PAYLOAD_LENGTH = 0xffff;

/** True for next-header values that announce another header and no upper layer (IANA; ESP hides what follows). */
export function isExtensionHeader(protocol: number): boolean {
  switch (protocol) {
    case IP_PROTOCOL.hopByHop:
    case IP_PROTOCOL.routing:
    case IP_PROTOCOL.fragment:
    case IP_PROTOCOL.ah:
    case IP_PROTOCOL.destinationOptions:
    case IP_PROTOCOL.mobility:
    case IP_PROTOCOL.hip:
    case IP_PROTOCOL.shim6:
      return true;
    default:
      return false;
  }
}

/** Bytes of the extension header at `at`, 8 of which can be read. */
export function extensionHeaderLength(bytes: Uint8Array, at: number, protocol: number): number {
  if (protocol === IP_PROTOCOL.fragment) return 8;
  return protocol === IP_PROTOCOL.ah ? (bytes[at + 1] + 2) * 4 : (bytes[at + 1] + 1) * 8;
}

/** Mobility, HIP and shim6 messages end the chain themselves ("no next header"): they are the upper layer then. */
function isMessage(protocol: number): boolean {
  return protocol === IP_PROTOCOL.mobility || protocol === IP_PROTOCOL.hip || protocol === IP_PROTOCOL.shim6;
}

/** Length after the fixed header when the length field is 0: a jumbogram, or left to the card for an offloaded buffer. */
function lengthBeyondField(c: Cursor): number {
  const available = c.realEnd - c.at - 40;
  const jumbo = c.bytes[c.at + 6] === IP_PROTOCOL.hopByHop && c.at + 48 <= c.end && c.u16(42) === JUMBO_OPTION;
  if (jumbo) {
    const length = c.view.getUint32(c.at + 44);
    if (length > MAX_PAYLOAD_LENGTH) return length;
    c.fail(DECODE_STATUS.badIpTotalLength);
    return available;
  }
  return c.packets.gsoSize[c.i] > 0 || available > MAX_PAYLOAD_LENGTH ? available : 0;
}

function totalLength(c: Cursor): number {
  const available = c.realEnd - c.at;
  const total = 40 + (c.u16(4) || lengthBeyondField(c));
  if (total <= available) return total;
  c.fail(DECODE_STATUS.badIpTotalLength);
  return available;
}

export function ipv6(c: Cursor): number {
  if (!c.has(40, DECODE_STATUS.badIpHeaderLength)) return LAYER.done;
  if (c.bytes[c.at] >>> 4 !== 6) {
    c.fail(DECODE_STATUS.badIpVersion);
    return LAYER.done;
  }
  c.beginIp(NETWORK.ipv6, ETHERTYPE.ipv6, totalLength(c));
  const key = c.out.key;
  const at = c.i * KEY_WORDS;
  for (let k = 0; k < 8; k++) key[at + k] = c.view.getUint32(c.at + 8 + 4 * k);
  const next = c.bytes[c.at + 6];
  c.at += 40;
  return extensionHeaders(c, next);
}

/** Walks the chain; leaves the upper layer's protocol in the column and in c.protocol. */
function extensionHeaders(c: Cursor, first: number): number {
  let protocol = first;
  let previous = first;
  for (let n = 0; isExtensionHeader(protocol); n++) {
    c.out.ipProtocol[c.i] = IP_PROTOCOL.unknown;
    if (n === MAX_EXTENSION_HEADERS) {
      c.fail(DECODE_STATUS.badExtensionHeader);
      return LAYER.done;
    }
    if (!c.has(8, DECODE_STATUS.badExtensionHeader)) return LAYER.done;
    const length = extensionHeaderLength(c.bytes, c.at, protocol);
    const next = c.bytes[c.at];
    const later = protocol === IP_PROTOCOL.fragment && noteFragment(c) === FRAGMENT.later;
    if (later || !c.has(length, DECODE_STATUS.badExtensionHeader)) {
      if (!isExtensionHeader(next)) c.out.ipProtocol[c.i] = next;
      return LAYER.done;
    }
    c.at += length;
    previous = protocol;
    protocol = next;
  }
  if (protocol === IP_PROTOCOL.noNextHeader && isMessage(previous)) protocol = previous;
  c.protocol = protocol;
  c.out.ipProtocol[c.i] = protocol;
  return protocol === IP_PROTOCOL.noNextHeader || isMessage(protocol) ? LAYER.done : LAYER.transport;
}

/** A fragment header that is the whole datagram (RFC 6946) makes no fragment. */
function noteFragment(c: Cursor): number {
  const field = c.u16(2);
  if ((field & 0xfff9) === 0) return FRAGMENT.none;
  const fragment = (field & 0xfff8) === 0 ? FRAGMENT.first : FRAGMENT.later;
  c.out.fragment[c.i] = fragment;
  return fragment;
}
