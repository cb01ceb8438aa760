import { describe, expect, it } from 'vitest';
import { GeneralScreen } from '../../../screens/general/screen.ts';
import type { Screen } from '../../../screens/kit/screen.ts';
import type { MonitorScreenOptions } from '../../../screens/monitor-screen.ts';
import type { Snapshot } from '../../../src/engine/messages.ts';
import { PACKET_TYPE } from '../../../src/wire/packet-batch.ts';
import { busyHost, GeneralStage } from '../../support/general-stage.ts';
import { expectGolden } from '../../support/golden.ts';
import { linkView } from '../../support/links.ts';
import { drawStack, SIZES } from '../../support/screens.ts';

const names = { lookup: () => null, addressesMatching: () => [] };

function createScreen(options: Partial<MonitorScreenOptions> = {}): GeneralScreen {
  return new GeneralScreen({ watched: 'all interfaces', names, ...options });
}

/** Draws, pulls what the drawn size wants, draws again, as the loop does. */
function show(
  screen: GeneralScreen,
  stage: GeneralStage,
  [width, height]: readonly [number, number],
  keys: readonly string[] = [],
  ascii = false,
): string {
  const stack: Screen[] = [screen];
  const settle = (): string => {
    let head: Snapshot | null = null;
    let text = '';
    for (let round = 0; round < 2; round++) {
      text = drawStack(stack, width, height, { head, ascii }).toText();
      head = stage.feed(screen);
    }
    text = drawStack(stack, width, height, { head, ascii }).toText();
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

describe('the general statistics screen looks as it did', () => {
  const stage = busyHost();

  for (const size of SIZES) {
    for (const [presses, mode] of ['packets', 'kernel', 'minute'].entries()) {
      it(`with the columns of ${mode} at ${size.join('x')}`, () => {
        const keys = Array.from({ length: presses }, () => 'M');
        expectGolden(`general-${mode}-${size.join('x')}.txt`, show(createScreen(), stage, size, keys));
      });
    }
  }

  it('at the least size', () => {
    expectGolden('general-least-60x12.txt', show(createScreen(), stage, [60, 12]));
  });

  it('in ASCII', () => {
    const text = show(createScreen(), stage, [120, 40], ['M', 'M'], true);
    expect(text).toMatch(/^[\n -~]*$/);
    expectGolden('general-ascii-120x40.txt', text);
  });

  it('with frame bytes in units of 1024, ordered by rate', () => {
    const screen = createScreen({ byteKind: 'wire', rate: { unit: 'bytes', base: 1024 }, sort: 'rate' });
    expectGolden('general-wire-80x24.txt', show(screen, stage, [80, 24]));
  });

  it('with a search, and with its dialogs', () => {
    expectGolden('general-search-80x24.txt', show(createScreen(), stage, [80, 24], ['/', 'b', 'o', 'n', 'd']));
    expectGolden('general-sort-80x24.txt', show(createScreen(), stage, [80, 24], ['S']));
    expectGolden('general-columns-80x24.txt', show(createScreen(), stage, [80, 24], ['C']));
  });

  it('before the first window, and of a file without directions', () => {
    const quiet = new GeneralStage([linkView('lo', { kind: 'loopback' }), linkView('eth0', { speed: 1000 })]);
    expectGolden('general-quiet-80x24.txt', show(createScreen(), quiet, [80, 24]));
    const file = new GeneralStage(null);
    file.pass({ on: 'eth0', packets: 40, packetType: PACKET_TYPE.unknown });
    file.elapsed = 4;
    file.close(4);
    expectGolden('general-file-80x24.txt', show(createScreen({ watched: 'x.pcap' }), file, [80, 24]));
  });

  it('where libpcap has all interfaces in one', () => {
    const asOne = new GeneralStage([linkView('lo', { kind: 'loopback' }), linkView('eth0', { speed: 1000 })]).wait(1);
    asOne.pass({ on: 'any', packets: 40 }).count('eth0', { rxPackets: 40, rxBytes: 4560 }).wait(2);
    expectGolden('general-as-one-120x40.txt', show(createScreen(), asOne, [120, 40]));
  });
});
