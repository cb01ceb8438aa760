/**
 * Sends raw frames from an interface: node raw-sender INTERFACE COUNT FRAME… (hexadecimal), COUNT times each in turn,
 * through a packet socket of its own. Prints how many the kernel took.
 */
import { InterfaceQueries } from '../../src/native/interfaces.ts';
import { SystemCallError } from '../../src/native/koffi.ts';
import { AF, openSocket, SOCK, sendDatagram } from '../../src/native/sockets.ts';

const [name, count, ...frames] = process.argv.slice(2);
const index = new InterfaceQueries().index(name);
if (index === null) throw new Error(`no interface ${name}`);
const fd = openSocket(AF.packet, SOCK.raw, 0);
const address = Buffer.alloc(20);
address.writeUInt16LE(AF.packet, 0);
address.writeInt32LE(index, 4);
const bytes = frames.map((frame) => Uint8Array.from(Buffer.from(frame, 'hex')));
let sent = 0;
for (let i = 0; i < Number(count); i++) {
  for (const frame of bytes) {
    for (let refused = true; refused; ) {
      try {
        sendDatagram(fd, frame, address);
        refused = false;
      } catch (error) {
        // The socket's buffer is full for a moment.
        if (!(error instanceof SystemCallError) || !['EAGAIN', 'ENOBUFS'].includes(error.code)) throw error;
      }
    }
    sent++;
  }
}
process.stdout.write(`${sent}\n`);
