/**
 * Where the columns of a PacketBatch lie in its one block of memory, BATCH_CAPACITY elements each, without gaps:
 *
 *   8 bits    flags                  ┐
 *   16 bits   gsoSize                │ 0 for nearly all packets: cleared together
 *   32 bits   strippedTag            ┘
 *   8 bits    packetType │ (free, so that the next begins at a multiple of 8 bytes)
 *   16 bits   interfaceSlot │ linkType
 *   32 bits   offset │ capturedLength │ wireLength │ nanoseconds
 *   64 bits   seconds
 *
 * NAME_8, _16, _32 and _64 and the rules for them: see decoded-columns.ts, which does the same for a DecodedBatch.
 */
import type { BATCH_CAPACITY } from './packet-batch.ts';

const N = 256 satisfies typeof BATCH_CAPACITY;

export const FLAGS_8 = 0;
export const GSO_SIZE_16 = (FLAGS_8 + N) >> 1;
export const STRIPPED_TAG_32 = (GSO_SIZE_16 + N) >> 1;

const RARE_BYTES = (STRIPPED_TAG_32 + N) << 2;

export const PACKET_TYPE_8 = RARE_BYTES;
export const INTERFACE_SLOT_16 = (PACKET_TYPE_8 + 2 * N) >> 1;
export const LINK_TYPE_16 = INTERFACE_SLOT_16 + N;
export const OFFSET_32 = (LINK_TYPE_16 + N) >> 1;
export const CAPTURED_LENGTH_32 = OFFSET_32 + N;
export const WIRE_LENGTH_32 = CAPTURED_LENGTH_32 + N;
export const NANOSECONDS_32 = WIRE_LENGTH_32 + N;
export const SECONDS_64 = (NANOSECONDS_32 + N) >> 1;

const BLOCK_BYTES = (SECONDS_64 + N) << 3;

/** The block of one batch, in four widths; in the machine's byte order. */
export class PacketColumns {
  readonly octets = new Uint8Array(BLOCK_BYTES);
  readonly halfWords = new Uint16Array(this.octets.buffer);
  readonly words = new Uint32Array(this.octets.buffer);
  readonly doubles = new Float64Array(this.octets.buffer);
  /** The columns flags, gsoSize and strippedTag, for who writes them only where they are not 0. */
  readonly rare = this.octets.subarray(0, RARE_BYTES);

  /** Columns as arrays of their own, by where they begin. */
  octetColumn(begin: number): Uint8Array {
    return this.octets.subarray(begin, begin + N);
  }

  halfWordColumn(begin: number): Uint16Array {
    return this.halfWords.subarray(begin, begin + N);
  }

  wordColumn(begin: number): Uint32Array {
    return this.words.subarray(begin, begin + N);
  }

  doubleColumn(begin: number): Float64Array {
    return this.doubles.subarray(begin, begin + N);
  }
}
