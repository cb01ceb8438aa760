/**
 * Life cycle decisions: whether a screen may be opened, and whether -B detaches. Every fact is read from /proc, from the
 * environment and from the standard descriptors; nothing is changed here (signals.ts and daemon.ts do that).
 */
import { isatty } from 'node:tty';
import { terminalProblem } from '../../screens/kit/terminal.ts';
import { ancestors, inForeground, type ProcessFiles, processStat, procFiles } from './daemon/process-stat.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Milliseconds between two looks at the foreground group while text is printed on a terminal. */
const FOREGROUND_POLL_MS = 500;

/**
 * "screen": open one. "later": the terminal is fit for one, but it is another process group's now. "never": text only.
 */
export type ScreenDecision = 'screen' | 'later' | 'never';

export interface TerminalFacts {
  environment: Environment;
  /** Standard input, standard output is a terminal. */
  input: boolean;
  output: boolean;
  foreground: boolean;
}

export function terminalFacts(): TerminalFacts {
  return { environment: process.env, input: isatty(0), output: isatty(1), foreground: inForeground() };
}

export function decideScreen(facts: TerminalFacts = terminalFacts()): ScreenDecision {
  if (problem(facts) !== null) return 'never';
  return facts.foreground ? 'screen' : 'later';
}

/** Why no screen can be opened now, for the error line. */
export function noScreenReason(facts: TerminalFacts = terminalFacts()): string {
  return problem(facts) ?? 'it runs in the background';
}

function problem({ environment, input, output }: TerminalFacts): string | null {
  return terminalProblem(environment, { isTTY: input }, { isTTY: output });
}

/**
 * Calls `opened` once when our process group comes to the foreground: at SIGCONT, and by looking now and then, because a
 * shell's `fg` sends no signal to a job that was never stopped. Returns the undo.
 */
export function whenInForeground(opened: () => void): () => void {
  const look = (): void => {
    if (!inForeground()) return;
    undo();
    opened();
  };
  const timer = setInterval(look, FOREGROUND_POLL_MS);
  timer.unref();
  process.on('SIGCONT', look);
  const undo = (): void => {
    clearInterval(timer);
    process.removeListener('SIGCONT', look);
  };
  return undo;
}

/** What decides whether -B stays attached; see staysAttached. */
export interface AttachmentFacts {
  pid: number;
  environment: Environment;
  files: ProcessFiles;
}

export function attachmentFacts(): AttachmentFacts {
  return { pid: process.pid, environment: process.env, files: procFiles };
}

/** Why -B stays attached ("systemd", "timeout", "&"), or null: it detaches. */
export function staysAttached(facts: AttachmentFacts = attachmentFacts()): 'systemd' | 'timeout' | '&' | null {
  if (startedBySystemd(facts)) return 'systemd';
  if (startedByTimeout(facts)) return 'timeout';
  if (startedWithAmpersand(facts)) return '&';
  return null;
}

/** systemd ≥ 248 sets SYSTEMD_EXEC_PID; it is inherited by everything below, so it must be ours. */
export function startedBySystemd({ pid, environment }: Pick<AttachmentFacts, 'pid' | 'environment'>): boolean {
  const execPid = environment.SYSTEMD_EXEC_PID;
  if (execPid !== undefined && execPid !== '') return execPid === String(pid);
  return environment.NOTIFY_SOCKET !== undefined && environment.NOTIFY_SOCKET !== '';
}

/**
 * An ancestor below the session leader is timeout(1). sudo is looked through: with a terminal it starts us in a session
 * of its own. The leader itself counts only when it started us directly: cron and ssh run `timeout … iptraf-ts` as
 * leader, but a shell that runs within a timeout is another matter.
 */
function startedByTimeout({ pid, files }: AttachmentFacts): boolean {
  const chain = ancestors(pid, files);
  if (chain.find((stat) => stat.name !== 'sudo')?.name === 'timeout') return true;
  let child = processStat(pid, files);
  for (const stat of chain) {
    const leads = child !== null && child.session === child.pid && child.name !== 'sudo';
    if (leads || (stat.session === stat.pid && stat.name === 'timeout')) return false;
    if (stat.name === 'timeout') return true;
    child = stat;
  }
  return false;
}

/**
 * A shell without job control gives `&` /dev/null as standard input (POSIX.1-2017 XCU 2.9.3.1); one with job control
 * gives it a process group of its own that is not the terminal's foreground group.
 */
function startedWithAmpersand({ pid, files }: AttachmentFacts): boolean {
  const own = processStat(pid, files);
  if (own === null) return false;
  if (own.terminal !== 0 && own.foregroundGroup > 0 && own.group !== own.foregroundGroup) return true;
  if (files.standardInput(pid) !== '/dev/null') return false;
  const shell = ancestors(pid, files).find((stat) => stat.name !== 'sudo');
  const theirs = shell === undefined ? null : files.standardInput(shell.pid);
  return theirs !== null && theirs !== '/dev/null';
}
