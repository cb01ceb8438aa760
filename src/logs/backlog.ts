/**
 * Lines of a log that wait for their file, as the bytes to be written: whole lines in chunks, bounded in bytes. Pure.
 *
 *   written ┌────────────┬─────────┐ ┌──────────────────┐ ┌──────────┐
 *   …───────┤ line a line│b line c │ │ line d  line e   │ │ line f   │ ◄─ push
 *           └────────────┴─────────┘ └──────────────────┘ └──────────┘
 *              lineStart ┘  ▲ position: the disk took a part of line b
 */
const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 10;

interface Chunk {
  bytes: Buffer;
  used: number;
}

export class Backlog {
  readonly limit: number;
  readonly #chunks: Chunk[] = [];
  /** In the first chunk: the next byte to be written, and where its line begins. */
  #position = 0;
  #lineStart = 0;
  #lines = 0;
  #accepted = 0;
  #written = 0;

  /** `limit`: bytes that may wait. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Lines that are not written to their end. */
  get lines(): number {
    return this.#lines;
  }

  get bytes(): number {
    return this.#accepted - this.#written;
  }

  /** Bytes taken, and bytes written, since the beginning: marks in the stream. */
  get accepted(): number {
    return this.#accepted;
  }

  get written(): number {
    return this.#written;
  }

  /** A part of a line is written. */
  get midLine(): boolean {
    return this.#position > this.#lineStart;
  }

  /** Takes a line with its newline; false: it has no room. */
  push(line: string): boolean {
    const length = Buffer.byteLength(line);
    if (this.bytes + length > this.limit) return false;
    this.#add(line, length);
    return true;
  }

  /** Takes a line whether it has room or not: what must be told about lines that had none. */
  force(line: string): void {
    this.#add(line, Buffer.byteLength(line));
  }

  /** Bytes of the line that is to be written next. */
  get nextLineBytes(): number {
    if (this.#lines === 0) return 0;
    const { bytes } = this.#chunks[0];
    return bytes.indexOf(NEWLINE, this.#position) + 1 - this.#position;
  }

  /** What to write next: whole lines of at most `limit` bytes, but at least one line. Valid until the next `wrote`. */
  head(limit: number): Buffer {
    const { bytes, used } = this.#chunks[0];
    if (used - this.#position <= limit) return bytes.subarray(this.#position, used);
    const end = bytes.lastIndexOf(NEWLINE, this.#position + limit - 1) + 1;
    return bytes.subarray(this.#position, end > this.#position ? end : this.#position + this.nextLineBytes);
  }

  /** The first `count` bytes of `head` are written; answers how many lines that ended. */
  wrote(count: number): number {
    const [chunk] = this.#chunks;
    const end = this.#position + count;
    let ended = 0;
    for (let at = chunk.bytes.indexOf(NEWLINE, this.#position); at >= 0 && at < end; ended++) {
      this.#lineStart = at + 1;
      at = chunk.bytes.indexOf(NEWLINE, at + 1);
    }
    this.#position = end;
    this.#written += count;
    this.#lines -= ended;
    if (end === chunk.used) this.#drop();
    return ended;
  }

  /** The line that is partly written is to be written anew: its beginning went to another file. */
  rewind(): void {
    this.#written -= this.#position - this.#lineStart;
    this.#position = this.#lineStart;
  }

  #add(line: string, length: number): void {
    const last = this.#chunks.at(-1);
    const chunk = last !== undefined && last.bytes.length - last.used >= length ? last : this.#grow(length);
    chunk.used += chunk.bytes.write(line, chunk.used);
    this.#lines++;
    this.#accepted += length;
  }

  #grow(length: number): Chunk {
    const chunk = { bytes: Buffer.allocUnsafeSlow(Math.max(length, CHUNK_BYTES)), used: 0 };
    this.#chunks.push(chunk);
    return chunk;
  }

  /** The first chunk is written; the last one is kept for the next lines. */
  #drop(): void {
    if (this.#chunks.length > 1 || this.#chunks[0].bytes.length > CHUNK_BYTES) this.#chunks.shift();
    else this.#chunks[0].used = 0;
    this.#position = 0;
    this.#lineStart = 0;
  }
}
