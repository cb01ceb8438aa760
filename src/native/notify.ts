/**
 * Tells the service manager how we are (sd_notify(3)): one datagram to the socket named in NOTIFY_SOCKET.
 */
import { AF, closeDescriptor, openSocket, SOCK, sendDatagram } from './sockets.ts';

/** sizeof(sockaddr_un.sun_path). */
const MAXIMUM_PATH_BYTES = 108;

/** Sends a state such as "READY=1". False when no service manager listens (no NOTIFY_SOCKET). */
export function notifyServiceManager(state: string, path = process.env.NOTIFY_SOCKET): boolean {
  if (path === undefined || path === '') return false;
  const name = Buffer.from(path);
  if (name.byteLength > MAXIMUM_PATH_BYTES) return false;
  // "@" stands for a leading NUL: an abstract address, as long as its bytes say (unix(7)).
  if (path.startsWith('@')) name[0] = 0;
  const address = Buffer.alloc(2 + name.byteLength);
  address.writeUInt16LE(AF.unix, 0);
  name.copy(address, 2);
  const fd = openSocket(AF.unix, SOCK.datagram, 0);
  try {
    sendDatagram(fd, Buffer.from(state), address);
  } finally {
    closeDescriptor(fd);
  }
  return true;
}
