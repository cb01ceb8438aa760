/** What the screens may do with filters: the store, the filter that applies, and the engine that runs now. */
import { statSync } from 'node:fs';
import { expressionFilter, expressionOf } from '../../../filters/expression-filter.ts';
import type { Filter } from '../../../filters/filter.ts';
import { allFilters, type NamedFilter } from '../../../filters/ready-made.ts';
import { FilterStore } from '../../../filters/store.ts';
import type { FilterControl, FilterRequest } from '../../../screens/filters/control.ts';
import { OperatorError } from '../../base/errors.ts';
import type { FilterProbe } from '../../engine/messages.ts';
import type { EngineLink } from '../engine-link.ts';
import type { AppliedFilter, FilterChoice } from './applied-filter.ts';

export interface FiltersOptions {
  applied: AppliedFilter;
  link: Pick<EngineLink, 'engine' | 'watched'>;
  /** Begins what is captured anew, with the filter that applies by then: a file was read with the one before. */
  restart: () => Promise<void>;
  /** For the operator, one line. */
  warn: (line: string) => void;
  store?: FilterStore;
}

export class Filters implements FilterControl {
  readonly #applied: AppliedFilter;
  readonly #link: FiltersOptions['link'];
  readonly #restart: () => Promise<void>;
  readonly #warn: (line: string) => void;
  readonly #store: FilterStore;
  #stored: readonly Filter[] = [];
  /** The file as it was read last; null: not yet. */
  #stamp: string | null = null;
  #warned = 0;
  #reading: Promise<void> | null = null;
  /** One request at a time, in their order. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ applied, link, restart, warn, store = new FilterStore() }: FiltersOptions) {
    this.#applied = applied;
    this.#link = link;
    this.#restart = restart;
    this.#warn = warn;
    this.#store = store;
    this.#readWhenChanged();
  }

  get active(): string | null {
    return this.#applied.choice.filter?.name ?? null;
  }

  get expression(): string | null {
    const { filter } = this.#applied.choice;
    return filter === null ? null : expressionOf(filter);
  }

  get withoutOwnSession(): boolean {
    return this.#applied.choice.withoutOwnSession;
  }

  get capturing(): boolean {
    return this.#link.watched !== null;
  }

  /** As they were read last; a file that was changed meanwhile, by hand too, is read for the next time. */
  list(): readonly NamedFilter[] {
    this.#readWhenChanged();
    return allFilters(this.#stored);
  }

  /** Settles when what list() answers is what the file holds. */
  async settled(): Promise<void> {
    await this.#turn;
    await this.#reading;
  }

  carryOut(request: FilterRequest): Promise<string | null> {
    const done = this.#turn.then(() => this.#carryOutNow(request));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async probe(candidate: Filter | null): Promise<void> {
    if (candidate === null) return (await this.#link.engine).probeFilter(null);
    const { prepared } = await this.#applied.prepare(this.#link.watched, {
      ...this.#applied.choice,
      filter: candidate,
    });
    await (await this.#link.engine).probeFilter(prepared);
  }

  async readProbe(): Promise<FilterProbe | null> {
    return (await this.#link.engine).readProbe();
  }

  #carryOutNow(request: FilterRequest): Promise<string | null> {
    switch (request.type) {
      case 'apply':
        return this.#apply(request.filter);
      case 'apply-expression':
        return this.#applyExpression(request.text.trim());
      case 'toggle-own-session':
        return this.#toggleOwnSession();
      case 'save':
        return this.#save(request.filter, request.replaces, request.opened);
      case 'remove':
        return this.#remove(request.name);
    }
  }

  async #apply(filter: Filter | null): Promise<string> {
    const warnings = await this.#choose({ ...this.#applied.choice, filter });
    return [filter === null ? 'no filter applies' : `filter ${filter.name} applies`, ...warnings].join('; ');
  }

  async #applyExpression(text: string): Promise<string> {
    const warnings = await this.#choose({
      ...this.#applied.choice,
      filter: text === '' ? null : expressionFilter(text),
    });
    return [text === '' ? 'no filter applies' : `only "${text}" is counted`, ...warnings].join('; ');
  }

  async #toggleOwnSession(): Promise<string> {
    const withoutOwnSession = !this.withoutOwnSession;
    await this.#choose({ ...this.#applied.choice, withoutOwnSession });
    return withoutOwnSession ? 'your ssh session is left out' : 'your ssh session is counted again';
  }

  /** Where it cannot be applied everything stays as it was. Returns warnings, one line each. */
  async #choose(choice: FilterChoice): Promise<string[]> {
    const { watched } = this.#link;
    if (watched !== null && 'file' in watched) return this.#chooseForFile(choice, watched.file);
    const { prepared, warnings } = await this.#applied.prepare(watched, choice);
    if (watched !== null) await (await this.#link.engine).setFilter(prepared);
    this.#applied.choice = choice;
    return warnings;
  }

  /** What the file held is over: it is read again. */
  async #chooseForFile(choice: FilterChoice, file: string): Promise<string[]> {
    if (file === '-') throw readOnce(choice);
    const { warnings } = await this.#applied.prepare(this.#link.watched, choice);
    const before = this.#applied.choice;
    this.#applied.choice = choice;
    try {
      await this.#restart();
    } catch (error) {
      this.#applied.choice = before;
      throw error;
    }
    return warnings;
  }

  async #save(filter: Filter, replaces: string | null, opened?: Filter): Promise<string> {
    const seen = opened ?? this.#stored.find(({ name }) => name === replaces) ?? null;
    await this.#store.save(filter, replaces, seen);
    await this.#read();
    if (this.active === null || this.active !== (replaces ?? filter.name)) return `filter ${filter.name} is saved`;
    // The filter that applies is the one that the operator sees in the list.
    try {
      return [
        `filter ${filter.name} is saved and applies`,
        ...(await this.#choose({ ...this.#applied.choice, filter })),
      ].join('; ');
    } catch (error) {
      return `filter ${filter.name} is saved, but applies as it was: ${(error as Error).message}`;
    }
  }

  async #remove(name: string): Promise<string> {
    await this.#store.remove(name);
    await this.#read();
    const stays = this.active === name ? '; it still applies' : '';
    const readyMade = allFilters(this.#stored).some(({ filter }) => filter.name === name);
    return readyMade
      ? `filter ${name} is as it comes with the program again${stays}`
      : `filter ${name} is removed${stays}`;
  }

  #readWhenChanged(): void {
    if (this.#reading !== null || this.#fileStamp() === this.#stamp) return;
    this.#reading = this.#read().finally(() => {
      this.#reading = null;
    });
  }

  async #read(): Promise<void> {
    // Before the file is read: what is written meanwhile is seen as a change.
    this.#stamp = this.#fileStamp();
    this.#stored = await this.#store.readOrNone();
    const { warnings } = this.#store;
    for (const warning of warnings.slice(this.#warned)) this.#warn(warning);
    this.#warned = warnings.length;
  }

  /** Differs when the file does; "" where there is none, or none that can be looked at: reading it says why. */
  #fileStamp(): string {
    try {
      const { ino, mtimeNs, size } = statSync(this.#store.path, { bigint: true });
      return `${ino} ${mtimeNs} ${size}`;
    } catch {
      return '';
    }
  }
}

function readOnce({ filter }: FilterChoice): OperatorError {
  return new OperatorError({
    code: 'E_FILTER',
    operation: 'apply filter',
    target: filter?.name ?? 'none',
    cause: 'standard input can be read only once',
    remedy: 'start again with --filter NAME, or read a file',
  });
}
