/**
 * What crosses the boundary between the packet size monitor (engine side) and its screen and output (front side).
 * Unknown is null: a file that does not say which way packets went has no `in` and `out`.
 */

/** Twenty brackets up to the MTU, and what is larger: as iptraf-ng has them. */
export const BRACKETS = 20;

/** Taken where no interface is there to ask: files, libpcap's pseudo-interface. */
export const ASSUMED_MTU = 1500;

/** Packets of one bracket of sizes. */
export interface PacketSizesRow {
  /** From 0 up; the last is what is larger. */
  id: number;
  /** Bytes, both ends included. What has no byte at all is in the first bracket. */
  from: number;
  /** null: no upper end. */
  to: number | null;
  /** Packets. */
  in: number | null;
  out: number | null;
  /** All, also those whose direction is not known. */
  packets: number;
  /** Sums of their sizes. */
  inBytes: number | null;
  outBytes: number | null;
  bytes: number;
  /** Of all packets and of all bytes, 0 to 1; null: nothing was counted. */
  share: number | null;
  byteShare: number | null;
  /** Over the last rate window; null until one has closed since start or reset. */
  inPacketsPerSecond: number | null;
  outPacketsPerSecond: number | null;
  packetsPerSecond: number | null;
  inBytesPerSecond: number | null;
  outBytesPerSecond: number | null;
  bytesPerSecond: number | null;
}

/** All sizes together. null: no such packet, or the direction is not known. */
export interface SizeSummary {
  packets: number | null;
  bytes: number | null;
  average: number | null;
  largest: number | null;
}

/** Query.options of this monitor. */
export interface PacketSizesOptions {
  /** Which size: of the network-layer packet (IP total length), or of the whole frame. */
  byteKind: 'ip' | 'wire';
  /** One of the interfaces, or null: all together. */
  interface: string | null;
}

/** Page.extra of this monitor. */
export interface PacketSizesExtra {
  byteKind: 'ip' | 'wire';
  /** What the rows are of; null: all interfaces together. */
  interface: string | null;
  /** Interfaces that carried packets, in the order in which they did first. */
  interfaces: string[];
  /** The brackets follow from this MTU and, for whole frames, the link header; a file has no MTU: it is assumed. */
  mtu: number;
  linkHeader: number;
  mtuFrom: 'link' | 'largest-link' | 'assumed';
  in: SizeSummary;
  out: SizeSummary;
  total: SizeSummary;
}
