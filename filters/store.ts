/** Filters on disk: filters.json in the state directory, written to be read and edited by hand (schema.ts). */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { OperatorError } from '../src/base/errors.ts';
import { JsonDocument } from '../src/store/document.ts';
import { stateDirectory } from '../src/store/paths.ts';
import type { Filter } from './filter.ts';
import { READY_MADE } from './ready-made.ts';
import { FILTERS_SCHEMA, FILTERS_VERSION, filterListProblems, type StoredFilters } from './schema.ts';

export class FilterStore {
  readonly #document: JsonDocument<StoredFilters>;
  readonly #warnings: string[] = [];

  constructor(path = join(stateDirectory(), 'filters.json')) {
    this.#document = new JsonDocument<StoredFilters>({
      path,
      schema: FILTERS_SCHEMA,
      check: (document) => filterListProblems((document as Partial<StoredFilters>).filters, ['filters']),
      defaults: () => ({ version: FILTERS_VERSION, filters: [] }),
      title: 'filters',
    });
  }

  get path(): string {
    return this.#document.path;
  }

  /** One line for each thing that was wrong with the file. */
  get warnings(): readonly string[] {
    return [...this.#document.warnings, ...this.#warnings];
  }

  /** The stored filters in the file's order. Rejects with an OperatorError (E_STORE) where they cannot be read. */
  async read(): Promise<Filter[]> {
    return (await this.#document.read()).filters;
  }

  /** As read(), but a damaged file stays where it is: rejects with an OperatorError (E_STORE) that names what is wrong. */
  async reread(): Promise<Filter[]> {
    return (await this.#document.reread()).filters;
  }

  /** What is there, for a shell that completes a name: nothing is said, and nothing is set aside. */
  async peek(): Promise<Filter[]> {
    return (await this.#document.peek()).filters;
  }

  /** A screen is not refused for its filters: where they cannot be read there are none, and a warning says so. */
  async readOrNone(): Promise<Filter[]> {
    try {
      return await this.read();
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      this.#warnings.push(`${error.message}; only the filters of the program are there`);
      return [];
    }
  }

  /**
   * Adds a filter, or puts it in the place of the one that is called `replaces`. `opened` is that one as the operator
   * has seen it: what another instance has made of it since then is not overwritten. A ready-made filter is replaced by
   * a stored one. Rejects with an OperatorError (E_STORE); then the file is as it was.
   */
  async save(filter: Filter, replaces: string | null, opened: Filter | null = null): Promise<void> {
    await this.#document.update(({ filters }) => {
      const at = filters.findIndex(({ name }) => name === replaces);
      const taken = filters.findIndex(({ name }) => name === filter.name);
      if (taken >= 0 && taken !== at) {
        throw refusal('save', filter.name, 'there is a filter of that name already', 'give it another name');
      }
      if (at < 0) filters.push(filter);
      else if (opened === null || isDeepStrictEqual(filters[at], plain(opened))) filters[at] = filter;
      else throw refusal('save', filter.name, 'it was changed meanwhile by another', 'give it another name');
    });
  }

  /** Rejects with an OperatorError (E_STORE) also where there is none of that name. */
  async remove(name: string): Promise<void> {
    await this.#document.update(({ filters }) => {
      const at = filters.findIndex((filter) => filter.name === name);
      if (at < 0) throw refusal('remove', name, missing(name));
      filters.splice(at, 1);
    });
  }

  /** Adds filters; those that have the name of a stored one are left out. Returns the names of those. */
  async add(added: readonly Filter[]): Promise<string[]> {
    const taken: string[] = [];
    await this.#document.update(({ filters }) => {
      for (const filter of added) {
        if (filters.some(({ name }) => name === filter.name)) taken.push(filter.name);
        else filters.push(filter);
      }
    });
    return taken;
  }

  /** Replaces all filters. Returns the path of a copy of the old file, or null where there was none. */
  replaceAll(filters: readonly Filter[]): Promise<string | null> {
    return this.#document.replace({ version: FILTERS_VERSION, filters: [...filters] });
  }
}

/** As a file gives it back: without fields that are undefined. */
function plain(filter: Filter): Filter {
  return JSON.parse(JSON.stringify(filter)) as Filter;
}

function missing(name: string): string {
  const readyMade = READY_MADE.some((filter) => filter.name === name);
  return readyMade ? 'it comes with the program, and none is stored in its place' : 'there is none of that name';
}

function refusal(verb: string, name: string, cause: string, remedy?: string): OperatorError {
  return new OperatorError({ code: 'E_STORE', operation: `${verb} filter`, target: name, cause, remedy });
}
