/**
 * The list of monitors that can write to pipes, and the formats they can be written in. A new monitor is one line here.
 */
import { ipTrafficOutput } from '../../screens/ip-traffic/output.ts';
import type { MonitorName } from '../engine/monitor.ts';
import { CsvFormat } from './csv.ts';
import { JsonFormat } from './json.ts';
import type { MonitorOutput } from './monitor-output.ts';
import { TextFormat } from './text.ts';
import type { OutputFormat } from './writer.ts';

/** --text, --json, --csv. */
export type OutputKind = 'text' | 'json' | 'csv';

// Rows cross the process boundary as unknown values: each monitor's own description knows their type.
const OUTPUTS: Partial<Record<MonitorName, MonitorOutput<never>>> = {
  'ip-traffic': ipTrafficOutput as MonitorOutput<never>,
};

/** The format of a monitor's snapshots, or null while the monitor has no output of its own. */
export function outputFormat(monitor: MonitorName, kind: OutputKind): OutputFormat<unknown> | null {
  const output = OUTPUTS[monitor] as MonitorOutput<unknown> | undefined;
  if (output === undefined) return null;
  if (kind === 'json') return new JsonFormat(output);
  return kind === 'csv' ? new CsvFormat(output) : new TextFormat(output);
}
