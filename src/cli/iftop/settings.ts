/**
 * What iftop's options and the directives of ~/.iftoprc set, in one form; what is absent nobody has said. Options hold
 * before directives. From both together come the door (how pairs are counted and shown) and the main command's values.
 */
import type { PreparedNetwork } from '../../../filters/prepared.ts';
import type { HostPairSort } from '../../../screens/host-pairs/types.ts';
import { DEFAULT_PAIRS_VIEW, type LineDisplay, type PairsView } from '../../../screens/host-pairs/view.ts';
import { HOST_SIDE, type PairSide } from '../../tables/pair-grouping.ts';
import type { IftopDoor } from '../door.ts';
import type { IftopUnit, IftopValues } from './options.ts';

/** On which side ports are shown. */
export const PORT_DISPLAYS = ['off', 'source-only', 'destination-only', 'on'] as const;
export type PortDisplay = (typeof PORT_DISPLAYS)[number];

/** Rows of a report in text where -L does not say. */
const DEFAULT_LINES = 10;

export interface IftopSettings {
  interfaces: string[];
  expression: string;
  network: PreparedNetwork;
  network6: PreparedNetwork;
  promiscuous: boolean;
  linkLocal: boolean;
  names: boolean;
  services: boolean;
  portDisplay: PortDisplay;
  hideSource: boolean;
  hideDestination: boolean;
  bars: boolean;
  logScale: boolean;
  /** Bits a second. */
  scaleMaximum: number;
  unit: IftopUnit;
  sort: HostPairSort;
  lineDisplay: LineDisplay;
  showTotals: boolean;
  screenFilter: string;
  /** Text, although there may be a terminal. */
  text: boolean;
  /** 0: reports go on. */
  reportSeconds: number;
  lines: number;
  /** Bits a second. */
  threshold: number;
}

/** What the options say. A switch that is not there says nothing. */
export function optionSettings(values: IftopValues): Partial<IftopSettings> {
  const { interfaces, expression, network, network6, scaleMaximum, sort, reportSeconds, lines } = values;
  const unit = values.unit ?? (values.bytes ? 'bytes' : null);
  return {
    ...(interfaces !== null && { interfaces }),
    ...(expression !== null && { expression }),
    ...(network !== null && { network }),
    ...(network6 !== null && { network6 }),
    ...(values.promiscuous && { promiscuous: true }),
    ...(values.linkLocal && { linkLocal: true }),
    ...(values.withoutNames && { names: false }),
    ...(values.withoutServices && { services: false }),
    ...(values.ports && { portDisplay: 'on' as const }),
    ...(values.withoutBars && { bars: false }),
    ...(scaleMaximum !== null && { scaleMaximum }),
    ...(unit !== null && { unit }),
    ...(sort !== null && { sort }),
    ...(values.text && { text: true }),
    ...(reportSeconds !== null && { reportSeconds }),
    ...lines,
  };
}

export function iftopDoor(settings: Partial<IftopSettings>): IftopDoor {
  const { unit = 'bits', network, network6, reportSeconds = 0, lines = DEFAULT_LINES } = settings;
  const networks = [network, network6].filter((each) => each !== undefined);
  return {
    name: 'iftop',
    view: pairsView(settings),
    pairs: {
      quantity: unit === 'packets' ? 'packets' : 'ipBytes',
      networks,
      crossingOnly: networks.length > 0,
      linkLocal: settings.linkLocal ?? false,
    },
    unit,
    expression: settings.expression ?? null,
    text: { afterSeconds: reportSeconds === 0 ? null : reportSeconds, lines },
  };
}

function pairsView(settings: Partial<IftopSettings>): PairsView {
  const { portDisplay = 'off', hideSource = false, hideDestination = false } = settings;
  const view = DEFAULT_PAIRS_VIEW;
  return {
    ...view,
    grouping: {
      ours: side(hideSource, portDisplay === 'on' || portDisplay === 'source-only'),
      theirs: side(hideDestination, portDisplay === 'on' || portDisplay === 'destination-only'),
    },
    lines: settings.lineDisplay ?? view.lines,
    bars: settings.bars ?? view.bars,
    scale: settings.logScale === true ? 'logarithmic' : view.scale,
    scaleMaximum: settings.scaleMaximum ?? null,
    showTotals: settings.showTotals ?? view.showTotals,
    sort: settings.sort ?? view.sort,
    screenFilter: settings.screenFilter ?? null,
    showNames: settings.names ?? true,
    showServices: settings.services ?? true,
    threshold: settings.threshold ?? null,
  };
}

function side(hidden: boolean, ports: boolean): PairSide {
  return { ...HOST_SIDE, hidden, ports };
}
