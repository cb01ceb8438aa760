/**
 * From the command line and the settings to what the engine is asked to do: which source, which options. Options win
 * over settings. Reads the system (interfaces, libpcap's compiler) but opens nothing.
 */
import type { PreparedFilter } from '../../filters/prepared.ts';
import { monitorEntry } from '../../screens/monitors.ts';
import type { EngineOptions, PairOptions, SourceOptions } from '../engine/messages.ts';
import type { MonitorName } from '../engine/monitor.ts';
import { portRange } from '../store/setting-kinds.ts';
import type { Settings } from '../store/settings-table.ts';
import type { OptionValues } from './option-values.ts';
import { chosenMonitors, DEFAULT_EVERY_SECONDS } from './options.ts';
import { shownBytes } from './without-packets.ts';

/** -r and -B without a monitor; with -u, which has no packets, the one that counts interfaces. */
function defaultMonitor({ unprivileged, readFile }: OptionValues): MonitorName {
  return unprivileged && readFile === null ? 'general' : 'ip-traffic';
}

const SNAPLEN = 256;
const FULL_SNAPLEN = 262_144;

/** Live interfaces, or a file. */
type Target = { interfaces: string[] | 'all' } | { file: string };

/** What a run watches, and through which monitor. */
export type Watched = {
  monitor: MonitorName;
  /** In the background: all that are named for these interfaces, the first among them. They share one engine. */
  monitors?: readonly MonitorName[];
} & Target;

/** What the command line names, or null: the menu asks. Warnings (one line each) go to `warn`. */
export async function watched(values: OptionValues, warn: (line: string) => void): Promise<Watched | null> {
  const [chosen] = chosenMonitors(values);
  const monitor = chosen?.monitor ?? defaultMonitor(values);
  if (values.readFile !== null) return { monitor, file: values.readFile };
  const given = chosen?.interfaces ?? (values.background ? ['all'] : null);
  return given === null ? null : { monitor, interfaces: await resolve(given, values.physical, warn) };
}

/**
 * What the background watches: the monitors that the command line names, together where they watch the same. Each of
 * the answers takes an engine of its own: its totals are those of its interfaces and of no other.
 */
export async function watchedInBackground(values: OptionValues, warn: (line: string) => void): Promise<Watched[]> {
  const chosen = chosenMonitors(values);
  if (chosen.length === 0) {
    const what = await watched(values, warn);
    return what === null ? [] : [what];
  }
  const groups = new Map<string, { monitors: MonitorName[]; target: Target }>();
  for (const { monitor, interfaces } of chosen) {
    const target = await targetOf(values, interfaces, warn);
    const key = watchedKey(target);
    const group = groups.get(key) ?? { monitors: [], target };
    group.monitors.push(monitor);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ monitors, target }) => ({ monitor: monitors[0], monitors, ...target }));
}

async function targetOf(values: OptionValues, given: string[], warn: (line: string) => void): Promise<Target> {
  if (values.readFile !== null) return { file: values.readFile };
  return { interfaces: await resolve(given, values.physical, warn) };
}

/** The same for the same interfaces, in whatever order they were given. */
function watchedKey(target: Target): string {
  if ('file' in target) return '';
  return target.interfaces === 'all' ? 'all' : JSON.stringify([...target.interfaces].sort());
}

/** Whether everything that `what` watches is also watched by `other`, and more. */
export function isWithin(what: Watched, other: Watched): boolean {
  if ('file' in what || 'file' in other || what.interfaces === 'all') return false;
  if (other.interfaces === 'all') return true;
  const wide = new Set(other.interfaces);
  return wide.size > what.interfaces.length && what.interfaces.every((name) => wide.has(name));
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
): Promise<EngineOptions & { pairs: PairOptions }> {
  const live = 'interfaces' in what;
  const snaplen = keptBytes(values);
  return {
    source: sourceOptions(what, values, settings),
    monitors: engineMonitors(what, values),
    snaplen,
    expression: values.expression === null ? null : await compile(values.expression, snaplen),
    filter,
    alerts: values.alerts ?? [],
    writePath,
    writeName: values.writeFile ?? undefined,
    rateWindow: live ? liveWindow(values) : (values.everySeconds ?? Number.POSITIVE_INFINITY),
    maximumConversations: settings.maximumConversations,
    decapsulate: settings.decapsulateTunnels,
    keepsPackets: !live && isForScreen(values),
    observesNames: observesNames(what, values, settings),
    pairs: pairOptions(values, settings),
    servicePorts: settings.additionalPorts.map(portRange).filter((range) => range !== null),
    runAs: await runAs(values),
    tcpTimeout: settings.tcpTimeoutMinutes * 60,
    closedPersistence: live && settings.closedPersistenceMinutes > 0 ? settings.closedPersistenceMinutes * 60 : null,
  };
}

/** How pairs of hosts are counted; a front door says it differently. */
function pairOptions(values: OptionValues, { byteCounting }: Settings): PairOptions {
  const bytes = shownBytes(values, isForScreen(values) ? byteCounting : 'ip');
  return {
    quantity: bytes === 'wire' ? 'wireBytes' : 'ipBytes',
    networks: values.local ?? [],
    crossingOnly: false,
    linkLocal: true,
  };
}

/** Whether there may be a screen, now or when the program comes to the foreground. */
function isForScreen({ text, json, csv }: OptionValues): boolean {
  return process.stdout.isTTY === true && !text && !json && !csv;
}

/** Monitors whose rows name hosts, on screens and in output. */
const NAMING_MONITORS: ReadonlySet<MonitorName> = new Set(['ip-traffic', 'host-pairs']);
/** Those that name hosts on their screens alone. */
const NAMING_SCREENS: ReadonlySet<MonitorName> = new Set(['lan-stations']);

/** Names are read from the traffic where somebody will show them, and nowhere else. */
function observesNames(what: Watched, values: OptionValues, { observedNames }: Settings): boolean {
  if (values.background) return false;
  if (!isForScreen(values)) return values.names && NAMING_MONITORS.has(what.monitor);
  const shown = engineMonitors(what, values).some((name) => NAMING_MONITORS.has(name) || NAMING_SCREENS.has(name));
  return shown && (values.names || observedNames);
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
    capture: values.unprivileged ? 'counters' : (values.capture ?? 'auto'),
    promiscuous: !values.unprivileged && (values.promiscuous || settings.promiscuous),
  };
}

/** What runs in the engine; metrics are made of the general statistics. */
export function engineMonitors(what: Watched, { prometheusFile }: OptionValues): MonitorName[] {
  const asked = what.monitors ?? monitorEntry(what.monitor).asks;
  return [...new Set<MonitorName>(prometheusFile === null ? asked : [...asked, 'general'])];
}

/** Started by root, or told to. */
async function runAs(values: OptionValues): Promise<EngineOptions['runAs']> {
  if (values.user === null && process.geteuid?.() !== 0) return null;
  return (await import('./run-as.ts')).engineUser(values);
}

/** libpcap is loaded only when there is something to compile. */
async function compile(text: string, snaplen: number): Promise<EngineOptions['expression']> {
  const { compileForAllLinkTypes } = await import('./filters/compile-expression.ts');
  return compileForAllLinkTypes(text, snaplen);
}
