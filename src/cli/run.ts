/**
 * A run from its arguments to its end: reads the command line, chooses between command, daemon, output and screen, starts
 * the session and waits for a reason to end. Everything that is loaded late is imported where it is needed.
 */
import { expressionFilter } from '../../filters/expression-filter.ts';
import type { Filter } from '../../filters/filter.ts';
import type { HostPairOptions } from '../../screens/host-pairs/types.ts';
import { EXIT, OperatorError } from '../base/errors.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import type { LiveSettings } from '../store/live-settings.ts';
import { type DaemonReporter, startDaemon } from './daemon/daemon.ts';
import { helpText, versionText } from './documents/help.ts';
import type { Door } from './door.ts';
import { doorTaken } from './doors.ts';
import { asFailure, complain, type Failure } from './fail.ts';
import { AppliedFilter } from './filters/applied-filter.ts';
import { filterOption } from './filters/named-filter.ts';
import { decideScreen, noScreenReason, type ScreenDecision, staysAttached, whenInForeground } from './lifecycle.ts';
import { logPlan } from './logs/log-plan.ts';
import type { OptionValues } from './option-values.ts';
import { chosenMonitors } from './options.ts';
import { type Invocation, parseArguments, usageError } from './parse.ts';
import { type Watched, watched, watchedInBackground } from './plan.ts';
import type { Printer } from './print.ts';
import type { ScreensOptions } from './screens.ts';
import { Session } from './session.ts';
import type { Ending, Signals } from './signals.ts';
import { after } from './timer.ts';
import { PROGRAM } from './version.ts';

export interface RunContext {
  argv: readonly string[];
  /** Path the program was started by. */
  calledAs: string;
  /** Path of the program's main file. */
  modulePath: string;
  signals: Signals;
  /** Forked ahead of everything, or null. */
  engine: EngineClient | null;
  /** In the copy that -B started. */
  reporter: DaemonReporter | null;
}

const DONE: Ending = { status: EXIT.ok };
/** -t or --for. */
const TIME_OVER: Ending = { status: EXIT.ok };

/** Never rejects: failures are printed (or reported to the caller of -B) and become the ending. */
export async function run(context: RunContext): Promise<Ending> {
  try {
    return await choose(context);
  } catch (error) {
    // timeout(1) and Ctrl-C signal the whole group: an engine that is only loading ends of it, and that is no failure.
    return context.signals.interruption ?? (await fail(context, asFailure(error)));
  } finally {
    // Idempotent: a session that used the engine has ended it already.
    await context.engine?.stop();
  }
}

async function fail({ reporter }: RunContext, { line, status }: Failure): Promise<Ending> {
  if (reporter !== null) await reporter.failed(line, status);
  else complain(line);
  return { status };
}

async function choose(context: RunContext): Promise<Ending> {
  const invocation = await invocationOf(context);
  const { values, command, door } = invocation;
  if (values.help) return print(door === null ? helpText() : (await import('./iftop/help.ts')).iftopHelpText());
  if (values.version) return print(versionText());
  if (command !== null) return printCommand(invocation, context.signals);
  if (values.facility === '' && (await removedOnly(values))) return DONE;
  if (detaches(values, context)) return detach(context);
  return monitor(invocation, context);
}

async function invocationOf({ argv, calledAs, reporter }: RunContext): Promise<Invocation> {
  const taken = doorTaken(argv, calledAs);
  if (taken === null) return parseArguments(argv, calledAs);
  const { iftopInvocation } = await import('./iftop/invocation.ts');
  return iftopInvocation(taken.argv, reporter?.warn ?? complain);
}

function print(text: string): Ending {
  process.stdout.write(text);
  return DONE;
}

async function printCommand(invocation: Invocation, signals: Signals): Promise<Ending> {
  const { runCommand } = await import('./commands.ts');
  const { text, status, pieces } = await runCommand(invocation);
  if (pieces !== undefined) {
    const { printPieces } = await import('./print-pieces.ts');
    return Promise.race([signals.ending, printPieces(pieces).then((ended) => ({ status: ended }))]);
  }
  process.stdout.write(text);
  return { status };
}

/** -f without a facility: removes what dead instances left; alone, that is all there is to do. */
async function removedOnly(values: OptionValues): Promise<boolean> {
  const { removeStaleInstances } = await import('./daemon/instances.ts');
  const removed = await removeStaleInstances();
  complain(removed === 1 ? 'removed 1 stale pid file' : `removed ${removed} stale pid files`);
  const asked = chosenMonitors(values).length > 0 || values.readFile !== null || values.background;
  return !asked && values.logFile === null;
}

function detaches(values: OptionValues, { reporter }: RunContext): boolean {
  return values.background && reporter === null && !values.foreground && staysAttached() === null;
}

async function detach({ modulePath, argv, signals, engine }: RunContext): Promise<Ending> {
  await engine?.stop();
  let interrupted: Ending | null = null;
  const stop = signals.ending.then((ending) => {
    interrupted = ending;
  });
  const { status, line } = await startDaemon(modulePath, argv, stop);
  if (interrupted !== null) return interrupted;
  if (line !== null) complain(line);
  return { status };
}

async function monitor({ values, door }: Invocation, context: RunContext): Promise<Ending> {
  if (values.background) return inBackground(values, context);
  const screen = values.text || values.json || values.csv ? 'never' : decideScreen();
  const warn = context.reporter?.warn ?? complain;
  const what = await watched(values, warn);
  if (what === null && screen !== 'screen') throw usageError('the menu', noScreenReason(), `${PROGRAM} -i IF --text`);
  const settings = await loadSettings(warn);
  const filter = new AppliedFilter(values, await chosenFilter(values, door, warn));
  const places = { onScreen: screen === 'screen', mayBecomeScreen: screen === 'later' };
  const session = new Session({ values, settings, filter, engine: context.engine, ...places, pairs: door?.pairs });
  context.signals.onReopen(() => session.reopenLogs());
  context.signals.logs = logPlan(values, []) !== null || settings.current.logging;
  const ending = await watchUntilEnd({ values, settings, session, filter, what, door }, screen, context).finally(() =>
    session.close(),
  );
  if (session.writeProblem === null) return ending;
  complain(new OperatorError(session.writeProblem).message);
  return 'status' in ending && ending.status === EXIT.ok ? { status: EXIT.failed } : ending;
}

/** What a door's capture expression counts can be edited while it runs, as any filter. */
async function chosenFilter(
  values: OptionValues,
  door: Door | null,
  warn: (line: string) => void,
): Promise<Filter | null> {
  const expression = door?.expression ?? null;
  return expression === null ? filterOption(values.filter, warn) : expressionFilter(expression);
}

interface Watching {
  values: OptionValues;
  door: Door | null;
  settings: LiveSettings;
  session: Session;
  filter: AppliedFilter;
  what: Watched | null;
}

async function watchUntilEnd(watching: Watching, screen: ScreenDecision, context: RunContext): Promise<Ending> {
  const { values } = watching;
  if (screen === 'screen') {
    armTimes(values, context.signals);
    return showScreen({ ...watching, engine: null }, context.signals);
  }
  const what = watching.what as Watched;
  return printOut({ ...watching, what }, screen === 'later', context.signals);
}

async function loadSettings(warn: (line: string) => void): Promise<LiveSettings> {
  const { SettingsStore } = await import('../store/settings.ts');
  const { LiveSettings } = await import('../store/live-settings.ts');
  const store = new SettingsStore();
  const settings = new LiveSettings(store, await store.readOrDefaults());
  for (const warning of settings.warnings) warn(warning);
  return settings;
}

/** -t and --for: whichever comes first. They begin with the counting. */
function armTimes({ minutes, forSeconds }: OptionValues, signals: Signals): void {
  if (minutes !== null) after(minutes * 60, () => signals.end(TIME_OVER));
  if (forSeconds !== null) after(forSeconds, () => signals.end(TIME_OVER));
}

/** -B: everything is opened and the pid file written before the caller is told that it worked. */
async function inBackground(values: OptionValues, context: RunContext): Promise<Ending> {
  const warn = context.reporter?.warn ?? complain;
  const watched = await watchedInBackground(values, warn);
  const settings = await loadSettings(warn);
  const filter = await filterOption(values.filter, warn);
  const owner = values.user === null ? null : (await import('../native/privileges.ts')).lookUpUser(values.user);
  const { DaemonRun } = await import('./daemon/daemon-run.ts');
  const armed = (): void => armTimes(values, context.signals);
  return new DaemonRun({ values, watched, settings, filter, context, armTimes: armed }, owner).run();
}

interface Printed extends Watching {
  what: Watched;
}

/** What prints: every monitor's snapshots, or a door's reports in its own form. */
type Prints = Pick<Printer, 'watch' | 'onFact' | 'last' | 'close' | 'abandon'> & { start?(engine: EngineClient): void };

/** The door whose reports are printed, or null: what is printed is the main command's. */
function reportingDoor({ values, door }: Watching): Door | null {
  return values.json || values.csv ? null : door;
}

/** How pairs are put together and which are printed: in --json and --csv as in the door's own reports. */
function pipeOptions(door: Door | null): Partial<HostPairOptions> {
  if (door === null) return {};
  const { grouping, screenFilter: pattern } = door.view;
  return { grouping, screenFilter: pattern === null ? null : { pattern, addresses: [], ports: [] } };
}

async function createPrinter(printed: Printed, done: (error: unknown) => void, takesKeys: boolean): Promise<Prints> {
  const { values, settings, session, what } = printed;
  const { observedNames } = session;
  const door = reportingDoor(printed);
  if (door !== null) {
    const { IftopPrinter } = await import('./iftop/text-report.ts');
    const marked = settings.current.observedNames ? observedNames : null;
    return new IftopPrinter({ door, what, observedNames: marked, takesKeys, done });
  }
  const { Printer } = await import('./print.ts');
  const { stationDescriptions: descriptions } = settings.current;
  return new Printer(what.monitor, values, { observedNames, descriptions, options: pipeOptions(printed.door) }, done);
}

async function printOut(printed: Printed, mayBecomeScreen: boolean, signals: Signals): Promise<Ending> {
  const { values, session, what } = printed;
  const done = (error: unknown): void => (error === null ? signals.end(DONE) : endWith(signals, asFailure(error)));
  const printer = await createPrinter(printed, done, !mayBecomeScreen);
  let status: number = EXIT.ok;
  let fileIsOver = false;
  const engine = await session.start(what, {
    watch: printer.watch(),
    onFact: (fact) => {
      if (fact.type === 'capture-damaged' || fact.type === 'capture-failed') {
        status = EXIT.failed;
        complain(new OperatorError(fact.error).message);
      } else if (fact.type === 'capture-fallback') complain(`capturing through libpcap: ${fact.reason}`);
      printer.onFact(fact);
    },
    onEnd: () => {
      fileIsOver = true;
      signals.end({ status });
    },
  });
  engine.onLost((reason) => endWith(signals, lostFailure(reason)));
  printer.start?.(engine);
  armTimes(values, signals);
  const shown = mayBecomeScreen ? [foreground()] : [];
  const ending = await Promise.race([signals.ending, ...shown]);
  if (ending === 'foreground') {
    printer.abandon();
    return showScreen({ ...printed, engine }, signals);
  }
  // A reader that does not read must not hold up the end.
  if ('signal' in ending) {
    printer.abandon();
    return ending;
  }
  await engine.endCapture();
  const hasLast = ending === TIME_OVER || (fileIsOver && reportingDoor(printed) !== null);
  // An engine that is lost at the end has nothing more to say.
  if (hasLast) await printer.last(engine).catch(() => undefined);
  await printer.close();
  return ending;
}

function foreground(): Promise<'foreground'> {
  return new Promise((resolve) => whenInForeground(() => resolve('foreground')));
}

async function showScreen(options: ScreensOptions, signals: Signals): Promise<Ending> {
  const { openScreens } = await import('./screens.ts');
  const screens = await openScreens(options);
  const ending = await Promise.race([signals.ending, screens.left]);
  screens.close();
  const unsaved = await options.settings.settled();
  if (unsaved !== null) complain(unsaved);
  const problem = screens.problem();
  if (problem === null || !('status' in ending)) return ending;
  complain(new OperatorError(problem).message);
  return { status: EXIT.failed };
}

function endWith(signals: Signals, { line, status }: Failure): void {
  complain(line);
  signals.end({ status });
}

function lostFailure(reason: string): Failure {
  const error = new OperatorError({
    code: 'E_ENGINE_LOST',
    operation: 'go on',
    target: '',
    cause: `the capture engine ended (${reason})`,
    remedy: 'start the program again',
  });
  return { line: error.message, status: error.exitStatus };
}
