/**
 * Sends UDP buffers that the kernel or the card is to cut into datagrams: node offload-sender ADDRESS BUFFERS BYTES SEGMENT.
 */
import { AF, openSocket, SOCK, sendDatagram, setSocketNumber } from '../../src/native/sockets.ts';

/** linux/udp.h */
const SOL_UDP = 17;
const UDP_SEGMENT = 103;

const [address, buffers, bytes, segment] = process.argv.slice(2);
const fd = openSocket(AF.inet, SOCK.datagram, 0);
setSocketNumber(fd, SOL_UDP, UDP_SEGMENT, Number(segment));
// struct sockaddr_in: family u16, port u16 and address in network order, 8 bytes of padding.
const destination = Buffer.alloc(16);
destination.writeUInt16LE(AF.inet, 0);
destination.writeUInt16BE(9, 2);
destination.set(address.split('.').map(Number), 4);
for (let i = 0; i < Number(buffers); i++) sendDatagram(fd, new Uint8Array(Number(bytes)), destination);
