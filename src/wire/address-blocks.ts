/**
 * Blocks of hardware addresses with the number of their owner, as the IEEE hands them out: MA-L (24 bits fixed), and
 * within some of those MA-M (28 bits) and MA-S (36 bits). Plain arrays: they may cross a process boundary.
 */

/** Blocks side by side, without overlap: the longest prefix is the only one. */
export interface AddressBlocks {
  /** First 36 bits of each block's first address, ascending; a block ends where the next one begins. */
  starts: Float64Array;
  /** Owner of each block, from 1; 0 = nobody. */
  owners: Uint16Array;
}

/** Bits 0 and 1 of the first octet (IEEE 802 section 8): a group; given by whoever runs the station. */
const GROUP = 0x0100;
const LOCALLY_ADMINISTERED = 0x0200;

/** True for the first two bytes of an address that names many stations: multicast, broadcast. */
export function isGroupAddress(high: number): boolean {
  return (high & GROUP) !== 0;
}

/** True for the first two bytes of an address that no maker has given: made by software, often at random. */
export function isLocalAddress(high: number): boolean {
  return (high & LOCALLY_ADMINISTERED) !== 0;
}

/** Owner of the block that an address (first two and last four bytes) lies in, or 0. */
export function ownerOf({ starts, owners }: AddressBlocks, high: number, low: number): number {
  if (isGroupAddress(high) || isLocalAddress(high)) return 0;
  const prefix = high * 2 ** 20 + (low >>> 12);
  let first = 0;
  let end = starts.length;
  while (first < end) {
    const middle = (first + end) >>> 1;
    if (starts[middle] <= prefix) first = middle + 1;
    else end = middle;
  }
  return first === 0 ? 0 : owners[first - 1];
}
