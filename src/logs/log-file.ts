/**
 * Opening a log file so that nothing foreign is written through it: appended to, mode 0640, no symbolic link followed,
 * missing folders made, locked against a second writer.
 */
import {
  close,
  closeSync,
  constants,
  existsSync,
  fchownSync,
  fstatSync,
  fsync,
  lchownSync,
  openSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { OperatorError, type OperatorErrorCode, systemCause } from '../base/errors.ts';
import { tryLockFile } from '../native/files.ts';
import { makeFolder } from '../store/folders.ts';

const LOG_MODE = 0o640;
const FOLDER_MODE = 0o755;

/** O_NONBLOCK: a named pipe that nobody reads must not hold up the program; it means nothing to regular files. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const { O_CREAT, O_EXCL } = constants;

/** Who owns files and folders that are made, where the program will not stay who it is. */
export interface Owner {
  uid: number;
  gid: number;
}

export interface OpenLogFile {
  fd: number;
  /** Which file it is, whatever it is called by now. */
  device: number;
  inode: number;
  regular: boolean;
  /** Bytes in it, and when it was made (seconds since 1970). */
  size: number;
  born: number;
}

/** Opens and locks; throws an OperatorError (E_OUTPUT, E_PERMISSION). */
export function openLogFile(path: string, owner: Owner | null = null): OpenLogFile {
  const fd = openOrThrow(path, owner);
  if (tryLockFile(fd)) return described(fd);
  closeSync(fd);
  throw logError(path, 'another instance writes to it', 'give each instance a log of its own');
}

/** Whether they may make and rename files beside this one. */
export function mayReplace(path: string, { uid, gid }: Owner): boolean {
  const folder = statSync(dirname(path));
  const bits = folder.uid === uid ? 0o300 : folder.gid === gid ? 0o030 : 0o003;
  return uid === 0 || (folder.mode & bits) === bits;
}

export function logError(
  path: string,
  cause: string,
  remedy?: string,
  code: OperatorErrorCode = 'E_OUTPUT',
): OperatorError {
  return new OperatorError({ code, operation: 'write log', target: path, cause, remedy });
}

/** On disk, then closed; what the disk says to that changes nothing any more. */
export function finishLogFile({ fd }: OpenLogFile): Promise<void> {
  return new Promise((resolve) => {
    fsync(fd, () => close(fd, () => resolve()));
  });
}

function openOrThrow(path: string, owner: Owner | null): number {
  try {
    makeFolders(dirname(path), owner);
    return openOrMake(path, owner);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP') throw logError(path, 'it is a symbolic link', 'name the file itself');
    if (code === 'ENXIO') throw logError(path, 'nobody reads this pipe', 'start its reader first');
    if (code === 'EISDIR') throw logError(path, 'it is a directory', 'name a file in it');
    if (code === 'EEXIST' || code === 'ENOTDIR') throw logError(path, 'its folder is a file');
    if (code === 'EACCES' || code === 'EPERM') {
      throw logError(
        path,
        systemCause(message),
        'who runs it may not write there: run with sudo, or name another file',
        'E_PERMISSION',
      );
    }
    throw logError(path, systemCause(message));
  }
}

function openOrMake(path: string, owner: Owner | null): number {
  try {
    const fd = openSync(path, FLAGS | O_CREAT | O_EXCL, LOG_MODE);
    if (owner !== null && process.getuid?.() === 0) fchownSync(fd, owner.uid, owner.gid);
    return fd;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // It may be gone again by now: then it is made after all.
    return openSync(path, FLAGS | O_CREAT, LOG_MODE);
  }
}

/** Folders that were there stay whose they are. */
function makeFolders(folder: string, owner: Owner | null): void {
  const missing: string[] = [];
  for (let each = folder; !existsSync(each) && dirname(each) !== each; each = dirname(each)) missing.push(each);
  makeFolder(folder, FOLDER_MODE);
  if (owner === null || process.getuid?.() !== 0) return;
  for (const made of missing) lchownSync(made, owner.uid, owner.gid);
}

function described(fd: number): OpenLogFile {
  const stats = fstatSync(fd);
  const born = (stats.birthtimeMs > 0 ? stats.birthtimeMs : stats.mtimeMs) / 1000;
  return { fd, device: stats.dev, inode: stats.ino, regular: stats.isFile(), size: stats.size, born };
}
