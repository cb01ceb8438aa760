/**
 * Packets by class of traffic, interface and direction: what the general and the detailed interface statistics count
 * together. A packet adds to exactly one cell (its leaf); everything else is a sum of leaves, made when it is read.
 *
 *   leaf = (kind * CASTS + cast) * DIRECTIONS + direction
 *     kind        non-IP │ IPv4 and IPv6: TCP, UDP, ICMP, another protocol │ unknown (counted by the kernel, not seen)
 *     cast        unicast │ multicast │ broadcast: by the destination MAC, without one by the packet type
 *     direction   in │ out │ unknown (most files)
 *   cell = (slot * LEAVES + leaf) * COUNTERS   Float64Array: packets, buffers, IP bytes, wire bytes
 *
 * IPv4 packets with a wrong header checksum are IPv4 packets, and of the protocol that their header names: so the classes
 * add up to the total, and agree with the conversations. They are counted once more, as errors.
 */
import { DECODE_STATUS, type DecodedBatch, NETWORK } from '../wire/decoded-batch.ts';
import { IP_PROTOCOL } from '../wire/numbers.ts';
import { PACKET_TYPE } from '../wire/packet-batch.ts';
import type { Counts } from './totals.ts';

/** In the order of screens and output. icmp: ICMP and ICMPv6; otherIp: IP that is none of the three. */
export const TRAFFIC_CLASSES = [
  'total',
  'ipv4',
  'ipv6',
  'tcp',
  'udp',
  'icmp',
  'otherIp',
  'nonIp',
  'broadcast',
  'multicast',
] as const;
export type TrafficClass = (typeof TRAFFIC_CLASSES)[number];

/** Relative to the interface. A file that does not say has only 'unknown'. */
export const TRAFFIC_DIRECTIONS = ['in', 'out', 'unknown'] as const;
export type TrafficDirection = (typeof TRAFFIC_DIRECTIONS)[number];

const KIND = { nonIp: 0, ipv4: 1, ipv6: 5, unknown: 9 } as const;
/** Added to KIND.ipv4 and KIND.ipv6. */
const TRANSPORT = { tcp: 0, udp: 1, icmp: 2, other: 3 } as const;
const KINDS = 10;
const CAST = { unicast: 0, multicast: 1, broadcast: 2 } as const;
const CASTS = 3;
const DIRECTIONS = TRAFFIC_DIRECTIONS.length;
const UNKNOWN_DIRECTION = 2;
const LEAVES = KINDS * CASTS * DIRECTIONS;
const COUNTERS = 4;
const SLOT_DOUBLES = LEAVES * COUNTERS;

/** Kind by network << 8 | IP protocol: NETWORK's values are small. */
const KIND_OF = kindTable();
/** Cast by packet type, for packets without MAC addresses. */
const CAST_OF_TYPE = new Uint8Array(256);
CAST_OF_TYPE[PACKET_TYPE.broadcast] = CAST.broadcast;
CAST_OF_TYPE[PACKET_TYPE.multicast] = CAST.multicast;
/** By packet type: the direction's place in TRAFFIC_DIRECTIONS. */
export const DIRECTION_OF_TYPE = new Uint8Array(256).fill(UNKNOWN_DIRECTION);
DIRECTION_OF_TYPE.fill(0, PACKET_TYPE.host, PACKET_TYPE.otherHost + 1);
DIRECTION_OF_TYPE[PACKET_TYPE.outgoing] = 1;

function kindTable(): Uint8Array {
  const kinds = new Uint8Array((NETWORK.ipv6 + 1) << 8).fill(KIND.nonIp);
  for (const [network, first] of [
    [NETWORK.ipv4, KIND.ipv4],
    [NETWORK.ipv6, KIND.ipv6],
  ]) {
    const at = network << 8;
    kinds.fill(first + TRANSPORT.other, at, at + 256);
    kinds[at | IP_PROTOCOL.tcp] = first + TRANSPORT.tcp;
    kinds[at | IP_PROTOCOL.udp] = first + TRANSPORT.udp;
    kinds[at | IP_PROTOCOL.icmp] = first + TRANSPORT.icmp;
    kinds[at | IP_PROTOCOL.icmpv6] = first + TRANSPORT.icmp;
  }
  return kinds;
}

const isIpOf = (kind: number, transport: number): boolean =>
  kind === KIND.ipv4 + transport || kind === KIND.ipv6 + transport;

/** Which leaves a class is the sum of. */
const BELONGS: Record<TrafficClass, (kind: number, cast: number) => boolean> = {
  total: () => true,
  ipv4: (kind) => kind >= KIND.ipv4 && kind < KIND.ipv6,
  ipv6: (kind) => kind >= KIND.ipv6 && kind < KIND.unknown,
  tcp: (kind) => isIpOf(kind, TRANSPORT.tcp),
  udp: (kind) => isIpOf(kind, TRANSPORT.udp),
  icmp: (kind) => isIpOf(kind, TRANSPORT.icmp),
  otherIp: (kind) => isIpOf(kind, TRANSPORT.other),
  nonIp: (kind) => kind === KIND.nonIp,
  broadcast: (_, cast) => cast === CAST.broadcast,
  multicast: (_, cast) => cast === CAST.multicast,
};

/** First leaf (direction "in") of each pair of kind and cast that belongs to the class. */
function firstLeaves(belongs: (kind: number, cast: number) => boolean): readonly number[] {
  const leaves: number[] = [];
  for (let kind = 0; kind < KINDS; kind++) {
    for (let cast = 0; cast < CASTS; cast++) if (belongs(kind, cast)) leaves.push((kind * CASTS + cast) * DIRECTIONS);
  }
  return leaves;
}

const LEAVES_OF = new Map(TRAFFIC_CLASSES.map((each) => [each, firstLeaves(BELONGS[each])]));

/** Packets of an interface that were not seen here. */
export interface CountedElsewhere {
  slot: number;
  direction: TrafficDirection;
  packets: number;
  wireBytes: number;
}

export class TrafficClasses {
  #cells: Float64Array = new Float64Array(SLOT_DOUBLES);
  /** By slot: packets with a decode status other than ok. */
  #malformed = new Float64Array(1);
  /** By slot: those with a wrong IPv4 header checksum. */
  #checksumErrors = new Float64Array(1);

  /** Slots from here on have carried nothing. */
  get slots(): number {
    return this.#malformed.length;
  }

  /** Counts the selected packets of a batch. */
  add(batch: DecodedBatch): void {
    const { count, selected, segments, ipBytes, wireBytes, network, ipProtocol, status, macOffset } = batch;
    const { interfaceSlot, packetType, bytes } = batch.packets;
    let cells = this.#cells;
    for (let i = 0; i < count; i++) {
      if (selected[i] === 0) continue;
      const slot = interfaceSlot[i];
      if ((slot + 1) * SLOT_DOUBLES > cells.length) cells = this.#grow(slot);
      const kind = KIND_OF[(network[i] << 8) | ipProtocol[i]];
      if (status[i] !== DECODE_STATUS.ok) {
        this.#malformed[slot] += segments[i];
        if (status[i] === DECODE_STATUS.badIpChecksum) this.#checksumErrors[slot] += segments[i];
      }
      const mac = macOffset[i];
      const type = packetType[i];
      let cast: number = CAST.unicast;
      if (mac < 0) cast = CAST_OF_TYPE[type];
      else if ((bytes[mac] & 1) !== 0) cast = isBroadcast(bytes, mac) ? CAST.broadcast : CAST.multicast;
      const leaf = (kind * CASTS + cast) * DIRECTIONS + DIRECTION_OF_TYPE[type];
      const at = slot * SLOT_DOUBLES + leaf * COUNTERS;
      cells[at] += segments[i];
      cells[at + 1]++;
      cells[at + 2] += ipBytes[i];
      cells[at + 3] += wireBytes[i];
    }
  }

  /** Counts what was counted elsewhere: it belongs to no class but the total. */
  addCounted({ slot, direction, packets, wireBytes }: CountedElsewhere): void {
    if ((slot + 1) * SLOT_DOUBLES > this.#cells.length) this.#grow(slot);
    const leaf = KIND.unknown * CASTS * DIRECTIONS + TRAFFIC_DIRECTIONS.indexOf(direction);
    const at = slot * SLOT_DOUBLES + leaf * COUNTERS;
    this.#cells[at] += packets;
    this.#cells[at + 1] += packets;
    this.#cells[at + 3] += wireBytes;
  }

  /** Counters of one class in one direction; those of a slot that carried nothing are 0. */
  countsOf(slot: number, direction: TrafficDirection, trafficClass: TrafficClass): Counts {
    return this.#sum(slot, TRAFFIC_DIRECTIONS.indexOf(direction), LEAVES_OF.get(trafficClass) ?? []);
  }

  /** Counters of one class in all directions together. */
  totalOf(slot: number, trafficClass: TrafficClass): Counts {
    const total: Counts = { packets: 0, buffers: 0, ipBytes: 0, wireBytes: 0 };
    for (const direction of TRAFFIC_DIRECTIONS) addCounts(total, this.countsOf(slot, direction, trafficClass));
    return total;
  }

  /** IPv4 packets with a wrong header checksum. One that is left to the card is no error (src/wire/ipv4.ts). */
  checksumErrors(slot: number): number {
    return this.#checksumErrors[slot] ?? 0;
  }

  /** Packets that could not be decoded to their end, those with a wrong checksum among them. */
  malformed(slot: number): number {
    return this.#malformed[slot] ?? 0;
  }

  reset(): void {
    this.#cells.fill(0);
    this.#malformed.fill(0);
    this.#checksumErrors.fill(0);
  }

  #sum(slot: number, direction: number, leaves: readonly number[]): Counts {
    const counts: Counts = { packets: 0, buffers: 0, ipBytes: 0, wireBytes: 0 };
    if (slot >= this.slots) return counts;
    const cells = this.#cells;
    for (const leaf of leaves) {
      const at = slot * SLOT_DOUBLES + (leaf + direction) * COUNTERS;
      counts.packets += cells[at];
      counts.buffers += cells[at + 1];
      counts.ipBytes += cells[at + 2];
      counts.wireBytes += cells[at + 3];
    }
    return counts;
  }

  /** Room for this slot and half as many more. */
  #grow(slot: number): Float64Array {
    const slots = Math.ceil((slot + 1) * 1.5);
    const cells = new Float64Array(slots * SLOT_DOUBLES);
    cells.set(this.#cells);
    this.#cells = cells;
    const malformed = new Float64Array(slots);
    malformed.set(this.#malformed);
    this.#malformed = malformed;
    const checksumErrors = new Float64Array(slots);
    checksumErrors.set(this.#checksumErrors);
    this.#checksumErrors = checksumErrors;
    return cells;
  }
}

function isBroadcast(bytes: Uint8Array, mac: number): boolean {
  for (let k = 0; k < 6; k++) if (bytes[mac + k] !== 0xff) return false;
  return true;
}

/** Adds `more` to `counts`. */
export function addCounts(counts: Counts, more: Counts): void {
  counts.packets += more.packets;
  counts.buffers += more.buffers;
  counts.ipBytes += more.ipBytes;
  counts.wireBytes += more.wireBytes;
}
