/**
 * The search of a monitor: text typed after "/", narrowing with every key. Owns the text and whether it is being typed;
 * what it means says src/search/query.ts, what matches is the engine's business.
 */
import { formatCount } from '../../src/base/format.ts';
import { parseSearch, type SearchField, type SearchQuery, type SearchTerm } from '../../src/search/query.ts';
import { type TermNames, textTest } from '../../src/search/rows.ts';
import type { Canvas } from './canvas.ts';
import { InputLine } from './input-line.ts';
import { clipText, textWidth } from './text.ts';

/** What a key did to the search. */
export type SearchKey = 'ignored' | 'changed' | 'done';

/** Names that a term stands for; `isMeant` says which names it means. */
export type NamesOf = (term: SearchTerm, isMeant: (name: string) => boolean) => TermNames;

/** The part of Query.options that every search has. */
export interface SearchOptions {
  /** As typed; null: there is no search. */
  search: string | null;
  /** By term of the search; absent: no term stands for names. */
  searchNames?: readonly TermNames[];
}

const LONGEST_SEARCH = 120;
const TEXT_X = 9;
/** Cells that the text has before notes may take more. */
const LEAST_TEXT = 14;

export class Search {
  readonly #fields: readonly SearchField[];
  readonly #hint: string;
  readonly #line = new InputLine('', LONGEST_SEARCH);
  #typing = false;
  #parsed: { text: string; query: SearchQuery } | null = null;

  /** `looksAt` says what is searched without a field: "name, value". */
  constructor(fields: readonly SearchField[], looksAt = 'any text') {
    this.#fields = fields;
    this.#hint = [looksAt, ...(fields.length === 0 ? [] : [fields.map((field) => `${field}:`).join(' ')])].join(', ');
  }

  /** The text searched for, or null. */
  get text(): string | null {
    return this.#line.text === '' ? null : this.#line.text;
  }

  /** What the text means; the same object while the text is the same. */
  get query(): SearchQuery {
    const { text } = this.#line;
    if (this.#parsed?.text !== text) this.#parsed = { text, query: parseSearch(text, this.#fields) };
    return this.#parsed.query;
  }

  /** Texts (lower case) to mark where they are shown. */
  get marked(): readonly string[] {
    const terms = this.query.terms.filter(({ negated }) => !negated);
    return terms.flatMap(({ values }) => values.flatMap((value) => (value.kind === 'text' ? [value.text] : [])));
  }

  /** For a query to the engine; it knows no names, and is told what they stand for. */
  options(namesOf?: NamesOf): SearchOptions {
    const { text } = this;
    if (text === null || namesOf === undefined) return { search: text };
    const searchNames = this.query.terms.map((term) => namesOf(term, textTest(term.values)));
    const isNamed = searchNames.some((names) => Object.keys(names).length > 0);
    return isNamed ? { search: text, searchNames } : { search: text };
  }

  get typing(): boolean {
    return this.#typing;
  }

  /** It is being typed, or it holds: it has a line of the screen. */
  get visible(): boolean {
    return this.#typing || this.text !== null;
  }

  start(): void {
    this.#typing = true;
  }

  clear(): void {
    this.#line.text = '';
    this.#typing = false;
  }

  /** Up, Down and pages stay usable while typing: they are ignored here. */
  onKey(key: string): SearchKey {
    if (key === 'ENTER') {
      this.#typing = false;
      return 'done';
    }
    if (key === 'ESCAPE') {
      this.clear();
      return 'changed';
    }
    return this.#line.onKey(key) ? 'changed' : 'ignored';
  }

  /** Draws the search over line `y`: the text, a cursor while typing, what is wrong with it, how many rows it hides. */
  draw(canvas: Canvas, y: number, shown: number, hidden: number): void {
    canvas.fill(0, y, canvas.width, 1, ' ', 'field');
    canvas.text(1, y, 'Search:', 'field');
    const note = this.#noteFor(canvas.width - TEXT_X - 3, shown, hidden);
    const noteX = canvas.width - 1 - textWidth(note);
    const room = noteX - TEXT_X - 2;
    if (this.#typing) this.#line.draw(canvas, TEXT_X, y, room);
    else canvas.text(TEXT_X, y, clipText(this.#line.text, room), 'field');
    canvas.text(noteX, y, note, 'field');
  }

  /** As much as there is room for beside the text, in `width` cells for both. */
  #noteFor(width: number, shown: number, hidden: number): string {
    const keys = this.#typing ? 'Enter keeps, Esc clears' : '/ changes, Esc clears';
    const result = this.text === null ? this.#hint : `${formatCount(shown)} shown, ${formatCount(hidden)} hidden`;
    const { note } = this.query;
    const parts = note === null ? [result, keys] : [note, result, keys];
    const textCells = Math.max(LEAST_TEXT, textWidth(this.#line.text) + 1);
    while (parts.length > 1 && textWidth(parts.join(' │ ')) > width - textCells) parts.pop();
    return clipText(parts.join(' │ '), width - Math.min(textCells, width >> 1));
  }
}
