/**
 * Several ring sources in one process (and network namespace) that see the same packets, each with a kernel program of
 * its own; driven as driver.ts does it. Also sends frames.
 */
import { createInterface } from 'node:readline';
import { OperatorError } from '../../src/base/errors.ts';
import { RingSource } from '../../src/capture/ring/ring-source.ts';
import { InterfaceQueries } from '../../src/native/interfaces.ts';
import { SystemCallError } from '../../src/native/koffi.ts';
import { AF, openSocket, SOCK, sendDatagram } from '../../src/native/sockets.ts';
import type { PacketBatch } from '../../src/wire/packet-batch.ts';

/** A packet as the ring handed it over. */
export interface SeenPacket {
  /** Hexadecimal. */
  bytes: string;
  interface: string;
  linkType: number;
  packetType: number;
  strippedTag: number;
}

/** Packets that are kept for `take`; beyond that they are counted alone. */
const MOST_PACKETS = 5000;

const ETHERNET_PORT = 36;

interface Tap {
  source: RingSource;
  packets: SeenPacket[];
  /** By the 16 bits where a plain IPv4 packet has its destination port. */
  byPort: Record<string, number>;
}

const taps = new Map<string, Tap>();
const queries = new InterfaceQueries();

function onBatch(tap: Tap, batch: PacketBatch): void {
  for (let i = 0; i < batch.count; i++) {
    const [at, length] = [batch.offset[i], batch.capturedLength[i]];
    if (length >= ETHERNET_PORT + 2) {
      const port = batch.view.getUint16(at + ETHERNET_PORT);
      tap.byPort[port] = (tap.byPort[port] ?? 0) + 1;
    }
    if (tap.packets.length === MOST_PACKETS) continue;
    tap.packets.push({
      bytes: Buffer.from(batch.bytes.subarray(at, at + length)).toString('hex'),
      interface: tap.source.interfaces[batch.interfaceSlot[i]].name,
      linkType: batch.linkType[i],
      packetType: batch.packetType[i],
      strippedTag: batch.strippedTag[i],
    });
  }
}

function programOf(hex: string | null): { instructions: Uint8Array } | null {
  return hex === null ? null : { instructions: Uint8Array.from(Buffer.from(hex, 'hex')) };
}

function tapOf(name: string): Tap {
  const tap = taps.get(name);
  if (tap === undefined) throw new Error(`there is no tap ${name}`);
  return tap;
}

function answer(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function send(name: string, frames: readonly string[]): void {
  const fd = openSocket(AF.packet, SOCK.raw, 0);
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF.packet, 0);
  address.writeInt32LE(queries.index(name) ?? -1, 4);
  for (const frame of frames) {
    for (let refused = true; refused; ) {
      try {
        sendDatagram(fd, Uint8Array.from(Buffer.from(frame, 'hex')), address);
        refused = false;
      } catch (error) {
        // The socket's buffer is full for a moment.
        if (!(error instanceof SystemCallError) || !['EAGAIN', 'ENOBUFS'].includes(error.code)) throw error;
      }
    }
  }
}

const commands: Record<string, (value: never) => Promise<unknown> | unknown> = {
  async open({ name, interfaces }: { name: string; interfaces: string[] | 'all' }) {
    const source = new RingSource({ interfaces, promiscuous: false, snaplen: 65_535 });
    const tap: Tap = { source, packets: [], byPort: {} };
    taps.set(name, tap);
    await source.start({
      onBatch: (batch) => onBatch(tap, batch),
      onFact: (fact) => answer({ fact }),
      onEnd: () => {},
    });
  },
  /** A program in hexadecimal; answers with why the kernel does not run it. */
  prefilter({ name, program }: { name: string; program: string | null }) {
    const { source } = tapOf(name);
    source.setPrefilter(programOf(program));
    return source.prefilterRefusal;
  },
  /** Attaches the programs of a list in turn, `times` times in all and `pause` milliseconds apart. */
  async replace({
    name,
    programs,
    times,
    pause,
  }: {
    name: string;
    programs: (string | null)[];
    times: number;
    pause: number;
  }) {
    const { source } = tapOf(name);
    const prepared = programs.map(programOf);
    for (let n = 0; n < times; n++) {
      source.setPrefilter(prepared[n % prepared.length]);
      if (source.prefilterRefusal !== null) throw new Error(source.prefilterRefusal);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  },
  count: (name: string) => tapOf(name).packets.length,
  take: (name: string) => tapOf(name).packets.splice(0),
  /** By tap. */
  tally: () =>
    Object.fromEntries([...taps].map(([name, { byPort, source }]) => [name, { byPort, ...source.statistics() }])),
  index: (name: string) => queries.index(name),
  send: ({ interface: name, frames }: { interface: string; frames: string[] }) => send(name, frames),
};

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const [name, value] = JSON.parse(line) as [string, never];
    try {
      answer({ result: (await commands[name](value)) ?? null });
    } catch (error) {
      answer({ error: error instanceof OperatorError ? error.fields : String(error) });
    }
  })
  .on('close', () => process.exit(0));
