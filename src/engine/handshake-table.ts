/**
 * Handshakes whose server name has not come yet: the rest of the ClientHello is in a later segment or datagram. Bounded
 * (256, four to a set, the oldest of a full set gives way) and expiring after 5 s.
 */
import { type DecodedBatch, KEY_WORDS } from '../wire/decoded-batch.ts';
import type { InitialKeys } from '../wire/quic-initial.ts';
import { MOST_HELLO_BYTES } from '../wire/tls-hello.ts';

const HANDSHAKE_SECONDS = 5;
const WAYS = 4;
const SETS = 64;
/** Length of the marks, a power of 2. */
export const MARKS = 4096;
/** Segments, or Initial packets, in which a hello may come; more are no hello but an attempt to keep us busy. */
const MOST_PIECES = 24;

/** The beginning of a stream, put together from pieces in any order. */
export class Assembly {
  readonly bytes = new Uint8Array(MOST_HELLO_BYTES);
  /** Bytes from the beginning on that are there. */
  length = 0;
  readonly #isThere = new Uint8Array(MOST_HELLO_BYTES);
  /** End of what is there, with gaps. */
  #reach = 0;

  /** No later piece can make the beginning longer. */
  get isFull(): boolean {
    return this.length === MOST_HELLO_BYTES;
  }

  clear(): void {
    this.length = 0;
    this.#isThere.fill(0, 0, this.#reach);
    this.#reach = 0;
  }

  /** Puts from[begin … end - 1] at this place of the stream, as far as there is room; true: the beginning has grown. */
  put(offset: number, from: Uint8Array, begin: number, end: number): boolean {
    if (!(offset < MOST_HELLO_BYTES) || begin >= end) return false;
    const stop = Math.min(end, begin + MOST_HELLO_BYTES - offset);
    this.bytes.set(from.subarray(begin, stop), offset);
    this.#isThere.fill(1, offset, offset + stop - begin);
    this.#reach = Math.max(this.#reach, offset + stop - begin);
    const before = this.length;
    while (this.length < MOST_HELLO_BYTES && this.#isThere[this.length] === 1) this.length++;
    return this.length > before;
  }
}

/** One handshake; its object is used again for others. */
export class Handshake {
  isUsed = false;
  readonly key = new Uint32Array(KEY_WORDS);
  hash = 0;
  /** Direction of the client's packets. */
  direction = 0;
  /** Packet time of its first piece. */
  time = 0;
  /** Nothing more is expected: later packets of it are not looked at. */
  isOver = false;
  /** TCP: sequence number of the hello's first byte. */
  sequence = 0;
  /** QUIC: keys of its Initial packets. */
  keys: InitialKeys | null = null;
  readonly assembly = new Assembly();
  /** Counted in the marks: TCP alone is looked for by them. */
  isMarked = false;
  #pieces = 0;

  begin(batch: DecodedBatch, i: number, isMarked: boolean): void {
    this.isUsed = true;
    this.key.set(batch.key.subarray(i * KEY_WORDS, (i + 1) * KEY_WORDS));
    this.hash = batch.hash[i];
    this.direction = batch.direction[i];
    this.time = batch.time[i];
    this.isOver = false;
    this.sequence = batch.tcpSequence[i];
    this.keys = null;
    this.assembly.clear();
    this.isMarked = isMarked;
    this.#pieces = 0;
  }

  /** Counts one more piece; false: it was one too many. */
  takesPiece(): boolean {
    return this.#pieces++ < MOST_PIECES;
  }

  isOf(batch: DecodedBatch, i: number): boolean {
    if (!this.isUsed || this.hash !== batch.hash[i] || this.direction !== batch.direction[i]) return false;
    const { key } = this;
    for (let k = 0; k < KEY_WORDS; k++) if (key[k] !== batch.key[i * KEY_WORDS + k]) return false;
    return true;
  }

  /** Also where the clock was set back. */
  isExpired(now: number): boolean {
    return Math.abs(now - this.time) > HANDSHAKE_SECONDS;
  }
}

export class HandshakeTable {
  /**
   * Not 0 at hash & (MARKS - 1) of every TCP conversation that waits: a look here spares all others the search.
   */
  readonly marks = new Uint8Array(MARKS);
  readonly #handshakes: (Handshake | undefined)[] = new Array(SETS * WAYS);

  /** The handshake of this packet's conversation and direction, or null. */
  find(batch: DecodedBatch, i: number): Handshake | null {
    const first = setOf(batch.hash[i]);
    for (let way = 0; way < WAYS; way++) {
      const handshake = this.#handshakes[first + way];
      if (handshake === undefined || !handshake.isOf(batch, i)) continue;
      if (!handshake.isExpired(batch.time[i])) return handshake;
      this.end(handshake);
    }
    return null;
  }

  /** Begins one with this packet; `isMarked`: for TCP. */
  begin(batch: DecodedBatch, i: number, isMarked: boolean): Handshake {
    const first = setOf(batch.hash[i]);
    let chosen = first;
    for (let way = 0; way < WAYS; way++) {
      const handshake = this.#handshakes[first + way];
      if (handshake === undefined || !handshake.isUsed) {
        chosen = first + way;
        break;
      }
      if (handshake.time < (this.#handshakes[chosen] as Handshake).time) chosen = first + way;
    }
    const handshake = this.#handshakes[chosen] ?? new Handshake();
    this.#handshakes[chosen] = handshake;
    if (handshake.isUsed) this.end(handshake);
    handshake.begin(batch, i, isMarked);
    if (isMarked) this.marks[handshake.hash & (MARKS - 1)]++;
    return handshake;
  }

  end(handshake: Handshake): void {
    handshake.isUsed = false;
    if (handshake.isMarked) this.marks[handshake.hash & (MARKS - 1)]--;
    handshake.isMarked = false;
  }

  /** Ends what began too long ago. */
  expire(now: number): void {
    for (const handshake of this.#handshakes) {
      if (handshake?.isUsed === true && handshake.isExpired(now)) this.end(handshake);
    }
  }
}

function setOf(hash: number): number {
  return ((hash >>> 12) & (SETS - 1)) * WAYS;
}
