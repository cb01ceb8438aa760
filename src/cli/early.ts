/**
 * A first look at the arguments, before anything is loaded: is help or the version asked for, and will packets be
 * captured live? A wrong guess costs a child process or some milliseconds, never a wrong result: parse.ts decides.
 */

export type EarlyGuess = 'help' | 'version' | 'live' | 'other';

const HELP = new Set(['-h', '--help']);
const VERSION = new Set(['-v', '-V', '--version']);
/** Commands, and the doors of predecessors. */
const WORDS = /^[a-z]/;
/** -r and -B, alone or among other switches: neither needs an engine process in this process. */
const NOT_HERE = /^-B?[rB]/;

export function earlyGuess(argv: readonly string[], daemonCopy: boolean): EarlyGuess {
  const [only] = argv;
  if (argv.length === 1 && HELP.has(only)) return 'help';
  if (argv.length === 1 && VERSION.has(only)) return 'version';
  if (argv.some((word) => HELP.has(word) || VERSION.has(word))) return 'other';
  if (only !== undefined && WORDS.test(only)) return 'other';
  if (argv.some((word) => (daemonCopy ? word.startsWith('-r') : NOT_HERE.test(word)))) return 'other';
  return 'live';
}
