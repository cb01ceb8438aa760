/**
 * Memory mapped from a descriptor and seen as an ArrayBuffer (mmap(2), koffi.view).
 * An ArrayBuffer over unmapped memory crashes the process at the next access, so a range is never unmapped: releasing
 * it maps empty anonymous memory over it (the descriptor's pages are freed, the view stays harmless), and the range is
 * used again by the next mapping of that size.
 */
import { koffi, libc, SystemCallError } from './koffi.ts';

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x4022;
const MAP_FIXED = 0x10;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

const libcMmap = libc<
  (address: bigint, length: number, protection: number, flags: number, fd: number, offset: number) => bigint
>('uintptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)');

export interface MappedMemory {
  readonly buffer: ArrayBuffer;
  readonly address: bigint;
}

const released: MappedMemory[] = [];

function mmap(address: bigint, length: number, flags: number, fd: number): bigint {
  const result = BigInt(libcMmap(address, length, PROT_READ_WRITE, flags, fd, 0));
  if (result === MAP_FAILED) throw new SystemCallError('mmap', koffi().errno());
  return result;
}

/** Maps `length` bytes of a descriptor, shared and writable. */
export function mapShared(fd: number, length: number): MappedMemory {
  const index = released.findIndex((memory) => memory.buffer.byteLength === length);
  if (index === -1) {
    const address = mmap(0n, length, MAP_SHARED, fd);
    return { buffer: koffi().view(address, length), address };
  }
  const [memory] = released.splice(index, 1);
  try {
    mmap(memory.address, length, MAP_SHARED | MAP_FIXED, fd);
  } catch (error) {
    // The range may be unmapped now, and a view of it lives.
    releaseMapping(memory);
    throw error;
  }
  return memory;
}

/** Lets go of what was mapped: views read zeros from now on, and the descriptor's memory is freed. */
export function releaseMapping(memory: MappedMemory): void {
  mmap(memory.address, memory.buffer.byteLength, MAP_PRIVATE_ANONYMOUS_NORESERVE | MAP_FIXED, -1);
  released.push(memory);
}
