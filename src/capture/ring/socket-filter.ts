/**
 * The program that the kernel runs on every packet of the ring's socket: classic BPF (linux/filter.h).
 *
 *   loopback's outgoing copy ─► drop        every packet on loopback is seen going out and coming in: it counts once
 *   not one of our interfaces ─► drop       only where several, but not all, are captured by one socket
 *   pre-filter, if any: its "ret k" with k > 0 becomes "ret snaplen"
 *   ret snaplen
 */
import type { BpfProgram } from '../../base/bpf-program.ts';
import { ARPHRD_LOOPBACK } from '../link-types.ts';

/** BPF_MAXINSNS: longer programs are refused by the kernel. */
export const MAXIMUM_INSTRUCTIONS = 4096;

/** Bytes of an instruction: u16 code, u8 jump if true, u8 jump if false, u32 k. */
export const INSTRUCTION_BYTES = 8;

/** Instruction codes (linux/bpf_common.h). */
const LOAD_WORD_ABSOLUTE = 0x20;
const JUMP_ALWAYS = 0x05;
const JUMP_IF_EQUAL = 0x15;
const RETURN_CONSTANT = 0x06;
const RETURN_CLASS = 0x06;
const CLASS_MASK = 0x07;

/** What the kernel knows about a packet beside its bytes: loads from these addresses (SKF_AD_OFF + …). */
const ANCILLARY = { packetType: 0xffff_f004, interfaceIndex: 0xffff_f008, hardwareType: 0xffff_f01c } as const;

const PACKET_OUTGOING = 4;
const DROP = 0;

export interface SocketFilterOptions {
  snaplen: number;
  /** Kernel indexes of the interfaces that count, or null: whatever the socket is bound to. */
  interfaceIndexes: readonly number[] | null;
  prefilter: BpfProgram | null;
}

class Assembler {
  readonly #words: number[] = [];

  add(code: number, jumpTrue: number, jumpFalse: number, k: number): void {
    this.#words.push(code | (jumpTrue << 16) | (jumpFalse << 24), k);
  }

  load(address: number): void {
    this.add(LOAD_WORD_ABSOLUTE, 0, 0, address);
  }

  returnConstant(k: number): void {
    this.add(RETURN_CONSTANT, 0, 0, k);
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#words.length * 4);
    const view = new DataView(bytes.buffer);
    this.#words.forEach((word, i) => {
      view.setUint32(i * 4, word >>> 0, true);
    });
    return bytes;
  }
}

function dropLoopbackCopies(assembler: Assembler): void {
  assembler.load(ANCILLARY.hardwareType);
  assembler.add(JUMP_IF_EQUAL, 0, 3, ARPHRD_LOOPBACK);
  assembler.load(ANCILLARY.packetType);
  assembler.add(JUMP_IF_EQUAL, 0, 1, PACKET_OUTGOING);
  assembler.returnConstant(DROP);
}

function dropOtherInterfaces(assembler: Assembler, indexes: readonly number[]): void {
  assembler.load(ANCILLARY.interfaceIndex);
  indexes.forEach((index, i) => {
    // A conditional jump reaches 255 instructions, "always" reaches everywhere: any number of interfaces fits.
    assembler.add(JUMP_IF_EQUAL, 0, 1, index);
    assembler.add(JUMP_ALWAYS, 0, 0, 2 * (indexes.length - 1 - i) + 1);
  });
  assembler.returnConstant(DROP);
}

/** Copies a program, its accepting returns giving `snaplen`. */
function withSnaplen(program: BpfProgram, snaplen: number): Uint8Array {
  const bytes = program.instructions.slice();
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + INSTRUCTION_BYTES <= bytes.byteLength; at += INSTRUCTION_BYTES) {
    const code = view.getUint16(at, true);
    if ((code & CLASS_MASK) !== RETURN_CLASS) continue;
    // "ret A" gives a length computed from the packet: whoever composes pre-filters does not.
    if (code !== RETURN_CONSTANT) throw new RangeError('a pre-filter returns constants only');
    if (view.getUint32(at + 4, true) !== DROP) view.setUint32(at + 4, snaplen, true);
  }
  return bytes;
}

/** The whole program for SO_ATTACH_FILTER. It may exceed MAXIMUM_INSTRUCTIONS. */
export function composeSocketFilter(options: SocketFilterOptions): Uint8Array {
  const assembler = new Assembler();
  dropLoopbackCopies(assembler);
  if (options.interfaceIndexes !== null) dropOtherInterfaces(assembler, options.interfaceIndexes);
  if (options.prefilter === null) {
    assembler.returnConstant(options.snaplen);
    return assembler.bytes();
  }
  const prelude = assembler.bytes();
  const prefilter = withSnaplen(options.prefilter, options.snaplen);
  const whole = new Uint8Array(prelude.byteLength + prefilter.byteLength);
  whole.set(prelude);
  whole.set(prefilter, prelude.byteLength);
  return whole;
}
