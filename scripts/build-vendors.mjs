// Makers of network cards by the first bits of their addresses: oui-data (the IEEE's registries, 5.6 MB of JSON) as one
// small file that is read in a few milliseconds. src/names/vendors.ts reads it.
//
//   gzip of:  blocks 4 | bytes of names 4 | start of each block, as the distance from the one before, 5 each |
//             owner of each block 2 each | names in alphabetical order, UTF-8, each ended by a line feed
//
// Numbers are little-endian; starts count in units of 2^12 addresses (36 bits). Owner k is the k-th name from 1; 0 = nobody.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';

const PREFIX_DIGITS = 9;
/** Holder of the blocks that are handed out in parts: a part that is not handed out belongs to nobody. */
const REGISTRY = 'IEEE Registration Authority';

/** The file's bytes. `data`: prefix of 6, 7 or 9 hexadecimal digits -> maker and postal address, a line each. */
export function vendorFile(data = readData()) {
  const makers = Object.entries(data).map(([prefix, text]) => ({ prefix, name: makerName(text) }));
  const names = [...new Set(makers.map(({ name }) => name))].filter((name) => name !== REGISTRY).sort(byName);
  if (names.length > 0xffff) throw new Error('more makers than 16 bits can number');
  const numbers = new Map(names.map((name, i) => [name, i + 1]));
  const blocks = flatten(makers.map(({ prefix, name }) => ({ ...range(prefix), owner: numbers.get(name) ?? 0 })));
  const text = Buffer.from(names.map((name) => `${name}\n`).join(''));
  const head = Buffer.alloc(8 + blocks.length * 7);
  head.writeUInt32LE(blocks.length, 0);
  head.writeUInt32LE(text.length, 4);
  for (const [i, { start, owner }] of blocks.entries()) {
    head.writeUIntLE(start - (blocks[i - 1]?.start ?? 0), 8 + 5 * i, 5);
    head.writeUInt16LE(owner, 8 + 5 * blocks.length + 2 * i);
  }
  return gzipSync(Buffer.concat([head, text]), { level: 9 });
}

function readData() {
  return JSON.parse(readFileSync(createRequire(import.meta.url).resolve('oui-data'), 'utf8'));
}

function makerName(text) {
  return text.split('\n', 1)[0].replace(/\s+/g, ' ').trim();
}

/** Case does not matter; the same everywhere. */
function byName(a, b) {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  if (x !== y) return x < y ? -1 : 1;
  return a < b ? -1 : 1;
}

function range(prefix) {
  const size = 16 ** (PREFIX_DIGITS - prefix.length);
  const start = Number.parseInt(prefix, 16) * size;
  return { start, end: start + size };
}

/** Blocks within blocks become blocks side by side; neighbours of one owner become one. */
function flatten(ranges) {
  ranges.sort((a, b) => a.start - b.start || b.end - a.end);
  const blocks = [];
  const put = (start, owner) => {
    if (blocks.at(-1)?.start === start) blocks.pop();
    if ((blocks.at(-1)?.owner ?? 0) !== owner) blocks.push({ start, owner });
  };
  const open = [];
  const closeUntil = (start) => {
    while (open.length > 0 && open.at(-1).end <= start) {
      const { end } = open.pop();
      put(end, open.at(-1)?.owner ?? 0);
    }
  };
  for (const each of ranges) {
    closeUntil(each.start);
    put(each.start, each.owner);
    open.push(each);
  }
  closeUntil(Number.POSITIVE_INFINITY);
  return blocks;
}
