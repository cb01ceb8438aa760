/**
 * libpcap's compiler of capture expressions, through koffi (libpcap.so.0.8 as Debian names it, .so.1 elsewhere; loaded
 * when it is first needed). Host names in an expression are resolved by libpcap: never call this in the engine.
 * Opens no device and captures nothing.
 */
import type { BpfProgram } from '../base/bpf-program.ts';
import { OperatorError } from '../base/errors.ts';
import type { Koffi } from './koffi.ts';
import { firstLine, koffi } from './koffi.ts';

const LIBRARY_NAMES = ['libpcap.so.0.8', 'libpcap.so.1', 'libpcap.so'];

/** struct bpf_program: u_int bf_len · padding · struct bpf_insn *bf_insns. */
const PROGRAM_BYTES = 16;
const INSTRUCTION_BYTES = 8;

/** struct pcap_pkthdr: timeval (2 × 8) · caplen u32 · len u32. */
const PACKET_HEADER_BYTES = 24;

/** PCAP_NETMASK_UNKNOWN: `ip broadcast` is refused instead of being wrong. */
const NETMASK_UNKNOWN = 0xffff_ffff;

type Pointer = unknown;

interface Libpcap {
  openDead(linkType: number, snaplen: number): Pointer;
  compile(handle: Pointer, program: Uint8Array, expression: string, optimize: number, netmask: number): number;
  lastError(handle: Pointer): string;
  offlineFilter(program: Uint8Array, header: Uint8Array, packet: Uint8Array): number;
  freeCode(program: Uint8Array): void;
  close(handle: Pointer): void;
}

let loaded: Libpcap | undefined;

function libpcap(): Libpcap {
  loaded ??= declare(openLibrary());
  return loaded;
}

function openLibrary(): ReturnType<Koffi['load']> {
  let reason = '';
  for (const name of LIBRARY_NAMES) {
    try {
      return koffi().load(name);
    } catch (error) {
      reason ||= firstLine(error);
    }
  }
  throw new OperatorError({
    code: 'E_CAPTURE_UNAVAILABLE',
    operation: 'compile capture expressions with',
    target: 'libpcap',
    cause: reason,
    remedy: 'install it: apt-get install libpcap0.8',
  });
}

function declare(library: ReturnType<Koffi['load']>): Libpcap {
  return {
    openDead: library.func('void *pcap_open_dead(int, int)'),
    compile: library.func('int pcap_compile(void *, uint8_t *, const char *, int, uint32_t)'),
    lastError: library.func('const char *pcap_geterr(void *)'),
    offlineFilter: library.func('int pcap_offline_filter(const uint8_t *, const uint8_t *, const uint8_t *)'),
    freeCode: library.func('void pcap_freecode(uint8_t *)'),
    close: library.func('void pcap_close(void *)'),
  };
}

/**
 * pcap_open_dead takes DLT_ numbers, which differ from a file's LINKTYPE_ numbers for the oldest types
 * (libpcap's pcap-common.c): raw IP is 101 in files and 12 here; the others that we decode are the same.
 */
const DLT_OF_LINKTYPE: Readonly<Record<number, number>> = { 101: 12 };

/**
 * Compiles a capture expression (pcap-filter(7)) for frames of one link type as they were on the wire, tags included.
 * Throws OperatorError E_EXPRESSION with libpcap's words, E_CAPTURE_UNAVAILABLE where there is no libpcap.
 * @param linkType LINKTYPE_ number
 * @param snaplen what the program returns for packets that match, in bytes
 */
export function compileExpression(expression: string, linkType: number, snaplen: number, optimize = true): BpfProgram {
  const pcap = libpcap();
  if (expression.includes('\0')) throw expressionError(expression, 'it contains a NUL byte');
  const handle = pcap.openDead(DLT_OF_LINKTYPE[linkType] ?? linkType, snaplen);
  try {
    const program = new Uint8Array(PROGRAM_BYTES);
    if (pcap.compile(handle, program, expression, optimize ? 1 : 0, NETMASK_UNKNOWN) !== 0) {
      throw expressionError(expression, pcap.lastError(handle));
    }
    return takeProgram(pcap, program);
  } finally {
    pcap.close(handle);
  }
}

function expressionError(expression: string, cause: string): OperatorError {
  return new OperatorError({
    code: 'E_EXPRESSION',
    operation: 'use capture expression',
    target: `"${expression}"`,
    cause,
  });
}

/** Copies the instructions out of libpcap's memory and frees it. */
function takeProgram(pcap: Libpcap, program: Uint8Array): BpfProgram {
  const view = new DataView(program.buffer);
  const length = view.getUint32(0, true) * INSTRUCTION_BYTES;
  const address = view.getBigUint64(8, true);
  const instructions = Uint8Array.from(koffi().decode(address, 'uint8_t', length) as Uint8Array);
  pcap.freeCode(program);
  return { instructions };
}

/**
 * pcap_offline_filter(3PCAP): libpcap's own verdict, 0 = rejected. The oracle that our runners are tested against.
 * @param wireLength length on the wire; packet.length is the captured length
 */
export function offlineFilter(program: BpfProgram, packet: Uint8Array, wireLength: number): number {
  const instructions = program.instructions;
  const structure = new Uint8Array(PROGRAM_BYTES);
  const view = new DataView(structure.buffer);
  view.setUint32(0, instructions.length / INSTRUCTION_BYTES, true);
  view.setBigUint64(8, BigInt(koffi().address(instructions)), true);
  const header = new Uint8Array(PACKET_HEADER_BYTES);
  const headerView = new DataView(header.buffer);
  headerView.setUint32(16, packet.length, true);
  headerView.setUint32(20, wireLength, true);
  return libpcap().offlineFilter(structure, header, packet) >>> 0;
}
