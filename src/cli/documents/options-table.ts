/** The option table as Markdown, for the README. */

import { VISIBLE_COMMANDS } from '../command-table.ts';
import { SECTIONS, type Section } from '../options.ts';
import { commandSpelling, explanation, linesOf, spelling } from './help.ts';

function row(left: string, right: string): string {
  return `| \`${left.replaceAll('|', '\\|')}\` | ${right.replaceAll('|', '\\|')} |`;
}

/** A Markdown table of options and commands, with a newline at its end. */
export function optionsTable(): string {
  const options = (Object.keys(SECTIONS) as Section[]).flatMap((section) => [
    `| **${SECTIONS[section]}** | |`,
    ...linesOf(section).map((line) => row(spelling(line), explanation(line))),
  ]);
  const commands = VISIBLE_COMMANDS.map((command) => row(commandSpelling(command), command.description));
  return ['| option | meaning |', '|---|---|', ...options, '| **Commands** | |', ...commands, ''].join('\n');
}
