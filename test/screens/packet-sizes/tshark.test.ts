// The mixed capture through the engine, against tshark: every bracket, the average, the smallest and the largest packet.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PacketSizesExtra, PacketSizesRow } from '../../../screens/packet-sizes/types.ts';
import type { EngineClient } from '../../../src/engine/engine-client.ts';
import { engineOverFile } from '../../support/file-engine.ts';
import { tsharkFields, tsharkUnavailable } from '../../support/tshark.ts';

const FIXTURE = join(import.meta.dirname, '../../fixtures/mixed.pcapng');
const unavailable = tsharkUnavailable();

/** Frame length and network-layer length of each frame. */
function frameSizes(): { frame: number; network: number }[] {
  return tsharkFields(FIXTURE, ['frame.len', 'ip.len', 'ipv6.plen', 'frame.protocols']).map(
    ([frame, ipLength, ipv6Payload, protocols]) => {
      // The outermost network layer: an IPv6 packet may carry IPv4, or the other way round.
      const layers = protocols.split(':');
      const [ipv4, ipv6] = ['ip', 'ipv6'].map((name) => layers.indexOf(name));
      const tags = layers.filter((name) => name === 'vlan').length;
      let network = Number(frame) - 14 - 4 * tags;
      if (ipv4 >= 0 && (ipv6 < 0 || ipv4 < ipv6)) network = Number(ipLength);
      else if (ipv6 >= 0) network = 40 + Number(ipv6Payload);
      return { frame: Number(frame), network };
    },
  );
}

describe.skipIf(unavailable !== null)(`sizes against tshark (${unavailable ?? 'installed'})`, () => {
  let engine: EngineClient;
  beforeAll(async () => {
    engine = await engineOverFile(FIXTURE, ['packet-sizes']);
  });
  afterAll(() => engine.stop());

  async function ask(byteKind: 'ip' | 'wire'): Promise<{ rows: PacketSizesRow[]; extra: PacketSizesExtra }> {
    const options = { byteKind, interface: null };
    const query = { sort: null, descending: false, offset: 0, limit: 0, follow: null, options };
    return (await engine.page('packet-sizes', query)) as unknown as { rows: PacketSizesRow[]; extra: PacketSizesExtra };
  }

  it.each([
    ['ip', 'network', 1500],
    ['wire', 'frame', 1514],
  ] as const)('agree in every bracket of %s sizes', async (byteKind, field, last) => {
    const sizes = frameSizes().map((each) => each[field]);
    const { rows, extra } = await ask(byteKind);
    expect(sizes).toHaveLength(710);
    expect(rows[19].to).toBe(last);
    const isIn = (size: number, { from, to }: PacketSizesRow): boolean => size >= from && (to === null || size <= to);
    expect(rows.map(({ packets }) => packets)).toEqual(
      rows.map((row) => sizes.filter((size) => isIn(size, row)).length),
    );
    const sum = sizes.reduce((total, size) => total + size, 0);
    expect(rows.reduce((total, { bytes }) => total + bytes, 0)).toBe(sum);
    expect(extra.total).toEqual({ packets: 710, bytes: sum, average: sum / 710, largest: Math.max(...sizes) });
  });

  it("agree with tshark's own table of packet lengths", async () => {
    const table = execFileSync('tshark', ['-n', '-r', FIXTURE, '-q', '-z', 'plen,tree'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [, count, average, , largest] = /^Packet Lengths +(\d+) +([\d.]+) +(\d+) +(\d+)/m.exec(table) ?? [];
    const { total } = (await ask('wire')).extra;
    expect([total.packets, total.average?.toFixed(2), total.largest]).toEqual([
      Number(count),
      average,
      Number(largest),
    ]);
  });
});
