/**
 * Lines of a file, plain or gzip (known by its content, not by its name), handed over as they come: memory is a few
 * pieces, however long file and lines are.
 */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

const PIECE_BYTES = 1 << 20;
const NEWLINE = 10;
/** No record is nearly as long; in place of what is longer, a text is given that is none. */
const MAXIMUM_LINE_BYTES = 1 << 20;
const TOO_LONG = '\ufffd';

export interface LineHandler {
  line(text: string): void;
  /** The last line, where it has no end: the file is still being written, or it was cut. */
  unfinished(text: string): void;
  /** Bytes of the file as it lies on the disk. */
  bytes?(count: number): void;
}

/** True of the first bytes of a gzip file (RFC 1952 section 2.3.1). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Cuts pieces into lines. */
class LineCutter {
  readonly #handler: LineHandler;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #tooLong = false;

  constructor(handler: LineHandler) {
    this.#handler = handler;
  }

  piece(piece: Buffer): void {
    const first = piece.indexOf(NEWLINE);
    if (first < 0) {
      this.#keep(piece);
      return;
    }
    this.#handler.line(this.#takeRest(piece.subarray(0, first)));
    const last = piece.lastIndexOf(NEWLINE);
    if (last > first) this.#whole(piece.toString('utf8', first + 1, last));
    this.#keep(piece.subarray(last + 1));
  }

  end(): void {
    if (this.#restBytes > 0 || this.#tooLong) this.#handler.unfinished(this.#takeRest(Buffer.alloc(0)));
  }

  #whole(text: string): void {
    let from = 0;
    for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
      this.#handler.line(text.slice(from, to));
      from = to + 1;
    }
    this.#handler.line(text.slice(from));
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#restBytes += piece.length;
    if (this.#restBytes <= MAXIMUM_LINE_BYTES) this.#rest.push(piece);
    else {
      this.#tooLong = true;
      this.#rest = [];
    }
  }

  #takeRest(end: Buffer): string {
    const tooLong = this.#tooLong || this.#restBytes + end.length > MAXIMUM_LINE_BYTES;
    const text = tooLong ? TOO_LONG : Buffer.concat([...this.#rest, end]).toString('utf8');
    this.#rest = [];
    this.#restBytes = 0;
    this.#tooLong = false;
    return text;
  }
}

/** Reads a file to its end, or until `signal`. Rejects with what the system or zlib says; lines until then were given. */
export async function readLines(path: string, handler: LineHandler, signal?: AbortSignal): Promise<void> {
  const cutter = new LineCutter(handler);
  for await (const piece of unpacked(path, (count) => handler.bytes?.(count), signal)) cutter.piece(piece);
  cutter.end();
}

/** The first bytes of a file, unpacked; fewer where it has no more. */
export async function readHead(path: string, bytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of unpacked(path)) {
    pieces.push(piece);
    length += piece.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(pieces).subarray(0, bytes);
}

async function* unpacked(
  path: string,
  onBytes: (count: number) => void = () => undefined,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const pieces = counted(createReadStream(path, { highWaterMark: PIECE_BYTES, signal }), onBytes);
  const first = await pieces.next();
  if (first.done) return;
  const all = prepended(first.value, pieces);
  if (!isGzip(first.value)) return yield* all;
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  // Its failure reaches us as that of what we read from.
  pipeline(Readable.from(all), gunzip).catch(() => undefined);
  yield* gunzip as AsyncIterable<Buffer>;
}

async function* counted(stream: AsyncIterable<Buffer>, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
  for await (const piece of stream) {
    onBytes(piece.length);
    yield piece;
  }
}

async function* prepended(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}
