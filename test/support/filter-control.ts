/** Filters in memory, as the screens see them: what was asked is kept, what is refused and counted the test says. */

import type { Filter } from '../../filters/filter.ts';
import type { NamedFilter } from '../../filters/ready-made.ts';
import type { FilterControl, FilterRequest } from '../../screens/filters/control.ts';
import { OperatorError } from '../../src/base/errors.ts';
import type { FilterProbe } from '../../src/engine/messages.ts';

export class FakeFilterControl implements FilterControl {
  active: string | null = null;
  expression: string | null = null;
  withoutOwnSession = false;
  capturing = true;
  listed: NamedFilter[];
  readonly requests: FilterRequest[] = [];
  /** Why the next requests and candidates are refused, or null. */
  refusal: string | null = null;
  /** Candidates in the order they were asked for. */
  readonly probed: (Filter | null)[] = [];
  counted: FilterProbe | null = null;

  constructor(listed: readonly NamedFilter[] = []) {
    this.listed = [...listed];
  }

  list(): readonly NamedFilter[] {
    return this.listed;
  }

  async carryOut(request: FilterRequest): Promise<string | null> {
    this.requests.push(request);
    if (this.refusal !== null) throw this.#refuse(this.refusal);
    switch (request.type) {
      case 'apply':
        this.active = request.filter?.name ?? null;
        return request.filter === null ? 'no filter applies' : `filter ${request.filter.name} applies`;
      case 'apply-expression':
        this.expression = request.text === '' ? null : request.text;
        this.active = this.expression;
        return this.expression === null ? 'no filter applies' : `only "${request.text}" is counted`;
      case 'toggle-own-session':
        this.withoutOwnSession = !this.withoutOwnSession;
        return this.withoutOwnSession ? 'your ssh session is left out' : 'your ssh session is counted again';
      case 'save':
        this.#without(request.replaces ?? request.filter.name);
        this.listed = [{ filter: request.filter, readyMade: false }, ...this.listed];
        return `filter ${request.filter.name} is saved`;
      case 'remove':
        this.#without(request.name);
        return `filter ${request.name} is removed`;
    }
  }

  #refuse(cause: string): OperatorError {
    return new OperatorError({ code: 'E_FILTER', operation: 'use filter', target: 'x', cause });
  }

  #without(name: string): void {
    this.listed = this.listed.filter(({ filter }) => filter.name !== name);
  }

  async probe(candidate: Filter | null): Promise<void> {
    this.probed.push(candidate);
    if (candidate !== null && this.refusal !== null) throw this.#refuse(this.refusal);
  }

  async readProbe(): Promise<FilterProbe | null> {
    return this.counted;
  }
}
