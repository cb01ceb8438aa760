/**
 * What happened to TCP connections, for logs: a bounded ring of facts with a copy of the conversation's row as it was.
 * Filled only while someone wants it; when it is full, further facts are counted as lost, never waited for.
 *
 *   event  Uint8Array    index into CONNECTION_EVENTS
 *   id     Float64Array  ConversationTable.idOf
 *   time   Float64Array  packet time of the fact; firstSeen likewise
 *   rows   128 bytes a fact, layout of the conversation table's row
 */
import { type ConversationTable, ROW_DOUBLES, ROW_WORDS } from './conversation-table.ts';

/**
 * opened: first packet, a SYN. first-packet: first packet of a connection that was open already. fin: one side sent its
 * FIN. closed: both FINs acknowledged. reset: RST, or an ICMP unreachable that quotes it. timed-out: idle for too long.
 */
export const CONNECTION_EVENTS = ['opened', 'first-packet', 'fin', 'closed', 'reset', 'timed-out'] as const;
export type ConnectionEvent = (typeof CONNECTION_EVENTS)[number];

/** One fact. Borrowed: `u32` and `f64` are the row's words and doubles, valid during the call. */
export interface ConnectionFact {
  event: ConnectionEvent;
  id: number;
  /** Seconds since 1970: of the fact, and of the conversation's first packet. */
  time: number;
  firstSeen: number;
  u32: Uint32Array;
  f64: Float64Array;
}

const CAPACITY = 8192;

export class ConnectionFacts {
  /** Facts that found the ring full. */
  lost = 0;
  #event = new Uint8Array(0);
  #id = new Float64Array(0);
  #time = new Float64Array(0);
  #firstSeen = new Float64Array(0);
  #rows = new Float64Array(0);
  #count = 0;
  #wanted = false;

  /** True while facts are kept. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Begins to keep facts. */
  start(): void {
    this.#wanted = true;
    this.#event = new Uint8Array(CAPACITY);
    this.#id = new Float64Array(CAPACITY);
    this.#time = new Float64Array(CAPACITY);
    this.#firstSeen = new Float64Array(CAPACITY);
    this.#rows = new Float64Array(CAPACITY * ROW_DOUBLES);
  }

  /** Forgets all facts and keeps no more. */
  stop(): void {
    this.#wanted = false;
    this.#count = 0;
    this.#rows = new Float64Array(0);
  }

  record(event: ConnectionEvent, table: ConversationTable, row: number, time: number): void {
    if (!this.#wanted) return;
    if (this.#count === CAPACITY) {
      this.lost++;
      return;
    }
    const k = this.#count++;
    this.#event[k] = CONNECTION_EVENTS.indexOf(event);
    this.#id[k] = table.idOf(row);
    this.#time[k] = time;
    this.#firstSeen[k] = table.firstSeen[row];
    // Copied as words: a double that happens to be a NaN need not keep its bits.
    const words = new Uint32Array(this.#rows.buffer, k * ROW_DOUBLES * 8, ROW_WORDS);
    for (let w = 0; w < ROW_WORDS; w++) words[w] = table.u32[row * ROW_WORDS + w];
  }

  /** Hands out the facts since the last time, oldest first, and forgets them. */
  drain(visit: (fact: ConnectionFact) => void): void {
    const count = this.#count;
    this.#count = 0;
    for (let k = 0; k < count; k++) {
      const f64 = this.#rows.slice(k * ROW_DOUBLES, (k + 1) * ROW_DOUBLES);
      visit({
        event: CONNECTION_EVENTS[this.#event[k]],
        id: this.#id[k],
        time: this.#time[k],
        firstSeen: this.#firstSeen[k],
        u32: new Uint32Array(f64.buffer),
        f64,
      });
    }
  }
}
