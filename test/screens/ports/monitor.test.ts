import { beforeEach, describe, expect, it } from 'vitest';
import { PortsMonitor } from '../../../screens/ports/monitor.ts';
import { PORT_SORTS, type PortRow } from '../../../screens/ports/types.ts';
import { Bus } from '../../../src/engine/bus.ts';
import type { EngineOptions } from '../../../src/engine/messages.ts';
import type { Page, Query } from '../../../src/engine/monitor.ts';
import { ConversationTable } from '../../../src/tables/conversation-table.ts';
import { TcpTracker } from '../../../src/tables/tcp-tracker.ts';
import { IP_PROTOCOL } from '../../../src/wire/numbers.ts';
import { type DecodedPacket, decodedBatch } from '../../support/decoded.ts';

const TICK = { time: 100, elapsed: 1, interval: 1 };

/** The monitor on a bus, with the tables that the engine would keep. */
class Stage {
  readonly monitor = new PortsMonitor();
  readonly bus = new Bus();
  readonly table = new ConversationTable({ maximumRows: 100_000 });
  readonly options = {} as EngineOptions;
  knowsRates = true;

  constructor() {
    this.table.onOverflow = (changed) => this.bus.emit('changed', changed);
    this.monitor.attach({
      bus: this.bus,
      conversations: this.table,
      tcp: new TcpTracker(this.table, { maximumRows: 100_000 }),
      links: () => null,
      shared: (Table) => new Table(this.bus),
      interfaces: () => [],
      now: () => 100,
      knowsRates: () => this.knowsRates,
      options: this.options,
    });
  }

  pass(packets: readonly DecodedPacket[]): this {
    for (let at = 0; at < packets.length; at += 256) {
      const batch = decodedBatch(packets.slice(at, at + 256));
      this.table.account(batch);
      this.bus.emit('batch', batch);
    }
    return this;
  }

  closeWindow(seconds: number): this {
    this.table.closeWindow(seconds, (changed) => this.bus.emit('changed', changed));
    this.bus.emit('window', { ...TICK, interval: seconds });
    return this;
  }

  page(query: Partial<Query> = {}): Page<PortRow> {
    return this.monitor.page(queryOf(query));
  }

  slices(query: Partial<Query> = {}, size = 2): PortRow[][] {
    return [...this.monitor.slices(queryOf(query), size)];
  }
}

function queryOf(query: Partial<Query>): Query {
  return { sort: null, descending: false, offset: 0, limit: 0, follow: null, options: {}, ...query };
}

/** `count` packets of `ipBytes` from a client's port to a server's, or back. */
function packets(protocol: number, client: number, server: number, count: number, ipBytes: number, isBack = false) {
  const [sourcePort, destinationPort] = isBack ? [server, client] : [client, server];
  const [source, destination] = isBack ? [2, 1] : [1, 2];
  const packet = { source, destination, sourcePort, destinationPort, protocol, ipBytes, wireBytes: ipBytes + 14 };
  return Array.from({ length: count }, (): DecodedPacket => packet);
}

const { tcp, udp } = IP_PROTOCOL;

/** SSH (2 conversations), HTTPS, DNS, and UDP between ports that nobody knows. */
function scene(): Stage {
  return new Stage()
    .pass([
      ...packets(tcp, 40_000, 22, 3, 100),
      ...packets(tcp, 40_001, 22, 1, 100),
      ...packets(tcp, 40_000, 443, 1, 60),
      ...packets(tcp, 40_000, 443, 2, 1500, true),
      ...packets(udp, 40_000, 53, 4, 70),
      ...packets(udp, 40_000, 53, 4, 150, true),
      ...packets(udp, 50_000, 40_000, 1, 5000),
    ])
    .closeWindow(2);
}

const names = (rows: readonly PortRow[]): string[] => rows.map(({ protocol, port }) => `${protocol}/${port}`);

describe('a row', () => {
  it('has counts and rates of all, to and from the port', () => {
    const [, https] = scene().page({ sort: 'protocol' }).rows;
    const part = (count: number, ipBytes: number): object => ({
      packets: count,
      ipBytes,
      wireBytes: ipBytes + 14 * count,
      packetsPerSecond: count / 2,
      bytesPerSecond: ipBytes / 2,
      wireBytesPerSecond: (ipBytes + 14 * count) / 2,
    });
    expect(https).toEqual({
      id: 443,
      protocol: 'tcp',
      ipProtocol: 6,
      port: 443,
      total: part(3, 3060),
      to: part(1, 60),
      from: part(2, 3000),
      conversations: 1,
    });
  });

  it('has no rate before a window has closed, and counts what came since the last one', () => {
    const stage = scene();
    stage.knowsRates = false;
    stage.pass(packets(tcp, 40_000, 443, 1, 60));
    const page = stage.page({ sort: 'protocol' });
    const unknown = { packetsPerSecond: null, bytesPerSecond: null, wireBytesPerSecond: null };
    expect(page.rows[1].total).toEqual({ packets: 4, ipBytes: 3120, wireBytes: 3120 + 4 * 14, ...unknown });
    expect(page.extra).toMatchObject(unknown);
  });
});

describe('a page', () => {
  it('is made of services, with the sum of all ports', () => {
    const page = scene().page();
    expect(names(page.rows)).toEqual(['tcp/22', 'tcp/443', 'udp/53', 'udp/40000']);
    const ipBytes = 400 + 3060 + 280 + 600 + 5000;
    expect(page).toMatchObject({ rowsTotal: 4, hidden: 0, offset: 0 });
    expect(page.extra).toEqual({
      conversations: 5,
      packets: 16,
      ipBytes,
      wireBytes: ipBytes + 16 * 14,
      packetsPerSecond: 8,
      bytesPerSecond: ipBytes / 2,
      wireBytesPerSecond: (ipBytes + 16 * 14) / 2,
    });
  });

  it('of the strict view has well-known and configured ports, from the moment they are configured', () => {
    const stage = scene();
    const strict = { options: { view: 'strict' } };
    expect(names(stage.page(strict).rows)).toEqual(['tcp/22', 'tcp/443', 'udp/53']);
    Object.assign(stage.options, { servicePorts: [[50_000, 50_001]] });
    stage.bus.emit('tick', TICK);
    expect(names(stage.page(strict).rows)).toEqual(['tcp/22', 'tcp/443', 'udp/53', 'udp/50000']);
    expect(names(stage.page().rows)).toEqual(['tcp/22', 'tcp/443', 'udp/53', 'udp/50000']);
  });

  it.each<[string, boolean, number[]]>([
    ['rate', true, [40_000, 443, 53, 22]],
    ['bytes', true, [40_000, 443, 53, 22]],
    ['packets', true, [53, 22, 443, 40_000]],
    ['port', false, [22, 53, 443, 40_000]],
    ['protocol', false, [22, 443, 53, 40_000]],
    ['packets-to', true, [22, 53, 443, 40_000]],
    ['bytes-to', true, [40_000, 22, 53, 443]],
    ['packets-from', true, [53, 443, 22, 40_000]],
    ['bytes-from', true, [443, 53, 22, 40_000]],
    ['rate-to', true, [40_000, 22, 53, 443]],
    ['rate-from', true, [443, 53, 22, 40_000]],
    ['conversations', true, [22, 443, 53, 40_000]],
  ])('sorts by %s (descending: %s)', (sort, descending, expected) => {
    expect(
      scene()
        .page({ sort, descending })
        .rows.map(({ port }) => port),
    ).toEqual(expected);
    const turned = scene()
      .page({ sort, descending: !descending })
      .rows.map(({ port }) => port);
    expect(new Set(turned)).toEqual(new Set(expected));
    expect(PORT_SORTS).toContain(sort);
  });

  it('sorts an empty table by every column', () => {
    for (const sort of PORT_SORTS) {
      for (const view of ['services', 'strict']) {
        const query = { sort, descending: true, limit: 10, follow: 5, options: { view } };
        expect(new Stage().page(query)).toMatchObject({ rows: [], rowsTotal: 0, hidden: 0, offset: 0 });
      }
    }
  });

  it('is cut out, moved back from behind the end, and follows a port', () => {
    const stage = scene();
    const page = (query: Partial<Query>): unknown[] => {
      const { rows, offset } = stage.page({ sort: 'port', limit: 2, ...query });
      return [offset, ...rows.map(({ port }) => port)];
    };
    expect(page({ offset: 1 })).toEqual([1, 53, 443]);
    expect(page({ offset: 99 })).toEqual([2, 443, 40_000]);
    const dns = stage.page({ sort: 'port' }).rows[1].id;
    expect(page({ follow: dns })).toEqual([0, 22, 53]);
    expect(page({ follow: dns, offset: 2 })).toEqual([1, 53, 443]);
    expect(page({ follow: dns, sort: 'packets', descending: true })).toEqual([0, 53, 22]);
    expect(page({ follow: 12_345, offset: 1 })).toEqual([1, 53, 443]);
  });

  it.each<[string, number[], string[]]>([
    ['tcp', [], ['tcp/22', 'tcp/443']],
    ['4', [], ['tcp/443', 'udp/40000']],
    ['UDP/53', [], ['udp/53']],
    ['domain', [53], ['udp/53']],
    ['nothing', [], []],
    ['proto:tcp !port:22', [], ['tcp/443']],
    ['port:50-500', [], ['tcp/443', 'udp/53']],
    ['port:https', [443], ['tcp/443']],
    ['/^tcp\\/4/', [], ['tcp/443']],
    ['state:new proto:17', [], ['udp/53', 'udp/40000']],
  ])('searched for %s', (search, searchPorts, expected) => {
    const page = scene().page({ options: { search, searchNames: [{ ports: searchPorts }] } });
    expect(names(page.rows)).toEqual(expected);
    expect(page).toMatchObject({ rowsTotal: expected.length, hidden: 4 - expected.length });
  });
});

describe('slices', () => {
  it('hand out every port in order, with the figures of their moment', () => {
    const stage = scene();
    const slices = stage.monitor.slices(queryOf({ sort: 'bytes', descending: true }), 3)[Symbol.iterator]();
    expect(names(slices.next().value as PortRow[])).toEqual(['udp/40000', 'tcp/443', 'udp/53']);
    stage.pass(packets(tcp, 40_000, 22, 9, 100));
    expect((slices.next().value as PortRow[])[0]).toMatchObject({ port: 22, total: { packets: 4 } });
    expect(slices.next().done).toBe(true);
    expect(
      stage
        .slices({ limit: 1, offset: 1 })
        .flat()
        .map(({ port }) => port),
    ).toEqual([443]);
  });

  it('hand out 65,536 ports', () => {
    const all = Array.from({ length: 65_536 }, (_, port) => packets(udp, 53, port, 1, 28)[0]);
    const stage = new Stage();
    Object.assign(stage.options, { servicePorts: [[1024, 65_535]] });
    stage.bus.emit('tick', TICK);
    const rows = stage.pass(all).slices({ options: { view: 'strict' } }, 2000);
    expect(rows).toHaveLength(33);
    expect(rows.flat()).toHaveLength(65_536);
    // Every packet has 53 on one side and another port on the other, but for one.
    expect(rows.flat().reduce((sum, { total }) => sum + total.packets, 0)).toBe(2 * 65_536 - 1);
  });
});

describe('the monitor', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = scene();
  });

  it('begins anew after a reset', () => {
    stage.table.reset();
    stage.bus.emit('reset');
    expect(stage.page()).toMatchObject({ rows: [], extra: { packets: 0, conversations: 0 } });
    expect(names(stage.pass(packets(tcp, 40_000, 22, 1, 60)).page().rows)).toEqual(['tcp/22']);
  });

  it('ends rates with the window after the last packet', () => {
    stage.closeWindow(1);
    expect(stage.page().rows.every(({ total }) => total.bytesPerSecond === 0)).toBe(true);
  });
});

describe('a page of very many ports', () => {
  it('keeps its choice of ports until the window closes, also when the clock stands still, as at the end of a file', () => {
    const stage = new Stage();
    for (let port = 1; port <= 5000; port++) stage.pass(packets(tcp, 10_000 + port, port, port === 1 ? 2 : 1, 100));
    const busiest = (): string[] => names(stage.page({ sort: 'packets', descending: true, limit: 1 }).rows);
    expect(busiest()).toEqual(['tcp/1']);
    stage.pass(packets(tcp, 10_002, 2, 5, 100));
    expect(busiest()).toEqual(['tcp/1']);
    expect(names(stage.page({ sort: 'packets', descending: true, limit: 2 }).rows)).toEqual(['tcp/2', 'tcp/1']);
    stage.pass(packets(tcp, 10_003, 3, 9, 100));
    expect(names(stage.page({ sort: 'packets', descending: true, limit: 2 }).rows)).toEqual(['tcp/2', 'tcp/1']);
    stage.closeWindow(1);
    expect(names(stage.page({ sort: 'packets', descending: true, limit: 2 }).rows)).toEqual(['tcp/3', 'tcp/2']);
  });
});
