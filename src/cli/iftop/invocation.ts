/**
 * `iptraf-ts iftop …` from its arguments to an Invocation: options and ~/.iftoprc become values of the main command, and
 * what those cannot say is in the door.
 */

import { quoted, readOptions, usageError } from '../option-parser.ts';
import type { OptionValues } from '../option-values.ts';
import { OPTIONS } from '../options.ts';
import type { Invocation } from '../parse.ts';
import { PROGRAM } from '../version.ts';
import { type ReadDirectives, readDirectives } from './directives.ts';
import { IFTOP_OPTIONS, type IftopValues } from './options.ts';
import { type IftopSettings, iftopDoor, optionSettings } from './settings.ts';
import { readGiven, readUsual } from './settings-file.ts';

const REMEDY = `see ${PROGRAM} iftop --help`;

/** Throws an OperatorError; `warn` hears of directives that cannot be used, one line each. */
export function iftopInvocation(argv: readonly string[], warn: (line: string) => void): Invocation {
  const given = readIftopOptions(argv);
  if (given.help || given.version) {
    const values = { ...mainValues(given, {}), help: given.help, version: given.version };
    return { values, command: null, door: iftopDoor({}) };
  }
  const { settings: usual, warnings } = readFileOfSettings(given.config, warn);
  for (const warning of warnings) warn(warning);
  const settings = { ...usual, ...optionSettings(given) };
  return { values: mainValues(given, settings), command: null, door: iftopDoor(settings) };
}

/** The options alone. Words are further interfaces after -i: scripts write -i $(list of interfaces). */
export function readIftopOptions(argv: readonly string[]): IftopValues {
  const { given, words } = readOptions<IftopValues>(argv, IFTOP_OPTIONS, [], REMEDY);
  if (words.length > 0 && given.interfaces === null) {
    throw usageError(quoted(words[0]), 'an interface goes after -i', REMEDY);
  }
  const values = { ...given, interfaces: given.interfaces === null ? null : [...given.interfaces, ...words] };
  check(values);
  return values;
}

function check({ json, csv, text, readFile, interfaces, everySeconds, limit }: IftopValues): void {
  const forms = [json && '--json', csv && '--csv', text && '-t'].filter((flag) => flag !== false);
  if (forms.length > 1) throw usageError(forms.join(' '), 'only one of them is possible', REMEDY);
  const named = interfaces?.find((name) => name !== 'all');
  if (readFile !== null && named !== undefined) {
    throw usageError(`-i ${quoted(named)} with -r`, 'a file is read whole', 'leave -i out');
  }
  const stray = everySeconds !== null ? '--every' : limit !== null ? '--limit' : null;
  if (stray !== null && !json && !csv) throw usageError(stray, 'it goes with --json or --csv', REMEDY);
}

function readFileOfSettings(config: string | null, warn: (line: string) => void): ReadDirectives {
  if (config !== null) return readDirectives(readGiven(config), config);
  const usual = readUsual(warn);
  return usual === null ? { settings: {}, warnings: [] } : readDirectives(usual.content, usual.path);
}

/** What the main command calls it. */
function mainValues(given: IftopValues, settings: Partial<IftopSettings>): OptionValues {
  const { json, csv, readFile, everySeconds, forSeconds, limit } = given;
  const none = Object.fromEntries(OPTIONS.map(({ name, argument }) => [name, argument === null ? false : null]));
  const isForPrograms = json || csv;
  const { interfaces = [''], lines, reportSeconds = 0, sort = null } = settings;
  return {
    ...(none as unknown as OptionValues),
    pairs: readFile === null ? interfaces : ['all'],
    readFile,
    promiscuous: settings.promiscuous ?? false,
    text: !isForPrograms && settings.text === true,
    json,
    csv,
    everySeconds,
    forSeconds: forSeconds ?? (isForPrograms && reportSeconds > 0 ? reportSeconds : null),
    limit: limit ?? (isForPrograms ? (lines ?? null) : null),
    sort,
    names: settings.names ?? true,
  };
}
