/** Random BPF programs and expressions on random packets: interpreter, translator and libpcap agree. */
import { runBpf } from '../../filters/bpf-interpreter.ts';
import { decodeBpf } from '../../filters/bpf-program.ts';
import { translateBpf } from '../../filters/bpf-translator.ts';
import type { BpfProgram } from '../../src/base/bpf-program.ts';
import { compileExpression, offlineFilter } from '../../src/native/libpcap.ts';
import type { TestPacket } from '../support/packets.ts';
import { packetFile, poisonedBatch, randomPackets } from './packets.ts';
import type { Random } from './random.ts';
import type { Corpus, FuzzTarget } from './target.ts';
import { must } from './target.ts';

interface Input {
  program: BpfProgram;
  /** Compiled by libpcap: its verdict counts too. */
  linkType: number | null;
  packets: TestPacket[];
}

const EXPRESSIONS = [
  'tcp port 80 or udp port 53',
  'ip6 and not icmp6',
  'host 10.77.0.2 and greater 100',
  'tcp[tcpflags] & (tcp-syn|tcp-fin) != 0',
  'ip[ip[0] & 0xf : 2] > 1000',
  'vlan and ip',
  'ip6 protochain 6',
  'net 192.0.2.0/24 or portrange 1000-2000',
] as const;

/** Opcodes of every class, those that nobody may write included. */
const CODES = [
  0x00, 0x01, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x60, 0x61, 0x80, 0x81, 0xb1, 0x02, 0x03, 0x04, 0x0c, 0x14, 0x1c,
  0x24, 0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54, 0x5c, 0x64, 0x6c, 0x74, 0x7c, 0x84, 0x94, 0x9c, 0xa4, 0xac, 0x05, 0x15,
  0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d, 0x06, 0x16, 0x07, 0x87,
] as const;

const compiled = new Map<string, BpfProgram>();

function compile(expression: string): BpfProgram {
  const program = compiled.get(expression) ?? compileExpression(expression, 1, 65_535);
  compiled.set(expression, program);
  return program;
}

export function bpfTarget(corpus: Corpus): FuzzTarget<Input> {
  return {
    name: 'bpf',
    make(random) {
      const packets = randomPackets(corpus, random, 12);
      if (random.oneIn(2)) return { program: compile(random.pick(EXPRESSIONS)), linkType: 1, packets };
      return { program: randomProgram(random), linkType: null, packets };
    },
    check,
    toFile: ({ packets }) => packetFile(packets),
  };
}

function randomProgram(random: Random): BpfProgram {
  const length = 2 + random.below(24);
  const instructions = new Uint8Array(length * 8);
  const view = new DataView(instructions.buffer);
  for (let n = 0; n < length; n++) {
    const code = n === length - 1 ? 0x16 : random.oneIn(50) ? random.word() & 0xffff : random.pick(CODES);
    const left = length - n - 1;
    view.setUint16(n * 8, code, true);
    view.setUint8(n * 8 + 2, random.below(left));
    view.setUint8(n * 8 + 3, random.below(left));
    view.setUint32(n * 8 + 4, random.oneIn(6) ? random.word() : random.below(code === 0x05 ? left : 40), true);
  }
  return { instructions };
}

function check({ program, linkType, packets }: Input, random: Random): void {
  const decoded = decodeOrNull(program);
  if (decoded === null) return;
  const translated = translateBpf(decoded);
  const [batch, other] = [poisonedBatch(packets, random), poisonedBatch(packets, random)];
  for (let i = 0; i < batch.count; i++) {
    const verdict = runBpf(decoded, batch, i);
    must(runBpf(decoded, other, i) === verdict, 'the verdict depends on bytes that were not captured');
    if (translated !== null)
      must(translated(batch, i) === verdict, `translated to ${translated(batch, i)}, not ${verdict}`);
    if (linkType === null || batch.linkType[i] !== linkType || batch.strippedTag[i] !== 0) continue;
    const packet = batch.bytes.slice(batch.offset[i], batch.offset[i] + batch.capturedLength[i]);
    const theirs = offlineFilter(program, packet, batch.wireLength[i]);
    must(theirs === verdict, `libpcap says ${theirs}, we ${verdict}`);
  }
}

/** Programs that break a rule are refused with words of our own; anything else that is thrown is a fault. */
function decodeOrNull(program: BpfProgram): ReturnType<typeof decodeBpf> | null {
  try {
    return decodeBpf(program);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('BPF ')) return null;
    throw error;
  }
}
