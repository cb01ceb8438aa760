/**
 * Hardware addresses by a 16-bit id: 48-bit addresses in typed arrays behind a small open-addressing index.
 * Bounded: at most 65,535 addresses are known, any further one is 0 ("unknown"). Nothing is removed until a reset.
 *
 *   high[id], low[id]   first two and last four bytes of the address; id 0 is none
 *   index               Uint16Array of 131,072 slots: 0 = empty, else id
 */
import { createHashSecret, finishHash } from '../wire/key.ts';

const MAXIMUM_IDS = 65_535;
const INDEX_SLOTS = 131_072;

export class MacTable {
  readonly #high = new Uint16Array(MAXIMUM_IDS + 1);
  readonly #low = new Uint32Array(MAXIMUM_IDS + 1);
  readonly #index = new Uint16Array(INDEX_SLOTS);
  readonly #secret = createHashSecret(crypto.getRandomValues(new Uint32Array(1))[0]);
  #count = 0;

  /** Addresses known. */
  get count(): number {
    return this.#count;
  }

  /** Id of an address, its first two and last four bytes. `known` is the id it probably has: then nothing is looked up. */
  idOf(high: number, low: number, known: number): number {
    if (known !== 0 && this.#low[known] === low && this.#high[known] === high) return known;
    return this.#lookUp(high, low);
  }

  /** First two bytes of an address. */
  highOf(id: number): number {
    return this.#high[id];
  }

  /** Last four bytes of an address. */
  lowOf(id: number): number {
    return this.#low[id];
  }

  /** Forgets all addresses: no id of before may be used any more. */
  reset(): void {
    this.#index.fill(0);
    this.#count = 0;
  }

  #lookUp(high: number, low: number): number {
    let slot = this.#hash(high, low) & (INDEX_SLOTS - 1);
    for (let id = this.#index[slot]; id !== 0; id = this.#index[slot]) {
      if (this.#low[id] === low && this.#high[id] === high) return id;
      slot = (slot + 1) & (INDEX_SLOTS - 1);
    }
    // All-zero addresses (loopback) name nobody.
    if (this.#count === MAXIMUM_IDS || (high === 0 && low === 0)) return 0;
    const id = ++this.#count;
    this.#high[id] = high;
    this.#low[id] = low;
    this.#index[slot] = id;
    return id;
  }

  /** As in wire/key.ts: a sender cannot choose addresses whose hashes collide. */
  #hash(high: number, low: number): number {
    const secret = this.#secret;
    const sum =
      Math.imul((low >>> 16) + secret[0], (low & 0xffff) + secret[1]) +
      Math.imul(secret[2], high + secret[3]) +
      secret[4];
    return finishHash(sum | 0);
  }
}
