/** How the host pair monitor shows its rows at first: the settings of iftop's options, keys and ~/.iftoprc. */
import { HOST_GROUPING, type HostPairSort, type PairGrouping } from './types.ts';

/** iftop's key t goes through them in this order. */
export const LINE_DISPLAYS = ['two-line', 'one-line-both', 'one-line-sent', 'one-line-received'] as const;
export type LineDisplay = (typeof LINE_DISPLAYS)[number];

export interface PairsView {
  grouping: PairGrouping;
  lines: LineDisplay;
  /** Bars behind rows, and which average they show: 0, 1, 2 of PAIR_WINDOWS. */
  bars: boolean;
  barWindow: 0 | 1 | 2;
  scale: 'linear' | 'logarithmic';
  /** Bits a second at the right end of the scale; null: fits the traffic. */
  scaleMaximum: number | null;
  /** What each row carried since it began, as a column. */
  showTotals: boolean;
  sort: HostPairSort;
  frozen: boolean;
  /** Regular expression (HostPairOptions.screenFilter), or null. */
  screenFilter: string | null;
  showNames: boolean;
  showServices: boolean;
  /** Bits a second (2 s average, both directions): rows above are marked, and the status line says so; null: none. */
  threshold: number | null;
}

export const DEFAULT_PAIRS_VIEW: PairsView = {
  grouping: HOST_GROUPING,
  lines: 'two-line',
  bars: true,
  barWindow: 1,
  scale: 'linear',
  scaleMaximum: null,
  showTotals: false,
  sort: 'rate-10s',
  frozen: false,
  screenFilter: null,
  showNames: false,
  showServices: false,
  threshold: null,
};
