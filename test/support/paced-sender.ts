/**
 * Constant-rate traffic: a process in a namespace that sends datagrams at a steady pace, and writes down how many had
 * gone when. Where it was held up it catches up: the sums are exact, whatever the machine does meanwhile.
 */
import type { ChildProcess } from 'node:child_process';
import type { Namespace } from './namespaces.ts';

/** UDP payloads of `bytes`, `perSecond` of them, from PORT to PORT. */
export interface Stream {
  from: string;
  to: string;
  bytes: number;
  perSecond: number;
}

/** What a stream has sent: [seconds since 1970, datagrams so far], as it went on. */
export interface SentStream extends Stream {
  sent: number;
  log: [time: number, sent: number][];
}

export const PORT = 5000;
const PACE_MS = 5;

/** Binds its addresses (it is the sink of the other side too), says so, waits for a line, sends for so many seconds. */
const SOURCE = `
const { createSocket } = require('node:dgram');
const [streams, seconds] = JSON.parse(process.argv[1]);
const addresses = [...new Set(streams.map(({ from }) => from))];
const sockets = new Map();
let unbound = addresses.length;
for (const address of addresses) {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  sockets.set(address, socket);
  socket.bind(${PORT}, address, () => { if (--unbound === 0) process.stdout.write('ready\\n'); });
}
process.stdin.once('data', () => {
  const began = performance.now();
  const flows = streams.map((stream) => ({ ...stream, sent: 0, log: [], payload: Buffer.alloc(stream.bytes) }));
  const pace = setInterval(() => {
    const elapsed = Math.min(seconds, (performance.now() - began) / 1000);
    for (const flow of flows) {
      for (const due = Math.floor(elapsed * flow.perSecond); flow.sent < due; flow.sent++) {
        sockets.get(flow.from).send(flow.payload, ${PORT}, flow.to);
      }
      flow.log.push([Date.now() / 1000, flow.sent]);
    }
    if (elapsed < seconds) return;
    clearInterval(pace);
    process.stdout.write(JSON.stringify(flows.map(({ payload, ...flow }) => flow)) + '\\n');
  }, ${PACE_MS});
});
`;

export class PacedSender {
  readonly #child: ChildProcess;
  #text = '';
  #wake: () => void = () => undefined;

  /** It ends with its namespace: until then its ports are open. */
  constructor(namespace: Namespace, streams: readonly Stream[], seconds: number) {
    this.#child = namespace.spawn([process.execPath, '-e', SOURCE, JSON.stringify([streams, seconds])], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout?.on('data', (chunk) => {
      this.#text += chunk;
      this.#wake();
    });
    this.#child.once('exit', () => this.#wake());
  }

  /** Its sockets are bound. */
  async ready(): Promise<void> {
    await this.#line();
  }

  /** Sends; answers with what was sent when all of it is. */
  async send(): Promise<SentStream[]> {
    this.#child.stdin?.write('go\n');
    return JSON.parse(await this.#line()) as SentStream[];
  }

  async #line(): Promise<string> {
    while (!this.#text.includes('\n')) {
      if (this.#child.exitCode !== null) throw new Error('the sender has ended');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const end = this.#text.indexOf('\n');
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }
}

/** Datagrams of a stream that had gone at a moment. */
export function sentAt({ log }: SentStream, time: number): number {
  let sent = 0;
  for (const [at, count] of log) {
    if (at > time) break;
    sent = count;
  }
  return sent;
}

/** When the stream had sent so many, as finely as it was written down. */
export function sentTime({ log }: SentStream, sent: number): number {
  return log.find(([, count]) => count >= sent)?.[0] ?? Number.POSITIVE_INFINITY;
}
