import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConversationFact } from '../../../screens/ip-traffic/facts.ts';
import { type FlowSum, FlowSummary, MAXIMUM_FLOWS } from '../../../screens/ip-traffic/flow-summary.ts';
import { ipProtocolName } from '../../../src/wire/numbers.ts';

const SECONDS = 30;

const pair = fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 1000 }));

const anyFact: fc.Arbitrary<ConversationFact> = fc
  .record({
    kind: fc.constantFrom('idle' as const, 'evicted' as const, 'still-open' as const),
    ipProtocol: fc.constantFrom(6, 17, 17, 17, 132, 1),
    hosts: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    ports: fc.tuple(fc.constantFrom(53, 123, 5000, 6000), fc.constantFrom(53, 123, 5000, 6000)),
    packets: pair,
    ipBytes: pair,
    wireBytes: pair,
    lasted: fc.constantFrom(0, 1, 29.9, 30, 100),
    firstSeen: fc.integer({ min: 0, max: 1000 }),
    slot: fc.constantFrom('eth0', 'eth1'),
    vlan: fc.constantFrom(null, 5),
  })
  .map(({ kind, ipProtocol, hosts, ports, lasted, firstSeen, slot, vlan, ...counts }) => ({
    kind,
    time: firstSeen + lasted + 30,
    conversation: {
      protocol: ipProtocolName(ipProtocol),
      ipProtocol,
      etherType: null,
      interface: slot,
      vlan,
      endpoints: [
        { address: `10.0.0.${hosts[0]}`, port: ipProtocol === 1 ? null : ports[0] },
        { address: `10.0.0.${hosts[1]}`, port: ipProtocol === 1 ? null : ports[1] },
      ],
      ...counts,
      state: 'idle',
      partial: null,
      retransmissions: null,
      firstSeen,
      lastSeen: firstSeen + lasted,
    },
  }));

/** What one address sent in all, by quantity: [packets, IP bytes, wire bytes, conversations in which it is an end]. */
function bySender(all: readonly Pick<FlowSum, 'conversation' | 'conversations'>[]): Map<string, number[]> {
  const sums = new Map<string, number[]>();
  for (const { conversation, conversations } of all) {
    for (const side of [0, 1] as const) {
      const key = `${conversation.protocol} ${conversation.endpoints[side].address} ${conversation.interface} ${conversation.vlan}`;
      const sum = sums.get(key) ?? [0, 0, 0, 0];
      sum[0] += conversation.packets[side];
      sum[1] += conversation.ipBytes[side];
      sum[2] += conversation.wireBytes[side];
      sum[3] += conversations;
      sums.set(key, sum);
    }
  }
  return sums;
}

describe('sums of short conversations', () => {
  it('say what the single records would have said', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyFact, fc.integer({ min: 0, max: 20 })), { maxLength: 200 }), (steps) => {
        const summary = new FlowSummary(SECONDS);
        const taken: ConversationFact[] = [];
        const sums: FlowSum[] = [];
        let now = 0;
        for (const [fact, wait] of structuredClone(steps)) {
          now += wait;
          const { firstSeen, lastSeen, ipProtocol } = fact.conversation;
          const isShort = ipProtocol !== 6 && lastSeen - firstSeen < SECONDS;
          expect(summary.add(fact, now)).toBe(isShort);
          if (isShort) taken.push(fact);
          if (summary.isDue(now)) sums.push(...summary.take(now).sums);
        }
        sums.push(...summary.take(now).sums);
        expect(summary.take(now).sums).toEqual([]);
        const singles = taken.map(({ conversation }) => ({ conversation, conversations: 1 }));
        expect(bySender(sums)).toEqual(bySender(singles));
        expect(sums.length).toBeLessThanOrEqual(taken.length);
      }),
      { numRuns: 100 },
    );
  });

  it('end before their time when there are too many to tell apart', () => {
    const [{ conversation }] = fc.sample(
      anyFact.filter(({ conversation: { ipProtocol } }) => ipProtocol === 17),
      1,
    );
    const summary = new FlowSummary(1000);
    for (let k = 0; k < MAXIMUM_FLOWS; k++) {
      expect(summary.isDue(0)).toBe(false);
      const endpoints: typeof conversation.endpoints = [
        { address: `host ${k}`, port: 5000 },
        { address: '10.0.0.9', port: 53 },
      ];
      summary.add({ kind: 'idle', time: 0, conversation: { ...conversation, endpoints } }, 0);
    }
    expect(summary.isDue(0)).toBe(true);
    expect(summary.take(0).sums).toHaveLength(MAXIMUM_FLOWS);
  });
});
