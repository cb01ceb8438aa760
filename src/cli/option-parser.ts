/**
 * Reads arguments by an option table, with commander: the main command's (parse.ts) and those of the predecessors' front
 * doors. Whatever is wrong with them is one OperatorError (E_USAGE): one line, exit status 2.
 */
import { Command, CommanderError, Option } from 'commander';
import { OperatorError } from '../base/errors.ts';
import type { OptionLine } from './options.ts';
import { BadValue } from './readers.ts';
import { PROGRAM } from './version.ts';

export const HELP_REMEDY = `see ${PROGRAM} --help`;

/** An error of use: "cannot use TARGET: CAUSE (REMEDY)". */
export function usageError(target: string, cause: string, remedy = HELP_REMEDY): OperatorError {
  return new OperatorError({ code: 'E_USAGE', operation: 'use', target, cause, remedy });
}

/** An argument as it stands in an error. */
export function quoted(text: string): string {
  return text === '' || /\s/.test(text) ? JSON.stringify(text) : text;
}

/** A table's options, whatever their names and sections. */
export type OptionTable = readonly OptionLine<string, string>[];

/** What a table's values are where nothing is given: false of switches, null of options with an argument. */
export interface ReadOptions<Values> {
  given: Values;
  /** Words that belong to no option, in their order. */
  words: readonly string[];
}

/** `further`: options that are answered but not listed. `remedy`: where the options are explained. */
export function readOptions<Values>(
  argv: readonly string[],
  table: OptionTable,
  further: readonly Option[] = [],
  remedy = HELP_REMEDY,
): ReadOptions<Values> {
  const parser = new Command(PROGRAM)
    .helpOption(false)
    .allowExcessArguments(true)
    .argument('[words...]')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  for (const line of table) for (const option of commanderOptions(line, remedy)) parser.addOption(option);
  for (const option of further) parser.addOption(option);
  try {
    parser.parse([...argv], { from: 'user' });
  } catch (error) {
    throw asUsageError(error, remedy);
  }
  return { given: readValues(parser.opts(), table) as Values, words: parser.args };
}

/** Commander takes one short and one long spelling an option: further ones become options of their own. */
function commanderOptions({ flags, argument }: OptionTable[number], remedy: string): Option[] {
  return flags.map((flag) => {
    if (argument === null) return new Option(flag).argParser(undefined as never);
    const { optional, read } = argument;
    const option = new Option(`${flag} ${optional ? '[value]' : '<value>'}`);
    if (optional) option.preset('');
    return option.argParser((text: string, previous: unknown) => {
      try {
        return read(text, previous);
      } catch (error) {
        if (error instanceof BadValue) throw usageError(`${flag} ${quoted(text)}`, error.message, remedy);
        throw error;
      }
    });
  });
}

function asUsageError(error: unknown, remedy: string): unknown {
  if (!(error instanceof CommanderError)) return error;
  const [first = '', second = ''] = error.message.split('\n');
  const name = /'([^']*)'/.exec(first)?.[1] ?? '';
  const option = name.split(/[ ,]/)[0];
  switch (error.code) {
    case 'commander.unknownOption': {
      const hint = /Did you mean ([^?]+)\?/.exec(second)?.[1];
      const cause = hint === undefined ? 'there is no such option' : `there is no such option; is it ${hint}?`;
      return usageError(name, cause, remedy);
    }
    case 'commander.optionMissingArgument':
      return usageError(option, 'its value is missing', remedy);
    default:
      return usageError(name, first.replace(/^error: /, ''), remedy);
  }
}

/** Commander's names (from the spelling) to ours (from the table), with false and null for what was not given. */
function readValues(given: Record<string, unknown>, table: OptionTable): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name, flags, argument } of table) {
    const found = flags.map((flag) => given[new Option(flag).attributeName()]).find((value) => value !== undefined);
    values[name] = found ?? (argument === null ? false : null);
  }
  return values;
}
