/**
 * Main menu, in iptraf-ng's manner: monitors, filters, settings, About, Exit, each with a hot letter and a line of
 * explanation. A monitor that comes later is one more entry in monitors.ts.
 */
import type { RateFormat } from '../../src/base/format.ts';
import type { MonitorName } from '../../src/engine/monitor.ts';
import { createAbout } from '../help/screen.ts';
import { createInterfacePicker, type InterfaceChoice, type InterfacePickerRow } from '../interfaces/screen.ts';
import type { Canvas } from '../kit/canvas.ts';
import { centeredArea } from '../kit/chrome.ts';
import { BACK } from '../kit/keys.ts';
import { Menu, type MenuItem } from '../kit/menu.ts';
import type { KeyHelp, MouseEvent, Reaction, Screen } from '../kit/screen.ts';
import { MONITOR_ENTRIES, type MonitorEntry } from '../monitors.ts';

export interface MenuOptions {
  version: string;
  /** What the interface picker shows; see InterfacePickerOptions. */
  interfaces(): readonly InterfacePickerRow[];
  /** The screen of the filters. */
  filters(): Screen;
  /** The screen of the settings. */
  configure(): Screen;
  /** How rates are written, as set now. */
  rate?(): RateFormat;
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
  readonly title: string;
  readonly overlay: boolean;
  readonly keys: readonly KeyHelp[];
  readonly #menu: Menu;

  /** `overlay`: a menu that stands on another one. */
  constructor(title: string, items: readonly MenuItem[], overlay: boolean) {
    this.title = title;
    this.overlay = overlay;
    this.#menu = new Menu(items, overlay ? title : '');
    const hot = items.map(
      ({ hotKey, label }): KeyHelp => ({ keys: [hotKey], label: hotKey, help: label.replace(/\.+$/, ''), bar: null }),
    );
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
    if (this.overlay && (key === 'ESCAPE' || key === 'q')) return BACK;
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
    rate: options.rate?.(),
    open,
  });
  return { type: 'open', screen: picker };
}

function monitorItems(entries: readonly MonitorEntry[], options: MenuOptions): MenuItem[] {
  return entries.map(({ label, hotKey, help }, i) => ({
    label,
    hotKey,
    help,
    run: () => openEntry(entries[i], options),
  }));
}

/** iptraf-ng's sub-menu: who knows its keys (b, then s or p) finds them here. */
function breakdowns(entries: readonly MonitorEntry[], options: MenuOptions): MenuItem[] {
  if (entries.length === 0) return [];
  const title = 'Statistical breakdowns';
  return [
    {
      label: `${title}...`,
      hotKey: 'b',
      help: 'Packets by size, or traffic by TCP and UDP port',
      run: () => ({ type: 'open', screen: new MenuScreen(title, monitorItems(entries, options), true) }),
    },
  ];
}

function menuItems(options: MenuOptions): MenuItem[] {
  const entries = options.entries ?? MONITOR_ENTRIES;
  const isBreakdown = ({ group }: MonitorEntry): boolean => group === 'breakdowns';
  const first = entries.findIndex(isBreakdown);
  const cut = first < 0 ? entries.length : first;
  return [
    ...monitorItems(entries.slice(0, cut), options),
    ...breakdowns(entries.filter(isBreakdown), options),
    ...monitorItems(
      entries.slice(cut).filter((entry) => !isBreakdown(entry)),
      options,
    ),
    {
      label: 'Filters...',
      hotKey: 'f',
      help: 'What is counted: by address, port, protocol, interface',
      separated: true,
      run: () => ({ type: 'open', screen: options.filters() }),
    },
    {
      label: 'Configure...',
      hotKey: 'o',
      help: 'Names, colours, units, timers, logging, ports, stations',
      run: () => ({ type: 'open', screen: options.configure() }),
    },
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
  return new MenuScreen('Main menu', menuItems(options), false);
}
