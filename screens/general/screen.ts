/**
 * The general interface statistics screen: every interface on one line, members below their master, the sum at the
 * bottom. Enter opens the detailed statistics of the marked one.
 */
import { DEFAULT_RATE_FORMAT, formatCount, formatPacketRate, formatRate } from '../../src/base/format.ts';
import { DetailedScreen } from '../detailed/screen.ts';
import type { Canvas } from '../kit/canvas.ts';
import { drawFigures, type Figure } from '../kit/figures.ts';
import { IGNORED, type KeyBinding, REDRAW } from '../kit/keys.ts';
import type { Reaction } from '../kit/screen.ts';
import type { Column } from '../kit/table.ts';
import type { SortChoice } from '../kit/table-dialogs.ts';
import { TableScreen } from '../kit/table-screen.ts';
import { textWidth } from '../kit/text.ts';
import type { MonitorScreenOptions } from '../monitor-screen.ts';
import {
  GENERAL_MODES,
  type GeneralMode,
  type GeneralView,
  generalColumns,
  longestName,
  OPTIONAL_COLUMNS,
} from './columns.ts';
import {
  GENERAL_ASCENDING,
  GENERAL_SEARCH_FIELDS,
  GENERAL_SORTS,
  type GeneralCommand,
  type GeneralExtra,
  type GeneralRow,
  type GeneralSort,
} from './types.ts';

const SORTS: Record<GeneralSort, Omit<SortChoice, 'column'>> = {
  interface: { word: 'name', key: 'n' },
  rate: { word: 'rate', key: 'r' },
  packets: { word: 'packets', key: 'p' },
  bytes: { word: 'bytes', key: 'b' },
  load: { word: 'load', key: 'l' },
  errors: { word: 'errors and drops', key: 'e' },
  missed: { word: 'missed packets', key: 'm' },
};

/** What adding up means, in as many words as there is room for. */
const SUM_NOTES = ['a packet that crosses bridge, port and VLAN counts on each', 'each counts its own'];

function isIdle({ state }: GeneralRow): boolean {
  return state === 'gone' || state === 'down';
}

/** Cells that figures take on one line (drawFigures). */
function lineWidth(figures: readonly Figure[]): number {
  return figures.reduce((cells, { label, value }) => cells + textWidth(label) + 1 + textWidth(value) + 3, -2);
}

export class GeneralScreen extends TableScreen<GeneralRow> {
  readonly #options: MonitorScreenOptions;
  readonly #view: Pick<GeneralView, 'byteKind' | 'rate'>;
  #mode: GeneralMode = 'packets';

  constructor(options: MonitorScreenOptions) {
    super({
      monitor: 'general',
      title: `General interface statistics: ${options.watched}`,
      rowId: (row) => row.id,
      rowStyle: (row) => (isIdle(row) ? 'dim' : null),
      sorts: GENERAL_SORTS.map((column) => ({ column, ...SORTS[column] })),
      ascendingSorts: GENERAL_ASCENDING,
      sort: options.sort ?? 'interface',
      searchFields: GENERAL_SEARCH_FIELDS,
      optionalColumns: OPTIONAL_COLUMNS,
    });
    this.#options = options;
    this.#view = { byteKind: options.byteKind ?? 'ip', rate: options.rate ?? DEFAULT_RATE_FORMAT };
  }

  protected override queryOptions(): Record<string, unknown> {
    return { minute: this.#view.byteKind };
  }

  protected columns(width: number, hidden: ReadonlySet<string>): readonly Column<GeneralRow>[] {
    const { rows } = this.table;
    const knowsDirections = rows.length === 0 || rows.some(({ incoming }) => incoming !== null);
    const view = { ...this.#view, nameWidth: longestName(rows), knowsDirections, isLive: this.#isLive };
    return generalColumns(this.#mode, view, width, hidden);
  }

  protected countText(rowsTotal: number, hidden: number): string {
    const { interfaces, gone } = this.#extra ?? { interfaces: rowsTotal, gone: 0 };
    const parts = [`${formatCount(interfaces)} ${interfaces === 1 ? 'interface' : 'interfaces'}`];
    if (gone > 0) parts.push(`${formatCount(gone)} gone`);
    if (hidden > 0) parts.push(`${formatCount(hidden)} hidden by search`);
    return parts.join(', ');
  }

  get #isLive(): boolean {
    return this.snapshot?.capture.source !== 'savefile';
  }

  get #extra(): GeneralExtra | null {
    return (this.snapshot?.extra as GeneralExtra | undefined) ?? null;
  }

  protected emptyText(): string {
    return 'no interface was found';
  }

  protected drawFooter(canvas: Canvas, y: number): void {
    if (this.snapshot === null) return;
    const { totals } = this.snapshot;
    const isWire = this.#view.byteKind === 'wire';
    const rate = formatRate(isWire ? totals.wireBytesPerSecond : totals.bytesPerSecond, this.#view.rate);
    const sum: Figure[] = [
      { label: 'Sum of all interfaces', value: rate },
      { label: 'pkt/s', value: formatPacketRate(totals.packetsPerSecond) },
    ];
    const packets: Figure = { label: 'Packets', value: formatCount(totals.packets) };
    const [long, short] = SUM_NOTES.map((note): Figure => ({ label: note, value: '' }));
    const lines = [[...sum, packets, long], [...sum, packets, short], [...sum, short], sum];
    drawFigures(canvas, y, lines.find((line) => lineWidth(line) < canvas.width) ?? sum);
  }

  protected ownKeys(): KeyBinding[] {
    return [
      {
        keys: ['ENTER'],
        label: 'Enter',
        bar: 'Detailed',
        help: 'Detailed statistics of this interface',
        run: () => this.#openDetailed(),
      },
      {
        keys: ['m', 'M'],
        label: 'M',
        bar: 'More',
        help: 'Columns: packets, kernel and errors, last minute',
        run: () => this.#nextMode(),
      },
      {
        keys: ['f', 'F'],
        label: 'F',
        bar: null,
        help: 'Remove interfaces that are gone',
        run: () => ({
          type: 'engine',
          request: {
            type: 'command',
            monitor: 'general',
            command: 'flush' satisfies GeneralCommand,
            arguments: {},
          },
        }),
      },
    ];
  }

  #openDetailed(): Reaction {
    const row = this.table.selectedRow;
    if (row === null) return IGNORED;
    // The order chosen for this screen is none of the other's.
    const screen = new DetailedScreen({ ...this.#options, sort: undefined, interface: row.interface });
    return { type: 'open', screen };
  }

  #nextMode(): Reaction {
    const modes = GENERAL_MODES.filter((mode) => this.#isLive || mode !== 'kernel');
    this.#mode = modes[(modes.indexOf(this.#mode) + 1) % modes.length];
    return REDRAW;
  }
}
