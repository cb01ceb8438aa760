/**
 * Filters: texts of rules, mutated, through every parser; random rules on random frames against the oracle; and on mutated
 * packets, where the verdict must not depend on bytes that were not captured.
 */
import { PacketFilter } from '../../filters/evaluate.ts';
import type { FilterRule } from '../../filters/filter.ts';
import {
  BadRule,
  nameProblem,
  parseAddresses,
  parseInterfaces,
  parseMacs,
  parsePatterns,
  parsePorts,
  parseProtocols,
  parseVlans,
  ruleProblems,
} from '../../filters/rule.ts';
import { normalRule, parseRuleText, ruleText } from '../../filters/rule-text.ts';
import { FragmentTable } from '../../src/tables/fragment-table.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DecodedBatch } from '../../src/wire/decoded-batch.ts';
import { LOCAL_NETWORKS, randomRule, randomRules } from '../support/filter-cases.ts';
import { compareVerdicts } from '../support/filter-comparison.ts';
import { preparedFilter } from '../support/filters.ts';
import type { TestPacket } from '../support/packets.ts';
import { packetFile, poisonedBatch, randomPackets } from './packets.ts';
import type { Random } from './random.ts';
import { mutated } from './random.ts';
import type { Corpus, FuzzTarget } from './target.ts';
import { must } from './target.ts';

interface Input {
  /** Lines that may be rules. */
  texts: string[];
  rules: FilterRule[];
  packets: TestPacket[];
}

const TEXTS = 20;

const PARSERS = [parseAddresses, parseInterfaces, parseMacs, parsePatterns, parsePorts, parseProtocols, parseVlans];

const decoders = [new Decoder({ decapsulate: false, hashSeed: 3 }), new Decoder({ decapsulate: true, hashSeed: 3 })];
const batch = new DecodedBatch();
const fragments = new FragmentTable();

export function filterTarget(corpus: Corpus): FuzzTarget<Input> {
  return {
    name: 'filter',
    make: (random) => ({
      texts: Array.from({ length: TEXTS }, () => randomText(random)),
      rules: randomRules(random, 8),
      packets: randomPackets(corpus, random, 64),
    }),
    check,
    toFile: ({ packets }) => packetFile(packets),
  };
}

function randomText(random: Random): string {
  const bytes = mutated(Buffer.from(ruleText(randomRule(random))), random, 4);
  return Buffer.from(bytes).toString(random.oneIn(4) ? 'latin1' : 'utf8');
}

function check({ texts, rules, packets }: Input, random: Random): void {
  for (const text of texts) checkText(text, random);
  compareVerdicts(random, { passed: 0, decidedByRule: 0, portsOfLaterFragments: 0 });
  for (const decoder of decoders) {
    const [first, second] = [verdicts(rules, packets, decoder, random), verdicts(rules, packets, decoder, random)];
    must(first === second, `the verdict depends on bytes that were not captured:\n${rules.map(ruleText).join('\n')}`);
  }
}

/** Whatever the text is: a rule that reads back as it prints, or BadRule. */
function checkText(text: string, random: Random): void {
  for (const parse of PARSERS) orBadRule(() => parse(text));
  nameProblem(text);
  const fields = text.split(/[ ,]/);
  const field = (): string => random.pick(fields);
  ruleProblems({ action: 'include', source: { address: field(), port: field() }, protocol: field(), vlan: field() });
  const rule = orBadRule(() => parseRuleText(text));
  if (rule === null) return;
  const printed = ruleText(rule);
  must(JSON.stringify(parseRuleText(printed)) === JSON.stringify(normalRule(rule)), `${printed} is read otherwise`);
}

function orBadRule<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof BadRule) return null;
    throw error;
  }
}

/** Verdicts and counts on the packets, with noise between them; all of them counted once. */
function verdicts(rules: FilterRule[], packets: TestPacket[], decoder: Decoder, random: Random): string {
  const filter = new PacketFilter(preparedFilter(rules, LOCAL_NETWORKS));
  fragments.reset();
  decoder.decode(poisonedBatch(packets, random), batch);
  fragments.resolve(batch);
  const rejected = filter.select(batch, (slot) => `eth${slot}`);
  const selected = batch.selected.subarray(0, batch.count);
  const passed = selected.reduce((sum, value) => sum + value, 0);
  must(passed + rejected === batch.count, `${passed} passed and ${rejected} were rejected of ${batch.count}`);
  const decidedBy = filter.decidedBy.subarray(0, batch.count);
  must(
    decidedBy.every((place) => place <= rules.length),
    `no rule decided, and not that there is none: ${decidedBy.join()}`,
  );
  return `${selected.join('')} ${decidedBy.join()}`;
}
