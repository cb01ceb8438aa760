/**
 * PacketBatch: what a capture source hands over. Parallel columns over borrowed memory.
 *
 *   bytes   one kernel ring (all blocks), one file chunk or one pipe chunk; view is a DataView over the same memory
 *   packet i  offset[i] ──► link-layer header … capturedLength[i] bytes are there, wireLength[i] were on the wire
 *
 * Everything here is *borrowed*: valid until the handler that received the batch returns. Copy what you keep.
 */

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
  /** Start of the link-layer header, bytes into `bytes`. */
  readonly offset = new Uint32Array(BATCH_CAPACITY);
  /** Bytes present. Never points beyond `bytes`: the source clamps. */
  readonly capturedLength = new Uint32Array(BATCH_CAPACITY);
  /** Length of the packet (or offloaded buffer) in bytes as the source saw it; a stripped VLAN tag is not in it. */
  readonly wireLength = new Uint32Array(BATCH_CAPACITY);
  /** Capture time: seconds since 1970. */
  readonly seconds = new Float64Array(BATCH_CAPACITY);
  /** Capture time: nanoseconds within the second. */
  readonly nanoseconds = new Uint32Array(BATCH_CAPACITY);
  /** Interface: index into the source's InterfaceTable (never the kernel's ifindex, which is reused). */
  readonly interfaceSlot = new Uint16Array(BATCH_CAPACITY);
  /** LINKTYPE_ number of the packet (numbers.ts). */
  readonly linkType = new Uint16Array(BATCH_CAPACITY);
  /** PACKET_TYPE. */
  readonly packetType = new Uint8Array(BATCH_CAPACITY);
  /** VLAN tag that the kernel stripped: TPID << 16 | TCI, or 0 (a TPID is never 0). */
  readonly strippedTag = new Uint32Array(BATCH_CAPACITY);
  /** Payload bytes per segment of an offloaded buffer (GRO, TSO, USO), or 0. */
  readonly gsoSize = new Uint16Array(BATCH_CAPACITY);
  /** PACKET_FLAG bits. */
  readonly flags = new Uint8Array(BATCH_CAPACITY);
}
