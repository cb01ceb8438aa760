/**
 * Tells what kind of capture file begins here and makes its record reader. What is not a capture is refused with
 * E_SAVEFILE, in words that say what it is instead where that is known.
 */
import { savefileError } from './byte-input.ts';
import type { RecordReader, SavefileInterfaces } from './byte-window.ts';
import type { ChunkReader } from './chunk-reader.ts';
import { CLASSIC_HEADER_BYTES, ClassicReader, classicFormatOf } from './classic-reader.ts';
import { PcapngReader, SECTION_HEADER_BLOCK } from './pcapng-reader.ts';
import type { TimeCut } from './time-cut.ts';

/** Files that people take for captures: first bytes, what it is, what to do. */
const OTHER_FORMATS: readonly (readonly [magic: readonly number[], what: string, remedy: string])[] = [
  [[0x28, 0xb5, 0x2f, 0xfd], 'it is compressed with zstd', 'decompress it: zstd -dc FILE | … -r -'],
  [[0xfd, 0x37, 0x7a, 0x58], 'it is compressed with xz', 'decompress it: xz -dc FILE | … -r -'],
  [[0x42, 0x5a, 0x68], 'it is compressed with bzip2', 'decompress it: bzip2 -dc FILE | … -r -'],
  [[0x04, 0x22, 0x4d, 0x18], 'it is compressed with lz4', 'decompress it: lz4 -dc FILE | … -r -'],
  [[0x50, 0x4b, 0x03, 0x04], 'it is a zip archive', 'unpack it first'],
  [[0x73, 0x6e, 0x6f, 0x6f, 0x70], 'it is a snoop capture', 'convert it: editcap -F pcapng FILE NEW'],
];

/**
 * Waits for the header, leaves `chunks` at the first record, and returns the reader for what follows.
 * @param path for messages
 */
export async function detectFormat(
  chunks: ChunkReader,
  interfaces: SavefileInterfaces,
  cut: TimeCut,
  path: string,
): Promise<RecordReader> {
  const available = await waitFor(chunks, CLASSIC_HEADER_BYTES, path);
  if (available === 0) throw savefileError(path, 'it is empty');
  if (available < 4) throw savefileError(path, 'not a pcap or pcapng file');
  const magic = chunks.view.getUint32(chunks.position);
  if (magic === SECTION_HEADER_BLOCK) return new PcapngReader(interfaces, cut);
  const format = classicFormatOf(magic);
  if (format === null) throw notACapture(chunks, path);
  if (available < CLASSIC_HEADER_BYTES) throw savefileError(path, 'the file ends within its header');
  return new ClassicReader(format, chunks, interfaces, cut);
}

/** Waits until `wanted` bytes are there or the input ends; returns how many there are. */
async function waitFor(chunks: ChunkReader, wanted: number, path: string): Promise<number> {
  while (chunks.unread < wanted && (await chunks.more())) {
    // A pipe may deliver the header in pieces, but its first four bytes settle whether more is worth waiting for.
    if (chunks.unread >= 4 && isUnknown(chunks.view.getUint32(chunks.position))) break;
  }
  if (chunks.failure !== null) throw savefileError(path, chunks.failure);
  return chunks.unread;
}

function isUnknown(magic: number): boolean {
  return magic !== SECTION_HEADER_BLOCK && classicFormatOf(magic) === null;
}

function notACapture(chunks: ChunkReader, path: string): Error {
  const { bytes, position } = chunks;
  for (const [magic, what, remedy] of OTHER_FORMATS) {
    if (magic.every((byte, i) => bytes[position + i] === byte)) return savefileError(path, what, remedy);
  }
  return savefileError(path, 'not a pcap or pcapng file');
}
