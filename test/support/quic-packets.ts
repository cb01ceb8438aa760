/**
 * Builders for QUIC Initial packets, sealed: written apart from src/wire/quic-initial.ts
 * on purpose. That they are right is shown by the packets that RFC 9001 and RFC 9369 print in their appendices A.
 */
import { createCipheriv, createHmac } from 'node:crypto';
import { concat, hex, u8, u16, u32 } from './packets.ts';

export const QUIC_1 = 1;
export const QUIC_2 = 0x6b3343cf;
export const RFC_ID = hex('8394c8f03e515708');

/** The ClientHello of both appendices, for example.com. */
export const RFC_HELLO = hex(`
  010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868 04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578
  616d706c652e636f6dff01000100000a00080006001d00170018001000070005 04616c706e000500050100000000003300260024001d00209370b2c9caa47fba
  baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400 0d0010000e0403050306030203080408050806002d00020101001c0002400100
  3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000 75300901100f088394c8f03e51570806048000ffff`);

export interface InitialFields {
  version?: number;
  /** Destination id, and the one that keys follow from (the same unless told). */
  id?: Uint8Array;
  keyId?: Uint8Array;
  source?: Uint8Array;
  token?: Uint8Array;
  number?: number;
  /** Bytes of the packet number: 1 to 4. */
  numberLength?: number;
  /** Frames; padded to a packet of `size` bytes where that is given. */
  frames: Uint8Array;
  size?: number;
  /** As the server seals its packets. */
  byServer?: boolean;
}

const SALTS: Readonly<Record<number, string>> = {
  [QUIC_1]: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a',
  [QUIC_2]: '0dede3def700a6db819381be6e269dcbf9bd2ed9',
};

function hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(data).digest();
}

/** HKDF-Expand-Label of TLS 1.3. */
function labelled(secret: Uint8Array, label: string, length: number): Uint8Array {
  const text = Buffer.from(`tls13 ${label}`);
  return hmac(secret, concat(u16(length), u8(text.length), text, u8(0, 1))).subarray(0, length);
}

/** A number in the form of RFC 9000 section 16, of two bytes (lengths below 16,384) or as many as told. */
export function variable(value: number, size = 2): Uint8Array {
  const bytes = new Uint8Array(size);
  let rest = value;
  for (let k = size - 1; k >= 0; k--) {
    bytes[k] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[0] |= Math.log2(size) << 6;
  return bytes;
}

/** A piece of the handshake that begins at this place of it. */
export function cryptoFrame(offset: number, data: Uint8Array): Uint8Array {
  return concat(u8(6), variable(offset), variable(data.length), data);
}

/** An Initial packet as it is on the wire. */
export function initialPacket(fields: InitialFields): Uint8Array {
  const { version = QUIC_1, id = RFC_ID, keyId = id, token = new Uint8Array(0), number = 0, numberLength = 1 } = fields;
  const { source = new Uint8Array(0), size = 0 } = fields;
  const prefix = version === QUIC_2 ? 'quicv2' : 'quic';
  const secret = labelled(hmac(hex(SALTS[version]), keyId), fields.byServer === true ? 'server in' : 'client in', 32);
  const type = version === QUIC_2 ? 0xd0 : 0xc0;
  const ids = concat(u8(id.length), id, u8(source.length), source);
  const before = concat(
    u8(type | (numberLength - 1)),
    u32(version),
    ids,
    token.length === 0 ? u8(0) : concat(variable(token.length), token),
  );
  const padding = Math.max(0, size - (before.length + 2 + numberLength + fields.frames.length + 16));
  const frames = concat(fields.frames, new Uint8Array(padding));
  const packetNumber = u32(number).subarray(4 - numberLength);
  const header = concat(before, variable(numberLength + frames.length + 16), packetNumber);
  const nonce = Uint8Array.from(labelled(secret, `${prefix} iv`, 12));
  for (let k = 0; k < numberLength; k++) nonce[12 - numberLength + k] ^= packetNumber[k];
  const cipher = createCipheriv('aes-128-gcm', labelled(secret, `${prefix} key`, 16), nonce).setAAD(header);
  const sealed = concat(cipher.update(frames), cipher.final(), cipher.getAuthTag());
  const block = createCipheriv('aes-128-ecb', labelled(secret, `${prefix} hp`, 16), null);
  const mask = block.update(sealed.subarray(4 - numberLength, 20 - numberLength));
  header[0] ^= mask[0] & 15;
  for (let k = 0; k < numberLength; k++) header[header.length - numberLength + k] ^= mask[1 + k];
  return concat(header, sealed);
}

/** The packet of RFC 9001 appendix A.2, or of RFC 9369 appendix A.2. */
export function rfcInitial(version: number): Uint8Array {
  const frames = cryptoFrame1(RFC_HELLO);
  return initialPacket({ version, number: 2, numberLength: 4, frames, size: 1200 });
}

/** As the appendices write it: the offset in one byte. */
function cryptoFrame1(data: Uint8Array): Uint8Array {
  return concat(u8(6), variable(0, 1), variable(data.length), data);
}
