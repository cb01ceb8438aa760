/** What stands before the network layer: needed where a packet has no IP header that tells its length. Pure. */
import type { DecodedBatch } from './decoded-batch.ts';
import { isTag } from './ethernet.ts';
import { LINKTYPE } from './numbers.ts';

const ETHERNET_HEADER = 14;
const TAG = 4;

/** By LINKTYPE_ number; those that are missing have none (raw IP). */
const LINK_HEADERS: Readonly<Record<number, number>> = {
  [LINKTYPE.ethernet]: ETHERNET_HEADER,
  [LINKTYPE.linuxCooked]: 16,
  [LINKTYPE.linuxCooked2]: 20,
  [LINKTYPE.null]: 4,
  [LINKTYPE.loop]: 4,
  [LINKTYPE.ppp]: 4,
  [LINKTYPE.pppHdlc]: 4,
  [LINKTYPE.cHdlc]: 4,
  [LINKTYPE.pppEthernet]: 8,
};

/** Bytes of the link-layer header of packets of this LINKTYPE_, without VLAN tags. */
export function linkHeaderLength(linkType: number): number {
  return LINK_HEADERS[linkType] ?? 0;
}

/** Bytes of packet i on the wire behind its link-layer header and VLAN tags, padding included; never below 0. */
export function lengthBehindLinkHeader(batch: DecodedBatch, i: number): number {
  const { offset, wireLength } = batch.packets;
  const networkOffset = batch.networkOffset[i];
  const header = networkOffset < 0 ? headerBytes(batch, i) : networkOffset - offset[i];
  return Math.max(0, wireLength[i] - header);
}

function headerBytes({ packets }: DecodedBatch, i: number): number {
  const header = linkHeaderLength(packets.linkType[i]);
  if (packets.linkType[i] !== LINKTYPE.ethernet) return header;
  const end = packets.offset[i] + packets.capturedLength[i];
  let behind = packets.offset[i] + ETHERNET_HEADER;
  while (behind + TAG <= end && isTag(packets.view.getUint16(behind - 2))) behind += TAG;
  return behind - packets.offset[i];
}
