/**
 * Finds records by a key of eleven words, laid out as conversation keys are (wire/key.ts): open addressing with linear
 * probing, at most half full, doubled as needed. Hashed with a secret: whoever sends packets does not know which keys
 * share a slot, so that no traffic makes a search long.
 *
 *   slot   Uint32: 0 = empty, else top 13 bits of the hash | record + 1
 *   keys   RECORD_WORDS words a record, of which the first KEY_WORDS are its key; they belong to the caller
 */
import { KEY_WORDS } from '../wire/decoded-batch.ts';
import { createHashSecret, hashKey } from '../wire/key.ts';

/** Words of a key's record; the last one is the owner's. */
export const RECORD_WORDS = 12;
/** Most records: 19 bits hold record + 1. */
export const MOST_RECORDS = 2 ** 18;
const RECORD_MASK = 0x7ffff;
const SMALLEST = 1024;

export class KeyIndex {
  readonly #keys: Uint32Array;
  readonly #secret: Int32Array;
  #slots = new Uint32Array(SMALLEST);
  #count = 0;

  constructor(keys: Uint32Array, seed = Math.floor(Math.random() * 2 ** 32)) {
    this.#keys = keys;
    this.#secret = createHashSecret(seed);
  }

  /** Of the key at words[at…]. */
  hashOf(words: Uint32Array, at: number): number {
    return hashKey(this.#secret, words, at);
  }

  /** The record with the key at words[at…], or -1. */
  find(words: Uint32Array, at: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = slots[slot];
      if (((entry ^ hash) & ~RECORD_MASK) !== 0) continue;
      const record = (entry & RECORD_MASK) - 1;
      if (this.#isSame(record * RECORD_WORDS, words, at)) return record;
    }
    return -1;
  }

  /** Enters a record whose key is not in yet. */
  add(record: number, hash: number): void {
    if (++this.#count * 2 > this.#slots.length) this.#grow();
    this.#enter(record, hash);
  }

  /** Takes a record out while its key still stands. Backward-shift deletion: no tombstones pile up. */
  remove(record: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = this.#homeOf(record) & mask;
    while ((slots[hole] & RECORD_MASK) !== record + 1) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#homeOf((slots[slot] & RECORD_MASK) - 1) & mask;
      // It may move up when its home is not between the hole (exclusive) and where it stands.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = slots[slot];
      hole = slot;
    }
    slots[hole] = 0;
    this.#count--;
  }

  clear(): void {
    this.#slots = new Uint32Array(SMALLEST);
    this.#count = 0;
  }

  #isSame(from: number, words: Uint32Array, at: number): boolean {
    const keys = this.#keys;
    for (let k = 0; k < KEY_WORDS; k++) if (keys[from + k] !== words[at + k]) return false;
    return true;
  }

  #homeOf(record: number): number {
    return hashKey(this.#secret, this.#keys, record * RECORD_WORDS);
  }

  #enter(record: number, hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = (hash & ~RECORD_MASK) | (record + 1);
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let k = 0; k < old.length; k++) {
      if (old[k] === 0) continue;
      const record = (old[k] & RECORD_MASK) - 1;
      this.#enter(record, this.#homeOf(record));
    }
  }
}
