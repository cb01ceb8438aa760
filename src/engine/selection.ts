/**
 * Which packets pass: those that the capture expression and the filter both let through. What they leave out is
 * counted here, and by nobody else.
 */
import type { ExpressionFilter } from '../../filters/bpf.ts';
import { PacketFilter } from '../../filters/evaluate.ts';
import type { PreparedFilter } from '../../filters/prepared.ts';
import type { DecodedBatch } from '../wire/decoded-batch.ts';

export class Selection {
  readonly #expression: ExpressionFilter | null;
  readonly #nameOfSlot: (slot: number) => string;
  #filter: PacketFilter | null = null;
  /** Packets left out since start or reset: segments of offloaded buffers. */
  filteredOut = 0;
  /** Packets that had passed, and that had been left out, when the present filter took over. */
  #base = { passed: 0, filteredOut: 0 };

  /** `nameOfSlot` gives the name of the interface that a packet came by. */
  constructor(
    expression: ExpressionFilter | null,
    filter: PreparedFilter | null,
    nameOfSlot: (slot: number) => string,
  ) {
    this.#expression = expression;
    this.#nameOfSlot = nameOfSlot;
    this.setFilter(filter, 0);
  }

  /** False: every packet passes. */
  get isActive(): boolean {
    return this.#expression !== null || this.#filter !== null;
  }

  /** What must hold for a packet to pass, in the operator's words; null: nothing. */
  get text(): string | null {
    const texts = [this.#filter?.text, this.#expression?.expression].filter((text) => text !== undefined);
    return texts.length === 0 ? null : texts.join(' and ');
  }

  /** The next batch is decided by this filter. `passed`: packets that have passed until now. */
  setFilter(filter: PreparedFilter | null, passed: number): void {
    this.#filter = filter === null ? null : new PacketFilter(filter);
    this.#base = { passed, filteredOut: this.filteredOut };
  }

  /** Sets `selected` of a batch in which fragments have their ports and every packet is still selected. */
  select(batch: DecodedBatch): void {
    const { selected, segments, count } = batch;
    const rejected =
      (this.#expression?.select(batch.packets, selected) ?? 0) + (this.#filter?.select(batch, this.#nameOfSlot) ?? 0);
    if (rejected === 0) return;
    for (let i = 0; i < count; i++) if (selected[i] === 0) this.filteredOut += segments[i];
  }

  /** Share of the packets that reached us which the present filter let through; null where there were none. */
  share(passed: number): number | null {
    const passing = passed - this.#base.passed;
    const all = passing + this.filteredOut - this.#base.filteredOut;
    return all === 0 ? null : passing / all;
  }

  /** Counters begin at zero again. */
  reset(): void {
    this.filteredOut = 0;
    this.#base = { passed: 0, filteredOut: 0 };
  }
}
