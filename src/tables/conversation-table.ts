/**
 * The one conversation table: open addressing on typed arrays, a row arena with stable ids, a free list.
 *
 *   index   Uint32Array, a power of two of slots, linear probing, load <= 4/5, doubled by rehashing the stored keys:
 *           0 = empty, else fingerprint (top 10 bits of the hash) << 22 | row + 1
 *   row     128 bytes = two cache lines, the same memory as Uint32Array (32 words) and Float64Array (16 doubles)
 *     u32  0..10  key (DecodedBatch: addresses, ports, place, interface slot); word 0 of a free row: next free row + 1
 *     u32  11     ROW_FLAG bits | state (CONVERSATION_STATE, low 4 bits) | generation << GENERATION_SHIFT
 *     f64  6, 7   packets sent by endpoint 0, 1
 *     f64  8, 9   IP bytes
 *     f64 10, 11  wire bytes
 *     f64 12      last seen, seconds since 1970
 *     u32 26      TCP: extras id + 1, or 0. ICMP: last (type << 8 | code) + 1 sent by endpoint 0 (low 16), 1 (high 16).
 *                 Others: IP bytes of the last packet sent by endpoint 0 (low 16), 1 (high 16). 0 = none
 *     u32 27      MAC ids of endpoint 0 (low 16) and 1 (high 16) in the MAC table, 0 = unknown
 *     f32 28..31  IP bytes 0, 1, wire bytes 0, 1 of the open rate window that were taken off the changed rows already
 *   rates      Float32Array, 4 a row: IP bytes/s of endpoint 0, 1 and wire bytes/s of 0, 1 in the last closed window
 *   firstSeen  Float64Array, 1 a row: seconds since 1970
 *
 * The arena is reserved for the cap at once; the kernel gives memory only to pages that are touched. A conversation
 * at 200,000 takes 128 row + 16 rates + 8 first seen + 5.3 index + 0.8 shared = 158 bytes.
 */

import { type DecodedBatch, KEY_WORDS, type NETWORK, NO_ROW, type TCP_FLAG } from '../wire/decoded-batch.ts';
import {
  DIRECTION_8,
  HASH_32,
  IP_BYTES_64,
  IP_PROTOCOL_8,
  KEY_32,
  MAC_OFFSET_32,
  ROW_32,
  SEGMENTS_32,
  SELECTED_8,
  TCP_FLAGS_8,
  TIME_64,
  WIRE_BYTES_64,
} from '../wire/decoded-columns.ts';
import { hashKey } from '../wire/key.ts';
import { IP_PROTOCOL } from '../wire/numbers.ts';
import { BATCH_CAPACITY } from '../wire/packet-batch.ts';
import { movedMoment } from './clock-step.ts';
import { MacTable } from './mac-table.ts';
import type { TcpTracker } from './tcp-tracker.ts';
import { selectSmallest } from './top-rows.ts';

/** Uint32 words, doubles and rates of a row. */
export const ROW_WORDS = 32;
export const ROW_DOUBLES = 16;
export const ROW_RATES = 4;

/** Word and double offsets within a row. */
export const ROW_WORD = { ports: 8, place: 9, interfaceSlot: 10, flags: 11, extra: 26, macs: 27, window: 28 } as const;
export const ROW_DOUBLE = { packets: 6, ipBytes: 8, wireBytes: 10, lastSeen: 12 } as const;

/** Codes of the `state` bits, in the order of the names that machine output prints. */
export const CONVERSATION_STATE = {
  new: 0,
  synSent: 1,
  synReceived: 2,
  established: 3,
  finWait: 4,
  closing: 5,
  closed: 6,
  reset: 7,
  timedOut: 8,
  active: 9,
  idle: 10,
} as const;

export const STATE_MASK = 15;

/** Bits of a row's flags word beside state and generation. */
export const ROW_FLAG = {
  live: 16,
  /** In the list of changed rows. */
  changed: 32,
  /** Endpoint 1 sent the first packet. */
  endpoint1First: 64,
  /** Out of the index: a new connection between the same endpoints has a row of its own. */
  retired: 128,
  /** TCP that was open before we saw it: its first packet had neither SYN nor RST. */
  partial: 256,
  /** It has had its final record in the log. */
  recorded: 512,
} as const;

/** The bits of the flags word from here on are the row's generation: it grows whenever the row is freed. */
export const GENERATION_SHIFT = 10;
const LAST_GENERATION = 2 ** (32 - GENERATION_SHIFT) - 1;
const ROW_BITS = 22;
const ROW_MASK = 0x3fffff;

/** Most rows a table can have: a slot of the index has 22 bits for row + 1. */
export const MAXIMUM_ROWS = ROW_MASK;
/** Eviction folds a sixteenth of the rows at once, so its cost per new conversation stays constant. */
const EVICTED_SHARE = 1 / 16;
const SMALLEST_INDEX = 1024;
/** Below this many rows (half a megabyte) table and index stay in the caches: touching ahead costs and gains nothing. */
export const TOUCHED_FROM_ROWS = 4096;
const LARGEST_LOAD = 0.8;
/** Changed rows that are listed before the list is handed out early: its memory does not grow with the table. */
const CHANGED_CAPACITY = 2048;
/** The same where roll-ups take them: each row that is handed out once a window, not once a packet, spares them work. */
const CHANGED_CAPACITY_OF_ROLL_UPS = 65_536;
const BEFORE_DOUBLES = 6;

/** A conversation of another protocol than TCP is idle after this many seconds without a packet. */
export const IDLE_SECONDS = 10;
/** Idle TCP connections time out after this many seconds unless told otherwise (iptraf-ng: 15 minutes). */
export const DEFAULT_TCP_TIMEOUT = 900;
/** An expiry pass over all rows takes this many seconds. */
const EXPIRY_PASS_SECONDS = 1;

/**
 * Conversations that changed in a rate window, with what they carried at its start: roll-ups add (now - before).
 * A conversation may come twice in a window (the list was full in between): `before` is then what the first time ended
 * with. Differences may be negative where fragments moved to the conversation they belong to.
 * Borrowed: valid during the call.
 */
export interface ChangedRows {
  count: number;
  /** Row ids. A row that was freed or evicted within the window is still readable during the call. */
  rows: Uint32Array;
  /** Six doubles a row: packets 0, 1, IP bytes 0, 1, wire bytes 0, 1 at the start of the window. */
  before: Float64Array;
}

/** What conversations carried that are no rows any more. */
export interface FoldedCounters {
  conversations: number;
  packets: number;
  ipBytes: number;
  wireBytes: number;
}

export interface ConversationTableOptions {
  /** At this many rows the longest idle ones are evicted; at most MAXIMUM_ROWS. */
  maximumRows: number;
  /** false: nobody asks for the rates of rows, and they stay 0. Default true. */
  keepsRates?: boolean;
}

export class ConversationTable {
  /** Rows as words, doubles and rates: read-only for everyone but the TCP tracker. */
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  readonly rates: Float32Array;
  readonly firstSeen: Float64Array;
  readonly macs = new MacTable();
  /** Evicted at the cap. */
  readonly evicted: FoldedCounters = { conversations: 0, packets: 0, ipBytes: 0, wireBytes: 0 };
  /** Removed because they were over (expireSome, removeClosed): rows + evicted + removed = everything accounted. */
  readonly removed: FoldedCounters = { conversations: 0, packets: 0, ipBytes: 0, wireBytes: 0 };
  /**
   * Called with changed rows before their window closes, whenever the list of them is full or one of them is about to
   * be freed. Roll-ups take these like those of closeWindow.
   */
  onOverflow: ((changed: ChangedRows) => void) | null = null;
  /** Rows ever used: all live rows are below. */
  highWater = 0;
  /** Live rows. */
  count = 0;

  /** The cap in force. */
  readonly maximumRows: number;
  readonly #f32: Float32Array;
  readonly #keepsRates: boolean;
  #changed: ChangedRows;
  readonly #isTouched: Uint32Array;
  readonly #isRated: Uint32Array;
  #index = new Uint32Array(SMALLEST_INDEX);
  #indexed = 0;
  #freeHead = 0;
  #freeTail = 0;
  #secret: Int32Array = new Int32Array(0);
  #tcp: TcpTracker | null = null;
  #expiryCursor = 0;
  #lastExpiry = 0;
  /** Sum of touched words: keeps the touch loop from being optimised away. */
  touched = 0;

  constructor(options: ConversationTableOptions) {
    // More rows than a batch has packets: eviction never has to free a row of the batch that needs one.
    const rows = Math.min(MAXIMUM_ROWS, Math.max(BATCH_CAPACITY * 4, Math.floor(options.maximumRows)));
    this.maximumRows = rows;
    this.#keepsRates = options.keepsRates ?? true;
    const arena = new ArrayBuffer(rows * ROW_WORDS * 4);
    this.u32 = new Uint32Array(arena);
    this.f64 = new Float64Array(arena);
    this.#f32 = new Float32Array(arena);
    this.rates = new Float32Array(rows * ROW_RATES);
    this.firstSeen = new Float64Array(rows);
    this.#isTouched = new Uint32Array(Math.ceil(rows / 32));
    this.#isRated = new Uint32Array(Math.ceil(rows / 32));
    this.#changed = changedRows(CHANGED_CAPACITY);
  }

  /** Call before the first packet, where roll-ups take what onOverflow and closeWindow hand out. */
  prepareForRollUps(): void {
    this.#changed = changedRows(CHANGED_CAPACITY_OF_ROLL_UPS);
  }

  /** The tracker that decides when a SYN begins a new connection; it says so itself when it is made. */
  attachTcp(tcp: TcpTracker): void {
    this.#tcp = tcp;
  }

  /** A number that no other conversation of this run has or had. */
  idOf(row: number): number {
    return (this.u32[row * ROW_WORDS + ROW_WORD.flags] >>> GENERATION_SHIFT) * 2 ** ROW_BITS + row;
  }

  /** The row that has this id, or -1 when that conversation is gone. */
  rowOf(id: number): number {
    const row = id % 2 ** ROW_BITS;
    return row < this.highWater && this.isLive(row) && this.idOf(row) === id ? row : -1;
  }

  isLive(row: number): boolean {
    return (this.u32[row * ROW_WORDS + ROW_WORD.flags] & ROW_FLAG.live) !== 0;
  }

  stateOf(row: number): number {
    return this.u32[row * ROW_WORDS + ROW_WORD.flags] & STATE_MASK;
  }

  setState(row: number, state: number): void {
    const at = row * ROW_WORDS + ROW_WORD.flags;
    this.u32[at] = (this.u32[at] & ~STATE_MASK) | state;
  }

  /** Bytes of memory behind the rows in use, everything counted that belongs to this table alone. */
  bytesInUse(): number {
    const perRow = ROW_WORDS * 4 + ROW_RATES * 4 + this.firstSeen.BYTES_PER_ELEMENT;
    const changed = this.#changed.rows.byteLength + this.#changed.before.byteLength;
    return this.highWater * (perRow + 2 / 8) + this.#index.byteLength + changed;
  }

  /** Counts every selected packet to its conversation and fills batch.row. Written for V8 like wire/common.ts: see there. */
  account(batch: DecodedBatch): void {
    const capacity = 256 satisfies typeof BATCH_CAPACITY;
    const keyWords = 11 satisfies typeof KEY_WORDS;
    const noRow = 0xffffffff satisfies typeof NO_ROW;
    const tcp = 6 satisfies typeof IP_PROTOCOL.tcp;
    const udp = 17 satisfies typeof IP_PROTOCOL.udp;
    const syn = 2 satisfies typeof TCP_FLAG.syn;
    const ack = 16 satisfies typeof TCP_FLAG.ack;
    const changed = 32 satisfies typeof ROW_FLAG.changed;
    const rowWords = 32 satisfies typeof ROW_WORDS;
    const rowDoubles = 16 satisfies typeof ROW_DOUBLES;
    const flagsWord = 11 satisfies typeof ROW_WORD.flags;
    const extraWord = 26 satisfies typeof ROW_WORD.extra;
    const packets = 6 satisfies typeof ROW_DOUBLE.packets;
    const ipBytes = 8 satisfies typeof ROW_DOUBLE.ipBytes;
    const wireBytes = 10 satisfies typeof ROW_DOUBLE.wireBytes;
    const lastSeen = 12 satisfies typeof ROW_DOUBLE.lastSeen;

    this.#secret = batch.hashSecret;
    if (this.count >= TOUCHED_FROM_ROWS) this.#touch(batch);
    const { count } = batch;
    const { octets, words, doubles } = batch.columns;
    const { u32, f64 } = this;
    for (let next = 0; next < count; next++) {
      const i = next & (capacity - 1);
      if (octets[SELECTED_8 + i] === 0) {
        words[ROW_32 + i] = noRow;
        continue;
      }
      const protocol = octets[IP_PROTOCOL_8 + i];
      let row = this.find(words, KEY_32 + i * keyWords, words[HASH_32 + i]);
      if (row < 0) row = this.#begin(batch, i);
      else if (protocol === tcp && (octets[TCP_FLAGS_8 + i] & (syn | ack)) === syn)
        row = this.#beginAgain(row, batch, i);
      words[ROW_32 + i] = row;
      if ((u32[row * rowWords + flagsWord] & changed) === 0) this.#listChanged(row);
      const direction = octets[DIRECTION_8 + i];
      const segments = words[SEGMENTS_32 + i];
      const bytes = doubles[IP_BYTES_64 + i];
      const time = doubles[TIME_64 + i];
      const at = row * rowDoubles;
      const side = at + direction;
      f64[side + packets] += segments;
      f64[side + ipBytes] += bytes;
      f64[side + wireBytes] += doubles[WIRE_BYTES_64 + i];
      if (time > f64[at + lastSeen]) f64[at + lastSeen] = time;
      if (protocol === udp && segments === 1) {
        const last = row * rowWords + extraWord;
        const shift = direction << 4;
        u32[last] = (u32[last] & ~(0xffff << shift)) | (Math.min(bytes, 0xffff) << shift);
      } else if (protocol !== tcp) this.#noteLast(row, batch, i);
    }
    this.#noteMacs(batch);
  }

  /** The row of a key (words[at…], canonical) with this hash, or -1. */
  find(words: Uint32Array, at: number, hash: number): number {
    const rowMask = 0x3fffff satisfies typeof ROW_MASK;
    const rowWords = 32 satisfies typeof ROW_WORDS;
    const ipv4 = 4 satisfies typeof NETWORK.ipv4;
    const index = this.#index;
    const mask = index.length - 1;
    const u32 = this.u32;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = index[slot];
      if (entry === 0) return -1;
      if (((entry ^ hash) & ~rowMask) !== 0) continue;
      const row = (entry & rowMask) - 1;
      const r = row * rowWords;
      const place = words[at + 9];
      // The words that differ most often first; IPv4 has no others.
      if (
        u32[r + 8] === words[at + 8] &&
        u32[r + 3] === words[at + 3] &&
        u32[r + 7] === words[at + 7] &&
        u32[r + 9] === place &&
        u32[r + 10] === words[at + 10] &&
        (place >>> 24 === ipv4 || sameOtherWords(u32, r, words, at))
      ) {
        return row;
      }
    }
  }

  /**
   * Moves what fragments carried from one conversation to another; packets of the `from` row went in `fromDirection`.
   * A row that has no packets left vanishes.
   */
  moveCounters(
    from: number,
    fromDirection: number,
    to: number,
    toDirection: number,
    moved: { packets: number; ipBytes: number; wireBytes: number },
  ): void {
    this.#noteChanged(from);
    this.#noteChanged(to);
    const { f64 } = this;
    const source = from * ROW_DOUBLES + fromDirection;
    const target = to * ROW_DOUBLES + toDirection;
    f64[source + ROW_DOUBLE.packets] -= moved.packets;
    f64[source + ROW_DOUBLE.ipBytes] -= moved.ipBytes;
    f64[source + ROW_DOUBLE.wireBytes] -= moved.wireBytes;
    f64[target + ROW_DOUBLE.packets] += moved.packets;
    f64[target + ROW_DOUBLE.ipBytes] += moved.ipBytes;
    f64[target + ROW_DOUBLE.wireBytes] += moved.wireBytes;
    const left = from * ROW_DOUBLES + ROW_DOUBLE.packets;
    if (f64[left] + f64[left + 1] > 0) return;
    this.#handOutEarly();
    this.#remove(from);
  }

  /** Hands out what changed since the last time, between windows: roll-ups are then as new as the table. */
  handOut(): void {
    this.#handOutEarly();
  }

  /** Ends the rate window of `seconds`: sets the rates, then hands out what changed since the last time. */
  closeWindow(seconds: number, emit: (changed: ChangedRows) => void): void {
    this.#addUpChanged();
    if (this.#keepsRates) this.#setRates(seconds);
    emit(this.#changed);
    this.#changed.count = 0;
  }

  /**
   * Marks TCP rows that are idle for longer than `tcpTimeout` as timed out, and removes rows that have been over for
   * `closedPersistence` seconds (null: never). Looks at as many rows as make a full pass in about a second.
   */
  expireSome(now: number, closedPersistence: number | null, tcpTimeout = DEFAULT_TCP_TIMEOUT): void {
    const share = Math.min(1, Math.max(0, now - this.#lastExpiry) / EXPIRY_PASS_SECONDS);
    this.#lastExpiry = now;
    for (let rows = Math.ceil(this.highWater * share); rows > 0; rows--) {
      if (this.#expiryCursor >= this.highWater) this.#expiryCursor = 0;
      this.#expire(this.#expiryCursor++, now, closedPersistence, tcpTimeout);
    }
  }

  /** The clock that stamps packets was set by `by` seconds: what was seen before moves with it. */
  moveMoments(by: number, now: number): void {
    this.#lastExpiry += by;
    for (let row = 0; row < this.highWater; row++) {
      if (!this.isLive(row)) continue;
      const lastSeen = row * ROW_DOUBLES + ROW_DOUBLE.lastSeen;
      this.f64[lastSeen] = movedMoment(this.f64[lastSeen], by, now);
      this.firstSeen[row] = movedMoment(this.firstSeen[row], by, now);
    }
  }

  /** State at this moment: as stored, or timed out, active or idle by the time since the last packet. */
  stateAt(row: number, now: number, tcpTimeout: number): number {
    const idle = now - this.f64[row * ROW_DOUBLES + ROW_DOUBLE.lastSeen];
    const state = this.stateOf(row);
    if (state === CONVERSATION_STATE.active) return idle > IDLE_SECONDS ? CONVERSATION_STATE.idle : state;
    return state < CONVERSATION_STATE.closed && idle > tcpTimeout ? CONVERSATION_STATE.timedOut : state;
  }

  /** Removes all closed, reset and timed-out rows at once; returns how many. */
  removeClosed(now: number, tcpTimeout: number): number {
    this.#handOutEarly();
    const before = this.count;
    for (let row = 0; row < this.highWater; row++) {
      if (!this.isLive(row)) continue;
      const state = this.stateAt(row, now, tcpTimeout);
      if (state < CONVERSATION_STATE.closed || state > CONVERSATION_STATE.timedOut) continue;
      this.setState(row, state);
      this.#tcp?.facts.gone(row, 'idle', now);
      this.#fold(row, this.removed);
      this.#remove(row);
    }
    return before - this.count;
  }

  /** Forgets all conversations and counters. Ids go on: none is given a second time. */
  reset(): void {
    this.#tcp?.facts.forget(this.#lastExpiry);
    for (let row = 0; row < this.highWater; row++) if (this.isLive(row)) this.#free(row);
    this.#index = new Uint32Array(SMALLEST_INDEX);
    this.#indexed = 0;
    this.macs.reset();
    this.#changed.count = 0;
    this.rates.fill(0, 0, this.highWater * ROW_RATES);
    this.#isTouched.fill(0);
    this.#isRated.fill(0);
    Object.assign(this.evicted, { conversations: 0, packets: 0, ipBytes: 0, wireBytes: 0 });
    Object.assign(this.removed, this.evicted);
  }

  /**
   * Loads the index slot and both cache lines of every packet's row before any is used, so that the processor waits for
   * many of them at once (DESIGN: "touch loop").
   */
  #touch(batch: DecodedBatch): void {
    const { hash, count } = batch;
    const index = this.#index;
    const mask = index.length - 1;
    const u32 = this.u32;
    let sum = 0;
    for (let i = 0; i < count; i++) sum ^= index[hash[i] & mask];
    for (let i = 0; i < count; i++) {
      const at = (index[hash[i] & mask] & ROW_MASK) * ROW_WORDS;
      // The row before that of slot 0: read from word 0, there is none.
      const row = at === 0 ? 0 : at - ROW_WORDS;
      sum ^= u32[row] ^ u32[row + ROW_WORD.extra];
    }
    this.touched = sum;
  }

  /** Hardware address of every packet's sender; neighbours mostly share it, and a conversation rarely changes it. */
  #noteMacs(batch: DecodedBatch): void {
    const capacity = 256 satisfies typeof BATCH_CAPACITY;
    const rowWords = 32 satisfies typeof ROW_WORDS;
    const macsWord = 27 satisfies typeof ROW_WORD.macs;
    const noRow = 0xffffffff satisfies typeof NO_ROW;
    const { count } = batch;
    const { octets, words } = batch.columns;
    const { view } = batch.packets;
    const { u32, macs } = this;
    let high = 0;
    let low = 0;
    let id = 0;
    for (let next = 0; next < count; next++) {
      const i = next & (capacity - 1);
      const row = words[ROW_32 + i];
      const offset = words[MAC_OFFSET_32 + i] | 0;
      if (row === noRow || offset < 0) continue;
      const at = row * rowWords + macsWord;
      const shift = octets[DIRECTION_8 + i] << 4;
      const ids = u32[at];
      const highNow = view.getUint16(offset + 6);
      const lowNow = view.getInt32(offset + 8);
      if (lowNow !== low || highNow !== high) {
        high = highNow;
        low = lowNow;
        id = macs.idOf(high, low >>> 0, (ids >>> shift) & 0xffff);
      }
      if (id !== ((ids >>> shift) & 0xffff)) u32[at] = (ids & ~(0xffff << shift)) | (id << shift);
    }
  }

  /** The `extra` word of protocols other than TCP. */
  #noteLast(row: number, batch: DecodedBatch, i: number): void {
    const protocol = batch.ipProtocol[i];
    const isIcmp = protocol === IP_PROTOCOL.icmp || protocol === IP_PROTOCOL.icmpv6;
    if (isIcmp && batch.transportOffset[i] < 0) return;
    const value = isIcmp ? batch.icmpType[i] + 1 : packetSize(batch, i);
    const at = row * ROW_WORDS + ROW_WORD.extra;
    const shift = batch.direction[i] << 4;
    this.u32[at] = (this.u32[at] & ~(0xffff << shift)) | (Math.min(value, 0xffff) << shift);
  }

  // --- rows -------------------------------------------------------------------------------------------------------

  #begin(batch: DecodedBatch, i: number): number {
    if (this.#indexed + 1 > this.#index.length * LARGEST_LOAD) this.#growIndex();
    const row = this.#newRow(batch, i);
    this.#link(row, batch.hash[i]);
    return row;
  }

  /** A SYN for a conversation there is: its row, or a new one that takes its place in the index. */
  #beginAgain(row: number, batch: DecodedBatch, i: number): number {
    const tcp = this.#tcp;
    if (tcp === null) return row;
    tcp.catchUp(batch, i);
    if (!tcp.beginsAnew(row, batch, i)) return row;
    this.retire(row);
    return this.#begin(batch, i);
  }

  /** Takes a row out of the index: it stays listed, and the next packet between its endpoints begins another row. */
  retire(row: number): void {
    this.#unlink(row);
    this.u32[row * ROW_WORDS + ROW_WORD.flags] |= ROW_FLAG.retired;
    if (this.stateOf(row) < CONVERSATION_STATE.closed) this.setState(row, CONVERSATION_STATE.closed);
  }

  #newRow(batch: DecodedBatch, i: number): number {
    const row = this.#takeRow(batch, i);
    const { u32, f64 } = this;
    const at = row * ROW_WORDS;
    const generation = u32[at + ROW_WORD.flags] & (-1 << GENERATION_SHIFT);
    u32.fill(0, at, at + ROW_WORDS);
    this.#clearRates(row);
    const from = i * KEY_WORDS;
    for (let k = 0; k < KEY_WORDS; k++) u32[at + k] = batch.key[from + k];
    const state = batch.ipProtocol[i] === IP_PROTOCOL.tcp ? CONVERSATION_STATE.new : CONVERSATION_STATE.active;
    const first = batch.direction[i] === 1 ? ROW_FLAG.endpoint1First : 0;
    u32[at + ROW_WORD.flags] = generation | ROW_FLAG.live | first | state;
    this.firstSeen[row] = batch.time[i];
    f64[row * ROW_DOUBLES + ROW_DOUBLE.lastSeen] = batch.time[i];
    this.count++;
    return row;
  }

  #takeRow(batch: DecodedBatch, i: number): number {
    if (this.#freeHead === 0 && this.highWater < this.maximumRows) return this.highWater++;
    if (this.#freeHead === 0) this.#evict(batch, i);
    const row = this.#freeHead - 1;
    this.#freeHead = this.u32[row * ROW_WORDS];
    if (this.#freeHead === 0) this.#freeTail = 0;
    return row;
  }

  /** Takes a row out of index and table. What it carried has been folded or moved by the caller. */
  #remove(row: number): void {
    const retired = (this.u32[row * ROW_WORDS + ROW_WORD.flags] & ROW_FLAG.retired) !== 0;
    if (!retired) this.#unlink(row);
    this.#free(row);
  }

  /** First in, first out: an id's row number is as old as can be when it is used again. */
  #free(row: number): void {
    const { u32 } = this;
    const at = row * ROW_WORDS;
    const isTcp = ((u32[at + ROW_WORD.place] >>> 16) & 0xff) === IP_PROTOCOL.tcp;
    if (isTcp && u32[at + ROW_WORD.extra] !== 0) this.#tcp?.release(u32[at + ROW_WORD.extra] - 1);
    this.#clearRates(row);
    this.count--;
    const generation = (u32[at + ROW_WORD.flags] >>> GENERATION_SHIFT) + 1;
    u32[at + ROW_WORD.flags] = generation << GENERATION_SHIFT;
    // A row whose generations are used up is never used again: ids do not repeat.
    if (generation >= LAST_GENERATION) return;
    u32[at] = 0;
    if (this.#freeTail === 0) this.#freeHead = row + 1;
    else u32[(this.#freeTail - 1) * ROW_WORDS] = row + 1;
    this.#freeTail = row + 1;
  }

  #fold(row: number, into: FoldedCounters): void {
    const { f64 } = this;
    const at = row * ROW_DOUBLES;
    into.conversations++;
    into.packets += f64[at + ROW_DOUBLE.packets] + f64[at + ROW_DOUBLE.packets + 1];
    into.ipBytes += f64[at + ROW_DOUBLE.ipBytes] + f64[at + ROW_DOUBLE.ipBytes + 1];
    into.wireBytes += f64[at + ROW_DOUBLE.wireBytes] + f64[at + ROW_DOUBLE.wireBytes + 1];
  }

  /** Frees the longest idle sixteenth of all rows while packet i of a batch is being accounted. */
  #evict(batch: DecodedBatch, i: number): void {
    this.#tcp?.catchUp(batch, i);
    this.#handOutEarly();
    const { f64 } = this;
    const rows = new Uint32Array(this.count);
    const lastSeen = new Float64Array(this.count);
    let live = 0;
    for (let row = 0; row < this.highWater; row++) {
      if (!this.isLive(row)) continue;
      rows[live] = row;
      lastSeen[live++] = f64[row * ROW_DOUBLES + ROW_DOUBLE.lastSeen];
    }
    const evicted = Math.max(1, Math.floor(live * EVICTED_SHARE));
    selectSmallest(lastSeen, rows, evicted);
    for (let k = 0; k < evicted; k++) {
      this.#tcp?.facts.gone(rows[k], 'evicted', batch.time[i]);
      this.#fold(rows[k], this.evicted);
      this.#remove(rows[k]);
    }
    // Packets of this batch whose row is gone (capture times that run backwards) belong to no row any more.
    for (let k = 0; k < i; k++) if (batch.row[k] !== NO_ROW && !this.isLive(batch.row[k])) batch.row[k] = NO_ROW;
  }

  #expire(row: number, now: number, closedPersistence: number | null, tcpTimeout: number): void {
    if (!this.isLive(row)) return;
    const state = this.stateAt(row, now, tcpTimeout);
    if (state < CONVERSATION_STATE.closed || state === CONVERSATION_STATE.active) return;
    if (state === CONVERSATION_STATE.timedOut && this.stateOf(row) !== state) this.setState(row, state);
    const facts = this.#tcp?.facts;
    if (facts?.wanted && !facts.settle(row, state, now)) return;
    if (closedPersistence === null) return;
    const grace =
      state === CONVERSATION_STATE.timedOut ? tcpTimeout : state === CONVERSATION_STATE.idle ? IDLE_SECONDS : 0;
    if (now - this.f64[row * ROW_DOUBLES + ROW_DOUBLE.lastSeen] <= grace + closedPersistence) return;
    if ((this.u32[row * ROW_WORDS + ROW_WORD.flags] & ROW_FLAG.changed) !== 0) this.#handOutEarly();
    facts?.gone(row, 'idle', now);
    this.#fold(row, this.removed);
    this.#remove(row);
  }

  // --- index ------------------------------------------------------------------------------------------------------

  #link(row: number, hash: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let slot = hash & mask;
    while (index[slot] !== 0) slot = (slot + 1) & mask;
    index[slot] = (hash & ~ROW_MASK) | (row + 1);
    this.#indexed++;
  }

  #hashOf(row: number): number {
    return hashKey(this.#secret, this.u32, row * ROW_WORDS);
  }

  /** Backward-shift deletion: what follows in the cluster moves up, so that no tombstones pile up. */
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
    this.#indexed--;
  }

  #growIndex(): void {
    const old = this.#index;
    const index = new Uint32Array(old.length * 2);
    const mask = index.length - 1;
    for (let k = 0; k < old.length; k++) {
      const entry = old[k];
      if (entry === 0) continue;
      let slot = this.#hashOf((entry & ROW_MASK) - 1) & mask;
      while (index[slot] !== 0) slot = (slot + 1) & mask;
      index[slot] = entry;
    }
    this.#index = index;
  }

  // --- rate window ------------------------------------------------------------------------------------------------

  #noteChanged(row: number): void {
    if ((this.u32[row * ROW_WORDS + ROW_WORD.flags] & ROW_FLAG.changed) === 0) this.#listChanged(row);
  }

  #listChanged(row: number): void {
    const changed = this.#changed;
    if (changed.count === changed.rows.length) this.#handOutEarly();
    const { f64 } = this;
    const { before } = changed;
    const to = changed.count * BEFORE_DOUBLES;
    const from = row * ROW_DOUBLES + ROW_DOUBLE.packets;
    before[to] = f64[from];
    before[to + 1] = f64[from + 1];
    before[to + 2] = f64[from + 2];
    before[to + 3] = f64[from + 3];
    before[to + 4] = f64[from + 4];
    before[to + 5] = f64[from + 5];
    changed.rows[changed.count++] = row;
    this.u32[row * ROW_WORDS + ROW_WORD.flags] |= ROW_FLAG.changed;
  }

  #handOutEarly(): void {
    if (this.#changed.count === 0) return;
    this.#addUpChanged();
    this.onOverflow?.(this.#changed);
    this.#changed.count = 0;
  }

  /** Adds what the listed rows carried to their window's bytes and takes their mark off. */
  #addUpChanged(): void {
    const { u32, f64 } = this;
    const f32 = this.#f32;
    const isTouched = this.#isTouched;
    const { rows, before, count } = this.#changed;
    if (!this.#keepsRates) {
      for (let k = 0; k < count; k++) u32[rows[k] * ROW_WORDS + ROW_WORD.flags] &= ~ROW_FLAG.changed;
      return;
    }
    for (let k = 0; k < count; k++) {
      const row = rows[k];
      const at = row * ROW_DOUBLES;
      const from = k * BEFORE_DOUBLES;
      const window = row * ROW_WORDS + ROW_WORD.window;
      f32[window] += f64[at + ROW_DOUBLE.ipBytes] - before[from + 2];
      f32[window + 1] += f64[at + ROW_DOUBLE.ipBytes + 1] - before[from + 3];
      f32[window + 2] += f64[at + ROW_DOUBLE.wireBytes] - before[from + 4];
      f32[window + 3] += f64[at + ROW_DOUBLE.wireBytes + 1] - before[from + 5];
      isTouched[row >>> 5] |= 1 << (row & 31);
      u32[row * ROW_WORDS + ROW_WORD.flags] &= ~ROW_FLAG.changed;
    }
  }

  /** Rates of all rows that carried something in this window or in the one before. */
  #setRates(seconds: number): void {
    const isTouched = this.#isTouched;
    const isRated = this.#isRated;
    const words = Math.ceil(this.highWater / 32);
    for (let word = 0; word < words; word++) {
      let bits = isTouched[word] | isRated[word];
      // Lowest first: the processor fetches ahead where it sees addresses grow.
      while (bits !== 0) {
        this.#setRate(word * 32 + 31 - Math.clz32(bits & -bits), seconds);
        bits &= bits - 1;
      }
      isRated[word] = isTouched[word];
      isTouched[word] = 0;
    }
  }

  #setRate(row: number, seconds: number): void {
    const f32 = this.#f32;
    const { rates } = this;
    const window = row * ROW_WORDS + ROW_WORD.window;
    const at = row * ROW_RATES;
    const perSecond = seconds > 0 ? 1 / seconds : 0;
    // A window in which fragments were moved away may be below zero: no rate is.
    rates[at] = Math.max(0, f32[window] * perSecond);
    rates[at + 1] = Math.max(0, f32[window + 1] * perSecond);
    rates[at + 2] = Math.max(0, f32[window + 2] * perSecond);
    rates[at + 3] = Math.max(0, f32[window + 3] * perSecond);
    f32[window] = 0;
    f32[window + 1] = 0;
    f32[window + 2] = 0;
    f32[window + 3] = 0;
  }

  #clearRates(row: number): void {
    this.rates.fill(0, row * ROW_RATES, row * ROW_RATES + ROW_RATES);
    const window = row * ROW_WORDS + ROW_WORD.window;
    this.#f32.fill(0, window, window + 4);
  }
}

function changedRows(capacity: number): ChangedRows {
  return { count: 0, rows: new Uint32Array(capacity), before: new Float64Array(capacity * BEFORE_DOUBLES) };
}

/** IP bytes of packet i; of an offloaded buffer: of a full segment. */
export function packetSize(batch: DecodedBatch, i: number): number {
  return batch.segments[i] === 1 ? batch.ipBytes[i] : Math.ceil(batch.ipBytes[i] / batch.segments[i]);
}

/** The words of two keys that are not the same in all IPv4 keys are the same: are the others? */
function sameOtherWords(a: Uint32Array, atA: number, b: Uint32Array, atB: number): boolean {
  return (
    a[atA + 2] === b[atB + 2] &&
    a[atA + 6] === b[atB + 6] &&
    a[atA + 1] === b[atB + 1] &&
    a[atA + 5] === b[atB + 5] &&
    a[atA] === b[atB] &&
    a[atA + 4] === b[atB + 4]
  );
}
