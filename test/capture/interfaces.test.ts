import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SystemRoots } from '../../src/capture/interfaces.ts';
import { defaultInterface, listInterfaces, resolveInterfaces } from '../../src/capture/interfaces.ts';

let folder: string;
let roots: SystemRoots;

function write(path: string, text: string): void {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, `${text}\n`);
}

function addInterface(
  name: string,
  index: number,
  attributes: Record<string, string> = {},
  links: Record<string, string> = {},
): void {
  const all = {
    ifindex: String(index),
    iflink: String(index),
    type: '1',
    flags: '0x1003',
    operstate: 'up',
    mtu: '1500',
    ...attributes,
  };
  for (const [attribute, value] of Object.entries({ address: `02:00:00:00:00:0${index}`, ...all })) {
    write(`sys/class/net/${name}/${attribute}`, value);
  }
  for (const [link, target] of Object.entries(links)) {
    const path = join(folder, 'sys/class/net', name, link);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'interfaces-'));
  addInterface('lo', 1, {
    type: '772',
    flags: '0x9',
    operstate: 'unknown',
    address: '00:00:00:00:00:00',
    mtu: '65536',
  });
  addInterface('eth0', 2, { speed: '1000' }, { 'device/driver': '/drivers/e1000e', master: '../br0' });
  addInterface('eth1', 3, { flags: '0x1002', operstate: 'down', speed: '-1' }, { 'device/driver': '/drivers/igb' });
  addInterface('br0', 4, { uevent: 'DEVTYPE=bridge\nINTERFACE=br0' }, { lower_eth0: '../eth0' });
  addInterface('br0.7', 5, { uevent: 'DEVTYPE=vlan', iflink: '4' }, { lower_br0: '../br0' });
  addInterface('veth1a', 6, { iflink: '9', operstate: 'lowerlayerdown' });
  addInterface('tun0', 7, { type: '65534', tun_flags: '0x1001', address: '', operstate: 'unknown' });
  addInterface('podman1', 8, { uevent: 'DEVTYPE=bridge', operstate: 'down' });
  addInterface('br-0123456789ab', 9, { uevent: 'DEVTYPE=bridge' });
  write('sys/class/net/bonding_masters', 'bond0');
  write(
    'proc/net/route',
    [
      'Iface Destination Gateway Flags RefCnt Use Metric Mask',
      'br0 00000000 0101A8C0 0003 0 0 0 00000000',
      'podman1 0000590A 00000000 0001 0 0 0 0000FFFF',
    ].join('\n'),
  );
  write('etc/containers/networks/web.json', '{"name":"web","driver":"bridge","network_interface":"podman1"}');
  write('etc/containers/networks/broken.json', '{"name":"web');
  write('etc/containers/networks/odd.json', 'null');
  write(
    'etc/cni/net.d/87-old.conflist',
    '{"name":"old","plugins":[{"type":"bridge","bridge":"veth1a"},{"type":"portmap"}]}',
  );
  const addresses = new Map([
    ['lo', ['127.0.0.1/8', '::1/128']],
    ['br0', ['192.168.1.5/24', 'fe80::1/64']],
    ['tun0', ['10.9.0.1/32']],
  ]);
  roots = {
    sys: join(folder, 'sys'),
    proc: join(folder, 'proc'),
    root: folder,
    addresses: () => addresses,
    driver: () => null,
  };
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the list of interfaces', () => {
  it('has every interface with its state, also those that are down', () => {
    const list = listInterfaces(roots);
    expect(list.map(({ name, up, running }) => [name, up, running])).toEqual([
      ['lo', true, true],
      ['eth0', true, true],
      ['eth1', false, false],
      ['br0', true, true],
      ['br0.7', true, true],
      ['veth1a', true, false],
      ['tun0', true, true],
      ['podman1', true, false],
      ['br-0123456789ab', true, true],
    ]);
    expect(list.map(({ kind }) => kind)).toEqual([
      'loopback',
      'e1000e',
      'igb',
      'bridge',
      'vlan',
      'veth',
      'tun',
      'bridge',
      'bridge',
    ]);
    expect(list.filter(({ virtual }) => !virtual).map(({ name }) => name)).toEqual(['eth0', 'eth1']);
  });

  it('tells speed, hardware address, master and what it sits on, and null where there is none', () => {
    const [lo, eth0, eth1, br0] = listInterfaces(roots);
    expect(eth0).toMatchObject({
      speed: 1000,
      mac: '02:00:00:00:00:02',
      master: 'br0',
      lower: [],
      mtu: 1500,
      index: 2,
    });
    expect(eth1.speed).toBeNull();
    expect(lo).toMatchObject({ mac: null, loopback: true, mtu: 65536 });
    expect(br0).toMatchObject({ lower: ['eth0'], addresses: ['192.168.1.5/24', 'fe80::1/64'], master: null });
  });

  it('has interfaces that only this namespace knows, with what the C library says about them', () => {
    write('other/net/dev', 'header\n veth7: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0');
    const addresses = (): Map<string, string[]> => new Map([['veth7', ['10.0.0.1/24']]]);
    const list = listInterfaces({ ...roots, proc: join(folder, 'other'), addresses, driver: () => 'veth' });
    expect(list.find(({ name }) => name === 'veth7')).toMatchObject({
      up: true,
      kind: 'veth',
      addresses: ['10.0.0.1/24'],
      mac: null,
    });
    expect(resolveInterfaces(['10.0.0.0/24'], {}, { ...roots, proc: join(folder, 'other'), addresses }).names).toEqual([
      'veth7',
    ]);
  });

  it('agrees with the C library about this machine', () => {
    const running = listInterfaces().filter(({ addresses }) => addresses.length > 0);
    expect(running.map(({ name }) => name).sort()).toEqual(Object.keys(networkInterfaces()).sort());
    for (const { name, mac } of running) {
      const known = networkInterfaces()[name]?.[0].mac;
      expect(mac ?? '00:00:00:00:00:00').toBe(known);
    }
  });
});

describe('an interface argument', () => {
  const names = (...wanted: string[]): unknown => resolveInterfaces(wanted, {}, roots).names;

  it('may be a name', () => {
    expect(names('eth1', 'br0.7')).toEqual(['eth1', 'br0.7']);
  });

  it('may be a pattern, in which dots are dots', () => {
    expect(names('eth*')).toEqual(['eth0', 'eth1']);
    expect(names('br0?*')).toEqual(['br0.7']);
    expect(names('eth[!0]')).toEqual(['eth1']);
    expect(names('[a-e]*')).toEqual(['eth0', 'eth1', 'br0', 'br0.7', 'br-0123456789ab']);
    expect(names('[', 'lo')).toEqual(['lo']);
  });

  it('may be an address or a network that an interface holds or routes', () => {
    expect(names('192.168.1.5')).toEqual(['br0']);
    expect(names('192.168.1.0/24')).toEqual(['br0']);
    expect(names('127.0.0.1')).toEqual(['lo']);
    expect(names('10.9.0.1')).toEqual(['tun0']);
    expect(names('10.89.3.7')).toEqual(['podman1']);
    expect(names('10.89.0.0/16')).toEqual(['podman1']);
    expect(names('9.9.9.9')).toEqual(['br0']);
    expect(names('fe80::9%eth1')).toEqual(['eth1']);
  });

  it('may be a podman or docker network', () => {
    expect(names('web')).toEqual(['podman1']);
    expect(names('old')).toEqual(['veth1a']);
    expect(names('0123456789abcdef')).toEqual(['br-0123456789ab']);
  });

  it('names each interface once, and what is missing', () => {
    expect(resolveInterfaces(['eth*', 'eth0', 'nosuch', '2001:db8::1', 'wlan*'], {}, roots)).toEqual({
      names: ['eth0', 'eth1'],
      missing: ['nosuch', '2001:db8::1', 'wlan*'],
    });
  });

  it('fails only when nothing is found, and says what there is', () => {
    expect(() => resolveInterfaces(['eth9', 'podman'], {}, roots)).toThrow(
      /cannot capture on eth9, podman: there is no such interface \(there are: lo, eth0, eth1/,
    );
    expect(() => resolveInterfaces([''], {}, roots)).toThrow('cannot capture on the default interface: there is no');
  });

  it('may be all, or all that sit on no other', () => {
    expect(names('all')).toBe('all');
    expect(resolveInterfaces(['all'], { physical: true }, roots).names).toEqual([
      ...['lo', 'eth0', 'eth1', 'veth1a', 'tun0', 'podman1', 'br-0123456789ab'],
    ]);
  });
});

describe('the interface to take when none is named', () => {
  it('is that of the default route', () => {
    expect(defaultInterface(roots)).toBe('br0');
  });

  it('is the first that is up and no loopback where there is no route', () => {
    expect(defaultInterface({ ...roots, proc: '/nonexistent' })).toBe('eth0');
  });
});
