/**
 * Initial packets of QUIC version 1 and 2 (RFC 9000 sections 16, 17.2, 19; RFC 9001 section 5; RFC 9369 section 3).
 *
 *   1tttxxxx | version 4 | length 1, destination id | length 1, source id | Initial: length, token | length |
 *   packet number 1 to 4 | sealed frames | tag 16               lengths without a size: 1, 2, 4 or 8 bytes
 *
 * Initial packets are sealed with keys that follow from the client's first destination id and a published salt: this
 * keeps nobody from reading them. The cipher itself comes from outside. Of a packet that was cut off, what was captured
 * is opened, unproven by its tag.
 */

/** A client's datagram that holds an Initial packet has at least so many bytes of UDP payload (RFC 9000 section 14.1). */
export const QUIC_LEAST_INITIAL = 1200;
/** Bits of a long header's first byte, both set. */
export const QUIC_LONG_HEADER = 0xc0;
export const QUIC_VERSION = { one: 1, two: 0x6b3343cf } as const;
/** Bytes of an Initial packet that show its version: the form byte and the version. */
export const QUIC_VERSION_END = 5;

/** A client's first destination id is at least so long (RFC 9000 section 7.2), and an id at most so long. */
export const LEAST_CLIENT_ID = 8;
const LONGEST_ID = 20;
const SAMPLE = 16;
const TAG = 16;
const KEY_BYTES = 16;
const NONCE_BYTES = 12;
const SECRET_BYTES = 32;
/** Where the sample for the header's mask begins, behind the beginning of the packet number. */
const SAMPLE_OFFSET = 4;
/** Bits of the first byte, once its mask is off: 0 in every sound packet; length of the packet number less 1. */
const RESERVED = 0x0c;
const NUMBER_LENGTH = 0x03;
const MASKED_BITS = 0x0f;

const FRAME = { padding: 0, ping: 1, ack: 2, ackWithEcn: 3, crypto: 6 } as const;

/** The cipher and hash that Initial packets need; node has them, pure rooms have not. */
export interface QuicCrypto {
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** One block of AES-128. */
  encryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array;
  /** AES-128-GCM; null: the tag is wrong. Without a tag nothing is proven. */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    associated: Uint8Array,
    sealed: Uint8Array,
    tag: Uint8Array | null,
  ): Uint8Array | null;
}

interface Version {
  salt: Uint8Array;
  /** Type bits of an Initial packet, and of a Retry, which has no length. */
  initial: number;
  retry: number;
  labels: { key: string; iv: string; mask: string };
}

const VERSIONS: ReadonlyMap<number, Version> = new Map([
  [
    QUIC_VERSION.one,
    {
      salt: fromHex('38762cf7f55934b34d179ae6a4c80cadccbb7f0a'),
      initial: 0,
      retry: 3,
      labels: { key: 'quic key', iv: 'quic iv', mask: 'quic hp' },
    },
  ],
  [
    QUIC_VERSION.two,
    {
      salt: fromHex('0dede3def700a6db819381be6e269dcbf9bd2ed9'),
      initial: 1,
      retry: 0,
      labels: { key: 'quicv2 key', iv: 'quicv2 iv', mask: 'quicv2 hp' },
    },
  ],
]);

/** Keys of a client's Initial packets. */
export interface InitialKeys {
  version: number;
  /** The destination id that they follow from. */
  id: Uint8Array;
  key: Uint8Array;
  iv: Uint8Array;
  /** Of the header's mask. */
  mask: Uint8Array;
}

/** The bytes could be a packet with a long header of a version that is known here. */
export function looksLikeQuic(bytes: Uint8Array, view: DataView, from: number, end: number): boolean {
  if (from + QUIC_VERSION_END > end || (bytes[from] & QUIC_LONG_HEADER) !== QUIC_LONG_HEADER) return false;
  const version = view.getUint32(from + 1);
  return version === QUIC_VERSION.one || version === QUIC_VERSION.two;
}

/** One packet with a long header in a datagram; reused for each. Offsets are into the bytes that were read. */
export class LongHeader {
  isInitial = false;
  version = 0;
  begin = 0;
  idBegin = 0;
  idEnd = 0;
  /** Where the packet number begins. */
  number = 0;
  /** Where the packet ends on the wire: the next one of the datagram begins there. */
  end = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #stop = 0;

  /** Reads the header at `from` of a datagram of which bytes before `end` were captured; false: none that is sound. */
  read(bytes: Uint8Array, view: DataView, from: number, end: number): boolean {
    if (!looksLikeQuic(bytes, view, from, end)) return false;
    this.version = view.getUint32(from + 1);
    const { initial, retry } = VERSIONS.get(this.version) as Version;
    const type = (bytes[from] >>> 4) & 3;
    this.isInitial = type === initial;
    this.begin = from;
    this.#bytes = bytes;
    this.#at = from + QUIC_VERSION_END;
    this.#stop = end;
    if (type === retry || !this.#readId()) return false;
    this.idEnd = this.#at;
    this.idBegin = this.idEnd - bytes[from + QUIC_VERSION_END];
    if (!this.#readId()) return false;
    if (this.isInitial && !this.#skip(this.#readLength())) return false;
    const length = this.#readLength();
    this.number = this.#at;
    this.end = this.#at + length;
    return length >= 0;
  }

  /** Goes behind an id and its length. */
  #readId(): boolean {
    if (this.#at >= this.#stop) return false;
    const length = this.#bytes[this.#at++];
    return length <= LONGEST_ID && this.#skip(length);
  }

  #skip(length: number): boolean {
    if (length < 0 || this.#at + length > this.#stop) return false;
    this.#at += length;
    return true;
  }

  /** -1: cut off. */
  #readLength(): number {
    const length = variableNumber(this.#bytes, this.#at, this.#stop);
    if (length >= 0) this.#at += variableSize(this.#bytes[this.#at]);
    return length;
  }
}

/** Keys that follow from a client's first destination id. */
export function initialKeys(crypto: QuicCrypto, version: number, id: Uint8Array): InitialKeys {
  const { salt, labels } = VERSIONS.get(version) as Version;
  const secret = expand(crypto, crypto.hmacSha256(salt, id), 'client in', SECRET_BYTES);
  return {
    version,
    id,
    key: expand(crypto, secret, labels.key, KEY_BYTES),
    iv: expand(crypto, secret, labels.iv, NONCE_BYTES),
    mask: expand(crypto, secret, labels.mask, KEY_BYTES),
  };
}

/** HKDF-Expand-Label (RFC 8446 section 7.1) without context, for at most one block of SHA-256. */
function expand(crypto: QuicCrypto, secret: Uint8Array, label: string, length: number): Uint8Array {
  const whole = new TextEncoder().encode(`tls13 ${label}`);
  const info = Uint8Array.of(0, length, whole.length, ...whole, 0, 1);
  return crypto.hmacSha256(secret, info).subarray(0, length);
}

/**
 * The frames of an Initial packet whose bytes before `captured` are there; null where the keys are not its own, or too
 * little of it was captured. What was sealed is copied: the packet's bytes stay as they are.
 */
export function openInitial(
  crypto: QuicCrypto,
  keys: InitialKeys,
  bytes: Uint8Array,
  packet: LongHeader,
  captured: number,
): Uint8Array | null {
  const { begin, number, end } = packet;
  const sample = number + SAMPLE_OFFSET;
  if (sample + SAMPLE > Math.min(end, captured)) return null;
  const mask = crypto.encryptBlock(keys.mask, copyOf(bytes, sample, sample + SAMPLE));
  const first = bytes[begin] ^ (mask[0] & MASKED_BITS);
  if ((first & RESERVED) !== 0) return null;
  const numberLength = (first & NUMBER_LENGTH) + 1;
  const header = copyOf(bytes, begin, number + numberLength);
  header[0] = first;
  // A client's first packets: their numbers are short enough to be whole (RFC 9000 section 17.1).
  const nonce = Uint8Array.from(keys.iv);
  for (let k = 0; k < numberLength; k++) {
    header[number - begin + k] ^= mask[1 + k];
    nonce[NONCE_BYTES - numberLength + k] ^= header[number - begin + k];
  }
  const sealed = number + numberLength;
  const tagAt = end - TAG;
  if (sealed > tagAt) return null;
  const tag = end <= captured ? copyOf(bytes, tagAt, end) : null;
  return crypto.open(keys.key, nonce, header, copyOf(bytes, sealed, Math.min(tagAt, captured)), tag);
}

/** Receives a piece of the handshake: its place there, and where it is in the frames. */
export type OnPiece = (frames: Uint8Array, from: number, to: number, offset: number) => void;

/** Finds the CRYPTO frames, in whatever order; ends at a frame that no Initial packet of a beginning handshake has. */
export function cryptoPieces(frames: Uint8Array, onPiece: OnPiece): void {
  const end = frames.length;
  let at = 0;
  while (at < end) {
    const type = frames[at++];
    if (type === FRAME.padding || type === FRAME.ping) continue;
    if (type === FRAME.ack || type === FRAME.ackWithEcn) {
      at = behindAck(frames, at, type === FRAME.ackWithEcn);
      if (at < 0) return;
      continue;
    }
    if (type !== FRAME.crypto) return;
    const offset = variableNumber(frames, at, end);
    if (offset < 0) return;
    at += variableSize(frames[at]);
    const length = variableNumber(frames, at, end);
    if (length < 0) return;
    at += variableSize(frames[at]);
    onPiece(frames, at, Math.min(at + length, end), offset);
    at += length;
  }
}

/** Byte behind an ACK frame (largest, delay, ranges, first range, ranges × (gap, length), 3 counts), or -1: cut off. */
function behindAck(frames: Uint8Array, begin: number, withEcn: boolean): number {
  let at = begin;
  let left = 4;
  for (let k = 0; k < left; k++) {
    const value = variableNumber(frames, at, frames.length);
    if (value < 0) return -1;
    at += variableSize(frames[at]);
    if (k === 2) left += 2 * value + (withEcn ? 3 : 0);
  }
  return at;
}

/** Bytes of the number that begins with this one (RFC 9000 section 16). */
function variableSize(first: number): number {
  return 1 << (first >>> 6);
}

/** The number at `at`, rounded where it is beyond 2^53; -1: not all of it is there. */
function variableNumber(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1;
  const size = variableSize(bytes[at]);
  if (at + size > end) return -1;
  let value = bytes[at] & 0x3f;
  for (let k = 1; k < size; k++) value = value * 256 + bytes[at + k];
  return value;
}

/** A copy also where the bytes are a Buffer, whose slices share its memory. */
function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return Uint8Array.from(bytes.subarray(from, to));
}

function fromHex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
