/**
 * The addresses that one term of a search means: parts of their text, expressions, networks, and those whose names were
 * found. Looked at for every row of a large table, so that no address becomes a string: a text is looked for as an
 * expression, and an expression goes through an IPv4 address by octets, each of whose steps is found once.
 */
import { literally, MATCHED, Pattern, type PatternState } from '../search/pattern.ts';
import { isInNetwork, type SearchNetwork, type SearchValue } from '../search/query.ts';
import { addressText, macText, parseAddress, writeIpv6 } from '../wire/address.ts';

const V4_MAPPED = 0xffff;
const LONGEST_IPV6 = 39;
/** Pieces of an IPv4 address: 256 octets with a dot behind them, then 256 with the end of the text. */
const LAST = 256;
const PIECES = Array.from({ length: 2 * LAST }, (_, piece) =>
  new TextEncoder().encode(piece < LAST ? `${piece}.` : String(piece - LAST)),
);

export class AddressSearch {
  /** What IPv4 addresses can match; the others leave out texts that stand in none. */
  readonly #ofIpv4: readonly Pattern[];
  /** IPv6 and MAC addresses. */
  readonly #ofOthers: readonly Pattern[];
  readonly #networks: readonly SearchNetwork[];
  /** By their names: IPv4 by their last words, IPv6 by their texts. */
  readonly #namedIpv4 = new Set<number>();
  readonly #namedIpv6 = new Set<string>();
  readonly #text = new Uint8Array(LONGEST_IPV6);

  constructor(values: readonly SearchValue[], named: readonly string[]) {
    this.#ofIpv4 = patternsOf(values, /^[0-9.]+$/);
    this.#ofOthers = patternsOf(values, /^[0-9a-f:.]+$/);
    this.#networks = values.flatMap((value) => (value.kind === 'network' ? [value.network] : []));
    for (const address of named) {
      const words = address.includes(':') ? null : parseAddress(address);
      if (words === null) this.#namedIpv6.add(address);
      else this.#namedIpv4.add(words[3]);
    }
  }

  /** No address can match. */
  get isEmpty(): boolean {
    const named = this.#namedIpv4.size + this.#namedIpv6.size;
    return this.#ofIpv4.length + this.#ofOthers.length + this.#networks.length + named === 0;
  }

  /** True for the IP address in words[at … at + 3]. */
  matches(words: Uint32Array, at: number): boolean {
    for (const network of this.#networks) if (isInNetwork(network, words, at)) return true;
    const isIpv4 = words[at] === 0 && words[at + 1] === 0 && words[at + 2] === V4_MAPPED;
    return isIpv4 ? this.#matchesIpv4(words[at + 3]) : this.#matchesIpv6(words, at);
  }

  /** True for the MAC address of these first two and last four bytes. */
  matchesMac(high: number, low: number): boolean {
    if (this.#ofOthers.length === 0) return false;
    const text = macText(high, low);
    return this.#ofOthers.some((pattern) => pattern.test(text));
  }

  #matchesIpv4(address: number): boolean {
    if (this.#namedIpv4.size > 0 && this.#namedIpv4.has(address)) return true;
    for (const pattern of this.#ofIpv4) {
      let state = step(pattern, pattern.start, address >>> 24);
      state = step(pattern, state, (address >>> 16) & 0xff);
      state = step(pattern, state, (address >>> 8) & 0xff);
      if (step(pattern, state, LAST + (address & 0xff)) === MATCHED) return true;
    }
    return false;
  }

  #matchesIpv6(words: Uint32Array, at: number): boolean {
    if (this.#namedIpv6.size > 0 && this.#namedIpv6.has(addressText(words, at))) return true;
    if (this.#ofOthers.length === 0) return false;
    const length = writeIpv6(this.#text, words, at);
    for (const pattern of this.#ofOthers) {
      if (pattern.atEnd(pattern.after(pattern.start, this.#text, length)) === MATCHED) return true;
    }
    return false;
  }
}

/** The expressions, and those texts that can be part of such an address. */
function patternsOf(values: readonly SearchValue[], possible: RegExp): Pattern[] {
  return values.flatMap((value) => {
    if (value.kind === 'pattern') return [value.pattern];
    return value.kind === 'text' && possible.test(value.text) ? [new Pattern(literally(value.text))] : [];
  });
}

/** The state behind a piece of an IPv4 address. */
function step(pattern: Pattern, state: PatternState, piece: number): PatternState {
  if (state === MATCHED) return MATCHED;
  return state.pieces[piece] ?? firstStep(pattern, state, piece);
}

function firstStep(pattern: Pattern, state: PatternState, piece: number): PatternState {
  const text = PIECES[piece];
  const behind = pattern.after(state, text, text.length);
  const next = piece < LAST ? behind : pattern.atEnd(behind);
  state.pieces[piece] = next;
  return next;
}
