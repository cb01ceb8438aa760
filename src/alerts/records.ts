/**
 * Alerts as records of the log, and in words. Pure.
 *
 *   TIME; alert started; host>100Mbit/s for 10s; 10.0.0.1; 123.4 Mbit/s, limit 100.0 Mbit/s
 *   TIME; alert ended; host>100Mbit/s for 10s; 10.0.0.1; lasted 0:01:23, at most 140.2 Mbit/s, limit 100.0 Mbit/s
 */
import { formatBytes, formatCount, formatDuration, formatPercent, formatRate } from '../base/format.ts';
import type { LogEvent, LogRecord } from '../logs/record.ts';
import { sanitizeText } from '../names/sanitize.ts';
import { isoTime } from '../output/time.ts';
import type { AlertChange, AlertFact, AlertNotice } from './alert.ts';

const EVENTS = { started: 'alert-started', ended: 'alert-ended' } as const satisfies Record<string, LogEvent>;

/** The record of an alert that began or ended (alert-started, alert-ended), or of a notice about one (notice). */
export function alertRecord(fact: AlertFact): LogRecord {
  if (fact.state === 'notice') return noticeRecord(fact);
  const { time, state, measure } = fact;
  const subject = sanitizeText(fact.subject);
  const { type, ...facts } = alertOutput(fact);
  return {
    time,
    event: EVENTS[state],
    monitor: null,
    interface: measure === 'interface' ? subject : null,
    fields: [`alert ${state}`, sanitizeText(fact.alert), subject, ...figures(fact)],
    facts,
  };
}

/** The fact as machine output prints it, but for its time: clean text, ISO 8601. */
export function alertOutput(fact: AlertFact): Record<string, unknown> & { type: string } {
  const { type, state } = fact;
  const alert = sanitizeText(fact.alert);
  if (fact.state === 'notice') return { type, state, alert, text: sanitizeText(fact.text) };
  const { measure, value, limit, unit, since, cut = null } = fact;
  const rounded = Math.round(value * 1000) / 1000;
  return {
    type,
    state,
    alert,
    measure,
    subject: sanitizeText(fact.subject),
    value: unit === 'share' ? value : rounded,
    limit,
    unit,
    since: isoTime(since),
    cut,
  };
}

/** "host>100Mbit/s for 10s: 10.0.0.1, 123.4 Mbit/s". */
export function alertWords(fact: AlertFact): string {
  const alert = sanitizeText(fact.alert);
  if (fact.state === 'notice') return `${alert}: ${sanitizeText(fact.text)}`;
  const subject = fact.subject === 'all' ? '' : `${sanitizeText(fact.subject)}, `;
  const value = alertValue(fact, fact.value);
  return `${alert}: ${subject}${fact.state === 'ended' ? `at most ${value}` : value}`;
}

function noticeRecord({ time, alert, text }: AlertNotice): LogRecord {
  const [name, words] = [sanitizeText(alert), sanitizeText(text)];
  const fields = ['alert notice', name, words];
  return { time, event: 'notice', monitor: null, interface: null, fields, facts: { alert: name, text: words } };
}

function figures(fact: AlertChange): string[] {
  const value = alertValue(fact, fact.value);
  const limit = `limit ${alertValue(fact, fact.limit)}`;
  if (fact.state === 'started') return [`${value}, ${limit}`];
  const lasted = `lasted ${formatDuration(fact.time - fact.since)}`;
  if (fact.cut === 'engine-lost') return [`${lasted}, ${limit}`, 'the capture engine was lost'];
  const ended = `${lasted}, at most ${value}, ${limit}`;
  return fact.cut === undefined ? [ended] : [ended, 'the capture ended'];
}

/** A figure of the alert with its unit: "123.4 Mbit/s", "81.2 %", "12000 packets", "12 connections/s". */
function alertValue({ unit }: AlertChange, value: number): string {
  switch (unit) {
    case 'bytesPerSecond':
      return formatRate(value);
    case 'share':
      return formatPercent(value);
    case 'bytes':
      return formatBytes(value);
    case 'packetsPerSecond':
      return `${formatCount(value)} packets/s`;
    case 'connectionsPerSecond':
      return `${formatCount(value)} connections/s`;
    default:
      return `${formatCount(value)} ${unit}`;
  }
}
