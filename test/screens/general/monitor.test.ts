import { describe, expect, it } from 'vitest';
import { GENERAL_SORTS, type GeneralRow } from '../../../screens/general/types.ts';
import { PACKET_TYPE } from '../../../src/wire/packet-batch.ts';
import { busyHost, GeneralStage, QUERY } from '../../support/general-stage.ts';
import { linkView } from '../../support/links.ts';

const OUT = PACKET_TYPE.outgoing;

const names = (rows: readonly GeneralRow[]): string[] =>
  rows.map(({ interface: name, depth }) => '.'.repeat(depth) + name);

describe('rows', () => {
  it('are there for interfaces that carried nothing or are down, with zeros and not with unknowns', () => {
    const stage = new GeneralStage([linkView('eth0'), linkView('eth1', { up: false, running: false })]).wait(1);
    expect(stage.row('eth1')).toMatchObject({
      state: 'down',
      total: { packets: 0, ipBytes: 0, wireBytes: 0 },
      incoming: { packets: 0 },
      outgoing: { packets: 0 },
      rates: { total: { packetsPerSecond: 0 } },
    });
    expect(stage.row('eth0').state).toBe('up');
  });

  it('count both directions apart, and rates after the first window', () => {
    const stage = new GeneralStage([linkView('eth0', { speed: 100 })]);
    stage.pass({ on: 'eth0', packets: 300, ipBytes: 1236 }, { on: 'eth0', packets: 10, packetType: OUT });
    expect(stage.row('eth0').rates).toEqual({ total: null, incoming: null, outgoing: null });
    stage.wait(1);
    const row = stage.row('eth0');
    expect(row).toMatchObject({
      total: { packets: 310 },
      incoming: { packets: 300, ipBytes: 370_800, wireBytes: 375_000 },
      outgoing: { packets: 10, ipBytes: 1000, wireBytes: 1140 },
      rates: { incoming: { wireBytesPerSecond: 375_000 }, outgoing: { packetsPerSecond: 10 } },
    });
    expect(row.load[0]).toBeCloseTo(0.03, 10);
  });

  it('keep the highest rates of a window, unknown until one has closed', () => {
    const stage = new GeneralStage([linkView('eth0'), linkView('eth1')]);
    stage.pass({ on: 'eth0', packets: 30 });
    expect(stage.row('eth0').peak).toBeNull();
    stage.wait(1).pass({ on: 'eth0', packets: 90 }).wait(1);
    stage.pass({ on: 'eth0', packets: 10 }).wait(1);
    expect(stage.row('eth0')).toMatchObject({
      peak: { packetsPerSecond: 90 },
      rates: { total: { packetsPerSecond: 10 } },
    });
    expect(stage.row('eth1').peak).toMatchObject({ packetsPerSecond: 0, bytesPerSecond: 0 });
  });

  it('know no outgoing packets of loopback, which is captured once, and no load without a speed', () => {
    const stage = new GeneralStage([linkView('lo', { kind: 'loopback' })]);
    stage.pass({ on: 'lo', packets: 5 }).wait(1);
    expect(stage.row('lo')).toMatchObject({ incoming: { packets: 5 }, outgoing: null, load: [null, null] });
  });

  it('say gone of an interface that vanished, keep its counters, and go on when it is back', () => {
    const stage = new GeneralStage([linkView('lo'), linkView('tun0', { index: 5 })]).wait(1);
    stage.pass({ on: 'tun0', packets: 3 }).kernel([linkView('lo')]);
    expect(stage.row('tun0')).toMatchObject({ state: 'gone', total: { packets: 3 } });
    expect(stage.page().extra).toEqual({ interfaces: 2, gone: 1 });
    stage.wait(1).kernel([linkView('lo'), linkView('tun0', { index: 9 }, { rxPackets: 4 })]);
    stage.pass({ on: 'tun0', packets: 4 }).wait(1);
    expect(stage.row('tun0')).toMatchObject({ state: 'up', total: { packets: 7 }, missed: 0 });
  });

  it('leave with flush when they are gone, and only then', () => {
    const stage = new GeneralStage([linkView('lo'), linkView('tun0')])
      .wait(1)
      .kernel([linkView('lo')])
      .wait(1);
    expect(stage.page().rowsTotal).toBe(2);
    expect(stage.monitor.command('flush')).toEqual({ removed: 1 });
    expect(names(stage.page().rows)).toEqual(['lo']);
    expect(stage.page().extra.gone).toBe(0);
    stage.kernel([linkView('lo'), linkView('tun0')]);
    expect(names(stage.page().rows)).toEqual(['lo', 'tun0']);
    expect(() => stage.monitor.command('close')).toThrow('general has no command close');
  });

  it('keep their id while others come and go', () => {
    const stage = new GeneralStage([linkView('b')]).wait(1);
    const { id } = stage.row('b');
    stage.kernel([linkView('a'), linkView('b'), linkView('c')]);
    expect(stage.row('b').id).toBe(id);
    expect(new Set(stage.page().rows.map((row) => row.id)).size).toBe(3);
  });

  it('are those of the watched interfaces alone', () => {
    const stage = new GeneralStage([linkView('eth0'), linkView('eth1')], {
      source: { kind: 'live', interfaces: ['eth0'], capture: 'auto', promiscuous: false },
    });
    expect(names(stage.page().rows)).toEqual(['eth0']);
  });

  it('begin again at zero after a reset, without those that are gone', () => {
    const stage = new GeneralStage([linkView('a', {}, { rxErrors: 1 }), linkView('b')]).wait(1);
    stage.pass({ on: 'a', packets: 5 }).count('a', { rxPackets: 5, rxErrors: 2 }).wait(2);
    expect(stage.row('a')).toMatchObject({ kernel: { rxPackets: 5, rxErrors: 2 }, missed: 0 });
    stage.kernel([linkView('a', {}, { rxPackets: 5, rxErrors: 3 })]).wait(1);
    expect(stage.row('b').state).toBe('gone');
    stage.bus.emit('reset');
    stage.pass({ on: 'a', packets: 2 }).count('a', { rxPackets: 2 }).wait(2);
    expect(names(stage.page().rows)).toEqual(['a']);
    expect(stage.row('a')).toMatchObject({ total: { packets: 2 }, kernel: { rxPackets: 2, rxErrors: 0 }, missed: 0 });
  });
});

describe('beside the kernel', () => {
  it('what was captured until its counters were read is compared, not what came after', () => {
    const stage = new GeneralStage([linkView('eth0')]).wait(1);
    stage.pass({ on: 'eth0', packets: 50 }).count('eth0', { rxPackets: 50 }).wait(1);
    stage.pass({ on: 'eth0', packets: 20 }).count('eth0', { rxPackets: 25 });
    // The counters are read by the next who asks; this batch reaches beyond that moment.
    stage.page();
    const batch = stage.batch({ on: 'eth0', packets: 0 }, 8);
    batch.packets.nanoseconds.fill(900_000_000, 5);
    stage.emit(batch);
    expect(stage.row('eth0')).toMatchObject({
      total: { packets: 78 },
      captured: [75, 0],
      kernel: { rxPackets: 75 },
      missed: 0,
    });
  });

  it('offloaded buffers are one on virtual links and segments on cards, as the kernel counts them', () => {
    const stage = new GeneralStage([linkView('veth0'), linkView('eth0', { virtual: false })]).wait(1);
    stage.pass({ on: 'veth0', packets: 10, segments: 40 }, { on: 'eth0', packets: 10, segments: 40 });
    stage.count('veth0', { rxPackets: 10 }).count('eth0', { rxPackets: 400 }).wait(2);
    expect(stage.row('veth0')).toMatchObject({ total: { packets: 400 }, captured: [10, 0], missed: 0 });
    expect(stage.row('eth0')).toMatchObject({ total: { packets: 400 }, captured: [400, 0], missed: 0 });
  });

  it('a gap is told', () => {
    const stage = new GeneralStage([linkView('eth0')]).wait(1);
    stage.pass({ on: 'eth0', packets: 60, packetType: OUT }).count('eth0', { txPackets: 100 }).wait(2);
    expect(stage.row('eth0')).toMatchObject({ captured: [0, 60], kernel: { txPackets: 100 }, missed: 40 });
  });

  it('nothing is compared where an expression leaves packets out, or libpcap has all interfaces in one', () => {
    const expression = { text: 'udp', programs: [] };
    const filtered = new GeneralStage([linkView('eth0')], { expression }).wait(1);
    filtered.count('eth0', { rxPackets: 100 }).wait(2);
    expect(filtered.row('eth0')).toMatchObject({ kernel: { rxPackets: 100 }, captured: null, missed: null });

    const asOne = new GeneralStage([linkView('eth0')]).wait(1).pass({ on: 'any', packets: 4 }).wait(1);
    expect(asOne.row('eth0')).toMatchObject({ total: null, incoming: null, captured: null, missed: null });
    expect(asOne.row('any')).toMatchObject({ state: null, total: { packets: 4 }, kernel: null });
  });
});

describe('order', () => {
  const BY_NAME = ['br0', '.bond0', '..eth0', '..eth1', '.veth9c1f2a7', 'br0.4094', 'eth2', 'lo', 'veth10', 'wg0'];

  it('is by name, numbers as numbers, members below their masters', () => {
    expect(names(busyHost().page().rows)).toEqual(BY_NAME);
  });

  it('can be by every column that is offered, among those of one master', () => {
    const stage = busyHost();
    const top = (sort: string): string[] =>
      names(stage.page({ sort, descending: true }).rows).filter((name) => !name.startsWith('.'));
    const [br0, vlan, eth2, lo, veth10, wg0] = BY_NAME.filter((name) => !name.startsWith('.'));
    expect(top('interface')).toEqual([wg0, veth10, lo, eth2, vlan, br0]);
    expect(top('rate')).toEqual([br0, vlan, lo, eth2, veth10, wg0]);
    expect(top('packets')).toEqual([br0, vlan, lo, veth10, eth2, wg0]);
    expect(top('bytes')).toEqual([br0, vlan, lo, veth10, eth2, wg0]);
    for (const sort of ['errors', 'missed']) {
      const rows = names(stage.page({ sort, descending: true }).rows);
      expect(rows.slice(0, 5)).toEqual(['br0', '.bond0', '..eth1', '..eth0', '.veth9c1f2a7']);
    }
    expect(GENERAL_SORTS).toHaveLength(7);
    expect(names(stage.page({ sort: 'load' }).rows)).toHaveLength(10);
    expect(() => stage.page({ sort: 'colour' })).toThrow('no order colour');
  });
});

describe('pages', () => {
  const stage = new GeneralStage(Array.from({ length: 30 }, (_, i) => linkView(`eth${i}`, { index: i })));

  it('have the rows asked for, and follow a row', () => {
    expect(names(stage.page({ offset: 10, limit: 3 }).rows)).toEqual(['eth10', 'eth11', 'eth12']);
    const follow = stage.row('eth20').id;
    const page = stage.page({ offset: 0, limit: 5, follow });
    expect([page.offset, page.rowsTotal]).toEqual([16, 30]);
    expect(stage.page({ offset: 99, limit: 5 }).offset).toBe(25);
  });

  it('are searched by name, kind, state, and what an interface sits on', () => {
    const host = busyHost();
    const found = (search: string): string[] => names(host.page({ options: { search } }).rows);
    expect(found('BOND')).toEqual(['br0', '.bond0', '..eth0', '..eth1']);
    expect(found('gone')).toEqual(['veth10']);
    expect(found('no-carrier')).toEqual(['eth2']);
    expect(host.page({ options: { search: 'gone' } }).hidden).toBe(9);
    expect(found('iface:bond')).toEqual(['bond0']);
    expect(found('bond0 !iface:bond0 !iface:/^br/')).toEqual(['eth0', 'eth1']);
    expect(found('state:gone,no-carrier')).toEqual(['eth2', 'veth10']);
    expect(found('!state:up')).toEqual(found('state:/^[^u]/'));
  });

  it('come whole in slices', () => {
    const slices = [...stage.monitor.slices(QUERY, 8)];
    expect(slices.map((rows) => rows.length)).toEqual([8, 8, 8, 6]);
    expect(slices.flat()).toEqual(stage.page().rows);
  });
});

describe('the last minute', () => {
  it('holds the rates of the newest windows, only when it is asked for', () => {
    const stage = new GeneralStage([linkView('eth0')]);
    stage.pass({ on: 'eth0', packets: 2 }).wait(1).wait(1).pass({ on: 'eth0', packets: 1 }).wait(1);
    expect(stage.row('eth0', { minute: 'ip' }).minute).toEqual([200, 0, 100]);
    expect(stage.row('eth0', { minute: 'wire' }).minute).toEqual([228, 0, 114]);
    expect(stage.row('eth0').minute).toEqual([]);
  });

  it('tells whether a bond is balanced', () => {
    const bond = { master: 'bond0' };
    const stage = new GeneralStage([linkView('bond0', { kind: 'bond' }), linkView('a', bond), linkView('b', bond)]);
    stage.pass({ on: 'a', packets: 3 }, { on: 'b', packets: 1 }, { on: 'bond0', packets: 4 }).wait(1);
    expect([stage.row('a').memberShare, stage.row('b').memberShare]).toEqual([0.75, 0.25]);
    expect(stage.row('bond0').memberShare).toBeNull();
  });

  it('comes from the times of the packets where a file is one window', () => {
    const stage = new GeneralStage(null);
    for (const second of [1000, 1000, 1002, 1001]) {
      stage.time = second;
      stage.pass({ on: 'eth0', packets: 1, packetType: PACKET_TYPE.unknown });
    }
    stage.elapsed = 2;
    stage.close(2);
    expect(stage.row('eth0', { minute: 'ip' })).toMatchObject({
      minute: [200, 100, 100],
      rates: { total: { packetsPerSecond: 2 }, incoming: null, outgoing: null },
      state: null,
      kernel: null,
      missed: null,
      incoming: null,
      outgoing: null,
    });
  });

  it('of a file that tells directions, rates are known for both', () => {
    const stage = new GeneralStage(null);
    stage.pass({ on: 'eth0', packets: 4 }, { on: 'eth0', packets: 2, packetType: PACKET_TYPE.unknown });
    stage.elapsed = 2;
    stage.close(2);
    expect(stage.row('eth0')).toMatchObject({
      total: { packets: 6 },
      incoming: { packets: 4 },
      outgoing: { packets: 0 },
      rates: { total: { packetsPerSecond: 3 }, incoming: { packetsPerSecond: 2 }, outgoing: { packetsPerSecond: 0 } },
    });
  });
});
