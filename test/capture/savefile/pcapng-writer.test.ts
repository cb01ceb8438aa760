import { execFileSync } from 'node:child_process';
import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { OperatorErrorFields } from '../../../src/base/errors.ts';
import type { CapturedInterface } from '../../../src/capture/capture-source.ts';
import { PcapngWriter } from '../../../src/capture/savefile/pcapng-writer.ts';
import { SavefileSource } from '../../../src/capture/savefile/savefile-source.ts';
import { PACKET_TYPE } from '../../../src/wire/packet-batch.ts';
import type { TestPacket } from '../../support/packets.ts';
import { concat, filler, packetBatch, u16 } from '../../support/packets.ts';
import { collectSavefile } from '../../support/savefile.ts';
import { tsharkFields, tsharkUnavailable } from '../../support/tshark.ts';

const folder = mkdtempSync(join(tmpdir(), 'pcapng-writer-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fixtures = join(import.meta.dirname, '../../fixtures');
const all = new Uint8Array(256).fill(1);

function interfaceOf(slot: number, name: string, linkType = 1): CapturedInterface {
  return { slot, name, index: null, linkType, virtual: false, loopback: false };
}

const interfaces = [interfaceOf(0, 'eth0'), interfaceOf(1, 'tun0', 101)];
let files = 0;

interface Opened {
  path: string;
  writer: PcapngWriter;
  errors: OperatorErrorFields[];
}

function open(snaplen = 0, bufferBytes?: number, path = join(folder, `${files++}.pcapng`)): Opened {
  const errors: OperatorErrorFields[] = [];
  const onError = (error: OperatorErrorFields): void => void errors.push(error);
  const writer = new PcapngWriter(openSync(path, 'w'), {
    snaplen,
    application: 'test 1.0',
    path,
    onError,
    bufferBytes,
  });
  return { path, writer, errors };
}

async function written(packets: readonly TestPacket[], snaplen = 0): Promise<string> {
  const { path, writer, errors } = open(snaplen);
  writer.write(packetBatch(packets), all, interfaces);
  await writer.close();
  expect([writer.written, writer.notWritten, errors]).toEqual([packets.length, 0, []]);
  return path;
}

test('what is written is read again: bytes, lengths, time to the nanosecond, interface, direction', async () => {
  const packets: TestPacket[] = [
    { bytes: filler(60), seconds: 1_700_000_000, nanoseconds: 999_999_999, packetType: PACKET_TYPE.host },
    { bytes: filler(61), seconds: 0, nanoseconds: 1, packetType: PACKET_TYPE.outgoing, wireLength: 9000 },
    {
      bytes: filler(62),
      seconds: 4_000_000_123,
      nanoseconds: 7,
      packetType: PACKET_TYPE.broadcast,
      interfaceSlot: 1,
      linkType: 101,
    },
    { bytes: filler(63), seconds: 18_000_000_000, nanoseconds: 500, packetType: PACKET_TYPE.multicast },
    { bytes: filler(500), seconds: 4096, nanoseconds: 0, packetType: PACKET_TYPE.otherHost },
    { bytes: filler(0), seconds: 4095, nanoseconds: 0, packetType: PACKET_TYPE.unknown },
  ];
  const read = await collectSavefile(await written(packets));
  expect(read.facts).toEqual([]);
  expect(read.interfaces.map(({ name, linkType }) => [name, linkType])).toEqual([
    ['eth0', 1],
    ['tun0', 101],
  ]);
  for (const [n, packet] of packets.entries()) {
    const { seconds, nanoseconds, packetType, interfaceSlot = 0, linkType = 1 } = packet;
    expect(read.packets[n]).toMatchObject({ seconds, nanoseconds, packetType, interfaceSlot, linkType });
    expect(read.packets[n].wireLength).toBe(packet.wireLength ?? packet.bytes.length);
    expect(read.packets[n].bytes.equals(packet.bytes)).toBe(true);
  }
});

test('only what was selected is written', async () => {
  const { path, writer } = open();
  const batch = packetBatch([filler(20, 1), filler(20, 2), filler(20, 3)]);
  writer.write(batch, Uint8Array.of(1, 0, 1), interfaces);
  await writer.close();
  expect((await collectSavefile(path)).packets.map((packet) => packet.bytes[0])).toEqual([1, 3]);
});

test('a stripped VLAN tag is back in its place', async () => {
  const bytes = filler(60);
  const path = await written([
    { bytes, strippedTag: 0x8100_600a, wireLength: 1500 },
    { bytes: filler(11), strippedTag: 0x8100_600a },
    { bytes, strippedTag: 0x8100_600a, linkType: 101, interfaceSlot: 1 },
  ]);
  const { packets } = await collectSavefile(path);
  const tagged = concat(bytes.subarray(0, 12), u16(0x8100, 0x600a), bytes.subarray(12));
  expect(packets[0].bytes.equals(tagged)).toBe(true);
  expect(packets[0].wireLength).toBe(1504);
  expect(packets[1].bytes.length).toBe(11);
  expect(packets[2].bytes.equals(bytes)).toBe(true);
});

test('packets are cut at the snapshot length, never their lengths on the wire', async () => {
  const path = await written(
    [{ bytes: filler(200) }, { bytes: filler(90) }, { bytes: filler(200), strippedTag: 0x8100_0001 }],
    96,
  );
  const { packets } = await collectSavefile(path);
  expect(packets.map((packet) => [packet.bytes.length, packet.wireLength])).toEqual([
    [96, 200],
    [90, 90],
    [96, 204],
  ]);
});

const missing = tsharkUnavailable();
describe.skipIf(missing !== null)(`against tshark${missing === null ? '' : `: skipped, ${missing}`}`, () => {
  const names = readdirSync(fixtures).filter((name) => /\.(pcap|pcapng)$/.test(name));
  test.each(names)('%s copied through the writer is the same capture to tshark', async (name) => {
    const { path, writer } = open();
    const source = new SavefileSource({ path: join(fixtures, name), cutEverySeconds: null });
    await new Promise<void>((resolve) => {
      const onBatch = (batch: Parameters<PcapngWriter['write']>[0]): void =>
        writer.write(batch, all, source.interfaces);
      void source.start({ onBatch, onFact: () => undefined, onEnd: resolve });
    });
    await writer.close();
    const fields = ['frame.time_epoch', 'frame.len', 'frame.cap_len', 'frame.protocols', '_ws.col.Info'];
    const expected = tsharkFields(join(fixtures, name), fields);
    expect(expected.length).toBeGreaterThan(10);
    expect(tsharkFields(path, fields)).toEqual(expected);
  });

  test('names program, interface and snapshot length', async () => {
    const { path, writer } = open(96);
    writer.write(packetBatch([filler(60)]), all, interfaces);
    await writer.close();
    const report = execFileSync('capinfos', [path], { encoding: 'utf8' });
    expect(report).toMatch(/Capture application:\s+test 1\.0/);
    expect(report).toMatch(/Name = eth0/);
    expect(report).toMatch(/Capture length = 96/);
    expect(report).toMatch(/Time precision = nanoseconds/);
  });
});

describe('a backlog that is full', () => {
  test('counts what does not fit and leaves whole blocks', async () => {
    const { path, writer, errors } = open(0, 8192);
    const batch = packetBatch(Array.from({ length: 256 }, () => filler(200)));
    for (let n = 0; n < 10; n++) writer.write(batch, all, interfaces);
    await writer.close();
    expect(writer.written + writer.notWritten).toBe(2560);
    expect(writer.notWritten).toBeGreaterThan(2000);
    expect(errors).toEqual([]);
    const { packets, facts } = await collectSavefile(path);
    expect(facts).toEqual([]);
    expect(packets.length).toBe(writer.written);
  });

  test('of a source that waits for it loses nothing', async () => {
    const { path, writer } = open(0, 65_536);
    const batch = packetBatch(Array.from({ length: 256 }, () => filler(60)));
    for (let n = 0; n < 100; n++) {
      await writer.drained();
      writer.write(batch, all, interfaces);
    }
    await writer.close();
    expect([writer.written, writer.notWritten]).toEqual([25_600, 0]);
    expect((await collectSavefile(path)).packets.length).toBe(25_600);
  });
});

test('few packets reach the file without anybody asking', async () => {
  const { path, writer } = open();
  writer.write(packetBatch([filler(60)]), all, interfaces);
  const deadline = Date.now() + 5000;
  while (readFileSync(path).length === 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await collectSavefile(path)).packets.length).toBe(1);
  await writer.close();
});

test('a device that is always full: one error, everything counted, nothing thrown', async () => {
  const { writer, errors } = open(0, 65_536, '/dev/full');
  const batch = packetBatch(Array.from({ length: 256 }, () => filler(60)));
  for (let n = 0; n < 20; n++) {
    writer.write(batch, all, interfaces);
    await writer.flush();
  }
  await writer.close();
  expect([writer.written, writer.notWritten]).toEqual([0, 5120]);
  expect(errors).toEqual([
    {
      code: 'E_OUTPUT',
      operation: 'write packets to',
      target: '/dev/full',
      cause: 'the disk is full',
      remedy: 'packets that could not be written are counted; writing goes on when it can',
    },
  ]);
});
