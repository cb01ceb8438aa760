/**
 * Rates and amounts of pairs in the unit that is shown: bits or bytes a second, or packets a second where packets are
 * counted. Limits that the operator gives (scale, threshold) are bits a second, or packets a second there. Pure.
 */
import { formatBytes, formatPacketRate, formatRate, formatScaled, type RateFormat } from '../../src/base/format.ts';
import { bytesCell, rateCell, rateTitle } from '../kit/cells.ts';
import type { PairQuantity, PairRemainder } from './types.ts';

export interface PairUnits {
  quantity: PairQuantity;
  /** Of bytes. */
  rate: RateFormat;
}

const BITS = 8;

/** What one of the quantity is in the unit that is shown. */
function factor({ quantity, rate }: PairUnits): number {
  return quantity !== 'packets' && rate.unit === 'bits' ? BITS : 1;
}

/** A rate as it is shown, without prefix. */
export function inShownUnit(rate: number, units: PairUnits): number {
  return rate * factor(units);
}

/** A limit in bits a second (packets where packets are counted) as it is shown. */
export function limitInShownUnit(limit: number, units: PairUnits): number {
  return units.quantity === 'packets' ? limit : (limit / BITS) * factor(units);
}

/** "bit/s": for titles. */
export function unitTitle({ quantity, rate }: PairUnits): string {
  return quantity === 'packets' ? 'pkt/s' : rateTitle(rate);
}

/** A rate without its unit, which stands in the title. */
export function rateFigure(rate: number | null, { quantity, rate: format }: PairUnits, width: number): string {
  return rateCell(rate, quantity === 'packets' ? { unit: 'bytes', base: 1000 } : format, width);
}

/** "12.34 Mbit/s". */
export function rateWords(rate: number | null, { quantity, rate: format }: PairUnits): string {
  return quantity === 'packets' ? `${formatPacketRate(rate)} pkt/s` : formatRate(rate, format);
}

/** What was carried, in the quantity that is counted. */
export function amountOf<Amount extends PairRemainder[PairQuantity] | [number, number]>(
  counts: Record<PairQuantity, Amount>,
  { quantity }: PairUnits,
): Amount {
  return counts[quantity];
}

/** An amount without its unit, which stands in the title. */
export function amountFigure(amount: number, { quantity, rate }: PairUnits, width: number): string {
  return bytesCell(amount, quantity === 'packets' ? 1000 : rate.base, width);
}

/** "12.34 MB", "1.234k packets". */
export function amountWords(amount: number, { quantity, rate }: PairUnits): string {
  return quantity === 'packets' ? `${formatScaled(amount, 1000)} pkts` : formatBytes(amount, rate.base);
}

/** A round value on a scale: "5M", "1.5Gi". */
export function roundFigure(shown: number, { quantity, rate }: PairUnits): string {
  return withoutZeros(formatScaled(shown, quantity === 'packets' ? 1000 : rate.base));
}

/** The same with its unit: "20 Mbit/s"; takes what is shown. */
export function roundWords(shown: number, units: PairUnits): string {
  return withoutZeros(rateWords(shown / factor(units), units));
}

/** "500.0k" is 500k. */
function withoutZeros(text: string): string {
  return text.replace(/\.(\d*?)0+(?=\D|$)/, (_all, digits: string) => (digits === '' ? '' : `.${digits}`));
}
