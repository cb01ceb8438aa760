import { describe, expect, it } from 'vitest';
import { createConfigure } from '../../screens/configure/screen.ts';
import { DetailedScreen } from '../../screens/detailed/screen.ts';
import { createFilters } from '../../screens/filters/screen.ts';
import { GeneralScreen } from '../../screens/general/screen.ts';
import { createHelp } from '../../screens/help/screen.ts';
import { HostPairsScreen } from '../../screens/host-pairs/screen.ts';
import { createInterfacePicker } from '../../screens/interfaces/screen.ts';
import { IpTrafficScreen } from '../../screens/ip-traffic/screen.ts';
import { commonKeysOf } from '../../screens/kit/chrome.ts';
import { COMMON_KEYS } from '../../screens/kit/keys.ts';
import type { Screen } from '../../screens/kit/screen.ts';
import { LanStationsScreen } from '../../screens/lan-stations/screen.ts';
import { createMenu } from '../../screens/menu/screen.ts';
import { PacketSizesScreen } from '../../screens/packet-sizes/screen.ts';
import { PortsScreen } from '../../screens/ports/screen.ts';
import { defaultSettings } from '../../src/store/settings-table.ts';
import { FakeFilterControl } from '../support/filter-control.ts';

/** Common keys that a screen takes for itself on purpose, with the reason. */
const OVERRIDES: Record<string, { keys: string[]; reason: string }> = {
  help: { keys: ['?', 'F1'], reason: 'the key that opened help closes it' },
  filters: { keys: ['V'], reason: 'the same as everywhere, also where no monitor is below (the menu)' },
  'filter editor': { keys: ['ESCAPE', 'q', 'x', 'CTRL_C'], reason: 'asks before what was not saved is lost' },
  'rule form': { keys: ['ESCAPE', 'CTRL_C'], reason: 'asks before what was typed is lost' },
};

const picker = createInterfacePicker({ purpose: 'x', rows: () => [], offerAll: true, open: () => picker });
const names = { lookup: () => null, addressesMatching: () => [] };

const stations = new LanStationsScreen({ watched: 'eth0', names });
const groups = stations.onKey('W');

const configure = createConfigure({ current: defaultSettings() });

/** The list that Enter opens from a setting. */
function listOf(name: string): Screen {
  const screen = createConfigure({ current: defaultSettings() });
  for (const key of ['/', ...name, 'ENTER']) screen.onKey(key);
  const opened = screen.onKey('ENTER');
  if (opened.type !== 'open') throw new Error(`${name} opens no list`);
  return opened.screen;
}

/** What the keys lead to, one after the other. */
function behind(screen: Screen, ...keys: string[]): Screen {
  return keys.reduce((top, key) => {
    const opened = top.onKey(key);
    if (opened.type !== 'open') throw new Error(`${key} opens nothing in ${top.title}`);
    return opened.screen;
  }, screen);
}

const filters = createFilters(
  new FakeFilterControl([{ filter: { name: 'x', description: '', rules: [{ action: 'include' }] }, readyMade: false }]),
);

const SCREENS: Record<string, Screen> = {
  menu: createMenu({
    version: '0',
    interfaces: () => [],
    filters: () => picker,
    configure: () => picker,
    openMonitor: () => picker,
  }),
  filters,
  'filter editor': behind(filters, 'e'),
  'rule form': behind(filters, 'e', 'ENTER'),
  configure,
  'additional ports': listOf('additionalPorts'),
  'station descriptions': listOf('stationDescriptions'),
  interfaces: picker,
  help: createHelp(picker),
  'ip-traffic': new IpTrafficScreen({ watched: 'eth0', names }),
  detailed: new DetailedScreen({ watched: 'eth0', names }),
  general: new GeneralScreen({ watched: 'all interfaces', names }),
  'packet-sizes': new PacketSizesScreen({ watched: 'eth0', names }),
  ports: new PortsScreen({ watched: 'eth0', names }),
  'lan-stations': stations,
  'host-pairs': new HostPairsScreen({ watched: 'eth0', names }),
  'LAN groups': groups.type === 'open' ? groups.screen : stations,
};

describe.each(Object.entries(SCREENS))('keys of %s', (name, screen) => {
  it('no key stands twice in its table', () => {
    const keys = screen.keys.flatMap((key) => key.keys);
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
  });

  it('takes only those common keys that it is known to take', () => {
    const common = COMMON_KEYS.flatMap((key): readonly string[] => key.keys);
    const taken = screen.keys.flatMap((key) => key.keys).filter((key) => common.includes(key));
    expect(taken.sort()).toEqual([...(OVERRIDES[name]?.keys ?? [])].sort());
  });

  it('has v and V where packets are counted', () => {
    const common = commonKeysOf(screen).flatMap(({ keys }) => keys);
    for (const key of ['v', 'V']) expect(common.includes(key)).toBe(screen.queries().length > 0);
  });

  it('every key has a label and a line of help, without a full stop', () => {
    for (const key of screen.keys) {
      expect(key.keys.length).toBeGreaterThan(0);
      expect(key.label).not.toBe('');
      expect(key.help).toMatch(/^[^a-z].*[^.]$/);
    }
  });
});

it("the host pair monitor has every key of iftop's but the shell", () => {
  const keys = SCREENS['host-pairs'].keys.flatMap((key) => key.keys);
  const common = COMMON_KEYS.flatMap((key): readonly string[] => key.keys);
  expect([...'nNsdSDptTbBLPo123<>fljkhq'].filter((key) => !keys.includes(key) && !common.includes(key))).toEqual([]);
});

it('no key stands twice among the common ones', () => {
  const keys = COMMON_KEYS.flatMap((key): readonly string[] => key.keys);
  expect(new Set(keys).size).toBe(keys.length);
});
