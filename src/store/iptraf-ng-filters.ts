/**
 * Filters of iptraf-ng 1.2, read from its directory (/var/lib/iptraf-ng). Little-endian, as its files are on x86 and arm:
 *
 *   othipfilters.dat   75 bytes a filter: name [35] · file name [40], both end with a zero byte, garbage behind it
 *   FILE               1236 bytes a rule:
 *        0  source [45] · destination [45]   dotted quad or host name; what was behind a slash stands behind a zero byte
 *       90  source mask [20] · destination mask [20]   dotted; 0.0.0.0 matches every address
 *      130  ports u16: source from, to · destination from, to   from 0: any; to 0: only `from`; TCP and UDP alone
 *      140  256 × u32: which IP protocols match; [0]: all of them
 *     1164  additional protocols as they were typed [70] (they stand in the table above as well)
 *     1234  'I' include or 'E' exclude · 1235 'Y': also with source and destination exchanged
 *
 * It knows IPv4 alone, and drops what no rule matches. Found by looking at what iptraf-ng 1.2.1 writes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Filter, FilterEndpoint, FilterRule } from '../../filters/filter.ts';
import { OperatorError, systemCause } from '../base/errors.ts';
import { parseAddress } from '../wire/address.ts';
import { IP_PROTOCOL } from '../wire/numbers.ts';

const LIST_FILE = 'othipfilters.dat';
const LIST_RECORD = { bytes: 75, name: [0, 35], file: [35, 40] } as const;

const RULE_BYTES = 1236;
const SIDES = {
  source: { address: 0, mask: 90, ports: 130 },
  destination: { address: 45, mask: 110, ports: 134 },
} as const;
const ADDRESS_BYTES = 45;
const MASK_BYTES = 20;
const PROTOCOLS_AT = 140;
const PROTOCOL_COUNT = 256;
const ACTION_AT = 1234;
const MATCHES_OPPOSITE_AT = 1235;

export interface ImportedFilters {
  filters: Filter[];
  /** For the operator, one line each: what differs from iptraf-ng, and which filters were left out. */
  notes: string[];
}

/** Rejects nothing that one filter is wrong with: that one is left out. Throws an OperatorError (E_STORE). */
export function readIptrafNgFilters(folder: string): ImportedFilters {
  const list = readBytes(folder, LIST_FILE);
  if (list.length === 0 || list.length % LIST_RECORD.bytes !== 0) {
    throw importError(join(folder, LIST_FILE), `it is no list of iptraf-ng's filters (${list.length} bytes)`);
  }
  const imported: ImportedFilters = { filters: [], notes: [] };
  for (let at = 0; at < list.length; at += LIST_RECORD.bytes) {
    const record = list.subarray(at, at + LIST_RECORD.bytes);
    const written = textAt(record, ...LIST_RECORD.name);
    const name = freeName(written.trim() || textAt(record, ...LIST_RECORD.file), imported.filters);
    try {
      const bytes = readBytes(folder, safeName(textAt(record, ...LIST_RECORD.file)));
      const { rules, notes } = readRules(bytes);
      imported.filters.push({ name, description: 'from iptraf-ng', rules, unmatched: 'drop' });
      imported.notes.push(...notes.map((note) => `filter ${name}: ${note}`));
    } catch (error) {
      if (!(error instanceof Unreadable) && !(error instanceof OperatorError)) throw error;
      imported.notes.push(`filter ${name} is left out: ${error.message}`);
    }
  }
  return imported;
}

/** A filter that says what cannot be said here, or that is damaged. */
class Unreadable extends Error {}

interface ReadRules {
  rules: FilterRule[];
  notes: string[];
}

function readRules(bytes: Buffer): ReadRules {
  if (bytes.length % RULE_BYTES !== 0) throw new Unreadable(`its file has ${bytes.length} bytes, no whole rules`);
  const all: ReadRules = { rules: [], notes: [] };
  for (let at = 0, number = 1; at < bytes.length; at += RULE_BYTES, number++) {
    const { rules, notes } = readRule(bytes.subarray(at, at + RULE_BYTES), number);
    all.rules.push(...rules);
    all.notes.push(...notes.map((note) => `rule ${number}: ${note}`));
  }
  return all;
}

/** One rule becomes two where it has ports and matches protocols without ports too: those match by address alone. */
function readRule(record: Buffer, number: number): ReadRules {
  const notes: string[] = [];
  const source = readEndpoint(record, 'source', number, notes);
  const destination = readEndpoint(record, 'destination', number, notes);
  const protocols = readProtocols(record);
  const rule = (ofProtocols: readonly number[], withPorts: boolean): FilterRule => ({
    action: record[ACTION_AT] === 'E'.charCodeAt(0) ? 'exclude' : 'include',
    ...endpoints(source, destination, withPorts),
    ...(ofProtocols.length === PROTOCOL_COUNT
      ? source.address === undefined && destination.address === undefined && { protocol: 'ip' }
      : { protocol: listText(ofProtocols) }),
    ...(record[MATCHES_OPPOSITE_AT] !== 'Y'.charCodeAt(0) && { ways: 'one' as const }),
  });
  if (protocols.length === 0) return { rules: [], notes: ['it matches no protocol, and is left out'] };
  if (source.port === undefined && destination.port === undefined) return { rules: [rule(protocols, false)], notes };
  const hasPorts = (protocol: number): boolean => protocol === IP_PROTOCOL.tcp || protocol === IP_PROTOCOL.udp;
  const [ported, others] = [protocols.filter(hasPorts), protocols.filter((protocol) => !hasPorts(protocol))];
  const rules = [
    ...(ported.length > 0 ? [rule(ported, true)] : []),
    ...(others.length > 0 ? [rule(others, false)] : []),
  ];
  return { rules, notes };
}

function endpoints(source: FilterEndpoint, destination: FilterEndpoint, withPorts: boolean): Partial<FilterRule> {
  const made: Partial<FilterRule> = {};
  for (const [side, { address, port }] of Object.entries({ source, destination })) {
    const endpoint = { ...(address !== undefined && { address }), ...(withPorts && port !== undefined && { port }) };
    if (Object.keys(endpoint).length > 0) made[side as keyof typeof SIDES] = endpoint;
  }
  return made;
}

function readEndpoint(record: Buffer, side: keyof typeof SIDES, number: number, notes: string[]): FilterEndpoint {
  const place = SIDES[side];
  const [from, to] = [record.readUInt16LE(place.ports), record.readUInt16LE(place.ports + 2)];
  const endpoint: FilterEndpoint = {};
  const address = readAddress(record, side, number, notes);
  if (address !== null) endpoint.address = address;
  if (from === 0) return endpoint;
  if (to !== 0 && to < from) throw new Unreadable(`rule ${number}: the ports ${from}-${to} match nothing`);
  endpoint.port = to === 0 || to === from ? String(from) : `${from}-${to}`;
  return endpoint;
}

/** null: every address. */
function readAddress(record: Buffer, side: keyof typeof SIDES, number: number, notes: string[]): string | null {
  const place = SIDES[side];
  const host = textAt(record, place.address, ADDRESS_BYTES);
  const maskText = textAt(record, place.mask, MASK_BYTES);
  const mask = parseAddress(maskText);
  if (mask === null) throw new Unreadable(`rule ${number}: ${JSON.stringify(maskText)} is no mask`);
  const bits = mask[3].toString(2).padStart(32, '0');
  if (bits.indexOf('1') < 0) {
    if (host !== '0.0.0.0' && host !== '') notes.push(`${host} had no mask there, which matches every address`);
    return null;
  }
  if (bits.indexOf('0') < 0) return host;
  if (parseAddress(host) === null) throw new Unreadable(`rule ${number}: the host name ${host} has a mask`);
  return /^1+0+$/.test(bits) ? `${host}/${bits.indexOf('0')}` : `${host}/${maskText}`;
}

/** Numbers of the IP protocols that the rule matches. */
function readProtocols(record: Buffer): number[] {
  const every = Array.from({ length: PROTOCOL_COUNT }, (_, protocol) => protocol);
  const matches = (protocol: number): boolean => record.readUInt32LE(PROTOCOLS_AT + 4 * protocol) !== 0;
  return matches(0) ? every : every.filter(matches);
}

const NAMED: ReadonlyMap<number, string> = new Map([
  [IP_PROTOCOL.icmp, 'icmp'],
  [IP_PROTOCOL.tcp, 'tcp'],
  [IP_PROTOCOL.udp, 'udp'],
]);

/** "tcp,udp,46,101-104": names where they stand alone. */
function listText(numbers: readonly number[]): string {
  const ranges: [from: number, to: number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? (NAMED.get(from) ?? String(from)) : `${from}-${to}`)).join(',');
}

/** Text up to its zero byte; what a terminal would obey is shown as "?". */
function textAt(record: Buffer, at: number, length: number): string {
  const text = record.toString('latin1', at, at + length);
  return text.replace(/\0.*$/s, '').replace(/[^\x20-\x7e]/g, '?');
}

/** The list says which file: never one outside of the folder. */
function safeName(file: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(file)) throw new Unreadable(`${JSON.stringify(file)} is no name of a filter file`);
  return file;
}

/** iptraf-ng lets two filters have one name. */
function freeName(name: string, taken: readonly Filter[]): string {
  let free = name;
  for (let n = 2; taken.some((filter) => filter.name === free); n++) free = `${name} (${n})`;
  return free;
}

function readBytes(folder: string, name: string): Buffer {
  try {
    return readFileSync(join(folder, name));
  } catch (error) {
    throw importError(join(folder, name), systemCause((error as Error).message));
  }
}

function importError(target: string, cause: string): OperatorError {
  const remedy = 'name the directory that iptraf-ng keeps its filters in';
  return new OperatorError({ code: 'E_STORE', operation: 'import', target, cause, remedy });
}
