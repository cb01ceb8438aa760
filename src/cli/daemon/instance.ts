/**
 * A running daemon as others find it: two files in the run directory, gone when it ends.
 *
 *   PID.pid    its process id, as iptraf-ng and every init script have it
 *   PID.json   what it watches, where it logs, how it fares (instance-document.ts); replaced atomically
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchownSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { OperatorError, systemCause } from '../../base/errors.ts';
import { makeFolder } from '../../store/folders.ts';
import { runDirectory } from '../../store/paths.ts';
import { VERSION } from '../version.ts';
import { INSTANCE_VERSION, type InstanceDocument, type InstanceFigures } from './instance-document.ts';
import { startTicks } from './process-stat.ts';

export type { InstanceFigures } from './instance-document.ts';

const FOLDER_MODE = 0o755;
/** Sticky, and for the group: whom we become may remove its own files, and nobody else's. */
const SHARED_FOLDER_MODE = 0o1775;
const FILE_MODE = 0o644;

/** What does not change while it runs. */
export interface InstanceFacts {
  /** Arguments after the program's name. */
  commandLine: readonly string[];
  /** What each monitor watches; `interfaces`: a name, several with commas, or "all". */
  monitors: readonly { monitor: string; interfaces: string }[];
  /** Full paths. */
  logs: readonly string[];
  /** Of syslog, or null. */
  facility: string | null;
  /** Name of the user it runs as once everything is open. */
  user: string;
}

export interface InstancePlace {
  directory?: string;
  /** Whom this process becomes later: the files are given to it. null: it stays what it is. */
  owner?: { uid: number; gid: number } | null;
}

const NO_FIGURES: InstanceFigures = {
  packets: 0,
  droppedByKernel: null,
  logRecords: 0,
  logRecordsLost: 0,
  alerts: 0,
  engineRestarts: 0,
};

export class Instance {
  readonly #pidPath: string;
  readonly #documentPath: string;
  readonly #owner: { uid: number; gid: number } | null;
  #document: InstanceDocument;
  readonly #remove = (): void => this.close();

  /** Writes both files; throws an OperatorError (E_OUTPUT). They go when the process ends by itself, at the latest. */
  constructor(facts: InstanceFacts, { directory = runDirectory(), owner = null }: InstancePlace = {}) {
    this.#pidPath = join(directory, `${process.pid}.pid`);
    this.#documentPath = join(directory, `${process.pid}.json`);
    this.#owner = owner;
    const now = new Date().toISOString();
    this.#document = {
      version: INSTANCE_VERSION,
      pid: process.pid,
      startTicks: startTicks(process.pid) ?? 0,
      program: VERSION,
      since: now,
      ...facts,
      commandLine: [...facts.commandLine],
      monitors: [...facts.monitors],
      logs: [...facts.logs],
      figures: NO_FIGURES,
      updated: now,
    };
    try {
      makeFolder(directory, FOLDER_MODE);
      if (owner !== null) shareFolder(directory, owner);
      process.on('exit', this.#remove);
      // The document first: whoever finds the pid file finds what belongs to it, not what a dead process has left.
      this.#writeDocument();
      this.#write(this.#pidPath, `${process.pid}\n`);
    } catch (error) {
      this.close();
      throw new OperatorError({
        code: 'E_OUTPUT',
        operation: 'write pid file',
        target: this.#pidPath,
        cause: systemCause((error as Error).message),
        remedy: 'another folder can be named in IPTRAF_TS_RUN_DIR',
      });
    }
  }

  /** How it fares now. What cannot be written is left: whoever reads sees from `updated` how old it is. */
  update(figures: InstanceFigures): void {
    this.#document = { ...this.#document, figures, updated: new Date().toISOString() };
    try {
      this.#writeDocument();
    } catch {
      // A full /run stops no monitor.
    }
  }

  /** Removes both files. Idempotent. */
  close(): void {
    process.removeListener('exit', this.#remove);
    for (const path of [this.#pidPath, this.#documentPath]) removeFile(path);
  }

  /** Replaced by renaming: a reader sees the old document or the new one. Not synced: /run does not outlive the machine. */
  #writeDocument(): void {
    const neighbour = `${this.#documentPath}.new`;
    this.#write(neighbour, `${JSON.stringify(this.#document)}\n`);
    renameSync(neighbour, this.#documentPath);
  }

  /** A file of that name was left by a process that is dead: ours is another. No link is followed. */
  #write(path: string, text: string): void {
    removeFile(path);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = openSync(path, flags, FILE_MODE);
    try {
      writeSync(file, text);
      // By its descriptor: whoever may rename in this folder could put another file in its place.
      if (this.#owner !== null && process.geteuid?.() === 0) fchownSync(file, this.#owner.uid, this.#owner.gid);
    } finally {
      closeSync(file);
    }
  }
}

/** Who gives up root's rights could not remove its files from root's folder: its group may. */
function shareFolder(directory: string, { uid, gid }: { uid: number; gid: number }): void {
  const { uid: owner } = statSync(directory);
  if (owner === uid || process.geteuid?.() !== 0) return;
  chownSync(directory, owner, gid);
  chmodSync(directory, SHARED_FOLDER_MODE);
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Someone else removed it, or it may not be removed: it counts for nothing once the process is gone.
  }
}
