/**
 * Capture expressions (pcap-filter(7)) applied to batches: one program per link type, compiled when it is first met.
 * Compiling is injected: it needs libpcap, and this room has no system calls.
 */
import type { BpfProgram } from '../src/base/bpf-program.ts';
import type { PacketBatch } from '../src/wire/packet-batch.ts';
import { runBpf } from './bpf-interpreter.ts';
import type { DecodedBpf } from './bpf-program.ts';
import {
  ANCILLARY,
  ANCILLARY_BASE,
  BPF_A,
  BPF_CLASS,
  BPF_JMP,
  BPF_MODE,
  decodeBpf,
  fitsKernel,
} from './bpf-program.ts';
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
    const { linkType, count } = batch;
    let runner = this.#lastRunner;
    let rejected = 0;
    for (let i = 0; i < count; i++) {
      if (linkType[i] !== this.#lastLinkType) runner = this.#switchTo(linkType[i]);
      const accepted = runner(batch, i) === 0 ? 0 : 1;
      selected[i] = accepted;
      rejected += 1 - accepted;
    }
    return rejected;
  }

  #switchTo(linkType: number): BpfRunner {
    const runner = this.#runners.get(linkType) ?? compileBpf(this.#compile(linkType));
    this.#runners.set(linkType, runner);
    this.#lastLinkType = linkType;
    this.#lastRunner = runner;
    return runner;
  }
}

/** Return value of "all of it", where the program itself has no other: libpcap's largest snapshot length. */
const WHOLE_PACKET = 262_144;

/**
 * What the kernel may run in front of us: accepts every packet that the program accepts in user space, and more.
 * null where the kernel would refuse it (longer than 4,096 instructions, or a loop). The program sees frames with their VLAN tag in place; the kernel stripped it, so packets with a tag beside them pass.
 * @param hardwareType ARPHRD_ number the program was compiled for, where packets of others come too (they pass), or null
 */
export function prefilterProgram(program: BpfProgram, hardwareType: number | null = null): BpfProgram | null {
  const decoded = decodeBpf(program);
  const accept = acceptValue(decoded);
  const guards = [
    [BPF_CLASS.ld | BPF_MODE.abs, 0, 0, ANCILLARY_BASE + ANCILLARY.vlanTagPresent],
    [BPF_CLASS.jmp | BPF_JMP.jeq, 1, 0, 0],
    [BPF_CLASS.ret, 0, 0, accept],
  ];
  if (hardwareType !== null) {
    guards.push(
      [BPF_CLASS.ld | BPF_MODE.abs, 0, 0, ANCILLARY_BASE + ANCILLARY.hardwareType],
      [BPF_CLASS.jmp | BPF_JMP.jeq, 1, 0, hardwareType],
      [BPF_CLASS.ret, 0, 0, accept],
    );
  }
  if (!fitsKernel({ ...decoded, length: decoded.length + guards.length })) return null;
  const instructions = new Uint8Array(guards.length * 8 + program.instructions.length);
  const view = new DataView(instructions.buffer);
  for (const [n, [code, whenTrue, whenFalse, k]] of guards.entries()) {
    view.setUint16(n * 8, code, true);
    view.setUint8(n * 8 + 2, whenTrue);
    view.setUint8(n * 8 + 3, whenFalse);
    view.setUint32(n * 8 + 4, k, true);
  }
  instructions.set(program.instructions, guards.length * 8);
  return { instructions };
}

/** The largest number that the program returns: its snapshot length. */
function acceptValue({ words, length }: DecodedBpf): number {
  let largest = 0;
  for (let n = 0; n < length; n++) {
    const code = words[n * 4];
    if ((code & 7) === BPF_CLASS.ret && (code & BPF_A) === 0) largest = Math.max(largest, words[n * 4 + 3]);
  }
  return largest === 0 ? WHOLE_PACKET : largest;
}
