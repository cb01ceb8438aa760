/**
 * DNS messages, ClientHellos and QUIC datagrams, mutated and cut anywhere: what is read from them depends on the captured
 * bytes alone, and what is told is the name of a host. Some of the mutations are made before QUIC's frames are sealed.
 */
import { quicCrypto } from '../../src/engine/quic-crypto.ts';
import { formatAddress, parseAddress } from '../../src/wire/address.ts';
import { DnsAnswers } from '../../src/wire/dns-answers.ts';
import { HostName, MOST_NAME_OCTETS } from '../../src/wire/host-name.ts';
import { cryptoPieces, initialKeys, LongHeader, openInitial } from '../../src/wire/quic-initial.ts';
import { HELLO, HelloReader } from '../../src/wire/tls-hello.ts';
import { a, aaaa, cname, dnsMessage } from '../support/dns-messages.ts';
import { clientHello, records } from '../support/hellos.ts';
import { ObserverStage } from '../support/observed.ts';
import { concat, toHex, u8 } from '../support/packets.ts';
import { cryptoFrame, initialPacket, QUIC_1, QUIC_2, rfcInitial, variable } from '../support/quic-packets.ts';
import { mutated, type Random } from './random.ts';
import { type Corpus, type FuzzTarget, must } from './target.ts';

const KINDS = ['dns', 'mdns', 'stream', 'tls', 'hello', 'quic', 'frames', 'packets'] as const;

interface Input {
  kind: (typeof KINDS)[number];
  bytes: Uint8Array;
  /** Of `packets`: each is mutated for itself. */
  packets: Uint8Array[];
}

const POINTER = { pointer: 12 };
const DNS = dnsMessage({
  questions: ['www.example.com'],
  answers: [
    cname(POINTER, 'cdn.example.net'),
    cname('cdn.example.net', { pointer: 16 }),
    a(POINTER, '192.0.2.1'),
    a({ pointer: 16 }, '192.0.2.2'),
    aaaa('cdn.example.net', '2001:db8::2'),
  ],
});
const MDNS = dnsMessage({
  flags: 0x8400,
  answers: [a('a.local', '192.0.2.3')],
  additional: [aaaa('b.local', 'fe80::1')],
});
const SHAPE = clientHello({ before: 20, after: 30 });
const ACK = concat(u8(2), variable(9), variable(0), variable(1), variable(0), variable(0), variable(0));
const FRAMES = concat(
  cryptoFrame(90, SHAPE.subarray(90)),
  ACK,
  u8(1),
  cryptoFrame(0, SHAPE.subarray(0, 90)),
  new Uint8Array(9),
);

export function namesTarget(corpus: Corpus): FuzzTarget<Input> {
  const frames = corpus.packets.filter(({ linkType = 1 }) => linkType === 1).map(({ bytes }) => bytes);
  return {
    name: 'names',
    make(random) {
      const kind = random.pick(KINDS);
      const packets =
        kind === 'packets' ? Array.from({ length: 8 }, () => mutated(random.pick(frames), random, 3)) : [];
      const whole = mutated(originalOf(kind, random), random);
      return { kind, packets, bytes: random.oneIn(2) ? whole : whole.slice(0, random.below(whole.length + 1)) };
    },
    check(input, random) {
      const [first, second] = [readOf(input, random), readOf(input, random)];
      must(first === second, `${input.kind}: ${first} or ${second}: it depends on bytes that were not captured`);
    },
    toFile: ({ bytes, packets }) => concat(bytes, ...packets),
  };
}

function originalOf(kind: Input['kind'], random: Random): Uint8Array {
  if (kind === 'dns') return DNS;
  if (kind === 'mdns') return MDNS;
  if (kind === 'stream') return concat(u8(0, DNS.length), DNS, u8(0, DNS.length), DNS);
  if (kind === 'hello') return SHAPE;
  if (kind === 'tls') return records(SHAPE, [random.below(200), random.below(200)]);
  const version = random.pick([QUIC_1, QUIC_2]);
  if (random.oneIn(2)) return rfcInitial(version);
  return kind === 'frames' ? FRAMES : initialPacket({ version, frames: mutated(FRAMES, random) });
}

/** What is read, as text; the bytes stand between others that change from one time to the next. */
function readOf({ kind, bytes, packets }: Input, random: Random): string {
  if (kind === 'packets') return readPackets(packets);
  const margin = 1 + random.below(40);
  const around = concat(random.bytes(margin), bytes, random.bytes(60));
  const [view, end] = [new DataView(around.buffer), margin + bytes.length];
  if (kind === 'tls' || kind === 'hello') return readHello(around, margin, end, kind === 'tls');
  if (kind === 'quic') return readQuic(around, view, margin, end);
  if (kind === 'frames') return piecesOf(bytes);
  const found: string[] = [];
  const answers = new DnsAnswers(1, (words, network, name) => {
    found.push(`${checked(name)} ${formatAddress(words, 0, network)}`);
  });
  if (kind === 'stream') answers.readStream(around, view, margin, end);
  else answers.read(around, view, margin, end, kind === 'mdns');
  return found.join(', ');
}

function readHello(bytes: Uint8Array, from: number, end: number, inRecords: boolean): string {
  const name = new HostName(1);
  const found = new HelloReader().read(bytes, from, end, inRecords, name);
  return found === HELLO.found && name.isHost ? checked(name) : String(found);
}

function readQuic(bytes: Uint8Array, view: DataView, from: number, end: number): string {
  const packet = new LongHeader();
  if (!packet.read(bytes, view, from, end)) return 'no header';
  must(packet.number <= end && packet.idBegin >= from && packet.idEnd <= packet.number, 'the header lies outside');
  must(packet.end >= packet.number, 'the packet ends before it begins');
  if (!packet.isInitial) return 'no Initial';
  const keys = initialKeys(quicCrypto, packet.version, bytes.slice(packet.idBegin, packet.idEnd));
  const frames = openInitial(quicCrypto, keys, bytes, packet, end);
  return frames === null ? 'sealed' : piecesOf(frames);
}

function piecesOf(frames: Uint8Array): string {
  const pieces: string[] = [];
  cryptoPieces(frames, (bytes, from, to, offset) => {
    must(from <= frames.length && to <= frames.length, 'a piece lies outside its frames');
    pieces.push(`${offset} ${toHex(bytes.subarray(from, to))}`);
  });
  return pieces.join(', ');
}

function readPackets(packets: Uint8Array[]): string {
  const stage = new ObserverStage();
  const names = stage.namesOf(...packets);
  for (const [address, name] of names) {
    mustBeName(name);
    must(parseAddress(address) !== null, `${address} is no address`);
  }
  return names.join(', ');
}

function checked(name: HostName): string {
  mustBeName(name.text);
  return name.text;
}

function mustBeName(text: string): void {
  must(
    /^[A-Za-z0-9._-]+$/.test(text) && text.length <= MOST_NAME_OCTETS,
    `${JSON.stringify(text)} is no name of a host`,
  );
}
