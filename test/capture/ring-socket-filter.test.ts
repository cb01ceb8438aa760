import { expect, it } from 'vitest';
import { runBpf } from '../../filters/bpf-interpreter.ts';
import { INSTRUCTION_BYTES, MAXIMUM_INSTRUCTIONS } from '../../filters/bpf-program.ts';
import { NAME_SNAPLEN } from '../../src/capture/ring/name-snapshots.ts';
import { composeSocketFilter, type SocketFilterOptions } from '../../src/capture/ring/socket-filter.ts';
import { AF, attachFilter, closeDescriptor, openSocket, SOCK } from '../../src/native/sockets.ts';
import { kernelDecoded } from '../support/bpf.ts';
import { NAME_FRAMES } from '../support/name-frames.ts';
import { packetBatch } from '../support/packets.ts';

const RETURN_96: [number, number, number, number] = [0x06, 0, 0, 96];

function program(...instructions: [code: number, jt: number, jf: number, k: number][]): { instructions: Uint8Array } {
  const bytes = Buffer.alloc(instructions.length * INSTRUCTION_BYTES);
  instructions.forEach(([code, jt, jf, k], i) => {
    bytes.writeUInt16LE(code, i * 8);
    bytes.set([jt, jf], i * 8 + 2);
    bytes.writeUInt32LE(k, i * 8 + 4);
  });
  return { instructions: bytes };
}

/** Whether the kernel's own checker takes the program: any socket will do, and needs no privilege. */
function kernelTakes(instructions: Uint8Array): boolean {
  const fd = openSocket(AF.inet, SOCK.datagram, 0);
  try {
    attachFilter(fd, instructions);
    return true;
  } catch {
    return false;
  } finally {
    closeDescriptor(fd);
  }
}

/** What the composed program returns for a packet that has only these properties. */
function run(instructions: Uint8Array, packet: { hardwareType: number; packetType: number; index: number }): number {
  const view = new DataView(instructions.buffer, instructions.byteOffset, instructions.byteLength);
  const ancillary = new Map([
    [0xffff_f004, packet.packetType],
    [0xffff_f008, packet.index],
    [0xffff_f01c, packet.hardwareType],
  ]);
  for (let at = 0, accumulator = 0; ; at += INSTRUCTION_BYTES) {
    const k = view.getUint32(at + 4, true);
    const code = view.getUint16(at, true);
    if (code === 0x06) return k;
    if (code === 0x20) accumulator = ancillary.get(k) ?? Number.NaN;
    else if (code === 0x05) at += k * INSTRUCTION_BYTES;
    else if (code === 0x15) at += view.getUint8(at + (accumulator === k ? 2 : 3)) * INSTRUCTION_BYTES;
    else throw new Error(`instruction ${code}`);
  }
}

const ETHERNET = { hardwareType: 1, packetType: 4, index: 7 };

it('drops only what goes out on loopback', () => {
  const filter = composeSocketFilter({ snaplen: 96, interfaceIndexes: null, prefilter: null });
  expect(kernelTakes(filter)).toBe(true);
  expect(run(filter, ETHERNET)).toBe(96);
  expect(run(filter, { hardwareType: 772, packetType: 4, index: 1 })).toBe(0);
  expect(run(filter, { hardwareType: 772, packetType: 0, index: 1 })).toBe(96);
});

it('accepts the interfaces it was given, however many, and no other', () => {
  const indexes = Array.from({ length: 1000 }, (_, i) => 10 + i * 3);
  const filter = composeSocketFilter({ snaplen: 96, interfaceIndexes: indexes, prefilter: null });
  expect(kernelTakes(filter)).toBe(true);
  for (const index of [9, 10, 11, 12, 13, 1504, 1505, 3004, 3007, 3008]) {
    expect(run(filter, { ...ETHERNET, index }), String(index)).toBe(indexes.includes(index) ? 96 : 0);
  }
  expect(run(composeSocketFilter({ snaplen: 96, interfaceIndexes: [], prefilter: null }), ETHERNET)).toBe(0);
});

it('gives accepted packets the snapshot length, whatever the pre-filter returns, and leaves the pre-filter as it is', () => {
  const prefilter = program([0x20, 0, 0, 0xffff_f008], [0x15, 0, 1, 7], [0x06, 0, 0, 65535], [0x06, 0, 0, 0]);
  const before = prefilter.instructions.slice();
  const filter = composeSocketFilter({ snaplen: 128, interfaceIndexes: [7, 8], prefilter });
  expect(kernelTakes(filter)).toBe(true);
  expect(run(filter, ETHERNET)).toBe(128);
  expect(run(filter, { ...ETHERNET, index: 8 })).toBe(0);
  expect(prefilter.instructions).toEqual(before);
});

it('keeps more of what may tell names only where names are observed, of packets that pass, and never less than asked', () => {
  const ancillary = [0x20, 0, 0, 0xffff_f008] as [number, number, number, number];
  const prefilter = program(ancillary, [0x15, 0, 1, 1], RETURN_96, [0x06, 0, 0, 0]);
  const kept = (options: Partial<SocketFilterOptions>, interfaceSlot = 0): number => {
    const filter = composeSocketFilter({ snaplen: 256, interfaceIndexes: null, prefilter: null, ...options });
    expect(kernelTakes(filter)).toBe(true);
    const packet = { bytes: NAME_FRAMES['a ClientHello'], interfaceSlot };
    return runBpf(kernelDecoded({ instructions: filter }), packetBatch([packet]), 0);
  };
  expect(kept({})).toBe(256);
  const keepsNames = true;
  expect(kept({ keepsNames })).toBe(NAME_SNAPLEN);
  expect(kept({ keepsNames, snaplen: 262_144 })).toBe(262_144);
  expect(kept({ keepsNames, prefilter })).toBe(NAME_SNAPLEN);
  expect(kept({ keepsNames, prefilter }, 1)).toBe(0);
  expect(kept({ keepsNames, interfaceIndexes: [5, 6] })).toBe(0);
  expect(kept({ keepsNames, interfaceIndexes: [5, 1] })).toBe(NAME_SNAPLEN);
});

it('refuses a pre-filter that computes what it returns', () => {
  const prefilter = program([0x16, 0, 0, 0]);
  expect(() => composeSocketFilter({ snaplen: 96, interfaceIndexes: null, prefilter })).toThrow(RangeError);
});

it('knows the longest program that the kernel takes', () => {
  const load: [number, number, number, number] = [0, 0, 0, 0];
  const longest = program(...new Array<typeof load>(MAXIMUM_INSTRUCTIONS - 1).fill(load), RETURN_96);
  const longer = program(...new Array<typeof load>(MAXIMUM_INSTRUCTIONS).fill(load), RETURN_96);
  // Its length is allowed; whether there is memory for it is a system setting (net.core.optmem_max).
  const fd = openSocket(AF.inet, SOCK.datagram, 0);
  expect(() => attachFilter(fd, longer.instructions)).toThrow('EINVAL');
  try {
    attachFilter(fd, longest.instructions);
  } catch (error) {
    expect(String(error)).toContain('ENOMEM');
  }
  closeDescriptor(fd);
});
