/**
 * Counts in the kernel what a filter would let through, beside a capture and at next to no cost: one socket with the
 * filter's program, one with everything, both bound as the capture is. Packets are not read, only counted.
 */
import { INSTRUCTION_BYTES, MAXIMUM_INSTRUCTIONS } from '../../filters/bpf-program.ts';
import type { BpfProgram } from '../base/bpf-program.ts';
import { CountingSocket } from '../native/counting-socket.ts';
import { InterfaceQueries } from '../native/interfaces.ts';
import { SystemCallError } from '../native/koffi.ts';
import { composeSocketFilter } from './ring/socket-filter.ts';

/** Nothing is read of a packet, but 0 would reject it. */
const LEAST_SNAPLEN = 1;

export class MatchCounter {
  /** False: the kernel did not take the program, so that everything matches. */
  readonly runsProgram: boolean;
  readonly #all: CountingSocket;
  readonly #matching: CountingSocket;

  /** Begins to count on these interfaces. `program`: null lets everything through. Throws SystemCallError. */
  constructor(interfaces: readonly string[] | 'all', program: BpfProgram | null) {
    const indexes = interfaces === 'all' ? null : indexesOf(interfaces);
    const interfaceIndexes = indexes === null || indexes.length === 1 ? null : indexes;
    const compose = (prefilter: BpfProgram | null): Uint8Array =>
      composeSocketFilter({ snaplen: LEAST_SNAPLEN, interfaceIndexes, prefilter });
    const bound = indexes?.length === 1 ? indexes[0] : 0;
    const all = new CountingSocket(compose(null));
    let matching: CountingSocket | null = null;
    try {
      matching = program === null ? null : tryOpen(compose(program));
      this.runsProgram = matching !== null;
      matching ??= new CountingSocket(compose(null));
      // In this order, and read in the other one: no more match than there are.
      all.bind(bound);
      matching.bind(bound);
    } catch (error) {
      all.close();
      matching?.close();
      throw error;
    }
    this.#all = all;
    this.#matching = matching;
  }

  /** Packets since the beginning, as the kernel hands them over: an offloaded buffer is one. */
  read(): { matched: number; seen: number } {
    const matched = this.#matching.read();
    return { matched, seen: this.#all.read() };
  }

  close(): void {
    this.#all.close();
    this.#matching.close();
  }
}

/** Kernel indexes of the interfaces there are. */
function indexesOf(names: readonly string[]): number[] {
  const queries = new InterfaceQueries();
  try {
    return names.map((name) => queries.index(name)).filter((index) => index !== null);
  } finally {
    queries.close();
  }
}

/** null: the kernel refuses this program. */
function tryOpen(instructions: Uint8Array): CountingSocket | null {
  if (instructions.byteLength > MAXIMUM_INSTRUCTIONS * INSTRUCTION_BYTES) return null;
  try {
    return new CountingSocket(instructions);
  } catch (error) {
    if (error instanceof SystemCallError && (error.code === 'ENOMEM' || error.code === 'EINVAL')) return null;
    throw error;
  }
}
