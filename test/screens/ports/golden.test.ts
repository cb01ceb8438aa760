import { describe, expect, it } from 'vitest';
import type { Screen } from '../../../screens/kit/screen.ts';
import type { MonitorScreenOptions } from '../../../screens/monitor-screen.ts';
import { PortsScreen } from '../../../screens/ports/screen.ts';
import { expectGolden } from '../../support/golden.ts';
import { LiteralMonitor } from '../../support/ip-traffic-rows.ts';
import { LiteralPorts, withoutRates } from '../../support/port-rows.ts';
import { drawStack, SIZES } from '../../support/screens.ts';

const names = { lookup: () => null, addressesMatching: () => [] };
const conversations = new LiteralMonitor();

function createScreen(options: Partial<MonitorScreenOptions> = {}): PortsScreen {
  return new PortsScreen({ watched: 'eth0', names, ...options });
}

/** Asks, hands over and draws, as the loop does; keys that open a screen go to it next. */
function show(
  first: Screen,
  ports: LiteralPorts,
  width: number,
  height: number,
  keys: readonly string[] = [],
  ascii = false,
): string {
  const stack: Screen[] = [first];
  const settle = (): string => {
    let text = '';
    for (let i = 0; i < 2; i++) {
      const screen = stack.findLast((each) => each.queries().length > 0) ?? first;
      const answers = screen
        .queries()
        .map(({ monitor, query }) => (monitor === 'ports' ? ports.answer(query) : conversations.answer(query)));
      screen.update?.(answers);
      text = drawStack(stack, width, height, { head: ports.head, ascii }).toText();
    }
    return text;
  };
  settle();
  for (const key of keys) {
    const reaction = stack[stack.length - 1].onKey(key);
    if (reaction.type === 'open') stack.push(reaction.screen);
    settle();
  }
  return settle();
}

describe('the port screen looks as it did', () => {
  for (const [width, height] of SIZES) {
    const golden = (name: string, text: string): void => expectGolden(`ports-${name}-${width}x${height}.txt`, text);

    it(`with every protocol at ${width}x${height}`, () => {
      golden('all', show(createScreen(), new LiteralPorts(), width, height));
    });

    it(`in the strict view at ${width}x${height}`, () => {
      golden('strict', show(createScreen(), new LiteralPorts(), width, height, ['t']));
    });

    it(`before the first packet at ${width}x${height}`, () => {
      const ports = new LiteralPorts();
      ports.rows = [];
      golden('empty', show(createScreen(), ports, width, height));
    });

    it(`with the conversations of a TCP port at ${width}x${height}`, () => {
      golden('conversations', show(createScreen(), new LiteralPorts(), width, height, ['ENTER']));
    });
  }

  it('with the conversations of a UDP port, and of one that has none any more', () => {
    const keys = ['DOWN', 'DOWN', 'DOWN', 'DOWN', 'ENTER'];
    expectGolden('ports-conversations-udp-80x24.txt', show(createScreen(), new LiteralPorts(), 80, 24, keys));
    const gone = ['END', 'ENTER'];
    expectGolden('ports-conversations-gone-80x24.txt', show(createScreen(), new LiteralPorts(), 80, 24, gone));
  });

  it('with a search, and the dialog for the order', () => {
    const search = ['/', ...'domain'];
    expectGolden('ports-search-80x24.txt', show(createScreen(), new LiteralPorts(), 80, 24, search));
    expectGolden('ports-sort-80x24.txt', show(createScreen(), new LiteralPorts(), 80, 24, ['S']));
  });

  it('before any rate is known', () => {
    const ports = new LiteralPorts();
    ports.rows = withoutRates(ports.rows);
    expectGolden('ports-no-rates-120x40.txt', show(createScreen(), ports, 120, 40));
  });

  it('with frame bytes in units of 1024', () => {
    const screen = createScreen({ byteKind: 'wire', rate: { unit: 'bytes', base: 1024 } });
    expectGolden('ports-wire-80x24.txt', show(screen, new LiteralPorts(), 80, 24));
  });

  it('at the least size, and in ASCII', () => {
    expectGolden('ports-least-60x12.txt', show(createScreen(), new LiteralPorts(), 60, 12));
    const text = show(createScreen(), new LiteralPorts(), 80, 24, [], true);
    expect(text).toMatch(/^[\n -~]*$/);
    expectGolden('ports-ascii-80x24.txt', text);
  });
});
