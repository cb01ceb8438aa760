/**
 * JsonDocument: a versioned, validated JSON file that several instances may change. Read through lowdb with a durable
 * adapter; checked by ajv with every problem by path and line; changed under flock on a neighbour (NAME.lock), so that
 * no change of another instance is lost. A damaged file is set aside as NAME.damaged-TIME and named in `warnings`.
 */
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Adapter } from 'lowdb';
import { OperatorError } from '../base/errors.ts';
import { replaceFile, syncFolder } from './durable-file.ts';
import { makeFolder } from './folders.ts';

/** Milliseconds between two tries for the lock, and how long it is tried. */
const LOCK_PAUSE_MS = 10;
const LOCK_PATIENCE_MS = 3000;
const FOLDER_MODE = 0o700;
const OWNER_ONLY = 0o600;

export interface DocumentFields {
  version: number;
}

export interface DocumentOptions<T extends DocumentFields> {
  path: string;
  /** JSON Schema of the whole document, its `version` included. */
  schema: object;
  /** A new document; `version` is the version this program writes. */
  defaults: () => T;
  /** What the document is called in messages: "settings". */
  title: string;
}

export class JsonDocument<T extends DocumentFields> {
  readonly #options: DocumentOptions<T>;
  /** For the operator, one line each: what was wrong and where the file is now. */
  readonly warnings: string[] = [];

  constructor(options: DocumentOptions<T>) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.path;
  }

  /** The document, or its defaults where there is none (or a damaged one, now set aside). Writes nothing else. */
  async read(): Promise<T> {
    const { Low } = await import('lowdb');
    const store = new Low<T>(this.#adapter(), this.#options.defaults());
    await store.read();
    return store.data;
  }

  /** Reads, changes and writes the document while no other instance can. Rejects with an OperatorError (E_STORE). */
  async update(change: (value: T) => void): Promise<T> {
    const { path } = this.#options;
    try {
      makeFolder(dirname(path), FOLDER_MODE);
      return await withLock(`${path}.lock`, () => this.#changeLocked(change));
    } catch (error) {
      if (error instanceof OperatorError) throw error;
      throw this.#failure('write', (error as Error).message);
    }
  }

  async #changeLocked(change: (value: T) => void): Promise<T> {
    const { Low } = await import('lowdb');
    const store = new Low<T>(this.#adapter(), this.#options.defaults());
    await store.read();
    change(store.data);
    const { parseDocument } = await import('./validation.ts');
    const { problems } = parseDocument(toText(store.data), this.#options.schema);
    // Lines of a text that nobody has seen say nothing.
    const causes = problems.map((problem) => problem.replace(/^line \d+: /, ''));
    if (causes.length > 0) throw this.#failure('change', causes.join('; '));
    await store.write();
    return store.data;
  }

  #adapter(): Adapter<T> {
    return {
      read: () => this.#load(),
      write: (value) => replaceFile(this.#options.path, toText(value)),
    };
  }

  async #load(): Promise<T | null> {
    const { path, schema, defaults, title } = this.#options;
    const text = await this.#readText();
    if (text === null) return null;
    const { parseDocument } = await import('./validation.ts');
    const { value, problems } = parseDocument<T>(text, schema);
    if (typeof value?.version === 'number' && value.version > defaults().version) {
      throw this.#failure(
        'read',
        `it was written by a newer version of the program (document version ${value.version})`,
      );
    }
    if (problems.length === 0) return value;
    const where = await setAside(path);
    this.warnings.push(`${title} ${path} is damaged and was moved to ${where}: ${problems.join('; ')}`);
    return null;
  }

  async #readText(): Promise<string | null> {
    try {
      return await readFile(this.#options.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw this.#failure('read', (error as Error).message);
    }
  }

  #failure(operation: string, cause: string): OperatorError {
    const { title, path } = this.#options;
    return new OperatorError({ code: 'E_STORE', operation: `${operation} ${title}`, target: path, cause });
  }
}

function toText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Renames the damaged file; the time in its name has no colons, and a second one in the same second gets a number. */
async function setAside(path: string): Promise<string> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  for (let attempt = 0; ; attempt++) {
    const where = attempt === 0 ? `${path}.damaged-${time}` : `${path}.damaged-${time}-${attempt}`;
    // Reserving the name first: rename would overwrite what another instance has just set aside.
    const reserved = await open(where, 'wx', OWNER_ONLY).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return null;
      throw error;
    });
    if (reserved === null) continue;
    await reserved.close();
    await rename(path, where);
    await syncFolder(dirname(path));
    return where;
  }
}

/** Runs `action` while this process alone holds the lock; the kernel releases it when the process dies. */
async function withLock<R>(path: string, action: () => Promise<R>): Promise<R> {
  const { tryLockFile } = await import('../native/files.ts');
  const file = await open(path, 'a', OWNER_ONLY);
  try {
    const patience = Date.now() + LOCK_PATIENCE_MS;
    while (!tryLockFile(file.fd)) {
      if (Date.now() > patience) throw new Error('another instance is changing it');
      await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS));
    }
    return await action();
  } finally {
    await file.close();
  }
}
