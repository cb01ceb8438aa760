import { describe, expect, it } from 'vitest';
import {
  type ChangedRows,
  ConversationTable,
  ROW_DOUBLES,
  ROW_WORD,
  ROW_WORDS,
} from '../../src/tables/conversation-table.ts';
import { FRAGMENT_SECONDS, FragmentTable } from '../../src/tables/fragment-table.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DecodedBatch } from '../../src/wire/decoded-batch.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../src/wire/numbers.ts';
import {
  concat,
  ethernet,
  filler,
  ipv4,
  ipv6,
  ipv6Extension,
  ipv6Fragment,
  packetBatch,
  type TestPacket,
  udp,
} from '../support/packets.ts';

const PIECE = 64;

/** The pieces of one UDP datagram over IPv4, in order. */
function ipv4Fragments(identification: number, sourcePort = 5000, pieces = 4): Uint8Array[] {
  const datagram = udp(sourcePort, 53, filler(pieces * PIECE - 8));
  return Array.from({ length: pieces }, (_, k) => {
    const fields = { source: '10.0.0.9', destination: '10.0.0.2', protocol: IP_PROTOCOL.udp, identification };
    const place = { fragmentOffset: k * PIECE, moreFragments: k < pieces - 1, fillChecksum: false };
    const piece = datagram.subarray(k * PIECE, (k + 1) * PIECE);
    return ethernet(ETHERTYPE.ipv4, ipv4({ ...fields, ...place }, piece));
  });
}

/** Everything the engine does to a batch between decoding and the tables. */
class Pipeline {
  readonly table = new ConversationTable({ maximumRows: 10_000 });
  readonly fragments = new FragmentTable();
  readonly batch = new DecodedBatch();
  readonly #decoder = new Decoder({ decapsulate: false, hashSeed: 7 });

  pass(packets: readonly TestPacket[]): void {
    this.#decoder.decode(packetBatch(packets), this.batch);
    this.fragments.resolve(this.batch);
    this.batch.selected.fill(1, 0, this.batch.count);
    this.fragments.resolveEarlier(this.batch);
    this.table.account(this.batch);
    this.fragments.settle(this.batch, this.table);
  }

  /** [ports word, packets of side 0, of side 1] of every live row. */
  rows(): number[][] {
    const rows: number[][] = [];
    for (let row = 0; row < this.table.highWater; row++) {
      if (!this.table.isLive(row)) continue;
      const { u32, f64 } = this.table;
      rows.push([u32[row * ROW_WORDS + ROW_WORD.ports], f64[row * ROW_DOUBLES + 6], f64[row * ROW_DOUBLES + 7]]);
    }
    return rows;
  }

  totalPackets(): number {
    return this.rows().reduce((sum, [, a, b]) => sum + a + b, 0);
  }
}

function at(bytes: Uint8Array, seconds: number): TestPacket {
  return { bytes, seconds };
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, k) => permutations(items.filter((_, j) => j !== k)).map((rest) => [item, ...rest]));
}

// Canonical: 10.0.0.2 port 53 is endpoint 0, 10.0.0.9 port 5000 (the sender) endpoint 1.
const PORTS = (53 << 16) | 5000;

describe('fragments', () => {
  it('end up in the conversation of their datagram in every order, batch by batch and all in one', () => {
    for (const order of permutations(ipv4Fragments(77))) {
      const oneByOne = new Pipeline();
      order.forEach((bytes, k) => {
        oneByOne.pass([at(bytes, 100 + k)]);
        expect(oneByOne.totalPackets()).toBe(k + 1);
      });
      expect(oneByOne.rows()).toEqual([[PORTS, 0, 4]]);
      const together = new Pipeline();
      together.pass(order.map((bytes) => at(bytes, 100)));
      expect(together.rows()).toEqual([[PORTS, 0, 4]]);
    }
  });

  it.each([
    ['UDP', IP_PROTOCOL.udp, udp(5000, 53, filler(3 * PIECE - 8))],
    [
      'UDP behind destination options, which later fragments do not show',
      IP_PROTOCOL.destinationOptions,
      ipv6Extension(IP_PROTOCOL.udp, udp(5000, 53, filler(3 * PIECE - 16))),
    ],
  ])('of IPv6 with %s end up there too, in every order', (_, nextHeader, datagram) => {
    const pieces = [0, 1, 2].map((k) => {
      const piece = datagram.slice(k * PIECE, (k + 1) * PIECE);
      const fragment = ipv6Fragment(nextHeader, k * PIECE, k < 2, piece, 0xabcdef01);
      const fields = { source: '2001:db8::9', destination: '2001:db8::2', nextHeader: IP_PROTOCOL.fragment };
      return ethernet(ETHERTYPE.ipv6, ipv6(fields, fragment));
    });
    for (const order of permutations(pieces)) {
      const pipeline = new Pipeline();
      for (const bytes of order) pipeline.pass([at(bytes, 100)]);
      expect(pipeline.rows()).toEqual([[PORTS, 0, 3]]);
    }
  });

  it('of two datagrams that come mixed up go to the conversation of each', () => {
    const [a0, a1, a2, a3] = ipv4Fragments(1, 5000);
    const [b0, b1, b2, b3] = ipv4Fragments(2, 6000);
    const pipeline = new Pipeline();
    for (const bytes of [a3, b1, b2, a1, a0, b3, a2, b0]) pipeline.pass([at(bytes, 100)]);
    expect(pipeline.rows().sort((a, b) => a[0] - b[0])).toEqual([
      [PORTS, 0, 4],
      [(53 << 16) | 6000, 0, 4],
    ]);
  });

  it('stay without ports when the first one never comes', () => {
    const pipeline = new Pipeline();
    for (const bytes of ipv4Fragments(3).slice(1)) pipeline.pass([at(bytes, 100)]);
    expect(pipeline.rows()).toEqual([[0, 0, 3]]);
  });

  it('that repeat are counted like any packet', () => {
    const [first, second] = ipv4Fragments(4, 5000, 2);
    const pipeline = new Pipeline();
    for (const bytes of [second, second, first, first, second]) pipeline.pass([at(bytes, 100)]);
    expect(pipeline.rows()).toEqual([[PORTS, 0, 5]]);
  });

  it('that come after the time limit belong to no datagram that began before', () => {
    const [first, second] = ipv4Fragments(5, 5000, 2);
    const pipeline = new Pipeline();
    pipeline.pass([at(first, 100)]);
    pipeline.pass([at(second, 100 + FRAGMENT_SECONDS + 1)]);
    expect(pipeline.rows()).toEqual([
      [PORTS, 0, 1],
      [0, 0, 1],
    ]);
  });

  it('leave rows without ports alone that other packets have used since', () => {
    const [first, second] = ipv4Fragments(6, 5000, 2);
    const [, orphan] = ipv4Fragments(7, 6000, 2);
    const pipeline = new Pipeline();
    for (const bytes of [second, orphan, first]) pipeline.pass([at(bytes, 100)]);
    expect(pipeline.rows()).toEqual([
      [0, 0, 1],
      [PORTS, 0, 2],
    ]);
  });

  it('move in the roll-ups as well: changes add up to the rows', () => {
    const pipeline = new Pipeline();
    const rolledUp = new Map<number, number>();
    const roll = ({ count, rows, before }: ChangedRows): void => {
      for (let k = 0; k < count; k++) {
        const packets = pipeline.table.f64[rows[k] * ROW_DOUBLES + 7] - before[k * 6 + 1];
        const ports = pipeline.table.u32[rows[k] * ROW_WORDS + ROW_WORD.ports];
        rolledUp.set(ports, (rolledUp.get(ports) ?? 0) + packets);
      }
    };
    pipeline.table.onOverflow = roll;
    for (const bytes of ipv4Fragments(8).reverse()) {
      pipeline.pass([at(bytes, 100)]);
      pipeline.table.closeWindow(1, roll);
    }
    expect([...rolledUp]).toEqual([
      [0, 0],
      [PORTS, 4],
    ]);
  });

  it('give way when more datagrams wait than the table holds, and totals stay whole', () => {
    const pipeline = new Pipeline();
    const datagrams = Array.from({ length: 20_000 }, (_, k) => ipv4Fragments(k, 5000, 2)[1]);
    for (let k = 0; k < datagrams.length; k += 256) {
      pipeline.pass(datagrams.slice(k, k + 256).map((bytes) => at(bytes, 100)));
    }
    expect(pipeline.rows()).toEqual([[0, 0, 20_000]]);
    pipeline.pass([at(concat(ipv4Fragments(19_999, 5000, 2)[0]), 100)]);
    expect(pipeline.totalPackets()).toBe(20_001);
    expect(pipeline.rows()[1]).toEqual([PORTS, 0, 2]);
  });
});
