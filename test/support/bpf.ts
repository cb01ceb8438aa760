/** BPF programs in tests: as the kernel runs them, and as text. */
import { ANCILLARY, ANCILLARY_BASE, type DecodedBpf, decodeBpf, isAncillary } from '../../filters/bpf-program.ts';
import type { BpfProgram } from '../../src/base/bpf-program.ts';

const ANCILLARY_NAMES = new Map<number, string>(Object.entries(ANCILLARY).map(([name, value]) => [value, name]));
const SIZES: Readonly<Record<number, string>> = { 0: 'ld ', 8: 'ldh', 16: 'ldb' };
const TESTS: Readonly<Record<number, string>> = { 16: 'jeq ', 32: 'jgt ', 48: 'jge ', 64: 'jset' };

/** For our interpreter, to run it on the frame as it is, tags beside it. */
export function kernelDecoded(program: BpfProgram): DecodedBpf {
  return { ...decodeBpf(program), usesStrippedTag: true };
}

/** One instruction a line, much as `tcpdump -d` prints it. */
export function bpfListing(program: BpfProgram): string {
  const { words, length } = decodeBpf(program);
  const lines = Array.from({ length }, (_, n) => `(${String(n).padStart(3, '0')}) ${instruction(words, n)}`);
  return `${lines.join('\n')}\n`;
}

function instruction(words: Uint32Array, n: number): string {
  const [code, jumpTrue, jumpFalse, k] = words.subarray(n * 4, n * 4 + 4);
  const hexadecimal = `#0x${k.toString(16)}`;
  if (isAncillary(words, n)) return `ld  ${ANCILLARY_NAMES.get(k - ANCILLARY_BASE)}`;
  switch (code & 7) {
    case 0:
      return (code & 0xe0) === 0x80 ? 'ld  length' : `${SIZES[code & 0x18]} [${k}]`;
    case 4:
      return `${(code & 0xf0) === 0x50 ? 'and' : 'add'} ${hexadecimal}`;
    case 5:
      if ((code & 0xf0) === 0) return `ja   ${n + 1 + k}`;
      return `${TESTS[code & 0xf0]} ${code & 8 ? 'x' : hexadecimal}  true ${n + 1 + jumpTrue}  false ${n + 1 + jumpFalse}`;
    case 6:
      return `ret #${k}`;
    default:
      return 'tax';
  }
}
