/** What a run on a screen or into a pipe does beside that: --on-alert runs commands, --prometheus writes metrics. */
import { ActiveAlerts } from '../../alerts/active-alerts.ts';
import type { EngineClient } from '../../engine/engine-client.ts';
import type { LogFigures } from '../../logs/log-writer.ts';
import type { OptionValues } from '../option-values.ts';
import { engineMonitors, type Watched, watchedName } from '../plan.ts';
import { AlertCommand } from './alert-command.ts';
import { DEFAULT_METRICS_SECONDS, MetricsFile } from './metrics-file.ts';

export interface AidsParts {
  values: OptionValues;
  what: Watched;
  engine: EngineClient;
  /** null: no log is written. */
  log(): LogFigures | null;
  /** One line for the operator. */
  warn(line: string): void;
}

export class SessionAids {
  readonly #command: AlertCommand | null;
  readonly #metrics: MetricsFile | null;

  /** Call before the engine starts. Throws an OperatorError where metrics cannot be written. */
  constructor({ values, what, engine, log, warn }: AidsParts) {
    const { onAlert, prometheusFile, everySeconds } = values;
    this.#command = onAlert === null ? null : new AlertCommand(onAlert, warn);
    const alerts = new ActiveAlerts();
    engine.onFact((fact) => {
      alerts.note(fact);
      if (fact.type === 'alert') this.#command?.run(fact);
    });
    const capture = { name: watchedName(what), engine, monitors: engineMonitors(what, values) };
    this.#metrics =
      prometheusFile === null
        ? null
        : new MetricsFile({
            path: prometheusFile,
            everySeconds: everySeconds ?? DEFAULT_METRICS_SECONDS,
            captures: () => [capture],
            run: () => ({ alertsActive: alerts.count, log: log() }),
            warn,
          });
  }

  /** The engine runs. */
  start(): void {
    this.#metrics?.start();
  }

  /** Call when the engine has said its last. */
  async close(): Promise<void> {
    await this.#metrics?.close();
    await this.#command?.close();
  }
}
