import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangedRows } from '../../src/tables/conversation-table.ts';
import { HOST_GROUPING } from '../../src/tables/pair-grouping.ts';
import { LEFT_OUT } from '../../src/tables/pair-sides.ts';
import { type DecideSide, PairTable } from '../../src/tables/pair-table.ts';
import { ConversationRows, conversationKey } from '../support/conversation-rows.ts';
import { conservation, grouping, PairDriver, pairsOf } from '../support/pair-driver.ts';
import { PairModel } from '../support/pair-model.ts';

const GROUPINGS = [
  HOST_GROUPING,
  grouping({ ports: true }),
  grouping({ hidden: true }, { ports: true }),
  grouping({ ipv4Prefix: 24 }, { ipv4Prefix: 16 }),
  grouping({ hidden: true }),
  grouping({ ipv4Prefix: 8 }, { hidden: true, ports: true }),
];

/** Which end is ours, and whether it counts at all: by bits of the address of endpoint 1. */
const SIDES: DecideSide[] = [
  () => 16,
  (words, at) => 16 | (words[at + 7] & 1),
  (words, at) => ((words[at + 7] & 3) === 3 ? LEFT_OUT : 17),
];

const KEYS = Array.from({ length: 24 }, (_, k) =>
  conversationKey({
    from: k % 8 === 7 ? '2001:db8::1' : `10.0.${k % 3}.1`,
    to: k % 8 === 7 ? `2001:db8::${k + 2}` : `10.1.${k % 2}.${k % 5}`,
    fromPort: k % 4,
    toPort: 80,
    protocol: k % 6 === 0 ? 6 : 17,
    slot: k % 11 === 0 ? 1 : 0,
    vlan: k % 9 === 0 ? 0x1005 : 0,
  }),
);

const key = fc.nat(KEYS.length - 1);
const step = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({ kind: fc.constant('packet' as const), key, side: fc.nat(1), bytes: fc.nat(1500) }),
  },
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant('second' as const),
      seconds: fc.constantFrom(1, 1, 1, 0.875, 1.125, 4, 15, 60),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('handOut' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('grouping' as const), to: fc.nat(GROUPINGS.length - 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sides' as const), to: fc.nat(SIDES.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** A table and the model of it under one history. */
class Comparison {
  readonly rows: ConversationRows;
  readonly pairs: PairTable;
  readonly model: PairModel;
  readonly #rowOf = new Map<number, number>();
  #now = 1000;

  constructor(mostFlows?: number) {
    this.rows = new ConversationRows((changed: ChangedRows) => {
      this.pairs.add(changed);
      this.model.add(changed);
    });
    this.pairs = new PairTable(this.rows.table, { quantity: 'ipBytes', mostFlows });
    this.model = new PairModel(this.rows.table, HOST_GROUPING);
  }

  run(each: Step): void {
    const { pairs, model } = this;
    if (each.kind === 'packet') {
      const row = this.#rowOf.get(each.key) ?? this.rows.begin(KEYS[each.key], this.#now);
      this.#rowOf.set(each.key, row);
      this.rows.carry(row, each.side, 1, 20 + each.bytes, this.#now);
    } else if (each.kind === 'second') {
      this.rows.handOut();
      this.#now += each.seconds;
      for (const table of [pairs, model]) table.closeSecond(each.seconds, this.#now);
    } else if (each.kind === 'end') this.#end(each.key);
    else if (each.kind === 'handOut') this.rows.handOut();
    else if (each.kind === 'grouping') for (const table of [pairs, model]) table.setGrouping(GROUPINGS[each.to]);
    else if (each.kind === 'sides') for (const table of [pairs, model]) table.setSides(SIDES[each.to]);
    else {
      for (const number of [...this.#rowOf.keys()]) this.#end(number);
      for (const table of [pairs, model]) table.reset();
    }
  }

  #end(number: number): void {
    const row = this.#rowOf.get(number);
    if (row !== undefined) this.rows.free(row);
    this.#rowOf.delete(number);
  }
}

describe('against plain objects', () => {
  it('pairs, windows, rates and what is gone are the same over any history', () => {
    let gone = 0;
    const check = (steps: Step[]): void => {
      const comparison = new Comparison(64);
      const { pairs, model } = comparison;
      for (const each of steps) {
        comparison.run(each);
        if (each.kind === 'packet' || each.kind === 'handOut' || each.kind === 'end') continue;

        expect(pairsOf(pairs)).toEqual(model.all());
        const [packets0, packets1, ip0, ip1, wire0, wire1] = model.gone.counters;
        expect(pairs.gone).toEqual({
          pairs: model.gone.pairs,
          packets: packets0 + packets1,
          ipBytes: ip0 + ip1,
          wireBytes: wire0 + wire1,
        });
        expectWhole(pairs, model.added);
        gone = Math.max(gone, pairs.gone.pairs);
      }
    };
    const steps = fc.array(step, { minLength: 1, maxLength: 400, size: 'max' });
    // To make hundreds of steps fewer takes long: the seed says enough.
    fc.assert(fc.property(steps, check), { numRuns: 12, endOnFailure: true });
    expect(gone).toBeGreaterThan(10);
  }, 60_000);

  it('nothing is lost or counted twice where flows find no room', () => {
    let more = 0;
    const check = (steps: Step[], mostFlows: number): void => {
      const comparison = new Comparison(mostFlows);
      for (const each of steps) {
        comparison.run(each);
        if (each.kind === 'second') expectWhole(comparison.pairs, comparison.model.added);
        expect(comparison.pairs.flowCount).toBeLessThanOrEqual(mostFlows);
      }
      more = Math.max(more, comparison.pairs.more.packets);
    };
    const steps = fc.array(step, { minLength: 1, maxLength: 400, size: 'max' });
    fc.assert(fc.property(steps, fc.integer({ min: 1, max: 12 }), check), { numRuns: 12, endOnFailure: true });
    expect(more).toBeGreaterThan(10);
  }, 60_000);
});

/** Rows + gone + more = totals, in each window too, and totals + what is not in them = what was added. */
function expectWhole(pairs: PairTable, added: number[]): void {
  const { rows, totals } = conservation(pairs);
  expect(rows).toEqual(totals);
  const { nonIp, leftOut } = pairs;
  expect(totals[0] + nonIp.packets + leftOut.packets).toBe(added[0] + added[1]);
  expect(totals[1] + nonIp.ipBytes + leftOut.ipBytes).toBe(added[2] + added[3]);
  expect(totals[2] + nonIp.wireBytes + leftOut.wireBytes).toBe(added[4] + added[5]);
}

describe('peaks', () => {
  it('are the highest 2 s averages that were shown within forty seconds', () => {
    const second = fc.record({
      seconds: fc.constantFrom(1, 1, 0.875, 1.125, 3),
      carried: fc.array(fc.record({ host: fc.nat(2), side: fc.nat(1), bytes: fc.nat(3000), late: fc.nat(7) }), {
        maxLength: 3,
      }),
    });
    const check = (history: (typeof second extends fc.Arbitrary<infer Value> ? Value : never)[]): void => {
      const driver = new PairDriver({ mostFlows: 16 });
      driver.pairs.setGrouping(grouping({ ipv4Prefix: 24 }));
      const shown = new Map<number, number[][]>();
      const total: number[][] = [];
      for (const { seconds, carried } of history) {
        for (const { host, side, bytes, late } of carried) {
          const packet = { from: `10.0.${host >> 1}.${host}`, to: '192.0.2.1', fromPort: host };
          driver.packet(packet, 20 + bytes, side, driver.now + late / 8);
        }
        // A long silence is several seconds, of which only the last is seen here.
        driver.second(carried.length === 0 ? Math.min(seconds, 1.125) : seconds);
        const both = (rates: number[]): number[] => [...rates, rates[0] + rates[1]];
        const live: number[] = [];
        driver.pairs.forEach((pair) => {
          live.push(pair);
          const id = driver.pairs.idOf(pair);
          const rates = both([driver.pairs.rate(pair, 0, 0), driver.pairs.rate(pair, 0, 1)]);
          shown.set(id, [...(shown.get(id) ?? []), rates]);
        });
        const peaks = driver.pairs.peaks(live);
        for (const [place, pair] of live.entries()) {
          const seen = shown.get(driver.pairs.idOf(pair)) as number[][];
          expectClose([...peaks.subarray(3 * place, 3 * place + 3)], highest(seen));
        }
        total.push(both(driver.pairs.totals().rates?.[0] ?? []));
        expectClose(driver.pairs.totals().peak ?? [], highest(total));
      }
    };
    fc.assert(fc.property(fc.array(second, { minLength: 1, maxLength: 150, size: 'max' }), check), {
      numRuns: 12,
      endOnFailure: true,
    });
  }, 60_000);
});

/** Of each column, the largest of the last 39: before them, one of the two seconds lies more than forty back. */
function highest(rates: number[][]): number[] {
  const recent = rates.length < 40 ? rates : rates.slice(-39);
  return [0, 1, 2].map((column) => Math.max(0, ...recent.map((each) => each[column])));
}

function expectClose(found: readonly number[], expected: readonly number[]): void {
  for (const [k, value] of expected.entries()) expect(found[k]).toBeCloseTo(value, 6);
}
