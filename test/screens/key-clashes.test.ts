import { describe, expect, it } from 'vitest';
import { createHelp } from '../../screens/help/screen.ts';
import { createInterfacePicker } from '../../screens/interfaces/screen.ts';
import { IpTrafficScreen } from '../../screens/ip-traffic/screen.ts';
import { COMMON_KEYS } from '../../screens/kit/keys.ts';
import type { Screen } from '../../screens/kit/screen.ts';
import { createMenu } from '../../screens/menu/screen.ts';

/** Common keys that a screen takes for itself on purpose, with the reason. */
const OVERRIDES: Record<string, { keys: string[]; reason: string }> = {
  help: { keys: ['?', 'F1'], reason: 'the key that opened help closes it' },
};

const picker = createInterfacePicker({ purpose: 'x', rows: () => [], offerAll: true, open: () => picker });
const names = { lookup: () => null, addressesMatching: () => [] };

const SCREENS: Record<string, Screen> = {
  menu: createMenu({ version: '0', interfaces: () => [], openMonitor: () => picker }),
  interfaces: picker,
  help: createHelp(picker),
  'ip-traffic': new IpTrafficScreen({ watched: 'eth0', names }),
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

  it('every key has a label and a line of help, without a full stop', () => {
    for (const key of screen.keys) {
      expect(key.keys.length).toBeGreaterThan(0);
      expect(key.label).not.toBe('');
      expect(key.help).toMatch(/^[^a-z].*[^.]$/);
    }
  });
});

it('no key stands twice among the common ones', () => {
  const keys = COMMON_KEYS.flatMap((key): readonly string[] => key.keys);
  expect(new Set(keys).size).toBe(keys.length);
});
