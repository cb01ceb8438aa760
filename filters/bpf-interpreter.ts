/**
 * The reference runner of classic BPF: one instruction after the other, as pcap_offline_filter(3PCAP) does it. The
 * translator must agree with it on every program and packet; programs too large to translate run here.
 *
 * A frame whose VLAN tag was stripped is seen with the tag put back, without a copy:
 *
 *   seen by the program   0 … 11 │ 12 … 15 │ 16 …
 *   bytes from            frame  │ the tag │ frame, 4 earlier
 */
import type { PacketBatch } from '../src/wire/packet-batch.ts';
import type { DecodedBpf } from './bpf-program.ts';
import {
  ANCILLARY,
  ANCILLARY_BASE,
  BPF_A,
  BPF_ALU,
  BPF_CLASS,
  BPF_JMP,
  BPF_MODE,
  BPF_SIZE,
  BPF_TXA,
  BPF_X,
} from './bpf-program.ts';

const ETHERNET = 1;
const TAG_OFFSET = 12;
export const TAG_BYTES = 4;

/** The tag to put back into packet i (TPID << 16 | TCI), or 0: none, no Ethernet frame, or no room for it. */
export function tagToPutBack(program: DecodedBpf, batch: PacketBatch, i: number): number {
  const tag = batch.strippedTag[i];
  if (tag === 0 || program.usesStrippedTag) return 0;
  return batch.linkType[i] === ETHERNET && batch.capturedLength[i] >= TAG_OFFSET ? tag : 0;
}

/** One byte of the frame with `tag` put back; `at` is below the captured length plus TAG_BYTES. */
export function byteBehindTag(bytes: Uint8Array, base: number, at: number, tag: number): number {
  if (at < TAG_OFFSET) return bytes[base + at];
  if (at >= TAG_OFFSET + TAG_BYTES) return bytes[base + at - TAG_BYTES];
  return (tag >>> (24 - 8 * (at - TAG_OFFSET))) & 0xff;
}

/** `size` bytes (1, 2 or 4) of the frame with `tag` put back, as an int32 (4) or unsigned. */
export function loadBehindTag(bytes: Uint8Array, base: number, at: number, size: number, tag: number): number {
  let value = 0;
  for (let i = 0; i < size; i++) value = (value << 8) | byteBehindTag(bytes, base, at + i, tag);
  return value;
}

/** ARPHRD_ numbers of link types (linux/if_arp.h); the rest has none that a program could ask for. */
const HARDWARE_TYPES: Readonly<Record<number, number>> = { 0: 772, 1: 1, 9: 512, 101: 0xfffe };

/** A fact beside packet i; `which` is one of ANCILLARY. */
export function ancillaryValue(batch: PacketBatch, i: number, which: number): number {
  switch (which) {
    case ANCILLARY.protocol:
      return protocolOf(batch, i);
    case ANCILLARY.packetType:
      return batch.packetType[i];
    case ANCILLARY.interfaceIndex:
      return batch.interfaceSlot[i] + 1;
    case ANCILLARY.hardwareType:
      return HARDWARE_TYPES[batch.linkType[i]] ?? 0;
    case ANCILLARY.vlanTag:
      return batch.strippedTag[i] & 0xffff;
    case ANCILLARY.vlanTagPresent:
      return batch.strippedTag[i] === 0 ? 0 : 1;
    case ANCILLARY.vlanTpid:
      return batch.strippedTag[i] >>> 16;
    default:
      return 0;
  }
}

/** A smaller number in the type field is the length of an 802.3 frame. */
const LEAST_ETHERTYPE = 0x600;
/** What the kernel calls 802.3 frames: ETH_P_802_2, and ETH_P_802_3 where Novell's ffff stands in place of 802.2. */
const PROTOCOL_802_2 = 4;
const PROTOCOL_802_3 = 1;

/** EtherType of an Ethernet frame, as the kernel's skb->protocol (eth_type_trans): 0 where there is none. */
function protocolOf(batch: PacketBatch, i: number): number {
  const captured = batch.capturedLength[i];
  if (batch.linkType[i] !== ETHERNET || captured < 14) return 0;
  const at = batch.offset[i] + TAG_OFFSET;
  const type = batch.view.getUint16(at);
  if (type >= LEAST_ETHERTYPE) return type;
  return captured >= 16 && batch.view.getUint16(at + 2) === 0xffff ? PROTOCOL_802_3 : PROTOCOL_802_2;
}

/** Times a program may jump back: more than the headers that fit into the largest packet, 65,535 / 8. */
const MAXIMUM_LOOPS = 8192;

const memory = new Int32Array(16);

/** Runs the program on packet i of the batch: 0 = rejected, as are loads beyond the captured bytes, division by 0 and endless loops. */
export function runBpf(program: DecodedBpf, batch: PacketBatch, i: number): number {
  const { words } = program;
  const tag = tagToPutBack(program, batch, i);
  const room = tag === 0 ? 0 : TAG_BYTES;
  const captured = batch.capturedLength[i] + room;
  const wire = batch.wireLength[i] + room;
  const base = batch.offset[i];
  memory.fill(0);
  let a = 0;
  let x = 0;
  let loops = 0;
  for (let at = 0; ; at += 4) {
    const code = words[at];
    const k = words[at + 3];
    switch (code & 7) {
      case BPF_CLASS.ld:
      case BPF_CLASS.ldx: {
        let value = 0;
        const mode = code & 0xe0;
        if (mode === BPF_MODE.imm) value = k | 0;
        else if (mode === BPF_MODE.len) value = wire | 0;
        else if (mode === BPF_MODE.mem) value = memory[k];
        else if (mode === BPF_MODE.abs && k >= ANCILLARY_BASE) value = ancillaryValue(batch, i, k - ANCILLARY_BASE);
        else {
          const from = mode === BPF_MODE.ind ? (x >>> 0) + k : k;
          const size = sizeOf(code);
          if (from + size > captured) return 0;
          value = tag === 0 ? loadFrame(batch, base + from, size) : loadBehindTag(batch.bytes, base, from, size, tag);
          if (mode === BPF_MODE.msh) value = (value & 0xf) << 2;
        }
        if ((code & 7) === BPF_CLASS.ld) a = value;
        else x = value;
        break;
      }
      case BPF_CLASS.st:
        memory[k] = a;
        break;
      case BPF_CLASS.stx:
        memory[k] = x;
        break;
      case BPF_CLASS.alu: {
        const operand = (code & BPF_X) === 0 ? k | 0 : x;
        const operation = code & 0xf0;
        if (operand === 0 && (operation === BPF_ALU.div || operation === BPF_ALU.mod)) return 0;
        a = calculate(operation, a, operand);
        break;
      }
      case BPF_CLASS.jmp: {
        const operation = code & 0xf0;
        const operand = (code & BPF_X) === 0 ? k : x >>> 0;
        if (operation === BPF_JMP.ja) {
          if ((k | 0) < 0 && ++loops > MAXIMUM_LOOPS) return 0;
          at += 4 * (k | 0);
        } else at += 4 * words[at + (holds(operation, a, operand) ? 1 : 2)];
        break;
      }
      case BPF_CLASS.ret:
        return (code & BPF_A) === 0 ? k : a >>> 0;
      default:
        if (code & BPF_TXA) a = x;
        else x = a;
    }
  }
}

function sizeOf(code: number): number {
  const size = code & 0x18;
  return size === BPF_SIZE.word ? 4 : size === BPF_SIZE.half ? 2 : 1;
}

function loadFrame(batch: PacketBatch, at: number, size: number): number {
  if (size === 4) return batch.view.getInt32(at);
  return size === 2 ? batch.view.getUint16(at) : batch.bytes[at];
}

/** Arithmetic modulo 2^32 on int32 values; divisors are not 0. */
function calculate(operation: number, a: number, b: number): number {
  switch (operation) {
    case BPF_ALU.add:
      return (a + b) | 0;
    case BPF_ALU.sub:
      return (a - b) | 0;
    case BPF_ALU.mul:
      return Math.imul(a, b);
    case BPF_ALU.div:
      return ((a >>> 0) / (b >>> 0)) | 0;
    case BPF_ALU.mod:
      return ((a >>> 0) % (b >>> 0)) | 0;
    case BPF_ALU.or:
      return a | b;
    case BPF_ALU.and:
      return a & b;
    case BPF_ALU.xor:
      return a ^ b;
    case BPF_ALU.lsh:
      return b >>> 0 < 32 ? a << b : 0;
    case BPF_ALU.rsh:
      return b >>> 0 < 32 ? (a >>> b) | 0 : 0;
    default:
      return -a | 0;
  }
}

function holds(operation: number, a: number, operand: number): boolean {
  switch (operation) {
    case BPF_JMP.jeq:
      return a >>> 0 === operand;
    case BPF_JMP.jgt:
      return a >>> 0 > operand;
    case BPF_JMP.jge:
      return a >>> 0 >= operand;
    default:
      return (a & operand) !== 0;
  }
}
