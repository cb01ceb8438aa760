/**
 * Capture expressions (pcap-filter(7)) applied to batches: one program per link type, compiled when it is first met.
 * Compiling is injected: it needs libpcap, and this room has no system calls.
 */
import type { BpfProgram, CompiledExpression } from '../src/base/bpf-program.ts';
import type { PacketBatch } from '../src/wire/packet-batch.ts';
import { runBpf } from './bpf-interpreter.ts';
import { decodeBpf } from './bpf-program.ts';
import { translateBpf } from './bpf-translator.ts';

/** Answers what the program returns for packet i of a batch: 0 = rejected. */
export type BpfRunner = (batch: PacketBatch, i: number) => number;

/** The fastest runner for a program. Throws when the program is no valid one. */
export function compileBpf(program: BpfProgram): BpfRunner {
  const decoded = decodeBpf(program);
  return translateBpf(decoded) ?? ((batch, i) => runBpf(decoded, batch, i));
}

export class ExpressionFilter {
  /** The expression as the operator wrote it. */
  readonly expression: string;
  readonly #compile: (linkType: number) => BpfProgram;
  readonly #runners = new Map<number, BpfRunner>();
  #lastLinkType = -1;
  #lastRunner: BpfRunner = () => 0;

  /** @param compile gives the program for a LINKTYPE_ number; what it throws goes to the caller of select */
  constructor(expression: string, compile: (linkType: number) => BpfProgram) {
    this.expression = expression;
    this.#compile = compile;
  }

  /** Sets selected[i] to 1 where packet i matches and to 0 where not, for all i < batch.count; returns how many did not. */
  select(batch: PacketBatch, selected: Uint8Array): number {
    const { count } = batch;
    let rejected = 0;
    for (let i = 0; i < count; i++) {
      const accepted = this.accepts(batch, i) ? 1 : 0;
      selected[i] = accepted;
      rejected += 1 - accepted;
    }
    return rejected;
  }

  /** True when packet i of the batch matches. */
  accepts(batch: PacketBatch, i: number): boolean {
    const linkType = batch.linkType[i];
    const runner = linkType === this.#lastLinkType ? this.#lastRunner : this.#switchTo(linkType);
    return runner(batch, i) !== 0;
  }

  #switchTo(linkType: number): BpfRunner {
    const runner = this.#runners.get(linkType) ?? compileBpf(this.#compile(linkType));
    this.#runners.set(linkType, runner);
    this.#lastLinkType = linkType;
    this.#lastRunner = runner;
    return runner;
  }
}

/** BPF_RET of 0: no packet of this link type matches, since the expression has no sense there. */
const REJECT_ALL = new Uint8Array([0x06, 0, 0, 0, 0, 0, 0, 0]);

/** The filter of an expression that was compiled for every link type that may come. */
export function expressionFilter({ text, programs }: CompiledExpression): ExpressionFilter {
  return new ExpressionFilter(text, (linkType) => {
    const program = programs.find((candidate) => candidate.linkType === linkType);
    return { instructions: program?.instructions ?? REJECT_ALL };
  });
}
