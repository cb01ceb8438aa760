/** `filter test NAME -r FILE`: which rule decides how much of a capture file. */
import { type Filter, unmatchedOf } from '../../../filters/filter.ts';
import { ruleText } from '../../../filters/rule-text.ts';
import { EXIT, OperatorError } from '../../base/errors.ts';
import { countByRule, type RuleCount } from '../../engine/rule-counts.ts';
import { SettingsStore } from '../../store/settings.ts';
import type { CommandResult } from '../command-result.ts';
import { textTable } from '../documents/text-table.ts';
import { complain } from '../fail.ts';
import type { OptionValues } from '../option-values.ts';
import { usageError } from '../parse.ts';
import { AppliedFilter } from './applied-filter.ts';

export async function testFilter(filter: Filter, values: OptionValues): Promise<CommandResult> {
  const { readFile } = values;
  if (readFile === null)
    throw usageError(`filter test ${filter.name}`, 'it needs packets', 'name a capture file: -r FILE');
  const { prepared, warnings } = await new AppliedFilter(values, filter).prepare({
    monitor: 'ip-traffic',
    file: readFile,
  });
  for (const warning of warnings) complain(warning);
  if (prepared === null) throw new Error('a filter was given');
  const { decapsulateTunnels } = await new SettingsStore().readOrDefaults();
  const { counts, damage } = await countByRule(readFile, prepared, { decapsulate: decapsulateTunnels });
  if (damage !== null) complain(new OperatorError(damage).message);
  const text = values.json ? jsonLines(filter, counts) : table(filter, counts);
  return { text, status: damage === null ? EXIT.ok : EXIT.failed };
}

/** A line for each rule, the last for what no rule matched (rule: null). */
function jsonLines(filter: Filter, counts: readonly RuleCount[]): string {
  const all = sum(counts);
  return counts
    .map((count, index) => {
      const rule = filter.rules[index];
      const facts = rule === undefined ? { rule: null, action: unmatchedOf(filter) } : ruleFacts(filter, index);
      return `${JSON.stringify({ ...facts, ...count, share: share(count, all) })}\n`;
    })
    .join('');
}

function ruleFacts({ rules }: Filter, index: number): object {
  const rule = rules[index];
  return { rule: index + 1, action: rule.action, text: ruleText(rule) };
}

function table(filter: Filter, counts: readonly RuleCount[]): string {
  const all = sum(counts);
  const verb = unmatchedOf(filter) === 'drop' ? 'dropped' : 'kept';
  const rows = counts.map((count, index) => {
    const rule = filter.rules[index];
    const portion = share(count, all);
    return [
      rule === undefined ? '-' : String(index + 1),
      String(count.packets),
      portion === null ? '-' : `${(100 * portion).toFixed(1)} %`,
      String(count.ipBytes),
      rule === undefined ? `no rule: ${verb}` : ruleText(rule),
    ];
  });
  return textTable([['rule', 'packets', 'share', 'IP bytes', 'what it says'], ...rows], [0, 1, 2, 3]);
}

/** Packets of all. */
function sum(counts: readonly RuleCount[]): number {
  return counts.reduce((total, { packets }) => total + packets, 0);
}

/** 0 to 1; null where there are no packets. */
function share({ packets }: RuleCount, all: number): number | null {
  return all === 0 ? null : packets / all;
}
