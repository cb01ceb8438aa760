// The mixed capture through the engine, against tshark: packets, IP packets and bytes of every station in and out.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LanStationRow } from '../../../screens/lan-stations/types.ts';
import type { EngineClient } from '../../../src/engine/engine-client.ts';
import { engineOverFile } from '../../support/file-engine.ts';
import { tsharkFields, tsharkUnavailable } from '../../support/tshark.ts';

const FIXTURE = join(import.meta.dirname, '../../fixtures/mixed.pcapng');
const unavailable = tsharkUnavailable();

/** packets, IP packets, wire bytes. */
type Figures = [number, number, number];

/** "interface mac" -> figures in and out, from the outermost Ethernet header of every frame. */
function tsharkStations(interfaces: readonly string[]): Map<string, { in: Figures; out: Figures }> {
  const stations = new Map<string, { in: Figures; out: Figures }>();
  const fields = ['frame.interface_id', 'eth.src', 'eth.dst', 'frame.len', 'frame.protocols'];
  for (const [id, source, destination, length, protocols] of tsharkFields(FIXTURE, fields)) {
    const isIp = protocols.split(':').some((protocol) => protocol === 'ip' || protocol === 'ipv6');
    for (const [side, mac] of [
      ['out', source],
      ['in', destination],
    ] as const) {
      const key = `${interfaces[Number(id)]} ${mac}`;
      const station = stations.get(key) ?? { in: [0, 0, 0], out: [0, 0, 0] };
      station[side][0]++;
      if (isIp) station[side][1]++;
      station[side][2] += Number(length);
      stations.set(key, station);
    }
  }
  return stations;
}

describe.skipIf(unavailable !== null)(`stations against tshark (${unavailable ?? 'installed'})`, () => {
  let engine: EngineClient;
  beforeAll(async () => {
    engine = await engineOverFile(FIXTURE, ['lan-stations']);
  });
  afterAll(() => engine.stop());

  async function rows(): Promise<LanStationRow[]> {
    const options = { panel: 'all', byteKind: 'wire', search: null };
    const query = { sort: 'bytes', descending: true, offset: 0, limit: 0, follow: null, options };
    return (await engine.page('lan-stations', query)).rows as LanStationRow[];
  }

  it('agree in every figure of every station and group, on each interface', async () => {
    const ours = new Map<string, { in: Figures; out: Figures }>();
    const figures = ({ packets, ipPackets, wireBytes }: LanStationRow['in']): Figures => [
      packets,
      ipPackets,
      wireBytes,
    ];
    for (const row of await rows()) {
      ours.set(`${row.interface} ${row.mac}`, { in: figures(row.in), out: figures(row.out) });
    }
    const theirs = tsharkStations(['eth0', 'mixed:1']);
    expect(theirs.size).toBeGreaterThanOrEqual(12);
    expect(new Map([...ours].sort())).toEqual(new Map([...theirs].sort()));
  });

  it('have sent from the addresses that tshark sees behind them', async () => {
    const theirs = new Map<string, Set<string>>();
    const fields = ['frame.interface_id', 'eth.src', 'ip.src', 'ipv6.src', 'frame.protocols', 'arp.src.proto_ipv4'];
    for (const [id, mac, ipv4, ipv6, protocols, arp] of tsharkFields(FIXTURE, fields)) {
      const layers = protocols.split(':');
      const [at4, at6] = ['ip', 'ipv6'].map((name) => layers.indexOf(name));
      const address = at4 >= 0 && (at6 < 0 || at4 < at6) ? ipv4 : at6 >= 0 ? ipv6 : arp;
      if (address === '' || address === '::' || address === '0.0.0.0') continue;
      const key = `${['eth0', 'mixed:1'][Number(id)]} ${mac}`;
      theirs.set(key, (theirs.get(key) ?? new Set()).add(address));
    }
    const ours = (await rows()).filter(({ addressesTotal }) => addressesTotal > 0);
    expect(new Map(ours.map((row) => [`${row.interface} ${row.mac}`, [...row.addresses].sort()]))).toEqual(
      new Map([...theirs].map(([key, addresses]) => [key, [...addresses].sort()])),
    );
    for (const row of ours) expect([row.addressesTotal, row.addressesExact]).toEqual([row.addresses.length, true]);
  });
});
