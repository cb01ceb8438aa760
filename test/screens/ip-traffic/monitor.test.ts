import { describe, expect, it } from 'vitest';
import { IpTrafficMonitor } from '../../../screens/ip-traffic/monitor.ts';
import { IP_TRAFFIC_SORTS, type IpTrafficRow, type PacketLine } from '../../../screens/ip-traffic/types.ts';
import { Bus } from '../../../src/engine/bus.ts';
import type { EngineOptions } from '../../../src/engine/messages.ts';
import type { Page, Query } from '../../../src/engine/monitor.ts';
import { ConversationTable } from '../../../src/tables/conversation-table.ts';
import { TcpTracker } from '../../../src/tables/tcp-tracker.ts';
import { Decoder } from '../../../src/wire/decode.ts';
import { DecodedBatch, TCP_FLAG } from '../../../src/wire/decoded-batch.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../../src/wire/numbers.ts';
import {
  arp,
  ethernet,
  filler,
  icmp,
  ipv4,
  ipv6,
  MAC_A,
  MAC_B,
  packetBatches,
  type TestPacket,
  tcp,
  udp,
  vlan,
} from '../../support/packets.ts';

const NOW = 105;

function options(source: EngineOptions['source']): EngineOptions {
  return {
    source,
    monitors: ['ip-traffic'],
    snaplen: 256,
    expression: null,
    filter: null,
    writePath: null,
    rateWindow: 1,
    maximumConversations: 10_000,
    decapsulate: false,
    tcpTimeout: 900,
    keepsPackets: source.kind === 'file',
    closedPersistence: null,
  };
}

/** A monitor on a bus, with the tables that the engine would keep. */
class Stage {
  readonly monitor = new IpTrafficMonitor();
  readonly bus = new Bus();
  readonly table = new ConversationTable({ maximumRows: 40_000 });
  readonly tcp = new TcpTracker(this.table, { maximumRows: 40_000 });
  readonly #decoder = new Decoder({ decapsulate: false, hashSeed: 3 });
  readonly #batch = new DecodedBatch();
  now = NOW;
  knowsRates = true;

  constructor(source: EngineOptions['source'] = { kind: 'file', path: 'x.pcap' }) {
    this.monitor.attach({
      bus: this.bus,
      conversations: this.table,
      tcp: this.tcp,
      links: () => null,
      shared: (Table) => new Table(this.bus),
      interfaces: () => [
        { slot: 0, name: 'eth0', up: true },
        { slot: 1, name: 'br1', up: true },
      ],
      now: () => this.now,
      knowsRates: () => this.knowsRates,
      options: options(source),
    });
  }

  pass(packets: readonly TestPacket[]): this {
    for (const batch of packetBatches(packets)) {
      this.#decoder.decode(batch, this.#batch);
      this.#batch.selected.fill(1, 0, this.#batch.count);
      this.table.account(this.#batch);
      this.tcp.update(this.#batch);
      this.bus.emit('batch', this.#batch);
    }
    this.table.closeWindow(2, () => undefined);
    return this;
  }

  page(query: Partial<Query> = {}): Page<IpTrafficRow> {
    return this.monitor.page(queryOf(query)) as Page<IpTrafficRow>;
  }

  packets(query: Partial<Query> = {}): Page<PacketLine> {
    const { search = null } = query.options ?? {};
    return this.monitor.page(queryOf({ ...query, options: { panel: 'packets', search } })) as Page<PacketLine>;
  }
}

function queryOf(query: Partial<Query>): Query {
  return { sort: null, descending: false, offset: 0, limit: 0, follow: null, options: {}, ...query };
}

function frame(packet: Uint8Array, seconds: number, interfaceSlot = 0): TestPacket {
  return { bytes: ethernet(ETHERTYPE.ipv4, packet), seconds, interfaceSlot };
}

function udpPacket(source: string, sourcePort: number, destination: string, destinationPort: number, length = 0) {
  return ipv4({ source, destination, protocol: IP_PROTOCOL.udp }, udp(sourcePort, destinationPort, filler(length)));
}

const TCP_A = { sourcePort: 40000, destinationPort: 443, sequence: 100, flags: TCP_FLAG.syn };
const TCP_B = { sourcePort: 443, destinationPort: 40000, sequence: 900, acknowledgement: 101 };

/** Five conversations: HTTPS from .9 to .1, DNS, a ping, IPv6 UDP on br1, ARP. */
const SCENE: TestPacket[] = [
  frame(ipv4({ source: '10.0.0.9', destination: '10.0.0.1', protocol: IP_PROTOCOL.tcp }, tcp(TCP_A)), 100),
  frame(
    ipv4(
      { source: '10.0.0.1', destination: '10.0.0.9', protocol: IP_PROTOCOL.tcp },
      tcp({ ...TCP_B, flags: TCP_FLAG.syn | TCP_FLAG.ack }),
    ),
    101,
  ),
  frame(udpPacket('10.0.0.9', 5353, '192.168.7.1', 53, 100), 102),
  frame(udpPacket('192.168.7.1', 53, '10.0.0.9', 5353, 400), 102),
  frame(ipv4({ source: '10.0.0.9', destination: '10.0.0.1', protocol: IP_PROTOCOL.icmp }, icmp(8, 0)), 103),
  frame(ipv4({ source: '10.0.0.1', destination: '10.0.0.9', protocol: IP_PROTOCOL.icmp }, icmp(3, 3)), 103),
  {
    bytes: ethernet(
      ETHERTYPE.ipv6,
      ipv6({ source: '2001:db8::beef', destination: 'ff02::fb', nextHeader: IP_PROTOCOL.udp }, udp(5353, 5353)),
    ),
    seconds: 104,
    interfaceSlot: 1,
  },
  { bytes: ethernet(ETHERTYPE.arp, arp()), seconds: 105 },
];

const scene = (): Stage => new Stage().pass(SCENE);
const protocols = (rows: IpTrafficRow[]): string[] => rows.map((row) => row.protocol);

describe('a row', () => {
  it('shows the sender of the first packet first, with everything that is known', () => {
    const row = scene().page().rows[0];
    expect(row).toMatchObject({
      protocol: 'tcp',
      ipProtocol: 6,
      etherType: null,
      interface: 'eth0',
      vlan: null,
      endpoints: [
        { address: '10.0.0.9', port: 40000, name: null, mac: MAC_A },
        { address: '10.0.0.1', port: 443, name: null, mac: MAC_A },
      ],
      packets: [1, 1],
      ipBytes: [40, 40],
      wireBytes: [54, 54],
      bytesPerSecond: [20, 20],
      wireBytesPerSecond: [27, 27],
      flags: ['S---', 'S-A-'],
      state: 'syn-received',
      partial: false,
      rttSeconds: null,
      retransmissions: [0, 0],
      window: [500, 500],
      lastPacketSize: [40, 40],
      detail: [null, null],
      firstSeen: 100,
      lastSeen: 101,
    });
  });

  it('of another protocol has no TCP facts, but the size or the ICMP type of its last packets', () => {
    const rows = scene().page().rows;
    expect(rows[1]).toMatchObject({
      protocol: 'udp',
      state: 'active',
      lastPacketSize: [128, 428],
      flags: [null, null],
    });
    expect(rows[1]).toMatchObject({ partial: null, rttSeconds: null, retransmissions: null, window: [null, null] });
    expect(rows[2]).toMatchObject({
      detail: ['echo request', 'dest unreachable (port)'],
      lastPacketSize: [null, null],
    });
    expect(rows[2].endpoints[0]).toMatchObject({ port: null });
  });

  it('that is not IP has hardware addresses, an EtherType and no IP bytes', () => {
    const row = scene().page().rows[4];
    expect(row).toMatchObject({ protocol: 'arp', ipProtocol: null, etherType: 0x0806, ipBytes: [0, 0] });
    expect(row.endpoints.map((endpoint) => endpoint.address)).toEqual([MAC_A, MAC_B]);
    expect(row.wireBytes[0]).toBeGreaterThan(0);
  });

  it('has no rate before the first rate window has closed, also in a snapshot that is still being taken then', () => {
    const stage = scene();
    stage.knowsRates = false;
    const unknown = { bytesPerSecond: [null, null], wireBytesPerSecond: [null, null] };
    const page = stage.page();
    for (const row of page.rows) expect(row).toMatchObject(unknown);
    expect(page.extra).toMatchObject({ tcpBytesPerSecond: null, otherBytesPerSecond: null });
    const slices = stage.monitor.slices(queryOf({}), 2)[Symbol.iterator]();
    slices.next();
    stage.knowsRates = true;
    expect(slices.next().value).toMatchObject([unknown, unknown]);
    expect(stage.page().rows[0].bytesPerSecond).toEqual([20, 20]);
  });

  it('is idle after ten seconds without a packet, by the engine time of the question', () => {
    const stage = scene();
    stage.now = 113.5;
    expect(stage.page().rows.map((row) => row.state)).toEqual(['syn-received', 'idle', 'idle', 'active', 'active']);
  });
});

describe('a page', () => {
  it('stands in the order of first packets unless told otherwise', () => {
    expect(protocols(scene().page().rows)).toEqual(['tcp', 'udp', 'icmp', 'udp', 'arp']);
  });

  it('has the panel asked for, and figures of both', () => {
    const stage = scene();
    const extra = {
      tcpConversations: 1,
      otherConversations: 4,
      tcpBytesPerSecond: 40,
      otherBytesPerSecond: (128 + 428 + 28 + 28 + 48) / 2,
      within: null,
    };
    const tcpPage = stage.page({ options: { panel: 'tcp' } });
    expect(protocols(tcpPage.rows)).toEqual(['tcp']);
    expect(tcpPage).toMatchObject({ rowsTotal: 1, hidden: 0, extra });
    const other = stage.page({ options: { panel: 'other' } });
    expect(protocols(other.rows)).toEqual(['udp', 'icmp', 'udp', 'arp']);
    expect(other.extra).toEqual(extra);
  });

  it.each<[string, boolean, string[]]>([
    ['bytes', true, ['udp 53', 'tcp 443', 'icmp', 'udp 5353', 'arp']],
    ['bytes', false, ['arp', 'udp 5353', 'icmp', 'tcp 443', 'udp 53']],
    ['rate', true, ['udp 53', 'tcp 443', 'icmp', 'udp 5353', 'arp']],
    ['packets', true, ['tcp 443', 'udp 53', 'icmp', 'udp 5353', 'arp']],
    ['source', false, ['tcp 443', 'udp 53', 'icmp', 'udp 5353', 'arp']],
    ['destination', true, ['arp', 'udp 5353', 'udp 53', 'tcp 443', 'icmp']],
    ['port', false, ['udp 53', 'tcp 443', 'udp 5353', 'icmp', 'arp']],
    ['port', true, ['udp 5353', 'tcp 443', 'udp 53', 'icmp', 'arp']],
    ['protocol', false, ['icmp', 'tcp 443', 'udp 53', 'udp 5353', 'arp']],
    ['state', false, ['tcp 443', 'udp 53', 'icmp', 'udp 5353', 'arp']],
    ['interface', false, ['udp 5353', 'tcp 443', 'udp 53', 'icmp', 'arp']],
    ['first-seen', true, ['arp', 'udp 5353', 'icmp', 'udp 53', 'tcp 443']],
    ['last-seen', true, ['arp', 'udp 5353', 'icmp', 'udp 53', 'tcp 443']],
    ['rtt', true, ['tcp 443', 'udp 53', 'icmp', 'udp 5353', 'arp']],
    ['retransmissions', false, ['tcp 443', 'udp 53', 'icmp', 'udp 5353', 'arp']],
    ['window', true, ['tcp 443', 'udp 53', 'icmp', 'udp 5353', 'arp']],
  ])('sorts by %s (descending: %s)', (sort, descending, expected) => {
    const rows = scene().page({ sort, descending }).rows;
    expect(rows.map((row) => [row.protocol, row.endpoints[1].port ?? ''].join(' ').trim())).toEqual(expected);
  });

  it('sorts by every column that is announced', () => {
    const tested = ['bytes', 'rate', 'packets', 'source', 'destination', 'port', 'protocol', 'state', 'interface'];
    const others = ['first-seen', 'last-seen', 'rtt', 'retransmissions', 'window', 'size', 'vlan', 'mac'];
    expect([...tested, ...others].sort()).toEqual([...IP_TRAFFIC_SORTS].sort());
  });

  it('sorts by last packet size, VLAN and source MAC, rows without one last', () => {
    const tagged = (port: number, length: number, vlanId: number, source: string): TestPacket => {
      const packet = udpPacket('10.0.0.1', port, '10.0.0.2', 53, length);
      const inner = vlanId === 0 ? packet : vlan(vlanId, ETHERTYPE.ipv4, packet);
      return { bytes: ethernet(vlanId === 0 ? ETHERTYPE.ipv4 : ETHERTYPE.vlan, inner, { source }), seconds: 1 };
    };
    const stage = new Stage().pass([
      tagged(1, 300, 0, '02:00:00:00:00:0c'),
      tagged(2, 100, 30, '02:00:00:00:00:0a'),
      tagged(3, 200, 7, '02:00:00:00:00:0b'),
    ]);
    const ports = (sort: string, descending: boolean): (number | null)[] =>
      stage.page({ sort, descending }).rows.map((row) => row.endpoints[0].port);
    expect(ports('size', true)).toEqual([1, 3, 2]);
    expect(ports('vlan', false)).toEqual([3, 2, 1]);
    expect(ports('vlan', true)).toEqual([2, 3, 1]);
    expect(ports('mac', false)).toEqual([2, 3, 1]);
  });

  it('is cut out by offset and limit, and moved back when it begins behind the end', () => {
    const stage = scene();
    expect(stage.page({ offset: 1, limit: 2 })).toMatchObject({ offset: 1, rowsTotal: 5 });
    expect(protocols(stage.page({ offset: 1, limit: 2 }).rows)).toEqual(['udp', 'icmp']);
    expect(stage.page({ offset: 99, limit: 2 })).toMatchObject({ offset: 3 });
    expect(protocols(stage.page({ offset: 99, limit: 2 }).rows)).toEqual(['udp', 'arp']);
  });

  it('follows a row to where it stands, and stays when the row is gone', () => {
    const stage = scene();
    const id = stage.page().rows[4].id;
    expect(stage.page({ follow: id, limit: 2 })).toMatchObject({ offset: 3 });
    const first = stage.page({ follow: id, limit: 2, offset: 3, sort: 'first-seen', descending: true });
    expect(first).toMatchObject({ offset: 0 });
    expect(first.rows[0].id).toBe(id);
    expect(stage.page({ follow: id + 2 ** 22, limit: 2 })).toMatchObject({ offset: 0 });
  });
});

describe('a restriction to a port', () => {
  const within = (ipProtocol: number, port: number): Record<string, unknown> => ({
    within: { port: { ipProtocol, port } },
  });
  const udpWithin = within(IP_PROTOCOL.udp, 53);

  it('holds for pages, counts and figures, on either side of a conversation', () => {
    const stage = scene().pass([frame(udpPacket('10.0.0.7', 53, '10.0.0.8', 9999), 105)]);
    const page = stage.page({ options: { panel: 'other', ...udpWithin } });
    expect(page.rows.map(({ endpoints }) => endpoints.map(({ port }) => port))).toEqual([
      [5353, 53],
      [53, 9999],
    ]);
    expect(page).toMatchObject({ rowsTotal: 2, hidden: 0 });
    const bytes = 128 + 428 + 28;
    expect(page.extra).toEqual({
      tcpConversations: 0,
      otherConversations: 2,
      tcpBytesPerSecond: 0,
      otherBytesPerSecond: 14,
      within: { packets: 3, ipBytes: bytes, wireBytes: bytes + 3 * 14, bytesPerSecond: 14, wireBytesPerSecond: 21 },
    });
  });

  it('tells protocols apart, and searches only what is within', () => {
    const stage = scene();
    expect(stage.page({ options: within(IP_PROTOCOL.tcp, 53) }).rows).toEqual([]);
    expect(protocols(stage.page({ options: within(IP_PROTOCOL.tcp, 443) }).rows)).toEqual(['tcp']);
    const searched = stage.page({ options: { search: '10.0.0.9', ...within(IP_PROTOCOL.udp, 5353) } });
    expect(searched).toMatchObject({ rowsTotal: 1, hidden: 1 });
  });

  it('holds for slices and for packets', () => {
    const stage = scene();
    const slices = [...stage.monitor.slices(queryOf({ options: udpWithin }), 10)] as IpTrafficRow[][];
    expect(slices.flat().map(({ protocol }) => protocol)).toEqual(['udp']);
    const packets = stage.monitor.page(queryOf({ options: { panel: 'packets', ...udpWithin } })) as Page<PacketLine>;
    expect(packets.rows.map(({ sourcePort, destinationPort }) => [sourcePort, destinationPort])).toEqual([
      [5353, 53],
      [53, 5353],
    ]);
    expect(packets.rowsTotal).toBe(2);
  });

  it('has no rates before the first window has closed', () => {
    const stage = scene();
    stage.knowsRates = false;
    const { within: figures } = stage.page({ options: udpWithin }).extra;
    expect(figures).toMatchObject({ packets: 2, bytesPerSecond: null, wireBytesPerSecond: null });
  });
});

describe('a search', () => {
  it.each<[string, string[]]>([
    ['192.168', ['udp']],
    ['10.0.0.9', ['tcp', 'udp', 'icmp']],
    ['BEEF', ['udp']],
    ['443', ['tcp']],
    ['53', ['udp', 'udp']],
    ['icmp', ['icmp']],
    ['arp', ['arp']],
    ['02:00', ['arp']],
    ['br1', ['udp']],
    ['syn-', ['tcp']],
    ['Active', ['udp', 'icmp', 'udp', 'arp']],
    ['nothing', []],
    ['10.0.0.9 port:53', ['udp']],
    ['host:10.0.0.0/8 and !proto:tcp', ['udp', 'icmp']],
    ['host:2001:db8::/32', ['udp']],
    ['host:/^192\\./ state:active', ['udp']],
    ['port:440-450,99', ['tcp']],
    ['!port:/./', ['icmp', 'arp']],
    ['iface:br1 proto:17', ['udp']],
    ['process:sshd', []],
    ['host:', ['tcp', 'udp', 'icmp', 'udp', 'arp']],
    ['proto:arp host:/(/', ['arp']],
  ])('for %s', (search, expected) => {
    const page = scene().page({ options: { search } });
    expect(protocols(page.rows)).toEqual(expected);
    expect(page).toMatchObject({ rowsTotal: expected.length, hidden: 5 - expected.length });
  });

  it('finds addresses and ports whose names matched', () => {
    const stage = scene();
    const byAddress = stage.page({ options: { search: 'resolver', searchNames: [{ addresses: ['192.168.7.1'] }] } });
    expect(protocols(byAddress.rows)).toEqual(['udp']);
    const byPort = stage.page({ options: { search: 'https', searchNames: [{ ports: [443] }] } });
    expect(protocols(byPort.rows)).toEqual(['tcp']);
  });

  it('knows the names of each term apart', () => {
    const stage = scene();
    const page = (search: string, addresses: string[]): string[] =>
      protocols(stage.page({ options: { search, searchNames: [{ addresses: ['10.0.0.9'] }, { addresses }] } }).rows);
    expect(page('host:nine host:resolver', ['192.168.7.1'])).toEqual(['udp']);
    expect(page('host:nine !host:resolver', ['192.168.7.1'])).toEqual(['tcp', 'icmp']);
    expect(page('host:nine host:nobody', [])).toEqual([]);
  });

  it('hides rows and changes no counter', () => {
    const stage = scene();
    const all = stage.page();
    const totals = (rows: readonly IpTrafficRow[]): number[] =>
      rows.reduce(
        (sum, row) => [sum[0] + row.packets[0] + row.packets[1], sum[1] + row.ipBytes[0] + row.ipBytes[1]],
        [0, 0],
      );
    for (const search of ['proto:tcp', '!proto:tcp', 'nothing']) {
      const page = stage.page({ options: { search } });
      expect([page.extra, page.rowsTotal + page.hidden]).toEqual([all.extra, all.rowsTotal]);
      for (const row of page.rows) expect(row).toEqual(all.rows.find(({ id }) => id === row.id));
    }
    const parts = ['proto:tcp', '!proto:tcp'].map((search) => totals(stage.page({ options: { search } }).rows));
    expect([parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]]).toEqual(totals(all.rows));
    expect(stage.page()).toEqual(all);
  });

  it('agrees with a search in the text of every row, for every piece of every address', () => {
    const stage = scene();
    const rows = stage.page().rows;
    const texts = new Set<string>();
    for (const row of rows) {
      for (const { address } of row.endpoints) {
        for (let k = 0; k < address.length; k++) texts.add(address.slice(k, k + 3));
      }
    }
    for (const search of texts) {
      const expected = rows.filter((row) => {
        const fields = [row.protocol, row.interface, row.state];
        for (const { address, port } of row.endpoints) fields.push(address, String(port ?? ''));
        return fields.some((field) => field.includes(search));
      });
      expect([search, stage.page({ options: { search } }).rows.map((row) => row.id)]).toEqual([
        search,
        expected.map((row) => row.id),
      ]);
    }
  });
});

describe('a page of a large table', () => {
  it('chooses its rows once a second and shows their counters of now', () => {
    const stage = new Stage();
    const many = Array.from({ length: 20_000 }, (_, k) =>
      frame(udpPacket('10.0.0.1', k, '10.0.0.2', 53, k === 77 ? 200 : 100), 1),
    );
    stage.pass(many);
    const first = (): IpTrafficRow => stage.page({ sort: 'bytes', descending: true, limit: 3 }).rows[0];
    expect(first().endpoints[0].port).toBe(77);
    stage.pass(Array.from({ length: 9 }, () => frame(udpPacket('10.0.0.1', 5, '10.0.0.2', 53, 100), 1)));
    stage.pass([frame(udpPacket('10.0.0.1', 77, '10.0.0.2', 53, 100), 1)]);
    expect(first()).toMatchObject({ endpoints: [{ port: 77 }, { port: 53 }], packets: [2, 0] });
    stage.now += 1;
    expect(first()).toMatchObject({ endpoints: [{ port: 5 }, { port: 53 }], packets: [10, 0] });
  });
});

describe('slices', () => {
  it('hold the counters of the moment they were asked for, whatever comes while they are taken', () => {
    const stage = scene();
    const before = stage.page().rows;
    const slices = stage.monitor.slices(queryOf({ sort: 'first-seen' }), 2)[Symbol.iterator]();
    const taken = slices.next().value as IpTrafficRow[];
    stage.pass(SCENE);
    for (let next = slices.next(); next.done !== true; next = slices.next())
      taken.push(...(next.value as IpTrafficRow[]));
    const sum = (rows: IpTrafficRow[]): number =>
      rows.reduce((total, row) => total + row.packets[0] + row.packets[1], 0);
    expect(sum(taken)).toBe(sum(before));
    expect(sum(stage.page().rows)).toBeGreaterThan(sum(before));
  });

  it('hand out all rows in order, without those that went meanwhile', () => {
    const stage = scene();
    const slices = stage.monitor.slices(queryOf({ sort: 'first-seen', descending: true }), 2);
    const ids = stage.page().rows.map((row) => row.id);
    stage.table.retire(0);
    stage.table.removeClosed(NOW, 900);
    const rows = [...slices];
    expect(rows.map((slice) => slice.length)).toEqual([2, 2, 0]);
    expect(rows.flat().map((row) => (row as IpTrafficRow).id)).toEqual(ids.slice(1).reverse());
  });
});

describe('commands', () => {
  it('flush removes closed rows and says how many', () => {
    const stage = scene();
    const reset = tcp({ ...TCP_B, flags: TCP_FLAG.rst });
    stage.pass([frame(ipv4({ source: '10.0.0.1', destination: '10.0.0.9', protocol: IP_PROTOCOL.tcp }, reset), 104)]);
    expect(stage.monitor.command('flush', {})).toEqual({ removed: 1 });
    expect(protocols(stage.page().rows)).toEqual(['udp', 'icmp', 'udp', 'arp']);
    expect(() => stage.monitor.command('dance', {})).toThrow(/dance/);
  });
});

describe('the packet-by-packet view', () => {
  const live: EngineOptions['source'] = { kind: 'live', interfaces: 'all', capture: 'auto', promiscuous: false };

  it('of a file has its packets from the start', () => {
    const page = scene().packets();
    expect(page.rowsTotal).toBe(SCENE.length);
    expect(page.rows[0]).toMatchObject({
      number: 0,
      time: 100,
      protocol: 'tcp',
      interface: 'eth0',
      source: '10.0.0.9',
      sourcePort: 40000,
      destination: '10.0.0.1',
      destinationPort: 443,
      bytes: 40,
      malformed: null,
    });
    expect(page.rows[1]).toMatchObject({ source: '10.0.0.1', destination: '10.0.0.9', destinationPort: 40000 });
    expect(page.rows[7]).toMatchObject({ protocol: 'arp', source: MAC_A, destination: MAC_B, sourcePort: null });
    expect(page.rows[7].bytes).toBe(SCENE[7].bytes.length);
  });

  it('of a live capture has packets only while it is on', () => {
    const stage = new Stage(live).pass(SCENE);
    expect(stage.packets().rows).toEqual([]);
    stage.monitor.command('packets', { on: true });
    stage.pass(SCENE);
    expect(stage.packets().rows).toHaveLength(SCENE.length);
    stage.monitor.command('packets', { on: false });
    expect(stage.packets().rows).toEqual([]);
  });

  it('keeps the newest packets, oldest first, and numbers them on', () => {
    const stage = new Stage();
    for (let k = 0; k < 20; k++) {
      stage.pass(Array.from({ length: 100 }, (_, j) => frame(udpPacket('10.0.0.1', k * 100 + j, '10.0.0.2', 53), k)));
    }
    const { rows, rowsTotal } = stage.packets();
    expect(rowsTotal).toBe(1024);
    expect(rows.map((line) => line.number)).toEqual(Array.from({ length: 1024 }, (_, k) => 2000 - 1024 + k));
    expect(rows.map((line) => line.sourcePort)).toEqual(rows.map((line) => line.number));
    expect(stage.packets({ offset: 1020, limit: 10 }).rows).toHaveLength(10);
  });

  it('shows long packets by their own length and status although only their beginning is kept', () => {
    const stage = new Stage().pass([frame(udpPacket('10.0.0.1', 1, '10.0.0.2', 2, 1000), 1)]);
    expect(stage.packets().rows[0]).toMatchObject({ bytes: 1028, malformed: null });
    const cut = { ...frame(udpPacket('10.0.0.1', 1, '10.0.0.2', 2, 1000), 1), capturedLength: 36 };
    expect(new Stage().pass([cut]).packets().rows[0]).toMatchObject({ bytes: 1028, malformed: 'truncated' });
  });

  it('can be searched', () => {
    const page = scene().packets({ options: { search: 'BEEF' } });
    expect(page.rows.map((line) => line.source)).toEqual(['2001:db8::beef']);
    expect(page).toMatchObject({ rowsTotal: 1, hidden: SCENE.length - 1 });
    const found = (search: string): number => scene().packets({ options: { search } }).rowsTotal;
    expect(['port:53', 'proto:17 !port:53', 'host:192.168.0.0/16', 'iface:br1', '/^echo/'].map(found)).toEqual([
      2, 1, 2, 1, 1,
    ]);
  });

  it('begins anew after a reset', () => {
    const stage = scene();
    stage.bus.emit('reset');
    expect(stage.packets().rows).toEqual([]);
  });
});
