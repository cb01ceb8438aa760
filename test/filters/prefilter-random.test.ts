/** Random filters on random packets: what the kernel's program lets pass against what the filter keeps. */
import { describe, expect, test } from 'vitest';
import { ancillaryValue, runBpf } from '../../filters/bpf-interpreter.ts';
import { ANCILLARY_BASE, decodeBpf, INSTRUCTION_BYTES, isAncillary } from '../../filters/bpf-program.ts';
import { translateBpf } from '../../filters/bpf-translator.ts';
import { PacketFilter } from '../../filters/evaluate.ts';
import { kernelProgram } from '../../filters/prefilter.ts';
import type { PreparedFilter } from '../../filters/prepared.ts';
import type { BpfProgram } from '../../src/base/bpf-program.ts';
import { offlineFilter } from '../../src/native/libpcap.ts';
import { DECODE_STATUS, type DecodedBatch, FRAGMENT, NETWORK } from '../../src/wire/decoded-batch.ts';
import { isExtensionHeader } from '../../src/wire/ipv6.ts';
import { ETHERTYPE, LINKTYPE } from '../../src/wire/numbers.ts';
import { PACKET_TYPE, type PacketBatch } from '../../src/wire/packet-batch.ts';
import { randomPackets } from '../fuzz/packets.ts';
import { Random } from '../fuzz/random.ts';
import type { Corpus } from '../fuzz/target.ts';
import { kernelDecoded } from '../support/bpf.ts';
import { decodeBatch } from '../support/decoding.ts';
import { FIXTURE_FRAMES } from '../support/fixture-frames.ts';
import * as build from '../support/packets.ts';
import { randomFilter } from '../support/random-filter.ts';
import { POOL, randomFrame } from '../support/random-frames.ts';

const CORPUS: Corpus = {
  files: [],
  packets: FIXTURE_FRAMES.map(([, bytes]) => ({ bytes: Uint8Array.from(bytes), linkType: LINKTYPE.ethernet })),
};

/** Packets that random rules meet, and mutated ones of a corpus; as the ring hands them over. */
function somePackets(random: Random): build.TestPacket[] {
  const mutants = randomPackets(CORPUS, random, 16)
    // The ring has no such link: to the interpreter it would be the loopback interface's kind of hardware.
    .filter(({ linkType }) => linkType !== LINKTYPE.null)
    .map((packet) => ({ ...packet, wireLength: packet.bytes.length }));
  return [...Array.from({ length: 48 }, () => randomFrame(random)), ...mutants];
}

/** By packet: 1 where the filter lets it pass in user space, of which `snaplen` bytes were kept. */
function verdicts(
  filter: PreparedFilter,
  packets: build.TestPacket[],
  decapsulate: boolean,
  snaplen: number,
): Uint8Array {
  const kept = packets.map((packet) => ({
    ...packet,
    wireLength: packet.bytes.length,
    capturedLength: Math.min(snaplen, packet.bytes.length),
  }));
  const batch = decodeBatch(build.packetBatch(kept), decapsulate);
  new PacketFilter(filter).select(batch, (slot) => POOL.interface[slot]);
  return batch.selected;
}

/** The program with what a packet's ancillary loads give as constants, for a runner that knows none. */
function withoutAncillary(program: BpfProgram, batch: PacketBatch, i: number): BpfProgram {
  const { words, length } = decodeBpf(program);
  const instructions = program.instructions.slice();
  const view = new DataView(instructions.buffer);
  for (let n = 0; n < length; n++) {
    if (!isAncillary(words, n)) continue;
    view.setUint16(n * INSTRUCTION_BYTES, 0, true);
    view.setUint32(n * INSTRUCTION_BYTES + 4, ancillaryValue(batch, i, words[n * 4 + 3] - ANCILLARY_BASE), true);
  }
  return { instructions };
}

/** Whether the packet has nothing odd that the kernel's program leaves to user space. */
function isPlain(batch: DecodedBatch, i: number, { rules }: PreparedFilter, decapsulate: boolean): boolean {
  const { packets, network, status, fragment } = batch;
  const start = packets.offset[i];
  const type = packets.view.getUint16(start + 12);
  if (packets.linkType[i] !== LINKTYPE.ethernet || status[i] !== DECODE_STATUS.ok) return false;
  if (packets.packetType[i] === PACKET_TYPE.unknown && rules.some(({ direction }) => direction !== null)) return false;
  if (network[i] === NETWORK.other) return isPlainType(type);
  if (batch.networkOffset[i] !== start + 14 || fragment[i] !== FRAGMENT.none) return false;
  const isIpv4 = network[i] === NETWORK.ipv4;
  const protocol = packets.bytes[start + (isIpv4 ? 23 : 20)];
  if (decapsulate && [4, 41, 47, 51].includes(protocol)) return false;
  const transport = start + (isIpv4 ? 34 : 54);
  if (decapsulate && protocol === 17 && [4789, 8472].includes(packets.view.getUint16(transport + 2))) return false;
  if (isIpv4) return packets.bytes[start + 14] === 0x45 && packets.view.getUint16(start + 16) !== 0;
  return packets.view.getUint16(start + 18) !== 0 && !isExtensionHeader(protocol);
}

function isPlainType(type: number): boolean {
  const containers: number[] = [0x8100, 0x88a8, 0x9100, 0x9200, 0x8847, 0x8848, 0x8864, ETHERTYPE.ipv4, ETHERTYPE.ipv6];
  return type >= 0x600 && !containers.includes(type);
}

describe('of random filters on random packets', () => {
  test('lets everything pass that the filter keeps, and is exact where it says so', () => {
    const seen = { programs: 0, accepted: 0, dropped: 0, exact: 0, plainAccepted: 0, plainDropped: 0 };
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed);
      const [filter, decapsulate] = [randomFilter(random), random.oneIn(2)];
      const packets = somePackets(random);
      const made = kernelProgram(filter, { decapsulate });
      if (made === null) continue;
      seen.programs++;
      const decoded = kernelDecoded(made.program);
      const kept = verdicts(filter, packets, decapsulate, random.pick([64, 96, 262_144]));
      const keptWhole = verdicts(filter, packets, decapsulate, 262_144);
      const whole = decodeBatch(build.packetBatch(packets), decapsulate);
      const exact = made.exact && filter.rules.every(({ expression }) => expression === null);
      if (exact) seen.exact++;
      for (let i = 0; i < packets.length; i++) {
        const accepted = runBpf(decoded, whole.packets, i) !== 0;
        if (kept[i] === 1 && !accepted) expect.fail(`seed ${seed}, packet ${i}: the kernel drops what matches`);
        seen[accepted ? 'accepted' : 'dropped']++;
        if (!exact || !isPlain(whole, i, filter, decapsulate)) continue;
        if ((keptWhole[i] === 1) !== accepted) expect.fail(`seed ${seed}, packet ${i}: accepted is ${accepted}`);
        seen[accepted ? 'plainAccepted' : 'plainDropped']++;
      }
    }
    // Nothing of this may be rare: else little was compared.
    expect(seen.programs).toBeGreaterThan(180);
    expect(seen.exact).toBeGreaterThan(120);
    const { accepted, dropped, plainAccepted, plainDropped } = seen;
    expect(Math.min(accepted, dropped, plainAccepted, plainDropped), JSON.stringify(seen)).toBeGreaterThan(500);
  }, 60_000);

  test('says the same in our translator and in libpcap', () => {
    let compared = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed);
      const made = kernelProgram(randomFilter(random), { decapsulate: random.oneIn(2) });
      if (made === null) continue;
      const decoded = kernelDecoded(made.program);
      const translated = translateBpf(decoded);
      const batch = build.packetBatch(Array.from({ length: 16 }, () => randomFrame(random)));
      for (let i = 0; i < batch.count; i++) {
        const verdict = runBpf(decoded, batch, i);
        if (translated !== null) expect(translated(batch, i), `seed ${seed}, packet ${i}`).toBe(verdict);
        const frame = batch.bytes.slice(batch.offset[i], batch.offset[i] + batch.capturedLength[i]);
        const theirs = offlineFilter(withoutAncillary(made.program, batch, i), frame, batch.wireLength[i]);
        expect(theirs, `seed ${seed}, packet ${i}`).toBe(verdict);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(3000);
  });
});
