import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { exceeds, pairLines, type ReportStyle, sumLines, titleLines } from '../../../src/cli/iftop/text-lines.ts';
import { PLAIN, pairExtra, pairFigures, pairRow } from '../../support/iftop-report.ts';

const K = 1024;
const M = K * K;

/** iftop's rates are bits: bytes a second from Mb. */
const mb = (rate: number): number => (rate * M) / 8;
const kb = (rate: number): number => (rate * K) / 8;

const FAST = pairRow('10.99.78.1', '10.99.78.2', {
  rates: [
    [mb(31.2), kb(52.5)],
    [mb(30.1), kb(50.8)],
    [mb(30.1), kb(50.8)],
  ],
  ipBytes: [30.1 * M, 50.8 * K],
});
const QUIET = pairRow('fd99:78:1111:2222:3333:4444:5555:1', 'fd99:78:1111:2222:3333:4444:5555:2', {
  rates: [
    [kb(742), kb(42.8)],
    [kb(715), 0],
    [kb(715), 0],
  ],
  ipBytes: [715 * K, 999],
});
const TOTALS = pairFigures({
  rates: [
    [mb(31.9), kb(105)],
    [mb(30.8), kb(102)],
    [mb(30.8), kb(102)],
  ],
  ipBytes: [30.8 * M, 102 * K],
  packets: [4000, 800],
  peak: [mb(32), kb(107), mb(32.1)],
});

function report(style: ReportStyle = PLAIN, threshold: number | null = null): string {
  const rows = [FAST, QUIET];
  const exceeding = threshold === null ? [] : rows.filter((row) => exceeds(row, threshold, style.unit));
  const sums = { extra: pairExtra(TOTALS), elapsedSeconds: 8, exceeding, threshold };
  return titleLines() + rows.map((row, k) => pairLines(row, k + 1, style)).join('') + sumLines(sums, style);
}

it('prints what iftop 1.0pre4 printed for this traffic, and a line more', () => {
  expect(report().split('\n')).toEqual([
    '   # Host name (port/service if enabled)            last 2s   last 10s   last 40s cumulative',
    '--------------------------------------------------------------------------------------------',
    '   1 10.99.78.1                               =>     31.2Mb     30.1Mb     30.1Mb     30.1MB',
    '     10.99.78.2                               <=     52.5Kb     50.8Kb     50.8Kb     50.8KB',
    '   2 fd99:78:1111:2222:3333:4444:5555:1       =>      742Kb      715Kb      715Kb      715KB',
    '     fd99:78:1111:2222:3333:4444:5555:2       <=     42.8Kb         0b         0b       999B',
    '--------------------------------------------------------------------------------------------',
    'Total send rate:                                     31.9Mb     30.8Mb     30.8Mb',
    'Total receive rate:                                   105Kb      102Kb      102Kb',
    'Total send and receive rate:                         32.0Mb     30.9Mb     30.9Mb',
    '--------------------------------------------------------------------------------------------',
    'Peak rate (sent/received/total):                     32.0Mb      107Kb     32.1Mb',
    'Cumulative (sent/received/total):                    30.8MB      102KB     30.9MB',
    // What the 8 s since the start carried, by the second.
    'Total bandwidth (sent/received/total):               30.8Mb      102Kb     30.9Mb',
    '============================================================================================',
    '',
    '',
  ]);
});

it('writes rates in bytes with -B; what was carried is in bytes anyway', () => {
  const lines = report({ ...PLAIN, unit: 'bytes' }).split('\n');
  expect(lines[2]).toBe('   1 10.99.78.1                               =>     3.90MB     3.76MB     3.76MB     30.1MB');
  expect(lines[11]).toBe('Peak rate (sent/received/total):                     4.00MB     13.4KB     4.01MB');
  expect(lines[12]).toBe('Cumulative (sent/received/total):                    30.8MB      102KB     30.9MB');
});

it('averages packets where packets are counted', () => {
  const sums = { extra: pairExtra(TOTALS, 'packets'), elapsedSeconds: 8, exceeding: [], threshold: null };
  const lines = sumLines(sums, { ...PLAIN, unit: 'packets' }).split('\n');
  expect(lines.find((line) => line.includes('bandwidth'))).toMatch(/ 500p +100p +600p$/);
});

it('knows no rate and no average before time has passed', () => {
  const totals = pairFigures({
    rates: [
      [null, null],
      [null, null],
      [null, null],
    ],
    peak: [null, null, null],
  });
  const sums = { extra: pairExtra(totals), elapsedSeconds: 0, exceeding: [], threshold: null };
  const lines = sumLines(sums, PLAIN).split('\n');
  expect(lines.filter((line) => / - +- +-$/.test(line))).toHaveLength(5);
});

describe('hosts', () => {
  const hosts = (ours: string, theirs: string, style: Partial<ReportStyle> = {}): string[] =>
    pairLines(pairRow(ours, theirs), 7, { ...PLAIN, ...style })
      .split('\n')
      .slice(0, 2)
      .map((line) => line.slice(5, 45));

  const names: Record<string, string> = {
    '10.99.78.1': 'alpha.example.net',
    '10.99.78.2': 'a-very-long-host-name-indeed.department.example.net',
  };
  const services: Record<number, string> = { 53: 'domain', 443: 'https' };
  const named: Partial<ReportStyle> = {
    nameOf: (address) => names[address] ?? null,
    serviceOf: (port) => services[port] ?? null,
  };

  // As iftop prints them.
  it.each([
    ['10.99.78.1 5000', '10.99.78.2 53', {}, '10.99.78.1:5000', '10.99.78.2:53'],
    ['10.99.78.1 5000', '10.99.78.2', {}, '10.99.78.1:5000', '10.99.78.2'],
    ['10.99.78.1 5000', '10.99.78.2 53', named, 'alpha.example.net:5000', 'a-very-long-host-name-indeed.depa:domain'],
    [
      'fd99:78:1111:2222:3333:4444:5555:1 40000',
      'fd99:78:1111:2222:3333:4444:5555:2 443',
      {},
      '[fd99:78:1111:2222:3333:4444:5555::40000',
      '[fd99:78:1111:2222:3333:4444:5555:2]:443',
    ],
    [
      'fd99:78:1111:2222:3333:4444:5555:1 40000',
      'fd99:78:1111:2222:3333:4444:5555:2 443',
      named,
      '[fd99:78:1111:2222:3333:4444:5555::40000',
      '[fd99:78:1111:2222:3333:4444:5555::https',
    ],
    ['*', '10.99.78.2', {}, ' *', '10.99.78.2'],
    ['* 5000', '* 53', {}, ' * :5000', ' * :53'],
    ['* 40000', 'fd99::2 443', {}, '[ * ]:40000', '[fd99::2]:443'],
    // iftop has no networks.
    ['10.0.0.0/8', '192.0.2.0/24 53', named, '10.0.0.0/8', '192.0.2.0/24:domain'],
  ] as const)('%s with %s', (ours, theirs, style, left, right) => {
    expect(hosts(ours, theirs, style)).toEqual([left.padEnd(40), right.padEnd(40)]);
  });

  it('are cut so that columns stay where they are', () => {
    const style = { ...PLAIN, nameOf: () => 'n'.repeat(253) };
    for (const line of pairLines(pairRow('10.0.0.1 1', '10.0.0.2'), 1, style).split('\n').slice(0, 2)) {
      expect(line).toHaveLength(92);
    }
  });
});

describe('pairs above a rate', () => {
  const lines = (threshold: number, style = PLAIN): string[] =>
    report(style, threshold)
      .split('\n')
      .filter((line) => line.includes('exceeds'));

  it('have a line that says so, with both ways together', () => {
    expect(lines(30 * M)).toEqual([
      '10.99.78.1 with 10.99.78.2 exceeds 30.0Mb: 31.3Mb in the last 2s (sent 31.2Mb, received 52.5Kb)',
    ]);
    expect(lines(784.7 * K)).toHaveLength(2);
    expect(lines(784.9 * K)).toHaveLength(1);
    expect(lines(32 * M)).toEqual([]);
  });

  it('have it in the unit that is shown', () => {
    expect(lines(30 * M, { ...PLAIN, unit: 'bytes' })).toEqual([
      '10.99.78.1 with 10.99.78.2 exceeds 3.75MB: 3.91MB in the last 2s (sent 3.90MB, received 6.56KB)',
    ]);
  });

  it('have whole names, and are taken for no pair by scripts that look for the arrows', () => {
    const [line] = lines(30 * M, { ...PLAIN, nameOf: () => 'n'.repeat(60) });
    expect(line).toContain(`${'n'.repeat(60)} with`);
    expect(report(PLAIN, 30 * M).match(/=>|<=/g)).toHaveLength(4);
  });

  it('are none while rates are not known', () => {
    const unknown: [null, null] = [null, null];
    expect(exceeds(pairRow('10.0.0.1', '10.0.0.2', { rates: [unknown, unknown, unknown] }), 1, 'bits')).toBe(false);
  });
});

it('ends for awk with the line of the bandwidth', () => {
  const found = execFileSync('awk', ['/bandwidth/{print $4, $5, $6}'], { input: report(), encoding: 'utf8' });
  expect(found).toBe('30.8Mb 102Kb 30.9Mb\n');
});
