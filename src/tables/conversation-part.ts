/**
 * A part of the conversations: which rows and which packets are in it. Decided on the words of keys, since every row of a
 * large table is looked at for every page.
 */
import { isInNetwork, type SearchNetwork, searchNetwork } from '../search/query.ts';
import { parseAddress } from '../wire/address.ts';
import { type DecodedBatch, KEY_WORDS, NETWORK } from '../wire/decoded-batch.ts';
import { hasPorts } from '../wire/numbers.ts';
import { BATCH_CAPACITY } from '../wire/packet-batch.ts';
import { ipProtocolOf, portOf } from './conversation-order.ts';
import {
  type ConversationTable,
  ROW_DOUBLE,
  ROW_DOUBLES,
  ROW_FLAG,
  ROW_WORD,
  ROW_WORDS,
} from './conversation-table.ts';
import type { PacketRing } from './packet-ring.ts';

/** Which endpoints: by address, network, port. */
export interface HostMatch {
  /** null: any. */
  address: string | null;
  /** Bits of a network; null: that address alone. */
  prefix: number | null;
  /** null: any. */
  port: number | null;
}

/** A part of the traffic: conversations that fit all that is given. */
export interface ConversationPart {
  /** A port of one protocol, on either side. */
  port?: { ipProtocol: number; port: number };
  /** Both ends fit, one the first and the other the second; of one interface and protocol where given. */
  hosts?: { ends: [HostMatch, HostMatch]; interface: string | null; ipProtocol: number | null };
  /** Carried something at this time or later (seconds since 1970), and the log has no final record of it. */
  activeSince?: number;
}

/** Slots that have had an interface's name. */
export type SlotsOf = (interfaceName: string) => ReadonlySet<number>;

type HostsPart = NonNullable<ConversationPart['hosts']>;

/** One end of a pair, understood. */
interface End {
  /** null: any IP address. */
  network: SearchNetwork | null;
  port: number | null;
}

/** Both ends, either way round, of an interface and a protocol. */
class HostsMatcher {
  readonly #first: End | null;
  readonly #second: End | null;
  readonly #ipProtocol: number | null;
  readonly #asksPorts: boolean;
  /** null: any interface. */
  readonly #slots: ReadonlySet<number> | null;

  constructor({ ends, interface: name, ipProtocol }: HostsPart, slotsOf: SlotsOf) {
    this.#first = readEnd(ends[0]);
    this.#second = readEnd(ends[1]);
    this.#ipProtocol = ipProtocol;
    this.#asksPorts = ends.some(({ port }) => port !== null);
    this.#slots = name === null ? null : slotsOf(name);
  }

  /** `key`: words of a conversation's key begin at `at` (DecodedBatch); `ports`: as its word of ports. */
  matches(key: Uint32Array, at: number, ports: number): boolean {
    const place = key[at + ROW_WORD.place];
    if (place >>> 24 === NETWORK.other) return false;
    const protocol = (place >>> 16) & 0xff;
    if (this.#ipProtocol !== null && protocol !== this.#ipProtocol) return false;
    if (this.#asksPorts && !hasPorts(protocol)) return false;
    const first = this.#first;
    const second = this.#second;
    if (first === null || second === null) return false;
    const fits =
      (isAt(first, key, at, 0, ports) && isAt(second, key, at, 1, ports)) ||
      (isAt(second, key, at, 0, ports) && isAt(first, key, at, 1, ports));
    return fits && (this.#slots === null || this.#slots.has(key[at + ROW_WORD.interfaceSlot]));
  }
}

/** null: what was given is no address, and nothing fits. */
function readEnd({ address, prefix, port }: HostMatch): End | null {
  if (address === null) return { network: null, port };
  const words = parseAddress(address);
  if (words === null) return null;
  const isIpv4 = !address.includes(':');
  const bits = prefix === null ? 128 : prefix + (isIpv4 ? 96 : 0);
  return { network: searchNetwork(words, bits, isIpv4), port };
}

function isAt({ network, port }: End, key: Uint32Array, at: number, side: 0 | 1, ports: number): boolean {
  if (port !== null && (side === 0 ? ports >>> 16 : ports & 0xffff) !== port) return false;
  return network === null || isInNetwork(network, key, at + side * 4);
}

/** Which rows of the table are in the part. */
export function rowsOfPart(
  table: ConversationTable,
  part: ConversationPart,
  slotsOf: SlotsOf,
): (row: number) => boolean {
  const { port: given, hosts, activeSince } = part;
  const { u32, f64 } = table;
  const tests: ((row: number) => boolean)[] = [];
  if (given !== undefined) {
    const { ipProtocol, port } = given;
    const isPort = (row: number): boolean => portOf(table, row, 0) === port || portOf(table, row, 1) === port;
    tests.push((row) => ipProtocolOf(table, row) === ipProtocol && isPort(row));
  }
  if (hosts !== undefined) {
    const matcher = new HostsMatcher(hosts, slotsOf);
    tests.push((row) => matcher.matches(u32, row * ROW_WORDS, u32[row * ROW_WORDS + ROW_WORD.ports]));
  }
  if (activeSince !== undefined) {
    const isRecorded = (row: number): boolean => (u32[row * ROW_WORDS + ROW_WORD.flags] & ROW_FLAG.recorded) !== 0;
    tests.push((row) => !isRecorded(row) && f64[row * ROW_DOUBLES + ROW_DOUBLE.lastSeen] >= activeSince);
  }
  return tests.length === 1 ? tests[0] : (row) => tests.every((test) => test(row));
}

/** Which packets of a ring are; `batch` is decoded of the one that has the slot. When they came does not count. */
export function packetsOfPart(
  ring: PacketRing,
  part: ConversationPart,
  slotsOf: SlotsOf,
): (batch: DecodedBatch, slot: number) => boolean {
  const { port: given, hosts } = part;
  const matcher = hosts === undefined ? null : new HostsMatcher(hosts, slotsOf);
  return (batch, slot) => {
    const i = slot % BATCH_CAPACITY;
    const protocol = batch.network[i] === NETWORK.other ? null : batch.ipProtocol[i];
    const withPorts = protocol !== null && hasPorts(protocol);
    // Later fragments have their ports in the ring alone.
    const sent = withPorts ? ring.sourcePort[slot] : Number.NaN;
    const received = withPorts ? ring.destinationPort[slot] : Number.NaN;
    if (given !== undefined) {
      if (protocol !== given.ipProtocol || (sent !== given.port && received !== given.port)) return false;
    }
    const ports = batch.direction[i] === 0 ? (sent << 16) | received : (received << 16) | sent;
    return matcher === null || matcher.matches(batch.key, i * KEY_WORDS, ports);
  };
}
