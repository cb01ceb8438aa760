/**
 * From the command line and the settings to what the engine is asked to do: which source, which options. Options win
 * over settings. Reads the system (interfaces, libpcap's compiler) but opens nothing.
 */
import type { PreparedFilter } from '../../filters/prepared.ts';
import { monitorEntry } from '../../screens/monitors.ts';
import type { EngineOptions, SourceOptions } from '../engine/messages.ts';
import type { MonitorName } from '../engine/monitor.ts';
import { portRange } from '../store/setting-kinds.ts';
import type { Settings } from '../store/settings-table.ts';
import type { OptionValues } from './option-values.ts';
import { chosenMonitors, DEFAULT_EVERY_SECONDS } from './options.ts';

/** -r and -B without a monitor. */
const DEFAULT_MONITOR = 'ip-traffic';

const SNAPLEN = 256;
const FULL_SNAPLEN = 262_144;

/** What a run watches, and through which monitor: live interfaces or a file. */
export type Watched = { monitor: MonitorName } & ({ interfaces: string[] | 'all' } | { file: string });

/** What the command line names, or null: the menu asks. Warnings (one line each) go to `warn`. */
export async function watched(values: OptionValues, warn: (line: string) => void): Promise<Watched | null> {
  const [chosen] = chosenMonitors(values);
  const monitor = chosen?.monitor ?? DEFAULT_MONITOR;
  if (values.readFile !== null) return { monitor, file: values.readFile };
  const given = chosen?.interfaces ?? (values.background ? ['all'] : null);
  return given === null ? null : { monitor, interfaces: await resolve(given, values.physical, warn) };
}

async function resolve(given: string[], physical: boolean, warn: (line: string) => void): Promise<string[] | 'all'> {
  const { defaultInterface, resolveInterfaces } = await import('../capture/interfaces.ts');
  // An empty name matches nothing: where there is no default route, the answer lists the interfaces there are.
  const wanted = given.map((argument) => (argument === '' ? (defaultInterface() ?? '') : argument));
  const { names, missing } = resolveInterfaces(wanted, { physical });
  if (missing.length > 0) warn(`there is no interface ${missing.join(', ')}: going on without`);
  return names;
}

/** The name that stands for what is watched: in logs and in titles. */
export function watchedName(what: Watched): string {
  if ('file' in what) return what.file === '-' ? 'standard input' : what.file;
  return what.interfaces === 'all' ? 'all' : what.interfaces.join(',');
}

/** Bytes kept of each packet. */
export function keptBytes({ snaplen, writeFile }: OptionValues): number {
  return snaplen ?? (writeFile === null ? SNAPLEN : FULL_SNAPLEN);
}

/** What the front has made ready for the engine. */
export interface EngineInputs {
  /** The stored filter that applies, or null. */
  filter: PreparedFilter | null;
  /** Where the engine finds the file of -w, already opened, or null. */
  writePath: string | null;
}

export async function engineOptions(
  what: Watched,
  values: OptionValues,
  settings: Settings,
  { filter, writePath }: EngineInputs,
): Promise<EngineOptions> {
  const live = 'interfaces' in what;
  const snaplen = keptBytes(values);
  return {
    source: sourceOptions(what, values, settings),
    monitors: [...monitorEntry(what.monitor).asks],
    snaplen,
    expression: values.expression === null ? null : await compile(values.expression, snaplen),
    filter,
    writePath,
    writeName: values.writeFile ?? undefined,
    rateWindow: live ? liveWindow(values) : (values.everySeconds ?? Number.POSITIVE_INFINITY),
    maximumConversations: settings.maximumConversations,
    decapsulate: settings.decapsulateTunnels,
    keepsPackets: !live && process.stdout.isTTY === true && !values.text && !values.json && !values.csv,
    servicePorts: settings.additionalPorts.map(portRange).filter((range) => range !== null),
    tcpTimeout: settings.tcpTimeoutMinutes * 60,
    closedPersistence: live && settings.closedPersistenceMinutes > 0 ? settings.closedPersistenceMinutes * 60 : null,
  };
}

/** Seconds. A run that is over before its first window would end without a rate. */
function liveWindow({ everySeconds, forSeconds, minutes }: OptionValues): number {
  const run = Math.min(forSeconds ?? Number.POSITIVE_INFINITY, (minutes ?? Number.POSITIVE_INFINITY) * 60);
  return Math.min(everySeconds ?? DEFAULT_EVERY_SECONDS, run);
}

function sourceOptions(what: Watched, values: OptionValues, settings: Settings): SourceOptions {
  if ('file' in what) return { kind: 'file', path: what.file };
  return {
    kind: 'live',
    interfaces: what.interfaces,
    capture: values.capture ?? 'auto',
    promiscuous: values.promiscuous || settings.promiscuous,
  };
}

/** libpcap is loaded only when there is something to compile. */
async function compile(text: string, snaplen: number): Promise<EngineOptions['expression']> {
  const { compileForAllLinkTypes } = await import('./compile-expression.ts');
  return compileForAllLinkTypes(text, snaplen);
}
