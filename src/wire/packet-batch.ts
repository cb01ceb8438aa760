/**
 * PacketBatch: what a capture source hands over. Parallel columns over borrowed memory.
 *
 *   bytes   one kernel ring (all blocks), one file chunk or one pipe chunk; view is a DataView over the same memory
 *   packet i  offset[i] ──► link-layer header … capturedLength[i] bytes are there, wireLength[i] were on the wire
 *
 * Everything here is *borrowed*: valid until the handler that received the batch returns. Copy what you keep.
 */

import {
  CAPTURED_LENGTH_32,
  FLAGS_8,
  GSO_SIZE_16,
  INTERFACE_SLOT_16,
  LINK_TYPE_16,
  NANOSECONDS_32,
  OFFSET_32,
  PACKET_TYPE_8,
  PacketColumns,
  SECONDS_64,
  STRIPPED_TAG_32,
  WIRE_LENGTH_32,
} from './packet-columns.ts';

/**
 * Packets per batch. The columns of 256 packets stay in the processor's first caches, and 256 table look-ups overlap
 * their memory latency (DESIGN: "touch loop"); twice as many gained nothing when measured.
 */
export const BATCH_CAPACITY = 256;

/** Direction as the kernel tells it (packet(7), sll_pkttype). UNKNOWN: the source cannot tell (most files). */
export const PACKET_TYPE = { host: 0, broadcast: 1, multicast: 2, otherHost: 3, outgoing: 4, unknown: 255 } as const;

/** Bits of PacketBatch.flags. */
export const PACKET_FLAG = {
  /** The card will fill in the transport checksum (TP_STATUS_CSUMNOTREADY): a wrong one is no error. */
  checksumPending: 1,
  /** Segmentation offload type was UDP (USO, VIRTIO_NET_HDR_GSO_UDP_L4) and not TCP. */
  gsoUdp: 2,
} as const;

export class PacketBatch {
  /** Borrowed memory that `offset` points into. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The same memory as `bytes`, for multi-byte reads (network order is the DataView default). */
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Packets in this batch, 0 to BATCH_CAPACITY. */
  count = 0;
  /** The memory of all columns, for the hot path; everyone else takes the columns by their names. */
  readonly columns = new PacketColumns();
  /** Start of the link-layer header, bytes into `bytes`. */
  readonly offset = this.columns.wordColumn(OFFSET_32);
  /** Bytes present. Never points beyond `bytes`: the source clamps. */
  readonly capturedLength = this.columns.wordColumn(CAPTURED_LENGTH_32);
  /** Length of the packet (or offloaded buffer) in bytes as the source saw it; a stripped VLAN tag is not in it. */
  readonly wireLength = this.columns.wordColumn(WIRE_LENGTH_32);
  /** Capture time: seconds since 1970. */
  readonly seconds = this.columns.doubleColumn(SECONDS_64);
  /** Capture time: nanoseconds within the second. */
  readonly nanoseconds = this.columns.wordColumn(NANOSECONDS_32);
  /** Interface: index into the source's InterfaceTable (never the kernel's ifindex, which is reused). */
  readonly interfaceSlot = this.columns.halfWordColumn(INTERFACE_SLOT_16);
  /** LINKTYPE_ number of the packet (numbers.ts). */
  readonly linkType = this.columns.halfWordColumn(LINK_TYPE_16);
  /** PACKET_TYPE. */
  readonly packetType = this.columns.octetColumn(PACKET_TYPE_8);
  /** VLAN tag that the kernel stripped: TPID << 16 | TCI, or 0 (a TPID is never 0). */
  readonly strippedTag = this.columns.wordColumn(STRIPPED_TAG_32);
  /** Payload bytes per segment of an offloaded buffer (GRO, TSO, USO), or 0. */
  readonly gsoSize = this.columns.halfWordColumn(GSO_SIZE_16);
  /** PACKET_FLAG bits. */
  readonly flags = this.columns.octetColumn(FLAGS_8);
}
