/**
 * iftop's options as one table, with the few of ours that pipes and files need. Parser, help, man page and completion
 * are made from it, as from the main command's (../options.ts). What they mean together is in settings.ts.
 */
import type { PreparedNetwork } from '../../../filters/prepared.ts';
import type { HostPairSort } from '../../../screens/host-pairs/types.ts';
import { DEFAULT_EVERY_SECONDS, DEFAULT_LIMIT, type OptionArgument, type OptionLine } from '../options.ts';
import { choice, interfaceArgument, number, path, text, wholeNumber } from '../readers.ts';
import {
  type LinesOrRate,
  linesOrRate,
  network,
  network6,
  rate,
  reportSeconds,
  SORT_WORDS,
  sortOrder,
} from './readers.ts';

export const IFTOP_SECTIONS = {
  capture: 'What is captured',
  display: 'How it is shown',
  text: 'Text in place of the screen',
  output: 'Output for programs',
  information: 'Information',
} as const;

type IftopSection = keyof typeof IFTOP_SECTIONS;

export const UNITS = ['bits', 'bytes', 'packets'] as const;
export type IftopUnit = (typeof UNITS)[number];

/** As given; null or false: not given. */
export interface IftopValues {
  interfaces: string[] | null;
  expression: string | null;
  network: PreparedNetwork | null;
  network6: PreparedNetwork | null;
  promiscuous: boolean;
  linkLocal: boolean;
  readFile: string | null;
  config: string | null;
  withoutNames: boolean;
  withoutServices: boolean;
  ports: boolean;
  withoutBars: boolean;
  scaleMaximum: number | null;
  bytes: boolean;
  unit: IftopUnit | null;
  sort: HostPairSort | null;
  text: boolean;
  reportSeconds: number | null;
  lines: LinesOrRate | null;
  json: boolean;
  csv: boolean;
  everySeconds: number | null;
  forSeconds: number | null;
  limit: number | null;
  help: boolean;
  version: boolean;
}

type IftopOption = OptionLine<keyof IftopValues, IftopSection>;

function option(
  section: IftopSection,
  name: keyof IftopValues,
  flags: IftopOption['flags'],
  argument: OptionArgument | null,
  description: string,
  preset: string | null = null,
): IftopOption {
  return { name, flags, argument, description, default: preset, section };
}

function argument(
  placeholder: string,
  read: OptionArgument['read'],
  completion: OptionArgument['completion'] = null,
): OptionArgument {
  return { placeholder, optional: false, completion, read };
}

export const IFTOP_OPTIONS: readonly IftopOption[] = [
  option(
    'capture',
    'interfaces',
    ['-i'],
    argument('IF', interfaceArgument, 'interface'),
    'watch this interface: a name, a pattern (veth*), an address or network that it holds or routes, a container network, or all; several may follow',
    'that of the default route',
  ),
  option(
    'capture',
    'expression',
    ['-f'],
    argument('EXPRESSION', text),
    'count only what this capture expression selects (pcap-filter(7)); key f edits it',
  ),
  option(
    'capture',
    'network',
    ['-F'],
    argument('NET/MASK', network),
    'count only what goes in and out of this IPv4 network, which is ours (10.0.0.0/8 or 10.0.0.0/255.0.0.0)',
  ),
  option(
    'capture',
    'network6',
    ['-G'],
    argument('NET6/MASK', network6),
    'the same of an IPv6 network (fd00::/8 or fd00::/ff00::)',
  ),
  option('capture', 'promiscuous', ['-p'], null, 'also take packets that are addressed to other stations'),
  option('capture', 'linkLocal', ['-l'], null, 'count IPv6 link-local traffic too'),
  option(
    'capture',
    'readFile',
    ['-r'],
    argument('FILE|-', path, 'file'),
    'read a capture file in place of an interface',
  ),
  option(
    'capture',
    'config',
    ['-c'],
    argument('FILE', path, 'file'),
    'read settings from FILE; what the command line says holds before them',
    '~/.iftoprc, under sudo that of who called it',
  ),
  option('display', 'withoutNames', ['-n'], null, 'addresses in place of host names'),
  option('display', 'withoutServices', ['-N'], null, 'numbers in place of names of services'),
  option('display', 'ports', ['-P'], null, 'tell ports apart and show them'),
  option('display', 'withoutBars', ['-b'], null, 'no bars behind the rows'),
  option(
    'display',
    'scaleMaximum',
    ['-m'],
    argument('LIMIT', rate),
    'bits a second at the right end of the bars (k, M, G: powers of 1024)',
    'what fits the traffic',
  ),
  option('display', 'bytes', ['-B'], null, 'rates in bytes: -u bytes'),
  option('display', 'unit', ['-u'], argument('UNIT', choice(UNITS), UNITS), 'rates in bits, bytes or packets', 'bits'),
  option(
    'display',
    'sort',
    ['-o'],
    argument('ORDER', sortOrder, SORT_WORDS),
    `order of the rows: ${SORT_WORDS.join(', ')}`,
    '10s',
  ),
  option(
    'text',
    'text',
    ['-t'],
    null,
    'print reports as text, one every two seconds; so does a run without a terminal',
  ),
  option(
    'text',
    'reportSeconds',
    ['-s'],
    argument('SECONDS', reportSeconds),
    'one report after so many seconds, then the end, with or without traffic; 0: reports go on',
  ),
  option(
    'text',
    'lines',
    ['-L'],
    argument('LINES|RATE', linesOrRate),
    'pairs in a report, 0: all; a rate in bits a second (100M; powers of 1024) points out every pair above it: with a line that says "exceeds", on the screen with a mark',
    '10',
  ),
  option('output', 'json', ['--json'], null, 'print one JSON object a line'),
  option('output', 'csv', ['--csv'], null, 'print comma-separated values with one header line'),
  option(
    'output',
    'everySeconds',
    ['--every'],
    argument('SECONDS', number('seconds')),
    'seconds from one snapshot of --json and --csv to the next',
    `${DEFAULT_EVERY_SECONDS}; with -r one snapshot at the end`,
  ),
  option(
    'output',
    'forSeconds',
    ['--for'],
    argument('SECONDS', number('seconds')),
    'stop after so many seconds of capture',
  ),
  option(
    'output',
    'limit',
    ['--limit'],
    argument('ROWS', wholeNumber(0, Number.MAX_SAFE_INTEGER)),
    'rows in a snapshot of --json and --csv; 0: every row',
    String(DEFAULT_LIMIT),
  ),
  option('information', 'help', ['-h', '--help'], null, 'print this help'),
  option('information', 'version', ['--version'], null, 'print the version'),
];
