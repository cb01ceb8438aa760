/**
 * The list of monitors that can write to pipes, and the formats they can be written in. A new monitor is one line here.
 */
import { detailedOutput } from '../../screens/detailed/output.ts';
import { generalOutput } from '../../screens/general/output.ts';
import { hostPairsOutput } from '../../screens/host-pairs/output.ts';
import { ipTrafficOutput } from '../../screens/ip-traffic/output.ts';
import { lanStationsOutput } from '../../screens/lan-stations/output.ts';
import { packetSizesOutput } from '../../screens/packet-sizes/output.ts';
import { portsOutput } from '../../screens/ports/output.ts';
import type { MonitorName } from '../engine/monitor.ts';
import { CsvFormat } from './csv.ts';
import { JsonFormat } from './json.ts';
import type { ByteKind, MonitorOutput } from './monitor-output.ts';
import { TextFormat } from './text.ts';
import type { OutputFormat } from './writer.ts';

/** --text, --json, --csv. */
export type OutputKind = 'text' | 'json' | 'csv';

// Rows cross the process boundary as unknown values: each monitor's own description knows their type.
const OUTPUTS: Partial<Record<MonitorName, MonitorOutput<never>>> = {
  'ip-traffic': ipTrafficOutput as MonitorOutput<never>,
  general: generalOutput as MonitorOutput<never>,
  detailed: detailedOutput as MonitorOutput<never>,
  'packet-sizes': packetSizesOutput as MonitorOutput<never>,
  ports: portsOutput as MonitorOutput<never>,
  'lan-stations': lanStationsOutput as MonitorOutput<never>,
  'host-pairs': hostPairsOutput as MonitorOutput<never>,
};

/** How rows of a monitor leave the program. */
export function monitorOutput(monitor: MonitorName): MonitorOutput<unknown> {
  const output = OUTPUTS[monitor] as MonitorOutput<unknown> | undefined;
  if (output === undefined) throw new Error(`monitor ${monitor} has no output`);
  return output;
}

/** The format of a monitor's snapshots. `bytes`: those that text shows. */
export function outputFormat(monitor: MonitorName, kind: OutputKind, bytes: ByteKind = 'ip'): OutputFormat<unknown> {
  const output = monitorOutput(monitor);
  if (kind === 'json') return new JsonFormat(output);
  return kind === 'csv' ? new CsvFormat(output) : new TextFormat(output, bytes);
}
