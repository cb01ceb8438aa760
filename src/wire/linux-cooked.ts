/**
 * Linux cooked captures (`tcpdump -i any`): a made-up header instead of the link layer's own.
 *
 *   v1  packet type 2 | ARPHRD 2 | address length 2 | address 8 | protocol 2
 *   v2  protocol 2 | 0 2 | interface 4 | ARPHRD 2 | packet type 1 | address length 1 | address 8
 *
 * Only the sender's address is there: the key has no destination, and macOffset stays -1.
 */
import { type Cursor, LAYER } from './cursor.ts';
import { DECODE_STATUS } from './decoded-batch.ts';
import { afterTypeField, MIN_ETHERTYPE, writeMac } from './ethernet.ts';

/** ARPHRD_ numbers (linux/if_arp.h) whose protocol field is no EtherType. */
const ARPHRD_IEEE80211_RADIOTAP = 803;
const ARPHRD_NETLINK = 824;
const ARPHRD_FRAD = 770;

/** Protocol field of Novell's raw 802.3 frames, and of 802.2 frames (linux/if_ether.h ETH_P_802_3, ETH_P_802_2). */
const PROTOCOL_8023 = 1;
const PROTOCOL_8022 = 4;
const RAW_IPX = 0xffff;

function afterHeader(c: Cursor, hardwareType: number, protocol: number): number {
  if (hardwareType === ARPHRD_NETLINK || hardwareType === ARPHRD_IEEE80211_RADIOTAP || hardwareType === ARPHRD_FRAD) {
    c.fail(DECODE_STATUS.unsupportedLink);
    return LAYER.done;
  }
  if (protocol === PROTOCOL_8022) return LAYER.llc;
  if (protocol >= MIN_ETHERTYPE) return afterTypeField(c, protocol);
  // Below: the kernel's own ETH_P_ numbers, never a length.
  c.setOther(0, protocol === PROTOCOL_8023 ? RAW_IPX : protocol);
  return LAYER.done;
}

export function linuxCooked(c: Cursor): number {
  if (!c.has(16, DECODE_STATUS.shortLink)) return LAYER.done;
  if (c.u16(4) === 6) writeMac(c, 0, c.at + 6);
  const hardwareType = c.u16(2);
  const protocol = c.u16(14);
  c.at += 16;
  return afterHeader(c, hardwareType, protocol);
}

export function linuxCooked2(c: Cursor): number {
  if (!c.has(20, DECODE_STATUS.shortLink)) return LAYER.done;
  if (c.bytes[c.at + 11] === 6) writeMac(c, 0, c.at + 12);
  const hardwareType = c.u16(8);
  const protocol = c.u16(0);
  c.at += 20;
  return afterHeader(c, hardwareType, protocol);
}
