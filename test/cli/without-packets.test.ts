import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/parse.ts';
import type { Watched } from '../../src/cli/plan.ts';
import { refuseFilterWithoutPackets, refuseWithoutPackets, shownBytes } from '../../src/cli/without-packets.ts';
import type { MonitorName } from '../../src/engine/monitor.ts';

const values = (...options: string[]) => parseArguments(['-u', ...options]).values;
const live = (monitor: MonitorName): Watched => ({ monitor, interfaces: 'all' });

describe('a run without packets (-u)', () => {
  it.each(['general', 'detailed'] as const)('shows the %s statistics', (monitor) => {
    expect(() => refuseWithoutPackets(live(monitor), values())).not.toThrow();
  });

  it.each(['ip-traffic', 'packet-sizes', 'ports', 'lan-stations'] as const)('refuses %s', (monitor) => {
    expect(() => refuseWithoutPackets(live(monitor), values())).toThrow(/^cannot show .*: it needs packets/);
    const several: Watched = { ...live('general'), monitors: ['general', monitor] };
    expect(() => refuseWithoutPackets(several, values())).toThrow(/it needs packets/);
  });

  it.each([
    [['--bpf', 'tcp'], 'apply --bpf'],
    [['-w', 'x.pcapng'], 'write packets to x.pcapng'],
    [['--alert', 'host>1Mbit/s'], 'watch host>1Mbit/s'],
    [['--alert', 'interface eth0 rx>5Mbit/s'], 'watch interface eth0 rx>5Mbit/s'],
  ])('refuses %j', (options, what) => {
    expect(() => refuseWithoutPackets(live('general'), values('-g', '-B', ...options))).toThrow(`cannot ${what}: `);
  });

  it.each(['packets>10 in 1m', 'drops>0', 'interface eth0 rx>80%'])('watches %s', (alert) => {
    expect(() => refuseWithoutPackets(live('general'), values('-g', '-B', '--alert', alert))).not.toThrow();
  });

  it('refuses a filter by its name, and nothing where a file is read', () => {
    expect(() => refuseFilterWithoutPackets(live('general'), values(), 'web')).toThrow(/^cannot apply filter web: /);
    const file: Watched = { monitor: 'ip-traffic', file: 'x.pcap' };
    expect(() => refuseFilterWithoutPackets(file, values(), 'web')).not.toThrow();
    expect(() => refuseWithoutPackets(file, values())).not.toThrow();
  });

  it('shows the bytes of frames where nothing else is asked for', () => {
    expect([shownBytes(values(), 'ip'), shownBytes(values('--bytes', 'ip'), 'ip')]).toEqual(['wire', 'ip']);
    expect(shownBytes(values('-r', 'x.pcap'), 'ip')).toBe('ip');
    expect(shownBytes(parseArguments(['-g']).values, 'ip')).toBe('ip');
  });
});
