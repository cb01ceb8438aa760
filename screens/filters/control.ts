/**
 * What the screens may ask about filters; src/cli/filters.ts answers. Requests are carried out by the loop
 * (navigator.ts): their answers and their failures stand on the status line.
 */
import type { Filter } from '../../filters/filter.ts';
import type { NamedFilter } from '../../filters/ready-made.ts';
import type { FilterProbe } from '../../src/engine/messages.ts';

export type FilterRequest =
  /** Capture goes on with this filter; null: without one. A list that the operator has not saved can be applied too. */
  | { type: 'apply'; filter: Filter | null }
  /** The same with a filter that is this capture expression and nothing else; empty: without a filter. */
  | { type: 'apply-expression'; text: string }
  /** Excludes the ssh session that the operator is logged in by, or counts it again. */
  | { type: 'toggle-own-session' }
  /**
   * `replaces`: the name it had when it was opened for editing, or null. `opened`: what it was then, so that an edit by
   * another program since then is not lost; absent: what the list holds now.
   */
  | { type: 'save'; filter: Filter; replaces: string | null; opened?: Filter }
  | { type: 'remove'; name: string };

export interface FilterControl {
  /** Stored ones by name, then those that come with the program. */
  list(): readonly NamedFilter[];
  /** Name of the filter that is applied (also before capture begins), or null. */
  readonly active: string | null;
  /** The capture expression that the active filter comes down to, to be edited; null: no filter, or it is more. */
  readonly expression: string | null;
  readonly withoutOwnSession: boolean;
  /** false: nothing is captured now, so nothing can be counted (the menu). */
  readonly capturing: boolean;
  /** Settles with one line for the status line, or null. Rejects with an OperatorError; then nothing has changed. */
  carryOut(request: FilterRequest): Promise<string | null>;
  /** Counts what the candidate would let through; null ends it. Rejects where it cannot be applied, with the reason. */
  probe(candidate: Filter | null): Promise<void>;
  readProbe(): Promise<FilterProbe | null>;
}
