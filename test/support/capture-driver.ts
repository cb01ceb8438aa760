/**
 * Runs a live capture source in a process (and network namespace) of its own, driven by one JSON command a line on
 * standard input and answering one JSON line each. Facts are answers of their own: {"fact": …}.
 */
import { createInterface } from 'node:readline';
import { OperatorError } from '../../src/base/errors.ts';
import type { CaptureSource, CaptureStatistics, InterfaceTable } from '../../src/capture/capture-source.ts';
import { isPcapAvailable, PcapSource } from '../../src/capture/pcap/pcap-source.ts';
import { RingSource } from '../../src/capture/ring/ring-source.ts';
import { PACKET_TYPE, type PacketBatch } from '../../src/wire/packet-batch.ts';

/** What the driver counted. */
export interface CaptureTally {
  packets: number;
  /** Outgoing packets as they are on the wire: an offloaded buffer counts as its segments. */
  outgoingSegments: number;
  wireBytes: number;
  capturedBytes: number;
  longestCapture: number;
  byType: Record<string, number>;
  byInterface: Record<string, number>;
  byLinkType: Record<string, number>;
  tags: Record<string, number>;
  checksumPending: number;
  gsoUdp: number;
  /** Milliseconds between a packet's time stamp and its delivery, at most. */
  latency: number;
  /** First 64 packets in hexadecimal. */
  samples: string[];
  statistics: CaptureStatistics;
  interfaces: InterfaceTable;
}

const tally: Omit<CaptureTally, 'statistics' | 'interfaces'> = {
  packets: 0,
  outgoingSegments: 0,
  wireBytes: 0,
  capturedBytes: 0,
  longestCapture: 0,
  byType: {},
  byInterface: {},
  byLinkType: {},
  tags: {},
  checksumPending: 0,
  gsoUdp: 0,
  latency: 0,
  samples: [],
};

let source: CaptureSource | null = null;

/** Bytes of Ethernet, IP and TCP or UDP headers, enough for what the tests send. */
function headerBytes(bytes: Uint8Array, at: number): number {
  const ipv4 = bytes[at + 12] === 0x08;
  const transport = at + 14 + (ipv4 ? (bytes[at + 14] & 15) * 4 : 40);
  const protocol = ipv4 ? bytes[at + 23] : bytes[at + 20];
  return transport - at + (protocol === 6 ? (bytes[transport + 12] >> 4) * 4 : 8);
}

function count(counts: Record<string, number>, key: string | number): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

/** Makes each packet this expensive. */
let burdenMicroseconds = 0;

function onBatch(batch: PacketBatch): void {
  const now = Date.now();
  const busyUntil = performance.now() + (batch.count * burdenMicroseconds) / 1000;
  while (performance.now() < busyUntil);
  for (let i = 0; i < batch.count; i++) {
    const at = batch.offset[i];
    const length = batch.wireLength[i];
    const gso = batch.gsoSize[i];
    tally.packets++;
    if (batch.packetType[i] === PACKET_TYPE.outgoing) {
      tally.outgoingSegments += gso === 0 ? 1 : Math.ceil((length - headerBytes(batch.bytes, at)) / gso);
    }
    tally.wireBytes += length;
    tally.capturedBytes += batch.capturedLength[i];
    tally.longestCapture = Math.max(tally.longestCapture, batch.capturedLength[i]);
    tally.latency = Math.max(tally.latency, now - (batch.seconds[i] * 1000 + batch.nanoseconds[i] / 1e6));
    count(tally.byType, batch.packetType[i]);
    count(tally.byInterface, source?.interfaces[batch.interfaceSlot[i]]?.name ?? '?');
    count(tally.byLinkType, batch.linkType[i]);
    if (batch.strippedTag[i] !== 0) count(tally.tags, batch.strippedTag[i].toString(16));
    if ((batch.flags[i] & 1) !== 0) tally.checksumPending++;
    if ((batch.flags[i] & 2) !== 0) tally.gsoUdp++;
    if (tally.samples.length < 64) {
      tally.samples.push(Buffer.from(batch.bytes.subarray(at, at + batch.capturedLength[i])).toString('hex'));
    }
  }
}

function answer(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function start(started: CaptureSource): Promise<void> {
  source = started;
  await source.start({ onBatch, onFact: (fact) => answer({ fact }), onEnd: () => answer({ fact: { type: 'end' } }) });
}

const commands: Record<string, (value: never) => Promise<unknown> | unknown> = {
  ring: (options: ConstructorParameters<typeof RingSource>[0]) => start(new RingSource(options)),
  pcap: (options: ConstructorParameters<typeof PcapSource>[0]) => start(new PcapSource(options)),
  'pcap-available': (childPath: string) => isPcapAvailable(childPath),
  /** A program in hexadecimal; answers with why the kernel does not run it. */
  prefilter(hex: string | null) {
    const instructions = hex === null ? null : Uint8Array.from(Buffer.from(hex, 'hex'));
    source?.setPrefilter?.(instructions === null ? null : { instructions });
    return source instanceof RingSource ? source.prefilterRefusal : null;
  },
  tally: () => ({ ...tally, statistics: source?.statistics(), interfaces: source?.interfaces }),
  burden(microseconds: number) {
    burdenMicroseconds = microseconds;
  },
  hello: () => 'hello',
  async stop() {
    await source?.stop();
  },
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
