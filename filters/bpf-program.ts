/**
 * Classic BPF programs taken apart and checked: whatever passes here reads no memory but the packet's and answers a
 * number. Opcodes as in linux/bpf_common.h; the checks are those of the kernel's bpf_check_classic, but for one: libpcap
 * compiles `protochain` to a loop, which the kernel refuses and libpcap's own interpreter runs. So do we, within a limit.
 *
 *   words[4 * n …]  code · jt · jf · k of instruction n
 */
import type { BpfProgram } from '../src/base/bpf-program.ts';

/** Instruction classes (code & 7). */
export const BPF_CLASS = { ld: 0, ldx: 1, st: 2, stx: 3, alu: 4, jmp: 5, ret: 6, misc: 7 } as const;

/** Sizes of a load (code & 0x18). */
export const BPF_SIZE = { word: 0x00, half: 0x08, byte: 0x10 } as const;

/** Modes of a load (code & 0xe0). */
export const BPF_MODE = { imm: 0x00, abs: 0x20, ind: 0x40, mem: 0x60, len: 0x80, msh: 0xa0 } as const;

/** Operations of BPF_CLASS.alu (code & 0xf0). */
export const BPF_ALU = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  div: 0x30,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  neg: 0x80,
  mod: 0x90,
  xor: 0xa0,
} as const;

/** Operations of BPF_CLASS.jmp (code & 0xf0). */
export const BPF_JMP = { ja: 0x00, jeq: 0x10, jgt: 0x20, jge: 0x30, jset: 0x40 } as const;

/** Bit of alu and jmp: the operand is X and not k. */
export const BPF_X = 0x08;
/** Bits of ret: the value is A. */
export const BPF_A = 0x10;
/** Bit of misc: TXA; without it TAX. */
export const BPF_TXA = 0x80;

/** Absolute loads from here on are ancillary: facts beside the packet (SKF_AD_OFF of linux/filter.h, as unsigned). */
export const ANCILLARY_BASE = 0xffff_f000;

/** Ancillary facts that a batch has, or that are 0 for everything that was captured. */
export const ANCILLARY = {
  protocol: 0,
  packetType: 4,
  interfaceIndex: 8,
  mark: 20,
  queue: 24,
  hardwareType: 28,
  rxHash: 32,
  cpu: 36,
  vlanTag: 44,
  vlanTagPresent: 48,
  vlanTpid: 60,
} as const;

const KNOWN_ANCILLARY: ReadonlySet<number> = new Set(Object.values(ANCILLARY));
const VLAN_ANCILLARY: ReadonlySet<number> = new Set([ANCILLARY.vlanTag, ANCILLARY.vlanTagPresent, ANCILLARY.vlanTpid]);

export const MEMORY_SLOTS = 16;

/** BPF_MAXINSNS: longer programs are refused by the kernel. */
export const MAXIMUM_INSTRUCTIONS = 4096;

/** Largest program that is run in user space: a long list of hosts is a program of several instructions each. */
const MAXIMUM_USER_INSTRUCTIONS = 1_000_000;

/** Bytes of an instruction: u16 code, u8 jump if true, u8 jump if false, u32 k. */
export const INSTRUCTION_BYTES = 8;

export interface DecodedBpf {
  words: Uint32Array;
  /** Instructions. */
  length: number;
  /**
   * True where the program asks for the tag beside the packet: it was compiled for frames whose tag was stripped, and runs
   * on the frame as it is. All others run on the frame with its tag put back.
   */
  usesStrippedTag: boolean;
  /** True where an instruction jumps back. */
  loops: boolean;
}

/** Takes a program apart; throws when it breaks a rule (a bug: libpcap compiled it, or it came over our own channel). */
export function decodeBpf(program: BpfProgram): DecodedBpf {
  const { instructions } = program;
  const view = new DataView(instructions.buffer, instructions.byteOffset, instructions.byteLength);
  const length = instructions.byteLength / INSTRUCTION_BYTES;
  if (!Number.isInteger(length) || length === 0 || length > MAXIMUM_USER_INSTRUCTIONS) {
    throw new Error(`BPF program of ${instructions.byteLength} bytes`);
  }
  const words = new Uint32Array(length * 4);
  let usesStrippedTag = false;
  let loops = false;
  for (let n = 0; n < length; n++) {
    const at = n * INSTRUCTION_BYTES;
    words[n * 4] = view.getUint16(at, true);
    words[n * 4 + 1] = view.getUint8(at + 2);
    words[n * 4 + 2] = view.getUint8(at + 3);
    words[n * 4 + 3] = view.getUint32(at + 4, true);
    const problem = problemOf(words, n, length);
    if (problem !== null) throw new Error(`BPF instruction ${n}: ${problem}`);
    usesStrippedTag ||= isAncillary(words, n) && VLAN_ANCILLARY.has(words[n * 4 + 3] - ANCILLARY_BASE);
    loops ||= words[n * 4] === BPF_CLASS.jmp && (words[n * 4 + 3] | 0) < 0;
  }
  if ((words[(length - 1) * 4] & 7) !== BPF_CLASS.ret) throw new Error('BPF program does not end with ret');
  return { words, length, usesStrippedTag, loops };
}

/** True for an absolute load of a fact beside the packet. */
export function isAncillary(words: Uint32Array, n: number): boolean {
  const code = words[n * 4];
  return (code & 7) === BPF_CLASS.ld && (code & 0xe0) === BPF_MODE.abs && words[n * 4 + 3] >= ANCILLARY_BASE;
}

/** What is wrong with instruction n, or null. */
function problemOf(words: Uint32Array, n: number, length: number): string | null {
  const code = words[n * 4];
  const k = words[n * 4 + 3];
  switch (code & 7) {
    case BPF_CLASS.ld:
    case BPF_CLASS.ldx:
      return loadProblem(words, n);
    case BPF_CLASS.st:
    case BPF_CLASS.stx:
      return k < MEMORY_SLOTS && code <= 7 ? null : 'bad store';
    case BPF_CLASS.alu:
      return aluProblem(code, k);
    case BPF_CLASS.jmp:
      return jumpProblem(words, n, length);
    case BPF_CLASS.ret:
      return code === BPF_CLASS.ret || code === (BPF_CLASS.ret | BPF_A) ? null : 'bad return';
    default:
      return code === BPF_CLASS.misc || code === (BPF_CLASS.misc | BPF_TXA) ? null : 'bad opcode';
  }
}

function loadProblem(words: Uint32Array, n: number): string | null {
  const code = words[n * 4];
  const k = words[n * 4 + 3];
  const intoA = (code & 7) === BPF_CLASS.ld;
  const word = (code & 0x18) === BPF_SIZE.word;
  if (code > 0xff || (code & 0x18) === 0x18) return 'bad load size';
  switch (code & 0xe0) {
    case BPF_MODE.imm:
    case BPF_MODE.len:
      return word ? null : 'bad load size';
    case BPF_MODE.mem:
      return word && k < MEMORY_SLOTS ? null : 'bad memory slot';
    case BPF_MODE.abs:
      if (!intoA) return 'bad load mode';
      return !isAncillary(words, n) || KNOWN_ANCILLARY.has(k - ANCILLARY_BASE) ? null : 'unknown ancillary load';
    case BPF_MODE.ind:
      return intoA ? null : 'bad load mode';
    case BPF_MODE.msh:
      return !intoA && (code & 0x18) === BPF_SIZE.byte ? null : 'bad load mode';
    default:
      return 'bad load mode';
  }
}

function aluProblem(code: number, k: number): string | null {
  const operation = code & 0xf0;
  if (code > 0xff || operation > BPF_ALU.xor) return 'bad operation';
  if ((code & BPF_X) !== 0) return null;
  if ((operation === BPF_ALU.div || operation === BPF_ALU.mod) && k === 0) return 'division by zero';
  return (operation === BPF_ALU.lsh || operation === BPF_ALU.rsh) && k > 31 ? 'shift by more than 31' : null;
}

function jumpProblem(words: Uint32Array, n: number, length: number): string | null {
  const code = words[n * 4];
  if (code > 0xff || (code & 0xf0) > BPF_JMP.jset) return 'bad jump';
  if ((code & 0xf0) === BPF_JMP.ja) {
    const target = n + 1 + (words[n * 4 + 3] | 0);
    return target >= 0 && target < length ? null : 'jump out of the program';
  }
  return n + 1 + Math.max(words[n * 4 + 1], words[n * 4 + 2]) < length ? null : 'jump out of the program';
}
