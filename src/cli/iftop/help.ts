/** `iptraf-ts iftop --help`, made from iftop's option table. Pure text. */
import { entry, exitLines, optionLines, usageLines } from '../documents/help.ts';
import { PROGRAM, VERSION } from '../version.ts';
import { DIRECTIVE_NAMES } from './directives.ts';
import { IFTOP_OPTIONS, IFTOP_SECTIONS } from './options.ts';

/** Ways of calling it, with what they do. */
const USAGES: readonly (readonly [string, string])[] = [
  [`${PROGRAM} iftop [-i IF] [OPTION...]`, 'pairs of hosts on the screen'],
  [`${PROGRAM} iftop -t [-s SECONDS] [OPTION...]`, 'the same as text'],
  ['iftop [OPTION...]', 'by a link of that name'],
];

/** What may stand in ~/.iftoprc. */
export const DIRECTIVES_TEXT =
  `One a line, as "port-display: on"; # begins a comment. There are ${DIRECTIVE_NAMES.join(', ')}. ` +
  'What the command line says holds before them.';

/** The text of iftop --help, with a newline at its end. */
export function iftopHelpText(): string {
  return [
    `${PROGRAM} ${VERSION}: which pairs of hosts use the bandwidth, as iftop shows it`,
    '',
    'Usage:',
    ...usageLines(USAGES),
    ...optionLines(IFTOP_SECTIONS, IFTOP_OPTIONS),
    '',
    'Settings:',
    ...entry('~/.iftoprc', DIRECTIVES_TEXT),
    ...exitLines(),
    '',
  ].join('\n');
}
