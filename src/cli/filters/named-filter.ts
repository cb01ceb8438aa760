/** Filters by the name that the command line gives. */
import type { Filter } from '../../../filters/filter.ts';
import { allFilters, type NamedFilter } from '../../../filters/ready-made.ts';
import { FilterStore } from '../../../filters/store.ts';
import { usageError } from '../parse.ts';

/** The filter of that name, or one error that names all there are. `called`: what named it: "--filter web". */
export function namedFilter(name: string, stored: readonly Filter[], called: string): NamedFilter {
  const all = allFilters(stored);
  const found = all.find(({ filter }) => filter.name === name);
  if (found !== undefined) return found;
  const names = all.map(({ filter }) => filter.name).sort();
  throw usageError(called, `there is no filter of that name; there are ${names.join(', ')}`, 'filter add makes one');
}

/** What --filter names, or null. Rejects with an OperatorError: no such filter (E_USAGE), or no list (E_STORE). */
export async function filterOption(name: string | null, warn: (line: string) => void): Promise<Filter | null> {
  if (name === null) return null;
  const store = new FilterStore();
  const stored = await store.read();
  for (const warning of store.warnings) warn(warning);
  return namedFilter(name, stored, `--filter ${JSON.stringify(name)}`).filter;
}

/** The same while running: the lists as they are now; one that is damaged stays where it is. */
export async function rereadFilter(name: string, store: FilterStore): Promise<Filter> {
  return namedFilter(name, await store.reread(), `--filter ${JSON.stringify(name)}`).filter;
}
