/**
 * What iptraf-ng gets wrong (crashes, lost bytes, packets taken for something else), each as a test that it would fail.
 * Every monitor sees every packet.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { DetailedExtra, DetailedRow } from '../screens/detailed/types.ts';
import type { GeneralRow } from '../screens/general/types.ts';
import type { IpTrafficRow } from '../screens/ip-traffic/types.ts';
import type { LanStationRow } from '../screens/lan-stations/types.ts';
import { MONITOR_ENTRIES } from '../screens/monitors.ts';
import type { PortRow } from '../screens/ports/types.ts';
import type { MonitorName } from '../src/engine/monitor.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../src/wire/numbers.ts';
import { type ReadFile, readPackets } from './support/file-engine.ts';
import {
  arp,
  ethernet,
  filler,
  ipv4,
  ipv6,
  ipv6Extension,
  ipv6Fragment,
  MAC_A,
  type PacketLike,
  pad,
  tcp,
  udp,
  vlan,
} from './support/packets.ts';

const ALL: MonitorName[] = MONITOR_ENTRIES.map(({ monitor }) => monitor);
const DOT1Q = 0x8100;
const DOT1AD = 0x88a8;

let file: ReadFile | null = null;
afterEach(async () => {
  await file?.stop();
  file = null;
});

async function read(...packets: PacketLike[]): Promise<ReadFile> {
  file = await readPackets(packets, ALL);
  return file;
}

async function conversations(from: ReadFile): Promise<string[]> {
  const { rows } = await from.snapshot<IpTrafficRow>('ip-traffic');
  return rows.map(({ protocol, endpoints, packets }) => {
    const [a, b] = endpoints.map(({ address, port }) => (port === null ? address : `${address}:${port}`));
    return `${protocol} ${a} ${b} ${packets.join('+')}`;
  });
}

/** Packets of each class that has any, in the detailed statistics. */
async function classes(from: ReadFile): Promise<Record<string, number>> {
  const { rows } = await from.snapshot<DetailedRow>('detailed');
  const counted = rows.filter(({ total }) => total.packets > 0);
  return Object.fromEntries(counted.map((row) => [row.class, row.total.packets]));
}

const web = tcp({ sourcePort: 40000, destinationPort: 80 }, filler(8));
const webPacket = ipv4({ protocol: IP_PROTOCOL.tcp }, web);

describe('what iptraf-ng gets wrong', () => {
  it('an ARP packet with an odd opcode ends it (SIGSEGV); here it is a packet like another', async () => {
    const odd = pad(ethernet(ETHERTYPE.arp, arp({ opcode: 8 }), { destination: 'ff:ff:ff:ff:ff:ff' }));
    const from = await read(odd, odd);
    expect(await conversations(from)).toEqual(['arp 02:00:00:00:00:0a ff:ff:ff:ff:ff:ff 2+0']);
    expect(await classes(from)).toEqual({ total: 2, nonIp: 2, broadcast: 2 });
    const { rows } = await from.snapshot<LanStationRow>('lan-stations');
    expect(rows.map(({ kind, mac, in: into, out }) => [kind, mac, into.packets, out.packets])).toEqual(
      expect.arrayContaining([
        ['station', MAC_A, 0, 2],
        ['group', 'ff:ff:ff:ff:ff:ff', 2, 0],
      ]),
    );
  });

  it('ARP and other non-IP traffic is not counted at all by default; here it always is', async () => {
    const from = await read(
      ethernet(ETHERTYPE.arp, arp()),
      ethernet(0x88cc, filler(40)),
      ethernet(ETHERTYPE.ipv4, webPacket),
    );
    expect(await classes(from)).toEqual({ total: 3, ipv4: 1, tcp: 1, nonIp: 2 });
  });

  it('QinQ is taken for "Non-IP (0x4500)"; here it is what it carries', async () => {
    const tagged = vlan(100, DOT1Q, vlan(7, ETHERTYPE.ipv4, webPacket));
    const from = await read(ethernet(DOT1AD, tagged), ethernet(DOT1Q, tagged));
    expect(await conversations(from)).toEqual(['tcp 10.0.0.1:40000 10.0.0.2:80 2+0']);
    expect(await classes(from)).toEqual({ total: 2, ipv4: 2, tcp: 2 });
    const ports = await from.snapshot<PortRow>('ports');
    expect(ports.rows.map(({ protocol, port, total }) => [protocol, port, total.packets])).toEqual([['tcp', 80, 2]]);
  });

  it('6in4 is shown as IP between addresses that nobody has; here as the tunnel that it is', async () => {
    const inner = ipv6({ nextHeader: IP_PROTOCOL.tcp }, web);
    const tunnel = ipv4({ protocol: IP_PROTOCOL.ipv6, source: '192.0.2.1', destination: '192.0.2.2' }, inner);
    const from = await read(ethernet(ETHERTYPE.ipv4, tunnel));
    expect(await conversations(from)).toEqual(['ipv6 192.0.2.1 192.0.2.2 1+0']);
    expect(await classes(from)).toEqual({ total: 1, ipv4: 1, otherIp: 1 });
  });

  it('TCP behind IPv6 extension headers is invisible; here it is TCP', async () => {
    const extended = ipv6Extension(60, ipv6Extension(IP_PROTOCOL.tcp, web));
    const fragmented = ipv6Fragment(IP_PROTOCOL.tcp, 0, false, web);
    const from = await read(
      ethernet(ETHERTYPE.ipv6, ipv6({ nextHeader: 0 }, extended)),
      ethernet(ETHERTYPE.ipv6, ipv6({ nextHeader: 44 }, fragmented)),
    );
    expect(await conversations(from)).toEqual(['tcp fd00::1:40000 fd00::2:80 2+0']);
    expect(await classes(from)).toEqual({ total: 2, ipv6: 2, tcp: 2 });
    const ports = await from.snapshot<PortRow>('ports');
    expect(ports.rows.map(({ port, total }) => [port, total.packets])).toEqual([[80, 2]]);
  });

  it('fragments that come in reversed order are lost from the services; here no byte is', async () => {
    const datagram = udp(5000, 53, filler(600));
    const part = (from: number, to: number): Uint8Array =>
      ethernet(
        ETHERTYPE.ipv4,
        ipv4(
          { protocol: IP_PROTOCOL.udp, fragmentOffset: from, moreFragments: to < datagram.length },
          datagram.subarray(from, to),
        ),
      );
    const parts = [part(0, 200), part(200, 400), part(400, datagram.length)];
    const expected = { packets: 3, ipBytes: datagram.length + 3 * 20, wireBytes: datagram.length + 3 * 34 };
    for (const packets of [parts, [...parts].reverse()]) {
      const from = await read(...packets);
      expect(await conversations(from)).toEqual(['udp 10.0.0.1:5000 10.0.0.2:53 3+0']);
      const { rows } = await from.snapshot<PortRow>('ports');
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({ protocol: 'udp', port: 53, total: expected, to: expected });
      expect(await classes(from)).toEqual({ total: 3, ipv4: 3, udp: 3 });
      await from.stop();
    }
  });

  it('a packet with a wrong checksum is in the total and in no class; here it is IPv4, and counted as an error', async () => {
    const from = await read(ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.tcp, checksum: 1 }, web)));
    expect(await classes(from)).toMatchObject({ total: 1, ipv4: 1 });
    const { extra } = await from.snapshot('detailed');
    expect((extra as unknown as DetailedExtra).ipChecksumErrors).toBe(1);
    const { rows } = await from.snapshot<GeneralRow>('general');
    expect(rows.map(({ total, ipv4: v4, checksumErrors }) => [total?.packets, v4?.packets, checksumErrors])).toEqual([
      [1, 1, 1],
    ]);
  });

  it('padding of short frames counts as bytes of IP packets; here it does not', async () => {
    const from = await read(pad(ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.udp }, udp(1, 53)))));
    const { rows, totals } = await from.snapshot<IpTrafficRow>('ip-traffic');
    expect(rows[0].ipBytes).toEqual([28, 0]);
    expect(totals).toMatchObject({ ipBytes: 28, wireBytes: 60 });
  });

  it('a port that is a moment old ends it when a log is written (SIGFPE); here its rate is unknown', async () => {
    const from = await read(ethernet(ETHERTYPE.ipv4, webPacket));
    const { rows } = await from.snapshot<PortRow>('ports');
    expect(rows[0].total.bytesPerSecond).toBeNull();
  });

  it('sorting an empty table ends it (SIGSEGV); here every order of every monitor is possible with no row', async () => {
    const from = await read();
    for (const { monitor, sorts } of MONITOR_ENTRIES) {
      for (const sort of [null, ...sorts]) {
        const snapshot = await from.snapshot(monitor, { sort, follow: 5 });
        expect(snapshot.totals, `${monitor} by ${sort}`).toMatchObject({ packets: 0 });
      }
    }
  });
});
