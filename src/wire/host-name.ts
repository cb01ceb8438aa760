/**
 * A host name while it is read from a packet: its octets, a hash that knows no case, and whether it can be a host's name
 * at all. One object, filled anew for every name: nothing is allocated before someone wants the text.
 */

/** Longest name as text (RFC 1035 section 3.1: 255 octets on the wire, of which the first length and the root are no text). */
export const MOST_NAME_OCTETS = 253;

const DOT = 46;
/** What stands in names of hosts: letters, digits, hyphen, and the underscore that they are not to have but do. */
const KIND = { none: 0, letter: 1, digit: 2 } as const;
const KINDS = new Uint8Array(256);
KINDS.fill(KIND.letter, 65, 91);
KINDS.fill(KIND.letter, 97, 123);
KINDS.fill(KIND.digit, 48, 58);
KINDS[45] = KIND.letter;
KINDS[95] = KIND.letter;

/** FNV-1a: enough to tell names apart, since nothing but a name's own address hangs on it. */
const FNV_PRIME = 0x01000193;

export class HostName {
  /** Bytes read, also those that are kept no more. */
  length = 0;
  /** Of all bytes read, letters as small ones. */
  hash = 0;
  readonly #octets = new Uint8Array(MOST_NAME_OCTETS);
  readonly #seed: number;
  #isRefused = false;
  /** The last byte ended a label, or nothing was read yet. */
  #atLabel = true;
  /** The last label is a number: such a name is an address. */
  #isNumber = true;

  /** `seed`: 32 bits that make hashes unpredictable. */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** Begins another name. */
  clear(): void {
    this.length = 0;
    this.hash = this.#seed;
    this.#isRefused = false;
    this.#atLabel = true;
    this.#isNumber = true;
  }

  /** The next byte of the name's text. */
  add(octet: number): void {
    const kind = KINDS[octet];
    // Letters of both cases differ by one bit, and no other character of a name turns into one of them by it.
    this.hash = Math.imul(this.hash ^ (kind === KIND.letter ? octet | 32 : octet), FNV_PRIME);
    if (this.length >= MOST_NAME_OCTETS || (kind === KIND.none && (octet !== DOT || this.#atLabel))) {
      this.#isRefused = true;
    } else {
      this.#octets[this.length] = octet;
    }
    this.length++;
    if (octet === DOT) this.#isNumber = true;
    else if (kind !== KIND.digit) this.#isNumber = false;
    this.#atLabel = octet === DOT;
  }

  /** What was read is a name that a host can have, in printable ASCII; "a..b", "a." and "10.0.0.1" are none. */
  get isHost(): boolean {
    return !this.#isRefused && !this.#atLabel && !this.#isNumber;
  }

  /** The name as it came, where it isHost. */
  get text(): string {
    return String.fromCharCode(...this.#octets.subarray(0, Math.min(this.length, MOST_NAME_OCTETS)));
  }
}
