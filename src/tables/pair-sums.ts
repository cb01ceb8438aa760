/** What flows carried, summed over pairs and over all of them: straight through memory, once a second. */
import type { COUNTERS } from './pair-counters.ts';
import { type FLOW_DOUBLE, type FLOW_DOUBLES, type FLOW_PAIR, IDLE_BITS, type PairFlows } from './pair-flows.ts';
import { PAIR_WINDOWS } from './pair-grouping.ts';
import { type PairGroups, WINDOW_DOUBLES } from './pair-groups.ts';
import { HISTORY_SLOTS, type PairHistory } from './pair-history.ts';

/** Whole numbers up to here are exact in a slot. */
const LARGEST_EXACT = 2 ** 24;

/** Counters of all flows that there are and were, of both sides. */
export interface FlowSums {
  /** [sent, received]. */
  inPairs: Float64Array;
  /** By endpoint. */
  leftOut: Float64Array;
}

/**
 * The open second of every flow is counted, and goes to the newest slot and to the windows of its pair. Calls `leave`
 * with flows that were silent for all slots. `quantityAt`: what slots count, as a place among counters. Written for V8
 * like ConversationTable.account: see there.
 */
export function closeSlot(
  flows: PairFlows,
  groups: PairGroups,
  history: PairHistory,
  quantityAt: number,
  { inPairs, leftOut }: FlowSums,
  leave: (flow: number) => void,
): void {
  const flowDoubles = 9 satisfies typeof FLOW_DOUBLES;
  const lastSeenOfFlow = 6 satisfies typeof FLOW_DOUBLE.lastSeen;
  const free = 0 satisfies typeof FLOW_PAIR.free;
  const counters = 6 satisfies typeof COUNTERS;
  const windowDoubles = WINDOW_DOUBLES;
  const { f64, counters: counted, slots, pair: pairs, decision, idle, highWater } = flows;
  const { windows, counters: pairCounted, lastSeen } = groups;
  const newest = flows.slotAt(history.head);
  const out2 = flows.slotAt(history.slot(PAIR_WINDOWS[0]));
  const out10 = flows.slotAt(history.slot(PAIR_WINDOWS[1]));
  let sentByAll = 0;
  let receivedByAll = 0;
  let packetsSent = 0;
  let packetsReceived = 0;
  let ipSent = 0;
  let ipReceived = 0;
  let wireSent = 0;
  let wireReceived = 0;
  for (let flow = 0; flow < highWater; flow++) {
    const pair = pairs[flow];
    if (pair === free) continue;
    const line = flow * flowDoubles;
    const ours = decision[flow] & 1;
    // By endpoint until here; ours is the one that sends.
    const sentAt = 2 * flow + ours;
    const receivedAt = sentAt ^ 1;
    // The newest slot still holds what was carried forty slots ago.
    const sentLong = slots[newest + sentAt];
    const receivedLong = slots[newest + receivedAt];
    let sent = 0;
    let received = 0;
    const packets0 = f64[line];
    const packets1 = f64[line + 1];
    const ip0 = f64[line + 2];
    const ip1 = f64[line + 3];
    const wire0 = f64[line + 4];
    const wire1 = f64[line + 5];
    const state = idle[flow];
    const isIdle =
      packets0 === 0 &&
      packets1 === 0 &&
      ip0 === 0 &&
      ip1 === 0 &&
      wire0 === 0 &&
      wire1 === 0 &&
      (state & IDLE_BITS.hasRest) === 0;
    if (isIdle) {
      if ((++idle[flow] & IDLE_BITS.seconds) === HISTORY_SLOTS) leave(flow);
      const ended = sentLong !== 0 || receivedLong !== 0;
      // Most that are silent, as after a scan, change nothing.
      if (!ended && isEmpty(slots, out2 + 2 * flow) && isEmpty(slots, out10 + 2 * flow)) continue;
      slots[newest + sentAt] = 0;
      slots[newest + receivedAt] = 0;
    } else {
      if ((state & IDLE_BITS.seconds) !== 0) idle[flow] = state & ~IDLE_BITS.seconds;
      sent = f64[line + quantityAt + ours];
      received = f64[line + quantityAt + (ours ^ 1)];
      const isLarge = Math.max(Math.abs(sent), Math.abs(received)) > LARGEST_EXACT;
      slots[newest + sentAt] = sent;
      slots[newest + receivedAt] = received;
      if (isLarge || (state & IDLE_BITS.hasRest) !== 0) {
        roundSlots(flows, flow, newest, line + quantityAt);
        sent = slots[newest + sentAt];
        received = slots[newest + receivedAt];
      }
      const to = flow * counters;
      counted[to] += packets0;
      counted[to + 1] += packets1;
      counted[to + 2] += ip0;
      counted[to + 3] += ip1;
      counted[to + 4] += wire0;
      counted[to + 5] += wire1;
      f64[line] = 0;
      f64[line + 1] = 0;
      f64[line + 2] = 0;
      f64[line + 3] = 0;
      f64[line + 4] = 0;
      f64[line + 5] = 0;
      if (pair < 0) {
        addSix(leftOut, packets0, packets1, ip0, ip1, wire0, wire1);
        continue;
      }
      const first = ours === 0;
      const at = (pair - 1) * counters;
      packetsSent += first ? packets0 : packets1;
      packetsReceived += first ? packets1 : packets0;
      ipSent += first ? ip0 : ip1;
      ipReceived += first ? ip1 : ip0;
      wireSent += first ? wire0 : wire1;
      wireReceived += first ? wire1 : wire0;
      pairCounted[at + ours] += packets0;
      pairCounted[at + 1 - ours] += packets1;
      pairCounted[at + 2 + ours] += ip0;
      pairCounted[at + 3 - ours] += ip1;
      pairCounted[at + 4 + ours] += wire0;
      pairCounted[at + 5 - ours] += wire1;
      const seen = f64[line + lastSeenOfFlow];
      if (seen > lastSeen[pair - 1]) lastSeen[pair - 1] = seen;
    }
    if (pair < 0) continue;
    const window = (pair - 1) * windowDoubles;
    windows[window] += sent - slots[out2 + sentAt];
    windows[window + 1] += received - slots[out2 + receivedAt];
    windows[window + 2] += sent - slots[out10 + sentAt];
    windows[window + 3] += received - slots[out10 + receivedAt];
    windows[window + 4] += sent - sentLong;
    windows[window + 5] += received - receivedLong;
    sentByAll += sent;
    receivedByAll += received;
  }
  addSix(inPairs, packetsSent, packetsReceived, ipSent, ipReceived, wireSent, wireReceived);
  history.carried[2 * history.head] = sentByAll;
  history.carried[2 * history.head + 1] = receivedByAll;
}

function addSix(to: Float64Array, a: number, b: number, c: number, d: number, e: number, f: number): void {
  to[0] += a;
  to[1] += b;
  to[2] += c;
  to[3] += d;
  to[4] += e;
  to[5] += f;
}

function isEmpty(slots: Float32Array, at: number): boolean {
  return slots[at] === 0 && slots[at + 1] === 0;
}

/** A slot holds what it can of a large second and of what was left before; the remainder waits for the next one. */
function roundSlots(flows: PairFlows, flow: number, slot: number, line: number): void {
  const { f64, slots, rest, idle } = flows;
  let left = 0;
  for (let endpoint = 0; endpoint < 2; endpoint++) {
    const at = 2 * flow + endpoint;
    const value = f64[line + endpoint] + rest[at];
    slots[slot + at] = value;
    rest[at] = value - slots[slot + at];
    left |= Number(rest[at] !== 0);
  }
  idle[flow] = left === 0 ? idle[flow] & ~IDLE_BITS.hasRest : idle[flow] | IDLE_BITS.hasRest;
}

/** The windows of new pairs, from all slots of their flows. */
export function sumWindows(flows: PairFlows, groups: PairGroups, history: PairHistory): void {
  const { pair, decision, slots, highWater } = flows;
  for (let ago = 0; ago < history.closed; ago++) {
    const begin = flows.slotAt(history.slot(ago));
    for (let flow = 0; flow < highWater; flow++) {
      if (pair[flow] <= 0) continue;
      const sentAt = 2 * flow + (decision[flow] & 1);
      addToWindows(groups.windows, pair[flow] - 1, ago, slots[begin + sentAt], slots[begin + (sentAt ^ 1)]);
    }
  }
}

/** Adds (1) a flow's slots to the windows of its pair and to those of all traffic, or takes them off (-1). */
export function shiftHistory(
  flows: PairFlows,
  groups: PairGroups,
  history: PairHistory,
  flow: number,
  sign: 1 | -1,
): void {
  const { slots } = flows;
  for (let ago = 0; ago < history.closed; ago++) {
    const slot = history.slot(ago);
    const sentAt = 2 * flow + flows.sideOf(flow);
    const sent = sign * slots[flows.slotAt(slot) + sentAt];
    const received = sign * slots[flows.slotAt(slot) + (sentAt ^ 1)];
    history.carried[2 * slot] += sent;
    history.carried[2 * slot + 1] += received;
    addToWindows(groups.windows, flows.pair[flow] - 1, ago, sent, received);
  }
}

/** What a slot closed `ago` slots before the newest adds to the windows of a pair. */
function addToWindows(windows: Float64Array, pair: number, ago: number, sent: number, received: number): void {
  const at = pair * WINDOW_DOUBLES;
  for (let window = 0; window < PAIR_WINDOWS.length; window++) {
    if (ago >= PAIR_WINDOWS[window]) continue;
    windows[at + 2 * window] += sent;
    windows[at + 2 * window + 1] += received;
  }
}
