import { describe, expect, it } from 'vitest';
import { IpTrafficMonitor } from '../../../screens/ip-traffic/monitor.ts';
import type { HostMatch, IpTrafficRow, IpTrafficWithin, PacketLine } from '../../../screens/ip-traffic/types.ts';
import { Bus } from '../../../src/engine/bus.ts';
import type { EngineOptions } from '../../../src/engine/messages.ts';
import type { Page, Query } from '../../../src/engine/monitor.ts';
import { ConversationTable } from '../../../src/tables/conversation-table.ts';
import { TcpTracker } from '../../../src/tables/tcp-tracker.ts';
import { Decoder } from '../../../src/wire/decode.ts';
import { DecodedBatch } from '../../../src/wire/decoded-batch.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../../src/wire/numbers.ts';
import { arp, ethernet, icmp, ipv4, ipv6, packetBatches, type TestPacket, tcp, udp } from '../../support/packets.ts';

const OPTIONS: EngineOptions = {
  source: { kind: 'file', path: 'x.pcap' },
  monitors: ['ip-traffic'],
  snaplen: 256,
  expression: null,
  filter: null,
  writePath: null,
  rateWindow: 1,
  maximumConversations: 10_000,
  decapsulate: false,
  tcpTimeout: 900,
  keepsPackets: true,
  closedPersistence: null,
};

function frame(etherType: number, packet: Uint8Array, interfaceSlot = 0): TestPacket {
  return { bytes: ethernet(etherType, packet), seconds: 100, interfaceSlot };
}

const v4 = (source: string, destination: string, protocol: number, payload: Uint8Array, slot = 0): TestPacket =>
  frame(ETHERTYPE.ipv4, ipv4({ source, destination, protocol }, payload), slot);
const v6 = (source: string, destination: string, protocol: number, payload: Uint8Array): TestPacket =>
  frame(ETHERTYPE.ipv6, ipv6({ source, destination, nextHeader: protocol }, payload));
const segment = (sourcePort: number, destinationPort: number): Uint8Array => tcp({ sourcePort, destinationPort });

/** What each packet is called in the expectations: each is a conversation of its own. */
const PACKETS: Record<string, TestPacket> = {
  web: v4('10.0.0.1', '10.0.0.2', IP_PROTOCOL.tcp, segment(40_000, 443)),
  back: v4('10.0.0.2', '10.0.0.1', IP_PROTOCOL.tcp, segment(50_000, 22)),
  dns: v4('10.0.0.1', '10.0.0.2', IP_PROTOCOL.udp, udp(443, 53)),
  ping: v4('10.0.0.1', '10.0.0.2', IP_PROTOCOL.icmp, icmp(8, 0)),
  far: v4('10.0.0.1', '10.0.1.9', IP_PROTOCOL.tcp, segment(40_001, 443)),
  inside: v4('10.0.1.8', '10.0.1.9', IP_PROTOCOL.udp, udp(1, 2)),
  other: v4('192.0.2.1', '10.0.0.2', IP_PROTOCOL.udp, udp(3, 4)),
  bridge: v4('10.0.0.1', '10.0.0.2', IP_PROTOCOL.udp, udp(5, 6), 1),
  v6: v6('2001:db8::1', '2001:db8::2', IP_PROTOCOL.tcp, segment(40_000, 443)),
  v6net: v6('2001:db8::1', '2001:db8:0:1::2', IP_PROTOCOL.udp, udp(7, 8)),
  // The last word is that of 10.0.0.1.
  v6zero: v6('::a00:1', '::a00:2', IP_PROTOCOL.udp, udp(9, 10)),
  arp: frame(ETHERTYPE.arp, arp({ opcode: 1, senderIp: '10.0.0.1', targetIp: '10.0.0.2' })),
};

/** A monitor that has seen them all. */
function scene(): IpTrafficMonitor {
  const monitor = new IpTrafficMonitor();
  const bus = new Bus();
  const table = new ConversationTable({ maximumRows: 4000 });
  const tracker = new TcpTracker(table, { maximumRows: 4000 });
  monitor.attach({
    bus,
    conversations: table,
    tcp: tracker,
    links: () => null,
    shared: (Table) => new Table(bus),
    interfaces: () => [
      { slot: 0, name: 'eth0', up: true },
      { slot: 1, name: 'br1', up: true },
    ],
    now: () => 105,
    knowsRates: () => true,
    options: OPTIONS,
  });
  const decoder = new Decoder({ decapsulate: false, hashSeed: 3 });
  const decoded = new DecodedBatch();
  for (const batch of packetBatches(Object.values(PACKETS))) {
    decoder.decode(batch, decoded);
    decoded.selected.fill(1, 0, decoded.count);
    table.account(decoded);
    tracker.update(decoded);
    bus.emit('batch', decoded);
  }
  table.closeWindow(2, () => undefined);
  return monitor;
}

function ask(monitor: IpTrafficMonitor, panel: string, within: IpTrafficWithin): Page<IpTrafficRow | PacketLine> {
  const options = { panel, search: null, within };
  const query: Query = { sort: null, descending: false, offset: 0, limit: 0, follow: null, options };
  return monitor.page(query);
}

/** "10.0.0.1", "10.0.0.0/24", "*", each with ":port" behind it or not. */
function end(text: string): HostMatch {
  const [, host, port] = /^(.*?)(?:#(\d+))?$/.exec(text) as RegExpExecArray;
  const [address, prefix] = host.split('/');
  return {
    address: address === '*' ? null : address,
    prefix: prefix === undefined ? null : Number(prefix),
    port: port === undefined ? null : Number(port),
  };
}

const names = Object.keys(PACKETS);

/** Names of the rows that are within, and of the packets. */
function found(within: IpTrafficWithin): { rows: string[]; packets: string[] } {
  const monitor = scene();
  // Rows come in the order in which they were seen first, which is that of the packets.
  const all = (ask(monitor, 'all', {}).rows as IpTrafficRow[]).map(({ id }) => id);
  expect(all).toHaveLength(names.length);
  const rows = ask(monitor, 'all', within).rows as IpTrafficRow[];
  const packets = ask(monitor, 'packets', within).rows as PacketLine[];
  return {
    rows: rows.map(({ id }) => names[all.indexOf(id)]),
    packets: packets.map(({ number }) => names[number]),
  };
}

describe('a restriction to two hosts', () => {
  it.each<[string, string, Partial<NonNullable<IpTrafficWithin['hosts']>>, string[]]>([
    ['10.0.0.1', '10.0.0.2', {}, ['web', 'back', 'dns', 'ping', 'bridge']],
    ['10.0.0.2', '10.0.0.1', {}, ['web', 'back', 'dns', 'ping', 'bridge']],
    ['10.0.0.1', '10.0.0.2', { interface: 'eth0' }, ['web', 'back', 'dns', 'ping']],
    ['10.0.0.1', '10.0.0.2', { interface: 'br1' }, ['bridge']],
    ['10.0.0.1', '10.0.0.2', { interface: 'gone0' }, []],
    ['10.0.0.1', '10.0.0.2', { ipProtocol: IP_PROTOCOL.tcp }, ['web', 'back']],
    ['10.0.0.1', '10.0.0.2', { ipProtocol: IP_PROTOCOL.icmp }, ['ping']],
    ['10.0.0.1', '10.0.0.2#443', { ipProtocol: IP_PROTOCOL.tcp }, ['web']],
    // The port is that end's, not the other's.
    ['10.0.0.1#443', '10.0.0.2', {}, ['dns']],
    ['10.0.0.1#40000', '10.0.0.2#443', {}, ['web']],
    ['10.0.0.1#443', '10.0.0.2#40000', {}, []],
    ['*#443', '*', {}, ['web', 'dns', 'far', 'v6']],
    // No port is not port 0.
    ['*#0', '*', {}, []],
    ['10.0.0.1', '10.0.1.0/24', {}, ['far']],
    ['10.0.1.0/24', '10.0.1.0/24', {}, ['inside']],
    ['10.0.1.77/24', '10.0.1.0/25', {}, ['inside']],
    ['10.0.0.1', '10.0.0.0/8', {}, ['web', 'back', 'dns', 'ping', 'far', 'bridge']],
    ['10.0.0.1', '*', {}, ['web', 'back', 'dns', 'ping', 'far', 'bridge']],
    ['0.0.0.0/0', '0.0.0.0/0', {}, ['web', 'back', 'dns', 'ping', 'far', 'inside', 'other', 'bridge']],
    ['::/0', '::/0', {}, ['v6', 'v6net', 'v6zero']],
    ['::/0', '*', {}, ['v6', 'v6net', 'v6zero']],
    ['::/96', '::/96', {}, ['v6zero']],
    ['2001:db8::1', '2001:db8::/64', {}, ['v6']],
    ['2001:db8::1', '2001:db8::/48', {}, ['v6', 'v6net']],
    ['10.0.0.1', '2001:db8::2', {}, []],
    ['*', '*', {}, names.filter((name) => name !== 'arp')],
    ['no address', '*', {}, []],
  ])('%s and %s, %j', (a, b, parts, expected) => {
    const hosts = { ends: [end(a), end(b)] as [HostMatch, HostMatch], interface: null, ipProtocol: null, ...parts };
    expect(found({ hosts })).toEqual({ rows: expected, packets: expected });
  });

  it('holds together with a port and with a time', () => {
    const ends: [HostMatch, HostMatch] = [end('10.0.0.1'), end('10.0.0.2')];
    const hosts = { ends, interface: null, ipProtocol: null };
    expect(found({ hosts, port: { ipProtocol: IP_PROTOCOL.tcp, port: 22 } }).rows).toEqual(['back']);
    expect(found({ hosts, activeSince: 100 }).rows).toHaveLength(5);
    expect(found({ hosts, activeSince: 101 }).rows).toEqual([]);
  });

  it('counts what its conversations carried', () => {
    const ends: [HostMatch, HostMatch] = [end('10.0.0.1'), end('10.0.1.9')];
    const page = ask(scene(), 'other', { hosts: { ends, interface: null, ipProtocol: null } });
    expect(page).toMatchObject({ rows: [], rowsTotal: 0, hidden: 0 });
    expect(page.extra).toMatchObject({
      tcpConversations: 1,
      otherConversations: 0,
      within: { packets: 1, ipBytes: 40 },
    });
  });
});
