import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { SavefileSource } from '../../../src/capture/savefile/savefile-source.ts';
import { PACKET_TYPE } from '../../../src/wire/packet-batch.ts';
import { filler } from '../../support/packets.ts';
import type { ClassicRecord } from '../../support/savefile.ts';
import { classicFile, collectSavefile, PcapngBlocks, textOption } from '../../support/savefile.ts';

const folder = mkdtempSync(join(tmpdir(), 'savefile-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;

function fileOf(bytes: Uint8Array, name = `capture-${files++}.pcap`): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** `count` packets of different lengths, a quarter of a second apart. */
function records(count: number, perSecond = 1_000_000): ClassicRecord[] {
  return Array.from({ length: count }, (_, n) => ({
    seconds: 1_700_000_000 + Math.floor(n / 4),
    fraction: (n % 4) * (perSecond / 4) + n,
    packet: filler(40 + (n % 90), n),
    wireLength: 40 + (n % 90) + (n % 3) * 700,
  }));
}

describe('classic pcap', () => {
  const shapes = [
    { littleEndian: true, nanoseconds: false },
    { littleEndian: false, nanoseconds: false },
    { littleEndian: true, nanoseconds: true },
    { littleEndian: false, nanoseconds: true },
    { littleEndian: true, modified: true },
    { littleEndian: false, modified: true },
  ];
  test.each(shapes)(
    'reads every packet of $littleEndian little-endian, $nanoseconds nanoseconds, $modified modified',
    async (shape) => {
      const unit = shape.nanoseconds ? 1e9 : 1e6;
      const written = records(700, unit);
      const { packets, facts, statistics } = await collectSavefile(fileOf(classicFile(shape, written)));
      expect(facts).toEqual([]);
      expect(packets.length).toBe(700);
      expect(statistics).toEqual({ received: 700, droppedByKernel: null, droppedByInterface: null, freezes: null });
      for (const [n, { seconds, fraction, packet, wireLength }] of written.entries()) {
        expect(packets[n]).toMatchObject({ seconds, nanoseconds: fraction * (1e9 / unit), wireLength });
        expect(packets[n].bytes.equals(packet)).toBe(true);
      }
    },
  );

  test('takes the direction of the modified format', async () => {
    const file = classicFile({ modified: true }, [{ seconds: 1, fraction: 0, packet: filler(20), packetType: 4 }]);
    expect((await collectSavefile(fileOf(file))).packets[0].packetType).toBe(PACKET_TYPE.outgoing);
  });

  test('names its one interface after the file and knows its link type', async () => {
    const path = fileOf(gzipSync(classicFile({ linkType: 113 }, records(1))), 'router-a.pcap.gz');
    const { interfaces, packets } = await collectSavefile(path);
    expect(interfaces).toEqual([
      { slot: 0, name: 'router-a', index: null, linkType: 113, virtual: false, loopback: false },
    ]);
    expect(packets[0]).toMatchObject({ interfaceSlot: 0, linkType: 113, packetType: PACKET_TYPE.unknown });
  });

  test.each([
    [12, 101],
    [14, 101],
    [0x0400_0001, 1],
  ])('takes link-type field %i for link type %i', async (linkType, expected) => {
    const { packets } = await collectSavefile(fileOf(classicFile({ linkType }, records(1))));
    expect(packets[0].linkType).toBe(expected);
  });

  test('carries a fraction beyond a second into the seconds', async () => {
    const file = classicFile({}, [{ seconds: 10, fraction: 2_500_000, packet: filler(20) }]);
    expect((await collectSavefile(fileOf(file))).packets[0]).toMatchObject({ seconds: 12, nanoseconds: 500_000_000 });
  });

  test('never reports a packet shorter on the wire than what was captured of it', async () => {
    const file = classicFile({}, [{ seconds: 1, fraction: 0, packet: filler(60), wireLength: 4 }]);
    expect((await collectSavefile(fileOf(file))).packets[0].wireLength).toBe(60);
  });

  test('is read the same whatever the chunk size', async () => {
    const path = fileOf(classicFile({}, records(900)));
    const whole = await collectSavefile(path);
    expect(whole.packets.length).toBe(900);
    for (const chunkBytes of [1, 7, 64, 1000, 4096]) {
      const pieces = await collectSavefile(path, { chunkBytes });
      expect(pieces.facts).toEqual([]);
      expect(pieces.packets).toEqual(whole.packets);
    }
  });

  test('holds a packet many times longer than a chunk', async () => {
    const packet = new Uint8Array(3_000_000).map((_, n) => n % 251);
    const file = classicFile({}, [...records(3), { seconds: 1_700_000_001, fraction: 0, packet }, ...records(2)]);
    const { packets, facts } = await collectSavefile(fileOf(file), { chunkBytes: 4096 });
    expect(facts).toEqual([]);
    expect(packets.length).toBe(6);
    expect(packets[3].bytes.equals(packet)).toBe(true);
  });
});

describe('pcapng', () => {
  const name = (text: string): ReturnType<typeof textOption> => textOption(2, text);
  const MICROSECOND = 1_700_000_000_123_456n;

  test.each([true, false])('reads each kind of packet block, little-endian: %s', async (littleEndian) => {
    const b = new PcapngBlocks(littleEndian);
    const file = Buffer.concat([
      b.section(),
      b.interface(1, 60, [name('eth0')]),
      b.interface(101),
      b.enhanced(0, MICROSECOND, filler(31), 1500),
      b.enhanced(1, MICROSECOND + 1n, filler(32)),
      b.obsolete(0, MICROSECOND + 2n, filler(33)),
      b.simple(filler(60), 99),
      b.simple(filler(30)),
    ]);
    const { packets, facts, interfaces } = await collectSavefile(fileOf(file, 'five.pcapng'));
    expect(facts).toEqual([]);
    expect(interfaces.map((entry) => [entry.name, entry.linkType])).toEqual([
      ['eth0', 1],
      ['five:1', 101],
    ]);
    expect(
      packets.map((packet) => [packet.interfaceSlot, packet.linkType, packet.bytes.length, packet.wireLength]),
    ).toEqual([
      [0, 1, 31, 1500],
      [1, 101, 32, 32],
      [0, 1, 33, 33],
      [0, 1, 60, 99],
      [0, 1, 30, 30],
    ]);
    const microseconds = packets.map((packet) => packet.nanoseconds / 1000);
    expect(microseconds).toEqual([123456, 123457, 123458, 123458, 123458]);
    expect(packets.every((packet) => packet.seconds === 1_700_000_000)).toBe(true);
    expect(packets[0].bytes.equals(filler(31))).toBe(true);
  });

  test.each([
    { resolution: 0, time: 1_700_000_001n, nanoseconds: 0 },
    { resolution: 3, time: 1_700_000_001_250n, nanoseconds: 250_000_000 },
    { resolution: 6, time: 1_700_000_001_999_999n, nanoseconds: 999_999_000 },
    { resolution: 9, time: 1_700_000_001_000_000_000n, nanoseconds: 0 },
    { resolution: 9, time: 1_700_000_001_999_999_999n, nanoseconds: 999_999_999 },
    { resolution: 12, time: 1_700_001_123_456_789_012n, seconds: 1_700_001, nanoseconds: 123_456_789 },
    { resolution: 0x80 | 20, time: (1_700_000_001n << 20n) | (1n << 19n), nanoseconds: 500_000_000 },
    { resolution: 0x80 | 32, time: (1_700_000_001n << 32n) | (1n << 30n), nanoseconds: 250_000_000 },
  ])('keeps time exact at resolution $resolution', async ({ resolution, time, seconds, nanoseconds }) => {
    const b = new PcapngBlocks();
    const file = Buffer.concat([
      b.section(),
      b.interface(1, 0, [[9, new Uint8Array([resolution])]]),
      // Twice: the first packet of a file and the later ones are read by different code.
      b.enhanced(0, time, filler(20)),
      b.enhanced(0, time, filler(20)),
    ]);
    const { packets } = await collectSavefile(fileOf(file));
    const expected = { seconds: seconds ?? 1_700_000_001, nanoseconds };
    expect(packets.map((packet) => ({ seconds: packet.seconds, nanoseconds: packet.nanoseconds }))).toEqual([
      expected,
      expected,
    ]);
  });

  test('adds the time offset of an interface', async () => {
    const b = new PcapngBlocks();
    const file = Buffer.concat([
      b.section(),
      b.interface(1, 0, [b.u64Option(14, -3600n)]),
      b.enhanced(0, MICROSECOND, filler(20)),
    ]);
    expect((await collectSavefile(fileOf(file))).packets[0].seconds).toBe(1_700_000_000 - 3600);
  });

  test.each([
    { flags: 0b00000, type: PACKET_TYPE.unknown },
    { flags: 0b00001, type: PACKET_TYPE.host },
    { flags: 0b00101, type: PACKET_TYPE.host },
    { flags: 0b01001, type: PACKET_TYPE.multicast },
    { flags: 0b01101, type: PACKET_TYPE.broadcast },
    { flags: 0b10001, type: PACKET_TYPE.otherHost },
    { flags: 0b00010, type: PACKET_TYPE.outgoing },
  ])('reads packet flags $flags as packet type $type', async ({ flags, type }) => {
    const b = new PcapngBlocks(false);
    const options = [textOption(1, 'a comment before'), b.u32Option(2, flags)];
    const file = Buffer.concat([
      b.section(),
      b.interface(1),
      b.enhanced(0, MICROSECOND, filler(21), 21, options),
      b.enhanced(0, MICROSECOND, filler(21), 21, options),
    ]);
    const { packets } = await collectSavefile(fileOf(file));
    expect(packets.map((packet) => packet.packetType)).toEqual([type, type]);
  });

  test('skips blocks of other kinds, however long, and follows a change of byte order between sections', async () => {
    const [little, big] = [new PcapngBlocks(true), new PcapngBlocks(false)];
    const file = Buffer.concat([
      little.section(),
      little.block(4, filler(60)),
      little.interface(1, 0, [name('eth0')]),
      little.block(0x0000_0bad, new Uint8Array(20_000_000)),
      little.enhanced(0, MICROSECOND, filler(20)),
      big.section(),
      big.block(10, filler(33)),
      big.interface(101, 0, [name('tun0')]),
      big.interface(1, 0, [name('eth0')]),
      big.enhanced(1, MICROSECOND, filler(21)),
      big.enhanced(0, MICROSECOND, filler(22)),
    ]);
    const { packets, facts, interfaces } = await collectSavefile(fileOf(file), { chunkBytes: 65_536 });
    expect(facts).toEqual([]);
    expect(interfaces.map((entry) => entry.name)).toEqual(['eth0', 'tun0']);
    expect(packets.map((packet) => [packet.interfaceSlot, packet.linkType])).toEqual([
      [0, 1],
      [0, 1],
      [1, 101],
    ]);
  });

  test('adds up the drop counters of interfaces and sections', async () => {
    const b = new PcapngBlocks();
    const one = [
      b.section(),
      b.interface(1),
      b.interface(1),
      b.statistics(0, [[5, 1n]]),
      b.statistics(0, [
        [4, 1000n],
        [5, 7n],
        [7, 100n],
      ]),
      b.statistics(1, [[7, 20n]]),
    ];
    const { statistics } = await collectSavefile(fileOf(Buffer.concat([...one, ...one])));
    expect(statistics).toMatchObject({ received: 0, droppedByInterface: 14, droppedByKernel: 240 });
  });

  test('is read the same whatever the chunk size', async () => {
    const b = new PcapngBlocks();
    const blocks = [b.section(), b.interface(1, 0, [name('eth0')])];
    for (let n = 0; n < 600; n++) blocks.push(b.enhanced(0, MICROSECOND + BigInt(n), filler(20 + (n % 50), n)));
    const path = fileOf(Buffer.concat(blocks));
    const whole = await collectSavefile(path);
    expect(whole.packets.length).toBe(600);
    for (const chunkBytes of [1, 13, 256, 5000]) {
      expect((await collectSavefile(path, { chunkBytes })).packets).toEqual(whole.packets);
    }
  });
});

describe('cutting at multiples of a period', () => {
  test('no batch spans one, counted from the first packet, and each knows its period', async () => {
    const written = records(1000).map((record, n) => ({ ...record, seconds: 1_700_000_000, fraction: n * 999 }));
    const { batches, packets } = await collectSavefile(fileOf(classicFile({}, written)), { cutEverySeconds: 0.1 });
    expect(packets.length).toBe(1000);
    let first = 0;
    for (const { count, cutIndex } of batches) {
      const periods = written.slice(first, first + count).map(({ fraction }) => Math.floor(fraction / 100_000));
      expect(new Set(periods)).toEqual(new Set([cutIndex]));
      first += count;
    }
    expect(first).toBe(1000);
  });

  test('a packet exactly on the boundary opens the next period', async () => {
    const written = [0, 400_000, 1_400_000].map((fraction) => ({
      seconds: 5,
      fraction: fraction + 600_000,
      packet: filler(20),
    }));
    const { batches } = await collectSavefile(fileOf(classicFile({}, written)), { cutEverySeconds: 1.4 });
    expect(batches).toEqual([
      { count: 2, cutIndex: 0 },
      { count: 1, cutIndex: 1 },
    ]);
  });

  test.each(['classic', 'pcapng'])('time that jumps back and far ahead loses no packet (%s)', async (format) => {
    const seconds = [100, 101, 50, 4_000_000_000, 0, 102];
    const b = new PcapngBlocks();
    const file =
      format === 'classic'
        ? classicFile(
            {},
            seconds.map((at) => ({ seconds: at, fraction: 0, packet: filler(20) })),
          )
        : Buffer.concat([
            b.section(),
            b.interface(1),
            ...seconds.map((at) => b.enhanced(0, BigInt(at) * 1_000_000n, filler(20))),
          ]);
    const { packets, batches } = await collectSavefile(fileOf(file), { cutEverySeconds: 10 });
    expect(packets.map((packet) => packet.seconds)).toEqual(seconds);
    expect(batches.map(({ cutIndex }) => cutIndex)).toEqual([0, -5, 399_999_990, -10, 0]);
  });
});

describe('damage', () => {
  const good = classicFile({}, records(300));

  test('a file cut at any byte delivers what is whole and says where it ends', async () => {
    const small = classicFile({}, records(3));
    const ends = [24, 24 + 56, 24 + 56 + 57, 24 + 56 + 57 + 58];
    expect(small.length).toBe(ends[3]);
    for (let length = 24; length <= small.length; length++) {
      const { packets, facts } = await collectSavefile(fileOf(small.subarray(0, length), 'cut.pcap'));
      const whole = ends.filter((end) => end <= length).length - 1;
      expect(packets.length).toBe(whole);
      if (ends.includes(length)) expect(facts).toEqual([]);
      else expect(facts).toMatchObject([{ type: 'capture-damaged', error: { code: 'E_SAVEFILE_DAMAGED' } }]);
    }
  });

  test('names file, byte offset and reason of an impossible length', async () => {
    const bad = classicFile({}, records(1)).subarray(24);
    bad.writeUInt32LE(0xf000_0000, 8);
    const path = fileOf(Buffer.concat([good, bad, good]));
    const { packets, facts } = await collectSavefile(path);
    expect(packets.length).toBe(300);
    expect(facts).toEqual([
      {
        type: 'capture-damaged',
        error: {
          code: 'E_SAVEFILE_DAMAGED',
          operation: 'read capture file',
          target: path,
          cause: `damaged at byte ${good.length} after 300 packets: a packet of 4026531840 bytes is impossible`,
          remedy: 'everything before the damage was read',
        },
      },
    ]);
  });

  const b = new PcapngBlocks();
  const start = [b.section(), b.interface(1), b.enhanced(0, 1n, filler(20))];
  const torn = b.enhanced(0, 2n, filler(20));
  torn.writeUInt32LE(999, torn.length - 4);
  const overlong = b.enhanced(0, 2n, filler(20));
  overlong.writeUInt32LE(21 * 1000, 20);
  test.each([
    [
      'a block length that is no multiple of 4',
      b.fields().u32(6, 33).raw(new Uint8Array(40)).bytes(),
      /block of 33 bytes/,
    ],
    ['a block length below 12', b.fields().u32(6, 8).raw(new Uint8Array(40)).bytes(), /block of 8 bytes/],
    ['a packet block beyond every limit', b.fields().u32(6, 0x4000_0000, 0).bytes(), /block of 1073741824 bytes/],
    ['different lengths at both ends', torn, /two lengths differ/],
    ['a packet longer than its block', overlong, /packet of 21000 bytes/],
    ['an interface that was not described', b.enhanced(1, 2n, filler(20)), /interface that was not described/],
    ['a section header without byte order', b.block(0x0a0d0d0a, new Uint8Array(16)), /byte-order magic/],
    ['a short interface description', b.block(1, new Uint8Array(4)), /interface description is too short/],
    ['an unknown block that is cut off', b.block(99, new Uint8Array(5000)).subarray(0, 3000), /middle of a record/],
  ])('%s ends a pcapng file after what was good', async (_, bytes, reason) => {
    const { packets, facts } = await collectSavefile(fileOf(Buffer.concat([...start, bytes])));
    expect(packets.length).toBe(1);
    expect(facts).toMatchObject([{ type: 'capture-damaged', error: { cause: expect.stringMatching(reason) } }]);
  });

  test('a hostile number of interfaces is refused', async () => {
    const blocks = [b.section()];
    for (let n = 0; n < 5000; n++) blocks.push(b.interface(1, 0, [textOption(2, `if${n}`)]));
    const { facts, interfaces } = await collectSavefile(fileOf(Buffer.concat(blocks)));
    expect(interfaces.length).toBe(4096);
    expect(facts).toMatchObject([{ error: { cause: expect.stringContaining('too many interfaces') } }]);
  });

  test('a compressed file that is cut off delivers what came before', async () => {
    const long = classicFile({}, records(20_000));
    const compressed = gzipSync(long);
    const { packets, facts } = await collectSavefile(fileOf(compressed.subarray(0, compressed.length - 200)));
    expect(packets.length).toBeGreaterThan(10_000);
    expect(packets.length).toBeLessThan(20_000);
    expect(facts).toMatchObject([
      {
        type: 'capture-damaged',
        error: { cause: expect.stringMatching(/of the decompressed data .*decompressing failed/) },
      },
    ]);
  });
});

describe('gzip', () => {
  test('is told by its magic, whatever the name, members after one another included', async () => {
    const file = classicFile({}, records(5000));
    const compressed = Buffer.concat([gzipSync(file.subarray(0, 7000)), gzipSync(file.subarray(7000))]);
    const { packets, facts, totalBytes, bytesRead } = await collectSavefile(fileOf(compressed, 'plain-name'));
    expect(facts).toEqual([]);
    expect(packets).toEqual((await collectSavefile(fileOf(file))).packets);
    expect(totalBytes).toBe(compressed.length);
    expect(bytesRead).toBe(compressed.length);
  });

  test('of a pcapng file is a pcapng file', async () => {
    const b = new PcapngBlocks();
    const file = Buffer.concat([b.section(), b.interface(1), b.enhanced(0, 1n, filler(20))]);
    expect((await collectSavefile(fileOf(gzipSync(file)))).packets.length).toBe(1);
  });
});

describe('what is no capture', () => {
  const start = (path: string): Promise<unknown> => collectSavefile(path);

  test.each([
    ['an empty file', Buffer.alloc(0), /it is empty/],
    ['three bytes', Buffer.from([0xa1, 0xb2, 0xc3]), /not a pcap or pcapng file/],
    ['text', Buffer.from('#!/bin/sh\necho a script that is longer than a header\n'), /not a pcap or pcapng file/],
    ['half a header', classicFile({}, []).subarray(0, 20), /ends within its header/],
    ['zstd', Buffer.from('28b52ffd0000000000000000', 'hex'), /zstd.*zstd -dc/],
    ['gzip of text', gzipSync('text that is no capture at all, however long'), /not a pcap or pcapng file/],
    ['a broken gzip header', Buffer.from('1f8b0800ffffffffffffffffffffffffffffffff', 'hex'), /decompressing failed/],
  ])('%s is refused', async (_, bytes, reason) => {
    await expect(start(fileOf(bytes))).rejects.toMatchObject({
      code: 'E_SAVEFILE',
      message: expect.stringMatching(reason),
    });
  });

  test('a missing file, a folder and a device are refused with the reason', async () => {
    await expect(start(join(folder, 'missing'))).rejects.toMatchObject({
      code: 'E_SAVEFILE',
      message: `cannot read capture file ${join(folder, 'missing')}: no such file`,
    });
    await expect(start(folder)).rejects.toMatchObject({ message: expect.stringContaining('is a directory') });
    await expect(start('/dev/null')).rejects.toMatchObject({
      message: expect.stringContaining('neither a file nor a pipe'),
    });
  });
});

describe('a FIFO', () => {
  const fifoOf = (name: string): string => {
    const path = join(folder, name);
    execFileSync('mkfifo', [path]);
    return path;
  };

  test('is read as its writer writes, and ends with it', async () => {
    const path = fifoOf('live');
    const source = fileOf(classicFile({}, records(3000)), 'source.pcap');
    const writer = spawn('sh', ['-c', `(head -c 30 ${source}; sleep 0.1; tail -c +31 ${source}) > ${path}`]);
    const { packets, facts, totalBytes } = await collectSavefile(path);
    expect(writer.exitCode ?? 0).toBe(0);
    expect(facts).toEqual([]);
    expect(packets.length).toBe(3000);
    expect(totalBytes).toBeNull();
  });

  test('whose writer is silent counts as started; what turns out to be no capture is told as a fact', async () => {
    const path = fifoOf('late');
    const writer = spawn('sh', ['-c', `(sleep 0.6; echo this is no capture file at all) > ${path}`]);
    const { packets, facts } = await collectSavefile(path);
    expect(writer.exitCode ?? 0).toBe(0);
    expect(packets).toEqual([]);
    expect(facts).toMatchObject([{ type: 'capture-failed', error: { code: 'E_SAVEFILE', target: path } }]);
  });
});

describe('reading in slices', () => {
  const path = fileOf(classicFile({}, records(200_000)), 'large.pcap');

  test('lets timers run while a large file is read', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const source = new SavefileSource({ path, cutEverySeconds: null });
    let sum = 0;
    await new Promise<void>((resolve, reject) => {
      // A consumer of 0.2 ms a batch: 782 batches are far more than one slice.
      const onBatch = (): void => {
        for (const end = performance.now() + 0.2; performance.now() < end; ) sum++;
      };
      source.start({ onBatch, onFact: () => undefined, onEnd: resolve }).catch(reject);
    });
    clearInterval(timer);
    expect(sum).toBeGreaterThan(0);
    expect(turns).toBeGreaterThan(5);
  });

  test('waits for whoever cannot keep up', async () => {
    let release: (() => void) | undefined;
    let asked = 0;
    let batches = 0;
    const source = new SavefileSource({
      path,
      cutEverySeconds: null,
      beforeSlice: () => (asked++ === 1 ? new Promise<void>((resolve) => (release = resolve)) : undefined),
    });
    const ended = new Promise<void>((resolve) => {
      void source.start({ onBatch: () => batches++, onFact: () => undefined, onEnd: resolve });
    });
    while (release === undefined) await sleep(1);
    const before = batches;
    await sleep(30);
    expect(batches).toBe(before);
    release();
    await ended;
    expect(source.statistics().received).toBe(200_000);
  });

  test('stops in the middle without another packet, fact or end', async () => {
    const source = new SavefileSource({ path, cutEverySeconds: null });
    let batches = 0;
    let others = 0;
    const onBatch = (): void => {
      if (++batches === 10) void source.stop();
    };
    await source.start({ onBatch, onFact: () => others++, onEnd: () => others++ });
    await sleep(20);
    await source.stop();
    expect([batches, others]).toEqual([10, 0]);
  });

  test('stops while a pipe is silent', async () => {
    const fifo = join(folder, 'silent');
    execFileSync('mkfifo', [fifo]);
    const writer = spawn('sh', ['-c', `exec sleep 5 > ${fifo}`]);
    const source = new SavefileSource({ path: fifo, cutEverySeconds: null });
    await source.start({ onBatch: () => undefined, onFact: () => undefined, onEnd: () => undefined });
    await source.stop();
    writer.kill();
    expect(source.statistics().received).toBe(0);
  });
});
