/**
 * Makers of network cards by the first bits of their addresses, from the IEEE's registries: a file beside the program
 * that the build makes (scripts/build-vendors.mjs), read when the first name is asked for. Without it no maker is known.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type AddressBlocks, isGroupAddress, isLocalAddress, ownerOf } from '../wire/address-blocks.ts';
import { sanitizeText } from './sanitize.ts';

/** Bytes before the columns of blocks. */
const HEADER = 8;
const START_BYTES = 5;

interface VendorTable {
  blocks: AddressBlocks;
  /** In alphabetical order: owner k is names[k - 1]. */
  names: readonly string[];
}

const NOBODY: VendorTable = { blocks: { starts: new Float64Array(0), owners: new Uint16Array(0) }, names: [] };

/** Reads what scripts/build-vendors.mjs wrote. Throws on anything else. */
function parseVendors(compressed: Uint8Array): VendorTable {
  const bytes = gunzipSync(compressed);
  const count = bytes.readUInt32LE(0);
  const ownersAt = HEADER + START_BYTES * count;
  const namesAt = ownersAt + 2 * count;
  if (namesAt + bytes.readUInt32LE(4) !== bytes.length) throw new Error('the file of vendors is damaged');
  const starts = new Float64Array(count);
  const owners = new Uint16Array(count);
  let start = 0;
  for (let i = 0; i < count; i++) {
    start += bytes.readUIntLE(HEADER + START_BYTES * i, START_BYTES);
    starts[i] = start;
    owners[i] = bytes.readUInt16LE(ownersAt + 2 * i);
  }
  const names = bytes.toString('utf8', namesAt).split('\n');
  names.pop();
  return { blocks: { starts, owners }, names };
}

/** First two and last four bytes of an address as text ("02:00:5e:10:00:01"), or null where it is none. */
export function parseMac(text: string): { high: number; low: number } | null {
  if (!/^[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}$/i.test(text)) return null;
  const octets = text.split(':').map((digits) => Number.parseInt(digits, 16));
  const low = ((octets[2] << 24) | (octets[3] << 16) | (octets[4] << 8) | octets[5]) >>> 0;
  return { high: (octets[0] << 8) | octets[1], low };
}

export class VendorNames {
  readonly #path: string | URL;
  #table: VendorTable | null = null;

  constructor(path: string | URL = new URL('./vendors.bin', import.meta.url)) {
    this.#path = path;
  }

  /** Maker of the card with this address, or null: unknown, a group, or locally administered. */
  name(mac: string): string | null {
    const address = parseMac(mac);
    if (address === null) return null;
    const { blocks, names } = this.#all();
    const owner = ownerOf(blocks, address.high, address.low);
    return owner === 0 ? null : sanitizeText(names[owner - 1]);
  }

  /** All blocks, with owners numbered in the order of their names: for an order by maker. */
  get blocks(): AddressBlocks {
    return this.#all().blocks;
  }

  /** Owners whose name is meant, ascending. */
  ownersMatching(isMeant: (name: string) => boolean): Uint16Array {
    return Uint16Array.from(this.#all().names.flatMap((name, i) => (isMeant(name) ? [i + 1] : [])));
  }

  #all(): VendorTable {
    if (this.#table === null) {
      try {
        this.#table = parseVendors(readFileSync(this.#path));
      } catch {
        // A program without its file still counts; addresses stay numbers.
        this.#table = NOBODY;
      }
    }
    return this.#table;
  }
}

/** The word for an address that has no maker by its own kind: given by software, often at random; null for others. */
export function localWord(mac: string): string | null {
  const address = parseMac(mac);
  if (address === null || isGroupAddress(address.high)) return null;
  return isLocalAddress(address.high) ? 'local' : null;
}

/** The makers known to this program. */
export const systemVendors = new VendorNames();
