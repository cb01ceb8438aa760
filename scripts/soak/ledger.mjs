// What the log says, counted: which connections have their final record, and how often.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** sender.c: connection n comes from 10.0.0.0 + n / 16 + 1, port 1024 + n % 60000. */
const CONNECTIONS_A_HOST = 16;
const PORTS = 60_000;
const FIRST_PORT = 1024;

export class Ledger {
  /** Final records of connections, each counted once. */
  connections = 0;
  twice = 0;
  foreign = 0;
  damaged = 0;
  /** What the log itself says was lost. */
  lost = 0;
  /** Packets of the final records; those after their record, and all, as the stopped record says. */
  packets = 0;
  latePackets = 0;
  stoppedPackets = null;
  /** A bit for each connection. */
  #seen = new Uint8Array(1 << 16);

  async read(path) {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      this.#line(line);
    }
  }

  missing(made) {
    let missing = 0;
    for (let n = 0; n < made; n++) if (!this.#has(n)) missing++;
    return missing;
  }

  #line(line) {
    let record;
    try {
      record = JSON.parse(line);
    } catch {
      this.damaged++;
      return;
    }
    if (record.event === 'lost') this.lost += record.lines ?? record.records;
    if (record.event === 'stopped' && record.monitor === 'ip-traffic') {
      this.stoppedPackets = record.packets;
      this.latePackets = record.late.packets;
    }
    if (record.final === true) this.#final(record);
  }

  #final({ endpoints, packets }) {
    this.packets += packets[0] + packets[1];
    const n = numberOf(endpoints);
    if (n === null) this.foreign++;
    else if (this.#has(n)) this.twice++;
    else this.#note(n);
  }

  #has(n) {
    return ((this.#seen[n >>> 3] ?? 0) & (1 << (n & 7))) !== 0;
  }

  #note(n) {
    if (n >>> 3 >= this.#seen.length) {
      const larger = new Uint8Array(Math.max(this.#seen.length * 2, (n >>> 3) + 1));
      larger.set(this.#seen);
      this.#seen = larger;
    }
    this.#seen[n >>> 3] |= 1 << (n & 7);
    this.connections++;
  }
}

/** The number of a connection by its client, or null where none has such a one. */
function numberOf(endpoints) {
  const client = endpoints.find(({ address }) => address.startsWith('10.'));
  if (client === undefined) return null;
  const [, a, b, c] = client.address.split('.').map(Number);
  const first = ((a << 16) + (b << 8) + c - 1) * CONNECTIONS_A_HOST;
  for (let n = first; n < first + CONNECTIONS_A_HOST; n++) if (FIRST_PORT + (n % PORTS) === client.port) return n;
  return null;
}
