/**
 * Pairs: flows that a grouping puts together, with their sums.
 *
 *   windows    Float64Array, 6 a pair: in the newest 2, 10 and 40 seconds, each sent and received
 *   counters   Float64Array, 6 a pair: packets, IP bytes, wire bytes since it began, each sent and received
 *   firstSeen, lastSeen   Float64Array       births  Float64Array: running number of the pair in this run, 0: a free line
 *   flows      Int32Array, 0: the line is free or the pair is over       reason  Uint8Array: place in SIDE_REASONS
 *   keys       12 words: our address, their address, ports, interface slot as a conversation key has them, masked to the
 *              grouping; IP protocol in word 9, next free pair + 1 in word 11
 */
import { addCounters, COUNTERS } from './pair-counters.ts';
import { PAIR_WINDOWS, type PairGrouping, type PairSide } from './pair-grouping.ts';
import { KeyIndex, MOST_RECORDS, RECORD_WORDS } from './pair-keys.ts';

/** Words of a pair's key. */
export const PAIR_KEY = { ours: 0, theirs: 4, ports: 8, protocol: 9, interfaceSlot: 10 } as const;
/** Doubles of `windows` a pair. */
export const WINDOW_DOUBLES = PAIR_WINDOWS.length * 2;

const NEXT_WORD = 11;
const V4_MAPPED = 0xffff;
const PROTOCOL_SHIFT = 16;
const ALL_BITS = 0xffffffff;

/** What of an endpoint a grouping keeps, as masks. */
class SideMask {
  readonly #hidden: boolean;
  readonly #ipv4: number;
  readonly #ipv6: Uint32Array;
  readonly ports: number;

  constructor({ hidden, ipv4Prefix, ipv6Prefix, ports }: PairSide) {
    this.#hidden = hidden;
    this.#ipv4 = maskWord(ipv4Prefix, 0);
    this.#ipv6 = Uint32Array.from({ length: 4 }, (_, word) => maskWord(ipv6Prefix, word));
    this.ports = ports ? 0xffff : 0;
  }

  apply(words: Uint32Array, at: number, key: Uint32Array, to: number): void {
    if (this.#hidden) {
      key.fill(0, to, to + 4);
    } else if (words[at] === 0 && words[at + 1] === 0 && words[at + 2] === V4_MAPPED) {
      key[to] = 0;
      key[to + 1] = 0;
      key[to + 2] = V4_MAPPED;
      key[to + 3] = words[at + 3] & this.#ipv4;
    } else {
      for (let k = 0; k < 4; k++) key[to + k] = words[at + k] & this.#ipv6[k];
    }
  }
}

/** The word of a prefix's mask. */
function maskWord(prefix: number, word: number): number {
  const bits = Math.min(32, Math.max(0, prefix - 32 * word));
  return bits === 0 ? 0 : (ALL_BITS << (32 - bits)) >>> 0;
}

/** Whatever `fine` puts together, `coarse` does. */
export function isCoarser(coarse: PairGrouping, fine: PairGrouping): boolean {
  return isCoarserSide(coarse.ours, fine.ours) && isCoarserSide(coarse.theirs, fine.theirs);
}

function isCoarserSide(coarse: PairSide, fine: PairSide): boolean {
  if (coarse.ports && !fine.ports) return false;
  if (coarse.hidden) return true;
  return !fine.hidden && coarse.ipv4Prefix <= fine.ipv4Prefix && coarse.ipv6Prefix <= fine.ipv6Prefix;
}

export function sameGrouping(a: PairGrouping, b: PairGrouping): boolean {
  return sameSide(a.ours, b.ours) && sameSide(a.theirs, b.theirs);
}

function sameSide(a: PairSide, b: PairSide): boolean {
  const sameHosts = a.hidden === b.hidden && a.ipv4Prefix === b.ipv4Prefix && a.ipv6Prefix === b.ipv6Prefix;
  return sameHosts && a.ports === b.ports;
}

export class PairGroups {
  readonly windows: Float64Array;
  readonly counters: Float64Array;
  readonly firstSeen: Float64Array;
  readonly lastSeen: Float64Array;
  readonly flows: Int32Array;
  readonly reason: Uint8Array;
  readonly keys: Uint32Array;
  highWater = 0;
  /** Pairs; those that are over, and not removed yet, are among them. */
  count = 0;
  readonly #capacity: number;
  readonly #births: Float64Array;
  readonly #index: KeyIndex;
  readonly #key = new Uint32Array(RECORD_WORDS);
  readonly #ours: SideMask;
  readonly #theirs: SideMask;
  #freeHead = 0;
  #begun: number;

  /** `begun`: pairs that began before in this run. */
  constructor(capacity: number, { ours, theirs }: PairGrouping, begun: number) {
    this.#capacity = capacity;
    this.windows = new Float64Array(capacity * WINDOW_DOUBLES);
    this.counters = new Float64Array(capacity * COUNTERS);
    this.firstSeen = new Float64Array(capacity);
    this.lastSeen = new Float64Array(capacity);
    this.flows = new Int32Array(capacity);
    this.reason = new Uint8Array(capacity);
    this.keys = new Uint32Array(capacity * RECORD_WORDS);
    this.#births = new Float64Array(capacity);
    this.#index = new KeyIndex(this.keys);
    this.#ours = new SideMask(ours);
    this.#theirs = new SideMask(theirs);
    this.#begun = begun;
  }

  /** Pairs that began in this run. */
  get begun(): number {
    return this.#begun;
  }

  get isFull(): boolean {
    return this.#freeHead === 0 && this.highWater === this.#capacity;
  }

  /** The pair of the conversation key at words[at…] whose endpoint `side` is ours, or -1. */
  find(words: Uint32Array, at: number, side: number): number {
    this.#makeKey(words, at, side);
    return this.#index.find(this.#key, 0, this.#index.hashOf(this.#key, 0));
  }

  /** The same, begun where there is none; there must be room. */
  findOrBegin(words: Uint32Array, at: number, side: number, firstSeen: number, reason: number): number {
    this.#makeKey(words, at, side);
    const hash = this.#index.hashOf(this.#key, 0);
    let pair = this.#index.find(this.#key, 0, hash);
    if (pair < 0) pair = this.#begin(hash, firstSeen, reason);
    if (firstSeen < this.firstSeen[pair]) this.firstSeen[pair] = firstSeen;
    if (reason < this.reason[pair]) this.reason[pair] = reason;
    return pair;
  }

  isLive(pair: number): boolean {
    return pair < this.highWater && this.flows[pair] !== 0;
  }

  idOf(pair: number): number {
    return this.#births[pair] * MOST_RECORDS + pair;
  }

  pairOf(id: number): number {
    const pair = id % MOST_RECORDS;
    return this.isLive(pair) && this.idOf(pair) === id ? pair : -1;
  }

  /**
   * Takes over what flows that have left carried in the pairs of a finer grouping (their counters without those of their
   * flows, which are taken off before); what has no pair here goes to `rest`.
   */
  inherit(fine: PairGroups, canCarry: boolean, rest: Float64Array): void {
    for (let pair = 0; pair < fine.highWater; pair++) {
      if (!fine.#isUsed(pair)) continue;
      const heir = canCarry ? this.#heirOf(fine, pair) : -1;
      if (heir < 0) addCounters(rest, 0, fine.counters, pair * COUNTERS, 0);
      else {
        addCounters(this.counters, heir * COUNTERS, fine.counters, pair * COUNTERS, 0);
        this.firstSeen[heir] = Math.min(this.firstSeen[heir], fine.firstSeen[pair]);
      }
    }
  }

  /** Removes pairs without flows; what they carried goes to `into`. Returns how many there were. */
  removeOver(into: Float64Array): number {
    let removed = 0;
    let high = 0;
    this.#freeHead = 0;
    for (let pair = this.highWater - 1; pair >= 0; pair--) {
      if (this.flows[pair] !== 0) {
        high ||= pair + 1;
        continue;
      }
      if (this.#isUsed(pair)) {
        this.#remove(pair, into);
        removed++;
      }
      if (high === 0) continue;
      this.keys[pair * RECORD_WORDS + NEXT_WORD] = this.#freeHead;
      this.#freeHead = pair + 1;
    }
    this.highWater = high;
    this.count -= removed;
    return removed;
  }

  /** Removes one pair without flows, whose line is free at once; what it carried goes to `into`. */
  removeOne(pair: number, into: Float64Array): void {
    this.#remove(pair, into);
    this.keys[pair * RECORD_WORDS + NEXT_WORD] = this.#freeHead;
    this.#freeHead = pair + 1;
    this.count--;
  }

  #remove(pair: number, into: Float64Array): void {
    addCounters(into, 0, this.counters, pair * COUNTERS, 0);
    this.#index.remove(pair);
    this.#births[pair] = 0;
  }

  #heirOf(fine: PairGroups, pair: number): number {
    const words = fine.keys.slice(pair * RECORD_WORDS, (pair + 1) * RECORD_WORDS);
    words[PAIR_KEY.protocol] <<= PROTOCOL_SHIFT;
    return this.find(words, 0, 0);
  }

  #isUsed(pair: number): boolean {
    return this.#births[pair] !== 0;
  }

  #begin(hash: number, firstSeen: number, reason: number): number {
    let pair = this.#freeHead - 1;
    if (pair < 0) pair = this.highWater++;
    else this.#freeHead = this.keys[pair * RECORD_WORDS + NEXT_WORD];
    this.keys.set(this.#key, pair * RECORD_WORDS);
    this.#index.add(pair, hash);
    this.windows.fill(0, pair * WINDOW_DOUBLES, (pair + 1) * WINDOW_DOUBLES);
    this.counters.fill(0, pair * COUNTERS, (pair + 1) * COUNTERS);
    this.#births[pair] = ++this.#begun;
    this.firstSeen[pair] = firstSeen;
    this.lastSeen[pair] = firstSeen;
    this.reason[pair] = reason;
    this.flows[pair] = 0;
    this.count++;
    return pair;
  }

  #makeKey(words: Uint32Array, at: number, side: number): void {
    const key = this.#key;
    this.#ours.apply(words, at + 4 * side, key, PAIR_KEY.ours);
    this.#theirs.apply(words, at + 4 - 4 * side, key, PAIR_KEY.theirs);
    const ports = words[at + PAIR_KEY.ports];
    const ours = (side === 0 ? ports >>> 16 : ports) & this.#ours.ports;
    const theirs = (side === 0 ? ports : ports >>> 16) & this.#theirs.ports;
    key[PAIR_KEY.ports] = (ours << 16) | theirs;
    const hasProtocol = (this.#ours.ports | this.#theirs.ports) !== 0;
    key[PAIR_KEY.protocol] = hasProtocol ? (words[at + PAIR_KEY.protocol] >>> PROTOCOL_SHIFT) & 0xff : 0;
    key[PAIR_KEY.interfaceSlot] = words[at + PAIR_KEY.interfaceSlot];
  }
}
