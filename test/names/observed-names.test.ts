import { describe, expect, it } from 'vitest';
import { AddressNames } from '../../src/names/address-names.ts';
import { NameCache } from '../../src/names/name-cache.ts';
import { type Observation, ObservedNames } from '../../src/names/observed-names.ts';
import { meant } from '../support/meant.ts';

function seen(address: string, name: string, by: Observation['by'] = 'dns'): Observation {
  return { address, name, by };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('names from the wire', () => {
  it('are cleaned, and tell how they are known', () => {
    const names = new ObservedNames();
    names.learn([
      seen('192.0.2.1', 'www.example.'),
      seen('192.0.2.2', '\u001b]0;x\u0007', 'tls'),
      seen('192.0.2.3', '.'),
    ]);
    expect(names.lookup('192.0.2.1')).toEqual({ name: 'www.example', origin: 'observed-dns' });
    expect(names.lookup('192.0.2.2')).toEqual({ name: '??0?x?', origin: 'observed-tls' });
    expect(names.lookup('192.0.2.3')).toBeNull();
  });

  it('are the newest of an address, but a handshake says more than an answer of DNS', () => {
    const names = new ObservedNames();
    const now = (observation: Observation): string | undefined => {
      names.learn([observation]);
      return names.lookup('192.0.2.1')?.name;
    };
    expect(now(seen('192.0.2.1', 'a.example'))).toBe('a.example');
    expect(now(seen('192.0.2.1', 'b.example'))).toBe('b.example');
    expect(now(seen('192.0.2.1', 'c.example', 'quic'))).toBe('c.example');
    expect(now(seen('192.0.2.1', 'd.example'))).toBe('c.example');
    expect(now(seen('192.0.2.1', 'e.example', 'tls'))).toBe('e.example');
  });

  it('are bounded: what was neither seen nor shown for the longest time goes first', () => {
    const names = new ObservedNames(3);
    names.learn([seen('192.0.2.1', 'a'), seen('192.0.2.2', 'b'), seen('192.0.2.3', 'c')]);
    names.lookup('192.0.2.1');
    names.learn([seen('192.0.2.2', 'b'), seen('192.0.2.4', 'd')]);
    const known = [1, 2, 3, 4].map((host) => names.peek(`192.0.2.${host}`)?.name ?? null);
    expect(known).toEqual(['a', 'b', null, 'd']);
    expect(names.size).toBe(3);
  });

  it('say once when there are new ones', () => {
    const names = new ObservedNames();
    let learned = 0;
    names.onLearned = () => learned++;
    names.learn([seen('192.0.2.1', 'a'), seen('192.0.2.2', 'b')]);
    names.learn([seen('192.0.2.1', 'a')]);
    names.learn([]);
    expect(learned).toBe(1);
    names.learn([seen('192.0.2.1', 'a', 'tls')]);
    expect(learned).toBe(2);
  });
});

describe('names of addresses', () => {
  function both(): { names: AddressNames; observed: ObservedNames; asked: string[] } {
    const asked: string[] = [];
    const resolve = async (address: string): Promise<string[]> => {
      asked.push(address);
      return [`reverse-${address.at(-1)}.example`];
    };
    const observed = new ObservedNames();
    return { names: new AddressNames(observed, new NameCache({ resolve })), observed, asked };
  }

  it('come from the wire first, and only what was not seen there is looked up', async () => {
    const { names, observed, asked } = both();
    observed.learn([seen('192.0.2.1', 'seen.example', 'tls')]);
    expect([names.lookup('192.0.2.1'), names.lookup('192.0.2.2')]).toEqual(['seen.example', null]);
    await settle();
    expect(names.known('192.0.2.1')).toEqual({ name: 'seen.example', origin: 'observed-tls' });
    expect(names.known('192.0.2.2')).toEqual({ name: 'reverse-2.example', origin: 'reverse-dns' });
    expect(names.peek('192.0.2.2')).toEqual({ name: 'reverse-2.example', origin: 'reverse-dns' });
    expect(asked).toEqual(['192.0.2.2']);
    expect([names.isObserved('192.0.2.1'), names.isObserved('192.0.2.2')]).toEqual([true, false]);
  });

  it('are found by what is shown, at most so many', async () => {
    const { names, observed } = both();
    for (const host of [1, 2, 3]) names.lookup(`192.0.2.${host}`);
    await settle();
    observed.learn([seen('192.0.2.1', 'seen.example'), seen('192.0.2.9', 'other.example')]);
    expect(names.addressesMatching(meant('reverse'), 10)).toEqual(['192.0.2.2', '192.0.2.3']);
    expect(names.addressesMatching(meant('seen'), 10)).toEqual(['192.0.2.1']);
    expect(names.addressesMatching(meant('example'), 10).sort()).toEqual([
      '192.0.2.1',
      '192.0.2.2',
      '192.0.2.3',
      '192.0.2.9',
    ]);
    expect(names.addressesMatching(meant('example'), 3)).toHaveLength(3);
  });

  it('are those that are asked for, and no other', () => {
    const { observed } = both();
    observed.learn([seen('192.0.2.1', 'seen.example')]);
    const onlyWire = new AddressNames(observed, null);
    expect([onlyWire.lookup('192.0.2.1'), onlyWire.lookup('192.0.2.2')]).toEqual(['seen.example', null]);
    const cache = new NameCache({ resolve: () => new Promise(() => undefined) });
    const onlyReverse = new AddressNames(null, cache);
    expect([onlyReverse.lookup('192.0.2.1'), onlyReverse.isObserved('192.0.2.1'), cache.pending]).toEqual([
      null,
      false,
      1,
    ]);
    expect(onlyReverse.addressesMatching(meant('seen'), 10)).toEqual([]);
  });
});
