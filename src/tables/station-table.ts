/**
 * Stations: one row for each hardware address and interface. "Out" are frames that it sent, "in" those addressed to it;
 * groups (multicast, broadcast) are rows too and have "in" alone.
 *
 *   index   Uint32Array, a power of two of slots, linear probing, load <= 4/5:
 *           0 = empty, else fingerprint (top 14 bits of the hash) << 18 | row + 1
 *   row     128 bytes = two cache lines, as Uint32Array (32 words) and Float64Array (16 doubles); a sender touches the
 *           first line alone
 *     u32  0      last four bytes of the address
 *     u32  1      interface slot << 16 | first two bytes of the address
 *     u32  2      live (bit 0) | generation << 1
 *     u32  3      of a free row: next free row + 1
 *     f64  2, 3   last seen, first seen: seconds since 1970
 *     f64  4..7   out: packets, IP packets, IP bytes, wire bytes
 *     f64  8..11  in
 *     f64 12..15  IP bytes in, out, wire bytes in, out when the open rate window began
 *   rates   Float32Array, 4 a row: IP bytes/s in, out and wire bytes/s in, out in the last closed window
 *
 * The arena is reserved for the cap at once; the kernel gives memory only to pages that are touched.
 */
import { isGroupAddress } from '../wire/address-blocks.ts';
import { type DecodedBatch, NETWORK } from '../wire/decoded-batch.ts';
import { finishHash } from '../wire/key.ts';
import { ETHERTYPE } from '../wire/numbers.ts';
import { BATCH_CAPACITY } from '../wire/packet-batch.ts';
import { movedMoment } from './clock-step.ts';
import {
  type ChangedRows,
  GENERATION_SHIFT as CONVERSATION_GENERATION_SHIFT,
  type ConversationTable,
  ROW_DOUBLE,
  ROW_DOUBLES,
  ROW_WORD,
  ROW_WORDS,
} from './conversation-table.ts';
import { StationAddresses } from './station-addresses.ts';
import { selectSmallest } from './top-rows.ts';

export const STATION_WORDS = 32;
export const STATION_DOUBLES = 16;
export const STATION_RATES = 4;

/** Offsets within a row. */
export const STATION_WORD = { low: 0, highAndSlot: 1, flags: 2, nextFree: 3 } as const;
export const STATION_DOUBLE = { lastSeen: 2, firstSeen: 3, out: 4, in: 8, mark: 12 } as const;
/** Offsets within `out` and `in`. */
export const STATION_COUNT = { packets: 0, ipPackets: 1, ipBytes: 2, wireBytes: 3 } as const;

/** Most stations: twice what the largest layer 2 networks have. */
export const MAXIMUM_STATIONS = 65_536;

const LIVE = 1;
const GENERATION_SHIFT = 1;
const ROW_BITS = 18;
const ROW_MASK = 2 ** ROW_BITS - 1;
/** Eviction folds a sixteenth of the rows at once, so its cost per new station stays constant. */
const EVICTED_SHARE = 1 / 16;
const SMALLEST_INDEX = 1024;
const LARGEST_LOAD = 0.8;
/** Below this many rows table and index stay in the caches: touching ahead costs and gains nothing. */
const TOUCHED_FROM_ROWS = 4096;

/** Each packet has two addresses: the sender's, then the receiver's. */
const ADDRESSES = BATCH_CAPACITY * 2;
/** Both sides of as many conversations as are handed out at once. */
const UNSETTLED = 4096;

const GENERATION_MASK = -1 << CONVERSATION_GENERATION_SHIFT;

/** ARP for IPv4 over Ethernet (RFC 826): bytes of the packet, where the sender's addresses stand. */
const ARP_LENGTH = 28;
const ARP_PROTOCOL_AND_LENGTHS = 2;
const ARP_IPV4_OVER_ETHERNET = 0x08000604;
const ARP_SENDER_MAC = 8;
const ARP_SENDER_IP = 14;

/** What one side of a row carried. */
export interface StationCounts {
  packets: number;
  ipPackets: number;
  ipBytes: number;
  wireBytes: number;
}

/** What stations carried that are no rows any more. */
export interface FoldedStations {
  stations: number;
  in: StationCounts;
  out: StationCounts;
}

function noCounts(): StationCounts {
  return { packets: 0, ipPackets: 0, ipBytes: 0, wireBytes: 0 };
}

function addCounts(f64: Float64Array, at: number, into: StationCounts): void {
  into.packets += f64[at + STATION_COUNT.packets];
  into.ipPackets += f64[at + STATION_COUNT.ipPackets];
  into.ipBytes += f64[at + STATION_COUNT.ipBytes];
  into.wireBytes += f64[at + STATION_COUNT.wireBytes];
}

export class StationTable {
  /** Rows as words, doubles and rates: read-only for everyone else. */
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  readonly rates: Float32Array;
  readonly addresses: StationAddresses;
  /** Evicted at the cap: rows + evicted = every frame with addresses. */
  readonly evicted: FoldedStations = { stations: 0, in: noCounts(), out: noCounts() };
  /** Packets that have no hardware addresses (loopback, tunnels), which belong to no station. */
  readonly withoutAddresses: StationCounts = noCounts();
  /** Rows ever used: all live rows are below. */
  highWater = 0;
  /** Live rows, groups included. */
  count = 0;

  /** The cap in force. */
  readonly maximumRows: number;
  #index = new Uint32Array(SMALLEST_INDEX);
  #freeHead = 0;
  #secret: Int32Array = new Int32Array(0);
  readonly #isTouched: Uint32Array;
  readonly #isRated: Uint32Array;
  // Of the batch that is being accounted: key and hash of each packet's two addresses.
  readonly #low = new Uint32Array(ADDRESSES);
  readonly #highAndSlot = new Uint32Array(ADDRESSES);
  readonly #hashes = new Uint32Array(ADDRESSES);
  /** 1: packet i is counted, and has addresses. */
  readonly #isAddressed = new Uint8Array(BATCH_CAPACITY);
  readonly #arpSender = Uint32Array.of(0, 0, 0xffff, 0);
  /** Conversation row << 1 | side: senders whose hardware address was not known yet. */
  readonly #unsettled = new Uint32Array(UNSETTLED);
  #unsettledCount = 0;
  // By conversation row: the generation and the round in which its addresses were noted, and for which MAC ids. A round
  // is a rate window: rows are handed out several times in one, and which addresses are the newest is known no better.
  #notedTag = new Uint32Array(0);
  #notedMacs = new Uint32Array(0);
  #round = 1;
  /** Sum of touched words: keeps the touch loop from being optimised away. */
  touched = 0;

  constructor(maximumRows = MAXIMUM_STATIONS) {
    const rows = Math.max(1, Math.min(MAXIMUM_STATIONS, maximumRows));
    this.maximumRows = rows;
    const arena = new ArrayBuffer(rows * STATION_WORDS * 4);
    this.u32 = new Uint32Array(arena);
    this.f64 = new Float64Array(arena);
    this.rates = new Float32Array(rows * STATION_RATES);
    this.addresses = new StationAddresses(rows);
    this.#isTouched = new Uint32Array(Math.ceil(rows / 32));
    this.#isRated = new Uint32Array(Math.ceil(rows / 32));
  }

  isLive(row: number): boolean {
    return (this.u32[row * STATION_WORDS + STATION_WORD.flags] & LIVE) !== 0;
  }

  /** A number that no other station of this run has or had. */
  idOf(row: number): number {
    return (this.u32[row * STATION_WORDS + STATION_WORD.flags] >>> GENERATION_SHIFT) * 2 ** ROW_BITS + row;
  }

  /** The row that has this id, or -1 when that station is gone. */
  rowOf(id: number): number {
    const row = id % 2 ** ROW_BITS;
    return row >= 0 && row < this.highWater && this.isLive(row) && this.idOf(row) === id ? row : -1;
  }

  /** First two bytes of a row's address. */
  highOf(row: number): number {
    return this.u32[row * STATION_WORDS + STATION_WORD.highAndSlot] & 0xffff;
  }

  /** Last four bytes of a row's address. */
  lowOf(row: number): number {
    return this.u32[row * STATION_WORDS + STATION_WORD.low];
  }

  slotOf(row: number): number {
    return this.u32[row * STATION_WORDS + STATION_WORD.highAndSlot] >>> 16;
  }

  /** Multicast or broadcast. */
  isGroup(row: number): boolean {
    return isGroupAddress(this.highOf(row));
  }

  /** Counts every selected packet to its sender and to its receiver. */
  account(batch: DecodedBatch): void {
    this.#secret = batch.hashSecret;
    this.#readAddresses(batch);
    if (this.count >= TOUCHED_FROM_ROWS) this.#touch(batch.count);
    const { count, selected, segments, network, etherType, ipBytes, wireBytes, time } = batch;
    const { f64 } = this;
    for (let i = 0; i < count; i++) {
      if (selected[i] === 0) continue;
      const packets = segments[i];
      const ipPackets = network[i] === NETWORK.other ? 0 : packets;
      if (this.#isAddressed[i] === 0) {
        this.#addWithoutAddresses(packets, ipPackets, ipBytes[i], wireBytes[i]);
        continue;
      }
      const sender = this.#rowFor(2 * i, time[i]) * STATION_DOUBLES + STATION_DOUBLE.out;
      f64[sender] += packets;
      f64[sender + 1] += ipPackets;
      f64[sender + 2] += ipBytes[i];
      f64[sender + 3] += wireBytes[i];
      if (etherType[i] === ETHERTYPE.arp) this.#noteArp(batch, i, (sender - STATION_DOUBLE.out) / STATION_DOUBLES);
      const receiver = this.#rowFor(2 * i + 1, time[i]) * STATION_DOUBLES + STATION_DOUBLE.in;
      f64[receiver] += packets;
      f64[receiver + 1] += ipPackets;
      f64[receiver + 2] += ipBytes[i];
      f64[receiver + 3] += wireBytes[i];
    }
  }

  /** Learns which addresses stations sent from, from what changed in the conversation table. */
  noteConversations({ rows, count }: ChangedRows, table: ConversationTable): void {
    const { u32, f64 } = table;
    if (this.#notedTag.length === 0) this.#makeNoted(table.maximumRows);
    const tags = this.#notedTag;
    const noted = this.#notedMacs;
    for (let k = 0; k < count; k++) {
      const row = rows[k];
      const at = row * ROW_WORDS;
      const macs = u32[at + ROW_WORD.macs];
      const tag = ((u32[at + ROW_WORD.flags] & GENERATION_MASK) | this.#round) >>> 0;
      if (tags[row] === tag && noted[row] === macs) continue;
      if (u32[at + ROW_WORD.place] >>> 24 === NETWORK.other) continue;
      tags[row] = tag;
      noted[row] = macs;
      const packets = row * ROW_DOUBLES + ROW_DOUBLE.packets;
      for (let side = 0; side < 2; side++) {
        if (f64[packets + side] > 0) this.#noteSender(table, row, side);
      }
    }
  }

  #makeNoted(rows: number): void {
    this.#notedTag = new Uint32Array(rows);
    this.#notedMacs = new Uint32Array(rows);
  }

  /** All conversations are noted again: a window is over, or a station has lost what was known of it. */
  #nextRound(): void {
    this.#round = (this.#round % (2 ** CONVERSATION_GENERATION_SHIFT - 1)) + 1;
  }

  /** Rows may be handed out while their batch is being accounted: whose address it is, is known at the batch's end. */
  settleConversations(table: ConversationTable): void {
    const count = this.#unsettledCount;
    this.#unsettledCount = 0;
    for (let k = 0; k < count; k++) this.#noteSender(table, this.#unsettled[k] >>> 1, this.#unsettled[k] & 1);
    this.#unsettledCount = 0;
  }

  #noteSender({ u32, macs }: ConversationTable, conversation: number, side: number): void {
    const at = conversation * ROW_WORDS;
    if (!isSender(u32, at + 4 * side)) return;
    const mac = (u32[at + ROW_WORD.macs] >>> (side << 4)) & 0xffff;
    if (mac === 0) {
      if (this.#unsettledCount < UNSETTLED) this.#unsettled[this.#unsettledCount++] = (conversation << 1) | side;
      return;
    }
    const row = this.find(macs.highOf(mac), macs.lowOf(mac), u32[at + ROW_WORD.interfaceSlot]);
    if (row >= 0) this.addresses.note(row, u32, at + 4 * side, this.#secret);
  }

  /** Row of a station, or -1. */
  find(high: number, low: number, slot: number): number {
    const highAndSlot = ((slot << 16) | high) >>> 0;
    return this.#find(low, highAndSlot, hashStation(this.#secret, low, highAndSlot));
  }

  /** Ends the rate window of `seconds`: sets the rates of all rows that carried something in it or in the one before. */
  closeWindow(seconds: number): void {
    this.#nextRound();
    const isTouched = this.#isTouched;
    const isRated = this.#isRated;
    const perSecond = seconds > 0 ? 1 / seconds : 0;
    const words = Math.ceil(this.highWater / 32);
    for (let word = 0; word < words; word++) {
      let bits = isTouched[word] | isRated[word];
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits);
        bits &= ~(1 << bit);
        this.#setRates(word * 32 + bit, perSecond);
      }
      isRated[word] = isTouched[word];
      isTouched[word] = 0;
    }
  }

  /** Forgets all stations and counters. Ids go on: none is given a second time. */
  reset(): void {
    for (let row = 0; row < this.highWater; row++) if (this.isLive(row)) this.#free(row);
    this.#index = new Uint32Array(SMALLEST_INDEX);
    this.addresses.reset();
    this.#unsettledCount = 0;
    this.#isTouched.fill(0);
    this.#isRated.fill(0);
    this.evicted.stations = 0;
    for (const counts of [this.evicted.in, this.evicted.out, this.withoutAddresses]) Object.assign(counts, noCounts());
  }

  #setRates(row: number, perSecond: number): void {
    const { f64, rates } = this;
    const at = row * STATION_DOUBLES;
    const mark = at + STATION_DOUBLE.mark;
    const to = row * STATION_RATES;
    for (let r = 0; r < STATION_RATES; r++) {
      const side = (r & 1) === 0 ? STATION_DOUBLE.in : STATION_DOUBLE.out;
      const bytes = f64[at + side + (r < 2 ? STATION_COUNT.ipBytes : STATION_COUNT.wireBytes)];
      rates[to + r] = (bytes - f64[mark + r]) * perSecond;
      f64[mark + r] = bytes;
    }
  }

  // --- packets ----------------------------------------------------------------------------------------------------

  /** Keys and hashes of all addresses of a batch. */
  #readAddresses({ count, selected, macOffset, packets }: DecodedBatch): void {
    const { view, interfaceSlot } = packets;
    const secret = this.#secret;
    const lows = this.#low;
    const highs = this.#highAndSlot;
    const hashes = this.#hashes;
    const isAddressed = this.#isAddressed;
    for (let i = 0; i < count; i++) {
      const at = macOffset[i];
      isAddressed[i] = 0;
      if (selected[i] === 0 || at < 0) continue;
      const slot = interfaceSlot[i] << 16;
      const toHigh = view.getUint16(at);
      const toLow = view.getInt32(at + 2);
      const fromHigh = view.getUint16(at + 6);
      const fromLow = view.getInt32(at + 8);
      // Loopback has frames of Ethernet without addresses.
      if ((toHigh | toLow | fromHigh | fromLow) === 0) continue;
      isAddressed[i] = 1;
      lows[2 * i] = fromLow;
      highs[2 * i] = slot | fromHigh;
      hashes[2 * i] = hashStation(secret, fromLow, slot | fromHigh);
      lows[2 * i + 1] = toLow;
      highs[2 * i + 1] = slot | toHigh;
      hashes[2 * i + 1] = hashStation(secret, toLow, slot | toHigh);
    }
  }

  /** As the conversation table does: loads what the packets need before any is counted, so that cache misses overlap. */
  #touch(count: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    const u32 = this.u32;
    const hashes = this.#hashes;
    let sum = 0;
    for (let k = 0; k < 2 * count; k++) sum ^= index[hashes[k] & mask];
    for (let k = 0; k < 2 * count; k++) {
      const at = (index[hashes[k] & mask] & ROW_MASK) * STATION_WORDS;
      // The row before that of slot 0: read from word 0, there is none. A receiver's counters are on the second line.
      const row = at === 0 ? 0 : at - STATION_WORDS;
      sum ^= u32[row] ^ ((k & 1) === 0 ? 0 : u32[row + 16]);
    }
    this.touched = sum;
  }

  /** The clock that stamps packets was set by `by` seconds: what was seen before moves with it. */
  moveMoments(by: number, now: number): void {
    for (let row = 0; row < this.highWater; row++) {
      if (!this.isLive(row)) continue;
      const at = row * STATION_DOUBLES;
      for (const moment of [at + STATION_DOUBLE.firstSeen, at + STATION_DOUBLE.lastSeen]) {
        this.f64[moment] = movedMoment(this.f64[moment], by, now);
      }
    }
  }

  /** Row of address k of the batch, seen now; begun where there is none. */
  #rowFor(k: number, time: number): number {
    const low = this.#low[k];
    const highAndSlot = this.#highAndSlot[k];
    const hash = this.#hashes[k];
    let row = this.#find(low, highAndSlot, hash);
    if (row < 0) row = this.#begin(low, highAndSlot, hash, time);
    const at = row * STATION_DOUBLES;
    if (time > this.f64[at + STATION_DOUBLE.lastSeen]) this.f64[at + STATION_DOUBLE.lastSeen] = time;
    this.#isTouched[row >>> 5] |= 1 << (row & 31);
    return row;
  }

  #addWithoutAddresses(packets: number, ipPackets: number, ipBytes: number, wireBytes: number): void {
    const counts = this.withoutAddresses;
    counts.packets += packets;
    counts.ipPackets += ipPackets;
    counts.ipBytes += ipBytes;
    counts.wireBytes += wireBytes;
  }

  /** Whatever an ARP packet wants, its sender says which address it has; not so one that speaks for another station. */
  #noteArp({ networkOffset, packetEnd, macOffset, packets, hashSecret }: DecodedBatch, i: number, row: number): void {
    const at = networkOffset[i];
    const { view, bytes } = packets;
    if (at < 0 || at + ARP_LENGTH > packetEnd[i]) return;
    if (view.getUint32(at + ARP_PROTOCOL_AND_LENGTHS) !== ARP_IPV4_OVER_ETHERNET) return;
    for (let k = 0; k < 6; k++) if (bytes[at + ARP_SENDER_MAC + k] !== bytes[macOffset[i] + 6 + k]) return;
    this.#arpSender[3] = view.getUint32(at + ARP_SENDER_IP);
    if (isSender(this.#arpSender, 0)) this.addresses.note(row, this.#arpSender, 0, hashSecret);
  }

  // --- rows -------------------------------------------------------------------------------------------------------

  #begin(low: number, highAndSlot: number, hash: number, time: number): number {
    const row = this.#takeRow();
    const { u32, f64 } = this;
    const at = row * STATION_WORDS;
    const generation = u32[at + STATION_WORD.flags] & ~LIVE;
    u32.fill(0, at, at + STATION_WORDS);
    u32[at + STATION_WORD.low] = low;
    u32[at + STATION_WORD.highAndSlot] = highAndSlot;
    u32[at + STATION_WORD.flags] = generation | LIVE;
    f64[row * STATION_DOUBLES + STATION_DOUBLE.firstSeen] = time;
    f64[row * STATION_DOUBLES + STATION_DOUBLE.lastSeen] = time;
    this.count++;
    if (this.count > this.#index.length * LARGEST_LOAD) this.#growIndex();
    else this.#link(row, hash);
    return row;
  }

  #takeRow(): number {
    if (this.#freeHead === 0 && this.highWater < this.maximumRows) return this.highWater++;
    if (this.#freeHead === 0) this.#evict();
    const row = this.#freeHead - 1;
    this.#freeHead = this.u32[row * STATION_WORDS + STATION_WORD.nextFree];
    return row;
  }

  /** Frees a row that is out of the index, or about to be with all others. */
  #free(row: number): void {
    const at = row * STATION_WORDS;
    const generation = (this.u32[at + STATION_WORD.flags] >>> GENERATION_SHIFT) + 1;
    this.u32[at + STATION_WORD.flags] = generation << GENERATION_SHIFT;
    this.u32[at + STATION_WORD.nextFree] = this.#freeHead;
    this.#freeHead = row + 1;
    this.rates.fill(0, row * STATION_RATES, (row + 1) * STATION_RATES);
    this.#isTouched[row >>> 5] &= ~(1 << (row & 31));
    this.#isRated[row >>> 5] &= ~(1 << (row & 31));
    this.addresses.forget(row);
    this.#nextRound();
    this.count--;
  }

  /** Folds the longest idle sixteenth of all rows: all are live when this is needed. */
  #evict(): void {
    const rows = Uint32Array.from({ length: this.highWater }, (_, row) => row);
    const lastSeen = Float64Array.from(rows, (row) => this.f64[row * STATION_DOUBLES + STATION_DOUBLE.lastSeen]);
    const evicted = Math.max(1, Math.floor(rows.length * EVICTED_SHARE));
    selectSmallest(lastSeen, rows, evicted);
    for (let k = 0; k < evicted; k++) {
      const at = rows[k] * STATION_DOUBLES;
      this.evicted.stations++;
      addCounts(this.f64, at + STATION_DOUBLE.in, this.evicted.in);
      addCounts(this.f64, at + STATION_DOUBLE.out, this.evicted.out);
      this.#unlink(rows[k]);
      this.#free(rows[k]);
    }
  }

  // --- index ------------------------------------------------------------------------------------------------------

  #find(low: number, highAndSlot: number, hash: number): number {
    const index = this.#index;
    const mask = index.length - 1;
    const u32 = this.u32;
    const fingerprint = hash & ~ROW_MASK;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = index[slot];
      if (entry === 0) return -1;
      if (((entry ^ fingerprint) & ~ROW_MASK) !== 0) continue;
      const at = ((entry & ROW_MASK) - 1) * STATION_WORDS;
      if (u32[at] === low && u32[at + 1] === highAndSlot) return (entry & ROW_MASK) - 1;
    }
  }

  #link(row: number, hash: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let slot = hash & mask;
    while (index[slot] !== 0) slot = (slot + 1) & mask;
    index[slot] = (hash & ~ROW_MASK) | (row + 1);
  }

  #hashOf(row: number): number {
    const at = row * STATION_WORDS;
    return hashStation(this.#secret, this.u32[at + STATION_WORD.low], this.u32[at + STATION_WORD.highAndSlot]);
  }

  /** Backward-shift deletion, as in the conversation table: no tombstones pile up. */
  #unlink(row: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let hole = this.#hashOf(row) & mask;
    while ((index[hole] & ROW_MASK) !== row + 1) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; index[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#hashOf((index[slot] & ROW_MASK) - 1) & mask;
      // It may move up when its home is not between the hole (exclusive) and where it stands.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      index[hole] = index[slot];
      hole = slot;
    }
    index[hole] = 0;
  }

  #growIndex(): void {
    this.#index = new Uint32Array(this.#index.length * 2);
    for (let row = 0; row < this.highWater; row++) if (this.isLive(row)) this.#link(row, this.#hashOf(row));
  }
}

/** As in wire/key.ts: a sender cannot choose addresses whose hashes collide. Signed words do as well. */
function hashStation(secret: Int32Array, low: number, highAndSlot: number): number {
  return finishHash(
    (Math.imul((low >>> 16) + secret[0], (low & 0xffff) + secret[1]) +
      Math.imul((highAndSlot >>> 16) + secret[2], (highAndSlot & 0xffff) + secret[3]) +
      secret[4]) |
      0,
  );
}

/** An address that a host can send from: neither unspecified, nor a group, nor broadcast. */
function isSender(words: Uint32Array, at: number): boolean {
  const isIpv4 = words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0xffff;
  if (isIpv4) return words[at + 3] >>> 24 !== 0 && words[at + 3] < 0xe0000000;
  if (words[at] >>> 24 === 0xff) return false;
  return (words[at] | words[at + 1] | words[at + 2] | words[at + 3]) !== 0;
}
