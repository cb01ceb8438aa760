/**
 * What is typed after "/" on a screen, understood. The engine and the screens read the same text with the same fields,
 * so that terms have the same places on both sides.
 *
 *   query  = term { blanks [ "and" ] term }                     every term must hold
 *   term   = { "!" } [ field ":" ] value                        without a field: whatever is shown
 *   value  = "/" regular expression "/" | '"' text '"' | word   of a field, a word may be several: 80,443
 *
 * Text matches where it is contained, without regard to case; addresses, networks and numbers match as such. What is not
 * finished (one is still typing) or not understood hides nothing, and `note` says what is missing.
 */
import { parseAddress, prefixMask } from '../wire/address.ts';
import { Pattern } from './pattern.ts';
import { BadPattern } from './pattern-syntax.ts';

const SEARCH_FIELDS = ['host', 'port', 'proto', 'state', 'iface', 'process', 'mac', 'vendor'] as const;
export type SearchField = (typeof SEARCH_FIELDS)[number];

/** An address matches where its words, masked, equal `words`; IPv4 as v4-mapped, and never by an IPv6 network. */
export interface SearchNetwork {
  words: Uint32Array;
  mask: Uint32Array;
  isIpv4: boolean;
}

export type SearchValue =
  /** Lower case. */
  | { kind: 'text'; text: string }
  | { kind: 'pattern'; pattern: Pattern }
  /** Of `host`. */
  | { kind: 'network'; network: SearchNetwork }
  /** Of `port`, and of `proto` an IP protocol; both ends included. */
  | { kind: 'numbers'; from: number; to: number };

/** Holds where any of its values does, or (negated) none. */
export interface SearchTerm {
  /** null: everything that is shown. */
  field: SearchField | null;
  negated: boolean;
  values: readonly SearchValue[];
}

export interface SearchQuery {
  terms: readonly SearchTerm[];
  /** What is missing, wrong or not known here, in a few words; null: nothing. */
  note: string | null;
}

/** What a field takes: said while there is nothing behind its colon. */
const TAKES: Record<SearchField, string> = {
  host: 'address, network or name',
  port: '80, 80-90, 80,443 or a service',
  proto: 'tcp, udp, icmp, arp…',
  state: 'a state',
  iface: 'an interface',
  process: 'a program',
  mac: 'a hardware address',
  vendor: 'a maker',
};

const V4_MAPPED = 0xffff;
const LARGEST_PORT = 65_535;
const LARGEST_PROTOCOL = 255;

/** A term that hides nothing, and why. */
class Unusable extends Error {}

/** The query of a text, for a screen that has these fields. Never throws. */
export function parseSearch(text: string, fields: readonly SearchField[]): SearchQuery {
  const scanner = new Scanner(text);
  const terms: SearchTerm[] = [];
  const notes: string[] = [];
  while (!scanner.isAtEnd) {
    try {
      const term = readTerm(scanner, fields, notes);
      if (term !== null) terms.push(term);
    } catch (problem) {
      if (!(problem instanceof Unusable)) throw problem;
      notes.push(problem.message);
    }
  }
  return { terms, note: notes[0] ?? null };
}

function readTerm(scanner: Scanner, fields: readonly SearchField[], notes: string[]): SearchTerm | null {
  const negated = scanner.negated();
  const field = scanner.field();
  const { form, text } = scanner.value();
  if (form === 'word' && field === null && !negated && text.toLowerCase() === 'and') return null;
  if (field !== null && !fields.includes(field)) throw new Unusable(`no ${field}: here`);
  if (text === '') throw new Unusable(missing(field, form));
  if (form === 'unfinished') throw new Unusable('a regular expression ends with /');
  // No program is known in this version: the term holds for nothing.
  if (field === 'process') notes.push('programs are not known here');
  if (field === null && form === 'word') noteUnknownField(text, fields, notes);
  return { field, negated, values: readValues(form, text, field) };
}

function missing(field: SearchField | null, form: Form): string {
  if (form === 'pattern' || form === 'unfinished') return 'a regular expression ends with /';
  return field === null ? '! and what must not match' : `${field}: ${TAKES[field]}`;
}

/** "prot:tcp" is searched for as it stands; addresses have colons too. */
function noteUnknownField(text: string, fields: readonly SearchField[], notes: string[]): void {
  const word = /^([a-z]+):/i.exec(text)?.[1] ?? '';
  if (fields.length > 0 && /[g-z]/i.test(word)) notes.push(`${word}: is no field`);
}

function readValues(form: Form, text: string, field: SearchField | null): SearchValue[] {
  if (form === 'pattern') return [{ kind: 'pattern', pattern: readPattern(text) }];
  if (form === 'quoted' || field === null) return [{ kind: 'text', text: text.toLowerCase() }];
  const words = text.toLowerCase().split(',');
  const values = words.filter((word) => word !== '').map((word) => readWord(word, field));
  if (values.length === 0) throw new Unusable(`${field}: ${TAKES[field]}`);
  return values;
}

function readPattern(source: string): Pattern {
  try {
    return new Pattern(source);
  } catch (problem) {
    if (!(problem instanceof BadPattern)) throw problem;
    throw new Unusable(`/${source}/: ${problem.message}`);
  }
}

function readWord(word: string, field: SearchField): SearchValue {
  if (field === 'host') return readHost(word);
  if (field === 'port' && /^\d+-?\d*$/.test(word)) return readPorts(word);
  if (field === 'proto' && /^\d+$/.test(word)) return readProtocol(word);
  return { kind: 'text', text: word };
}

function readProtocol(word: string): SearchValue {
  const number = Number(word);
  if (number > LARGEST_PROTOCOL) throw new Unusable('proto: a name, or a number up to 255');
  return { kind: 'numbers', from: number, to: number };
}

function readPorts(word: string): SearchValue {
  const [first, last = first] = word.split('-');
  if (last === '') throw new Unusable(`port: ${word} to which?`);
  const [from, to] = [Number(first), Number(last)];
  if (Math.max(from, to) > LARGEST_PORT) throw new Unusable('port: up to 65535');
  if (to < from) throw new Unusable(`port: ${from}-${to} has no port`);
  return { kind: 'numbers', from, to };
}

/** A whole address or a network; anything else is part of an address or name. */
function readHost(word: string): SearchValue {
  const [address, mask] = word.split('/');
  // "fe80::" is an address too, but whoever types one has come no further.
  const words = address.endsWith(':') && mask === undefined ? null : parseAddress(address);
  if (words === null) {
    if (mask !== undefined) throw new Unusable(`host: ${address} is no address`);
    return { kind: 'text', text: word };
  }
  const isIpv4 = !address.includes(':');
  return { kind: 'network', network: searchNetwork(words, readPrefix(mask, isIpv4), isIpv4) };
}

/** Bits of the mask, of 128. */
function readPrefix(mask: string | undefined, isIpv4: boolean): number {
  const most = isIpv4 ? 32 : 128;
  if (mask === undefined) return 128;
  if (!/^\d+$/.test(mask) || Number(mask) > most) throw new Unusable(`host: /0 to /${most}`);
  return Number(mask) + 128 - most;
}

/** The network of an address (its words, IPv4 as v4-mapped) and a prefix, counted in the 128 bits of the words. */
export function searchNetwork(address: Uint32Array, prefix: number, isIpv4: boolean): SearchNetwork {
  const mask = prefixMask(prefix);
  return { words: address.map((word, k) => word & mask[k]), mask, isIpv4 };
}

/** True when the address in words[at … at + 3] (not a MAC address) lies in the network. */
export function isInNetwork({ words, mask, isIpv4 }: SearchNetwork, address: Uint32Array, at: number): boolean {
  if (((address[at + 3] & mask[3]) ^ words[3]) !== 0 || ((address[at + 2] & mask[2]) ^ words[2]) !== 0) return false;
  if (((address[at + 1] & mask[1]) ^ words[1]) !== 0 || ((address[at] & mask[0]) ^ words[0]) !== 0) return false;
  return isIpv4 || address[at + 2] !== V4_MAPPED || address[at + 1] !== 0 || address[at] !== 0;
}

type Form = 'word' | 'quoted' | 'pattern' | 'unfinished';

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skipBlanks();
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  #skipBlanks(): void {
    while (this.#text.charAt(this.#at) === ' ') this.#at++;
  }

  negated(): boolean {
    const begin = this.#at;
    while (this.#text.charAt(this.#at) === '!') this.#at++;
    return (this.#at - begin) % 2 === 1;
  }

  field(): SearchField | null {
    const name = /^([a-z]+):/i.exec(this.#text.slice(this.#at))?.[1].toLowerCase();
    const field = SEARCH_FIELDS.find((each) => each === name);
    if (field === undefined) return null;
    this.#at += field.length + 1;
    return field;
  }

  /** Moves to where the next term begins. */
  value(): { form: Form; text: string } {
    const value = this.#value();
    this.#skipBlanks();
    return value;
  }

  #value(): { form: Form; text: string } {
    const rest = this.#text.slice(this.#at);
    // A slash within the expression may stand as it is: the one at the end has a blank behind it.
    const [pattern, source] = /^\/((?:\\.|[^\\])*?)\/(?= |$)/.exec(rest) ?? [];
    if (pattern !== undefined) return this.#taken(pattern.length, 'pattern', source);
    if (rest.startsWith('/')) return this.#taken(rest.length, 'unfinished', rest.slice(1));
    const [quoted, text] = /^"([^"]*)"?/.exec(rest) ?? [];
    if (quoted !== undefined) return this.#taken(quoted.length, 'quoted', text);
    const word = rest.split(' ', 1)[0];
    return this.#taken(word.length, 'word', word);
  }

  #taken(length: number, form: Form, text: string): { form: Form; text: string } {
    this.#at += length;
    return { form, text };
  }
}
