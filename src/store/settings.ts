/** Settings on disk: settings.json in the state directory, holding what differs from the defaults (settings-table.ts). */
import { join } from 'node:path';
import { OperatorError } from '../base/errors.ts';
import { JsonDocument } from './document.ts';
import { stateDirectory } from './paths.ts';
import {
  applyChanges,
  completeSettings,
  defaultSettings,
  rebasedChanges,
  SETTINGS_SCHEMA,
  SETTINGS_VERSION,
  type SettingChanges,
  type Settings,
  type StoredSettings,
} from './settings-table.ts';

export class SettingsStore {
  readonly #document: JsonDocument<StoredSettings>;
  readonly #warnings: string[] = [];

  constructor(path = join(stateDirectory(), 'settings.json')) {
    this.#document = new JsonDocument<StoredSettings>({
      path,
      schema: SETTINGS_SCHEMA,
      defaults: () => ({ version: SETTINGS_VERSION }),
      title: 'settings',
    });
  }

  get path(): string {
    return this.#document.path;
  }

  /** One line for each thing that was wrong with the file. */
  get warnings(): readonly string[] {
    return [...this.#document.warnings, ...this.#warnings];
  }

  /** Rejects with an OperatorError (E_STORE) where the file cannot be read, or a newer program wrote it. */
  async read(): Promise<Settings> {
    return completeSettings(await this.#document.read());
  }

  /** As read(), but a damaged file stays where it is: rejects with an OperatorError (E_STORE) that names what is wrong. */
  async reread(): Promise<Settings> {
    return completeSettings(await this.#document.reread());
  }

  /** A monitor is not refused for its settings: where they cannot be read the defaults hold, and a warning says so. */
  async readOrDefaults(): Promise<Settings> {
    try {
      return await this.read();
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      this.#warnings.push(`${error.message}; the defaults hold, and no change can be kept`);
      return defaultSettings();
    }
  }

  /**
   * Rejects with an OperatorError (E_STORE); then the file is as it was. `known`: what the changes were made to; entries
   * that another instance has added to a list since then stay.
   */
  async change(changes: SettingChanges, known: Settings | null = null): Promise<Settings> {
    const change = (stored: StoredSettings): void =>
      applyChanges(stored, known === null ? changes : rebasedChanges(changes, known, completeSettings(stored)));
    return completeSettings(await this.#document.update(change));
  }

  /** Replaces all settings. Returns the path of a copy of the old file, or null where there was none. */
  async replace(settings: SettingChanges): Promise<string | null> {
    const stored: StoredSettings = { version: SETTINGS_VERSION };
    applyChanges(stored, settings);
    return this.#document.replace(stored);
  }
}
