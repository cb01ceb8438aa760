/** Columns of the list of filters, and of the rules of one. */
import type { FilterRule } from '../../filters/filter.ts';
import type { NamedFilter } from '../../filters/ready-made.ts';
import type { Column } from '../kit/table.ts';
import { matchText } from './words.ts';

export interface FilterLine extends NamedFilter {
  id: number;
  applied: boolean;
}

/** Stands before the filter that is applied. */
export const APPLIED_MARK = '►';

export const FILTER_COLUMNS: readonly Column<FilterLine>[] = [
  { id: 'mark', title: '', width: 1, style: 'title', read: (line) => (line.applied ? APPLIED_MARK : '') },
  {
    id: 'name',
    title: 'Filter',
    width: 14,
    flex: 1,
    maximumWidth: 42,
    style: (line) => (line.applied ? 'title' : 'text'),
    read: ({ filter }) => filter.name,
  },
  {
    id: 'rules',
    title: 'Rules',
    width: 5,
    align: 'right',
    style: 'value',
    read: ({ filter }) => String(filter.rules.length),
  },
  { id: 'kind', title: '', width: 10, style: 'dim', read: ({ readyMade }) => (readyMade ? 'ready-made' : '') },
  {
    id: 'description',
    title: 'Description',
    width: 12,
    flex: 5,
    style: 'value',
    read: ({ filter }) => filter.description,
  },
];

/** A rule in the editor: it keeps its id while it moves. */
export interface RuleLine {
  id: number;
  rule: FilterRule;
  /** From 1: the order in which rules are tried. */
  number: number;
}

export const RULE_COLUMNS: readonly Column<RuleLine>[] = [
  { id: 'number', title: '#', width: 3, align: 'right', style: 'dim', read: ({ number }) => String(number) },
  {
    id: 'action',
    title: 'Action',
    width: 7,
    style: ({ rule }) => (rule.action === 'include' ? 'incoming' : 'outgoing'),
    read: ({ rule }) => rule.action,
  },
  { id: 'match', title: 'Packets', width: 20, flex: 1, read: ({ rule }) => matchText(rule) },
];
