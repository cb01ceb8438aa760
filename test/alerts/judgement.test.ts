// Synthetic time: one window a second, what is above is given.
import { describe, expect, it } from 'vitest';
import type { AlertChange, AlertFact } from '../../src/alerts/alert.ts';
import { GrowingCount, Judgement, MOST_ACTIVE, MOST_FOLLOWED, SETTLE_SECONDS } from '../../src/alerts/judgement.ts';
import { parseAlert } from '../../src/alerts/parse.ts';
import { SlidingCount } from '../../src/alerts/sliding-count.ts';
import { Random } from '../fuzz/random.ts';

/** Windows of a second from time 0; the value of subject "a" in each, null: not above. */
function told(text: string, values: readonly (number | null)[]): AlertFact[] {
  const judgement = new Judgement(parseAlert(text));
  return values.flatMap((value, k) => judgement.judge(k + 1, 1, new Map(value === null ? [] : [['a', value]])));
}

const times = (facts: readonly AlertFact[]): string[] => facts.map(({ state, time }) => `${state} ${time}`);
const repeat = <T>(value: T, count: number): T[] => new Array<T>(count).fill(value);

it('begins at once without "for", and ends when it was not above for the time that settles it', () => {
  const facts = told('host>10B/s', [20, 30, ...repeat(null, SETTLE_SECONDS + 2)]);
  expect(times(facts)).toEqual(['started 1', `ended ${2 + SETTLE_SECONDS}`]);
  expect(facts[0]).toMatchObject({
    alert: 'host>10B/s',
    subject: 'a',
    value: 20,
    limit: 10,
    since: 1,
    unit: 'bytesPerSecond',
  });
  expect(facts[1]).toMatchObject({ since: 1, value: 30 });
});

it('begins when it held for as long as "for" says, without a break', () => {
  expect(times(told('host>10B/s for 3s', [20, 20, 20]))).toEqual(['started 3']);
  expect(told('host>10B/s for 3s', [20, 20, null, 20, 20, null])).toEqual([]);
});

it('ends after as long as it had to hold', () => {
  const facts = told('host>10B/s for 8s', [...repeat(20, 8), ...repeat(null, 9)]);
  expect(times(facts)).toEqual(['started 8', 'ended 16']);
});

it('is one alert while the value swings about the limit', () => {
  const swinging = repeat([20, null], 50).flat();
  expect(times(told('host>10B/s', swinging))).toEqual(['started 1']);
});

it('begins anew after its end', () => {
  const quiet = repeat(null, SETTLE_SECONDS);
  expect(times(told('host>10B/s', [20, ...quiet, 20, ...quiet]))).toEqual([
    'started 1',
    'ended 6',
    'started 7',
    'ended 12',
  ]);
});

it('ends within a long window when it was over then', () => {
  const judgement = new Judgement(parseAlert('host>10B/s'));
  judgement.judge(1, 1, new Map([['a', 20]]));
  expect(times(judgement.judge(1001, 1000, new Map()))).toEqual([`ended ${1 + SETTLE_SECONDS}`]);
});

it('is content with windows that a timer makes a little short', () => {
  const judgement = new Judgement(parseAlert('host>10B/s for 3s'));
  const facts = [0.95, 1.94, 2.9].flatMap((time, k) =>
    judgement.judge(time, k === 0 ? 0.95 : 0.98, new Map([['a', 20]])),
  );
  expect(times(facts)).toEqual(['started 2.9']);
});

it('judges each subject for itself', () => {
  const judgement = new Judgement(parseAlert('host>10B/s for 2s'));
  judgement.judge(1, 1, new Map([['a', 20]]));
  judgement.judge(
    2,
    1,
    new Map([
      ['a', 20],
      ['b', 20],
    ]),
  );
  const third = judgement.judge(3, 1, new Map([['b', 20]])) as AlertChange[];
  expect(third.map(({ subject, state }) => [subject, state])).toEqual([['b', 'started']]);
  expect(judgement.active).toBe(2);
  const ends = judgement.endAll(9);
  expect(ends.map(({ subject, time, cut }) => [subject, time, cut])).toEqual([
    ['a', 9, 'capture-ended'],
    ['b', 9, 'capture-ended'],
  ]);
  expect(judgement.active).toBe(0);
});

describe('many subjects', () => {
  const hosts = (count: number): Map<string, number> =>
    new Map(Array.from({ length: count }, (_, k) => [`host ${k}`, 20] as const));

  it('tells of so many at a time, and how many more there are', () => {
    const judgement = new Judgement(parseAlert('host>10B/s'));
    const first = judgement.judge(1, 1, hosts(MOST_ACTIVE + 7));
    expect(first.filter(({ state }) => state === 'started')).toHaveLength(MOST_ACTIVE);
    expect(first.filter(({ state }) => state === 'notice')).toMatchObject([{ text: expect.stringMatching(/^7 more/) }]);
    // Said once, until there are twice as many.
    expect(judgement.judge(2, 1, hosts(MOST_ACTIVE + 13))).toEqual([]);
    expect(judgement.judge(3, 1, hosts(MOST_ACTIVE + 14))).toMatchObject([{ state: 'notice' }]);
  });

  it('tells of the largest first', () => {
    const judgement = new Judgement(parseAlert('host>10B/s'));
    const facts = judgement.judge(1, 1, hosts(MOST_ACTIVE).set('last', 21)) as AlertChange[];
    expect(facts[0].subject).toBe('last');
    expect(facts.filter(({ state }) => state === 'started')).toHaveLength(MOST_ACTIVE);
  });

  it('takes one that waits when there is room again', () => {
    const judgement = new Judgement(parseAlert('host>10B/s'));
    judgement.judge(1, 1, hosts(MOST_ACTIVE + 1));
    const rest = hosts(MOST_ACTIVE + 1);
    rest.delete('host 0');
    let facts: AlertFact[] = [];
    for (let time = 2; time <= 1 + SETTLE_SECONDS; time++) facts = judgement.judge(time, 1, rest);
    expect(facts).toMatchObject([
      { state: 'ended', subject: 'host 0' },
      { state: 'started', subject: `host ${MOST_ACTIVE}` },
    ]);
  });

  it('follows a bounded number', () => {
    const judgement = new Judgement(parseAlert('host>10B/s for 5s'));
    const facts = judgement.judge(1, 1, hosts(MOST_FOLLOWED + 3));
    expect(facts).toMatchObject([{ state: 'notice', text: expect.stringMatching(/^3 are above the limit beside/) }]);
  });
});

it('never starts twice or ends what did not start, whatever comes', () => {
  const random = new Random(7);
  for (let round = 0; round < 200; round++) {
    const judgement = new Judgement(parseAlert(`host>10B/s for ${1 + random.below(4)}s`));
    const active = new Set<string>();
    let time = 0;
    for (let step = 0; step < 60; step++) {
      const seconds = random.oneIn(10) ? random.below(20) + 1 : 1;
      time += seconds;
      const above = new Map<string, number>();
      for (const subject of 'abc') if (!random.oneIn(3)) above.set(subject, 11 + random.below(5));
      for (const fact of judgement.judge(time, seconds, above) as AlertChange[]) {
        expect(active.has(fact.subject)).toBe(fact.state === 'ended');
        if (fact.state === 'started') active.add(fact.subject);
        else active.delete(fact.subject);
        expect(fact.time).toBeLessThanOrEqual(time);
        expect(fact.value).toBeGreaterThan(10);
      }
      expect(judgement.active).toBe(active.size);
    }
  }
});

describe('a count within a time', () => {
  it('is what the counter grew by', () => {
    const random = new Random(3);
    const sliding = new SlidingCount(60, 0);
    const grown: number[] = [];
    let total = 0;
    for (let second = 1; second <= 500; second++) {
      grown.push(random.below(100));
      total += grown[grown.length - 1];
      const expected = grown.slice(-60).reduce((sum, count) => sum + count, 0);
      expect(sliding.add(second, total)).toBe(expected);
    }
  });

  it('reaches no further back than it should where few samples are kept, and hardly less', () => {
    const day = 86_400;
    const sliding = new SlidingCount(day, 0);
    for (let second = 1; second <= 2 * day; second += 1) {
      const count = sliding.add(second, second);
      if (second % 999 !== 0) continue;
      expect(count).toBeLessThanOrEqual(Math.min(second, day));
      expect(count).toBeGreaterThan(Math.min(second, day) - day / 3600 - 2);
    }
  });

  it('is nothing after a silence that is longer', () => {
    const sliding = new SlidingCount(10, 0);
    expect(sliding.add(1, 500)).toBe(500);
    expect(sliding.add(100, 500)).toBe(0);
    expect(sliding.add(101, 505)).toBe(5);
  });
});

it('tells of a growing number when it has doubled', () => {
  const count = new GrowingCount();
  expect([0, 1, 1, 2, 3, 4, 0, 1].map((value) => count.hasGrown(value))).toEqual([
    false,
    true,
    false,
    true,
    false,
    true,
    false,
    true,
  ]);
});
