/**
 * Links without addresses: raw IP (the version nibble tells which), and BSD's loopback with an address family of
 * 4 bytes before the packet, in the byte order of the machine that captured it (NULL) or big-endian (LOOP).
 */
import { type Cursor, LAYER } from './cursor.ts';
import { DECODE_STATUS } from './decoded-batch.ts';
import { ETHERTYPE } from './numbers.ts';

export function rawIp(c: Cursor): number {
  if (!c.has(1, DECODE_STATUS.shortLink)) return LAYER.done;
  const version = c.bytes[c.at] >>> 4;
  if (version !== 4 && version !== 6) {
    c.fail(DECODE_STATUS.badIpVersion);
    return LAYER.done;
  }
  c.setOther(version === 4 ? ETHERTYPE.ipv4 : ETHERTYPE.ipv6);
  return LAYER.etherType;
}

const AF_INET = 2;

/** AF_INET6 is 10 on Linux, 23 on Windows, 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS. */
function isInet6(family: number): boolean {
  return family === 10 || family === 23 || family === 24 || family === 28 || family === 30;
}

export function bsdLoopback(c: Cursor): number {
  if (!c.has(4, DECODE_STATUS.shortLink)) return LAYER.done;
  const bigEndian = c.view.getUint32(c.at);
  const family = bigEndian <= 0xffff ? bigEndian : c.view.getUint32(c.at, true);
  c.at += 4;
  if (family === AF_INET) c.setOther(ETHERTYPE.ipv4);
  else if (isInet6(family)) c.setOther(ETHERTYPE.ipv6);
  else return LAYER.done;
  return LAYER.etherType;
}
