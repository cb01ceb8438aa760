import { describe, expect, it } from 'vitest';
import { DetailedScreen, type DetailedScreenOptions } from '../../../screens/detailed/screen.ts';
import { PACKET_TYPE } from '../../../src/wire/packet-batch.ts';
import { busyInterface, DetailedStage, FRAMES, HOST_LINKS } from '../../support/detailed-stage.ts';
import { expectGolden } from '../../support/golden.ts';
import { linkView } from '../../support/links.ts';
import { drawStack, SIZES } from '../../support/screens.ts';

const names = { lookup: () => null, addressesMatching: () => [] };

function createScreen(options: Partial<DetailedScreenOptions> = {}): DetailedScreen {
  return new DetailedScreen({ watched: 'all interfaces', names, ...options });
}

/** Draws, pulls what the drawn size wants, and draws again: what the loop does. */
function show(
  screen: DetailedScreen,
  stage: DetailedStage,
  width: number,
  height: number,
  keys: string[] = [],
  ascii = false,
): string {
  const settle = (): string => {
    let text = '';
    for (let i = 0; i < 2; i++) {
      const head = stage.feed(screen);
      text = drawStack([screen], width, height, { head, ascii }).toText();
    }
    return text;
  };
  settle();
  for (const key of keys) {
    screen.onKey(key);
    settle();
  }
  return settle();
}

const busy = busyInterface();

function fileOfUnknownDirection(): DetailedStage {
  const stage = new DetailedStage(null);
  for (let second = 0; second < 50; second++) {
    const count = 1 + ((second * 7) % 23);
    stage.pass('eth0', { bytes: FRAMES.udp, packetType: PACKET_TYPE.unknown, count }).wait(1);
  }
  return stage.closeWindow();
}

describe('the detailed statistics look as they did', () => {
  for (const [width, height] of SIZES) {
    it(`of one interface at ${width}x${height}`, () => {
      const text = show(createScreen({ interface: 'eth0' }), busy, width, height);
      expectGolden(`detailed-one-${width}x${height}.txt`, text);
    });

    it(`of all interfaces, as frames, at ${width}x${height}`, () => {
      expectGolden(
        `detailed-all-${width}x${height}.txt`,
        show(createScreen({ byteKind: 'wire' }), busy, width, height),
      );
    });

    it(`before the first window is over at ${width}x${height}`, () => {
      const stage = new DetailedStage(HOST_LINKS, {}, ['eth0']).wait(0.5);
      expectGolden(
        `detailed-start-${width}x${height}.txt`,
        show(createScreen({ watched: 'eth0' }), stage, width, height),
      );
    });
  }

  it('of a file that does not tell directions, with packets in the graph', () => {
    const screen = createScreen({ watched: 'night.pcap' });
    expectGolden('detailed-file-120x40.txt', show(screen, fileOfUnknownDirection(), 120, 40, ['p']));
    expectGolden(
      'detailed-file-80x24.txt',
      show(createScreen({ watched: 'night.pcap' }), fileOfUnknownDirection(), 80, 24),
    );
  });

  it('in longer steps, in bytes of 1024', () => {
    const screen = createScreen({ interface: 'eth0', rate: { unit: 'bytes', base: 1024 } });
    expectGolden('detailed-steps-120x40.txt', show(screen, busy, 120, 40, ['-']));
    expectGolden('detailed-minutes-80x24.txt', show(screen, busy, 80, 24, ['t']));
  });

  it('at the least size, from the top and from the bottom', () => {
    const options = { interface: 'eth0' };
    expectGolden('detailed-least-60x12.txt', show(createScreen(options), busy, 60, 12));
    expectGolden('detailed-least-end-60x12.txt', show(createScreen(options), busy, 60, 12, ['END']));
  });

  it('in ASCII', () => {
    const text = show(createScreen({ interface: 'eth0' }), busy, 80, 24, [], true);
    expect(text).toMatch(/^[\n -~]*$/);
    expectGolden('detailed-ascii-80x24.txt', text);
    expectGolden('detailed-ascii-120x40.txt', show(createScreen({ interface: 'eth0' }), busy, 120, 40, [], true));
  });
});

// iptraf-ng 1.2.1 wrote the rate of outgoing packets over the lower border of a terminal with 24 rows.
describe('nothing overlaps', () => {
  it.each([
    [80, 24],
    [80, 25],
    [80, 30],
    [100, 33],
    [60, 24],
    [60, 12],
    [132, 43],
  ])('at %ix%i: the frame is whole, and its lines are', (width, height) => {
    const lines = show(createScreen({ interface: 'eth0' }), busy, width, height).split('\n');
    const bottom = lines.findIndex((line) => line.startsWith('└'));
    expect(lines[1]).toMatch(/^┌.*┐$/);
    expect(lines[bottom]).toMatch(/^└.*┘$/);
    for (const line of lines.slice(2, bottom)) expect(line).toMatch(/^([│├]).*([│┤])$/);
    for (const line of lines.slice(1, bottom + 1)) expect([...line]).toHaveLength(width);
  });

  it.each([
    [80, 24],
    [100, 24],
    [120, 40],
  ])('and everything is there at %ix%i', (width, height) => {
    const text = show(createScreen({ interface: 'eth0' }), busy, width, height);
    const labels = ['Total', 'IPv4', 'IPv6', 'TCP', 'UDP', 'ICMP', 'Other IP', 'Non-IP', 'Broadcast', 'Multicast'];
    for (const label of [...labels, 'Kernel', 'Now', 'Average', 'Peak']) expect(text).toContain(`│ ${label} `);
    for (const fact of [
      'ixgbe',
      'MTU 1500',
      '10 Gbit/s',
      '192.168.100.200/24',
      '02:42:ac:11:00:02',
      'Checksum errors',
    ]) {
      expect(text).toContain(fact);
    }
    expect(text).toMatch(/[⠀-⣿]/);
    expect(text).toContain('1 s a dot');
  });

  it('with the largest figures that there can be', () => {
    const stage = new DetailedStage([linkView('x', { name: 'x' }, { rxPackets: 1 })], {}, ['x']);
    const most = { bytes: FRAMES.tcp, wireLength: 65_000, packetType: PACKET_TYPE.host, count: 5000 };
    stage.pass('x', most).wait(1);
    const snapshot = stage.snapshot({ sort: null, descending: false, offset: 0, limit: 0, follow: null, options: {} });
    const huge = { packets: 123_456_789_012, ipBytes: 987_654_321_098_765, wireBytes: 987_654_321_098_765 };
    const fast = { packetsPerSecond: 148_809_523, bytesPerSecond: 12_500_000_000, wireBytesPerSecond: 12_500_000_000 };
    for (const row of snapshot.rows as { total: object; incoming: object; outgoing: object; rates: object }[]) {
      Object.assign(row, { total: huge, incoming: huge, outgoing: huge });
      Object.assign(row, { rates: { total: fast, incoming: fast, outgoing: fast } });
    }
    const screen = createScreen({ rate: { unit: 'bits', base: 1024 } });
    screen.update([snapshot]);
    const lines = drawStack([screen], 80, 24).toText().split('\n');
    expect(lines[2]).toBe('│ Total         123.5G 898.3Ti  123.5G 898.3Ti  123.5G 898.3Ti  148.8M 93.13Gi │');
  });
});
