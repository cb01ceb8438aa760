/** The interfaces of a capture as screens name them, and which of them are down. */
import type { CaptureFact, CaptureSource } from '../capture/capture-source.ts';
import type { InterfaceView, SourceOptions } from './messages.ts';

/** Slot of an interface that no packet came by. */
const NO_SLOT = -1;

export class WatchedInterfaces {
  readonly #source: Pick<CaptureSource, 'interfaces'>;
  readonly #options: SourceOptions;
  readonly #down = new Set<string>();

  constructor(source: Pick<CaptureSource, 'interfaces'>, options: SourceOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** Takes in what the source reports. */
  note(fact: CaptureFact): void {
    if (fact.type === 'interface-down') this.#down.add(fact.interface);
    if (fact.type === 'interface-up') this.#down.delete(fact.interface);
  }

  /** Name of the interface that a packet came by. */
  nameOf(slot: number): string {
    return this.#source.interfaces[slot]?.name ?? '';
  }

  /** Name of the only one, or "all". */
  get name(): string {
    const options = this.#options;
    if (options.kind === 'live') {
      return options.interfaces !== 'all' && options.interfaces.length === 1 ? options.interfaces[0] : 'all';
    }
    const names = new Set(this.#source.interfaces.map((entry) => entry.name));
    return names.size === 1 ? [...names][0] : 'all';
  }

  views(): InterfaceView[] {
    const known = this.#source.interfaces.map(({ slot, name }) => ({ slot, name, up: !this.#down.has(name) }));
    // An interface that was down from the start has no packets, and so no slot: it is down all the same.
    // Both lists may be long: on a host of containers interfaces come and go for as long as we run.
    const seen = new Set(known.map(({ name }) => name));
    const unseen = [...this.#down].filter((name) => !seen.has(name));
    return [...known, ...unseen.map((name) => ({ slot: NO_SLOT, name, up: false }))];
  }
}
