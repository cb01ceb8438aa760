/**
 * Walks the blocks of a TPACKET_V3 ring and fills packet batches from them: no copy, no allocation, no call a packet.
 * Knows memory only (linux/if_packet.h); the socket is ring-socket.ts.
 *
 *   block   8 status u32 (bit 0: ours)   12 packets u32   16 offset of the first packet u32
 *   packet  0 next u32   4 s u32   8 ns u32   12 captured u32   16 length u32   20 status u32   24 mac u16   26 net u16
 *           32 VLAN TCI u32   36 VLAN TPID u16   48 sockaddr_ll: 52 ifindex i32   56 hatype u16   58 packet type u8
 *   frame   at mac; virtio_net_hdr in the 10 bytes before: 0 flags u8   1 GSO type u8   4 GSO size u16
 */
import { BATCH_CAPACITY, PACKET_FLAG, PACKET_TYPE, PacketBatch } from '../../wire/packet-batch.ts';
import type { InterfaceRegistry } from '../interface-table.ts';

export interface RingGeometry {
  blockBytes: number;
  blockCount: number;
  /** PACKET_VNET_HDR is on: a virtio_net_hdr stands before each frame. */
  vnetHeader: boolean;
}

const BLOCK_STATUS = 8;
const BLOCK_PACKETS = 12;
const BLOCK_FIRST_PACKET = 16;
const STATUS_KERNEL = 0;
const STATUS_USER = 1;

/** Bytes of tpacket3_hdr and sockaddr_ll: no packet can begin closer to the end of its block. */
const PACKET_HEADER_BYTES = 68;

const TP_STATUS_CSUM_NOT_READY = 0x08;
const TP_STATUS_VLAN_VALID = 0x10;
const TP_STATUS_VLAN_TPID_VALID = 0x40;
const TPID_8021Q = 0x8100;

const VNET_HEADER_BYTES = 10;
/** virtio_net_hdr.gso_type: UFO 3, USO 5; bit 7 says that the TCP segments carry ECN. */
const GSO_UDP_FRAGMENTS = 3;
const GSO_UDP_SEGMENTS = 5;
const GSO_TYPE_MASK = 0x7f;

export class RingWalker {
  /** What `fill` filled. Borrowed by whoever gets it until `release`. */
  readonly batch = new PacketBatch();
  readonly #geometry: RingGeometry;
  readonly #registry: InterfaceRegistry;
  readonly #bytes: Uint8Array;
  readonly #halves: Uint16Array;
  readonly #words: Uint32Array;
  readonly #signedWords: Int32Array;
  #block = 0;
  #packetsLeft = 0;
  #packetAt = 0;
  #holding = false;

  constructor(memory: ArrayBuffer, geometry: RingGeometry, registry: InterfaceRegistry) {
    this.#geometry = geometry;
    this.#registry = registry;
    this.#bytes = new Uint8Array(memory);
    this.#halves = new Uint16Array(memory);
    this.#words = new Uint32Array(memory);
    this.#signedWords = new Int32Array(memory);
    this.batch.bytes = this.#bytes;
    this.batch.view = new DataView(memory);
  }

  /** Fills the batch from the current block. False: the kernel has no block for us now. */
  fill(): boolean {
    while (this.#packetsLeft === 0) {
      this.release();
      if (!this.#takeBlock()) return false;
    }
    this.#fillFromBlock();
    return true;
  }

  /** The batch was delivered: gives the block back once all its packets were. True when it did. */
  release(): boolean {
    if (!this.#holding || this.#packetsLeft > 0) return false;
    this.#holding = false;
    Atomics.store(this.#signedWords, this.#statusIndex(), STATUS_KERNEL);
    this.#block = (this.#block + 1) % this.#geometry.blockCount;
    return true;
  }

  #statusIndex(): number {
    return (this.#block * this.#geometry.blockBytes + BLOCK_STATUS) >>> 2;
  }

  #takeBlock(): boolean {
    // The kernel writes the block before its status; this load keeps our reads behind it.
    if ((Atomics.load(this.#signedWords, this.#statusIndex()) & STATUS_USER) === 0) return false;
    const start = this.#block * this.#geometry.blockBytes;
    this.#holding = true;
    this.#packetsLeft = this.#words[(start + BLOCK_PACKETS) >>> 2];
    this.#packetAt = start + this.#words[(start + BLOCK_FIRST_PACKET) >>> 2];
    if (!this.#fits(this.#packetAt)) this.#packetsLeft = 0;
    return true;
  }

  /** Whether a packet's headers fit at this position of the current block. */
  #fits(at: number): boolean {
    const start = this.#block * this.#geometry.blockBytes;
    return at > start && (at & 3) === 0 && at + PACKET_HEADER_BYTES <= start + this.#geometry.blockBytes;
  }

  #fillFromBlock(): void {
    const { blockBytes, vnetHeader } = this.#geometry;
    const blockStart = this.#block * blockBytes;
    const blockEnd = blockStart + blockBytes;
    const bytes = this.#bytes;
    const halves = this.#halves;
    const words = this.#words;
    const registry = this.#registry;
    const slotOfIndex = registry.slotOfIndex;
    const batch = this.batch;
    const { offset, capturedLength, wireLength, seconds, nanoseconds } = batch;
    const { interfaceSlot, linkType, packetType, strippedTag, gsoSize, flags } = batch;
    let at = this.#packetAt;
    let left = this.#packetsLeft;
    let count = 0;

    while (count < BATCH_CAPACITY && left > 0) {
      const word = at >>> 2;
      const half = at >>> 1;
      const next = words[word];
      const status = words[word + 5];
      const index = words[word + 13];
      let slot = index < slotOfIndex.length ? slotOfIndex[index] : -1;
      if (slot === -1) slot = registry.slotOf(index, halves[half + 28]);

      const mac = halves[half + 12];
      let start = at + mac;
      let captured = words[word + 3];
      let length = words[word + 4];
      let flag = (status & TP_STATUS_CSUM_NOT_READY) === 0 ? 0 : PACKET_FLAG.checksumPending;
      let segment = 0;
      if (vnetHeader && start - VNET_HEADER_BYTES > at && start <= blockEnd) {
        const gsoType = bytes[start - 9] & GSO_TYPE_MASK;
        if (gsoType !== 0) {
          segment = bytes[start - 6] | (bytes[start - 5] << 8);
          if (gsoType === GSO_UDP_FRAGMENTS || gsoType === GSO_UDP_SEGMENTS) flag |= PACKET_FLAG.gsoUdp;
        }
      }
      if (registry.networkOnly[slot] !== 0) {
        const linkHeader = Math.max(0, halves[half + 13] - mac);
        start += linkHeader;
        captured = Math.max(0, captured - linkHeader);
        length = Math.max(0, length - linkHeader);
      }
      if (start > blockEnd) start = blockEnd;
      if (captured > blockEnd - start) captured = blockEnd - start;

      offset[count] = start;
      capturedLength[count] = captured;
      wireLength[count] = length;
      seconds[count] = words[word + 1];
      nanoseconds[count] = words[word + 2];
      interfaceSlot[count] = slot;
      linkType[count] = registry.linkTypes[slot];
      const type = bytes[at + 58];
      packetType[count] = type > PACKET_TYPE.outgoing ? PACKET_TYPE.unknown : type;
      strippedTag[count] =
        (status & TP_STATUS_VLAN_VALID) === 0
          ? 0
          : ((status & TP_STATUS_VLAN_TPID_VALID) === 0 ? TPID_8021Q : halves[half + 18]) * 0x10000 +
            (words[word + 8] & 0xffff);
      gsoSize[count] = segment;
      flags[count] = flag;
      count++;

      left--;
      at += next;
      if (left > 0 && (next < PACKET_HEADER_BYTES || !this.#fits(at))) left = 0;
    }
    batch.count = count;
    this.#packetAt = at;
    this.#packetsLeft = left;
  }
}
