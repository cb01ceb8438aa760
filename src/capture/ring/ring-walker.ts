/**
 * Walks the blocks of a TPACKET_V3 ring and fills packet batches from them: no copy, no allocation, no call a packet.
 * Knows memory only (linux/if_packet.h); the socket is ring-socket.ts.
 *
 *   block   8 status u32 (bit 0: ours)   12 packets u32   16 offset of the first packet u32
 *   packet  0 next u32   4 s u32   8 ns u32   12 captured u32   16 length u32   20 status u32   24 mac u16   26 net u16
 *           32 VLAN TCI u32   36 VLAN TPID u16   48 sockaddr_ll: 52 ifindex i32   56 hatype u16   58 packet type u8
 *   frame   at mac; virtio_net_hdr in the 10 bytes before: 0 flags u8   1 GSO type u8   4 GSO size u16
 */
import { type BATCH_CAPACITY, type PACKET_FLAG, type PACKET_TYPE, PacketBatch } from '../../wire/packet-batch.ts';
import {
  CAPTURED_LENGTH_32,
  FLAGS_8,
  GSO_SIZE_16,
  INTERFACE_SLOT_16,
  LINK_TYPE_16,
  NANOSECONDS_32,
  OFFSET_32,
  PACKET_TYPE_8,
  SECONDS_64,
  STRIPPED_TAG_32,
  WIRE_LENGTH_32,
} from '../../wire/packet-columns.ts';
import type { InterfaceRegistry } from '../interface-table.ts';
import {
  BLOCK_FIRST_PACKET,
  BLOCK_PACKETS,
  BLOCK_STATUS,
  GSO_TYPE_MASK,
  GSO_UDP_FRAGMENTS,
  GSO_UDP_SEGMENTS,
  PACKET_HEADER_BYTES,
  STATUS_KERNEL,
  STATUS_USER,
  TP_STATUS_CSUM_NOT_READY,
  TP_STATUS_VLAN_TPID_VALID,
  TP_STATUS_VLAN_VALID,
  TPID_8021Q,
  VNET_HEADER_BYTES,
} from './ring-layout.ts';

export interface RingGeometry {
  blockBytes: number;
  blockCount: number;
  /** PACKET_VNET_HDR is on: a virtio_net_hdr stands before each frame. */
  vnetHeader: boolean;
}

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

  /** Packets wait in the block that the kernel is filling: they come when it is full, or some milliseconds old. */
  get isFilling(): boolean {
    const start = this.#block * this.#geometry.blockBytes;
    const isOurs = (Atomics.load(this.#signedWords, this.#statusIndex()) & STATUS_USER) !== 0;
    return isOurs || this.#words[(start + BLOCK_PACKETS) >>> 2] > 0;
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

  /** One long function on purpose, written for V8 like wire/common.ts: see there. */
  #fillFromBlock(): void {
    const capacity = 256 satisfies typeof BATCH_CAPACITY;
    const flagPending = 1 satisfies typeof PACKET_FLAG.checksumPending;
    const flagUdp = 2 satisfies typeof PACKET_FLAG.gsoUdp;
    const lastType = 4 satisfies typeof PACKET_TYPE.outgoing;
    const unknownType = 255 satisfies typeof PACKET_TYPE.unknown;
    const { blockBytes, vnetHeader } = this.#geometry;
    const blockStart = this.#block * blockBytes;
    const blockEnd = blockStart + blockBytes;
    const lastStart = blockEnd - PACKET_HEADER_BYTES;
    const vnetBytes = vnetHeader ? VNET_HEADER_BYTES : 0xffff;
    const bytes = this.#bytes;
    const halves = this.#halves;
    const words = this.#words;
    const { columns } = this.batch;
    const { octets, halfWords, words: wordColumns, doubles } = columns;
    columns.rare.fill(0);
    let index = -1;
    let slot = 0;
    let linkType = 0;
    let networkOnly = false;
    let at = this.#packetAt;
    let left = this.#packetsLeft;
    let count = 0;

    while (count < capacity && left > 0) {
      // Changes nothing; tells V8 how large i can be (wire/common.ts).
      const i = count & (capacity - 1);
      const word = at >>> 2;
      const half = at >>> 1;
      const next = words[word];
      const status = words[word + 5];
      if (words[word + 13] !== index) {
        index = words[word + 13];
        slot = this.#slotOf(index, halves[half + 28]);
        linkType = this.#registry.linkTypes[slot];
        networkOnly = this.#registry.networkOnly[slot] !== 0;
      }

      const mac = halves[half + 12];
      let start = at + mac;
      let captured = words[word + 3];
      let length = words[word + 4];
      if ((status & TP_STATUS_CSUM_NOT_READY) !== 0) octets[FLAGS_8 + i] = flagPending;
      if (mac > vnetBytes && start <= blockEnd) {
        const gsoType = bytes[start - 9] & GSO_TYPE_MASK;
        if (gsoType !== 0) {
          halfWords[GSO_SIZE_16 + i] = bytes[start - 6] | (bytes[start - 5] << 8);
          if (gsoType === GSO_UDP_FRAGMENTS || gsoType === GSO_UDP_SEGMENTS) octets[FLAGS_8 + i] |= flagUdp;
        }
      }
      if (networkOnly) {
        const linkHeader = Math.max(0, halves[half + 13] - mac);
        start += linkHeader;
        captured = Math.max(0, captured - linkHeader);
        length = Math.max(0, length - linkHeader);
      }
      if (start > blockEnd) start = blockEnd;
      if (captured > blockEnd - start) captured = blockEnd - start;

      const type = bytes[at + 58];
      wordColumns[OFFSET_32 + i] = start;
      wordColumns[CAPTURED_LENGTH_32 + i] = captured;
      wordColumns[WIRE_LENGTH_32 + i] = length;
      doubles[SECONDS_64 + i] = words[word + 1];
      wordColumns[NANOSECONDS_32 + i] = words[word + 2];
      halfWords[INTERFACE_SLOT_16 + i] = slot;
      halfWords[LINK_TYPE_16 + i] = linkType;
      octets[PACKET_TYPE_8 + i] = type > lastType ? unknownType : type;
      if ((status & TP_STATUS_VLAN_VALID) !== 0) {
        const tpid = (status & TP_STATUS_VLAN_TPID_VALID) === 0 ? TPID_8021Q : halves[half + 18];
        wordColumns[STRIPPED_TAG_32 + i] = tpid * 0x10000 + (words[word + 8] & 0xffff);
      }
      count++;

      left--;
      at += next;
      // The next packet's headers have to fit into the block (#fits).
      if (left > 0 && (next < PACKET_HEADER_BYTES || (at & 3) !== 0 || at > lastStart)) left = 0;
    }
    this.batch.count = count;
    this.#packetAt = at;
    this.#packetsLeft = left;
  }

  #slotOf(index: number, hardwareType: number): number {
    const { slotOfIndex } = this.#registry;
    const slot = index < slotOfIndex.length ? slotOfIndex[index] : -1;
    return slot === -1 ? this.#registry.slotOf(index, hardwareType) : slot;
  }
}
