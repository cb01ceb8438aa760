/** Which alerts are on, as the facts tell: for the screen's mark, for metrics, and for when the engine is lost. Pure. */
import type { AlertChange, AlertFact } from './alert.ts';

export class ActiveAlerts {
  readonly #active = new Map<string, AlertChange>();

  get count(): number {
    return this.#active.size;
  }

  /** The one that began last, or null. */
  get newest(): AlertChange | null {
    return [...this.#active.values()].at(-1) ?? null;
  }

  /** Takes in a fact; other facts than alerts change nothing. */
  note(fact: AlertFact | { type: string; state?: undefined }): void {
    if (fact.type !== 'alert' || fact.state === undefined || fact.state === 'notice') return;
    const key = `${fact.alert}\n${fact.subject}`;
    if (fact.state === 'started') this.#active.set(key, fact);
    else this.#active.delete(key);
  }

  /** The engine is lost: nobody will tell their end any more. Nothing is on afterwards. */
  endAll(time: number): AlertChange[] {
    const ended = [...this.#active.values()].map(
      (fact): AlertChange => ({ ...fact, state: 'ended', time, cut: 'engine-lost' }),
    );
    this.#active.clear();
    return ended;
  }
}
