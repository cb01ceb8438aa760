import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { protocolName } from '../../src/names/protocols.ts';
import { parseServices, ServiceNames, serviceName, servicePorts } from '../../src/names/services.ts';
import { meant } from '../support/meant.ts';

describe('services', () => {
  it('reads what services(5) describes: names, comments, aliases, the first line of a port wins', () => {
    const text =
      '# head\nhttp\t80/tcp\tWorldWideWeb www # web\nwww2 80/tcp\ndomain 53/udp\n  ntp 123/udp\nbroken line\nx 99999999/tcp\n';
    expect([...parseServices(text)]).toEqual([
      ['80/tcp', 'http'],
      ['53/udp', 'domain'],
      ['123/udp', 'ntp'],
    ]);
  });

  it('knows the usual names of this system', () => {
    expect(serviceName(22, 'tcp')).toBe('ssh');
    expect(serviceName(53, 'udp')).toBe('domain');
    expect(serviceName(1, 'nothing')).toBeNull();
    expect(servicePorts(meant('ssh'), 10)).toContain(22);
  });

  it('reads the file on first use, and a missing one is no error', () => {
    const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-services-'));
    const path = join(folder, 'services');
    const services = new ServiceNames(path);
    writeFileSync(path, 'alpha 1000/tcp\nalpha 1000/udp\n');
    expect(services.name(1000, 'tcp')).toBe('alpha');
    expect(services.name(1000, 'udplite')).toBe('alpha');
    expect(services.portsMatching(meant('alp'), 10)).toEqual([1000]);
    rmSync(folder, { recursive: true });
    expect(services.name(1000, 'udp')).toBe('alpha');
    expect(new ServiceNames(path).name(1000, 'tcp')).toBeNull();
  });
});

describe('protocolName', () => {
  it.each([
    ['tcp', 6, null, 'TCP'],
    ['ipv6-icmp', 58, null, 'ICMPv6'],
    ['ospf', 89, null, 'OSPF'],
    ['ipv6', 41, null, '6in4'],
    ['253', 253, null, 'IP 253'],
    ['arp', null, 0x0806, 'ARP'],
    ['0x88b5', null, 0x88b5, '0x88b5'],
    ['llc', null, 0, 'LLC'],
  ] as const)('writes %s as people know it', (protocol, ipProtocol, etherType, label) => {
    expect(protocolName(protocol, ipProtocol, etherType)).toBe(label);
  });
});
