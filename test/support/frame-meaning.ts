/**
 * What an Ethernet frame says, read slowly and apart from src/wire: the oracle that filters are checked against. Knows
 * VLAN tags (in the frame and beside it), 802.2 and SNAP, IPv4, IPv6 with extension headers, and ports; nothing of tunnels.
 */
import { concat, type TestPacket, toHex, u32 } from './packets.ts';

export interface FrameMeaning {
  /** Hexadecimal digits; null where fewer than 12 bytes were captured. */
  macs: { source: string; destination: string } | null;
  /** Number of the outermost VLAN that has one. */
  vlan: number | null;
  kind: 'ipv4' | 'ipv6' | 'other';
  /** Of what is no IP: EtherType, or an 802.2 frame's DSAP and SSAP. */
  type: number;
  addresses: { source: Uint8Array; destination: Uint8Array } | null;
  /** IP protocol behind extension headers; 255 where it cannot be known. */
  protocol: number | null;
  ports: { source: number; destination: number } | null;
  /** Which datagram a fragment belongs to, and whether the ports are in it. */
  fragment: { datagram: string; first: boolean } | null;
  slot: number;
  packetType: number;
}

const TAGS: readonly number[] = [0x8100, 0x88a8, 0x9100, 0x9200];
const WITH_PORTS: readonly number[] = [6, 17, 33, 132, 136];
const EXTENSIONS: readonly number[] = [0, 43, 44, 51, 60];

export function frameMeaning(packet: TestPacket): FrameMeaning {
  const bytes = packet.bytes.subarray(0, packet.capturedLength ?? packet.bytes.length);
  const meaning: FrameMeaning = {
    macs: null,
    vlan: (packet.strippedTag ?? 0) & 0xfff || null,
    kind: 'other',
    type: 0,
    addresses: null,
    protocol: null,
    ports: null,
    fragment: null,
    slot: packet.interfaceSlot ?? 0,
    packetType: packet.packetType ?? 255,
  };
  if (bytes.length >= 12) {
    meaning.macs = { destination: toHex(bytes.subarray(0, 6)), source: toHex(bytes.subarray(6, 12)) };
  }
  if (bytes.length < 14) return meaning;
  let [type, at] = [number(bytes, 12, 2), 14];
  while (TAGS.includes(type) && at + 4 <= bytes.length) {
    meaning.vlan ??= number(bytes, at, 2) & 0xfff || null;
    [type, at] = [number(bytes, at + 2, 2), at + 4];
  }
  if (type <= 1500) {
    if (at + 3 > bytes.length) return meaning;
    [type, at] = [number(bytes, at, 2), at + 3];
    if (type === 0xaaaa && at + 5 <= bytes.length) [type, at] = [number(bytes, at + 3, 2), at + 5];
  }
  meaning.type = type;
  if (type === 0x0800 && at + 20 <= bytes.length) readIpv4(meaning, bytes.subarray(at));
  if (type === 0x86dd && at + 40 <= bytes.length) readIpv6(meaning, bytes.subarray(at));
  return meaning;
}

function number(bytes: Uint8Array, at: number, length: number): number {
  return bytes.subarray(at, at + length).reduce((sum, byte) => sum * 256 + byte, 0);
}

function readIpv4(meaning: FrameMeaning, packet: Uint8Array): void {
  meaning.kind = 'ipv4';
  meaning.addresses = { source: packet.subarray(12, 16), destination: packet.subarray(16, 20) };
  meaning.protocol = packet[9];
  const header = (packet[0] & 15) * 4;
  const offset = number(packet, 6, 2) & 0x1fff;
  if ((number(packet, 6, 2) & 0x3fff) !== 0) {
    meaning.fragment = {
      datagram: datagram(meaning, toHex(packet.subarray(4, 6)), packet[9]),
      first: offset === 0,
    };
  }
  if (offset === 0 && header <= packet.length) readPorts(meaning, packet.subarray(header, number(packet, 2, 2)));
}

function readIpv6(meaning: FrameMeaning, whole: Uint8Array): void {
  const packet = whole.subarray(0, 40 + number(whole, 4, 2));
  meaning.kind = 'ipv6';
  meaning.addresses = { source: packet.subarray(8, 24), destination: packet.subarray(24, 40) };
  meaning.protocol = packet[6];
  let rest = packet.subarray(40);
  while (EXTENSIONS.includes(meaning.protocol)) {
    const kind = meaning.protocol;
    if (rest.length < 8) meaning.protocol = 255;
    if (rest.length < 8) return;
    const length = kind === 44 ? 8 : kind === 51 ? (rest[1] + 2) * 4 : (rest[1] + 1) * 8;
    meaning.protocol = rest[0];
    const field = kind === 44 ? number(rest, 2, 2) & 0xfff9 : 0;
    if (field !== 0) {
      meaning.fragment = {
        datagram: datagram(meaning, toHex(rest.subarray(4, 8)), null),
        first: (field & 0xfff8) === 0,
      };
    }
    if ((field & 0xfff8) !== 0 || length > rest.length) {
      if (EXTENSIONS.includes(meaning.protocol)) meaning.protocol = 255;
      return;
    }
    rest = rest.subarray(length);
  }
  readPorts(meaning, rest);
}

function readPorts(meaning: FrameMeaning, transport: Uint8Array): void {
  if (transport.length < 4 || !WITH_PORTS.includes(meaning.protocol ?? -1)) return;
  meaning.ports = { source: number(transport, 0, 2), destination: number(transport, 2, 2) };
}

function datagram({ addresses, vlan, slot }: FrameMeaning, identification: string, protocol: number | null): string {
  const [source, destination] = [addresses?.source, addresses?.destination].map((bytes) => toHex(bytes ?? u32()));
  return [source, destination, vlan, slot, identification, protocol].join(' ');
}

/**
 * Gives later fragments the protocol and ports of their first one, where that came before them.
 * @param known first fragments of earlier batches; those of this one are added
 */
export function resolveFragments(batch: readonly FrameMeaning[], known: Map<string, FrameMeaning>): void {
  for (const meaning of batch) {
    if (meaning.fragment === null) continue;
    const { datagram, first: isFirst } = meaning.fragment;
    if (isFirst) {
      const isWhole = meaning.ports !== null || !WITH_PORTS.includes(meaning.protocol ?? -1);
      if (isWhole) known.set(datagram, meaning);
      continue;
    }
    const first = known.get(datagram);
    if (first === undefined) continue;
    // From port 0 to port 0, which nobody may send: the columns cannot tell that from ports that are not known.
    meaning.ports = first.ports?.source === 0 && first.ports.destination === 0 ? null : first.ports;
    meaning.protocol = first.protocol;
  }
}

/** The frame as it was on the wire: with the tag that was stripped. */
export function withTag(packet: TestPacket): TestPacket {
  const { bytes, strippedTag = 0, capturedLength = bytes.length, wireLength = bytes.length } = packet;
  if (strippedTag === 0 || capturedLength < 12) return packet;
  return {
    ...packet,
    bytes: concat(bytes.subarray(0, 12), u32(strippedTag), bytes.subarray(12)),
    capturedLength: capturedLength + 4,
    wireLength: wireLength + 4,
    strippedTag: 0,
  };
}
