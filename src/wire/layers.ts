/**
 * Decoding layer by layer: which layer stands on a link, which follows which. Takes every packet there is, damaged and
 * cut off ones included; common.ts takes the frequent ones off its hands.
 */
import { arp } from './arp.ts';
import { type Cursor, LAYER } from './cursor.ts';
import { DECODE_STATUS, type DecodedBatch } from './decoded-batch.ts';
import { setDefaults, setLayerDefaults } from './defaults.ts';
import { ethernet, isTag, llc, noteVlan, vlanTag } from './ethernet.ts';
import { ipv4 } from './ipv4.ts';
import { ipv6 } from './ipv6.ts';
import { finishKey } from './key.ts';
import { linuxCooked, linuxCooked2 } from './linux-cooked.ts';
import { mpls } from './mpls.ts';
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from './numbers.ts';
import { cHdlc, ppp, pppHdlc, pppoe } from './ppp.ts';
import { bsdLoopback, rawIp } from './raw-ip.ts';
import { addSegments, countSegments } from './segments.ts';
import { transport } from './transport.ts';
import { isVxlanPort } from './tunnel.ts';

/** Decodes packet i of the cursor's batch. Its columns hold their defaults (setDefaults). */
export function decodeLayers(c: Cursor, i: number): void {
  const { packets, out } = c;
  walk(c, i);
  if (packets.gsoSize[i] > 0) {
    const decapsulate = c.decapsulate;
    let segments = countSegments(c);
    let payloadStart = c.payloadStart;
    if (!decapsulate && mayCarryTunnel(out, i)) {
      // The card cuts at the innermost payload, whatever is shown: look inside, then decode again as asked.
      c.decapsulate = true;
      setDefaults(out, i, i + 1);
      walk(c, i);
      segments = countSegments(c);
      payloadStart = c.payloadStart;
      c.decapsulate = false;
      setDefaults(out, i, i + 1);
      walk(c, i);
    }
    if (segments > 1) addSegments(c, segments, payloadStart);
  }
  finishKey(out, i, c.otherWord);
}

function mayCarryTunnel(out: DecodedBatch, i: number): boolean {
  const protocol = out.ipProtocol[i];
  if (protocol === IP_PROTOCOL.udp) return isVxlanPort(out.destinationPort[i]);
  return protocol === IP_PROTOCOL.ipip || protocol === IP_PROTOCOL.ipv6 || protocol === IP_PROTOCOL.gre;
}

/** Decodes packet i from its link layer to where nothing more is known. */
function walk(c: Cursor, i: number): void {
  const { packets, out } = c;
  const tag = packets.strippedTag[i];
  setLayerDefaults(out, i);
  c.begin(i);
  out.time[i] = packets.seconds[i] + packets.nanoseconds[i] * 1e-9;
  out.wireBytes[i] = packets.wireLength[i] + (tag === 0 ? 0 : 4);
  if (tag !== 0) noteVlan(c, tag);
  let layer = link(c, packets.linkType[i]);
  while (layer !== LAYER.done) layer = nextLayer(c, layer);
  out.packetEnd[i] = c.end;
}

function link(c: Cursor, linkType: number): number {
  switch (linkType) {
    case LINKTYPE.ethernet:
      return ethernet(c);
    case LINKTYPE.linuxCooked:
      return linuxCooked(c);
    case LINKTYPE.linuxCooked2:
      return linuxCooked2(c);
    case LINKTYPE.rawBsd:
    case LINKTYPE.rawOpenBsd:
    case LINKTYPE.raw:
      return rawIp(c);
    case LINKTYPE.ipv4:
      return LAYER.ipv4;
    case LINKTYPE.ipv6:
      return LAYER.ipv6;
    case LINKTYPE.null:
    case LINKTYPE.loop:
      return bsdLoopback(c);
    case LINKTYPE.ppp:
      return ppp(c);
    case LINKTYPE.pppHdlc:
      return pppHdlc(c);
    case LINKTYPE.pppEthernet:
      return pppoe(c);
    case LINKTYPE.cHdlc:
      return cHdlc(c);
    default:
      c.fail(DECODE_STATUS.unsupportedLink);
      return LAYER.done;
  }
}

/** Every layer moves the cursor on or answers `done`, so this ends. */
function nextLayer(c: Cursor, layer: number): number {
  switch (layer) {
    case LAYER.etherType:
      return byEtherType(c);
    case LAYER.ipv4:
      return ipv4(c);
    case LAYER.ipv6:
      return ipv6(c);
    case LAYER.transport:
      return transport(c);
    case LAYER.llc:
      return llc(c);
    case LAYER.ppp:
      return ppp(c);
    case LAYER.ethernet:
      return ethernet(c);
    default:
      return LAYER.done;
  }
}

function byEtherType(c: Cursor): number {
  switch (c.etherType) {
    case ETHERTYPE.ipv4:
      return LAYER.ipv4;
    case ETHERTYPE.ipv6:
      return LAYER.ipv6;
    case ETHERTYPE.arp:
    case ETHERTYPE.rarp:
      return arp(c);
    case ETHERTYPE.mpls:
    case ETHERTYPE.mplsMulticast:
      return mpls(c);
    case ETHERTYPE.pppoeSession:
      return pppoe(c);
    default:
      return isTag(c.etherType) ? vlanTag(c) : LAYER.done;
  }
}
