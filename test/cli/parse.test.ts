import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OperatorError } from '../../src/base/errors.ts';
import { LATER, OPTIONS } from '../../src/cli/options.ts';
import { type Invocation, parseArguments } from '../../src/cli/parse.ts';

function parse(line: string): Invocation {
  return parseArguments(line.split(' ').filter((word) => word !== ''));
}

/** What was given, without the fields that say "not given". */
function given(line: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parse(line).values).filter(([, value]) => value !== null && value !== false),
  );
}

function failure(argv: string | string[], calledAs?: string): string {
  try {
    parseArguments(typeof argv === 'string' ? argv.split(' ') : argv, calledAs);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    expect(error.exitStatus).toBe(2);
    expect(error.message).not.toContain('\n');
    return error.message;
  }
  throw new Error('it was accepted');
}

describe('the command line', () => {
  it.each([
    ['', {}],
    ['-i eth0', { ipTraffic: ['eth0'] }],
    ['-ieth0', { ipTraffic: ['eth0'] }],
    ['-i', { ipTraffic: [''] }],
    ['-i -B', { ipTraffic: [''], background: true }],
    ['-Bi eth0', { background: true, ipTraffic: ['eth0'] }],
    ['-i eth0 wlan0', { ipTraffic: ['eth0', 'wlan0'] }],
    ['-i eth0 -i wlan0', { ipTraffic: ['eth0', 'wlan0'] }],
    ['-B -L /tmp/a.log -i all -t 0.5', { background: true, logFile: '/tmp/a.log', ipTraffic: ['all'], minutes: 0.5 }],
    ['-f daemon', { facility: 'daemon' }],
    ['-f', { facility: '' }],
    ['-f -i eth0', { facility: '', ipTraffic: ['eth0'] }],
    ['-r x.pcap --json --limit 0', { readFile: 'x.pcap', json: true, limit: 0 }],
    ['-r - -i all', { readFile: '-', ipTraffic: ['all'] }],
    ['-i x --every .25 --for 3 --sort bytes', { ipTraffic: ['x'], everySeconds: 0.25, forSeconds: 3, sort: 'bytes' }],
    ['-i x --capture pcap --snaplen 128', { ipTraffic: ['x'], capture: 'pcap', snaplen: 128 }],
    ['-i all --physical --promiscuous', { ipTraffic: ['all'], physical: true, promiscuous: true }],
    ['-i x --bytes wire --names', { ipTraffic: ['x'], bytes: 'wire', names: true }],
    ['--filter web', { filter: 'web' }],
    [
      '-i x --local 10.0.0.0/8,192.0.2.1 --local fe80::/10',
      { ipTraffic: ['x'], local: [{ family: 4 }, { family: 4 }, { family: 6 }] },
    ],
    ['-I 5 -L x', { logIntervalMinutes: 5, logFile: 'x' }],
    ['-v', { version: true }],
    ['-V', { version: true }],
    ['--version', { version: true }],
    ['-i eth0 -h', { ipTraffic: ['eth0'], help: true }],
  ])('reads "%s"', (line, expected) => {
    const values = given(line);
    expect(Object.keys(values).sort()).toEqual(Object.keys(expected).sort());
    expect(values).toMatchObject(expected);
  });

  it('reads commands', () => {
    expect(parse('completion fish').command).toMatchObject({ line: { name: 'completion' }, words: ['fish'] });
    expect(parse('config').command).toMatchObject({ line: { name: 'config' }, words: [] });
    expect(parse('config get theme --json').command).toMatchObject({ line: { name: 'config get' }, words: ['theme'] });
    expect(parse('config set additionalPorts 8000 9000-9100').command).toMatchObject({
      line: { name: 'config set' },
      words: ['additionalPorts', '8000', '9000-9100'],
    });
    expect(parse('config export').command).toMatchObject({ line: { name: 'config export' }, words: [] });
    expect(parse('config import -').command).toMatchObject({ line: { name: 'config import' }, words: ['-'] });
    expect(parseArguments(['filter', 'add', 'x', 'include tcp', '--description', 'for me'])).toMatchObject({
      values: { description: 'for me' },
      command: { line: { name: 'filter add' }, words: ['x', 'include tcp'] },
    });
    expect(parse('filter').command).toMatchObject({ line: { name: 'filter' }, words: [] });
    expect(parse('filter test web -r x.pcap')).toMatchObject({
      values: { readFile: 'x.pcap' },
      command: { line: { name: 'filter test' }, words: ['web'] },
    });
    expect(parse('interfaces --json')).toMatchObject({
      values: { json: true },
      command: { line: { name: 'interfaces' } },
    });
  });

  it.each([
    ['--jsn', 'cannot use --jsn: there is no such option; is it --json? (see iptraf-ts --help)'],
    ['--xyzzy', 'cannot use --xyzzy: there is no such option (see iptraf-ts --help)'],
    ['-t x', 'cannot use -t x: not a number of minutes above 0 (see iptraf-ts --help)'],
    ['-t 0', 'cannot use -t 0: not a number of minutes above 0 (see iptraf-ts --help)'],
    ['-t -5', 'cannot use -t -5: not a number of minutes above 0 (see iptraf-ts --help)'],
    ['-t 1e9', 'cannot use -t 1e9: not a number of minutes above 0 (see iptraf-ts --help)'],
    ['-i x --limit 1.5', 'cannot use --limit 1.5: not a whole number of at least 0 (see iptraf-ts --help)'],
    ['-i x --snaplen 10', 'cannot use --snaplen 10: not a whole number from 64 to 262144 (see iptraf-ts --help)'],
    ['-i x --capture bpf', 'cannot use --capture bpf: not one of auto, ring, pcap (see iptraf-ts --help)'],
    [
      '-i x --local host',
      'cannot use --local host: host is a name: an address or network is needed (see iptraf-ts --help)',
    ],
    ['-i x --local 10.0.0.0/40', 'cannot use --local 10.0.0.0/40: after / comes 0-32 or a mask (see iptraf-ts --help)'],
    ['-i x --description y', 'cannot use --description: it goes with filter add (see iptraf-ts --help)'],
    ['filter list --filter web', 'cannot use --filter: it does not go with filter list (see iptraf-ts --help)'],
    ['-L', 'cannot use -L: its value is missing (see iptraf-ts --help)'],
    ['-i x --text --json', 'cannot use --text --json: only one of them is possible (see iptraf-ts --help)'],
    ['--json', 'cannot use --json: no monitor is named (-i IF or -r FILE; see iptraf-ts --help)'],
    ['--every 2', 'cannot use --every: no monitor is named (-i IF or -r FILE; see iptraf-ts --help)'],
    ['eth0', 'cannot use eth0: there is no such command (an interface goes after -i; see iptraf-ts --help)'],
    ['-r a -i eth0', 'cannot use -i eth0 with -r: a file is read whole (-i all)'],
    ['-r a -w a', 'cannot use -w a: it is the file that -r reads (see iptraf-ts --help)'],
    ['-r - -B', 'cannot use -r - with -B: the background has no standard input (see iptraf-ts --help)'],
    ['-i x --physical', 'cannot use --physical: it goes with all (-i all --physical)'],
    ['completion tcsh', 'cannot use completion tcsh: say one of bash, zsh, fish (see iptraf-ts --help)'],
    ['-i x -g', 'cannot use -i -g: one monitor at a time (several go with -B only)'],
    ['-B --log-keep 5', 'cannot use --log-keep: it goes with --log-max-size or --log-max-age (see iptraf-ts --help)'],
    ['-B -f daemon --log-max-size 1M', 'cannot use --log-max-size: the log goes to syslog, not to a file (-L FILE)'],
    [
      '-B --log-max-size 10',
      'cannot use --log-max-size 10: less than 4k; a number alone is bytes, and M stands for megabytes (see iptraf-ts --help)',
    ],
    ['-i x --json --log-flows 5', 'cannot use --log-flows: --json alone writes no log (-L FILE)'],
    [
      '-B -i x --on-alert y',
      "cannot use --on-alert: there is no alert to run it at (--alert 'host>100Mbit/s for 10s')",
    ],
    ['doctor now', 'cannot use doctor now: doctor takes no word (see iptraf-ts --help)'],
    [
      'config show',
      'cannot use config show: there is no such command (there are config get, config set, config unset, config export, config import)',
    ],
    ['config set theme', 'cannot use config set theme: say config set KEY VALUE... (see iptraf-ts --help)'],
    ['config get', 'cannot use config get: say config get KEY (see iptraf-ts --help)'],
    ['config get a b', 'cannot use config get a b: say config get KEY (see iptraf-ts --help)'],
    ['config import', 'cannot use config import: say config import FILE|- (see iptraf-ts --help)'],
    ['config set --json theme dark', 'cannot use --json: it does not go with config set (see iptraf-ts --help)'],
    ['interfaces --csv', 'cannot use --csv: it does not go with interfaces (see iptraf-ts --help)'],
  ])('answers "%s" with one line', (line, expected) => {
    expect(failure(line)).toBe(expected);
  });

  it('keeps an empty or blank value in sight', () => {
    expect(failure(['-i', 'x', '--bpf', ' '])).toBe('cannot use --bpf " ": the value is empty (see iptraf-ts --help)');
    expect(failure(['-L', ''])).toBe('cannot use -L "": the file name is empty (see iptraf-ts --help)');
  });

  it.each(LATER)('says that $flag comes with a later version', ({ flag, what }) => {
    for (const argv of [[flag], [flag, 'eth0'], ['-B', flag]]) {
      expect(failure(argv)).toBe(
        `cannot use ${flag}: ${what} not in this version yet (iptraf-ts --help lists what there is)`,
      );
    }
  });

  it.each(['nethogs', 'bandwhich'])('says that the door of %s comes with a later version', (door) => {
    const line = `cannot use ${door}: its options come with a later version (the main command is there: iptraf-ts -i IF)`;
    expect(failure([door, '-i', 'eth0', '-n'])).toBe(line);
    expect(failure(['-t', '-s', '10'], `/usr/local/bin/${door}`)).toBe(line);
  });

  it('takes a link named iptraf-ng for the main command', () => {
    const { values } = parseArguments(['-B', '-L', 'x'], '/usr/local/bin/iptraf-ng');
    expect(values).toMatchObject({ background: true, logFile: 'x' });
  });

  it('is read or refused as wrong use, whatever it is', () => {
    const words = fc.oneof(
      fc.constantFrom(
        ...OPTIONS.flatMap((line) => line.flags),
        ...LATER.map(({ flag }) => flag),
        'completion',
        'config',
        'set',
        '--',
        '-',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 6 }), (argv) => {
        try {
          parseArguments(argv);
        } catch (error) {
          if (!(error instanceof OperatorError) || error.exitStatus !== 2) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('has no spelling twice', () => {
    const flags = [...OPTIONS.flatMap((line) => line.flags), ...LATER.map(({ flag }) => flag)];
    expect(new Set(flags).size).toBe(flags.length);
  });
});

/** The iptraf-ng lines of the documents that users follow, after the shell has done its part. */
const DOCUMENTED: [string, Record<string, unknown>][] = [
  ['', {}],
  ['-B', { background: true }],
  [
    '-B -L /var/network/network_20261121.log -i eth0',
    { background: true, logFile: '/var/network/network_20261121.log' },
  ],
  ['-B -L x.log', { background: true, logFile: 'x.log' }],
  ['-L /var/log/network_monitor.log', { logFile: '/var/log/network_monitor.log' }],
  ['-f daemon', { facility: 'daemon' }],
  ['-i eth0', { ipTraffic: ['eth0'] }],
  ['-i eth0 wlan0', { ipTraffic: ['eth0', 'wlan0'] }],
  ['-i', { ipTraffic: [''] }],
  ['-v', { version: true }],
  ['-B -L /var/log/iptraf-monitor.log -f daemon', { background: true, facility: 'daemon' }],
];

describe('lines that users know from iptraf-ng', () => {
  it.each(DOCUMENTED)('reads "%s"', (line, expected) => {
    expect(parse(line).values).toMatchObject(expected);
  });
});
