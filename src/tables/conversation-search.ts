/**
 * Search over conversations. What takes few values (protocols, ports, states, interfaces) is decided once per search;
 * only addresses are looked at row by row, and only where nothing else has decided a term.
 */
import type { SearchField, SearchQuery, SearchTerm, SearchValue } from '../search/query.ts';
import { protocolWords, type TermNames, textTest } from '../search/rows.ts';
import { NETWORK } from '../wire/decoded-batch.ts';
import { etherTypeName, ipProtocolName } from '../wire/numbers.ts';
import { AddressSearch } from './address-search.ts';
import { addressOffset, ipProtocolOf, networkOf, portOf } from './conversation-order.ts';
import { type ConversationTable, ROW_WORD, ROW_WORDS } from './conversation-table.ts';

/** Words for what rows hold as numbers. */
export interface ConversationWords {
  /** By state code. */
  states: readonly string[];
  /** By slot. */
  interfaces: readonly string[];
}

const PORTS = 65536;
const PROTOCOLS = 256;

export class ConversationSearch {
  /** Those that look at addresses come last. */
  readonly #terms: readonly TermSearch[];

  /** `names` by term, as the query has them. */
  constructor(table: ConversationTable, { terms }: SearchQuery, names: readonly TermNames[], words: ConversationWords) {
    const searches = terms.map((term, k) => new TermSearch(table, term, names[k] ?? {}, words));
    this.#terms = searches.sort((a, b) => Number(a.readsAddresses) - Number(b.readsAddresses));
  }

  /** True when the conversation, in the state of this code, is what is searched for. */
  matches(row: number, state: number): boolean {
    for (const term of this.#terms) if (term.matches(row, state) === term.negated) return false;
    return true;
  }
}

/** One term, of which a row may hold or not; negation is the caller's. */
class TermSearch {
  readonly negated: boolean;
  readonly #table: ConversationTable;
  readonly #states: readonly boolean[];
  readonly #interfaces: readonly boolean[];
  /** By IP protocol: 1 = matches. */
  readonly #protocols: Uint8Array;
  /** null: no EtherType matches. */
  readonly #isEtherType: ((text: string) => boolean) | null;
  readonly #etherTypes = new Map<number, boolean>();
  readonly #ports: Uint8Array | null;
  readonly #addresses: AddressSearch | null;

  constructor(table: ConversationTable, term: SearchTerm, names: TermNames, words: ConversationWords) {
    const { negated, values } = term;
    const looksAt = (field: SearchField): boolean => term.field === null || term.field === field;
    const isText = textTest(values);
    this.#table = table;
    this.negated = negated;
    this.#states = looksAt('state') ? words.states.map(isText) : [];
    this.#interfaces = looksAt('iface') ? words.interfaces.map(isText) : [];
    this.#protocols = looksAt('proto') ? matchingProtocols(values) : new Uint8Array(PROTOCOLS);
    this.#isEtherType = looksAt('proto') ? isText : null;
    this.#ports = looksAt('port') ? matchingPorts(values, names.ports ?? []) : null;
    const addresses = looksAt('host') ? new AddressSearch(values, names.addresses ?? []) : null;
    this.#addresses = addresses?.isEmpty === true ? null : addresses;
  }

  get readsAddresses(): boolean {
    return this.#addresses !== null;
  }

  matches(row: number, state: number): boolean {
    const table = this.#table;
    if (
      this.#states[state] === true ||
      this.#interfaces[table.u32[row * ROW_WORDS + ROW_WORD.interfaceSlot]] === true
    ) {
      return true;
    }
    if (networkOf(table, row) === NETWORK.other) return this.#matchesOther(row);
    if (this.#protocols[ipProtocolOf(table, row)] === 1) return true;
    const ports = this.#ports;
    if (ports !== null && (ports[portOf(table, row, 0)] === 1 || ports[portOf(table, row, 1)] === 1)) return true;
    const addresses = this.#addresses;
    if (addresses === null) return false;
    return addresses.matches(table.u32, addressOffset(row, 0)) || addresses.matches(table.u32, addressOffset(row, 1));
  }

  #matchesOther(row: number): boolean {
    const { u32 } = this.#table;
    if (this.#matchesEtherType(u32[row * ROW_WORDS + ROW_WORD.ports])) return true;
    const addresses = this.#addresses;
    if (addresses === null) return false;
    return [0, 1].some((side) => {
      const at = addressOffset(row, side);
      return addresses.matchesMac(u32[at + 2], u32[at + 3]);
    });
  }

  #matchesEtherType(etherType: number): boolean {
    if (this.#isEtherType === null) return false;
    let matches = this.#etherTypes.get(etherType);
    if (matches === undefined) {
      matches = this.#isEtherType(etherTypeName(etherType));
      this.#etherTypes.set(etherType, matches);
    }
    return matches;
  }
}

/** By IP protocol: 1 = one of the values means it. */
export function matchingProtocols(values: readonly SearchValue[]): Uint8Array {
  const isText = textTest(values);
  const protocols = Uint8Array.from({ length: PROTOCOLS }, (_, protocol) =>
    protocolWords(ipProtocolName(protocol)).some(isText) ? 1 : 0,
  );
  for (const value of values) if (value.kind === 'numbers') protocols.fill(1, value.from, value.to + 1);
  return protocols;
}

/** By port: 1 = matches; null where none does. */
export function matchingPorts(values: readonly SearchValue[], named: readonly number[]): Uint8Array | null {
  const ports = new Uint8Array(PORTS);
  for (const port of named) ports[port] = 1;
  for (const value of values) if (value.kind === 'numbers') ports.fill(1, value.from, value.to + 1);
  const inDigits = values.filter(
    (value) => value.kind === 'pattern' || (value.kind === 'text' && /^\d+$/.test(value.text)),
  );
  if (inDigits.length > 0) {
    const isText = textTest(inDigits);
    for (let port = 0; port < PORTS; port++) if (isText(String(port))) ports[port] = 1;
  }
  return ports.includes(1) ? ports : null;
}
