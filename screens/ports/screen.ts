/**
 * The port monitor's screen: every port that acts as a service on one line, or (t) iptraf-ng's strict view. Enter shows
 * the conversations of the marked port. Names of services are known here alone.
 */
import { DEFAULT_RATE_FORMAT, formatCount } from '../../src/base/format.ts';
import { IpTrafficScreen } from '../ip-traffic/screen.ts';
import type { Canvas } from '../kit/canvas.ts';
import { drawFigures } from '../kit/figures.ts';
import { IGNORED, type KeyBinding, REFRESH } from '../kit/keys.ts';
import type { Reaction } from '../kit/screen.ts';
import type { NamesOf } from '../kit/search.ts';
import { servicesOf } from '../kit/search-names.ts';
import type { Column } from '../kit/table.ts';
import type { SortChoice } from '../kit/table-dialogs.ts';
import { TableScreen } from '../kit/table-screen.ts';
import type { MonitorScreenOptions } from '../monitor-screen.ts';
import { footerFigures, type PortsView, shownRate } from './cells.ts';
import { OPTIONAL_COLUMNS, portColumns } from './columns.ts';
import {
  ASCENDING_PORT_SORTS,
  PORT_SEARCH_FIELDS,
  PORT_SORTS,
  type PortExtra,
  type PortOptions,
  type PortRow,
  type PortSort,
  type PortView,
} from './types.ts';

/** iptraf-ng's letters: R P B T O F M. */
const SORTS: Record<PortSort, Omit<SortChoice, 'column'>> = {
  rate: { word: 'rate', key: 'a' },
  bytes: { word: 'bytes', key: 'b' },
  packets: { word: 'packets', key: 'p' },
  port: { word: 'port', key: 'r' },
  protocol: { word: 'protocol and port', key: 'l' },
  'packets-to': { word: 'packets to the port', key: 't' },
  'bytes-to': { word: 'bytes to the port', key: 'o' },
  'packets-from': { word: 'packets from the port', key: 'f' },
  'bytes-from': { word: 'bytes from the port', key: 'm' },
  'rate-to': { word: 'rate to the port', key: 'i' },
  'rate-from': { word: 'rate from the port', key: 'u' },
  conversations: { word: 'conversations', key: 'c' },
};

export class PortsScreen extends TableScreen<PortRow> {
  readonly #options: MonitorScreenOptions;
  #portView: PortView = 'services';
  #view: PortsView;

  constructor(options: MonitorScreenOptions) {
    super({
      monitor: 'ports',
      title: `TCP/UDP ports: ${options.watched}`,
      rowId: (row) => row.id,
      sorts: PORT_SORTS.map((column) => ({ column, ...SORTS[column] })),
      ascendingSorts: ASCENDING_PORT_SORTS,
      sort: options.sort ?? 'rate',
      searchFields: PORT_SEARCH_FIELDS,
      optionalColumns: OPTIONAL_COLUMNS,
    });
    this.#options = options;
    this.#view = { byteKind: options.byteKind ?? 'ip', rate: options.rate ?? DEFAULT_RATE_FORMAT, totalRate: null };
  }

  protected override queryOptions(): Record<string, unknown> {
    return { view: this.#portView } satisfies Omit<PortOptions, 'search'>;
  }

  /** The engine knows no names: it is told which ports a name stands for. */
  protected override readonly namesOf: NamesOf = (term) => {
    const ports = term.field === 'proto' ? [] : servicesOf(term);
    return ports.length > 0 ? { ports } : {};
  };

  protected columns(width: number, hidden: ReadonlySet<string>): readonly Column<PortRow>[] {
    const extra = this.#extra;
    const totalRate = extra === null ? null : shownRate(extra, this.#view);
    this.#view = { ...this.#view, totalRate };
    return portColumns(this.#view, width, hidden);
  }

  protected countText(rowsTotal: number, hidden: number): string {
    const counted = `${formatCount(rowsTotal)} ${rowsTotal === 1 ? 'port' : 'ports'}`;
    const parts = [this.#portView === 'strict' ? `${counted} below 1024 or configured` : counted];
    if (hidden > 0) parts.push(`${formatCount(hidden)} hidden by search`);
    return parts.join(', ');
  }

  protected emptyText(): string {
    return this.#portView === 'strict'
      ? 'nothing on ports below 1024 or configured yet: t shows every service'
      : 'no TCP, UDP, SCTP or DCCP packet seen yet';
  }

  protected drawFooter(canvas: Canvas, y: number): void {
    const extra = this.#extra;
    if (extra !== null) drawFigures(canvas, y, footerFigures(this.table.selectedRow, extra, this.#view));
  }

  protected ownKeys(): KeyBinding[] {
    return [
      {
        keys: ['ENTER'],
        label: 'Enter',
        bar: 'Traffic',
        help: 'Conversations of the port',
        run: () => this.#openConversations(),
      },
      {
        keys: ['t', 'T'],
        label: 't',
        bar: 'Strict',
        help: 'Strict view (as iptraf-ng: below 1024, configured), or all',
        run: () => this.#toggleView(),
      },
    ];
  }

  get #extra(): PortExtra | null {
    return (this.snapshot?.extra as PortExtra | undefined) ?? null;
  }

  #toggleView(): Reaction {
    this.#portView = this.#portView === 'services' ? 'strict' : 'services';
    return REFRESH;
  }

  #openConversations(): Reaction {
    const row = this.table.selectedRow;
    if (row === null) return IGNORED;
    const { ipProtocol, port } = row;
    const options = { ...this.#options, sort: undefined };
    return { type: 'open', screen: new IpTrafficScreen(options, { within: { port: { ipProtocol, port } } }) };
  }
}
