/**
 * What stands behind the IP header: ports, ICMP type, the length checks of each protocol, and the way into tunnels.
 */
import { type Cursor, LAYER } from './cursor.ts';
import { DECODE_STATUS, FRAGMENT } from './decoded-batch.ts';
import { hasPorts, IP_PROTOCOL } from './numbers.ts';
import { dccp, sctp } from './sctp.ts';
import { tcp } from './tcp.ts';
import { authentication, gre, ipInIp, isVxlanPort, vxlan } from './tunnel.ts';
import { udp, udplite } from './udp.ts';

/** Shortest header of protocols that are shown by their number alone. */
const SHORTEST_HEADER = new Uint8Array(256);
SHORTEST_HEADER[IP_PROTOCOL.icmp] = 8;
SHORTEST_HEADER[IP_PROTOCOL.icmpv6] = 4;
SHORTEST_HEADER[IP_PROTOCOL.igmp] = 8;
SHORTEST_HEADER[IP_PROTOCOL.gre] = 4;
SHORTEST_HEADER[IP_PROTOCOL.esp] = 8;
SHORTEST_HEADER[IP_PROTOCOL.ah] = 12;
SHORTEST_HEADER[IP_PROTOCOL.ospf] = 16;
SHORTEST_HEADER[IP_PROTOCOL.pim] = 4;
SHORTEST_HEADER[IP_PROTOCOL.vrrp] = 8;
SHORTEST_HEADER[IP_PROTOCOL.eigrp] = 20;
SHORTEST_HEADER[IP_PROTOCOL.rsvp] = 8;
SHORTEST_HEADER[IP_PROTOCOL.l2tp] = 4;

export function transport(c: Cursor): number {
  if (c.at < c.end) c.out.transportOffset[c.i] = c.at;
  const protocol = c.protocol;
  if (hasPorts(protocol)) return withPorts(c, protocol);
  if (protocol === IP_PROTOCOL.icmp || protocol === IP_PROTOCOL.icmpv6) {
    if (c.at + 2 <= c.end) c.out.icmpType[c.i] = c.u16(0);
  } else if (c.decapsulate && c.out.fragment[c.i] === FRAGMENT.none) {
    const next = tunnel(c, protocol);
    if (next !== LAYER.done) return next;
  }
  c.has(SHORTEST_HEADER[protocol], DECODE_STATUS.shortTransport);
  return LAYER.done;
}

/** Ports are kept even where the rest of the header is cut off. */
function withPorts(c: Cursor, protocol: number): number {
  if (c.at + 4 <= c.end) {
    c.out.sourcePort[c.i] = c.u16(0);
    c.out.destinationPort[c.i] = c.u16(2);
  }
  if (protocol === IP_PROTOCOL.tcp) tcp(c);
  else if (protocol === IP_PROTOCOL.udp) return datagram(c);
  else if (protocol === IP_PROTOCOL.udplite) udplite(c);
  else if (protocol === IP_PROTOCOL.sctp) sctp(c);
  else dccp(c);
  return LAYER.done;
}

function datagram(c: Cursor): number {
  udp(c);
  if (!c.decapsulate || c.payloadStart === 0 || c.out.fragment[c.i] !== FRAGMENT.none) return LAYER.done;
  return isVxlanPort(c.out.destinationPort[c.i]) ? vxlan(c) : LAYER.done;
}

function tunnel(c: Cursor, protocol: number): number {
  switch (protocol) {
    case IP_PROTOCOL.ipip:
    case IP_PROTOCOL.ipv6:
      return ipInIp(c, protocol);
    case IP_PROTOCOL.gre:
      return gre(c);
    case IP_PROTOCOL.ah:
      return authentication(c);
    default:
      return LAYER.done;
  }
}
