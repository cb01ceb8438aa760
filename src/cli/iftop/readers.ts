/** What iftop's options and directives take, as ../readers.ts: each turns text into a value or throws BadValue. */
import type { PreparedNetwork } from '../../../filters/prepared.ts';
import { BadRule, parseAddresses } from '../../../filters/rule.ts';
import type { HostPairSort } from '../../../screens/host-pairs/types.ts';
import { parseAddress } from '../../wire/address.ts';
import { BadValue } from '../readers.ts';

/** Powers of 1024 (iftop(8), -m). */
const RATE_UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bits a second: "500k", "100M", "1G". */
export function rate(value: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([bkmg]?)$/i.exec(value) ?? [];
  const bits = digits === undefined ? 0 : Number(digits) * RATE_UNITS[unit.toLowerCase()];
  if (!(bits > 0 && bits < Number.POSITIVE_INFINITY))
    throw new BadValue('not a rate in bits a second such as 500k, 100M or 1G');
  return bits;
}

/** What -L takes: rows of a report (0: all), or bits a second above which a pair is pointed out. */
export type LinesOrRate = { lines: number } | { threshold: number };

export function linesOrRate(value: string): LinesOrRate {
  if (/^\d{1,9}$/.test(value)) return { lines: Number(value) };
  if (/^\d+(\.\d+)?[bkmg]$/i.test(value)) return { threshold: rate(value) };
  throw new BadValue('neither a number of lines (0: all) nor a rate such as 100M');
}

/** Seconds until the report; 0: reports go on. */
export function reportSeconds(value: string): number {
  if (!/^(\d{1,9}\.?\d{0,6}|\.\d{1,6})$/.test(value)) throw new BadValue('not a number of seconds');
  return Number(value);
}

const SORTS: Readonly<Record<string, HostPairSort>> = {
  '2s': 'rate-2s',
  '10s': 'rate-10s',
  '40s': 'rate-40s',
  source: 'source',
  destination: 'destination',
};

export const SORT_WORDS = Object.keys(SORTS);

export function sortOrder(value: string): HostPairSort {
  if (!Object.hasOwn(SORTS, value)) throw new BadValue(`not one of ${SORT_WORDS.join(', ')}`);
  return SORTS[value];
}

/** A network as 10.0.0.0/8 or 10.0.0.0/255.0.0.0. */
export function network(value: string): PreparedNetwork {
  return oneNetwork(value, 4, 'an IPv4 network such as 10.0.0.0/8 or 10.0.0.0/255.0.0.0');
}

/** A network as fd00::/8 or fd00::/ff00::. */
export function network6(value: string): PreparedNetwork {
  const [address, mask, ...rest] = value.split('/');
  const words = rest.length === 0 && address.includes(':') ? parseAddress(address) : null;
  const bits = mask?.includes(':') ? parseAddress(mask) : null;
  if (words !== null && bits !== null) return { family: 6, words: words.map((word, k) => word & bits[k]), mask: bits };
  return oneNetwork(value, 6, 'an IPv6 network such as fd00::/8 or fd00::/ff00::');
}

function oneNetwork(value: string, family: 4 | 6, expected: string): PreparedNetwork {
  try {
    const [item, ...more] = parseAddresses(value);
    if (more.length === 0 && 'family' in item && item.family === family) return item;
  } catch (error) {
    if (!(error instanceof BadRule)) throw error;
  }
  throw new BadValue(`not ${expected}`);
}
