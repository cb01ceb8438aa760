/**
 * Input line: one line of text with a cursor, for search and for form fields. It scrolls sideways when the text is
 * longer than its room, and keeps what was typed out of the rest of the screen.
 */
import type { Canvas } from './canvas.ts';
import { isTyped } from './keys.ts';
import type { Style } from './style.ts';
import { textWidth } from './text.ts';

export class InputLine {
  #characters: string[];
  #cursor: number;
  readonly #maximum: number;

  constructor(text = '', maximumLength = 1024) {
    this.#characters = [...text];
    this.#cursor = this.#characters.length;
    this.#maximum = maximumLength;
  }

  get text(): string {
    return this.#characters.join('');
  }

  set text(text: string) {
    this.#characters = [...text].slice(0, this.#maximum);
    this.#cursor = this.#characters.length;
  }

  /** True when the key edited the text or moved the cursor. */
  onKey(key: string): boolean {
    const characters = this.#characters;
    switch (key) {
      case 'LEFT':
        this.#cursor = Math.max(0, this.#cursor - 1);
        return true;
      case 'RIGHT':
        this.#cursor = Math.min(characters.length, this.#cursor + 1);
        return true;
      case 'HOME':
      case 'CTRL_A':
        this.#cursor = 0;
        return true;
      case 'END':
      case 'CTRL_E':
        this.#cursor = characters.length;
        return true;
      case 'BACKSPACE':
        if (this.#cursor > 0) characters.splice(--this.#cursor, 1);
        return true;
      case 'DELETE':
        characters.splice(this.#cursor, 1);
        return true;
      case 'CTRL_U':
        characters.splice(0, this.#cursor);
        this.#cursor = 0;
        return true;
      case 'CTRL_K':
        characters.splice(this.#cursor);
        return true;
      case 'CTRL_W':
        this.#deleteWord();
        return true;
      default:
        return this.#type(key);
    }
  }

  #deleteWord(): void {
    let from = this.#cursor;
    while (from > 0 && this.#characters[from - 1] === ' ') from--;
    while (from > 0 && this.#characters[from - 1] !== ' ') from--;
    this.#characters.splice(from, this.#cursor - from);
    this.#cursor = from;
  }

  #type(key: string): boolean {
    if (!isTyped(key)) return false;
    if (this.#characters.length < this.#maximum) this.#characters.splice(this.#cursor++, 0, key);
    return true;
  }

  /** Draws the text into `width` cells; the cursor (where the field has the focus) is a cell of another style. */
  draw(canvas: Canvas, x: number, y: number, width: number, style: Style = 'field', focused = true): void {
    if (!focused) {
      canvas.cell(x, y, width, this.text, style);
      return;
    }
    canvas.fill(x, y, width, 1, ' ', style);
    let first = 0;
    const before = (from: number): number => textWidth(this.#characters.slice(from, this.#cursor).join(''));
    while (before(first) > width - 1) first++;
    let column = x;
    for (let i = first; i < this.#characters.length; i++) {
      const cells = textWidth(this.#characters[i]);
      if (column + cells > x + width) break;
      canvas.text(column, y, this.#characters[i], style);
      column += cells;
    }
    canvas.restyle(x + before(first), y, 1, 1, 'menuSelected');
  }
}
