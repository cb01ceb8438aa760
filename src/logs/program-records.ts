/** Records of the program itself: that it started and stopped, what it was told, what became of its engines. Pure. */
import { alertRecord } from '../alerts/records.ts';
import { describeOperatorError } from '../base/errors.ts';
import type { EngineFact } from '../engine/messages.ts';
import type { LogEvent, LogRecord } from './record.ts';
import { logName } from './statistics-log.ts';

function record(time: number, event: LogEvent, fields: readonly string[], facts: Record<string, unknown>): LogRecord {
  return { time, event, monitor: null, interface: null, fields, facts };
}

/** A monitor and what it watches: an interface, several with commas, "all", or the name of a file. */
export interface WatchedMonitor {
  monitor: string;
  interface: string;
}

export interface StartFacts {
  program: string;
  version: string;
  pid: number;
  monitors: readonly WatchedMonitor[];
  /** Name of the stored filter and text of the capture expression; null: none. */
  filter: string | null;
  expression: string | null;
}

export function programStarted(time: number, facts: StartFacts): LogRecord {
  const { program, version, pid, monitors, filter, expression } = facts;
  const watched = monitors.map((each) => `${each.monitor} on ${logName(each.interface)}`).join(', ');
  const passes = [
    filter === null ? 'no filter' : `filter ${logName(filter)}`,
    ...(expression === null ? [] : [`expression ${logName(expression)}`]),
  ];
  return record(time, 'started', [`${program} ${version} started, pid ${pid}`, watched, passes.join(', ')], {
    ...facts,
  });
}

export interface StopFacts {
  program: string;
  /** Seconds since the start. */
  runningSeconds: number;
  engineRestarts: number;
}

export function programStopped(time: number, { program, runningSeconds, engineRestarts }: StopFacts): LogRecord {
  const restarts = engineRestarts === 0 ? [] : [`the capture engine was started again ${engineRestarts} times`];
  const fields = [`${program} stopped after ${runningSeconds.toFixed(0)} s`, ...restarts];
  return record(time, 'stopped', fields, { program, runningSeconds: Math.round(runningSeconds), engineRestarts });
}

/** The first line of the new file. */
export function logReopened(time: number): LogRecord {
  return record(time, 'reopened', ['log file reopened'], {});
}

/** Something changed that is no trouble. */
export function notice(time: number, text: string, facts: Record<string, unknown> = {}): LogRecord {
  return record(time, 'notice', [text], { message: text, ...facts });
}

/** `text`: what failed, on one line. */
export function failure(time: number, text: string, facts: Record<string, unknown> = {}): LogRecord {
  return record(time, 'error', [`error: ${text}`], { message: text, ...facts });
}

/** What an engine tells. `time`: now, for facts that have none of their own. */
export function factRecord(fact: EngineFact, time: number): LogRecord {
  switch (fact.type) {
    case 'alert':
      return alertRecord(fact);
    case 'interface-down': {
      const name = logName(fact.interface);
      const text = `interface ${name} went down: ${logName(fact.reason)}`;
      return { ...failure(time, text, { reason: fact.reason }), interface: name };
    }
    case 'interface-up': {
      const name = logName(fact.interface);
      return { ...notice(time, `interface ${name} is up again`), interface: name };
    }
    case 'capture-fallback':
      return notice(time, `capturing through libpcap: ${logName(fact.reason)}`);
    default:
      return failure(time, describeOperatorError(fact.error), { code: fact.error.code });
  }
}
