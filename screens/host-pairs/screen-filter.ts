/**
 * iftop's screen filter: a regular expression over the hosts as they are shown. Owns the expression; the engine, which
 * knows no names, is told which addresses and ports stand for names that match.
 */
import { servicePorts } from '../../src/names/services.ts';
import { Pattern } from '../../src/search/pattern.ts';
import { BadPattern } from '../../src/search/pattern-syntax.ts';
import type { HostsView } from './hosts.ts';
import type { ScreenFilter } from './types.ts';

/** Names that match: more would make every question to the engine large. */
const MOST_NAMES = 500;

/** Why an expression cannot be read, or null. */
export function patternProblem(source: string): string | null {
  try {
    new Pattern(source);
    return null;
  } catch (problem) {
    if (problem instanceof BadPattern) return problem.message;
    throw problem;
  }
}

export class ScreenFilterPattern {
  #source: string | null = null;
  #pattern: Pattern | null = null;

  /** null: everything is shown. */
  get source(): string | null {
    return this.#source;
  }

  /** Takes an expression, "" and null for none. Answers why it cannot be read, or null; then nothing has changed. */
  set(source: string | null): string | null {
    const problem = patternProblem(source ?? '');
    if (problem !== null) return problem;
    this.#source = source === '' ? null : source;
    this.#pattern = this.#source === null ? null : new Pattern(this.#source);
    return null;
  }

  /** For a query to the engine. */
  query({ names, showNames, showServices }: HostsView): ScreenFilter | null {
    const pattern = this.#pattern;
    if (pattern === null || this.#source === null) return null;
    const isMeant = (name: string): boolean => pattern.test(name);
    return {
      pattern: this.#source,
      addresses: showNames ? names.addressesMatching(isMeant, MOST_NAMES) : [],
      ports: showServices ? servicePorts(isMeant, MOST_NAMES) : [],
    };
  }
}
