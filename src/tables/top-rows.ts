/**
 * Order without sorting everything: quickselect over parallel arrays of keys and rows, and a page of an order.
 * Keys are numbers, smaller first; equal keys are told apart by a tie-break on rows, so an order is always the same.
 */

/** < 0, 0 or > 0: order of two rows with equal keys. */
export type TieBreak = (rowA: number, rowB: number) => number;

const byRowNumber: TieBreak = (a, b) => a - b;

function swap(keys: Float64Array, rows: Uint32Array, a: number, b: number): void {
  const key = keys[a];
  keys[a] = keys[b];
  keys[b] = key;
  const row = rows[a];
  rows[a] = rows[b];
  rows[b] = row;
}

/** True when (keyA, rowA) stands before (keyB, rowB). */
function isBefore(keyA: number, rowA: number, keyB: number, rowB: number, tie: TieBreak): boolean {
  return keyA < keyB || (keyA === keyB && tie(rowA, rowB) < 0);
}

/**
 * Brings the `wanted` smallest of the first `count` entries to the front, in no particular order (Hoare's selection,
 * median of three).
 */
export function selectSmallest(
  keys: Float64Array,
  rows: Uint32Array,
  wanted: number,
  begin = 0,
  count = keys.length,
  tie: TieBreak = byRowNumber,
): void {
  let left = begin;
  let right = count - 1;
  while (left < right) {
    const pivot = medianOfThree(keys, rows, left, right, tie);
    const pivotKey = keys[pivot];
    const pivotRow = rows[pivot];
    let i = left;
    let j = right;
    while (i <= j) {
      while (isBefore(keys[i], rows[i], pivotKey, pivotRow, tie)) i++;
      while (isBefore(pivotKey, pivotRow, keys[j], rows[j], tie)) j--;
      if (i <= j) swap(keys, rows, i++, j--);
    }
    if (wanted - 1 <= j) right = j;
    else if (wanted - 1 >= i) left = i;
    else return;
  }
}

function medianOfThree(keys: Float64Array, rows: Uint32Array, left: number, right: number, tie: TieBreak): number {
  const middle = (left + right) >>> 1;
  const before = (a: number, b: number): boolean => isBefore(keys[a], rows[a], keys[b], rows[b], tie);
  if (before(left, middle)) {
    if (before(middle, right)) return middle;
    return before(left, right) ? right : left;
  }
  if (before(left, right)) return left;
  return before(middle, right) ? right : middle;
}

/** Candidates kept beyond the page: selection runs once per this many candidates, not per candidate. */
const SMALLEST_BUFFER = 1024;

/**
 * Collects candidates and keeps the first `wanted` of their order. Memory is twice the rows wanted, whatever the number
 * of candidates: a page of a large table costs one pass and no array of the table's size.
 */
export class TopRows {
  readonly #wanted: number;
  readonly #tie: TieBreak;
  readonly #keys: Float64Array;
  readonly #rows: Uint32Array;
  #count = 0;
  #limitKey = Number.POSITIVE_INFINITY;

  /** `most`: no more candidates than this will come. */
  constructor(wanted: number, most: number, tie: TieBreak = byRowNumber) {
    this.#wanted = Math.min(wanted, most);
    this.#tie = tie;
    const capacity = Math.min(most, Math.max(SMALLEST_BUFFER, this.#wanted * 2));
    this.#keys = new Float64Array(capacity);
    this.#rows = new Uint32Array(capacity);
  }

  add(key: number, row: number): void {
    if (key > this.#limitKey) return;
    if (this.#count === this.#keys.length) this.#prune();
    this.#keys[this.#count] = key;
    this.#rows[this.#count++] = row;
  }

  /** Rows [offset, offset + limit) in order; never more than were wanted. */
  page(offset: number, limit: number): Uint32Array {
    if (this.#count > this.#wanted) this.#prune();
    const begin = Math.min(offset, this.#count);
    const end = Math.min(offset + limit, this.#count);
    const tie = this.#tie;
    if (begin > 0) selectSmallest(this.#keys, this.#rows, begin, 0, this.#count, tie);
    if (end < this.#count) selectSmallest(this.#keys, this.#rows, end, begin, this.#count, tie);
    return sortedRows(this.#keys, this.#rows, begin, end, tie);
  }

  #prune(): void {
    if (this.#wanted === 0) {
      this.#count = 0;
      return;
    }
    selectSmallest(this.#keys, this.#rows, this.#wanted, 0, this.#count, this.#tie);
    this.#count = this.#wanted;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < this.#count; k++) if (this.#keys[k] > largest) largest = this.#keys[k];
    this.#limitKey = largest;
  }
}

function sortedRows(keys: Float64Array, rows: Uint32Array, begin: number, end: number, tie: TieBreak): Uint32Array {
  const order = new Uint32Array(end - begin);
  for (let k = 0; k < order.length; k++) order[k] = begin + k;
  order.sort((a, b) => keys[a] - keys[b] || tie(rows[a], rows[b]));
  for (let k = 0; k < order.length; k++) order[k] = rows[order[k]];
  return order;
}
