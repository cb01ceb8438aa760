import fc from 'fast-check';
import { expect, it } from 'vitest';
import { linkTypeOf } from '../../../src/capture/pcap/pcap-source.ts';
import { type PcapCounters, PcapStreamReader, STATISTICS_MARK } from '../../../src/capture/pcap/pcap-stream.ts';

interface Seen {
  packets: { bytes: number[]; length: number; seconds: number; nanoseconds: number; type: number }[];
  counters: PcapCounters[];
  largestBatch: number;
}

function record(seconds: number, microseconds: number, length: number, bytes: Uint8Array | number[]): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(seconds, 0);
  header.writeUInt32LE(microseconds, 4);
  header.writeUInt32LE(bytes.length, 8);
  header.writeUInt32LE(length, 12);
  return Buffer.concat([header, Buffer.from(bytes)]);
}

function statistics(received: number, dropped: number, interfaceDropped: number): Buffer {
  const header = Buffer.alloc(16);
  [received, dropped, STATISTICS_MARK, interfaceDropped].forEach((word, i) => {
    header.writeUInt32LE(word, i * 4);
  });
  return header;
}

function readerOf(linkType = 1): { reader: PcapStreamReader; seen: Seen } {
  const seen: Seen = { packets: [], counters: [], largestBatch: 0 };
  const reader = new PcapStreamReader(linkType, 0, {
    onBatch(batch) {
      seen.largestBatch = Math.max(seen.largestBatch, batch.count);
      for (let i = 0; i < batch.count; i++) {
        const at = batch.offset[i];
        seen.packets.push({
          bytes: [...batch.bytes.subarray(at, at + batch.capturedLength[i])],
          length: batch.wireLength[i],
          seconds: batch.seconds[i],
          nanoseconds: batch.nanoseconds[i],
          type: batch.packetType[i],
        });
      }
    },
    onCounters: (counters) => seen.counters.push(counters),
  });
  return { reader, seen };
}

it('reads packets and statistics, wherever the stream is cut into chunks', () => {
  const packets = fc.array(
    fc.oneof(
      fc.record({ bytes: fc.uint8Array({ maxLength: 9000 }), more: fc.nat(1000) }),
      fc.record({ counters: fc.tuple(fc.nat(), fc.nat(), fc.nat()) }),
    ),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(
      packets,
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 }),
      (records, cuts) => {
        const stream = Buffer.concat(
          records.map((entry, i) =>
            'bytes' in entry
              ? record(i, 999_999 - i, entry.bytes.length + entry.more, entry.bytes)
              : statistics(...entry.counters),
          ),
        );
        const { reader, seen } = readerOf();
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = cuts[turn % cuts.length];
          reader.push(stream.subarray(at, at + size));
          at += size;
        }
        const expected = records.flatMap((entry, i) =>
          'bytes' in entry
            ? [
                {
                  bytes: [...entry.bytes],
                  length: entry.bytes.length + entry.more,
                  seconds: i,
                  nanoseconds: (999_999 - i) * 1000,
                  type: 255,
                },
              ]
            : [],
        );
        expect(seen.packets).toEqual(expected);
        expect(seen.counters.map(({ received }) => received)).toEqual(
          records.flatMap((entry) => ('counters' in entry ? [entry.counters[0]] : [])),
        );
      },
    ),
    { numRuns: 200 },
  );
});

it('fills batches to their capacity and no further', () => {
  const { reader, seen } = readerOf();
  reader.push(Buffer.concat(new Array<Buffer>(1000).fill(record(1, 2, 60, [1, 2, 3]))));
  expect(seen.packets).toHaveLength(1000);
  expect(seen.largestBatch).toBe(256);
});

it('takes the direction from a cooked header, and only from there', () => {
  for (const [linkType, types] of [
    [113, [0, 4, 255]],
    [1, [255, 255, 255]],
  ] as const) {
    const { reader, seen } = readerOf(linkType);
    for (const type of [0, 4, 7]) reader.push(record(1, 2, 16, [0, type, 0, 1]));
    expect(seen.packets.map(({ type }) => type)).toEqual(types);
  }
});

it('knows link types by the name that the package gives them', () => {
  const names = ['LINKTYPE_ETHERNET', 'LINKTYPE_LINUX_SLL', 'LINKTYPE_RAW', 'Unknown linktype 276', 'Unknown'];
  expect(names.map(linkTypeOf)).toEqual([1, 113, 101, 276, 0xffff]);
});
