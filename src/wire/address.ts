/**
 * Addresses as text, as the key keeps them: four words (IPv4 as v4-mapped ::ffff:a.b.c.d), or the last two words of
 * four for a MAC address.
 */
import { NETWORK } from './decoded-batch.ts';

const V4_MAPPED = 0xffff;

function ipv4Text(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 0xff}.${(word >>> 8) & 0xff}.${word & 0xff}`;
}

function isV4Mapped(words: Uint32Array, at: number): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === V4_MAPPED;
}

function groupOf(words: Uint32Array, at: number, index: number): number {
  const word = words[at + (index >> 1)];
  return index % 2 === 0 ? word >>> 16 : word & 0xffff;
}

/** Start of the longest run of zero groups (the first of equal ones) << 4 | its length; length 0 or 1: none worth "::". */
function longestZeroRun(words: Uint32Array, at: number): number {
  let best = 0;
  let length = 0;
  for (let k = 0; k < 8; k++) {
    length = groupOf(words, at, k) === 0 ? length + 1 : 0;
    if (length > (best & 15)) best = ((k - length + 1) << 4) | length;
  }
  return best;
}

/** RFC 5952, section 5 included: a v4-mapped address ends in dotted form. */
function ipv6Text(words: Uint32Array, at: number): string {
  if (isV4Mapped(words, at)) return `::ffff:${ipv4Text(words[at + 3])}`;
  const run = longestZeroRun(words, at);
  const length = (run & 15) < 2 ? 0 : run & 15;
  const start = length === 0 ? 8 : run >> 4;
  let text = '';
  for (let k = 0; k < 8; k++) {
    if (k === start) {
      text += '::';
      k += length - 1;
    } else {
      text += (text === '' || text.endsWith(':') ? '' : ':') + groupOf(words, at, k).toString(16);
    }
  }
  return text;
}

/** IPv4 (v4-mapped) or IPv6 text of the address in words[at … at + 3]. */
export function addressText(words: Uint32Array, at: number): string {
  return isV4Mapped(words, at) ? ipv4Text(words[at + 3]) : ipv6Text(words, at);
}

const DIGITS = new TextEncoder().encode('0123456789abcdef');
const COLON = 58;

/**
 * Writes the text of an IPv6 address that is not v4-mapped (as addressText has it) as ASCII to the beginning of `into`;
 * returns its length, at most 39.
 */
export function writeIpv6(into: Uint8Array, words: Uint32Array, at: number): number {
  const run = longestZeroRun(words, at);
  const zeros = (run & 15) < 2 ? 0 : run & 15;
  const start = zeros === 0 ? 8 : run >> 4;
  let length = 0;
  for (let k = 0; k < 8; k++) {
    if (k === start) {
      into[length++] = COLON;
      k += zeros - 1;
      if (k === 7) into[length++] = COLON;
    } else {
      if (k > 0) into[length++] = COLON;
      length = writeGroup(into, length, groupOf(words, at, k));
    }
  }
  return length;
}

/** Hexadecimal digits without leading zeros. */
function writeGroup(into: Uint8Array, at: number, group: number): number {
  let end = at;
  if (group > 0xfff) into[end++] = DIGITS[group >>> 12];
  if (group > 0xff) into[end++] = DIGITS[(group >>> 8) & 15];
  if (group > 0xf) into[end++] = DIGITS[(group >>> 4) & 15];
  into[end++] = DIGITS[group & 15];
  return end;
}

/** MAC address from its first two and last four bytes (words 2 and 3 of a non-IP endpoint). */
export function macText(high: number, low: number): string {
  const digits = high.toString(16).padStart(4, '0') + low.toString(16).padStart(8, '0');
  return digits.replace(/..(?=.)/g, '$&:');
}

/** Address of an endpoint of a packet of this NETWORK; a v4-mapped address within IPv6 stays "::ffff:a.b.c.d". */
export function formatAddress(words: Uint32Array, at: number, network: number): string {
  if (network === NETWORK.ipv6) return ipv6Text(words, at);
  return network === NETWORK.ipv4 ? ipv4Text(words[at + 3]) : macText(words[at + 2], words[at + 3]);
}

/** MAC address at bytes[at … at + 5]. */
export function formatMac(bytes: Uint8Array, at: number): string {
  let text = '';
  for (let k = at; k < at + 6; k++) text += (k === at ? '' : ':') + bytes[k].toString(16).padStart(2, '0');
  return text;
}

/** A dotted quad as a word, or -1. Leading zeros are refused: some read them as octal. */
function parseIpv4(text: string): number {
  const parts = text.split('.');
  if (parts.length !== 4) return -1;
  let word = 0;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return -1;
    word = word * 256 + Number(part);
  }
  return word;
}

/** Groups of one side of "::"; null when malformed. A dotted quad may stand last and counts as two. */
function parseGroups(text: string): number[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [k, part] of parts.entries()) {
    const quad = k === parts.length - 1 && part.includes('.') ? parseIpv4(part) : -1;
    if (quad >= 0) groups.push(quad >>> 16, quad & 0xffff);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}

function parseIpv6(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  if (halves.length === 2 && halves[0].includes('.')) return null;
  const [before, after] = halves.map(parseGroups);
  if (before === null || after === null) return null;
  if (after === undefined) return before.length === 8 ? before : null;
  const zeros = 8 - before.length - after.length;
  return zeros < 1 ? null : [...before, ...new Array<number>(zeros).fill(0), ...after];
}

/** The four words of an IPv4 or IPv6 address in text form, or null. No zone, no prefix length. */
export function parseAddress(text: string): Uint32Array | null {
  if (!text.includes(':')) {
    const word = parseIpv4(text);
    return word < 0 ? null : Uint32Array.of(0, 0, V4_MAPPED, word);
  }
  const groups = parseIpv6(text);
  return groups === null ? null : Uint32Array.from({ length: 4 }, (_, k) => groups[2 * k] * 65536 + groups[2 * k + 1]);
}

/** Four words, the first `bits` (0 to 128) of their bits 1. */
export function prefixMask(bits: number): Uint32Array {
  return Uint32Array.from({ length: 4 }, (_, k) => {
    const ones = Math.min(32, Math.max(0, bits - 32 * k));
    return ones === 0 ? 0 : -1 << (32 - ones);
  });
}

/** Numeric order of two addresses of four words: < 0, 0 or > 0. */
export function compareAddresses(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  for (let k = 0; k < 4; k++) {
    if (a[atA + k] !== b[atB + k]) return a[atA + k] < b[atB + k] ? -1 : 1;
  }
  return 0;
}
