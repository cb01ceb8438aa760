/**
 * Names that are seen on the wire: addresses in DNS answers, and server names that clients ask for in TLS and QUIC
 * handshakes. Told a few times a second, and before a window's snapshot is taken.
 *
 *   batch ─► first look ─► answer ────────────► addresses ─┐
 *            (columns,     ClientHello ─► name ───────────►├─► not told before ─► waiting ─► bus: names
 *             a few bytes) not all of it ─► handshake table┘
 *
 * Nearly every packet ends with the first look, which costs it two to four nanoseconds. Only what passes the filter is read.
 * Nothing is looked up, and a name is worth what its sender is worth: it is told as it came, as text of a host's name.
 */
import { formatAddress } from '../wire/address.ts';
import { DECODE_STATUS, type DecodedBatch, KEY_WORDS } from '../wire/decoded-batch.ts';
import { DNS_PORT, DnsAnswers, MDNS_PORT } from '../wire/dns-answers.ts';
import { HostName } from '../wire/host-name.ts';
import { IP_PROTOCOL } from '../wire/numbers.ts';
import type { BATCH_CAPACITY } from '../wire/packet-batch.ts';
import { looksLikeQuic, type QUIC_LEAST_INITIAL, type QUIC_LONG_HEADER } from '../wire/quic-initial.ts';
import { HELLO, HelloReader, looksLikeHello, type TLS_HANDSHAKE_RECORD } from '../wire/tls-hello.ts';
import { Budget } from './budget.ts';
import { type Handshake, HandshakeTable, type MARKS } from './handshake-table.ts';
import type { ObservedName } from './messages.ts';
import type { MonitorContext } from './monitor.ts';
import { QuicHellos } from './quic-hellos.ts';
import { ToldNames } from './told-names.ts';

/** Names told at once; as many wait for the next tick at most. */
const MOST_NAMES = 256;
/** DNS messages read in a second: most cost less than a microsecond, and those made for it twenty. */
const MOST_MESSAGES = 5000;
/** Handshakes in a second whose beginning is kept until the rest comes: a few microseconds each. */
const MOST_BEGUN = 5000;
/** Names told in a second: a message may have dozens, and each goes to another process. */
const MOST_TOLD = 5000;
const UDP_HEADER = 8;

type Source = ObservedName['by'];

export class NameObserver {
  readonly #context: MonitorContext;
  readonly #hellos = new HelloReader();
  readonly #name: HostName;
  readonly #dns: DnsAnswers;
  readonly #messages = new Budget(MOST_MESSAGES);
  readonly #begun = new Budget(MOST_BEGUN);
  readonly #tellings = new Budget(MOST_TOLD);
  readonly #handshakes = new HandshakeTable();
  readonly #quic: QuicHellos;
  readonly #seed: number;
  /** null: names are not observed. */
  #told: ToldNames | null = null;
  /** Names to be told, by address: of several for one address the last. */
  readonly #waiting = new Map<string, ObservedName>();
  /** Of the packet that is being read. */
  #time = 0;
  #unsubscribe: (() => void) | null = null;

  /** `seed`: 32 bits that make hashes of names unpredictable. */
  constructor(context: MonitorContext, seed: number = crypto.getRandomValues(new Uint32Array(1))[0]) {
    this.#context = context;
    this.#seed = seed;
    this.#name = new HostName(seed);
    this.#dns = new DnsAnswers(seed, (words, network, name) => this.#tell(words, 0, network, name, 'dns'));
    this.#quic = new QuicHellos(this.#handshakes, this.#hellos, this.#name);
  }

  /** Subscribes to what it needs; while names are not to be observed, that is next to nothing. */
  attach(): void {
    this.#follow();
    this.#context.bus.on('tick', ({ time }) => this.#onTick(time));
  }

  /** What was left unread because too much came at once, since the observer was made. */
  get leftOut(): { dnsMessages: number; handshakes: number; quicPackets: number; names: number } {
    const [dnsMessages, handshakes, names] = [this.#messages, this.#begun, this.#tellings].map(
      ({ refused }) => refused,
    );
    return { dnsMessages, handshakes, quicPackets: this.#quic.refused, names };
  }

  #onTick(time: number): void {
    this.#handshakes.expire(time);
    this.#flush();
    this.#follow();
  }

  /** The setting may change while capture runs. Whoever begins anew is told everything anew. */
  #follow(): void {
    const { bus, options } = this.#context;
    const observes = options.observesNames === true;
    if (observes === (this.#unsubscribe !== null)) return;
    this.#unsubscribe?.();
    this.#unsubscribe = observes ? bus.on('batch', (batch) => this.#onBatch(batch)) : null;
    this.#told = observes ? new ToldNames(this.#seed) : null;
  }

  #onBatch(batch: DecodedBatch): void {
    const { marks } = this.#handshakes;
    for (let i = nextNamed(batch, 0, marks); i < batch.count; i = nextNamed(batch, i + 1, marks)) {
      if (batch.selected[i] === 1 && batch.status[i] === DECODE_STATUS.ok) this.#read(batch, i);
    }
  }

  #read(batch: DecodedBatch, i: number): void {
    const transport = batch.transportOffset[i];
    const port = batch.sourcePort[i];
    const protocol = batch.ipProtocol[i];
    this.#time = batch.time[i];
    if (protocol === IP_PROTOCOL.tcp) this.#onSegment(batch, i, tcpPayload(batch.packets.bytes, transport));
    else if (protocol !== IP_PROTOCOL.udp) return;
    else if (port === DNS_PORT || port === MDNS_PORT) this.#onAnswer(batch, i, transport + UDP_HEADER);
    else this.#onQuic(batch, i, transport + UDP_HEADER);
  }

  #onAnswer(batch: DecodedBatch, i: number, from: number): void {
    if (!this.#messages.spend(batch.time[i])) return;
    const { bytes, view } = batch.packets;
    const end = Math.min(batch.packetEnd[i], from + batch.payloadLength[i]);
    this.#dns.read(bytes, view, from, end, batch.sourcePort[i] === MDNS_PORT);
  }

  #onSegment(batch: DecodedBatch, i: number, from: number): void {
    const { bytes, view } = batch.packets;
    const end = batch.packetEnd[i];
    const handshake = this.#handshakes.find(batch, i);
    if (handshake !== null && this.#continue(handshake, batch, i, from, end)) return;
    if (looksLikeHello(bytes, from, end)) {
      if (handshake !== null) this.#handshakes.end(handshake);
      this.#beginHello(batch, i, from, end);
    } else if (batch.sourcePort[i] === DNS_PORT && this.#messages.spend(batch.time[i])) {
      this.#dns.readStream(bytes, view, from, end);
    }
  }

  /** A segment of a conversation that waits; false: it is none of those that the hello lies in. */
  #continue(handshake: Handshake, batch: DecodedBatch, i: number, from: number, end: number): boolean {
    const offset = (batch.tcpSequence[i] - handshake.sequence) >>> 0;
    const { assembly } = handshake;
    if (offset >= assembly.bytes.length) return false;
    let found: number = handshake.takesPiece() ? HELLO.more : HELLO.none;
    if (found === HELLO.more && assembly.put(offset, batch.packets.bytes, from, end)) {
      found = this.#hellos.read(assembly.bytes, 0, assembly.length, true, this.#name);
    }
    if (found === HELLO.found) this.#tellServer(batch, i, 'tls');
    if (found !== HELLO.more || assembly.isFull) this.#handshakes.end(handshake);
    return true;
  }

  /** What was not captured whole cannot be continued: the rest of it never comes. */
  #beginHello(batch: DecodedBatch, i: number, from: number, end: number): void {
    const { bytes } = batch.packets;
    const found = this.#hellos.read(bytes, from, end, true, this.#name);
    if (found === HELLO.found) this.#tellServer(batch, i, 'tls');
    if (found !== HELLO.more || end < from + batch.payloadLength[i] || !this.#begun.spend(batch.time[i])) return;
    this.#handshakes.begin(batch, i, true).assembly.put(0, bytes, from, end);
  }

  #onQuic(batch: DecodedBatch, i: number, from: number): void {
    const { bytes, view } = batch.packets;
    if (!looksLikeQuic(bytes, view, from, batch.packetEnd[i])) return;
    if (this.#quic.read(batch, i, from)) this.#tellServer(batch, i, 'quic');
  }

  /** The name at hand was asked for of the address that this packet goes to. */
  #tellServer(batch: DecodedBatch, i: number, by: Source): void {
    if (!this.#name.isHost) return;
    this.#tell(batch.key, i * KEY_WORDS + (batch.direction[i] === 0 ? 4 : 0), batch.network[i], this.#name, by);
  }

  #tell(words: Uint32Array, at: number, network: number, name: HostName, by: Source): void {
    if (this.#told === null || !this.#tellings.has(this.#time)) return;
    if (!this.#told.add(words, at, name.hash, by !== 'dns')) return;
    this.#tellings.spend(this.#time);
    const address = formatAddress(words, at, network);
    // Behind the others: of several names of one address the last one told holds.
    this.#waiting.delete(address);
    this.#waiting.set(address, { address, name: name.text, by });
    if (this.#waiting.size >= MOST_NAMES) this.#flush();
  }

  #flush(): void {
    if (this.#waiting.size === 0) return;
    const names = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#context.bus.emit('names', names);
  }
}

/** Where the payload behind a TCP header begins: its 13th byte has its length in words in the upper half. */
function tcpPayload(bytes: Uint8Array, transport: number): number {
  return transport + ((bytes[transport + 12] >>> 2) & 0x3c);
}

/**
 * The first look: index of the first packet from `from` on that may tell a name, or the count. A TCP or UDP payload has a
 * length only behind a sound header, and never in a later fragment. Most bytes come from servers, at ports below 1024, and are
 * looked at no further: clients send from others.
 *
 * It calls nothing but what is inlined, its constants are literals, and the mask changes nothing: V8 keeps in registers what
 * lasts and checks nothing twice (wire/common.ts).
 */
function nextNamed(batch: DecodedBatch, from: number, marks: Uint8Array): number {
  const tcp = 6 satisfies typeof IP_PROTOCOL.tcp;
  const udp = 17 satisfies typeof IP_PROTOCOL.udp;
  const udpHeader = 8 satisfies typeof UDP_HEADER;
  const dns = 53 satisfies typeof DNS_PORT;
  const mdns = 5353 satisfies typeof MDNS_PORT;
  const leastInitial = 1200 satisfies typeof QUIC_LEAST_INITIAL;
  const longHeader = 0xc0 satisfies typeof QUIC_LONG_HEADER;
  const handshake = 22 satisfies typeof TLS_HANDSHAKE_RECORD;
  const capacity = 256 satisfies typeof BATCH_CAPACITY;
  const leastClientPort = 1024;
  const markMask = (4096 satisfies typeof MARKS) - 1;
  const { count, ipProtocol, payloadLength, transportOffset, packetEnd, sourcePort, hash } = batch;
  const { bytes } = batch.packets;
  for (let next = from; next < count; next++) {
    const i = next & (capacity - 1);
    const payload = payloadLength[i];
    if (payload === 0) continue;
    const port = sourcePort[i];
    if (port < leastClientPort) {
      if (port === dns) return i;
      continue;
    }
    const protocol = ipProtocol[i];
    if (protocol === tcp) {
      if (marks[hash[i] & markMask] !== 0) return i;
      const at = tcpPayload(bytes, transportOffset[i]);
      if (at < packetEnd[i] && bytes[at] === handshake) return i;
    } else if (protocol === udp) {
      if (port === mdns) return i;
      const at = transportOffset[i] + udpHeader;
      if (payload >= leastInitial && at < packetEnd[i] && bytes[at] >= longHeader) return i;
    }
  }
  return count;
}
