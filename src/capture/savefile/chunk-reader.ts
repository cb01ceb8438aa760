/**
 * ChunkReader: two chunks of memory in turn. While records of one are taken, the other is being filled.
 *
 *   chunk  [ headroom ············· tail | bytes read from the input ……… end ]
 *                                  ^ position after the change of chunks
 *
 * The unread tail of the old chunk is copied before the new bytes, so a record that was cut is whole again. The headroom
 * grows only for a record longer than it; MAXIMUM_PACKET_BYTES bounds it (a reader calls longer ones damaged).
 */
import type { ByteInput } from './byte-input.ts';
import type { ByteWindow } from './byte-window.ts';

/** Bytes read at a time: above 1 MiB a read costs no less per byte, and the second processor cache still holds most of it. */
const CHUNK_BYTES = 1024 * 1024;

/** Room for the tail: libpcap's largest snapshot length (262,144) with its headers. */
const HEADROOM_BYTES = 320 * 1024;

interface Chunk {
  bytes: Uint8Array;
  view: DataView;
}

function newChunk(length: number): Chunk {
  // Not zeroed and not from Buffer's pool: the memory is ours alone and is overwritten before it is read.
  const bytes = Buffer.allocUnsafeSlow(length);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

export class ChunkReader implements ByteWindow {
  position = 0;
  end = 0;
  /** Why the input could not be read on, after more() returned false; null at its regular end. */
  failure: string | null = null;
  readonly #input: ByteInput;
  readonly #chunkBytes: number;
  #headroom: number;
  #current: Chunk;
  /** The chunk being filled, and how many bytes came (0: the end). */
  #next: Chunk;
  #reading: Promise<number>;
  /** Place in the input of byte 0 of the current chunk (negative while the headroom is empty). */
  #chunkOffset = 0;

  constructor(input: ByteInput, chunkBytes = CHUNK_BYTES) {
    this.#input = input;
    this.#chunkBytes = chunkBytes;
    this.#headroom = Math.min(HEADROOM_BYTES, chunkBytes);
    this.#current = newChunk(0);
    this.#next = newChunk(this.#headroom + chunkBytes);
    this.#reading = this.#fill(this.#next);
  }

  get bytes(): Uint8Array {
    return this.#current.bytes;
  }

  get view(): DataView {
    return this.#current.view;
  }

  /** Bytes that are there and were not taken; negative while bytes to come are to be skipped. */
  get unread(): number {
    return this.end - this.position;
  }

  /** Place of `position` in the input. */
  get fileOffset(): number {
    return this.#chunkOffset + this.position;
  }

  /** Waits for at least one more byte; false at the end of the input and when it cannot be read on. */
  async more(): Promise<boolean> {
    for (;;) {
      const count = await this.#settled();
      if (count === 0) return false;
      this.#change(count);
      if (this.position < this.end) return true;
    }
  }

  async #settled(): Promise<number> {
    try {
      return await this.#reading;
    } catch (error) {
      this.failure = (error as Error).message;
      return 0;
    }
  }

  /** Makes the filled chunk the current one, with the unread tail before its bytes, and begins to fill the other. */
  #change(count: number): void {
    const tail = Math.max(0, this.unread);
    const fileOffset = this.fileOffset;
    const old = this.#current;
    let target = this.#next;
    let start = this.#headroom;
    if (tail > this.#headroom) {
      this.#headroom = tail * 2;
      target = newChunk(this.#headroom + this.#chunkBytes);
      target.bytes.set(this.#next.bytes.subarray(start, start + count), this.#headroom);
      start = this.#headroom;
    }
    target.bytes.set(old.bytes.subarray(this.position, this.position + tail), start - tail);
    const skip = Math.max(0, -this.unread);
    this.#current = target;
    this.position = start - tail + skip;
    this.end = start + count;
    this.#chunkOffset = fileOffset - this.position;
    const length = this.#headroom + this.#chunkBytes;
    this.#next = old.bytes.length === length ? old : newChunk(length);
    this.#reading = this.#fill(this.#next);
  }

  #fill(chunk: Chunk): Promise<number> {
    const reading = this.#input.read(chunk.bytes, this.#headroom, this.#chunkBytes);
    // A failure is met when its turn comes; until then it must not count as unhandled.
    reading.catch(() => undefined);
    return reading;
  }
}
