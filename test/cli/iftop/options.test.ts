import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OperatorError } from '../../../src/base/errors.ts';
import { completionScript } from '../../../src/cli/documents/completion.ts';
import { manPage } from '../../../src/cli/documents/manual.ts';
import { doorTaken } from '../../../src/cli/doors.ts';
import { earlyGuess } from '../../../src/cli/early.ts';
import { iftopHelpText } from '../../../src/cli/iftop/help.ts';
import { readIftopOptions } from '../../../src/cli/iftop/invocation.ts';
import { IFTOP_OPTIONS } from '../../../src/cli/iftop/options.ts';
import { optionSettings } from '../../../src/cli/iftop/settings.ts';

const words = (line: string): string[] => line.split(' ').filter((word) => word !== '');
const settings = (argv: string | string[]) =>
  optionSettings(readIftopOptions(typeof argv === 'string' ? words(argv) : argv));

function failure(argv: string[]): string {
  try {
    readIftopOptions(argv);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    expect(error.exitStatus).toBe(2);
    expect(error.message).not.toContain('\n');
    return error.message;
  }
  throw new Error('it was accepted');
}

describe("iftop's options", () => {
  it.each([
    ['', {}],
    ['-i eth0', { interfaces: ['eth0'] }],
    ['-i cni0 veth1', { interfaces: ['cni0', 'veth1'] }],
    ['-nNPBi eth0', { names: false, services: false, portDisplay: 'on', unit: 'bytes', interfaces: ['eth0'] }],
    ['-p -b -l', { promiscuous: true, bars: false, linkLocal: true }],
    ['-B -u packets', { unit: 'packets' }],
    ['-u bytes', { unit: 'bytes' }],
    ['-m 100M', { scaleMaximum: 100 * 1024 ** 2 }],
    ['-m 8000', { scaleMaximum: 8000 }],
    ['-m 1g', { scaleMaximum: 1024 ** 3 }],
    ['-o 2s', { sort: 'rate-2s' }],
    ['-o destination', { sort: 'destination' }],
    ['-t -s 10', { text: true, reportSeconds: 10 }],
    ['-t -s 0 -L 0', { text: true, reportSeconds: 0, lines: 0 }],
    ['-L 25', { lines: 25 }],
    ['-L 100M', { threshold: 100 * 1024 ** 2 }],
    ['-L 500k', { threshold: 500 * 1024 }],
  ])('read "%s"', (line, expected) => {
    expect(settings(line)).toEqual(expected);
  });

  it('read an expression of several words', () => {
    expect(settings(['-f', 'port range 8000-8100'])).toEqual({ expression: 'port range 8000-8100' });
  });

  it.each([
    ['-F', '10.1.2.3/8', { family: 4, words: [0, 0, 0xffff, 0x0a000000], last: 0xff000000 }],
    ['-F', '10.1.2.3/255.255.0.0', { family: 4, words: [0, 0, 0xffff, 0x0a010000], last: 0xffff0000 }],
    ['-G', 'fd00:1::9/32', { family: 6, words: [0xfd000001, 0, 0, 0], last: 0 }],
    ['-G', 'fd00:1::9/ffff:ffff::', { family: 6, words: [0xfd000001, 0, 0, 0], last: 0 }],
  ])('read %s %s', (flag, value, { family, words: expected, last }) => {
    const { network, network6 } = settings([flag, value]);
    const read = flag === '-F' ? network : network6;
    expect(read?.family).toBe(family);
    expect([...(read?.words ?? [])]).toEqual(expected);
    expect(read?.mask[3]).toBe(last);
  });

  it.each([
    [['-x'], 'cannot use -x: there is no such option (see iptraf-ts iftop --help)'],
    [['-i'], 'cannot use -i: its value is missing (see iptraf-ts iftop --help)'],
    [['eth0'], 'cannot use eth0: an interface goes after -i (see iptraf-ts iftop --help)'],
    [
      ['-m', 'fast'],
      'cannot use -m fast: not a rate in bits a second such as 500k, 100M or 1G (see iptraf-ts iftop --help)',
    ],
    [['-m', '0'], 'cannot use -m 0: not a rate in bits a second such as 500k, 100M or 1G (see iptraf-ts iftop --help)'],
    [
      ['-L', '10x'],
      'cannot use -L 10x: neither a number of lines (0: all) nor a rate such as 100M (see iptraf-ts iftop --help)',
    ],
    [['-s', '-1'], 'cannot use -s -1: not a number of seconds (see iptraf-ts iftop --help)'],
    [['-o', 'name'], 'cannot use -o name: not one of 2s, 10s, 40s, source, destination (see iptraf-ts iftop --help)'],
    [['-u', 'nats'], 'cannot use -u nats: not one of bits, bytes, packets (see iptraf-ts iftop --help)'],
    [
      ['-F', 'fd00::/8'],
      'cannot use -F fd00::/8: not an IPv4 network such as 10.0.0.0/8 or 10.0.0.0/255.0.0.0 (see iptraf-ts iftop --help)',
    ],
    [
      ['-F', '10.0.0.0/33'],
      'cannot use -F 10.0.0.0/33: not an IPv4 network such as 10.0.0.0/8 or 10.0.0.0/255.0.0.0 (see iptraf-ts iftop --help)',
    ],
    [
      ['-G', '10.0.0.0/8'],
      'cannot use -G 10.0.0.0/8: not an IPv6 network such as fd00::/8 or fd00::/ff00:: (see iptraf-ts iftop --help)',
    ],
    [
      ['-G', 'fd00::/8/8'],
      'cannot use -G fd00::/8/8: not an IPv6 network such as fd00::/8 or fd00::/ff00:: (see iptraf-ts iftop --help)',
    ],
    [['-t', '--json'], 'cannot use --json -t: only one of them is possible (see iptraf-ts iftop --help)'],
    [['--every', '2'], 'cannot use --every: it goes with --json or --csv (see iptraf-ts iftop --help)'],
    [['-r', 'x.pcap', '-i', 'eth0'], 'cannot use -i eth0 with -r: a file is read whole (leave -i out)'],
  ])('refuse %j on one line', (argv, line) => {
    expect(failure(argv)).toBe(line);
  });
});

describe('the door', () => {
  it.each([
    [['iftop', '-n'], '/usr/bin/iptraf-ts', { name: 'iftop', argv: ['-n'] }],
    [['-n', 'iftop'], '/usr/local/bin/iftop', { name: 'iftop', argv: ['-n', 'iftop'] }],
    [['-i', 'iftop'], 'iptraf-ts', null],
    [[], 'iptraf-ts', null],
  ])('of %j, called as %s', (argv, calledAs, expected) => {
    expect(doorTaken(argv, calledAs)).toEqual(expected);
  });

  it.each([
    [['iftop'], 'iptraf-ts', 'live'],
    [['iftop', '-B', '-t'], 'iptraf-ts', 'live'],
    [['-B'], '/bin/iftop', 'live'],
    [['iftop', '-h'], 'iptraf-ts', 'other'],
    [['iftop', '-r', 'x'], 'iptraf-ts', 'other'],
    [['-h'], '/bin/iftop', 'other'],
    [['filter'], 'iptraf-ts', 'other'],
  ])('of %j, called as %s, is guessed to be %s', (argv, calledAs, guess) => {
    expect(earlyGuess(argv, false, calledAs)).toBe(guess);
  });
});

describe('documents made from the table', () => {
  const flags = IFTOP_OPTIONS.flatMap((option) => option.flags);

  it('print the help of the golden file, in 80 columns of ASCII', async () => {
    const text = iftopHelpText();
    await expect(text).toMatchFileSnapshot(resolve(import.meta.dirname, '../../golden/cli/iftop-help.txt'));
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(text).toMatch(/^[\n -~]*$/);
  });

  it('list every option', () => {
    for (const text of [iftopHelpText(), manPage().replaceAll('\\-', '-')]) {
      for (const flag of flags) expect(text).toContain(flag);
    }
    for (const flag of flags) expect(completionScript('bash')).toContain(flag);
  });
});
