/**
 * The file that directives come from: -c FILE, else .iftoprc in the home of whoever called us, which under sudo is the
 * calling user and not root. That file is read with the caller's own rights: it may be a link to what he must not read.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { OperatorError, systemCause } from '../../base/errors.ts';

/** More is no file of settings. */
const MOST_BYTES = 64 * 1024;

/** Whose file it is. */
export interface Caller {
  home: string;
  /** null: us. */
  user: { name: string; uid: number; gid: number } | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Who called: under sudo its user (sudo(8), ENVIRONMENT). null: who has no home that is known here. */
export function caller(environment: Environment = process.env, root = process.geteuid?.() === 0): Caller | null {
  const { SUDO_USER: name, SUDO_UID, SUDO_GID, SUDO_HOME } = environment;
  const [uid, gid] = [Number(SUDO_UID), Number(SUDO_GID)];
  const isSudo = root && name !== undefined && SUDO_UID !== undefined && Number.isInteger(uid) && uid > 0;
  if (!isSudo || !Number.isInteger(gid)) return { home: homedir(), user: null };
  const home = homeOf(uid) ?? SUDO_HOME ?? '';
  return isAbsolute(home) ? { home, user: { name, uid, gid } } : null;
}

/** By /etc/passwd; null: the user comes from elsewhere. */
function homeOf(uid: number): string | null {
  let text: string;
  try {
    text = readFileSync('/etc/passwd', 'utf8');
  } catch {
    return null;
  }
  const entry = text.split('\n').map((line) => line.split(':'));
  return entry.find((fields) => fields[2] === String(uid))?.[5] ?? null;
}

/** Content of the file that -c names; /dev/null is the usual word for none. Throws an OperatorError. */
export function readGiven(path: string): string {
  if (path === '/dev/null') return '';
  try {
    return contentOf(path);
  } catch (error) {
    const remedy = 'start without -c, or name a file of "name: value" lines';
    throw new OperatorError({ code: 'E_USAGE', operation: 'read', target: path, cause: causeOf(error), remedy });
  }
}

/** Content of the caller's .iftoprc with its path, null where there is none. That it cannot be read is a warning. */
export function readUsual(
  warn: (line: string) => void,
  who: Caller | null = caller(),
): { path: string; content: string } | null {
  if (who === null) return null;
  const path = join(who.home, '.iftoprc');
  try {
    return { path, content: asUser(who.user, () => contentOf(path)) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') warn(`${path} is left out: ${causeOf(error)}`);
    return null;
  }
}

function causeOf(error: unknown): string {
  return systemCause((error as Error).message);
}

/** Of a regular file only: reading a device may do something, reading a pipe may wait for ever. */
function contentOf(path: string): string {
  if (!statSync(path).isFile()) throw new Error('it is no regular file');
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    // It may be another one by now.
    if (!fstatSync(file).isFile()) throw new Error('it is no regular file');
    const buffer = Buffer.alloc(MOST_BYTES + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length < buffer.length; length += got) {
      got = readSync(file, buffer, length, buffer.length - length, null);
    }
    if (length > MOST_BYTES) throw new Error(`it is longer than ${MOST_BYTES / 1024} KiB`);
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}

/**
 * Carries out with the rights of that user what takes no time. Node sets them for every thread, so nothing else may be
 * going on: the program has only just begun. Throws where this process may not.
 */
function asUser<T>(user: Caller['user'], action: () => T): T {
  if (user === null) return action();
  const { getegid, getgroups, initgroups, setegid, seteuid, setgroups } = process as PosixProcess;
  const [gid, groups] = [getegid(), getgroups()];
  try {
    initgroups(user.name, user.gid);
    setegid(user.gid);
    seteuid(user.uid);
    return action();
  } finally {
    seteuid(0);
    setegid(gid);
    setgroups(groups);
  }
}

/** Node has them on every system that we run on. */
interface PosixProcess extends Required<typeof process> {
  /** Of a user (by name) and one more group. */
  initgroups(user: string, group: number): void;
}
