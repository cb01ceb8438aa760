/**
 * Search over conversations: a case-insensitive substring of address text, port, protocol, state or interface.
 * What takes few values (protocols, ports, states, interfaces) is decided once per search; only addresses are looked at
 * row by row, IPv4 without making a string.
 */
import { addressText, macText } from '../wire/address.ts';
import { NETWORK } from '../wire/decoded-batch.ts';
import { etherTypeName, ipProtocolName } from '../wire/numbers.ts';
import { addressOffset, ipProtocolOf, networkOf, portOf } from './conversation-order.ts';
import { type ConversationTable, ROW_WORD, ROW_WORDS } from './conversation-table.ts';

/** What a search looks for; names are matched by who knows them and come as addresses and ports. */
export interface SearchTerms {
  text: string;
  addresses: readonly string[];
  ports: readonly number[];
}

const PORTS = 65536;
const PROTOCOLS = 256;
const V4_MAPPED = 0xffff;
const DOT = 46;
const ZERO = 48;

export class ConversationSearch {
  readonly #table: ConversationTable;
  readonly #text: string;
  readonly #needle: Uint8Array;
  readonly #addresses: ReadonlySet<string>;
  readonly #ports: Uint8Array | null;
  readonly #protocols: Uint8Array;
  readonly #etherTypes = new Map<number, boolean>();
  readonly #states: readonly boolean[];
  readonly #interfaces: readonly boolean[];
  readonly #inIpv4: boolean;
  readonly #inIpv6: boolean;
  readonly #haystack = new Uint8Array(16);

  constructor(table: ConversationTable, terms: SearchTerms, states: readonly string[], interfaces: readonly string[]) {
    const text = terms.text.toLowerCase();
    this.#table = table;
    this.#text = text;
    this.#needle = Uint8Array.from(text, (character) => character.charCodeAt(0));
    this.#addresses = new Set(terms.addresses);
    this.#ports = matchingPorts(text, terms.ports);
    this.#protocols = Uint8Array.from({ length: PROTOCOLS }, (_, k) => (ipProtocolName(k).includes(text) ? 1 : 0));
    this.#states = states.map((state) => state.includes(text));
    this.#interfaces = interfaces.map((name) => name.toLowerCase().includes(text));
    this.#inIpv4 = /^[0-9.]+$/.test(text);
    this.#inIpv6 = /^[0-9a-f:.]+$/.test(text);
  }

  /** True when the conversation, in the state of this code, shows what is searched for. */
  matches(row: number, state: number): boolean {
    const table = this.#table;
    if (this.#states[state] || this.#interfaces[table.u32[row * ROW_WORDS + ROW_WORD.interfaceSlot]]) return true;
    if (networkOf(table, row) === NETWORK.other) return this.#matchesOther(row);
    if (this.#protocols[ipProtocolOf(table, row)] === 1) return true;
    if (this.#ports !== null && this.#matchesPort(this.#ports, row)) return true;
    return this.#matchesAddress(row, 0) || this.#matchesAddress(row, 1);
  }

  #matchesPort(ports: Uint8Array, row: number): boolean {
    return ports[portOf(this.#table, row, 0)] === 1 || ports[portOf(this.#table, row, 1)] === 1;
  }

  #matchesOther(row: number): boolean {
    const { u32 } = this.#table;
    const etherType = u32[row * ROW_WORDS + ROW_WORD.ports];
    let matches = this.#etherTypes.get(etherType);
    if (matches === undefined) {
      matches = etherTypeName(etherType).includes(this.#text);
      this.#etherTypes.set(etherType, matches);
    }
    if (matches || !this.#inIpv6) return matches;
    return [0, 1].some((side) => {
      const at = addressOffset(row, side);
      return macText(u32[at + 2], u32[at + 3]).includes(this.#text);
    });
  }

  #matchesAddress(row: number, side: number): boolean {
    const { u32 } = this.#table;
    const at = addressOffset(row, side);
    if (this.#addresses.size > 0 && this.#addresses.has(addressText(u32, at))) return true;
    const isV4 = u32[at] === 0 && u32[at + 1] === 0 && u32[at + 2] === V4_MAPPED;
    if (isV4) return this.#inIpv4 && this.#matchesIpv4(u32[at + 3]);
    return this.#inIpv6 && addressText(u32, at).includes(this.#text);
  }

  #matchesIpv4(address: number): boolean {
    const haystack = this.#haystack;
    let length = 0;
    for (let shift = 24; shift >= 0; shift -= 8) {
      length = writeOctet(haystack, length, (address >>> shift) & 0xff);
      if (shift > 0) haystack[length++] = DOT;
    }
    return contains(haystack, length, this.#needle);
  }
}

function matchingPorts(text: string, named: readonly number[]): Uint8Array | null {
  const digits = /^[0-9]{1,5}$/.test(text);
  if (!digits && named.length === 0) return null;
  const ports = new Uint8Array(PORTS);
  for (const port of named) ports[port] = 1;
  if (digits) for (let port = 0; port < PORTS; port++) if (String(port).includes(text)) ports[port] = 1;
  return ports;
}

function writeOctet(into: Uint8Array, at: number, octet: number): number {
  let end = at;
  if (octet >= 100) into[end++] = ZERO + Math.floor(octet / 100);
  if (octet >= 10) into[end++] = ZERO + (Math.floor(octet / 10) % 10);
  into[end++] = ZERO + (octet % 10);
  return end;
}

function contains(haystack: Uint8Array, length: number, needle: Uint8Array): boolean {
  for (let start = 0; start + needle.length <= length; start++) {
    let k = 0;
    while (k < needle.length && haystack[start + k] === needle[k]) k++;
    if (k === needle.length) return true;
  }
  return false;
}
