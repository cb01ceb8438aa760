/**
 * UDP (RFC 768) and UDP-Lite (RFC 3828).
 *
 *   0 source port | 2 destination port | 4 length (UDP-Lite: checksum coverage) | 6 checksum
 */
import type { Cursor } from './cursor.ts';
import { DECODE_STATUS, FRAGMENT } from './decoded-batch.ts';

/** A UDP length of 0 means "to the end" where the field cannot hold the length: jumbograms and offloaded buffers. */
function mayExceedField(c: Cursor, available: number): boolean {
  return available > 0xffff || c.packets.gsoSize[c.i] > 0;
}

export function udp(c: Cursor): void {
  if (!c.has(8, DECODE_STATUS.shortTransport)) return;
  const available = c.realEnd - c.at;
  const field = c.u16(4);
  const length = field === 0 && mayExceedField(c, available) ? available : field;
  const whole = c.out.fragment[c.i] === FRAGMENT.none;
  if (length < 8 || (whole && length > available)) {
    c.fail(DECODE_STATUS.badUdpLength);
    return;
  }
  c.payloadStart = c.at + 8;
  c.out.payloadLength[c.i] = Math.min(length, available) - 8;
}

export function udplite(c: Cursor): void {
  if (!c.has(8, DECODE_STATUS.shortTransport)) return;
  const available = c.realEnd - c.at;
  const coverage = c.u16(4);
  const whole = c.out.fragment[c.i] === FRAGMENT.none;
  if ((coverage > 0 && coverage < 8) || (whole && coverage > available)) {
    c.fail(DECODE_STATUS.badUdpLength);
    return;
  }
  c.out.payloadLength[c.i] = available - 8;
}
