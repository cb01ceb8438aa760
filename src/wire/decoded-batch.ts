/**
 * DecodedBatch: a PacketBatch after decoding. One column per fact; index = packet index in the PacketBatch.
 *
 * The conversation key is canonical: endpoint 0 is the smaller (address, port), `direction` says which side sent.
 *
 *   key[i * KEY_WORDS + …]
 *     0..3   address of endpoint 0 (IPv4 as v4-mapped ::ffff:a.b.c.d; non-IP: MAC, see below)
 *     4..7   address of endpoint 1
 *     8      port of endpoint 0 << 16 | port of endpoint 1   (0 where the protocol has no ports; non-IP: EtherType)
 *     9      place: network kind << 24 | IP protocol << 16 | VLAN (0x1000 | id, or 0)
 *     10     interface slot
 *
 *   Non-IP packets (kind NETWORK.other) have MAC addresses as endpoints: word 0 = 0, 1 = 0, 2 = first two bytes,
 *   3 = last four bytes (0 where the link layer has none); word 8 = EtherType (LLC frames: the DSAP/SSAP in the low
 *   16 bits with 0 as EtherType is not distinguished).
 *
 * Columns of packets whose status is malformed hold what was decoded before the fault; every packet belongs to exactly
 * one conversation, so rows add up to totals.
 */
import {
  DESTINATION_PORT_16,
  DecodedColumns,
  DIRECTION_8,
  ETHER_TYPE_16,
  FRAGMENT_8,
  HASH_32,
  ICMP_TYPE_16,
  IP_BYTES_64,
  IP_PROTOCOL_8,
  MAC_OFFSET_32,
  NETWORK_8,
  NETWORK_OFFSET_32,
  PACKET_END_32,
  PAYLOAD_LENGTH_32,
  ROW_32,
  SEGMENTS_32,
  SELECTED_8,
  SOURCE_PORT_16,
  STATUS_8,
  TCP_ACKNOWLEDGEMENT_32,
  TCP_FLAGS_8,
  TCP_SEQUENCE_32,
  TCP_WINDOW_16,
  TIME_64,
  TRANSPORT_OFFSET_32,
  VLAN_16,
  WIRE_BYTES_64,
} from './decoded-columns.ts';
import { PacketBatch } from './packet-batch.ts';

export const KEY_WORDS = 11;

/** Secret words of the key hash: two for each word of the key, and one (key.ts). */
export const HASH_SECRET_WORDS = 2 * KEY_WORDS + 1;

/** Network layer of a packet. */
export const NETWORK = { other: 0, ipv4: 4, ipv6: 6 } as const;

/** Why decoding stopped. Counted by reason; shown as data. Order is part of the message format. */
export const DECODE_STATUS = {
  ok: 0,
  /** Fewer bytes captured than headers need, although the packet on the wire was longer (snapshot length). */
  truncated: 1,
  /** The packet on the wire is shorter than its link-layer header or tag. */
  shortLink: 2,
  /** IP version field does not fit the EtherType. */
  badIpVersion: 3,
  /** IPv4 header length below 20 or beyond the packet; IPv6 shorter than 40. */
  badIpHeaderLength: 4,
  /** IP total length beyond the packet or below the header. */
  badIpTotalLength: 5,
  /** IPv4 header checksum wrong (and not left to the card). */
  badIpChecksum: 6,
  /** An extension header runs beyond the packet, or there are more than MAX_EXTENSION_HEADERS. */
  badExtensionHeader: 7,
  /** Transport header beyond the IP packet. */
  shortTransport: 8,
  /** TCP data offset below 5 or beyond the segment. */
  badTcpHeaderLength: 9,
  /** UDP, UDP-Lite, SCTP or DCCP length field impossible. */
  badUdpLength: 10,
  /** ARP packet too short for the address sizes it claims. */
  badArp: 11,
  /** Link type that we cannot decode: counted as non-IP. */
  unsupportedLink: 12,
  /** A tunnel header is impossible (GRE, VXLAN, PPPoE, MPLS). */
  badTunnel: 13,
} as const;

/** Names for output, in the order of DECODE_STATUS. */
export const DECODE_STATUS_NAMES: readonly string[] = Object.keys(DECODE_STATUS);

/** Place of a packet in a fragmented datagram. */
export const FRAGMENT = { none: 0, first: 1, later: 2 } as const;

/** TCP flag bits (RFC 9293 section 3.1, byte 13). */
export const TCP_FLAG = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 } as const;

export class DecodedBatch {
  /** The packets this was decoded from; borrowed. */
  packets: PacketBatch = new PacketBatch();
  /** = packets.count. */
  count = 0;
  /** Whether a packet of this batch is a FRAGMENT. */
  hasFragments = false;
  /** The memory of all columns, for the hot path; everyone else takes the columns by their names. */
  readonly columns = new DecodedColumns();
  /** Capture time in seconds since 1970 (about 0.2 µs precise). */
  readonly time = this.columns.doubleColumn(TIME_64);
  /** DECODE_STATUS. */
  readonly status = this.columns.octetColumn(STATUS_8);
  /** NETWORK. */
  readonly network = this.columns.octetColumn(NETWORK_8);
  /** EtherType of the network layer after tags, LLC/SNAP, PPP and MPLS; 0 where there is none. */
  readonly etherType = this.columns.halfWordColumn(ETHER_TYPE_16);
  /** IP protocol after extension headers (numbers.ts); 255 where unknown because later headers are missing. */
  readonly ipProtocol = this.columns.octetColumn(IP_PROTOCOL_8);
  /** Outermost VLAN: 0x1000 | id, or 0. */
  readonly vlan = this.columns.halfWordColumn(VLAN_16);
  /** Canonical conversation key, KEY_WORDS words a packet. */
  readonly key = this.columns.keyColumn();
  /** Hash of the key's words, seeded (a sender cannot choose collisions). */
  readonly hash = this.columns.wordColumn(HASH_32);
  /** The secret words behind `hash`, borrowed from the decoder (key.ts, hashKey): hashes other keys the same way. */
  hashSecret: Int32Array = new Int32Array(HASH_SECRET_WORDS);
  /** 0: endpoint 0 sent this packet, 1: endpoint 1 did. */
  readonly direction = this.columns.octetColumn(DIRECTION_8);
  readonly sourcePort = this.columns.halfWordColumn(SOURCE_PORT_16);
  readonly destinationPort = this.columns.halfWordColumn(DESTINATION_PORT_16);
  /** Packets on the wire: segments of an offloaded buffer, else 1. */
  readonly segments = this.columns.wordColumn(SEGMENTS_32);
  /** IP bytes on the wire (IP header's total length; each segment's headers included); 0 for non-IP. */
  readonly ipBytes = this.columns.doubleColumn(IP_BYTES_64);
  /** Frame bytes on the wire (stripped tag and each segment's headers included). */
  readonly wireBytes = this.columns.doubleColumn(WIRE_BYTES_64);
  /** Where the destination MAC starts in packets.bytes (source MAC 6 bytes later), or -1. */
  readonly macOffset = this.columns.signedColumn(MAC_OFFSET_32);
  /** Where the (innermost shown) IP or ARP header starts in packets.bytes, or -1. */
  readonly networkOffset = this.columns.signedColumn(NETWORK_OFFSET_32);
  /** Where the transport header starts in packets.bytes, or -1. */
  readonly transportOffset = this.columns.signedColumn(TRANSPORT_OFFSET_32);
  /** End of the bytes that belong to the IP packet and were captured (exclusive; trailer excluded). */
  readonly packetEnd = this.columns.signedColumn(PACKET_END_32);
  /** FRAGMENT. */
  readonly fragment = this.columns.octetColumn(FRAGMENT_8);
  /** TCP: flags byte, sequence and acknowledgement numbers, raw window, payload bytes (whole buffer). */
  readonly tcpFlags = this.columns.octetColumn(TCP_FLAGS_8);
  readonly tcpSequence = this.columns.wordColumn(TCP_SEQUENCE_32);
  readonly tcpAcknowledgement = this.columns.wordColumn(TCP_ACKNOWLEDGEMENT_32);
  readonly tcpWindow = this.columns.halfWordColumn(TCP_WINDOW_16);
  readonly payloadLength = this.columns.wordColumn(PAYLOAD_LENGTH_32);
  /** ICMP and ICMPv6: type << 8 | code. */
  readonly icmpType = this.columns.halfWordColumn(ICMP_TYPE_16);
  /** 1: passes the active filter. Nothing downstream counts a packet whose value is 0. */
  readonly selected = this.columns.octetColumn(SELECTED_8);
  /** Row in the conversation table, filled by ConversationTable.account; NO_ROW where not selected. */
  readonly row = this.columns.wordColumn(ROW_32);
}

/** Value of DecodedBatch.row for packets that were not accounted. */
export const NO_ROW = 0xffffffff;
