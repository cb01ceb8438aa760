import { describe, expect, it } from 'vitest';
import type { MonitorQuery, Reaction, Screen } from '../../../screens/kit/screen.ts';
import { LanStationsScreen } from '../../../screens/lan-stations/screen.ts';
import type { LanStationsOptions } from '../../../screens/lan-stations/types.ts';
import { homeNetwork, LanStage, PI, ROUTER, SOURCES } from '../../support/lan-stage.ts';
import { drawStack } from '../../support/screens.ts';

const names = { lookup: () => null, addressesMatching: () => ['192.168.1.7'] };

function open(screen: Reaction): Screen {
  if (screen.type !== 'open') throw new Error(`${screen.type} opens no screen`);
  return screen.screen;
}

/** Types a text into a dialog and accepts it; what it asks for beside closing. */
function answer(dialog: Screen, text: string): Reaction | undefined {
  dialog.onKey('CTRL_U');
  for (const key of text) dialog.onKey(key);
  const reaction = dialog.onKey('ENTER');
  return reaction.type === 'all' ? reaction.reactions.at(-1) : reaction;
}

function shown(descriptions: Record<string, string> = {}): { screen: LanStationsScreen; stage: LanStage } {
  const stage = homeNetwork(new LanStage());
  const screen = new LanStationsScreen({ watched: 'eth0', names, descriptions: () => descriptions }, SOURCES);
  for (let i = 0; i < 2; i++) {
    stage.feed(screen);
    drawStack([screen], 80, 24, { head: stage.head });
  }
  return { screen, stage };
}

function optionsOf(screen: Screen): LanStationsOptions {
  const [{ query }] = screen.queries() as [MonitorQuery];
  return query.options as unknown as LanStationsOptions;
}

describe('the LAN station screen', () => {
  it('begins with the order of the command line, or by rate', () => {
    const sortOf = (sort?: string): string | null =>
      new LanStationsScreen({ watched: 'eth0', names, sort }, SOURCES).queries()[0].query.sort;
    expect([sortOf(), sortOf('mac'), sortOf('nonsense')]).toEqual(['rate', 'mac', 'rate']);
  });

  it('tells the engine the makers when an order or a search needs them, and only until it knows them', () => {
    const { screen, stage } = shown();
    expect(optionsOf(screen).vendors).toBeUndefined();
    open(screen.onKey('S')).onKey('v');
    expect(screen.queries()[0].query).toMatchObject({ sort: 'vendor', descending: false });
    expect(optionsOf(screen).vendors).toBe(SOURCES.vendors?.blocks);
    stage.feed(screen);
    expect(optionsOf(screen).vendors).toBeUndefined();
  });

  it('searches by what it alone knows: makers, descriptions, ethers, groups, names', () => {
    const { screen } = shown({ [ROUTER]: 'The Printer Room' });
    screen.onKey('n');
    screen.onKey('/');
    for (const key of 'PRIN') screen.onKey(key);
    expect(optionsOf(screen)).toMatchObject({
      search: 'PRIN',
      searchNames: [{ macs: [ROUTER, '00:1b:21:00:00:05'], vendors: Uint16Array.of(), addresses: ['192.168.1.7'] }],
    });
    screen.onKey('CTRL_U');
    for (const key of 'mdns') screen.onKey(key);
    expect(optionsOf(screen).searchNames?.[0].macs).toEqual(['01:00:5e:00:00:fb', '33:33:00:00:00:fb']);
    screen.onKey('CTRL_U');
    for (const key of 'intel') screen.onKey(key);
    expect(optionsOf(screen).searchNames?.[0].vendors).toEqual(Uint16Array.of(2));
  });

  it('gives a station a description, changes it and takes it away, and leaves those of others', () => {
    const { screen } = shown({ [ROUTER]: 'old', 'aa:bb:cc:dd:ee:ff': 'another' });
    const changed = (text: string): Reaction | undefined => answer(open(screen.onKey('d')), text);
    const changes = (stationDescriptions: Record<string, string>): Reaction => ({
      type: 'change-settings',
      changes: { stationDescriptions },
    });
    expect(changed(' new name ')).toEqual(changes({ 'aa:bb:cc:dd:ee:ff': 'another', [ROUTER]: 'new name' }));
    expect(changed('')).toEqual(changes({ 'aa:bb:cc:dd:ee:ff': 'another' }));
    const refused = changed('x'.repeat(200));
    expect(refused?.type).toBe('open');
  });

  it('describes from the details too, by d and by Enter', () => {
    const { screen } = shown();
    screen.onKey('DOWN');
    for (const key of ['d', 'ENTER']) {
      const details = open(screen.onKey('ENTER'));
      expect(answer(open(details.onKey(key)), 'pi')).toEqual({
        type: 'change-settings',
        changes: { stationDescriptions: { [PI]: 'pi' } },
      });
    }
  });

  it('goes to the groups and back with W and Tab', () => {
    const { screen } = shown();
    const groups = open(screen.onKey('W'));
    expect(optionsOf(groups)).toMatchObject({ panel: 'groups' });
    expect(groups.onKey('TAB')).toEqual({ type: 'back' });
    expect(groups.onKey('d')).toEqual({ type: 'ignored' });
  });

  it('does nothing with an empty table', () => {
    const screen = new LanStationsScreen({ watched: 'eth0', names }, SOURCES);
    new LanStage().feed(screen);
    for (const key of ['ENTER', 'd']) expect(screen.onKey(key)).toEqual({ type: 'ignored' });
  });
});
