/**
 * The `filter` commands: filters without the screen. Needs no root for the user's own filters. What is wrong with a name
 * or a rule is wrong use (2), what is wrong with a file is a failure (1).
 */
import { type Filter, unmatchedOf } from '../../../filters/filter.ts';
import { allFilters, type NamedFilter } from '../../../filters/ready-made.ts';
import { BadRule, descriptionProblem, nameProblem } from '../../../filters/rule.ts';
import { parseRuleText, ruleText } from '../../../filters/rule-text.ts';
import { FilterStore } from '../../../filters/store.ts';
import { EXIT } from '../../base/errors.ts';
import { filterExportText, readFilterExport } from '../../store/filter-export.ts';
import type { CommandResult } from '../command-result.ts';
import { textTable } from '../documents/text-table.ts';
import { complain } from '../fail.ts';
import type { OptionValues } from '../option-values.ts';
import { usageError } from '../parse.ts';
import { fileTitle, readTextFile, writeTextFile } from '../text-files.ts';
import { namedFilter } from './named-filter.ts';

const IPTRAF_NG_DIRECTORY = '/var/lib/iptraf-ng';

/** What a command goes by. */
interface Call {
  store: FilterStore;
  /** What follows the command's name. */
  words: readonly string[];
  values: OptionValues;
}

/** `name`: "filter list", "filter show"…; `words`: what follows it. */
export async function filterCommand(
  name: string,
  words: readonly string[],
  values: OptionValues,
): Promise<CommandResult> {
  const store = new FilterStore();
  try {
    const result = await run(name, { store, words, values });
    return typeof result === 'string' ? { text: result, status: EXIT.ok } : result;
  } finally {
    for (const warning of store.warnings) complain(warning);
  }
}

async function run(name: string, call: Call): Promise<string | CommandResult> {
  switch (name) {
    case 'filter show':
      return show(call);
    case 'filter add':
      return add(call);
    case 'filter edit': {
      const { editFilter } = await import('./filter-edit.ts');
      return editFilter(call.store, await named(call));
    }
    case 'filter remove':
      return remove(call);
    case 'filter test': {
      const { testFilter } = await import('./filter-test.ts');
      return testFilter((await named(call)).filter, call.values);
    }
    case 'filter export':
      return exportTo(call);
    case 'filter import':
      return importFrom(call);
    case 'filter import-iptraf-ng':
      return importIptrafNg(call);
    case 'filter names':
      return allFilters(await call.store.peek())
        .map(({ filter }) => `${filter.name}\n`)
        .join('');
    default:
      return list(call);
  }
}

async function all({ store }: Call): Promise<NamedFilter[]> {
  return allFilters(await store.read());
}

/** The filter that the first word names. */
async function named({ store, words: [name] }: Call): Promise<NamedFilter> {
  return namedFilter(name, await store.read(), `filter ${JSON.stringify(name)}`);
}

async function list(call: Call): Promise<string> {
  const filters = await all(call);
  if (call.values.json) return filters.map(jsonLine).join('');
  const rows = filters.map(({ filter, readyMade }) => [
    filter.name,
    String(filter.rules.length),
    readyMade ? 'ready-made' : 'own',
    filter.description,
  ]);
  return textTable([['name', 'rules', 'kind', 'description'], ...rows], [1]);
}

function jsonLine({ filter, readyMade }: NamedFilter): string {
  const { name, description, rules } = filter;
  return `${JSON.stringify({ name, description, rules, unmatched: unmatchedOf(filter), readyMade })}\n`;
}

async function show(call: Call): Promise<string> {
  const found = await named(call);
  if (call.values.json) return jsonLine(found);
  const { filter, readyMade } = found;
  const rules = filter.rules.map((rule, index) => `${String(index + 1).padStart(3)}  ${ruleText(rule)}\n`);
  const kind = readyMade ? 'comes with the program' : `in ${call.store.path}`;
  const about = filter.description === '' ? '' : `: ${filter.description}`;
  return `${filter.name} (${kind})${about}\n${rules.join('')}  -  ${unmatchedWords(filter)}\n`;
}

function unmatchedWords(filter: Filter): string {
  const verb = unmatchedOf(filter) === 'drop' ? 'dropped' : 'kept';
  return filter.rules.length === 0 ? `all packets are ${verb}` : `packets that no rule matches are ${verb}`;
}

async function add(call: Call): Promise<string> {
  const [name, ...lines] = call.words;
  const called = `filter ${JSON.stringify(name)}`;
  const wrongName = nameProblem(name);
  if (wrongName !== null) throw usageError(called, wrongName);
  const description = call.values.description ?? '';
  const wrongDescription = descriptionProblem(description);
  if (wrongDescription !== null) throw usageError('--description', wrongDescription);
  const known = (await all(call)).find(({ filter }) => filter.name === name);
  if (known !== undefined) {
    const remedy = known.readyMade ? `filter edit ${name} changes it` : `filter edit ${name}, or filter remove ${name}`;
    throw usageError(called, known.readyMade ? 'it comes with the program' : 'it is there already', remedy);
  }
  await call.store.save({ name, description, rules: lines.map(readRule) }, null);
  return `filter ${name} is in ${call.store.path}\n`;
}

function readRule(line: string) {
  try {
    return parseRuleText(line);
  } catch (error) {
    if (!(error instanceof BadRule)) throw error;
    throw usageError(
      `rule ${JSON.stringify(line)}`,
      error.message,
      'each rule in quotes: "include tcp to any port 80"',
    );
  }
}

async function remove(call: Call): Promise<string> {
  const { store } = call;
  const { filter, readyMade: alone } = await named(call);
  const { name } = filter;
  if (alone) {
    throw usageError(`filter ${JSON.stringify(name)}`, 'it comes with the program', 'only your own can be removed');
  }
  await store.remove(name);
  const readyMade = allFilters(await store.read()).some(({ filter }) => filter.name === name);
  return readyMade ? `filter ${name} is as it comes with the program again\n` : `filter ${name} is removed\n`;
}

async function exportTo(call: Call): Promise<string> {
  const { filter } = await named(call);
  return writeTextFile(call.words[1] ?? '-', filterExportText(filter), `filter ${filter.name}`);
}

async function importFrom({ store, words: [path] }: Call): Promise<string> {
  const filter = await readFilterExport(readTextFile(path, 'import'), fileTitle(path));
  await store.save(filter, null);
  return `filter ${filter.name} is now in ${store.path}\n`;
}

async function importIptrafNg({ store, words: [folder = IPTRAF_NG_DIRECTORY] }: Call): Promise<string> {
  const { readIptrafNgFilters } = await import('../../store/iptraf-ng-filters.ts');
  const { filters, notes } = readIptrafNgFilters(folder);
  const taken = await store.add(filters);
  for (const note of notes) complain(note);
  for (const name of taken) complain(`filter ${name} is left out: there is one of that name already`);
  const added = filters.filter(({ name }) => !taken.includes(name)).map(({ name }) => `${name}\n`);
  if (added.length === 0) return `no filter was added to ${store.path}\n`;
  const rest = 'iptraf-ng let IPv6 pass them all; here they decide it too\n';
  return `these filters are now in ${store.path}; ${rest}${added.join('')}`;
}
