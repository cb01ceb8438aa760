import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { lanStationsOutput } from '../../../screens/lan-stations/output.ts';
import type { OutputKind } from '../../../src/output/monitors.ts';
import { outputFormat } from '../../../src/output/monitors.ts';
import { expectGolden } from '../../support/golden.ts';
import { homeNetwork, LanStage, PI } from '../../support/lan-stage.ts';

const SCHEMA = join(import.meta.dirname, '../../../schemas/snapshot-lan-stations.json');

function written(kind: OutputKind, stage: LanStage, describe: Record<string, string> = {}): string {
  const format = outputFormat('lan-stations', kind);
  const page = stage.page({ panel: 'all' });
  lanStationsOutput.describeRows?.(page.rows, (mac) => describe[mac] ?? null);
  const head = { ...stage.head, extra: { ...page.extra } };
  return format.begin(head, page.rowsTotal) + format.rows(page.rows) + format.end();
}

const home = (maximumStations?: number): LanStage => homeNetwork(new LanStage({ maximumStations }));

describe('output of LAN stations', () => {
  it.each(['text', 'csv', 'json'] as const)('as %s is as it was', (kind) => {
    expectGolden(`lan-stations-output-${kind}.txt`, written(kind, home(), { [PI]: 'the "small" one, upstairs' }));
  });

  it.each([
    ['of a network', home()],
    ['of more stations than there is room for', home(16)],
    ['of nothing', new LanStage()],
  ])('%s is what the schema says', (_, stage) => {
    const validate = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync(SCHEMA, 'utf8')));
    validate(JSON.parse(written('json', stage)));
    expect(validate.errors).toBeNull();
  });

  it('adds up to the totals of the snapshot, evicted stations included', () => {
    for (const stage of [home(), home(16)]) {
      const { rows, totals } = JSON.parse(written('json', stage));
      for (const [side, evicted] of [
        ['in', totals.evictedIn],
        ['out', totals.evictedOut],
      ] as const) {
        for (const count of ['packets', 'ipBytes', 'wireBytes']) {
          const sum = rows.reduce((total: number, row: never) => total + row[side][count], evicted[count]);
          expect([side, count, sum + totals.withoutAddresses[count]]).toEqual([side, count, totals[count]]);
        }
      }
    }
  });

  it('has as many CSV fields as titles, and as many words of text in each line', () => {
    const [head, ...lines] = written('csv', home()).trim().split('\n');
    for (const line of lines) expect(line.split(',')).toHaveLength(head.split(',').length);
    const [, titles, ...rows] = written('text', home(), { [PI]: 'two words' })
      .trim()
      .split('\n');
    for (const row of rows) expect(row.trim().split(/\s+/)).toHaveLength(titles.trim().split(/\s+/).length);
  });

  it('carries no control characters from descriptions', () => {
    const text = written('json', home(), { [PI]: 'a\u001b[31mb' });
    expect(JSON.parse(text).rows.find(({ mac }: { mac: string }) => mac === PI).description).toBe('a·[31mb');
  });
});
