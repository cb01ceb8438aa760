import { describe, expect, it } from 'vitest';
import type { DetailedRow } from '../../../screens/detailed/types.ts';
import { PACKET_TYPE } from '../../../src/wire/packet-batch.ts';
import { DetailedStage, FRAMES, HOST_LINKS, withBadChecksum } from '../../support/detailed-stage.ts';
import { linkView } from '../../support/links.ts';

const { host, outgoing, unknown } = PACKET_TYPE;

/** [total, incoming, outgoing] packets of the classes that have any. */
function packets(rows: readonly DetailedRow[]): Record<string, unknown> {
  const found = rows.filter(({ total }) => total.packets > 0);
  return Object.fromEntries(
    found.map((row) => [row.class, [row.total.packets, row.incoming?.packets, row.outgoing?.packets]]),
  );
}

describe('classes', () => {
  it('are ten, always in the same order, whatever has passed', () => {
    expect(new DetailedStage(HOST_LINKS).page().rows.map((row) => row.class)).toEqual([
      'total',
      'ipv4',
      'ipv6',
      'tcp',
      'udp',
      'icmp',
      'otherIp',
      'nonIp',
      'broadcast',
      'multicast',
    ]);
  });

  it('count broadcasts and multicasts apart, and ARP although no IP is in it', () => {
    const stage = new DetailedStage(HOST_LINKS).pass(
      'eth0',
      { bytes: FRAMES.arp, packetType: PACKET_TYPE.broadcast, count: 3 },
      { bytes: FRAMES.ospf, packetType: PACKET_TYPE.multicast, count: 2 },
      { bytes: FRAMES.arp, packetType: outgoing },
    );
    expect(packets(stage.page().rows)).toEqual({
      total: [6, 5, 1],
      ipv4: [2, 2, 0],
      otherIp: [2, 2, 0],
      nonIp: [4, 3, 1],
      broadcast: [4, 3, 1],
      multicast: [2, 2, 0],
    });
    expect(stage.row('nonIp').total).toEqual({ packets: 4, ipBytes: 0, wireBytes: 240 });
  });

  it('count packets with a wrong checksum as what they are, and as errors: IPv4, IPv6 and non-IP are the total', () => {
    const pending = FRAMES.tcp.slice();
    pending.fill(0, 14 + 10, 14 + 12);
    const stage = new DetailedStage(HOST_LINKS).pass(
      'eth0',
      { bytes: withBadChecksum(FRAMES.udp), packetType: host, count: 2 },
      { bytes: FRAMES.udp6, packetType: host },
      { bytes: FRAMES.arp, packetType: host },
      { bytes: pending, packetType: outgoing },
    );
    const { rows, extra } = stage.page();
    expect(packets(rows)).toMatchObject({ total: [5, 4, 1], ipv4: [3, 2, 1], tcp: [1, 0, 1], udp: [3, 3, 0] });
    expect(extra).toMatchObject({ ipChecksumErrors: 2, malformed: 2 });
    const [total, v4, v6, , , , , nonIp] = rows.map((row) => row.total.packets);
    expect(v4 + v6 + nonIp).toBe(total);
  });

  it('count an offloaded buffer as its segments, with the headers of each', () => {
    // Length and checksum are left to the card.
    const bytes = FRAMES.tcp.slice();
    bytes.fill(0, 14 + 2, 14 + 4).fill(0, 14 + 10, 14 + 12);
    const buffer = { bytes, wireLength: 14 + 40 + 10 * 1448, gsoSize: 1448, packetType: outgoing };
    const stage = new DetailedStage(HOST_LINKS).pass('eth0', buffer);
    const { rows, extra } = stage.page();
    expect(rows[0].outgoing?.packets).toBe(10);
    expect(rows[0].total.wireBytes).toBe(10 * (14 + 40 + 1448));
    expect(extra.buffers).toBe(1);
  });
});

describe('the interface', () => {
  const stage = (): DetailedStage =>
    new DetailedStage(HOST_LINKS)
      .pass('eth0', { bytes: FRAMES.tcp, packetType: host, count: 3 }, { bytes: FRAMES.tcp, packetType: outgoing })
      .pass('lo', { bytes: FRAMES.udp, packetType: host, count: 5 });

  it('is one of those there are, or the sum of all', () => {
    const { rows, extra } = stage().page();
    expect(extra).toMatchObject({ interface: null, interfaces: ['br0', 'eth0', 'lo'], link: null });
    expect(packets(rows).total).toEqual([9, 8, 1]);
    expect(packets(stage().page({ interface: 'eth0' }).rows).total).toEqual([4, 3, 1]);
    expect(stage().page({ interface: 'eth0' }).extra).toMatchObject({ interface: 'eth0', link: { kind: 'ixgbe' } });
    expect(packets(stage().page({ interface: 'br0' }).rows)).toEqual({});
  });

  it('does not tell what loopback sent: each packet is captured once, as it comes in', () => {
    const [total] = stage().page({ interface: 'lo' }).rows;
    expect([total.incoming?.packets, total.outgoing]).toEqual([5, null]);
  });

  it('that is the only one is shown at once', () => {
    const one = new DetailedStage(HOST_LINKS, {}, ['eth0']);
    expect(one.page().extra).toMatchObject({ interface: 'eth0', interfaces: ['eth0'], link: { mtu: 1500 } });
  });

  it('of a capture by libpcap on all is not known alone', () => {
    const any = new DetailedStage(HOST_LINKS).pass('any', { bytes: FRAMES.tcp, packetType: host });
    expect(any.page({ interface: 'eth0' }).rows).toEqual([]);
    expect(any.page().extra).toMatchObject({ interface: 'any', interfaces: ['any'] });
    expect(packets(any.page().rows).total).toEqual([1, 1, 0]);
  });

  it('of a file without directions has totals alone', () => {
    const file = new DetailedStage(null).pass('x', { bytes: FRAMES.tcp, packetType: unknown, count: 4 });
    file.wait(2).pass('x', { bytes: FRAMES.tcp, packetType: unknown }).closeWindow();
    const { rows, extra } = file.page();
    expect(rows[0]).toMatchObject({ total: { packets: 5 }, incoming: null, outgoing: null });
    expect(rows[0].rates).toMatchObject({ total: { packetsPerSecond: 2.5 }, incoming: null, outgoing: null });
    expect(extra).toMatchObject({ directionKnown: false, kernel: null, link: null, averages: { incoming: null } });
  });
});

describe('rates', () => {
  const second = { bytes: FRAMES.tcp, packetType: host, count: 10 };

  it('are null until the first window is over, then right at once: no ramp', () => {
    const stage = new DetailedStage(HOST_LINKS, {}, ['eth0']).wait(0.25).pass('eth0', second).wait(0.5);
    const { rows, extra } = stage.page();
    expect(rows[0].rates).toEqual({ total: null, incoming: null, outgoing: null });
    expect([extra.averages.total, extra.peaks.total, extra.peaks.broadcast]).toEqual([null, null, null]);
    stage.wait(0.25);
    const rates = { packetsPerSecond: 10, bytesPerSecond: 1000, wireBytesPerSecond: 1140 };
    expect(stage.page().rows[0].rates).toMatchObject({
      total: rates,
      incoming: rates,
      outgoing: { packetsPerSecond: 0 },
    });
    expect(stage.page().extra).toMatchObject({ averages: { total: rates }, peaks: { total: rates, incoming: rates } });
  });

  it('have averages since the start and the highest second, for each interface and for the sum', () => {
    const stage = new DetailedStage(HOST_LINKS);
    stage.pass('eth0', { ...second, count: 40 }).wait(1);
    stage
      .pass('lo', { ...second, count: 30 })
      .pass('eth0', { ...second, packetType: outgoing, count: 20 })
      .wait(1);
    stage.pass('eth0', { bytes: FRAMES.arp, packetType: PACKET_TYPE.broadcast, count: 2 }).wait(2);
    const of = (name: string | null): unknown[] => {
      const { averages, peaks } = stage.page({ interface: name }).extra;
      const read = (figures: typeof peaks): unknown[] =>
        [figures.total, figures.incoming, figures.outgoing, figures.broadcast].map((each) => each?.packetsPerSecond);
      return [read(averages), read(peaks)];
    };
    expect(of('eth0')).toEqual([
      [62 / 4, 42 / 4, 20 / 4, 2 / 4],
      [40, 40, 20, 2],
    ]);
    // 50 in the second one: not the sum of the peaks.
    expect(of(null)).toEqual([
      [92 / 4, 72 / 4, 20 / 4, 2 / 4],
      [50, 40, 20, 2],
    ]);
  });

  it('of a file read in one window still have the highest second', () => {
    const file = new DetailedStage(null).pass('x', { ...second, packetType: host });
    file
      .wait(4)
      .pass('x', { ...second, count: 2 })
      .closeWindow();
    expect(file.page().extra).toMatchObject({
      averages: { total: { packetsPerSecond: 3 } },
      peaks: { total: { packetsPerSecond: 10 }, broadcast: null, multicast: null },
    });
  });

  it('begin again at a reset', () => {
    const stage = new DetailedStage(HOST_LINKS, {}, ['eth0']).pass('eth0', second).wait(2);
    stage.bus.emit('reset');
    const { rows, extra } = stage.page({ history: { resolution: 1, points: 3, measure: 'packets' } });
    expect(rows[0].total.packets).toBe(0);
    expect(extra.history?.incoming).toEqual([]);
    expect(extra.peaks.total?.packetsPerSecond).toBe(0);
  });
});

describe('the history', () => {
  it('is that of the interface shown, of the measure asked for', () => {
    const stage = new DetailedStage(HOST_LINKS);
    for (const count of [1, 2, 3]) {
      stage.pass('eth0', { bytes: FRAMES.tcp, packetType: host, count });
      stage.pass('lo', { bytes: FRAMES.udp, packetType: host, count: 10 }).wait(1);
    }
    const history = { resolution: 1, points: 4, measure: 'ipBytes' } as const;
    expect(stage.page({ interface: 'eth0', history }).extra.history).toEqual({
      resolution: 1,
      incoming: [null, 100, 200, 300],
      outgoing: [null, 0, 0, 0],
      unknown: [null, 0, 0, 0],
    });
    expect(stage.page({ history: { ...history, measure: 'packets' } }).extra.history?.incoming).toEqual([
      null,
      11,
      12,
      13,
    ]);
    expect(stage.page({ interface: 'br0', history }).extra.history?.incoming).toEqual([null, 0, 0, 0]);
    expect(stage.page().extra.history).toBeNull();
  });
});

describe("the kernel's counters", () => {
  const eth0 = (received: number, sent: number): typeof HOST_LINKS => [
    linkView(
      'eth0',
      { virtual: false },
      { rxPackets: received, rxBytes: 114 * received, txPackets: sent, rxErrors: 7 },
    ),
  ];

  it('begin at the start, and tell what the capture missed', () => {
    const stage = new DetailedStage(eth0(5000, 100), {}, ['eth0']).wait(1);
    stage.page();
    stage.pass('eth0', { bytes: FRAMES.tcp, packetType: host, count: 90 }).kernel(eth0(5100, 100)).wait(1).page();
    stage.wait(1);
    expect(stage.page().extra.kernel).toMatchObject({
      rxPackets: 100,
      rxBytes: 11_400,
      txPackets: 0,
      rxErrors: 0,
      missed: 10,
    });
  });

  it('are not compared while an expression leaves packets out', () => {
    const expression = { text: 'tcp', programs: [] };
    const stage = new DetailedStage(eth0(0, 0), { expression }, ['eth0']).wait(1);
    stage.page();
    stage.kernel(eth0(50, 0)).wait(1).page();
    stage.wait(1);
    expect(stage.page().extra.kernel).toMatchObject({ rxPackets: 50, missed: null });
  });
});
