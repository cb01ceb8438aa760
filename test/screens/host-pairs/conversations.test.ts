import { describe, expect, it } from 'vitest';
import { PairConversationsScreen } from '../../../screens/host-pairs/conversations.ts';
import type { HostPairRow, PairEndpoint } from '../../../screens/host-pairs/types.ts';
import type { IpTrafficRow } from '../../../screens/ip-traffic/types.ts';
import type { Screen } from '../../../screens/kit/screen.ts';
import type { MonitorScreenOptions } from '../../../screens/monitor-screen.ts';
import { expectGolden } from '../../support/golden.ts';
import { LiteralMonitor } from '../../support/ip-traffic-rows.ts';
import { drawStack, SIZES } from '../../support/screens.ts';

const OPTIONS: MonitorScreenOptions = {
  watched: 'all interfaces',
  names: { lookup: () => null, addressesMatching: () => [] },
  sort: 'rate-10s',
};

const endpoint = (address: string | null, port: number | null = null): PairEndpoint => ({
  address,
  prefix: null,
  port,
  name: null,
});

function pair(ours: PairEndpoint, theirs: PairEndpoint, parts: Partial<HostPairRow> = {}): HostPairRow {
  return {
    id: 7,
    interface: 'eth0',
    quantity: 'ipBytes',
    endpoints: [ours, theirs],
    protocol: null,
    ipProtocol: null,
    side: 'address',
    conversations: 2,
    firstSeen: 0,
    lastSeen: 0,
    rates: [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
    counts: [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
    peak: [0, 0, 0],
    packets: [0, 0],
    ipBytes: [0, 0],
    wireBytes: [0, 0],
    ...parts,
  };
}

/** Two TCP connections, one that is closed, one that was reset. */
const TCP_PAIR = pair(endpoint('10.77.0.51'), endpoint('10.77.0.50'));
/** TCP, UDP and ICMP. */
const MIXED_PAIR = pair(endpoint('10.77.0.1'), endpoint('10.77.0.2'));
const PORT_PAIR = pair(endpoint('10.77.0.50'), endpoint('10.77.0.51', 22), { protocol: 'tcp', ipProtocol: 6 });
const ENDED_PAIR = pair(endpoint('192.0.2.1'), endpoint('192.0.2.2'));

/** Asks once, hands over and draws, as the loop does. */
function feed(screen: Screen, monitor: LiteralMonitor, width = 80, height = 24): string {
  monitor.feed(screen);
  return drawStack([screen], width, height, { head: monitor.head }).toText();
}

function settle(screen: Screen, monitor: LiteralMonitor, width = 80, height = 24): string {
  feed(screen, monitor, width, height);
  return feed(screen, monitor, width, height);
}

function opened(screen: Screen, key = 'ENTER'): Screen {
  const reaction = screen.onKey(key);
  if (reaction.type !== 'open') throw new Error(`${key} opens nothing`);
  return reaction.screen;
}

/** The line with the mark, by its style. */
function markedLine(screen: Screen, width = 80, height = 24): string {
  const canvas = drawStack([screen], width, height);
  const lines = canvas.toText().split('\n');
  const marked = lines.findIndex((_, y) => canvas.styleAt(2, y).startsWith('selected'));
  return lines[marked] ?? '';
}

describe('the conversations of a pair', () => {
  it('are those of both hosts on that interface, in an order that conversations have', () => {
    const screen = new PairConversationsScreen(OPTIONS, MIXED_PAIR);
    expect(screen.title).toBe('Conversations of 10.77.0.1 and 10.77.0.2 on eth0');
    const ends = [
      { address: '10.77.0.1', prefix: null, port: null },
      { address: '10.77.0.2', prefix: null, port: null },
    ];
    const within = { hosts: { ends, interface: 'eth0', ipProtocol: null } };
    expect(screen.queries()).toMatchObject([
      { monitor: 'ip-traffic', query: { sort: 'rate', options: { panel: 'tcp', within } } },
      { monitor: 'ip-traffic', query: { sort: 'rate', options: { panel: 'other', within } } },
    ]);
    const text = settle(screen, new LiteralMonitor());
    expect(text).toContain('TCP: 1 connection ');
    expect(text).toContain('Other: 4 conversations ');
    expect(text).toMatch(/this pair: .* │ Rate /);
  });

  it('have one panel where the pair has a protocol', () => {
    const screen = new PairConversationsScreen(OPTIONS, PORT_PAIR);
    expect(screen.title).toBe('Conversations of 10.77.0.50 and 10.77.0.51, tcp port 22 on eth0');
    expect(screen.queries()).toHaveLength(1);
    expect(settle(screen, new LiteralMonitor())).toContain('TCP: 1 connection ');
  });

  it('are marked where they are, when none of them is a TCP connection', () => {
    const monitor = new LiteralMonitor();
    monitor.rows = monitor.rows.filter(({ protocol }) => protocol !== 'tcp');
    const screen = new PairConversationsScreen(OPTIONS, MIXED_PAIR);
    const text = settle(screen, monitor);
    expect(text).toContain('no TCP connection of this pair');
    expect(text).not.toContain('any more');
    expect(opened(screen).title).toBe('IP traffic monitor: all interfaces');
    // From then on the keys choose.
    screen.onKey('TAB');
    settle(screen, monitor);
    expect(screen.onKey('ENTER')).toEqual({ type: 'ignored' });
  });

  it('that are over are none', () => {
    const screen = new PairConversationsScreen(OPTIONS, ENDED_PAIR);
    expect(settle(screen, new LiteralMonitor())).toContain('no conversation of this pair any more');
    expect(screen.onKey('ENTER')).toEqual({ type: 'ignored' });
  });
});

describe('Enter on a conversation opens the IP traffic monitor', () => {
  it.each<[string, HostPairRow, string, string[], (row: IpTrafficRow) => boolean, RegExp]>([
    [
      'of TCP',
      TCP_PAIR,
      'tcp',
      ['DOWN', 'DOWN'],
      ({ endpoints }) => endpoints[0].port === 40_080,
      /10\.77\.0\.50:40080/,
    ],
    ['of the panel below', MIXED_PAIR, 'other', ['TAB', 'DOWN', 'DOWN'], ({ protocol }) => protocol === 'esp', /ESP/],
  ])('%s: whole, with that row marked far down', (_, row, panel, keys, isWanted, shown) => {
    const monitor = new LiteralMonitor();
    const screen = new PairConversationsScreen(OPTIONS, row);
    settle(screen, monitor);
    for (const key of keys) screen.onKey(key);
    settle(screen, monitor);
    expect(markedLine(screen)).toMatch(shown);
    // Far down the order of all conversations.
    const wanted = monitor.rows.filter(isWanted);
    monitor.rows = [...monitor.rows.filter((each) => !isWanted(each)), ...wanted];
    const whole = opened(screen);
    expect(whole.title).toBe('IP traffic monitor: all interfaces');
    const queries = whole.queries();
    expect(queries).toHaveLength(2);
    expect(queries.every(({ query }) => query.options.within === undefined)).toBe(true);
    const followed = queries.map(({ query }) => [query.options.panel, query.follow]);
    expect(followed).toContainEqual([panel, wanted[0].id]);
    // What was asked before it was known how many rows fit is enough to show it.
    feed(whole, monitor);
    expect(markedLine(whole)).toMatch(shown);
    feed(whole, monitor);
    expect(markedLine(whole)).toMatch(shown);
    expect(whole.statusText?.() ?? null).toBeNull();
    // Keys go on from there.
    whole.onKey('UP');
    settle(whole, monitor);
    expect(markedLine(whole)).not.toMatch(shown);
  });

  it('that is gone by then: says so until the next key, and shows the first rows', () => {
    const monitor = new LiteralMonitor();
    const screen = new PairConversationsScreen(OPTIONS, PORT_PAIR);
    settle(screen, monitor);
    const whole = opened(screen);
    monitor.rows = monitor.rows.filter(({ endpoints }) => endpoints[0].port !== 40_022);
    const text = settle(whole, monitor);
    expect(text).toContain('10.77.0.1:33418');
    const notice = 'ended and is no longer listed: tcp 10.77.0.50:40022 and 10.77.0.51:22';
    expect(whole.statusText?.()).toBe(notice);
    expect(text).toContain(notice);
    expect(whole.queries().every(({ query }) => query.follow === null)).toBe(true);
    whole.onKey('DOWN');
    expect(whole.statusText?.()).toBeNull();
  });

  it('with the names that were switched on here', () => {
    const monitor = new LiteralMonitor();
    const names = { lookup: () => 'host.example', addressesMatching: () => [] };
    const screen = new PairConversationsScreen({ ...OPTIONS, names }, MIXED_PAIR);
    settle(screen, monitor);
    screen.onKey('n');
    const whole = opened(screen);
    expect(settle(whole, monitor)).toContain('host.example');
  });
});

describe('the conversations of a pair look as they did', () => {
  for (const [width, height] of SIZES) {
    it(`at ${width}x${height}`, () => {
      const monitor = new LiteralMonitor();
      const screen = new PairConversationsScreen(OPTIONS, MIXED_PAIR);
      expectGolden(`pair-conversations-${width}x${height}.txt`, settle(screen, monitor, width, height));
      // The last one of the panel below: its window is scrolled to it.
      for (const key of ['TAB', 'END']) screen.onKey(key);
      settle(screen, monitor, width, height);
      const whole = opened(screen);
      expectGolden(`pair-conversation-marked-${width}x${height}.txt`, settle(whole, monitor, width, height));
    });
  }

  it('of long addresses, of a port, and of a conversation that is gone', () => {
    const long = pair(
      endpoint('2a02:8109:b6c0:1e54:d1c7:5f2a:9b3e:4c11'),
      endpoint('2001:db8:85a3:8d3:1319:8a2e:370:7348'),
    );
    const monitor = new LiteralMonitor();
    const screenOf = (row: HostPairRow): Screen => new PairConversationsScreen(OPTIONS, row);
    expectGolden('pair-conversations-long-80x24.txt', settle(screenOf(long), monitor));
    expectGolden('pair-conversations-port-80x24.txt', settle(screenOf(PORT_PAIR), monitor));
    expectGolden('pair-conversations-none-80x24.txt', settle(screenOf(ENDED_PAIR), monitor));
    const screen = screenOf(PORT_PAIR);
    settle(screen, monitor);
    const whole = opened(screen);
    monitor.rows = monitor.rows.filter(({ endpoints }) => endpoints[0].port !== 40_022);
    expectGolden('pair-conversation-gone-80x24.txt', settle(whole, monitor));
  });
});
