/**
 * A packet socket that nobody reads: it counts what its filter lets through (PACKET_STATISTICS, packet(7)).
 *
 *   struct tpacket_stats   0 packets, the dropped ones included   4 drops   u32
 *
 * Its queue holds next to nothing; a packet that finds it full is counted and costs no copy.
 */
import { bindToInterface, PACKET_STATISTICS, SOL_PACKET } from './packet-socket.ts';
import { AF, attachFilter, closeDescriptor, getSocketOption, openSocket, SOCK, setSocketNumber } from './sockets.ts';

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;

export class CountingSocket {
  readonly #fd: number;
  #counted = 0;

  /** Opens the socket with its filter (sock_filter, 8 bytes an instruction). Throws SystemCallError. */
  constructor(instructions: Uint8Array) {
    this.#fd = openSocket(AF.packet, SOCK.raw, 0);
    try {
      // The kernel makes it as large as it must be at least.
      setSocketNumber(this.#fd, SOL_SOCKET, SO_RCVBUF, 0);
      attachFilter(this.#fd, instructions);
    } catch (error) {
      closeDescriptor(this.#fd);
      throw error;
    }
  }

  /** Begins to count: one interface, or all (index 0). */
  bind(interfaceIndex: number): void {
    bindToInterface(this.#fd, interfaceIndex);
  }

  /** Packets since bind: buffers, as the kernel hands them over. */
  read(): number {
    const words = new Uint32Array(2);
    // Reading sets the kernel's counters to zero.
    getSocketOption(this.#fd, SOL_PACKET, PACKET_STATISTICS, new Uint8Array(words.buffer));
    this.#counted += words[0];
    return this.#counted;
  }

  close(): void {
    closeDescriptor(this.#fd);
  }
}
