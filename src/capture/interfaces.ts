/**
 * The interfaces of this machine: what /sys/class/net and the C library say about each, and which ones an operator
 * means with an argument (a name, a pattern, an address, a network, a container network). Needs no privilege and opens
 * nothing; the roots of the file trees are parameters for tests.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import { OperatorError } from '../base/errors.ts';
import { isVirtual, parseKernelCounters } from './kernel-counters.ts';
import { ARPHRD_LOOPBACK } from './link-types.ts';
import { contains, defaultRouteInterface, type Prefix, parsePrefix, readRoutes, routeTo } from './routes.ts';

/** Where the facts come from; the real ones but for tests. */
export interface SystemRoots {
  /** "/sys". */
  sys: string;
  /** "/proc". */
  proc: string;
  /** Prefix of /etc and /var: "". */
  root: string;
  /** Addresses in CIDR notation by interface name. */
  addresses: () => Map<string, string[]>;
  /** What an interface's driver calls itself, asked where /sys does not tell; null: unknown. */
  driver: (name: string) => string | null;
}

/** An interface as the picker and the `interfaces` command show it. */
export interface InterfaceInfo {
  name: string;
  index: number;
  /** Administratively up (IFF_UP). */
  up: boolean;
  /** Up, and there is a carrier: a cable, or whatever stands for it. */
  running: boolean;
  /** With prefix length: "192.0.2.1/24". The C library tells none of an interface that is not running. */
  addresses: string[];
  /** Hardware address, or null where it has none. */
  mac: string | null;
  mtu: number;
  /** Mbit/s, or null where the kernel does not know. */
  speed: number | null;
  /** Driver of the card, else the kind of virtual interface: "bridge", "veth", "vlan", "loopback", "tun", "virtual". */
  kind: string;
  virtual: boolean;
  loopback: boolean;
  /** Bridge or bond that this one belongs to, or null. */
  master: string | null;
  /** Interfaces that this one sits on (a VLAN on its card, a bridge on its members). */
  lower: string[];
}

export interface ResolveOptions {
  /** With `all`: only interfaces that sit on no other. */
  physical?: boolean;
}

export interface ResolvedInterfaces {
  names: string[] | 'all';
  /** Arguments that fit nothing. */
  missing: string[];
}

const IFF_UP = 1;
/** ARPHRD_ numbers of tunnels without a driver or device type. */
const KIND_OF_HARDWARE_TYPE = new Map<number, string>([
  [ARPHRD_LOOPBACK, 'loopback'],
  [512, 'ppp'],
  [768, 'ipip'],
  [769, 'ip6tnl'],
  [776, 'sit'],
  [778, 'gre'],
  [823, 'ip6gre'],
]);

function withDefaults(roots: Partial<SystemRoots>): SystemRoots {
  return { sys: '/sys', proc: '/proc', root: '', addresses: addressesByInterface, driver: () => null, ...roots };
}

function addressesByInterface(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    found.set(
      name,
      (entries ?? []).flatMap(({ cidr }) => (cidr === null ? [] : [cidr])),
    );
  }
  return found;
}

/** Every interface of this network namespace, also those that are down, by index. */
export function listInterfaces(roots: Partial<SystemRoots> = {}): InterfaceInfo[] {
  const { sys, proc, addresses, driver } = withDefaults(roots);
  const folder = join(sys, 'class/net');
  const known = addresses();
  const found: InterfaceInfo[] = [];
  for (const name of readdirSync(folder)) {
    // An interface may vanish while we read, and bonding_masters is none.
    if (read(join(folder, name, 'ifindex')) === '') continue;
    found.push(readInterface(folder, name, known.get(name) ?? [], driver));
  }
  for (const name of namesIn(join(proc, 'net/dev'))) {
    if (!found.some((entry) => entry.name === name)) found.push(unseenInterface(name, known.get(name) ?? null, driver));
  }
  return found.sort((a, b) => a.index - b.index);
}

function namesIn(procNetDev: string): Iterable<string> {
  return parseKernelCounters(read(procNetDev)).keys();
}

/**
 * An interface of ours that /sys does not have: after `nsenter -n`, /sys shows the namespace that it was mounted in.
 * What the C library does not tell of it is unknown.
 */
function unseenInterface(name: string, addresses: string[] | null, driver: SystemRoots['driver']): InterfaceInfo {
  const running = addresses !== null;
  const state = { up: running, running, loopback: name === 'lo', virtual: true, kind: driver(name) ?? 'virtual' };
  return {
    name,
    index: 0,
    ...state,
    addresses: addresses ?? [],
    mac: null,
    mtu: 0,
    speed: null,
    master: null,
    lower: [],
  };
}

function readInterface(
  folder: string,
  name: string,
  addresses: string[],
  driver: SystemRoots['driver'],
): InterfaceInfo {
  const path = join(folder, name);
  const up = (Number(read(join(path, 'flags'))) & IFF_UP) !== 0;
  const mac = read(join(path, 'address'));
  const speed = Number.parseInt(read(join(path, 'speed')), 10);
  const lower = lowerOf(path);
  return {
    name,
    index: Number(read(join(path, 'ifindex'))),
    up,
    // "unknown" is what devices without a notion of carrier say: loopback, tun, dummy.
    running: up && ['up', 'unknown'].includes(read(join(path, 'operstate'))),
    addresses,
    mac: /^(00:)*00$|^$/.test(mac) ? null : mac,
    mtu: Number(read(join(path, 'mtu'))),
    speed: speed > 0 ? speed : null,
    kind: kindOf(path, lower) ?? driver(name) ?? 'virtual',
    virtual: isVirtual(name, folder),
    loopback: Number(read(join(path, 'type'))) === ARPHRD_LOOPBACK,
    master: linkName(join(path, 'master')),
    lower,
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // Several attributes answer EINVAL when they mean nothing (speed of an interface that is down).
    return '';
  }
}

function linkName(path: string): string | null {
  try {
    return basename(readlinkSync(path));
  } catch {
    return null;
  }
}

function lowerOf(path: string): string[] {
  try {
    return readdirSync(path).flatMap((entry) => (entry.startsWith('lower_') ? [entry.slice('lower_'.length)] : []));
  } catch {
    return [];
  }
}

/** What /sys says of it; null: nothing. */
function kindOf(path: string, lower: readonly string[]): string | null {
  const driver = linkName(join(path, 'device/driver'));
  if (driver !== null) return driver;
  const deviceType = /^DEVTYPE=(.+)$/m.exec(read(join(path, 'uevent')));
  if (deviceType !== null) return deviceType[1];
  if (read(join(path, 'tun_flags')) !== '') return 'tun';
  const byType = KIND_OF_HARDWARE_TYPE.get(Number(read(join(path, 'type'))));
  if (byType !== undefined) return byType;
  // The other end of a veth pair is its "link" without being below it.
  const link = read(join(path, 'iflink'));
  return lower.length === 0 && link !== '' && link !== read(join(path, 'ifindex')) ? 'veth' : null;
}

/** Interface of the default route, else the first that is up and no loopback, else null. */
export function defaultInterface(roots: Partial<SystemRoots> = {}): string | null {
  const byRoute = defaultRouteInterface(readRoutes(withDefaults(roots).proc));
  if (byRoute !== null) return byRoute;
  return listInterfaces(roots).find((entry) => entry.up && !entry.loopback)?.name ?? null;
}

/**
 * The interfaces that arguments mean: each a name, a pattern (veth*), an address or network (the interface that holds
 * or routes it), a podman or docker network, or `all`. Throws E_INTERFACE_UNKNOWN when none of them fits anything.
 */
export function resolveInterfaces(
  wanted: readonly string[],
  options: ResolveOptions = {},
  roots: Partial<SystemRoots> = {},
): ResolvedInterfaces {
  const interfaces = listInterfaces(roots);
  if (wanted.includes('all')) return { names: resolveAll(interfaces, options), missing: [] };
  const names = new Set<string>();
  const missing: string[] = [];
  for (const argument of wanted) {
    const found = resolveOne(argument, interfaces, withDefaults(roots));
    if (found.length === 0) missing.push(argument);
    for (const name of found) names.add(name);
  }
  if (names.size === 0) throw unknownInterface(missing, interfaces);
  return { names: [...names], missing };
}

function resolveAll(interfaces: readonly InterfaceInfo[], { physical }: ResolveOptions): string[] | 'all' {
  if (physical !== true) return 'all';
  return interfaces.filter(({ lower }) => lower.length === 0).map(({ name }) => name);
}

function unknownInterface(missing: readonly string[], interfaces: readonly InterfaceInfo[]): OperatorError {
  return new OperatorError({
    code: 'E_INTERFACE_UNKNOWN',
    operation: 'capture on',
    target: missing.map((name) => (name === '' ? 'the default interface' : name)).join(', '),
    cause: 'there is no such interface',
    remedy: `there are: ${interfaces.map(({ name }) => name).join(', ')}`,
  });
}

function resolveOne(argument: string, interfaces: readonly InterfaceInfo[], roots: SystemRoots): string[] {
  if (interfaces.some(({ name }) => name === argument)) return [argument];
  if (/[*?[]/.test(argument)) {
    const pattern = patternToRegExp(argument);
    return interfaces.filter(({ name }) => pattern.test(name)).map(({ name }) => name);
  }
  const prefix = parsePrefix(argument);
  const name = prefix === null ? containerBridge(argument, roots) : interfaceOf(prefix, argument, interfaces, roots);
  return name !== null && interfaces.some((entry) => entry.name === name) ? [name] : [];
}

/** Shell pattern: `*`, `?`, `[a-c]`, `[!a]`. An unclosed bracket is itself. */
function patternToRegExp(pattern: string): RegExp {
  const source = pattern.replace(/\[!?\]?[^\]]*\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return `[${part.slice(1, -1).replace(/^!/, '^').replace(/[\\[]/g, '\\$&')}]`;
    return part.replace(/[.*+?^${}()|[\]\\]/, '\\$&');
  });
  return new RegExp(`^${source}$`);
}

function interfaceOf(
  prefix: Prefix,
  argument: string,
  interfaces: readonly InterfaceInfo[],
  { proc }: SystemRoots,
): string | null {
  const zone = /%([^/]+)/.exec(argument);
  if (zone !== null) return zone[1];
  const holder = interfaces.find(({ addresses }) => addresses.some((address) => holds(prefix, address)));
  return holder?.name ?? routeTo(readRoutes(proc), prefix);
}

/** Whether an interface's address lies in the wanted prefix (an address is a prefix of full length). */
function holds(prefix: Prefix, cidr: string): boolean {
  const address = parsePrefix(cidr.replace(/\/.*$/, ''));
  return address !== null && contains(prefix, address);
}

/** Network descriptions of podman: netavark's and, older, CNI's. */
const NETWORK_FOLDERS = ['/etc/containers/networks', '/var/lib/containers/storage/networks', '/etc/cni/net.d'];

/**
 * Bridge of a podman or docker network. Docker's own names are known to its daemon only: its default network, and a
 * network's id, are all that can be told without asking it.
 */
function containerBridge(network: string, { root }: SystemRoots): string | null {
  for (const folder of NETWORK_FOLDERS) {
    for (const file of filesIn(join(root, folder))) {
      const bridge = bridgeIn(read(join(root, folder, file)), network);
      if (bridge !== null) return bridge;
    }
  }
  // Podman needs no file for its default network.
  if (network === 'podman') return 'podman0';
  if (network === 'bridge') return 'docker0';
  return /^[0-9a-f]{12,64}$/.test(network) ? `br-${network.slice(0, 12)}` : null;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((file) => /\.(json|conflist)$/.test(file));
  } catch {
    return [];
  }
}

interface NetworkDescription {
  name?: unknown;
  network_interface?: unknown;
  plugins?: { bridge?: unknown }[];
}

function bridgeIn(text: string, network: string): string | null {
  let description: NetworkDescription;
  try {
    description = JSON.parse(text) as NetworkDescription;
  } catch {
    return null;
  }
  if (description?.name !== network) return null;
  const plugins = Array.isArray(description.plugins) ? description.plugins : [];
  const bridge = description.network_interface ?? plugins.find((plugin) => typeof plugin?.bridge === 'string')?.bridge;
  return typeof bridge === 'string' ? bridge : null;
}
