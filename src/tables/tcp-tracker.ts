/**
 * What is known of a TCP connection beside its counters: state, sequence numbers, window, retransmissions, round trips.
 * One record per TCP row of the conversation table, in an arena of its own; ids in the row's `extra` word.
 *
 *   record  128 bytes = two cache lines; direction d (sent by endpoint d) has words d * 16 + …
 *     u32 0      highest sequence end sent
 *     u32 1      first sequence number seen; once this side sent its FIN: the sequence number after that
 *     u32 2      raw window (low 16) | window scale << 16 (NO_SCALE: none offered) | flags of the last packet << 24
 *     u32 3      retransmitted packets
 *     u32 4      IP bytes of the last packet
 *     u32 5      SIDE bits
 *     u32 6      acknowledgement that ends the round-trip sample under way
 *     f32 7      smoothed round-trip time in seconds (RFC 6298 section 2) between here and the receiver
 *     f64 4      time the sample began
 *     u32 10..12 oldest hole: sequence numbers [10, 11) that were skipped and may still come; time it opened (TIME_UNITS)
 *     u32 13..15 the other holes taken together, likewise; time the last of them opened
 *
 * Works after the conversation table, batch by batch; the table asks it to catch up when a SYN needs the state now.
 */
import { type DecodedBatch, FRAGMENT, KEY_WORDS, NO_ROW, TCP_FLAG } from '../wire/decoded-batch.ts';
import {
  DIRECTION_8,
  IP_PROTOCOL_8,
  PACKET_END_32,
  PAYLOAD_LENGTH_32,
  ROW_32,
  TCP_FLAGS_8,
  TCP_SEQUENCE_32,
  TCP_WINDOW_16,
  TRANSPORT_OFFSET_32,
} from '../wire/decoded-columns.ts';
import { isUnreachable, quotedConversation } from '../wire/icmp.ts';
import { hashKey } from '../wire/key.ts';
import { IP_PROTOCOL } from '../wire/numbers.ts';
import type { BATCH_CAPACITY } from '../wire/packet-batch.ts';
import { tcpWindowScale } from '../wire/tcp-options.ts';
import { ConnectionFacts, type FactKind } from './connection-facts.ts';
import {
  type ConversationTable,
  packetSize,
  ROW_FLAG,
  ROW_WORD,
  ROW_WORDS,
  CONVERSATION_STATE as STATE,
  type STATE_MASK,
  TOUCHED_FROM_ROWS,
} from './conversation-table.ts';

const RECORD_WORDS = 32;
const SIDE_WORDS = 16;
const WORD = {
  end: 0,
  firstSequence: 1,
  finEnd: 1,
  window: 2,
  retransmissions: 3,
  lastSize: 4,
  bits: 5,
  sampleEnd: 6,
  smoothedRtt: 7,
  hole: 10,
  otherHoles: 13,
} as const;
const DOUBLE = { sampleTime: 4 } as const;
/** Words of a hole. */
const HOLE = { begin: 0, end: 1, time: 2 } as const;
/** Times of holes are kept in units of 0.1 ms, modulo 2^32. */
const TIME_UNITS = 10_000;

/** Bits of a side's word 5. */
const SIDE = {
  seen: 1,
  syn: 2,
  synAck: 4,
  fin: 8,
  finAcknowledged: 16,
  sampling: 32,
  rttKnown: 64,
  hole: 128,
  otherHoles: 1024,
  lastWasSyn: 256,
  /** The connection was reset by an ICMP message, which data that follows refutes. */
  unreachable: 512,
} as const;

const TCP_HEADER_BYTES = 20;
/** SYN, FIN, RST. */
const CONTROL_FLAGS = 7;
const NO_SCALE = 255;
const SCALE_MASK = 0xff0000;
/** Without a handshake seen, data that comes later than this into a hole is a retransmission, sooner: reordered. */
const REORDERING_SECONDS = 0.003;

export interface TcpTrackerOptions {
  /** Rows of the conversation table. */
  maximumRows: number;
}

export class TcpTracker {
  readonly facts: ConnectionFacts;
  readonly #table: ConversationTable;
  readonly #u32: Uint32Array;
  readonly #f32: Float32Array;
  readonly #f64: Float64Array;
  #highWater = 0;
  #freeHead = 0;
  /** Packets of the current batch that were tracked already. */
  #cursor = 0;
  readonly #quotedKey = new Uint32Array(KEY_WORDS);
  /** Sum of touched words: keeps the touch loop from being optimised away. */
  touched = 0;

  constructor(table: ConversationTable, options: TcpTrackerOptions) {
    this.#table = table;
    this.facts = new ConnectionFacts(table, this);
    const records = Math.max(options.maximumRows, table.maximumRows);
    const arena = new ArrayBuffer(records * RECORD_WORDS * 4);
    this.#u32 = new Uint32Array(arena);
    this.#f32 = new Float32Array(arena);
    this.#f64 = new Float64Array(arena);
    table.attachTcp(this);
  }

  /** Follows the TCP packets of a batch that was accounted. */
  update(batch: DecodedBatch): void {
    if (this.#table.count >= TOUCHED_FROM_ROWS) this.#touch(batch);
    this.catchUp(batch, batch.count);
    this.#cursor = 0;
  }

  /** Follows packets up to `end` (exclusive) that were not followed yet. Written for V8 like wire/common.ts: see there. */
  catchUp(batch: DecodedBatch, end: number): void {
    const capacity = 256 satisfies typeof BATCH_CAPACITY;
    const tcp = 6 satisfies typeof IP_PROTOCOL.tcp;
    const icmp = 1 satisfies typeof IP_PROTOCOL.icmp;
    const icmpv6 = 58 satisfies typeof IP_PROTOCOL.icmpv6;
    const noRow = 0xffffffff satisfies typeof NO_ROW;
    const { octets, words } = batch.columns;
    for (let next = this.#cursor; next < end; next++) {
      const i = next & (capacity - 1);
      const protocol = octets[IP_PROTOCOL_8 + i];
      if (protocol !== tcp && protocol !== icmp && protocol !== icmpv6) continue;
      if (words[ROW_32 + i] === noRow || (words[TRANSPORT_OFFSET_32 + i] | 0) < 0) continue;
      if (protocol === tcp) this.#follow(batch, i);
      else this.#followIcmp(batch, i);
    }
    if (this.#cursor < end) this.#cursor = end;
  }

  /**
   * True when packet i, a SYN, begins a new connection and does not belong to the row's. The same SYN again does not
   * (after its side's FIN it cannot be told from a new one), unless the row's connection is over and in the log already.
   */
  beginsAnew(row: number, batch: DecodedBatch, i: number): boolean {
    const side = this.#sideOf(row, batch.direction[i]);
    if (side < 0) return false;
    const here = this.#u32[side + WORD.bits];
    const there = this.#u32[(side ^ SIDE_WORDS) + WORD.bits];
    const isSeen = (here & SIDE.seen) !== 0;
    const isAgain = isSeen && this.#u32[side + WORD.firstSequence] === batch.tcpSequence[i];
    const isRecorded = (this.#table.u32[row * ROW_WORDS + ROW_WORD.flags] & ROW_FLAG.recorded) !== 0;
    if (isAgain && (here & SIDE.fin) === 0 && !isRecorded) return false;
    const state = this.#table.stateOf(row);
    const isOver = state === STATE.closed || state === STATE.reset || state === STATE.timedOut;
    return isSeen || isOver || ((here | there) & SIDE.fin) !== 0;
  }

  /** Gives a record back: its row is gone. */
  release(id: number): void {
    this.#u32[id * RECORD_WORDS] = this.#freeHead;
    this.#freeHead = id + 1;
  }

  /** Other packets come from now on: an acknowledgement of what was sent before may not be the first, and tells no time. */
  endSamples(): void {
    const end = this.#highWater * RECORD_WORDS;
    for (let side = 0; side < end; side += SIDE_WORDS) this.#u32[side + WORD.bits] &= ~SIDE.sampling;
  }

  reset(): void {
    this.#highWater = 0;
    this.#freeHead = 0;
    this.#cursor = 0;
  }

  // --- readers ----------------------------------------------------------------------------------------------------

  /** Round trip in seconds: both halves of the path added; NaN unless both are known. */
  rttSeconds(row: number): number {
    const at = this.#sideOf(row, 0);
    if (at < 0) return Number.NaN;
    const { bits, smoothedRtt } = WORD;
    const both = this.#u32[at + bits] & this.#u32[at + SIDE_WORDS + bits] & SIDE.rttKnown;
    return both === 0 ? Number.NaN : this.#f32[at + smoothedRtt] + this.#f32[at + SIDE_WORDS + smoothedRtt];
  }

  /** Data packets sent again by endpoint `side`; NaN where nothing of TCP was seen. */
  retransmissions(row: number, side: number): number {
    const at = this.#sideOf(row, side);
    return at < 0 ? Number.NaN : this.#u32[at + WORD.retransmissions];
  }

  /** Window in bytes that endpoint `side` advertised last; NaN when its scale is not known, or nothing was sent. */
  windowBytes(row: number, side: number): number {
    const at = this.#sideOf(row, side);
    if (at < 0) return Number.NaN;
    const bits = this.#u32[at + WORD.bits];
    const other = this.#sideOf(row, 1 - side);
    if ((bits & SIDE.seen) === 0) return Number.NaN;
    const raw = this.#u32[at + WORD.window] & 0xffff;
    // The window of a SYN is never scaled (RFC 7323 section 2.2).
    if ((bits & SIDE.lastWasSyn) !== 0) return raw;
    if ((bits & this.#u32[other + WORD.bits] & SIDE.syn) === 0) return Number.NaN;
    const scale = (this.#u32[at + WORD.window] >>> 16) & 0xff;
    const otherScale = (this.#u32[other + WORD.window] >>> 16) & 0xff;
    return scale === NO_SCALE || otherScale === NO_SCALE ? raw : raw * 2 ** scale;
  }

  /** IP bytes of the last packet that endpoint `side` sent; NaN before the first. */
  lastPacketSize(row: number, side: number): number {
    const at = this.#sideOf(row, side);
    return at < 0 || (this.#u32[at + WORD.bits] & SIDE.seen) === 0 ? Number.NaN : this.#u32[at + WORD.lastSize];
  }

  /** TCP_FLAG bits of the last packet that endpoint `side` sent; -1 before the first. */
  lastFlags(row: number, side: number): number {
    const at = this.#sideOf(row, side);
    return at < 0 || (this.#u32[at + WORD.bits] & SIDE.seen) === 0 ? -1 : this.#u32[at + WORD.window] >>> 24;
  }

  /** Side of the server by its SYNs: it receives one without ACK, and sends one with it. -1: no SYN tells. */
  serverSide(row: number): number {
    const at = this.#sideOf(row, 0);
    if (at < 0) return -1;
    const bits0 = this.#u32[at + WORD.bits];
    const bits1 = this.#u32[at + SIDE_WORDS + WORD.bits];
    if (((bits0 ^ bits1) & SIDE.synAck) !== 0) return (bits1 & SIDE.synAck) !== 0 ? 1 : 0;
    if (((bits0 ^ bits1) & SIDE.syn) !== 0) return (bits0 & SIDE.syn) !== 0 ? 1 : 0;
    return -1;
  }

  /** Both sides sent a FIN that was acknowledged. */
  endedByFins(row: number): boolean {
    const at = this.#sideOf(row, 0);
    if (at < 0) return false;
    return (this.#u32[at + WORD.bits] & this.#u32[at + SIDE_WORDS + WORD.bits] & SIDE.finAcknowledged) !== 0;
  }

  /** It was reset by an ICMP message, and by no RST. */
  wasUnreachable(row: number): boolean {
    const at = this.#sideOf(row, 0);
    return at >= 0 && (this.#u32[at + WORD.bits] & SIDE.unreachable) !== 0;
  }

  /** What reset it was an ICMP message, which data may still refute: more of it than the SYN that was answered was seen. */
  mayLiveOn(row: number): boolean {
    const at = this.#sideOf(row, 0);
    if (at < 0) return false;
    const bits0 = this.#u32[at + WORD.bits];
    const bits1 = this.#u32[at + SIDE_WORDS + WORD.bits];
    if ((bits0 & SIDE.unreachable) === 0) return false;
    return (bits0 & bits1 & SIDE.seen) !== 0 || ((bits0 | bits1) & SIDE.lastWasSyn) === 0;
  }

  #recordOf(row: number): number {
    return this.#table.u32[row * ROW_WORDS + ROW_WORD.extra] - 1;
  }

  #sideOf(row: number, side: number): number {
    const id = this.#recordOf(row);
    return id < 0 ? -1 : id * RECORD_WORDS + side * SIDE_WORDS;
  }

  // --- one packet -------------------------------------------------------------------------------------------------

  /** Loads the records of all packets before any is used (DESIGN: "touch loop"). */
  #touch(batch: DecodedBatch): void {
    const { count, ipProtocol, row } = batch;
    const rows = this.#table.u32;
    const u32 = this.#u32;
    let sum = 0;
    for (let i = this.#cursor; i < count; i++) {
      if (ipProtocol[i] !== IP_PROTOCOL.tcp || row[i] === NO_ROW) continue;
      const id = rows[row[i] * ROW_WORDS + ROW_WORD.extra];
      if (id !== 0) sum += u32[(id - 1) * RECORD_WORDS] + u32[(id - 1) * RECORD_WORDS + SIDE_WORDS];
    }
    this.touched = sum;
  }

  /**
   * Most packets have none of SYN, FIN and RST and belong to an established connection, which means that no side has sent
   * a FIN: of what #followAny does, only this applies to them.
   */
  #follow(batch: DecodedBatch, i: number): void {
    const rowWords = 32 satisfies typeof ROW_WORDS;
    const flagsWord = 11 satisfies typeof ROW_WORD.flags;
    const extraWord = 26 satisfies typeof ROW_WORD.extra;
    const stateMask = 15 satisfies typeof STATE_MASK;
    const established = 3 satisfies typeof STATE.established;
    const control = 7 satisfies typeof CONTROL_FLAGS;
    const ack = 16 satisfies typeof TCP_FLAG.ack;
    const headerBytes = 20 satisfies typeof TCP_HEADER_BYTES;
    const recordWords = 32 satisfies typeof RECORD_WORDS;
    const sideWords = 16 satisfies typeof SIDE_WORDS;
    const endWord = 0 satisfies typeof WORD.end;
    const windowWord = 2 satisfies typeof WORD.window;
    const lastSizeWord = 4 satisfies typeof WORD.lastSize;
    const bitsWord = 5 satisfies typeof WORD.bits;
    const seen = 1 satisfies typeof SIDE.seen;
    const sampling = 32 satisfies typeof SIDE.sampling;
    const hole = 128 satisfies typeof SIDE.hole;
    const lastWasSyn = 256 satisfies typeof SIDE.lastWasSyn;
    const scaleMask = 0xff0000 satisfies typeof SCALE_MASK;

    const { octets, halfWords, words } = batch.columns;
    // Where the header is cut off, there is nothing to learn but the ports.
    if (words[TRANSPORT_OFFSET_32 + i] + headerBytes > words[PACKET_END_32 + i]) return;
    const rows = this.#table.u32;
    const row = words[ROW_32 + i];
    const id = rows[row * rowWords + extraWord] - 1;
    const flags = octets[TCP_FLAGS_8 + i];
    if ((rows[row * rowWords + flagsWord] & stateMask) !== established || (flags & control) !== 0 || id < 0) {
      this.#followAny(batch, i, row, id);
      return;
    }
    const u32 = this.#u32;
    const side = id * recordWords + octets[DIRECTION_8 + i] * sideWords;
    const bits = u32[side + bitsWord];
    u32[side + windowWord] = (u32[side + windowWord] & scaleMask) | halfWords[TCP_WINDOW_16 + i] | (flags << 24);
    u32[side + lastSizeWord] = packetSize(batch, i);
    if ((bits & lastWasSyn) !== 0) u32[side + bitsWord] = bits & ~lastWasSyn;
    const length = words[PAYLOAD_LENGTH_32 + i];
    const sequence = words[TCP_SEQUENCE_32 + i];
    const isSampling = (bits & sampling) !== 0;
    if ((bits & seen) === 0 || (length !== 0 && (sequence !== u32[side + endWord] || !isSampling))) {
      this.#noteSequence(batch, i, side);
    } else if (length !== 0) {
      u32[side + endWord] = sequence + length;
    }
    const other = side ^ sideWords;
    if ((flags & ack) === 0 || (u32[other + bitsWord] & (sampling | hole)) === 0) return;
    this.#noteAcknowledgement(batch, i, other);
  }

  #followAny(batch: DecodedBatch, i: number, row: number, known: number): void {
    if (batch.fragment[i] === FRAGMENT.later) return;
    const id = known < 0 ? this.#newRecord() : known;
    if (known < 0) this.#table.u32[row * ROW_WORDS + ROW_WORD.extra] = id + 1;
    const side = id * RECORD_WORDS + batch.direction[i] * SIDE_WORDS;
    const other = side ^ SIDE_WORDS;
    this.#noteHeader(batch, i, side);
    this.#noteSequence(batch, i, side);
    if ((batch.tcpFlags[i] & TCP_FLAG.ack) !== 0) this.#noteAcknowledgement(batch, i, other);
    if (known < 0) this.#noteFirst(batch, i, row);
    this.#noteState(batch, i, row, side, other);
  }

  #newRecord(): number {
    const id = this.#freeHead === 0 ? this.#highWater++ : this.#freeHead - 1;
    const at = id * RECORD_WORDS;
    if (this.#freeHead !== 0) this.#freeHead = this.#u32[at];
    this.#u32.fill(0, at, at + RECORD_WORDS);
    return id;
  }

  /** Window, flags, size; the window scale of a SYN. */
  #noteHeader(batch: DecodedBatch, i: number, side: number): void {
    const u32 = this.#u32;
    const flags = batch.tcpFlags[i];
    const isSyn = (flags & TCP_FLAG.syn) !== 0;
    let scale = (u32[side + WORD.window] >>> 16) & 0xff;
    if (isSyn) {
      const offered = tcpWindowScale(batch.packets.view, batch.transportOffset[i], batch.packetEnd[i]);
      scale = offered < 0 ? NO_SCALE : offered;
      u32[side + WORD.bits] |= SIDE.syn | SIDE.lastWasSyn | ((flags & TCP_FLAG.ack) !== 0 ? SIDE.synAck : 0);
    } else {
      u32[side + WORD.bits] &= ~SIDE.lastWasSyn;
    }
    u32[side + WORD.window] = batch.tcpWindow[i] | (scale << 16) | (flags << 24);
    u32[side + WORD.lastSize] = packetSize(batch, i);
  }

  /** Sequence numbers: what is new, what was sent again, and when a round-trip sample begins. */
  #noteSequence(batch: DecodedBatch, i: number, side: number): void {
    const u32 = this.#u32;
    const flags = batch.tcpFlags[i];
    const sequence = batch.tcpSequence[i];
    const length = batch.payloadLength[i] + ((flags & TCP_FLAG.syn) >>> 1) + (flags & TCP_FLAG.fin);
    const end = (sequence + length) >>> 0;
    if ((u32[side + WORD.bits] & SIDE.seen) === 0) {
      u32[side + WORD.bits] |= SIDE.seen;
      u32[side + WORD.firstSequence] = sequence;
      u32[side + WORD.end] = sequence;
    }
    // A reset may carry any sequence number and even text; it is no data.
    if (length === 0 || (flags & TCP_FLAG.rst) !== 0) return;
    const highest = u32[side + WORD.end];
    if (isBefore(sequence, highest)) this.#noteOldData(batch, i, side, end);
    if (!isBefore(highest, end)) return;
    if (isBefore(highest, sequence)) this.#openHole(side, highest, sequence, batch.time[i]);
    u32[side + WORD.end] = end;
    if ((u32[side + WORD.bits] & SIDE.sampling) === 0) this.#beginSample(side, end, batch.time[i]);
  }

  #beginSample(side: number, end: number, time: number): void {
    this.#u32[side + WORD.bits] |= SIDE.sampling;
    this.#u32[side + WORD.sampleEnd] = end;
    this.#f64[(side >>> 1) + DOUBLE.sampleTime] = time;
  }

  /** Sequence numbers were skipped: lost before us, or reordered. All holes but the oldest are kept as one. */
  #openHole(side: number, begin: number, end: number, time: number): void {
    const u32 = this.#u32;
    const bits = u32[side + WORD.bits];
    const at = side + ((bits & SIDE.hole) === 0 ? WORD.hole : WORD.otherHoles);
    if ((bits & SIDE.otherHoles) === 0) u32[at + HOLE.begin] = begin;
    u32[at + HOLE.end] = end;
    u32[at + HOLE.time] = Math.floor(time * TIME_UNITS) % 2 ** 32;
    u32[side + WORD.bits] |= (bits & SIDE.hole) === 0 ? SIDE.hole : SIDE.otherHoles;
  }

  /** The oldest hole is no more: the others take its place. */
  #closeHole(side: number): void {
    const u32 = this.#u32;
    u32.copyWithin(side + WORD.hole, side + WORD.otherHoles, side + SIDE_WORDS);
    const others = (u32[side + WORD.bits] & SIDE.otherHoles) !== 0;
    u32[side + WORD.bits] &= others ? ~SIDE.otherHoles : ~SIDE.hole;
  }

  /** A segment that begins before the highest end: keep-alive, reordered, or sent again. */
  #noteOldData(batch: DecodedBatch, i: number, side: number, end: number): void {
    const u32 = this.#u32;
    const flags = batch.tcpFlags[i];
    const sequence = batch.tcpSequence[i];
    const highest = u32[side + WORD.end];
    const isBare = (flags & (TCP_FLAG.syn | TCP_FLAG.fin)) === 0;
    // Keep-alives and window probes repeat the last byte (RFC 9293 sections 3.8.4 and 3.8.6.1).
    if (isBare && batch.payloadLength[i] <= 1 && (sequence + 1) >>> 0 === highest) return;
    if (this.#fillsHole(side, sequence, end, batch.time[i])) return;
    const segments = batch.segments[i];
    const old = Math.min((highest - sequence) >>> 0, (end - sequence) >>> 0);
    u32[side + WORD.retransmissions] += Math.ceil((old * segments) / ((end - sequence) >>> 0));
    // Karn: an acknowledgement of what was sent twice says nothing of the round trip.
    if (isBefore(sequence, u32[side + WORD.sampleEnd])) u32[side + WORD.bits] &= ~SIDE.sampling;
  }

  /** True when the segment arrives in a hole so soon that its sender cannot have noticed a loss. */
  #fillsHole(side: number, sequence: number, end: number, time: number): boolean {
    const bits = this.#u32[side + WORD.bits];
    if ((bits & SIDE.hole) === 0) return false;
    const inOldest = this.#isInHole(side + WORD.hole, sequence, end);
    if (!inOldest && ((bits & SIDE.otherHoles) === 0 || !this.#isInHole(side + WORD.otherHoles, sequence, end))) {
      return false;
    }
    const opened = this.#u32[side + (inOldest ? WORD.hole : WORD.otherHoles) + HOLE.time];
    this.#shrinkHole(side, inOldest ? WORD.hole : WORD.otherHoles, sequence, end);
    const open = ((Math.floor(time * TIME_UNITS) % 2 ** 32) - opened) | 0;
    return open < this.#reorderingSeconds(side) * TIME_UNITS;
  }

  #isInHole(hole: number, sequence: number, end: number): boolean {
    return !isBefore(sequence, this.#u32[hole + HOLE.begin]) && !isBefore(this.#u32[hole + HOLE.end], end);
  }

  #shrinkHole(side: number, hole: number, sequence: number, end: number): void {
    const u32 = this.#u32;
    const at = side + hole;
    if (sequence === u32[at + HOLE.begin]) u32[at + HOLE.begin] = end;
    else if (end === u32[at + HOLE.end]) u32[at + HOLE.end] = sequence;
    if (u32[at + HOLE.begin] !== u32[at + HOLE.end]) return;
    if (hole === WORD.hole) this.#closeHole(side);
    else u32[side + WORD.bits] &= ~SIDE.otherHoles;
  }

  /** A retransmission takes a round trip at least. */
  #reorderingSeconds(side: number): number {
    const other = side ^ SIDE_WORDS;
    const both = this.#u32[side + WORD.bits] & this.#u32[other + WORD.bits] & SIDE.rttKnown;
    if (both === 0) return REORDERING_SECONDS;
    return this.#f32[side + WORD.smoothedRtt] + this.#f32[other + WORD.smoothedRtt];
  }

  /** The packet acknowledges what `other` sent. */
  #noteAcknowledgement(batch: DecodedBatch, i: number, other: number): void {
    const u32 = this.#u32;
    const acknowledged = batch.tcpAcknowledgement[i];
    const bits = u32[other + WORD.bits];
    if ((bits & SIDE.fin) !== 0 && !isBefore(acknowledged, u32[other + WORD.finEnd])) {
      u32[other + WORD.bits] |= SIDE.finAcknowledged;
    }
    // What is acknowledged was received, whether it passed here or not.
    if ((bits & SIDE.hole) !== 0 && !isBefore(acknowledged, u32[other + WORD.hole + HOLE.end])) this.#closeHole(other);
    if ((bits & SIDE.sampling) === 0 || isBefore(acknowledged, u32[other + WORD.sampleEnd])) return;
    u32[other + WORD.bits] &= ~SIDE.sampling;
    this.#noteRoundTrip(other, batch.time[i] - this.#f64[(other >>> 1) + DOUBLE.sampleTime]);
  }

  #noteRoundTrip(side: number, seconds: number): void {
    // Capture times may run backwards.
    if (seconds < 0) return;
    const f32 = this.#f32;
    if ((this.#u32[side + WORD.bits] & SIDE.rttKnown) === 0) f32[side + WORD.smoothedRtt] = seconds;
    else f32[side + WORD.smoothedRtt] += (seconds - f32[side + WORD.smoothedRtt]) / 8;
    this.#u32[side + WORD.bits] |= SIDE.rttKnown;
  }

  // --- state ------------------------------------------------------------------------------------------------------

  #noteFirst(batch: DecodedBatch, i: number, row: number): void {
    const flags = batch.tcpFlags[i];
    if ((flags & TCP_FLAG.syn) !== 0) this.#note('opened', row, batch.time[i]);
    if ((flags & (TCP_FLAG.syn | TCP_FLAG.rst)) !== 0) return;
    this.#table.u32[row * ROW_WORDS + ROW_WORD.flags] |= ROW_FLAG.partial;
    this.#note('first-packet', row, batch.time[i]);
  }

  #noteState(batch: DecodedBatch, i: number, row: number, side: number, other: number): void {
    const flags = batch.tcpFlags[i];
    const before = this.#table.stateOf(row);
    if ((flags & TCP_FLAG.rst) !== 0) {
      if (before === STATE.closed) return;
      // A RST is nothing that data could refute, also where an ICMP message came before it.
      this.#forgetUnreachable(side, other);
      this.#table.setState(row, STATE.reset);
      return;
    }
    if ((flags & TCP_FLAG.fin) !== 0) this.#noteFin(batch, i, row, side);
    const after = this.#nextState(before, flags, batch.payloadLength[i], side, other);
    if (after === before) return;
    this.#table.setState(row, after);
  }

  #noteFin(batch: DecodedBatch, i: number, row: number, side: number): void {
    const u32 = this.#u32;
    if ((u32[side + WORD.bits] & SIDE.fin) !== 0) return;
    u32[side + WORD.bits] |= SIDE.fin;
    const syn = (batch.tcpFlags[i] & TCP_FLAG.syn) >>> 1;
    u32[side + WORD.finEnd] = batch.tcpSequence[i] + batch.payloadLength[i] + syn + 1;
    this.#note('fin', row, batch.time[i]);
  }

  #nextState(state: number, flags: number, payload: number, side: number, other: number): number {
    if (state === STATE.closed) return state;
    const here = this.#u32[side + WORD.bits];
    const there = this.#u32[other + WORD.bits];
    const refuted = (here & there & SIDE.unreachable) !== 0 && payload > 0;
    if (state === STATE.reset && !refuted) return isBareSyn(flags) ? STATE.synSent : state;
    if (refuted) this.#forgetUnreachable(side, other);
    if ((here & there & SIDE.fin) !== 0) {
      return (here & there & SIDE.finAcknowledged) !== 0 ? STATE.closed : STATE.closing;
    }
    if (((here | there) & SIDE.fin) !== 0) return STATE.finWait;
    if ((flags & TCP_FLAG.syn) !== 0) return stateAfterSyn(state, flags, there);
    return stateAfterData(state, flags, payload, here);
  }

  /** An ICMP message resets the conversation that it quotes. */
  #followIcmp(batch: DecodedBatch, i: number): void {
    if (!isUnreachable(batch.ipProtocol[i], batch.icmpType[i])) return;
    const key = this.#quotedKey;
    if (!quotedConversation(batch, i, key) || ((key[ROW_WORD.place] >>> 16) & 0xff) !== IP_PROTOCOL.tcp) return;
    const row = this.#table.find(key, 0, hashKey(batch.hashSecret, key, 0));
    if (row < 0) return;
    const at = this.#sideOf(row, 0);
    const state = this.#table.stateOf(row);
    if (at < 0 || state >= STATE.closed) return;
    this.#u32[at + WORD.bits] |= SIDE.unreachable;
    this.#u32[at + SIDE_WORDS + WORD.bits] |= SIDE.unreachable;
    this.#table.setState(row, STATE.reset);
  }

  #forgetUnreachable(side: number, other: number): void {
    this.#u32[side + WORD.bits] &= ~SIDE.unreachable;
    this.#u32[other + WORD.bits] &= ~SIDE.unreachable;
  }

  #note(kind: FactKind, row: number, time: number): void {
    if (this.facts.wanted) this.facts.note(kind, row, time);
  }
}

/** Sequence number order (RFC 9293 section 3.4): true when a comes before b. */
function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

/** The same SYN after a reset: its sender has not taken notice. */
function isBareSyn(flags: number): boolean {
  return (flags & (TCP_FLAG.syn | TCP_FLAG.ack)) === TCP_FLAG.syn;
}

function stateAfterSyn(state: number, flags: number, there: number): number {
  if ((flags & TCP_FLAG.ack) !== 0 || (there & SIDE.syn) !== 0) {
    return state <= STATE.synSent ? STATE.synReceived : state;
  }
  return state === STATE.new ? STATE.synSent : state;
}

/**
 * Without SYN and FIN: the side that sent the SYN acknowledges (or anyone sends data), then the connection stands.
 * A connection that had timed out lives after all.
 */
function stateAfterData(state: number, flags: number, payload: number, here: number): number {
  if (state !== STATE.synSent && state !== STATE.synReceived) {
    return (flags & TCP_FLAG.ack) !== 0 || payload > 0 ? STATE.established : state;
  }
  const acknowledges = (flags & TCP_FLAG.ack) !== 0 && (here & SIDE.syn) !== 0 && (here & SIDE.synAck) === 0;
  return acknowledges || payload > 0 ? STATE.established : state;
}
