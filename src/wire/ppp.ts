/**
 * PPP (RFC 1661, 1662), PPP over Ethernet (RFC 2516) and Cisco's HDLC.
 *
 *   PPP     [FF 03] | protocol 1 or 2 (its first byte is even, its last odd)
 *   PPPoE   version and type 1 (0x11) | code 1 | session 2 | length 2 | PPP without FF 03
 *   cHDLC   address 1 (0F unicast, 8F multicast) | control 1 | EtherType 2
 */
import { type Cursor, LAYER } from './cursor.ts';
import { DECODE_STATUS } from './decoded-batch.ts';
import { ETHERTYPE } from './numbers.ts';

const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;
const PPP_MPLS = 0x0281;
const PPP_MPLS_MULTICAST = 0x0283;

const HDLC_ALL_STATIONS = 0xff03;
const PPPOE_VERSION_AND_TYPE = 0x11;
const PPPOE_SESSION_DATA = 0;

function etherTypeOf(protocol: number): number {
  if (protocol === PPP_IPV4) return ETHERTYPE.ipv4;
  if (protocol === PPP_IPV6) return ETHERTYPE.ipv6;
  if (protocol === PPP_MPLS) return ETHERTYPE.mpls;
  return protocol === PPP_MPLS_MULTICAST ? ETHERTYPE.mplsMulticast : 0;
}

export function ppp(c: Cursor): number {
  if (c.otherWord === 0) c.setOther(ETHERTYPE.ppp);
  if (c.at + 2 <= c.end && c.u16(0) === HDLC_ALL_STATIONS) c.at += 2;
  if (!c.has(1, DECODE_STATUS.shortLink)) return LAYER.done;
  const compressed = (c.bytes[c.at] & 1) === 1;
  if (!compressed && !c.has(2, DECODE_STATUS.shortLink)) return LAYER.done;
  const etherType = etherTypeOf(compressed ? c.bytes[c.at] : c.u16(0));
  c.at += compressed ? 1 : 2;
  if (etherType === 0) return LAYER.done;
  c.setOther(etherType);
  return LAYER.etherType;
}

/** PPP in HDLC-like framing; routers send Cisco's framing on the same link type. */
export function pppHdlc(c: Cursor): number {
  if (!c.has(1, DECODE_STATUS.shortLink)) return LAYER.done;
  const address = c.bytes[c.at];
  return address === 0x0f || address === 0x8f ? cHdlc(c) : ppp(c);
}

export function cHdlc(c: Cursor): number {
  if (!c.has(4, DECODE_STATUS.shortLink)) return LAYER.done;
  c.setOther(c.u16(2));
  c.at += 4;
  return LAYER.etherType;
}

export function pppoe(c: Cursor): number {
  c.setOther(ETHERTYPE.pppoeSession);
  if (!c.has(6, DECODE_STATUS.badTunnel)) return LAYER.done;
  const length = c.u16(4);
  const code = c.bytes[c.at + 1];
  if (c.bytes[c.at] !== PPPOE_VERSION_AND_TYPE || c.at + 6 + length > c.realEnd) {
    c.fail(DECODE_STATUS.badTunnel);
    return LAYER.done;
  }
  if (code !== PPPOE_SESSION_DATA) return LAYER.done;
  c.at += 6;
  c.limit(length);
  return LAYER.ppp;
}
