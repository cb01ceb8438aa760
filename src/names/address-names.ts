/**
 * What addresses are called, by everything that is known: a name that was seen on the wire, since that is what was asked
 * for, else by reverse DNS. An address with a name from the wire is never looked up.
 */
import type { KnownName } from './known-name.ts';
import type { NameCache } from './name-cache.ts';
import type { ObservedNames } from './observed-names.ts';

export class AddressNames {
  readonly #observed: ObservedNames | null;
  readonly #reverse: NameCache | null;

  /** null: names of this kind are not shown; without `reverse` no name server is asked. */
  constructor(observed: ObservedNames | null, reverse: NameCache | null) {
    this.#observed = observed;
    this.#reverse = reverse;
  }

  /** The name of an address and how it is known, or null: not known (yet). May begin to ask; never waits. */
  known(address: string): KnownName | null {
    return this.#observed?.lookup(address) ?? looked(this.#reverse?.lookup(address));
  }

  /** As known; asks nobody. */
  peek(address: string): KnownName | null {
    return this.#observed?.peek(address) ?? looked(this.#reverse?.peek(address));
  }

  /** The name alone. */
  lookup(address: string): string | null {
    return this.known(address)?.name ?? null;
  }

  /** Whether the name that lookup tells was seen on the wire. */
  isObserved(address: string): boolean {
    return (this.#observed?.peek(address) ?? null) !== null;
  }

  /** Addresses whose known name is meant, at most `limit`. */
  addressesMatching(isMeant: (name: string) => boolean, limit: number): string[] {
    const found = this.#observed?.addressesMatching(isMeant, limit) ?? [];
    // What an address is called by reverse DNS is not shown where it has a name from the wire.
    const others = this.#reverse?.addressesMatching(isMeant, limit) ?? [];
    return [...found, ...others.filter((address) => !this.isObserved(address))].slice(0, limit);
  }
}

function looked(name: string | null | undefined): KnownName | null {
  return name === null || name === undefined ? null : { name, origin: 'reverse-dns' };
}
