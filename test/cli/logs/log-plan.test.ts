/** Which log goes where, and which monitors share an engine. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logPlan, ownLogName } from '../../../src/cli/logs/log-plan.ts';
import { parseArguments } from '../../../src/cli/parse.ts';
import { isWithin, type Watched, watchedInBackground } from '../../../src/cli/plan.ts';

let folder: string;
const before = process.env.IPTRAF_TS_LOG_DIR;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-plan-'));
  process.env.IPTRAF_TS_LOG_DIR = folder;
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  if (before === undefined) delete process.env.IPTRAF_TS_LOG_DIR;
  else process.env.IPTRAF_TS_LOG_DIR = before;
});

const GENERAL: Watched = { monitor: 'general', monitors: ['general'], interfaces: 'all' };
const ETH0: Watched = { monitor: 'ip-traffic', monitors: ['ip-traffic', 'lan-stations'], interfaces: ['eth0'] };

function planned(watched: readonly Watched[], ...argv: string[]): [string, string][] | null {
  const plan = logPlan(parseArguments(argv).values, watched);
  return plan === null ? null : [...plan.files].map(([monitor, path]) => [monitor, path.replace(`${folder}/`, '')]);
}

describe('logs', () => {
  it('go to one file that is named, all together', () => {
    expect(planned([ETH0, GENERAL], '-B', '-L', 'x.log')).toEqual([
      ['ip-traffic', 'x.log'],
      ['lan-stations', 'x.log'],
      ['general', 'x.log'],
    ]);
    expect(planned([GENERAL], '-B', '-L', '/tmp/y/x.log')).toEqual([['general', '/tmp/y/x.log']]);
  });

  it('go to a file of each monitor in a directory, there already or not', () => {
    const expected = [
      ['ip-traffic', 'each/ip-traffic-eth0.log'],
      ['lan-stations', 'each/lan-stations-eth0.log'],
      ['general', 'each/general.log'],
    ];
    expect(planned([ETH0, GENERAL], '-B', '-L', `${folder}/each/`)).toEqual(expected);
    mkdirSync(join(folder, 'each'));
    expect(planned([ETH0, GENERAL], '-B', '-L', `${folder}/each`)).toEqual(expected);
    expect(planned([ETH0, GENERAL], '-B', '-L', 'each')).toEqual(expected);
  });

  it.each([
    [['a', 'b', 'c'], 'ip-traffic-a,b,c.log'],
    [['a', 'b', 'c', 'd'], 'ip-traffic-a+3.log'],
    ['all' as const, 'ip-traffic.log'],
  ])('in a directory are named after few interfaces, or their number: %j', (interfaces, name) => {
    const [[, path]] = planned([{ monitor: 'ip-traffic', interfaces }], '-B', '-L', `${folder}/`) ?? [];
    expect(path).toBe(name);
  });

  it('of a file are named after it', () => {
    const [[, path]] = planned([{ monitor: 'ports', file: '/tmp/a/b.pcap' }], '-B', '-L', `${folder}/`) ?? [];
    expect(path).toBe('ports-b.pcap.log');
  });

  it('without a name go to a file of this process in the background, and nowhere else', () => {
    expect(ownLogName([GENERAL])).toBe(`general-${process.pid}.log`);
    expect(planned([GENERAL], '-B')).toEqual([['general', `general-${process.pid}.log`]]);
    expect(planned([ETH0], '-B')?.[1]).toEqual(['lan-stations', `iptraf-ts-${process.pid}.log`]);
    expect(planned([GENERAL], '-g')).toBeNull();
    expect(planned([GENERAL], '-B', '-f', 'daemon')).toEqual([]);
    expect(logPlan(parseArguments(['-B', '-f', 'daemon']).values, [])?.facility).toBe('daemon');
  });
});

describe('monitors in the background', () => {
  async function groups(...argv: string[]): Promise<Watched[]> {
    return watchedInBackground(parseArguments(argv).values, (line) => {
      throw new Error(line);
    });
  }

  it('share an engine where they watch the same', async () => {
    expect(await groups('-B', '-i', 'lo', '-g', '-l', 'lo')).toEqual([
      { monitor: 'ip-traffic', monitors: ['ip-traffic', 'lan-stations'], interfaces: ['lo'] },
      { monitor: 'general', monitors: ['general'], interfaces: 'all' },
    ]);
    expect(await groups('-B', '-i', 'all', '-g')).toEqual([
      { monitor: 'ip-traffic', monitors: ['ip-traffic', 'general'], interfaces: 'all' },
    ]);
    expect(await groups('-B')).toEqual([{ monitor: 'ip-traffic', interfaces: 'all' }]);
    expect(await groups('-B', '-r', 'x.pcap', '-z', 'all', '-s', 'all')).toEqual([
      { monitor: 'packet-sizes', monitors: ['packet-sizes', 'ports'], file: 'x.pcap' },
    ]);
  });

  it('watch alerts once: not where another engine sees all of it and more', () => {
    expect(isWithin(ETH0, GENERAL)).toBe(true);
    expect(isWithin(GENERAL, ETH0)).toBe(false);
    expect(isWithin(ETH0, ETH0)).toBe(false);
    const two: Watched = { monitor: 'ports', interfaces: ['eth1', 'eth0'] };
    expect([isWithin(ETH0, two), isWithin(two, ETH0)]).toEqual([true, false]);
    expect(isWithin(two, { monitor: 'ports', interfaces: ['eth0', 'eth2', 'eth3'] })).toBe(false);
  });
});
