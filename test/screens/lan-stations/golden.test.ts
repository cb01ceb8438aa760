import { describe, expect, it } from 'vitest';
import type { Screen } from '../../../screens/kit/screen.ts';
import { LanStationsScreen } from '../../../screens/lan-stations/screen.ts';
import type { MonitorScreenOptions } from '../../../screens/monitor-screen.ts';
import { expectGolden } from '../../support/golden.ts';
import { homeNetwork, LanStage, type LanStageOptions, PI, ROUTER, SOURCES } from '../../support/lan-stage.ts';
import { drawStack, SIZES } from '../../support/screens.ts';

const NAMES: Record<string, string> = { '192.168.1.7': 'pi.home.example', '192.168.1.113': 'phone13.home.example' };

function createScreen(options: Partial<MonitorScreenOptions> = {}): LanStationsScreen {
  return new LanStationsScreen(
    {
      watched: 'eth0',
      names: {
        lookup: (address) => NAMES[address] ?? null,
        isObserved: (address) => address === '192.168.1.113',
        addressesMatching: () => [],
      },
      descriptions: () => ({ [ROUTER]: 'the way out' }),
      ...options,
    },
    SOURCES,
  );
}

/** Draws, pulls what the drawn size wants, and draws again: what the loop does. */
function show(
  first: Screen,
  stage: LanStage,
  width: number,
  height: number,
  keys: string[] = [],
  ascii = false,
): string {
  const stack: Screen[] = [first];
  const settle = (): string => {
    let text = '';
    for (let i = 0; i < 3; i++) {
      stage.feed(stack.findLast((screen) => screen.queries().length > 0) ?? first);
      text = drawStack(stack, width, height, { head: stage.head, ascii }).toText();
    }
    return text;
  };
  settle();
  for (const key of keys) {
    const reaction = stack[stack.length - 1].onKey(key);
    for (const each of reaction.type === 'all' ? reaction.reactions : [reaction]) {
      if (each.type === 'open') stack.push(each.screen);
      if (each.type === 'back') stack.pop();
    }
    settle();
  }
  return settle();
}

function home(options: LanStageOptions = {}): LanStage {
  return homeNetwork(new LanStage(options));
}

const TYPED = [...'raspberry'];

describe('the LAN station screen looks as it did', () => {
  for (const [width, height] of SIZES) {
    const golden = (name: string, text: string): void =>
      expectGolden(`lan-stations-${name}-${width}x${height}.txt`, text);

    it(`with a home network at ${width}x${height}`, () => {
      golden('all', show(createScreen(), home(), width, height));
    });

    it(`with the groups at ${width}x${height}`, () => {
      golden('groups', show(createScreen(), home(), width, height, ['W']));
    });

    it(`with the details of a station and of a router at ${width}x${height}`, () => {
      golden('details', show(createScreen(), home(), width, height, ['DOWN', 'ENTER']));
      golden('router', show(createScreen(), home(), width, height, ['ENTER']));
    });

    it(`before the first frame at ${width}x${height}`, () => {
      golden('empty', show(createScreen(), new LanStage(), width, height));
    });

    it(`with several interfaces and names at ${width}x${height}`, () => {
      const stage = home({ interfaces: ['eth0', 'br-4c1f9a2b7d33'] });
      golden('names', show(createScreen({ byteKind: 'wire' }), stage, width, height, ['n']));
    });

    it(`with a search for a vendor being typed at ${width}x${height}`, () => {
      golden('search', show(createScreen(), home(), width, height, ['/', ...TYPED]));
    });
  }

  it('by vendor, by what goes in, at the end of the list', () => {
    expectGolden('lan-stations-by-vendor-120x40.txt', show(createScreen(), home(), 120, 40, ['S', 'v']));
    expectGolden('lan-stations-by-packets-in-80x24.txt', show(createScreen(), home(), 80, 24, ['S', 'p', 'END']));
  });

  it('in ASCII', () => {
    const text = show(createScreen(), home(), 80, 24, [], true);
    expect(text).toMatch(/^[\n -~]*$/);
    expectGolden('lan-stations-ascii-80x24.txt', text);
  });

  it('at the least size, with what was evicted', () => {
    expectGolden('lan-stations-least-60x12.txt', show(createScreen(), home(), 60, 12));
    expectGolden('lan-stations-least-details-60x12.txt', show(createScreen(), home(), 60, 12, ['DOWN', 'ENTER']));
    expectGolden('lan-stations-least-groups-60x12.txt', show(createScreen(), home(), 60, 12, ['W']));
    const full = home({ maximumStations: 16 });
    expectGolden('lan-stations-evicted-80x24.txt', show(createScreen(), full, 80, 24));
  });

  it('with the dialogs for order, columns and descriptions', () => {
    expectGolden('lan-stations-sort-80x24.txt', show(createScreen(), home(), 80, 24, ['S']));
    expectGolden('lan-stations-columns-80x24.txt', show(createScreen(), home(), 80, 24, ['C']));
    expectGolden('lan-stations-describe-80x24.txt', show(createScreen(), home(), 80, 24, ['d']));
  });

  it('on loopback', () => {
    const source = { kind: 'live', interfaces: ['lo'], capture: 'auto', promiscuous: false } as const;
    const stage = new LanStage({ source: { ...source, interfaces: ['lo'] }, links: [{ name: 'lo', mac: null }] });
    expectGolden('lan-stations-loopback-80x24.txt', show(createScreen({ watched: 'lo' }), stage, 80, 24));
  });

  it('with a group’s details, and a station that is gone', () => {
    expectGolden('lan-stations-group-80x24.txt', show(createScreen(), home(), 80, 24, ['W', 'ENTER']));
    const stage = home();
    const screen = createScreen();
    show(screen, stage, 80, 24, ['DOWN']);
    expect(stage.page().rows[1].mac).toBe(PI);
    const opened = screen.onKey('ENTER');
    stage.reset();
    const details = opened.type === 'open' ? opened.screen : screen;
    expectGolden('lan-stations-gone-80x24.txt', show(details, stage, 80, 24));
  });
});
