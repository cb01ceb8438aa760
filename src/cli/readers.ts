/** Readers turn the text of an option's value into the value, or say in a few words why it cannot be one. */
import type { PreparedNetwork } from '../../filters/prepared.ts';
import { BadRule, parseAddresses } from '../../filters/rule.ts';
import type { AlertRule } from '../alerts/alert.ts';
import { BadAlert, parseAlert } from '../alerts/parse.ts';

/** A value that an option cannot take; the message goes after "cannot use OPTION VALUE: ". */
export class BadValue extends Error {}

type Reader = (text: string, previous: unknown) => unknown;

/** A positive number; fractions allowed. */
export function number(unit: string): Reader {
  return (text) => {
    const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (!(value > 0) || !Number.isFinite(value)) throw new BadValue(`not a number of ${unit} above 0`);
    return value;
  };
}

/** A whole number within limits, both included. */
export function wholeNumber(minimum: number, maximum: number): Reader {
  const limits = maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= minimum && value <= maximum)) throw new BadValue(`not a whole number ${limits}`);
    return value;
  };
}

export function choice(words: readonly string[]): Reader {
  return (text) => {
    if (!words.includes(text)) throw new BadValue(`not one of ${words.filter((word) => word !== '').join(', ')}`);
    return text;
  };
}

export function text(value: string): string {
  if (value.trim() === '') throw new BadValue('the value is empty');
  return value;
}

export function path(value: string): string {
  if (value === '') throw new BadValue('the file name is empty');
  if (value.includes('\0')) throw new BadValue('a file name has no zero byte');
  return value;
}

/** -i may be repeated: the values add up. */
export function interfaceArgument(value: string, previous: unknown): string[] {
  const earlier = Array.isArray(previous) ? (previous as string[]) : [];
  return [...earlier, value];
}

/** Addresses and networks with commas; --local may be repeated: the values add up. */
export function localNetworks(value: string, previous: unknown): PreparedNetwork[] {
  const earlier = Array.isArray(previous) ? (previous as PreparedNetwork[]) : [];
  return [...earlier, ...networks(value)];
}

function networks(value: string): PreparedNetwork[] {
  try {
    return parseAddresses(value).map((item) => {
      if ('host' in item) throw new BadRule(`${item.host} is a name: an address or network is needed`);
      return item;
    });
  } catch (error) {
    if (error instanceof BadRule) throw new BadValue(error.message);
    throw error;
  }
}

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** A file that is put aside after a record or two keeps nothing: who says 10 means 10M. */
const LEAST_FILE_BYTES = 4096;

/** Bytes: "500000", "100k", "50M", "2G" (powers of 1024). */
export function byteSize(value: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([kmg]?)b?$/i.exec(value) ?? [];
  const bytes = digits === undefined ? 0 : Math.floor(Number(digits) * SIZE_UNITS[unit.toLowerCase()]);
  if (!(bytes > 0)) throw new BadValue('not a size such as 500k, 100M or 2G');
  if (bytes < LEAST_FILE_BYTES) throw new BadValue('less than 4k; a number alone is bytes, and M stands for megabytes');
  return bytes;
}

const TIME_UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds: "90s", "10m", "12h", "7d", "2w". */
export function duration(value: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(value) ?? [];
  const seconds = digits === undefined ? 0 : Number(digits) * TIME_UNITS[unit];
  if (!(seconds > 0)) throw new BadValue('not a time such as 10m, 12h or 7d');
  return seconds;
}

/** A moment of local time, as seconds since 1970: a date, a date and time, a time of today, or "-2h" before now. */
export function moment(value: string): number {
  if (value.startsWith('-')) return Date.now() / 1000 - duration(value.slice(1));
  const today = new Date();
  const day = `${today.getFullYear()}-${String(today.getMonth() + 1).padStart(2, '0')}-${String(today.getDate()).padStart(2, '0')}`;
  const text = /^\d{4}-\d{2}-\d{2}$/.test(value)
    ? `${value}T00:00`
    : /^\d{2}:\d{2}/.test(value)
      ? `${day}T${value}`
      : value.replace(' ', 'T');
  const seconds = Date.parse(text) / 1000;
  if (!/^\d{4}-\d{2}-\d{2}T/.test(text) || Number.isNaN(seconds))
    throw new BadValue('not a time such as 2026-11-21, 2026-11-21T14:00, 14:00 or -2h');
  return seconds;
}

/** --alert may be repeated. */
export function alertRules(value: string, previous: unknown): AlertRule[] {
  const earlier = Array.isArray(previous) ? (previous as AlertRule[]) : [];
  try {
    return [...earlier, parseAlert(value)];
  } catch (error) {
    if (error instanceof BadAlert) throw new BadValue(error.message);
    throw error;
  }
}
