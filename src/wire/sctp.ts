/**
 * SCTP (RFC 9260 section 3.1) and DCCP (RFC 4340 section 5.1): ports first, then what tells whether the header fits.
 *
 *   SCTP  ports 4 | verification tag 4 | checksum 4 | chunks
 *   DCCP  ports 4 | data offset 1 (4-byte units) | 1 | checksum 2 | reserved 3 bits, type 4, X 1 | … 12 bytes, or 16 with X
 */
import type { Cursor } from './cursor.ts';
import { DECODE_STATUS } from './decoded-batch.ts';

const SCTP_HEADER = 12;

export function sctp(c: Cursor): void {
  if (c.has(SCTP_HEADER, DECODE_STATUS.shortTransport)) c.out.payloadLength[c.i] = c.realEnd - c.at - SCTP_HEADER;
}

export function dccp(c: Cursor): void {
  if (!c.has(12, DECODE_STATUS.shortTransport)) return;
  const headerLength = c.bytes[c.at + 4] * 4;
  const shortest = (c.bytes[c.at + 8] & 1) === 1 ? 16 : 12;
  if (headerLength < shortest || c.at + headerLength > c.realEnd) {
    c.fail(DECODE_STATUS.badUdpLength);
    return;
  }
  c.out.payloadLength[c.i] = c.realEnd - c.at - headerLength;
}
