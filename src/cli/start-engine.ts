/** Starts an engine on what is to be watched: with the filter that applies, and the file of -w opened here. */
import { closeSync, openSync } from 'node:fs';
import { OperatorError } from '../base/errors.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import type { EngineOptions, PairOptions } from '../engine/messages.ts';
import { openToOwnProcesses } from '../native/privileges.ts';
import type { Settings } from '../store/settings-table.ts';
import type { AppliedFilter } from './filters/applied-filter.ts';
import type { OptionValues } from './option-values.ts';
import { engineOptions, type Watched } from './plan.ts';
import { isWithoutPackets, refuseWithoutPackets, WITHOUT_PACKETS } from './without-packets.ts';

/** A savefile holds what was said on the network: for its owner and group. */
const SAVEFILE_MODE = 0o640;

export interface StartParts {
  values: OptionValues;
  settings: Settings;
  filter: AppliedFilter;
  /** Options that are not those of the command line and the settings. */
  changes?: Partial<EngineOptions>;
  /** How pairs of hosts are counted, where that is said elsewhere. */
  pairs?: Partial<PairOptions>;
}

/**
 * Resolves with warnings, one line each. Rejects with an OperatorError or EngineError; then nothing runs, and what is
 * refused before has not emptied the file of -w.
 */
export async function startEngine(engine: EngineClient, what: Watched, parts: StartParts): Promise<string[]> {
  const { values, settings, filter: applied, changes = {}, pairs = {} } = parts;
  const { prepared: filter, warnings } = await applied.prepare(what);
  refuseWithoutPackets(what, values);
  const options = await engineOptions(what, values, settings, { filter, writePath: null });
  const file = values.writeFile === null ? null : openSavefile(values.writeFile);
  try {
    // The engine opens it by our /proc/PID/fd: for root that is always open.
    if (file !== null && process.geteuid?.() !== 0) openToOwnProcesses();
    const writePath = file === null ? null : `/proc/${process.pid}/fd/${file}`;
    await engine.start({ ...options, writePath, pairs: { ...options.pairs, ...pairs }, ...changes });
    // What was made ready for the packet ring may be nothing that can be decided now.
    if (applied.throughPcap) await applied.prepare(what);
    return [...(await notices(what, values)), ...warnings];
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** What the operator is to know of the rights of this run. */
async function notices(what: Watched, values: OptionValues): Promise<string[]> {
  if (isWithoutPackets(what, values)) return [WITHOUT_PACKETS];
  if ('file' in what || values.capture !== 'pcap') return [];
  const line = (await import('./run-as.ts')).staysRoot(values);
  return line === null ? [] : [line];
}

function openSavefile(path: string): number {
  try {
    return openSync(path, 'w', SAVEFILE_MODE);
  } catch (error) {
    throw new OperatorError({
      code: 'E_OUTPUT',
      operation: 'write packets to',
      target: path,
      cause: (error as Error).message,
    });
  }
}
