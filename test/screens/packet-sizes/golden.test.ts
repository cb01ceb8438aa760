import { describe, expect, it } from 'vitest';
import type { Screen } from '../../../screens/kit/screen.ts';
import type { MonitorScreenOptions } from '../../../screens/monitor-screen.ts';
import { PacketSizesScreen } from '../../../screens/packet-sizes/screen.ts';
import type { Snapshot } from '../../../src/engine/messages.ts';
import { PACKET_TYPE } from '../../../src/wire/packet-batch.ts';
import { expectGolden } from '../../support/golden.ts';
import { drawStack, SIZES } from '../../support/screens.ts';
import { everydayTraffic, link, SizeStage } from '../../support/size-stage.ts';

const names = { lookup: () => null, addressesMatching: () => [] };

function createScreen(options: Partial<MonitorScreenOptions> = {}): PacketSizesScreen {
  return new PacketSizesScreen({ watched: 'eth0', names, ...options });
}

function oneInterface(): SizeStage {
  return everydayTraffic(new SizeStage(['eth0'], [link('eth0', 1500)]));
}

function threeInterfaces(): SizeStage {
  const links = [link('eth0', 1500), link('storage0', 9000), link('lo', 65_536, 'loopback')];
  const stage = new SizeStage(['eth0', 'storage0', 'lo'], links);
  stage.pass(
    { size: 8948, count: 7000, slot: 1, packetType: PACKET_TYPE.outgoing },
    { size: 33_000, count: 4, slot: 2 },
  );
  return everydayTraffic(stage);
}

/** Asks, hands over and draws, as the loop does; then presses the keys. */
function show(
  screen: Screen,
  stage: SizeStage,
  width: number,
  height: number,
  keys: string[] = [],
  ascii = false,
): string {
  const settle = (): string => {
    const snapshots = screen.queries().map(({ query }): Snapshot => ({ ...stage.head, ...stage.monitor.page(query) }));
    screen.update?.(snapshots);
    return drawStack([screen], width, height, { head: stage.head, ascii }).toText();
  };
  let text = settle();
  for (const key of keys) {
    screen.onKey(key);
    text = settle();
  }
  return text;
}

describe('the packet size screen looks as it did', () => {
  for (const [width, height] of SIZES) {
    const golden = (name: string, text: string): void =>
      expectGolden(`packet-sizes-${name}-${width}x${height}.txt`, text);

    it(`on one interface at ${width}x${height}`, () => {
      golden('one', show(createScreen(), oneInterface(), width, height));
    });

    it(`on all interfaces, by bytes with logarithmic bars, at ${width}x${height}`, () => {
      const screen = createScreen({ watched: 'all interfaces' });
      golden('bytes', show(screen, threeInterfaces(), width, height, ['b', 'g']));
    });

    it(`of a file without directions at ${width}x${height}`, () => {
      const stage = new SizeStage(['unknown'], null);
      stage.pass({ size: 40, count: 300, packetType: PACKET_TYPE.unknown });
      stage.pass({ size: 1500, count: 900, packetType: PACKET_TYPE.unknown }).closeWindow(10);
      golden('file', show(createScreen({ watched: 'mixed.pcapng' }), stage, width, height));
    });

    it(`before the first packet at ${width}x${height}`, () => {
      golden('empty', show(createScreen(), new SizeStage([], [link('eth0', 1500)], ['eth0']), width, height));
    });
  }

  it('for the loopback alone, whose sizes are wide', () => {
    const keys = ['TAB', 'TAB', 'TAB'];
    const text = show(createScreen({ watched: 'all interfaces' }), threeInterfaces(), 80, 24, keys);
    expectGolden('packet-sizes-loopback-80x24.txt', text);
  });

  it('for whole frames', () => {
    expectGolden('packet-sizes-wire-80x24.txt', show(createScreen({ byteKind: 'wire' }), oneInterface(), 80, 24));
  });

  it('in ASCII', () => {
    const text = show(createScreen(), oneInterface(), 80, 24, [], true);
    expect(text).toMatch(/^[\n -~]*$/);
    expectGolden('packet-sizes-ascii-80x24.txt', text);
  });

  it('at the least size, scrolled', () => {
    expectGolden('packet-sizes-least-60x12.txt', show(createScreen(), oneInterface(), 60, 12));
    expectGolden('packet-sizes-end-60x12.txt', show(createScreen(), oneInterface(), 60, 12, ['END']));
  });

  it('where all brackets fit one below the other, but not more', () => {
    expectGolden('packet-sizes-one-80x29.txt', show(createScreen(), oneInterface(), 80, 29));
  });

  it('before the first answer', () => {
    expectGolden('packet-sizes-waiting-80x24.txt', drawStack([createScreen()], 80, 24).toText());
  });
});
