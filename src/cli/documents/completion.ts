/**
 * Completion scripts for bash, zsh and fish, made from the option table. Interfaces are listed by the shell from
 * /sys/class/net, so that no program is started for a key press.
 */
import { SETTINGS } from '../../store/settings-table.ts';
import { COMMANDS, type Shell, VISIBLE_COMMANDS } from '../command-table.ts';
import { DOORS } from '../doors.ts';
import { IFTOP_OPTIONS } from '../iftop/options.ts';
import type { OptionTable } from '../option-parser.ts';
import { type Completion, OPTIONS } from '../options.ts';
import { PROGRAM } from '../version.ts';

/** The script that makes `shell` complete the program's options; ends with a newline. */
export function completionScript(shell: Shell): string {
  const scripts: Record<Shell, () => string> = { bash, zsh, fish };
  return scripts[shell]();
}

function words(completion: Completion): string[] {
  return Array.isArray(completion) ? completion.filter((word) => word !== '') : [];
}

interface CommandCompletion {
  /** Words that were typed before: "config", "config set theme". */
  called: string[];
  completion: Completion;
}

/** Filters can only be listed by the program: the shell knows neither those that come with it nor where the others are. */
const FILTER_NAMES = `${PROGRAM} filter names 2>/dev/null`;

/** What may follow the words of a command, each list once with all that it follows. */
function commandCompletions(): CommandCompletion[] {
  const lists = new Map<string, Completion>();
  const names = VISIBLE_COMMANDS.map(({ name }) => name);
  for (const name of names.filter((each) => each.includes(' '))) {
    const [first, second] = name.split(' ');
    lists.set(first, [...((lists.get(first) as string[] | undefined) ?? []), second]);
  }
  for (const { name, argument } of VISIBLE_COMMANDS) if (argument?.words) lists.set(name, argument.words);
  const keys = SETTINGS.map(({ name }) => name);
  for (const name of ['config get', 'config set', 'config unset']) lists.set(name, keys);
  for (const name of ['config export', 'config import', 'filter import', 'filter import-iptraf-ng'])
    lists.set(name, 'file');
  for (const name of ['show', 'edit', 'remove', 'test', 'export']) lists.set(`filter ${name}`, 'filter');
  for (const { name, kind } of SETTINGS) {
    if (kind.type === 'switch') lists.set(`config set ${name}`, ['on', 'off']);
    if (kind.type === 'choice') lists.set(`config set ${name}`, kind.values.map(String));
    if (kind.type === 'file') lists.set(`config set ${name}`, 'file');
  }
  const grouped = new Map<string, CommandCompletion>();
  for (const [called, completion] of lists) {
    const key = JSON.stringify(completion);
    grouped.set(key, { called: [...(grouped.get(key)?.called ?? []), called], completion });
  }
  return [...grouped.values()];
}

/** Alternatives of a shell's case. */
function casePattern({ called }: CommandCompletion): string {
  return called.map((words) => (words.includes(' ') ? `'${words}'` : words)).join('|');
}

/** First words of the commands, each once. */
const COMMAND_WORDS = [...new Set(VISIBLE_COMMANDS.map(({ name }) => name.split(' ')[0]))];

/** Options behind each door. */
const DOOR_OPTIONS: Readonly<Record<(typeof DOORS)[number], OptionTable>> = { iftop: IFTOP_OPTIONS };

const FIRST_WORDS = [...COMMAND_WORDS, ...DOORS];

/** The commands of one word, those that stand for a longer one too (filter for filter list), and the doors. */
const FIRST_COMMANDS = [
  ...COMMANDS.filter(({ name }) => COMMAND_WORDS.includes(name)),
  ...DOORS.map((name) => ({ name, description: `what ${name} shows, by its options` })),
];

function bashReply(completion: Completion): string {
  if (completion === 'interface') return 'COMPREPLY=($(compgen -W "all $(ls /sys/class/net)" -- "$word"))';
  if (completion === 'file') return 'compopt -o filenames; COMPREPLY=($(compgen -f -- "$word"))';
  if (completion === 'filter') return '_iptraf_ts_filters "$word"';
  const list = words(completion);
  return list.length === 0 ? 'COMPREPLY=()' : `COMPREPLY=($(compgen -W "${list.join(' ')}" -- "$word"))`;
}

/** An option whose value may be left out also lets the next option follow. */
function bashCase(flags: string, completion: Completion, optional: boolean): string[] {
  const reply = bashReply(completion);
  const body = optional ? `[[ $word == -* ]] || { ${reply}; return; }` : `${reply}; return`;
  return [`    ${flags}) ${body} ;;`];
}

function bashCases(table: OptionTable): string[] {
  return table.flatMap(({ flags, argument }) =>
    argument === null ? [] : bashCase(flags.join('|'), argument.completion, argument.optional),
  );
}

/** Behind a door there are its options and nothing else. */
function bashDoor(name: (typeof DOORS)[number]): string[] {
  const table = DOOR_OPTIONS[name];
  return [
    `  if [[ \${COMP_WORDS[1]} == ${name} ]] && ((COMP_CWORD > 1)); then`,
    '    case $before in',
    ...bashCases(table),
    '    esac',
    `    COMPREPLY=($(compgen -W "${table.flatMap(({ flags }) => flags).join(' ')}" -- "$word"))`,
    '    return',
    '  fi',
  ];
}

function bash(): string {
  const commandCases = commandCompletions().flatMap((each) => bashCase(casePattern(each), each.completion, false));
  const flags = OPTIONS.flatMap((line) => line.flags).join(' ');
  const commands = FIRST_WORDS.join(' ');
  return [
    `# bash completion for ${PROGRAM}`,
    // Not through compgen -W: it would carry out what a name says.
    '_iptraf_ts_filters() {',
    '  local name',
    '  COMPREPLY=()',
    '  while IFS= read -r name; do',
    '    [[ $name == "$1"* ]] && COMPREPLY+=("$(printf %q "$name")")',
    `  done < <(${FILTER_NAMES})`,
    '}',
    '_iptraf_ts() {',
    `  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}`,
    '  COMPREPLY=()',
    ...DOORS.flatMap(bashDoor),
    '  case $before in',
    ...bashCases(OPTIONS),
    '  esac',
    // What goes with a command depends on all words before.
    `  case "\${COMP_WORDS[*]:1:COMP_CWORD-1}" in`,
    ...commandCases,
    '  esac',
    '  if [[ $word == -* ]]; then',
    `    COMPREPLY=($(compgen -W "${flags}" -- "$word"))`,
    '  elif ((COMP_CWORD == 1)); then',
    `    COMPREPLY=($(compgen -W "${commands}" -- "$word"))`,
    '  fi',
    '}',
    `complete -F _iptraf_ts ${PROGRAM}`,
    '',
  ].join('\n');
}

/** Text within single quotes of an _arguments specification: quotes, brackets and colons are special. */
function zshText(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''");
}

/** What offers names that only the system knows; null: fixed words. */
function zshOffers(completion: Completion): string | null {
  if (completion === 'interface') return '_iptraf_ts_interfaces';
  if (completion === 'filter') return '_iptraf_ts_filters';
  return completion === 'file' ? '_files' : null;
}

function zshAction(line: OptionTable[number]): string {
  if (line.argument === null) return '';
  const { completion, placeholder, optional } = line.argument;
  const action = zshOffers(completion) ?? (words(completion).length > 0 ? `(${words(completion).join(' ')})` : ' ');
  return `${optional ? '::' : ':'}${zshText(placeholder)}:${action}`;
}

function zshOptions(table: OptionTable): string[] {
  return table.flatMap((line) =>
    line.flags.map((flag) => `    '${flag}[${zshText(line.description)}]${zshAction(line)}'`),
  );
}

function zshDoor(name: (typeof DOORS)[number]): string[] {
  return [
    `  if [[ $words[2] == ${name} ]] && ((CURRENT > 2)); then`,
    '    local -a options=(',
    ...zshOptions(DOOR_OPTIONS[name]),
    '    )',
    '    shift words; ((CURRENT--))',
    '    _arguments -s $options',
    '    return',
    '  fi',
  ];
}

function zsh(): string {
  const commands = FIRST_COMMANDS.map((command) => `    '${command.name}:${zshText(command.description)}'`);
  const commandWords = commandCompletions().map((each) => {
    const offers = zshOffers(each.completion) ?? `compadd ${words(each.completion).join(' ')}`;
    return `    ${casePattern(each)}) ${offers} ;;`;
  });
  return [
    `#compdef ${PROGRAM}`,
    `_iptraf_ts_interfaces() { local -a names=(all \${(f)"$(ls /sys/class/net)"}); compadd -a names }`,
    `_iptraf_ts_filters() { local -a names=(\${(f)"$(${FILTER_NAMES})"}); compadd -a names }`,
    '_iptraf_ts_commands() {',
    '  ((CURRENT == 2)) || return 1',
    '  local -a commands=(',
    ...commands,
    '  )',
    '  _describe command commands',
    '}',
    '_iptraf_ts_word() {',
    `  case "\${(j: :)words[2,CURRENT-1]}" in`,
    ...commandWords,
    '  esac',
    '}',
    '_iptraf_ts() {',
    ...DOORS.flatMap(zshDoor),
    '  local -a options=(',
    ...zshOptions(OPTIONS),
    '  )',
    "  _arguments -s $options '1::command:_iptraf_ts_commands' '*:word:_iptraf_ts_word'",
    '}',
    `if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _iptraf_ts "$@"; else compdef _iptraf_ts ${PROGRAM}; fi`,
    '',
  ].join('\n');
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function fishFlags(line: OptionTable[number]): string {
  return line.flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ');
}

function fishArgument(line: OptionTable[number]): string {
  if (line.argument === null) return '';
  const { completion, optional } = line.argument;
  if (completion === 'file') return ' -r -F';
  // fish takes what an option may have only as written together with it: see fishNext.
  return optional ? '' : ` -x${fishWords(completion)}`;
}

function fishWords(completion: Completion): string {
  if (completion === 'interface') return ' -a "all (ls /sys/class/net)"';
  if (completion === 'filter') return ` -a "(${FILTER_NAMES})"`;
  const list = words(completion);
  return list.length > 0 ? ` -a "${list.join(' ')}"` : '';
}

/** What may follow an option whose value may be left out. */
function fishNext({ flags, argument }: OptionTable[number], called: string): string[] {
  const given = argument?.optional ? fishWords(argument.completion) : '';
  const before = `__fish_prev_arg_in ${flags.join(' ')}`;
  return given === '' ? [] : [`complete -c ${PROGRAM} -n '${called}; and ${before}'${given}`];
}

/** Options that are offered where `called` holds. */
function fishOptions(table: OptionTable, called: string): string[] {
  return table.flatMap((line) => [
    `complete -c ${PROGRAM} -n '${called}' ${fishFlags(line)}${fishArgument(line)} -d ${fishQuoted(line.description)}`,
    ...fishNext(line, called),
  ]);
}

function fish(): string {
  const commands = FIRST_COMMANDS.map(
    ({ name, description }) => `complete -c ${PROGRAM} -n __iptraf_ts_called -a ${name} -d ${fishQuoted(description)}`,
  );
  const commandWords = commandCompletions().flatMap(({ called, completion }) => {
    const offers = completion === 'file' ? '-F' : fishWords(completion).trimStart();
    return called.map((typed) => `complete -c ${PROGRAM} -n '__iptraf_ts_called ${typed}' ${offers}`);
  });
  const called = [
    'function __iptraf_ts_called',
    '  set -l before (commandline -opc)',
    '  test "$before[2..-1]" = "$argv"',
    'end',
    'function __iptraf_ts_behind',
    '  set -l before (commandline -opc)',
    '  test (count $before) -gt 1; and contains -- "$before[2]" $argv',
    'end',
  ];
  const options = [
    ...fishOptions(OPTIONS, `not __iptraf_ts_behind ${DOORS.join(' ')}`),
    ...DOORS.flatMap((name) => fishOptions(DOOR_OPTIONS[name], `__iptraf_ts_behind ${name}`)),
  ];
  return [
    `# fish completion for ${PROGRAM}`,
    `complete -c ${PROGRAM} -f`,
    ...called,
    ...options,
    ...commands,
    ...commandWords,
    '',
  ].join('\n');
}
