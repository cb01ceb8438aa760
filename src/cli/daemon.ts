/**
 * -B: the program starts itself anew in a session of its own, without a terminal, and waits until that copy has opened
 * everything and written its pid file, or has said why it could not: errors still reach the caller's exit status.
 *
 *   caller ── spawn, setsid ──► copy: opens, writes /run/iptraf-ts/PID.pid
 *          ◄── ready | failed ──      (over Node's channel, which then closes)
 */
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, OperatorError } from '../base/errors.ts';
import { makeFolder } from '../store/folders.ts';
import { runDirectory } from '../store/paths.ts';
import { complain } from './fail.ts';
import { processStat } from './process-stat.ts';
import { PROGRAM } from './version.ts';

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

/** Writes PID.pid; it is removed when the process ends by itself. Throws an OperatorError (E_OUTPUT). */
export function writePidFile(directory = runDirectory()): string {
  const path = join(directory, `${process.pid}.pid`);
  try {
    makeFolder(directory, 0o755);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
    const file = openSync(path, flags, 0o644);
    writeSync(file, `${process.pid}\n`);
    closeSync(file);
  } catch (error) {
    throw new OperatorError({
      code: 'E_OUTPUT',
      operation: 'write pid file',
      target: path,
      cause: (error as Error).message,
    });
  }
  process.on('exit', () => {
    try {
      unlinkSync(path);
    } catch {
      // Someone else removed it: it is gone, as it should be.
    }
  });
  return path;
}

/** -f without a facility: removes pid files whose process is gone. Returns how many. */
export function removeStalePidFiles(directory = runDirectory()): number {
  let removed = 0;
  for (const name of pidFileNames(directory)) {
    if (processStat(Number.parseInt(name, 10))?.name === PROGRAM) continue;
    unlinkSync(join(directory, name));
    removed++;
  }
  return removed;
}

function pidFileNames(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => /^\d+\.pid$/.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
