/** PID.json in the run directory: its form, and the schema that is checked when it is read. */
export const INSTANCE_VERSION = 1;

/** Counted since the start. */
export interface InstanceFigures {
  /** On the wire, of all monitors' captures. */
  packets: number;
  /** null: unknown. */
  droppedByKernel: number | null;
  logRecords: number;
  logRecordsLost: number;
  /** Alerts that began. */
  alerts: number;
  engineRestarts: number;
}

export interface InstanceDocument {
  version: number;
  pid: number;
  /** When the process began, in clock ticks since the machine started: tells it from a later one with its number. */
  startTicks: number;
  /** The program's version. */
  program: string;
  /** ISO 8601, UTC. */
  since: string;
  commandLine: string[];
  monitors: { monitor: string; interfaces: string }[];
  logs: string[];
  facility: string | null;
  user: string;
  figures: InstanceFigures;
  /** When the figures were written; ISO 8601, UTC. */
  updated: string;
}

const count = { type: 'number', minimum: 0 } as const;
const text = { type: 'string' } as const;
const texts = { type: 'array', items: text } as const;
const moment = {
  type: 'string',
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$',
  description: 'a moment in ISO 8601 (UTC)',
} as const;

function exactly(properties: Record<string, object>): object {
  return { type: 'object', required: Object.keys(properties), properties, additionalProperties: false };
}

export const INSTANCE_SCHEMA = exactly({
  version: { const: INSTANCE_VERSION },
  pid: { type: 'integer', minimum: 1 },
  startTicks: count,
  program: text,
  since: moment,
  commandLine: texts,
  monitors: { type: 'array', items: exactly({ monitor: text, interfaces: text }) },
  logs: texts,
  facility: { type: ['string', 'null'] },
  user: text,
  figures: exactly({
    packets: count,
    droppedByKernel: { type: ['number', 'null'], minimum: 0 },
    logRecords: count,
    logRecordsLost: count,
    alerts: count,
    engineRestarts: count,
  }),
  updated: moment,
});
