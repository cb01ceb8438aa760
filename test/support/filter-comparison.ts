/** One random case through PacketFilter and through the oracle: both must say the same of every packet. */
import { PacketFilter } from '../../filters/evaluate.ts';
import type { FilterRule } from '../../filters/filter.ts';
import { ruleText } from '../../filters/rule-text.ts';
import { offlineFilter } from '../../src/native/libpcap.ts';
import { FragmentTable } from '../../src/tables/fragment-table.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DecodedBatch } from '../../src/wire/decoded-batch.ts';
import { LINKTYPE } from '../../src/wire/numbers.ts';
import type { Random } from '../fuzz/random.ts';
import { LOCAL_NETWORKS, randomFrames, randomRules, SLOT_NAMES } from './filter-cases.ts';
import { oracleVerdict } from './filter-oracle.ts';
import { compiledExpression, preparedFilter } from './filters.ts';
import { type FrameMeaning, frameMeaning, resolveFragments, withTag } from './frame-meaning.ts';
import { packetBatch, type TestPacket, toHex } from './packets.ts';

const BATCH_PACKETS = 24;

export const nameOfSlot = (slot: number): string => SLOT_NAMES[slot];

/** How much the cases compared: a test that compares nothing proves nothing. */
export interface Tally {
  passed: number;
  decidedByRule: number;
  portsOfLaterFragments: number;
}

/** Throws where the two differ, with the rules and the packet. */
export function compareVerdicts(random: Random, tally: Tally): void {
  const rules = randomRules(random);
  const filter = new PacketFilter(preparedFilter(rules, LOCAL_NETWORKS));
  const decoder = new Decoder({ decapsulate: false, hashSeed: 1 });
  const fragments = new FragmentTable();
  const batch = new DecodedBatch();
  const known = new Map<string, FrameMeaning>();
  for (const packets of randomFrames(random, 1 + random.below(3), BATCH_PACKETS)) {
    decoder.decode(packetBatch(packets), batch);
    fragments.resolve(batch);
    const meanings = packets.map(frameMeaning);
    resolveFragments(meanings, known);
    const before = packets.map(() => (random.oneIn(10) ? 0 : 1));
    batch.selected.set(before);
    const rejected = filter.select(batch, nameOfSlot);
    let expectedRejected = 0;
    for (const [i, packet] of packets.entries()) {
      const { place, passes } = verdictOf(rules, meanings[i], packet);
      const expected = passes ? before[i] : 0;
      if (batch.selected[i] !== expected) throw new Error(describe(rules, packet, meanings[i], place));
      if (before[i] === 0) continue;
      if (filter.decidedBy[i] !== place) throw new Error(describe(rules, packet, meanings[i], place));
      if (!passes) expectedRejected++;
      if (passes) tally.passed++;
      if (place < rules.length) tally.decidedByRule++;
      if (meanings[i].fragment?.first === false && meanings[i].ports !== null) tally.portsOfLaterFragments++;
    }
    if (rejected !== expectedRejected) throw new Error(`${rejected} rejected in place of ${expectedRejected}`);
  }
}

function verdictOf(rules: FilterRule[], meaning: FrameMeaning, packet: TestPacket): { place: number; passes: boolean } {
  const expressionTakes = (expression: string): boolean => libpcapTakes(expression, packet);
  return oracleVerdict(rules, meaning, { nameOfSlot, local: LOCAL_NETWORKS, expressionTakes });
}

/** libpcap's own verdict on the frame as it was on the wire. */
function libpcapTakes(expression: string, packet: TestPacket): boolean {
  const { bytes, capturedLength = bytes.length, wireLength = bytes.length } = withTag(packet);
  const ethernet = compiledExpression(expression).programs.find(({ linkType }) => linkType === LINKTYPE.ethernet);
  const instructions = ethernet?.instructions ?? new Uint8Array(0);
  return offlineFilter({ instructions }, bytes.subarray(0, capturedLength), wireLength) !== 0;
}

function textOf(rules: readonly FilterRule[]): string {
  return rules.map(ruleText).join('\n');
}

function describe(rules: FilterRule[], packet: TestPacket, meaning: FrameMeaning, place: number): string {
  const captured = toHex(packet.bytes.subarray(0, packet.capturedLength));
  const { addresses, ...facts } = meaning;
  const [source, destination] = [addresses?.source, addresses?.destination].map((bytes) => bytes && toHex(bytes));
  return [
    `rule ${place} decides, says the oracle`,
    textOf(rules),
    JSON.stringify({ ...facts, source, destination }),
    `${captured} (${packet.bytes.length} bytes, tag ${packet.strippedTag?.toString(16)})`,
  ].join('\n');
}
