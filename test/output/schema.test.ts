import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, it } from 'vitest';
import { ipTrafficOutput } from '../../screens/ip-traffic/output.ts';
import type { AlertChange } from '../../src/alerts/alert.ts';
import { alertOutput } from '../../src/alerts/records.ts';
import { JsonFormat } from '../../src/output/json.ts';
import { SCHEMAS } from '../../src/output/schema.ts';
import { NOW, otherRows, tcpRows } from '../support/ip-traffic-rows.ts';
import { snapshotHead } from '../support/screens.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'schemas');

const rows = [...tcpRows(), ...otherRows()];

function published(name: string): ValidateFunction {
  return new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync(join(FOLDER, name), 'utf8')));
}

function snapshotLine(): string {
  const format = new JsonFormat(ipTrafficOutput);
  const head = snapshotHead({ time: NOW });
  return format.begin(head, rows.length) + format.rows(rows.slice(0, 3)) + format.rows(rows.slice(3)) + format.end();
}

describe('the published JSON Schemas', () => {
  it.each(Object.keys(SCHEMAS))('%s is what its source says', (name) => {
    const text = `${JSON.stringify(SCHEMAS[name], null, 2)}\n`;
    const path = join(FOLDER, name);
    if (process.env.UPDATE_GOLDEN === '1') {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(path, text);
    }
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('accept a snapshot with every state and protocol', () => {
    const validate = published('snapshot-ip-traffic.json');
    const snapshot = JSON.parse(snapshotLine());
    validate(snapshot);
    expect(validate.errors).toBeNull();
    expect(snapshot.rows).toHaveLength(rows.length);
  });

  it('accept a snapshot without rows and with times that no calendar has', () => {
    const format = new JsonFormat(ipTrafficOutput);
    const head = snapshotHead({ time: 1e15 });
    const snapshot = JSON.parse(format.begin(head, 0) + format.rows([]) + format.end());
    expect(snapshot.time).toBeNull();
    const validate = published('snapshot-ip-traffic.json');
    validate(snapshot);
    expect(validate.errors).toBeNull();
  });

  it('refuse a row that lacks a field, has one too many, or a 0 that should be null', () => {
    const validate = published('snapshot-ip-traffic.json');
    for (const spoil of [
      (row: Record<string, unknown>) => delete row.partial,
      (row: Record<string, unknown>) => Object.assign(row, { extra: 1 }),
      (row: Record<string, unknown>) => Object.assign(row, { flags: 0 }),
      (row: Record<string, unknown>) => Object.assign(row, { state: 'open' }),
    ]) {
      const snapshot = JSON.parse(snapshotLine());
      spoil(snapshot.rows[0]);
      expect(validate(snapshot)).toBe(false);
    }
  });

  it('accept the events', () => {
    const validate = published('event.json');
    const format = new JsonFormat(ipTrafficOutput);
    const error = { code: 'E_SAVEFILE_DAMAGED', operation: 'read', target: 'x', cause: 'cut off' };
    const alert: AlertChange = {
      ...{ type: 'alert', state: 'started', time: NOW, since: NOW, alert: 'drops>0', measure: 'drops' },
      ...{ subject: 'all', value: 1, limit: 0, unit: 'packets' },
    };
    for (const event of [
      { type: 'interface-down', time: NOW, interface: 'eth0', reason: 'it was removed' },
      { type: 'capture-damaged', time: null, error },
      { ...alertOutput(alert), time: NOW },
      { ...alertOutput({ ...alert, state: 'ended', cut: 'capture-ended' }), time: NOW },
      { ...alertOutput({ type: 'alert', state: 'notice', time: NOW, alert: 'drops>0', text: 'no' }), time: NOW },
    ]) {
      const line = format.event(event);
      expect(line.endsWith('\n')).toBe(true);
      validate(JSON.parse(line));
      expect(validate.errors).toBeNull();
    }
  });
});
