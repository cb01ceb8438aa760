/**
 * The man page in section 8, as roff with the man(7) macros, made from the option table.
 * Text is escaped once, in `roff`; bold and italic only through `bold` and `italic`.
 */

import { VISIBLE_COMMANDS } from '../command-table.ts';
import { DIRECTIVES_TEXT } from '../iftop/help.ts';
import { IFTOP_OPTIONS, IFTOP_SECTIONS } from '../iftop/options.ts';
import type { OptionTable } from '../option-parser.ts';
import { OPTIONS, SECTIONS } from '../options.ts';
import { PROGRAM, VERSION, VERSION_DATE } from '../version.ts';
import { commandSpelling, EXIT_STATUSES, explanation, SUMMARY, USAGES } from './help.ts';

const SIGNALS: readonly (readonly [string, string])[] = [
  ['INT, TERM, HUP', 'end: the terminal is restored, logs get their last records'],
  ['HUP (with -B)', 'read the settings and the filter again; nothing ends'],
  ['USR1', 'close the log files and open them again, for logrotate'],
  ['USR2', 'stop, as in iptraf-ng'],
  ['TSTP, CONT', 'leave the screen and come back to it; coming to the foreground opens it'],
];

const FILES: readonly (readonly [string, string])[] = [
  ['/var/lib/iptraf-ts', 'settings.json and filters.json of root (IPTRAF_TS_STATE_DIR overrides)'],
  ['$XDG_CONFIG_HOME/iptraf-ts', 'settings.json and filters.json of other users'],
  ['/var/log/iptraf-ts', 'logs given by a bare name (IPTRAF_TS_LOG_DIR overrides)'],
  ['~/.iftoprc', `settings of ${PROGRAM} iftop; under sudo those of who called it`],
  ['/run/iptraf-ts', 'pid files and figures of instances in the background (IPTRAF_TS_RUN_DIR overrides)'],
];

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['TERM', 'type of the terminal; with dumb there is no screen'],
  ['NO_COLOR', 'when set, the screen has no colours'],
  ['VISUAL, EDITOR', 'the editor of filter edit'],
  ['SSH_CONNECTION', 'the session that own-session stands for, where no sshd is found among the ancestors'],
  ['LC_ALL, LC_CTYPE, LANG', 'without UTF-8, frames are drawn in ASCII'],
];

const EXAMPLES: readonly (readonly [string, string])[] = [
  [`${PROGRAM} -i eth0`, 'the conversations on eth0'],
  [`${PROGRAM} -i all --bpf 'port 53' --json --every 10`, 'DNS traffic on every interface, as JSON, every ten seconds'],
  [`${PROGRAM} -i eth0 --filter not-my-ssh`, 'the same without the session that you are logged in by'],
  [`${PROGRAM} filter add office 'exclude arp' 'include from 10.0.0.0/8 to any port 1-1023'`, 'make a filter'],
  [`${PROGRAM} filter test office -r file.pcap`, 'which of its rules decides how much of a capture file'],
  [`ssh host tcpdump -U -w - | ${PROGRAM} -r -`, 'watch another machine'],
  [`${PROGRAM} -B -i eth0 -L eth0.log -I 5`, 'log in the background, with a summary every five minutes'],
  [
    `${PROGRAM} -B -i eth0 -f daemon --alert 'host>100Mbit/s for 10s'`,
    'log to syslog, and say there who sends so much',
  ],
  [`${PROGRAM} report --from -24h --html /var/log/iptraf-ts/eth0.log* > day.html`, 'what happened in the last day'],
];

/** Escapes text for roff: backslashes, hyphens that must stay ASCII, and control characters at the line's start. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('~', '\\(ti')
    .replace(/^\./, '\\&.');
}

function bold(text: string): string {
  return `\\fB${roff(text)}\\fR`;
}

function italic(text: string): string {
  return `\\fI${roff(text)}\\fR`;
}

function optionTag(line: OptionTable[number]): string {
  const flags = line.flags.map(bold).join(', ');
  if (line.argument === null) return flags;
  const value = italic(line.argument.placeholder);
  return line.argument.optional ? `${flags} [${value}]` : `${flags} ${value}`;
}

function item(tag: string, text: string): string[] {
  return ['.TP', tag, roff(text)];
}

function section(title: string, lines: string[]): string[] {
  return [`.SH ${title}`, ...lines];
}

function pairs(list: readonly (readonly [string, string])[]): string[] {
  return list.flatMap(([name, text]) => item(bold(name), `${text}.`));
}

function optionLines(sections: Readonly<Record<string, string>>, table: OptionTable): string[] {
  return Object.entries(sections).flatMap(([name, title]) => [
    `.SS ${title}`,
    ...table
      .filter((line) => line.section === name)
      .flatMap((line) => item(optionTag(line), `${capital(explanation(line))}.`)),
  ]);
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

function iftopOptions(): string[] {
  return [...optionLines(IFTOP_SECTIONS, IFTOP_OPTIONS), '.SS Settings', ...item(bold('~/.iftoprc'), DIRECTIVES_TEXT)];
}

/** The man page's source, with a newline at its end. */
export function manPage(): string {
  const synopsis = USAGES.flatMap(([call], index) => [...(index === 0 ? [] : ['.br']), roff(call)]);
  const commands = VISIBLE_COMMANDS.flatMap((command) =>
    item(bold(commandSpelling(command)), `${capital(command.description)}.`),
  );
  return [
    `.TH IPTRAF\\-TS 8 ${VERSION_DATE} "${PROGRAM} ${VERSION}" "System Administration"`,
    ...section('NAME', [`${roff(PROGRAM)} \\- ${roff(SUMMARY)}`]),
    ...section('SYNOPSIS', synopsis),
    ...section('DESCRIPTION', DESCRIPTION.map(roff)),
    ...section('OPTIONS', optionLines(SECTIONS, OPTIONS)),
    ...section('COMMANDS', commands),
    ...section('IFTOP', [...IFTOP.flatMap((text) => ['.PP', roff(text)]).slice(1), ...iftopOptions()]),
    ...section('FILTERS', FILTERS.flatMap((text) => ['.PP', roff(text)]).slice(1)),
    ...section('ALERTS', ALERTS.flatMap((text) => ['.PP', roff(text)]).slice(1)),
    ...section('SIGNALS', pairs(SIGNALS)),
    ...section('EXIT STATUS', [...pairs(EXIT_STATUSES), '.PP', roff('Interrupted, it ends by the same signal.')]),
    ...section('FILES', pairs(FILES)),
    ...section('ENVIRONMENT', pairs(ENVIRONMENT)),
    ...section('EXAMPLES', pairs(EXAMPLES)),
    ...section('SEE ALSO', ['.BR pcap\\-filter (7),', '.BR iptraf\\-ng (8),', '.BR tcpdump (8),', '.BR ss (8)']),
    '',
  ].join('\n');
}

const DESCRIPTION: readonly string[] = [
  `${PROGRAM} shows what is on a network and who is causing it: live on one interface or all, or from a capture file.`,
  'On a terminal it is a full-screen program; in a pipe, in the background or with --text, --json or --csv it prints.',
  'Packets are counted as they are on the wire: a buffer that the kernel hands over for several packets counts as those.',
  'What was missed is said: packets dropped by the kernel, and the share of the interface counters that was captured.',
];

/** Each a paragraph. */
const IFTOP: readonly string[] = [
  `${PROGRAM} iftop takes the options and the settings of iftop and shows pairs of hosts, as --pairs does; so does a link ` +
    `of that name to ${PROGRAM}. With -t it prints reports of iftop's form, for scripts that read them.`,
];

/** Each a paragraph. */
const FILTERS: readonly string[] = [
  'A filter is a list of rules; the first that matches a packet decides whether it is counted (include) or not (exclude). ' +
    'Packets that no rule matches are dropped if any rule includes, and kept if all exclude.',
  'A rule is one line: include or exclude; protocols by name or number (tcp, icmp, 46, 101-104, ip, non-ip, arp, 0x88cc); ' +
    'from and to, each with addresses, networks and host names or any, port with a list (80,443,8000-8100), and mac with a list; ' +
    'on with interfaces and patterns; incoming or outgoing; vlan with a list, any or none; one-way. ' +
    'All that stands there must match. A rule also matches with source and destination exchanged, but not with one-way. ' +
    "A port before from and to is the destination's.",
  'In place of all that: matching with a capture expression, or own-session for the ssh session that you are logged in by.',
];

/** Each a paragraph. */
const ALERTS: readonly string[] = [
  'A rule says what is measured, a limit after >, and for how long. Of each host for itself, or of one: ' +
    'host > RATE, host 10.0.0.1 tx > RATE. Of each interface, or of one: interface > RATE, interface eth0 rx > 80% (of its speed). ' +
    'Of all traffic: packets, bytes, drops, malformed or new-connections, each > a number; the number is counted since the start, ' +
    'with in (packets>10000 in 5m) within that time, and with /s (new-connections>1000/s) in a second. ' +
    'A RATE is 100Mbit/s, 12.5MB/s or 1MiB/s; a time is 10s, 5m, 1h or 1d.',
  'With for, the value must stay above the limit for that time. An alert is over when the value was not above the limit ' +
    'for as long, at least 5 seconds.',
  'The command of --on-alert is run by /bin/sh as it was written, with the rights that the program has by then; it finds in its environment ' +
    'IPTRAF_TS_ALERT (the rule), IPTRAF_TS_ALERT_STATE (started or ended), IPTRAF_TS_ALERT_SUBJECT (whose it is), ' +
    'IPTRAF_TS_ALERT_MEASURE, IPTRAF_TS_ALERT_VALUE, IPTRAF_TS_ALERT_LIMIT, IPTRAF_TS_ALERT_UNIT, ' +
    'IPTRAF_TS_ALERT_SINCE (when it began) and IPTRAF_TS_ALERT_TIME (when this happened).',
];
