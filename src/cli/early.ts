/**
 * A first look at the arguments, before anything is loaded: is help or the version asked for, and will packets be
 * captured live? A wrong guess costs a child process or some milliseconds, never a wrong result: parse.ts decides.
 */

import { doorTaken } from './doors.ts';

export type EarlyGuess = 'help' | 'version' | 'live' | 'other';

const HELP = new Set(['-h', '--help']);
const VERSION = new Set(['-v', '-V', '--version']);
/** Commands, and doors of later versions. */
const WORDS = /^[a-z]/;
/** -r and -B, alone or among other switches: neither needs an engine process in this process. */
const NOT_HERE = /^-B?[rB]/;

/** Of the doors of predecessors: help, or a file. */
const NOT_LIVE = /^(-h|--help|--version|-r.*)$/;

/** `calledAs`: path that the program was started by. */
export function earlyGuess(argv: readonly string[], daemonCopy: boolean, calledAs: string): EarlyGuess {
  const door = doorTaken(argv, calledAs);
  if (door !== null) return door.argv.some((word) => NOT_LIVE.test(word)) ? 'other' : 'live';
  const [only] = argv;
  if (argv.length === 1 && HELP.has(only)) return 'help';
  if (argv.length === 1 && VERSION.has(only)) return 'version';
  if (argv.some((word) => HELP.has(word) || VERSION.has(word))) return 'other';
  if (only !== undefined && WORDS.test(only)) return 'other';
  if (argv.some((word) => (daemonCopy ? word.startsWith('-r') : NOT_HERE.test(word)))) return 'other';
  return 'live';
}
