/**
 * Sends datagrams of QUIC clients, and one of multicast DNS, for fixtures and tests: quic-sender ADDRESS. The packets that
 * RFC 9001 and RFC 9369 print; one handshake in two datagrams, its pieces out of order, as browsers send it; packets coalesced
 * into one datagram; one to another port.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { a, aaaa, dnsMessage } from './dns-messages.ts';
import { clientHello } from './hellos.ts';
import { concat, filler } from './packets.ts';
import { cryptoFrame, initialPacket, QUIC_1, QUIC_2, rfcInitial } from './quic-packets.ts';

const hello = clientHello({ name: 'two-datagrams.example.com', before: 1400 });
const piece = (from: number, to: number): Uint8Array => cryptoFrame(from, hello.subarray(from, to));
const id = filler(8, 0x40);
const first = initialPacket({ id, frames: concat(piece(500, 900), piece(0, 500)), size: 1250 });
const second = initialPacket({
  id,
  number: 1,
  frames: concat(piece(1300, hello.length), piece(900, 1300)),
  size: 1250,
});
const short = clientHello({ name: 'coalesced.example.com' });
const coalesced = [0, 90].map((from, k) =>
  initialPacket({
    id: filler(12, 0x60),
    number: k,
    frames: cryptoFrame(from, short.subarray(from, k === 0 ? 90 : short.length)),
    size: k === 0 ? 0 : 1100,
  }),
);

async function send(address: string, port: number, ...datagrams: Uint8Array[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const datagram of datagrams) await new Promise((resolve) => socket.send(datagram, port, address, resolve));
  socket.close();
}

const [address] = process.argv.slice(2);
await send(address, 443, rfcInitial(QUIC_1));
await send(address, 443, rfcInitial(QUIC_2));
await send(address, 443, first, second);
await send(address, 443, concat(...coalesced));
await send(
  address,
  4433,
  initialPacket({
    id: filler(9, 0x80),
    frames: cryptoFrame(0, clientHello({ name: 'other-port.example.com' })),
    size: 1200,
  }),
);

const answers = [a('printer.local', '192.168.1.9'), aaaa('printer.local', 'fe80::9')];
const mdns = createSocket('udp4');
mdns.bind(5353);
await once(mdns, 'listening');
const announcement = dnsMessage({ flags: 0x8400, answers });
await new Promise((resolve) => mdns.send(announcement, 5353, address, resolve));
mdns.close();
