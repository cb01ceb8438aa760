/**
 * Sockets as the C library has them (socket(2), bind(2), setsockopt(2), recv(2), sendto(2)), and watching a descriptor.
 * Addresses and option values are bytes that the caller laid out; what they mean is not known here.
 */
import { checked, koffi, libc, SystemCallError } from './koffi.ts';

/** Address families and socket types (sys/socket.h; the same on every Linux machine but MIPS and SPARC). */
export const AF = { unix: 1, inet: 2, netlink: 16, packet: 17 } as const;
export const SOCK = { datagram: 2, raw: 3, closeOnExec: 0o2000000 } as const;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_ATTACH_FILTER = 26;
const MSG_DONTWAIT = 0x40;

const libcSocket = libc<(family: number, type: number, protocol: number) => number>('int socket(int, int, int)');
const libcBind = libc<(fd: number, address: Uint8Array, length: number) => number>(
  'int bind(int, const void *, uint32_t)',
);
const libcSetsockopt = libc<(fd: number, level: number, name: number, value: Uint8Array, length: number) => number>(
  'int setsockopt(int, int, int, const void *, uint32_t)',
);
const libcGetsockopt = libc<
  (fd: number, level: number, name: number, value: Uint8Array, length: Uint32Array) => number
>('int getsockopt(int, int, int, void *, void *)');
const libcRecv = libc<(fd: number, buffer: Uint8Array, length: number, flags: number) => number>(
  'int64_t recv(int, void *, size_t, int)',
);
const libcSendto = libc<
  (fd: number, data: Uint8Array, length: number, flags: number, address: Uint8Array, addressLength: number) => number
>('int64_t sendto(int, const void *, size_t, int, const void *, uint32_t)');
const libcClose = libc<(fd: number) => number>('int close(int)');

/** socket(2); the descriptor is closed on exec. */
export function openSocket(family: number, type: number, protocol: number): number {
  return checked('socket', libcSocket(family, type | SOCK.closeOnExec, protocol));
}

export function bindSocket(fd: number, address: Uint8Array): void {
  checked('bind', libcBind(fd, address, address.byteLength));
}

export function setSocketOption(fd: number, level: number, name: number, value: Uint8Array): void {
  checked('setsockopt', libcSetsockopt(fd, level, name, value, value.byteLength));
}

/** setsockopt(2) with an int. */
export function setSocketNumber(fd: number, level: number, name: number, value: number): void {
  setSocketOption(fd, level, name, new Uint8Array(Int32Array.of(value).buffer));
}

/** getsockopt(2): fills `value` (its content goes in, too: PACKET_HDRLEN asks that way). */
export function getSocketOption(fd: number, level: number, name: number, value: Uint8Array): void {
  checked('getsockopt', libcGetsockopt(fd, level, name, value, Uint32Array.of(value.byteLength)));
}

/** Reads and clears the socket's pending error (SO_ERROR): an errno, or 0. */
export function takeSocketError(fd: number): number {
  const value = new Int32Array(1);
  getSocketOption(fd, SOL_SOCKET, SO_ERROR, new Uint8Array(value.buffer));
  return value[0];
}

/** Receives without waiting: bytes received, or -1 when nothing is there. */
export function receiveNow(fd: number, buffer: Uint8Array): number {
  const received = Number(libcRecv(fd, buffer, buffer.byteLength, MSG_DONTWAIT));
  if (received !== -1) return received;
  const error = new SystemCallError('recv', koffi().errno());
  if (error.code === 'EAGAIN' || error.code === 'EINTR') return -1;
  throw error;
}

/** Sends one datagram without waiting. */
export function sendDatagram(fd: number, data: Uint8Array, address: Uint8Array): void {
  checked('sendto', Number(libcSendto(fd, data, data.byteLength, MSG_DONTWAIT, address, address.byteLength)));
}

export function closeDescriptor(fd: number): void {
  checked('close', libcClose(fd));
}

/** Attaches a classic BPF program (8 bytes an instruction), replacing the one there at once: no packet slips through. */
export function attachFilter(fd: number, instructions: Uint8Array): void {
  // struct sock_fprog: u16 count, 6 bytes padding, u64 pointer. `instructions` stays referenced during the call.
  const program = new DataView(new ArrayBuffer(16));
  program.setUint16(0, instructions.byteLength >>> 3, true);
  program.setBigUint64(8, koffi().address(instructions), true);
  setSocketOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(program.buffer));
}

/** Calls back whenever a descriptor is readable or has an error, until stopped. */
export class ReadWatcher {
  // The native handle is collected, and watching ends in silence, when nobody refers to it: this field does.
  readonly #handle: InstanceType<ReturnType<typeof koffi>['node']['PollHandle']>;
  readonly #listener: (...args: unknown[]) => void;
  #watching = true;

  constructor(fd: number, onReadable: () => void) {
    this.#listener = (status) => {
      // libuv stops a handle that reports an error (POLLERR); whoever listens reads the error and starts it again.
      if (typeof status === 'number' && status < 0) this.#watching = false;
      onReadable();
    };
    this.#handle = koffi().node.poll(fd, { readable: true }, this.#listener);
  }

  start(): void {
    if (this.#watching) return;
    this.#watching = true;
    this.#handle.start({ readable: true }, this.#listener);
  }

  stop(): void {
    if (!this.#watching) return;
    this.#watching = false;
    this.#handle.stop();
  }

  close(): void {
    this.#watching = false;
    this.#handle.close();
  }
}
