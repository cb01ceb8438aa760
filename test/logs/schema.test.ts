import { describe, expect, it } from 'vitest';
import { alertRecord } from '../../src/alerts/records.ts';
import { logJson } from '../../src/logs/log-json.ts';
import { factRecord, failure, logReopened, notice, programStopped } from '../../src/logs/program-records.ts';
import type { LogRecord } from '../../src/logs/record.ts';
import { isLogLine } from '../support/log-schema.ts';

const NOW = 1_795_225_500.123;
const line = (record: LogRecord): Record<string, unknown> => JSON.parse(logJson(record));

const alert = {
  type: 'alert',
  state: 'started',
  time: NOW,
  since: NOW,
  alert: 'interface eth0 rx>80%',
  measure: 'interface',
  subject: 'eth0',
  value: 0.9,
  limit: 0.8,
  unit: 'share',
} as const;

const conversation: LogRecord = {
  time: NOW,
  event: 'timed-out',
  monitor: 'ip-traffic',
  interface: 'eth0',
  fields: [],
  facts: {
    protocol: 'udp',
    ipProtocol: 17,
    etherType: 0x0800,
    vlan: null,
    endpoints: [
      { address: '10.0.0.1', port: 53 },
      { address: 'fd00::1', port: 1234 },
    ],
    packets: [1, 2],
    ipBytes: [100, 200],
    wireBytes: [120, 240],
    state: 'idle',
    partial: null,
    retransmissions: null,
    firstSeen: '2026-11-21T01:45:00.123Z',
    lastSeen: '2026-11-21T01:45:00.123Z',
    final: true,
    reason: 'idle',
  },
};

// What the monitors write is validated where they write it: test/e2e/log-files.test.ts.
describe('the schema of JSON logs', () => {
  it.each([
    ['a conversation', conversation],
    [
      'a sum of conversations',
      { ...conversation, facts: { ...conversation.facts, conversations: 7, windowSeconds: 60 } },
    ],
    ['the end of the program', programStopped(NOW, { program: 'iptraf-ts', runningSeconds: 1.5, engineRestarts: 1 })],
    ['a file that was reopened', logReopened(NOW)],
    ['something of note', notice(NOW, 'settings reread')],
    ['a failure', failure(NOW, 'capture engine lost', { code: 'E_ENGINE_LOST' })],
    ['an interface that went', factRecord({ type: 'interface-down', interface: 'eth0', reason: 'down' }, NOW)],
    ['an interface that came', factRecord({ type: 'interface-up', interface: 'eth0' }, NOW)],
    ['an alert', alertRecord(alert)],
    ['the end of an alert', alertRecord({ ...alert, state: 'ended', cut: 'capture-ended' })],
    [
      'what keeps an alert from being judged',
      alertRecord({ type: 'alert', state: 'notice', time: NOW, alert: 'a', text: 'b' }),
    ],
  ] as [string, LogRecord][])('accepts %s', (_name, record) => {
    expect(line(record)).toSatisfy(isLogLine);
  });

  it.each([
    ['a field that it does not know', { ...line(conversation), name: 'x' }],
    ['a missing field', { ...line(conversation), packets: undefined }],
    ['a time without milliseconds', { ...line(conversation), time: '2026-11-21T01:45:00Z' }],
    ['an event that there is not', { ...line(conversation), event: 'ended' }],
    ['a conversation of another monitor', { ...line(conversation), monitor: 'general' }],
    ['a reason that there is not', { ...line(conversation), reason: 'tired' }],
    ['a negative count', { ...line(conversation), ipBytes: [-1, 0] }],
    ['facts of one event at another', { ...line(logReopened(NOW)), code: 'x' }],
  ])('refuses %s', (_name, value) => {
    // As it is written: what is undefined is not there.
    expect(JSON.parse(JSON.stringify(value))).not.toSatisfy(isLogLine);
  });
});
