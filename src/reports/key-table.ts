/**
 * Sums by key (an address, a conversation) in bounded memory: exact as long as all keys have room, then with a bound on
 * what may be missing. Nothing per key is an object or a string of the heap: keys lie in one block of bytes.
 *
 *   row      0     1     2   …            slots: hash -> row + 1 (open addressing, 0 = free)
 *   hash     u32   u32   u32
 *   key      start u32, length u16 ─────► keys: bytes of all keys, one after the other (UTF-8)
 *   sums     f64 × columns                weight of a row: the sum of its first `weighed` columns
 *   missing  f64                          its weight may be short by so much, never by more
 *
 * When the table is full, the lighter quarter is forgotten. What a forgotten key had, at most, is what any key that is
 * new afterwards may have had before: that is its `missing`. Keys of before are exact still. (The bound of the
 * Space-Saving algorithm, Metwally et al. 2005, taken in batches so that it costs no order at every step.)
 */
import { TopRows } from '../tables/top-rows.ts';

const FIRST_ROWS = 1024;
/** Of a key, in bytes: addresses and ports need less; what is longer is cut. */
const MAXIMUM_KEY_BYTES = 200;
/** Keys share this many bytes a row on average: "tcp [2001:db8::…]:49152 [2001:db8::…]:443" is about 80. */
const KEY_BYTES_PER_ROW = 96;
const FORGOTTEN_SHARE = 0.25;

export interface KeyTableOptions {
  /** Sums that a row has. */
  columns: number;
  /** How many of them, from the first, say what a row weighs. */
  weighed: number;
  /** Rows at most. */
  capacity: number;
}

export class KeyTable {
  readonly #columns: number;
  readonly #weighed: number;
  readonly #capacity: number;
  #rows = 0;
  #room = 0;
  #slots = new Int32Array(0);
  #hashes = new Int32Array(0);
  #starts = new Uint32Array(0);
  #lengths = new Uint16Array(0);
  #sums = new Float64Array(0);
  #missing = new Float64Array(0);
  #keys = Buffer.alloc(0);
  #keyBytes = 0;
  readonly #key = Buffer.alloc(MAXIMUM_KEY_BYTES);
  /** The most that a key which is not in the table may have had; 0: it has not been seen. */
  #bound = 0;

  constructor({ columns, weighed, capacity }: KeyTableOptions) {
    this.#columns = columns;
    this.#weighed = weighed;
    this.#capacity = capacity;
    this.#grow(Math.min(FIRST_ROWS, capacity));
  }

  get rows(): number {
    return this.#rows;
  }

  /** 0: every figure is exact. Else: no key that is absent has more weight, none that is there lacks more. */
  get bound(): number {
    return this.#bound;
  }

  /** The row of a key, made where there is none. Valid until the next call: rows move when the table forgets. */
  row(key: string): number {
    const length = this.#encode(key);
    const hash = hashOf(this.#key, length);
    const found = this.#find(hash, length);
    if (found >= 0) return found;
    while (this.#rows === this.#room || this.#keyBytes + length > this.#keys.length) this.#makeRoom();
    return this.#add(hash, length);
  }

  /** By hand where it is ASCII, as addresses are: a call for each key costs more than the key. */
  #encode(key: string): number {
    const bytes = this.#key;
    if (key.length > MAXIMUM_KEY_BYTES) return bytes.write(key, 0, 'utf8');
    for (let i = 0; i < key.length; i++) {
      const code = key.charCodeAt(i);
      if (code > 0x7f) return bytes.write(key, 0, 'utf8');
      bytes[i] = code;
    }
    return key.length;
  }

  /** Adds to one sum of a row. */
  add(row: number, column: number, value: number): void {
    this.#sums[row * this.#columns + column] += value;
  }

  sum(row: number, column: number): number {
    return this.#sums[row * this.#columns + column];
  }

  /** What the row's weight may lack. */
  missing(row: number): number {
    return this.#missing[row];
  }

  key(row: number): string {
    return this.#keys.toString('utf8', this.#starts[row], this.#starts[row] + this.#lengths[row]);
  }

  /**
   * The rows with the largest sums of these columns, the largest first; rows without any are left out; equal ones in the
   * order of their keys. 0: all.
   */
  top(limit: number, columns: readonly number[]): number[] {
    const wanted = limit === 0 ? this.#rows : Math.min(limit, this.#rows);
    const best = new TopRows(wanted, this.#rows, (a, b) => this.#compareKeys(a, b));
    for (let row = 0; row < this.#rows; row++) {
      let value = 0;
      for (const column of columns) value += this.sum(row, column);
      if (value > 0) best.add(-value, row);
    }
    return [...best.page(0, wanted)];
  }

  #compareKeys(a: number, b: number): number {
    const [start, other] = [this.#starts[a], this.#starts[b]];
    return this.#keys.compare(this.#keys, other, other + this.#lengths[b], start, start + this.#lengths[a]);
  }

  #find(hash: number, length: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const row = this.#slots[slot] - 1;
      if (this.#hashes[row] === hash && this.#sameKey(row, length)) return row;
    }
    return -1;
  }

  #sameKey(row: number, length: number): boolean {
    if (this.#lengths[row] !== length) return false;
    const start = this.#starts[row];
    for (let i = 0; i < length; i++) if (this.#keys[start + i] !== this.#key[i]) return false;
    return true;
  }

  #add(hash: number, length: number): number {
    const row = this.#rows++;
    this.#hashes[row] = hash;
    this.#starts[row] = this.#keyBytes;
    this.#lengths[row] = length;
    for (let i = 0; i < length; i++) this.#keys[this.#keyBytes + i] = this.#key[i];
    this.#keyBytes += length;
    this.#sums.fill(0, row * this.#columns, (row + 1) * this.#columns);
    this.#missing[row] = this.#bound;
    this.#link(row);
    return row;
  }

  #link(row: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hashes[row] & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = row + 1;
  }

  #makeRoom(): void {
    if (this.#room < this.#capacity) this.#grow(Math.min(this.#room * 2, this.#capacity));
    else this.#forget();
  }

  #grow(room: number): void {
    this.#room = room;
    this.#hashes = grown(this.#hashes, new Int32Array(room));
    this.#starts = grown(this.#starts, new Uint32Array(room));
    this.#lengths = grown(this.#lengths, new Uint16Array(room));
    this.#sums = grown(this.#sums, new Float64Array(room * this.#columns));
    this.#missing = grown(this.#missing, new Float64Array(room));
    this.#keys = grown(this.#keys, Buffer.alloc(room * KEY_BYTES_PER_ROW + MAXIMUM_KEY_BYTES));
    let slots = 1;
    while (slots < room * 2) slots *= 2;
    this.#slots = new Int32Array(slots);
    for (let row = 0; row < this.#rows; row++) this.#link(row);
  }

  /** Drops the lighter quarter (and whatever weighs the same), closing the gaps. */
  #forget(): void {
    const weights = Float64Array.from({ length: this.#rows }, (_, row) => this.#weight(row) + this.#missing[row]);
    const ordered = weights.slice().sort();
    const limit = ordered[Math.max(0, Math.ceil(this.#rows * FORGOTTEN_SHARE) - 1)];
    let kept = 0;
    let keyBytes = 0;
    for (let row = 0; row < this.#rows; row++) {
      if (weights[row] <= limit) continue;
      keyBytes = this.#move(row, kept++, keyBytes);
    }
    this.#bound = Math.max(this.#bound, limit);
    this.#rows = kept;
    this.#keyBytes = keyBytes;
    this.#slots.fill(0);
    for (let row = 0; row < kept; row++) this.#link(row);
  }

  #weight(row: number): number {
    let weight = 0;
    for (let column = 0; column < this.#weighed; column++) weight += this.sum(row, column);
    return weight;
  }

  /** Down to a lower place; gives where the next key goes. */
  #move(from: number, to: number, keyStart: number): number {
    const [start, length] = [this.#starts[from], this.#lengths[from]];
    this.#keys.copyWithin(keyStart, start, start + length);
    this.#hashes[to] = this.#hashes[from];
    this.#starts[to] = keyStart;
    this.#lengths[to] = length;
    this.#missing[to] = this.#missing[from];
    this.#sums.copyWithin(to * this.#columns, from * this.#columns, (from + 1) * this.#columns);
    return keyStart + length;
  }
}

function grown<T extends Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}

/** FNV-1a, its bits mixed once more: open addressing takes the lowest. */
function hashOf(bytes: Uint8Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) ^ (hash >>> 12);
}
