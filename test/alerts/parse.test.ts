import { describe, expect, it } from 'vitest';
import type { AlertRule } from '../../src/alerts/alert.ts';
import { BadAlert, parseAlert } from '../../src/alerts/parse.ts';
import { Random } from '../fuzz/random.ts';

const RULE = { subject: null, direction: 'both', within: null, sustained: 0 } as const;

describe('what the issue shows', () => {
  const cases: [string, Omit<AlertRule, 'text'>][] = [
    ['host>100Mbit/s for 10s', { ...RULE, measure: 'host', kind: 'rate', limit: 12_500_000, sustained: 10 }],
    [
      'interface eth0 rx>80% for 1m',
      { ...RULE, measure: 'interface', subject: 'eth0', direction: 'rx', kind: 'share', limit: 0.8, sustained: 60 },
    ],
    ['packets>10000 in 5m', { ...RULE, measure: 'packets', kind: 'count', limit: 10_000, within: 300 }],
    ['drops>0', { ...RULE, measure: 'drops', kind: 'count', limit: 0 }],
    ['new-connections>1000/s', { ...RULE, measure: 'new-connections', kind: 'rate', limit: 1000 }],
  ];
  it.each(cases)('%s', (text, expected) => {
    expect(parseAlert(text)).toEqual({ text, ...expected });
  });
});

describe('units', () => {
  const cases: [string, number][] = [
    ['host>1bit/s', 1 / 8],
    ['host>8kbit/s', 1000],
    ['host>1Gbit/s', 125e6],
    ['host>3B/s', 3],
    ['host>1.5kB/s', 1500],
    ['host>2MB/s', 2e6],
    ['host>2 KiB/s', 2048],
    ['host>1MiB/s', 2 ** 20],
    ['bytes>1GiB', 2 ** 30],
    ['bytes>5GB in 1h', 5e9],
    ['bytes>7', 7],
    ['packets>10k', 10_000],
    ['packets>2M/s', 2e6],
    ['malformed>5 in 1m', 5],
  ];
  it.each(cases)('%s', (text, limit) => {
    expect(parseAlert(text).limit).toBe(limit);
  });
});

it('takes a rule however it is spaced, and gives the same figures', () => {
  const random = new Random(5);
  const pick = <T>(values: readonly T[]): T => random.pick(values);
  for (let round = 0; round < 300; round++) {
    const measure = pick(['host', 'interface'] as const);
    const subject = pick([null, measure === 'host' ? '2001:db8::7' : 'veth-a.10']);
    const direction = pick(['rx', 'tx', 'both'] as const);
    const number = pick([1, 12, 0.5, 800]);
    const [unit, factor] = pick([['Mbit/s', 125e3] as const, ['kB/s', 1e3] as const]);
    const [time, seconds] = pick([
      ['', 0],
      ['for 90s', 90],
      ['for 5m', 300],
      ['for 1.5h', 5400],
      ['for 2d', 172_800],
    ] as const);
    const gap = (): string => pick(['', ' ', '   ']);
    const words = [measure, subject, direction === 'both' ? null : direction].filter((word) => word !== null);
    const text = `${gap()}${words.join(pick([' ', '  ']))}${gap()}>${gap()}${number}${gap().slice(0, 1)}${unit} ${gap()}${time}${gap()}`;
    expect(parseAlert(text), text).toMatchObject({
      measure,
      subject,
      direction,
      kind: 'rate',
      limit: number * factor,
      sustained: seconds,
      within: null,
    });
    // What stands in the log is a rule that means the same.
    expect(parseAlert(parseAlert(text).text), text).toEqual(parseAlert(text));
  }
});

it('names an address as packets show it', () => {
  expect(parseAlert('host 2001:DB8:0::1 > 1B/s').subject).toBe('2001:db8::1');
});

describe('what is no alert is said', () => {
  const cases: [string, RegExp][] = [
    ['', /a limit are expected, such as/],
    ['drops', /">"/],
    ['>5', /nothing is not measured: expected is host, interface, packets/],
    ['hosts>5', /"hosts" is not measured/],
    ['host 10.0.0.0/8>5Mbit/s', /"10\.0\.0\.0\/8" is no address/],
    ['host a b>5Mbit/s', /one host is expected/],
    ['packets eth0>5', /after "packets" only ">" is expected/],
    ['interface a;b>5Mbit/s', /no name of an interface/],
    ['host>100', /a rate such as 100Mbit\/s or 12MB\/s is expected, not "100"/],
    ['host>100Mb/s', /not "100Mb\/s"/],
    ['host>80%', /a rate such as/],
    ['interface>101%', /a share such as 80% is expected/],
    ['packets>', /a count such as 10000 or 10k, or a rate such as 1000\/s is expected, not nothing/],
    ['packets>-1', /not "-1"/],
    ['packets>5MB', /not "5MB"/],
    ['bytes>5Mbit', /a size such as 500MB/],
    ['packets>5 in 5', /after "in" a time such as 10s, 5m or 1h is expected, not "5"/],
    ['packets>5 for 0s', /after "for" a time/],
    ['packets>5 for 10s in 5m', /not "5 for 10s"/],
    ['packets>5/s in 5m', /"in" belongs to a count/],
    ['drops>0\u001b[2J', /cannot be shown/],
  ];
  it.each(cases)('%j', (text, words) => {
    expect(() => parseAlert(text)).toThrow(BadAlert);
    expect(() => parseAlert(text)).toThrow(words);
  });
});
