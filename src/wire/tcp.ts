/**
 * TCP (RFC 9293 section 3.1).
 *
 *   0 source port | 2 destination port | 4 sequence | 8 acknowledgement | 12 data offset, flags | 14 window | 16 … 20 options
 */
import type { Cursor } from './cursor.ts';
import { DECODE_STATUS } from './decoded-batch.ts';

export function tcp(c: Cursor): void {
  if (!c.has(20, DECODE_STATUS.shortTransport)) return;
  const { out, i } = c;
  out.tcpSequence[i] = c.view.getUint32(c.at + 4);
  out.tcpAcknowledgement[i] = c.view.getUint32(c.at + 8);
  out.tcpFlags[i] = c.bytes[c.at + 13];
  out.tcpWindow[i] = c.u16(14);
  const headerLength = (c.bytes[c.at + 12] >>> 4) * 4;
  if (headerLength < 20 || c.at + headerLength > c.realEnd) {
    c.fail(DECODE_STATUS.badTcpHeaderLength);
    return;
  }
  c.payloadStart = c.at + headerLength;
  out.payloadLength[i] = c.realEnd - c.payloadStart;
}
