/**
 * Entry of the engine process: a forked child of the front that captures, decodes, filters and accounts.
 *
 * It never draws, except once: when the front vanishes without a word (killed, crashed), it writes the terminal's
 * restore sequence and the settings it saved at its start, and ends. Signals that the terminal or an operator sends to
 * the whole process group are the front's business; without a handler of ours SIGUSR1 would open Node's debugger.
 */
import { writeSync } from 'node:fs';
import { OperatorError } from '../base/errors.ts';
import { ignoreTerminalStops, restoreTerminalSettings, saveTerminalSettings } from '../native/terminal.ts';
import { buildEngine } from './build-engine.ts';
import type { Engine } from './engine.ts';
import type { Reply, Request, RequestBody } from './messages.ts';
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
  starting.bus.on('window', onWindow);
  await starting.start(() => send({ type: 'end' }));
  return null;
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
  const all = new Promise<void>((resolve) => sendSlices(slices[Symbol.iterator](), resolve));
  sending = all;
  all.then(() => {
    sending = null;
  });
}

/** One slice a turn of the event loop: capture goes on in between. */
function sendSlices(slices: Iterator<unknown[]>, sent: () => void): void {
  const next = slices.next();
  if (next.done === true) {
    send({ type: 'watch-end' });
    sent();
    return;
  }
  send({ type: 'watch-rows', rows: next.value });
  setImmediate(() => sendSlices(slices, sent));
}

process.on('message', (message) => {
  const request = message as Request;
  if (request.type === 'watch-taken') {
    watchBusy = false;
    return;
  }
  carryOut(request).then(
    (value) => {
      send({ type: 'answer', id: request.id, value });
      if (stopping) setImmediate(() => process.exit(0));
    },
    (error: Error) => {
      const fields = error instanceof OperatorError ? error.fields : null;
      send({ type: 'failed', id: request.id, error: fields, message: error.message });
    },
  );
});

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
