/** The instances that run in the background, as their files in the run directories tell (instance.ts writes them). */
import { type Dirent, readdirSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { systemCause } from '../../base/errors.ts';
import { runDirectories, runDirectory } from '../../store/paths.ts';
import { PROGRAM } from '../version.ts';
import { INSTANCE_SCHEMA, INSTANCE_VERSION, type InstanceDocument } from './instance-document.ts';
import { processStat, startTicks } from './process-stat.ts';

export interface RunningInstance {
  pid: number;
  /** Of the process that was looked at; see startTicks. */
  startTicks: number;
  /** null: there is none that can be used. */
  document: InstanceDocument | null;
  /** Why there is none, on one line; null: nothing is wrong. */
  problem: string | null;
}

/** Those whose process is alive, lowest process id first. What others have left behind is passed over. */
export async function runningInstances(directories = runDirectories()): Promise<RunningInstance[]> {
  const found: RunningInstance[] = [];
  for (const { folder, pid } of directories.flatMap(pidFiles)) {
    const instance = await lookAt(folder, pid);
    if (instance !== null && !found.some((other) => other.pid === pid)) found.push(instance);
  }
  return found.sort((a, b) => a.pid - b.pid);
}

/** -f without a facility: removes the files of processes that are gone. Returns how many there were. */
export async function removeStaleInstances(directory = runDirectory()): Promise<number> {
  let removed = 0;
  for (const { folder, pid } of pidFiles(directory)) {
    if ((await lookAt(folder, pid)) !== null) continue;
    unlinkSync(join(folder, `${pid}.pid`));
    for (const name of [`${pid}.json`, `${pid}.json.new`]) removeIfThere(join(folder, name));
    removed++;
  }
  return removed;
}

/** null: no process of ours has that number now. A document that was written by another process says the same. */
async function lookAt(directory: string, pid: number): Promise<RunningInstance | null> {
  const ticks = startTicks(pid);
  if (ticks === null || processStat(pid)?.name !== PROGRAM) return null;
  const read = await readDocument(join(directory, `${pid}.json`));
  if (typeof read === 'string') return { pid, startTicks: ticks, document: null, problem: read };
  return read.pid === pid && read.startTicks === ticks
    ? { pid, startTicks: ticks, document: read, problem: null }
    : null;
}

/** The document, or what is wrong with it. */
async function readDocument(path: string): Promise<InstanceDocument | string> {
  const { parseDocument } = await import('../../store/validation.ts');
  try {
    const { value, problems } = parseDocument<InstanceDocument>(readFileSync(path, 'utf8'), INSTANCE_SCHEMA);
    if (value !== null && problems.length === 0) return value;
    if (typeof value?.version === 'number' && value.version > INSTANCE_VERSION) return `${path}: of a newer program`;
    return `${path}: ${problems[0]}`;
  } catch (error) {
    return `${path}: ${systemCause((error as Error).message)}`;
  }
}

interface PidFile {
  folder: string;
  pid: number;
}

/** Of a run directory and of the folders in it: systemd gives each of its instances one of its own. */
function pidFiles(directory: string): PidFile[] {
  const entries = entriesOf(directory);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
  const inside = folders.map((folder) => ({ folder, names: entriesOf(folder).map(({ name }) => name) }));
  return [{ folder: directory, names: entries.map(({ name }) => name) }, ...inside].flatMap(({ folder, names }) =>
    names
      .map((name) => Number(/^([1-9]\d*)\.pid$/.exec(name)?.[1]))
      .filter((pid) => !Number.isNaN(pid))
      .map((pid) => ({ folder, pid })),
  );
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // What we may not look into holds nothing that we could tell or stop.
    if (code === 'ENOENT' || code === 'EACCES') return [];
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was not there.
  }
}
