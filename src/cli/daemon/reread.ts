/**
 * SIGHUP in the background: the settings and the named filter are read again and hold at once. A file that is damaged, or
 * a filter that cannot be applied, changes nothing and is told.
 */
import { FilterStore } from '../../../filters/store.ts';
import { describeOperatorError, OperatorError } from '../../base/errors.ts';
import { EngineError } from '../../engine/engine-client.ts';
import type { LiveSettings } from '../../store/live-settings.ts';
import { SettingsStore } from '../../store/settings.ts';
import type { SettingName, Settings } from '../../store/settings-table.ts';
import { rereadFilter } from '../filters/named-filter.ts';
import type { RunLog } from '../logs/run-log.ts';
import type { OptionValues } from '../option-values.ts';
import type { DaemonEngine } from './daemon-engine.ts';
import type { ServiceManager } from './service-manager.ts';

/** What a capture takes from the settings when it starts, and never again. */
const AT_THE_START: readonly SettingName[] = ['promiscuous', 'decapsulateTunnels', 'maximumConversations'];
/** What a run in the background goes by, and takes over at once. */
const AT_ONCE: readonly SettingName[] = [
  'tcpTimeoutMinutes',
  'closedPersistenceMinutes',
  'additionalPorts',
  'logIntervalMinutes',
  'stationDescriptions',
];

export interface RereadParts {
  values: OptionValues;
  settings: LiveSettings;
  engines: readonly DaemonEngine[];
  log: RunLog;
  service: ServiceManager;
  store?: SettingsStore;
}

export class Reread {
  readonly #parts: RereadParts;
  readonly #settingsStore: SettingsStore;
  readonly #filterStore = new FilterStore();
  /** One after the other: two signals must not mix. */
  #turn: Promise<void> = Promise.resolve();

  /** To be made while the process is who started it, where it was started: both decide where its documents are. */
  constructor(parts: RereadParts) {
    this.#parts = parts;
    this.#settingsStore = parts.store ?? new SettingsStore();
  }

  /** Never rejects. `ready`: what the service manager hears afterwards. */
  now(ready: string): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      this.#parts.service.reloading();
      await this.#attempt(() => this.#settings());
      await this.#attempt(() => this.#filter());
      this.#parts.service.ready(ready);
    });
    return this.#turn;
  }

  async #attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      const known = error instanceof OperatorError || error instanceof EngineError;
      if (!known) throw error;
      const text = error.fields === null ? error.message : describeOperatorError(error.fields);
      this.#parts.log.failure(`${text}; nothing was changed`);
    }
  }

  async #settings(): Promise<void> {
    const { settings, engines, log } = this.#parts;
    const before = settings.current;
    const read = await this.#settingsStore.reread();
    settings.replace(read);
    for (const engine of engines) await engine.apply(read);
    log.notice(['settings reread', ...changesText(before, read)].join('; '));
  }

  async #filter(): Promise<void> {
    const { values, engines, log } = this.#parts;
    if (values.filter === null) return;
    const filter = await rereadFilter(values.filter, this.#filterStore);
    for (const engine of engines) {
      for (const warning of await engine.useFilter(filter)) log.notice(warning);
    }
    log.notice(`filter ${values.filter} reread`);
  }
}

/** What holds now, and what waits for the next start. */
export function changesText(before: Settings, after: Settings): string[] {
  const changed = (names: readonly SettingName[]): string[] =>
    names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  const [now, later] = [changed(AT_ONCE), changed(AT_THE_START)];
  return [
    now.length === 0 ? 'nothing that is used here has changed' : `changed: ${now.join(', ')}`,
    ...(later.length === 0 ? [] : [`changed, but holds from the next start on: ${later.join(', ')}`]),
  ];
}
