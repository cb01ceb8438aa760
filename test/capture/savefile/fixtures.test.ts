import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIXTURE_FRAMES } from '../../support/fixture-frames.ts';
import { collectSavefile } from '../../support/savefile.ts';
import {
  tsharkConversations,
  tsharkEndpoints,
  tsharkFields,
  tsharkFlows,
  tsharkUnavailable,
} from '../../support/tshark.ts';

const folder = join(import.meta.dirname, '../../fixtures');
const fixtures = readdirSync(folder).filter((name) => /\.(pcap|pcapng|pcap\.gz)$/.test(name));
const missing = tsharkUnavailable();

test('every fixture is here', () => expect(fixtures.length).toBe(14));

describe.skipIf(missing !== null)(`as tshark reads it${missing === null ? '' : `: skipped, ${missing}`}`, () => {
  test.each(fixtures)('%s: time, lengths and interface of each packet', async (name) => {
    const path = join(folder, name);
    const fields = ['frame.time_epoch', 'frame.len', 'frame.cap_len', 'frame.interface_id'];
    const expected = tsharkFields(path, fields).map(([time, wire, captured, id]) => [
      // Nine digits, always.
      time,
      Number(wire),
      Number(captured),
      Number(id || 0),
    ]);
    const { packets, facts } = await collectSavefile(path);
    expect(facts).toEqual([]);
    expect(expected.length).toBeGreaterThan(10);
    const read = packets.map(({ seconds, nanoseconds, wireLength, bytes, interfaceSlot }) => [
      `${seconds}.${String(nanoseconds).padStart(9, '0')}`,
      wireLength,
      bytes.length,
      interfaceSlot,
    ]);
    expect(read).toEqual(expected);
  });

  test('its rounded conversation table holds the exact sums', () => {
    const path = join(folder, 'mixed.pcapng');
    const flows = tsharkFlows(path, 'tcp');
    const rows = tsharkConversations(path, 'tcp', '!(gre || vxlan) && !(ip.proto == 4) && !(ipv6.nxt == 4)');
    expect(rows.length).toBeGreaterThan(15);
    for (const row of rows) {
      const flow = flows.get(`${row.a}:${row.portA}>${row.b}:${row.portB}`) ?? { frames: 0, bytes: 0 };
      expect(flow.frames).toBe(row.framesAB);
      expect(flow.bytes).toBeGreaterThanOrEqual(row.bytesAB.least);
      expect(flow.bytes).toBeLessThan(row.bytesAB.below);
    }
  });

  test('its endpoint table says the same of the clients as the sums of flows', () => {
    const path = join(folder, 'mixed.pcapng');
    const endpoints = tsharkEndpoints(path, 'ip');
    expect(endpoints.length).toBeGreaterThan(4);
    for (const client of ['10.77.0.1', '10.77.0.2']) {
      const sent = { frames: 0, bytes: 0 };
      for (const [key, flow] of tsharkFlows(path, 'ip')) {
        if (!key.startsWith(`${client}>`)) continue;
        sent.frames += flow.frames;
        sent.bytes += flow.bytes;
      }
      expect(endpoints).toContainEqual(
        expect.objectContaining({ address: client, sentFrames: sent.frames, sentBytes: sent.bytes }),
      );
    }
  });
});

test('every format holds the same packets', async () => {
  const formats = fixtures.filter((name) => name.startsWith('format'));
  expect(formats.length).toBe(6);
  for (const name of formats) {
    const { packets } = await collectSavefile(join(folder, name));
    expect(packets.map((packet) => packet.bytes.toString('hex'))).toEqual(
      FIXTURE_FRAMES.map(([, frame]) => Buffer.from(frame).toString('hex')),
    );
  }
});

test.each([
  ['link-raw.pcap', 101],
  ['link-null.pcap', 0],
  ['link-loop.pcap', 108],
  ['link-ppp.pcap', 9],
  ['link-cooked.pcap', 113],
  ['link-cooked2.pcap', 276],
  ['mixed.pcapng', 1],
])('%s has link type %i', async (name, linkType) => {
  const { interfaces } = await collectSavefile(join(folder, name));
  expect(interfaces[0].linkType).toBe(linkType);
});
