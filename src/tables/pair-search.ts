/**
 * Which pairs a search and the screen filter let through. Search terms look at numbers; the screen filter, an expression
 * over the text of each side as it is shown, is asked once a pair and its verdict kept.
 */
import { Pattern } from '../search/pattern.ts';
import type { SearchField, SearchQuery, SearchTerm } from '../search/query.ts';
import { type TermNames, textTest } from '../search/rows.ts';
import { addressText } from '../wire/address.ts';
import { hasPorts } from '../wire/numbers.ts';
import { AddressSearch } from './address-search.ts';
import { matchingPorts, matchingProtocols } from './conversation-search.ts';
import type { PairGrouping, PairSide } from './pair-grouping.ts';
import { PAIR_KEY } from './pair-groups.ts';
import type { PairTable } from './pair-table.ts';

const WHOLE_IPV4 = 32;
const WHOLE_IPV6 = 128;
const V4_MAPPED = 0xffff;
/** A side whose hosts are not told apart. */
const ALL_HOSTS = '*';

export class PairSearch {
  readonly #table: PairTable;
  readonly #terms: readonly TermTest[];

  /** `names` by term, as the query has them; `interfaces` by slot. */
  constructor(
    table: PairTable,
    { terms }: SearchQuery,
    names: readonly TermNames[],
    interfaces: readonly (string | undefined)[],
  ) {
    this.#table = table;
    this.#terms = terms.map((term, k) => new TermTest(term, names[k] ?? {}, table.grouping, interfaces));
  }

  matches(pair: number): boolean {
    const { words } = this.#table;
    const at = this.#table.wordsAt(pair);
    return this.#terms.every((term) => term.matches(words, at) !== term.negated);
  }
}

class TermTest {
  readonly negated: boolean;
  readonly #grouping: PairGrouping;
  /** By slot. */
  readonly #interfaces: readonly boolean[];
  readonly #protocols: Uint8Array | null;
  readonly #ports: Uint8Array | null;
  readonly #addresses: AddressSearch | null;

  constructor(
    { field, negated, values }: SearchTerm,
    names: TermNames,
    grouping: PairGrouping,
    interfaces: readonly (string | undefined)[],
  ) {
    const looksAt = (wanted: SearchField): boolean => field === null || field === wanted;
    const isText = textTest(values);
    const tellsPorts = grouping.ours.ports || grouping.theirs.ports;
    this.negated = negated;
    this.#grouping = grouping;
    this.#interfaces = looksAt('iface') ? interfaces.map((name) => name !== undefined && isText(name)) : [];
    this.#protocols = tellsPorts && looksAt('proto') ? matchingProtocols(values) : null;
    this.#ports = tellsPorts && looksAt('port') ? matchingPorts(values, names.ports ?? []) : null;
    const addresses = looksAt('host') ? new AddressSearch(values, names.addresses ?? []) : null;
    this.#addresses = addresses?.isEmpty === true ? null : addresses;
  }

  matches(words: Uint32Array, at: number): boolean {
    if (this.#interfaces[words[at + PAIR_KEY.interfaceSlot]] === true) return true;
    if (this.#protocols?.[words[at + PAIR_KEY.protocol]] === 1) return true;
    const { ours, theirs } = this.#grouping;
    return this.#matchesSide(ours, words, at, 0) || this.#matchesSide(theirs, words, at, 1);
  }

  #matchesSide(side: PairSide, words: Uint32Array, at: number, place: 0 | 1): boolean {
    const port = this.#ports === null ? null : portOf(side, words, at, place);
    if (port !== null && this.#ports?.[port] === 1) return true;
    return !side.hidden && this.#addresses?.matches(words, at + sideAt(place)) === true;
  }
}

/** A side as it is shown: "10.0.0.1", "10.0.0.1:443", "[2001:db8::1]:443", "10.0.0.0/8", "*". `port` null: none. */
function sideText(side: PairSide, words: Uint32Array, at: number, port: number | null): string {
  const host = side.hidden ? ALL_HOSTS : hostText(side, words, at);
  if (port === null) return host;
  return !side.hidden && host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function hostText(side: PairSide, words: Uint32Array, at: number): string {
  const bits = networkBits(side, words, at);
  return bits === null ? addressText(words, at) : `${addressText(words, at)}/${bits}`;
}

/** Bits that a side's network has, or null: it is a single host. */
export function networkBits({ ipv4Prefix, ipv6Prefix }: PairSide, words: Uint32Array, at: number): number | null {
  const isIpv4 = words[at] === 0 && words[at + 1] === 0 && words[at + 2] === V4_MAPPED;
  if (isIpv4) return ipv4Prefix < WHOLE_IPV4 ? ipv4Prefix : null;
  return ipv6Prefix < WHOLE_IPV6 ? ipv6Prefix : null;
}

/** Where the address of a side (0 ours, 1 theirs) begins in a pair's key. */
export function sideAt(place: 0 | 1): number {
  return place === 0 ? PAIR_KEY.ours : PAIR_KEY.theirs;
}

/** Port of a side in the pair's key at words[at…]; null: not told apart, or the protocol has none. */
export function portOf(side: PairSide, words: Uint32Array, at: number, place: 0 | 1): number | null {
  if (!side.ports || !hasPorts(words[at + PAIR_KEY.protocol])) return null;
  const ports = words[at + PAIR_KEY.ports];
  return place === 0 ? ports >>> 16 : ports & 0xffff;
}

/** As in screens/host-pairs/types.ts. */
interface ShownText {
  pattern: string;
  addresses: readonly string[];
  ports: readonly number[];
}

const UNKNOWN = 0;
const SHOWN = 1;
const HIDDEN = 2;

/** The screen filter of one question, as long as it is asked again. */
export class PairFilter {
  readonly key: string;
  readonly #table: PairTable;
  readonly #pattern: Pattern;
  readonly #addresses: ReadonlySet<string>;
  readonly #ports: ReadonlySet<number>;
  #verdicts = new Uint8Array(0);
  #ids = new Float64Array(0);

  /** Throws BadPattern. */
  constructor(table: PairTable, filter: ShownText) {
    this.key = JSON.stringify(filter);
    this.#table = table;
    this.#pattern = new Pattern(filter.pattern);
    this.#addresses = new Set(filter.addresses);
    this.#ports = new Set(filter.ports);
  }

  matches(pair: number): boolean {
    if (pair >= this.#verdicts.length) this.#grow();
    const id = this.#table.idOf(pair);
    if (this.#verdicts[pair] === UNKNOWN || this.#ids[pair] !== id) {
      this.#ids[pair] = id;
      this.#verdicts[pair] = this.#isShown(pair) ? SHOWN : HIDDEN;
    }
    return this.#verdicts[pair] === SHOWN;
  }

  #grow(): void {
    const length = Math.max(1024, this.#table.highWater, 2 * this.#verdicts.length);
    const [verdicts, ids] = [new Uint8Array(length), new Float64Array(length)];
    verdicts.set(this.#verdicts);
    ids.set(this.#ids);
    this.#verdicts = verdicts;
    this.#ids = ids;
  }

  #isShown(pair: number): boolean {
    const { words, grouping } = this.#table;
    const at = this.#table.wordsAt(pair);
    return ([0, 1] as const).some((place) => {
      const side = place === 0 ? grouping.ours : grouping.theirs;
      return this.#isSideShown(side, words, at + sideAt(place), portOf(side, words, at, place));
    });
  }

  #isSideShown(side: PairSide, words: Uint32Array, at: number, port: number | null): boolean {
    if (this.#pattern.test(sideText(side, words, at, port))) return true;
    if (port !== null && this.#ports.has(port)) return true;
    if (side.hidden || this.#addresses.size === 0 || networkBits(side, words, at) !== null) return false;
    return this.#addresses.has(addressText(words, at));
  }
}
