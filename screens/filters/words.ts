/** Filters in words: what happens to the rest, rules as numbered lines, what a search looks at. */
import type { Filter, FilterRule } from '../../filters/filter.ts';
import { unmatchedOf } from '../../filters/filter.ts';
import { ruleText } from '../../filters/rule-text.ts';
import { wrapText } from '../kit/text.ts';

/** What happens to packets that no rule matches, and why. */
export function restText(filter: Pick<Filter, 'rules' | 'unmatched'>): string {
  const what = unmatchedOf(filter) === 'drop' ? 'dropped' : 'kept';
  if (filter.unmatched !== undefined) return `Packets that no rule matches are ${what}: you chose so`;
  if (filter.rules.length === 0) return 'There is no rule: every packet is kept';
  const why = what === 'dropped' ? 'a rule includes' : 'every rule excludes';
  return `Packets that no rule matches are ${what}, since ${why}`;
}

/** The rule without its first word, include or exclude. */
export function matchText(rule: FilterRule): string {
  const text = ruleText(rule).slice(rule.action.length + 1);
  return text === '' ? 'every packet' : text;
}

/** The rules as numbered lines of at most `width` cells, in at most `height` lines. */
export function ruleLines(rules: readonly FilterRule[], width: number, height: number): string[] {
  const digits = String(rules.length).length;
  const lines = rules.flatMap((rule, i) => {
    const text = `${rule.action} ${matchText(rule)}`;
    const [first, ...more] = wrapText(text, width - digits - 2);
    return [`${String(i + 1).padStart(digits)}  ${first}`, ...more.map((line) => `${' '.repeat(digits + 2)}${line}`)];
  });
  if (lines.length <= height) return lines;
  return [...lines.slice(0, Math.max(0, height - 1)), `${' '.repeat(digits + 2)}… e shows all ${rules.length} rules`];
}

/** Everything of a filter that a search finds it by. */
export function searchedTexts({ name, description, rules }: Filter): string[] {
  return [name, description, ...rules.map(ruleText)];
}
