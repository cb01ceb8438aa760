/** What /proc says about a process: who started it, its group, its session and its terminal (proc(5), PID/stat). */
import { readFileSync, readlinkSync } from 'node:fs';

export interface ProcessStat {
  pid: number;
  /** Name of the executable, at most 15 bytes. */
  name: string;
  parent: number;
  group: number;
  session: number;
  /** Device number of the controlling terminal; 0: none. */
  terminal: number;
  /** Foreground process group of that terminal; -1: none. */
  foregroundGroup: number;
}

/** The parts of /proc that this file reads; tests give their own. */
export interface ProcessFiles {
  /** Text of /proc/PID/stat, or null when the process is gone. */
  stat(pid: number): string | null;
  /** Target of /proc/PID/fd/0, or null when it cannot be read. */
  standardInput(pid: number): string | null;
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

export const procFiles: ProcessFiles = {
  stat: (pid) => orNull(() => readFileSync(`/proc/${pid}/stat`, 'latin1')),
  standardInput: (pid) => orNull(() => readlinkSync(`/proc/${pid}/fd/0`)),
};

/** Field 22 of the line; the first one after the name is the third. */
const START_FIELD = 22 - 3;

/** The name stands in parentheses and may contain blanks and parentheses itself: the last ")" ends it. */
export function parseStat(text: string): ProcessStat {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const [parent, group, session, terminal, foregroundGroup] = fields.slice(1, 6).map(Number);
  return {
    pid: Number.parseInt(text, 10),
    name: text.slice(open + 1, close),
    parent,
    group,
    session,
    terminal,
    foregroundGroup,
  };
}

export function processStat(pid: number, files: ProcessFiles = procFiles): ProcessStat | null {
  const text = files.stat(pid);
  return text === null ? null : parseStat(text);
}

/**
 * When a process began, in clock ticks since the machine started; null when it is gone or waits dead for its parent. With
 * the process id it tells a process from every later one.
 */
export function startTicks(pid: number, files: ProcessFiles = procFiles): number | null {
  const text = files.stat(pid);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[START_FIELD]);
}

/** Parents, nearest first, up to and including init or the last that can be seen. */
export function ancestors(pid: number, files: ProcessFiles = procFiles): ProcessStat[] {
  const found: ProcessStat[] = [];
  let parent = processStat(pid, files)?.parent ?? 0;
  while (parent > 0) {
    const stat = processStat(parent, files);
    if (stat === null || found.some((known) => known.pid === stat.pid)) break;
    found.push(stat);
    parent = stat.parent;
  }
  return found;
}

/** True when our process group is the foreground group of our terminal: only then may a terminal be set to raw mode. */
export function inForeground(files: ProcessFiles = procFiles): boolean {
  const stat = processStat(process.pid, files);
  return stat !== null && stat.terminal !== 0 && stat.group === stat.foregroundGroup;
}
