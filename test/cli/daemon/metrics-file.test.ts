import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MetricsFile, type MetricsFileOptions } from '../../../src/cli/daemon/metrics-file.ts';
import type { EngineClient } from '../../../src/engine/engine-client.ts';
import type { MonitorName } from '../../../src/engine/monitor.ts';
import { engineOverFile } from '../../support/file-engine.ts';

const FIXTURE = join(import.meta.dirname, '../../fixtures/mixed.pcapng');

let folder = '';
let path = '';
let warnings: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-metrics-'));
  path = join(folder, 'x.prom');
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function metricsFile(engines: EngineClient[], changes: Partial<MetricsFileOptions> = {}): MetricsFile {
  const monitors: MonitorName[] = ['ip-traffic', 'general'];
  return new MetricsFile({
    path,
    everySeconds: 1000,
    captures: () => engines.map((engine) => ({ name: 'file', engine, monitors })),
    run: () => ({ alertsActive: 3, log: null }),
    warn: (line) => warnings.push(line),
    ...changes,
  });
}

const text = (): string => readFileSync(path, 'utf8');

it('has the figures of the engines, for all to read, and nothing beside it', async () => {
  const engine = await engineOverFile(FIXTURE, ['ip-traffic', 'general']);
  const metrics = metricsFile([engine]);
  await metrics.update();
  const { totals, rowsTotal } = await engine.page('general', {
    ...{ sort: null, descending: false, offset: 0, limit: 0, follow: null },
    options: { search: null, minute: null },
  });
  expect(text()).toContain(`\niptraf_ts_capture_packets_total{capture="file"} ${totals.packets}\n`);
  expect(text().match(/^iptraf_ts_interface_packets_total/gm)?.length).toBeGreaterThanOrEqual(rowsTotal);
  const states = text().match(/^iptraf_ts_conversations\{.*$/gm) ?? [];
  const sum = states.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
  const { rowsTotal: conversations } = await engine.page('ip-traffic', {
    ...{ sort: null, descending: false, offset: 0, limit: 1, follow: null },
    options: { panel: 'all', search: null },
  });
  expect(sum).toBe(conversations);
  expect(text()).toContain('\niptraf_ts_alerts_active 3\n');
  expect(statSync(path).mode & 0o777).toBe(0o644);
  expect(readdirSync(folder)).toEqual(['x.prom']);
  await metrics.close();
  expect(readdirSync(folder)).toEqual([]);
  await engine.stop();
});

it('says of an engine that does not answer nothing, and of the program what there is', async () => {
  const engine = { page: () => Promise.reject(new Error('gone')) } as unknown as EngineClient;
  await metricsFile([engine]).update();
  expect(text()).not.toContain('capture=');
  expect(text()).toContain('iptraf_ts_build_info');
});

describe('what cannot be written', () => {
  it('is told once, and tried again', async () => {
    mkdirSync(path);
    const metrics = metricsFile([]);
    await metrics.update();
    await metrics.update();
    expect(warnings).toEqual([expect.stringMatching(/^cannot write metrics to .*x\.prom: E(ISDIR|EXIST)/)]);
    expect(readdirSync(folder)).toEqual(['x.prom']);
    rmdirSync(path);
    await metrics.update();
    expect(text()).toContain('iptraf_ts_');
    rmSync(path);
    mkdirSync(path);
    await metrics.update();
    expect(warnings).toHaveLength(2);
    // What is there is not ours.
    await metrics.close();
    expect(existsSync(path)).toBe(true);
  });

  it('is refused at the start where the folder is missing', () => {
    expect(() => metricsFile([], { path: join(folder, 'no/x.prom') })).toThrow(
      /cannot write metrics to .*no\/x\.prom: there is no folder .*\/no/,
    );
  });

  it('is warned of where node_exporter would not read it', () => {
    metricsFile([], { path: join(folder, 'x.txt') });
    expect(warnings).toEqual([expect.stringMatching(/^node_exporter reads only files whose names end in \.prom: /)]);
  });
});
