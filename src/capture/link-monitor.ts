/**
 * Follows the interfaces that a capture is about: up, down, without carrier, gone, and made anew under another index.
 * Answers only what changed; what to do about it is the source's business.
 */
import { IFF } from '../native/interfaces.ts';

/** Why packets can or cannot be expected. */
export type LinkState = 'up' | 'down' | 'no carrier' | 'gone';

export interface LinkChange {
  name: string;
  state: LinkState;
  /** State before; null: the interface is new (captures of all interfaces only). */
  before: LinkState | null;
  /** Kernel's index now, null when gone. */
  index: number | null;
  /** It has another index than before: made anew. */
  reindexed: boolean;
}

/** What the monitor asks the kernel. */
export interface LinkQueries {
  /** Interfaces there are now. */
  names(): Iterable<string>;
  index(name: string): number | null;
  /** IFF bits, null when there is none of that name. */
  flags(name: string): number | null;
}

interface Link {
  state: LinkState;
  /** Last known index; stays when gone, so that late packets still find their name. */
  index: number | null;
}

export class LinkMonitor {
  readonly #queries: LinkQueries;
  /** Names to follow, null: whatever there is. */
  readonly #names: readonly string[] | null;
  readonly #links = new Map<string, Link>();
  /** By index: the name that it had when it was last seen. */
  readonly #lastNames = new Map<number, string>();

  constructor(queries: LinkQueries, names: readonly string[] | null) {
    this.#queries = queries;
    this.#names = names;
    this.check();
  }

  /** Asks the kernel anew. */
  check(): LinkChange[] {
    const changes: LinkChange[] = [];
    for (const name of this.#names ?? this.#present()) {
      const change = this.#checkOne(name);
      if (change !== null) changes.push(change);
    }
    return changes;
  }

  state(name: string): LinkState {
    return this.#links.get(name)?.state ?? 'gone';
  }

  /** Kernel indexes of the interfaces there are. */
  indexes(): number[] {
    const present = [...this.#links.values()].filter((link) => link.state !== 'gone' && link.index !== null);
    return present.map((link) => link.index as number);
  }

  /** The name that an index had when it was last seen, or null. */
  lastNameOf(index: number): string | null {
    return this.#lastNames.get(index) ?? null;
  }

  /** Names there are, and those that there were at the last look: one that was gone then is asked about no more. */
  #present(): Set<string> {
    const names = new Set(this.#queries.names());
    for (const [name, { state }] of this.#links) if (state !== 'gone') names.add(name);
    return names;
  }

  #checkOne(name: string): LinkChange | null {
    const known = this.#links.get(name);
    const index = this.#queries.index(name);
    if (index !== null) this.#lastNames.set(index, name);
    const state = stateOf(index === null ? null : this.#queries.flags(name));
    if (known === undefined) {
      this.#links.set(name, { state, index });
      return { name, state, before: null, index, reindexed: false };
    }
    const before = known.state;
    const reindexed = index !== null && index !== known.index;
    known.state = state;
    if (index !== null) known.index = index;
    return state === before && !reindexed ? null : { name, state, before, index, reindexed };
  }
}

function stateOf(flags: number | null): LinkState {
  if (flags === null) return 'gone';
  if ((flags & IFF.up) === 0) return 'down';
  return (flags & IFF.running) === 0 ? 'no carrier' : 'up';
}
