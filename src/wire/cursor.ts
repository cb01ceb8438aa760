/**
 * Cursor: where the decoder stands within one packet. One object, reused for every packet; never kept by a layer.
 *
 *   start ──► at ──────► end ──────────► realEnd
 *   frame     next       captured bytes   end of the enclosing layer on the wire (beyond `end` when cut by the snaplen)
 *
 * A layer checks a header's length once with has(), reads it, moves `at` behind it and answers which layer comes next.
 * Layers never call each other: decode.ts drives them, so nesting is bounded in one place.
 */
import { DECODE_STATUS, DecodedBatch, KEY_WORDS, NETWORK } from './decoded-batch.ts';
import { PacketBatch } from './packet-batch.ts';

/** What stands at the cursor next. `done`: nothing more to decode. */
export const LAYER = { done: 0, ethernet: 1, etherType: 2, llc: 3, ppp: 4, ipv4: 5, ipv6: 6, transport: 7 } as const;

/** VLAN tags or MPLS labels in one stack, and tunnels in tunnels: deeper ones stay undecoded. */
export const MAX_TAGS = 16;
export const MAX_TUNNELS = 8;

export class Cursor {
  packets = new PacketBatch();
  out = new DecodedBatch();
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Index of the packet. */
  i = 0;
  start = 0;
  at = 0;
  end = 0;
  realEnd = 0;
  /** For LAYER.etherType: what stands at the cursor. */
  etherType = 0;
  /** For LAYER.transport: IP protocol at the cursor. */
  protocol = 0;
  /** Word 8 of the key should the packet turn out not to be IP. */
  otherWord = 0;
  /** Where the payload of the innermost transport header starts, or 0: needed to count segments. */
  payloadStart = 0;
  tags = 0;
  tunnels = 0;
  /** Describe tunnels by what they carry. */
  decapsulate = false;

  /** Begins a batch. */
  open(packets: PacketBatch, out: DecodedBatch, decapsulate: boolean): void {
    this.packets = packets;
    this.out = out;
    this.bytes = packets.bytes;
    this.view = packets.view;
    this.decapsulate = decapsulate;
  }

  /** Begins packet i, whose columns hold their defaults. */
  begin(i: number): void {
    const packets = this.packets;
    this.i = i;
    this.start = packets.offset[i];
    this.at = this.start;
    this.end = this.start + packets.capturedLength[i];
    this.realEnd = this.start + Math.max(packets.wireLength[i], packets.capturedLength[i]);
    this.etherType = 0;
    this.protocol = 0;
    this.otherWord = 0;
    this.payloadStart = 0;
    this.tags = 0;
    this.tunnels = 0;
    this.out.key.fill(0, i * KEY_WORDS, i * KEY_WORDS + KEY_WORDS);
  }

  /** True when `length` bytes at the cursor can be read; else the packet gets `fault`, or truncated. */
  has(length: number, fault: number): boolean {
    if (this.at + length <= this.end) return true;
    this.fail(this.at + length > this.realEnd ? fault : DECODE_STATUS.truncated);
    return false;
  }

  /** Sets the packet's status; the first fault stays. */
  fail(status: number): void {
    if (this.out.status[this.i] === DECODE_STATUS.ok) this.out.status[this.i] = status;
  }

  /** The layer at the cursor is `length` bytes long: what follows is padding. */
  limit(length: number): void {
    this.realEnd = Math.min(this.realEnd, this.at + length);
    this.end = Math.min(this.end, this.realEnd);
  }

  u16(offset: number): number {
    return this.view.getUint16(this.at + offset);
  }

  /** The packet's network layer has this EtherType (or 802.2 DSAP/SSAP pair, `etherType` 0) unless it proves to be IP. */
  setOther(etherType: number, word = etherType): void {
    this.etherType = etherType;
    this.otherWord = word;
    this.out.etherType[this.i] = etherType;
  }

  /** An Ethernet frame within a tunnel: what was known of the outer packet gives way to it. */
  beginInnerFrame(): void {
    const { out, i } = this;
    this.clearIpColumns();
    out.network[i] = NETWORK.other;
    out.ipProtocol[i] = 0;
    out.ipBytes[i] = 0;
    out.networkOffset[i] = -1;
  }

  /** A sound IP header of `total` bytes (with its payload) starts at the cursor. */
  beginIp(network: number, etherType: number, total: number): void {
    const { out, i } = this;
    if (this.tunnels > 0) this.clearIpColumns();
    out.network[i] = network;
    out.etherType[i] = etherType;
    out.networkOffset[i] = this.at;
    out.ipBytes[i] = total;
    this.limit(total);
  }

  /** `fragment` needs no clearing: tunnels within fragments are not entered. */
  private clearIpColumns(): void {
    const { out, i } = this;
    this.payloadStart = 0;
    out.transportOffset[i] = -1;
    out.sourcePort[i] = 0;
    out.destinationPort[i] = 0;
    out.payloadLength[i] = 0;
    out.icmpType[i] = 0;
  }
}
