/**
 * The packet size monitor's screen: brackets of sizes with bars for both directions, averages and largest packets.
 *
 *   one line a bracket where the terminal is high enough; two columns of brackets at 80x24; a scrolled list below
 */
import { DEFAULT_RATE_FORMAT, type RateFormat } from '../../src/base/format.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import type { Query } from '../../src/engine/monitor.ts';
import type { Area, Canvas } from '../kit/canvas.ts';
import { contentArea, inner } from '../kit/chrome.ts';
import { binding, dispatchKey, IGNORED, type KeyBinding, REDRAW, REFRESH } from '../kit/keys.ts';
import type { MonitorQuery, MouseEvent, Reaction, Screen } from '../kit/screen.ts';
import { Table } from '../kit/table.ts';
import { saveDialog } from '../kit/table-dialogs.ts';
import { fitText } from '../kit/text.ts';
import type { MonitorScreenOptions } from '../monitor-screen.ts';
import { type SizesView, sizeColumns } from './columns.ts';
import { drawSizeFigures, LEFT_ROWS, sizesLayout } from './panels.ts';
import type { PacketSizesExtra, PacketSizesOptions, PacketSizesRow } from './types.ts';

const EVERYTHING: Pick<Query, 'sort' | 'descending' | 'offset' | 'limit' | 'follow'> = {
  sort: null,
  descending: false,
  offset: 0,
  limit: 0,
  follow: null,
};

function bracketTable(): Table<PacketSizesRow> {
  return new Table<PacketSizesRow>({ columns: [], rowId: (row) => row.id });
}

export class PacketSizesScreen implements Screen {
  readonly title: string;
  readonly #keys: readonly KeyBinding[];
  readonly #byteKind: 'ip' | 'wire';
  readonly #rate: RateFormat;
  readonly #tables = [bracketTable(), bracketTable()] as const;
  #measure: SizesView['measure'] = 'packets';
  #scale: SizesView['scale'] = 'linear';
  /** The interface that is asked for; null: all of them together. */
  #interface: string | null = null;
  #snapshot: Snapshot<PacketSizesRow> | null = null;
  /** First bracket shown, and how many there is room for, where not all are. */
  #first = 0;
  #room = 0;

  constructor(options: MonitorScreenOptions) {
    this.title = `Packet sizes: ${options.watched}`;
    this.#byteKind = options.byteKind ?? 'ip';
    this.#rate = options.rate ?? DEFAULT_RATE_FORMAT;
    this.#keys = this.#bindings();
  }

  /** The key bar offers other interfaces only where there are any. */
  get keys(): readonly KeyBinding[] {
    const several = this.#snapshot === null || this.#extra(this.#snapshot).interfaces.length > 1;
    return several ? this.#keys : this.#keys.map((key) => (key.label === 'Tab' ? { ...key, bar: null } : key));
  }

  queries(): readonly MonitorQuery[] {
    const options: PacketSizesOptions = { byteKind: this.#byteKind, interface: this.#interface };
    return [{ monitor: 'packet-sizes', query: { ...EVERYTHING, options: { ...options } } }];
  }

  update(snapshots: readonly Snapshot[]): void {
    this.#snapshot = snapshots[0] as Snapshot<PacketSizesRow>;
  }

  draw(canvas: Canvas): void {
    const area = contentArea(canvas);
    const inside = inner(area);
    const { brackets, lineY, figures } = sizesLayout(inside);
    canvas.frame(area.x, area.y, area.width, area.height, 'frame', {
      bottomLeft: this.#shownText(),
      bottomRight: `bars: ${this.#measure}${this.#scale === 'linear' ? '' : ', logarithmic'}`,
    });
    if (this.#snapshot === null) {
      const text = fitText('waiting for the first figures', inside.width, 'center');
      canvas.text(inside.x, inside.y + (inside.height >> 1), text, 'dim');
      return;
    }
    this.#drawBrackets(canvas, brackets, this.#snapshot.rows, area.x + area.width - 1);
    if (lineY !== null) drawDivider(canvas, area, lineY);
    drawSizeFigures(canvas, figures, this.#snapshot.rows, this.#extra(this.#snapshot), this.#rate);
  }

  #extra(snapshot: Snapshot): PacketSizesExtra {
    return snapshot.extra as unknown as PacketSizesExtra;
  }

  /** What the figures are of: said where they may be of several interfaces. */
  #shownText(): string {
    if (this.#snapshot === null) return '';
    const { interface: shown, interfaces } = this.#extra(this.#snapshot);
    if (shown !== null) return `${shown}, ${interfaces.indexOf(shown) + 1} of ${interfaces.length} interfaces`;
    return interfaces.length > 1 ? `${interfaces.length} interfaces together` : (interfaces[0] ?? '');
  }

  #drawBrackets(canvas: Canvas, areas: readonly Area[], rows: readonly PacketSizesRow[], scrollbarX: number): void {
    const [area] = areas;
    const view: SizesView = { measure: this.#measure, scale: this.#scale, rate: this.#rate, rows };
    this.#room = areas.length === 1 ? area.height : rows.length;
    this.#first = Math.max(0, Math.min(this.#first, rows.length - this.#room));
    const parts = areas.length === 1 ? [rows.slice(this.#first)] : [rows.slice(0, LEFT_ROWS), rows.slice(LEFT_ROWS)];
    for (const [i, part] of parts.entries()) {
      const table = this.#tables[i];
      table.columns = sizeColumns(view, areas[i].width);
      table.setPage({ rows: part, offset: i === 0 ? this.#first : LEFT_ROWS, rowsTotal: rows.length });
      table.draw(canvas, areas[i], {
        header: 'border',
        focused: false,
        ...(areas.length === 1 ? { scrollbarX } : {}),
      });
    }
    if (areas.length > 1) canvas.fill(area.x + area.width + 1, area.y, 1, area.height, '│', 'frame');
  }

  onKey(key: string): Reaction {
    return dispatchKey(this.keys, key);
  }

  onMouse({ kind }: MouseEvent): Reaction {
    if (kind === 'press') return IGNORED;
    return this.#scroll(this.#first + (kind === 'wheel-up' ? -3 : 3));
  }

  #bindings(): KeyBinding[] {
    const page = (): number => Math.max(1, this.#room - 1);
    return [
      binding(
        ['TAB', 'RIGHT', 'w', 'W'],
        'Tab',
        'Interface',
        'The next interface alone, or all together (also Right)',
        () => this.#step(1),
      ),
      binding(['LEFT', 'SHIFT_TAB'], 'Left', null, 'The interface before', () => this.#step(-1)),
      binding(['b', 'B'], 'B', 'Bytes', 'Count packets, or their bytes', () => this.#toggleMeasure()),
      binding(['g', 'G'], 'G', 'Log', 'Bars linear, or logarithmic: small counts show', () => this.#toggleScale()),
      binding(['CTRL_S'], '^S', null, 'Save the brackets as CSV', () => this.#openSave()),
      binding(['l', 'L'], 'L', null, 'Draw the screen anew', () => ({ type: 'repaint' })),
      binding(['UP'], 'Up', null, 'Scroll up, where not all brackets fit', () => this.#scroll(this.#first - 1)),
      binding(['DOWN'], 'Dn', null, 'Scroll down', () => this.#scroll(this.#first + 1)),
      binding(['PAGE_UP', '-'], 'PgUp', null, 'One page up', () => this.#scroll(this.#first - page())),
      binding(['PAGE_DOWN', ' '], 'PgDn', null, 'One page down', () => this.#scroll(this.#first + page())),
      binding(['HOME'], 'Home', null, 'The smallest sizes', () => this.#scroll(0)),
      binding(['END'], 'End', null, 'The largest sizes', () => this.#scroll(Number.POSITIVE_INFINITY)),
    ];
  }

  /** Drawing keeps it within what there is. */
  #scroll(first: number): Reaction {
    this.#first = Math.max(0, first);
    return REDRAW;
  }

  #step(by: 1 | -1): Reaction {
    const interfaces = this.#snapshot === null ? [] : this.#extra(this.#snapshot).interfaces;
    if (interfaces.length < 2) return IGNORED;
    const choices = [null, ...interfaces];
    const now = Math.max(0, choices.indexOf(this.#interface));
    this.#interface = choices[(now + by + choices.length) % choices.length];
    return REFRESH;
  }

  #toggleMeasure(): Reaction {
    this.#measure = this.#measure === 'packets' ? 'bytes' : 'packets';
    return REDRAW;
  }

  #toggleScale(): Reaction {
    this.#scale = this.#scale === 'linear' ? 'logarithmic' : 'linear';
    return REDRAW;
  }

  #openSave(): Reaction {
    if (this.#snapshot === null) return IGNORED;
    return saveDialog('packet-sizes', this.#snapshot.time, this.queries()[0]);
  }
}

/** A line across the frame. */
function drawDivider(canvas: Canvas, { x, width }: Area, y: number): void {
  canvas.text(x, y, '├', 'frame');
  canvas.fill(x + 1, y, width - 2, 1, '─', 'frame');
  canvas.text(x + width - 1, y, '┤', 'frame');
}
