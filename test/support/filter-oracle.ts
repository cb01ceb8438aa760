/** Filters decided slowly and obviously: each rule's text against what a frame means (frame-meaning.ts). */
import { type FilterEndpoint, type FilterRule, unmatchedOf } from '../../filters/filter.ts';
import type { FrameMeaning } from './frame-meaning.ts';
import { ipv6Bytes, toHex } from './packets.ts';

/** What rules ask for beside the frame. */
export interface OracleContext {
  nameOfSlot(slot: number): string;
  /** Networks that are ours, as text. */
  local: readonly string[];
  /** Whether a capture expression takes the packet that is being decided. */
  expressionTakes(expression: string): boolean;
}

/** Place of the rule that decides (rules.length: none does), and whether the packet passes. */
export function oracleVerdict(
  rules: readonly FilterRule[],
  meaning: FrameMeaning,
  context: OracleContext,
): { place: number; passes: boolean } {
  for (const [place, rule] of rules.entries()) {
    if (matchesRule(rule, meaning, context)) return { place, passes: rule.action === 'include' };
  }
  return { place: rules.length, passes: unmatchedOf({ rules: [...rules] }) === 'keep' };
}

function matchesRule(rule: FilterRule, meaning: FrameMeaning, context: OracleContext): boolean {
  if (rule.expression !== undefined) return context.expressionTakes(rule.expression);
  const { protocol, vlan, direction } = rule;
  if (protocol !== undefined && !items(protocol).some((item) => isProtocol(item, meaning))) return false;
  if (vlan !== undefined && !items(vlan).some((item) => isVlan(item, meaning.vlan))) return false;
  if (direction !== undefined && directionOf(meaning, context.local) !== direction) return false;
  const name = context.nameOfSlot(meaning.slot);
  if (rule.interface !== undefined && !items(rule.interface).some((item) => isNamed(item, name))) return false;
  const asSent = fits(rule.source, 'source', meaning) && fits(rule.destination, 'destination', meaning);
  const exchanged = fits(rule.source, 'destination', meaning) && fits(rule.destination, 'source', meaning);
  return asSent || (exchanged && rule.ways !== 'one');
}

function items(list: string): string[] {
  return list.split(',').map((item) => item.trim());
}

function fits(endpoint: FilterEndpoint | undefined, side: 'source' | 'destination', meaning: FrameMeaning): boolean {
  if (endpoint?.address !== undefined) {
    const address = meaning.addresses?.[side];
    if (address === undefined || !items(endpoint.address).some((item) => isIn(item, address))) return false;
  }
  if (endpoint?.mac !== undefined) {
    const mac = meaning.macs?.[side];
    if (!items(endpoint.mac).some((item) => item.replaceAll(':', '') === mac)) return false;
  }
  if (endpoint?.port === undefined) return true;
  const port = meaning.ports?.[side];
  return port !== undefined && items(endpoint.port).some((item) => isBetween(item, port));
}

function isBetween(item: string, value: number): boolean {
  const [from, to = from] = item.split('-').map(Number);
  return from <= value && value <= to;
}

/** 0 and 1 for each bit. */
function bits(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
}

function addressBytes(text: string): Uint8Array {
  return text.includes(':') ? ipv6Bytes(text) : Uint8Array.from(text.split('.').map(Number));
}

function isIn(network: string, address: Uint8Array): boolean {
  const [text, prefix] = network.split('/');
  const bytes = addressBytes(text);
  if (bytes.length !== address.length) return false;
  if (prefix === undefined) return toHex(bytes) === toHex(address);
  const [ours, theirs] = [bits(bytes), bits(address)];
  if (!prefix.includes('.')) return theirs.startsWith(ours.slice(0, Number(prefix)));
  const mask = bits(addressBytes(prefix));
  return [...mask].every((bit, k) => bit === '0' || ours[k] === theirs[k]);
}

const NUMBERS: Readonly<Record<string, number>> = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  icmpv6: 58,
  'ipv6-icmp': 58,
  ospf: 89,
  sctp: 132,
  udplite: 136,
};
const TYPES: Readonly<Record<string, number>> = { arp: 0x0806, rarp: 0x8035, lldp: 0x88cc, stp: 0x4242 };

function isProtocol(item: string, { kind, type, protocol }: FrameMeaning): boolean {
  if (item === 'ip') return kind !== 'other';
  if (item === 'non-ip') return kind === 'other';
  if (item === 'ipv4' || item === 'ipv6') return kind === item;
  const etherType = item.startsWith('0x') ? Number(item) : TYPES[item];
  if (etherType !== undefined) return type === etherType;
  return protocol !== null && isBetween(String(NUMBERS[item] ?? item), protocol);
}

function isVlan(item: string, vlan: number | null): boolean {
  if (item === 'none') return vlan === null;
  return vlan !== null && (item === 'any' || isBetween(item, vlan));
}

function isNamed(pattern: string, name: string): boolean {
  const source = [...pattern].map((c) =>
    c === '*' ? '.*' : c === '?' ? '.' : `\\x${toHex(Uint8Array.of(c.charCodeAt(0)))}`,
  );
  return new RegExp(`^${source.join('')}$`).test(name);
}

function directionOf({ packetType, addresses }: FrameMeaning, local: readonly string[]): 'in' | 'out' | null {
  if (packetType !== 255) return packetType === 4 ? 'out' : 'in';
  if (addresses === null) return null;
  if (local.some((network) => isIn(network, addresses.source))) return 'out';
  return local.some((network) => isIn(network, addresses.destination)) ? 'in' : null;
}
