/**
 * Pairs of hosts: a roll-up of the conversation table. It takes the rows that changed and adds their differences to flows
 * (pair-intake.ts, pair-flows.ts), which a grouping puts together to pairs (pair-groups.ts).
 *
 *   add            per changed row: six counters and the open second of its flow
 *   closeSecond    over all flows once: the open second goes to its slot, windows and counters to the pair
 *   setGrouping    pairs anew from the flows' forty slots; setSides: flows that change sides take their history along
 *
 * Everything that readers see (pair-readers.ts) is of one moment: the end of the last closed second. Always
 *
 *   counters of pairs + gone + more = totals          totals + nonIp + leftOut = what was added
 *   window counts of pairs + moreCounts = those of totals
 *
 * A flow leaves after forty seconds of silence, and the pair with the last of them. Its counters go on when some leave.
 * Under a new grouping they stay with it where that is coarser in every respect; else nobody knows to which pair they
 * belong, and they count among `gone`.
 *
 * Call conversations.handOut() before closeSecond: what was not handed out is of the next second.
 */
import { movedMoment } from './clock-step.ts';
import type { ChangedRows, ConversationTable } from './conversation-table.ts';
import { addCounters, COUNTERS, QUANTITY_AT, showCounters, takeCounters } from './pair-counters.ts';
import { FLOW_DOUBLE, FLOW_DOUBLES, FLOW_PAIR, IDLE_BITS, MOST_FLOWS, PairFlows } from './pair-flows.ts';
import { HOST_GROUPING, type PairGrouping, type PairQuantity, SIDE_REASONS } from './pair-grouping.ts';
import { isCoarser, PairGroups, sameGrouping } from './pair-groups.ts';
import { HISTORY_SLOTS } from './pair-history.ts';
import { type DecideSide, PairIntake } from './pair-intake.ts';
import { RECORD_WORDS } from './pair-keys.ts';
import { PairReaders } from './pair-readers.ts';
import { LEFT_OUT, reasonOf, sideOf } from './pair-sides.ts';
import { closeSlot, type FlowSums, shiftHistory, sumWindows } from './pair-sums.ts';

export type { DecideSide };

export interface PairTableOptions {
  /** What windows and rates count. */
  quantity: PairQuantity;
  /** At most MOST_FLOWS, which is the default. */
  mostFlows?: number;
}

export class PairTable extends PairReaders {
  readonly quantity: PairQuantity;
  protected readonly flows: PairFlows;
  protected groups: PairGroups;
  readonly #intake: PairIntake;
  /** Counters of all flows up to the last closed second, and of pairs that are over. */
  readonly #sums: FlowSums = { inPairs: new Float64Array(COUNTERS), leftOut: new Float64Array(COUNTERS) };
  readonly #gone = new Float64Array(COUNTERS);
  /** Flows have left, pairs may be over. */
  #hasFreed = false;

  constructor(conversations: ConversationTable, { quantity, mostFlows = MOST_FLOWS }: PairTableOptions) {
    super(HOST_GROUPING);
    this.quantity = quantity;
    this.flows = new PairFlows(mostFlows);
    this.groups = new PairGroups(this.flows.capacity, HOST_GROUPING, 0);
    this.#intake = new PairIntake(conversations, this.flows);
  }

  /** Adds what changed: from ConversationTable.closeWindow and its onOverflow. */
  add(changed: ChangedRows): void {
    this.#intake.add(changed);
  }

  /**
   * Ends a second, which lasted `seconds` and ended at `now` (the clock of packets). A longer one without traffic is so
   * many empty seconds; with traffic it is one long slot.
   */
  closeSecond(seconds: number, now: number): void {
    if (!(seconds > 0)) return;
    const intake = this.#intake;
    this.#settle();
    this.now = now;
    const empty = intake.isSilent ? Math.max(1, Math.round(seconds)) : 1;
    for (let k = Math.min(empty, HISTORY_SLOTS); k > 0; k--) this.#closeSlot(seconds / empty);
    this.gone.pairs += this.#collectFree();
    intake.closeSecond(now);
    this.#show();
  }

  /** From now on `decide` says which end is ours; all conversations are decided anew. Pairs that stay keep their ids. */
  setSides(decide: DecideSide): void {
    this.#intake.decide = decide;
    const { pair, highWater } = this.flows;
    for (let flow = 0; flow < highWater; flow++) {
      if (pair[flow] !== FLOW_PAIR.free && pair[flow] !== FLOW_PAIR.undecided) this.#decideAgain(flow);
    }
    this.#intake.doubtful.count = 0;
    this.#collectFree();
    this.#show();
  }

  /** Pairs anew, with the history of their conversations; all ids are new. The same grouping changes nothing. */
  setGrouping(grouping: PairGrouping): void {
    if (sameGrouping(grouping, this.grouping)) return;
    const { flows } = this;
    const fine = this.groups;
    this.groups = new PairGroups(flows.capacity, grouping, fine.begun);
    for (let flow = 0; flow < flows.highWater; flow++) {
      if (flows.pair[flow] <= 0) continue;
      takeCounters(
        fine.counters,
        (flows.pair[flow] - 1) * COUNTERS,
        flows.counters,
        flow * COUNTERS,
        flows.sideOf(flow),
      );
      this.#join(flow);
    }
    sumWindows(flows, this.groups, this.history);
    this.groups.inherit(fine, isCoarser(grouping, this.grouping), this.#gone);
    this.currentGrouping = grouping;
    this.#show();
  }

  /** The clock that stamps packets was set by `by` seconds, and stands at `now`. */
  moveMoments(by: number, now: number): void {
    const { flows, groups } = this;
    this.now = movedMoment(this.now, by, now);
    this.#intake.moveMoments(by, now);
    for (let flow = 0; flow < flows.highWater; flow++) {
      const at = flow * FLOW_DOUBLES + FLOW_DOUBLE.lastSeen;
      flows.f64[at] = movedMoment(flows.f64[at], by, now);
      flows.firstSeen[flow] = movedMoment(flows.firstSeen[flow], by, now);
    }
    for (let pair = 0; pair < groups.highWater; pair++) {
      groups.lastSeen[pair] = movedMoment(groups.lastSeen[pair], by, now);
      groups.firstSeen[pair] = movedMoment(groups.firstSeen[pair], by, now);
    }
  }

  /** Forgets all (with ConversationTable.reset). Sides and grouping stay, and no id comes a second time. */
  reset(): void {
    this.flows.reset();
    this.history.reset();
    this.#intake.reset();
    this.groups = new PairGroups(this.flows.capacity, this.grouping, this.groups.begun);
    for (const counters of [this.#gone, this.#sums.inPairs, this.#sums.leftOut]) counters.fill(0);
    this.gone.pairs = 0;
    this.now = 0;
    this.#show();
  }

  // --- sides ------------------------------------------------------------------------------------------------------

  /** Decides what began, and what has news. */
  #settle(): void {
    const { begun, doubtful } = this.#intake;
    for (let k = 0; k < begun.count; k++) this.#begin(begun.flows[k]);
    begun.count = 0;
    for (let k = 0; k < doubtful.count; k++) this.#decideAgain(doubtful.flows[k]);
    doubtful.count = 0;
    // Pairs that all flows have left for another did not fall silent.
    this.#collectFree();
  }

  #begin(flow: number): void {
    const line = flow * FLOW_DOUBLES;
    // Fragments that went on at once to the conversation they belong to.
    if (this.flows.f64.subarray(line, line + COUNTERS).every((value) => value === 0)) {
      this.flows.free(flow);
      this.#hasFreed = true;
      return;
    }
    this.flows.decision[flow] = this.#decisionOf(flow);
    this.#join(flow);
  }

  #decideAgain(flow: number): void {
    const { flows } = this;
    flows.idle[flow] &= ~IDLE_BITS.listed;
    const decision = this.#decisionOf(flow);
    if (flows.decision[flow] === decision) return;
    this.#leavePair(flow);
    flows.decision[flow] = decision;
    this.#join(flow);
    if (flows.pair[flow] > 0) shiftHistory(flows, this.groups, this.history, flow, 1);
    this.#countIn(flow, addCounters);
  }

  #decisionOf(flow: number): number {
    return this.#intake.decide(this.flows.keys, flow * RECORD_WORDS, this.#intake.macsOf(flow));
  }

  /** Puts a decided flow into its pair, with its counters. */
  #join(flow: number): void {
    const { flows } = this;
    const decision = flows.decision[flow];
    if (decision === LEFT_OUT) {
      flows.pair[flow] = FLOW_PAIR.leftOut;
      return;
    }
    if (this.groups.isFull) this.groups.removeOver(this.#gone);
    const { groups } = this;
    const reason = SIDE_REASONS.indexOf(reasonOf(decision));
    const pair = groups.findOrBegin(flows.keys, flow * RECORD_WORDS, sideOf(decision), flows.firstSeen[flow], reason);
    groups.flows[pair]++;
    groups.lastSeen[pair] = Math.max(groups.lastSeen[pair], flows.f64[flow * FLOW_DOUBLES + FLOW_DOUBLE.lastSeen]);
    addCounters(groups.counters, pair * COUNTERS, flows.counters, flow * COUNTERS, sideOf(decision));
    flows.pair[flow] = pair + 1;
  }

  #leavePair(flow: number): void {
    const { flows, groups } = this;
    this.#countIn(flow, takeCounters);
    this.#hasFreed = true;
    const pair = flows.pair[flow] - 1;
    if (pair < 0) return;
    shiftHistory(flows, groups, this.history, flow, -1);
    takeCounters(groups.counters, pair * COUNTERS, flows.counters, flow * COUNTERS, flows.sideOf(flow));
    groups.flows[pair]--;
    // Where no line is free, the pair that comes in its place would look through all of them for this one.
    if (groups.flows[pair] === 0 && groups.isFull) groups.removeOne(pair, this.#gone);
  }

  /** Adds what a flow carried to the sums of all, or takes it off. */
  #countIn(flow: number, count: typeof addCounters): void {
    const { pair, counters } = this.flows;
    const { inPairs, leftOut } = this.#sums;
    if (pair[flow] > 0) count(inPairs, 0, counters, flow * COUNTERS, this.flows.sideOf(flow));
    else count(leftOut, 0, counters, flow * COUNTERS, 0);
  }

  // --- sums -------------------------------------------------------------------------------------------------------

  #closeSlot(seconds: number): void {
    const { history, flows, groups } = this;
    const { more } = this.#intake.open;
    const quantityAt = QUANTITY_AT[this.quantity];
    history.advance(seconds);
    history.more[2 * history.head] = more[quantityAt];
    history.more[2 * history.head + 1] = more[quantityAt + 1];
    closeSlot(flows, groups, history, quantityAt, this.#sums, this.#leave);
  }

  /** A flow was silent for as long as history reaches; what it carried stays with its pair. */
  readonly #leave = (flow: number): void => {
    const pair = this.flows.pair[flow];
    if (pair > 0) this.groups.flows[pair - 1]--;
    this.flows.free(flow);
    this.#hasFreed = true;
  };

  /** Removes pairs that are over; returns how many. */
  #collectFree(): number {
    if (!this.#hasFreed) return 0;
    this.#hasFreed = false;
    this.flows.collectFree();
    return this.groups.removeOver(this.#gone);
  }

  /** Makes what readers see beside pairs. */
  #show(): void {
    const { closed } = this.#intake;
    const { sums } = this;
    sums.set(this.#sums.inPairs);
    addCounters(sums, 0, closed.late, 0, 0);
    addCounters(sums, 0, closed.more, 0, 0);
    showCounters(this.gone, summed(this.#gone, closed.late));
    showCounters(this.leftOut, summed(this.#sums.leftOut, closed.leftOut));
    showCounters(this.more, closed.more);
    showCounters(this.nonIp, closed.nonIp);
  }
}

function summed(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, k) => value + b[k]);
}
