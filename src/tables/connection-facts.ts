/**
 * What becomes of conversations, for logs: a fact when a TCP connection opens or a side sends its FIN, and exactly one
 * final fact for every conversation, of whatever protocol and however it goes. Kept only while someone wants them, and
 * handed out in pieces; nothing here is done per packet.
 *
 *   fact   128 bytes, as a row of the conversation table, the same memory as Uint32Array and Float64Array
 *     u32  0..10  key, as in the row
 *     u32  11     ROW_FLAG bits | state at that moment | FACT_KINDS index << GENERATION_SHIFT
 *     f64  6..12  counters and last seen, as in the row
 *     u32 26, 27  TCP: packets that endpoint 0, 1 sent again; UNKNOWN: no TCP header of the conversation was seen
 *     f64 14, 15  first seen; time of the fact
 *
 * When is a conversation over? What ended is not quiet at once: last acknowledgements, repeated FINs, a SYN again after a
 * reset, data that refutes an ICMP message. A record with final totals has to wait until nothing comes any more, so it is
 * made by the table's expiry pass, once the row has been silent for long enough (WAIT):
 *
 *   closed, reset     2 s: four repetitions of a FIN (0.2 s, doubled each time) are within that
 *   reset by ICMP     120 s, if both sides had spoken: data that is sent again (RFC 6298 section 2.5: at least once in that
 *                     time) shows that the connection lives, and then it has not ended
 *   TCP without end   its timeout          others   30 s: more than the 25 s at which tunnels say that they are there
 *
 * Whatever comes after that to a connection that was closed or reset is late: it has no record, but is summed up, so that
 * final facts + late = everything accounted. Everything else leaves the index with its record, so that the next packet
 * between the same endpoints begins a conversation of its own; a closed one does after TIME_WAIT_SECONDS, when a packet
 * without a SYN can only belong to a connection whose beginning was not seen.
 */
import {
  CONVERSATION_STATE,
  type ConversationTable,
  type FoldedCounters,
  GENERATION_SHIFT,
  ROW_DOUBLE,
  ROW_DOUBLES,
  ROW_FLAG,
  ROW_WORD,
  ROW_WORDS,
  STATE_MASK,
} from './conversation-table.ts';

/**
 * opened: first packet, a SYN. first-packet: first packet of a connection that was open already. fin: one side sent its
 * FIN. The others are final. fins: both FINs acknowledged. replaced: a new connection began between the same endpoints.
 * rst: RST. unreachable: an ICMP message that quotes it. idle: nothing came for too long. evicted: folded away at the
 * table's cap. still-open: the log ends. forgotten: the operator reset all counters.
 */
export const FACT_KINDS = [
  'opened',
  'first-packet',
  'fin',
  'fins',
  'replaced',
  'rst',
  'unreachable',
  'idle',
  'evicted',
  'still-open',
  'forgotten',
] as const;
export type FactKind = (typeof FACT_KINDS)[number];

/** Words and doubles of a fact, and where it has other things than the row. */
export const FACT_WORDS = ROW_WORDS;
export const FACT_DOUBLES = ROW_DOUBLES;
export const FACT_WORD = { retransmissions: 26 } as const;
export const FACT_DOUBLE = { firstSeen: 14, time: 15 } as const;
export const UNKNOWN = 0xffffffff;

/** Seconds of silence before a final fact. */
const WAIT = { ended: 2, unreachable: 120, other: 30 } as const;
/** As Linux keeps a closed connection (TCP_TIMEWAIT_LEN). */
const TIME_WAIT_SECONDS = 60;

/** Facts that are handed out at a time at most: one megabyte. */
const PIECE_FACTS = 8192;
/** Facts that are not final are refused when so many of any kind wait already: 6.5 s at 10,000 a second. */
const ROOM_FOR_PASSING_FACTS = 65_536;
/** Words of a row that a fact takes over unchanged: key, flags, counters, last seen. */
const COPIED_WORDS = 26;

/** What of the TCP tracker is needed. */
export interface EndedConnections {
  /** Packets sent again by endpoint `side`; NaN where nothing of TCP was seen. */
  retransmissions(row: number, side: number): number;
  /** Both sides sent a FIN that was acknowledged. */
  endedByFins(row: number): boolean;
  /** It was reset by an ICMP message, which data may still refute. */
  mayLiveOn(row: number): boolean;
  /** It was reset by an ICMP message. */
  wasUnreachable(row: number): boolean;
}

/** Sums of a log from its beginning to one moment: recorded + unrecorded + late = accounted. */
export interface LogSums {
  /** Final facts that were handed out, or will be. */
  recorded: FoldedCounters;
  /** Final facts that found no room. */
  unrecorded: FoldedCounters;
  /** What came after the final fact of its conversation. `conversations` is 0: they are counted where they ended. */
  late: FoldedCounters;
  /** Everything accounted, by the table's own counters. */
  accounted: FoldedCounters;
}

/** A piece of what happened, oldest first. */
export interface FactPiece {
  /** FACT_DOUBLES a fact. */
  facts: Float64Array;
  /** More is waiting. */
  more: boolean;
  /** Facts of any kind that found no room since the last piece. */
  lost: number;
  /** The sums at this very moment, with the last piece of all; else null. */
  sums: LogSums | null;
}

export class ConnectionFacts {
  readonly #table: ConversationTable;
  readonly #tcp: EndedConnections;
  /**
   * At most so many wait: as many as the table has rows, all of which may go at once (counters reset), and what comes
   * meanwhile. Memory is taken as it is needed, 128 bytes a fact.
   */
  readonly #capacity: number;
  /** Pieces that are full, oldest first; the one that is being filled, and how many facts it has. */
  #full: Float64Array[] = [];
  #open = new Float64Array(0);
  #count = 0;
  #wanted = false;
  #lost = 0;
  #cursor = 0;
  #recorded = noCounters();
  #unrecorded = noCounters();
  /** Of rows with a final fact: what they had when they went, less what they had in the fact. Those that live are missing. */
  #late = noCounters();
  /** What was accounted in the table before the log began; what was, when the operator reset the counters. */
  #before = noCounters();
  #forgotten = noCounters();

  constructor(table: ConversationTable, tcp: EndedConnections) {
    this.#table = table;
    this.#tcp = tcp;
    this.#capacity = table.maximumRows + ROOM_FOR_PASSING_FACTS;
  }

  /** True while facts are kept. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Begins to keep facts. Conversations that are over already are none of them; those that live are, as a whole. */
  start(): void {
    const { u32, evicted, removed } = this.#table;
    this.#clear();
    this.#wanted = true;
    addCounters(this.#before, evicted, 1);
    addCounters(this.#before, removed, 1);
    this.#forEachRow((row) => {
      const flags = row * ROW_WORDS + ROW_WORD.flags;
      u32[flags] &= ~ROW_FLAG.recorded;
      if (!isOver(u32[flags])) return;
      u32[flags] |= ROW_FLAG.recorded;
      this.#addRow(this.#before, row, 1);
      this.#addRow(this.#late, row, -1);
    });
  }

  /** Forgets all facts and keeps no more. */
  stop(): void {
    this.#clear();
    this.#wanted = false;
  }

  /** A fact that is not final. Ask `wanted` before. */
  note(kind: FactKind, row: number, time: number): void {
    if (this.#waiting() < ROOM_FOR_PASSING_FACTS) this.#write(kind, row, time, this.#stateOf(row));
    else this.#lost++;
  }

  /**
   * An expiry pass finds that a conversation is over, its state being `state`: its final fact, if it is time. False: the
   * row must stay, its record is not made yet.
   */
  settle(row: number, state: number, now: number): boolean {
    const table = this.#table;
    const flags = table.u32[row * ROW_WORDS + ROW_WORD.flags];
    const silent = now - table.f64[row * ROW_DOUBLES + ROW_DOUBLE.lastSeen];
    const isRetired = (flags & ROW_FLAG.retired) !== 0;
    if ((flags & ROW_FLAG.recorded) !== 0) {
      if (!isRetired && silent > TIME_WAIT_SECONDS) table.retire(row);
      return true;
    }
    if (silent < this.#wait(row, state)) return false;
    const mayGoOn = state !== CONVERSATION_STATE.closed && !this.#isPlainReset(row, state);
    this.#end(this.#kindOf(row, state, 'idle'), row, now, state);
    if (mayGoOn && !isRetired) table.retire(row);
    return true;
  }

  /** A row is about to be freed: its final fact, if it had none. `kind` says why it goes, where nothing ended it. */
  gone(row: number, kind: FactKind, now: number): void {
    if (!this.#wanted) return;
    const flags = this.#table.u32[row * ROW_WORDS + ROW_WORD.flags];
    const state = this.#table.stateAt(row, now, Number.POSITIVE_INFINITY);
    if ((flags & ROW_FLAG.recorded) === 0) this.#end(this.#kindOf(row, state, kind), row, now, state);
    this.#addRow(this.#late, row, 1);
  }

  /** The table is about to be emptied and all its counters with it. */
  forget(now: number): void {
    if (!this.#wanted) return;
    addCounters(this.#forgotten, this.#accountedInTable(), 1);
    addCounters(this.#forgotten, this.#before, -1);
    this.#before = noCounters();
    this.#forEachRow((row) => this.gone(row, 'forgotten', now));
  }

  /**
   * Hands out the oldest facts and forgets them. `final`: the log ends; when all facts are out, the conversations that are
   * still open follow. With the last of them come the sums, all of one moment, and no more facts are kept.
   */
  take(final: boolean, now: number): FactPiece {
    const isWhole = final && this.#full.length === 0 && this.#recordRest(now);
    const facts = this.#full.shift() ?? this.#takeOpen();
    const lost = this.#lost;
    this.#lost = 0;
    if (!isWhole) return { facts, more: final || this.#waiting() > 0, lost, sums: null };
    const sums = this.#sums();
    this.stop();
    return { facts, more: false, lost, sums };
  }

  #takeOpen(): Float64Array {
    const facts = this.#open.slice(0, this.#count * FACT_DOUBLES);
    this.#count = 0;
    return facts;
  }

  // --- facts ------------------------------------------------------------------------------------------------------

  #wait(row: number, state: number): number {
    if (state === CONVERSATION_STATE.timedOut) return 0;
    if (state === CONVERSATION_STATE.idle) return WAIT.other;
    const mayLiveOn = state === CONVERSATION_STATE.reset && this.#tcp.mayLiveOn(row);
    return mayLiveOn ? WAIT.unreachable : WAIT.ended;
  }

  #isPlainReset(row: number, state: number): boolean {
    return state === CONVERSATION_STATE.reset && !this.#tcp.mayLiveOn(row);
  }

  #kindOf(row: number, state: number, otherwise: FactKind): FactKind {
    if (state === CONVERSATION_STATE.closed) return this.#tcp.endedByFins(row) ? 'fins' : 'replaced';
    if (state === CONVERSATION_STATE.reset) return this.#tcp.wasUnreachable(row) ? 'unreachable' : 'rst';
    return state === CONVERSATION_STATE.timedOut ? 'idle' : otherwise;
  }

  /** The final fact of a row. What ended by a packet ended with its last one: nothing came while we waited. */
  #end(kind: FactKind, row: number, now: number, state: number): void {
    const table = this.#table;
    table.u32[row * ROW_WORDS + ROW_WORD.flags] |= ROW_FLAG.recorded;
    const hasRoom = this.#waiting() < this.#capacity;
    const lastSeen = table.f64[row * ROW_DOUBLES + ROW_DOUBLE.lastSeen];
    const endedByPacket = state === CONVERSATION_STATE.closed || state === CONVERSATION_STATE.reset;
    if (hasRoom) this.#write(kind, row, endedByPacket ? lastSeen : Math.max(now, lastSeen), state);
    else this.#lost++;
    this.#addRow(hasRoom ? this.#recorded : this.#unrecorded, row, 1);
    this.#addRow(this.#late, row, -1);
  }

  #write(kind: FactKind, row: number, time: number, state: number): void {
    if (this.#count === PIECE_FACTS) {
      this.#full.push(this.#open);
      this.#open = new Float64Array(0);
    }
    if (this.#open.length === 0) {
      this.#open = new Float64Array(PIECE_FACTS * FACT_DOUBLES);
      this.#count = 0;
    }
    const k = this.#count++;
    const { u32, firstSeen } = this.#table;
    const f64 = this.#open;
    // Copied as words: a double that happens to be a NaN need not keep its bits.
    const words = new Uint32Array(f64.buffer, k * FACT_DOUBLES * 8, FACT_WORDS);
    const from = row * ROW_WORDS;
    for (let w = 0; w < COPIED_WORDS; w++) words[w] = u32[from + w];
    const flags = words[ROW_WORD.flags] & ((1 << GENERATION_SHIFT) - 1) & ~STATE_MASK;
    words[ROW_WORD.flags] = flags | state | (FACT_KINDS.indexOf(kind) << GENERATION_SHIFT);
    for (let side = 0; side < 2; side++) {
      const count = this.#tcp.retransmissions(row, side);
      words[FACT_WORD.retransmissions + side] = Number.isNaN(count) ? UNKNOWN : count;
    }
    f64[k * FACT_DOUBLES + FACT_DOUBLE.firstSeen] = firstSeen[row];
    f64[k * FACT_DOUBLES + FACT_DOUBLE.time] = time;
  }

  /** The final facts of rows that have none, as far as a piece goes; true: no row is left without. */
  #recordRest(now: number): boolean {
    const table = this.#table;
    const { u32, highWater } = table;
    for (let n = 0; n < highWater; n++) {
      if (this.#count === PIECE_FACTS) return false;
      if (this.#cursor >= highWater) this.#cursor = 0;
      const row = this.#cursor++;
      const flags = u32[row * ROW_WORDS + ROW_WORD.flags];
      if ((flags & (ROW_FLAG.live | ROW_FLAG.recorded)) !== ROW_FLAG.live) continue;
      const state = table.stateAt(row, now, Number.POSITIVE_INFINITY);
      this.#end(this.#kindOf(row, state, 'still-open'), row, now, state);
    }
    return true;
  }

  #stateOf(row: number): number {
    return this.#table.u32[row * ROW_WORDS + ROW_WORD.flags] & STATE_MASK;
  }

  #waiting(): number {
    return this.#full.length * PIECE_FACTS + this.#count;
  }

  #clear(): void {
    this.#full = [];
    this.#open = new Float64Array(0);
    this.#count = 0;
    this.#lost = 0;
    this.#cursor = 0;
    this.#recorded = noCounters();
    this.#unrecorded = noCounters();
    this.#late = noCounters();
    this.#before = noCounters();
    this.#forgotten = noCounters();
  }

  // --- sums -------------------------------------------------------------------------------------------------------

  #sums(): LogSums {
    const { u32 } = this.#table;
    const late = { ...this.#late };
    this.#forEachRow((row) => {
      if ((u32[row * ROW_WORDS + ROW_WORD.flags] & ROW_FLAG.recorded) !== 0) this.#addRow(late, row, 1);
    });
    const accounted = this.#accountedInTable();
    addCounters(accounted, this.#before, -1);
    addCounters(accounted, this.#forgotten, 1);
    return { recorded: this.#recorded, unrecorded: this.#unrecorded, late: { ...late, conversations: 0 }, accounted };
  }

  #accountedInTable(): FoldedCounters {
    const { evicted, removed } = this.#table;
    const sum = { ...evicted };
    addCounters(sum, removed, 1);
    this.#forEachRow((row) => this.#addRow(sum, row, 1));
    return sum;
  }

  #forEachRow(visit: (row: number) => void): void {
    const table = this.#table;
    for (let row = 0; row < table.highWater; row++) if (table.isLive(row)) visit(row);
  }

  #addRow(sum: FoldedCounters, row: number, times: 1 | -1): void {
    const { f64 } = this.#table;
    const at = row * ROW_DOUBLES;
    sum.conversations += times;
    sum.packets += times * (f64[at + ROW_DOUBLE.packets] + f64[at + ROW_DOUBLE.packets + 1]);
    sum.ipBytes += times * (f64[at + ROW_DOUBLE.ipBytes] + f64[at + ROW_DOUBLE.ipBytes + 1]);
    sum.wireBytes += times * (f64[at + ROW_DOUBLE.wireBytes] + f64[at + ROW_DOUBLE.wireBytes + 1]);
  }
}

/** Closed, reset or timed out. */
function isOver(flags: number): boolean {
  const state = flags & STATE_MASK;
  return state >= CONVERSATION_STATE.closed && state <= CONVERSATION_STATE.timedOut;
}

function noCounters(): FoldedCounters {
  return { conversations: 0, packets: 0, ipBytes: 0, wireBytes: 0 };
}

function addCounters(sum: FoldedCounters, added: FoldedCounters, times: 1 | -1): void {
  sum.conversations += times * added.conversations;
  sum.packets += times * added.packets;
  sum.ipBytes += times * added.ipBytes;
  sum.wireBytes += times * added.wireBytes;
}
