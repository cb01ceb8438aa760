/** Random capture expressions on random packets: libpcap's own verdict, our interpreter's and our translator's. */
import { expect, it } from 'vitest';
import { runBpf } from '../../filters/bpf-interpreter.ts';
import { decodeBpf } from '../../filters/bpf-program.ts';
import { translateBpf } from '../../filters/bpf-translator.ts';
import type { BpfProgram } from '../../src/base/bpf-program.ts';
import { compileExpression, offlineFilter } from '../../src/native/libpcap.ts';
import { LINKTYPE } from '../../src/wire/numbers.ts';
import { Random } from '../fuzz/random.ts';
import { packetBatch, type TestPacket } from '../support/packets.ts';
import { randomExpression } from '../support/random-expression.ts';
import { randomFrame } from '../support/random-frames.ts';

const EXPRESSIONS = 1200;
const PACKETS = 24;

/** null: libpcap refuses the expression, most often since it can never match. */
function compile(expression: string, linkType: number, optimize: boolean): BpfProgram | null {
  try {
    return compileExpression(expression, linkType, 65_535, optimize);
  } catch {
    return null;
  }
}

/** Packets of one link type, one in four cut short; their tags are in their bytes or nowhere. */
function packetsOf(random: Random, linkType: number): TestPacket[] {
  return Array.from({ length: PACKETS }, () => {
    const { bytes, linkType: made } = randomFrame(random);
    const whole = made === linkType ? bytes : linkType === LINKTYPE.raw ? bytes.subarray(14) : bytes;
    const capturedLength = random.oneIn(4) ? random.below(whole.length + 1) : whole.length;
    return { bytes: whole, capturedLength, linkType };
  });
}

it('all three say the same', () => {
  const seen = { compiled: 0, accepted: 0, rejected: 0, longest: 0 };
  for (let seed = 1; seed <= EXPRESSIONS; seed++) {
    const random = new Random(seed);
    const linkType = random.oneIn(5) ? LINKTYPE.raw : LINKTYPE.ethernet;
    const expression = randomExpression(random);
    const program = compile(expression, linkType, random.oneIn(2));
    if (program === null) continue;
    const decoded = decodeBpf(program);
    const translated = translateBpf(decoded);
    expect(translated, 'only a loop or a program without measure is left to the interpreter').not.toBeNull();
    const packets = packetsOf(random, linkType);
    const batch = packetBatch(packets);
    seen.compiled++;
    seen.longest = Math.max(seen.longest, decoded.length);
    for (let i = 0; i < PACKETS; i++) {
      const { bytes, capturedLength } = packets[i];
      const theirs = offlineFilter(program, bytes.slice(0, capturedLength), bytes.length);
      const ours = [runBpf(decoded, batch, i), translated?.(batch, i)];
      if (ours[0] !== theirs || ours[1] !== theirs) {
        expect.fail(`seed ${seed}, packet ${i}: libpcap ${theirs}, ours ${ours.join(' and ')}, of ${expression}`);
      }
      seen[theirs === 0 ? 'rejected' : 'accepted']++;
    }
  }
  // Nothing of this may be rare: else little was compared.
  expect(seen.compiled).toBeGreaterThan(EXPRESSIONS / 2);
  expect(Math.min(seen.accepted, seen.rejected), JSON.stringify(seen)).toBeGreaterThan(3000);
  expect(seen.longest).toBeGreaterThan(100);
});
