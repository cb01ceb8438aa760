import { expect, it } from 'vitest';
import { HostSums } from '../../src/alerts/host-sums.ts';
import { addressText, parseAddress } from '../../src/wire/address.ts';
import { Random } from '../fuzz/random.ts';

function pair(a: string, b: string): Uint32Array {
  return Uint32Array.of(...(parseAddress(a) ?? []), ...(parseAddress(b) ?? []));
}

it('equals an independent sum over random traffic', () => {
  const random = new Random(11);
  const sums = new HostSums();
  for (let window = 0; window < 5; window++) {
    const expected = new Map<string, { tx: number; rx: number; both: number }>();
    const note = (host: string, tx: number, rx: number, both: number): void => {
      const sum = expected.get(host) ?? { tx: 0, rx: 0, both: 0 };
      expected.set(host, { tx: sum.tx + tx, rx: sum.rx + rx, both: sum.both + both });
    };
    const address = (): string => {
      if (random.oneIn(3)) return addressText(Uint32Array.of(0x20010db8, 0, 0, random.below(900)), 0);
      return addressText(Uint32Array.of(0, 0, 0xffff, 0x0a000000 + random.below(3000)), 0);
    };
    for (let k = 0; k < 6000; k++) {
      const [a, b, sentByA, sentByB] = [address(), address(), random.below(1500), random.below(9000)];
      sums.addConversation(pair(a, b), 0, 1, sentByA, sentByB);
      if (a === b) note(a, sentByA + sentByB, sentByA + sentByB, sentByA + sentByB);
      else {
        note(a, sentByA, sentByB, sentByA + sentByB);
        note(b, sentByB, sentByA, sentByA + sentByB);
      }
    }
    expect(sums.count).toBe(expected.size);
    for (const direction of ['tx', 'rx', 'both'] as const) {
      const limit = 20_000;
      const above = [...expected]
        .map(([host, sum]) => [host, sum[direction]] as const)
        .filter(([, sum]) => sum > limit);
      expect(above.length).toBeGreaterThan(10);
      expect(sums.above(limit, direction, null)).toEqual(new Map(above));
    }
    sums.clear();
    expect(sums.above(0, 'both', null).size).toBe(0);
  }
});

it('takes the interface where a host carries most: a packet may pass several', () => {
  const sums = new HostSums();
  const words = pair('10.0.0.1', '10.0.0.2');
  for (const slot of [0, 1]) sums.addConversation(words, 0, slot, 1000, 0);
  sums.addConversation(words, 0, 1, 50, 0);
  expect(sums.above(0, 'tx', null)).toEqual(new Map([['10.0.0.1', 1050]]));
  expect(sums.above(0, 'both', '10.0.0.2')).toEqual(new Map([['10.0.0.2', 1050]]));
});

it('is bounded, and counts what had no room', () => {
  const sums = new HostSums(16);
  for (let k = 0; k < 40; k += 2) sums.addConversation(pair(`10.0.0.${k}`, `10.0.0.${k + 1}`), 0, 0, 10, 10);
  expect(sums.count).toBe(16);
  expect(sums.refused).toBe(24);
  expect(sums.above(0, 'both', null).size).toBe(16);
  sums.clear();
  expect(sums.refused).toBe(0);
});
