import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { packetSizesOutput } from '../../../screens/packet-sizes/output.ts';
import type { OutputKind } from '../../../src/output/monitors.ts';
import { outputFormat } from '../../../src/output/monitors.ts';
import { PACKET_TYPE } from '../../../src/wire/packet-batch.ts';
import { expectGolden } from '../../support/golden.ts';
import { everydayTraffic, link, SizeStage } from '../../support/size-stage.ts';

const SCHEMA = join(import.meta.dirname, '../../../schemas/snapshot-packet-sizes.json');

function written(kind: OutputKind, stage: SizeStage, options: Record<string, unknown> = {}): string {
  const format = outputFormat('packet-sizes', kind);
  const page = stage.page(options);
  const head = { ...stage.head, extra: { ...page.extra } };
  return format.begin(head, page.rowsTotal) + format.rows(page.rows) + format.end();
}

const oneInterface = (): SizeStage => everydayTraffic(new SizeStage(['eth0'], [link('eth0', 1500)]));

/** No direction is known, nothing has a rate. */
function aFile(): SizeStage {
  return new SizeStage(['x'], null).pass({ size: 60, count: 2, packetType: PACKET_TYPE.unknown });
}

describe('output of packet sizes', () => {
  it.each(['text', 'csv', 'json'] as const)('as %s is as it was', (kind) => {
    expectGolden(`packet-sizes-output-${kind}.txt`, written(kind, oneInterface()) + written(kind, aFile()));
  });

  it.each([
    ['live', oneInterface(), {}],
    ['of frames', oneInterface(), { byteKind: 'wire' }],
    ['of a file', aFile(), {}],
    ['of nothing', new SizeStage([], [link('eth0', 1500)]), {}],
  ])('%s is what the schema says', (_, stage, options) => {
    const validate = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync(SCHEMA, 'utf8')));
    validate(JSON.parse(written('json', stage, options)));
    expect(validate.errors).toBeNull();
  });

  it('says null for what is not known, and nothing for it in CSV', () => {
    const { rows, totals } = JSON.parse(written('json', aFile()));
    expect(rows[0]).toMatchObject({
      from: 1,
      to: 75,
      in: null,
      out: null,
      packets: 2,
      share: 1,
      packetsPerSecond: null,
    });
    expect(totals).toMatchObject({ sizesOf: 'network-packets', mtu: null, averageSize: 60, inAverageSize: null });
    expect(written('csv', aFile()).split('\n')[1]).toMatch(/,all,1,75,,,2,1,/);
  });

  it('has as many CSV fields as titles', () => {
    const stage = oneInterface();
    for (const row of stage.page().rows) {
      const [record] = packetSizesOutput.csvRecords(row, stage.head);
      expect(record).toHaveLength(packetSizesOutput.csvHeader.length);
    }
  });
});
