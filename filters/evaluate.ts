/**
 * A filter applied to decoded batches: rules in order, the first that matches decides. Rule by rule, not packet by
 * packet: each takes the packets that no earlier rule decided and narrows them matcher by matcher (matchers.ts).
 */
import type { DecodedBatch } from '../src/wire/decoded-batch.ts';
import { BATCH_CAPACITY } from '../src/wire/packet-batch.ts';
import { AS_SENT, BOTH_WAYS, type MatchContext, type Matcher, matchersOf, type NameOfSlot } from './matchers.ts';
import type { PreparedFilter } from './prepared.ts';

interface CompiledRule {
  include: boolean;
  matchers: readonly Matcher[];
  /** What is possible at the beginning: AS_SENT or BOTH_WAYS. */
  ways: number;
}

/** In PacketFilter.decidedBy: the packet was not selected before. */
const UNDECIDED = 0xffff;

export class PacketFilter {
  /** For the status line. */
  readonly text: string;
  /** By packet of the last batch: which rule decided it; the number of rules where none matched. */
  readonly decidedBy = new Uint16Array(BATCH_CAPACITY);
  readonly #rules: readonly CompiledRule[];
  readonly #keepsUnmatched: boolean;
  /** Indexes of packets: which no rule decided yet; which the rule at hand still may match. */
  readonly #undecided = new Uint16Array(BATCH_CAPACITY);
  readonly #candidates = new Uint16Array(BATCH_CAPACITY);
  readonly #ways = new Uint8Array(BATCH_CAPACITY);

  constructor({ text, rules, unmatched, local }: PreparedFilter) {
    this.text = text;
    this.#keepsUnmatched = unmatched === 'keep';
    this.#rules = rules.map((rule) => ({
      include: rule.include,
      matchers: matchersOf(rule, local),
      ways: rule.bothWays ? BOTH_WAYS : AS_SENT,
    }));
  }

  /**
   * Sets batch.selected to 0 where the filter rejects a packet; packets that are not selected any more stay so. Later
   * fragments have had their ports before (FragmentTable.resolve). Returns how many it rejected, in buffers as the source
   * handed them over.
   * @param nameOfSlot name of an interface; asked once for each
   */
  select(batch: DecodedBatch, nameOfSlot: NameOfSlot): number {
    const context: MatchContext = { batch, nameOfSlot, ways: this.#ways };
    let left = this.#begin(batch);
    let rejected = 0;
    for (let r = 0; r < this.#rules.length && left > 0; r++) {
      const rule = this.#rules[r];
      const matching = rule.matchers.length === 0 ? this.#undecided : this.#candidates;
      const count = this.#match(rule, context, left);
      if (count === 0) continue;
      rejected += this.#decide(r, rule.include, batch, matching, count);
      left = count === left ? 0 : this.#withoutDecided(left);
    }
    return rejected + this.#decide(this.#rules.length, this.#keepsUnmatched, batch, this.#undecided, left);
  }

  /** Lists the packets that are to be decided. */
  #begin({ selected, count }: DecodedBatch): number {
    const undecided = this.#undecided;
    let left = 0;
    for (let i = 0; i < count; i++) {
      undecided[left] = i;
      left += selected[i];
    }
    this.decidedBy.fill(UNDECIDED, 0, count);
    return left;
  }

  /** Puts the undecided packets that the rule matches into #candidates (all match a rule without matchers). */
  #match({ matchers, ways }: CompiledRule, context: MatchContext, left: number): number {
    context.ways.fill(ways);
    let from = this.#undecided;
    let count = left;
    for (const matcher of matchers) {
      count = matcher.narrow(context, from, count, this.#candidates);
      if (count === 0) return 0;
      from = this.#candidates;
    }
    return count;
  }

  /** The verdict for the listed packets; returns how many it rejects. */
  #decide(place: number, keeps: boolean, { selected }: DecodedBatch, list: Uint16Array, count: number): number {
    const { decidedBy } = this;
    for (let k = 0; k < count; k++) {
      const i = list[k];
      decidedBy[i] = place;
      if (!keeps) selected[i] = 0;
    }
    return keeps ? 0 : count;
  }

  /** Takes the decided packets out of the list of undecided ones; returns how many are left. */
  #withoutDecided(before: number): number {
    const undecided = this.#undecided;
    const { decidedBy } = this;
    let left = 0;
    for (let k = 0; k < before; k++) {
      const i = undecided[k];
      undecided[left] = i;
      left += decidedBy[i] === UNDECIDED ? 1 : 0;
    }
    return left;
  }
}
