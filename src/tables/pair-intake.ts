/**
 * Rows of the conversation table into flows: differences are added to the flow of each changed row, which a parallel array
 * finds while row and flow belong together. What has no flow is counted here: what is not IP, and what found no room.
 *
 *   links   Uint32Array, one a row of the conversation table: flow + 1. Holds while the flow names that row and its
 *           generation, so rows and flows may be freed and used again without a word to each other
 */
import { NETWORK } from '../wire/decoded-batch.ts';
import { movedMoment } from './clock-step.ts';
import {
  type ChangedRows,
  type ConversationTable,
  type GENERATION_SHIFT,
  ROW_DOUBLE,
  ROW_DOUBLES,
  ROW_WORD,
  ROW_WORDS,
} from './conversation-table.ts';
import { addCounters, COUNTERS } from './pair-counters.ts';
import {
  type FLOW_DOUBLE,
  type FLOW_DOUBLES,
  FLOW_PAIR,
  FLOW_WORD,
  FLOW_WORDS,
  GENERATION_MASK,
  IDLE_BITS,
  type PairFlows,
} from './pair-flows.ts';
import { isFirm, LEFT_OUT, sideOf } from './pair-sides.ts';

/** As PairSides.decide: words[at…] is a conversation's key, `macs` as ROW_WORD.macs; returns a decision (pair-sides.ts). */
export type DecideSide = (words: Uint32Array, at: number, macs: number) => number;

/** Rows whose lines are loaded ahead. */
const TOUCHED_AHEAD = 128;
/** Below, flows stay in the caches: touching ahead costs and gains nothing. */
const TOUCHED_FROM_FLOWS = 2048;

/** Flows by number, each at most once: those that wait for a decision. */
class FlowList {
  readonly flows: Uint32Array;
  count = 0;

  constructor(capacity: number) {
    this.flows = new Uint32Array(capacity);
  }

  push(flow: number): void {
    this.flows[this.count++] = flow;
  }
}

/** COUNTERS of what has no flow. */
class WithoutFlow {
  /** By endpoint. */
  readonly nonIp = new Float64Array(COUNTERS);
  readonly leftOut = new Float64Array(COUNTERS);
  /** [sent, received]: no room, and taken back from flows that are there no more: fragments that moved late. */
  readonly more = new Float64Array(COUNTERS);
  readonly late = new Float64Array(COUNTERS);

  get all(): Float64Array[] {
    return [this.nonIp, this.leftOut, this.more, this.late];
  }

  clear(): void {
    for (const counters of this.all) counters.fill(0);
  }
}

export class PairIntake {
  decide: DecideSide = () => 0;
  /** Flows that were never decided, and flows whose decision may be another by what was learnt of hardware addresses. */
  readonly begun: FlowList;
  readonly doubtful: FlowList;
  /** What has no flow, up to the last closed second, and in the open one. */
  readonly closed = new WithoutFlow();
  readonly open = new WithoutFlow();
  /** No flow carried anything since the last second was closed. */
  isSilent = true;
  /** Begin of the open second. */
  #opened = 0;
  readonly #conversations: ConversationTable;
  readonly #flows: PairFlows;
  readonly #links: Int32Array;
  readonly #difference = new Float64Array(COUNTERS);
  /** Sum of touched words: keeps the touch loop from being optimised away. */
  touched = 0;

  constructor(conversations: ConversationTable, flows: PairFlows) {
    this.#conversations = conversations;
    this.#flows = flows;
    this.#links = new Int32Array(conversations.maximumRows);
    this.begun = new FlowList(flows.capacity);
    this.doubtful = new FlowList(flows.capacity);
  }

  add({ count, rows, before }: ChangedRows): void {
    for (let begin = 0; begin < count; begin += TOUCHED_AHEAD) {
      const end = Math.min(begin + TOUCHED_AHEAD, count);
      if (this.#flows.count >= TOUCHED_FROM_FLOWS) this.#touch(rows, begin, end);
      this.#addRows(rows, before, begin, end);
    }
  }

  /** Hardware addresses as the conversation table knows them now, or as they were last seen. */
  macsOf(flow: number): number {
    const { i32 } = this.#flows;
    const at = flow * FLOW_WORDS;
    const row = i32[at + FLOW_WORD.row] - 1;
    if (row >= 0) {
      const { u32 } = this.#conversations;
      const word = row * ROW_WORDS;
      const isSame = ((u32[word + ROW_WORD.flags] ^ i32[at + FLOW_WORD.generation]) & GENERATION_MASK) === 0;
      if (isSame) i32[at + FLOW_WORD.macs] = u32[word + ROW_WORD.macs];
    }
    return i32[at + FLOW_WORD.macs] >>> 0;
  }

  closeSecond(now: number): void {
    for (const [k, counters] of this.open.all.entries()) addCounters(this.closed.all[k], 0, counters, 0, 0);
    this.open.clear();
    this.isSilent = true;
    this.#opened = now;
  }

  moveMoments(by: number, now: number): void {
    this.#opened = movedMoment(this.#opened, by, now);
  }

  reset(): void {
    this.begun.count = 0;
    this.doubtful.count = 0;
    this.open.clear();
    this.closed.clear();
    this.isSilent = true;
    this.#opened = 0;
  }

  /** Loads what the rows and their flows need before any is used, so that the processor waits for many at once. */
  #touch(rows: Uint32Array, begin: number, end: number): void {
    const rowWords = 32 satisfies typeof ROW_WORDS;
    const flagsWord = 11 satisfies typeof ROW_WORD.flags;
    const macsWord = 27 satisfies typeof ROW_WORD.macs;
    const flowWords = 18 satisfies typeof FLOW_WORDS;
    const lastWord = 16 satisfies typeof FLOW_WORD.macs;
    const links = this.#links;
    const { u32 } = this.#conversations;
    const { i32 } = this.#flows;
    let sum = 0;
    for (let k = begin; k < end; k++) {
      const row = rows[k] | 0;
      sum ^= links[row] ^ u32[row * rowWords + flagsWord] ^ u32[row * rowWords + macsWord];
    }
    for (let k = begin; k < end; k++) {
      // Of a row without a flow: the line of flow 0.
      const flow = Math.max(0, links[rows[k] | 0] - 1);
      sum ^= i32[flow * flowWords] ^ i32[flow * flowWords + lastWord];
    }
    this.touched = sum;
  }

  /** Written for V8 like ConversationTable.account: see there. */
  #addRows(rows: Uint32Array, before: Float64Array, begin: number, end: number): void {
    const rowWords = 32 satisfies typeof ROW_WORDS;
    const rowDoubles = 16 satisfies typeof ROW_DOUBLES;
    const flagsWord = 11 satisfies typeof ROW_WORD.flags;
    const macsWord = 27 satisfies typeof ROW_WORD.macs;
    const packets = 6 satisfies typeof ROW_DOUBLE.packets;
    const lastSeen = 12 satisfies typeof ROW_DOUBLE.lastSeen;
    const flowWords = 18 satisfies typeof FLOW_WORDS;
    const flowDoubles = 9 satisfies typeof FLOW_DOUBLES;
    const flowLastSeen = 6 satisfies typeof FLOW_DOUBLE.lastSeen;
    const rowOfFlow = 14 satisfies typeof FLOW_WORD.row;
    const generationOfFlow = 15 satisfies typeof FLOW_WORD.generation;
    const macsOfFlow = 16 satisfies typeof FLOW_WORD.macs;
    const generation = 10 satisfies typeof GENERATION_SHIFT;
    const counters = 6 satisfies typeof COUNTERS;

    const { u32, f64 } = this.#conversations;
    const { i32: flowI32, f64: flowF64 } = this.#flows;
    const links = this.#links;
    for (let k = begin; k < end; k++) {
      const row = rows[k] | 0;
      const word = row * rowWords;
      const from = k * counters;
      let flow = links[row] - 1;
      if (
        flow < 0 ||
        flowI32[flow * flowWords + rowOfFlow] !== row + 1 ||
        (flowI32[flow * flowWords + generationOfFlow] ^ u32[word + flagsWord]) >>> generation !== 0
      ) {
        flow = this.#flowFor(row, before, from);
        if (flow < 0) continue;
      }
      const now = row * rowDoubles + packets;
      const line = flow * flowDoubles;
      flowF64[line] += f64[now] - before[from];
      flowF64[line + 1] += f64[now + 1] - before[from + 1];
      flowF64[line + 2] += f64[now + 2] - before[from + 2];
      flowF64[line + 3] += f64[now + 3] - before[from + 3];
      flowF64[line + 4] += f64[now + 4] - before[from + 4];
      flowF64[line + 5] += f64[now + 5] - before[from + 5];
      const seen = f64[row * rowDoubles + lastSeen];
      if (seen > flowF64[line + flowLastSeen]) flowF64[line + flowLastSeen] = seen;
      const macs = u32[word + macsWord];
      if ((macs ^ flowI32[flow * flowWords + macsOfFlow]) !== 0) this.#noteMacs(flow, macs);
      this.isSilent = false;
    }
  }

  /** The flow of a row that is not linked to one; -1: what it carried is counted elsewhere. */
  #flowFor(row: number, before: Float64Array, from: number): number {
    const { u32, firstSeen } = this.#conversations;
    const flows = this.#flows;
    const word = row * ROW_WORDS;
    this.#loadDifference(row, before, from);
    if (u32[word + ROW_WORD.place] >>> 24 === NETWORK.other) {
      addCounters(this.open.nonIp, 0, this.#difference, 0, 0);
      return -1;
    }
    const hash = flows.hashOf(u32, word);
    let flow = flows.find(u32, word, hash);
    if (flow < 0) {
      const isTakenBack = this.#difference[0] + this.#difference[1] < 0;
      if (isTakenBack || flows.isFull) {
        this.#addElsewhere(word, isTakenBack);
        return -1;
      }
      const isNew = before[from] + before[from + 1] === 0;
      flow = flows.begin(u32, word, hash, isNew ? firstSeen[row] : Math.max(this.#opened, firstSeen[row]));
      this.begun.push(flow);
    }
    flows.i32[flow * FLOW_WORDS + FLOW_WORD.row] = row + 1;
    flows.i32[flow * FLOW_WORDS + FLOW_WORD.generation] = u32[word + ROW_WORD.flags] & GENERATION_MASK;
    this.#links[row] = flow + 1;
    return flow;
  }

  #loadDifference(row: number, before: Float64Array, from: number): void {
    const { f64 } = this.#conversations;
    const now = row * ROW_DOUBLES + ROW_DOUBLE.packets;
    for (let k = 0; k < COUNTERS; k++) this.#difference[k] = f64[now + k] - before[from + k];
  }

  /** The difference at hand belongs to no flow. */
  #addElsewhere(word: number, isTakenBack: boolean): void {
    const { u32 } = this.#conversations;
    const decision = this.decide(u32, word, u32[word + ROW_WORD.macs]);
    if (decision === LEFT_OUT) {
      addCounters(this.open.leftOut, 0, this.#difference, 0, 0);
      return;
    }
    addCounters(isTakenBack ? this.open.late : this.open.more, 0, this.#difference, 0, sideOf(decision));
    this.isSilent &&= isTakenBack;
  }

  #noteMacs(flow: number, macs: number): void {
    const { i32, pair, idle, decision } = this.#flows;
    i32[flow * FLOW_WORDS + FLOW_WORD.macs] = macs;
    const isListed = pair[flow] === FLOW_PAIR.undecided || (idle[flow] & IDLE_BITS.listed) !== 0;
    if (isListed || isFirm(decision[flow])) return;
    idle[flow] |= IDLE_BITS.listed;
    this.doubtful.push(flow);
  }
}
