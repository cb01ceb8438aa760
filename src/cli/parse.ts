/**
 * The command line, read from the option table. Whatever is wrong with it is one OperatorError (E_USAGE):
 * one line, exit status 2. Knows nothing of what the options do.
 */
import { basename } from 'node:path';
import { Option } from 'commander';
import { monitorEntry } from '../../screens/monitors.ts';
import type { MonitorName } from '../engine/monitor.ts';
import { COMMANDS, type CommandLine, VISIBLE_COMMANDS } from './command-table.ts';
import type { Door } from './door.ts';
import { HELP_REMEDY, quoted, readOptions, usageError } from './option-parser.ts';
import type { OptionValues } from './option-values.ts';
import { chosenMonitors, LATER, LATER_DOORS, OPTIONS } from './options.ts';
import { PROGRAM } from './version.ts';

export { usageError } from './option-parser.ts';

export interface Invocation {
  values: OptionValues;
  /** What a predecessor's front door adds to the values, or null: the main command. */
  door: Door | null;
  /** The command and the words after its name, or null for monitors and the menu. */
  command: { line: CommandLine; words: readonly string[] } | null;
}

/**
 * Reads the arguments after the program's name. `calledAs` is the name of the file the program was started by: a link
 * named like a predecessor is that predecessor's door.
 */
export function parseArguments(argv: readonly string[], calledAs: string = PROGRAM): Invocation {
  refuseLaterDoor(argv, calledAs);
  const { given, words } = readOptions<OptionValues>(argv, OPTIONS, LATER.map(laterOption));
  const invocation = withWords(given, words);
  checkCombination(invocation);
  return invocation;
}

function refuseLaterDoor(argv: readonly string[], calledAs: string): void {
  const name = basename(calledAs);
  const door = LATER_DOORS.find((word) => word === name || word === argv[0]);
  if (door === undefined) return;
  throw usageError(door, `its options come with a later version`, `the main command is there: ${PROGRAM} -i IF`);
}

function laterOption({ flag, what }: (typeof LATER)[number]): Option {
  return new Option(`${flag} [value]`).preset('').argParser(() => {
    throw usageError(flag, `${what} not in this version yet`, `${PROGRAM} --help lists what there is`);
  });
}

/** Words are a command, or further interfaces after -i: scripts write -i $(list of interfaces). */
function withWords(values: OptionValues, words: readonly string[]): Invocation {
  if (words.length === 0) return { values, command: null, door: null };
  const line = commandOf(words);
  if (line !== null) return { values, command: { line, words: commandWords(line, words) }, door: null };
  const named = chosenMonitors(values).find(({ line: { argument } }) => argument !== null);
  if (named === undefined) {
    throw usageError(words[0], 'there is no such command', `an interface goes after -i; ${HELP_REMEDY}`);
  }
  return { values: { ...values, [named.line.name]: [...named.interfaces, ...words] }, command: null, door: null };
}

/** The command with the longest name that the words begin with ("config get" before "config"), or null. */
function commandOf(words: readonly string[]): CommandLine | null {
  const called = (name: string): boolean => name.split(' ').every((word, i) => word === words[i]);
  const found = COMMANDS.filter(({ name }) => called(name));
  return found.sort((a, b) => b.name.length - a.name.length)[0] ?? null;
}

/** The words after the command's name. */
function commandWords({ name, argument }: CommandLine, words: readonly string[]): readonly string[] {
  const given = words.slice(name.split(' ').length);
  const called = words.map(quoted).join(' ');
  if (argument === null) {
    const next = VISIBLE_COMMANDS.filter((command) => command.name.startsWith(`${name} `)).map(
      ({ name: each }) => each,
    );
    if (given.length === 0) return given;
    if (next.length === 0) throw usageError(called, `${name} takes no word`);
    throw usageError(called, 'there is no such command', `there are ${next.join(', ')}`);
  }
  const { words: allowed, count, placeholder } = argument;
  if (allowed !== null && (given.length !== 1 || !allowed.includes(given[0])))
    throw usageError(called, `say one of ${allowed.join(', ')}`);
  if (given.length < count[0] || given.length > count[1]) throw usageError(called, `say ${name} ${placeholder}`);
  return given;
}

function checkCombination({ values, command }: Invocation): void {
  if (values.help || values.version) return;
  if (command !== null) checkCommand(values, command.line);
  else checkMonitorOptions(values);
}

function checkMonitorOptions(values: OptionValues): void {
  const formats = (['text', 'json', 'csv'] as const).filter((name) => values[name]);
  if (formats.length > 1)
    throw usageError(formats.map((name) => `--${name}`).join(' '), 'only one of them is possible');
  checkFiles(values);
  checkMonitor(values, formats.length === 1 ? `--${formats[0]}` : null);
  checkCommandOptions(values);
  checkRotation(values);
  checkLog(values, formats.length === 1 ? `--${formats[0]}` : null);
  if (values.onAlert !== null && values.alerts === null) {
    throw usageError('--on-alert', 'there is no alert to run it at', "--alert 'host>100Mbit/s for 10s'");
  }
  if (values.foreground && !values.background) throw usageError('--foreground', 'it goes with -B');
  if (values.physical && !watchesAll(values)) throw usageError('--physical', 'it goes with all', '-i all --physical');
}

/** What says when files are put aside does nothing without a limit, or without a file. */
function checkRotation({ background, logFile, facility, logMaxBytes, logMaxAgeSeconds, logKeep }: OptionValues): void {
  const limit = logMaxBytes !== null ? '--log-max-size' : logMaxAgeSeconds !== null ? '--log-max-age' : null;
  if (limit === null) {
    if (logKeep !== null) throw usageError('--log-keep', 'it goes with --log-max-size or --log-max-age');
    return;
  }
  const syslogAlone = background && logFile === null && facility !== null && facility !== '';
  if (syslogAlone) throw usageError(limit, 'the log goes to syslog, not to a file', '-L FILE');
}

/** What says how the log is written does nothing where none is; a screen may have one by its settings. */
function checkLog(values: OptionValues, format: string | null): void {
  if (format === null || values.background || values.logFile !== null || values.facility !== null) return;
  const stray = OPTIONS.find(({ name }) => LOG_ONLY.has(name) && values[name] !== null);
  if (stray !== undefined) throw usageError(stray.flags[0], `${format} alone writes no log`, '-L FILE');
}

const LOG_ONLY: ReadonlySet<keyof OptionValues> = new Set([
  'logFormat',
  'logFlowsSeconds',
  'logMaxBytes',
  'logMaxAgeSeconds',
]);

/** What only commands take. */
function checkCommandOptions(values: OptionValues): void {
  if (values.description !== null) throw usageError('--description', 'it goes with filter add');
  const flag = values.from !== null ? '--from' : values.to !== null ? '--to' : values.html ? '--html' : null;
  if (flag !== null) throw usageError(flag, 'it goes with report', `${PROGRAM} report FILE ${flag}`);
}

function checkCommand(values: OptionValues, line: CommandLine): void {
  const stray = OPTIONS.find(({ name, argument }) => {
    const given = argument === null ? values[name] === true : values[name] !== null;
    return given && !line.options.includes(name);
  });
  if (stray !== undefined) throw usageError(stray.flags[0], `it does not go with ${line.name}`);
}

function checkFiles(values: OptionValues): void {
  const { readFile, writeFile, background } = values;
  if (readFile === null) return;
  for (const { line, interfaces } of chosenMonitors(values)) {
    const flag = line.flags[0];
    const name = interfaces.find((each) => each !== 'all' && each !== '');
    if (name !== undefined) throw usageError(`${flag} ${quoted(name)} with -r`, 'a file is read whole', `${flag} all`);
  }
  if (readFile === writeFile) throw usageError(`-w ${writeFile}`, 'it is the file that -r reads');
  if (readFile === '-' && background) throw usageError('-r - with -B', 'the background has no standard input');
}

/** Options that need a monitor do nothing in the menu: better said than ignored. */
function checkMonitor(values: OptionValues, format: string | null): void {
  const chosen = chosenMonitors(values);
  if (chosen.length > 1 && !values.background) {
    const flags = chosen.map(({ line }) => line.flags[0]).join(' ');
    throw usageError(flags, 'one monitor at a time', 'several go with -B only');
  }
  const monitor = chosen[0]?.monitor ?? 'ip-traffic';
  checkSort(values.sort, monitor);
  if (chosen.length > 0 || values.readFile !== null || values.background) return;
  const stray =
    format ??
    OPTIONS.find(({ name, argument }) => MONITOR_ONLY.has(name) && argument !== null && values[name] !== null)
      ?.flags[0];
  if (stray !== undefined) throw usageError(stray, 'no monitor is named', `-i IF or -r FILE; ${HELP_REMEDY}`);
}

/** Each monitor has columns of its own. */
function checkSort(sort: string | null, monitor: MonitorName): void {
  const { sorts } = monitorEntry(monitor);
  if (sort === null || sorts.includes(sort)) return;
  const cause = sorts.length === 0 ? 'the order of this monitor is fixed' : `not one of ${sorts.join(', ')}`;
  throw usageError(`--sort ${quoted(sort)}`, cause);
}

const MONITOR_ONLY: ReadonlySet<keyof OptionValues> = new Set([
  'writeFile',
  'everySeconds',
  'forSeconds',
  'limit',
  'sort',
]);

/** True when every interface is watched: -i all, -g, or -B alone. */
export function watchesAll(values: OptionValues): boolean {
  const [chosen] = chosenMonitors(values);
  return chosen === undefined ? values.background : chosen.interfaces.includes('all');
}
