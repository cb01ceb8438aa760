/**
 * Key tokens: splits what a terminal sends into one key or mouse report at a time, before terminal-kit names it.
 * terminal-kit reads a chunk as it comes: it takes a sequence that was cut in two, or that it does not know, for Escape
 * and single characters, and never returns from a stray UTF-8 continuation byte. Here nothing of that can happen.
 */

const ESCAPE = 0x1b;
/** A sequence longer than this is no key: its bytes are dropped. */
const LONGEST_SEQUENCE = 64;

/** Length of the token at the start, 0 when more bytes are needed, negative to drop that many. */
function tokenLength(bytes: Uint8Array): number {
  const first = bytes[0];
  if (first === ESCAPE) return escapeLength(bytes);
  if (first < 0x80) return 1;
  return utf8Length(bytes);
}

function utf8Length(bytes: Uint8Array): number {
  const first = bytes[0];
  const length =
    first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xc2 && first < 0xe0 ? 2 : 0;
  if (length === 0) return -1;
  for (let i = 1; i < length; i++) {
    if (i >= bytes.length) return 0;
    if ((bytes[i] & 0xc0) !== 0x80) return -i;
  }
  return length;
}

function escapeLength(bytes: Uint8Array): number {
  if (bytes.length < 2) return 0;
  const second = bytes[1];
  // ESC ESC: the first is the Escape key.
  if (second === ESCAPE) return 1;
  // SS3: one character follows (F1 to F4, keypad), with digits of a modifier before it.
  if (second === 0x4f) return finalAt(bytes, 2, 0x40);
  // CSI; the Linux console's F1 to F5 have a second bracket.
  if (second === 0x5b) {
    if (bytes[2] === 0x5b) return bytes.length < 4 ? 0 : 4;
    if (bytes[2] === 0x4d) return bytes.length < 6 ? 0 : 6;
    return finalAt(bytes, 2, 0x40);
  }
  // OSC, DCS, APC, PM: answers that nobody asked for; dropped up to their end.
  if (second === 0x5d || second === 0x50 || second === 0x5f || second === 0x5e) return -stringEnd(bytes);
  return second < 0x80 ? 2 : 1;
}

/** Index behind the final byte of a control sequence (ECMA-48 5.4: 0x40 to 0x7e; rxvt also ends with "$"). */
function finalAt(bytes: Uint8Array, from: number, lowest: number): number {
  for (let i = from; i < bytes.length && i < LONGEST_SEQUENCE; i++) {
    if (bytes[i] === 0x24 || (bytes[i] >= lowest && bytes[i] <= 0x7e)) return i + 1;
    if (bytes[i] < 0x20 || bytes[i] > 0x7e) return -i;
  }
  return bytes.length >= LONGEST_SEQUENCE ? -LONGEST_SEQUENCE : 0;
}

/** Bytes up to the end of a string sequence (BEL or ST); 0 when the end has not come. */
function stringEnd(bytes: Uint8Array): number {
  for (let i = 2; i < bytes.length; i++) {
    if (bytes[i] === 0x07) return i + 1;
    if (bytes[i] === ESCAPE && bytes[i + 1] === 0x5c) return i + 2;
  }
  return bytes.length > 4096 ? bytes.length : 0;
}

export class KeyTokens {
  #pending: Buffer = Buffer.alloc(0);

  /** True when a sequence has begun and its end has not come: a lone Escape key looks so too. */
  get isIncomplete(): boolean {
    return this.#pending.length > 0;
  }

  /** Complete tokens so far. */
  push(chunk: Uint8Array): Buffer[] {
    let rest = this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    const tokens: Buffer[] = [];
    while (rest.length > 0) {
      const length = tokenLength(rest);
      if (length === 0) break;
      if (length > 0) tokens.push(rest.subarray(0, length));
      rest = rest.subarray(Math.abs(length));
    }
    this.#pending = rest;
    return tokens;
  }

  /** Nothing followed in time: what is pending was an Escape key, and single keys after it. */
  flush(): Buffer[] {
    const pending = this.#pending;
    this.#pending = Buffer.alloc(0);
    if (pending.length === 0 || pending[0] !== ESCAPE) return [];
    if (pending[1] === 0x5d || pending[1] === 0x50 || pending.length > 3) return [];
    return [...pending].filter((byte) => byte < 0x80).map((byte) => Buffer.from([byte]));
  }
}

/**
 * Sequences that terminal-kit misses or names otherwise under some TERM: function keys as the Linux console, rxvt and
 * xterm send them whatever TERM says (a login over ssh often has the wrong one), keypad Enter.
 */
export const KEY_OF_SEQUENCE: ReadonlyMap<string, string> = new Map([
  ...['A', 'B', 'C', 'D', 'E'].map((final, i): [string, string] => [`\x1b[[${final}`, `F${i + 1}`]),
  ...['P', 'Q', 'R', 'S'].map((final, i): [string, string] => [`\x1bO${final}`, `F${i + 1}`]),
  ...[11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24].map((code, i): [string, string] => [
    `\x1b[${code}~`,
    `F${i + 1}`,
  ]),
  ['\x1b[7~', 'HOME'],
  ['\x1b[8~', 'END'],
  ['\x1b[1~', 'HOME'],
  ['\x1b[4~', 'END'],
  ['\x1bOM', 'ENTER'],
  ['\n', 'ENTER'],
]);
