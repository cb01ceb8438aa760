/**
 * The option table: every option of the command line is one line here. The parser (parse.ts), --help (help.ts), the man
 * page (manual.ts), the completion scripts (completion.ts) and the README's table (options-table.ts) are made from it.
 * A later monitor adds a line to OPTIONS and takes its line out of LATER. It imports nothing heavy: --help starts here.
 */
import { MONITOR_ENTRIES } from '../../screens/monitors.ts';
import type { MonitorName } from '../engine/monitor.ts';
import { SYSLOG_FACILITIES } from '../logs/syslog-facilities.ts';
import type { OptionValues } from './option-values.ts';
import {
  alertRules,
  byteSize,
  choice,
  duration,
  interfaceArgument,
  localNetworks,
  moment,
  number,
  path,
  text,
  wholeNumber,
} from './readers.ts';

export const SECTIONS = {
  monitors: 'Monitors',
  capture: 'What is captured',
  output: 'Output for pipes',
  logs: 'Logs',
  running: 'Running',
  information: 'Information',
  commands: 'Options of commands',
} as const;

export type Section = keyof typeof SECTIONS;

/** What a shell may offer after the option: names of interfaces, files, filters, or fixed words. */
export type Completion = 'interface' | 'file' | 'filter' | readonly string[] | null;

export interface OptionArgument {
  /** As help prints it: "FILE", "IF|all". */
  placeholder: string;
  /** true: the value may be left out (getopt's "::"). */
  optional: boolean;
  completion: Completion;
  /** Turns the text into a value, or throws BadValue. `previous` is the value so far when the option is repeated. */
  read(text: string, previous: unknown): unknown;
}

/** A line of an option table: of the main command's, or of a front door's with names and sections of its own. */
export interface OptionLine<Name extends string = keyof OptionValues, Part extends string = Section> {
  /** Field of the values that are read. */
  name: Name;
  /** All spellings, short ones first. */
  flags: readonly [string, ...string[]];
  /** null: a switch. */
  argument: OptionArgument | null;
  /** One sentence without a full stop. */
  description: string;
  /** Printed as "(default …)"; null where there is none. */
  default: string | null;
  section: Part;
  /** The monitor that the option names. */
  monitor?: MonitorName;
}

/** An option that is recognised and answered, but not listed anywhere. */
export interface LaterOption {
  flag: string;
  what: string;
}

/** Rows of text, JSON and CSV output when --limit is not given. */
export const DEFAULT_LIMIT = 50;
/** Seconds between two snapshots when --every is not given. */
export const DEFAULT_EVERY_SECONDS = 1;
/** The largest packet that libpcap's tools keep; more is never needed. */
const MAXIMUM_SNAPLEN = 262_144;

const BYTE_KINDS = ['ip', 'wire'] as const;
/** Columns of all monitors. */
const SORTS = [...new Set(MONITOR_ENTRIES.flatMap((entry) => entry.sorts))];
const LOG_FORMATS = ['text', 'json'] as const;
const CAPTURE_KINDS = ['auto', 'ring', 'pcap'] as const;

function argument(
  placeholder: string,
  read: OptionArgument['read'],
  completion: Completion = null,
  optional = false,
): OptionArgument {
  return { placeholder, optional, completion, read };
}

/** The option of a monitor that watches interfaces. */
function interfaceMonitor(
  name: keyof OptionValues,
  flag: string,
  monitor: MonitorName,
  description: string,
): OptionLine {
  const given = argument('IF|all', interfaceArgument, 'interface', true);
  return { name, flags: [flag], monitor, argument: given, description, default: null, section: 'monitors' };
}

function oneOf(placeholder: string, words: readonly string[], optional = false): OptionArgument {
  return argument(placeholder, choice(words), words, optional);
}

export const OPTIONS: readonly OptionLine[] = [
  {
    name: 'ipTraffic',
    flags: ['-i'],
    monitor: 'ip-traffic',
    argument: argument('IF|all', interfaceArgument, 'interface', true),
    description:
      'IP traffic: every conversation with its rates; IF is a name, a pattern (veth*), an address or network that the interface holds or routes, or a container network; several may follow; without one, the interface of the default route',
    default: null,
    section: 'monitors',
  },
  {
    name: 'general',
    flags: ['-g'],
    monitor: 'general',
    argument: null,
    description: 'general interface statistics: every interface, what it carries and what the kernel counted',
    default: null,
    section: 'monitors',
  },
  interfaceMonitor('detailed', '-d', 'detailed', 'detailed interface statistics: protocols, rates and their history'),
  interfaceMonitor('packetSizes', '-z', 'packet-sizes', 'packets by size, in and out'),
  interfaceMonitor('ports', '-s', 'ports', 'TCP and UDP traffic by service port'),
  interfaceMonitor(
    'pairs',
    '--pairs',
    'host-pairs',
    'pairs of hosts: what they send each other, averages over 2, 10 and 40 s',
  ),
  interfaceMonitor('lanStations', '-l', 'lan-stations', 'stations on the local network by hardware address'),
  {
    name: 'readFile',
    flags: ['-r'],
    argument: argument('FILE|-', path, 'file'),
    description: 'read a capture file (pcap or pcapng, also gzip) or standard input instead of an interface',
    default: null,
    section: 'capture',
  },
  {
    name: 'writeFile',
    flags: ['-w'],
    argument: argument('FILE', path, 'file'),
    description: 'write what passes --filter and --bpf to FILE as pcapng',
    default: null,
    section: 'capture',
  },
  {
    name: 'expression',
    flags: ['--bpf'],
    argument: argument('EXPRESSION', text),
    description: 'count only what this capture expression selects (pcap-filter(7)), live and from files',
    default: null,
    section: 'capture',
  },
  {
    name: 'filter',
    flags: ['--filter'],
    argument: argument('NAME', text, 'filter'),
    description:
      'count only what this filter lets through (filter list names them all); together with --bpf, what passes both',
    default: null,
    section: 'capture',
  },
  {
    name: 'local',
    flags: ['--local'],
    argument: argument('NET', localNetworks),
    description:
      'networks that are ours, with commas or repeated: they tell a filter what comes in and goes out where the capture does not (files, mirror ports)',
    default: null,
    section: 'capture',
  },
  {
    name: 'capture',
    flags: ['--capture'],
    argument: oneOf('SOURCE', CAPTURE_KINDS),
    description:
      'capture through the packet ring (ring), through libpcap (pcap), or through libpcap only where the ring does not work (auto): auto, ring or pcap',
    default: 'auto',
    section: 'capture',
  },
  {
    name: 'snaplen',
    flags: ['--snaplen'],
    argument: argument('BYTES', wholeNumber(64, MAXIMUM_SNAPLEN)),
    description: 'bytes kept of each packet',
    default: `256, with -w ${MAXIMUM_SNAPLEN}`,
    section: 'capture',
  },
  {
    name: 'promiscuous',
    flags: ['--promiscuous'],
    argument: null,
    description: 'also take packets that are addressed to other stations',
    default: null,
    section: 'capture',
  },
  {
    name: 'physical',
    flags: ['--physical'],
    argument: null,
    description: 'with all: only interfaces that sit on no other',
    default: null,
    section: 'capture',
  },
  {
    name: 'text',
    flags: ['--text'],
    argument: null,
    description: 'print text, also on a terminal',
    default: null,
    section: 'output',
  },
  {
    name: 'json',
    flags: ['--json'],
    argument: null,
    description: 'print one JSON object a line',
    default: null,
    section: 'output',
  },
  {
    name: 'csv',
    flags: ['--csv'],
    argument: null,
    description: 'print comma-separated values with one header line',
    default: null,
    section: 'output',
  },
  {
    name: 'everySeconds',
    flags: ['--every'],
    argument: argument('SECONDS', number('seconds')),
    description: 'seconds from one snapshot to the next; with -r: of packet time',
    default: `${DEFAULT_EVERY_SECONDS}; with -r one snapshot at the end`,
    section: 'output',
  },
  {
    name: 'forSeconds',
    flags: ['--for'],
    argument: argument('SECONDS', number('seconds')),
    description: 'stop after so many seconds of capture, with a last snapshot',
    default: null,
    section: 'output',
  },
  {
    name: 'limit',
    flags: ['--limit'],
    argument: argument('ROWS', wholeNumber(0, Number.MAX_SAFE_INTEGER)),
    description: 'rows in a snapshot; 0: every row',
    default: String(DEFAULT_LIMIT),
    section: 'output',
  },
  {
    name: 'sort',
    flags: ['--sort'],
    argument: oneOf('COLUMN', SORTS),
    description: `order of the rows, figures from the largest down; each monitor has its own among: ${SORTS.join(', ')}`,
    default: null,
    section: 'output',
  },
  {
    name: 'names',
    flags: ['--names'],
    argument: null,
    description: 'show host names: as seen on the wire, else by reverse DNS; on a screen also service names',
    default: null,
    section: 'output',
  },
  {
    name: 'bytes',
    flags: ['--bytes'],
    argument: oneOf('KIND', BYTE_KINDS),
    description: 'bytes that screens, text and rates show: of IP packets (ip) or of whole frames (wire)',
    default: 'ip',
    section: 'output',
  },
  {
    name: 'logFile',
    flags: ['-L'],
    argument: argument('FILE', path, 'file'),
    description:
      'log to FILE; a bare name goes to the log directory; missing directories are made; a directory: a file for each monitor',
    default: null,
    section: 'logs',
  },
  {
    name: 'facility',
    flags: ['-f'],
    argument: oneOf('FACILITY', ['', ...Object.keys(SYSLOG_FACILITIES)], true),
    description: 'log to this syslog facility; without one: remove stale pid files',
    default: null,
    section: 'logs',
  },
  {
    name: 'logIntervalMinutes',
    flags: ['-I'],
    argument: argument('MINUTES', number('minutes')),
    description: 'minutes between two interval records of the log; fractions are allowed',
    default: 'the setting logIntervalMinutes, 60 at first',
    section: 'logs',
  },
  {
    name: 'logFormat',
    flags: ['--log-format'],
    argument: oneOf('FORMAT', LOG_FORMATS),
    description: 'form of the log: text, or json (one object a line)',
    default: 'text',
    section: 'logs',
  },
  {
    name: 'logFlowsSeconds',
    flags: ['--log-flows'],
    argument: argument('SECONDS', number('seconds')),
    description:
      'sum up short conversations other than TCP: one record for each pair of hosts and service in so many seconds',
    default: null,
    section: 'logs',
  },
  {
    name: 'logMaxBytes',
    flags: ['--log-max-size'],
    argument: argument('SIZE', byteSize),
    description: 'put the log file aside when it has this size (100k, 50M, 2G)',
    default: null,
    section: 'logs',
  },
  {
    name: 'logMaxAgeSeconds',
    flags: ['--log-max-age'],
    argument: argument('TIME', duration),
    description: 'put the log file aside when it is so old (12h, 7d)',
    default: null,
    section: 'logs',
  },
  {
    name: 'logKeep',
    flags: ['--log-keep'],
    argument: argument('FILES', wholeNumber(0, 10_000)),
    description: 'files kept by --log-max-size and --log-max-age, packed with gzip',
    default: '7',
    section: 'logs',
  },
  {
    name: 'alerts',
    flags: ['--alert'],
    argument: argument('RULE', alertRules),
    description:
      "say so in the log, on the screen and in syslog when a threshold is passed, and when that is over: 'host>100Mbit/s for 10s', 'interface eth0 rx>80% for 1m', 'packets>10000 in 5m', 'drops>0', 'new-connections>1000/s'; may be repeated",
    default: null,
    section: 'logs',
  },
  {
    name: 'onAlert',
    flags: ['--on-alert'],
    argument: argument('COMMAND', text),
    description:
      'run COMMAND when an alert begins and when it ends; its environment has the facts (IPTRAF_TS_ALERT, IPTRAF_TS_ALERT_STATE and others)',
    default: null,
    section: 'logs',
  },
  {
    name: 'prometheusFile',
    flags: ['--prometheus'],
    argument: argument('FILE', path, 'file'),
    description:
      "write figures for Prometheus (node_exporter's textfile format) to FILE, every --every seconds, else every 15",
    default: null,
    section: 'logs',
  },
  {
    name: 'background',
    flags: ['-B'],
    argument: null,
    description:
      'run in the background; without a monitor: IP traffic on all interfaces; under systemd, timeout or with & the program stays where it was started',
    default: null,
    section: 'running',
  },
  {
    name: 'foreground',
    flags: ['--foreground'],
    argument: null,
    description: 'with -B: do not detach',
    default: null,
    section: 'running',
  },
  {
    name: 'minutes',
    flags: ['-t'],
    argument: argument('MINUTES', number('minutes')),
    description: 'stop after so many minutes; fractions are allowed',
    default: null,
    section: 'running',
  },
  {
    name: 'unprivileged',
    flags: ['-u'],
    argument: null,
    description: 'run without privileges: general and detailed statistics of what the kernel counts',
    default: null,
    section: 'running',
  },
  {
    name: 'user',
    flags: ['--user'],
    argument: argument('NAME', text),
    description: 'become this user once everything is open',
    default: null,
    section: 'running',
  },
  {
    name: 'help',
    flags: ['-h', '--help'],
    argument: null,
    description: 'print this help',
    default: null,
    section: 'information',
  },
  {
    name: 'version',
    flags: ['-v', '-V', '--version'],
    argument: null,
    description: 'print the version',
    default: null,
    section: 'information',
  },
  {
    name: 'description',
    flags: ['--description'],
    argument: argument('TEXT', text),
    description: 'with filter add: what the filter is for, on one line',
    default: null,
    section: 'commands',
  },
  {
    name: 'from',
    flags: ['--from'],
    argument: argument('TIME', moment),
    description: 'with report: records from this time on (2026-11-21, 2026-11-21T14:00, 14:00, -2h)',
    default: null,
    section: 'commands',
  },
  {
    name: 'to',
    flags: ['--to'],
    argument: argument('TIME', moment),
    description: 'with report: records before this time',
    default: null,
    section: 'commands',
  },
  {
    name: 'html',
    flags: ['--html'],
    argument: null,
    description: 'with report: one self-contained page for a browser',
    default: null,
    section: 'commands',
  },
];

/** Options of monitors and features that come with later versions. */
export const LATER: readonly LaterOption[] = [{ flag: '--processes', what: 'the process monitor is' }];

/** Predecessors whose options come with later versions, as first word or as the name of a link to the program. */
export const LATER_DOORS = ['nethogs', 'bandwhich'] as const;

/** A monitor that the command line names. */
export interface ChosenMonitor {
  monitor: MonitorName;
  /** Its line of the option table. */
  line: OptionLine;
  /** As given; a monitor that takes no interface watches all. */
  interfaces: string[];
}

/** The monitors that are named, in the order of the option table. */
export function chosenMonitors(values: OptionValues): ChosenMonitor[] {
  return OPTIONS.flatMap((line) => {
    const given = values[line.name];
    if (line.monitor === undefined || given === null || given === false) return [];
    return [{ monitor: line.monitor, line, interfaces: line.argument === null ? ['all'] : (given as string[]) }];
  });
}
