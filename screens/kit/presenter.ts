/**
 * Presenter: the difference between what the terminal shows and a new canvas, as bytes. It remembers what it sent;
 * nothing comes out when nothing changed. Only spans of changed cells are written, in the order of the screen.
 *
 *   shown   Uint32Array / Uint8Array   cells the terminal has, by what was sent
 *   output  Uint8Array                 bytes of the frame being made; grows, never shrinks
 */
import type { TextGrid } from './canvas.ts';
import type { Palette } from './theme.ts';

/** No code point: a cell whose content is not known. */
const NOTHING_KNOWN = 0xffffffff;
/** Unchanged cells up to this many are written again: cheaper than a cursor movement of four bytes or more. */
const REWRITTEN_GAP = 4;
const SPACE = 0x20;

const SYNCHRONISED_BEGIN = '\x1b[?2026h';
const SYNCHRONISED_END = '\x1b[?2026l';

export interface PresenterOptions {
  palette: Palette;
  /** Frame by "synchronised output" (private mode 2026): terminals that know it show the frame at once. */
  synchronised?: boolean;
}

export class Presenter {
  readonly #sgr: Uint8Array[];
  readonly #blankClass: Uint8Array;
  readonly #synchronised: boolean;
  #width = 0;
  #height = 0;
  #shownCharacters = new Uint32Array(0);
  #shownStyles = new Uint8Array(0);
  #output = new Uint8Array(32 * 1024);
  #length = 0;
  #cursorX = -1;
  #cursorY = -1;
  #style = -1;
  #clear = true;

  constructor({ palette, synchronised = false }: PresenterOptions) {
    this.#sgr = palette.sgr.map((sequence) => Buffer.from(sequence));
    this.#blankClass = palette.blankClass;
    this.#synchronised = synchronised;
  }

  /** Something else wrote to the terminal: the next frame is written whole. */
  forget(): void {
    this.#clear = true;
  }

  /** Bytes that make the terminal show the grid, or null when it does already. Owned by the caller. */
  frame(grid: TextGrid): Buffer | null {
    if (grid.width !== this.#width || grid.height !== this.#height) this.#resize(grid.width, grid.height);
    this.#length = 0;
    if (this.#synchronised) this.#ascii(SYNCHRONISED_BEGIN);
    const empty = this.#length;
    if (this.#clear) this.#clearScreen(grid);
    for (let y = 0; y < grid.height; y++) this.#row(grid, y);
    if (this.#length === empty) return null;
    if (this.#synchronised) this.#ascii(SYNCHRONISED_END);
    return Buffer.from(this.#output.subarray(0, this.#length));
  }

  #resize(width: number, height: number): void {
    this.#width = width;
    this.#height = height;
    this.#shownCharacters = new Uint32Array(width * height);
    this.#shownStyles = new Uint8Array(width * height);
    this.#clear = true;
  }

  #clearScreen(grid: TextGrid): void {
    this.#clear = false;
    this.#shownCharacters.fill(NOTHING_KNOWN);
    this.#style = -1;
    this.#cursorX = -1;
    if (grid.width > 0) this.#switchStyle(grid.styles[0]);
    this.#ascii('\x1b[2J');
  }

  #row(grid: TextGrid, y: number): void {
    const { characters, styles, width } = grid;
    const shownCharacters = this.#shownCharacters;
    const shownStyles = this.#shownStyles;
    const begin = y * width;
    const end = begin + width;
    for (let at = begin; at < end; at++) {
      if (characters[at] === shownCharacters[at] && styles[at] === shownStyles[at]) continue;
      // The second cell of a wide character is written with its first.
      const first = characters[at] === 0 && at > begin ? at - 1 : at;
      this.#moveTo(grid, first - begin, y);
      const cells = first + 1 < end && characters[first + 1] === 0 ? 2 : 1;
      this.#cell(characters[first], styles[first], cells);
      for (let i = first; i < first + cells && i < end; i++) {
        shownCharacters[i] = characters[i];
        shownStyles[i] = styles[i];
      }
      at = first + cells - 1;
    }
  }

  #cell(codePoint: number, style: number, cells: number): void {
    const sameBlank =
      codePoint === SPACE && this.#style >= 0 && this.#blankClass[style] === this.#blankClass[this.#style];
    if (style !== this.#style && !sameBlank) this.#switchStyle(style);
    this.#reserve(4);
    this.#codePoint(codePoint);
    this.#cursorX += cells;
    // Terminals disagree about the width of rare characters and about what follows the last column: after those the
    // cursor is placed anew.
    if (cells === 2 || codePoint > 0x2fff || this.#cursorX >= this.#width) this.#cursorX = -1;
  }

  #moveTo(grid: TextGrid, x: number, y: number): void {
    if (this.#cursorY === y && this.#cursorX === x) return;
    const gap = x - this.#cursorX;
    if (this.#cursorX >= 0 && this.#cursorY === y && gap > 0) {
      if (gap <= REWRITTEN_GAP && this.#canRewrite(grid, y * grid.width + this.#cursorX, gap)) this.#rewrite(grid, gap);
      else this.#ascii(gap === 1 ? '\x1b[C' : `\x1b[${gap}C`);
    } else this.#ascii(x === 0 ? `\x1b[${y + 1}H` : `\x1b[${y + 1};${x + 1}H`);
    this.#cursorX = x;
    this.#cursorY = y;
  }

  #canRewrite(grid: TextGrid, from: number, gap: number): boolean {
    for (let at = from; at < from + gap; at++) {
      if (grid.styles[at] !== this.#style || grid.characters[at] < SPACE || grid.characters[at] > 0x7e) return false;
    }
    return true;
  }

  #rewrite(grid: TextGrid, gap: number): void {
    const from = this.#cursorY * grid.width + this.#cursorX;
    this.#reserve(gap);
    for (let at = from; at < from + gap; at++) this.#output[this.#length++] = grid.characters[at];
  }

  #switchStyle(style: number): void {
    const sequence = this.#sgr[style];
    this.#reserve(sequence.length);
    this.#output.set(sequence, this.#length);
    this.#length += sequence.length;
    this.#style = style;
  }

  /** UTF-8 (RFC 3629); the caller has reserved four bytes. */
  #codePoint(codePoint: number): void {
    const out = this.#output;
    if (codePoint < 0x80) {
      out[this.#length++] = codePoint;
    } else if (codePoint < 0x800) {
      out[this.#length++] = 0xc0 | (codePoint >> 6);
      out[this.#length++] = 0x80 | (codePoint & 0x3f);
    } else if (codePoint < 0x10000) {
      out[this.#length++] = 0xe0 | (codePoint >> 12);
      out[this.#length++] = 0x80 | ((codePoint >> 6) & 0x3f);
      out[this.#length++] = 0x80 | (codePoint & 0x3f);
    } else {
      out[this.#length++] = 0xf0 | (codePoint >> 18);
      out[this.#length++] = 0x80 | ((codePoint >> 12) & 0x3f);
      out[this.#length++] = 0x80 | ((codePoint >> 6) & 0x3f);
      out[this.#length++] = 0x80 | (codePoint & 0x3f);
    }
  }

  #ascii(text: string): void {
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) this.#output[this.#length++] = text.charCodeAt(i);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#output.length) return;
    const larger = new Uint8Array(2 * this.#output.length + bytes);
    larger.set(this.#output.subarray(0, this.#length));
    this.#output = larger;
  }
}
