import { describe, expect, it } from 'vitest';
import { ETHERTYPE, IP_PROTOCOL } from '../../src/wire/numbers.ts';
import { PACKET_FLAG } from '../../src/wire/packet-batch.ts';
import { a, dnsMessage } from '../support/dns-messages.ts';
import { clientHello, records } from '../support/hellos.ts';
import { ObserverStage } from '../support/observed.ts';
import {
  concat,
  ethernet,
  filler,
  hex,
  ipv4,
  ipv6,
  type TcpFields,
  type TestPacket,
  tcp,
  u16,
  udp,
  vlan,
} from '../support/packets.ts';
import { cryptoFrame, initialPacket, QUIC_2, rfcInitial } from '../support/quic-packets.ts';

const CLIENT = '10.0.0.1';
const SERVER = '203.0.113.9';
const TOLD = [SERVER, 'www.example.com', 'tls'];
const BEGIN = 0xfffffff0;

const packet = (protocol: number, payload: Uint8Array, source = CLIENT, destination = SERVER): Uint8Array =>
  ethernet(ETHERTYPE.ipv4, ipv4({ protocol, source, destination }, payload));

/** A segment of the client, `offset` bytes behind its first. */
const segment = (payload: Uint8Array, offset = 0, fields: TcpFields = {}): Uint8Array =>
  packet(
    IP_PROTOCOL.tcp,
    tcp({ sourcePort: 40000, destinationPort: 443, flags: 0x10, sequence: (BEGIN + offset) >>> 0, ...fields }, payload),
  );
const toQuic = (payload: Uint8Array, port = 443): Uint8Array => packet(IP_PROTOCOL.udp, udp(50000, port, payload));
const answer = (name: string, address: string, port = 53): Uint8Array =>
  packet(
    IP_PROTOCOL.udp,
    udp(port, 5555, dnsMessage({ questions: [name], answers: [a({ pointer: 12 }, address)] })),
    '10.0.0.53',
    CLIENT,
  );

const HELLO = records(clientHello());
const LONG = records(clientHello({ before: 2400, after: 300 }));

describe('a name is told', () => {
  it('for the addresses of a DNS answer', () => {
    expect(new ObserverStage().namesOf(answer('a.example', '192.0.2.1'))).toEqual([['192.0.2.1', 'a.example', 'dns']]);
  });

  it('for those of an answer over TCP', () => {
    const message = dnsMessage({ questions: ['a.example'], answers: [a({ pointer: 12 }, '192.0.2.1')] });
    const payload = concat(u16(message.length), message);
    const names = new ObserverStage().namesOf(segment(payload, 0, { sourcePort: 53, destinationPort: 4444 }));
    expect(names).toEqual([['192.0.2.1', 'a.example', 'dns']]);
  });

  it('for those of multicast DNS', () => {
    const message = dnsMessage({ flags: 0x8400, answers: [a('printer.local', '192.168.1.9')] });
    const names = new ObserverStage().namesOf(packet(IP_PROTOCOL.udp, udp(5353, 5353, message)));
    expect(names).toEqual([['192.168.1.9', 'printer.local', 'dns']]);
  });

  it.each<[string, Uint8Array | TestPacket]>([
    ['on its port', segment(HELLO)],
    ['on another', segment(HELLO, 0, { destinationPort: 5432 })],
    ['from a smaller port', segment(HELLO, 0, { sourcePort: 1024, destinationPort: 5432 })],
    ['behind TCP options', segment(HELLO, 0, { options: hex('0101080a0000000100000002') })],
    ['with a VLAN tag', ethernet(ETHERTYPE.vlan, vlan(7, ETHERTYPE.ipv4, segment(HELLO).subarray(14)))],
    ['in an offloaded buffer', { bytes: segment(LONG), gsoSize: 1448 }],
    ['of which enough was captured', { bytes: segment(HELLO), capturedLength: 200 }],
  ])('for the address that a TLS client goes to: %s', (_name, frame) => {
    expect(new ObserverStage().namesOf(frame)).toEqual([TOLD]);
  });

  it('for an address that is the smaller one', () => {
    const payload = tcp({ sourcePort: 40000, destinationPort: 443 }, HELLO);
    expect(new ObserverStage().namesOf(packet(IP_PROTOCOL.tcp, payload, SERVER, CLIENT))).toEqual([
      [CLIENT, 'www.example.com', 'tls'],
    ]);
  });

  it('for an IPv6 address', () => {
    const payload = tcp({ sourcePort: 40000, destinationPort: 443 }, HELLO);
    const frame = ethernet(
      ETHERTYPE.ipv6,
      ipv6({ nextHeader: 6, source: '2001:db8::1', destination: '2001:db8::9' }, payload),
    );
    expect(new ObserverStage().namesOf(frame)).toEqual([['2001:db8::9', 'www.example.com', 'tls']]);
  });

  it.each([
    ['version 1', rfcInitial(1)],
    ['version 2', rfcInitial(QUIC_2)],
  ])('for the address that a QUIC client goes to, on any port: %s', (_name, payload) => {
    expect(new ObserverStage().namesOf(toQuic(payload))).toEqual([[SERVER, 'example.com', 'quic']]);
    expect(new ObserverStage().namesOf(toQuic(payload, 4433))).toEqual([[SERVER, 'example.com', 'quic']]);
  });
});

describe('a ClientHello in several segments', () => {
  const [first, second, third] = [LONG.subarray(0, 1000), LONG.subarray(1000, 2000), LONG.subarray(2000)];

  it('is found when its name has come, across the wrap of sequence numbers', () => {
    const stage = new ObserverStage();
    expect(stage.namesOf(segment(first), segment(second, 1000))).toEqual([]);
    expect(stage.namesOf(segment(third, 2000))).toEqual([TOLD]);
  });

  it('is found when later segments come in another order, twice, or overlap', () => {
    expect(new ObserverStage().namesOf(segment(first), segment(third, 2000), segment(second, 1000))).toEqual([TOLD]);
    const again = [segment(first), segment(first), segment(LONG.subarray(500, 2100), 500), segment(third, 2000)];
    expect(new ObserverStage().namesOf(...again)).toEqual([TOLD]);
  });

  it('is found when the first has a single byte more than its kind', () => {
    const [begin, rest] = [HELLO.subarray(0, 3), HELLO.subarray(3)];
    expect(new ObserverStage().namesOf(segment(begin), segment(rest, 3))).toEqual([TOLD]);
  });

  it('is found beside others that wait', () => {
    const stage = new ObserverStage();
    const ports = Array.from({ length: 60 }, (_, k) => 41000 + k);
    for (const sourcePort of ports) stage.feed([segment(first, 0, { sourcePort })]);
    for (const sourcePort of ports) stage.feed([segment(second, 1000, { sourcePort })]);
    const names = stage.namesOf(segment(third, 2000, { sourcePort: 41059 }));
    expect(names).toEqual([TOLD]);
  });

  it.each<[string, (Uint8Array | TestPacket)[]]>([
    ['without its middle', [segment(first), segment(third, 2000)]],
    ['without its beginning', [segment(second, 1000), segment(third, 2000)]],
    [
      'whose beginning was cut off',
      [{ bytes: segment(first), capturedLength: 200 }, segment(LONG.subarray(1000), 1000)],
    ],
    ['from the other side', [segment(first), answered(LONG.subarray(1000), 1000)]],
    ['of another connection', [segment(first), segment(LONG.subarray(1000), 1000, { sourcePort: 40001 })]],
    [
      'after more than five seconds',
      [
        { bytes: segment(first), seconds: 10 },
        { bytes: segment(LONG.subarray(1000), 1000), seconds: 16 },
      ],
    ],
    ['of more than 8192 bytes', [segment(records(clientHello({ before: 9000 })))]],
  ])('tells nothing: %s', (_name, packets) => {
    expect(new ObserverStage().namesOf(...packets)).toEqual([]);
  });

  it('ends at the tick that finds it too old', () => {
    const stage = new ObserverStage();
    stage.feed([{ bytes: segment(first), seconds: 10 }]);
    stage.tick(16);
    expect(stage.namesOf({ bytes: segment(LONG.subarray(1000), 1000), seconds: 11 })).toEqual([]);
  });

  it('gives way to another one on the same ports', () => {
    const stage = new ObserverStage();
    const other = records(clientHello({ name: 'other.example', before: 1400 }));
    stage.feed([segment(first), segment(other.subarray(0, 1000), 50_000)]);
    expect(stage.namesOf(segment(other.subarray(1000), 51_000))).toEqual([[SERVER, 'other.example', 'tls']]);
  });
});

function answered(payload: Uint8Array, offset: number): Uint8Array {
  const fields = { sourcePort: 443, destinationPort: 40000, sequence: (BEGIN + offset) >>> 0 };
  return packet(IP_PROTOCOL.tcp, tcp(fields, payload), SERVER, CLIENT);
}

describe('a QUIC handshake', () => {
  const hello = clientHello({ before: 1500 });
  const piece = (from: number, to: number): Uint8Array => cryptoFrame(from, hello.subarray(from, to));
  const initial = (number: number, frames: Uint8Array): Uint8Array => initialPacket({ number, frames, size: 1200 });
  const first = initial(0, concat(piece(700, 1100), piece(0, 300), new Uint8Array(20), piece(300, 700)));
  const second = initial(1, concat(piece(1400, hello.length), piece(1100, 1400)));
  const found = [[SERVER, 'www.example.com', 'quic']];

  it('is put together from datagrams in any order', () => {
    expect(new ObserverStage().namesOf(toQuic(first))).toEqual([]);
    expect(new ObserverStage().namesOf(toQuic(first), toQuic(second))).toEqual(found);
    expect(new ObserverStage().namesOf(toQuic(second), toQuic(first))).toEqual(found);
  });

  it('is put together from packets of one datagram, and of one buffer', () => {
    const small = [0, 600, 1200].map((from, k) =>
      initialPacket({ number: k, frames: piece(from, Math.min(from + 600, hello.length)) }),
    );
    expect(new ObserverStage().namesOf(toQuic(concat(...small, filler(30))))).toEqual(found);
    const buffer = { bytes: toQuic(concat(first, second)), gsoSize: 1200, flags: PACKET_FLAG.gsoUdp };
    expect(new ObserverStage().namesOf(buffer)).toEqual(found);
  });

  it('goes on with the keys of its first packet, and begins anew after a Retry', () => {
    const later = initialPacket({
      id: filler(8, 99),
      keyId: hex('8394c8f03e515708'),
      frames: concat(piece(1400, hello.length), piece(1100, 1400)),
      size: 1200,
    });
    expect(new ObserverStage().namesOf(toQuic(first), toQuic(later))).toEqual(found);
    const whole = concat(piece(0, 500), piece(500, hello.length));
    const retried = initialPacket({ id: filler(12, 50), token: filler(40), frames: whole, size: 1200 });
    expect(new ObserverStage().namesOf(toQuic(first), toQuic(retried))).toEqual(found);
  });

  it('costs one packet from the server, whose keys are others', () => {
    const stage = new ObserverStage();
    const answer = initialPacket({ frames: piece(0, 500), byServer: true, size: 1200 });
    expect(stage.namesOf(toQuic(answer), toQuic(answer), toQuic(first), toQuic(second))).toEqual([]);
    expect(stage.observer.leftOut.quicPackets).toBe(0);
  });

  it('is opened as far as it was captured', () => {
    const frames = cryptoFrame(0, clientHello());
    const packet = toQuic(initialPacket({ frames, size: 1200 }));
    expect(new ObserverStage().namesOf({ bytes: packet, capturedLength: 256 })).toEqual(found);
  });

  it('is not opened when there are too many in a second', () => {
    const stage = new ObserverStage();
    const flood = Array.from({ length: 620 }, (_, k) =>
      packet(IP_PROTOCOL.udp, udp(2000 + k, 443, initialPacket({ frames: cryptoFrame(0, filler(40)), size: 1200 }))),
    );
    const at = (bytes: Uint8Array, seconds: number): TestPacket => ({ bytes, seconds });
    for (let k = 0; k < flood.length; k += 155) stage.feed(flood.slice(k, k + 155).map((bytes) => at(bytes, 50)));
    expect(stage.observer.leftOut.quicPackets).toBe(120);
    expect(stage.namesOf(at(toQuic(rfcInitial(1)), 50))).toEqual([]);
    expect(stage.namesOf(at(toQuic(rfcInitial(1)), 51))).toEqual([[SERVER, 'example.com', 'quic']]);
  });
});

describe('what is told', () => {
  it('is told once, until the address has another name', () => {
    const stage = new ObserverStage();
    expect(stage.namesOf(answer('a.example', '192.0.2.1'), answer('A.example', '192.0.2.1'))).toHaveLength(1);
    expect(stage.namesOf(answer('a.example', '192.0.2.1'))).toEqual([]);
    expect(stage.namesOf(answer('b.example', '192.0.2.1'))).toEqual([['192.0.2.1', 'b.example', 'dns']]);
    expect(stage.namesOf(answer('a.example', '192.0.2.1'))).toEqual([['192.0.2.1', 'a.example', 'dns']]);
  });

  it('is told again when a client asks the address itself for it, once', () => {
    const stage = new ObserverStage();
    const question = answer('www.example.com', SERVER);
    expect(stage.namesOf(question)).toEqual([[SERVER, 'www.example.com', 'dns']]);
    expect(stage.namesOf(segment(HELLO))).toEqual([TOLD]);
    expect(stage.namesOf(question, segment(HELLO), question)).toEqual([]);
  });

  it('is the last name of an address, in the order in which they came', () => {
    const names = new ObserverStage().namesOf(
      answer('a.example', '192.0.2.1'),
      answer('b.example', '192.0.2.2'),
      answer('c.example', '192.0.2.1'),
    );
    expect(names.map(([, name]) => name)).toEqual(['b.example', 'c.example']);
  });

  it('comes at ticks, at most 256 at once', () => {
    const stage = new ObserverStage();
    for (let k = 0; k < 600; k++) stage.feed([answer(`h${k}.example`, `192.0.${k >>> 8}.${k & 255}`)]);
    expect(stage.told.map((names) => names.length)).toEqual([256, 256]);
    stage.tick();
    stage.tick();
    expect(stage.told.map((names) => names.length)).toEqual([256, 256, 88]);
    expect(new Set(stage.told.flat().map(({ address }) => address)).size).toBe(600);
  });

  it('is remembered of a bounded number of addresses', () => {
    const stage = new ObserverStage();
    const all = Array.from({ length: 20_000 }, (_, k) => ({
      bytes: answer(`h${k}.example`, `198.51.${k >>> 8}.${k & 255}`),
      seconds: 1 + Math.floor(k / 4000),
    }));
    const feedAll = (): number => {
      const before = stage.told.flat().length;
      for (let k = 0; k < all.length; k += 200) stage.feed(all.slice(k, k + 200));
      stage.tick();
      return stage.told.flat().length - before;
    };
    expect(feedAll()).toBe(20_000);
    const again = feedAll();
    expect(again).toBeGreaterThan(20_000 - 16_384);
    expect(again).toBeLessThan(20_000);
  });

  it('leaves out what the filter leaves out, what is damaged, and later fragments', () => {
    const stage = new ObserverStage();
    stage.feed([segment(HELLO), answer('a.example', '192.0.2.1'), toQuic(rfcInitial(1))], [0, 1, 2]);
    const broken = segment(HELLO);
    broken[24] ^= 1;
    const fragment = ethernet(
      ETHERTYPE.ipv4,
      ipv4({ protocol: IP_PROTOCOL.udp, fragmentOffset: 1480 }, answer('b.example', '192.0.2.1').subarray(34)),
    );
    expect(stage.namesOf(broken, fragment)).toEqual([]);
  });

  it('is limited to so many DNS messages a second', () => {
    const stage = new ObserverStage();
    const question = answer('a.example', '192.0.2.1');
    for (let k = 0; k < 5000; k += 200) stage.feed(new Array(200).fill({ bytes: question, seconds: 9 }));
    expect(stage.observer.leftOut.dnsMessages).toBe(0);
    stage.feed([{ bytes: answer('b.example', '192.0.2.2'), seconds: 9 }]);
    expect(stage.observer.leftOut.dnsMessages).toBe(1);
    stage.tick();
    expect(stage.namesOf({ bytes: answer('b.example', '192.0.2.2'), seconds: 10 })).toHaveLength(1);
  });

  it('is limited to so many names a second, however many a message has', () => {
    const stage = new ObserverStage();
    const toldIn = (second: number): number => {
      const before = stage.told.flat().length;
      for (let k = 0; k < 100; k++) {
        const addresses = Array.from({ length: 60 }, (_, n) => a({ pointer: 12 }, `198.${18 + second}.${k}.${n + 1}`));
        const message = dnsMessage({ questions: ['many.example'], answers: addresses });
        const bytes = packet(IP_PROTOCOL.udp, udp(53, 5555, message), '10.0.0.53', CLIENT);
        stage.feed([{ bytes, seconds: 1000 + second }]);
      }
      stage.tick();
      return stage.told.flat().length - before;
    };
    expect([toldIn(0), toldIn(1)]).toEqual([5000, 5000]);
    expect(stage.observer.leftOut.names).toBe(2000);
  });

  it('is limited to so many handshakes a second that wait', () => {
    const stage = new ObserverStage();
    const begin = LONG.subarray(0, 1000);
    const from = (k: number): TestPacket => ({ bytes: segment(begin, 0, { sourcePort: 2000 + k }), seconds: 9 });
    for (let k = 0; k < 5100; k += 255) stage.feed(Array.from({ length: 255 }, (_, n) => from(k + n)));
    expect(stage.observer.leftOut.handshakes).toBe(100);
  });

  it('follows the setting at the next tick', () => {
    const stage = new ObserverStage();
    stage.options.observesNames = false;
    stage.tick();
    expect(stage.bus.has('batch')).toBe(false);
    expect(stage.namesOf(segment(HELLO))).toEqual([]);
    stage.options.observesNames = true;
    stage.tick();
    expect(stage.namesOf(segment(HELLO))).toEqual([TOLD]);
  });
});
