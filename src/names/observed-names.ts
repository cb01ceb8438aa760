/**
 * Names of addresses as they were seen on the wire: what somebody here asked DNS for, or named in a TLS or QUIC handshake.
 * Nobody is asked for them. Whoever sends packets chooses them, so they are cleaned (sanitize.ts) and bounded: the name that
 * was not seen or shown for the longest time is forgotten first.
 */
import type { KnownName, NameOrigin } from './known-name.ts';
import { sanitizeName } from './sanitize.ts';

/** One name for one address, as it came (ObservedName of src/engine/messages.ts). */
export interface Observation {
  address: string;
  name: string;
  by: 'dns' | 'tls' | 'quic';
}

const ORIGINS = { dns: 'observed-dns', tls: 'observed-tls', quic: 'observed-quic' } as const satisfies Record<
  Observation['by'],
  NameOrigin
>;

const CAPACITY = 20_000;

export class ObservedNames {
  /** The youngest last. */
  readonly #names = new Map<string, KnownName>();
  readonly #capacity: number;
  /** Called after names were learned that were not known before. */
  onLearned: () => void = () => undefined;

  /** `capacity`: addresses remembered. */
  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#names.size;
  }

  learn(observations: readonly Observation[]): void {
    let changed = false;
    for (const observation of observations) changed = this.#learn(observation) || changed;
    if (changed) this.onLearned();
  }

  /** True where what is shown changes. */
  #learn({ address, name: raw, by }: Observation): boolean {
    const name = sanitizeName(raw);
    if (name === null) return false;
    const known = this.#names.get(address);
    const origin = ORIGINS[by];
    // A server of many names is asked for in a handshake by the one that is meant: an answer of DNS may be for another.
    const kept = known !== undefined && by === 'dns' && known.origin !== 'observed-dns' ? known : { name, origin };
    this.#put(address, kept);
    return known?.name !== kept.name || known.origin !== kept.origin;
  }

  /** The name of an address, or null: none was seen. What is asked for is remembered longer. */
  lookup(address: string): KnownName | null {
    const known = this.#names.get(address);
    if (known === undefined) return null;
    this.#put(address, known);
    return known;
  }

  /** As lookup, without a trace. */
  peek(address: string): KnownName | null {
    return this.#names.get(address) ?? null;
  }

  /** Addresses whose name is meant, at most `limit`. */
  addressesMatching(isMeant: (name: string) => boolean, limit: number): string[] {
    const found: string[] = [];
    for (const [address, { name }] of this.#names) {
      if (found.length >= limit) break;
      if (isMeant(name)) found.push(address);
    }
    return found;
  }

  /** Deleting and setting again moves an address to the young end of the map. */
  #put(address: string, known: KnownName): void {
    this.#names.delete(address);
    this.#names.set(address, known);
    if (this.#names.size <= this.#capacity) return;
    for (const oldest of this.#names.keys()) {
      this.#names.delete(oldest);
      return;
    }
  }
}
