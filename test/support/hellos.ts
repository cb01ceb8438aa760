/** Builders for TLS ClientHellos, whole or in records. */
import { concat, filler, u8, u16, u32 } from './packets.ts';

export interface HelloFields {
  /** null: without the extension. */
  name?: string | null;
  /** Bytes of the name, in place of the text. */
  nameBytes?: Uint8Array;
  /** Bytes of a padding extension (RFC 7685) before the name, and after it. */
  before?: number;
  after?: number;
  session?: number;
  version?: number;
}

export function extension(type: number, data: Uint8Array): Uint8Array {
  return concat(u16(type, data.length), data);
}

export function serverName(name: Uint8Array): Uint8Array {
  return extension(0, concat(u16(name.length + 3), u8(0), u16(name.length), name));
}

/** The handshake message: what a client sends in records, or in CRYPTO frames. Without extensions: null for all of them. */
export function clientHello(fields: HelloFields = {}): Uint8Array {
  const { name = 'www.example.com', before, after = 0, session = 32, version = 0x0303 } = fields;
  const { nameBytes = name === null ? null : Buffer.from(name, 'latin1') } = fields;
  const extensions = concat(
    before === undefined ? new Uint8Array(0) : extension(21, new Uint8Array(before)),
    nameBytes === null ? new Uint8Array(0) : serverName(nameBytes),
    extension(43, concat(u8(2), u16(0x0304))),
    extension(10, u16(4, 0x001d, 0x0017)),
    extension(13, u16(4, 0x0804, 0x0403)),
    extension(51, concat(u16(36, 0x001d, 32), filler(32, 9))),
    after === 0 ? new Uint8Array(0) : extension(21, new Uint8Array(after)),
  );
  const body = concat(
    u16(version),
    filler(32, 7),
    u8(session),
    filler(session, 1),
    u16(6, 0x1301, 0xc02f, 0xc030),
    u8(1, 0),
    u16(extensions.length),
    extensions,
  );
  return handshake(1, body);
}

export function handshake(type: number, body: Uint8Array): Uint8Array {
  return concat(u32((type << 24) | body.length), body);
}

/** Handshake bytes in records: the first ones of these lengths, the rest in one. */
export function records(message: Uint8Array, lengths: readonly number[] = [], version = 0x0301): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const length of [...lengths, message.length]) {
    const piece = message.subarray(at, at + length);
    if (piece.length > 0) parts.push(concat(u8(22), u16(version, piece.length), piece));
    at += length;
  }
  return concat(...parts);
}
