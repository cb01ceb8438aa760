/**
 * Replaces a file so that after a crash or power loss the old or the new content is there, never a part of either:
 * neighbour, fsync, rename, fsync of the folder. A symbolic link is followed, not replaced; a device, pipe or folder is
 * refused. Mode 0600 always.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const OWNER_ONLY = 0o600;

/** Writes `text` in place of the file's content. The folder must exist. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await followLink(path);
  await refuseSpecial(target);
  const folder = dirname(target);
  const neighbour = join(folder, `${neighbourPrefix(target)}${process.pid}.${randomBytes(4).toString('hex')}`);
  try {
    await writeNeighbour(neighbour, text, target);
    await rename(neighbour, target);
  } catch (error) {
    await unlink(neighbour).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
}

/** Of the name of a neighbour that the content is written to first; process id and random digits follow. */
function neighbourPrefix(target: string): string {
  return `.${basename(target)}.`;
}

/** Removes neighbours that killed processes have left. Only for who knows that nobody else is replacing the file now. */
export async function removeLeftovers(path: string): Promise<void> {
  const target = await followLink(path);
  const prefix = neighbourPrefix(target);
  for (const name of await readdir(dirname(target))) {
    if (!name.startsWith(prefix) || !/^\d+\.[0-9a-f]{8}$/.test(name.slice(prefix.length))) continue;
    await unlink(join(dirname(target), name)).catch(() => undefined);
  }
}

/** Where a link leads; a path that does not exist yet leads to itself. */
async function followLink(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return path;
    throw error;
  }
}

/** A rename would put a file in the place of /dev/null. */
async function refuseSpecial(target: string): Promise<void> {
  const there = await stat(target).catch(() => null);
  if (there !== null && !there.isFile()) throw new Error('it is no regular file');
}

async function writeNeighbour(neighbour: string, text: string, target: string): Promise<void> {
  const file = await open(neighbour, 'wx', OWNER_ONLY);
  try {
    await keepOwner(file, target);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** root changing a user's document leaves it the user's. */
async function keepOwner(file: FileHandle, target: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const before = await stat(target).catch(() => null);
  if (before !== null) await file.chown(before.uid, before.gid);
}

/** Makes a rename or a new name in the folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
