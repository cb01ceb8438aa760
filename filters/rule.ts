/**
 * What the fields of a rule mean, and what is wrong with them. Texts become the numbers of prepared.ts; host names stay
 * names here, since whoever applies the filter resolves them. Messages are short: they stand beside a form field.
 */
import { parseAddress, prefixMask } from '../src/wire/address.ts';
import { isTag, MIN_ETHERTYPE } from '../src/wire/ethernet.ts';
import { ETHERTYPE, etherTypesByName, hasPorts, IP_PROTOCOL, ipProtocolByName } from '../src/wire/numbers.ts';
import type { Filter, FilterEndpoint, FilterRule } from './filter.ts';
import type { NumberRange, PreparedNetwork, PreparedProtocols, PreparedRule } from './prepared.ts';
import { mergedRanges } from './ranges.ts';

/** A field that means nothing; the message says what is expected. */
export class BadRule extends Error {
  /** "source.port", "protocol", …; '' where the text of a whole rule cannot be read. */
  readonly field: string;

  constructor(problem: string, field = '') {
    super(problem);
    this.name = 'BadRule';
    this.field = field;
  }
}

/** Most characters of what was typed that a message repeats. */
const QUOTED_LENGTH = 14;

/** What was typed, short enough for a message and without what a terminal would obey. */
export function quoted(text: string): string {
  const printable = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
  return printable.length > QUOTED_LENGTH ? `${printable.slice(0, QUOTED_LENGTH - 1)}…` : printable;
}

/** Items of a list; blanks around them do not count. Throws where one is empty. */
export function splitList(text: string, field = ''): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.includes('')) throw new BadRule(items.length === 1 ? 'is empty' : 'a comma too many', field);
  return items;
}

const ALL_ONES = 0xffff_ffff;
const LARGEST_PORT = 65_535;
const LARGEST_PROTOCOL = 255;
const LARGEST_VLAN = 4095;

// --- addresses --------------------------------------------------------------------------------------------------------

/** Addresses, networks and masks as numbers; host names as they are. */
export function parseAddresses(text: string, field = 'address'): (PreparedNetwork | { host: string })[] {
  return splitList(text, field).map((item) => parseAddressItem(item, field));
}

function parseAddressItem(item: string, field: string): PreparedNetwork | { host: string } {
  const slash = item.indexOf('/');
  const address = slash < 0 ? item : item.slice(0, slash);
  const words = parseAddress(address);
  if (words !== null) return networkOf(words, address.includes(':') ? 6 : 4, slash < 0 ? null : item, slash, field);
  if (item === 'any') throw new BadRule('leave it empty for any address', field);
  if (address.includes('%')) throw new BadRule('an address without its %zone', field);
  if (address.includes(':') || /^[\d.]*$/.test(address)) throw new BadRule(`${quoted(item)} is no address`, field);
  if (slash >= 0) throw new BadRule('a host name takes no mask', field);
  if (!isHostName(address)) throw new BadRule(`${quoted(item)} is no address or name`, field);
  return { host: address };
}

/** The network of an address: all of its bits without a mask; `withMask`: the whole item, the mask behind `slash`. */
function networkOf(
  address: Uint32Array,
  family: 4 | 6,
  withMask: string | null,
  slash: number,
  field: string,
): PreparedNetwork {
  const mask = withMask === null ? prefixMask(128) : maskOf(withMask.slice(slash + 1), family, field);
  return { family, words: address.map((word, k) => word & mask[k]), mask };
}

function maskOf(text: string, family: 4 | 6, field: string): Uint32Array {
  const bits = family === 4 ? 32 : 128;
  if (/^\d{1,3}$/.test(text) && Number(text) <= bits) return prefixMask(128 - bits + Number(text));
  const dotted = family === 4 && text.includes('.') ? parseAddress(text) : null;
  if (dotted !== null) return Uint32Array.of(ALL_ONES, ALL_ONES, ALL_ONES, dotted[3]);
  throw new BadRule(family === 4 ? 'after / comes 0-32 or a mask' : 'after / comes 0-128', field);
}

/** As RFC 1123 section 2.1 has them (underscores too, which DNS has in practice); an all-numeric end would be an address. */
function isHostName(text: string): boolean {
  const labels = text.replace(/\.$/, '').split('.');
  const sound = labels.every((label) => /^[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?$/i.test(label));
  return sound && text.length <= 253 && !/^\d+$/.test(labels[labels.length - 1]);
}

/** MAC addresses, as [first two bytes, last four bytes]. */
export function parseMacs(text: string, field = 'mac'): [high: number, low: number][] {
  return splitList(text, field).map((item) => {
    if (!/^[\da-f]{1,2}([:-])(?:[\da-f]{1,2}\1){4}[\da-f]{1,2}$/i.test(item)) {
      throw new BadRule(`${quoted(item)} is no MAC address`, field);
    }
    const digits = item.split(/[:-]/).map((octet) => octet.padStart(2, '0'));
    return [Number.parseInt(digits.slice(0, 2).join(''), 16), Number.parseInt(digits.slice(2).join(''), 16)];
  });
}

// --- numbers ----------------------------------------------------------------------------------------------------------

/** Ports and ranges of ports, in ascending order, none beside another. */
export function parsePorts(text: string, field = 'port'): NumberRange[] {
  const expected = (item: string): string => `${quoted(item)} is no port (0-65535, 80-90)`;
  return mergedRanges(splitList(text, field).map((item) => parseRange(item, LARGEST_PORT, expected, field)));
}

/** VLAN numbers, `any` and `none`; as PreparedRule.vlans. */
export function parseVlans(text: string, field = 'vlan'): NonNullable<PreparedRule['vlans']> {
  const ranges: NumberRange[] = [];
  let untagged = false;
  const expected = (item: string): string => `${quoted(item)}: 1-4095, any or none`;
  for (const item of splitList(text.toLowerCase(), field)) {
    if (item === 'none') untagged = true;
    else if (item === 'any') ranges.push([0, LARGEST_VLAN]);
    else ranges.push(parseVlanRange(item, expected, field));
  }
  return { ranges: mergedRanges(ranges), untagged };
}

/** 0 is no VLAN but a priority alone (802.1Q section 9.6): such packets count as not tagged. */
function parseVlanRange(item: string, expected: (item: string) => string, field: string): NumberRange {
  const range = parseRange(item, LARGEST_VLAN, expected, field);
  if (range[0] === 0) throw new BadRule(expected(item), field);
  return range;
}

function parseRange(item: string, largest: number, expected: (item: string) => string, field: string): NumberRange {
  const match = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(item);
  if (match === null) throw new BadRule(expected(item), field);
  const from = Number(match[1]);
  const to = match[2] === undefined ? from : Number(match[2]);
  if (from > largest || to > largest) throw new BadRule(expected(item), field);
  if (from > to) throw new BadRule(`${quoted(item)}: the smaller number first`, field);
  return [from, to];
}

// --- protocols --------------------------------------------------------------------------------------------------------

type Network = PreparedProtocols['networks'][number];

const NETWORK_NAMES: Readonly<Record<string, readonly Network[]>> = {
  ip: ['ipv4', 'ipv6'],
  ipv4: ['ipv4'],
  ip4: ['ipv4'],
  ipv6: ['ipv6'],
  ip6: ['ipv6'],
  'non-ip': ['other'],
  nonip: ['other'],
};

/** Other spellings of names that src/wire/numbers.ts has: those of /etc/protocols, of pcap-filter(7) and of people. */
const PROTOCOL_ALIASES: Readonly<Record<string, number>> = {
  icmpv6: IP_PROTOCOL.icmpv6,
  icmp6: IP_PROTOCOL.icmpv6,
  ipencap: IP_PROTOCOL.ipip,
  '6in4': IP_PROTOCOL.ipv6,
  sit: IP_PROTOCOL.ipv6,
  'ospf-igp': IP_PROTOCOL.ospf,
  ospfigp: IP_PROTOCOL.ospf,
  'ipsec-ah': IP_PROTOCOL.ah,
  'ipsec-esp': IP_PROTOCOL.esp,
  'udp-lite': IP_PROTOCOL.udplite,
};

/** Protocols by name or number with ranges, kinds of packets, and EtherTypes by name or as 0x88cc. */
export function parseProtocols(text: string, field = 'protocol'): PreparedProtocols {
  const ip: NumberRange[] = [];
  const networks = new Set<Network>();
  const etherTypes = new Set<number>();
  for (const item of splitList(text.toLowerCase(), field)) {
    const kinds = Object.hasOwn(NETWORK_NAMES, item) ? NETWORK_NAMES[item] : [];
    const number = Object.hasOwn(PROTOCOL_ALIASES, item) ? PROTOCOL_ALIASES[item] : ipProtocolByName(item);
    const types = etherTypesOf(item, field);
    if (kinds.length > 0) for (const kind of kinds) networks.add(kind);
    else if (number !== null) ip.push([number, number]);
    else if (types.length > 0) for (const type of types) etherTypes.add(type);
    else ip.push(parseProtocolRange(item, field));
  }
  return { ip: mergedRanges(ip), networks: [...networks], etherTypes: [...etherTypes] };
}

function parseEtherType(item: string): number {
  return /^0x[\da-f]{1,4}$/.test(item) ? Number.parseInt(item, 16) : 0;
}

/** Those of a name, or the one written as 0x88cc. What stands behind a VLAN tag is matched, never the tag itself. */
function etherTypesOf(item: string, field: string): number[] {
  const types = item.startsWith('0x') ? [parseEtherType(item)] : etherTypesByName(item);
  if (types.some((type) => type < MIN_ETHERTYPE)) {
    throw new BadRule(`${quoted(item)}: EtherTypes are 0x600-0xffff`, field);
  }
  if (types.some(isTag)) throw new BadRule('VLANs have a field of their own', field);
  return types;
}

function parseProtocolRange(item: string, field: string): NumberRange {
  if (item === 'any' || item === 'all') throw new BadRule('leave it empty for every protocol', field);
  const isNumber = /^\d/.test(item);
  return parseRange(
    item,
    LARGEST_PROTOCOL,
    () => (isNumber ? `${quoted(item)}: protocols are 0-255` : `${quoted(item)} is no known protocol`),
    field,
  );
}

/** True for the EtherType of a network layer whose packets have addresses here. */
function isIpEtherType(type: number): boolean {
  return type === ETHERTYPE.ipv4 || type === ETHERTYPE.ipv6;
}

/** Network layers of the packets that a list of protocols lets through. */
function networksOf({ ip, networks, etherTypes }: PreparedProtocols): Set<Network> {
  const found = new Set(networks);
  if (ip.length > 0 || etherTypes.includes(ETHERTYPE.ipv4)) found.add('ipv4');
  if (ip.length > 0 || etherTypes.includes(ETHERTYPE.ipv6)) found.add('ipv6');
  if (etherTypes.some((type) => !isIpEtherType(type))) found.add('other');
  return found;
}

// --- names ------------------------------------------------------------------------------------------------------------

/** Interface names and patterns. */
export function parseInterfaces(text: string, field = 'interface'): string[] {
  return parsePatterns(text, field);
}

/** Names and patterns with * and ?; whatever can be printed. */
export function parsePatterns(text: string, field = 'process'): string[] {
  const items = splitList(text, field);
  if (items.some((item) => !isPrintable(item))) throw new BadRule('printable characters only', field);
  return items;
}

/** No control or format characters, no halves of characters, no line ends. */
export function isPrintable(text: string): boolean {
  return !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);
}

// --- what is wrong ----------------------------------------------------------------------------------------------------

/** `field` as "source.port" within a rule, "rules/2/source.port" within a filter (rules count from 0). */
export interface Problem {
  field: string;
  problem: string;
}

const SIDES = ['source', 'destination'] as const;

/** Everything that is wrong with a rule: fields that mean nothing, then fields that cannot hold together. */
export function ruleProblems(rule: FilterRule): Problem[] {
  const problems = fieldProblems(rule);
  return problems.length > 0 ? problems : combinationProblems(rule);
}

/** What the parser of each field that is not empty says. */
function fieldProblems(rule: FilterRule): Problem[] {
  const problems: Problem[] = [];
  const check = (field: string, text: string | undefined, parse: (text: string, field: string) => unknown): void => {
    if (!isFilled(text)) return;
    try {
      parse(text, field);
    } catch (error) {
      if (!(error instanceof BadRule)) throw error;
      problems.push({ field, problem: error.message });
    }
  };
  for (const side of SIDES) {
    check(`${side}.address`, rule[side]?.address, parseAddresses);
    check(`${side}.mac`, rule[side]?.mac, parseMacs);
    check(`${side}.port`, rule[side]?.port, parsePorts);
  }
  check('protocol', rule.protocol, parseProtocols);
  check('interface', rule.interface, parseInterfaces);
  check('vlan', rule.vlan, parseVlans);
  check('process', rule.process, parsePatterns);
  return problems;
}

/** False for a field that says nothing: absent, or blanks alone (a form's empty field). */
export function isFilled(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== '';
}

function combinationProblems(rule: FilterRule): Problem[] {
  const others = otherMatchers(rule);
  if (isFilled(rule.expression)) {
    if (others || rule.ownSession) return [{ field: 'expression', problem: 'stands alone: empty the other fields' }];
    return [];
  }
  if (rule.ownSession) return others ? [{ field: 'ownSession', problem: 'stands alone: empty the other fields' }] : [];
  return [...protocolProblems(rule), ...familyProblems(rule)];
}

/** True when a rule has a matcher beside expression and ownSession. */
function otherMatchers(rule: FilterRule): boolean {
  const texts = [rule.protocol, rule.interface, rule.vlan, rule.process, rule.direction];
  for (const side of SIDES) texts.push(rule[side]?.address, rule[side]?.mac, rule[side]?.port);
  return texts.some((text) => isFilled(text));
}

/** Ports and addresses beside protocols that have none. */
function protocolProblems(rule: FilterRule): Problem[] {
  if (!isFilled(rule.protocol)) return [];
  const protocols = parseProtocols(rule.protocol);
  const networks = networksOf(protocols);
  const isIp = networks.has('ipv4') || networks.has('ipv6');
  const problems: Problem[] = [];
  for (const side of SIDES) {
    if (isFilled(rule[side]?.port) && !somePorts(protocols)) {
      problems.push({ field: `${side}.port`, problem: 'that protocol has no ports' });
    }
    if (isFilled(rule[side]?.address) && !isIp) {
      problems.push({ field: `${side}.address`, problem: 'that protocol has no IP addresses' });
    }
  }
  return problems;
}

function somePorts({ ip, networks, etherTypes }: PreparedProtocols): boolean {
  if (networks.some((network) => network !== 'other') || etherTypes.some(isIpEtherType)) return true;
  const inRanges = (protocol: number): boolean => ip.some(([from, to]) => from <= protocol && protocol <= to);
  return Object.values(IP_PROTOCOL).some((protocol) => hasPorts(protocol) && inRanges(protocol));
}

/** IPv4 on one side and IPv6 on the other, or beside the other's protocol: no packet is both. */
function familyProblems(rule: FilterRule): Problem[] {
  const protocol = !isFilled(rule.protocol) ? null : networksOf(parseProtocols(rule.protocol));
  let possible = new Set<4 | 6>([4, 6]);
  if (protocol?.has('ipv4') !== protocol?.has('ipv6')) possible = new Set([protocol?.has('ipv4') ? 4 : 6]);
  for (const side of SIDES) {
    const families = familiesOf(rule[side]);
    if (![...possible].some((family) => families.has(family))) {
      return [{ field: `${side}.address`, problem: `only IPv${possible.has(4) ? 4 : 6} fits the other fields` }];
    }
    possible = new Set([...possible].filter((family) => families.has(family)));
  }
  return [];
}

/** Host names may have addresses of both families. */
function familiesOf(endpoint: FilterEndpoint | undefined): Set<4 | 6> {
  if (!isFilled(endpoint?.address)) return new Set([4, 6]);
  return new Set(parseAddresses(endpoint.address).flatMap((item) => ('host' in item ? [4, 6] : [item.family])));
}

export const MAXIMUM_RULES = 256;
export const MAXIMUM_NAME = 40;
export const MAXIMUM_DESCRIPTION = 200;

/** Everything that is wrong with a filter and its rules. */
export function filterProblems(filter: Filter): Problem[] {
  const problems: Problem[] = [];
  const wrongName = nameProblem(filter.name);
  if (wrongName !== null) problems.push({ field: 'name', problem: wrongName });
  const wrongDescription = descriptionProblem(filter.description);
  if (wrongDescription !== null) problems.push({ field: 'description', problem: wrongDescription });
  if (filter.rules.length > MAXIMUM_RULES) problems.push({ field: 'rules', problem: `at most ${MAXIMUM_RULES} rules` });
  for (const [k, rule] of filter.rules.entries()) {
    for (const { field, problem } of ruleProblems(rule)) problems.push({ field: `rules/${k}/${field}`, problem });
  }
  return problems;
}

/** What is wrong with a filter's name, or null. */
export function nameProblem(name: string): string | null {
  if (name === '') return 'a name is needed';
  if (name.trim() !== name) return 'no blanks at its ends';
  if (!isPrintable(name)) return 'printable characters only';
  return [...name].length > MAXIMUM_NAME ? `at most ${MAXIMUM_NAME} characters` : null;
}

/** What is wrong with a filter's description, or null. */
export function descriptionProblem(text: string): string | null {
  if (!isPrintable(text)) return 'printable characters only';
  return [...text].length > MAXIMUM_DESCRIPTION ? `at most ${MAXIMUM_DESCRIPTION} characters` : null;
}
