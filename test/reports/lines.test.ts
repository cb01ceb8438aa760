import { describe, expect, it } from 'vitest';
import { alertRecord } from '../../src/alerts/records.ts';
import { logJson } from '../../src/logs/log-json.ts';
import { factRecord, logReopened, programStarted } from '../../src/logs/program-records.ts';
import { type LogRecord, logText } from '../../src/logs/record.ts';
import { splitPlace } from '../../src/reports/entry.ts';
import { parseLine } from '../../src/reports/log-files.ts';
import { parseLogTime } from '../../src/reports/text-line.ts';
import { conversationRecord, hourRecord, madeConversations } from '../support/report-logs.ts';

const alert = {
  type: 'alert',
  state: 'started',
  time: 1_795_222_648,
  since: 1_795_222_648,
  alert: 'host>100Mbit/s for 10s',
  measure: 'host',
  subject: '10.0.0.1',
  value: 2e7,
  limit: 1.25e7,
  unit: 'bytesPerSecond',
} as const;

const RECORDS: Record<string, LogRecord> = {
  'an hourly sum': hourRecord({ time: 1_795_222_801, seconds: 3600, packets: 10, bytes: 1000, dropped: 3 }),
  'an alert': alertRecord(alert),
  'the end of an alert': alertRecord({ ...alert, state: 'ended', time: alert.time + 20 }),
  'a start': programStarted(1_795_222_648, {
    program: 'iptraf-ts',
    version: '1',
    pid: 1,
    monitors: [],
    filter: null,
    expression: null,
  }),
  'a reopening': logReopened(1_795_222_648),
  'a failure': factRecord({ type: 'interface-down', interface: 'eth0', reason: 'it is gone' } as never, 1_795_222_648),
  'a sum of short conversations': conversationRecord({
    ...madeConversations(1)[0],
    words: 'timed out',
    event: 'timed-out',
    conversations: 17,
  }),
};

describe('lines of a log', () => {
  it.each(Object.keys(RECORDS))('say of %s the same as text and as JSON', (name) => {
    const text = parseLine(logText(RECORDS[name]));
    expect(text).not.toBeNull();
    expect(text).toEqual(parseLine(logJson(RECORDS[name])));
  });

  it('say the same of every kind of conversation, and only final records count', () => {
    let final = 0;
    for (const made of madeConversations(500)) {
      const record = conversationRecord(made);
      const entry = parseLine(logText(record));
      expect(entry).toEqual(parseLine(logJson(record)));
      const isFinal = record.facts.final === true;
      expect(entry?.kind).toBe(isFinal ? 'conversation' : 'other');
      if (isFinal) final++;
    }
    expect(final).toBeGreaterThan(300);
  });

  it('are damaged wherever they are cut: no wrong figure comes out of a part', () => {
    const line = logText(conversationRecord({ ...madeConversations(1)[0], words: 'timed out', event: 'timed-out' }));
    for (let length = 0; length < line.length; length++) {
      expect(parseLine(line.slice(0, length)), line.slice(0, length)).toBeNull();
    }
    const json = logJson(conversationRecord(madeConversations(1)[0]));
    for (let length = 0; length < json.length; length++) expect(parseLine(json.slice(0, length))).toBeNull();
  });

  it('never throw, whatever they are', () => {
    const line = logText(conversationRecord({ ...madeConversations(1)[0], words: 'timed out', event: 'timed-out' }));
    for (const odd of [
      '',
      '{',
      '{}',
      'null',
      '[]',
      '{"event":"closed","time":"x"}',
      '20261301T996199+0000; x',
      'a; b; c',
    ]) {
      expect(parseLine(odd)?.kind ?? 'other').toBe('other');
    }
    for (const [event, facts] of [
      ['closed', {}],
      ['interval', { block: 'hour' }],
      ['lost', {}],
      ['alert-started', {}],
    ]) {
      expect(parseLine(JSON.stringify({ time: '2026-11-21T00:00:00.000Z', event, ...(facts as object) }))).toBeNull();
    }
    expect(parseLine(line.replace(/ bytes; from/, '0 bytes; from'))).toBeNull();
  });

  it('have times with the zone they were written in', () => {
    expect(parseLogTime('20261121T024500+0100')).toBe(Date.parse('2026-11-21T02:45:00+01:00') / 1000);
    expect(parseLogTime('20261121T024500-0330')).toBe(Date.parse('2026-11-21T02:45:00-03:30') / 1000);
    expect(parseLogTime('2026-11-21T02:45:00Z')).toBeNull();
  });

  it.each([
    ['10.0.0.1:80', '10.0.0.1', 80],
    ['10.0.0.1', '10.0.0.1', null],
    ['[2001:db8::1]:443', '2001:db8::1', 443],
    ['2001:db8::1', '2001:db8::1', null],
    ['02:00:00:00:00:01', '02:00:00:00:00:01', null],
    ['[oops', '[oops', null],
  ])('%s is an address and a port', (place, address, port) => {
    expect(splitPlace(place)).toEqual({ address, port });
  });
});
