import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ConversationFact, conversationFacts } from '../../screens/ip-traffic/facts.ts';
import type { ConnectionFacts } from '../../screens/ip-traffic/types.ts';
import type { EngineParts } from '../../src/engine/engine.ts';
import type { EngineOptions } from '../../src/engine/messages.ts';
import type { Monitor, MonitorContext } from '../../src/engine/monitor.ts';
import { makeMonitors } from '../../src/engine/monitors.ts';
import { FACT_DOUBLES, type LogSums } from '../../src/tables/connection-facts.ts';
import {
  type ConversationTable,
  ROW_DOUBLE,
  ROW_DOUBLES,
  ConversationTable as Table,
} from '../../src/tables/conversation-table.ts';
import { TcpTracker } from '../../src/tables/tcp-tracker.ts';
import { TCP_FLAG } from '../../src/wire/decoded-batch.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../src/wire/numbers.ts';
import { BATCH_CAPACITY } from '../../src/wire/packet-batch.ts';
import { type DecodedPacket, decodedBatch } from '../support/decoded.ts';
import { EngineStage } from '../support/engine-stage.ts';
import { arp, ethernet, filler, icmp, ipv4, packetBatch, tcp, udp, vlan } from '../support/packets.ts';

const { syn: S, fin: F, rst: R, ack: A } = TCP_FLAG;
const CLIENT = '10.0.0.1';
const SERVER = '10.0.0.2';
const TCP_TIMEOUT = 20;

const PASSING = new Set(['opened', 'first-packet', 'fin']);

/** A live engine whose conversations are logged. */
class LoggedStage extends EngineStage {
  readonly facts: ConversationFact[] = [];
  sums: LogSums | null = null;
  lost = 0;
  sent = { packets: 0, wireBytes: 0 };

  constructor(options: Partial<EngineOptions> = {}, parts: Partial<EngineParts> = {}) {
    super({ tcpTimeout: TCP_TIMEOUT, closedPersistence: 60, ...options }, parts);
  }

  async begin(): Promise<this> {
    await this.start();
    return this.take();
  }

  take(final = false): this {
    let answer: ConnectionFacts;
    do {
      answer = this.engine.command('ip-traffic', 'facts', { final }) as ConnectionFacts;
      this.facts.push(...conversationFacts(answer));
      this.lost += answer.lost;
      this.sums = answer.sums;
    } while (answer.more);
    return this;
  }

  /** Frames that come a moment from now, or `late` seconds before that by their own time. */
  send(frames: readonly Uint8Array[], late = 0): this {
    for (let at = 0; at < frames.length; at += BATCH_CAPACITY) {
      this.now += 0.001;
      const time = this.now - late;
      const seconds = Math.floor(time);
      const nanoseconds = Math.round((time - seconds) * 1e9);
      const packets = frames.slice(at, at + BATCH_CAPACITY).map((bytes) => ({ bytes, seconds, nanoseconds }));
      this.source.sink?.onBatch(packetBatch(packets));
    }
    this.sent.packets += frames.length;
    for (const frame of frames) this.sent.wireBytes += frame.length;
    return this;
  }

  get kinds(): string[] {
    return this.facts.map(({ kind }) => kind);
  }

  get finals(): ConversationFact[] {
    return this.facts.filter(({ kind }) => !PASSING.has(kind));
  }
}

interface Segment {
  fromServer?: boolean;
  flags: number;
  port?: number;
  sequence?: number;
  acknowledgement?: number;
  payload?: number;
}

function segment({ fromServer = false, flags, port = 40_000, sequence, acknowledgement, payload = 0 }: Segment) {
  const [source, destination] = fromServer ? [SERVER, CLIENT] : [CLIENT, SERVER];
  const [sourcePort, destinationPort] = fromServer ? [80, port] : [port, 80];
  const fields = { sourcePort, destinationPort, flags, sequence, acknowledgement };
  const datagram = ipv4({ source, destination, protocol: IP_PROTOCOL.tcp }, tcp(fields, filler(payload)));
  return ethernet(ETHERTYPE.ipv4, datagram);
}

const SYN = segment({ flags: S, sequence: 100 });
const SYN_ACK = segment({ fromServer: true, flags: S | A, sequence: 500, acknowledgement: 101 });
const ACK = segment({ flags: A, sequence: 101, acknowledgement: 501 });
const DATA = segment({ flags: A, sequence: 101, acknowledgement: 501, payload: 50 });
const CLIENT_FIN = segment({ flags: F | A, sequence: 101, acknowledgement: 501 });
const SERVER_FIN = segment({ fromServer: true, flags: F | A, sequence: 501, acknowledgement: 102 });
const LAST_ACK = segment({ flags: A, sequence: 102, acknowledgement: 502 });
const RESET = segment({ fromServer: true, flags: R | A, sequence: 0, acknowledgement: 101 });
const HANDSHAKE = [SYN, SYN_ACK, ACK];
const CLOSING = [CLIENT_FIN, SERVER_FIN, LAST_ACK];

function datagram(sourcePort: number, destinationPort: number, payload = 10): Uint8Array {
  return ethernet(
    ETHERTYPE.ipv4,
    ipv4({ protocol: IP_PROTOCOL.udp }, udp(sourcePort, destinationPort, filler(payload))),
  );
}

/** An ICMP message of the server that quotes a packet of the client. */
function unreachable(quoted: Uint8Array): Uint8Array {
  const message = icmp(3, 3, 0, quoted.subarray(14, 14 + 28));
  return ethernet(ETHERTYPE.ipv4, ipv4({ source: SERVER, destination: CLIENT, protocol: IP_PROTOCOL.icmp }, message));
}

/** [packets, IP bytes] of both sides together. */
function carried({ conversation }: ConversationFact): [number, number] {
  const { packets, ipBytes } = conversation;
  return [packets[0] + packets[1], ipBytes[0] + ipBytes[1]];
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the final fact of a conversation', () => {
  it('comes once a closed connection has been silent, with its last acknowledgement in it and the time of that', async () => {
    const stage = await new LoggedStage().begin();
    stage.send(HANDSHAKE).send(CLOSING.slice(0, 2));
    const ended = stage.wait(0.5).send(CLOSING.slice(2)).now;
    expect(stage.wait(1).take().kinds).toEqual(['opened', 'fin', 'fin']);
    expect(stage.wait(3).take().kinds).toEqual(['opened', 'fin', 'fin', 'fins']);
    const [final] = stage.finals;
    expect(final.time).toBeCloseTo(ended, 3);
    expect(final.conversation).toMatchObject({
      protocol: 'tcp',
      interface: 'eth0',
      endpoints: [
        { address: CLIENT, port: 40_000 },
        { address: SERVER, port: 80 },
      ],
      packets: [4, 2],
      state: 'closed',
      partial: false,
      retransmissions: [0, 0],
    });
    expect(stage.wait(30).take(true).finals).toHaveLength(1);
  });

  it('leaves what comes after it to the late packets, and a row that is quiet for a minute to the next connection', async () => {
    const stage = await new LoggedStage({ closedPersistence: null }).begin();
    stage.send([...HANDSHAKE, ...CLOSING]).wait(5);
    stage.send([LAST_ACK, SERVER_FIN]).wait(62);
    stage.send([DATA]).wait(1).take(true);
    expect(stage.kinds).toEqual(['opened', 'fin', 'fin', 'fins', 'first-packet', 'still-open']);
    expect(stage.finals.map((fact) => carried(fact)[0])).toEqual([6, 1]);
    expect(stage.sums?.late).toEqual({ conversations: 0, packets: 2, ipBytes: 80, wireBytes: 108 });
    expect(stage.sums?.recorded.packets).toBe(7);
    expect(stage.sums?.accounted.packets).toBe(9);
  });

  it('waits while packets still come', async () => {
    const stage = await new LoggedStage().begin();
    stage.send([...HANDSHAKE, ...CLOSING]);
    for (let n = 0; n < 5; n++) stage.wait(1.5).send([SERVER_FIN, LAST_ACK]);
    expect(stage.take().finals).toEqual([]);
    stage.wait(4).take();
    expect(stage.finals.map((fact) => carried(fact)[0])).toEqual([16]);
  });

  it('is not written for an ICMP message that data refutes, and once for one that nothing refutes', async () => {
    const stage = await new LoggedStage().begin();
    stage
      .send([...HANDSHAKE, DATA, unreachable(DATA)])
      .wait(10)
      .send([DATA])
      .wait(10)
      .send(CLOSING)
      .wait(4)
      .take();
    expect(stage.finals.map(({ kind, conversation }) => [conversation.protocol, kind])).toEqual([['tcp', 'fins']]);
    stage
      .send([segment({ flags: S, port: 5 }), unreachable(segment({ flags: S, port: 5 }))])
      .wait(4)
      .take(true);
    expect(stage.finals.map(({ kind, conversation }) => [conversation.protocol, kind]).sort()).toEqual([
      ['icmp', 'still-open'],
      ['tcp', 'fins'],
      ['tcp', 'unreachable'],
    ]);
  });

  it('is that of the last reset where a SYN comes again, and of two connections where it comes after the record', async () => {
    const stage = await new LoggedStage().begin();
    stage.send([SYN, RESET]).wait(0.5).send([SYN, RESET]).wait(5).take();
    expect(stage.finals.map(({ kind }) => kind)).toEqual(['rst']);
    stage.send([SYN, RESET]).wait(5).take(true);
    expect(stage.finals.map((fact) => [fact.kind, ...carried(fact)])).toEqual([
      ['rst', 4, 160],
      ['rst', 2, 80],
    ]);
  });

  it('says that another connection took the place of one that did not end', async () => {
    const stage = await new LoggedStage().begin();
    stage.send([...HANDSHAKE, segment({ flags: S, sequence: 9000 })]).take(true);
    expect(stage.finals.map(({ kind, conversation }) => [kind, conversation.state])).toEqual([
      ['replaced', 'closed'],
      ['still-open', 'syn-sent'],
    ]);
  });

  it('comes when TCP has timed out; what comes then is another connection', async () => {
    const stage = await new LoggedStage().begin();
    stage
      .send(HANDSHAKE)
      .wait(TCP_TIMEOUT + 2)
      .send([DATA])
      .take(true);
    expect(stage.kinds).toEqual(['opened', 'idle', 'first-packet', 'still-open']);
    expect(stage.finals.map(({ conversation }) => [conversation.state, conversation.partial])).toEqual([
      ['timed-out', false],
      ['established', true],
    ]);
  });

  it('comes for other protocols after 30 s of silence, with the addresses that they have', async () => {
    const stage = await new LoggedStage().begin();
    const tagged = ethernet(0x8100, vlan(10, ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.udp }, udp(7, 9))));
    stage.send([datagram(5000, 53), tagged, ethernet(ETHERTYPE.arp, arp())]);
    stage
      .wait(25)
      .send([datagram(5000, 53)])
      .wait(25)
      .take();
    expect(stage.finals.map(({ conversation }) => [conversation.protocol, conversation.vlan])).toEqual([
      ['udp', 10],
      ['arp', null],
    ]);
    expect(stage.finals[1].conversation).toMatchObject({
      endpoints: [
        { address: '02:00:00:00:00:0a', port: null },
        { address: '02:00:00:00:00:0b', port: null },
      ],
      ipProtocol: null,
      ipBytes: [0, 0],
      wireBytes: [42, 0],
      state: 'idle',
      partial: null,
      retransmissions: null,
    });
    stage
      .wait(10)
      .send([datagram(5000, 53)])
      .take(true);
    expect(stage.finals.slice(2).map((fact) => [fact.kind, ...carried(fact)])).toEqual([
      ['idle', 2, 76],
      ['still-open', 1, 38],
    ]);
  });

  it('has the fragments that were counted elsewhere at first, and there is none of the row that they left', async () => {
    const stage = await new LoggedStage().begin();
    const whole = udp(5000, 53, filler(40));
    const part = (from: number, to: number, moreFragments: boolean): Uint8Array =>
      ethernet(
        ETHERTYPE.ipv4,
        ipv4({ protocol: IP_PROTOCOL.udp, moreFragments, fragmentOffset: from }, whole.slice(from, to)),
      );
    stage
      .send([part(24, 48, false)])
      .send([part(0, 24, true)])
      .take(true);
    expect(stage.finals.map((fact) => [fact.conversation.endpoints[1].port, ...carried(fact)])).toEqual([[53, 2, 88]]);
  });

  it('comes when the operator removes what is over or resets the counters, and sums go on', async () => {
    const stage = await new LoggedStage().begin();
    stage.send([...HANDSHAKE, ...CLOSING, datagram(5000, 53)]);
    stage.engine.command('ip-traffic', 'flush', {});
    expect(stage.take().finals.map(({ kind }) => kind)).toEqual(['fins']);
    stage.engine.reset();
    stage.send([datagram(5000, 53)]).take(true);
    expect(stage.finals.map(({ kind }) => kind)).toEqual(['fins', 'forgotten', 'still-open']);
    expect(stage.sums?.recorded).toEqual(stage.sums?.accounted);
    expect(stage.sums?.accounted.packets).toBe(8);
  });

  it('is none of this log’s for what was over when it began', async () => {
    const stage = await new LoggedStage({ closedPersistence: null }).start();
    stage
      .send([...HANDSHAKE, ...CLOSING, datagram(5000, 53)])
      .take()
      .send([LAST_ACK])
      .wait(5)
      .take(true);
    expect(stage.finals.map(({ conversation }) => conversation.protocol)).toEqual(['udp']);
    expect(stage.sums?.late.packets).toBe(1);
    expect(stage.sums?.accounted.packets).toBe(2);
  });
});

/** What the packets of a property are drawn from. */
const anyFrame: fc.Arbitrary<Uint8Array> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        fromServer: fc.boolean(),
        flags: fc.constantFrom(S, S, S | A, A, A, F | A, F | A, R, R | A),
        port: fc.integer({ min: 1, max: 6 }),
        sequence: fc.constantFrom(100, 101, 102, 200, 501),
        acknowledgement: fc.constantFrom(101, 102, 103, 502, 503),
        payload: fc.constantFrom(0, 0, 1, 30),
      })
      .map(segment),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })).map(([a, b]) => datagram(a, b)),
  },
  { weight: 1, arbitrary: fc.constant(ethernet(ETHERTYPE.arp, arp())) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 6 }).map((port) => unreachable(segment({ flags: S, port }))) },
);

type Step =
  | { do: 'send'; frames: Uint8Array[]; late: number }
  | { do: 'wait'; seconds: number }
  | { do: 'flood'; from: number; count: number }
  | { do: 'flush' | 'reset' | 'take' };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      frames: fc.array(anyFrame, { minLength: 1, maxLength: 40 }),
      late: fc.constantFrom(0, 0, 0, 0.5, 40),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(0.25, 1, 3, 12, 35, 130) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('flood' as const),
      from: fc.integer({ min: 0, max: 5 }),
      count: fc.integer({ min: 300, max: 1100 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('flush' as const, 'reset' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
);

function carryOut(stage: LoggedStage, step: Step): void {
  switch (step.do) {
    case 'send':
      stage.send(step.frames, step.late);
      break;
    case 'wait':
      stage.wait(step.seconds);
      break;
    case 'flood':
      stage.send(Array.from({ length: step.count }, (_, k) => datagram(20_000 + step.from * 500 + k, 9)));
      break;
    case 'flush':
      stage.engine.command('ip-traffic', 'flush', {});
      break;
    case 'reset':
      stage.engine.reset();
      break;
    case 'take':
      stage.take();
  }
}

/** Sees every row that ever comes to be, by its id; nothing of the facts is asked. */
class RowWatch implements Monitor {
  readonly name = 'ports';
  readonly usesConversations = true;
  readonly ids = new Set<number>();
  table: ConversationTable | null = null;

  attach({ conversations, bus }: MonitorContext): () => void {
    this.table = conversations;
    return bus.on('changed', ({ count, rows }) => {
      for (let k = 0; k < count; k++) this.ids.add(conversations.idOf(rows[k]));
    });
  }

  page(): never {
    throw new Error('nobody asks');
  }

  slices(): never {
    throw new Error('nobody asks');
  }
}

describe('whatever comes, and however it goes', () => {
  const runs = fc.record({
    steps: fc.array(anyStep, { minLength: 1, maxLength: 25 }),
    closedPersistence: fc.constantFrom(null, 0, 60),
  });

  it('every conversation has one final fact, and with the late packets they are the totals', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ steps, closedPersistence }) => {
        const watch = new RowWatch();
        const monitors = [...makeMonitors(['ip-traffic']), watch];
        const stage = new LoggedStage({ closedPersistence, maximumConversations: 1024 }, { monitors });
        await stage.begin();
        for (const step of steps) {
          // A reset hands nothing out.
          watch.table?.handOut();
          carryOut(stage, step);
        }
        watch.table?.handOut();
        stage.take(true);
        await stage.engine.stop();

        const { recorded, unrecorded, late, accounted } = stage.sums as LogSums;
        expect(stage.finals.length).toBe(watch.ids.size);
        expect(recorded.conversations).toBe(watch.ids.size);
        expect([unrecorded.conversations, stage.lost]).toEqual([0, 0]);
        expect(accounted).toMatchObject(stage.sent);
        for (const what of ['packets', 'ipBytes', 'wireBytes'] as const) {
          const inFacts = stage.finals.reduce((sum, { conversation }) => sum + both(conversation[what]), 0);
          expect(inFacts + late[what]).toBe(accounted[what]);
          expect(recorded[what]).toBe(inFacts);
        }
        for (const { conversation } of stage.finals) expect(both(conversation.packets)).toBeGreaterThan(0);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });
});

function both([first, second]: readonly [number, number]): number {
  return first + second;
}

describe('facts that nobody takes', () => {
  const ROWS = BATCH_CAPACITY * 4;

  function logged(): { table: ConversationTable; tcp: TcpTracker } {
    const table = new Table({ maximumRows: ROWS });
    const tcp = new TcpTracker(table, { maximumRows: ROWS });
    tcp.facts.start();
    return { table, tcp };
  }

  function flood(table: ConversationTable, count: number): void {
    for (let at = 0; at < count; at += BATCH_CAPACITY) {
      const packets = Array.from({ length: Math.min(BATCH_CAPACITY, count - at) }, (_, k): DecodedPacket => {
        return { source: 1 + at + k, destination: 9, sourcePort: 1, destinationPort: 2, time: at / 1000 };
      });
      table.account(decodedBatch(packets));
    }
  }

  it('are kept up to the bound; beyond they are counted, and what they carried', () => {
    const { table, tcp } = logged();
    const count = 90_000;
    flood(table, count);
    let facts = 0;
    let lost = 0;
    let piece: ReturnType<typeof tcp.facts.take>;
    do {
      piece = tcp.facts.take(true, 1000);
      facts += piece.facts.length / FACT_DOUBLES;
      lost += piece.lost;
    } while (piece.more);
    const { recorded, unrecorded, late, accounted } = piece.sums as LogSums;
    expect(recorded.conversations).toBe(facts);
    expect(unrecorded.conversations).toBe(lost);
    expect(facts + lost).toBe(count);
    // Those that lived at the end had room again.
    expect(facts).toBe(ROWS + 65_536 + table.count);
    expect(recorded.packets + unrecorded.packets + late.packets).toBe(accounted.packets);
    expect(accounted.packets).toBe(count);
  });

  it('leave room for final ones', () => {
    const { table, tcp } = logged();
    flood(table, 1);
    for (let k = 0; k < 70_000; k++) tcp.facts.note('fin', 0, k);
    table.reset();
    const kinds: number[] = [];
    let piece: ReturnType<typeof tcp.facts.take>;
    let lost = 0;
    do {
      piece = tcp.facts.take(false, 0);
      lost += piece.lost;
      for (let k = 0; k < piece.facts.length; k += FACT_DOUBLES) kinds.push(piece.facts[k + ROW_DOUBLE.packets]);
    } while (piece.more);
    expect([kinds.length, lost]).toEqual([65_537, 70_000 - 65_536]);
    expect(ROW_DOUBLES).toBe(FACT_DOUBLES);
  });
});
