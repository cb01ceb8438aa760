/**
 * GunzipInput: decompresses another input as it is read (node:zlib, on the thread pool). Feeds gunzip small pieces and
 * waits for each, so that what is decompressed ahead stays bounded whatever the ratio.
 */
import { createGunzip } from 'node:zlib';
import type { ByteInput } from './byte-input.ts';

/** Compressed bytes fed at once: at the worst ratio of deflate (1,032) they become 16 MiB. */
const FEED_BYTES = 16 * 1024;

/** Size of the pieces that gunzip delivers. */
const OUTPUT_BYTES = 256 * 1024;

export class GunzipInput implements ByteInput {
  readonly compressed = true;
  readonly #raw: ByteInput;
  readonly #gunzip = createGunzip({ chunkSize: OUTPUT_BYTES });
  readonly #feed = new Uint8Array(FEED_BYTES);
  readonly #chunks: Uint8Array[] = [];
  #head: Uint8Array;
  #finished = false;
  #failure: Error | null = null;
  /** Called on whatever gunzip reports: output, end, failure. */
  #wake: () => void = () => undefined;

  /** @param head bytes of `raw` that were read already */
  constructor(raw: ByteInput, head: Uint8Array) {
    this.#raw = raw;
    this.#head = head;
    this.#gunzip.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    this.#gunzip.on('end', () => this.#finish(null));
    this.#gunzip.on('close', () => this.#finish(null));
    this.#gunzip.on('error', (error: Error) => this.#finish(new Error(`decompressing failed: ${error.message}`)));
  }

  get bytesRead(): number {
    return this.#raw.bytesRead;
  }

  get totalBytes(): number | null {
    return this.#raw.totalBytes;
  }

  async read(target: Uint8Array, offset: number, length: number): Promise<number> {
    while (this.#chunks.length === 0 && !this.#finished) await this.#feedOnce();
    const chunk = this.#chunks[0];
    if (chunk === undefined) {
      if (this.#failure !== null) throw this.#failure;
      return 0;
    }
    const part = chunk.subarray(0, length);
    target.set(part, offset);
    if (part.length === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(part.length);
    return part.length;
  }

  close(): Promise<void> {
    this.#chunks.length = 0;
    this.#finish(null);
    this.#gunzip.destroy();
    return this.#raw.close();
  }

  #finish(failure: Error | null): void {
    if (!this.#finished) this.#failure = failure;
    this.#finished = true;
    this.#wake();
  }

  /** Feeds one piece and waits until gunzip has used it up, ended or failed. */
  async #feedOnce(): Promise<void> {
    const piece = await this.#nextPiece();
    if (this.#finished) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      // Without more input, end() makes gunzip report a member that is cut off.
      if (piece.length === 0) this.#gunzip.end();
      else this.#gunzip.write(piece, () => resolve());
    });
  }

  async #nextPiece(): Promise<Uint8Array> {
    if (this.#head.length > 0) {
      const head = this.#head;
      this.#head = head.subarray(head.length);
      return head;
    }
    return this.#feed.subarray(0, await this.#raw.read(this.#feed, 0, FEED_BYTES));
  }
}
