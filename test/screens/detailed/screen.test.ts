import { describe, expect, it } from 'vitest';
import { DetailedScreen } from '../../../screens/detailed/screen.ts';
import type { DetailedOptions } from '../../../screens/detailed/types.ts';
import type { Screen } from '../../../screens/kit/screen.ts';
import { PACKET_TYPE } from '../../../src/wire/packet-batch.ts';
import { DetailedStage, FRAMES, HOST_LINKS } from '../../support/detailed-stage.ts';
import { linkView } from '../../support/links.ts';
import { drawStack } from '../../support/screens.ts';

const names = { lookup: () => null, addressesMatching: () => [] };

function asked(screen: Screen): DetailedOptions {
  const [{ monitor, query }] = screen.queries();
  expect(monitor).toBe('detailed');
  return query.options as unknown as DetailedOptions;
}

function lines(screen: Screen, stage: DetailedStage, width = 80, height = 24): string[] {
  const head = stage.feed(screen);
  return drawStack([screen], width, height, { head }).toText().split('\n');
}

const stage = new DetailedStage(HOST_LINKS)
  .pass('eth0', { bytes: FRAMES.tcp, packetType: PACKET_TYPE.host, count: 4 })
  .pass('lo', { bytes: FRAMES.udp, packetType: PACKET_TYPE.host })
  .wait(2);

describe('the interface', () => {
  it('steps through the sum and each one, and round', () => {
    const screen = new DetailedScreen({ watched: 'all interfaces', names });
    stage.feed(screen);
    const seen = ['RIGHT', 'TAB', 'W', 'RIGHT', 'LEFT', 'SHIFT_TAB'].map((key) => {
      expect(screen.onKey(key)).toEqual({ type: 'refresh' });
      return asked(screen).interface;
    });
    expect(seen).toEqual(['br0', 'eth0', 'lo', null, 'lo', 'eth0']);
    expect(lines(screen, stage)[0]).toContain('Detailed statistics: eth0 (ixgbe, MTU 1500, 10 Gbit/s)');
  });

  it('that it was opened for stays, also after it is gone', () => {
    const screen = new DetailedScreen({ watched: 'all interfaces', names, interface: 'eth0' });
    expect(asked(screen).interface).toBe('eth0');
    stage.feed(screen);
    expect(screen.onKey('RIGHT')).toEqual({ type: 'ignored' });
    expect(screen.onKey('TAB')).toEqual({ type: 'ignored' });
    const gone = new DetailedStage([linkView('eth0'), linkView('eth1')]).wait(1);
    gone.pass('eth0', { bytes: FRAMES.tcp, packetType: PACKET_TYPE.host }).page();
    gone.kernel([linkView('eth1')]).wait(1);
    const shown = lines(screen, gone);
    expect(shown[0]).toContain('Detailed statistics: eth0 (gone)');
    expect(shown[2]).toMatch(/Total +1 /);
  });

  it('that is down or has no carrier says so', () => {
    for (const [parts, words] of [
      [{ up: false, running: false }, '(veth, MTU 1500, down)'],
      [{ running: false }, '(veth, MTU 1500, no carrier)'],
    ] as const) {
      const screen = new DetailedScreen({ watched: 'eth0', names });
      expect(lines(screen, new DetailedStage([linkView('eth0', parts)], {}, ['eth0']))[0]).toContain(words);
    }
  });

  it('has nothing to choose where it is the only one', () => {
    const screen = new DetailedScreen({ watched: 'eth0', names });
    new DetailedStage(HOST_LINKS, {}, ['eth0']).feed(screen);
    expect(screen.onKey('RIGHT')).toEqual({ type: 'ignored' });
  });

  it('of a capture by libpcap on all says why there is nothing', () => {
    const any = new DetailedStage(HOST_LINKS).pass('any', { bytes: FRAMES.tcp, packetType: PACKET_TYPE.host });
    const screen = new DetailedScreen({ watched: 'all interfaces', names, interface: 'eth0' });
    expect(lines(screen, any).join('\n')).toContain('libpcap watches all interfaces as one');
  });
});

it("keeps the kernel's line where it is while nothing is known of it, and has none for files", () => {
  const live = new DetailedStage(HOST_LINKS, {}, ['eth0']).wait(1);
  const screen = new DetailedScreen({ watched: 'eth0', names });
  expect(lines(screen, live)[12]).toMatch(/^│ Kernel +0 /);
  live.bus.emit('reset');
  expect(lines(screen, live)[12]).toMatch(/^│ Kernel +—( +—)+ +│$/);
  const file = new DetailedStage(null).pass('x', { bytes: FRAMES.tcp, packetType: PACKET_TYPE.unknown });
  expect(lines(new DetailedScreen({ watched: 'x.pcap', names }), file)[12]).toMatch(/^├ Per second/);
});

describe('the history', () => {
  it('is asked for in as many points as there are dots', () => {
    const screen = new DetailedScreen({ watched: 'all interfaces', names });
    lines(screen, stage, 80, 24);
    expect(asked(screen).history).toEqual({ resolution: 1, points: 140, measure: 'ipBytes' });
    lines(screen, stage, 200, 60);
    expect(asked(screen).history?.points).toBe(380);
  });

  it('goes to longer and shorter steps, to packets, and to frame bytes', () => {
    const screen = new DetailedScreen({ watched: 'all interfaces', names, byteKind: 'wire' });
    const after = (key: string): unknown => {
      expect(screen.onKey(key)).toEqual({ type: 'refresh' });
      const { resolution, measure } = asked(screen).history ?? {};
      return [resolution, measure];
    };
    expect(asked(screen).history).toMatchObject({ resolution: 1, measure: 'wireBytes' });
    expect(['-', '-', '-', '+', 't', 't'].map(after).map((each) => (each as unknown[])[0])).toEqual([
      10, 60, 60, 10, 60, 1,
    ]);
    expect(['p', 'b', 'p', 'b'].map(after).map((each) => (each as unknown[])[1])).toEqual([
      'packets',
      'packets',
      'ipBytes',
      'wireBytes',
    ]);
  });
});

it('scrolls where not all lines fit, and not beyond them', () => {
  const screen = new DetailedScreen({ watched: 'eth0', names, interface: 'eth0' });
  const first = (): string => lines(screen, stage, 60, 12)[2].slice(2, 12).trim();
  expect(first()).toBe('Total');
  for (const [key, label] of [
    ['DOWN', 'IPv4'],
    ['PAGE_DOWN', 'Non-IP'],
    ['END', 'Multicast'],
    ['DOWN', 'Multicast'],
    ['UP', 'Broadcast'],
    ['HOME', 'Total'],
    ['UP', 'Total'],
  ]) {
    screen.onKey(key);
    expect(first()).toBe(label);
  }
  screen.onMouse({ kind: 'wheel-down', x: 1, y: 1 });
  expect(first()).toBe('IPv4');
});

it('saves the lines of what is shown', () => {
  const screen = new DetailedScreen({ watched: 'all interfaces', names, interface: 'eth0' });
  expect(screen.onKey('CTRL_S')).toEqual({ type: 'ignored' });
  stage.feed(screen);
  const opened = screen.onKey('CTRL_S');
  if (opened.type !== 'open') throw new Error('no dialog');
  expect(opened.screen.onKey('ENTER')).toMatchObject({
    type: 'all',
    reactions: expect.arrayContaining([
      expect.objectContaining({
        type: 'save',
        question: {
          monitor: 'detailed',
          query: expect.objectContaining({ options: { interface: 'eth0', history: null } }),
        },
      }),
    ]),
  });
});
