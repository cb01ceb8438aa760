import { describe, expect, it } from 'vitest';
import { ActiveAlerts } from '../../src/alerts/active-alerts.ts';
import type { AlertChange, AlertNotice } from '../../src/alerts/alert.ts';
import { alertOutput, alertRecord, alertWords } from '../../src/alerts/records.ts';
import { logText } from '../../src/logs/record.ts';

const STARTED: AlertChange = {
  type: 'alert',
  state: 'started',
  time: 1_700_000_000,
  since: 1_700_000_000,
  alert: 'host>100Mbit/s for 10s',
  measure: 'host',
  subject: '10.0.0.1',
  value: 15_425_000,
  limit: 12_500_000,
  unit: 'bytesPerSecond',
};
const ENDED: AlertChange = { ...STARTED, state: 'ended', time: STARTED.time + 83, value: 17_525_000 };
const NOTICE: AlertNotice = { type: 'alert', state: 'notice', time: 5, alert: 'drops>0', text: 'something \u001b[2J' };

/** The line without its time. */
const text = (fact: AlertChange | AlertNotice): string => logText(alertRecord(fact)).replace(/^\S+; /, '');

it('stands in the log', () => {
  expect(text(STARTED)).toBe('alert started; host>100Mbit/s for 10s; 10.0.0.1; 123.4 Mbit/s, limit 100.0 Mbit/s');
  expect(text(ENDED)).toBe(
    'alert ended; host>100Mbit/s for 10s; 10.0.0.1; lasted 0:01:23, at most 140.2 Mbit/s, limit 100.0 Mbit/s',
  );
  expect(text({ ...ENDED, cut: 'capture-ended' })).toMatch(/limit 100\.0 Mbit\/s; the capture ended$/);
  // The largest value died with the engine.
  expect(text({ ...STARTED, state: 'ended', time: STARTED.time + 5, cut: 'engine-lost' })).toMatch(
    /lasted 0:00:05, limit 100\.0 Mbit\/s; the capture engine was lost$/,
  );
  expect(text(NOTICE)).toBe('alert notice; drops>0; something ·[2J');
});

it('has its kind, and its interface where it is one', () => {
  expect(alertRecord(STARTED)).toMatchObject({ event: 'alert-started', monitor: null, interface: null, time: 1.7e9 });
  expect(alertRecord(ENDED).event).toBe('alert-ended');
  expect(alertRecord(NOTICE).event).toBe('notice');
  expect(alertRecord({ ...STARTED, measure: 'interface', subject: 'eth0' }).interface).toBe('eth0');
});

describe('values', () => {
  const cases: [Partial<AlertChange>, string][] = [
    [{ unit: 'share', value: 0.812, limit: 0.8 }, '81.2 %, limit 80.0 %'],
    [{ unit: 'packets', value: 10_001, limit: 10_000 }, '10001 packets, limit 10000 packets'],
    [{ unit: 'packetsPerSecond', value: 5, limit: 4 }, '5 packets/s, limit 4 packets/s'],
    [{ unit: 'bytes', value: 2e9, limit: 1e9 }, '2.000 GB, limit 1.000 GB'],
    [{ unit: 'connections', value: 3, limit: 2 }, '3 connections, limit 2 connections'],
    [{ unit: 'connectionsPerSecond', value: 1500.4, limit: 1000 }, '1500 connections/s, limit 1000 connections/s'],
  ];
  it.each(cases)('%j', (changes, words) => {
    expect(text({ ...STARTED, ...changes }).endsWith(`; ${words}`)).toBe(true);
  });
});

it('is plain values for machines', () => {
  expect(alertOutput(ENDED)).toEqual({
    type: 'alert',
    state: 'ended',
    alert: 'host>100Mbit/s for 10s',
    measure: 'host',
    subject: '10.0.0.1',
    value: 17_525_000,
    limit: 12_500_000,
    unit: 'bytesPerSecond',
    since: '2023-11-14T22:13:20.000Z',
    cut: null,
  });
  expect(alertRecord(ENDED).facts).toEqual({ ...alertOutput(ENDED), type: undefined });
});

it('cleans names that came from elsewhere', () => {
  const named = { ...STARTED, measure: 'interface', subject: 'e\u001b[31m' } as const;
  for (const line of [text(named), alertWords(named), JSON.stringify(alertOutput(named))]) {
    expect(line).toContain('e·[31m');
  }
});

describe('what is on', () => {
  it('follows the facts', () => {
    const active = new ActiveAlerts();
    active.note(STARTED);
    active.note({ ...STARTED, subject: '10.0.0.2' });
    active.note(NOTICE);
    active.note({ type: 'interface-up' });
    expect(active.count).toBe(2);
    active.note(ENDED);
    expect(active.count).toBe(1);
    active.note(ENDED);
    expect(active.count).toBe(1);
  });

  it('ends when the engine is lost', () => {
    const active = new ActiveAlerts();
    active.note(STARTED);
    expect(active.endAll(STARTED.time + 9)).toEqual([
      { ...STARTED, state: 'ended', time: STARTED.time + 9, cut: 'engine-lost' },
    ]);
    expect(active.endAll(0)).toEqual([]);
  });
});
