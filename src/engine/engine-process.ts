/**
 * Entry of the engine process: a forked child of the front that captures, decodes, filters and accounts.
 *
 * Started as root, it becomes another user before it sees the first packet.
 *
 * It never draws, except once: when the front vanishes without a word (killed, crashed), it writes the terminal's
 * restore sequence and the settings it saved at its start, and ends. Signals that the terminal or an operator sends to
 * the whole process group are the front's business; without a handler of ours SIGUSR1 would open Node's debugger.
 */
import { writeSync } from 'node:fs';
import { OperatorError } from '../base/errors.ts';
import { becomeUser, denyGains } from '../native/privileges.ts';
import { ignoreTerminalStops, restoreTerminalSettings, saveTerminalSettings } from '../native/terminal.ts';
import { buildEngine } from './build-engine.ts';
import type { Engine } from './engine.ts';
import type { EngineOptions, Reply, Request, RequestBody } from './messages.ts';
import { SliceSender } from './slice-sender.ts';
import { takeSnapshot, type Watched, type WatchedSnapshot } from './watch.ts';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGTSTP', 'SIGUSR1', 'SIGUSR2'] as const) {
  process.on(signal, () => undefined);
}
process.title = 'iptraf-ts';

/** The terminal, when the front has one: inherited for the rescue alone. */
const TERMINAL_FD = 4;

/** Milliseconds that are left to finish files after the front has vanished. */
const LAST_WORDS_MS = 2000;

let engine: Engine | null = null;
let watched: Watched | null = null;
/** The front has not yet written the last watched snapshot: windows that close meanwhile are skipped. */
let watchBusy = false;
/** Settles when the snapshot that is being sent has been sent; slices of two must not mix. */
let sending: Promise<void> | null = null;
const sender = new SliceSender((rows) => send({ type: 'watch-rows', rows }));
let stopping = false;
let rescue: { sequence: string; settings: Uint8Array | null } | null = null;

function send(reply: Reply): void {
  // The front may be gone already; 'disconnect' ends us, so the failure of one message says nothing new.
  process.send?.(reply, undefined, undefined, () => undefined);
}

async function carryOut(request: RequestBody): Promise<unknown> {
  switch (request.type) {
    case 'start':
      return start(request);
    case 'page':
      return running().page(request.monitor, request.query);
    case 'watch':
      watched = { monitor: request.monitor, query: request.query };
      return null;
    case 'take':
      while (sending !== null) await sending;
      sendSnapshot(takeSnapshot(running(), request), true);
      return null;
    case 'reset':
      return running().reset();
    case 'command':
      return running().command(request.monitor, request.command, request.arguments);
    case 'set-options':
      return running().setOptions(request.options);
    case 'set-filter':
      return running().setFilter(request.filter);
    case 'probe-filter':
      return running().probeFilter(request.filter);
    case 'read-probe':
      return running().readProbe();
    case 'terminal':
      rescue = { sequence: request.restore, settings: request.settings ?? saveTerminalSettings(TERMINAL_FD) };
      return rescue.settings;
    case 'end-capture':
      await engine?.endCapture();
      return null;
    case 'stop':
      stopping = true;
      await engine?.stop();
      return null;
  }
}

async function start({ options }: Extract<RequestBody, { type: 'start' }>): Promise<null> {
  const starting = buildEngine(options, {});
  engine = starting;
  starting.bus.on('fact', (fact) => send({ type: 'fact', fact }));
  starting.bus.on('names', (names) => send({ type: 'names', names }));
  starting.bus.on('window', onWindow);
  const live = options.source.kind === 'live';
  // The right to capture is enough to open what is live, also when it comes back later; a file is its owner's.
  if (live) giveUpPrivileges(options);
  await starting.start(() => send({ type: 'end' }));
  // What had to be opened by its name is open; the folder it was started in must not be kept busy for months.
  process.chdir('/');
  if (!live) giveUpPrivileges(options);
  return null;
}

/** What was opened until now stays open: the file of -w, the terminal. */
function giveUpPrivileges({ runAs = null, source }: EngineOptions): void {
  if (runAs === null) return;
  denyGains();
  becomeUser(runAs, { keep: source.kind === 'live' ? 'capture' : 'nothing' });
}

function running(): Engine {
  if (engine === null) throw new Error('the engine was not started');
  return engine;
}

function onWindow(): void {
  if (watched === null || watchBusy || sending !== null || engine === null) return;
  sendSnapshot(takeSnapshot(engine, watched), false);
}

function sendSnapshot({ head, slices }: WatchedSnapshot, taken: boolean): void {
  watchBusy = true;
  send({ type: 'watch-head', head, taken });
  sending = sender.send(slices).then(() => {
    send({ type: 'watch-end' });
    sending = null;
  });
}

process.on('message', (message) => {
  const request = message as Request;
  if (request.type === 'watch-taken') {
    watchBusy = false;
    return;
  }
  if (request.type === 'rows-taken') return sender.taken();
  carryOut(request).then(
    (value) => {
      send({ type: 'answer', id: request.id, value });
      endIfStopped(request);
    },
    (error: Error) => {
      const fields = error instanceof OperatorError ? error.fields : null;
      send({ type: 'failed', id: request.id, error: fields, message: error.message });
      endIfStopped(request);
    },
  );
});

/** Also where something could not be closed: the front waits for our end. */
function endIfStopped({ type }: RequestBody): void {
  if (type === 'stop') setImmediate(() => process.exit(0));
}

process.on('disconnect', () => {
  // The file of -w is to end with a whole block; a disk that does not answer must not keep us for ever.
  setTimeout(() => process.exit(0), LAST_WORDS_MS);
  if (stopping) return;
  rescueTerminal();
  Promise.resolve(engine?.stop()).finally(() => process.exit(0));
});

/** The front is gone: leave its terminal as it was found. Failures are final, there is nobody left to tell. */
function rescueTerminal(): void {
  if (rescue === null) return;
  try {
    ignoreTerminalStops();
    writeSync(TERMINAL_FD, rescue.sequence);
    if (rescue.settings !== null) restoreTerminalSettings(TERMINAL_FD, rescue.settings);
  } catch {
    // The terminal itself is gone.
  }
}
