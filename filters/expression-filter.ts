/** A filter that is one capture expression and is called by it: typed on a screen or given to a front door, in no store. */
import type { Filter } from './filter.ts';

export function expressionFilter(expression: string): Filter {
  return { name: expression, description: '', rules: [{ action: 'include', expression }] };
}

/** True of what expressionFilter makes: its name is an expression, which may be longer than names are. */
export function isExpressionFilter(filter: Filter): boolean {
  return filter.name === expressionOf(filter);
}

/** The expression that a filter comes down to, so that it can be edited as one; null: it is more than that. */
export function expressionOf({ rules, unmatched }: Filter): string | null {
  const [rule, ...more] = rules;
  if (more.length > 0 || unmatched === 'keep' || rule?.action !== 'include') return null;
  return rule.expression ?? null;
}
