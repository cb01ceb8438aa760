/**
 * JsonDocument: a versioned, validated JSON file that several instances may change. Read through lowdb with a durable
 * adapter; checked by ajv with every problem by path and line; changed under flock on a neighbour (NAME.lock), so that
 * no change of another instance is lost. A damaged file is set aside as NAME.damaged-TIME and named in `warnings`.
 */
import { type FileHandle, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Adapter, Low } from 'lowdb';
import { OperatorError, systemCause } from '../base/errors.ts';
import type { FieldProblem } from '../base/field-problem.ts';
import { removeLeftovers, replaceFile, syncFolder } from './durable-file.ts';
import { makeFolder } from './folders.ts';

/** Milliseconds between two tries for the lock, and how long it is tried. */
const LOCK_PAUSE_MS = 10;
const LOCK_PATIENCE_MS = 5000;
const FOLDER_MODE = 0o700;
const OWNER_ONLY = 0o600;

export interface DocumentFields {
  version: number;
}

export interface DocumentOptions<T extends DocumentFields> {
  path: string;
  /** JSON Schema of the whole document, its `version` included. */
  schema: object;
  /** Finds what no schema can say of a document that the schema accepts. */
  check?: (value: object) => readonly FieldProblem[];
  /** A new document; `version` is the version this program writes. */
  defaults: () => T;
  /** What the document is called in messages: "settings". */
  title: string;
}

/** What a document is opened for: one that is damaged and cannot be set aside may be passed over, not overwritten. */
type Purpose = 'read' | 'change';

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
    return (await this.#open('read')).data;
  }

  /** The document as read() gives it, but one that cannot be used stays where it is and is passed over in silence. */
  async peek(): Promise<T> {
    const { path, schema, check, defaults } = this.#options;
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text === null) return defaults();
    const { parseDocument } = await import('./validation.ts');
    const { value, problems } = parseDocument<T>(text, schema, check);
    return value !== null && problems.length === 0 ? value : defaults();
  }

  /**
   * The document as read() gives it, but a damaged one stays where it is: rejects with an OperatorError (E_STORE) that
   * names what is wrong, for a program that goes on with what it has.
   */
  async reread(): Promise<T> {
    const { path, schema, check, defaults, title } = this.#options;
    const text = await this.#readText();
    if (text === null) return defaults();
    const { parseDocument } = await import('./validation.ts');
    const { value, problems } = parseDocument<T>(text, schema, check);
    if (value !== null && problems.length === 0 && value.version <= defaults().version) return value;
    const newer = typeof value?.version === 'number' && value.version > defaults().version;
    const cause = newer ? `it was written by a newer version of the program` : `it is damaged: ${problems.join('; ')}`;
    throw new OperatorError({ code: 'E_STORE', operation: `read ${title}`, target: path, cause });
  }

  /** Reads, changes and writes the document while no other instance can. Rejects with an OperatorError (E_STORE). */
  update(change: (value: T) => void): Promise<T> {
    return this.#locked(() => this.#changeLocked(change));
  }

  /**
   * Puts another document in its place. What was there, also a damaged or a newer one, is kept in a copy beside it;
   * returns the copy's path, or null where nothing was there. Rejects with an OperatorError (E_STORE).
   */
  replace(value: T): Promise<string | null> {
    return this.#locked(async () => {
      await this.#refuseInvalid(value);
      const before = await this.#readText();
      const copy = before === null ? null : await keepCopy(this.#options.path, before);
      await replaceFile(this.#options.path, toText(value));
      return copy;
    });
  }

  async #locked<R>(action: () => Promise<R>): Promise<R> {
    const { path } = this.#options;
    try {
      makeFolder(dirname(path), FOLDER_MODE);
      return await withLock(`${path}.lock`, async () => {
        await removeLeftovers(path);
        return action();
      });
    } catch (error) {
      if (error instanceof OperatorError) throw error;
      throw this.#failure('write', systemCause((error as Error).message));
    }
  }

  async #changeLocked(change: (value: T) => void): Promise<T> {
    const store = await this.#open('change');
    change(store.data);
    await this.#refuseInvalid(store.data);
    await store.write();
    return store.data;
  }

  async #refuseInvalid(value: T): Promise<void> {
    const { parseDocument } = await import('./validation.ts');
    const { problems } = parseDocument(toText(value), this.#options.schema, this.#options.check);
    // Lines of a text that nobody has seen say nothing.
    const causes = problems.map((problem) => problem.replace(/^line \d+: /, ''));
    if (causes.length > 0) throw this.#failure('change', causes.join('; '));
  }

  async #open(purpose: Purpose): Promise<Low<T>> {
    const { Low } = await import('lowdb');
    const adapter: Adapter<T> = {
      read: () => this.#load(purpose),
      write: (value) => replaceFile(this.#options.path, toText(value)),
    };
    const store = new Low<T>(adapter, this.#options.defaults());
    await store.read();
    return store;
  }

  async #load(purpose: Purpose): Promise<T | null> {
    const { path, schema, check, defaults, title } = this.#options;
    const text = await this.#readText();
    if (text === null) return null;
    const { parseDocument } = await import('./validation.ts');
    const { value, problems } = parseDocument<T>(text, schema, check);
    if (typeof value?.version === 'number' && value.version > defaults().version) {
      throw this.#failure(
        'read',
        `it was written by a newer version of the program (document version ${value.version})`,
      );
    }
    if (problems.length === 0) return value;
    const damage = problems.join('; ');
    try {
      const where = await setAside(path);
      this.warnings.push(`${title} ${path} is damaged and was moved to ${where}: ${damage}`);
    } catch (error) {
      const cause = `it is damaged and cannot be moved aside (${systemCause((error as Error).message)}): ${damage}`;
      if (purpose === 'change') throw this.#failure('change', cause);
      this.warnings.push(`${title} ${path} is not used: ${cause}`);
    }
    return null;
  }

  async #readText(): Promise<string | null> {
    try {
      return await readFile(this.#options.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw this.#failure('read', systemCause((error as Error).message));
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

/** Renames the damaged file. Reserving the name first: rename would overwrite what another instance has set aside. */
async function setAside(path: string): Promise<string> {
  const { where, file } = await openBeside(path, 'damaged');
  await file.close();
  await rename(path, where);
  await syncFolder(dirname(path));
  return where;
}

/** A copy of the text beside the file, on the disk before the file changes. */
async function keepCopy(path: string, text: string): Promise<string> {
  const { where, file } = await openBeside(path, 'before');
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await unlink(where).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
  return where;
}

/** A new file PATH.WORD-TIME; the time has no colons, and a second one in the same second gets a number. */
async function openBeside(path: string, word: string): Promise<{ where: string; file: FileHandle }> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  for (let attempt = 0; ; attempt++) {
    const where = `${path}.${word}-${time}${attempt === 0 ? '' : `-${attempt}`}`;
    const file = await open(where, 'wx', OWNER_ONLY).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return null;
      throw error;
    });
    if (file !== null) return { where, file };
  }
}

/**
 * Runs `action` while this process alone holds the lock; the kernel releases it when the process dies. Whoever waits
 * holds the lock of the folder meanwhile: one that saves over and over would else take the file's lock again before
 * anyone who looks for it now and then finds it free.
 */
async function withLock<R>(path: string, action: () => Promise<R>): Promise<R> {
  const patience = Date.now() + LOCK_PATIENCE_MS;
  const queue = await open(dirname(path), 'r');
  let file: FileHandle | null = null;
  try {
    await lockFile(queue, patience);
    file = await open(path, 'a', OWNER_ONLY);
    await lockFile(file, patience);
  } catch (error) {
    await file?.close();
    throw error;
  } finally {
    await queue.close();
  }
  try {
    return await action();
  } finally {
    await file.close();
  }
}

async function lockFile(file: FileHandle, patience: number): Promise<void> {
  const { tryLockFile } = await import('../native/files.ts');
  while (!tryLockFile(file.fd)) {
    if (Date.now() > patience) throw new Error('another instance is changing it');
    await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS));
  }
}
