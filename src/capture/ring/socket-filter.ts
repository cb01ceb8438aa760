/**
 * The program that the kernel runs on every packet of the ring's socket: classic BPF (linux/filter.h).
 *
 *   loopback's outgoing copy ─► drop        every packet on loopback is seen going out and coming in: it counts once
 *   not one of our interfaces ─► drop       only where several, but not all, are captured by one socket
 *   pre-filter, if any: its "ret k" with k > 0 becomes "ret snaplen"
 *   ret snaplen
 */
import { BpfAssembler } from '../../../filters/bpf-assembler.ts';
import { ANCILLARY, BPF_CLASS, INSTRUCTION_BYTES } from '../../../filters/bpf-program.ts';
import type { BpfProgram } from '../../base/bpf-program.ts';
import { PACKET_TYPE } from '../../wire/packet-batch.ts';
import { ARPHRD_LOOPBACK } from '../link-types.ts';

const DROP = 0;

export interface SocketFilterOptions {
  snaplen: number;
  /** Kernel indexes of the interfaces that count, or null: whatever the socket is bound to. */
  interfaceIndexes: readonly number[] | null;
  prefilter: BpfProgram | null;
}

function dropLoopbackCopies(bpf: BpfAssembler): void {
  const drop = bpf.label();
  const pass = bpf.label();
  bpf.loadAncillary(ANCILLARY.hardwareType);
  bpf.jumpIf('equal', ARPHRD_LOOPBACK, null, pass);
  bpf.loadAncillary(ANCILLARY.packetType);
  bpf.jumpIf('equal', PACKET_TYPE.outgoing, drop, pass);
  bpf.place(drop);
  bpf.returnConstant(DROP);
  bpf.place(pass);
}

function dropOtherInterfaces(bpf: BpfAssembler, indexes: readonly number[]): void {
  const ours = bpf.label();
  bpf.loadAncillary(ANCILLARY.interfaceIndex);
  for (const index of indexes) bpf.jumpIf('equal', index, ours, null);
  bpf.returnConstant(DROP);
  bpf.place(ours);
}

/** Copies a program, its accepting returns giving `snaplen`. */
function withSnaplen(program: BpfProgram, snaplen: number): Uint8Array {
  const bytes = program.instructions.slice();
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + INSTRUCTION_BYTES <= bytes.byteLength; at += INSTRUCTION_BYTES) {
    const code = view.getUint16(at, true);
    if ((code & 7) !== BPF_CLASS.ret) continue;
    // "ret A" gives a length computed from the packet: whoever composes pre-filters does not.
    if (code !== BPF_CLASS.ret) throw new RangeError('a pre-filter returns constants only');
    if (view.getUint32(at + 4, true) !== DROP) view.setUint32(at + 4, snaplen, true);
  }
  return bytes;
}

/** No packet passes any more. */
export function dropEverything(): Uint8Array {
  const bpf = new BpfAssembler();
  bpf.returnConstant(DROP);
  return bpf.assemble().instructions;
}

/** The whole program for SO_ATTACH_FILTER. It may be longer than the kernel takes. */
export function composeSocketFilter(options: SocketFilterOptions): Uint8Array {
  const bpf = new BpfAssembler();
  dropLoopbackCopies(bpf);
  if (options.interfaceIndexes !== null) dropOtherInterfaces(bpf, options.interfaceIndexes);
  if (options.prefilter === null) {
    bpf.returnConstant(options.snaplen);
    return bpf.assemble().instructions;
  }
  const prelude = bpf.assemble().instructions;
  const prefilter = withSnaplen(options.prefilter, options.snaplen);
  const whole = new Uint8Array(prelude.byteLength + prefilter.byteLength);
  whole.set(prelude);
  whole.set(prefilter, prelude.byteLength);
  return whole;
}
