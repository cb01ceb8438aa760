/**
 * ARP (RFC 826) and RARP (RFC 903). The conversation is the one between the two MAC addresses.
 *
 *   hardware type 2 | protocol type 2 | lengths 1, 1 | opcode 2 | sender hardware, protocol | target hardware, protocol
 */
import { type Cursor, LAYER } from './cursor.ts';
import { DECODE_STATUS } from './decoded-batch.ts';

/** Bytes before the addresses. */
export const ARP_HEADER = 8;

export function arp(c: Cursor): number {
  if (!c.has(ARP_HEADER, DECODE_STATUS.badArp)) return LAYER.done;
  c.out.networkOffset[c.i] = c.at;
  const length = ARP_HEADER + 2 * (c.bytes[c.at + 4] + c.bytes[c.at + 5]);
  if (c.has(length, DECODE_STATUS.badArp)) c.limit(length);
  return LAYER.done;
}
