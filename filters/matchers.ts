/**
 * The matchers of a rule, made once for many batches. Each goes down one or two columns and keeps the packets that fit:
 * the columns are fetched once for up to 256 packets, and nothing is called per packet.
 *
 * Which way round endpoints fit is noted per packet, since ports, addresses and MACs must fit the same way:
 *
 *   ways[i]   1 as sent │ 2 with source and destination exchanged
 *
 * For that, a port (address, MAC) is looked up once and answers which sides of the rule it fits: 1 source, 2 destination.
 */
import type { DecodedBatch } from '../src/wire/decoded-batch.ts';
import { KEY_WORDS, NETWORK } from '../src/wire/decoded-batch.ts';
import { ETHERTYPE, hasPorts } from '../src/wire/numbers.ts';
import { PACKET_TYPE } from '../src/wire/packet-batch.ts';
import { type ExpressionFilter, expressionFilter } from './bpf.ts';
import { anySides, DESTINATION, Networks, SOURCE } from './networks.ts';
import { matchesAny } from './patterns.ts';
import type { NumberRange, PreparedEndpoint, PreparedNetwork, PreparedProtocols, PreparedRule } from './prepared.ts';

export type NameOfSlot = (slot: number) => string;

/** One condition of a rule. */
export interface Matcher {
  /**
   * Copies the packets that fit from the first `count` of `from` to the beginning of `to` (which may be `from`), in their
   * order; returns how many do. `ways` holds what is still possible of each and is narrowed by endpoint matchers.
   */
  narrow(context: MatchContext, from: Uint16Array, count: number, to: Uint16Array): number;
}

export interface MatchContext {
  batch: DecodedBatch;
  nameOfSlot: NameOfSlot;
  ways: Uint8Array;
}

export const AS_SENT = 1;
export const BOTH_WAYS = 3;

/** What a rule asks for, the cheap before the dear. @param local see PreparedFilter.local */
export function matchersOf(rule: PreparedRule, local: readonly PreparedNetwork[]): Matcher[] {
  if (rule.expression !== null) return [new ExpressionMatcher(expressionFilter(rule.expression))];
  const { source, destination } = rule;
  const matchers: Matcher[] = [];
  if (rule.protocols !== null) matchers.push(new ProtocolMatcher(rule.protocols));
  if (rule.vlans !== null) matchers.push(new VlanMatcher(rule.vlans));
  if (rule.interfaces !== null) matchers.push(new InterfaceMatcher(rule.interfaces));
  if (rule.direction !== null) matchers.push(new DirectionMatcher(rule.direction, local));
  if (source.ports !== null || destination.ports !== null) {
    matchers.push(new PortMatcher(source.ports, destination.ports));
  }
  if (source.networks !== null || destination.networks !== null) {
    matchers.push(new AddressMatcher(source.networks, destination.networks));
  }
  if (source.macs !== null || destination.macs !== null) matchers.push(new MacMatcher(source.macs, destination.macs));
  return matchers;
}

/** Ways that are possible when the packet's source fits the sides `source`, its destination the sides `destination`. */
function waysOf(source: number, destination: number): number {
  return (source & (destination >> 1) & AS_SENT) | ((destination & (source >> 1) & 1) << 1);
}

/** Marks `side` for the numbers in the ranges. */
function mark(table: Uint8Array, ranges: readonly NumberRange[], side: number): void {
  for (const [from, to] of ranges) {
    for (let number = from; number <= to; number++) table[number] |= side;
  }
}

// --- what a packet is -------------------------------------------------------------------------------------------------

class ProtocolMatcher implements Matcher {
  /** By NETWORK << 8 | IP protocol. */
  readonly #table = new Uint8Array((NETWORK.ipv6 + 1) << 8);
  /** For packets that are no IP. */
  readonly #etherTypes: readonly number[];

  constructor({ ip, networks, etherTypes }: PreparedProtocols) {
    for (const network of [NETWORK.ipv4, NETWORK.ipv6]) {
      mark(this.#table.subarray(network << 8, (network + 1) << 8), ip, 1);
    }
    for (const network of networks) this.#markNetwork(NETWORK[network]);
    if (etherTypes.includes(ETHERTYPE.ipv4)) this.#markNetwork(NETWORK.ipv4);
    if (etherTypes.includes(ETHERTYPE.ipv6)) this.#markNetwork(NETWORK.ipv6);
    this.#etherTypes = etherTypes;
  }

  #markNetwork(network: number): void {
    this.#table.fill(1, network << 8, (network + 1) << 8);
  }

  narrow({ batch }: MatchContext, from: Uint16Array, count: number, to: Uint16Array): number {
    const { network, ipProtocol, key } = batch;
    const table = this.#table;
    let kept = 0;
    for (let k = 0; k < count; k++) {
      const i = from[k];
      to[kept] = i;
      if (table[(network[i] << 8) | ipProtocol[i]] !== 0) kept++;
      // Word 8 of the key is the EtherType, or an 802.2 frame's DSAP/SSAP pair.
      else if (network[i] === NETWORK.other && this.#etherTypes.includes(key[i * KEY_WORDS + 8])) kept++;
    }
    return kept;
  }
}

class VlanMatcher implements Matcher {
  /** By the value of the column: 0x1000 | id, or 0. */
  readonly #table = new Uint8Array(0x2000);

  constructor({ ranges, untagged }: NonNullable<PreparedRule['vlans']>) {
    mark(this.#table.subarray(0x1000), ranges, 1);
    this.#table[0] = untagged ? 1 : 0;
  }

  narrow({ batch }: MatchContext, from: Uint16Array, count: number, to: Uint16Array): number {
    const { vlan } = batch;
    const table = this.#table;
    let kept = 0;
    for (let k = 0; k < count; k++) {
      const i = from[k];
      to[kept] = i;
      kept += table[vlan[i]];
    }
    return kept;
  }
}

class ExpressionMatcher implements Matcher {
  readonly #expression: ExpressionFilter;

  constructor(expression: ExpressionFilter) {
    this.#expression = expression;
  }

  narrow({ batch }: MatchContext, from: Uint16Array, count: number, to: Uint16Array): number {
    let kept = 0;
    for (let k = 0; k < count; k++) {
      if (this.#expression.accepts(batch.packets, from[k])) to[kept++] = from[k];
    }
    return kept;
  }
}

// --- where it was seen ------------------------------------------------------------------------------------------------

const REFUSED = 1;
const FITS = 2;

class InterfaceMatcher implements Matcher {
  readonly #patterns: readonly string[];
  /** By slot: REFUSED, FITS, or 0 where it was not asked yet. Slots keep their names for ever. */
  #verdicts = new Uint8Array(64);

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
  }

  narrow({ batch, nameOfSlot }: MatchContext, from: Uint16Array, count: number, to: Uint16Array): number {
    const { interfaceSlot } = batch.packets;
    let kept = 0;
    for (let k = 0; k < count; k++) {
      const slot = interfaceSlot[from[k]];
      const known = slot < this.#verdicts.length ? this.#verdicts[slot] : 0;
      const verdict = known === 0 ? this.#decide(slot, nameOfSlot(slot)) : known;
      if (verdict === FITS) to[kept++] = from[k];
    }
    return kept;
  }

  #decide(slot: number, name: string): number {
    if (slot >= this.#verdicts.length) {
      const larger = new Uint8Array(2 * (slot + 1));
      larger.set(this.#verdicts);
      this.#verdicts = larger;
    }
    this.#verdicts[slot] = matchesAny(this.#patterns, name) ? FITS : REFUSED;
    return this.#verdicts[slot];
  }
}

/** By PACKET_TYPE: what the capture says of the direction. */
const DIRECTIONS = new Uint8Array(256);
const IN = 1;
const OUT = 2;
const UNTOLD = 3;
DIRECTIONS[PACKET_TYPE.host] = IN;
DIRECTIONS[PACKET_TYPE.broadcast] = IN;
DIRECTIONS[PACKET_TYPE.multicast] = IN;
DIRECTIONS[PACKET_TYPE.otherHost] = IN;
DIRECTIONS[PACKET_TYPE.outgoing] = OUT;
DIRECTIONS[PACKET_TYPE.unknown] = UNTOLD;

/** Where the capture does not tell the direction, addresses do: what a local one sends goes out. */
class DirectionMatcher implements Matcher {
  readonly #wanted: number;
  readonly #local: Networks;

  constructor(direction: 'in' | 'out', local: readonly PreparedNetwork[]) {
    this.#wanted = direction === 'in' ? IN : OUT;
    this.#local = new Networks(local, []);
  }

  narrow({ batch }: MatchContext, from: Uint16Array, count: number, to: Uint16Array): number {
    const { packetType } = batch.packets;
    let kept = 0;
    for (let k = 0; k < count; k++) {
      const i = from[k];
      const told = DIRECTIONS[packetType[i]];
      to[kept] = i;
      kept += (told === UNTOLD ? this.#byAddresses(batch, i) : told) === this.#wanted ? 1 : 0;
    }
    return kept;
  }

  /** IN, OUT, or 0 where neither end is ours. */
  #byAddresses({ network, direction, key }: DecodedBatch, i: number): number {
    const at = i * KEY_WORDS;
    if (this.#local.sidesOf(network[i], key, at + 4 * direction[i]) !== 0) return OUT;
    return this.#local.sidesOf(network[i], key, at + 4 * (1 - direction[i])) === 0 ? 0 : IN;
  }
}

// --- endpoints --------------------------------------------------------------------------------------------------------

const HAS_PORTS = Uint8Array.from({ length: 256 }, (_, protocol) => (hasPorts(protocol) ? 1 : 0));

/** Also refuses packets without ports, and those whose ports are not known. */
class PortMatcher implements Matcher {
  /** By port: sides of the rule that it fits. */
  readonly #sides = new Uint8Array(65_536);

  constructor(source: readonly NumberRange[] | null, destination: readonly NumberRange[] | null) {
    this.#sides.fill(anySides(source, destination));
    mark(this.#sides, source ?? [], SOURCE);
    mark(this.#sides, destination ?? [], DESTINATION);
  }

  narrow({ batch, ways }: MatchContext, from: Uint16Array, count: number, to: Uint16Array): number {
    const { ipProtocol, sourcePort, destinationPort, transportOffset, packetEnd } = batch;
    const sides = this.#sides;
    let kept = 0;
    for (let k = 0; k < count; k++) {
      const i = from[k];
      const source = sourcePort[i];
      const destination = destinationPort[i];
      // A later fragment has the ports of its first in the columns, and no transport header of its own; two ports of 0
      // are unknown there.
      const known = (source | destination) !== 0 || (transportOffset[i] >= 0 && transportOffset[i] + 4 <= packetEnd[i]);
      if (!known || HAS_PORTS[ipProtocol[i]] === 0) continue;
      ways[i] &= waysOf(sides[source], sides[destination]);
      to[kept] = i;
      kept += ways[i] === 0 ? 0 : 1;
    }
    return kept;
  }
}

class AddressMatcher implements Matcher {
  readonly #networks: Networks;

  constructor(source: readonly PreparedNetwork[] | null, destination: readonly PreparedNetwork[] | null) {
    this.#networks = new Networks(source, destination);
  }

  narrow({ batch, ways }: MatchContext, from: Uint16Array, count: number, to: Uint16Array): number {
    const { network, direction, key } = batch;
    let kept = 0;
    for (let k = 0; k < count; k++) {
      const i = from[k];
      const at = i * KEY_WORDS;
      const source = this.#networks.sidesOf(network[i], key, at + 4 * direction[i]);
      const destination = this.#networks.sidesOf(network[i], key, at + 4 * (1 - direction[i]));
      ways[i] &= waysOf(source, destination);
      to[kept] = i;
      kept += ways[i] === 0 ? 0 : 1;
    }
    return kept;
  }
}

class MacMatcher implements Matcher {
  /** Sides that ask for nothing. */
  readonly #any: number;
  /** Side, first two bytes, last four bytes of each. */
  readonly #entries: Uint32Array;

  constructor(source: PreparedEndpoint['macs'], destination: PreparedEndpoint['macs']) {
    this.#any = anySides(source, destination);
    this.#entries = Uint32Array.from([
      ...(source ?? []).flatMap(([high, low]) => [SOURCE, high, low]),
      ...(destination ?? []).flatMap(([high, low]) => [DESTINATION, high, low]),
    ]);
  }

  narrow({ batch, ways }: MatchContext, from: Uint16Array, count: number, to: Uint16Array): number {
    const { macOffset } = batch;
    const { view } = batch.packets;
    let kept = 0;
    for (let k = 0; k < count; k++) {
      const i = from[k];
      const at = macOffset[i];
      if (at < 0) continue;
      const destination = this.#sidesOf(view.getUint16(at), view.getUint32(at + 2));
      const source = this.#sidesOf(view.getUint16(at + 6), view.getUint32(at + 8));
      ways[i] &= waysOf(source, destination);
      to[kept] = i;
      kept += ways[i] === 0 ? 0 : 1;
    }
    return kept;
  }

  #sidesOf(high: number, low: number): number {
    const entries = this.#entries;
    let sides = this.#any;
    for (let k = 0; k < entries.length; k += 3) {
      if (entries[k + 2] === low && entries[k + 1] === high) sides |= entries[k];
    }
    return sides;
  }
}
