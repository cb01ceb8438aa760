/**
 * Bytes of each host in one window: what its conversations carried, sent and received, for each interface apart (a
 * packet that passes two watched interfaces is captured on both). Open addressing on typed arrays, grown as needed up to
 * a cap, and emptied at every window's end: a host that says nothing takes no room. Pure.
 *
 *   index   Uint32Array, a power of two of slots, linear probing, at most half full: 0 = empty, else entry + 1
 *   key     5 words an entry: address (as DecodedBatch keys have it), interface slot
 *   sums    3 doubles an entry: sent, received, and what was both (a host that talks to itself)
 */
import { addressText } from '../wire/address.ts';

/** Hosts of one window that are summed; what more there are is counted. */
export const MOST_HOSTS = 65_536;
const FIRST_HOSTS = 1024;
const KEY_WORDS = 5;
const SUMS = 3;
const SLOT_WORD = 4;

export type HostDirection = 'rx' | 'tx' | 'both';

export class HostSums {
  /** Additions that had no room since the last clear(). */
  refused = 0;
  readonly #most: number;
  /** Whoever sends packets must not know which addresses share a slot. */
  readonly #seed = Math.floor(Math.random() * 2 ** 32);
  #count = 0;
  #keys: Uint32Array;
  #sums: Float64Array;
  #index: Uint32Array;

  constructor(most = MOST_HOSTS) {
    this.#most = most;
    const hosts = Math.min(most, FIRST_HOSTS);
    this.#keys = new Uint32Array(hosts * KEY_WORDS);
    this.#sums = new Float64Array(hosts * SUMS);
    this.#index = new Uint32Array(indexSize(hosts));
  }

  /** Hosts, each interface apart. */
  get count(): number {
    return this.#count;
  }

  /** A conversation whose endpoints are at words[at…] and words[at + 4…] carried this in the window. */
  addConversation(words: Uint32Array, at: number, slot: number, sentBy0: number, sentBy1: number): void {
    if (sentBy0 === 0 && sentBy1 === 0) return;
    const isOwn =
      words[at] === words[at + 4] &&
      words[at + 1] === words[at + 5] &&
      words[at + 2] === words[at + 6] &&
      words[at + 3] === words[at + 7];
    if (isOwn) {
      const all = sentBy0 + sentBy1;
      this.#add(words, at, slot, all, all, all);
    } else {
      this.#add(words, at, slot, sentBy0, sentBy1, 0);
      this.#add(words, at + 4, slot, sentBy1, sentBy0, 0);
    }
  }

  /** Every host with more than `limit` bytes; of several interfaces the largest sum. `only`: no other host. */
  above(limit: number, direction: HostDirection, only: string | null): Map<string, number> {
    const found = new Map<string, number>();
    const sums = this.#sums;
    for (let entry = 0; entry < this.#count; entry++) {
      const at = entry * SUMS;
      const bytes =
        direction === 'tx' ? sums[at] : direction === 'rx' ? sums[at + 1] : sums[at] + sums[at + 1] - sums[at + 2];
      if (bytes <= limit) continue;
      const address = addressText(this.#keys, entry * KEY_WORDS);
      if (only !== null && address !== only) continue;
      found.set(address, Math.max(found.get(address) ?? 0, bytes));
    }
    return found;
  }

  /** The next window begins. */
  clear(): void {
    this.refused = 0;
    if (this.#count === 0) return;
    this.#count = 0;
    this.#index.fill(0);
  }

  #add(words: Uint32Array, at: number, slot: number, sent: number, received: number, own: number): void {
    const entry = this.#entryOf(words, at, slot);
    if (entry < 0) {
      this.refused++;
      return;
    }
    const sum = entry * SUMS;
    this.#sums[sum] += sent;
    this.#sums[sum + 1] += received;
    this.#sums[sum + 2] += own;
  }

  /** The entry of a host, made where there is none; -1: no room. */
  #entryOf(words: Uint32Array, at: number, slot: number): number {
    const keys = this.#keys;
    const mask = this.#index.length - 1;
    let place = this.#hash(words, at, slot) & mask;
    for (let entry = this.#index[place]; entry !== 0; entry = this.#index[place]) {
      const key = (entry - 1) * KEY_WORDS;
      if (
        keys[key + 3] === words[at + 3] &&
        keys[key + SLOT_WORD] === slot &&
        keys[key] === words[at] &&
        keys[key + 1] === words[at + 1] &&
        keys[key + 2] === words[at + 2]
      ) {
        return entry - 1;
      }
      place = (place + 1) & mask;
    }
    if (this.#count * SUMS === this.#sums.length) return this.#grow() ? this.#entryOf(words, at, slot) : -1;
    this.#index[place] = this.#count + 1;
    return this.#begin(words, at, slot);
  }

  #begin(words: Uint32Array, at: number, slot: number): number {
    const entry = this.#count++;
    const key = entry * KEY_WORDS;
    for (let k = 0; k < SLOT_WORD; k++) this.#keys[key + k] = words[at + k];
    this.#keys[key + SLOT_WORD] = slot;
    this.#sums.fill(0, entry * SUMS, (entry + 1) * SUMS);
    return entry;
  }

  #hash(words: Uint32Array, at: number, slot: number): number {
    let hash = Math.imul(this.#seed ^ slot, 0x21f0aaad);
    for (let k = 0; k < SLOT_WORD; k++) {
      hash = Math.imul(hash ^ words[at + k], 0x735a2d97);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }

  #grow(): boolean {
    const hosts = Math.min(this.#most, this.#count * 2);
    if (hosts === this.#count) return false;
    const keys = new Uint32Array(hosts * KEY_WORDS);
    keys.set(this.#keys);
    const sums = new Float64Array(hosts * SUMS);
    sums.set(this.#sums);
    this.#keys = keys;
    this.#sums = sums;
    this.#index = new Uint32Array(indexSize(hosts));
    const mask = this.#index.length - 1;
    for (let entry = 0; entry < this.#count; entry++) {
      let place = this.#hash(keys, entry * KEY_WORDS, keys[entry * KEY_WORDS + SLOT_WORD]) & mask;
      while (this.#index[place] !== 0) place = (place + 1) & mask;
      this.#index[place] = entry + 1;
    }
    return true;
  }
}

/** Slots of which at most half are taken. */
function indexSize(hosts: number): number {
  return 2 ** Math.ceil(Math.log2(hosts * 2));
}
