/**
 * The program that the kernel runs on every packet of the ring's socket: classic BPF (linux/filter.h).
 *
 *   loopback's outgoing copy ─► drop        every packet on loopback is seen going out and coming in: it counts once
 *   not one of our interfaces ─► drop       only where several, but not all, are captured by one socket
 *   pre-filter, if any: its "ret 0" drops, any other "ret" goes on
 *   ret snaplen; where names are observed, longer for packets that may tell some (name-snapshots.ts)
 */
import { BpfAssembler } from '../../../filters/bpf-assembler.ts';
import { ANCILLARY, BPF_CLASS, BPF_JMP, INSTRUCTION_BYTES } from '../../../filters/bpf-program.ts';
import type { BpfProgram } from '../../base/bpf-program.ts';
import { PACKET_TYPE } from '../../wire/packet-batch.ts';
import { ARPHRD_LOOPBACK } from '../link-types.ts';
import { addNameSnapshots, NAME_SNAPLEN } from './name-snapshots.ts';

const DROP = 0;

export interface SocketFilterOptions {
  snaplen: number;
  /** Packets that may tell names are kept longer. Absent: not. */
  keepsNames?: boolean;
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

/** Copies a program; where it accepts it goes on behind its end. */
function goingOn(program: BpfProgram): Uint8Array {
  const bytes = program.instructions.slice();
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + INSTRUCTION_BYTES <= bytes.byteLength; at += INSTRUCTION_BYTES) {
    const code = view.getUint16(at, true);
    if ((code & 7) !== BPF_CLASS.ret) continue;
    // "ret A" gives a length computed from the packet: whoever composes pre-filters does not.
    if (code !== BPF_CLASS.ret) throw new RangeError('a pre-filter returns constants only');
    if (view.getUint32(at + 4, true) === DROP) continue;
    view.setUint16(at, BPF_CLASS.jmp | BPF_JMP.ja, true);
    view.setUint32(at + 4, (bytes.byteLength - at) / INSTRUCTION_BYTES - 1, true);
  }
  return bytes;
}

/** What accepted packets come to: how many bytes of them are kept. */
function snapshotLengths({ snaplen, keepsNames = false }: SocketFilterOptions): Uint8Array {
  const bpf = new BpfAssembler();
  if (keepsNames && snaplen < NAME_SNAPLEN) addNameSnapshots(bpf, snaplen);
  else bpf.returnConstant(snaplen);
  return bpf.assemble().instructions;
}

/** No packet passes any more. */
export function dropEverything(): Uint8Array {
  const bpf = new BpfAssembler();
  bpf.returnConstant(DROP);
  return bpf.assemble().instructions;
}

/** What every packet comes to first; what is not dropped goes on behind it. */
function prelude({ interfaceIndexes }: SocketFilterOptions): Uint8Array {
  const bpf = new BpfAssembler();
  dropLoopbackCopies(bpf);
  if (interfaceIndexes !== null) dropOtherInterfaces(bpf, interfaceIndexes);
  return bpf.assemble().instructions;
}

/** The whole program for SO_ATTACH_FILTER. It may be longer than the kernel takes. */
export function composeSocketFilter(options: SocketFilterOptions): Uint8Array {
  const { prefilter } = options;
  const parts = [prelude(options), ...(prefilter === null ? [] : [goingOn(prefilter)]), snapshotLengths(options)];
  const whole = new Uint8Array(parts.reduce((bytes, part) => bytes + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
