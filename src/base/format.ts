/**
 * Numbers as operators read them: at most four significant digits with a unit, labelled truthfully (k = 1000,
 * Ki = 1024), and "—" for what is not known. Pure: no locale, no clock.
 */

/** Stands for a number that is not known, which is not 0. */
export const UNKNOWN = '—';

/** What k means: 1000 (kB) or 1024 (KiB). */
export type Base = 1000 | 1024;

const DECIMAL = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Counts up to here are shown exactly, as iptraf-ng does. */
const EXACT_COUNT_LIMIT = 99_999_999;

function isUnknown(value: number | null | undefined): value is null | undefined {
  return value === null || value === undefined || !Number.isFinite(value);
}

/** Four significant digits, the fraction's zeros kept: 1.234, 12.34, 123.4, 1234 never appears with base 1000. */
function fourDigits(value: number): string {
  const size = Math.abs(value);
  if (size < 9.9995) return value.toFixed(3);
  if (size < 99.995) return value.toFixed(2);
  return size < 999.95 ? value.toFixed(1) : value.toFixed(0);
}

/** A value with its prefix; whole numbers below the first prefix stay whole. */
function scale(value: number, base: Base): { digits: string; prefix: string } {
  const prefixes = base === 1000 ? DECIMAL : BINARY;
  let scaled = value;
  let power = 0;
  // Rounding must not show 1000.0 k: what would round up to the next prefix takes it.
  const limit = base === 1000 ? 999.95 : 1023.5;
  while (Math.abs(scaled) >= limit && power < prefixes.length - 1) {
    scaled /= base;
    power++;
  }
  if (power === 0) return { digits: Number.isInteger(value) ? String(value) : fourDigits(value), prefix: '' };
  return { digits: fourDigits(scaled), prefix: prefixes[power] };
}

/** A count: exact up to 99,999,999, then four digits with k, M, G ("123.4M"). */
export function formatCount(count: number | null | undefined): string {
  if (isUnknown(count)) return UNKNOWN;
  if (Math.abs(count) <= EXACT_COUNT_LIMIT) return String(Math.round(count));
  const { digits, prefix } = scale(count, 1000);
  return digits + prefix;
}

/** A whole number with its prefix and no unit, which stands elsewhere: "999", "1.234M"; base 1024: "1.177Mi". */
export function formatScaled(value: number | null | undefined, base: Base): string {
  if (isUnknown(value)) return UNKNOWN;
  const { digits, prefix } = scale(Math.round(value), base);
  return digits + prefix;
}

/** Bytes with a unit: "999 B", "1.234 MB"; base 1024: "1.177 MiB". */
export function formatBytes(bytes: number | null | undefined, base: Base = 1000): string {
  if (isUnknown(bytes)) return UNKNOWN;
  const { digits, prefix } = scale(Math.round(bytes), base);
  return `${digits} ${prefix}B`;
}

export interface RateFormat {
  unit: 'bits' | 'bytes';
  base: Base;
}

/** What is shown unless the operator chose otherwise: kbit/s as network people count. */
export const DEFAULT_RATE_FORMAT: RateFormat = { unit: 'bits', base: 1000 };

/** A rate: "12.34 Mbit/s", "1.543 MB/s", "1.471 MiB/s". Takes bytes per second. */
export function formatRate(
  bytesPerSecond: number | null | undefined,
  { unit, base }: RateFormat = DEFAULT_RATE_FORMAT,
): string {
  if (isUnknown(bytesPerSecond)) return UNKNOWN;
  const { digits, prefix } = scale(Math.round(unit === 'bits' ? bytesPerSecond * 8 : bytesPerSecond), base);
  return `${digits} ${prefix}${unit === 'bits' ? 'bit/s' : 'B/s'}`;
}

/** Packets a second: "123", "12.34k". */
export function formatPacketRate(packetsPerSecond: number | null | undefined): string {
  return formatScaled(packetsPerSecond, 1000);
}

/** A time span as H:MM:SS; hours are not folded into days ("100:00:00"). */
export function formatDuration(seconds: number | null | undefined): string {
  if (isUnknown(seconds)) return UNKNOWN;
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** A share of 1 as percent: "12.3 %", "100 %"; what is short of the whole is never rounded up to 100. */
export function formatPercent(share: number | null | undefined): string {
  if (isUnknown(share)) return UNKNOWN;
  const percent = share * 100;
  if (percent >= 100 || percent === 0) return `${Math.round(percent)} %`;
  if (percent > 99.9) return '99.9 %';
  return percent < 0.05 ? '<0.1 %' : `${percent.toFixed(1)} %`;
}

/** A time span in seconds with its unit: "12.34 ms", "850 µs", "1.234 s". */
export function formatSeconds(seconds: number | null | undefined): string {
  if (isUnknown(seconds)) return UNKNOWN;
  if (seconds < 0.0009995) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${fourDigits(seconds * 1e3)} ms`;
  return seconds < 600 ? `${fourDigits(seconds)} s` : formatDuration(seconds);
}

/** Speed of an interface in Mbit/s as the kernel gives it: "100 Mbit/s", "10 Gbit/s". */
export function formatLinkSpeed(megabitsPerSecond: number | null | undefined): string {
  if (isUnknown(megabitsPerSecond) || megabitsPerSecond <= 0) return UNKNOWN;
  const gigabits = megabitsPerSecond / 1000;
  return gigabits >= 1 ? `${Number(gigabits.toFixed(1))} Gbit/s` : `${megabitsPerSecond} Mbit/s`;
}
