// One file, one filter, six monitors: each by itself counts the same packets, and those are not all there are.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PreparedFilter, PreparedRule } from '../../filters/prepared.ts';
import type { DetailedRow } from '../../screens/detailed/types.ts';
import type { GeneralRow } from '../../screens/general/types.ts';
import type { IpTrafficRow } from '../../screens/ip-traffic/types.ts';
import type { LanStationRow } from '../../screens/lan-stations/types.ts';
import { monitorEntry } from '../../screens/monitors.ts';
import type { PacketSizesExtra, PacketSizesRow } from '../../screens/packet-sizes/types.ts';
import type { PortExtra } from '../../screens/ports/types.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import type { MonitorName } from '../../src/engine/monitor.ts';
import { hasPorts, IP_PROTOCOL } from '../../src/wire/numbers.ts';
import { engineOverFile, pipeQuery } from '../support/file-engine.ts';
import { ANY, preparedNetwork, preparedRule } from '../support/random-filter.ts';

const MIXED = join(import.meta.dirname, '../fixtures/mixed.pcapng');

const FILTERS: Record<string, { rules: Partial<PreparedRule>[]; unmatched?: 'keep' }> = {
  'low ports': { rules: [{ destination: { ...ANY, ports: [[0, 1023]] } }] },
  udp: { rules: [{ protocols: { ip: [[IP_PROTOCOL.udp, IP_PROTOCOL.udp]], networks: [], etherTypes: [] } }] },
  'no TCP': {
    rules: [{ include: false, protocols: { ip: [[IP_PROTOCOL.tcp, IP_PROTOCOL.tcp]], networks: [], etherTypes: [] } }],
    unmatched: 'keep',
  },
  IPv6: { rules: [{ protocols: { ip: [], networks: ['ipv6'], etherTypes: [] } }] },
  'neither IPv4 nor IPv6': { rules: [{ protocols: { ip: [], networks: ['other'], etherTypes: [] } }] },
  'a network': { rules: [{ source: { ...ANY, networks: [preparedNetwork('10.0.0.0/8')] } }] },
};

async function under<Row>(monitor: MonitorName, filter: PreparedFilter | null): Promise<Snapshot<Row>> {
  const engine = await engineOverFile(MIXED, [monitor], { filter });
  const snapshot = await engine.page(monitor, pipeQuery(monitorEntry(monitor)));
  await engine.stop();
  return snapshot as Snapshot<Row>;
}

/** [packets, wire bytes] that a monitor's own rows add up to. */
type Sum = [packets: number, wireBytes: number];

function sumOf<Row>({ rows }: Snapshot<Row>, read: (row: Row) => Sum): Sum {
  return rows.reduce<Sum>(
    (sum, row) => {
      const [packets, bytes] = read(row);
      return [sum[0] + packets, sum[1] + bytes];
    },
    [0, 0],
  );
}

const both = (pair: readonly [number, number]): number => pair[0] + pair[1];

describe.each(Object.entries(FILTERS))('the mixed capture, %s', (text, { rules, unmatched }) => {
  const filter: PreparedFilter = {
    text,
    rules: rules.map((rule) => preparedRule(rule)),
    unmatched: unmatched ?? 'drop',
    local: [],
  };

  it('is the same in every monitor', async () => {
    const everything = (await under('packet-sizes', null)).totals;
    const traffic = await under<IpTrafficRow>('ip-traffic', filter);
    const { totals, capture } = traffic;
    expect(totals.packets).toBeGreaterThan(0);
    expect(totals.packets).toBeLessThan(everything.packets);
    expect(totals.packets + capture.filteredOut).toBe(everything.packets);
    expect(capture.passed).toBeCloseTo(totals.packets / everything.packets, 12);
    const whole: Sum = [totals.packets, totals.wireBytes];
    expect(sumOf(traffic, (row) => [both(row.packets), both(row.wireBytes)])).toEqual(whole);

    const general = await under<GeneralRow>('general', filter);
    expect(sumOf(general, ({ total }) => [total?.packets ?? 0, total?.wireBytes ?? 0])).toEqual(whole);

    const detailed = await under<DetailedRow>('detailed', filter);
    const all = detailed.rows.filter((row) => row.class === 'total');
    expect(all.map(({ total }) => [total.packets, total.wireBytes])).toEqual([whole]);

    const sizes = await under<PacketSizesRow>('packet-sizes', filter);
    expect(sumOf(sizes, ({ packets }) => [packets, 0])[0]).toBe(totals.packets);
    expect((sizes.extra as unknown as PacketSizesExtra).total.packets).toBe(totals.packets);

    const stations = await under<LanStationRow>('lan-stations', filter);
    expect(sumOf(stations, (row) => [row.out.packets, row.out.wireBytes])).toEqual(whole);

    const ports = await under('ports', filter);
    const withPorts = { ...traffic, rows: traffic.rows.filter(({ ipProtocol }) => hasPorts(ipProtocol ?? -1)) };
    const { packets, wireBytes } = ports.extra as unknown as PortExtra;
    expect([packets, wireBytes]).toEqual(sumOf(withPorts, (row) => [both(row.packets), both(row.wireBytes)]));

    for (const snapshot of [general, detailed, sizes, stations, ports]) {
      expect(snapshot.totals).toEqual(totals);
      expect(snapshot.capture).toEqual(capture);
    }
  });
});
