import { execFileSync } from 'node:child_process';
import { BlockList, isIPv4 } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  contains,
  defaultRouteInterface,
  parsePrefix,
  parseRoutes4,
  parseRoutes6,
  routeTo,
} from '../../src/capture/routes.ts';

const ROUTES4 = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t010A0A0A\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t000A0A0A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
wlan0\t0000A8C0\t00000000\t0001\t0\t0\t600\t0000FFFF\t0\t0\t0
podman0\t0000580A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
*\t00001FAC\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0
`;
const ROUTES6 = `fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
20010db8000000000000000000000000 20 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     sit1
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;

const routes = [...parseRoutes4(ROUTES4), ...parseRoutes6(ROUTES6)];
const to = (text: string): string | null => {
  const prefix = parsePrefix(text);
  return prefix === null ? null : routeTo(routes, prefix);
};

it('finds the interface of the most specific route, then of the lowest metric', () => {
  expect(['10.10.10.7', '192.168.3.4', '10.88.0.1', '8.8.8.8', '2001:db8::1', 'fe80::1', '2a00::1'].map(to)).toEqual([
    'eth0',
    'wlan0',
    'podman0',
    'eth0',
    'sit1',
    'eth0',
    'eth0',
  ]);
});

it('finds the interface of a network that a route holds as a whole', () => {
  expect(['10.88.0.0/16', '10.88.3.0/24', '2001:db8:7::/48'].map(to)).toEqual(['podman0', 'podman0', 'sit1']);
  // Wider than the route: only the default route holds all of it.
  expect(to('10.0.0.0/8')).toBe('eth0');
});

it('does not take routes that refuse', () => {
  expect(routes.map((route) => route.interface)).not.toContain('*');
  expect(routes.map((route) => route.interface)).not.toContain('lo');
});

it('takes the default route with the lowest metric, and IPv6 where there is no other', () => {
  expect(defaultRouteInterface(routes)).toBe('eth0');
  expect(defaultRouteInterface(parseRoutes6(ROUTES6))).toBe('eth0');
  expect(defaultRouteInterface([])).toBeNull();
});

it('refuses what is neither address nor network', () => {
  for (const text of ['eth0', '10.0.0.0/33', '10.0.0/8', '::/129', '10.0.0.1/', '10.0.0.1/8/8', '1.2.3.4/-1', '']) {
    expect(parsePrefix(text), text).toBeNull();
  }
});

it('agrees with an independent implementation on which addresses a network holds', () => {
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV6().filter((text) => !/\./.test(text)),
  );
  fc.assert(
    fc.property(address, address, fc.nat(128), (network, other, bits) => {
      const width = isIPv4(network) ? 32 : 128;
      const prefixLength = Math.max(1, Math.min(bits, width));
      const outer = parsePrefix(`${network}/${prefixLength}`);
      const inner = parsePrefix(other);
      if (outer === null || inner === null) throw new Error('no prefix');
      const list = new BlockList();
      list.addSubnet(network, prefixLength, isIPv4(network) ? 'ipv4' : 'ipv6');
      // ::ffff:a.b.c.d is IPv4 to us: the other implementation is asked within one family only.
      fc.pre(isIPv4(network) === isIPv4(other));
      expect(contains(outer, inner)).toBe(list.check(other, isIPv4(other) ? 'ipv4' : 'ipv6'));
    }),
  );
});

it('agrees with `ip route get` on this machine', async () => {
  const { readRoutes } = await import('../../src/capture/routes.ts');
  const here = readRoutes('/proc');
  for (const { address, bits, interface: name } of here.filter((route) => route.bits < 128 && route.bits > 96)) {
    if (address >> 32n !== 0xffffn) continue;
    const number = Number(address & 0xffff_ffffn) + 1;
    const text = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
    const answer = execFileSync('ip', ['route', 'get', text], { encoding: 'utf8' });
    const prefix = parsePrefix(text);
    expect([prefix === null ? null : routeTo(here, prefix), name, bits], text).toContain(/dev (\S+)/.exec(answer)?.[1]);
  }
});
