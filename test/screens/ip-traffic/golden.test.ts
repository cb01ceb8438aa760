import { describe, expect, it } from 'vitest';
import { IpTrafficScreen } from '../../../screens/ip-traffic/screen.ts';
import type { Screen } from '../../../screens/kit/screen.ts';
import type { MonitorScreenOptions } from '../../../screens/monitor-screen.ts';
import { expectGolden } from '../../support/golden.ts';
import { LiteralMonitor, packetLines } from '../../support/ip-traffic-rows.ts';
import { drawStack, SIZES } from '../../support/screens.ts';

const NAMES: Record<string, string> = {
  '10.77.0.1': 'alice.lab.example',
  '10.77.0.2': 'bob-with-a-really-quite-long-hostname-label.lab.example',
  '2a02:8109:b6c0:1e54:d1c7:5f2a:9b3e:4c11': 'alice6.lab.example',
  '203.0.113.253': 'vpn.example.net',
};

const names = {
  lookup: (address: string) => NAMES[address] ?? null,
  isObserved: (address: string) => address === '203.0.113.253' || address === '10.77.0.2',
  addressesMatching: (isMeant: (name: string) => boolean) => Object.keys(NAMES).filter((each) => isMeant(NAMES[each])),
};

function createScreen(options: Partial<MonitorScreenOptions> = {}): IpTrafficScreen {
  return new IpTrafficScreen({ watched: 'eth0', names, ...options });
}

/** Draws, pulls what the drawn size wants, and draws again: what the loop does. Keys that open a screen go to it next. */
function show(
  first: Screen,
  monitor: LiteralMonitor,
  width: number,
  height: number,
  keys: string[] = [],
  ascii = false,
): string {
  const stack: Screen[] = [first];
  const settle = (): string => {
    let text = '';
    for (let i = 0; i < 2; i++) {
      monitor.feed(stack.findLast((screen) => screen.queries().length > 0) ?? first);
      text = drawStack(stack, width, height, { head: monitor.head, ascii }).toText();
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

describe('the IP traffic screen looks as it did', () => {
  for (const [width, height] of SIZES) {
    const golden = (name: string, text: string): void =>
      expectGolden(`ip-traffic-${name}-${width}x${height}.txt`, text);

    it(`with every state and protocol at ${width}x${height}`, () => {
      golden('all', show(createScreen(), new LiteralMonitor(), width, height));
    });

    it(`before the first packet at ${width}x${height}`, () => {
      const monitor = new LiteralMonitor();
      monitor.rows = [];
      golden('empty', show(createScreen(), monitor, width, height));
    });

    it(`with names of hosts and services at ${width}x${height}`, () => {
      golden('names', show(createScreen(), new LiteralMonitor(), width, height, ['n', 'N']));
    });

    it(`with a search being typed at ${width}x${height}`, () => {
      golden('search', show(createScreen(), new LiteralMonitor(), width, height, ['/', '4', '0', '0']));
    });

    it(`with a search of several terms, and one that is not finished, at ${width}x${height}`, () => {
      const keys = [...'proto:tcp !port:22 host:/^10\\./'];
      golden('search-terms', show(createScreen(), new LiteralMonitor(), width, height, ['/', ...keys]));
      golden('search-note', show(createScreen(), new LiteralMonitor(), width, height, ['/', ...keys, 'BACKSPACE']));
    });

    it(`packet by packet at ${width}x${height}`, () => {
      const monitor = new LiteralMonitor();
      monitor.packets = packetLines(90);
      golden('packets', show(createScreen(), monitor, width, height, ['p']));
    });

    it(`with the details of a conversation at ${width}x${height}`, () => {
      golden('details', show(createScreen(), new LiteralMonitor(), width, height, ['DOWN', 'ENTER']));
    });

    for (const [presses, mode] of ['mac', 'sizes', 'latency'].entries()) {
      it(`in the TCP mode ${mode} at ${width}x${height}`, () => {
        const keys = Array.from({ length: presses + 1 }, () => 'M');
        golden(`mode-${mode}`, show(createScreen(), new LiteralMonitor(), width, height, keys));
      });
    }
  }

  it('on one interface, scrolled to the end, with IPv6 in full', () => {
    const monitor = new LiteralMonitor({ interfaces: [{ slot: 0, name: 'eth0', up: true }] });
    expectGolden('ip-traffic-one-interface-80x24.txt', show(createScreen(), monitor, 80, 24));
    monitor.packets = packetLines(90);
    expectGolden('ip-traffic-one-interface-packets-80x24.txt', show(createScreen(), monitor, 80, 24, ['p']));
    expectGolden('ip-traffic-end-80x24.txt', show(createScreen(), monitor, 80, 24, ['END', 'W', 'END']));
  });

  it('in ASCII', () => {
    const text = show(createScreen(), new LiteralMonitor(), 80, 24, [], true);
    expect(text).toMatch(/^[\n -~]*$/);
    expectGolden('ip-traffic-ascii-80x24.txt', text);
  });

  it('at the least size, with what was evicted', () => {
    const evicted = { conversations: 12_345, packets: 99_999, ipBytes: 1e9, wireBytes: 1.1e9 };
    expectGolden('ip-traffic-least-60x12.txt', show(createScreen(), new LiteralMonitor({ evicted }), 60, 12));
    expectGolden('ip-traffic-evicted-80x24.txt', show(createScreen(), new LiteralMonitor({ evicted }), 80, 24));
  });

  it('with the dialogs for order, columns and saving', () => {
    expectGolden('ip-traffic-sort-80x24.txt', show(createScreen(), new LiteralMonitor(), 80, 24, ['S']));
    expectGolden('ip-traffic-columns-80x24.txt', show(createScreen(), new LiteralMonitor(), 80, 24, ['C']));
    expectGolden('ip-traffic-save-80x24.txt', show(createScreen(), new LiteralMonitor(), 80, 24, ['CTRL_S']));
  });

  it('with the details of an ICMP and a non-IP conversation', () => {
    expectGolden(
      'ip-traffic-details-icmp-80x24.txt',
      show(createScreen(), new LiteralMonitor(), 80, 24, ['W', 'DOWN', 'DOWN', 'ENTER']),
    );
    expectGolden(
      'ip-traffic-details-arp-80x24.txt',
      show(createScreen(), new LiteralMonitor(), 80, 24, ['W', 'END', 'UP', 'UP', 'ENTER']),
    );
  });

  it('before any rate is known', () => {
    const monitor = new LiteralMonitor();
    monitor.rows = monitor.rows.map((row) => ({
      ...row,
      bytesPerSecond: [null, null],
      wireBytesPerSecond: [null, null],
    }));
    expectGolden('ip-traffic-no-rates-120x40.txt', show(createScreen(), monitor, 120, 40));
    expectGolden('ip-traffic-no-rates-details-80x24.txt', show(createScreen(), monitor, 80, 24, ['ENTER']));
  });

  it('with frame bytes in units of 1024', () => {
    const screen = createScreen({ byteKind: 'wire', rate: { unit: 'bytes', base: 1024 } });
    expectGolden('ip-traffic-wire-80x24.txt', show(screen, new LiteralMonitor(), 80, 24));
  });
});
