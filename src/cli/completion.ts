/**
 * Completion scripts for bash, zsh and fish, made from the option table. Interfaces are listed by the shell from
 * /sys/class/net, so that no program is started for a key press.
 */
import { type Completion, OPTIONS, type OptionLine, type Shell, VISIBLE_COMMANDS } from './options.ts';
import { PROGRAM } from './version.ts';

/** The script that makes `shell` complete the program's options; ends with a newline. */
export function completionScript(shell: Shell): string {
  const scripts: Record<Shell, () => string> = { bash, zsh, fish };
  return scripts[shell]();
}

const withArgument = OPTIONS.filter((line) => line.argument !== null);

function words(completion: Completion): string[] {
  return Array.isArray(completion) ? completion.filter((word) => word !== '') : [];
}

function bashReply(completion: Completion): string {
  if (completion === 'interface') return 'COMPREPLY=($(compgen -W "all $(ls /sys/class/net)" -- "$word"))';
  if (completion === 'file') return 'compopt -o filenames; COMPREPLY=($(compgen -f -- "$word"))';
  const list = words(completion);
  return list.length === 0 ? 'COMPREPLY=()' : `COMPREPLY=($(compgen -W "${list.join(' ')}" -- "$word"))`;
}

/** An option whose value may be left out also lets the next option follow. */
function bashCase(flags: string, completion: Completion, optional: boolean): string[] {
  const reply = bashReply(completion);
  const body = optional ? `[[ $word == -* ]] || { ${reply}; return; }` : `${reply}; return`;
  return [`    ${flags}) ${body} ;;`];
}

function bash(): string {
  const cases = withArgument.flatMap((line) =>
    bashCase(line.flags.join('|'), line.argument!.completion, line.argument!.optional),
  );
  const commandCases = VISIBLE_COMMANDS.filter((command) => command.argument !== null).flatMap((command) =>
    bashCase(command.name, command.argument!.words, false),
  );
  const flags = OPTIONS.flatMap((line) => line.flags).join(' ');
  const commands = VISIBLE_COMMANDS.map((command) => command.name).join(' ');
  return [
    `# bash completion for ${PROGRAM}`,
    '_iptraf_ts() {',
    `  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}`,
    '  COMPREPLY=()',
    '  case $before in',
    ...cases,
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
  return text.replaceAll("'", "'\\''").replace(/[[\]:\\]/g, '\\$&');
}

function zshAction(line: OptionLine): string {
  if (line.argument === null) return '';
  const { completion, placeholder, optional } = line.argument;
  const list = words(completion);
  const action =
    completion === 'interface'
      ? '_iptraf_ts_interfaces'
      : completion === 'file'
        ? '_files'
        : list.length > 0
          ? `(${list.join(' ')})`
          : ' ';
  return `${optional ? '::' : ':'}${zshText(placeholder)}:${action}`;
}

function zsh(): string {
  const specifications = OPTIONS.flatMap((line) =>
    line.flags.map((flag) => `    '${flag}[${zshText(line.description)}]${zshAction(line)}'`),
  );
  const commands = VISIBLE_COMMANDS.map((command) => `    '${command.name}:${zshText(command.description)}'`);
  const commandWords = VISIBLE_COMMANDS.filter((command) => command.argument !== null).map(
    (command) => `    ${command.name}) _values word ${command.argument!.words.join(' ')} ;;`,
  );
  return [
    `#compdef ${PROGRAM}`,
    `_iptraf_ts_interfaces() { local -a names=(all \${(f)"$(ls /sys/class/net)"}); compadd -a names }`,
    '_iptraf_ts_commands() {',
    '  local -a commands=(',
    ...commands,
    '  )',
    '  _describe command commands',
    '}',
    '_iptraf_ts_word() {',
    '  case $words[CURRENT-1] in',
    ...commandWords,
    '  esac',
    '}',
    '_iptraf_ts() {',
    '  local -a options=(',
    ...specifications,
    '  )',
    "  _arguments -s $options '1::command:_iptraf_ts_commands' '2::word:_iptraf_ts_word'",
    '}',
    `if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _iptraf_ts "$@"; else compdef _iptraf_ts ${PROGRAM}; fi`,
    '',
  ].join('\n');
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function fishFlags(line: OptionLine): string {
  return line.flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ');
}

function fishArgument(line: OptionLine): string {
  if (line.argument === null) return '';
  const { completion, optional } = line.argument;
  const list = words(completion);
  if (completion === 'file') return ' -r -F';
  const given =
    completion === 'interface' ? ' -a "all (ls /sys/class/net)"' : list.length > 0 ? ` -a "${list.join(' ')}"` : '';
  return `${optional ? '' : ' -x'}${given}`;
}

function fish(): string {
  const options = OPTIONS.map(
    (line) => `complete -c ${PROGRAM} ${fishFlags(line)}${fishArgument(line)} -d ${fishQuoted(line.description)}`,
  );
  const commands = VISIBLE_COMMANDS.flatMap((command) => [
    `complete -c ${PROGRAM} -n __fish_use_subcommand -a ${command.name} -d ${fishQuoted(command.description)}`,
    ...(command.argument === null
      ? []
      : [
          `complete -c ${PROGRAM} -n '__fish_seen_subcommand_from ${command.name}' -a "${command.argument.words.join(' ')}"`,
        ]),
  ]);
  return [`# fish completion for ${PROGRAM}`, `complete -c ${PROGRAM} -f`, ...options, ...commands, ''].join('\n');
}
