/**
 * The directives of ~/.iftoprc: "name: value" a line, # begins a comment. What cannot be used is a warning with its line,
 * and the rest holds. A warning quotes no value, and a name only where it looks like one: as root this may read a file
 * that the caller must not know.
 */
import { LINE_DISPLAYS } from '../../../screens/host-pairs/view.ts';
import { BadPattern, compilePattern } from '../../search/pattern-syntax.ts';
import { BadValue, choice, text } from '../readers.ts';
import { type IftopUnit, UNITS } from './options.ts';
import { linesOrRate, network, network6, rate, reportSeconds, sortOrder } from './readers.ts';
import { type IftopSettings, PORT_DISPLAYS } from './settings.ts';

/** Of a file that is something else, the first so many lines are named. */
const MOST_WARNINGS = 10;

/** Takes a directive's value, or throws BadValue. */
type Directive = (value: string) => Partial<IftopSettings>;

const YES = ['yes', 'true', 'on', '1'];
const NO = ['no', 'false', 'off', '0'];

function isYes(value: string): boolean {
  const word = value.toLowerCase();
  if (!YES.includes(word) && !NO.includes(word)) throw new BadValue('neither yes nor no');
  return YES.includes(word);
}

/** One of fixed words. */
function word<Word extends string>(words: readonly Word[], value: string): Word {
  return choice(words)(value, undefined) as Word;
}

/** As the screen's key l takes it. */
function regularExpression(value: string): string {
  try {
    compilePattern(text(value));
  } catch (error) {
    if (error instanceof BadPattern) throw new BadValue('not a regular expression');
    throw error;
  }
  return value;
}

const DIRECTIVES: Readonly<Record<string, Directive>> = {
  interface: (value) => ({ interfaces: [text(value)] }),
  'dns-resolution': (value) => ({ names: isYes(value) }),
  'port-resolution': (value) => ({ services: isYes(value) }),
  'filter-code': (value) => ({ expression: text(value) }),
  'show-bars': (value) => ({ bars: isYes(value) }),
  promiscuous: (value) => ({ promiscuous: isYes(value) }),
  'port-display': (value) => ({ portDisplay: word(PORT_DISPLAYS, value) }),
  'link-local': (value) => ({ linkLocal: isYes(value) }),
  'hide-source': (value) => ({ hideSource: isYes(value) }),
  'hide-destination': (value) => ({ hideDestination: isYes(value) }),
  'use-bytes': (value) => ({ unit: isYes(value) ? 'bytes' : 'bits' }),
  'bandwidth-unit': (value) => ({ unit: word<IftopUnit>(UNITS, value) }),
  sort: (value) => ({ sort: sortOrder(value) }),
  'line-display': (value) => ({ lineDisplay: word(LINE_DISPLAYS, value) }),
  'show-totals': (value) => ({ showTotals: isYes(value) }),
  'log-scale': (value) => ({ logScale: isYes(value) }),
  'max-bandwidth': (value) => ({ scaleMaximum: rate(value) }),
  'net-filter': (value) => ({ network: network(value) }),
  'net-filter6': (value) => ({ network6: network6(value) }),
  'screen-filter': (value) => ({ screenFilter: regularExpression(value) }),
  'timed-output': (value) => ({ reportSeconds: reportSeconds(value) }),
  'no-curses': (value) => ({ text: isYes(value) }),
  'num-lines': (value) => linesOrRate(value),
};

/** Every directive that a line may have. */
export const DIRECTIVE_NAMES = Object.keys(DIRECTIVES);

export interface ReadDirectives {
  settings: Partial<IftopSettings>;
  /** "FILE line 3: …", the first few. */
  warnings: string[];
}

/** Reads the text of a file; `called` is what warnings call it. Of a directive that is there twice the last holds. */
export function readDirectives(content: string, called: string): ReadDirectives {
  const settings: Partial<IftopSettings> = {};
  const warnings: string[] = [];
  const seen = new Set<string>();
  for (const [index, line] of content
    .replace(/^\uFEFF/, '')
    .split(/\r\n|[\r\n]/)
    .entries()) {
    const written = line.replace(/(^|\s)#.*$/, '').trim();
    if (written === '') continue;
    const warn = (problem: string): number => warnings.push(`${called} line ${index + 1}: ${problem}`);
    const colon = written.indexOf(':');
    const name = colon < 0 ? '' : written.slice(0, colon).trim();
    const value = written.slice(colon + 1).trim();
    const directive = name.toLowerCase();
    if (!Object.hasOwn(DIRECTIVES, directive)) {
      warn(`${describe(name)}: it is left out`);
      continue;
    }
    if (seen.has(directive)) warn(`${directive} is there again: the last one holds`);
    seen.add(directive);
    try {
      Object.assign(settings, DIRECTIVES[directive](value));
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      warn(`${directive}: ${error.message}: it is left out`);
    }
  }
  const more = warnings.length - MOST_WARNINGS;
  if (more > 0) warnings.splice(MOST_WARNINGS, more, `${called}: ${more} more lines that cannot be used`);
  return { settings, warnings };
}

function describe(name: string): string {
  if (name === '') return 'not of the form "name: value"';
  return /^[a-z][a-z0-9-]{0,31}$/i.test(name) ? `there is no directive ${name}` : 'there is no such directive';
}
