/** Orders of the pair table: a number for each pair (smaller first) and a tie-break that makes an order whole. */
import { compareAddresses } from '../wire/address.ts';
import { PAIR_KEY } from './pair-groups.ts';
import { PAIR_COUNTER } from './pair-readers.ts';
import type { PairTable } from './pair-table.ts';
import type { TieBreak } from './top-rows.ts';

export interface PairOrder {
  key(pair: number): number;
  tie: TieBreak;
}

type Key = (pair: number) => number;

const V4_MAPPED = 0xffff;
/** IPv6 addresses come after all of IPv4. */
const IPV6_BASE = 2 ** 33;
const RATE_WINDOWS: Readonly<Record<string, number>> = { 'rate-2s': 0, 'rate-10s': 1, 'rate-40s': 2 };
const NATURAL_WINDOW = 1;

/**
 * The order of this name (HOST_PAIR_SORTS in screens/host-pairs/types.ts); null: the busiest of the last 10 s first.
 * `rankOf` ranks interface slots by name.
 */
export function pairOrder(
  table: PairTable,
  sort: string | null,
  descending: boolean,
  rankOf: (slot: number) => number,
): PairOrder {
  if (sort === 'source' || sort === 'destination')
    return hostOrder(table, sort === 'source' ? PAIR_KEY.ours : PAIR_KEY.theirs, descending);
  const key = figureOf(table, sort, rankOf);
  const isReversed = descending || sort === null;
  return { key: isReversed ? (pair) => -key(pair) : key, tie: (a, b) => a - b };
}

function figureOf(table: PairTable, sort: string | null, rankOf: (slot: number) => number): Key {
  const { words } = table;
  const sum = (counter: number): Key => {
    return (pair) => table.counter(pair, counter, 0) + table.counter(pair, counter, 1);
  };
  switch (sort) {
    case 'bytes':
      return sum(table.quantity === 'wireBytes' ? PAIR_COUNTER.wireBytes : PAIR_COUNTER.ipBytes);
    case 'packets':
      return sum(PAIR_COUNTER.packets);
    case 'interface':
      return (pair) => rankOf(words[table.wordsAt(pair) + PAIR_KEY.interfaceSlot]);
    default:
      return table.rateKey(RATE_WINDOWS[sort ?? ''] ?? NATURAL_WINDOW);
  }
}

/** By the address and port of one side, then by those of the other. */
function hostOrder(table: PairTable, first: number, descending: boolean): PairOrder {
  const { words } = table;
  const sign = descending ? -1 : 1;
  const second = first === PAIR_KEY.ours ? PAIR_KEY.theirs : PAIR_KEY.ours;
  const compareSide = (a: number, b: number, side: number): number =>
    compareAddresses(words, a + side, words, b + side) || portAt(words, a, side) - portAt(words, b, side);
  return {
    key: (pair) => sign * addressKey(words, table.wordsAt(pair) + first),
    tie: (pairA, pairB) => {
      const [a, b] = [table.wordsAt(pairA), table.wordsAt(pairB)];
      const order = compareSide(a, b, first) || compareSide(a, b, second);
      return order === 0 ? pairA - pairB : sign * order;
    },
  };
}

/** As much of an address as a number holds. */
function addressKey(words: Uint32Array, at: number): number {
  const isIpv4 = words[at] === 0 && words[at + 1] === 0 && words[at + 2] === V4_MAPPED;
  return isIpv4 ? words[at + 3] : IPV6_BASE + words[at] * 2 ** 20 + (words[at + 1] >>> 12);
}

function portAt(words: Uint32Array, at: number, side: number): number {
  return side === PAIR_KEY.ours ? words[at + PAIR_KEY.ports] >>> 16 : words[at + PAIR_KEY.ports] & 0xffff;
}
