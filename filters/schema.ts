/**
 * JSON Schema of a filter and of the document that keeps them (filters.json), and what only reading the fields finds:
 * a port above 65535, a network that is none, two filters of one name.
 */
import type { FieldProblem } from '../src/base/field-problem.ts';
import type { Filter, FilterRule } from './filter.ts';
import { filterProblems, MAXIMUM_DESCRIPTION, MAXIMUM_NAME } from './rule.ts';

export const FILTERS_VERSION = 1;

/** What filters.json holds. */
export interface StoredFilters {
  version: number;
  filters: Filter[];
}

/** A character that no terminal obeys, and one that is no blank either. */
const PRINTABLE = '[^\\u0000-\\u001f\\u007f-\\u009f]';
const INKED = '[^\\s\\u0000-\\u001f\\u007f-\\u009f]';

const endpoint = (side: string) => ({
  type: 'object',
  additionalProperties: false,
  description: `${side}; what is absent matches everything`,
  properties: {
    address: {
      type: 'string',
      description: 'addresses, networks (10.0.0.0/8, fe80::/10), masks (10.0.0.0/255.0.255.0), host names; with commas',
    },
    mac: { type: 'string', description: 'MAC addresses; with commas' },
    port: { type: 'string', description: 'ports and ranges: 80,443,8000-8100' },
  },
});

const rule = {
  type: 'object',
  required: ['action'],
  additionalProperties: false,
  properties: {
    action: { type: 'string', enum: ['include', 'exclude'] },
    source: endpoint('who sends'),
    destination: endpoint('who receives'),
    protocol: {
      type: 'string',
      description:
        'IP protocols by name or number with ranges (tcp, 46, 101-104), ip, ipv4, ipv6, non-ip, arp, rarp, 0x88cc',
    },
    interface: { type: 'string', description: 'interface names and patterns: eth0,veth*' },
    direction: { type: 'string', enum: ['in', 'out'] },
    vlan: { type: 'string', description: 'VLAN numbers and ranges, any (tagged) or none (not tagged)' },
    process: { type: 'string', description: 'names or patterns of programs' },
    ways: {
      type: 'string',
      enum: ['both', 'one'],
      description: 'both (also with source and destination exchanged) is what an absent field means',
    },
    expression: {
      type: 'string',
      pattern: `^${PRINTABLE}*$`,
      description: 'a capture expression on one line, in place of all other fields',
    },
    ownSession: {
      type: 'boolean',
      description: 'true: the ssh session that you are logged in by, in place of all others',
    },
  },
};

export const FILTER_SCHEMA = {
  type: 'object',
  required: ['name', 'description', 'rules'],
  additionalProperties: false,
  properties: {
    name: {
      type: 'string',
      pattern: `^${INKED}(${PRINTABLE}{0,${MAXIMUM_NAME - 2}}${INKED})?$`,
      description: `1 to ${MAXIMUM_NAME} characters on one line, without blanks at its ends`,
    },
    description: {
      type: 'string',
      pattern: `^${PRINTABLE}{0,${MAXIMUM_DESCRIPTION}}$`,
      description: `at most ${MAXIMUM_DESCRIPTION} characters on one line`,
    },
    rules: { type: 'array', items: rule, description: 'in this order: the first that matches decides' },
    unmatched: {
      type: 'string',
      enum: ['drop', 'keep'],
      description: 'what happens to packets that no rule matches; absent: dropped if any rule includes, else kept',
    },
  },
};

export const FILTERS_SCHEMA = {
  title: 'iptraf-ts filters: filters.json in the state directory',
  type: 'object',
  required: ['version', 'filters'],
  additionalProperties: false,
  properties: {
    version: { type: 'integer', minimum: 1 },
    filters: { type: 'array', items: FILTER_SCHEMA },
  },
};

/** What is wrong with the fields of a filter, as far as it has a filter's form; `at` is where it stands. */
export function filterFieldProblems(value: unknown, at: readonly (string | number)[] = []): FieldProblem[] {
  return filterProblems(wellFormed(value)).map(({ field, problem }) => ({
    path: [...at, ...fieldPath(field)],
    problem,
  }));
}

/** "rules/2/source.port" as a path. */
function fieldPath(field: string): (string | number)[] {
  return field.split(/[/.]/).map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** What is wrong with the fields of filters, as far as they have a filter's form; `at` is where the list stands. */
export function filterListProblems(list: unknown, at: readonly (string | number)[]): FieldProblem[] {
  if (!Array.isArray(list)) return [];
  const names = list.map((value) => textOf(objectOf(value).name));
  return list.flatMap((value, index) => {
    const path = [...at, index];
    const known = names[index] !== null && names.indexOf(names[index]) < index;
    const twice = known ? [{ path: [...path, 'name'], problem: `another filter is called ${names[index]}` }] : [];
    return [...twice, ...filterFieldProblems(value, path)];
  });
}

/** Stands for a name that is none: the schema has said so. */
const ANY_NAME = 'filter';

/** A filter made of what has the right form; the schema says what is wrong with the rest. */
function wellFormed(value: unknown): Filter {
  const { name, description, rules } = objectOf(value);
  return {
    name: textOf(name) ?? ANY_NAME,
    description: textOf(description) ?? '',
    rules: Array.isArray(rules) ? rules.map(wellFormedRule) : [],
  };
}

function wellFormedRule(value: unknown): FilterRule {
  const { action, source, destination, direction, ways, ownSession, ...texts } = objectOf(value);
  return {
    action: action === 'exclude' ? 'exclude' : 'include',
    ...(source === undefined ? {} : { source: textsOf(objectOf(source)) }),
    ...(destination === undefined ? {} : { destination: textsOf(objectOf(destination)) }),
    ...(direction === 'in' || direction === 'out' ? { direction } : {}),
    ...(ways === 'both' || ways === 'one' ? { ways } : {}),
    ...(typeof ownSession === 'boolean' ? { ownSession } : {}),
    ...textsOf(texts),
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function textsOf(fields: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, string] => textOf(field[1]) !== null),
  );
}
