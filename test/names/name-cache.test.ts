import { describe, expect, it } from 'vitest';
import { NameCache, type NameCacheOptions } from '../../src/names/name-cache.ts';
import { meant } from '../support/meant.ts';

interface Query {
  address: string;
  answer(names: string[]): void;
  fail(): void;
}

/** A cache whose queries are answered by hand and whose clock stands still. */
function createCache(options: NameCacheOptions = {}) {
  const queries: Query[] = [];
  const clock = { seconds: 100 };
  const resolve = (address: string): Promise<string[]> =>
    new Promise((answer, reject) => queries.push({ address, answer, fail: () => reject(new Error('ENOTFOUND')) }));
  return { cache: new NameCache({ resolve, now: () => clock.seconds, ...options }), queries, clock };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('NameCache', () => {
  it('answers null at once and the name once it is known', async () => {
    const { cache, queries } = createCache();
    expect(cache.lookup('10.0.0.1')).toBeNull();
    expect(cache.lookup('10.0.0.1')).toBeNull();
    expect(queries.map(({ address }) => address)).toEqual(['10.0.0.1']);
    const before = cache.version;
    queries[0].answer(['alice.example.']);
    await settle();
    expect(cache.lookup('10.0.0.1')).toBe('alice.example');
    expect(cache.version).toBeGreaterThan(before);
    expect(queries).toHaveLength(1);
  });

  it('asks at most eight questions at once, and the others later', async () => {
    const { cache, queries } = createCache();
    for (let i = 0; i < 20; i++) cache.lookup(`10.0.0.${i}`);
    expect(queries).toHaveLength(8);
    expect(cache.pending).toBe(20);
    queries[0].answer(['a.example']);
    queries[1].fail();
    await settle();
    expect(queries).toHaveLength(10);
  });

  it('remembers that an address has no name, for a shorter time than a name', async () => {
    const { cache, queries, clock } = createCache({ timeToLive: 3600, negativeTimeToLive: 300 });
    cache.lookup('10.0.0.1');
    cache.lookup('10.0.0.2');
    queries[0].fail();
    queries[1].answer(['b.example']);
    await settle();
    clock.seconds += 299;
    expect(cache.lookup('10.0.0.1')).toBeNull();
    expect(queries).toHaveLength(2);
    clock.seconds += 1;
    cache.lookup('10.0.0.1');
    cache.lookup('10.0.0.2');
    expect(queries.map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.1']);
  });

  it('keeps showing a stale name while it asks again', async () => {
    const { cache, queries, clock } = createCache({ timeToLive: 10 });
    cache.lookup('10.0.0.1');
    queries[0].answer(['old.example']);
    await settle();
    clock.seconds += 11;
    expect(cache.lookup('10.0.0.1')).toBe('old.example');
    queries[1].answer(['new.example']);
    await settle();
    expect(cache.lookup('10.0.0.1')).toBe('new.example');
  });

  it('forgets the address that nobody asked for longest when it is full', async () => {
    const { cache, queries } = createCache({ capacity: 2 });
    cache.lookup('10.0.0.1');
    cache.lookup('10.0.0.2');
    for (const query of queries) query.answer([`${query.address.replaceAll('.', '-')}.example`]);
    await settle();
    cache.lookup('10.0.0.1');
    cache.lookup('10.0.0.3');
    expect(cache.size).toBe(2);
    expect(cache.peek('10.0.0.1')).toBe('10-0-0-1.example');
    expect(cache.peek('10.0.0.2')).toBeNull();
  });

  it('bounds what waits and asks for the rest when it is looked up again', async () => {
    const { cache, queries } = createCache({ concurrency: 1, waitingLimit: 2 });
    for (let i = 0; i < 9; i++) cache.lookup(`10.0.0.${i}`);
    expect(cache.pending).toBe(3);
    for (let i = 0; i < 3; i++) {
      queries[i].fail();
      await settle();
    }
    expect(cache.pending).toBe(0);
    cache.lookup('10.0.0.8');
    expect(queries.at(-1)?.address).toBe('10.0.0.8');
  });

  it('cleans hostile names', async () => {
    const { cache, queries } = createCache();
    cache.lookup('10.0.0.1');
    queries[0].answer(['\u001b[2Jevil.example']);
    await settle();
    expect(cache.lookup('10.0.0.1')).toBe('??2Jevil.example');
  });

  it('never asks for MAC addresses and addresses of nobody', () => {
    const { cache, queries } = createCache();
    for (const address of ['02:11:22:33:44:55', '0.0.0.0', '::', '255.255.255.255', 'x']) cache.lookup(address);
    expect(queries).toEqual([]);
    expect(cache.size).toBe(0);
  });

  it('finds addresses by a part of their known name', async () => {
    const { cache, queries } = createCache();
    cache.lookup('10.0.0.1');
    cache.lookup('10.0.0.2');
    queries[0].answer(['Alice.example']);
    queries[1].answer(['bob.example']);
    await settle();
    expect(cache.addressesMatching(meant('ali'), 10)).toEqual(['10.0.0.1']);
    expect(cache.addressesMatching(meant('example'), 1)).toHaveLength(1);
  });

  it('asks nothing after it was closed', () => {
    const { cache, queries } = createCache();
    cache.close();
    expect(cache.lookup('10.0.0.1')).toBeNull();
    expect(queries).toEqual([]);
  });

  it('finds the name of 127.0.0.1 in /etc/hosts by itself', async () => {
    const cache = new NameCache();
    cache.lookup('127.0.0.1');
    for (let i = 0; i < 100 && cache.pending > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    const name = cache.lookup('127.0.0.1');
    cache.close();
    expect(name).toMatch(/^[a-z0-9.-]+$/i);
  });
});
