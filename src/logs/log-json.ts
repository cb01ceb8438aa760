/** The form of records with --log-format json. Its schema is schema.ts. Pure. */
import type { LogRecord } from './record.ts';

/** One line, without its end: {"time":"2026-11-21T01:45:00.123Z","event":"closed","monitor":…,"interface":…, facts}. */
export function logJson({ time, event, monitor, interface: name, facts }: LogRecord): string {
  return JSON.stringify({ time: new Date(time * 1000).toISOString(), event, monitor, interface: name, ...facts });
}
