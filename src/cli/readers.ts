/** Readers turn the text of an option's value into the value, or say in a few words why it cannot be one. */
import type { PreparedNetwork } from '../../filters/prepared.ts';
import { BadRule, parseAddresses } from '../../filters/rule.ts';

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
