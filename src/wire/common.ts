/**
 * The hot path: Ethernet (with at most one VLAN tag), IPv4 without options or IPv6 without extension headers, whole TCP
 * or UDP header, no fault, no offload. Everything else is left to the layers; so nothing is written before a packet has
 * passed every test. One long function on purpose: arrays stay in locals, and 256 packets pay for fetching them once.
 *
 * Written for V8 where that costs no clarity: output goes through four arrays over all columns (decoded-columns.ts);
 * words are read signed, so that none becomes an object when it is handed to a function that was not inlined; and which
 * end of a conversation is the smaller one, which no processor can guess, is found without a branch.
 */
import type { DecodedBatch, KEY_WORDS, NETWORK } from './decoded-batch.ts';
import {
  DESTINATION_PORT_16,
  DIRECTION_8,
  ETHER_TYPE_16,
  HASH_32,
  IP_BYTES_64,
  IP_PROTOCOL_8,
  KEY_32,
  MAC_OFFSET_32,
  NETWORK_8,
  NETWORK_OFFSET_32,
  PACKET_END_32,
  PAYLOAD_LENGTH_32,
  SOURCE_PORT_16,
  TCP_ACKNOWLEDGEMENT_32,
  TCP_FLAGS_8,
  TCP_SEQUENCE_32,
  TCP_WINDOW_16,
  TIME_64,
  TRANSPORT_OFFSET_32,
  VLAN_16,
  WIRE_BYTES_64,
} from './decoded-columns.ts';
import type { V4_MAPPED } from './ipv4.ts';
import { finishHash, hashAllWords, hashCommonWords, keyPlace } from './key.ts';
import type { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from './numbers.ts';
import type { BATCH_CAPACITY, PacketBatch } from './packet-batch.ts';
import {
  CAPTURED_LENGTH_32,
  GSO_SIZE_16,
  INTERFACE_SLOT_16,
  LINK_TYPE_16,
  NANOSECONDS_32,
  OFFSET_32,
  SECONDS_64,
  STRIPPED_TAG_32,
  WIRE_LENGTH_32,
} from './packet-columns.ts';
import { isVxlanPort } from './tunnel.ts';

type VersionAndHeaderWords = 0x45;

/** Sum of the upper and lower halves of the words of an IPv4 header: its checksum adds these. */
function sumOfHalves(word0: number, word1: number, word2: number, word3: number, word4: number): number {
  const upper = (word0 >>> 16) + (word1 >>> 16) + (word2 >>> 16) + (word3 >>> 16) + (word4 >>> 16);
  const lower = (word0 & 0xffff) + (word1 & 0xffff) + (word2 & 0xffff) + (word3 & 0xffff) + (word4 & 0xffff);
  return upper + lower;
}

/** 1 where a > b, both taken as unsigned words, else 0: the borrow of b - a. */
function isGreater(a: number, b: number): number {
  return ((a & ~b) | (~(a ^ b) & (b - a))) >>> 31;
}

/** Writes the key at words[at…] in canonical order, its addresses from the packet at `from`; returns the direction. */
function writeIpv6Key(
  view: DataView,
  from: number,
  words: Uint32Array,
  at: number,
  source: number,
  destination: number,
  place: number,
  slot: number,
): number {
  const source0 = view.getInt32(from);
  const source1 = view.getInt32(from + 4);
  const source2 = view.getInt32(from + 8);
  const source3 = view.getInt32(from + 12);
  const destination0 = view.getInt32(from + 16);
  const destination1 = view.getInt32(from + 20);
  const destination2 = view.getInt32(from + 24);
  const destination3 = view.getInt32(from + 28);
  let swapped: number;
  if (source0 !== destination0) swapped = isGreater(source0, destination0);
  else if (source1 !== destination1) swapped = isGreater(source1, destination1);
  else if (source2 !== destination2) swapped = isGreater(source2, destination2);
  else if (source3 !== destination3) swapped = isGreater(source3, destination3);
  else swapped = isGreater(source, destination);
  const first = at + 4 * swapped;
  const second = at + 4 - 4 * swapped;
  words[first] = source0;
  words[first + 1] = source1;
  words[first + 2] = source2;
  words[first + 3] = source3;
  words[second] = destination0;
  words[second + 1] = destination1;
  words[second + 2] = destination2;
  words[second + 3] = destination3;
  const shift = 16 * swapped;
  words[at + 8] = (source << (16 - shift)) | (destination << shift);
  words[at + 9] = place;
  words[at + 10] = slot;
  return swapped;
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
  const capacity = 256 satisfies typeof BATCH_CAPACITY;

  const { view, count } = packets;
  const { halfWords: halfWordsIn, words: wordsIn, doubles: doublesIn } = packets.columns;
  const { octets, halfWords, words, doubles } = out.columns;
  const { hashSecret } = out;

  for (let next = from; next < count; next++) {
    // Changes nothing; tells V8 how large i can be, which spares it an overflow check at each column.
    const i = next & (capacity - 1);
    if (halfWordsIn[LINK_TYPE_16 + i] !== linkEthernet || halfWordsIn[GSO_SIZE_16 + i] !== 0) return i;
    const start = wordsIn[OFFSET_32 + i];
    const end = start + wordsIn[CAPTURED_LENGTH_32 + i];
    if (start + 42 > end) return i;
    let realEnd = start + wordsIn[WIRE_LENGTH_32 + i];
    if (realEnd < end) realEnd = end;

    // Link layer. A tag that the kernel stripped is the outermost one.
    let tag = wordsIn[STRIPPED_TAG_32 + i];
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
    let sourceWord = 0;
    let destinationWord = 0;
    const kind = type === typeIpv4 ? ipv4 : ipv6;
    if (type === typeIpv4) {
      if (ip + 28 > end) return i;
      const word0 = view.getInt32(ip);
      const word1 = view.getInt32(ip + 4);
      const word2 = view.getInt32(ip + 8);
      if (word0 >>> 24 !== plainIpv4 || (word1 & 0x3fff) !== 0) return i;
      sourceWord = view.getInt32(ip + 12);
      destinationWord = view.getInt32(ip + 16);
      let sum = sumOfHalves(word0, word1, word2, sourceWord, destinationWord);
      sum = (sum & 0xffff) + (sum >>> 16);
      if ((sum & 0xffff) + (sum >>> 16) !== 0xffff) return i;
      protocol = (word2 >>> 16) & 0xff;
      transport = ip + 20;
      packetLength = word0 & 0xffff;
    } else {
      if (type !== typeIpv6 || ip + 48 > end) return i;
      const word1 = view.getInt32(ip + 4);
      if (view.getUint8(ip) >>> 4 !== 6 || word1 >>> 16 === 0) return i;
      protocol = (word1 >>> 8) & 0xff;
      transport = ip + 40;
      packetLength = (word1 >>> 16) + 40;
    }
    const packetStop = ip + packetLength;
    if (packetStop > realEnd) return i;

    // Transport layer.
    const ports = view.getInt32(transport);
    let payload: number;
    if (protocol === tcp) {
      if (transport + 20 > end) return i;
      const word3 = view.getInt32(transport + 12);
      const headerLength = (word3 >>> 28) * 4;
      payload = packetStop - transport - headerLength;
      if (headerLength < 20 || payload < 0) return i;
      words[TCP_SEQUENCE_32 + i] = view.getInt32(transport + 4);
      words[TCP_ACKNOWLEDGEMENT_32 + i] = view.getInt32(transport + 8);
      octets[TCP_FLAGS_8 + i] = word3 >>> 16;
      halfWords[TCP_WINDOW_16 + i] = word3;
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
    const slot = halfWordsIn[INTERFACE_SLOT_16 + i];
    const at = KEY_32 + i * keyWords;
    if (kind === ipv4) {
      const swapped =
        sourceWord === destinationWord ? isGreater(source, destination) : isGreater(sourceWord, destinationWord);
      // Exchanges both pairs where swapped is 1.
      const addressBits = (sourceWord ^ destinationWord) & -swapped;
      const portBits = (source ^ destination) & -swapped;
      const first = sourceWord ^ addressBits;
      const second = destinationWord ^ addressBits;
      const orderedPorts = ports ^ (portBits << 16) ^ portBits;
      words[at] = 0;
      words[at + 1] = 0;
      words[at + 2] = mapped;
      words[at + 3] = first;
      words[at + 4] = 0;
      words[at + 5] = 0;
      words[at + 6] = mapped;
      words[at + 7] = second;
      words[at + 8] = orderedPorts;
      words[at + 9] = place;
      words[at + 10] = slot;
      octets[DIRECTION_8 + i] = swapped;
      words[HASH_32 + i] = finishHash(hashCommonWords(hashSecret, first, second, orderedPorts, place, slot));
    } else {
      octets[DIRECTION_8 + i] = writeIpv6Key(view, ip + 8, words, at, source, destination, place, slot);
      words[HASH_32 + i] = finishHash(hashAllWords(hashSecret, words, at));
    }

    doubles[TIME_64 + i] = doublesIn[SECONDS_64 + i] + wordsIn[NANOSECONDS_32 + i] * 1e-9;
    doubles[WIRE_BYTES_64 + i] = wordsIn[WIRE_LENGTH_32 + i] + strippedBytes;
    doubles[IP_BYTES_64 + i] = packetLength;
    octets[NETWORK_8 + i] = kind;
    halfWords[ETHER_TYPE_16 + i] = type;
    octets[IP_PROTOCOL_8 + i] = protocol;
    halfWords[VLAN_16 + i] = vlanWord;
    halfWords[SOURCE_PORT_16 + i] = source;
    halfWords[DESTINATION_PORT_16 + i] = destination;
    words[MAC_OFFSET_32 + i] = start;
    words[NETWORK_OFFSET_32 + i] = ip;
    words[TRANSPORT_OFFSET_32 + i] = transport;
    words[PACKET_END_32 + i] = Math.min(packetStop, end);
    words[PAYLOAD_LENGTH_32 + i] = payload;
  }
  return count;
}
