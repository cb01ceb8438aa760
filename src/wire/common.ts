/**
 * The hot path: Ethernet (with at most one VLAN tag), IPv4 without options or IPv6 without extension headers, whole TCP
 * or UDP header, no fault, no offload. Everything else is left to the layers; so nothing is written before a packet has
 * passed every test. One long function on purpose: columns stay in locals, and 256 packets pay for fetching them once.
 */
import type { DecodedBatch, KEY_WORDS, NETWORK } from './decoded-batch.ts';
import type { V4_MAPPED } from './ipv4.ts';
import { finishHash, hashCommonWords, hashKey, keyPlace } from './key.ts';
import type { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from './numbers.ts';
import type { PacketBatch } from './packet-batch.ts';
import { isVxlanPort } from './tunnel.ts';

type VersionAndHeaderWords = 0x45;

/** Sum of the upper and the lower half of a word: the header checksum adds these. */
function halves(word: number): number {
  return (word >>> 16) + (word & 0xffff);
}

/** Copies the addresses at `from` to the key at words[at…] in canonical order, writes its ports; returns the direction. */
function writeIpv6Key(
  view: DataView,
  from: number,
  words: Uint32Array,
  at: number,
  source: number,
  destination: number,
): number {
  const source0 = view.getUint32(from);
  const source1 = view.getUint32(from + 4);
  const source2 = view.getUint32(from + 8);
  const source3 = view.getUint32(from + 12);
  const destination0 = view.getUint32(from + 16);
  const destination1 = view.getUint32(from + 20);
  const destination2 = view.getUint32(from + 24);
  const destination3 = view.getUint32(from + 28);
  let swapped = source > destination;
  if (source0 !== destination0) swapped = source0 > destination0;
  else if (source1 !== destination1) swapped = source1 > destination1;
  else if (source2 !== destination2) swapped = source2 > destination2;
  else if (source3 !== destination3) swapped = source3 > destination3;
  const first = swapped ? at + 4 : at;
  const second = swapped ? at : at + 4;
  words[first] = source0;
  words[first + 1] = source1;
  words[first + 2] = source2;
  words[first + 3] = source3;
  words[second] = destination0;
  words[second + 1] = destination1;
  words[second + 2] = destination2;
  words[second + 3] = destination3;
  words[at + 8] = swapped ? (destination << 16) | source : (source << 16) | destination;
  return swapped ? 1 : 0;
}

/** Decodes packets from `from` on, up to the first one that is not common; returns its index, or the count. */
export function decodeCommon(packets: PacketBatch, out: DecodedBatch, from: number, decapsulate: boolean): number {
  // Literals of their own, held to the registries' values by their types: what a bundler makes of an imported constant
  // is a property of a mutable variable, which costs a load and two checks at each use.
  const linkEthernet = 1 satisfies typeof LINKTYPE.ethernet;
  const typeIpv4 = 0x0800 satisfies typeof ETHERTYPE.ipv4;
  const typeIpv6 = 0x86dd satisfies typeof ETHERTYPE.ipv6;
  const typeVlan = 0x8100 satisfies typeof ETHERTYPE.vlan;
  const tcp = 6 satisfies typeof IP_PROTOCOL.tcp;
  const udp = 17 satisfies typeof IP_PROTOCOL.udp;
  const ipv4 = 4 satisfies typeof NETWORK.ipv4;
  const ipv6 = 6 satisfies typeof NETWORK.ipv6;
  const mapped = 0xffff satisfies typeof V4_MAPPED;
  const plainIpv4 = 0x45 satisfies VersionAndHeaderWords;
  const keyWords = 11 satisfies typeof KEY_WORDS;

  const { view, count, offset, capturedLength, wireLength, seconds, nanoseconds, strippedTag } = packets;
  const { interfaceSlot, linkType, gsoSize } = packets;
  const { key, hash, hashSecret, direction, time, wireBytes, ipBytes, network, etherType, ipProtocol, vlan } = out;
  const { sourcePort, destinationPort, macOffset, networkOffset, transportOffset, packetEnd, payloadLength } = out;
  const { tcpFlags, tcpSequence, tcpAcknowledgement, tcpWindow } = out;

  for (let i = from; i < count; i++) {
    if (linkType[i] !== linkEthernet || gsoSize[i] !== 0) return i;
    const start = offset[i];
    const end = start + capturedLength[i];
    if (start + 42 > end) return i;
    let realEnd = start + wireLength[i];
    if (realEnd < end) realEnd = end;

    // Link layer. A tag that the kernel stripped is the outermost one.
    let tag = strippedTag[i];
    const strippedBytes = tag === 0 ? 0 : 4;
    let ip = start + 14;
    let type = view.getUint16(start + 12);
    if (type === typeVlan && tag === 0) {
      tag = view.getUint16(start + 14);
      type = view.getUint16(start + 16);
      ip += 4;
    }
    const vlanId = tag & 0xfff;

    // Network layer: where the transport header starts, and where the packet ends.
    let protocol: number;
    let transport: number;
    let packetLength: number;
    const kind = type === typeIpv4 ? ipv4 : ipv6;
    if (type === typeIpv4) {
      if (ip + 28 > end) return i;
      const word0 = view.getUint32(ip);
      const word1 = view.getUint32(ip + 4);
      const word2 = view.getUint32(ip + 8);
      if (word0 >>> 24 !== plainIpv4 || (word1 & 0x3fff) !== 0) return i;
      let sum = halves(word0) + halves(word1) + halves(word2);
      sum += halves(view.getUint32(ip + 12)) + halves(view.getUint32(ip + 16));
      sum = (sum & 0xffff) + (sum >>> 16);
      if ((sum & 0xffff) + (sum >>> 16) !== 0xffff) return i;
      protocol = (word2 >>> 16) & 0xff;
      transport = ip + 20;
      packetLength = word0 & 0xffff;
    } else {
      if (type !== typeIpv6 || ip + 48 > end) return i;
      const word1 = view.getUint32(ip + 4);
      if (view.getUint8(ip) >>> 4 !== 6 || word1 >>> 16 === 0) return i;
      protocol = (word1 >>> 8) & 0xff;
      transport = ip + 40;
      packetLength = (word1 >>> 16) + 40;
    }
    const packetStop = ip + packetLength;
    if (packetStop > realEnd) return i;

    // Transport layer.
    const ports = view.getUint32(transport);
    let payload: number;
    if (protocol === tcp) {
      if (transport + 20 > end) return i;
      const word3 = view.getUint32(transport + 12);
      const headerLength = (word3 >>> 28) * 4;
      payload = packetStop - transport - headerLength;
      if (headerLength < 20 || payload < 0) return i;
      tcpSequence[i] = view.getUint32(transport + 4);
      tcpAcknowledgement[i] = view.getUint32(transport + 8);
      tcpFlags[i] = word3 >>> 16;
      tcpWindow[i] = word3;
    } else {
      if (protocol !== udp) return i;
      const length = view.getUint16(transport + 4);
      payload = length - 8;
      if (payload < 0 || length > packetStop - transport) return i;
      if (decapsulate && isVxlanPort(ports & 0xffff)) return i;
    }

    // The key, in canonical order.
    const source = ports >>> 16;
    const destination = ports & 0xffff;
    const vlanWord = vlanId === 0 ? 0 : 0x1000 | vlanId;
    const place = keyPlace(kind, protocol, vlanWord);
    const slot = interfaceSlot[i];
    const at = i * keyWords;
    key[at + 9] = place;
    key[at + 10] = slot;
    if (kind === ipv4) {
      const sourceWord = view.getUint32(ip + 12);
      const destinationWord = view.getUint32(ip + 16);
      const swapped = sourceWord > destinationWord || (sourceWord === destinationWord && source > destination);
      const first = swapped ? destinationWord : sourceWord;
      const second = swapped ? sourceWord : destinationWord;
      const orderedPorts = swapped ? (destination << 16) | source : ports | 0;
      key[at] = 0;
      key[at + 1] = 0;
      key[at + 2] = mapped;
      key[at + 3] = first;
      key[at + 4] = 0;
      key[at + 5] = 0;
      key[at + 6] = mapped;
      key[at + 7] = second;
      key[at + 8] = orderedPorts;
      direction[i] = swapped ? 1 : 0;
      hash[i] = finishHash(hashCommonWords(hashSecret, first, second, orderedPorts, place, slot));
    } else {
      direction[i] = writeIpv6Key(view, ip + 8, key, at, source, destination);
      hash[i] = hashKey(hashSecret, key, at);
    }

    time[i] = seconds[i] + nanoseconds[i] * 1e-9;
    wireBytes[i] = wireLength[i] + strippedBytes;
    ipBytes[i] = packetLength;
    network[i] = kind;
    etherType[i] = type;
    ipProtocol[i] = protocol;
    vlan[i] = vlanWord;
    sourcePort[i] = source;
    destinationPort[i] = destination;
    macOffset[i] = start;
    networkOffset[i] = ip;
    transportOffset[i] = transport;
    packetEnd[i] = Math.min(packetStop, end);
    payloadLength[i] = payload;
  }
  return count;
}
