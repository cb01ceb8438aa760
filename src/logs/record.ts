/**
 * A record of the log: one line of text, or one JSON object. Monitors make records (screens/<monitor>/log.ts), the writer
 * (log-writer.ts) gives them their form and a place. Pure.
 *
 *   text    20261121T024500+0100; TCP; eth0; 352940 bytes; from 10.0.0.1:49744 to 10.0.0.2:80; …
 *   JSON    {"time":"2026-11-21T01:45:00.123Z","event":"closed","monitor":"ip-traffic","interface":"eth0",…}
 */
import type { MonitorName } from '../engine/monitor.ts';

/** CONTRACT section 5; `fin` and `notice` are ours: one side sent its FIN, something changed that is no trouble. */
export const LOG_EVENTS = [
  'started',
  'stopped',
  'opened',
  'fin',
  'closed',
  'reset',
  'timed-out',
  'active',
  'interval',
  'alert-started',
  'alert-ended',
  'reopened',
  'lost',
  'notice',
  'error',
] as const;
export type LogEvent = (typeof LOG_EVENTS)[number];

export interface LogRecord {
  /** Seconds since 1970. */
  time: number;
  event: LogEvent;
  /** null: the program itself. */
  monitor: MonitorName | null;
  /** Interface name, "all", the name of a file, or null where none is meant. */
  interface: string | null;
  /** Text after the time; joined by "; ". Names from the network are clean already. */
  fields: readonly string[];
  /** What JSON has beside time, event, monitor and interface: plain values, units in the names, unknown is null. */
  facts: Readonly<Record<string, unknown>>;
  /** "14:00": the line of text begins so (the hourly sum). */
  hour?: string;
}

/** Local time in ISO 8601's basic form with its zone: "20261121T024500+0100". No colons: scripts cut ports at them. */
export function logTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  const clock = two(date.getHours()) + two(date.getMinutes()) + two(date.getSeconds());
  const east = -date.getTimezoneOffset();
  const zone = `${east < 0 ? '-' : '+'}${two(Math.floor(Math.abs(east) / 60))}${two(Math.abs(east) % 60)}`;
  return `${day}T${clock}${zone}`;
}

/** The line of a record, without its end. */
export function logText({ time, hour, fields }: LogRecord): string {
  const line = [logTime(time), ...fields].join('; ');
  return hour === undefined ? line : `${hour} ${line}`;
}
