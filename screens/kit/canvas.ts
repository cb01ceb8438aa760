/**
 * Canvas: a grid of cells (character, style) that screens draw into. It knows no terminal: golden tests print it as
 * text, the presenter (presenter.ts) turns the difference between two canvases into bytes.
 *
 *   characters  Uint32Array[width * height]   code point; 0 = second cell of a wide character
 *   styles      Uint8Array [width * height]   index into STYLES
 */

import { STYLES, type Style } from './style.ts';
import { type Align, clipText, codePointWidth, printable, textWidth } from './text.ts';

/** A rectangle in cells. */
export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Texts in the border of a frame; each is set off by a blank on both sides. Clipped to the border. */
export interface FrameTitles {
  topLeft?: string;
  topRight?: string;
  bottomLeft?: string;
  bottomRight?: string;
  /** Style of the texts; default: 'title'. */
  style?: Style;
}

export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** Only ASCII characters are drawn (a locale without UTF-8). Screens need not ask: what they draw is translated. */
  readonly ascii: boolean;
  /** Writes text from (x, y); clipped at the edges; control characters are shown as "·"; wide characters take two cells. */
  text(x: number, y: number, text: string, style: Style): void;
  /** Writes text into exactly `width` cells: cut with "…", or with blanks in the same style around it. */
  cell(x: number, y: number, width: number, text: string, style: Style, align?: Align): void;
  /** Fills a rectangle with one character. */
  fill(x: number, y: number, width: number, height: number, character: string, style: Style): void;
  /** Changes the style of what stands there. */
  restyle(x: number, y: number, width: number, height: number, style: Style): void;
  /** Frame with optional titles in the top and bottom border; ASCII where the locale has no UTF-8. */
  frame(x: number, y: number, width: number, height: number, style: Style, titles?: FrameTitles): void;
  /** Rows as text, right-trimmed: for golden files. */
  toText(): string;
}

export const STYLE_INDEX = Object.fromEntries(STYLES.map((style, index) => [style, index])) as Record<Style, number>;

/** What stands for our own glyphs where only ASCII can be shown. Everything else outside ASCII becomes "?". */
const ASCII_OF = new Map<number, number>(
  Object.entries({
    '─': '-',
    '│': '|',
    '┌': '+',
    '┐': '+',
    '└': '+',
    '┘': '+',
    '├': '+',
    '┤': '+',
    '┬': '+',
    '┴': '+',
    '┼': '+',
    '═': '=',
    '·': '.',
    '•': '*',
    '…': '~',
    '—': '-',
    '–': '-',
    '×': 'x',
    µ: 'u',
    '▲': '^',
    '▼': 'v',
    '►': '>',
    '◄': '<',
    '→': '>',
    '←': '<',
    '↑': '^',
    '↓': 'v',
    '↔': '=',
    '░': '.',
    '▒': ':',
    '▓': '#',
    '█': '#',
    '▁': '_',
    '▂': '_',
    '▃': '.',
    '▄': ':',
    '▅': ':',
    '▆': '|',
    '▇': '#',
    '▌': '|',
    '▏': '|',
    '\u00a0': ' ',
  }).map(([from, to]) => [from.codePointAt(0) as number, to.charCodeAt(0)]),
);

const SPACE = 0x20;

/** The canvas on typed arrays. The arrays are owned by the grid; the presenter reads them. */
export class TextGrid implements Canvas {
  readonly width: number;
  readonly height: number;
  readonly ascii: boolean;
  readonly characters: Uint32Array;
  readonly styles: Uint8Array;
  /** A wide character was put since it was blank: to write over one half changes the other. */
  #hasWide = false;

  constructor(width: number, height: number, ascii = false) {
    this.width = Math.max(0, Math.floor(width));
    this.height = Math.max(0, Math.floor(height));
    this.ascii = ascii;
    this.characters = new Uint32Array(this.width * this.height).fill(SPACE);
    this.styles = new Uint8Array(this.width * this.height);
  }

  /** Blank cells in one style, as when it was made. */
  clear(style: Style = 'text'): void {
    this.characters.fill(SPACE);
    this.styles.fill(STYLE_INDEX[style]);
    this.#hasWide = false;
  }

  text(x: number, y: number, text: string, style: Style): void {
    if (y < 0 || y >= this.height) return;
    const { characters, styles, width } = this;
    const styleIndex = STYLE_INDEX[style];
    const begin = y * width;
    let column = x;
    for (let i = 0; i < text.length && column < width; i++) {
      let codePoint = text.charCodeAt(i);
      // Nearly everything: one cell that touches no other.
      if (codePoint >= SPACE && codePoint < 0x7f && !this.#hasWide) {
        if (column >= 0) {
          characters[begin + column] = codePoint;
          styles[begin + column] = styleIndex;
        }
        column++;
        continue;
      }
      if (codePoint >= 0xd800 && codePoint <= 0xdbff) {
        codePoint = text.codePointAt(i) as number;
        if (codePoint > 0xffff) i++;
      }
      column += this.#put(column, y, codePoint, styleIndex);
    }
  }

  cell(x: number, y: number, width: number, text: string, style: Style, align: Align = 'left'): void {
    const cells = textWidth(text);
    const blanks = Math.max(0, width - cells);
    const before = align === 'left' ? 0 : align === 'right' ? blanks : blanks >> 1;
    if (before > 0) this.fill(x, y, before, 1, ' ', style);
    this.text(x + before, y, cells > width ? clipText(text, width) : text, style);
    if (blanks > before) this.fill(x + width - (blanks - before), y, blanks - before, 1, ' ', style);
  }

  fill(x: number, y: number, width: number, height: number, character: string, style: Style): void {
    const codePoint = character.codePointAt(0) ?? SPACE;
    const styleIndex = STYLE_INDEX[style];
    const right = Math.min(x + width, this.width);
    const bottom = Math.min(y + height, this.height);
    const left = Math.max(0, x);
    const isPlain = codePoint >= SPACE && codePoint < 0x7f && !this.#hasWide && left < right;
    for (let row = Math.max(0, y); row < bottom; row++) {
      if (isPlain) {
        this.characters.fill(codePoint, row * this.width + left, row * this.width + right);
        this.styles.fill(styleIndex, row * this.width + left, row * this.width + right);
      } else for (let column = left; column < right; column++) this.#put(column, row, codePoint, styleIndex);
    }
  }

  restyle(x: number, y: number, width: number, height: number, style: Style): void {
    const styleIndex = STYLE_INDEX[style];
    const left = Math.max(0, x);
    const right = Math.min(x + width, this.width);
    const bottom = Math.min(y + height, this.height);
    for (let row = Math.max(0, y); row < bottom; row++) {
      if (right > left) this.styles.fill(styleIndex, row * this.width + left, row * this.width + right);
    }
  }

  frame(x: number, y: number, width: number, height: number, style: Style, titles: FrameTitles = {}): void {
    if (width < 2 || height < 2) return;
    const right = x + width - 1;
    const bottom = y + height - 1;
    for (const row of [y, bottom]) this.fill(x + 1, row, width - 2, 1, '─', style);
    for (const column of [x, right]) this.fill(column, y + 1, 1, height - 2, '│', style);
    this.text(x, y, '┌', style);
    this.text(right, y, '┐', style);
    this.text(x, bottom, '└', style);
    this.text(right, bottom, '┘', style);
    this.#titles({ x, y, width, height }, titles);
  }

  #titles(frame: Area, titles: FrameTitles): void {
    const style = titles.style ?? 'title';
    const room = frame.width - 2;
    const put = (text: string | undefined, y: number, atRight: boolean): void => {
      if (text === undefined || text === '') return;
      const label = ` ${text} `;
      const width = textWidth(label);
      // A title that does not fit is left out: half a word says less than a clean border.
      if (width > room) return;
      this.text(atRight ? frame.x + frame.width - 2 - width + 1 : frame.x + 1, y, label, style);
    };
    const bottom = frame.y + frame.height - 1;
    put(titles.topLeft, frame.y, false);
    put(titles.topRight, frame.y, true);
    put(titles.bottomLeft, bottom, false);
    put(titles.bottomRight, bottom, true);
  }

  /** Puts one character; returns the cells it took (also when they lie left of the grid). */
  #put(x: number, y: number, rawCodePoint: number, styleIndex: number): number {
    let codePoint = rawCodePoint;
    if (codePoint < 0x20 || codePoint >= 0x7f) {
      codePoint = printable(codePoint);
      if (codePointWidth(codePoint) === 0) return 0;
      if (this.ascii) return this.#putAscii(x, y, codePoint, styleIndex);
    }
    const cells = codePointWidth(codePoint);
    // Half of a wide character at an edge is a blank.
    if (cells === 2 && (x === -1 || x === this.width - 1)) codePoint = SPACE;
    this.#cell(x, y, codePoint, styleIndex);
    if (cells === 2) {
      this.#hasWide = true;
      this.#cell(x + 1, y, codePoint === SPACE ? SPACE : 0, styleIndex);
    }
    return cells;
  }

  #putAscii(x: number, y: number, codePoint: number, styleIndex: number): number {
    const cells = codePointWidth(codePoint);
    const replacement = ASCII_OF.get(codePoint) ?? 0x3f;
    for (let i = 0; i < cells; i++) this.#cell(x + i, y, replacement, styleIndex);
    return cells;
  }

  /** Writes one cell; the other half of a wide character that stood there becomes a blank. */
  #cell(x: number, y: number, codePoint: number, styleIndex: number): void {
    if (x < 0 || x >= this.width) return;
    const at = y * this.width + x;
    const { characters } = this;
    if (characters[at] === 0 && x > 0 && codePoint !== 0) characters[at - 1] = SPACE;
    if (x + 1 < this.width && characters[at + 1] === 0) characters[at + 1] = SPACE;
    characters[at] = codePoint;
    this.styles[at] = styleIndex;
  }

  /** One row as text, blanks included. */
  rowText(y: number): string {
    let row = '';
    for (let x = 0; x < this.width; x++) {
      const codePoint = this.characters[y * this.width + x];
      if (codePoint !== 0) row += String.fromCodePoint(codePoint);
    }
    return row;
  }

  toText(): string {
    let text = '';
    for (let y = 0; y < this.height; y++) text += `${this.rowText(y).trimEnd()}\n`;
    return text;
  }

  /** Name of the style of one cell: for tests. */
  styleAt(x: number, y: number): Style {
    return STYLES[this.styles[y * this.width + x]];
  }

  /** Runs of style as text, one line a row ("text 0-79" …): for golden files of styles. */
  toStyledText(): string {
    const lines: string[] = [];
    for (let y = 0; y < this.height; y++) {
      const runs: string[] = [];
      for (let x = 0, start = 0; x < this.width; x++) {
        if (x + 1 < this.width && this.styles[y * this.width + x + 1] === this.styles[y * this.width + x]) continue;
        runs.push(`${this.styleAt(x, y)} ${start}-${x}`);
        start = x + 1;
      }
      lines.push(runs.join(', '));
    }
    return `${lines.join('\n')}\n`;
  }
}

/** A blank canvas. `ascii`: see asciiOnly in theme.ts. */
export function createCanvas(width: number, height: number, ascii = false): TextGrid {
  return new TextGrid(width, height, ascii);
}
