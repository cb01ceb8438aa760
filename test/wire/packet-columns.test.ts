/** The one block of memory behind PacketBatch's columns. */
import { expect, it } from 'vitest';
import { BATCH_CAPACITY, PacketBatch } from '../../src/wire/packet-batch.ts';

type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array;

function columnsOf(batch: PacketBatch): Column[] {
  const { offset, capturedLength, wireLength, seconds, nanoseconds } = batch;
  const { interfaceSlot, linkType, packetType, strippedTag, gsoSize, flags } = batch;
  return [
    ...[offset, capturedLength, wireLength, seconds, nanoseconds],
    ...[interfaceSlot, linkType, packetType, strippedTag, gsoSize, flags],
  ];
}

const bytesOf = (column: Column): Uint8Array => new Uint8Array(column.buffer, column.byteOffset, column.byteLength);

it('has something for each packet in each column, and gives no byte to two', () => {
  const batch = new PacketBatch();
  for (const column of columnsOf(batch)) {
    expect(column.length).toBe(BATCH_CAPACITY);
    for (const [k, owners] of bytesOf(column).entries()) bytesOf(column)[k] = owners + 1;
  }
  expect(Math.max(...batch.columns.octets)).toBe(1);
});

it('clears flags, segment sizes and stripped tags together, and nothing else', () => {
  const batch = new PacketBatch();
  batch.columns.octets.fill(0xa5);
  batch.columns.rare.fill(0);
  const { flags, gsoSize, strippedTag } = batch;
  const cleared = new Set<Column>([flags, gsoSize, strippedTag]);
  for (const column of columnsOf(batch)) {
    expect(new Set(bytesOf(column))).toEqual(new Set([cleared.has(column) ? 0 : 0xa5]));
  }
});
