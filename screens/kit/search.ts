/**
 * The search of a monitor: text typed after "/", narrowing with every key. Owns the text and whether it is being typed;
 * what matches is the engine's business.
 */
import type { Canvas } from './canvas.ts';
import { InputLine } from './input-line.ts';
import { clipText, textWidth } from './text.ts';

/** What a key did to the search. */
export type SearchKey = 'ignored' | 'changed' | 'done';

const LONGEST_SEARCH = 60;

export class Search {
  readonly #hint: string;
  readonly #line = new InputLine('', LONGEST_SEARCH);
  #typing = false;

  /** `hint` says what is searched: "address, port, protocol, state". */
  constructor(hint: string) {
    this.#hint = hint;
  }

  /** The text searched for, or null. */
  get text(): string | null {
    return this.#line.text === '' ? null : this.#line.text;
  }

  get typing(): boolean {
    return this.#typing;
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

  /** Draws the search over line `y`: the text, a cursor while typing, and how many rows it hides. */
  draw(canvas: Canvas, y: number, shown: number, hidden: number): void {
    canvas.fill(0, y, canvas.width, 1, ' ', 'field');
    canvas.text(1, y, 'Search:', 'field');
    const hint = this.#typing ? 'Enter keeps, Esc clears' : '/ changes, Esc clears';
    const result = this.text === null ? this.#hint : `${shown} shown, ${hidden} hidden`;
    const note = `${result} │ ${hint}`;
    const room = canvas.width - 10 - textWidth(note) - 2;
    if (this.#typing) this.#line.draw(canvas, 9, y, Math.max(12, room));
    else canvas.text(9, y, clipText(this.#line.text, Math.max(12, room)), 'field');
    canvas.text(Math.max(23, canvas.width - 1 - textWidth(note)), y, note, 'field');
  }
}
