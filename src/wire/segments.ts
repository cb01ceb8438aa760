/**
 * Offloaded buffers (GRO, TSO, USO): the kernel hands over one buffer that was, or will be, many packets. Each segment
 * has the buffer's headers before at most gsoSize bytes of payload: packets and bytes are counted as on the wire.
 */
import type { Cursor } from './cursor.ts';
import { IP_PROTOCOL } from './numbers.ts';
import { PACKET_FLAG } from './packet-batch.ts';

/** Segments of the buffer at the cursor; 1 when its headers could not be read or the card does not cut this protocol. */
export function countSegments(c: Cursor): number {
  const gsoSize = c.packets.gsoSize[c.i];
  const gsoUdp = (c.packets.flags[c.i] & PACKET_FLAG.gsoUdp) !== 0;
  if (gsoSize === 0 || c.payloadStart === 0) return 1;
  if (c.protocol !== (gsoUdp ? IP_PROTOCOL.udp : IP_PROTOCOL.tcp)) return 1;
  return Math.max(1, Math.ceil((c.realEnd - c.payloadStart) / gsoSize));
}

/** Counts the segments, and adds the headers that each one but the first has beside those in the buffer. */
export function addSegments(c: Cursor, segments: number, payloadStart: number): void {
  const { out, i } = c;
  out.segments[i] = segments;
  const tag = c.packets.strippedTag[i] === 0 ? 0 : 4;
  out.wireBytes[i] += (segments - 1) * (payloadStart - c.start + tag);
  const networkOffset = out.networkOffset[i];
  if (out.ipBytes[i] > 0) out.ipBytes[i] += (segments - 1) * (payloadStart - networkOffset);
}
