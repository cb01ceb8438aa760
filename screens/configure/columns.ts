/** Columns of the list of settings: group, mark, name and value everywhere; wide terminals add the rest. */

import type { SearchQuery } from '../../src/search/query.ts';
import { rowMatcher, type SearchedRow } from '../../src/search/rows.ts';
import { type SettingValue, valueText } from '../../src/store/setting-kinds.ts';
import { SETTINGS, type SettingLine, type Settings } from '../../src/store/settings-table.ts';
import type { Column } from '../kit/table.ts';

/** A setting as the list shows it. */
export interface SettingRow {
  /** Place in the table of settings. */
  id: number;
  line: SettingLine;
  value: SettingValue;
  /** It differs from its default. */
  changed: boolean;
  /** The first of its group on the screen: it carries the group's name. */
  heads: boolean;
}

/** Stands before a setting that differs from its default. */
export const CHANGED_MARK = '•';

/** Rows of the settings that a search shows. */
export function settingRows(
  settings: Settings,
  isChanged: (line: SettingLine) => boolean,
  search: SearchQuery,
): SettingRow[] {
  const rows = SETTINGS.map(
    (line, id): SettingRow => ({ id, line, value: settings[line.name], changed: isChanged(line), heads: false }),
  );
  const matches = rowMatcher(search);
  return rows.filter((row) => matches(searched(row)));
}

/** The rows of a page: the first of each group, and of the page, carries the group's name. */
export function withGroups(rows: readonly SettingRow[]): SettingRow[] {
  return rows.map((row, i) => ({ ...row, heads: rows[i - 1]?.line.group !== row.line.group }));
}

function searched({ line, value }: SettingRow): SearchedRow {
  return { other: [line.name, line.group, line.label, line.description, valueText(line.kind, value)] };
}

export const SETTING_COLUMNS: readonly Column<SettingRow>[] = [
  { id: 'group', title: '', width: 8, style: 'heading', read: (row) => (row.heads ? row.line.group : '') },
  { id: 'mark', title: '', width: 1, style: 'title', read: (row) => (row.changed ? CHANGED_MARK : '') },
  { id: 'label', title: 'Setting', width: 33, read: (row) => row.line.label },
  {
    id: 'value',
    title: 'Value',
    width: 12,
    flex: 2,
    maximumWidth: 44,
    style: (row) => (row.changed ? 'title' : 'value'),
    read: ({ line, value }) => valueText(line.kind, value),
  },
  {
    id: 'default',
    title: 'Default',
    width: 24,
    minTerminalWidth: 112,
    style: 'dim',
    read: ({ line }) => valueText(line.kind, line.default),
  },
  { id: 'name', title: 'config set', width: 24, minTerminalWidth: 140, read: ({ line }) => line.name },
  {
    id: 'description',
    title: 'What it does',
    width: 30,
    flex: 3,
    minTerminalWidth: 170,
    style: 'dim',
    read: ({ line }) => line.description,
  },
];
