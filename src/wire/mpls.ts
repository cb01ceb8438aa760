/**
 * MPLS (RFC 3032): a stack of labels, the last one marked. Nothing says what they carry: the first nibble does, as in
 * routers (RFC 4928): 4 and 6 are IP, 0 is a pseudowire's control word (RFC 4385), which mostly precedes Ethernet.
 *
 *   label 20 bits | traffic class 3 | bottom of stack 1 | time to live 8
 */
import { type Cursor, LAYER, MAX_TAGS, MAX_TUNNELS } from './cursor.ts';
import { DECODE_STATUS } from './decoded-batch.ts';
import { isTag } from './ethernet.ts';
import { ETHERTYPE } from './numbers.ts';

/** Moves behind the last label; false when there is none within reach. */
function skipLabels(c: Cursor): boolean {
  for (let n = 0; n < MAX_TAGS; n++) {
    if (!c.has(4, DECODE_STATUS.badTunnel)) return false;
    const bottom = (c.bytes[c.at + 2] & 1) === 1;
    c.at += 4;
    if (bottom) return true;
  }
  return false;
}

/** True when an Ethernet frame with something known in it seems to stand behind the control word at the cursor. */
function looksLikeEthernet(c: Cursor): boolean {
  if (c.at + 18 > c.end) return false;
  const type = c.u16(16);
  return (
    type === ETHERTYPE.ipv4 ||
    type === ETHERTYPE.ipv6 ||
    type === ETHERTYPE.arp ||
    isTag(type) ||
    type <= c.realEnd - c.at
  );
}

export function mpls(c: Cursor): number {
  if (++c.tags > MAX_TAGS || !skipLabels(c) || !c.has(1, DECODE_STATUS.badTunnel)) return LAYER.done;
  const nibble = c.bytes[c.at] >>> 4;
  if (nibble === 4) return LAYER.ipv4;
  if (nibble === 6) return LAYER.ipv6;
  if (nibble !== 0 || !looksLikeEthernet(c) || ++c.tunnels > MAX_TUNNELS) return LAYER.done;
  c.at += 4;
  return LAYER.ethernet;
}
