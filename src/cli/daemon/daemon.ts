/**
 * -B: the program starts itself anew in a session of its own, without a terminal, and waits until that copy has opened
 * everything and written its pid file, or has said why it could not: errors still reach the caller's exit status.
 *
 *   caller ── spawn, setsid ──► copy: opens, writes /run/iptraf-ts/PID.pid (instance.ts)
 *          ◄── ready | failed ──      (over Node's channel, which then closes)
 */
import { spawn } from 'node:child_process';
import { EXIT } from '../../base/errors.ts';
import { complain } from '../fail.ts';

/** Set for the copy, and taken out of its environment at once. */
const DAEMON_VARIABLE = 'IPTRAF_TS_DAEMON';

type Report =
  | { type: 'ready' }
  /** One line for the operator; the start goes on. */
  | { type: 'warning'; line: string }
  | { type: 'failed'; line: string; status: number };

/** What became of the copy: the exit status for the caller and, when it failed, the line to print. */
export interface DaemonOutcome {
  status: number;
  line: string | null;
}

/**
 * Starts the copy with the same arguments and waits for its report. `interrupted` settles when the caller is to end
 * before: the copy is then ended too.
 */
export function startDaemon(
  modulePath: string,
  argv: readonly string[],
  interrupted: Promise<unknown>,
): Promise<DaemonOutcome> {
  const child = spawn(process.execPath, [...process.execArgv, modulePath, ...argv], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, [DAEMON_VARIABLE]: '1' },
  });
  interrupted.then(() => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.on('message', (message) => {
      const report = message as Report;
      if (report.type === 'warning') return complain(report.line);
      child.disconnect();
      child.unref();
      resolve(report.type === 'ready' ? { status: EXIT.ok, line: null } : { status: report.status, line: report.line });
    });
    child.once('error', (error) => resolve({ status: EXIT.failed, line: `cannot start the daemon: ${error.message}` }));
    child.once('exit', (code, signal) => {
      const how = signal === null ? `exit status ${code}` : `killed by ${signal}`;
      resolve({ status: EXIT.failed, line: `cannot start the daemon: it ended while it started (${how})` });
    });
  });
}

/** The copy's side. */
export interface DaemonReporter {
  /** A line for the caller's standard error, while it waits. */
  warn(line: string): void;
  ready(): void;
  failed(line: string, status: number): Promise<void>;
}

/** Non-null in the copy that startDaemon started. Call once, early: the engine must not inherit the variable. */
export function daemonReporter(): DaemonReporter | null {
  const isCopy = process.env[DAEMON_VARIABLE] === '1' && process.send !== undefined;
  delete process.env[DAEMON_VARIABLE];
  if (!isCopy) return null;
  const send = (report: Report): Promise<void> =>
    new Promise((resolve) => {
      if (!process.connected) return resolve();
      process.send?.(report, undefined, undefined, () => resolve());
    });
  return {
    warn: (line) => void send({ type: 'warning', line }),
    ready: () => {
      send({ type: 'ready' }).then(() => process.connected && process.disconnect());
      // The folder it was started in must not be kept busy for months.
      process.chdir('/');
    },
    failed: (line, status) => send({ type: 'failed', line, status }),
  };
}
