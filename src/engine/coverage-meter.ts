/**
 * Compares what was counted here with the kernel's counters, once a second: coverage, and under a filter the share of
 * the packets that it lets through.
 *
 *   sample ─► reads the kernel's counters ─► waits for a packet of after that moment, or the next sample ─► compares
 *
 * The ring hands packets over up to 45 ms late, so what was counted is compared when a packet of after the reading came.
 */
import type { InterfaceTable } from '../capture/capture-source.ts';
import type { Totals } from '../tables/totals.ts';
import type { DecodedBatch } from '../wire/decoded-batch.ts';
import { Coverage, type CoverageInput } from './coverage.ts';

export interface CoverageParts {
  /** Kernel's packet counters by interface name, or null (files): then nothing is known. */
  kernelPackets: (() => ReadonlyMap<string, number>) | null;
  /** Seconds since 1970, on the clock of the packets. */
  wallClock(): number;
  interfaces(): InterfaceTable;
  /** What passed, each batch before afterBatch. */
  totals: Totals;
}

export class CoverageMeter {
  readonly #parts: CoverageParts;
  readonly #coverage = new Coverage();
  /** Kernel's counters that wait for the packets of before their moment, and that moment. */
  #awaited: { time: number; counters: ReadonlyMap<string, number> } | null = null;

  constructor(parts: CoverageParts) {
    this.#parts = parts;
  }

  /** Reads the kernel's counters; what still waited is compared now. */
  sample(): void {
    this.#settle(null);
    const counters = this.#parts.kernelPackets?.();
    if (counters !== undefined) this.#awaited = { time: this.#parts.wallClock(), counters };
  }

  /** Compares, if this batch reaches beyond the moment of the kernel's counters. */
  afterBatch(batch: DecodedBatch): void {
    if (this.#awaited !== null && timeOf(batch, batch.count - 1) > this.#awaited.time) this.#settle(batch);
  }

  /** Forgets what was (counters were reset). */
  reset(): void {
    this.#coverage.reset();
    this.#awaited = null;
  }

  /** What counts has changed: compares from this moment on, and with nothing of before. */
  begin(): void {
    this.reset();
    this.sample();
  }

  /** Counted here / counted by the kernel over the last minute, 0 to 1; null where it is not known. */
  value(): number | null {
    return this.#coverage.value();
  }

  /** `batch` was counted already: its packets of after the moment do not belong to it. */
  #settle(batch: DecodedBatch | null): void {
    if (this.#awaited === null) return;
    const { time, counters } = this.#awaited;
    this.#awaited = null;
    const { totals } = this.#parts;
    const captured = new Map<string, number>();
    for (const { slot, name, virtual } of this.#parts.interfaces()) {
      const late = batch === null ? 0 : lateOf(batch, slot, time, virtual);
      const counted = virtual ? totals.buffersOf(slot) : totals.packetsOf(slot);
      captured.set(name, (captured.get(name) ?? 0) + counted - late);
    }
    const inputs: CoverageInput[] = [];
    for (const [name, kernelPackets] of counters) {
      inputs.push({ name, kernelPackets, capturedPackets: captured.get(name) ?? 0 });
    }
    this.#coverage.sample(inputs);
  }
}

function timeOf({ packets }: DecodedBatch, i: number): number {
  return packets.seconds[i] + packets.nanoseconds[i] / 1e9;
}

/** What passed of an interface after a moment: buffers on virtual links, as the kernel counts there, else packets. */
function lateOf(batch: DecodedBatch, slot: number, moment: number, asBuffers: boolean): number {
  const { count, selected, segments } = batch;
  const { interfaceSlot } = batch.packets;
  let late = 0;
  for (let i = count - 1; i >= 0 && timeOf(batch, i) > moment; i--) {
    if (selected[i] !== 0 && interfaceSlot[i] === slot) late += asBuffers ? 1 : segments[i];
  }
  return late;
}
