import { describe, expect, it } from 'vitest';
import type { LanStationRow } from '../../../screens/lan-stations/types.ts';
import { LAN_STATIONS_ASCENDING, LAN_STATIONS_SORTS } from '../../../screens/lan-stations/types.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../../src/wire/numbers.ts';
import { homeNetwork, LanStage, PI, ROUTER, SOURCES } from '../../support/lan-stage.ts';
import { meant } from '../../support/meant.ts';
import { ethernet, filler, ipv4, type TestPacket, udp } from '../../support/packets.ts';

function frame(source: string, destination: string, size = 0, parts: Partial<TestPacket> = {}): TestPacket {
  const packet = ipv4({ protocol: IP_PROTOCOL.udp }, udp(1, 2, filler(size)));
  return { bytes: ethernet(ETHERTYPE.ipv4, packet, { source, destination }), ...parts };
}

const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';
const C = '02:00:00:00:00:0c';

const macs = (rows: readonly LanStationRow[]): string[] => rows.map(({ mac }) => mac);

/** The value that an order goes by, read from the row that was handed out. */
function figureOf(row: LanStationRow, sort: string): number {
  const [figure, side] = sort.replace('ip-packets', 'ipPackets').split('-');
  const sides = side === 'in' ? [row.in] : side === 'out' ? [row.out] : [row.in, row.out];
  if (figure === 'rate') {
    const [inward, outward] = row.bytesPerSecond as [number, number];
    return (side === 'out' ? 0 : inward) + (side === 'in' ? 0 : outward);
  }
  const name = figure === 'bytes' ? 'ipBytes' : (figure as 'packets' | 'ipPackets');
  return sides.reduce((sum, counts) => sum + counts[name], 0);
}

describe('the LAN station monitor', () => {
  it('counts "in" what is addressed to a station and "out" what it sent', () => {
    const stage = new LanStage().pass([frame(A, B, 100), frame(A, B), frame(B, A, 7)]).closeWindow(2);
    const [a] = stage.page({ search: A }).rows;
    expect(a).toMatchObject({
      kind: 'station',
      interface: 'eth0',
      in: { packets: 1, ipPackets: 1, ipBytes: 35, wireBytes: 49 },
      out: { packets: 2, ipPackets: 2, ipBytes: 156, wireBytes: 184 },
      bytesPerSecond: [17.5, 78],
      wireBytesPerSecond: [24.5, 92],
      firstSeen: stage.now - 2,
      lastSeen: stage.now - 2,
    });
  });

  it('tells addresses as soon as they were seen', () => {
    const stage = new LanStage().pass([frame(A, B)]);
    expect(stage.page({ search: A }).rows[0].addresses).toEqual(['10.0.0.1']);
  });

  // iptraf-ng adds up the frames of all interfaces in the row of the first.
  it('has a row for each interface that a station is seen on', () => {
    const stage = new LanStage({ interfaces: ['eth0', 'eth1'] });
    stage.pass([frame(A, B), frame(A, B, 0, { interfaceSlot: 1 }), frame(A, B, 0, { interfaceSlot: 1 })]);
    const rows = stage.page({ search: A }, { sort: 'interface', descending: false }).rows;
    expect(rows.map((row) => [row.interface, row.out.packets])).toEqual([
      ['eth0', 1],
      ['eth1', 2],
    ]);
  });

  it('keeps stations and groups apart', () => {
    const stage = homeNetwork(new LanStage());
    const stations = stage.page();
    const groups = stage.page({ panel: 'groups' });
    expect([stations.rowsTotal, groups.rowsTotal]).toEqual([18, 4]);
    expect(stations.extra).toMatchObject({ stations: 18, groups: 4 });
    expect(
      groups.rows.every(({ kind, mac }) => kind === 'group' && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1),
    ).toBe(true);
    // In output for pipes they come after all stations, wherever it is cut.
    const all = stage.page({ panel: 'all' });
    expect(all.rows).toEqual([...stations.rows, ...groups.rows]);
    for (const [offset, limit] of [
      [0, 5],
      [16, 4],
      [18, 2],
      [20, 10],
      [5, 100],
    ]) {
      const { rows } = stage.page({ panel: 'all' }, { offset, limit });
      const first = Math.min(offset, Math.max(0, 22 - limit));
      expect(rows).toEqual(all.rows.slice(first, first + limit));
    }
  });

  it.each(LAN_STATIONS_SORTS)('orders by %s, both ways round', (sort) => {
    const stage = homeNetwork(new LanStage());
    const descending = !LAN_STATIONS_ASCENDING.has(sort);
    const { rows } = stage.page({}, { sort, descending });
    const turned = stage.page({}, { sort, descending: !descending }).rows;
    expect(new Set(macs(turned))).toEqual(new Set(macs(rows)));
    if (/^(rate|bytes|packets|ip-packets)/.test(sort)) {
      const figures = rows.map((row) => figureOf(row, sort));
      expect(figures).toEqual([...figures].sort((a, b) => b - a));
      expect(turned.map((row) => figureOf(row, sort))).toEqual([...figures].sort((a, b) => a - b));
    }
    if (sort === 'mac') expect(macs(rows)).toEqual(macs(rows).sort());
    if (sort === 'addresses') expect(rows[0]).toMatchObject({ mac: ROUTER, addressesTotal: 60 });
  });

  it('orders an empty table, and one of a single row, by everything', () => {
    for (const stage of [new LanStage(), new LanStage().pass([frame(A, A)])]) {
      for (const sort of [...LAN_STATIONS_SORTS, 'vendor', 'no such order', null]) {
        const page = stage.page({}, { sort, limit: 10, offset: 5, follow: 77 });
        expect([page.rows.length, page.offset]).toEqual([page.rowsTotal, 0]);
      }
    }
  });

  it('orders by maker once it has been told the makers by number; those without one come last', () => {
    const stage = homeNetwork(new LanStage());
    expect(stage.page().extra.knowsVendors).toBe(false);
    const vendors = SOURCES.vendors?.blocks;
    const page = stage.page({ vendors }, { sort: 'vendor', descending: false });
    expect(page.extra.knowsVendors).toBe(true);
    expect(macs(page.rows).slice(0, 5)).toEqual([
      ...['3c:28:6d:aa:bb:cc', ROUTER, '00:1b:21:00:00:05', PI, '02:00:5e:10:00:10'],
    ]);
    const byMaker = SOURCES.vendors?.ownersMatching(meant('intel'));
    expect(macs(stage.page({ search: 'intel', searchNames: [{ vendors: byMaker }] }).rows)).toEqual([
      ROUTER,
      '00:1b:21:00:00:05',
    ]);
  });

  it('finds part of a MAC address, an IP address, an interface, and what the front knows by name', () => {
    const stage = homeNetwork(new LanStage());
    const found = (search: string, more = {}): string[] => macs(stage.page({ search, ...more }).rows);
    expect(found('B8:27')).toEqual([PI]);
    expect(found('168.1.113')).toEqual(['02:00:5e:10:00:1d']);
    expect(found('ba27:ebff')).toEqual([PI]);
    expect(found('eth')).toHaveLength(18);
    expect(found('nonesuch')).toEqual([]);
    expect(found('"the way"', { searchNames: [{ macs: [ROUTER] }] })).toEqual([ROUTER]);
    expect(found('pi.home', { searchNames: [{ addresses: ['192.168.1.7'] }] })).toEqual([PI]);
    expect(found('mac:b8:27 host:192.168.1.0/24')).toEqual([PI]);
    expect(found('mac:/^b8/ !host:/^fe80/')).toEqual([]);
    expect(found('iface:eth !mac:/^02/ !mac:00:1b')).toEqual([PI, '3c:28:6d:aa:bb:cc']);
    expect(found('host:router', { searchNames: [{ macs: [ROUTER] }] })).toEqual([ROUTER]);
    const { rowsTotal, hidden, extra } = stage.page({ search: 'b8:27' });
    expect([rowsTotal, hidden, extra.stations]).toEqual([1, 17, 18]);
  });

  it('keeps the page with the row that is followed', () => {
    const stage = homeNetwork(new LanStage());
    const all = stage.page({}, { sort: 'mac', descending: false }).rows;
    for (const [place, row] of all.entries()) {
      const page = stage.page({}, { sort: 'mac', descending: false, limit: 5, follow: row.id });
      expect(page.rows.map(({ id }) => id)).toContain(row.id);
      expect(page.offset).toBe(Math.max(0, place - 4));
    }
  });

  it('writes slices that hold what a page holds, also while stations come and go', () => {
    const stage = homeNetwork(new LanStage({ maximumStations: 30 }));
    const query = { sort: 'bytes', descending: true, offset: 0, limit: 0, follow: null, options: { panel: 'all' } };
    const before = stage.page({ panel: 'all' }).rows;
    const slices = stage.monitor.slices(query, 5);
    const rows: LanStationRow[] = [];
    for (const [k, slice] of [...slices].entries()) {
      rows.push(...slice);
      stage.pass(Array.from({ length: 20 }, (_, n) => frame(`02:77:00:00:${k + 10}:${n + 10}`, PI)));
    }
    const counts = (all: readonly LanStationRow[]): unknown[] =>
      all.map((row) => [row.mac, row.in, row.out, row.bytesPerSecond]);
    expect(counts(rows)).toEqual(counts(before));
  });

  it('knows no rate before a window has closed, nor after a reset', () => {
    const stage = new LanStage().pass([frame(A, B)]);
    expect(stage.page().rows[0].bytesPerSecond).toEqual([null, null]);
    stage.closeWindow();
    expect(stage.page({ search: A }).rows[0].bytesPerSecond).toEqual([0, 28]);
    stage.reset();
    expect(stage.page()).toMatchObject({ rows: [], rowsTotal: 0, extra: { stations: 0, groups: 0 } });
    stage.pass([frame(A, B)]);
    expect(stage.page().rows[0].wireBytesPerSecond).toEqual([null, null]);
  });

  it('tells what was evicted and what has no addresses, so that nothing is lost', () => {
    const stage = new LanStage({ maximumStations: 16 });
    for (let n = 0; n < 50; n++) {
      stage.now++;
      stage.pass([frame(`02:10:00:00:00:${n + 10}`, C, 10)]);
    }
    stage.pass([{ bytes: ipv4({ protocol: IP_PROTOCOL.udp }, udp(1, 2)), linkType: 101 }]);
    const { rows, extra } = stage.page({ panel: 'all' });
    expect(extra.withoutAddresses).toMatchObject({ packets: 1, ipBytes: 28 });
    const out = rows.reduce((sum, row) => sum + row.out.wireBytes, 0) + extra.evicted.out.wireBytes;
    const inward = rows.reduce((sum, row) => sum + row.in.wireBytes, 0) + extra.evicted.in.wireBytes;
    expect([out, inward]).toEqual([50 * 52, 50 * 52]);
    expect(out + extra.withoutAddresses.wireBytes).toBe(stage.totals.wireBytes);
    expect(extra.evicted.stations + rows.length).toBe(51);
  });

  it('says when none of the interfaces has an address', () => {
    const live = (interfaces: string[] | 'all') =>
      ({ kind: 'live', interfaces, capture: 'auto', promiscuous: false }) as const;
    const links = [
      { name: 'lo', mac: null },
      { name: 'eth0', mac: A },
    ];
    const isWithout = (interfaces: string[] | 'all'): boolean =>
      new LanStage({ links, source: live(interfaces) }).page().extra.isWithoutMacs;
    expect([isWithout(['lo']), isWithout(['lo', 'eth0']), isWithout('all'), isWithout(['gone'])]).toEqual([
      ...[true, false, false, false],
    ]);
    expect(new LanStage({ links }).page().extra.isWithoutMacs).toBe(false);
  });

  it('chooses the rows of a large table once a second, with the counters of now', () => {
    const stage = new LanStage({ maximumStations: 8000 });
    const mac = (n: number): string =>
      `02:10:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
    stage.pass(Array.from({ length: 6000 }, (_, n) => frame(mac(n), C, n === 17 ? 100 : 0)));
    const top = (): LanStationRow[] => stage.page({}, { sort: 'bytes-out', limit: 2 }).rows;
    expect(top()[0].mac).toBe(mac(17));
    stage.pass([frame(mac(5000), C, 1000)]);
    expect(top()[0].mac).toBe(mac(17));
    stage.pass([frame(mac(17), C)]);
    expect(top()[0].out.packets).toBe(2);
    stage.now++;
    expect(top()[0].mac).toBe(mac(5000));
  });

  it('hears nothing any more once it is detached', () => {
    const stage = new LanStage().pass([frame(A, B)]);
    stage.detach();
    stage.pass([frame(A, C)]);
    expect(stage.page().rowsTotal).toBe(2);
  });
});
