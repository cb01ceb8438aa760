/**
 * Where the program keeps its files. Pure: environment and user are given, nothing is created here.
 *
 *   state  settings, filters    /var/lib/iptraf-ts (root), $XDG_CONFIG_HOME/iptraf-ts, IPTRAF_TS_STATE_DIR
 *   logs   given by bare names  /var/log/iptraf-ts (root), $XDG_STATE_HOME/iptraf-ts, IPTRAF_TS_LOG_DIR
 *   run    pid files            /run/iptraf-ts (root), $XDG_RUNTIME_DIR/iptraf-ts, IPTRAF_TS_RUN_DIR
 */
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

const NAME = 'iptraf-ts';

/** Who asks: under sudo the effective user is root, so root's places are used. */
export interface PathContext {
  environment: Readonly<Record<string, string | undefined>>;
  root: boolean;
  home: string;
}

/** This process. */
export function processContext(): PathContext {
  return { environment: process.env, root: process.geteuid?.() === 0, home: homedir() };
}

/** The XDG Base Directory specification: relative paths in these variables are to be ignored. */
function xdg(value: string | undefined, fallback: string): string {
  return join(value !== undefined && isAbsolute(value) ? value : fallback, NAME);
}

function override(value: string | undefined): string | null {
  return value === undefined || value === '' ? null : resolve(value);
}

/** Folder of JSON documents. */
export function stateDirectory({ environment, root, home }: PathContext = processContext()): string {
  const given = override(environment.IPTRAF_TS_STATE_DIR);
  if (given !== null) return given;
  return root ? join('/var/lib', NAME) : xdg(environment.XDG_CONFIG_HOME, join(home, '.config'));
}

/** Folder of logs that are given by a bare name. */
export function logDirectory({ environment, root, home }: PathContext = processContext()): string {
  const given = override(environment.IPTRAF_TS_LOG_DIR);
  if (given !== null) return given;
  return root ? join('/var/log', NAME) : xdg(environment.XDG_STATE_HOME, join(home, '.local/state'));
}

/** Folder of pid files. */
export function runDirectory({ environment, root }: PathContext = processContext()): string {
  const given = override(environment.IPTRAF_TS_RUN_DIR);
  if (given !== null) return given;
  return root ? join('/run', NAME) : xdg(environment.XDG_RUNTIME_DIR, '/tmp');
}

/** Folders where running instances are looked for: one's own, and that of root. */
export function runDirectories(context: PathContext = processContext()): string[] {
  const own = runDirectory(context);
  return override(context.environment.IPTRAF_TS_RUN_DIR) === null && !context.root ? [own, join('/run', NAME)] : [own];
}

/** A log's full path: a bare name goes to the log directory, all else is relative to the working directory. */
export function logPath(name: string, context: PathContext = processContext()): string {
  return name.includes('/') ? resolve(name) : join(logDirectory(context), name);
}
