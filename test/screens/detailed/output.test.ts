import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { detailedOutput } from '../../../screens/detailed/output.ts';
import { type OutputKind, outputFormat } from '../../../src/output/monitors.ts';
import { PACKET_TYPE } from '../../../src/wire/packet-batch.ts';
import { busyInterface, DetailedStage, FRAMES, HOST_LINKS } from '../../support/detailed-stage.ts';
import { expectGolden } from '../../support/golden.ts';

const SCHEMA = join(import.meta.dirname, '../../../schemas/snapshot-detailed.json');

function written(kind: OutputKind, stage: DetailedStage): string {
  const format = outputFormat('detailed', kind);
  const { rows, rowsTotal, extra } = stage.page();
  return format.begin({ ...stage.head, extra: { ...extra } }, rowsTotal) + format.rows(rows) + format.end();
}

const busy = busyInterface();

function aFile(): DetailedStage {
  const stage = new DetailedStage(null).pass('x', { bytes: FRAMES.udp, packetType: PACKET_TYPE.unknown, count: 3 });
  return stage.wait(2).pass('x', { bytes: FRAMES.arp, packetType: PACKET_TYPE.unknown }).closeWindow();
}

describe('output of the detailed statistics', () => {
  it.each(['text', 'csv', 'json'] as const)('as %s is as it was', (kind) => {
    expectGolden(`detailed-output-${kind}.txt`, written(kind, busy) + written(kind, aFile()));
  });

  it.each([
    ['live', busy],
    ['of a file', aFile()],
    ['at the start', new DetailedStage(HOST_LINKS, {}, ['lo']).wait(0.25)],
    ['after a second', new DetailedStage(HOST_LINKS, {}, ['lo']).wait(1)],
  ])('%s is what the schema says', (_, stage) => {
    const validate = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync(SCHEMA, 'utf8')));
    const snapshot = JSON.parse(written('json', stage));
    validate(snapshot);
    expect(validate.errors).toBeNull();
    expect(snapshot.rows).toHaveLength(10);
  });

  it('says null for what is not known, and nothing for it in CSV', () => {
    const { rows, totals } = JSON.parse(written('json', aFile()));
    expect(rows[0]).toMatchObject({
      class: 'total',
      interface: 'x',
      total: { packets: 4 },
      incoming: null,
      outgoing: null,
    });
    expect(rows[0].rates.incoming).toEqual({ packetsPerSecond: null, bytesPerSecond: null, wireBytesPerSecond: null });
    expect(totals).toMatchObject({ kernel: null, peaks: { total: { packetsPerSecond: 3 } }, ipChecksumErrors: 0 });
    expect(written('csv', aFile()).split('\n')[1]).toMatch(/,x,total,4,300,402,2,150,201,,,,,,,,,,,,$/);
  });

  it('has as many CSV fields as titles, in every record', () => {
    for (const row of busy.page().rows) {
      const [record] = detailedOutput.csvRecords(row, busy.head);
      expect(record).toHaveLength(detailedOutput.csvHeader.length);
    }
  });
});
