import { describe, expect, it } from 'vitest';
import { PACKET_TYPE } from '../../../src/wire/packet-batch.ts';
import { everydayTraffic, link, SizeStage } from '../../support/size-stage.ts';

const { host, outgoing, unknown } = PACKET_TYPE;

/** [from, to, in, out] of the brackets that hold something. */
function filled(stage: SizeStage, options: Record<string, unknown> = {}): unknown[] {
  return stage
    .page(options)
    .rows.filter(({ packets }) => packets > 0)
    .map((row) => [row.from, row.to, row.in, row.out]);
}

describe('brackets', () => {
  it('are twenty of a twentieth of the MTU, and what is larger', () => {
    const { rows, extra, rowsTotal } = new SizeStage(['eth0'], [link('eth0', 1500)]).page();
    expect(rowsTotal).toBe(21);
    expect(rows.map(({ from, to }) => [from, to]).slice(0, 2)).toEqual([
      [1, 75],
      [76, 150],
    ]);
    expect(rows.map(({ from, to }) => [from, to]).slice(-3)).toEqual([
      [1351, 1425],
      [1426, 1500],
      [1501, null],
    ]);
    expect(extra).toMatchObject({ mtu: 1500, mtuFrom: 'link' });
  });

  it.each([
    [1420, 71, 1420],
    [1450, 72, 1450],
    [9000, 450, 9000],
    [65_536, 3276, 65_536],
    [16, 1, 20],
    [2_000_000, 3279, 65_599],
  ])('of an MTU of %i begin with 1 to %i and end at %i, without a gap', (mtu, first, last) => {
    const { rows } = new SizeStage(['x'], [link('x', mtu)]).page();
    expect(rows[0].to).toBe(first);
    expect(rows[19].to).toBe(last);
    for (let k = 1; k < rows.length; k++) expect(rows[k].from).toBe((rows[k - 1].to ?? 0) + 1);
  });

  it('follow an MTU that changes, and keep that of an interface that is gone', () => {
    const stage = new SizeStage(['eth0'], [link('eth0', 1500)]).pass({ size: 1500 }, { size: 8000 });
    expect(filled(stage)).toEqual([
      [1426, 1500, 1, 0],
      [1501, null, 1, 0],
    ]);
    stage.links = [link('eth0', 9000)];
    expect(filled(stage)).toEqual([
      [1351, 1800, 1, 0],
      [7651, 8100, 1, 0],
    ]);
    stage.links = [];
    expect(stage.page().extra).toMatchObject({ mtu: 9000, mtuFrom: 'link' });
  });

  it('of several interfaces are those of the largest MTU, the loopback left out', () => {
    const links = [link('eth0', 1500), link('eth1', 9000), link('lo', 65_536, 'loopback'), link('idle', 40_000)];
    const stage = new SizeStage(['eth0', 'eth1', 'lo'], links).pass({ size: 100, slot: 2 });
    expect(stage.page().extra).toMatchObject({
      mtu: 9000,
      mtuFrom: 'largest-link',
      interfaces: ['eth0', 'eth1', 'lo'],
    });
    expect(stage.page({ interface: 'lo' }).extra).toMatchObject({ mtu: 65_536, mtuFrom: 'link', interface: 'lo' });
    expect(stage.page({ interface: 'eth0' }).extra).toMatchObject({ mtu: 1500, mtuFrom: 'link' });
  });

  it('of a watched interface are its own before its first packet', () => {
    const links = [link('eth0', 1500), link('eth1', 9000), link('lo', 65_536, 'loopback')];
    expect(new SizeStage([], links, ['lo']).page().extra).toMatchObject({ mtu: 65_536, mtuFrom: 'link' });
    expect(new SizeStage([], links, ['eth0']).page().extra).toMatchObject({ mtu: 1500, mtuFrom: 'link' });
    expect(new SizeStage([], links).page().extra).toMatchObject({ mtu: 9000, mtuFrom: 'largest-link' });
  });

  it("of a file are those of 1500, of libpcap's pseudo-interface those of the largest", () => {
    expect(new SizeStage(['eth0'], null).page().extra).toMatchObject({ mtu: 1500, mtuFrom: 'assumed' });
    const links = [link('eth1', 9000), link('lo', 65_536, 'loopback')];
    expect(new SizeStage(['any'], links).page().extra).toMatchObject({ mtu: 9000, mtuFrom: 'largest-link' });
    expect(new SizeStage(['any'], []).page().extra).toMatchObject({ mtu: 1500, mtuFrom: 'assumed' });
  });

  it('of whole frames have the link header besides', () => {
    const stage = new SizeStage(['eth0'], [link('eth0', 1500)]).pass({ size: 1500 }, { size: 61 });
    expect(filled(stage, { byteKind: 'wire' })).toEqual([
      [1, 75, 1, 0],
      [1426, 1514, 1, 0],
    ]);
    expect(stage.page({ byteKind: 'wire' }).extra).toMatchObject({ byteKind: 'wire', mtu: 1500, linkHeader: 14 });
  });
});

describe('the packet size monitor', () => {
  it('adds interfaces up, or shows one', () => {
    const links = [link('eth0', 1500), link('eth1', 1500)];
    const stage = new SizeStage(['eth0', 'eth1'], links)
      .pass({ size: 100, count: 3, packetType: host })
      .pass({ size: 100, count: 2, packetType: outgoing, slot: 1 });
    expect(filled(stage)).toEqual([[76, 150, 3, 2]]);
    expect(filled(stage, { interface: 'eth0' })).toEqual([[76, 150, 3, 0]]);
    expect(filled(stage, { interface: 'eth1' })).toEqual([[76, 150, 0, 2]]);
    expect(filled(stage, { interface: 'nobody' })).toEqual([]);
  });

  it('adds up an interface that came back under another slot', () => {
    const stage = new SizeStage(['eth0', 'eth0'], [link('eth0', 1500)]).pass({ size: 10 }, { size: 10, slot: 1 });
    expect(stage.page({ interface: 'eth0' }).extra).toMatchObject({ interfaces: ['eth0'], total: { packets: 2 } });
  });

  it('says average and largest size of each direction, and shares', () => {
    const { rows, extra } = everydayTraffic(new SizeStage(['eth0'], [link('eth0', 1500)])).page();
    const counts = { in: 5200 + 8123 + 60 + 16 + 6 + 2 + 734 + 3, out: 1210 + 312 + 10 + 113 + 558 + 16_012 + 225 };
    expect(extra.in).toMatchObject({ packets: counts.in, largest: 65_212 });
    expect(extra.out).toMatchObject({ packets: counts.out, largest: 3072 });
    expect(extra.total).toMatchObject({ packets: counts.in + counts.out, largest: 65_212 });
    const bytes = 1210 * 52 + 312 * 130 + 10 * 411 + 113 * 900 + 558 * 1105 + 16_012 * 1500 + 225 * 3072;
    expect(extra.out.bytes).toBe(bytes);
    expect(extra.out.average).toBeCloseTo(bytes / counts.out, 9);
    expect(rows.reduce((sum, row) => sum + (row.share ?? 0), 0)).toBeCloseTo(1, 12);
    expect(rows.reduce((sum, row) => sum + (row.byteShare ?? 0), 0)).toBeCloseTo(1, 12);
    expect(rows.reduce((sum, row) => sum + row.packets, 0)).toBe(extra.total.packets);
    expect(rows.reduce((sum, row) => sum + row.bytes, 0)).toBe(extra.total.bytes);
  });

  it('has rates of the last window, and none before it closed', () => {
    const stage = new SizeStage(['eth0'], [link('eth0', 1500)]).pass({ size: 60, count: 8 });
    expect(stage.page().rows[0]).toMatchObject({ packetsPerSecond: null, inPacketsPerSecond: null });
    expect(stage.closeWindow(2).page().rows[0]).toMatchObject({
      packetsPerSecond: 4,
      inPacketsPerSecond: 4,
      outPacketsPerSecond: 0,
      inBytesPerSecond: 240,
      bytesPerSecond: 240,
    });
    expect(stage.closeWindow(2).page().rows[0].packetsPerSecond).toBe(0);
  });

  it('knows no in and out where no packet tells its direction, but all counts', () => {
    const stage = new SizeStage(['x'], null).pass({ size: 60, count: 5, packetType: unknown }).closeWindow(1);
    const { rows, extra } = stage.page();
    expect(rows[0]).toMatchObject({ in: null, out: null, inBytes: null, packets: 5, bytes: 300, share: 1 });
    expect(rows[0]).toMatchObject({ inPacketsPerSecond: null, outPacketsPerSecond: null, packetsPerSecond: 5 });
    expect(extra).toMatchObject({ in: { packets: null, average: null, largest: null }, total: { average: 60 } });
    stage.pass({ size: 60, packetType: outgoing });
    expect(stage.page().rows[0]).toMatchObject({ in: 0, out: 1, packets: 6 });
  });

  it('says 0, and no share, where nothing was counted; again after a reset', () => {
    const stage = new SizeStage(['eth0'], [link('eth0', 1500)]);
    const isEmpty = (): void => {
      const { rows, extra } = stage.page();
      expect(rows[20]).toMatchObject({ in: 0, out: 0, packets: 0, share: null, byteShare: null });
      expect(extra.in).toEqual({ packets: 0, bytes: 0, average: null, largest: null });
    };
    isEmpty();
    stage.pass({ size: 3000 });
    expect(stage.page().rows[20].packets).toBe(1);
    stage.bus.emit('reset');
    isEmpty();
  });

  it('hands out as many rows as are asked for', () => {
    const stage = new SizeStage(['eth0'], [link('eth0', 1500)]);
    expect(stage.page({}, 5)).toMatchObject({ rowsTotal: 21, offset: 0 });
    expect(stage.page({}, 5).rows).toHaveLength(5);
    const query = { sort: null, descending: false, offset: 30, limit: 4, follow: null, options: {} };
    expect(stage.monitor.page(query)).toMatchObject({
      offset: 17,
      rows: [{ id: 17 }, { id: 18 }, { id: 19 }, { id: 20 }],
    });
    expect([...stage.monitor.slices({ ...query, offset: 0, limit: 0 })].flat()).toHaveLength(21);
  });
});
