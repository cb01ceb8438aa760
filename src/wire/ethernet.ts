/**
 * Ethernet II, 802.3 with 802.2 LLC and SNAP, and VLAN tags (802.1Q, 802.1ad, and the older 0x9100 and 0x9200).
 *
 *   destination 6 | source 6 | [TPID 2 | TCI 2]… | EtherType 2, or length 2 | DSAP 1 | SSAP 1 | control 1 [| OUI 3 | type 2]
 */
import { type Cursor, LAYER, MAX_TAGS } from './cursor.ts';
import { DECODE_STATUS, KEY_WORDS } from './decoded-batch.ts';
import { ETHERTYPE } from './numbers.ts';

/** A smaller number in the type field is the length of an 802.3 frame; a larger one is an EtherType. */
const MAX_8023_LENGTH = 1500;
export const MIN_ETHERTYPE = 0x600;

const SNAP = 0xaaaa;
const IP_OVER_LLC = 0x0606;
const OUI_ENCAPSULATED_ETHERNET = 0x000000;
const OUI_BRIDGE_TUNNEL = 0x0000f8;

/** Writes the MAC address at bytes[from…] as endpoint `endpoint` (0 source, 1 destination) of the key. */
export function writeMac(c: Cursor, endpoint: number, from: number): void {
  const at = c.i * KEY_WORDS + endpoint * 4;
  const key = c.out.key;
  key[at] = 0;
  key[at + 1] = 0;
  key[at + 2] = c.view.getUint16(from);
  key[at + 3] = c.view.getUint32(from + 2);
}

/** True for an EtherType that announces a VLAN tag. */
export function isTag(etherType: number): boolean {
  return (
    etherType === ETHERTYPE.vlan ||
    etherType === ETHERTYPE.serviceVlan ||
    etherType === ETHERTYPE.vlan9100 ||
    etherType === ETHERTYPE.vlan9200
  );
}

export function ethernet(c: Cursor): number {
  const inner = c.tunnels > 0;
  if (!inner && c.at + 12 <= c.end) {
    c.out.macOffset[c.i] = c.at;
    writeMac(c, 0, c.at + 6);
    writeMac(c, 1, c.at);
  }
  if (!c.has(14, DECODE_STATUS.shortLink)) return LAYER.done;
  if (inner) {
    c.beginInnerFrame();
    writeMac(c, 0, c.at + 6);
    writeMac(c, 1, c.at);
  }
  const typeOrLength = c.u16(12);
  c.at += 14;
  return afterTypeField(c, typeOrLength);
}

/** Goes on behind a field that holds an EtherType or an 802.3 length. */
export function afterTypeField(c: Cursor, typeOrLength: number): number {
  if (typeOrLength >= MIN_ETHERTYPE) {
    c.setOther(typeOrLength);
    return LAYER.etherType;
  }
  if (typeOrLength > MAX_8023_LENGTH) {
    c.setOther(typeOrLength);
    return LAYER.done;
  }
  c.limit(typeOrLength);
  return LAYER.llc;
}

export function llc(c: Cursor): number {
  if (!c.has(3, DECODE_STATUS.shortLink)) return LAYER.done;
  const pair = c.u16(0);
  c.setOther(0, pair);
  if (pair === SNAP) return snap(c);
  c.at += 3;
  if (pair !== IP_OVER_LLC) return LAYER.done;
  c.setOther(ETHERTYPE.ipv4);
  return LAYER.etherType;
}

function snap(c: Cursor): number {
  if (!c.has(8, DECODE_STATUS.shortLink)) return LAYER.done;
  const oui = (c.bytes[c.at + 3] << 16) | c.u16(4);
  const type = c.u16(6);
  c.at += 8;
  if (oui !== OUI_ENCAPSULATED_ETHERNET && oui !== OUI_BRIDGE_TUNNEL) return LAYER.done;
  c.setOther(type);
  return LAYER.etherType;
}

/** The outermost tag names the VLAN; an identifier of 0 is a priority alone (802.1Q section 9.6) and names none. */
export function noteVlan(c: Cursor, tagControl: number): void {
  const id = tagControl & 0xfff;
  if (id !== 0 && c.out.vlan[c.i] === 0) c.out.vlan[c.i] = 0x1000 | id;
}

export function vlanTag(c: Cursor): number {
  if (++c.tags > MAX_TAGS || !c.has(4, DECODE_STATUS.shortLink)) return LAYER.done;
  if (c.tunnels === 0) noteVlan(c, c.u16(0));
  const typeOrLength = c.u16(2);
  c.at += 4;
  return afterTypeField(c, typeOrLength);
}
