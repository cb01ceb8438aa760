/** The one block of memory behind DecodedBatch's columns. */
import { expect, it } from 'vitest';
import { DecodedBatch, KEY_WORDS } from '../../src/wire/decoded-batch.ts';
import { setBatchDefaults, setDefaults } from '../../src/wire/defaults.ts';
import { BATCH_CAPACITY } from '../../src/wire/packet-batch.ts';
import { COLUMNS, columnOf, spoiledBatch } from '../support/decoding.ts';

function columnBytes(batch: DecodedBatch, name: string): Uint8Array {
  const column = columnOf(batch, name);
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

it('gives each byte of the block to one column', () => {
  const batch = new DecodedBatch();
  const owners = batch.columns.octets.fill(0);
  for (const name of COLUMNS) {
    for (const [k, count] of columnBytes(batch, name).entries()) columnBytes(batch, name)[k] = count + 1;
  }
  expect(owners.every((count) => count === 1)).toBe(true);
});

it('has something for each packet in each column', () => {
  const batch = new DecodedBatch();
  for (const name of COLUMNS) {
    const perPacket = name === 'key' ? KEY_WORDS : 1;
    expect(columnOf(batch, name).length, name).toBe(perPacket * BATCH_CAPACITY);
  }
});

it('resets a whole batch as it resets packet by packet', () => {
  const [whole, single] = [spoiledBatch(), spoiledBatch()];
  setBatchDefaults(whole);
  for (let i = 0; i < BATCH_CAPACITY; i++) setDefaults(single, i, i + 1);
  expect(whole.columns.octets).toEqual(single.columns.octets);
  expect(whole.columns.defaulted).not.toContain(0xa5);
});
