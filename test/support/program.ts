/** The built program, as end-to-end tests run it: where it is, and what environment keeps it off this machine's files. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');
export const PROGRAM = join(ROOT, 'dist/iptraf-ts.js');

/** Builds what is stale: a test file run by itself tests the sources as they are. */
export function buildProgram(): void {
  execFileSync(join(ROOT, 'scripts/build-if-stale'), { stdio: ['ignore', 'inherit', 'inherit'] });
}

export interface ProgramHome {
  env: Record<string, string>;
  remove(): void;
}

/** Folders of its own for settings and logs. */
export function temporaryHome(): ProgramHome {
  const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-home-'));
  const env = { IPTRAF_TS_STATE_DIR: join(folder, 'state'), IPTRAF_TS_LOG_DIR: join(folder, 'log') };
  return { env, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * The program as one executable file in `folder`, as scripts name it. The environment is in it: sudo and cron pass none
 * on. It becomes the program, as the installed wrapper does: its process id is the program's, and a link of a
 * predecessor's name takes that one's options.
 */
export function programFile(folder: string, environment: Record<string, string>): string {
  const path = join(folder, 'iptraf-ts');
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's.
  const door = 'case "${0##*/}" in iftop | nethogs | bandwhich) set -- "${0##*/}" "$@" ;; esac';
  writeFileSync(path, ['#!/bin/sh', ...lines, door, `exec '${process.execPath}' '${PROGRAM}' "$@"`, ''].join('\n'), {
    mode: 0o755,
  });
  return path;
}

/** A process and everything it started, by /proc. */
export function processTree(pid: number): number[] {
  const tasks = attempt(() => readdirSync(`/proc/${pid}/task`), []);
  const children = tasks.flatMap((task) =>
    attempt(() => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'), '')
      .split(' ')
      .filter((child) => child !== ''),
  );
  return [pid, ...children.flatMap((child) => processTree(Number(child)))];
}

/** Those that still run; a dead one that nobody has collected yet does not. */
export function stillRunning(pids: readonly number[]): number[] {
  return pids.filter((pid) => !attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'), ') Z ').includes(') Z '));
}

/** The process may end while it is looked at. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
