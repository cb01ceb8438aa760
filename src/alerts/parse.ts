/**
 * Reads what an operator writes after --alert. Pure.
 *
 *   host [ADDRESS] [rx|tx] > RATE [for T]             interface [IF] [rx|tx] > RATE|PERCENT [for T]
 *   packets|malformed|drops|new-connections > N[/s] [in T] [for T]          bytes > SIZE|RATE [in T] [for T]
 *
 * RATE: 100Mbit/s, 12.5MB/s, 1MiB/s. SIZE: 500MB, 2GiB. N: 10000, 10k. PERCENT: 80%. T: 10s, 5m, 1h, 1d.
 */
import { addressText, parseAddress } from '../wire/address.ts';
import type { AlertMeasure, AlertRule } from './alert.ts';

/** Why a text is no alert; stands after "cannot use --alert TEXT: ". */
export class BadAlert extends Error {}

const EXAMPLES = "such as 'host>100Mbit/s for 10s' or 'drops>0'";
const MEASURES: readonly AlertMeasure[] = [
  'host',
  'interface',
  'packets',
  'bytes',
  'drops',
  'malformed',
  'new-connections',
];

const DECIMAL: Readonly<Record<string, number>> = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const BINARY: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };
const PREFIXES = { ...DECIMAL, ...BINARY };
const TIMES: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** As long as the kernel allows; a semicolon parts the fields of the log. */
const INTERFACE_NAME = /^[^\s/;]{1,15}$/;
const BITS_A_BYTE = 8;

type Amount = Pick<AlertRule, 'kind' | 'limit'>;

/** Throws BadAlert. */
export function parseAlert(given: string): AlertRule {
  const text = given.trim().replace(/\s+/g, ' ');
  if (/\p{C}/u.test(text)) throw new BadAlert('it has characters that cannot be shown');
  const at = text.indexOf('>');
  if (at < 0) throw new BadAlert(`what is measured, ">" and a limit are expected, ${EXAMPLES}`);
  const what = parseMeasured(text.slice(0, at));
  const { amount, within, sustained } = splitLimit(text.slice(at + 1));
  const { kind, limit } = parseAmount(amount, what.measure);
  if (within !== null && kind !== 'count') {
    throw new BadAlert('"in" belongs to a count (packets>10000 in 5m); a rate is held "for" a time');
  }
  return { text, ...what, kind, limit, within, sustained };
}

function parseMeasured(text: string): Pick<AlertRule, 'measure' | 'subject' | 'direction'> {
  const [word = '', ...rest] = text.trim().split(' ');
  const measure = MEASURES.find((each) => each === word);
  if (measure === undefined) {
    throw new BadAlert(`${word === '' ? 'nothing' : `"${word}"`} is not measured: expected is ${MEASURES.join(', ')}`);
  }
  const last = rest.at(-1);
  const direction = last === 'rx' || last === 'tx' ? last : 'both';
  if (direction !== 'both') rest.pop();
  if (measure !== 'host' && measure !== 'interface') {
    if (rest.length > 0 || direction !== 'both') throw new BadAlert(`after "${measure}" only ">" is expected`);
    return { measure, subject: null, direction };
  }
  if (rest.length > 1) throw new BadAlert(`"${rest.join(' ')}": one ${measure} is expected, then rx, tx or ">"`);
  const [name] = rest;
  if (name === undefined) return { measure, subject: null, direction };
  return { measure, subject: measure === 'host' ? address(name) : interfaceName(name), direction };
}

/** As packets are shown: "0:0::1" is "::1". */
function address(text: string): string {
  const words = parseAddress(text);
  if (words === null) throw new BadAlert(`"${text}" is no address; leave it out to watch each host for itself`);
  return addressText(words, 0);
}

function interfaceName(text: string): string {
  if (!INTERFACE_NAME.test(text)) throw new BadAlert(`"${text}" is no name of an interface`);
  return text;
}

function splitLimit(text: string): { amount: string; within: number | null; sustained: number } {
  const clauses = /^(.*?)(?: in (\S+))?(?: for (\S+))?$/.exec(text.trim());
  const [, amount = '', within, sustained] = clauses ?? [];
  return {
    amount,
    within: within === undefined ? null : parseTime(within, 'in'),
    sustained: sustained === undefined ? 0 : parseTime(sustained, 'for'),
  };
}

/** Seconds. */
function parseTime(text: string, after: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([a-z])$/.exec(text) ?? [];
  const seconds = Number(digits) * (TIMES[unit] ?? 0);
  if (!(seconds > 0)) throw new BadAlert(`after "${after}" a time such as 10s, 5m or 1h is expected, not "${text}"`);
  return seconds;
}

/** What a limit of this measure looks like, for messages. */
function expectedAmount(measure: AlertMeasure): string {
  if (measure === 'host') return 'a rate such as 100Mbit/s or 12MB/s';
  if (measure === 'interface') return 'a rate such as 100Mbit/s or 12MB/s, or a share such as 80%';
  if (measure === 'bytes') return 'a size such as 500MB, or a rate such as 12MB/s';
  return 'a count such as 10000 or 10k, or a rate such as 1000/s';
}

function parseAmount(text: string, measure: AlertMeasure): Amount {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?) ?(\S*)$/.exec(text) ?? [];
  const amount = digits === undefined ? null : amountOf(Number(digits), unit, measure);
  if (amount === null || !Number.isFinite(amount.limit)) {
    const found = text === '' ? 'nothing' : `"${text}"`;
    throw new BadAlert(`after ">" ${expectedAmount(measure)} is expected, not ${found}`);
  }
  return amount;
}

function amountOf(number: number, unit: string, measure: AlertMeasure): Amount | null {
  switch (measure) {
    case 'host':
      return byteRate(number, unit);
    case 'interface':
      return share(number, unit) ?? byteRate(number, unit);
    case 'bytes':
      return byteRate(number, unit) ?? byteCount(number, unit);
    default:
      return count(number, unit);
  }
}

function share(percent: number, unit: string): Amount | null {
  return unit === '%' && percent <= 100 ? { kind: 'share', limit: percent / 100 } : null;
}

function byteRate(number: number, unit: string): Amount | null {
  const [, prefix = '', of] = /^([kKMGT]?i?)(bit|B)\/s$/.exec(unit) ?? [];
  const factor = PREFIXES[prefix];
  if (of === undefined || factor === undefined) return null;
  return { kind: 'rate', limit: (number * factor) / (of === 'bit' ? BITS_A_BYTE : 1) };
}

function byteCount(number: number, unit: string): Amount | null {
  const [, prefix] = /^([kKMGT]?i?)B?$/.exec(unit) ?? [];
  const factor = prefix === undefined ? undefined : PREFIXES[prefix];
  return factor === undefined ? null : { kind: 'count', limit: number * factor };
}

function count(number: number, unit: string): Amount | null {
  const [, prefix, perSecond] = /^([kKMGT]?)(\/s)?$/.exec(unit) ?? [];
  if (prefix === undefined) return null;
  return { kind: perSecond === undefined ? 'count' : 'rate', limit: number * DECIMAL[prefix] };
}
