/** Lists among the settings, each on a screen of its own: additional ports, descriptions of stations. */
import {
  BadSetting,
  portRange,
  portRangeText,
  readDescription,
  readStation,
  readValue,
  stationAddress,
} from '../../src/store/setting-kinds.ts';
import type { SettingLine, Settings } from '../../src/store/settings-table.ts';
import type { Canvas } from '../kit/canvas.ts';
import { contentArea } from '../kit/chrome.ts';
import { confirmDialog, formDialog } from '../kit/dialog.ts';
import type { FormField } from '../kit/form.ts';
import { binding, IGNORED, type KeyBinding } from '../kit/keys.ts';
import { LocalTable, LocalTableScreen, numbersOfNames } from '../kit/local-table.ts';
import type { Reaction, Screen } from '../kit/screen.ts';
import type { Column } from '../kit/table.ts';
import { change } from './edit.ts';

interface Entry {
  /** What no two entries share: the range, the MAC address. */
  key: string;
  text: string;
}

/** What makes a list of settings a screen. */
interface ListSpec {
  title: string;
  /** "port or range": after Add, Edit, Delete. */
  noun: string;
  /** Said above the fields. */
  hint: string;
  emptyText: string;
  columns: readonly Column<Entry>[];
  entries(): Entry[];
  /** Fields for an entry; `taken` says whether another entry has that key. */
  fields(entry: Entry | null, taken: (key: string) => boolean): FormField[];
  /** The entry of checked fields. */
  read(values: Record<string, string>): Entry;
  /** The change that makes these the entries. */
  save(entries: readonly Entry[]): Reaction;
}

class ListScreen extends LocalTableScreen<Entry> {
  readonly title: string;
  readonly keys: readonly KeyBinding[];
  readonly #spec: ListSpec;
  protected readonly list: LocalTable<Entry>;

  constructor(spec: ListSpec) {
    super();
    this.#spec = spec;
    this.title = `Configure: ${spec.title}`;
    const numberOf = numbersOfNames();
    this.list = new LocalTable({
      columns: spec.columns,
      rowId: ({ key }) => numberOf(key),
      gap: 2,
      rows: () => spec.entries(),
    });
    this.keys = this.#bindings();
  }

  statusText(): string {
    return this.#spec.hint;
  }

  draw(canvas: Canvas): void {
    this.list.drawFramed(canvas, contentArea(canvas), this.#spec.emptyText);
  }

  #bindings(): KeyBinding[] {
    const { noun } = this.#spec;
    return [
      binding(['a', 'A', 'INSERT'], 'a', 'Add', `Add a ${noun}`, () => this.#add()),
      binding(['ENTER', 'e', 'E'], 'Enter', 'Edit', `Edit the marked ${noun}`, () => this.#edit()),
      binding(['DELETE', 'd', 'D'], 'Del', 'Delete', `Delete the marked ${noun} (asks first)`, () => this.#delete()),
      ...this.list.keys,
    ];
  }

  #add(): Reaction {
    return this.#ask(`Add a ${this.#spec.noun}`, null);
  }

  #edit(): Reaction {
    const entry = this.list.selectedRow;
    return entry === null ? this.#add() : this.#ask(`Edit the ${this.#spec.noun}`, entry);
  }

  #ask(title: string, entry: Entry | null): Reaction {
    const { hint, fields, read, save } = this.#spec;
    const others = this.#spec.entries().filter(({ key }) => key !== entry?.key);
    const taken = (key: string): boolean => others.some((other) => other.key === key);
    const accept = (values: Record<string, string>): Reaction => save([...others, read(values)]);
    return { type: 'open', screen: formDialog(title, hint, fields(entry, taken), accept) };
  }

  #delete(): Reaction {
    const entry = this.list.selectedRow;
    if (entry === null) return IGNORED;
    const others = this.#spec.entries().filter(({ key }) => key !== entry.key);
    const question = `Delete ${entry.text === '' ? entry.key : `${entry.key} (${entry.text})`}?`;
    return { type: 'open', screen: confirmDialog('Delete', question, this.#spec.save(others)) };
  }
}

/** Why a reader refuses the text, or null. */
function refused(read: (text: string) => unknown, text: string): string | null {
  try {
    read(text);
    return null;
  } catch (error) {
    if (error instanceof BadSetting) return error.message;
    throw error;
  }
}

interface CurrentSettings {
  readonly current: Settings;
}

/** Additional ports and ranges of ports. */
export function portsScreen(line: SettingLine, settings: CurrentSettings): Screen {
  const count = (key: string): number => {
    const [from, to] = portRange(key) ?? [0, -1];
    return to - from + 1;
  };
  const check = (text: string, taken: (key: string) => boolean): string | null => {
    const entry = portRangeText(text);
    if (entry === null) return 'say a port or a range of ports, as 8000 or 8000-8100';
    return taken(entry) ? `${entry} is in the list already` : null;
  };
  return new ListScreen({
    title: 'additional ports',
    noun: 'port or range',
    hint: 'Ports that are always shown as services: one (8000), or a range (8000-8100)',
    emptyText: 'no additional ports; a adds one',
    columns: [
      { id: 'ports', title: 'Ports', width: 11, read: ({ key }) => key.replace('-', ' - ') },
      {
        id: 'count',
        title: 'How many',
        width: 8,
        align: 'right',
        style: 'value',
        read: ({ key }) => String(count(key)),
      },
    ],
    entries: () => settings.current.additionalPorts.map((key) => ({ key, text: '' })),
    fields: (entry, taken) => [
      { id: 'ports', label: 'Ports', value: entry?.key ?? '', check: (text) => check(text, taken) },
    ],
    read: ({ ports }) => ({ key: portRangeText(ports) ?? ports, text: '' }),
    save: (entries) =>
      change(
        line,
        readValue(
          line.kind,
          entries.map(({ key }) => key),
        ),
      ),
  });
}

/** Descriptions of stations by MAC address. */
export function stationsScreen(line: SettingLine, settings: CurrentSettings): Screen {
  const checkMac = (text: string, taken: (key: string) => boolean): string | null => {
    const wrong = refused(readStation, text);
    if (wrong !== null) return 'say a MAC address, as 02:11:22:33:44:55';
    return taken(stationAddress(text) ?? '') ? 'this address has a description already' : null;
  };
  return new ListScreen({
    title: 'station descriptions',
    noun: 'station',
    hint: 'Stations of the local network by MAC address, with the name that you give them',
    emptyText: 'no descriptions; a adds one',
    columns: [
      { id: 'mac', title: 'MAC address', width: 17, read: ({ key }) => key },
      { id: 'text', title: 'Description', width: 20, flex: 1, style: 'value', read: ({ text }) => text },
    ],
    entries: () => Object.entries(settings.current.stationDescriptions).map(([key, text]) => ({ key, text })),
    fields: (entry, taken) => [
      { id: 'mac', label: 'MAC address', value: entry?.key ?? '', check: (text) => checkMac(text, taken) },
      {
        id: 'text',
        label: 'Description',
        value: entry?.text ?? '',
        check: (text) => refused(readDescription, text),
      },
    ],
    read: ({ mac, text }) => ({ key: readStation(mac), text: readDescription(text) }),
    save: (entries) =>
      change(
        line,
        readValue(
          line.kind,
          entries.map(({ key, text }) => `${key}=${text}`),
        ),
      ),
  });
}
