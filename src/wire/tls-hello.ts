/**
 * The server name of a TLS ClientHello (RFC 8446 section 4.1.2, RFC 6066 section 3; TLS 1.0 to 1.3, and QUIC, RFC 9001).
 *
 *   record      type 22 | version 3.x | length 2 | a piece of the handshake; QUIC has no records
 *   handshake   type 1 | length 3 | version 2 | random 32 | session 1+ | cipher suites 2+ | compression 1+ | extensions 2+
 *   extension   type 2 | length 2 | data        server_name (0): list length 2 | type 0 | length 2 | name
 *
 * Whoever has only the beginning of a hello is told that more is needed, and asks again with more.
 */
import type { HostName } from './host-name.ts';

/** First byte of a record of the handshake, and of a handshake message that is a ClientHello. */
export const TLS_HANDSHAKE_RECORD = 22;
export const TLS_CLIENT_HELLO = 1;
/** Bytes of a ClientHello, with its records, beyond which no name is looked for; real ones have 200 to 2500. */
export const MOST_HELLO_BYTES = 8192;

/** What a look at the beginning of a handshake gave. */
export const HELLO = {
  /** No ClientHello, a damaged one, or one without a name. */
  none: 0,
  /** Its name is not among the bytes that are there. */
  more: 1,
  found: 2,
} as const;

const RECORD_HEADER = 5;
const LONGEST_RECORD = 1 << 14;
const RANDOM_AND_VERSION = 34;
const SERVER_NAME = 0;
const HOST_NAME = 0;

/** The bytes could be where a ClientHello in TLS records begins: six of them, or as many as there are from three on. */
export function looksLikeHello(bytes: Uint8Array, from: number, end: number): boolean {
  if (from + 3 > end || bytes[from] !== TLS_HANDSHAKE_RECORD || bytes[from + 1] !== 3 || bytes[from + 2] > 4)
    return false;
  return from + RECORD_HEADER >= end || bytes[from + RECORD_HEADER] === TLS_CLIENT_HELLO;
}

/** Reads one hello after the other; reused. */
export class HelloReader {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  /** Bytes of the open record that were not read; Infinity without records. */
  #left = 0;
  /** Bytes of the message that were not read. */
  #rest = 0;
  /** Something impossible was read, or the message is over. */
  #isOver = false;

  /**
   * HELLO for the beginning of a client's handshake, bytes[from … end - 1]; where it is found, `name` holds the server's
   * name, which may still be no name of a host. `inRecords`: as TCP carries it, else as QUIC does.
   */
  read(bytes: Uint8Array, from: number, end: number, inRecords: boolean, name: HostName): number {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = end;
    this.#left = inRecords ? 0 : Number.POSITIVE_INFINITY;
    this.#rest = Number.POSITIVE_INFINITY;
    this.#isOver = false;
    const found = this.#readHello(name);
    if (found !== HELLO.more) return found;
    return this.#isOver ? HELLO.none : HELLO.more;
  }

  /** `more` also where there is no more. */
  #readHello(name: HostName): number {
    const type = this.#number(1);
    if (type < 0) return HELLO.more;
    if (type !== TLS_CLIENT_HELLO) return HELLO.none;
    const length = this.#number(3);
    if (length > MOST_HELLO_BYTES) return HELLO.none;
    if (length < 0) return HELLO.more;
    this.#rest = length;
    if (!this.#skip(RANDOM_AND_VERSION)) return HELLO.more;
    // Session id, cipher suites, compression.
    if (!this.#skipVector(1) || !this.#skipVector(2) || !this.#skipVector(1)) return HELLO.more;
    return this.#findName(name);
  }

  /** Skips what stands behind its length of so many bytes; false: not all of it is there. */
  #skipVector(lengthBytes: number): boolean {
    const length = this.#number(lengthBytes);
    return length >= 0 && this.#skip(length);
  }

  #findName(name: HostName): number {
    let left = this.#number(2);
    if (left < 0) return HELLO.more;
    while (left >= 4) {
      const type = this.#number(2);
      const length = this.#number(2);
      if (length < 0) return HELLO.more;
      left -= 4 + length;
      if (left < 0) return HELLO.none;
      if (type === SERVER_NAME) return this.#readName(length, name);
      if (!this.#skip(length)) return HELLO.more;
    }
    return HELLO.none;
  }

  /** The list holds one name of a host (RFC 6066); other types of names were never defined. */
  #readName(extension: number, name: HostName): number {
    const list = this.#number(2);
    const type = this.#number(1);
    const length = this.#number(2);
    if (length < 0) return HELLO.more;
    if (list + 2 > extension || length + 3 > list || type !== HOST_NAME) return HELLO.none;
    name.clear();
    for (let k = 0; k < length; k++) {
      const octet = this.#number(1);
      if (octet < 0) return HELLO.more;
      name.add(octet);
    }
    return HELLO.found;
  }

  /** The next number of so many bytes; -1: they are not there. */
  #number(bytes: number): number {
    let value = 0;
    if (!this.#takes(bytes)) return -1;
    for (let k = 0; k < bytes; k++) {
      if (!this.#enterRecord()) return -1;
      value = (value << 8) | this.#bytes[this.#at++];
      this.#left--;
    }
    return value;
  }

  /** false: the bytes to be skipped are not all there. */
  #skip(bytes: number): boolean {
    if (!this.#takes(bytes)) return false;
    for (let rest = bytes; rest > 0; ) {
      if (!this.#enterRecord()) return false;
      const step = Math.min(rest, this.#left, this.#end - this.#at);
      this.#at += step;
      this.#left -= step;
      rest -= step;
    }
    return true;
  }

  /** The message has so many more bytes. */
  #takes(bytes: number): boolean {
    if (bytes > this.#rest) this.#isOver = true;
    this.#rest -= bytes;
    return !this.#isOver;
  }

  /** Goes behind the header of the next record where one is over; true when a byte of the handshake is at hand. */
  #enterRecord(): boolean {
    if (this.#left === 0) {
      const bytes = this.#bytes;
      const at = this.#at;
      if (at + RECORD_HEADER > this.#end) return false;
      const length = (bytes[at + 3] << 8) | bytes[at + 4];
      if (bytes[at] !== TLS_HANDSHAKE_RECORD || bytes[at + 1] !== 3 || length === 0 || length > LONGEST_RECORD) {
        this.#isOver = true;
        return false;
      }
      this.#at += RECORD_HEADER;
      this.#left = length;
    }
    return this.#at < this.#end;
  }
}
