/**
 * The settings that this run goes by: read once, changed on the screen. A change holds at once, also when it cannot be
 * saved; what could not be saved is tried again with the next change.
 */
import { OperatorError } from '../base/errors.ts';
import type { SettingsStore } from './settings.ts';
import type { SettingChanges, Settings } from './settings-table.ts';

type Store = Pick<SettingsStore, 'change' | 'warnings'>;

export class LiveSettings {
  readonly #store: Store;
  readonly #handlers = new Set<(settings: Settings) => void>();
  #current: Settings;
  #unsaved: SettingChanges = {};
  /** As they were when all was saved: what the unsaved changes were made to. */
  #saved: Settings;
  /** Why the last save failed. */
  #problem: string | null = null;
  /** One save at a time, in the order of the changes. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: Store, current: Settings) {
    this.#store = store;
    this.#current = current;
    this.#saved = current;
  }

  get current(): Settings {
    return this.#current;
  }

  /** What was wrong with the file when it was read, one line each. */
  get warnings(): readonly string[] {
    return this.#store.warnings;
  }

  /** Called after each change; returns the undo. */
  onChange(handler: (settings: Settings) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Other settings hold from now on: the file was read anew. */
  replace(settings: Settings): void {
    this.#current = settings;
    this.#saved = settings;
    for (const handler of this.#handlers) handler(settings);
  }

  /** Settles when it is saved. Rejects, in words for the status line, where it cannot be; it holds all the same. */
  change(changes: SettingChanges): Promise<void> {
    this.#current = { ...this.#current, ...changes };
    this.#unsaved = { ...this.#unsaved, ...changes };
    for (const handler of this.#handlers) handler(this.#current);
    const saved = this.#turn.then(() => this.#save());
    this.#turn = saved.catch(() => undefined);
    return saved;
  }

  async #save(): Promise<void> {
    const [changes, wanted] = [this.#unsaved, this.#current];
    if (Object.keys(changes).length === 0) return;
    this.#unsaved = {};
    this.#problem = null;
    try {
      await this.#store.change(changes, this.#saved);
      this.#saved = wanted;
    } catch (error) {
      this.#unsaved = { ...changes, ...this.#unsaved };
      this.#problem = (error as Error).message;
      if (!(error instanceof OperatorError)) throw error;
      // A status line is narrow: why comes before where.
      const { cause, target } = error.fields;
      throw new Error(`not saved: ${cause}; the change holds until the program ends (${target})`);
    }
  }

  /** Waits for what is being saved; says why the last change is not kept, or null. */
  async settled(): Promise<string | null> {
    await this.#turn;
    return this.#problem;
  }
}
