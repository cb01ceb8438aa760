/**
 * Lists of networks, looked up by address: which sides of a rule an address fits. A list of a thousand addresses costs
 * little more than one: networks with the same mask stand together in ascending order and are searched by halving.
 */
import { compareAddresses } from '../src/wire/address.ts';
import { NETWORK } from '../src/wire/decoded-batch.ts';
import type { PreparedNetwork } from './prepared.ts';

/** Sides of a rule, as bits. */
export const SOURCE = 1;
export const DESTINATION = 2;

/** The sides whose list is null: they ask for nothing. */
export function anySides(source: readonly unknown[] | null, destination: readonly unknown[] | null): number {
  return (source === null ? SOURCE : 0) | (destination === null ? DESTINATION : 0);
}

/** The networks of both sides of a rule. */
export class Networks {
  /** Sides that ask for nothing. */
  readonly #any: number;
  readonly #ipv4: Ipv4Index;
  readonly #ipv6: Ipv6Index;

  /** null: that side asks for nothing. */
  constructor(source: readonly PreparedNetwork[] | null, destination: readonly PreparedNetwork[] | null) {
    this.#any = anySides(source, destination);
    const sided = [
      ...(source ?? []).map((network) => ({ network, side: SOURCE })),
      ...(destination ?? []).map((network) => ({ network, side: DESTINATION })),
    ];
    this.#ipv4 = new Ipv4Index(sided.filter(({ network }) => network.family === 4));
    this.#ipv6 = new Ipv6Index(sided.filter(({ network }) => network.family === 6));
  }

  /** Sides that the address at words[at…] fits, of a packet of this NETWORK: none where it is no IP. */
  sidesOf(network: number, words: Uint32Array, at: number): number {
    if (network === NETWORK.ipv4) return this.#any | this.#ipv4.sidesOf(words[at + 3]);
    return network === NETWORK.ipv6 ? this.#any | this.#ipv6.sidesOf(words, at) : 0;
  }
}

interface SidedNetwork {
  network: PreparedNetwork;
  side: number;
}

/**
 * IPv4 networks, of whose words only the last one differs:
 *
 *   group g   #masks[g]   entries #begins[g] … #begins[g + 1] − 1
 *   entry n   #words[n] │ #sides[n]
 */
class Ipv4Index {
  readonly #masks: Uint32Array;
  readonly #begins: Uint32Array;
  readonly #words: Uint32Array;
  readonly #sides: Uint8Array;

  constructor(networks: readonly SidedNetwork[]) {
    const groups = groupedByMask(networks);
    this.#masks = Uint32Array.from(groups, ([first]) => first.network.mask[3]);
    this.#begins = beginsOf(groups);
    this.#words = Uint32Array.from(groups.flat(), ({ network }) => network.words[3]);
    this.#sides = Uint8Array.from(groups.flat(), ({ side }) => side);
  }

  sidesOf(address: number): number {
    const begins = this.#begins;
    const words = this.#words;
    let sides = 0;
    for (let g = 0; g < begins.length - 1; g++) {
      const wanted = (address & this.#masks[g]) >>> 0;
      let low = begins[g];
      let high = begins[g + 1];
      // The last entry that is not larger.
      while (high - low > 1) {
        const middle = (low + high) >>> 1;
        if (words[middle] > wanted) high = middle;
        else low = middle;
      }
      if (words[low] === wanted) sides |= this.#sides[low];
    }
    return sides;
  }
}

/** The same for IPv6, four words to an entry or group: #words[4n…4n+3], #masks[4g…4g+3]. */
class Ipv6Index {
  readonly #masks: Uint32Array;
  readonly #begins: Uint32Array;
  readonly #words: Uint32Array;
  readonly #sides: Uint8Array;

  constructor(networks: readonly SidedNetwork[]) {
    const groups = groupedByMask(networks);
    this.#masks = Uint32Array.from(groups.flatMap(([first]) => [...first.network.mask]));
    this.#begins = beginsOf(groups);
    this.#words = Uint32Array.from(groups.flat().flatMap(({ network }) => [...network.words]));
    this.#sides = Uint8Array.from(groups.flat(), ({ side }) => side);
  }

  /** Of the address at words[at…]. */
  sidesOf(words: Uint32Array, at: number): number {
    const begins = this.#begins;
    let sides = 0;
    for (let g = 0; g < begins.length - 1; g++) {
      let low = begins[g];
      let high = begins[g + 1];
      while (high - low > 1) {
        const middle = (low + high) >>> 1;
        if (this.#compare(words, at, g, middle) < 0) high = middle;
        else low = middle;
      }
      if (this.#compare(words, at, g, low) === 0) sides |= this.#sides[low];
    }
    return sides;
  }

  /** < 0, 0 or > 0: the address under the mask of group g against entry n. */
  #compare(words: Uint32Array, at: number, g: number, n: number): number {
    for (let k = 0; k < 4; k++) {
      const word = (words[at + k] & this.#masks[4 * g + k]) >>> 0;
      const other = this.#words[4 * n + k];
      if (word !== other) return word < other ? -1 : 1;
    }
    return 0;
  }
}

/** Where the entries of each group begin, and where the last one's end. */
function beginsOf(groups: readonly SidedNetwork[][]): Uint32Array {
  const begins = new Uint32Array(groups.length + 1);
  for (const [g, group] of groups.entries()) begins[g + 1] = begins[g] + group.length;
  return begins;
}

/** Each network once, with all of its sides. */
function unique(networks: readonly SidedNetwork[]): SidedNetwork[] {
  const found = new Map<string, SidedNetwork>();
  for (const { network, side } of networks) {
    const identity = `${network.words.join()}/${network.mask.join()}`;
    const sides = found.get(identity)?.side ?? 0;
    found.set(identity, { network, side: sides | side });
  }
  return [...found.values()];
}

/** Networks with the same mask, in ascending order. */
function groupedByMask(networks: readonly SidedNetwork[]): SidedNetwork[][] {
  const groups = new Map<string, SidedNetwork[]>();
  for (const sided of unique(networks)) {
    const mask = sided.network.mask.join();
    const group = groups.get(mask) ?? [];
    group.push(sided);
    groups.set(mask, group);
  }
  for (const group of groups.values()) group.sort((a, b) => compareAddresses(a.network.words, 0, b.network.words, 0));
  return [...groups.values()];
}
