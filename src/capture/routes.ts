/**
 * The kernel's routing tables as text (/proc/net/route, /proc/net/ipv6_route; proc(5)), read for one question: which
 * interface does an address or network belong to. Addresses are 16 bytes in hexadecimal, IPv4 as v4-mapped IPv6.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';

/** A prefix: `bits` counts in the 128-bit form (IPv4 /24 is 120). */
export interface Prefix {
  /** 128-bit address. */
  address: bigint;
  bits: number;
}

export interface Route extends Prefix {
  interface: string;
  metric: number;
}

const RTF_UP = 0x1;
const RTF_REJECT = 0x200;
const V4_MAPPED = 0xffff_0000_0000n;
const V4_BITS = 96;

/** Both tables; usable routes only. An absent table (no IPv6) is empty. */
export function readRoutes(proc: string): Route[] {
  return [
    ...parseRoutes4(readOrEmpty(join(proc, 'net/route'))),
    ...parseRoutes6(readOrEmpty(join(proc, 'net/ipv6_route'))),
  ];
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Lines "iface destination gateway flags refcnt use metric mask …": addresses as host-order hexadecimal. */
export function parseRoutes4(text: string): Route[] {
  const routes: Route[] = [];
  for (const line of text.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (fields.length < 8) continue;
    const flags = Number.parseInt(fields[3], 16);
    if ((flags & RTF_UP) === 0 || (flags & RTF_REJECT) !== 0) continue;
    routes.push({
      interface: fields[0],
      address: V4_MAPPED | fromHostOrder(fields[1]),
      bits: V4_BITS + onesIn(fromHostOrder(fields[7])),
      metric: Number(fields[6]),
    });
  }
  return routes;
}

function fromHostOrder(hex: string): bigint {
  return BigInt(Buffer.from(hex, 'hex').readUInt32LE(0));
}

function onesIn(mask: bigint): number {
  return mask.toString(2).replaceAll('0', '').length;
}

/** Lines "destination prefix source prefix next-hop metric refcnt use flags iface", all hexadecimal. */
export function parseRoutes6(text: string): Route[] {
  const routes: Route[] = [];
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields.length < 10) continue;
    const flags = Number.parseInt(fields[8], 16);
    if ((flags & RTF_UP) === 0 || (flags & RTF_REJECT) !== 0) continue;
    routes.push({
      interface: fields[9],
      address: BigInt(`0x${fields[0]}`),
      bits: Number.parseInt(fields[1], 16),
      metric: Number.parseInt(fields[5], 16),
    });
  }
  return routes;
}

/** "192.0.2.1", "192.0.2.0/24", "2001:db8::/32", "fe80::1%eth0" (the zone is not looked at); null if it is neither. */
export function parsePrefix(text: string): Prefix | null {
  const [addressText, bitsText, ...rest] = text.split('/');
  const bare = addressText.replace(/%.*$/, '');
  const family = isIP(bare);
  if (family === 0 || rest.length > 0) return null;
  const width = family === 4 ? 32 : 128;
  const bits = bitsText === undefined ? width : /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : width + 1;
  if (bits > width) return null;
  return { address: addressValue(bare), bits: 128 - width + bits };
}

function addressValue(text: string): bigint {
  if (isIP(text) === 4) return V4_MAPPED | BigInt(`0x${quadToHex(text)}`);
  const plain = text.replace(/(\d+\.\d+\.\d+\.\d+)$/, (quad) => quadToHex(quad).replace(/(....)$/, ':$1'));
  const [head, tail] = plain.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array<string>(8 - first.length - last.length).fill('0');
  return BigInt(`0x${[...first, ...zeros, ...last].map((group) => group.padStart(4, '0')).join('')}`);
}

function quadToHex(quad: string): string {
  return quad
    .split('.')
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('');
}

/** Whether `outer` holds all of `inner`. */
export function contains(outer: Prefix, inner: Prefix): boolean {
  const shift = BigInt(128 - outer.bits);
  return outer.bits <= inner.bits && outer.address >> shift === inner.address >> shift;
}

/** Interface of the most specific route (then the lowest metric) to all of the prefix, or null. */
export function routeTo(routes: readonly Route[], prefix: Prefix): string | null {
  let best: Route | null = null;
  for (const route of routes) {
    if (!contains(route, prefix)) continue;
    if (best === null || route.bits > best.bits || (route.bits === best.bits && route.metric < best.metric))
      best = route;
  }
  return best?.interface ?? null;
}

/** Interface of the default route, IPv4's first, or null. */
export function defaultRouteInterface(routes: readonly Route[]): string | null {
  const ipv4 = { address: V4_MAPPED, bits: V4_BITS };
  const ipv6 = { address: 0n, bits: 0 };
  for (const { address, bits } of [ipv4, ipv6]) {
    const candidates = routes.filter((route) => route.address === address && route.bits === bits);
    if (candidates.length > 0) return routeTo(candidates, { address, bits });
  }
  return null;
}
