/**
 * A program of its own: one libpcap session of the `pcap` package, whose packets go to descriptor 3 in large chunks
 * (pcap-stream.ts). The package's loop does not return to the event loop while packets keep coming, so that nothing
 * else can live in this process: statistics are written from inside the loop, and the parent ends it by closing both
 * its channels or by force. It imports nothing of the program but the record layout.
 */
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { RECORD_HEADER_BYTES, STATISTICS_MARK } from './pcap-stream.ts';

/** What the child is to do: its one argument, as JSON. */
export type PcapTask = { type: 'probe' } | { type: 'capture'; device: string; promiscuous: boolean; snaplen: number };

/** What the child says on its message channel. */
export type PcapMessage =
  | { type: 'available'; version: string }
  | { type: 'unavailable'; cause: string }
  | { type: 'opened'; linkType: string }
  | { type: 'failed'; cause: string };

/** The part of the package that is used. */
interface PcapSession {
  link_type: string;
  buf: Buffer;
  header: Buffer;
  session: { dispatch(buffer: Buffer, header: Buffer): number; read_callback: () => void };
  stats(): { ps_recv: number; ps_drop: number; ps_ifdrop: number };
}

interface PcapPackage {
  lib_version: string;
  warningHandler: (text: string) => void;
  PcapSession: { prototype: { on_packet_ready: (this: PcapSession) => void } };
  createSession(device: string, options: Record<string, unknown>): PcapSession;
}

const OUTPUT = 3;
const CHUNK_BYTES = 256 * 1024;
const CAPTURE_BUFFER_BYTES = 32 * 1024 * 1024;
const READ_TIMEOUT_MILLISECONDS = 50;
const FLUSH_MILLISECONDS = 20;
const STATISTICS_MILLISECONDS = 250;
/** Packets between two looks at the clock. */
const CLOCK_EVERY = 64;

function say(message: PcapMessage, then: () => void = () => {}): void {
  if (process.send === undefined) process.exit(1);
  process.send(message, then);
}

function sayAndEnd(message: PcapMessage): void {
  say(message, () => process.exit(0));
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0];
}

/** Collects records and writes them in chunks. A full pipe makes us wait: libpcap's buffer holds what comes meanwhile. */
class RecordWriter {
  readonly #chunk: Buffer;
  #used = 0;
  #packets = 0;
  #flushedAt = performance.now();
  #statisticsAt = 0;
  #flushPlanned = false;

  constructor(snaplen: number) {
    this.#chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, 2 * (snaplen + RECORD_HEADER_BYTES)));
  }

  packet(session: PcapSession): void {
    const { header, buf } = session;
    const captured = Math.min(header.readUInt32LE(8), buf.byteLength);
    this.#reserve(RECORD_HEADER_BYTES + captured);
    const at = this.#used;
    this.#chunk.set(header, at);
    this.#chunk.writeUInt32LE(captured, at + 8);
    this.#chunk.set(buf.subarray(0, captured), at + RECORD_HEADER_BYTES);
    this.#used = at + RECORD_HEADER_BYTES + captured;
    this.#planFlush();
    if (++this.#packets % CLOCK_EVERY === 0) this.#lookAtClock(session);
  }

  statistics(session: PcapSession): void {
    const { ps_recv, ps_drop, ps_ifdrop } = session.stats();
    this.#reserve(RECORD_HEADER_BYTES);
    const at = this.#used;
    this.#chunk.writeUInt32LE(ps_recv >>> 0, at);
    this.#chunk.writeUInt32LE(ps_drop >>> 0, at + 4);
    this.#chunk.writeUInt32LE(STATISTICS_MARK, at + 8);
    this.#chunk.writeUInt32LE(ps_ifdrop >>> 0, at + 12);
    this.#used = at + RECORD_HEADER_BYTES;
    this.#statisticsAt = performance.now();
  }

  flush(): void {
    try {
      for (let written = 0; written < this.#used; ) {
        written += writeSync(OUTPUT, this.#chunk, written, this.#used - written);
      }
    } catch {
      // Nobody reads any more.
      process.exit(0);
    }
    this.#used = 0;
    this.#flushedAt = performance.now();
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes > this.#chunk.byteLength) this.flush();
  }

  /** In quiet times the package's loop ends after each packet, and this comes to its turn. */
  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    setImmediate(() => {
      this.#flushPlanned = false;
      this.flush();
    });
  }

  /** In busy times the loop does not end: what is due is done from within. */
  #lookAtClock(session: PcapSession): void {
    const now = performance.now();
    if (now - this.#statisticsAt >= STATISTICS_MILLISECONDS) this.statistics(session);
    if (now - this.#flushedAt >= FLUSH_MILLISECONDS) this.flush();
  }
}

function capture(pcap: PcapPackage, task: Extract<PcapTask, { type: 'capture' }>): void {
  const writer = new RecordWriter(task.snaplen);
  pcap.warningHandler = () => {};
  // Before the session exists: it binds this method, which spares an object and an event for each packet.
  pcap.PcapSession.prototype.on_packet_ready = function () {
    writer.packet(this);
  };
  const session = pcap.createSession(task.device, {
    promiscuous: task.promiscuous,
    snap_length: task.snaplen,
    buffer_size: CAPTURE_BUFFER_BYTES,
    buffer_timeout: READ_TIMEOUT_MILLISECONDS,
  });
  say({ type: 'opened', linkType: session.link_type });
  session.session.read_callback = () => {
    // -1: the interface went away. The package would go on in silence.
    if (session.session.dispatch(session.buf, session.header) === -1) {
      writer.flush();
      sayAndEnd({ type: 'failed', cause: 'libpcap reports an error while reading' });
    }
  };
  setInterval(() => {
    writer.statistics(session);
    writer.flush();
  }, STATISTICS_MILLISECONDS);
}

function main(): void {
  process.title = 'iptraf-ts';
  // Signals to the whole group are the parent's to handle; without a handler USR1 would open Node's debugger.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGTSTP', 'SIGUSR1', 'SIGUSR2']) {
    process.on(signal, () => {});
  }
  process.on('disconnect', () => process.exit(0));
  const task = JSON.parse(process.argv[2]) as PcapTask;
  let pcap: PcapPackage;
  try {
    pcap = createRequire(import.meta.url)('pcap') as PcapPackage;
  } catch (error) {
    sayAndEnd({ type: 'unavailable', cause: firstLine(error) });
    return;
  }
  if (task.type === 'probe') {
    sayAndEnd({ type: 'available', version: pcap.lib_version });
    return;
  }
  try {
    capture(pcap, task);
  } catch (error) {
    sayAndEnd({ type: 'failed', cause: firstLine(error) });
  }
}

main();
