/**
 * IP addresses seen behind stations: of each station the newest few, and how many different ones there were.
 *
 *   lists     Uint32Array, LISTED_ADDRESSES of four words a station, the newest first
 *   pairs     every (station, address) there was, so that none is counted twice: six words
 *             row │ life (which of the stations that had this row) │ address 0..3
 *   index     open addressing, linear probing: 0 = empty, else pair + 1
 *
 * Bounded: at MAXIMUM_PAIRS the pairs of stations that are gone are dropped; where that gives no room, nothing further is
 * remembered, and stations with more addresses than are listed have "at least" so many.
 */
import { finishHash } from '../wire/key.ts';

/** Addresses listed of each station. */
export const LISTED_ADDRESSES = 16;
const ADDRESS_WORDS = 4;
const LIST_WORDS = LISTED_ADDRESSES * ADDRESS_WORDS;

const PAIR_WORDS = 6;
export const MAXIMUM_PAIRS = 262_144;
const SMALLEST_CAPACITY = 1024;
/** Slots of the index for each pair there is room for. */
const SLOTS_PER_PAIR = 2;
/** Dropping pairs looks at all of them: it must gain so much of the whole. */
const WORTHWHILE_SHARE = 1 / 16;

export class StationAddresses {
  /** The lists: address k of a station is four words at addressAt(row, k). Read-only for others. */
  readonly words: Uint32Array;
  readonly #listed: Uint8Array;
  readonly #distinct: Uint32Array;
  readonly #lives: Uint32Array;
  #pairs = new Uint32Array(SMALLEST_CAPACITY * PAIR_WORDS);
  #index = new Uint32Array(SMALLEST_CAPACITY * SLOTS_PER_PAIR);
  #count = 0;
  /** An address had no room among the pairs. */
  #isFull = false;
  #secret: Int32Array = new Int32Array(0);

  /** `rows`: most stations. */
  constructor(rows: number) {
    this.words = new Uint32Array(rows * LIST_WORDS);
    this.#listed = new Uint8Array(rows);
    this.#distinct = new Uint32Array(rows);
    this.#lives = new Uint32Array(rows);
  }

  /** Addresses listed of a station, at most LISTED_ADDRESSES. */
  listedCount(row: number): number {
    return this.#listed[row];
  }

  addressAt(row: number, k: number): number {
    return row * LIST_WORDS + k * ADDRESS_WORDS;
  }

  /** Different addresses seen behind a station. */
  distinctCount(row: number): number {
    return this.#distinct[row];
  }

  /** False: there may have been more than distinctCount. */
  isExact(row: number): boolean {
    return !this.#isFull || this.#distinct[row] < LISTED_ADDRESSES;
  }

  /** A station has sent from the address at words[at…]. `secret`: DecodedBatch.hashSecret, always the same. */
  note(row: number, words: Uint32Array, at: number, secret: Int32Array): void {
    const place = this.#placeOf(row, words, at);
    if (place === 0) return;
    let shifted = place;
    if (place < 0) {
      this.#secret = secret;
      const listed = this.#listed[row];
      const isNew = this.#addPair(row, words, at);
      if (isNew || listed < LISTED_ADDRESSES) this.#distinct[row]++;
      if (listed < LISTED_ADDRESSES) this.#listed[row]++;
      shifted = Math.min(listed, LISTED_ADDRESSES - 1);
    }
    const list = row * LIST_WORDS;
    this.words.copyWithin(list + ADDRESS_WORDS, list, list + shifted * ADDRESS_WORDS);
    for (let k = 0; k < ADDRESS_WORDS; k++) this.words[list + k] = words[at + k];
  }

  /** The station of this row is gone: the row will be another one's. */
  forget(row: number): void {
    this.#listed[row] = 0;
    this.#distinct[row] = 0;
    this.#lives[row]++;
  }

  reset(): void {
    this.#listed.fill(0);
    this.#distinct.fill(0);
    this.#pairs = new Uint32Array(SMALLEST_CAPACITY * PAIR_WORDS);
    this.#index = new Uint32Array(SMALLEST_CAPACITY * SLOTS_PER_PAIR);
    this.#count = 0;
    this.#isFull = false;
  }

  /** Place of an address in a station's list, or -1. */
  #placeOf(row: number, words: Uint32Array, at: number): number {
    const list = this.words;
    const end = this.#listed[row];
    for (let k = 0, entry = row * LIST_WORDS; k < end; k++, entry += ADDRESS_WORDS) {
      if (
        list[entry + 3] === words[at + 3] &&
        list[entry + 2] === words[at + 2] &&
        list[entry + 1] === words[at + 1] &&
        list[entry] === words[at]
      ) {
        return k;
      }
    }
    return -1;
  }

  // --- pairs ------------------------------------------------------------------------------------------------------

  /** True when this station has not had the address before; false also where that cannot be known any more. */
  #addPair(row: number, words: Uint32Array, at: number): boolean {
    const pairs = this.#pairs;
    const life = this.#lives[row];
    const mask = this.#index.length - 1;
    let slot = this.#hash(row, life, words, at) & mask;
    for (let entry = this.#index[slot]; entry !== 0; entry = this.#index[slot]) {
      const pair = (entry - 1) * PAIR_WORDS;
      if (
        pairs[pair] === row &&
        pairs[pair + 5] === words[at + 3] &&
        pairs[pair + 4] === words[at + 2] &&
        pairs[pair + 3] === words[at + 1] &&
        pairs[pair + 2] === words[at] &&
        pairs[pair + 1] === life
      ) {
        return false;
      }
      slot = (slot + 1) & mask;
    }
    if (!this.#makeRoom()) return false;
    const pair = this.#count++ * PAIR_WORDS;
    this.#pairs[pair] = row;
    this.#pairs[pair + 1] = life;
    for (let k = 0; k < ADDRESS_WORDS; k++) this.#pairs[pair + 2 + k] = words[at + k];
    this.#link(this.#count - 1);
    return true;
  }

  /** Room for one more pair; false: there is none. */
  #makeRoom(): boolean {
    const capacity = this.#pairs.length / PAIR_WORDS;
    if (this.#count < capacity) return true;
    if (this.#isFull) return false;
    if (capacity < MAXIMUM_PAIRS) {
      const pairs = new Uint32Array(this.#pairs.length * 2);
      pairs.set(this.#pairs);
      this.#pairs = pairs;
      this.#index = new Uint32Array(this.#index.length * 2);
    } else {
      this.#dropOfTheGone();
      this.#isFull = this.#count > capacity * (1 - WORTHWHILE_SHARE);
      this.#index.fill(0);
    }
    for (let pair = 0; pair < this.#count; pair++) this.#link(pair);
    return this.#count < MAXIMUM_PAIRS;
  }

  #dropOfTheGone(): void {
    const pairs = this.#pairs;
    let kept = 0;
    for (let at = 0; at < this.#count * PAIR_WORDS; at += PAIR_WORDS) {
      if (this.#lives[pairs[at]] !== pairs[at + 1]) continue;
      pairs.copyWithin(kept * PAIR_WORDS, at, at + PAIR_WORDS);
      kept++;
    }
    this.#count = kept;
  }

  #link(pair: number): void {
    const at = pair * PAIR_WORDS;
    const mask = this.#index.length - 1;
    let slot = this.#hash(this.#pairs[at], this.#pairs[at + 1], this.#pairs, at + 2) & mask;
    while (this.#index[slot] !== 0) slot = (slot + 1) & mask;
    this.#index[slot] = pair + 1;
  }

  /** As in wire/key.ts: a sender cannot choose addresses whose hashes collide. */
  #hash(row: number, life: number, words: Uint32Array, at: number): number {
    const secret = this.#secret;
    let sum = Math.imul((row >>> 16) + secret[0], (row & 0xffff) + secret[1]) + secret[12];
    sum += Math.imul((life >>> 16) + secret[2], (life & 0xffff) + secret[3]);
    for (let k = 0; k < ADDRESS_WORDS; k++) {
      const word = words[at + k];
      sum += Math.imul((word >>> 16) + secret[4 + 2 * k], (word & 0xffff) + secret[5 + 2 * k]);
    }
    return finishHash(sum | 0);
  }
}
