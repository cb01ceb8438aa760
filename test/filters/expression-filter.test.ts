import { describe, expect, it } from 'vitest';
import { expressionFilter, expressionOf, isExpressionFilter } from '../../filters/expression-filter.ts';
import type { Filter, FilterRule } from '../../filters/filter.ts';

const filter = (...rules: FilterRule[]): Filter => ({ name: 'x', description: '', rules });

describe('a filter that is one capture expression', () => {
  it('is called by it and gives it back', () => {
    const made = expressionFilter('port 80');
    expect([made.name, expressionOf(made), isExpressionFilter(made)]).toEqual(['port 80', 'port 80', true]);
  });

  it('may be one of the list, which has a name of its own', () => {
    const listed = filter({ action: 'include', expression: 'port 80' });
    expect([expressionOf(listed), isExpressionFilter(listed)]).toEqual(['port 80', false]);
  });

  it.each<[string, Filter]>([
    ['has no rule', filter()],
    ['has further rules', filter({ action: 'include', expression: 'tcp' }, { action: 'include', expression: 'udp' })],
    ['excludes', filter({ action: 'exclude', expression: 'tcp' })],
    ['keeps the rest', { ...filter({ action: 'include', expression: 'tcp' }), unmatched: 'keep' }],
    ['has other matchers', filter({ action: 'include', protocol: 'tcp' })],
  ])('is no filter that %s', (_, other) => {
    expect([expressionOf(other), isExpressionFilter(other)]).toEqual([null, false]);
  });
});
