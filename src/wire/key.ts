/**
 * The conversation key: canonical order of the endpoints, the direction bit, and the hash.
 *
 * The hash is Thorup's pair-multiply-shift over 16-bit halves with secret words (High Speed Hashing for Integers and
 * Strings, 2015, section 3.5) and a final mix: two keys that a sender chose without knowing the secret share their hash with a
 * probability of 2^-17, and all 32 bits are usable. One multiplication a word; constant words of IPv4 are skipped.
 *
 * Decoders leave the key in sending order (words 0..3 source, 4..7 destination); finishKey puts it in order, once.
 */
import { type DecodedBatch, HASH_SECRET_WORDS, KEY_WORDS, NETWORK } from './decoded-batch.ts';

/** Expands a 32-bit seed to the secret words of the hash (splitmix32). */
export function createHashSecret(seed: number): Int32Array {
  const secret = new Int32Array(HASH_SECRET_WORDS);
  let state = seed | 0;
  for (let k = 0; k < secret.length; k++) {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    secret[k] = mixed ^ (mixed >>> 15);
  }
  return secret;
}

/** Spreads the sum of products over all 32 bits; a bijection. */
export function finishHash(sum: number): number {
  let hash = Math.imul(sum ^ (sum >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/**
 * Sum of products for the words that differ between IPv4 keys: last word of each address, ports, place, interface.
 * Signed words do as well. Written out here and below: as a function of one word, V8 would run out of its budget for
 * inlining in the hot path.
 */
export function hashCommonWords(
  secret: Int32Array,
  word3: number,
  word7: number,
  ports: number,
  place: number,
  slot: number,
): number {
  return (
    (Math.imul((word3 >>> 16) + secret[6], (word3 & 0xffff) + secret[7]) +
      Math.imul((word7 >>> 16) + secret[14], (word7 & 0xffff) + secret[15]) +
      Math.imul((ports >>> 16) + secret[16], (ports & 0xffff) + secret[17]) +
      Math.imul((place >>> 16) + secret[18], (place & 0xffff) + secret[19]) +
      Math.imul((slot >>> 16) + secret[20], (slot & 0xffff) + secret[21]) +
      secret[22]) |
    0
  );
}

/** Sum of products for the key at words[at…], of any kind but IPv4. Too long for V8 to inline: one call at each use. */
export function hashAllWords(secret: Int32Array, words: Uint32Array, at: number): number {
  const word0 = words[at];
  const word1 = words[at + 1];
  const word2 = words[at + 2];
  const word3 = words[at + 3];
  const word4 = words[at + 4];
  const word5 = words[at + 5];
  const word6 = words[at + 6];
  const word7 = words[at + 7];
  const word8 = words[at + 8];
  const word9 = words[at + 9];
  const word10 = words[at + 10];
  return (
    (Math.imul((word0 >>> 16) + secret[0], (word0 & 0xffff) + secret[1]) +
      Math.imul((word1 >>> 16) + secret[2], (word1 & 0xffff) + secret[3]) +
      Math.imul((word2 >>> 16) + secret[4], (word2 & 0xffff) + secret[5]) +
      Math.imul((word3 >>> 16) + secret[6], (word3 & 0xffff) + secret[7]) +
      Math.imul((word4 >>> 16) + secret[8], (word4 & 0xffff) + secret[9]) +
      Math.imul((word5 >>> 16) + secret[10], (word5 & 0xffff) + secret[11]) +
      Math.imul((word6 >>> 16) + secret[12], (word6 & 0xffff) + secret[13]) +
      Math.imul((word7 >>> 16) + secret[14], (word7 & 0xffff) + secret[15]) +
      Math.imul((word8 >>> 16) + secret[16], (word8 & 0xffff) + secret[17]) +
      Math.imul((word9 >>> 16) + secret[18], (word9 & 0xffff) + secret[19]) +
      Math.imul((word10 >>> 16) + secret[20], (word10 & 0xffff) + secret[21]) +
      secret[22]) |
    0
  );
}

/** Hash of the canonical key at words[at…], as the `hash` column has it. */
export function hashKey(secret: Int32Array, words: Uint32Array, at: number): number {
  const place = words[at + 9];
  if (place >>> 24 !== NETWORK.ipv4) return finishHash(hashAllWords(secret, words, at));
  return finishHash(hashCommonWords(secret, words[at + 3], words[at + 7], words[at + 8], place, words[at + 10]));
}

/** < 0, 0 or > 0: the address in words 0..3 against the one in words 4..7 of the key at words[at…]. */
function compareEndpointAddresses(words: Uint32Array, at: number): number {
  for (let k = at; k < at + 4; k++) {
    if (words[k] !== words[k + 4]) return words[k] < words[k + 4] ? -1 : 1;
  }
  return 0;
}

function swapAddresses(words: Uint32Array, at: number): void {
  for (let k = at; k < at + 4; k++) {
    const word = words[k];
    words[k] = words[k + 4];
    words[k + 4] = word;
  }
}

/**
 * Puts the key at words[at…], whose addresses stand in sending order, in canonical order and writes word 8.
 * Returns the direction: 1 when the endpoints changed places. For keys with ports (0 where there are none).
 */
export function orderKey(words: Uint32Array, at: number, sourcePort: number, destinationPort: number): number {
  const order = compareEndpointAddresses(words, at);
  if (order < 0 || (order === 0 && sourcePort <= destinationPort)) {
    words[at + 8] = (sourcePort << 16) | destinationPort;
    return 0;
  }
  swapAddresses(words, at);
  words[at + 8] = (destinationPort << 16) | sourcePort;
  return 1;
}

/** The `place` word of a key (word 9). */
export function keyPlace(network: number, ipProtocol: number, vlan: number): number {
  return ((network << 24) | (ipProtocol << 16) | vlan) >>> 0;
}

/**
 * Finishes packet i, whose key has source address, destination address in words 0..7: order, direction, ports from the
 * columns (IP) or `other` as word 8 (non-IP), place, interface and hash.
 */
export function finishKey(out: DecodedBatch, i: number, other: number): void {
  const words = out.key;
  const at = i * KEY_WORDS;
  const network = out.network[i];
  out.direction[i] = orderKey(words, at, out.sourcePort[i], out.destinationPort[i]);
  if (network === NETWORK.other) words[at + 8] = other;
  words[at + 9] = keyPlace(network, out.ipProtocol[i], out.vlan[i]);
  words[at + 10] = out.packets.interfaceSlot[i];
  out.hash[i] = hashKey(out.hashSecret, words, at);
}

/**
 * Gives packet i of an IP conversation its ports afterwards (a later fragment whose first fragment is known now):
 * rewrites ports, order, direction and hash.
 */
export function setPorts(out: DecodedBatch, i: number, sourcePort: number, destinationPort: number): void {
  const words = out.key;
  const at = i * KEY_WORDS;
  out.sourcePort[i] = sourcePort;
  out.destinationPort[i] = destinationPort;
  if (out.direction[i] === 1) swapAddresses(words, at);
  out.direction[i] = orderKey(words, at, sourcePort, destinationPort);
  out.hash[i] = hashKey(out.hashSecret, words, at);
}
