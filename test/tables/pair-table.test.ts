import { describe, expect, it } from 'vitest';
import { HOST_GROUPING } from '../../src/tables/pair-grouping.ts';
import { LEFT_OUT } from '../../src/tables/pair-sides.ts';
import { PairTable } from '../../src/tables/pair-table.ts';
import { TCP_FLAG } from '../../src/wire/decoded-batch.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../src/wire/numbers.ts';
import { BATCH_CAPACITY } from '../../src/wire/packet-batch.ts';
import type { KeyFields } from '../support/conversation-rows.ts';
import { ethernet, filler, type Ipv4Fields, ipv4, type TestPacket, tcp, udp } from '../support/packets.ts';
import { conservation, grouping, PairDriver, pairsOf } from '../support/pair-driver.ts';
import { PortStage } from '../support/port-stage.ts';

const A_TO_B: KeyFields = { from: '10.0.0.1', to: '10.0.0.2', fromPort: 5000, toPort: 80 };
const AB = '10.0.0.1:0 > 10.0.0.2:0 0 0';

/** Sent bytes a second in each window. */
function sentRates(driver: PairDriver, name = AB): number[] {
  return driver.sums(name).rates.map(([sent]) => sent);
}

function expectConserved(driver: PairDriver): void {
  const { rows, totals } = conservation(driver.pairs);
  expect(rows).toEqual(totals);
}

/** A decision of pair-sides.ts: the endpoint that is ours, place in SIDE_REASONS, firm or not. */
function decision(side: number, reason: number, isFirm = true): number {
  return (isFirm ? 16 : 0) | (reason << 1) | side;
}

describe('averages', () => {
  it('are unknown before the first second, and right from it on', () => {
    const driver = new PairDriver();
    expect(driver.pairs.knowsRates).toBe(false);
    expect(driver.pairs.totals()).toMatchObject({ rates: null, peak: null });
    for (let second = 1; second <= 60; second++) {
      driver.packet(A_TO_B, 1000);
      driver.packet(A_TO_B, 300, 1);
      driver.second();
      expect(sentRates(driver)).toEqual([1000, 1000, 1000]);
      expect(driver.pairs.totals().rates).toEqual([
        [1000, 300],
        [1000, 300],
        [1000, 300],
      ]);
      const slots = [2, 10, 40].map((slots) => Math.min(slots, second));
      expect(driver.sums(AB).windows).toEqual(slots.map((count) => [1000 * count, 300 * count]));
      expectConserved(driver);
    }
    expect(driver.pairs.totals().peak).toEqual([1000, 300, 1300]);
  });

  it('of a young pair are over its age, at least a second', () => {
    const driver = new PairDriver().seconds(100);
    for (let second = 1; second <= 45; second++) {
      driver.packet(A_TO_B, 500);
      driver.second();
      expect(sentRates(driver)).toEqual([500, 500, 500]);
    }
    const late = new PairDriver().seconds(50);
    late.packet(A_TO_B, 900, 0, late.now + 0.9);
    late.second();
    expect(sentRates(late)).toEqual([900, 900, 900]);
    late.second();
    expect(sentRates(late)[0]).toBeCloseTo(900 / 1.1);
    // All traffic is as old as the capture.
    expect(late.pairs.totals().rates?.map(([sent]) => sent)).toEqual([450, 90, 22.5]);
  });

  it('of a conversation that speaks again after a long silence are those of a young pair', () => {
    const driver = new PairDriver();
    driver.packet(A_TO_B, 100);
    driver.seconds(60);
    expect(driver.names()).toEqual([]);
    driver.packet(A_TO_B, 800);
    driver.second();
    expect(sentRates(driver)).toEqual([800, 800, 800]);
    expect(driver.sums(AB).counters).toEqual([
      [1, 0],
      [800, 0],
      [814, 0],
    ]);
    expectConserved(driver);
  });

  it('divide by what seconds really lasted, also one that was long', () => {
    const driver = new PairDriver();
    for (let second = 0; second < 20; second++) {
      driver.packet(A_TO_B, 875);
      driver.second(0.875);
    }
    expect(sentRates(driver)).toEqual([1000, 1000, 1000]);
    driver.packet(A_TO_B, 7000);
    driver.second(7);
    expect(sentRates(driver)).toEqual([1000, 1000, 1000]);
    expect(driver.pairs.totals().peak).toEqual([1000, 0, 1000]);
  });

  it('count a long silence as so many seconds', () => {
    const driver = new PairDriver().seconds(3);
    driver.packet(A_TO_B, 1200);
    driver.second();
    driver.second(9);
    expect(driver.sums(AB).windows.map(([sent]) => sent)).toEqual([0, 1200, 1200]);
    driver.second(30);
    expect(driver.sums(AB).windows.map(([sent]) => sent)).toEqual([0, 0, 1200]);
    driver.second(1);
    expect(driver.names()).toEqual([]);
    expectConserved(driver);
  });

  it('a silence of an hour ends what there was, and what comes then begins anew', () => {
    const driver = new PairDriver();
    driver.packet(A_TO_B, 1200);
    driver.second().second(3600);
    expect(driver.names()).toEqual([]);
    expect(driver.pairs.gone).toEqual({ pairs: 1, packets: 1, ipBytes: 1200, wireBytes: 1214 });
    expect(driver.pairs.totals().counts.flat()).toEqual([0, 0, 0, 0, 0, 0]);
    driver.packet(A_TO_B, 600);
    driver.second();
    expect(sentRates(driver)).toEqual([600, 600, 600]);
    expectConserved(driver);
  });

  it('stay when the clock is set', () => {
    const driver = new PairDriver();
    driver.packet(A_TO_B, 4000);
    driver.seconds(4);
    for (const by of [86_400, -200_000]) {
      const before = driver.sums(AB);
      const lastSeen = driver.pairs.lastSeen(driver.pair(AB));
      driver.now += by;
      driver.pairs.moveMoments(by, driver.now);
      const { firstSeen, ...after } = driver.sums(AB);
      expect(after).toEqual({
        windows: before.windows,
        rates: before.rates,
        counters: before.counters,
        conversations: 1,
      });
      expect(firstSeen).toBe(before.firstSeen + by);
      expect(driver.pairs.lastSeen(driver.pair(AB))).toBe(lastSeen + by);
    }
    driver.second();
    expect(sentRates(driver)).toEqual([0, 800, 800]);
  });

  it('count packets or bytes on the wire where asked to', () => {
    const packets = new PairDriver({ quantity: 'packets' });
    const wire = new PairDriver({ quantity: 'wireBytes' });
    for (const driver of [packets, wire]) {
      driver.packet(A_TO_B, 100);
      driver.packet(A_TO_B, 100);
      driver.packet(A_TO_B, 50, 1);
      driver.second();
    }
    expect(packets.sums(AB).windows[0]).toEqual([2, 1]);
    expect(wire.sums(AB).windows[0]).toEqual([228, 64]);
  });

  it('lose nothing where a second carries more than a slot can hold exactly', () => {
    const driver = new PairDriver();
    const bytes = 2 ** 24 * 37 + 1;
    for (let second = 0; second < 100; second++) {
      driver.packet(A_TO_B, bytes);
      driver.packet(A_TO_B, 2 ** 30 + 1, 1);
      driver.second();
      expectConserved(driver);
      // A slot of so much is a multiple of 64.
      expect(Math.abs(driver.sums(AB).windows[0][0] - Math.min(2, second + 1) * bytes)).toBeLessThanOrEqual(64);
    }
    driver.seconds(2);
    expect(driver.sums(AB).counters[1]).toEqual([100 * bytes, 100 * (2 ** 30 + 1)]);
    expect(driver.sums(AB).windows[0][0]).toBeLessThanOrEqual(64);
    driver.seconds(41);
    expect(driver.pairs.totals().counts.flat()).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe('a pair', () => {
  it('leaves after forty silent seconds, not before', () => {
    const driver = new PairDriver();
    driver.packet(A_TO_B, 100);
    driver.second().seconds(39);
    expect(driver.sums(AB).windows.map(([sent]) => sent)).toEqual([0, 0, 100]);
    expect(driver.pairs.gone.pairs).toBe(0);
    driver.second();
    expect(driver.names()).toEqual([]);
    expect(driver.pairs.gone).toEqual({ pairs: 1, packets: 1, ipBytes: 100, wireBytes: 114 });
    expect([driver.pairs.count, driver.pairs.flowCount, driver.pairs.highWater]).toEqual([0, 0, 0]);
    expectConserved(driver);
  });

  it('keeps what its conversations carried that left, and its age', () => {
    const driver = new PairDriver();
    for (let second = 0; second < 100; second++) {
      driver.packet({ ...A_TO_B, fromPort: 5000 + second }, 10);
      driver.second();
    }
    expect(driver.sums(AB)).toMatchObject({
      counters: [
        [100, 0],
        [1000, 0],
        [2400, 0],
      ],
      conversations: 40,
    });
    expect(driver.pairs.firstSeen(driver.pair(AB))).toBe(1000);
    expect(driver.pairs.lastSeen(driver.pair(AB))).toBe(1099);
    expect(driver.pairs.gone.pairs).toBe(0);
  });

  it('has an id that no other pair ever has', () => {
    const driver = new PairDriver();
    const seen = new Set<number>();
    for (let round = 0; round < 5; round++) {
      driver.packet(A_TO_B, 10);
      driver.second();
      const id = driver.pairs.idOf(driver.pair(AB));
      expect(seen.has(id)).toBe(false);
      seen.add(id);
      driver.packet({ ...A_TO_B, to: `10.0.1.${round}` }, 10);
      driver.second();
      expect(driver.pairs.pairOf(id)).toBe(driver.pair(AB));
      if (round === 3) {
        driver.end(A_TO_B);
        driver.pairs.reset();
      } else driver.seconds(45);
      expect(driver.pairs.pairOf(id)).toBe(-1);
    }
    driver.packet(A_TO_B, 10);
    driver.second();
    const id = driver.pairs.idOf(driver.pair(AB));
    driver.pairs.setGrouping(grouping({ ports: true }));
    driver.pairs.setGrouping(HOST_GROUPING);
    expect(driver.pairs.pairOf(id)).toBe(-1);
    expect(Number.isSafeInteger(id)).toBe(true);
  });

  it('on two interfaces is two', () => {
    const driver = new PairDriver();
    driver.packet(A_TO_B, 10);
    driver.packet({ ...A_TO_B, slot: 3 }, 20);
    driver.second();
    expect(driver.names()).toEqual([AB, '10.0.0.1:0 > 10.0.0.2:0 0 3']);
    driver.pairs.setGrouping(grouping({ hidden: true }));
    expect(driver.names()).toEqual(['*:0 > *:0 0 0', '*:0 > *:0 0 3']);
  });

  it('goes on when a row of the conversation table is freed and used by another conversation', () => {
    const driver = new PairDriver();
    const row = driver.packet(A_TO_B, 100);
    driver.second();
    driver.end(A_TO_B);
    const other = { ...A_TO_B, to: '10.0.0.9' };
    expect(driver.packet(other, 7)).toBe(row);
    driver.second();
    expect(driver.sums(AB).counters[1]).toEqual([100, 0]);
    expect(driver.sums('10.0.0.1:0 > 10.0.0.9:0 0 0').counters[1]).toEqual([7, 0]);
    // The first one comes back in another row.
    expect(driver.packet(A_TO_B, 50)).not.toBe(row);
    driver.second();
    expect(driver.sums(AB)).toMatchObject({
      counters: [
        [2, 0],
        [150, 0],
        [178, 0],
      ],
      conversations: 1,
    });
  });

  it('that fragments leave at once for another is none', () => {
    const driver = new PairDriver();
    const row = driver.packet({ ...A_TO_B, fromPort: 0, toPort: 0, to: '10.0.0.7' }, 100);
    driver.rows.handOut();
    driver.rows.carry(row, 0, -1, -100, driver.now);
    driver.packet(A_TO_B, 100);
    driver.second();
    expect(driver.names()).toEqual([AB]);
    expectConserved(driver);
  });

  it('that fragments leave later goes below zero in its windows, never in its rates', () => {
    const driver = new PairDriver();
    driver.pairs.setGrouping(grouping({ ports: true }));
    const row = driver.packet({ ...A_TO_B, fromPort: 0, toPort: 0 }, 100);
    driver.seconds(3);
    driver.rows.carry(row, 0, -1, -100, driver.now);
    driver.packet(A_TO_B, 100);
    driver.second();
    const empty = driver.sums('10.0.0.1:0 > 10.0.0.2:0 17 0');
    expect(empty.windows.map(([sent]) => sent)).toEqual([-100, 0, 0]);
    expect(empty.rates[0]).toEqual([0, 0]);
    expectConserved(driver);
  });
});

describe('grouping', () => {
  const busy = (): PairDriver => {
    const driver = new PairDriver();
    driver.packet({ from: '10.0.1.1', to: '192.0.2.1', fromPort: 4000, toPort: 53, protocol: 17 }, 1);
    driver.packet({ from: '10.0.1.1', to: '192.0.2.1', fromPort: 4000, toPort: 53, protocol: 6 }, 10);
    driver.packet({ from: '10.0.1.2', to: '192.0.2.1', fromPort: 4001, toPort: 80, protocol: 6 }, 100);
    driver.packet({ from: '2001:db8:0:1::1', to: '2001:db8:8000::2', fromPort: 4001, toPort: 80, protocol: 6 }, 1000);
    driver.packet({ from: '2001:db8:0:1::2', to: '2001:db8:ffff::2', fromPort: 4001, toPort: 80, protocol: 6 }, 10000);
    return driver.second();
  };

  const bytes = (driver: PairDriver): Record<string, number> =>
    Object.fromEntries([...driver.all()].map(([name, { windows }]) => [name, windows[2][0]]));

  it('by host', () => {
    expect(bytes(busy())).toEqual({
      '10.0.1.1:0 > 192.0.2.1:0 0 0': 11,
      '10.0.1.2:0 > 192.0.2.1:0 0 0': 100,
      '2001:db8:0:1::1:0 > 2001:db8:8000::2:0 0 0': 1000,
      '2001:db8:0:1::2:0 > 2001:db8:ffff::2:0 0 0': 10000,
    });
  });

  it('by ports of either side, protocols apart', () => {
    const driver = busy();
    driver.pairs.setGrouping(grouping({ hidden: true }, { ports: true }));
    expect(bytes(driver)).toEqual({
      '*:0 > 192.0.2.1:53 17 0': 1,
      '*:0 > 192.0.2.1:53 6 0': 10,
      '*:0 > 192.0.2.1:80 6 0': 100,
      '*:0 > 2001:db8:8000::2:80 6 0': 1000,
      '*:0 > 2001:db8:ffff::2:80 6 0': 10000,
    });
    driver.pairs.setGrouping(grouping({ hidden: true, ports: true }, { hidden: true }));
    expect(bytes(driver)).toEqual({ '*:4000 > *:0 17 0': 1, '*:4000 > *:0 6 0': 10, '*:4001 > *:0 6 0': 11100 });
  });

  it('by networks of any prefix', () => {
    const driver = busy();
    driver.pairs.setGrouping(grouping({ ipv4Prefix: 24, ipv6Prefix: 64 }, { ipv4Prefix: 0, ipv6Prefix: 33 }));
    expect(bytes(driver)).toEqual({
      '10.0.1.0:0 > 0.0.0.0:0 0 0': 111,
      '2001:db8:0:1:::0 > 2001:db8:8000:::0 0 0': 11000,
    });
    driver.pairs.setGrouping(grouping({ ipv4Prefix: 31, ipv6Prefix: 128 }, { hidden: true }));
    expect(bytes(driver)).toEqual({
      '10.0.1.0:0 > *:0 0 0': 11,
      '10.0.1.2:0 > *:0 0 0': 100,
      '2001:db8:0:1::1:0 > *:0 0 0': 1000,
      '2001:db8:0:1::2:0 > *:0 0 0': 10000,
    });
  });

  it('hides both sides', () => {
    const driver = busy();
    driver.pairs.setGrouping(grouping({ hidden: true }));
    expect(bytes(driver)).toEqual({ '*:0 > *:0 0 0': 11111 });
    expect(driver.sums('*:0 > *:0 0 0').conversations).toBe(5);
  });

  it('changed keeps the history, and what has left where it is coarser', () => {
    const driver = new PairDriver();
    driver.pairs.setGrouping(grouping({ ports: true }));
    for (let second = 0; second < 50; second++) {
      driver.packet({ ...A_TO_B, fromPort: 5000 + (second % 5) * (second < 5 ? 100 : 1) }, 10);
      driver.packet(A_TO_B, 1000);
      driver.second();
    }
    const before = driver.pairs.totals();
    driver.pairs.setGrouping(HOST_GROUPING);
    expect(driver.sums(AB).windows.map(([sent]) => sent)).toEqual([2020, 10100, 40400]);
    expect(driver.pairs.totals()).toEqual(before);
    expectConserved(driver);
    const gone = driver.pairs.gone.ipBytes;
    // Of pairs that are over it is gone; of those that go on it comes along.
    expect(gone).toBe(40);
    expect(driver.sums(AB).counters[1][0] + gone).toBe(50 * 1010);
    driver.seconds(1);
    expect(driver.pairs.totals().peak).toEqual(before.peak);
  });

  it('changed to a finer one leaves to nobody what has left', () => {
    const driver = new PairDriver();
    for (let second = 0; second < 45; second++) {
      driver.packet({ ...A_TO_B, fromPort: 5000 + second }, 10);
      driver.second();
    }
    expect(driver.sums(AB).counters[1][0]).toBe(450);
    driver.pairs.setGrouping(grouping({ ports: true }));
    expect(driver.pairs.gone).toEqual({ pairs: 0, packets: 5, ipBytes: 50, wireBytes: 120 });
    expectConserved(driver);
  });

  it('in the middle of a second leaves what came since its beginning to its end', () => {
    const driver = busy();
    driver.packet(A_TO_B, 5);
    driver.rows.handOut();
    driver.pairs.setGrouping(grouping({ hidden: true }));
    for (const [conversations, bytes] of [
      [5, 11111],
      [6, 11116],
    ]) {
      const { windows, counters, ...all } = driver.sums('*:0 > *:0 0 0');
      expect(windows).toEqual(Array(3).fill([bytes, 0]));
      expect(counters[1]).toEqual([bytes, 0]);
      expect(all.conversations).toBe(conversations);
      expectConserved(driver);
      driver.second();
    }
  });
});

describe('sides', () => {
  it('that change take the history along, and pairs that stay keep their ids', () => {
    const driver = new PairDriver();
    const other = { from: '10.0.0.3', to: '10.0.0.4' };
    for (let second = 0; second < 5; second++) {
      driver.packet(A_TO_B, 100);
      driver.packet(A_TO_B, 30, 1);
      driver.packet(other, 5);
      driver.second();
    }
    const id = driver.pairs.idOf(driver.pair('10.0.0.3:0 > 10.0.0.4:0 0 0'));
    driver.pairs.setSides((words, at) => (words[at + 3] === 0x0a000001 ? decision(1, 1) : decision(0, 4)));
    const flipped = driver.sums('10.0.0.2:0 > 10.0.0.1:0 0 0');
    expect(flipped.windows).toEqual([
      [60, 200],
      [150, 500],
      [150, 500],
    ]);
    expect(flipped.counters[1]).toEqual([150, 500]);
    expect(driver.pairs.reason(driver.pair('10.0.0.2:0 > 10.0.0.1:0 0 0'))).toBe('address');
    expect(driver.pairs.pairOf(id)).toBe(driver.pair('10.0.0.3:0 > 10.0.0.4:0 0 0'));
    expect(driver.pairs.totals().counts[2]).toEqual([175, 500]);
    expect(driver.pairs.totals().peak).toEqual([35, 100, 135]);
    expect(driver.pairs.gone.pairs).toBe(0);
    expectConserved(driver);
    driver.seconds(45);
    expect(driver.pairs.totals().counts.flat()).toEqual([0, 0, 0, 0, 0, 0]);
    expect(driver.pairs.gone).toMatchObject({ pairs: 2, ipBytes: 675 });
  });

  it('leave conversations out, and take them in again with what they carried', () => {
    const driver = new PairDriver();
    driver.packet(A_TO_B, 100);
    driver.packet({ from: 'fe80::1', to: 'fe80::2' }, 40);
    driver.pairs.setSides((words, at) => (words[at] >>> 16 === 0xfe80 ? LEFT_OUT : decision(0, 4)));
    driver.second();
    expect(driver.names()).toEqual([AB]);
    expect(driver.pairs.leftOut).toEqual({ packets: 1, ipBytes: 40, wireBytes: 54 });
    expect(driver.pairs.totals().ipBytes).toEqual([100, 0]);
    expectConserved(driver);
    driver.pairs.setSides(() => decision(1, 4));
    expect(driver.pairs.leftOut.packets).toBe(0);
    expect(driver.sums('fe80::2:0 > fe80::1:0 0 0').windows[2]).toEqual([0, 40]);
    driver.pairs.setSides(() => LEFT_OUT);
    expect(driver.names()).toEqual([]);
    expect(driver.pairs.totals().counts.flat()).toEqual([0, 0, 0, 0, 0, 0]);
    driver.seconds(45);
    expect(driver.pairs.leftOut).toEqual({ packets: 2, ipBytes: 140, wireBytes: 168 });
    expect(driver.pairs.flowCount).toBe(0);
    expectConserved(driver);
  });

  it('that change within a second in which a hardware address became known are decided once more, no more', () => {
    const driver = new PairDriver({ mostFlows: 2 });
    const flows: KeyFields[] = [A_TO_B, { ...A_TO_B, to: '10.0.0.3' }];
    const decide = (): number => decision(0, 4, false);
    driver.pairs.setSides(decide);
    for (const fields of flows) driver.packet(fields, 100);
    driver.second();
    for (let macs = 1; macs < 4; macs++) {
      for (const fields of flows) driver.rows.setMacs(driver.packet(fields, 100), macs, 0);
      driver.rows.handOut();
      driver.pairs.setSides(decide);
    }
    driver.second();
    expect(driver.pairs.totals().ipBytes).toEqual([800, 0]);
    expect(driver.pairs.leftOut).toEqual({ packets: 0, ipBytes: 0, wireBytes: 0 });
    expectConserved(driver);
  });

  it('are decided again when a hardware address becomes known, unless that was firm', () => {
    const driver = new PairDriver();
    const asked: string[] = [];
    driver.pairs.setSides((words, at, macs) => {
      asked.push(`${words[at + 7] & 0xff} ${macs.toString(16)}`);
      if (words[at + 7] === 0x0a000009) return decision(0, 1);
      return macs >>> 16 === 7 ? decision(1, 2) : decision(0, 4, false);
    });
    const row = driver.packet(A_TO_B, 10);
    const firm = driver.packet({ ...A_TO_B, to: '10.0.0.9' }, 10);
    // The table learns the address after it handed out.
    driver.rows.handOut();
    driver.rows.setMacs(row, 3, 0);
    driver.second();
    expect(asked).toEqual(['2 3', '9 0']);
    driver.packet(A_TO_B, 10, 1);
    driver.rows.setMacs(row, 3, 7);
    driver.packet({ ...A_TO_B, to: '10.0.0.9' }, 10);
    driver.rows.setMacs(firm, 3, 7);
    driver.second();
    expect(asked).toEqual(['2 3', '9 0', '2 70003']);
    expect(driver.names()).toEqual(['10.0.0.1:0 > 10.0.0.9:0 0 0', '10.0.0.2:0 > 10.0.0.1:0 0 0']);
    expect(driver.sums('10.0.0.2:0 > 10.0.0.1:0 0 0').windows[0]).toEqual([10, 10]);
    expect(driver.pairs.gone.pairs).toBe(0);
    expectConserved(driver);
  });
});

describe('bounds', () => {
  it('what finds no room counts together, in totals and their windows, until there is room', () => {
    const driver = new PairDriver({ mostFlows: 3 });
    driver.pairs.setSides((words, at) => (words[at + 7] === 0x0a00000a ? LEFT_OUT : decision(1, 4)));
    for (let host = 2; host <= 10; host++)
      driver.packet({ from: '10.0.0.1', to: `10.0.0.${host}` }, 100 + host, host % 2);
    driver.second();
    expect(driver.names()).toHaveLength(3);
    expect(driver.pairs.more).toEqual({ packets: 5, ipBytes: 535, wireBytes: 605 });
    expect(driver.pairs.moreCounts(0)).toEqual([321, 214]);
    expect(driver.pairs.leftOut).toMatchObject({ packets: 1, ipBytes: 110 });
    expect(driver.pairs.totals().counts[0]).toEqual([424, 420]);
    expect(driver.pairs.totals().peak?.[2]).toBe(844);
    expectConserved(driver);
    driver.seconds(45);
    driver.packet({ from: '10.0.0.1', to: '10.0.0.9' }, 50);
    driver.second();
    expect(driver.sums('10.0.0.9:0 > 10.0.0.1:0 0 0').counters[1]).toEqual([0, 50]);
    expect(driver.pairs.more.ipBytes).toBe(535);
    expectConserved(driver);
  });

  it('pairs that all change sides find room in a full table', () => {
    const driver = new PairDriver({ mostFlows: 8 });
    for (let host = 1; host <= 8; host++) driver.packet({ from: '10.0.0.1', to: `10.0.1.${host}` }, 10 * host);
    driver.second();
    for (const side of [1, 0, 1]) {
      driver.pairs.setSides(() => decision(side, 4));
      const ours = driver.names().filter((name) => name.startsWith('10.0.0.1:'));
      expect([driver.pairs.count, ours.length]).toEqual([8, side === 0 ? 8 : 0]);
      expect(driver.pairs.totals().counts[2][side]).toBe(360);
      expectConserved(driver);
      driver.second();
    }
  });

  it('a flood leaves no long table behind', () => {
    const driver = new PairDriver();
    for (let host = 1; host < 3000; host++)
      driver.packet({ from: '10.0.0.1', to: `10.1.${host >> 8}.${host & 255}` }, 40);
    driver.seconds(20);
    driver.packet(A_TO_B, 1);
    driver.seconds(25);
    driver.packet(A_TO_B, 1);
    driver.packet({ ...A_TO_B, to: '10.0.0.3' }, 1);
    driver.seconds(20);
    expect(driver.pairs.gone).toMatchObject({ pairs: 2999, packets: 2999 });
    expect(driver.pairs.highWater).toBeLessThanOrEqual(3001);
    driver.seconds(30);
    expect(driver.pairs.highWater).toBe(0);
    expectConserved(driver);
  });

  it('what is not IP is counted apart', () => {
    const driver = new PairDriver();
    const row = driver.packet(A_TO_B, 60);
    driver.rows.table.u32[row * 32 + 9] = 0;
    driver.second(5);
    expect(driver.pairs.nonIp).toEqual({ packets: 1, ipBytes: 60, wireBytes: 74 });
    expect(driver.pairs.totals()).toMatchObject({ packets: [0, 0], ipBytes: [0, 0] });
  });
});

/** Packets through the real conversation table, whose rows pairs take. */
class PairStage {
  readonly #stage = new PortStage(BATCH_CAPACITY * 4);
  readonly pairs = new PairTable(this.#stage.table, { quantity: 'ipBytes', mostFlows: 8192 });
  #now = 1;

  constructor() {
    this.#stage.table.onOverflow = (changed) => this.pairs.add(changed);
  }

  get evicted(): number {
    return this.#stage.table.evicted.conversations;
  }

  second(packets: TestPacket[]): this {
    this.#stage.pass(packets);
    this.#stage.table.handOut();
    this.pairs.closeSecond(1, ++this.#now);
    return this;
  }
}

describe('under the conversation table', () => {
  const packet = (fields: Partial<Ipv4Fields>, payload: Uint8Array): TestPacket => ({
    bytes: ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.udp, ...fields }, payload)),
    seconds: 1,
  });

  it('fragments that come before the first are of its pair of ports in the end', () => {
    const stage = new PairStage();
    stage.pairs.setGrouping(grouping({ ports: true }));
    const datagram = udp(5000, 53, filler(96));
    const first = packet({ identification: 7, moreFragments: true }, datagram.subarray(0, 80));
    const last = packet({ identification: 7, fragmentOffset: 80 }, datagram.subarray(80));
    stage.second([last, first]);
    expect([...pairsOf(stage.pairs).values()].map(({ counters }) => counters.map(([a, b]) => a + b))).toEqual([
      [2, 2 * 20 + datagram.length, 2 * 34 + datagram.length],
    ]);
    const late = new PairStage();
    late.pairs.setGrouping(grouping({ ports: true }));
    late.second([last]).second([first]);
    const { rows, totals } = conservation(late.pairs);
    expect(rows).toEqual(totals);
    expect(totals.slice(0, 2)).toEqual([2, 2 * 20 + datagram.length]);
  });

  it('connections that begin anew are one conversation, and rows that are evicted lose nothing', () => {
    const stage = new PairStage();
    const connect = (flags: number): TestPacket =>
      packet({ protocol: IP_PROTOCOL.tcp }, tcp({ sourcePort: 40_000, destinationPort: 80, flags }));
    const { syn, rst } = TCP_FLAG;
    stage.second([connect(syn), connect(rst), connect(syn), connect(rst), connect(syn)]);
    expect([...pairsOf(stage.pairs).values()]).toMatchObject([{ conversations: 1 }]);
    let bytes = 5 * 40;
    for (let second = 0; second < 5; second++) {
      const hosts = Array.from({ length: 900 }, (_, k) => `10.${second + 1}.${k >> 8}.${k & 255}`);
      stage.second(hosts.map((source) => packet({ source }, udp(40_000, 53))));
      bytes += 900 * 28;
    }
    expect(stage.evicted).toBeGreaterThan(1000);
    const { rows, totals } = conservation(stage.pairs);
    expect(rows).toEqual(totals);
    expect(totals.slice(0, 2)).toEqual([5 + 4500, bytes]);
    expect(stage.pairs.count).toBe(4501);
  });
});

describe('peaks', () => {
  it('are the highest 2 s average of each direction and of both, for forty seconds', () => {
    const driver = new PairDriver();
    const carried = [0, 500, 100, 100, 900, 0, 0];
    for (const [second, bytes] of carried.entries()) {
      driver.packet(A_TO_B, 10 + bytes);
      driver.packet(A_TO_B, 1000 - bytes, 1);
      driver.packet({ ...A_TO_B, to: '10.0.0.3' }, second === 3 ? 400 : 4);
      driver.second();
    }
    const pairs = [driver.pair('10.0.0.1:0 > 10.0.0.3:0 0 0'), driver.pair(AB)];
    expect([...driver.pairs.peaks(pairs)]).toEqual([202, 0, 202, 510, 1000, 1010]);
    driver.seconds(33);
    expect(driver.pairs.peaks([driver.pair(AB)])[1]).toBe(1000);
    driver.seconds(3);
    expect(driver.pairs.peaks([driver.pair(AB)])[0]).toBe(510);
    driver.seconds(2);
    expect(driver.pairs.peaks([driver.pair(AB)])[0]).toBeLessThan(510);
    expect(driver.pairs.peaks([])).toHaveLength(0);
  });
});
