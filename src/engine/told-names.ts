/**
 * Which name was told last for which address: 16,384 addresses, four to a set, the one that was told longest ago of a
 * full set gives way (it is told once more when it comes again).
 *
 *   entry u32  0..3 address | 4 hash of the name, its last bit: asked for | 5 number of the telling; 0: empty
 */

const WAYS = 4;
const SETS = 4096;
const ENTRY_WORDS = 6;
const ASKED = 1;
const WORD = { name: 4, serial: 5 } as const;

export class ToldNames {
  readonly #u32 = new Uint32Array(SETS * WAYS * ENTRY_WORDS);
  readonly #seed: number;
  #serial = 0;

  /** `seed`: 32 bits that make the choice of sets unpredictable. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /**
   * True when this is another name than was told last for the address in words[at … at + 3], or is known better than it was
   * told: a client asked the address for it. It counts as told now.
   */
  add(words: Uint32Array, at: number, name: number, isAsked: boolean): boolean {
    const u32 = this.#u32;
    const entry = this.#entryOf(words, at);
    const isKnown = u32[entry + WORD.serial] !== 0 && isSame(u32, entry, words, at);
    const told = u32[entry + WORD.name];
    const hash = ((name & ~ASKED) | (isAsked ? ASKED : 0)) >>> 0;
    if (isKnown && (told === hash || told === (hash | ASKED) >>> 0)) return false;
    for (let k = 0; k < 4; k++) u32[entry + k] = words[at + k];
    u32[entry + WORD.name] = hash;
    this.#serial++;
    u32[entry + WORD.serial] = this.#serial;
    return true;
  }

  /** The entry of this address, or the one that gives way to it. */
  #entryOf(words: Uint32Array, at: number): number {
    const u32 = this.#u32;
    const first = (hashOf(this.#seed, words, at) & (SETS - 1)) * WAYS * ENTRY_WORDS;
    let oldest = first;
    for (let way = 0; way < WAYS; way++) {
      const entry = first + way * ENTRY_WORDS;
      if (u32[entry + WORD.serial] !== 0 && isSame(u32, entry, words, at)) return entry;
      if (u32[entry + WORD.serial] < u32[oldest + WORD.serial]) oldest = entry;
    }
    return oldest;
  }
}

function isSame(u32: Uint32Array, entry: number, words: Uint32Array, at: number): boolean {
  for (let k = 0; k < 4; k++) if (u32[entry + k] !== words[at + k]) return false;
  return true;
}

function hashOf(seed: number, words: Uint32Array, at: number): number {
  let hash = seed;
  for (let k = 0; k < 4; k++) {
    hash = Math.imul(hash ^ words[at + k], 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
