// Whatever way a name takes over the wire, it is found: properties over names, cuts and orders.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ETHERTYPE, IP_PROTOCOL } from '../../src/wire/numbers.ts';
import { a, cname, type DnsRecord, dnsMessage } from '../support/dns-messages.ts';
import { clientHello, records } from '../support/hellos.ts';
import { ObserverStage } from '../support/observed.ts';
import { concat, ethernet, ipv4, tcp, udp } from '../support/packets.ts';
import { cryptoFrame, initialPacket, QUIC_1, QUIC_2 } from '../support/quic-packets.ts';

const CLIENT = '10.0.0.1';
const SERVER = '203.0.113.9';

const LABEL = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}[a-z]$/);
const NAME = fc.array(LABEL, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'));
/** A hello, with whatever stands around the name. */
const HELLO = fc.record({ before: fc.integer({ min: 0, max: 2500 }), after: fc.integer({ min: 0, max: 600 }) });

const frame = (protocol: number, payload: Uint8Array): Uint8Array =>
  ethernet(ETHERTYPE.ipv4, ipv4({ protocol, source: CLIENT, destination: SERVER }, payload));

/** Pieces of the bytes between these shares of their length. */
function cut(bytes: Uint8Array, shares: readonly number[]): { from: number; piece: Uint8Array }[] {
  const at = [0, ...shares.map((share) => Math.floor(share * bytes.length)).sort((x, y) => x - y), bytes.length];
  const pieces = at.slice(1).map((to, k) => ({ from: at[k], piece: bytes.subarray(at[k], to) }));
  return pieces.filter(({ piece }) => piece.length > 0);
}

const SHARES = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });

it('in records and segments, the later ones in any order', () => {
  const property = fc.property(
    NAME,
    HELLO,
    SHARES,
    SHARES,
    fc.infiniteStream(fc.nat()),
    (name, shape, cuts, lengths, order) => {
      const message = clientHello({ name, ...shape });
      const stream = records(
        message,
        cut(message, lengths).map(({ piece }) => piece.length),
      );
      const [first, ...rest] = cut(stream, cuts).filter(({ from }) => from === 0 || from >= 3);
      // Cut before the third byte, a segment does not show what it is.
      const begin = stream.subarray(0, rest.length > 0 ? rest[0].from : stream.length);
      const shuffled = rest
        .map((piece) => ({ piece, key: order.next().value as number }))
        .sort((x, y) => x.key - y.key);
      const segments = [{ from: 0, piece: begin }, ...shuffled.map(({ piece }) => piece)];
      const packets = segments.map(({ from, piece }) =>
        frame(
          IP_PROTOCOL.tcp,
          tcp({ sourcePort: 40_000, destinationPort: 443, sequence: 7 + first.from + from }, piece),
        ),
      );
      const stage = new ObserverStage();
      expect(stage.namesOf(...packets.map((bytes) => ({ bytes, seconds: 1 })))).toEqual([[SERVER, name, 'tls']]);
    },
  );
  fc.assert(property, { numRuns: 200 });
});

it('in CRYPTO frames and QUIC datagrams in any order', () => {
  const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });
  const id = fc.uint8Array({ minLength: 8, maxLength: 20 });
  const version = fc.constantFrom(QUIC_1, QUIC_2);
  const property = fc.property(
    NAME,
    HELLO,
    shares,
    id,
    version,
    fc.infiniteStream(fc.nat()),
    (name, shape, cuts, id, version, order) => {
      const message = clientHello({ name, ...shape });
      const pieces = cut(message, cuts)
        .map((piece) => ({ ...piece, key: order.next().value as number }))
        .sort((x, y) => x.key - y.key);
      const half = Math.ceil(pieces.length / 2);
      const datagrams = [pieces.slice(0, half), pieces.slice(half)].map((some, number) => {
        const frames = concat(...some.map(({ from, piece }) => cryptoFrame(from, piece)));
        return initialPacket({ id, version, number, frames, size: 1200 });
      });
      const packets = datagrams.map((datagram) => ({
        bytes: frame(IP_PROTOCOL.udp, udp(50_000, 443, datagram)),
        seconds: 1,
      }));
      expect(new ObserverStage().namesOf(...packets)).toEqual([[SERVER, name, 'quic']]);
    },
  );
  fc.assert(property, { numRuns: 100 });
});

it('behind any chain of aliases in any order', () => {
  const names = fc.uniqueArray(NAME, { minLength: 1, maxLength: 8 });
  const property = fc.property(names, fc.boolean(), fc.infiniteStream(fc.nat()), (chain, isUpper, order) => {
    const owner = (k: number): string => (isUpper && k > 0 ? chain[k].toUpperCase() : chain[k]);
    const links: DnsRecord[] = chain.slice(1).map((target, k) => cname(owner(k), target));
    const all = [...links, a(owner(chain.length - 1), '192.0.2.1'), a('nowhere', '192.0.2.2')]
      .map((record) => ({ record, key: order.next().value as number }))
      .sort((x, y) => x.key - y.key)
      .map(({ record }) => record);
    const message = dnsMessage({ questions: [chain[0]], answers: all });
    const names = new ObserverStage().namesOf(frame(IP_PROTOCOL.udp, udp(53, 5000, message)));
    expect(names).toEqual([['192.0.2.1', chain[0], 'dns']]);
  });
  fc.assert(property, { numRuns: 200 });
});
