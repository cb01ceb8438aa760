/**
 * Main menu, in iptraf-ng's manner: monitors, About, Exit, each with a hot letter and a line of explanation. A monitor
 * that comes later is one more line in MONITOR_ENTRIES.
 */
import type { MonitorName } from '../../src/engine/monitor.ts';
import { createAbout } from '../help/screen.ts';
import { createInterfacePicker, type InterfaceChoice, type InterfacePickerRow } from '../interfaces/screen.ts';
import type { Canvas } from '../kit/canvas.ts';
import { centeredArea } from '../kit/chrome.ts';
import { Menu, type MenuItem } from '../kit/menu.ts';
import type { KeyHelp, MouseEvent, Reaction, Screen } from '../kit/screen.ts';

/** A monitor in the menu. */
export interface MonitorEntry {
  monitor: MonitorName;
  label: string;
  hotKey: string;
  help: string;
  /** Whether an interface is asked for, and whether "All interfaces" is among the answers. */
  picker: 'none' | 'one' | 'one-or-all';
}

export const MONITOR_ENTRIES: readonly MonitorEntry[] = [
  {
    monitor: 'ip-traffic',
    label: 'IP traffic monitor',
    hotKey: 'm',
    help: 'Every conversation: who talks to whom, how much, how fast',
    picker: 'one-or-all',
  },
];

export interface MenuOptions {
  version: string;
  /** What the interface picker shows; see InterfacePickerOptions. */
  interfaces(): readonly InterfacePickerRow[];
  /** Starts a monitor and gives its screen. */
  openMonitor(monitor: MonitorName, choice: InterfaceChoice): Screen;
  entries?: readonly MonitorEntry[];
}

const MENU_KEYS: readonly KeyHelp[] = [
  { keys: ['UP', 'DOWN'], label: 'Up/Dn', help: 'Entry above or below', bar: 'Move' },
  { keys: ['ENTER'], label: 'Enter', help: 'Open the marked entry', bar: 'Open' },
  { keys: ['HOME', 'END'], label: 'Home/End', help: 'First or last entry', bar: null },
];

class MenuScreen implements Screen {
  readonly title = 'Main menu';
  readonly keys: readonly KeyHelp[];
  readonly #menu: Menu;

  constructor(options: MenuOptions) {
    const items = menuItems(options);
    this.#menu = new Menu(items);
    const hot = items.map(({ hotKey, label }): KeyHelp => ({ keys: [hotKey], label: hotKey, help: label, bar: null }));
    // The common key x leaves as well: its line stands under "Everywhere".
    this.keys = [...MENU_KEYS, ...hot.filter((key) => key.label !== 'x')];
  }

  queries(): [] {
    return [];
  }

  statusText(): string {
    return this.#menu.selected.help;
  }

  draw(canvas: Canvas): void {
    this.#menu.draw(canvas, centeredArea(canvas, Math.max(36, this.#menu.width), this.#menu.height));
  }

  onKey(key: string): Reaction {
    return this.#menu.onKey(key);
  }

  onMouse(event: MouseEvent): Reaction {
    return this.#menu.onMouse(event);
  }
}

function openEntry(entry: MonitorEntry, options: MenuOptions): Reaction {
  const open = (choice: InterfaceChoice): Screen => options.openMonitor(entry.monitor, choice);
  if (entry.picker === 'none') return { type: 'open', screen: open({ type: 'all' }) };
  const picker = createInterfacePicker({
    purpose: entry.label,
    rows: options.interfaces,
    offerAll: entry.picker === 'one-or-all',
    open,
  });
  return { type: 'open', screen: picker };
}

function menuItems(options: MenuOptions): MenuItem[] {
  const monitors = (options.entries ?? MONITOR_ENTRIES).map(
    (entry): MenuItem => ({
      label: entry.label,
      hotKey: entry.hotKey,
      help: entry.help,
      run: () => openEntry(entry, options),
    }),
  );
  return [
    ...monitors,
    {
      label: 'About',
      hotKey: 'a',
      help: 'What this program is, its version and its license',
      separated: true,
      run: () => ({ type: 'open', screen: createAbout(options.version) }),
    },
    { label: 'Exit', hotKey: 'x', help: 'Back to the shell', separated: true, run: () => ({ type: 'leave' }) },
  ];
}

/** The first screen of a start without options. */
export function createMenu(options: MenuOptions): Screen {
  return new MenuScreen(options);
}
