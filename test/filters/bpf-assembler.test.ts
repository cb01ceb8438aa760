import { describe, expect, it } from 'vitest';
import { BpfAssembler, type BpfLabel } from '../../filters/bpf-assembler.ts';
import { runBpf } from '../../filters/bpf-interpreter.ts';
import { ANCILLARY, decodeBpf, INSTRUCTION_BYTES } from '../../filters/bpf-program.ts';
import type { BpfProgram } from '../../src/base/bpf-program.ts';
import { AF, attachFilter, closeDescriptor, openSocket, SOCK } from '../../src/native/sockets.ts';
import { Random } from '../fuzz/random.ts';
import * as build from '../support/packets.ts';

function run(program: BpfProgram, packet: build.PacketLike = build.filler(40)): number {
  return runBpf(decodeBpf(program), build.packetBatch([packet]), 0);
}

function lengthOf({ instructions }: BpfProgram): number {
  return instructions.length / INSTRUCTION_BYTES;
}

/** Whether the kernel's own checker takes the program: any socket will do, and needs no privilege. */
function kernelTakes({ instructions }: BpfProgram): boolean {
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

/** "If byte 0 is `wanted`, 1, else 2", with that many instructions that do nothing before each return. */
function farReturns(wanted: number, beforeFirst: number, between: number): BpfProgram {
  const bpf = new BpfAssembler();
  const [one, two] = [bpf.label(), bpf.label()];
  const idle = (count: number): void => {
    for (let n = 0; n < count; n++) bpf.and(0xff);
  };
  bpf.loadByte(0);
  bpf.jumpIf('equal', wanted, one, two);
  idle(beforeFirst);
  bpf.place(one);
  bpf.returnConstant(1);
  idle(between);
  bpf.place(two);
  bpf.returnConstant(2);
  return bpf.assemble();
}

describe('jumps', () => {
  it.each([
    [0, 0, 4],
    [254, 0, 258],
    // One target is far; the long jump to it puts the other one out of reach.
    [255, 0, 261],
    [0, 254, 258],
    [0, 255, 260],
    [300, 300, 606],
    [255, 255, 516],
  ])('reach targets behind %i and %i more instructions', (beforeFirst, between, length) => {
    const [met, missed] = [farReturns(7, beforeFirst, between), farReturns(8, beforeFirst, between)];
    expect([run(met, build.filler(20, 7)), run(missed, build.filler(20, 7))]).toEqual([1, 2]);
    expect(lengthOf(met)).toBe(length);
    expect(kernelTakes(met)).toBe(true);
  });

  it('to the next instruction cost none', () => {
    const bpf = new BpfAssembler();
    const next = bpf.label();
    bpf.jump(next);
    bpf.place(next);
    bpf.returnConstant(5);
    expect([...bpf.assemble().instructions]).toEqual([6, 0, 0, 0, 5, 0, 0, 0]);
  });

  it('go forward only, and to labels that stand somewhere', () => {
    const back = new BpfAssembler();
    const before = back.label();
    back.place(before);
    back.loadLength();
    back.jump(before);
    expect(() => back.assemble()).toThrow(/further on/);
    const nowhere = new BpfAssembler();
    nowhere.jump(nowhere.label());
    expect(() => nowhere.assemble()).toThrow(/further on/);
  });

  it('lead where they should in random programs of any length', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = new Random(seed);
      const steps = 2 + random.below(1200);
      const walk = randomWalk(random, steps);
      const program = walk.bpf.assemble();
      for (let n = 0; n < 5; n++) {
        const bytes = random.bytes(30);
        expect(run(program, bytes), `seed ${seed}`).toBe(walk.end(bytes));
      }
      if (lengthOf(program) <= 2000) expect(kernelTakes(program), `seed ${seed}`).toBe(true);
    }
  });
});

/** A program of jumps on bytes of the packet; each of its returns has a number of its own. `end`: the one it comes to. */
function randomWalk(random: Random, steps: number): { bpf: BpfAssembler; end: (bytes: Uint8Array) => number } {
  const bpf = new BpfAssembler();
  const labels: BpfLabel[] = Array.from({ length: steps }, () => bpf.label());
  const plan = labels.map((_, n) => {
    const onward = (): number => n + 1 + random.below(steps - n - 1);
    const last = n === steps - 1;
    const kind = last || random.oneIn(30) ? 'return' : random.oneIn(10) ? 'jump' : 'test';
    return {
      kind,
      byte: random.below(30),
      limit: random.below(256),
      whenTrue: last ? n : onward(),
      whenFalse: last ? n : onward(),
    };
  });
  for (const [n, { kind, byte, limit, whenTrue, whenFalse }] of plan.entries()) {
    bpf.place(labels[n]);
    if (kind === 'return') bpf.returnConstant(n + 1);
    else if (kind === 'jump') bpf.jump(labels[whenTrue]);
    else {
      bpf.loadByte(byte);
      bpf.jumpIf('atLeast', limit, labels[whenTrue], labels[whenFalse]);
    }
  }
  const end = (bytes: Uint8Array): number => {
    let n = 0;
    while (plan[n].kind !== 'return') {
      const { kind, byte, limit, whenTrue, whenFalse } = plan[n];
      n = kind === 'jump' || bytes[byte] >= limit ? whenTrue : whenFalse;
    }
    return n + 1;
  };
  return { bpf, end };
}

describe('loads and tests', () => {
  const verdict = (
    make: (bpf: BpfAssembler, yes: BpfLabel, no: BpfLabel) => void,
    packet?: build.PacketLike,
  ): boolean => {
    const bpf = new BpfAssembler();
    const [yes, no] = [bpf.label(), bpf.label()];
    make(bpf, yes, no);
    bpf.place(yes);
    bpf.returnConstant(1);
    bpf.place(no);
    bpf.returnConstant(0);
    const program = bpf.assemble();
    expect(kernelTakes(program)).toBe(true);
    return run(program, packet) === 1;
  };

  it.each([
    ['a word', (bpf: BpfAssembler) => bpf.loadWord(2), 0x0203_0405],
    ['16 bits', (bpf: BpfAssembler) => bpf.loadHalf(2), 0x0203],
    ['8 bits', (bpf: BpfAssembler) => bpf.loadByte(2), 2],
    ['the length', (bpf: BpfAssembler) => bpf.loadLength(), 40],
    ['a fact beside the packet', (bpf: BpfAssembler) => bpf.loadAncillary(ANCILLARY.hardwareType), 1],
  ])('of %s', (_, load, expected) => {
    for (const value of [expected - 1, expected, expected + 1]) {
      const equal = verdict((bpf, yes, no) => {
        load(bpf);
        bpf.jumpIf('equal', value, yes, no);
      });
      expect(equal).toBe(value === expected);
    }
  });

  it.each([
    ['greater', 6, true],
    ['greater', 7, false],
    ['atLeast', 7, true],
    ['atLeast', 8, false],
    ['anyBit', 5, true],
    ['anyBit', 8, false],
  ] as const)('7 %s %i is %s, with a constant and with X', (test, operand, expected) => {
    const constant = verdict((bpf, yes, no) => {
      bpf.loadByte(7);
      bpf.jumpIf(test, operand, yes, no);
    });
    const register = verdict((bpf, yes, no) => {
      bpf.loadByte(operand);
      bpf.copyToX();
      bpf.loadByte(7);
      bpf.jumpIfX(test, yes, no);
    });
    expect([constant, register]).toEqual([expected, expected]);
  });

  it('masks and adds', () => {
    const sum = verdict((bpf, yes, no) => {
      bpf.loadWord(0);
      bpf.and(0xff00);
      bpf.add(0xffff_ffff);
      bpf.jumpIf('equal', 0x01ff, yes, no);
    });
    expect(sum).toBe(true);
  });
});
