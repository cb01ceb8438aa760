import { beforeEach, describe, expect, it } from 'vitest';
import type { Reaction } from '../../../screens/kit/screen.ts';
import { PacketSizesScreen } from '../../../screens/packet-sizes/screen.ts';
import type { Snapshot } from '../../../src/engine/messages.ts';
import { drawStack } from '../../support/screens.ts';
import { everydayTraffic, link, SizeStage } from '../../support/size-stage.ts';

const names = { lookup: () => null, addressesMatching: () => [] };

describe('the packet size screen', () => {
  const links = [link('eth0', 1500), link('eth1', 9000)];
  let stage: SizeStage;
  let screen: PacketSizesScreen;

  beforeEach(() => {
    stage = everydayTraffic(new SizeStage(['eth0', 'eth1'], links)).pass({ size: 8000, slot: 1 });
    screen = new PacketSizesScreen({ watched: 'all interfaces', names });
  });

  function text(width = 80, height = 24): string {
    screen.update(screen.queries().map(({ query }): Snapshot => ({ ...stage.head, ...stage.monitor.page(query) })));
    return drawStack([screen], width, height, { head: stage.head }).toText();
  }

  function press(...keys: string[]): Reaction[] {
    return keys.map((key) => screen.onKey(key));
  }

  const shown = (): unknown => screen.queries()[0].query.options.interface;

  it('steps through interfaces, both ways round, with all of them together in between', () => {
    text();
    const seen = ['TAB', 'RIGHT', 'W', 'LEFT', 'LEFT', 'LEFT'].map((key) => {
      expect(screen.onKey(key)).toEqual({ type: 'refresh' });
      return shown();
    });
    expect(seen).toEqual(['eth0', 'eth1', null, 'eth1', 'eth0', null]);
    press('TAB');
    expect(text()).toContain('eth0, 1 of 2 interfaces');
  });

  it('offers no other interface where there is none', () => {
    stage = everydayTraffic(new SizeStage(['eth0'], links));
    expect(text()).not.toContain('Tab Interface');
    expect(press('TAB', 'LEFT')).toEqual([{ type: 'ignored' }, { type: 'ignored' }]);
    expect(shown()).toBeNull();
  });

  it('asks for the sizes that the setting names', () => {
    expect(screen.queries()[0].query.options.byteKind).toBe('ip');
    const wire = new PacketSizesScreen({ watched: 'eth0', names, byteKind: 'wire' });
    expect(wire.queries()[0].query.options.byteKind).toBe('wire');
  });

  it('counts packets or bytes, with linear or logarithmic bars', () => {
    const line = (): string => text(120, 40).split('\n')[2];
    const bar = (): number => (line().match(/█/g) ?? []).length;
    expect(line()).toContain(' 13399 ');
    const linear = bar();
    press('g');
    expect(bar()).toBeGreaterThan(linear);
    press('g', 'b');
    expect(line()).toContain(' 640.1k ');
    expect(bar()).toBeLessThan(linear);
  });

  it('scrolls where not all brackets fit, and not beyond them', () => {
    const first = (): string | undefined => /│ +(\d+)–/.exec(text(60, 12))?.[1];
    expect(first()).toBe('1');
    press('UP');
    expect(first()).toBe('1');
    press('DOWN', 'DOWN');
    expect(first()).toBe('901');
    press(' ');
    expect(first()).toBe('2701');
    press('END');
    const end = first();
    press('DOWN', 'PAGE_DOWN');
    expect(first()).toBe(end);
    expect(text(60, 12)).toContain('over 9000');
    screen.onMouse({ kind: 'wheel-up', x: 5, y: 5 });
    expect(Number(first())).toBe(Number(end) - 3 * 450);
    press('HOME');
    expect(first()).toBe('1');
  });

  it('shows every bracket, average and largest at 80x24, on one interface or all', () => {
    for (let i = 0; i < 3; i++) {
      const page = text();
      expect(page.match(/\d–\d|over \d/g)).toHaveLength(21);
      expect(page).toMatch(/Average +\S+ /);
      expect(page).toMatch(/Largest +\S+ /);
      press('TAB');
    }
  });

  it('saves what it asks for', () => {
    expect(screen.onKey('CTRL_S')).toEqual({ type: 'ignored' });
    text();
    press('TAB');
    const reaction = screen.onKey('CTRL_S');
    if (reaction.type !== 'open') throw new Error('no dialog');
    expect(reaction.screen.onKey('ENTER')).toMatchObject({
      type: 'all',
      reactions: [
        { type: 'back' },
        { type: 'save', question: { monitor: 'packet-sizes', query: { options: { interface: 'eth0' } } } },
      ],
    });
  });
});
