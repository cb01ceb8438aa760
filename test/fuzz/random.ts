/** Repeatable chance, and the mutations that fuzzing makes with it. Everything follows from one 32-bit seed. */

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
    // Seeds are counted up: the first values of neighbours must not resemble one another.
    for (let i = 0; i < 3; i++) this.word();
  }

  /** 32 random bits (mulberry32). */
  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** 0 to limit - 1. */
  below(limit: number): number {
    return this.word() % Math.max(1, limit);
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.word() & 0xff);
  }
}

/** Values at which lengths, offsets and counters break. */
const EDGES = [0, 1, 3, 4, 7, 8, 0x0f, 0x10, 0x7f, 0x80, 0xfe, 0xff] as const;
const WIDE_EDGES = [0, 1, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x01000000, 0x00010000] as const;

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => {
    bytes[random.below(bytes.length)] ^= 1 << random.below(8);
    return bytes;
  },
  (bytes, random) => {
    bytes[random.below(bytes.length)] = random.word();
    return bytes;
  },
  (bytes, random) => {
    bytes[random.below(bytes.length)] = random.pick(EDGES);
    return bytes;
  },
  (bytes, random) => {
    if (bytes.length < 4) return bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const at = random.below(bytes.length - 3);
    if (random.oneIn(2)) view.setUint16(at, random.pick(WIDE_EDGES), random.oneIn(2));
    else view.setUint32(at, random.pick(WIDE_EDGES), random.oneIn(2));
    return bytes;
  },
  (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
  (bytes, random) => {
    const at = random.below(bytes.length);
    return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8)));
  },
  (bytes, random) => {
    const at = random.below(bytes.length);
    return joined(bytes.subarray(0, at), random.bytes(1 + random.below(8)), bytes.subarray(at));
  },
  (bytes, random) => {
    const [from, to] = [random.below(bytes.length), random.below(bytes.length)];
    bytes.copyWithin(to, from, from + 1 + random.below(24));
    return bytes;
  },
];

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** A copy with up to `most` mutations; sometimes none. */
export function mutated(bytes: Uint8Array, random: Random, most = 6): Uint8Array {
  let result: Uint8Array = bytes.slice();
  for (let n = random.below(most + 1); n > 0 && result.length > 0; n--) result = random.pick(MUTATIONS)(result, random);
  return result;
}
