/**
 * The packet socket's options and structures (packet(7), linux/if_packet.h), and the mapped receive ring.
 *
 *   tpacket_req3  block_size, block_nr, frame_size, frame_nr, retire_blk_tov ms, sizeof_priv, feature   7 x u32
 *   sockaddr_ll   0 family u16   2 protocol u16 big-endian   4 ifindex i32   8 hatype u16   10 pkttype u8   11 halen u8   12 address
 *   packet_mreq   0 ifindex i32   4 type u16   6 alen u16   8 address
 */
import { SystemCallError } from './koffi.ts';
import { type MappedMemory, mapShared, releaseMapping } from './memory.ts';
import {
  AF,
  bindSocket,
  closeDescriptor,
  getSocketOption,
  openSocket,
  SOCK,
  setSocketNumber,
  setSocketOption,
} from './sockets.ts';

export const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_RX_RING = 5;
export const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
const PACKET_HDRLEN = 11;
const PACKET_VNET_HDR = 15;

const TPACKET_V3 = 2;
/** sizeof(struct tpacket3_hdr): the kernel is asked for it before anything is mapped. */
const TPACKET3_HEADER_BYTES = 48;
const PACKET_MR_PROMISC = 1;
const ETH_P_ALL_BIG_ENDIAN = 0x0300;
const SOCKADDR_LL_BYTES = 20;

/** 12,000 small packets: at 200,000 a second the retire timer ends a block, and not its size. */
export const BLOCK_BYTES = 1 << 21;
/** A frame is what one packet would take in older ring versions; here only its multiple counts. */
const FRAME_BYTES = 2048;
/**
 * Packets wait this long for their block (one jiffy longer where the kernel has no finer timer for it), then 5 ms at most
 * while RingSource pauses: a packet is counted within 50 ms. A wake-up costs as much as a thousand packets, with caches that
 * others used meanwhile: at 20 ms a packet cost a fifth more.
 */
const RETIRE_MILLISECONDS = 36;

/** Counters since the last reading (tpacket_stats_v3): `packets` includes the dropped ones. */
export interface RingStatistics {
  packets: number;
  drops: number;
  freezes: number;
}

/** Makes a packet socket receive all protocols: from one interface, or from all (index 0). */
export function bindToInterface(fd: number, interfaceIndex: number): void {
  const address = Buffer.alloc(SOCKADDR_LL_BYTES);
  address.writeUInt16LE(AF.packet, 0);
  address.writeUInt16LE(ETH_P_ALL_BIG_ENDIAN, 2);
  address.writeInt32LE(interfaceIndex, 4);
  bindSocket(fd, address);
}

export class PacketSocket {
  readonly fd: number;
  readonly memory: MappedMemory;
  readonly blockCount: number;
  /** Whether a virtio_net_hdr stands before each frame. */
  readonly vnetHeader: boolean;

  /**
   * Opens a socket with a mapped ring of up to `blocks` blocks, fewer where memory is refused. It receives nothing
   * before `bind`. Throws SystemCallError.
   */
  constructor(blocks: number) {
    this.fd = openSocket(AF.packet, SOCK.raw, 0);
    try {
      this.#useVersion3();
      this.vnetHeader = this.#useVnetHeader();
      this.blockCount = this.#allocateRing(blocks);
      this.memory = mapShared(this.fd, this.blockCount * BLOCK_BYTES);
    } catch (error) {
      closeDescriptor(this.fd);
      throw error;
    }
  }

  /** Begins to receive: from one interface, or from all (index 0). May be called again for another one. */
  bind(interfaceIndex: number): void {
    bindToInterface(this.fd, interfaceIndex);
  }

  /** Promiscuous mode for as long as this socket lives; the kernel counts how many asked for it. */
  addPromiscuous(interfaceIndex: number): void {
    const request = Buffer.alloc(16);
    request.writeInt32LE(interfaceIndex, 0);
    request.writeUInt16LE(PACKET_MR_PROMISC, 4);
    setSocketOption(this.fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request);
  }

  /** Reads the counters, which sets them to zero. */
  takeStatistics(): RingStatistics {
    const words = new Uint32Array(3);
    getSocketOption(this.fd, SOL_PACKET, PACKET_STATISTICS, new Uint8Array(words.buffer));
    return { packets: words[0], drops: words[1], freezes: words[2] };
  }

  /** Ends receiving and gives the ring back. Views of its memory read zeros afterwards. */
  close(): void {
    closeDescriptor(this.fd);
    releaseMapping(this.memory);
  }

  #useVersion3(): void {
    const version = Int32Array.of(TPACKET_V3);
    const bytes = new Uint8Array(version.buffer);
    getSocketOption(this.fd, SOL_PACKET, PACKET_HDRLEN, bytes);
    // The answer is the header's length: another one means that our offsets are wrong.
    if (version[0] !== TPACKET3_HEADER_BYTES) throw new SystemCallError('tpacket3_hdr layout', 0);
    setSocketNumber(this.fd, SOL_PACKET, PACKET_VERSION, TPACKET_V3);
  }

  #useVnetHeader(): boolean {
    try {
      setSocketNumber(this.fd, SOL_PACKET, PACKET_VNET_HDR, 1);
      return true;
    } catch (error) {
      if (error instanceof SystemCallError && error.code !== 'EPERM') return false;
      throw error;
    }
  }

  #allocateRing(blocks: number): number {
    for (let count = blocks; ; count >>>= 1) {
      const request = Uint32Array.of(
        BLOCK_BYTES,
        count,
        FRAME_BYTES,
        (BLOCK_BYTES / FRAME_BYTES) * count,
        RETIRE_MILLISECONDS,
        0,
        0,
      );
      try {
        setSocketOption(this.fd, SOL_PACKET, PACKET_RX_RING, new Uint8Array(request.buffer));
        return count;
      } catch (error) {
        if (count <= 2 || !(error instanceof SystemCallError) || error.code !== 'ENOMEM') throw error;
      }
    }
  }
}
