/**
 * Which log goes where. -L FILE: one file for all; -L DIRECTORY: a file for each monitor; -B without -L and -f: a file of
 * this process in the log directory. Reads of the system only whether a directory is there.
 */
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { MonitorName } from '../../engine/monitor.ts';
import { logPath } from '../../store/paths.ts';
import type { OptionValues } from '../option-values.ts';
import type { Watched } from '../plan.ts';
import { PROGRAM } from '../version.ts';

/** Names of interfaces in the name of a file: more are a number. */
const NAMED_INTERFACES = 3;

export interface LogPlan {
  /** Full path of each monitor's file, and of no other; empty: no file. Several monitors may share one. */
  files: ReadonlyMap<MonitorName, string>;
  facility: string | null;
}

type LogValues = Pick<OptionValues, 'logFile' | 'facility' | 'background'>;

/** What is logged, and where; null: nothing is. */
export function logPlan(values: LogValues, watched: readonly Watched[]): LogPlan | null {
  const facility = values.facility === '' ? null : values.facility;
  if (values.logFile !== null) return { files: filesIn(values.logFile, watched), facility };
  if (values.background && facility === null) return { files: filesIn(ownLogName(watched), watched), facility };
  return facility === null ? null : { files: new Map(), facility };
}

/** Where monitors log that are told one name: to that file, or each to a file in that directory. */
export function filesIn(name: string, watched: readonly Watched[]): Map<MonitorName, string> {
  const path = logPath(name);
  const isFolder = name.endsWith('/') || isDirectory(path);
  const files = new Map<MonitorName, string>();
  for (const what of watched) {
    for (const monitor of monitorsOf(what))
      files.set(monitor, isFolder ? join(path, monitorFile(monitor, what)) : path);
  }
  return files;
}

/** Named after the monitor and the process: several instances never write one file. */
export function ownLogName(watched: readonly Watched[]): string {
  const monitors = watched.flatMap(monitorsOf);
  return `${monitors.length === 1 ? monitors[0] : PROGRAM}-${process.pid}.log`;
}

/** The monitors that are named, of all that the engine may run. */
export function monitorsOf({ monitor, monitors }: Watched): readonly MonitorName[] {
  return monitors ?? [monitor];
}

/** "ip-traffic-eth0.log"; "general.log" where every interface is watched. */
function monitorFile(monitor: MonitorName, what: Watched): string {
  const of = watchedWord(what);
  return of === null ? `${monitor}.log` : `${monitor}-${of}.log`;
}

function watchedWord(what: Watched): string | null {
  if ('file' in what) return what.file === '-' ? null : basename(what.file);
  const { interfaces } = what;
  if (interfaces === 'all') return null;
  if (interfaces.length <= NAMED_INTERFACES) return interfaces.join(',');
  return `${interfaces[0]}+${interfaces.length - 1}`;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Nothing is there, or we may not look: opening it says why.
    return false;
  }
}
