/** Figures in cells: counts, bytes, rates and shares in as many cells as a column has. Pure. */
import { type Base, formatCount, formatPacketRate, formatScaled, type RateFormat } from '../../src/base/format.ts';
import type { Style } from './style.ts';

/** A number that is too long for its cell loses digits behind the point, never before it. */
function narrowed(text: string, width: number): string {
  if (text.length <= width) return text;
  const match = /^(\d+\.\d+)(\D*)$/.exec(text);
  if (match === null) return text;
  const [, digits, unit] = match;
  const point = digits.indexOf('.');
  const decimals = Math.max(0, width - unit.length - point - 1);
  return Number(digits).toFixed(decimals) + unit;
}

/** A count in at most `width` cells: exact where it fits. */
export function countCell(count: number | null, width: number): string {
  const exact = formatCount(count);
  return exact.length <= width ? exact : narrowed(formatPacketRate(count), width);
}

/** Bytes without the B, which stands in the title. */
export function bytesCell(bytes: number | null, base: Base, width: number): string {
  return narrowed(formatScaled(bytes, base), width);
}

/** A rate without its unit, which stands in the title. */
export function rateCell(bytesPerSecond: number | null, format: RateFormat, width: number): string {
  const { unit, base } = format;
  return narrowed(
    formatScaled(bytesPerSecond === null || unit === 'bytes' ? bytesPerSecond : bytesPerSecond * 8, base),
    width,
  );
}

/** Unit of a rate: the title of its column. */
export function rateTitle(format: RateFormat): string {
  return format.unit === 'bits' ? 'bit/s' : 'B/s';
}

/** Figures of what moves stand out. */
export function rateStyle(rate: number | null): Style {
  return (rate ?? 0) > 0 ? 'value' : 'dim';
}

/** A share of the whole as a bar of half cells. */
export function shareBar(share: number, width: number): string {
  const halves = Math.round(Math.min(1, Math.max(0, share)) * width * 2);
  return '█'.repeat(halves >> 1) + (halves % 2 === 1 ? '▌' : '');
}

/** How long ago, in at most six cells: "3.2 s", "12 min", "5 h"; the time of day stands in the details. */
export function agoText(seconds: number): string {
  if (!(seconds >= 0)) return '0 s';
  if (seconds < 60) return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
