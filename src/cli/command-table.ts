/**
 * The commands: words after the program's name in place of options. Like the option table (options.ts) it is read by the
 * parser, --help, the man page, the completion scripts and the README.
 */
import type { OptionValues } from './option-values.ts';

/** Words after a command's name. */
export interface CommandArgument {
  /** As help prints it: "SHELL", "KEY VALUE...", "[FILE]". */
  placeholder: string;
  /** The only ones there are; null: any. */
  words: readonly string[] | null;
  /** Least and most. */
  count: readonly [number, number];
}

export interface CommandLine {
  name:
    | 'interfaces'
    | 'doctor'
    | 'config'
    | 'config get'
    | 'config set'
    | 'config unset'
    | 'config export'
    | 'config import'
    | 'filter'
    | 'filter list'
    | 'filter show'
    | 'filter add'
    | 'filter edit'
    | 'filter remove'
    | 'filter test'
    | 'filter export'
    | 'filter import'
    | 'filter import-iptraf-ng'
    | 'filter names'
    | 'status'
    | 'stop'
    | 'report'
    | 'completion'
    | 'man'
    | 'options-table';
  /** null: none. */
  argument: CommandArgument | null;
  /** Switches that go with it. */
  options: readonly (keyof OptionValues)[];
  description: string;
  /** true: for the build, not listed. */
  hidden: boolean;
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export const COMMANDS: readonly CommandLine[] = [
  {
    name: 'interfaces',
    argument: null,
    options: ['json'],
    description: 'list the interfaces with state, addresses and speed',
    hidden: false,
  },
  {
    name: 'doctor',
    argument: null,
    options: ['json'],
    description: 'say which capture sources work here, what is missing, and the remedy',
    hidden: false,
  },
  {
    name: 'config',
    argument: null,
    options: ['json'],
    description: 'print every setting with its value, its default and what it does',
    hidden: false,
  },
  {
    name: 'config get',
    argument: { placeholder: 'KEY', words: null, count: [1, 1] },
    options: ['json'],
    description: 'print the value of a setting; lists one entry a line',
    hidden: false,
  },
  {
    name: 'config set',
    argument: { placeholder: 'KEY VALUE...', words: null, count: [2, Number.POSITIVE_INFINITY] },
    options: [],
    description: 'change a setting; of a list, name all entries (8000 9000-9100, or MAC=TEXT...)',
    hidden: false,
  },
  {
    name: 'config unset',
    argument: { placeholder: 'KEY', words: null, count: [1, 1] },
    options: [],
    description: 'put a setting back to its default',
    hidden: false,
  },
  {
    name: 'config export',
    argument: { placeholder: '[FILE]', words: null, count: [0, 1] },
    options: [],
    description: 'write all settings and filters as JSON to FILE or standard output',
    hidden: false,
  },
  {
    name: 'config import',
    argument: { placeholder: 'FILE|-', words: null, count: [1, 1] },
    options: [],
    description: 'replace all settings and filters by those of an export; a copy of the old ones is kept',
    hidden: false,
  },
  { name: 'filter', argument: null, options: ['json'], description: 'list, make and test filters', hidden: true },
  {
    name: 'filter list',
    argument: null,
    options: ['json'],
    description: 'list the filters, your own and those that come with the program',
    hidden: false,
  },
  {
    name: 'filter show',
    argument: { placeholder: 'NAME', words: null, count: [1, 1] },
    options: ['json'],
    description: 'print the rules of a filter and what happens to the rest',
    hidden: false,
  },
  {
    name: 'filter add',
    argument: { placeholder: 'NAME RULE...', words: null, count: [2, Number.POSITIVE_INFINITY] },
    options: ['description'],
    description:
      'make a filter; each RULE in quotes: "include tcp to any port 80,443", "exclude from 10.0.0.0/8", "include matching EXPRESSION", "exclude own-session"',
    hidden: false,
  },
  {
    name: 'filter edit',
    argument: { placeholder: 'NAME', words: null, count: [1, 1] },
    options: [],
    description: 'change a filter in your editor ($VISUAL, $EDITOR), as JSON',
    hidden: false,
  },
  {
    name: 'filter remove',
    argument: { placeholder: 'NAME', words: null, count: [1, 1] },
    options: [],
    description: 'remove a filter of your own',
    hidden: false,
  },
  {
    name: 'filter test',
    argument: { placeholder: 'NAME', words: null, count: [1, 1] },
    options: ['readFile', 'local', 'json'],
    description: 'say which rule decides how many packets of a capture file (-r FILE)',
    hidden: false,
  },
  {
    name: 'filter export',
    argument: { placeholder: 'NAME [FILE]', words: null, count: [1, 2] },
    options: [],
    description: 'write one filter as JSON to FILE or standard output',
    hidden: false,
  },
  {
    name: 'filter import',
    argument: { placeholder: 'FILE|-', words: null, count: [1, 1] },
    options: [],
    description: 'add the filter of an export',
    hidden: false,
  },
  {
    name: 'filter import-iptraf-ng',
    argument: { placeholder: '[DIR]', words: null, count: [0, 1] },
    options: [],
    description: "add the filters of iptraf-ng's directory (default /var/lib/iptraf-ng)",
    hidden: false,
  },
  { name: 'filter names', argument: null, options: [], description: 'print the names of all filters', hidden: true },
  {
    name: 'status',
    argument: null,
    options: ['json'],
    description: 'list the running instances: what they watch, where they log, what they lost',
    hidden: false,
  },
  {
    name: 'stop',
    argument: { placeholder: '[PID...]', words: null, count: [0, 1000] },
    options: [],
    description: 'end the instances that run in the background, all or those named, and wait until they are gone',
    hidden: false,
  },
  {
    name: 'report',
    argument: { placeholder: 'FILE...', words: null, count: [1, 10_000] },
    options: ['from', 'to', 'text', 'json', 'csv', 'html', 'limit'],
    description: 'sum up logs (also gzip): top hosts, ports and conversations, busiest hours, drops, alerts',
    hidden: false,
  },
  {
    name: 'completion',
    argument: { placeholder: 'SHELL', words: SHELLS, count: [1, 1] },
    options: [],
    description: `print a completion script for ${SHELLS.join(', ')}`,
    hidden: false,
  },
  { name: 'man', argument: null, options: [], description: 'print the man page', hidden: true },
  { name: 'options-table', argument: null, options: [], description: 'print the option table', hidden: true },
];

export const VISIBLE_COMMANDS = COMMANDS.filter((command) => !command.hidden);
