import { describe, expect, it } from 'vitest';
import { CONVERSATION_STATES } from '../../screens/ip-traffic/types.ts';
import { FACT_KINDS, FACT_WORDS, type FactKind } from '../../src/tables/connection-facts.ts';
import {
  ConversationTable,
  GENERATION_SHIFT,
  ROW_DOUBLES,
  ROW_FLAG,
  ROW_WORD,
} from '../../src/tables/conversation-table.ts';
import { TcpTracker } from '../../src/tables/tcp-tracker.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DecodedBatch, TCP_FLAG } from '../../src/wire/decoded-batch.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../src/wire/numbers.ts';
import {
  ethernet,
  filler,
  hex,
  icmp,
  icmpv6,
  ipv4,
  ipv6,
  packetBatch,
  type TestPacket,
  tcp,
} from '../support/packets.ts';

/** A packet of the client (C) or the server (S): flags, sequence, acknowledgement, payload bytes, and the rest. */
interface Step {
  from: 'C' | 'S';
  flags: string;
  sequence?: number;
  acknowledgement?: number;
  payload?: number;
  /** Seconds; default: 10 ms after the step before. */
  time?: number;
  window?: number;
  options?: string;
  gsoSize?: number;
}

const CLIENT = { address: '10.0.0.1', port: 40000 };
const SERVER = { address: '10.0.0.2', port: 80 };
const CLIENT_SIDE = 0;
const SERVER_SIDE = 1;

const BITS: Readonly<Record<string, number>> = {
  F: TCP_FLAG.fin,
  S: TCP_FLAG.syn,
  R: TCP_FLAG.rst,
  P: TCP_FLAG.psh,
  A: TCP_FLAG.ack,
};

function segment(step: Step): Uint8Array {
  const [source, destination] = step.from === 'C' ? [CLIENT, SERVER] : [SERVER, CLIENT];
  return tcp(
    {
      sourcePort: source.port,
      destinationPort: destination.port,
      sequence: step.sequence ?? 1,
      acknowledgement: step.acknowledgement ?? 0,
      flags: [...step.flags].reduce((sum, letter) => sum | BITS[letter], 0),
      window: step.window,
      options: step.options === undefined ? undefined : hex(step.options),
    },
    filler(step.payload ?? 0),
  );
}

function packetOf(step: Step, time: number): TestPacket {
  const [source, destination] = step.from === 'C' ? [CLIENT, SERVER] : [SERVER, CLIENT];
  const addresses = { source: source.address, destination: destination.address };
  const bytes = ethernet(ETHERTYPE.ipv4, ipv4({ ...addresses, protocol: IP_PROTOCOL.tcp }, segment(step)));
  const whole = Math.floor(time);
  return { bytes, seconds: whole, nanoseconds: Math.round((time - whole) * 1e9), gsoSize: step.gsoSize };
}

class Connection {
  readonly table = new ConversationTable({ maximumRows: 10_000 });
  readonly tcp = new TcpTracker(this.table, { maximumRows: 10_000 });
  readonly #decoder = new Decoder({ decapsulate: false, hashSeed: 7 });
  readonly #batch = new DecodedBatch();
  #time = 100;

  constructor() {
    this.tcp.facts.start();
  }

  /** Packets all in one batch. */
  packets(packets: readonly TestPacket[]): void {
    this.#decoder.decode(packetBatch(packets), this.#batch);
    this.#batch.selected.fill(1, 0, this.#batch.count);
    this.table.account(this.#batch);
    this.tcp.update(this.#batch);
  }

  timed(steps: readonly Step[]): TestPacket[] {
    return steps.map((step) => {
      this.#time = step.time ?? this.#time + 0.01;
      return packetOf(step, this.#time);
    });
  }

  /** States of all rows, oldest first. */
  states(now = this.#time): string[] {
    const states: string[] = [];
    for (let row = 0; row < this.table.highWater; row++) {
      if (this.table.isLive(row)) states.push(CONVERSATION_STATES[this.table.stateAt(row, now, 900)]);
    }
    return states;
  }

  /** What happened; at the end a fact for each connection that has none of its end. */
  facts({ final = false } = {}): FactKind[] {
    const { facts } = this.tcp.facts.take(final, this.#time);
    const words = new Uint32Array(facts.buffer);
    return Array.from(
      { length: words.length / FACT_WORDS },
      (_, k) => FACT_KINDS[words[k * FACT_WORDS + ROW_WORD.flags] >>> GENERATION_SHIFT],
    );
  }
}

/** Both ways: everything in one batch, and a batch a packet. */
function run(steps: readonly Step[], check: (connection: Connection) => void): void {
  const together = new Connection();
  together.packets(together.timed(steps));
  check(together);
  const apart = new Connection();
  for (const packet of apart.timed(steps)) apart.packets([packet]);
  check(apart);
}

const SYN: Step = { from: 'C', flags: 'S', sequence: 1000 };
const SYN_ACK: Step = { from: 'S', flags: 'SA', sequence: 5000, acknowledgement: 1001 };
const ACK: Step = { from: 'C', flags: 'A', sequence: 1001, acknowledgement: 5001 };
const HANDSHAKE = [SYN, SYN_ACK, ACK];
const REQUEST: Step = { from: 'C', flags: 'PA', sequence: 1001, acknowledgement: 5001, payload: 100 };
const ANSWER: Step = { from: 'S', flags: 'PA', sequence: 5001, acknowledgement: 1101, payload: 500 };
const CLIENT_FIN: Step = { from: 'C', flags: 'FA', sequence: 1001, acknowledgement: 5001 };
const SERVER_FIN: Step = { from: 'S', flags: 'FA', sequence: 5001, acknowledgement: 1002 };
const LAST_ACK: Step = { from: 'C', flags: 'A', sequence: 1002, acknowledgement: 5002 };
const CLOSED = [...HANDSHAKE, CLIENT_FIN, SERVER_FIN, LAST_ACK];
const RESET: Step = { from: 'S', flags: 'RA', sequence: 0, acknowledgement: 1001 };
const NEW_SYN: Step = { ...SYN, sequence: 900_000 };

describe('the state of a connection', () => {
  it.each<[string, Step[], string[]]>([
    ['SYN sent', [SYN], ['syn-sent']],
    ['SYN answered', [SYN, SYN_ACK], ['syn-received']],
    ['handshake done', HANDSHAKE, ['established']],
    ['handshake whose SYN+ACK we did not see', [SYN, ACK], ['established']],
    ['only the answering side seen, with data', [SYN_ACK, ANSWER], ['established']],
    ['both sides call at once', [SYN, { ...SYN, from: 'S', sequence: 5000 }], ['syn-received']],
    ['open before we looked', [REQUEST], ['established']],
    ['one FIN', [...HANDSHAKE, CLIENT_FIN], ['fin-wait']],
    ['FIN with no traffic the other way', [CLIENT_FIN], ['fin-wait']],
    ['both FINs, the second not acknowledged', [...HANDSHAKE, CLIENT_FIN, SERVER_FIN], ['closing']],
    ['both FINs acknowledged', CLOSED, ['closed']],
    ['both FINs at once', [...HANDSHAKE, CLIENT_FIN, { ...SERVER_FIN, acknowledgement: 1001 }], ['closing']],
    ['a FIN sent again after the end', [...CLOSED, SERVER_FIN], ['closed']],
    ['refused', [SYN, RESET], ['reset']],
    ['reset when established', [...HANDSHAKE, { ...RESET, from: 'C' }], ['reset']],
    ['a reset out of nowhere', [RESET], ['reset']],
    ['a reset after the end', [...CLOSED, RESET], ['closed']],
    ['data after a reset', [...HANDSHAKE, RESET, REQUEST], ['reset']],
    ['new SYN after the end', [...CLOSED, NEW_SYN], ['closed', 'syn-sent']],
    ['new SYN after a reset', [SYN, RESET, NEW_SYN, { ...RESET, acknowledgement: 900_001 }], ['reset', 'reset']],
    ['the same SYN after a reset', [SYN, RESET, SYN], ['syn-sent']],
    ['the same SYN again', [SYN, SYN, SYN_ACK, SYN], ['syn-received']],
    ['new SYN while the old one still counts as open', [...HANDSHAKE, NEW_SYN], ['closed', 'syn-sent']],
    [
      'three connections in a row',
      [...CLOSED, NEW_SYN, RESET, { ...SYN, sequence: 7 }, SYN_ACK],
      ['closed', 'reset', 'syn-received'],
    ],
  ])('%s', (_, steps, states) => {
    run(steps, (connection) => expect(connection.states()).toEqual(states));
  });

  it('is timed out after exactly the time set, and lives again with the next data', () => {
    run(HANDSHAKE, (connection) => {
      const last = connection.table.f64[12];
      expect(connection.states(last + 900)).toEqual(['established']);
      expect(connection.states(last + 900.001)).toEqual(['timed-out']);
      connection.table.expireSome(last + 901, null, 900);
      expect(connection.facts()).toEqual(['opened', 'idle']);
      // The log has said that it is over: what comes now is another one.
      connection.packets(connection.timed([{ ...REQUEST, time: last + 950 }]));
      expect(connection.states()).toEqual(['timed-out', 'established']);
    });
    run(HANDSHAKE, (connection) => {
      const last = connection.table.f64[12];
      connection.tcp.facts.stop();
      connection.table.expireSome(last + 901, null, 900);
      connection.packets(connection.timed([{ ...REQUEST, time: last + 950 }]));
      expect(connection.states()).toEqual(['established']);
    });
  });

  it('keeps a one-sided FIN listed until it times out', () => {
    run([CLIENT_FIN], (connection) => expect(connection.states(1_000_000)).toEqual(['timed-out']));
  });

  it('keeps packets of the old connection apart from those of the new one', () => {
    run([...CLOSED, NEW_SYN], ({ table }) => {
      expect(table.f64[6] + table.f64[7]).toBe(6);
      expect(table.f64[ROW_DOUBLES + 6] + table.f64[ROW_DOUBLES + 7]).toBe(1);
    });
  });
});

describe('a connection that was open already', () => {
  const isPartial = ({ table }: Connection): boolean => (table.u32[ROW_WORD.flags] & ROW_FLAG.partial) !== 0;

  it.each<[string, Step, boolean]>([
    ['data', REQUEST, true],
    ['FIN', CLIENT_FIN, true],
    ['SYN', SYN, false],
    ['SYN+ACK', SYN_ACK, false],
    ['RST', RESET, false],
  ])('is marked by its first packet: %s', (_, step, partial) => {
    run([step], (connection) => expect(isPartial(connection)).toBe(partial));
  });
});

describe('an ICMP message that quotes the connection', () => {
  const quoted = ipv4(
    { source: CLIENT.address, destination: SERVER.address, protocol: IP_PROTOCOL.tcp },
    segment(SYN),
  ).subarray(0, 28);
  const message = (type: number, code: number): TestPacket => {
    const packet = ipv4(
      { source: '10.0.0.254', destination: CLIENT.address, protocol: IP_PROTOCOL.icmp },
      icmp(type, code, 0, quoted),
    );
    return { bytes: ethernet(ETHERTYPE.ipv4, packet), seconds: 101 };
  };

  it.each<[string, number, number, string]>([
    ['port unreachable', 3, 3, 'reset'],
    ['host unreachable', 3, 1, 'reset'],
    ['administratively prohibited', 3, 13, 'reset'],
    ['fragmentation needed', 3, 4, 'syn-sent'],
    ['time exceeded', 11, 0, 'syn-sent'],
  ])('%s', (_, type, code, state) => {
    const connection = new Connection();
    connection.packets(connection.timed([SYN]));
    connection.packets([message(type, code)]);
    expect(connection.states()).toEqual([state, 'active']);
  });

  it('is refuted by data that follows', () => {
    const connection = new Connection();
    connection.packets(connection.timed(HANDSHAKE));
    connection.packets([message(3, 1)]);
    expect(connection.states()[0]).toBe('reset');
    connection.packets(connection.timed([REQUEST]));
    expect(connection.states()[0]).toBe('established');
  });

  it('resets connections over IPv6 too', () => {
    const addresses = { source: 'fd00::1', destination: 'fd00::2' };
    const syn = ipv6({ ...addresses, nextHeader: IP_PROTOCOL.tcp }, segment(SYN));
    const unreachable = ipv6(
      { source: 'fd00::2', destination: 'fd00::1', nextHeader: IP_PROTOCOL.icmpv6 },
      icmpv6(1, 4, 0, syn),
    );
    const connection = new Connection();
    connection.packets([syn, unreachable].map((packet) => ({ bytes: ethernet(ETHERTYPE.ipv6, packet), seconds: 100 })));
    expect(connection.states()).toEqual(['reset', 'active']);
  });
});

describe('retransmissions', () => {
  const data = (sequence: number, payload: number, rest: Partial<Step> = {}): Step => {
    return { from: 'C', flags: 'A', sequence, acknowledgement: 5001, payload, ...rest };
  };

  it.each<[string, Step[], number]>([
    ['none in order', [data(1001, 100), data(1101, 100)], 0],
    ['the same data again', [data(1001, 100), data(1001, 100)], 1],
    ['part of it again, with new data', [data(1001, 100), data(1051, 100)], 1],
    ['a keep-alive without data', [data(1001, 100), data(1100, 0), data(1100, 0)], 0],
    ['a keep-alive with a byte', [data(1001, 100), data(1100, 1), data(1100, 1)], 0],
    ['window probes of a new byte', [data(1001, 100), data(1101, 1), data(1101, 1), data(1101, 1)], 0],
    ['plain acknowledgements', [data(1001, 100), data(1101, 0), data(1101, 0)], 0],
    [
      'reordered within the round trip',
      [data(1001, 9), data(1020, 9, { time: 200 }), data(1010, 10, { time: 200.001 })],
      0,
    ],
    ['a hole that is filled late', [data(1001, 100), data(1201, 100), data(1101, 100, { time: 300 })], 1],
    [
      'data in a hole twice',
      [data(1001, 9), data(1020, 9, { time: 200 }), ...[1, 2].map(() => data(1010, 10, { time: 200.001 }))],
      1,
    ],
    ['over the end of the sequence numbers', [data(0xfffffff0, 32), data(0x10, 32), data(0xfffffff0, 32)], 1],
    ['SYN again', [SYN, SYN, SYN], 2],
    ['FIN again', [CLIENT_FIN, CLIENT_FIN], 1],
    ['a reset with an old number', [data(1001, 100), { ...RESET, from: 'C', sequence: 1001 }], 0],
    ['an offloaded buffer again: its segments', [data(1001, 1000), data(1001, 1000, { gsoSize: 100 })], 10],
  ])('%s', (_, steps, expected) => {
    run(steps, ({ tcp: tracker }) => expect(tracker.retransmissions(0, CLIENT_SIDE)).toBe(expected));
  });
});

describe('the round-trip time', () => {
  const times = (steps: readonly Step[], ...at: number[]): Step[] => steps.map((step, k) => ({ ...step, time: at[k] }));

  it('is the sum of both halves of the handshake', () => {
    run(times(HANDSHAKE, 100, 100.03, 100.04), ({ tcp: tracker }) =>
      expect(tracker.rttSeconds(0)).toBeCloseTo(0.04, 6),
    );
  });

  it('is unknown while one half is', () => {
    run(times([SYN, SYN_ACK], 100, 100.03), ({ tcp: tracker }) => expect(tracker.rttSeconds(0)).toBeNaN());
  });

  it('is smoothed by an eighth of each new sample', () => {
    const steps = times([...HANDSHAKE, REQUEST, ANSWER], 100, 100.08, 100.08, 101, 101.16);
    run(steps, ({ tcp: tracker }) => expect(tracker.rttSeconds(0)).toBeCloseTo(0.09, 5));
  });

  it('takes no sample across a change of filter: the acknowledgement may have passed unseen', () => {
    const connection = new Connection();
    connection.packets(connection.timed(times([...HANDSHAKE, REQUEST], 100, 100.08, 100.08, 101)));
    connection.tcp.endSamples();
    connection.packets(connection.timed(times([ANSWER], 161)));
    expect(connection.tcp.rttSeconds(0)).toBeCloseTo(0.08, 5);
  });

  it('takes no sample from data that was sent twice', () => {
    const steps = times([...HANDSHAKE, REQUEST, REQUEST, ANSWER], 100, 100.08, 100.08, 101, 102, 102.08);
    run(steps, ({ tcp: tracker }) => expect(tracker.rttSeconds(0)).toBeCloseTo(0.08, 5));
  });
});

describe('the window', () => {
  const SCALE_7 = '03030701';
  const NO_OPTION = '01010101';
  const ofClient = ({ tcp: tracker }: Connection): number => tracker.windowBytes(0, CLIENT_SIDE);

  it.each<[string, Step[], number]>([
    [
      'both sides offered a scale',
      [
        { ...SYN, options: SCALE_7 },
        { ...SYN_ACK, options: '03030a01' },
        { ...ACK, window: 501 },
      ],
      64_128,
    ],
    [
      'one side did not',
      [
        { ...SYN, options: SCALE_7 },
        { ...SYN_ACK, options: NO_OPTION },
        { ...ACK, window: 501 },
      ],
      501,
    ],
    ['the SYN itself is not scaled', [{ ...SYN, options: SCALE_7, window: 64_240 }], 64_240],
    [
      'a scale beyond 14 counts as 14',
      [
        { ...SYN, options: '0303ff01' },
        { ...SYN_ACK, options: SCALE_7 },
        { ...ACK, window: 2 },
      ],
      32_768,
    ],
    ['the handshake was not seen', [{ ...REQUEST, window: 501 }], Number.NaN],
  ])('%s', (_, steps, expected) => {
    run(steps, (connection) => expect(ofClient(connection)).toBe(expected));
  });

  it('is unknown before a side sent something', () => {
    run([SYN], ({ tcp: tracker }) => {
      expect(tracker.windowBytes(0, SERVER_SIDE)).toBeNaN();
      expect(tracker.lastPacketSize(0, SERVER_SIDE)).toBeNaN();
      expect(tracker.lastFlags(0, SERVER_SIDE)).toBe(-1);
    });
  });
});

describe('facts for logs', () => {
  it.each<[string, Step[], FactKind[]]>([
    ['a whole connection', CLOSED, ['opened', 'fin', 'fin', 'fins']],
    ['one that was open', [REQUEST, RESET], ['first-packet', 'rst']],
    ['a reset alone', [RESET], ['rst']],
    ['repeated FINs', [...HANDSHAKE, CLIENT_FIN, CLIENT_FIN], ['opened', 'fin', 'still-open']],
  ])('%s', (_, steps, kinds) => {
    run(steps, (connection) => expect(connection.facts({ final: true })).toEqual(kinds));
  });

  it('are not kept when nobody wants them', () => {
    const connection = new Connection();
    connection.tcp.facts.stop();
    connection.packets(connection.timed([SYN]));
    expect(connection.facts()).toEqual([]);
  });
});

describe('records', () => {
  it('are given back with their rows and begin empty', () => {
    const connection = new Connection();
    connection.packets(connection.timed([...HANDSHAKE, REQUEST, REQUEST, RESET]));
    connection.table.removeClosed(1000, 900);
    expect(connection.table.count).toBe(0);
    connection.packets(connection.timed([SYN]));
    expect(connection.table.u32[ROW_WORD.extra]).toBe(1);
    expect(connection.tcp.retransmissions(0, CLIENT_SIDE)).toBe(0);
    expect(connection.tcp.lastFlags(0, SERVER_SIDE)).toBe(-1);
  });
});
