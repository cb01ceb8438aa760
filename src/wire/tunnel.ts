/**
 * Tunnels, entered only where packets are described by what they carry: IP in IP (RFC 2003, 2473, 4213), GRE
 * (RFC 2784, 2890), VXLAN (RFC 7348), and IPv4's authentication header (RFC 4302).
 *
 *   GRE    C R K S flags, version 2 | EtherType 2 | [checksum, offset 4] [key 4] [sequence 4]
 *   VXLAN  flags 1 (I = 8) | 3 | network identifier 3 | 1 | Ethernet frame
 *
 * A tunnel that carries something else than IP or Ethernet is shown as itself.
 */
import { type Cursor, LAYER, MAX_TUNNELS } from './cursor.ts';
import { DECODE_STATUS } from './decoded-batch.ts';
import { ETHERTYPE, IP_PROTOCOL } from './numbers.ts';

const GRE_CHECKSUM = 0x8000;
const GRE_ROUTING = 0x4000;
const GRE_KEY = 0x2000;
const GRE_SEQUENCE = 0x1000;
const GRE_VERSION = 7;

const VXLAN_NETWORK_VALID = 8;

/** IANA's port, and the one that Linux took before there was one. */
export function isVxlanPort(port: number): boolean {
  return port === 4789 || port === 8472;
}

export function ipInIp(c: Cursor, protocol: number): number {
  if (c.tunnels === MAX_TUNNELS) return LAYER.done;
  c.tunnels++;
  return protocol === IP_PROTOCOL.ipv6 ? LAYER.ipv6 : LAYER.ipv4;
}

function layerOf(etherType: number): number {
  if (etherType === ETHERTYPE.ipv4) return LAYER.ipv4;
  if (etherType === ETHERTYPE.ipv6) return LAYER.ipv6;
  return etherType === ETHERTYPE.transparentBridging ? LAYER.ethernet : LAYER.done;
}

export function gre(c: Cursor): number {
  if (c.tunnels === MAX_TUNNELS || !c.has(4, DECODE_STATUS.badTunnel)) return LAYER.done;
  const flags = c.u16(0);
  const next = layerOf(c.u16(2));
  if (next === LAYER.done || (flags & (GRE_ROUTING | GRE_VERSION)) !== 0) return LAYER.done;
  const words = 1 + (flags & GRE_CHECKSUM ? 1 : 0) + (flags & GRE_KEY ? 1 : 0) + (flags & GRE_SEQUENCE ? 1 : 0);
  if (!c.has(4 * words, DECODE_STATUS.badTunnel)) return LAYER.done;
  c.at += 4 * words;
  c.tunnels++;
  return next;
}

/** Behind a UDP header; without the I flag it is something else that uses the port. */
export function vxlan(c: Cursor): number {
  if (c.tunnels === MAX_TUNNELS || c.payloadStart + 8 > c.end) return LAYER.done;
  if ((c.bytes[c.payloadStart] & VXLAN_NETWORK_VALID) === 0) return LAYER.done;
  c.limit(8 + c.out.payloadLength[c.i]);
  c.at = c.payloadStart + 8;
  c.tunnels++;
  return LAYER.ethernet;
}

/** IPv4 only: to IPv6 it is an extension header. */
export function authentication(c: Cursor): number {
  if (!c.has(12, DECODE_STATUS.badTunnel)) return LAYER.done;
  const length = (c.bytes[c.at + 1] + 2) * 4;
  if (!c.has(length, DECODE_STATUS.badTunnel)) return LAYER.done;
  c.protocol = c.bytes[c.at];
  c.out.ipProtocol[c.i] = c.protocol;
  c.at += length;
  return LAYER.transport;
}
