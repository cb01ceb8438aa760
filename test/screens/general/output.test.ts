import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { generalOutput } from '../../../screens/general/output.ts';
import type { GeneralRow } from '../../../screens/general/types.ts';
import { CsvFormat } from '../../../src/output/csv.ts';
import { JsonFormat } from '../../../src/output/json.ts';
import { TextFormat } from '../../../src/output/text.ts';
import type { OutputFormat } from '../../../src/output/writer.ts';
import { busyHost, GeneralStage, QUERY } from '../../support/general-stage.ts';
import { expectGolden } from '../../support/golden.ts';
import { linkView } from '../../support/links.ts';

const SCHEMA = join(import.meta.dirname, '../../../schemas/snapshot-general.json');

function printed(format: OutputFormat<GeneralRow>, stage: GeneralStage): string {
  const { rows, rowsTotal, ...head } = stage.snapshot(QUERY);
  return format.begin(head as never, rowsTotal) + format.rows(rows) + format.end();
}

const STAGES: readonly [string, GeneralStage][] = [
  ['a busy host', busyHost()],
  ['before the first window', new GeneralStage([linkView('eth0')])],
  ['a file', new GeneralStage(null).pass({ on: 'eth0', packets: 3, packetType: 255 }).close(1)],
  ['all in one', new GeneralStage([linkView('eth0')]).pass({ on: 'any', packets: 1 }).wait(1)],
];

describe('machine output of the general statistics', () => {
  const validate = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync(SCHEMA, 'utf8')));

  it.each(STAGES)('of %s is what its schema says', (_, stage) => {
    const snapshot = JSON.parse(printed(new JsonFormat(generalOutput), stage));
    validate(snapshot);
    expect(validate.errors).toBeNull();
    expect(snapshot.rows).toHaveLength(stage.page().rowsTotal);
  });

  it('has what CONTRACT names, with null for what is not known', () => {
    const [first] = JSON.parse(printed(new JsonFormat(generalOutput), STAGES[2][1])).rows;
    expect(first).toMatchObject({
      interface: 'eth0',
      packets: 3,
      bytes: 300,
      wireBytes: 342,
      ipv4: { packets: 3, ipBytes: 300, wireBytes: 342 },
      malformed: 0,
      in: null,
      out: null,
      kernel: null,
      missed: null,
      master: null,
      speed: null,
    });
  });

  it('is refused by the schema with a 0 that should be null, or a field too many', () => {
    const snapshot = JSON.parse(printed(new JsonFormat(generalOutput), STAGES[0][1]));
    for (const spoiled of [{ kernel: 0 }, { more: 1 }, { state: 'asleep' }]) {
      const rows = [{ ...snapshot.rows[0], ...spoiled }];
      expect(validate({ ...snapshot, rows })).toBe(false);
    }
  });

  it('is one CSV record an interface, as long as its header', () => {
    const lines = printed(new CsvFormat(generalOutput), STAGES[0][1]).trimEnd().split('\n');
    expect(lines).toHaveLength(11);
    expect(lines[0]).toMatch(/^timestamp,interface,state,kind,master,speed,packets,ip_bytes,wire_bytes,/);
    expect(new Set(lines.map((line) => line.split(',').length))).toEqual(new Set([generalOutput.csvHeader.length]));
    const eth1 = lines.find((line) => line.split(',')[1] === 'eth1')?.split(',') ?? [];
    const field = (name: string): string => eth1[lines[0].split(',').indexOf(name)];
    expect([field('missed'), field('kernel_rx_dropped'), field('master')]).toEqual(['12345', '1204', 'bond0']);
  });

  it('reads as text', () => {
    expectGolden('general-text.txt', printed(new TextFormat(generalOutput), STAGES[0][1]));
  });
});
