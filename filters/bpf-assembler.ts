/**
 * A small assembler of classic BPF (linux/bpf_common.h): instructions in order, jumps forward to labels.
 *
 *   const bpf = new BpfAssembler();
 *   const other = bpf.label();
 *   bpf.loadHalf(12);
 *   bpf.jumpIf('equal', 0x0800, null, other);        null: the next instruction
 *   bpf.returnConstant(262_144);
 *   bpf.place(other);
 *   bpf.returnConstant(0);
 *
 * A conditional jump reaches 255 instructions, "always" reaches everywhere: where a target is further than that, the
 * conditional jump goes to an "always" behind it. How long a program the kernel takes is not asked here.
 */
import type { BpfProgram } from '../src/base/bpf-program.ts';
import {
  ANCILLARY_BASE,
  BPF_ALU,
  BPF_CLASS,
  BPF_JMP,
  BPF_MODE,
  BPF_SIZE,
  BPF_TXA,
  BPF_X,
  INSTRUCTION_BYTES,
} from './bpf-program.ts';

/** What a conditional jump asks of A and its operand, both unsigned. anyBit: A & operand is not 0. */
export type BpfTest = 'equal' | 'greater' | 'atLeast' | 'anyBit';

const TEST_CODES: Readonly<Record<BpfTest, number>> = {
  equal: BPF_JMP.jeq,
  greater: BPF_JMP.jgt,
  atLeast: BPF_JMP.jge,
  anyBit: BPF_JMP.jset,
};

/** A place in the program that jumps can go to; made by BpfAssembler.label. */
export interface BpfLabel {
  /** Step before which it stands, or -1: not placed yet. */
  step: number;
}

/** An instruction with the long jumps behind it, if any. */
interface Step {
  code: number;
  k: number;
  whenTrue: BpfLabel | null;
  whenFalse: BpfLabel | null;
}

/** Furthest instruction behind the next one that a conditional jump reaches. */
const SHORT_JUMP = 255;

const JUMP_ALWAYS = BPF_CLASS.jmp | BPF_JMP.ja;

export class BpfAssembler {
  readonly #steps: Step[] = [];

  /** A label that jumps can name before it is placed. */
  label(): BpfLabel {
    return { step: -1 };
  }

  /** The label stands before the next instruction. */
  place(label: BpfLabel): void {
    label.step = this.#steps.length;
  }

  /** A = 32 bits of the packet. */
  loadWord(at: number): void {
    this.#add(BPF_CLASS.ld | BPF_MODE.abs | BPF_SIZE.word, at);
  }

  /** A = 16 bits of the packet. */
  loadHalf(at: number): void {
    this.#add(BPF_CLASS.ld | BPF_MODE.abs | BPF_SIZE.half, at);
  }

  /** A = 8 bits of the packet. */
  loadByte(at: number): void {
    this.#add(BPF_CLASS.ld | BPF_MODE.abs | BPF_SIZE.byte, at);
  }

  /** A = 32 bits of the packet, X bytes further on. */
  loadWordAtX(at: number): void {
    this.#add(BPF_CLASS.ld | BPF_MODE.ind | BPF_SIZE.word, at);
  }

  /** A = 16 bits of the packet, X bytes further on. */
  loadHalfAtX(at: number): void {
    this.#add(BPF_CLASS.ld | BPF_MODE.ind | BPF_SIZE.half, at);
  }

  /** A = 8 bits of the packet, X bytes further on. */
  loadByteAtX(at: number): void {
    this.#add(BPF_CLASS.ld | BPF_MODE.ind | BPF_SIZE.byte, at);
  }

  /** A = a fact beside the packet, one of ANCILLARY. */
  loadAncillary(which: number): void {
    this.#add(BPF_CLASS.ld | BPF_MODE.abs | BPF_SIZE.word, ANCILLARY_BASE + which);
  }

  /** A = bytes of the whole packet. */
  loadLength(): void {
    this.#add(BPF_CLASS.ld | BPF_MODE.len, 0);
  }

  /** A = A & k. */
  and(k: number): void {
    this.#add(BPF_CLASS.alu | BPF_ALU.and, k);
  }

  /** A = A + k. */
  add(k: number): void {
    this.#add(BPF_CLASS.alu | BPF_ALU.add, k);
  }

  /** A = A + X. */
  addX(): void {
    this.#add(BPF_CLASS.alu | BPF_ALU.add | BPF_X, 0);
  }

  /** A = A >> k, unsigned. */
  shiftRight(k: number): void {
    this.#add(BPF_CLASS.alu | BPF_ALU.rsh, k);
  }

  /** X = A. */
  copyToX(): void {
    this.#add(BPF_CLASS.misc, 0);
  }

  /** A = X. */
  copyFromX(): void {
    this.#add(BPF_CLASS.misc | BPF_TXA, 0);
  }

  /** X = k. */
  setX(k: number): void {
    this.#add(BPF_CLASS.ldx | BPF_MODE.imm, k);
  }

  /** X = bytes of the IPv4 header that begins at `at`, as its first byte says. */
  loadHeaderLengthIntoX(at: number): void {
    this.#add(BPF_CLASS.ldx | BPF_MODE.msh | BPF_SIZE.byte, at);
  }

  /** Goes on at one of two labels; null: at the next instruction. */
  jumpIf(test: BpfTest, k: number, whenTrue: BpfLabel | null, whenFalse: BpfLabel | null): void {
    this.#add(BPF_CLASS.jmp | TEST_CODES[test], k, whenTrue, whenFalse);
  }

  /** jumpIf with X as the operand. */
  jumpIfX(test: BpfTest, whenTrue: BpfLabel | null, whenFalse: BpfLabel | null): void {
    this.#add(BPF_CLASS.jmp | BPF_X | TEST_CODES[test], 0, whenTrue, whenFalse);
  }

  /** Goes on at the label. */
  jump(label: BpfLabel): void {
    this.#add(JUMP_ALWAYS, 0, label);
  }

  /** Ends with the verdict: bytes to keep, 0 = rejected. */
  returnConstant(k: number): void {
    this.#add(BPF_CLASS.ret, k);
  }

  /** The program. Throws where a label was not placed, or before a jump to it (bugs). */
  assemble(): BpfProgram {
    const sizes = this.#sizes();
    const starts = startsOf(sizes);
    const writer = new InstructionWriter(starts[starts.length - 1]);
    for (const [n, step] of this.#steps.entries()) writeStep(writer, step, sizes[n], starts);
    return { instructions: writer.bytes };
  }

  #add(code: number, k: number, whenTrue: BpfLabel | null = null, whenFalse: BpfLabel | null = null): void {
    this.#steps.push({ code, k, whenTrue, whenFalse });
  }

  /** Instructions of each step. A long jump puts targets further off, so this is repeated until nothing grows. */
  #sizes(): Uint8Array {
    const sizes = new Uint8Array(this.#steps.length);
    for (let grown = true; grown; ) {
      const starts = startsOf(sizes);
      grown = false;
      for (const [n, step] of this.#steps.entries()) {
        const size = sizeOf(step, n, starts);
        if (size <= sizes[n]) continue;
        sizes[n] = size;
        grown = true;
      }
    }
    return sizes;
  }
}

/** Where each step starts, and last where the program ends. */
function startsOf(sizes: Uint8Array): Uint32Array {
  const starts = new Uint32Array(sizes.length + 1);
  for (let n = 0; n < sizes.length; n++) starts[n + 1] = starts[n] + sizes[n];
  return starts;
}

function sizeOf({ code, whenTrue, whenFalse }: Step, n: number, starts: Uint32Array): number {
  for (const label of [whenTrue, whenFalse]) {
    if (label !== null && label.step <= n) throw new Error('BPF jump to a label that does not stand further on');
  }
  if (code === JUMP_ALWAYS) return whenTrue?.step === n + 1 ? 0 : 1;
  return 1 + (isFar(whenTrue, starts[n], starts) ? 1 : 0) + (isFar(whenFalse, starts[n], starts) ? 1 : 0);
}

/** Whether a conditional jump at `from` does not reach the label. */
function isFar(label: BpfLabel | null, from: number, starts: Uint32Array): boolean {
  return label !== null && starts[label.step] - from - 1 > SHORT_JUMP;
}

/** A conditional jump is followed by the long jump for true, if it needs one, then by that for false. */
function writeStep(writer: InstructionWriter, step: Step, size: number, starts: Uint32Array): void {
  const { code, k, whenTrue, whenFalse } = step;
  if (size === 0) return;
  const from = writer.length;
  if (code === JUMP_ALWAYS) {
    writer.write(code, 0, 0, targetOf(whenTrue, starts) - from - 1);
    return;
  }
  const jumps = (code & 7) === BPF_CLASS.jmp;
  const far = [whenTrue, whenFalse].filter((label) => isFar(label, from, starts));
  const distance = (label: BpfLabel | null): number => {
    if (!jumps) return 0;
    if (label === null) return size - 1;
    return far.includes(label) ? far.indexOf(label) : targetOf(label, starts) - from - 1;
  };
  writer.write(code, distance(whenTrue), distance(whenFalse), k);
  for (const label of far) writer.write(JUMP_ALWAYS, 0, 0, targetOf(label, starts) - writer.length - 1);
}

function targetOf(label: BpfLabel | null, starts: Uint32Array): number {
  return starts[label?.step ?? 0];
}

/** Lays instructions out as the kernel takes them. */
class InstructionWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  /** Instructions so far. */
  length = 0;

  constructor(instructions: number) {
    this.bytes = new Uint8Array(instructions * INSTRUCTION_BYTES);
    this.#view = new DataView(this.bytes.buffer);
  }

  write(code: number, jumpTrue: number, jumpFalse: number, k: number): void {
    const at = this.length++ * INSTRUCTION_BYTES;
    this.#view.setUint16(at, code, true);
    this.#view.setUint8(at + 2, jumpTrue);
    this.#view.setUint8(at + 3, jumpFalse);
    this.#view.setUint32(at + 4, k >>> 0, true);
  }
}
