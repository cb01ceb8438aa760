/**
 * The full-screen program: opens the terminal, puts the first screen into the loop (the menu, or the monitor that the
 * command line names) and connects the loop with whatever engine runs. Nothing touches the terminal before the capture
 * that the command line asks for has started: errors are told on the plain terminal.
 */
import { createConfigure } from '../../screens/configure/screen.ts';
import { DetailedScreen } from '../../screens/detailed/screen.ts';
import { createFilters } from '../../screens/filters/screen.ts';
import { GeneralScreen } from '../../screens/general/screen.ts';
import { HostPairsScreen } from '../../screens/host-pairs/screen.ts';
import { IpTrafficScreen } from '../../screens/ip-traffic/screen.ts';
import { messageDialog } from '../../screens/kit/dialog.ts';
import type { Screen } from '../../screens/kit/screen.ts';
import { TerminalSurface } from '../../screens/kit/surface.ts';
import { openTerminal, restoreSequence } from '../../screens/kit/terminal.ts';
import { LanStationsScreen } from '../../screens/lan-stations/screen.ts';
import { createMenu } from '../../screens/menu/screen.ts';
import type { MonitorScreenOptions } from '../../screens/monitor-screen.ts';
import { Navigator, type ScreenFact } from '../../screens/navigator.ts';
import { PacketSizesScreen } from '../../screens/packet-sizes/screen.ts';
import { PortsScreen } from '../../screens/ports/screen.ts';
import { EXIT, type OperatorErrorFields } from '../base/errors.ts';
import type { RateFormat } from '../base/format.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import type { MonitorName } from '../engine/monitor.ts';
import { AddressNames } from '../names/address-names.ts';
import { NameCache } from '../names/name-cache.ts';
import type { LiveSettings } from '../store/live-settings.ts';
import type { Door } from './door.ts';
import { EngineLink } from './engine-link.ts';
import type { AppliedFilter } from './filters/applied-filter.ts';
import { Filters } from './filters/filters.ts';
import { interfaceRowReader } from './interface-rows.ts';
import type { OptionValues } from './option-values.ts';
import { type Watched, watchedName } from './plan.ts';
import type { Session } from './session.ts';
import type { Ending } from './signals.ts';
import { PROGRAM, VERSION } from './version.ts';
import { shownBytes } from './without-packets.ts';

export interface ScreensOptions {
  values: OptionValues;
  /** The front door that was taken, or null. */
  door: Door | null;
  settings: LiveSettings;
  session: Session;
  filter: AppliedFilter;
  /** null: the menu asks. */
  what: Watched | null;
  /** Runs already (text was printed before the program came to the foreground), or null. */
  engine: EngineClient | null;
}

export interface OpenScreens {
  /** Settles when the operator leaves, or the terminal is gone. */
  left: Promise<Ending>;
  /** What the command line named could not be captured, or not be read to its end; null: all is well. */
  problem(): OperatorErrorFields | null;
  /** Gives the terminal back. */
  close(): void;
}

/** Rejects, with the terminal untouched, when the capture cannot be started. */
export async function openScreens(options: ScreensOptions): Promise<OpenScreens> {
  const { session, what, settings, engine } = options;
  const { warn: warnBefore } = session;
  // Said before there is a screen: a warning goes to standard error too, where it is seen again afterwards.
  const early: string[] = [];
  const warnings = [...settings.warnings];
  session.tell = (line) => early.push(line);
  session.warn = (line) => {
    warnBefore(line);
    warnings.push(line);
  };
  const link = new EngineLink(settings);
  const namesLearned = (): void => link.tell({ type: 'names-learned' });
  const names = new NameCache({ onLearned: namesLearned });
  session.observedNames.onLearned = namesLearned;
  let problem: OperatorErrorFields | null = null;
  const onFact = (fact: ScreenFact): void => {
    // What -w lost is told when the file is closed (run.ts).
    if ('error' in fact && fact.type !== 'write-failed') problem = fact.error;
    link.tell(fact);
  };
  if (what !== null) {
    engine?.onFact(onFact);
    link.use(what, Promise.resolve(engine ?? (await session.start(what, { onFact }))), onFact);
  }
  const restart = async (): Promise<void> => {
    const watched = link.watched as Watched;
    const starting = session.start(watched, { onFact });
    link.use(watched, starting, onFact);
    await starting;
  };
  const filters = new Filters({ applied: options.filter, link, restart, warn: (line) => session.warn(line) });
  const first = what === null ? menu(options, link, names, filters) : monitorScreen(options, names, what, filters);
  let gone: (ending: Ending) => void = () => undefined;
  const terminalGone = new Promise<Ending>((resolve) => {
    gone = resolve;
  });
  const terminal = await openTerminal({
    stdin: process.stdin,
    stdout: process.stdout,
    env: process.env,
    handlers: {
      onKey: (key) => navigator.onKey(key),
      onMouse: (event) => navigator.onMouse(event),
      onResize: () => navigator.onResize(),
      onResume: () => navigator.onResume(),
      onClose: () => gone({ signal: 'SIGHUP' }),
    },
  });
  const surface = new TerminalSurface(terminal, process.env, settings.current);
  settings.onChange((current) => surface.useTheme(current));
  const program = `${PROGRAM} ${VERSION}`;
  const navigator = new Navigator({ surface, client: link, first, program, settings, filters });
  // Before raw mode: the engine saves the terminal's settings as they are now.
  await session.guardTerminal(restoreSequence);
  terminal.enter();
  session.warn = (line) => navigator.say(line, 'warning');
  session.tell = (line) => navigator.say(line);
  const left = navigator.run().then((): Ending => ({ status: EXIT.ok }));
  if (early.length > 0) navigator.say(early.join('; '));
  if (warnings.length > 0) navigator.open(messageDialog('Warning', warnings.join('\n\n')));
  return {
    left: Promise.race([left, terminalGone]),
    problem: () => problem,
    close: () => {
      navigator.leave();
      terminal.close();
      session.warn = warnBefore;
      session.tell = () => undefined;
      names.close();
    },
  };
}

function menu(options: ScreensOptions, link: EngineLink, names: NameCache, filters: Filters): Screen {
  const { session, settings } = options;
  return createMenu({
    version: VERSION,
    filters: () => createFilters(filters),
    configure: () => createConfigure(settings),
    rate: () => ({ unit: settings.current.unit, base: settings.current.unitBase }),
    interfaces: interfaceRowReader(),
    openMonitor: (monitor, choice) => {
      const what: Watched = { monitor, interfaces: choice.type === 'all' ? 'all' : [choice.name] };
      const tell = (fact: ScreenFact): void => link.tell(fact);
      link.use(what, session.start(what, { onFact: tell }), tell);
      const screen = monitorScreen(options, names, what, filters);
      // Back in the menu nothing is captured, and the log has its last records.
      const stop = (): Promise<void> => {
        link.release();
        return session.stop().catch((error: unknown) => session.warn((error as Error).message));
      };
      return Object.assign(screen, { close: () => void stop() });
    },
  });
}

/** The screens of the monitors: a new one is one line. */
const SCREENS: Partial<Record<MonitorName, (options: MonitorScreenOptions) => Screen>> = {
  'ip-traffic': (options) => new IpTrafficScreen(options),
  general: (options) => new GeneralScreen(options),
  detailed: (options) => new DetailedScreen(options),
  'packet-sizes': (options) => new PacketSizesScreen(options),
  ports: (options) => new PortsScreen(options),
  'lan-stations': (options) => new LanStationsScreen(options),
  'host-pairs': (options) => new HostPairsScreen(options),
};

/**
 * The names that a monitor's screen shows: those that the settings and the command line ask for. Where that is none,
 * the operator may still ask for names by a key, which then means name servers.
 */
function shownNames({ values, settings, session }: ScreensOptions, reverse: NameCache): AddressNames {
  const { reverseDns, observedNames } = settings.current;
  const observes = values.names || observedNames;
  const asks = values.names || reverseDns || !observedNames;
  return new AddressNames(observes ? session.observedNames : null, asks ? reverse : null);
}

function monitorScreen(options: ScreensOptions, names: NameCache, what: Watched, filters: Filters): Screen {
  const { values, settings: live, door } = options;
  const make = SCREENS[what.monitor];
  if (make === undefined) throw new Error(`monitor ${what.monitor} has no screen`);
  const settings = live.current;
  const watchedAs = watchedName(what);
  return make({
    watched: watchedAs === 'all' ? 'all interfaces' : watchedAs,
    names: shownNames(options, names),
    rate: { unit: rateUnit(door) ?? settings.unit, base: settings.unitBase },
    byteKind: shownBytes(values, settings.byteCounting),
    showNames: values.names || settings.reverseDns || settings.observedNames,
    showServices: values.names || settings.serviceNames,
    showSourceMacs: settings.sourceMacs,
    descriptions: () => live.current.stationDescriptions,
    sort: values.sort ?? undefined,
    pairs: door?.view,
    expression: () => filters.expression,
  });
}

/** Packets have no unit of their own: rates of bytes stay as the settings have them. */
function rateUnit(door: Door | null): RateFormat['unit'] | null {
  return door === null || door.unit === 'packets' ? null : door.unit;
}
