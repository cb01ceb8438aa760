/**
 * Interface picker: every interface with its state, addresses, speed and current rate. What it shows comes from an
 * injected function, asked once a second; interfaces that are down are dim, and can be chosen all the same.
 */
import { formatLinkSpeed, formatRate, type RateFormat } from '../../src/base/format.ts';
import type { Canvas } from '../kit/canvas.ts';
import { centeredArea } from '../kit/chrome.ts';
import { binding, type KeyBinding, REDRAW } from '../kit/keys.ts';
import { LocalTable, LocalTableScreen, numbersOfNames } from '../kit/local-table.ts';
import type { Reaction, Screen } from '../kit/screen.ts';
import type { Column } from '../kit/table.ts';
import { textWidth } from '../kit/text.ts';

/** An interface as the picker shows it. */
export interface InterfacePickerRow {
  name: string;
  up: boolean;
  /** What is wrong or special about it ("no carrier", "loopback", "member of br0"), or "". */
  note: string;
  /** As text, without prefix length. */
  addresses: string[];
  /** Mbit/s as the kernel gives it; null = it has none or does not tell. */
  speedMegabits: number | null;
  /** [in, out], from the kernel's counters; null before the second reading. */
  bytesPerSecond: [number | null, number | null];
}

/** What was chosen: an interface, or all of them. */
export type InterfaceChoice = { type: 'all' } | { type: 'interface'; name: string };

export interface InterfacePickerOptions {
  /** Title of the monitor that will open. */
  purpose: string;
  /** Reads what there is now. Called once a second while the picker is shown. */
  rows(): readonly InterfacePickerRow[];
  /** Whether "All interfaces" is offered. */
  offerAll: boolean;
  open(choice: InterfaceChoice): Screen;
  rate?: RateFormat;
}

interface PickerLine {
  id: number;
  choice: InterfaceChoice;
  row: InterfacePickerRow;
}

const LEAST_BOX_WIDTH = 80;
const MOST_BOX_WIDTH = 132;

function sumOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

function allInterfaces(rows: readonly InterfacePickerRow[]): InterfacePickerRow {
  const up = rows.filter((row) => row.up);
  return {
    name: 'All interfaces',
    up: true,
    note: '',
    addresses: [],
    speedMegabits: null,
    bytesPerSecond: [sumOf(up.map((row) => row.bytesPerSecond[0])), sumOf(up.map((row) => row.bytesPerSecond[1]))],
  };
}

class InterfacePicker extends LocalTableScreen<PickerLine> {
  readonly title: string;
  readonly keys: readonly KeyBinding[];
  readonly #options: InterfacePickerOptions;
  protected readonly list: LocalTable<PickerLine>;
  readonly #numberOf = numbersOfNames();
  #lines: PickerLine[] = [];

  constructor(options: InterfacePickerOptions) {
    super();
    this.#options = options;
    this.title = `${options.purpose}: which interface?`;
    this.list = new LocalTable({
      columns: pickerColumns(options.rate),
      rowId: (line) => line.id,
      rowStyle: (line) => (line.row.up ? null : 'dim'),
      gap: 1,
      rows: () => this.#lines,
    });
    const all = binding(['a', 'A'], 'a', 'All', 'Watch all interfaces', () => this.#openAll());
    this.keys = [
      binding(['ENTER'], 'Enter', 'Watch', 'Watch this interface', () => this.#open()),
      ...(options.offerAll ? [all] : []),
      ...this.list.keys,
    ];
    this.poll();
  }

  poll(): void {
    const rows = this.#options.rows();
    const line = (row: InterfacePickerRow, choice: InterfaceChoice): PickerLine => ({
      id: this.#numberOf(row.name),
      choice,
      row,
    });
    const named = rows.map((row) => line(row, { type: 'interface', name: row.name }));
    this.#lines = this.#options.offerAll ? [line(allInterfaces(rows), { type: 'all' }), ...named] : named;
    this.list.refresh();
  }

  statusText(): string {
    const row = this.list.selectedRow?.row;
    if (row === undefined) return 'No interface was found';
    if (row.name === 'All interfaces') return 'All at once; what crosses two of them counts in both';
    const facts = [row.note, row.addresses.length === 0 ? 'no address' : row.addresses.join('  ')];
    return [row.name, ...facts.filter((fact) => fact !== '')].join('  ');
  }

  draw(canvas: Canvas): void {
    const width = Math.min(MOST_BOX_WIDTH, Math.max(LEAST_BOX_WIDTH, canvas.width - 16));
    const box = centeredArea(canvas, width, this.#lines.length + 3);
    this.list.drawFramed(canvas, box, 'No interface was found', { topLeft: 'Interfaces' });
  }

  #open(): Reaction {
    const line = this.list.selectedRow;
    return line === null ? REDRAW : { type: 'open', screen: this.#options.open(line.choice) };
  }

  #openAll(): Reaction {
    return { type: 'open', screen: this.#options.open({ type: 'all' }) };
  }
}

/** As many whole addresses as fit, then how many more there are: half an address says nothing. */
export function fitAddresses(addresses: readonly string[], width: number): string {
  for (let shown = addresses.length; shown > 0; shown--) {
    const more = addresses.length - shown;
    const text = addresses.slice(0, shown).join('  ') + (more > 0 ? ` +${more}` : '');
    if (textWidth(text) <= width) return text;
  }
  return addresses[0] ?? '';
}

function pickerColumns(rate?: RateFormat): Column<PickerLine>[] {
  const onlyNamed = ({ choice }: PickerLine, text: string): string => (choice.type === 'all' ? '' : text);
  return [
    { id: 'name', title: 'Interface', width: 15, read: ({ row }) => row.name },
    {
      id: 'state',
      title: 'State',
      width: 5,
      style: 'incoming',
      read: (line) => onlyNamed(line, line.row.up ? 'up' : 'down'),
    },
    {
      id: 'speed',
      title: 'Speed',
      width: 10,
      align: 'right',
      style: 'value',
      minTerminalWidth: 80,
      read: (line) => onlyNamed(line, formatLinkSpeed(line.row.speedMegabits)),
    },
    {
      id: 'in',
      title: 'In',
      width: 12,
      align: 'right',
      style: 'value',
      read: ({ row }) => formatRate(row.bytesPerSecond[0], rate),
    },
    {
      id: 'out',
      title: 'Out',
      width: 12,
      align: 'right',
      style: 'value',
      read: ({ row }) => formatRate(row.bytesPerSecond[1], rate),
    },
    {
      id: 'addresses',
      title: 'Addresses',
      width: 15,
      flex: 1,
      gap: 2,
      minTerminalWidth: 76,
      read: ({ row }, _line, width) => fitAddresses(row.addresses, width),
    },
    { id: 'note', title: 'Note', width: 20, gap: 2, minTerminalWidth: 120, style: 'dim', read: ({ row }) => row.note },
  ];
}

/** The picker; Enter opens what `open` makes of the choice. */
export function createInterfacePicker(options: InterfacePickerOptions): Screen {
  return new InterfacePicker(options);
}
