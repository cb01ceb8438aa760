/** A service manager's socket (sd_notify(3)), as a test listens on it. */
import { AF, bindSocket, closeDescriptor, openSocket, receiveNow, SOCK } from '../../src/native/sockets.ts';

export class NotifySocket {
  readonly #fd: number;

  /** A path, or a name after "@": an abstract address. */
  constructor(path: string) {
    const name = Buffer.from(path);
    if (path.startsWith('@')) name[0] = 0;
    const address = Buffer.alloc(2 + name.byteLength);
    address.writeUInt16LE(AF.unix, 0);
    name.copy(address, 2);
    this.#fd = openSocket(AF.unix, SOCK.datagram, 0);
    bindSocket(this.#fd, address);
  }

  /** What has come since the last call, a datagram each. */
  received(): string[] {
    const found: string[] = [];
    const buffer = Buffer.alloc(4096);
    for (let length = receiveNow(this.#fd, buffer); length >= 0; length = receiveNow(this.#fd, buffer))
      found.push(buffer.toString('utf8', 0, length));
    return found;
  }

  close(): void {
    closeDescriptor(this.#fd);
  }
}
