/**
 * Becomes another program, in which packet rings cannot be mapped: mmap(2) of as much shared memory as our ring takes
 * fails with ENOMEM (seccomp(2)); libpcap's ring is smaller and works. Usage: without-ring PROGRAM ARGUMENT...
 *
 *   struct seccomp_data   0 system call u32   4 architecture u32   8 instruction u64   16 arguments 6 x u64
 *   struct sock_fprog     0 instructions u16   8 pointer
 */
import { koffi } from '../../src/native/koffi.ts';

const F_SETFD = 2;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const RET_ALLOW = 0x7fff_0000;
const RET_ENOMEM = 0x0005_0000 | 12;
const MAP_SHARED = 1;
const MMAP = process.arch === 'x64' ? 9 : 222;
/** Between libpcap's ring (32 MiB) and ours. */
const LEAST_REFUSED = 40 << 20;

/** Classic BPF: code, jump if true, jump if false, operand. */
const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_EQUAL = 0x35;
const JUMP_BITS = 0x45;
const RETURN = 0x06;
const FILTER: readonly (readonly [number, number, number, number])[] = [
  [LOAD, 0, 0, 0],
  [JUMP_EQUAL, 0, 5, MMAP],
  [LOAD, 0, 0, 16 + 8],
  [JUMP_GREATER_EQUAL, 0, 3, LEAST_REFUSED],
  [LOAD, 0, 0, 16 + 3 * 8],
  [JUMP_BITS, 0, 1, MAP_SHARED],
  [RETURN, 0, 0, RET_ENOMEM],
  [RETURN, 0, 0, RET_ALLOW],
];

const instructions = Buffer.alloc(FILTER.length * 8);
for (const [i, [code, ifTrue, ifFalse, operand]] of FILTER.entries()) {
  instructions.writeUInt16LE(code, i * 8);
  instructions.writeUInt8(ifTrue, i * 8 + 2);
  instructions.writeUInt8(ifFalse, i * 8 + 3);
  instructions.writeUInt32LE(operand, i * 8 + 4);
}
const program = Buffer.alloc(16);
program.writeUInt16LE(FILTER.length, 0);
program.writeBigUInt64LE(koffi().address(instructions), 8);

const library = koffi().load(null);
const prctl = library.func('int prctl(int, unsigned long, void *, unsigned long, unsigned long)');
const prctlNumber = library.func('prctl', 'int', ['int', 'ulong', 'ulong', 'ulong', 'ulong']);
const fcntl = library.func('int fcntl(int, int, int)');
const execvp = library.func('int execvp(const char *, const char **)');

const argv = process.argv.slice(2);
if (prctlNumber(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) throw new Error('PR_SET_NO_NEW_PRIVS failed');
if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) !== 0) throw new Error('PR_SET_SECCOMP failed');
// Node marks the standard streams as its own.
for (const descriptor of [0, 1, 2]) fcntl(descriptor, F_SETFD, 0);
execvp(argv[0], [...argv, null]);
throw new Error(`cannot run ${argv[0]}`);
