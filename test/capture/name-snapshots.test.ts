import { describe, expect, it } from 'vitest';
import { BpfAssembler } from '../../filters/bpf-assembler.ts';
import { runBpf } from '../../filters/bpf-interpreter.ts';
import { addNameSnapshots, NAME_SNAPLEN } from '../../src/capture/ring/name-snapshots.ts';
import { LINKTYPE } from '../../src/wire/numbers.ts';
import { Random } from '../fuzz/random.ts';
import { kernelDecoded } from '../support/bpf.ts';
import { NAME_FRAMES, OTHER_FRAMES } from '../support/name-frames.ts';
import * as build from '../support/packets.ts';
import { randomFrame } from '../support/random-frames.ts';

function kept(packet: build.PacketLike, snaplen = 256): number {
  const bpf = new BpfAssembler();
  addNameSnapshots(bpf, snaplen);
  return runBpf(kernelDecoded(bpf.assemble()), build.packetBatch([packet]), 0);
}

describe('bytes kept', () => {
  it.each(Object.entries(NAME_FRAMES))('more of %s', (_, bytes) => {
    expect(kept(bytes)).toBe(NAME_SNAPLEN);
    expect(kept({ bytes, strippedTag: 0x8100_0005 })).toBe(NAME_SNAPLEN);
    expect(kept({ bytes: bytes.subarray(14), linkType: LINKTYPE.raw })).toBe(NAME_SNAPLEN);
  });

  it.each(Object.entries(OTHER_FRAMES))('no more of %s', (_, bytes) => {
    expect(kept(bytes)).toBe(256);
    expect(kept(bytes, 1000)).toBe(1000);
  });

  it('no more of a large buffer that is no ClientHello', () => {
    const rest = NAME_FRAMES['the last segment of a ClientHello'];
    expect(kept({ bytes: rest, wireLength: NAME_SNAPLEN })).toBe(NAME_SNAPLEN);
    expect(kept({ bytes: rest, wireLength: NAME_SNAPLEN + 1 })).toBe(256);
    expect(kept({ bytes: NAME_FRAMES['a ClientHello'], wireLength: 65_000 })).toBe(NAME_SNAPLEN);
  });

  it('all of a packet that is not longer than what is kept, and of the shortest names', () => {
    expect(kept(build.filler(60))).toBe(256);
    expect(kept(build.filler(160), 64)).toBe(160);
    for (const bytes of Object.values(NAME_FRAMES)) expect(kept(bytes.subarray(0, 161), 64)).toBe(NAME_SNAPLEN);
  });

  it('never nothing, whatever the packet is', () => {
    const random = new Random(7);
    for (let n = 0; n < 1000; n++) {
      const { bytes, linkType } = randomFrame(random);
      const longer = build.concat(bytes, build.filler(random.below(400)));
      expect([160, NAME_SNAPLEN]).toContain(kept({ bytes: longer, linkType }, 64));
    }
    for (const frame of Object.values(NAME_FRAMES)) {
      for (let n = 0; n < 60; n++) {
        const bytes = frame.slice(0, 140 + random.below(140));
        for (let k = 0; k < 3; k++) bytes[random.below(80)] = random.below(256);
        expect(kept(bytes), build.toHex(bytes)).toBeGreaterThanOrEqual(160);
      }
    }
  });
});
