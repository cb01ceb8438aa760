import { describe, expect, it } from 'vitest';
import { createAbout, createHelp, helpLines, keyName } from '../../screens/help/screen.ts';
import { createInterfacePicker, fitAddresses, type InterfaceChoice } from '../../screens/interfaces/screen.ts';
import { COMMON_KEYS } from '../../screens/kit/keys.ts';
import type { Screen } from '../../screens/kit/screen.ts';
import { createMenu } from '../../screens/menu/screen.ts';
import { MONITOR_ENTRIES, type MonitorEntry } from '../../screens/monitors.ts';
import { expectGolden } from '../support/golden.ts';
import { INTERFACE_ROWS } from '../support/interface-rows.ts';
import { drawStack, SIZES } from '../support/screens.ts';

const opened: [string, InterfaceChoice][] = [];
const monitor: Screen = {
  title: 'monitor',
  keys: [],
  queries: () => [],
  draw: () => {},
  onKey: () => ({ type: 'ignored' }),
};

function menu(entries?: readonly MonitorEntry[]): Screen {
  return createMenu({
    entries,
    version: '0.1.0',
    interfaces: () => INTERFACE_ROWS,
    filters: () => monitor,
    configure: () => monitor,
    openMonitor: (name, choice) => {
      opened.push([name, choice]);
      return monitor;
    },
  });
}

/** Monitors that stand in the menu itself, the breakdowns as one, then Filters, Configure, About and Exit. */
const ENTRIES =
  MONITOR_ENTRIES.filter(({ group }) => group === null).length +
  (MONITOR_ENTRIES.some(({ group }) => group === 'breakdowns') ? 1 : 0) +
  4;

function picker(rows = INTERFACE_ROWS, open: (choice: InterfaceChoice) => Screen = () => monitor): Screen {
  return createInterfacePicker({ purpose: 'IP traffic monitor', rows: () => rows, offerAll: true, open });
}

describe.each(SIZES)('at %dx%d', (width, height) => {
  const name = (screen: string): string => `${screen}-${width}x${height}.txt`;

  it('the menu', () => expectGolden(name('menu'), drawStack([menu()], width, height).toText()));
  it('the menu in ASCII', () =>
    expectGolden(name('menu-ascii'), drawStack([menu()], width, height, { ascii: true }).toText()));
  it('the interface picker', () => expectGolden(name('picker'), drawStack([menu(), picker()], width, height).toText()));
  it('help', () => expectGolden(name('help'), drawStack([menu(), createHelp(picker())], width, height).toText()));
  it('about', () => expectGolden(name('about'), drawStack([menu(), createAbout('0.1.0')], width, height).toText()));
});

describe('main menu', () => {
  it('says in one line what each entry does', () => {
    const screen = menu();
    const said = new Set<string | null | undefined>();
    for (let i = 0; i < ENTRIES; i++) {
      said.add(screen.statusText?.());
      screen.onKey('DOWN');
    }
    expect(said.size).toBe(ENTRIES);
    for (const text of said) expect(text?.length).toBeLessThanOrEqual(58);
  });

  it('has a sub-menu for the statistical breakdowns, which Esc leaves', () => {
    const [entry] = MONITOR_ENTRIES;
    const entries: MonitorEntry[] = [
      entry,
      { ...entry, monitor: 'packet-sizes', label: 'By packet size', hotKey: 's', group: 'breakdowns', picker: 'none' },
      { ...entry, monitor: 'lan-stations', label: 'LAN stations', hotKey: 'l' },
    ];
    const screen = menu(entries);
    const text = drawStack([screen], 80, 24).toText();
    expect(text).toMatch(/IP traffic[\s\S]*Statistical breakdowns\.\.\.[\s\S]*LAN stations/);
    expect(text).not.toContain('By packet size');
    const reaction = screen.onKey('b');
    if (reaction.type !== 'open') throw new Error('b opens nothing');
    expect(drawStack([screen, reaction.screen], 80, 24).toText()).toContain('By packet size');
    expect(reaction.screen.onKey('ESCAPE')).toEqual({ type: 'back' });
    expect(reaction.screen.onKey('s')).toEqual({ type: 'open', screen: monitor });
    expect(opened.at(-1)).toEqual(['packet-sizes', { type: 'all' }]);
  });

  it('opens the interface picker, which opens the monitor on what was chosen', () => {
    const reaction = menu().onKey('m');
    expect(reaction.type).toBe('open');
    if (reaction.type !== 'open') return;
    reaction.screen.onKey('DOWN');
    expect(reaction.screen.onKey('ENTER')).toEqual({ type: 'open', screen: monitor });
    expect(opened.at(-1)).toEqual(['ip-traffic', { type: 'interface', name: 'br-lan' }]);
  });

  it('has hot letters that no two entries share', () => {
    const lettersOf = (group: MonitorEntry['group']): string[] =>
      MONITOR_ENTRIES.filter((entry) => entry.group === group).map((entry) => entry.hotKey);
    for (const letters of [['b', 'f', 'o', 'a', 'x', ...lettersOf(null)], lettersOf('breakdowns')]) {
      expect(new Set(letters).size).toBe(letters.length);
    }
    for (const entry of MONITOR_ENTRIES) expect(entry.label.toLowerCase()).toContain(entry.hotKey);
  });

  it('leaves by x and by Exit', () => {
    expect(menu().onKey('x')).toEqual({ type: 'leave' });
  });

  it('is usable on the smallest screen', () => {
    const text = drawStack([menu()], 60, 12).toText();
    for (const label of ['IP traffic monitor', 'Help']) expect(text).toContain(label);
    const screen = menu();
    screen.onKey('END');
    expect(drawStack([screen], 60, 12).toText()).toContain('Exit');
  });
});

describe('interface picker', () => {
  it('offers all interfaces first, and by letter', () => {
    const chosen: InterfaceChoice[] = [];
    const screen = picker(INTERFACE_ROWS, (choice) => {
      chosen.push(choice);
      return monitor;
    });
    screen.onKey('ENTER');
    screen.onKey('a');
    expect(chosen).toEqual([{ type: 'all' }, { type: 'all' }]);
  });

  it('keeps the selection on its interface while others come and go', () => {
    let rows = INTERFACE_ROWS;
    const chosen: InterfaceChoice[] = [];
    const screen = createInterfacePicker({
      purpose: 'x',
      rows: () => rows,
      offerAll: true,
      open: (choice) => {
        chosen.push(choice);
        return monitor;
      },
    });
    for (let i = 0; i < 4; i++) screen.onKey('DOWN');
    rows = INTERFACE_ROWS.filter((row) => row.name !== 'br-lan');
    screen.poll?.();
    screen.onKey('ENTER');
    expect(chosen).toEqual([{ type: 'interface', name: 'lo' }]);
  });

  it('shows interfaces that are down dim', () => {
    const canvas = drawStack([picker()], 80, 24);
    const y = canvas
      .toText()
      .split('\n')
      .findIndex((line) => line.includes('enp3s0f1'));
    expect(canvas.styleAt(2, y)).toBe('dim');
    expect(canvas.styleAt(2, y - 1)).toBe('text');
  });

  it('scrolls through more interfaces than fit, and says where it is', () => {
    const rows = Array.from({ length: 300 }, (_, i) => ({ ...INTERFACE_ROWS[0], name: `veth${i}` }));
    const screen = picker(rows);
    expect(drawStack([screen], 80, 24).toText()).toContain('1–18 of 301');
    screen.onKey('END');
    const text = drawStack([screen], 80, 24).toText();
    expect(text).toContain('veth299');
    expect(text).toContain('284–301 of 301');
  });

  it('shows whole addresses only, and how many more there are', () => {
    expect(fitAddresses(['10.0.0.1', 'fd00::1', 'fe80::1'], 20)).toBe('10.0.0.1  fd00::1 +1');
    expect(fitAddresses(['10.0.0.1', 'fd00::1', 'fe80::1'], 12)).toBe('10.0.0.1 +2');
    expect(fitAddresses([], 12)).toBe('');
  });

  it('says so when there is no interface', () => {
    const screen = createInterfacePicker({ purpose: 'x', rows: () => [], offerAll: false, open: () => monitor });
    expect(drawStack([screen], 80, 24).toText()).toContain('No interface was found');
    expect(screen.onKey('ENTER').type).toBe('redraw');
  });
});

describe('help', () => {
  it('lists every key of the screen below and every common key', () => {
    const screen: Screen = {
      ...monitor,
      queries: () => [
        {
          monitor: 'ip-traffic',
          query: { sort: null, descending: true, offset: 0, limit: 1, follow: null, options: {} },
        },
      ],
      keys: [{ keys: ['F', 'CTRL_F'], label: 'F', help: 'Flush closed rows', bar: null }],
    };
    const text = helpLines(screen)
      .map((line) => `${line.keys} ${line.text}`)
      .join('\n');
    expect(text).toContain('F, Ctrl-F Flush closed rows');
    for (const common of COMMON_KEYS) expect(text).toContain(common.help);
  });

  it('does not list a common key that the screen has taken', () => {
    const screen: Screen = { ...monitor, keys: [{ keys: ['x'], label: 'x', help: 'Something else', bar: null }] };
    const leave = helpLines(screen).find((line) => line.text === 'Leave the program');
    expect(leave?.keys).toBe('Ctrl-C');
  });

  it('names keys as people write them', () => {
    expect(['CTRL_L', 'PAGE_UP', 'ESCAPE', ' ', 'F1', 's', 'SHIFT_TAB'].map(keyName)).toEqual([
      'Ctrl-L',
      'PgUp',
      'Esc',
      'Space',
      'F1',
      's',
      'Shift-Tab',
    ]);
  });
});

it('below 60x12 one line says the size needed', () => {
  expectGolden('too-small-59x24.txt', drawStack([menu()], 59, 24).toText());
  expectGolden('too-small-80x11.txt', drawStack([menu()], 80, 11).toText());
  for (const [width, height] of [
    [1, 1],
    [20, 3],
    [30, 1],
  ]) {
    const lines = drawStack([menu()], width, height).toText().trim().split('\n');
    expect(lines).toHaveLength(1);
  }
});
