import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { hostPairsLog } from '../../../screens/host-pairs/log.ts';
import { hostPairsOutput } from '../../../screens/host-pairs/output.ts';
import { HOST_GROUPING, type HostPairRow, type PairQuantity } from '../../../screens/host-pairs/types.ts';
import { logJson } from '../../../src/logs/log-json.ts';
import { logText } from '../../../src/logs/record.ts';
import { CsvFormat } from '../../../src/output/csv.ts';
import { JsonFormat } from '../../../src/output/json.ts';
import { TextFormat } from '../../../src/output/text.ts';
import type { OutputFormat } from '../../../src/output/writer.ts';
import { expectGolden } from '../../support/golden.ts';
import { isLogLine } from '../../support/log-schema.ts';
import { LiteralPairs, networkRows, pairRows, portRows } from '../../support/pair-rows.ts';

const QUERY = {
  ...{ sort: null, descending: false, offset: 0, limit: 0, follow: null },
  options: { grouping: HOST_GROUPING, search: null, screenFilter: null },
};
const SCHEMA = join(import.meta.dirname, '../../../schemas/snapshot-host-pairs.json');
const GONE = { gone: { pairs: 2, packets: 7, ipBytes: 700, wireBytes: 798 } };

/** Ids go on from test to test. */
function numbered(rows: HostPairRow[]): HostPairRow[] {
  return rows.map((row, k) => ({ ...row, id: k + 1 }));
}

function snapshotOf(rows: HostPairRow[], quantity: PairQuantity = 'ipBytes') {
  const pairs = new LiteralPairs();
  pairs.rows = numbered(rows).map((row) => ({ ...row, quantity }));
  pairs.quantity = quantity;
  pairs.remainder = GONE;
  return pairs.answer(QUERY);
}

/** Single hosts, then ports, then networks; what is counted differs. */
function written(format: OutputFormat<never>): string {
  let text = '';
  for (const snapshot of [
    snapshotOf(pairRows()),
    snapshotOf(portRows(), 'packets'),
    snapshotOf(networkRows(), 'wireBytes'),
    snapshotOf([]),
  ]) {
    text += format.begin(snapshot, snapshot.rowsTotal) + format.rows(snapshot.rows as never[]) + format.end();
  }
  return text;
}

describe('host pairs for pipes', () => {
  it.each([
    ['text', new TextFormat(hostPairsOutput) as OutputFormat<never>],
    ['json', new JsonFormat(hostPairsOutput) as OutputFormat<never>],
    ['csv', new CsvFormat(hostPairsOutput) as OutputFormat<never>],
  ])('look as they did as %s', (name, format) => {
    expectGolden(`host-pairs-output-${name}.txt`, written(format));
  });

  it('are JSON lines that the published schema accepts', () => {
    const validate = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync(SCHEMA, 'utf8')));
    const lines = written(new JsonFormat(hostPairsOutput) as OutputFormat<never>)
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      validate(JSON.parse(line));
      expect(validate.errors).toBeNull();
    }
  });

  it('have rates of what is counted, and null for the others', () => {
    for (const [quantity, field, other] of [
      ['ipBytes', 'bytesPerSecond', 'packetsPerSecond'],
      ['wireBytes', 'wireBytesPerSecond', 'bytesPerSecond'],
      ['packets', 'packetsPerSecond', 'wireBytesPerSecond'],
    ] as const) {
      const [row] = snapshotOf(pairRows(), quantity).rows;
      const json = hostPairsOutput.json(row) as Record<string, unknown>;
      expect([json[field], json[other]]).toEqual([
        { '2s': [2_380_000, 48_000], '10s': [2_284_800, 46_080], '40s': [2_142_000, 43_200] },
        null,
      ]);
    }
  });

  it('have as many CSV fields as their header', () => {
    const lines = written(new CsvFormat(hostPairsOutput) as OutputFormat<never>)
      .trimEnd()
      .split('\n');
    expect(new Set(lines.map((line) => line.split(',').length))).toEqual(new Set([hostPairsOutput.csvHeader.length]));
  });

  it('are named where their hosts are known', () => {
    const [row] = numbered(pairRows());
    hostPairsOutput.nameRows?.([row], (address) =>
      address.startsWith('93.') ? { name: 'web.example', origin: 'observed-tls' } : null,
    );
    expect(hostPairsOutput.json(row)).toMatchObject({
      endpoints: [
        { name: null, nameSource: null },
        { name: 'web.example', nameSource: 'observed-tls' },
      ],
    });
  });
});

describe('host pairs in a log', () => {
  it('are a line for the whole and one for each pair', () => {
    const log = hostPairsLog('eth0');
    const snapshot = snapshotOf([...pairRows().slice(0, 2), portRows()[2], ...networkRows().slice(1, 2)]);
    const query = log.query('interval');
    expect([query?.sort, query?.descending, query?.limit]).toEqual(['bytes', true, 0]);
    const records = [...log.begin('stopped', snapshot), ...log.rows(snapshot.rows), ...log.end()];
    for (const record of records) expect(isLogLine(JSON.parse(logJson(record))), logJson(record)).toBe(true);
    process.env.TZ = 'UTC';
    expectGolden('host-pairs-log.txt', `${records.map(logText).join('\n')}\n`);
  });

  it('are averaged over the time until their own moment', () => {
    const log = hostPairsLog('eth0');
    const snapshot = snapshotOf(pairRows().slice(0, 1));
    Object.assign(snapshot, { elapsedSeconds: 10.5 });
    Object.assign(snapshot.extra, { secondsAgo: 0.5 });
    Object.assign(snapshot.rows[0] as object, { ipBytes: [12_500, 0] });
    const [head] = log.begin('interval', snapshot);
    const [row] = log.rows(snapshot.rows);
    expect(logText(head)).toContain(' bytes until 0.5 s before');
    expect(logText(row)).toContain('12500 bytes, avg flow rate 10.00 kbps');
  });
});
