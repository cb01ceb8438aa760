/**
 * Lines of a report of `iftop -t`: titles, two lines a pair, totals, peaks and sums, in iftop's columns and words, which
 * scripts cut and match. Two kinds of line are ours: what exceeds the rate of -L, and "Total bandwidth" at the end.
 *
 *      1 10.0.0.1:5000                            =>     7.63Mb     6.55Mb     6.55Mb     4.91MB
 *        10.0.0.2:53                              <=     51.2Kb     44.0Kb     44.0Kb     33.0KB
 *     4 1 host, 40                                 2    10 each: 2 s, 10 s, 40 s, bytes since the pair began
 */
import type { HostPairExtra, HostPairRow, PairCounts, PairEndpoint } from '../../../screens/host-pairs/types.ts';
import type { IftopDoor } from '../door.ts';
import { type IftopUnitLetter, iftopFigure } from './text-figures.ts';

/** Characters of a host with its port; what is longer is cut, the port never. */
const HOST_WIDTH = 40;
const FIGURE_WIDTH = 10;
const NUMBER_WIDTH = 4;
/** Where the figures of a pair begin: the labels of totals reach to there. */
const LABEL_WIDTH = NUMBER_WIDTH + 1 + HOST_WIDTH + 3;
const REPORT_WIDTH = LABEL_WIDTH + 4 * (FIGURE_WIDTH + 1);

const RULE = `${'-'.repeat(REPORT_WIDTH)}\n`;
const LAST_RULE = `${'='.repeat(REPORT_WIDTH)}\n\n`;
const TITLE = 'Host name (port/service if enabled)';
const COLUMNS = ['last 2s', 'last 10s', 'last 40s', 'cumulative'];
/** In place of hosts that are not told apart. */
const ANY_HOST = ' * ';

const UNIT_LETTERS: Readonly<Record<IftopDoor['unit'], IftopUnitLetter>> = { bits: 'b', bytes: 'B', packets: 'p' };
const BITS = 8;

/** How figures and endpoints are written. */
export interface ReportStyle {
  unit: IftopDoor['unit'];
  /** The name of an address, or null: the address is shown. */
  nameOf(address: string): string | null;
  /** The name of a port, or null: the number is shown. */
  serviceOf(port: number, protocol: string): string | null;
}

/** What the lines below the rows are made of. */
export interface ReportSums {
  extra: HostPairExtra;
  elapsedSeconds: number;
  /** Pairs above the rate of -L. */
  exceeding: readonly HostPairRow[];
  /** In the unit of PairsView.threshold; null: there is no such rate. */
  threshold: number | null;
}

export function titleLines(): string {
  return `${'#'.padStart(NUMBER_WIDTH)} ${TITLE.padEnd(HOST_WIDTH)}   ${figures(COLUMNS)}\n${RULE}`;
}

/** `number`: its place in the order, from 1. */
export function pairLines(row: HostPairRow, number: number, style: ReportStyle): string {
  const place = String(number).padStart(NUMBER_WIDTH);
  return [place, ''.padStart(NUMBER_WIDTH)]
    .map((before, side) => {
      const rates = row.rates.map((rate) => rateFigure(rate[side], style));
      const host = endpointText(row, side, style, HOST_WIDTH).padEnd(HOST_WIDTH);
      return `${before} ${host} ${side === 0 ? '=>' : '<='}${figures([...rates, iftopFigure(row.ipBytes[side], 'B')])}\n`;
    })
    .join('');
}

export function sumLines({ extra, elapsedSeconds, exceeding, threshold }: ReportSums, style: ReportStyle): string {
  const { totals, quantity } = extra;
  const rates = (each: readonly (number | null)[]): string[] => each.map((rate) => rateFigure(rate, style));
  const bytes = bothWays(totals.ipBytes).map((count) => iftopFigure(count, 'B'));
  const amounts = bothWays(quantity === 'packets' ? totals.packets : totals.ipBytes);
  // Over the time since start: a report of an hour tells of that hour.
  const average = amounts.map((amount) => (elapsedSeconds > 0 ? amount / elapsedSeconds : null));
  return [
    RULE,
    line('Total send rate:', rates(totals.rates.map(([sent]) => sent))),
    line('Total receive rate:', rates(totals.rates.map(([, received]) => received))),
    line('Total send and receive rate:', rates(totals.rates.map(([sent, received]) => sum(sent, received)))),
    RULE,
    line('Peak rate (sent/received/total):', rates(totals.peak)),
    line('Cumulative (sent/received/total):', bytes),
    ...(threshold === null ? [] : exceeding.map((row) => exceedingLine(row, threshold, style))),
    line('Total bandwidth (sent/received/total):', rates(average)),
    LAST_RULE,
  ].join('');
}

/** Whether a pair's traffic of the last two seconds, both ways, is above so many bits (or packets) a second. */
export function exceeds(
  { rates: [[sent, received]] }: HostPairRow,
  threshold: number,
  unit: IftopDoor['unit'],
): boolean {
  const rate = sum(sent, received);
  return rate !== null && rate > counted(threshold, unit);
}

/** A rate in bits a second as it is counted: in bytes, or packets where those are counted. */
function counted(threshold: number, unit: IftopDoor['unit']): number {
  return unit === 'packets' ? threshold : threshold / BITS;
}

function exceedingLine(row: HostPairRow, threshold: number, style: ReportStyle): string {
  const [ours, theirs] = [0, 1].map((side) => endpointText(row, side, style, Number.POSITIVE_INFINITY).trim());
  const [sent, received] = row.rates[0];
  const [both, out, back] = [sum(sent, received), sent, received].map((rate) => rateFigure(rate, style));
  const most = rateFigure(counted(threshold, style.unit), style);
  return `${ours} with ${theirs} exceeds ${most}: ${both} in the last 2s (sent ${out}, received ${back})\n`;
}

/** The endpoint with its port, if ports are told apart, in at most `width` characters. */
function endpointText({ endpoints, protocol }: HostPairRow, side: number, style: ReportStyle, width: number): string {
  const { port } = endpoints[side];
  const host = hostText(endpoints[side], style);
  if (port === null) return host.slice(0, width);
  const service = protocol === null ? null : style.serviceOf(port, protocol);
  const end = `:${service ?? port}`;
  // A host that is not told apart has the family of the other one.
  const isIpv6 = endpoints.some(({ address }) => address?.includes(':'));
  return (isIpv6 ? `[${host}]` : host).slice(0, width - end.length) + end;
}

function hostText({ address, prefix }: PairEndpoint, style: ReportStyle): string {
  if (address === null) return ANY_HOST;
  if (prefix !== null) return `${address}/${prefix}`;
  return style.nameOf(address) ?? address;
}

function bothWays([sent, received]: PairCounts): number[] {
  return [sent, received, sent + received];
}

function sum(sent: number | null, received: number | null): number | null {
  return sent === null || received === null ? null : sent + received;
}

/** A rate comes in bytes or packets a second. */
function rateFigure(rate: number | null, { unit }: ReportStyle): string {
  return iftopFigure(rate === null || unit !== 'bits' ? rate : rate * BITS, UNIT_LETTERS[unit]);
}

function line(label: string, values: readonly string[]): string {
  return `${label.padEnd(LABEL_WIDTH)}${figures(values)}\n`;
}

function figures(values: readonly string[]): string {
  return values.map((value) => ` ${value.padStart(FIGURE_WIDTH)}`).join('');
}
