// Stations behind a bridge, live: each port's stations against the kernel's counters of that port, and who is who.
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Namespace, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, PROGRAM, temporaryHome } from '../support/program.ts';
import { SnapshotWatch } from '../support/snapshot-watch.ts';

const unavailable = namespacesUnavailable();

interface StationJson {
  kind: 'station' | 'group';
  interface: string;
  mac: string;
  description: string | null;
  addresses: string[];
  in: { packets: number; wireBytes: number };
  out: { packets: number; wireBytes: number };
}

const PORTS = ['port1', 'port2', 'port3'] as const;
const COUNTERS = ['rx_packets', 'rx_bytes', 'tx_packets', 'tx_bytes'] as const;

/** Three stations 10.91.0.1 to .3 with MACs 02:00:00:00:91:01 to :03, each behind a port of a bridge. */
class BridgedNetwork {
  readonly bridge = new Namespace(`stations-${process.pid}-b`, 'bridge', 9);
  readonly stations = PORTS.map((_, i) => new Namespace(`stations-${process.pid}-${i + 1}`, 'eth0', i + 1));

  make(): void {
    const { bridge, stations } = this;
    for (const { name } of [bridge, ...stations]) execFileSync('ip', ['netns', 'add', name]);
    // Nothing is sent by itself: what the kernel counts before the program looks does not move.
    for (const each of [bridge, ...stations]) each.run('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1');
    for (const each of [bridge, ...stations]) each.run('sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1');
    bridge.run('ip', 'link', 'add', 'bridge', 'type', 'bridge', 'stp_state', '0', 'mcast_snooping', '0');
    bridge.run('ip', 'link', 'set', 'bridge', 'up');
    for (const [i, station] of stations.entries()) {
      const peer = ['peer', 'name', station.interface, 'address', station.mac, 'netns', station.name];
      bridge.run('ip', 'link', 'add', PORTS[i], 'type', 'veth', ...peer);
      bridge.run('ip', 'link', 'set', PORTS[i], 'master', 'bridge', 'up');
      station.run('ip', 'address', 'add', `${station.ipv4}/24`, 'dev', station.interface);
      station.run('ip', 'link', 'set', station.interface, 'up');
      station.run('sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_broadcasts=0');
      // Neighbours that were found are not asked again while the test counts.
      for (const setting of ['delay_first_probe_time', 'base_reachable_time_ms']) {
        station.run('sysctl', '-qw', `net.ipv4.neigh.${station.interface}.${setting}=600000`);
      }
    }
  }

  counters(): number[][] {
    return PORTS.map((port) => COUNTERS.map((name) => this.bridge.counter(name, port)));
  }

  dispose(): void {
    for (const each of [this.bridge, ...this.stations]) each.remove();
  }
}

describe.skipIf(unavailable !== null)(`live LAN stations (${unavailable ?? 'in namespaces'})`, () => {
  const home = temporaryHome();
  const network = new BridgedNetwork();

  beforeAll(() => {
    buildProgram();
    network.make();
  });
  afterAll(() => {
    network.dispose();
    home.remove();
  });

  it('of each port of a bridge carried what the kernel counted there, and have their addresses', async () => {
    const { bridge, stations } = network;
    const before = network.counters();
    const args = ['-l', 'port*', '--json', '--every', '0.5', '--limit', '0'];
    const child = bridge.spawn([process.execPath, PROGRAM, ...args], { env: { ...process.env, ...home.env } });
    const watching = new SnapshotWatch<StationJson>(child);
    await watching.until(() => true);
    const [one, two, three] = stations;
    one.run('ping', '-q', '-c', '30', '-i', '0.01', two.ipv4);
    three.run('ping', '-q', '-c', '20', '-i', '0.01', '-s', '1000', one.ipv4);
    three.run('ping', '-q', '-b', '-c', '3', '-i', '0.2', '-W', '1', '10.91.0.255');
    const moved = network.counters().map((after, i) => after.map((value, k) => value - before[i][k]));
    const packets = moved.reduce((sum, [received, , sent]) => sum + received + sent, 0);
    const { rows, capture, totals } = await watching.until((snapshot) => (snapshot.totals.buffers ?? 0) >= packets);
    watching.end();

    expect(capture.droppedByKernel).toBe(0);
    expect(totals.buffers).toBe(packets);
    const at = (port: string, mac: string): StationJson | undefined =>
      rows.find((row) => row.interface === port && row.mac === mac);
    for (const [i, port] of PORTS.entries()) {
      const [received, receivedBytes, sent, sentBytes] = moved[i];
      const own = at(port, stations[i].mac);
      // Everything that came in by a port was sent by the station behind it…
      expect([port, own?.out.packets, own?.out.wireBytes]).toEqual([port, received, receivedBytes]);
      // …and what went out by it was sent by the others.
      const others = rows.filter((row) => row.interface === port && row.mac !== stations[i].mac);
      const sum = (count: 'packets' | 'wireBytes'): number => others.reduce((all, row) => all + row.out[count], 0);
      expect([port, sum('packets'), sum('wireBytes')]).toEqual([port, sent, sentBytes]);
      expect(own?.addresses).toEqual([stations[i].ipv4]);
    }
    // Each echo to the broadcast address, and each question of ARP, went to the group and to no station.
    const broadcast = rows.filter(({ mac }) => mac === 'ff:ff:ff:ff:ff:ff');
    expect(broadcast.map(({ kind, description }) => [kind, description])).toEqual(
      PORTS.map(() => ['group', 'broadcast']),
    );
    for (const row of broadcast) expect(row.in.packets).toBeGreaterThanOrEqual(3);
    expect(at('port1', three.mac)?.addresses).toEqual([three.ipv4]);
  });

  it('are none on loopback, and the output says what it saw instead', async () => {
    const [one] = network.stations;
    one.run('ip', 'link', 'set', 'lo', 'up');
    const args = ['-l', 'lo', '--json', '--every', '0.25'];
    const child = one.spawn([process.execPath, PROGRAM, ...args], { env: { ...process.env, ...home.env } });
    const watching = new SnapshotWatch<StationJson>(child);
    await watching.until(() => true);
    one.run('ping', '-q', '-c', '5', '-i', '0.01', '127.0.0.1');
    const snapshot = await watching.until(({ totals }) => totals.packets >= 10);
    watching.end();
    expect(snapshot.rows).toEqual([]);
    expect(snapshot.totals).toMatchObject({
      packets: 10,
      stations: 0,
      withoutAddresses: { packets: 10, ipPackets: 10 },
    });
  });
});
