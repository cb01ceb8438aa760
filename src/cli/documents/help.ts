/** --help, made from the option table: 80 columns, sections in the order of SECTIONS. Pure text. */
import { VISIBLE_COMMANDS } from '../command-table.ts';
import type { OptionTable } from '../option-parser.ts';
import { OPTIONS, type OptionLine, SECTIONS, type Section } from '../options.ts';
import { PROGRAM, VERSION } from '../version.ts';

const WIDTH = 80;
/** Column where descriptions begin. */
const INDENT = 24;

/** What the program is, in one line. */
export const SUMMARY = 'network traffic monitor for the terminal';

/** Ways of calling it, with what they do; shared with the man page. */
export const USAGES: readonly (readonly [string, string])[] = [
  [PROGRAM, 'the menu'],
  [`${PROGRAM} -i IF|all [OPTION...]`, 'a monitor, live'],
  [`${PROGRAM} -r FILE|- [OPTION...]`, 'the same for a capture file'],
  [`${PROGRAM} -B [-i IF|all] [-L FILE] [OPTION...]`, 'log in the background'],
  [`${PROGRAM} iftop [OPTION...]`, 'pairs of hosts, as iftop does'],
  [`${PROGRAM} COMMAND`, ''],
];

/** Signals, exit statuses and files, shared with the man page. */
export const EXIT_STATUSES: readonly (readonly [string, string])[] = [
  ['0', 'done; also: time over, the reader of a pipe went away, a daemon told to stop'],
  ['1', 'it failed: unknown interface, damaged file, capture lost; doctor: no source can capture here'],
  ['2', 'wrong use, an expression that libpcap refuses, or a filter that cannot be applied'],
  ['3', 'status: nothing runs in the background'],
  ['77', 'not permitted; doctor: only permission is missing'],
];

/** All spellings with the placeholder: "-v, -V, --version", "-f [FACILITY]". */
export function spelling(line: OptionTable[number]): string {
  const flags = line.flags.join(', ');
  if (line.argument === null) return flags;
  const { optional, placeholder } = line.argument;
  return optional ? `${flags} [${placeholder}]` : `${flags} ${placeholder}`;
}

/** The description with its default. */
export function explanation(line: OptionTable[number]): string {
  return line.default === null ? line.description : `${line.description} (default ${line.default})`;
}

export function linesOf(section: Section): OptionLine[] {
  return OPTIONS.filter((line) => line.section === section);
}

/** "completion SHELL". */
export function commandSpelling({ name, argument }: (typeof VISIBLE_COMMANDS)[number]): string {
  return argument === null ? name : `${name} ${argument.placeholder}`;
}

/** Words laid out in lines of at most `width` characters. */
export function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    if (lines[last] === '') lines[last] = word;
    else if (lines[last].length + 1 + word.length <= width) lines[last] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** What stands on the left, and behind or below it what it means. */
export function entry(left: string, right: string): string[] {
  const head = `  ${left}`;
  const body = wrap(right, WIDTH - INDENT).map((line) => ' '.repeat(INDENT) + line);
  if (head.length > INDENT - 2) return [head, ...body];
  return [head + body[0].slice(head.length), ...body.slice(1)];
}

/** Ways of calling, their meanings below one another. */
export function usageLines(usages: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...usages.map(([call]) => call.length));
  return usages.map(([call, what]) => `  ${call.padEnd(width)}  ${what}`.trimEnd());
}

/** An option table, section by section with their titles. */
export function optionLines(sections: Readonly<Record<string, string>>, table: OptionTable): string[] {
  return Object.entries(sections).flatMap(([section, title]) => [
    '',
    `${title}:`,
    ...table.filter((line) => line.section === section).flatMap((line) => entry(spelling(line), explanation(line))),
  ]);
}

/** The text of --help, with a newline at its end. */
export function helpText(): string {
  const commands = VISIBLE_COMMANDS.flatMap((command) => entry(commandSpelling(command), command.description));
  const lines = [
    `${PROGRAM} ${VERSION}: ${SUMMARY}`,
    '',
    'Usage:',
    ...usageLines(USAGES),
    ...optionLines(SECTIONS, OPTIONS),
    '',
    'Commands:',
    ...commands,
  ];
  return [...lines, ...exitLines(), ''].join('\n');
}

/** Exit statuses, below a title of their own. */
export function exitLines(): string[] {
  const statuses = EXIT_STATUSES.flatMap(([status, meaning]) => entry(status, meaning));
  return ['', 'Exit status:', ...statuses, '  Interrupted, it ends by the same signal.'];
}

/** The text of --version, with a newline at its end. */
export function versionText(): string {
  return `${PROGRAM} ${VERSION}\n`;
}
