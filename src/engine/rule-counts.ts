/**
 * Which rule of a filter decides how much of a capture file: for trying a filter out. Packets are read, decoded and
 * judged as a monitor does it.
 */
import { PacketFilter } from '../../filters/evaluate.ts';
import type { PreparedFilter } from '../../filters/prepared.ts';
import type { OperatorErrorFields } from '../base/errors.ts';
import { SavefileSource } from '../capture/savefile/savefile-source.ts';
import { FragmentTable } from '../tables/fragment-table.ts';
import { Decoder } from '../wire/decode.ts';
import { DecodedBatch } from '../wire/decoded-batch.ts';

/** What a rule decided. */
export interface RuleCount {
  packets: number;
  ipBytes: number;
  wireBytes: number;
}

export interface FileCounts {
  /** By rule; last: what no rule matched. */
  counts: RuleCount[];
  /** The file is damaged: what was read until there is counted. */
  damage: OperatorErrorFields | null;
}

/** Rejects with an OperatorError where the file cannot be read at all. */
export async function countByRule(
  path: string,
  filter: PreparedFilter,
  { decapsulate }: { decapsulate: boolean },
): Promise<FileCounts> {
  const source = new SavefileSource({ path, cutEverySeconds: null });
  const decoder = new Decoder({ decapsulate });
  const fragments = new FragmentTable();
  const batch = new DecodedBatch();
  const counter = new RuleCounter(filter);
  let damage: OperatorErrorFields | null = null;
  await new Promise<void>((resolve, reject) => {
    source
      .start({
        onBatch: (packets) => {
          decoder.decode(packets, batch);
          fragments.resolve(batch);
          counter.add(batch, (slot) => source.interfaces[slot]?.name ?? '');
        },
        onFact: (fact) => {
          if ('error' in fact) damage = fact.error;
        },
        onEnd: resolve,
      })
      .catch(reject);
  });
  await source.stop();
  return { counts: counter.counts, damage };
}

class RuleCounter {
  readonly counts: RuleCount[];
  readonly #filter: PacketFilter;

  constructor(filter: PreparedFilter) {
    this.#filter = new PacketFilter(filter);
    this.counts = Array.from({ length: filter.rules.length + 1 }, () => ({ packets: 0, ipBytes: 0, wireBytes: 0 }));
  }

  add(batch: DecodedBatch, nameOfSlot: (slot: number) => string): void {
    this.#filter.select(batch, nameOfSlot);
    const { segments, ipBytes, wireBytes, count } = batch;
    for (let i = 0; i < count; i++) {
      const sum = this.counts[this.#filter.decidedBy[i]];
      sum.packets += segments[i];
      sum.ipBytes += ipBytes[i];
      sum.wireBytes += wireBytes[i];
    }
  }
}
