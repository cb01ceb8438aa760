/**
 * Names of addresses by reverse DNS, for screens and output that ask for them. Owns the queries in flight and what they
 * brought; asking never waits: an unknown address answers null now and its name some redraws later.
 * Everything is bounded: entries, queries at once, queries waiting. Answers are cleaned (see sanitize.ts).
 *
 *   lookup(a) ─► entries (least recently asked first out) ─► known name │ null
 *                    └─ unknown or stale ─► waiting ─► at most `concurrency` queries
 */
import { lookupService, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { sanitizeName } from './sanitize.ts';

export interface NameCacheOptions {
  /** Names of an address; rejects when there are none. Default: c-ares with /etc/hosts and /etc/resolv.conf. */
  resolve?: (address: string) => Promise<string[]>;
  /** Seconds, monotonic. */
  now?: () => number;
  /** Queries at once. */
  concurrency?: number;
  /** Addresses remembered. */
  capacity?: number;
  /** Addresses waiting for their query; more are forgotten and asked for again when they are still on the screen. */
  waitingLimit?: number;
  /** Seconds that a name stays true. */
  timeToLive?: number;
  /** Seconds that "has no name" stays true: shorter, since a failing name server answers the same. */
  negativeTimeToLive?: number;
  /** Called after a name was learned. */
  onLearned?: () => void;
}

interface Entry {
  name: string | null;
  /** When the answer grows stale, in seconds of now(); 0 = never answered. */
  staleAt: number;
  asked: boolean;
}

const QUERY_TIMEOUT_MILLISECONDS = 2000;

export class NameCache {
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new Set<string>();
  readonly #options: Required<NameCacheOptions>;
  #resolver: Resolver | null = null;
  #running = 0;
  #closed = false;
  #version = 0;

  constructor(options: NameCacheOptions = {}) {
    this.#options = {
      resolve: (address) => this.#reverse(address),
      now: () => performance.now() / 1000,
      concurrency: 8,
      capacity: 20_000,
      waitingLimit: 1000,
      timeToLive: 3600,
      negativeTimeToLive: 300,
      onLearned: () => undefined,
      ...options,
    };
  }

  /** Grows with every name that was learned: who draws names can tell whether there is something new. */
  get version(): number {
    return this.#version;
  }

  /** Addresses whose name is not known yet but asked for. */
  get pending(): number {
    return this.#waiting.size + this.#running;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The name of an address, or null: not known (yet). Starts a query when there is no fresh answer. Never waits. */
  lookup(address: string): string | null {
    let entry = this.#entries.get(address);
    if (entry === undefined) {
      if (!isNameable(address)) return null;
      entry = { name: null, staleAt: 0, asked: false };
    } else {
      this.#entries.delete(address);
    }
    // Deleting and setting again moves the entry to the young end of the map.
    this.#entries.set(address, entry);
    if (this.#entries.size > this.#options.capacity) this.#forgetOldest();
    if (!entry.asked && this.#options.now() >= entry.staleAt) this.#ask(address, entry);
    return entry.name;
  }

  /** The name if it is known; asks nobody. */
  peek(address: string): string | null {
    return this.#entries.get(address)?.name ?? null;
  }

  /** Addresses whose known name is meant, at most `limit`. */
  addressesMatching(isMeant: (name: string) => boolean, limit: number): string[] {
    const found: string[] = [];
    for (const [address, entry] of this.#entries) {
      if (found.length >= limit) break;
      if (entry.name !== null && isMeant(entry.name)) found.push(address);
    }
    return found;
  }

  /** Gives up all queries. Known names stay readable. */
  close(): void {
    this.#closed = true;
    this.#waiting.clear();
    this.#resolver?.cancel();
  }

  #ask(address: string, entry: Entry): void {
    if (this.#closed || this.#waiting.size >= this.#options.waitingLimit) return;
    entry.asked = true;
    this.#waiting.add(address);
    this.#startQueries();
  }

  #startQueries(): void {
    for (const address of this.#waiting) {
      if (this.#running >= this.#options.concurrency) return;
      this.#waiting.delete(address);
      this.#running++;
      void this.#query(address);
    }
  }

  async #query(address: string): Promise<void> {
    let name: string | null = null;
    try {
      const names = await this.#options.resolve(address);
      name = names.length > 0 ? sanitizeName(names[0]) : null;
    } catch {
      // No name, no server or cancelled: all the same to who reads the screen.
    }
    this.#running--;
    const entry = this.#entries.get(address);
    if (entry !== undefined) {
      const { now, timeToLive, negativeTimeToLive, onLearned } = this.#options;
      const isNew = entry.name !== name;
      if (isNew) this.#version++;
      entry.name = name;
      entry.asked = false;
      entry.staleAt = now() + (name === null ? negativeTimeToLive : timeToLive);
      if (isNew) onLearned();
    }
    this.#startQueries();
  }

  #forgetOldest(): void {
    for (const address of this.#entries.keys()) {
      this.#entries.delete(address);
      this.#waiting.delete(address);
      return;
    }
  }

  /** A resolver of our own: cancelling ours disturbs nobody else's queries. Made on first use. */
  async #reverse(address: string): Promise<string[]> {
    this.#resolver ??= new Resolver({ timeout: QUERY_TIMEOUT_MILLISECONDS, tries: 2 });
    const names = await this.#resolver.reverse(address);
    if (names.length > 0) return names;
    // c-ares found it in /etc/hosts, where it has no second name: of such a line it tells the second ones only.
    const { hostname } = await lookupService(address, 0);
    return hostname === address ? [] : [hostname];
  }
}

/** IP addresses that belong to somebody; MAC addresses, 0.0.0.0 and the like have no names to ask for. */
function isNameable(address: string): boolean {
  if (address === '0.0.0.0' || address === '::' || address === '255.255.255.255') return false;
  return isIP(address) !== 0;
}
