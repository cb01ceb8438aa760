/**
 * Addresses in answers of DNS (RFC 1035, 3596) and multicast DNS (RFC 6762), with the names they were asked for.
 *
 *   0 id | 2 flags | 4 questions | 6 answers | 8 authorities | 10 additional
 *   12 question: name, type 2, class 2       record: name, type 2, class 2, time to live 4, length 2, data
 *   name: (length 1, label)… 0; or, at any place, 11xxxxxx xxxxxxxx: goes on at that byte of the message
 *
 * DNS: the name ASKED for labels the addresses, whatever chain of CNAME records lies between; an address that no chain
 * leads to labels nothing. mDNS: every record stands for itself. A message that was cut off counts as far as it goes.
 */
import { NETWORK } from './decoded-batch.ts';
import { HostName, MOST_NAME_OCTETS } from './host-name.ts';
import { V4_MAPPED } from './ipv4.ts';

/** UDP and TCP source ports of answers. */
export const DNS_PORT = 53;
export const MDNS_PORT = 5353;

/** Receives an address (four words, IPv4 as v4-mapped; NETWORK) and its name. All is borrowed: valid during the call. */
export type OnAddress = (words: Uint32Array, network: number, name: HostName) => void;

const HEADER = 12;
const RECORD_HEADER = 10;
const ANSWER = 0x8000;
/** Operation and response code: an ordinary query that succeeded. */
const OUTCOME = 0x780f;
const TYPE = { a: 1, cname: 5, aaaa: 28 } as const;
const INTERNET = 1;
/** mDNS keeps a flag in the class's first bit. */
const CLASS_BITS = 0x7fff;
const LONGEST_LABEL = 63;
const POINTER = 0xc0;
/** Pointers in one name; real ones have one or two. */
const MOST_POINTERS = 16;
/** Where the question's name stands; most owners of records point there. */
const QUESTION_POINTER = 0xc000 | HEADER;
const DOT = 46;
/** Records of a message and CNAME records among them that are looked at. */
const MOST_RECORDS = 64;
const MOST_ALIASES = 16;
/** Bytes of names that are read in a message, however often pointers lead to them; an ordinary one has a hundred or two. */
const MOST_NAME_BYTES = 2048;

export class DnsAnswers {
  readonly #onAddress: OnAddress;
  readonly #asked: HostName;
  readonly #other: HostName;
  readonly #words = new Uint32Array(4);
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #from = 0;
  #end = 0;
  /** Bytes of names that may still be read. */
  #nameBytes = 0;
  /** Offsets of records that hold an address: owner and data. */
  readonly #owners = new Uint32Array(MOST_RECORDS);
  readonly #datas = new Uint32Array(MOST_RECORDS);
  #count = 0;
  /** CNAME records: hashes of owner and target. */
  readonly #aliasOwners = new Int32Array(MOST_ALIASES);
  readonly #aliasTargets = new Int32Array(MOST_ALIASES);
  #aliases = 0;
  /** Hashes of the name asked for and of what it leads to. */
  readonly #chain = new Int32Array(MOST_ALIASES + 1);
  #chained = 0;

  /** `seed`: 32 bits that make names' hashes unpredictable. */
  constructor(seed: number, onAddress: OnAddress) {
    this.#onAddress = onAddress;
    this.#asked = new HostName(seed);
    this.#other = new HostName(seed);
  }

  /**
   * Reads the message at bytes[from … end - 1], of which `end` is where captured bytes end; `view` is over the same memory.
   * What is no answer, or damaged, tells nothing.
   */
  read(bytes: Uint8Array, view: DataView, from: number, end: number, isMulticast: boolean): void {
    if (from + HEADER > end || (view.getUint16(from + 2) & (ANSWER | OUTCOME)) !== ANSWER) return;
    this.#bytes = bytes;
    this.#view = view;
    this.#from = from;
    this.#end = end;
    this.#nameBytes = MOST_NAME_BYTES;
    this.#count = 0;
    this.#aliases = 0;
    if (isMulticast) this.#readMulticast();
    else if (view.getUint16(from + 4) === 1 && view.getUint16(from + 6) > 0) this.#readUnicast();
  }

  /** DNS over TCP (RFC 1035 section 4.2.2): messages, each behind its length, of which the first begins at `from`. */
  readStream(bytes: Uint8Array, view: DataView, from: number, end: number): void {
    for (let at = from; at + 2 + HEADER <= end; ) {
      const next = at + 2 + view.getUint16(at);
      this.read(bytes, view, at + 2, Math.min(next, end), false);
      at = next;
    }
  }

  #readUnicast(): void {
    if (!this.#readName(this.#from + HEADER, this.#asked) || !this.#asked.isHost) return;
    this.#collect(this.#skipQuestions(1), this.#view.getUint16(this.#from + 6));
    if (this.#count === 0) return;
    this.#followAliases();
    for (let k = 0; k < this.#count; k++) {
      if (this.#isAsked(this.#hashOf(this.#owners[k]))) this.#tell(k, this.#asked);
    }
  }

  #readMulticast(): void {
    const view = this.#view;
    const from = this.#from;
    const records = this.#skipQuestions(view.getUint16(from + 4));
    this.#collect(records, view.getUint16(from + 6) + view.getUint16(from + 8) + view.getUint16(from + 10));
    for (let k = 0; k < this.#count; k++) {
      if (this.#readName(this.#owners[k], this.#other) && this.#other.isHost) this.#tell(k, this.#other);
    }
  }

  /** Byte behind this many questions, or the message's end where they do not end within it. */
  #skipQuestions(count: number): number {
    let at = this.#from + HEADER;
    for (let k = 0; k < count && at < this.#end; k++) {
      const fields = this.#skipName(at);
      at = fields < 0 ? this.#end : fields + 4;
    }
    return at;
  }

  /** Notes the addresses and aliases among `count` records from `begin` on. */
  #collect(begin: number, count: number): void {
    const view = this.#view;
    let at = begin;
    for (let k = Math.min(count, MOST_RECORDS); k > 0; k--) {
      const fields = this.#skipName(at);
      const data = fields + RECORD_HEADER;
      if (fields < 0 || data > this.#end) return;
      const next = data + view.getUint16(fields + 8);
      if (next > this.#end) return;
      if ((view.getUint16(fields + 2) & CLASS_BITS) === INTERNET) {
        this.#note(view.getUint16(fields), at, data, next - data);
      }
      at = next;
    }
  }

  #note(type: number, owner: number, data: number, length: number): void {
    if (type === TYPE.cname) {
      if (this.#aliases === MOST_ALIASES) return;
      this.#aliasOwners[this.#aliases] = this.#hashOf(owner);
      this.#aliasTargets[this.#aliases++] = this.#hashOf(data);
    } else if ((type === TYPE.a && length === 4) || (type === TYPE.aaaa && length === 16)) {
      this.#owners[this.#count] = owner;
      this.#datas[this.#count++] = data;
    }
  }

  /** Aliases stand in any order: each round finds one more, or none is left. */
  #followAliases(): void {
    this.#chain[0] = this.#asked.hash;
    this.#chained = 1;
    for (let found = true; found; ) {
      found = false;
      for (let k = 0; k < this.#aliases; k++) {
        if (!this.#isAsked(this.#aliasOwners[k]) || this.#isAsked(this.#aliasTargets[k])) continue;
        this.#chain[this.#chained++] = this.#aliasTargets[k];
        found = true;
      }
    }
  }

  /** A name of this hash was asked for, or the chain leads to it. */
  #isAsked(hash: number): boolean {
    for (let k = 0; k < this.#chained; k++) if (this.#chain[k] === hash) return true;
    return false;
  }

  #tell(k: number, name: HostName): void {
    const words = this.#words;
    const view = this.#view;
    const data = this.#datas[k];
    // Both kinds of address are of different lengths, which stand before them.
    const isIpv4 = view.getUint16(data - 2) === 4;
    for (let word = 0; word < 4; word++) words[word] = isIpv4 ? 0 : view.getUint32(data + 4 * word);
    if (isIpv4) {
      words[2] = V4_MAPPED;
      words[3] = view.getUint32(data);
    }
    if (!isNobodys(words, isIpv4)) this.#onAddress(words, isIpv4 ? NETWORK.ipv4 : NETWORK.ipv6, name);
  }

  /** Byte behind the name at `begin`, or -1: it does not end within the message. */
  #skipName(begin: number): number {
    const bytes = this.#bytes;
    let at = begin;
    while (at < this.#end) {
      const length = bytes[at];
      if (length === 0) return at + 1;
      if (length >= POINTER) return at + 2 <= this.#end ? at + 2 : -1;
      if (length > LONGEST_LABEL) return -1;
      at += 1 + length;
    }
    return -1;
  }

  /**
   * Hash of the name at `at`; of as much as can be read where it is damaged, which no sound name's hash is likely to
   * equal.
   */
  #hashOf(at: number): number {
    if (at + 2 <= this.#end && this.#view.getUint16(at) === QUESTION_POINTER) return this.#asked.hash;
    this.#readName(at, this.#other);
    return this.#other.hash;
  }

  /** Reads the name at `begin`; false: damaged, or too much for one message. */
  #readName(begin: number, name: HostName): boolean {
    const bytes = this.#bytes;
    name.clear();
    let pointers = 0;
    let at = begin;
    while (at < this.#end && name.length <= MOST_NAME_OCTETS) {
      const length = bytes[at];
      if (length === 0) return true;
      if (length >= POINTER) {
        if (at + 2 > this.#end || ++pointers > MOST_POINTERS) return false;
        at = this.#from + (((length & ~POINTER) << 8) | bytes[at + 1]);
        continue;
      }
      if (length > LONGEST_LABEL || at + 1 + length > this.#end) return false;
      this.#nameBytes -= length;
      if (this.#nameBytes < 0) return false;
      if (name.length > 0) name.add(DOT);
      for (let k = at + 1; k <= at + length; k++) name.add(bytes[k]);
      at += 1 + length;
    }
    return false;
  }
}

/** Addresses that stand for no host on a network: what blocking name servers answer. Unspecified and loopback. */
function isNobodys(words: Uint32Array, isIpv4: boolean): boolean {
  if (isIpv4) return words[3] >>> 24 === 0 || words[3] >>> 24 === 127;
  return words[0] === 0 && words[1] === 0 && words[2] === 0 && words[3] <= 1;
}
