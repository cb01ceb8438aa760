/**
 * How the rows look now: the operator's choices, and what was learned of the traffic — units, widths of hosts, the scale
 * that fits. Widths only grow while the choices stand, so that columns do not move about.
 */
import { DEFAULT_RATE_FORMAT } from '../../src/base/format.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import type { Column } from '../kit/table.ts';
import { textWidth } from '../kit/text.ts';
import type { MonitorScreenOptions, NameSource } from '../monitor-screen.ts';
import { flowOf, isAboveThreshold, type PairColumnsView, pairColumns, rateOf, shownThreshold } from './columns.ts';
import { showsPorts } from './grouping.ts';
import { type HostsView, hostText } from './hosts.ts';
import { FittingMaximum, type Scale, shareOnScale } from './scale.ts';
import type { HostPairExtra, HostPairRow } from './types.ts';
import { inShownUnit, limitInShownUnit, type PairUnits } from './units.ts';
import { DEFAULT_PAIRS_VIEW, type PairsView } from './view.ts';

/** Choices after which other texts stand in the rows, or other values behind them. */
const TEXTS: readonly (keyof PairsView)[] = ['grouping', 'showNames', 'showServices'];
const VALUES: readonly (keyof PairsView)[] = ['grouping', 'lines', 'barWindow', 'scale'];
/** Interface names are shown in at most this many cells on narrow and on wide terminals. */
const NARROW_INTERFACE = 9;
const WIDE_INTERFACE = 15;
const WIDE = 100;

export class PairsLook {
  #view: PairsView;
  units: PairUnits;
  /** Columns that are switched off, by id. */
  readonly hiddenColumns = new Set<string>();
  readonly #names: NameSource;
  readonly #fitting = new FittingMaximum();
  /** Right end of the scale, in the unit that is shown. */
  #maximum = 0;
  #hostWidths: [number, number] = [0, 0];
  #interfaceWidth = 0;
  #severalInterfaces = false;
  #packets = 0;

  constructor({ names, rate, byteKind, showNames, showServices, pairs }: MonitorScreenOptions) {
    this.#names = names;
    this.#view = {
      ...DEFAULT_PAIRS_VIEW,
      showNames: showNames ?? DEFAULT_PAIRS_VIEW.showNames,
      showServices: showServices ?? DEFAULT_PAIRS_VIEW.showServices,
      ...pairs,
    };
    // What is counted says the engine; until then the settings are taken for it.
    this.units = { quantity: byteKind === 'wire' ? 'wireBytes' : 'ipBytes', rate: rate ?? DEFAULT_RATE_FORMAT };
    if (!this.#view.showTotals) this.hiddenColumns.add('total');
  }

  get view(): PairsView {
    return this.#view;
  }

  get hosts(): HostsView {
    const { showNames, showServices } = this.#view;
    return { names: this.#names, showNames, showServices };
  }

  change(part: Partial<PairsView>): void {
    this.#view = { ...this.#view, ...part };
    if (TEXTS.some((choice) => choice in part)) this.#hostWidths = [0, 0];
    if (VALUES.some((choice) => choice in part)) this.#fitting.forget();
  }

  /** Takes in what a snapshot shows. */
  learn({ rows, extra, interfaces, elapsedSeconds, totals }: Snapshot<HostPairRow>): void {
    // Counted anew, after a reset or from a file's beginning.
    if (totals.packets < this.#packets) this.#fitting.forget();
    this.#packets = totals.packets;
    this.units = { ...this.units, quantity: (extra as unknown as HostPairExtra).quantity };
    this.#severalInterfaces = interfaces.length > 1;
    this.#interfaceWidth = Math.max(0, ...interfaces.map(({ name }) => textWidth(name)));
    for (const side of [0, 1] as const) {
      const widths = rows.map((row) => textWidth(hostText(row, side, this.hosts)));
      this.#hostWidths[side] = Math.max(this.#hostWidths[side], ...widths);
    }
    const { scale, scaleMaximum } = this.#view;
    const { base } = this.#scaleBase;
    this.#maximum =
      scaleMaximum === null
        ? this.#fitting.fit(this.#largest(rows), scale, base, elapsedSeconds)
        : limitInShownUnit(scaleMaximum, this.units);
  }

  /** Largest average that a bar stands for. */
  #largest(rows: readonly HostPairRow[]): number {
    const lines = this.#view.lines === 'two-line' ? [0, 1] : [0];
    return rows.reduce((most, row) => Math.max(most, ...lines.map((line) => this.#barValue(row, line))), 0);
  }

  #barValue(row: HostPairRow, line: number): number {
    const { barWindow, lines } = this.#view;
    return inShownUnit(rateOf(row, barWindow, flowOf(lines, line)) ?? 0, this.units);
  }

  get #scaleBase(): Pick<Scale, 'base'> {
    return { base: this.units.quantity === 'packets' ? 1000 : this.units.rate.base };
  }

  get scale(): Scale {
    return { kind: this.#view.scale, maximum: this.#maximum, ...this.#scaleBase };
  }

  /** Length of a row's bar, 0 to 1. */
  barShare(row: HostPairRow, line: number): number {
    return shareOnScale(this.#barValue(row, line), this.scale);
  }

  isAbove(row: HostPairRow): boolean {
    return isAboveThreshold(row, this.#columnsView(WIDE_INTERFACE));
  }

  /** Columns for a table of `width` cells on a terminal of `terminalWidth`. */
  columns(width: number, terminalWidth: number): readonly Column<HostPairRow>[] {
    return pairColumns(this.#columnsView(terminalWidth < WIDE ? NARROW_INTERFACE : WIDE_INTERFACE), width);
  }

  #columnsView(widestInterface: number): PairColumnsView {
    const { grouping, lines, threshold } = this.#view;
    return {
      units: this.units,
      lines,
      hosts: this.hosts,
      showsProtocol: showsPorts(grouping),
      severalInterfaces: this.#severalInterfaces,
      interfaceWidth: Math.min(this.#interfaceWidth, widestInterface),
      hostWidths: this.#hostWidths,
      threshold: shownThreshold(threshold, this.units),
      hidden: this.hiddenColumns,
    };
  }
}
