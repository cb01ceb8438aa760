/**
 * Traffic that tells names, from both sides: answers of DNS, TLS and QUIC handshakes. Runs in a namespace, driven as
 * driver.ts does it; `serve` on one side, the rest on the other.
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { a, cname, dnsMessage } from './dns-messages.ts';
import { clientHello, records } from './hellos.ts';
import { cryptoFrame, initialPacket } from './quic-packets.ts';

/** Names of aliases that make an answer longer than what is kept of ordinary packets. */
const LONG_LABEL = 'x'.repeat(60);
/** Longer than a segment: what is behind this much padding is in the second one. */
const PADDING = 1600;
const FIRST_SEGMENT = 1400;
/** Flags of an answer that there is no such name (RFC 1035 section 4.1.1). */
const NO_SUCH_NAME = 0x8183;
/** The server hangs up so long after a connection began, when all of a hello has come. */
const HANG_UP_MILLISECONDS = 200;

function nameIn(question: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; question[at] > 0; at += 1 + question[at]) {
    labels.push(question.toString('latin1', at + 1, at + 1 + question[at]));
  }
  return labels.join('.');
}

function answerTo(question: Buffer, addresses: Readonly<Record<string, string>>): Uint8Array {
  const asked = nameIn(question);
  const address = addresses[asked];
  const message =
    address === undefined ? dnsMessage({ flags: NO_SUCH_NAME, questions: [asked] }) : longAnswer(asked, address);
  message.set(question.subarray(0, 2));
  return message;
}

/** The address stands behind a chain of three aliases, which is what labels have to be followed through. */
function longAnswer(asked: string, address: string): Uint8Array {
  const aliases = [1, 2, 3].map((n) => `${LONG_LABEL}.alias${n}.example`);
  const answers = [asked, ...aliases].map((owner, n) =>
    n < aliases.length ? cname(owner, aliases[n]) : a(owner, address),
  );
  return dnsMessage({ questions: [asked], answers });
}

async function bound(port: number): Promise<UdpSocket> {
  const socket = createSocket('udp4').bind(port);
  await once(socket, 'listening');
  return socket;
}

/** However it ends. */
function closed(socket: Socket): Promise<unknown> {
  socket.on('error', () => {});
  return new Promise((resolve) => socket.once('close', resolve));
}

const commands: Record<string, (value: never) => Promise<unknown>> = {
  /** Answers every question to DNS with the address of that name, and takes what comes to port 443. */
  async serve(addresses: Readonly<Record<string, string>>) {
    const dns = await bound(53);
    dns.on('message', (question, from: RemoteInfo) => dns.send(answerTo(question, addresses), from.port, from.address));
    await bound(443);
    const server = createServer((socket) => {
      socket.on('error', () => {}).resume();
      setTimeout(() => socket.destroy(), HANG_UP_MILLISECONDS);
    });
    await once(server.listen(443), 'listening');
  },

  /** One question; resolves with the length of its answer. */
  async ask({ server, name }: { server: string; name: string }) {
    const socket = createSocket('udp4');
    socket.send(dnsMessage({ flags: 0x0100, questions: [name] }), 53, server);
    const [answer] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    return answer.length;
  },

  /** A handshake as OpenSSL begins it; the server hangs up. */
  async handshake({ address, name }: { address: string; name: string }) {
    const socket = connectTls({ host: address, port: 443, servername: name, rejectUnauthorized: false });
    await closed(socket);
  },

  /** A ClientHello in two segments, its name in the second. */
  async split({ address, name }: { address: string; name: string }) {
    const hello = records(clientHello({ name, before: PADDING }));
    const socket = connect({ host: address, port: 443, noDelay: true });
    const end = closed(socket);
    await once(socket, 'connect');
    socket.write(hello.subarray(0, FIRST_SEGMENT));
    await sleep(20);
    socket.write(hello.subarray(FIRST_SEGMENT));
    await end;
  },

  /** A QUIC Initial. */
  async quic({ address, name }: { address: string; name: string }) {
    const socket = createSocket('udp4');
    const packet = initialPacket({ frames: cryptoFrame(0, clientHello({ name })), size: 1200 });
    await new Promise((resolve) => socket.send(packet, 443, address, resolve));
    socket.close();
  },
};

function answer(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const [name, value] = JSON.parse(line) as [string, never];
    try {
      answer({ result: (await commands[name](value)) ?? null });
    } catch (error) {
      answer({ error: String(error) });
    }
  })
  .on('close', () => process.exit(0));
