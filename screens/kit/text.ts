/**
 * Text as it stands in cells: how wide a character is, and which characters may reach a terminal at all. Names come
 * from the network: control characters become "·", so that no name can carry an escape sequence; characters without a
 * width of their own (combining marks, joiners, direction overrides) are dropped.
 */

/** Shown for a control character or half a surrogate pair. */
export const UNPRINTABLE = 0xb7;

/** Pairs of first and last code points that take no cell (Unicode general categories Mn, Me, Cf, simplified). */
const ZERO_WIDTH = [
  0xad, 0xad, 0x300, 0x36f, 0x483, 0x489, 0x591, 0x5bd, 0x5bf, 0x5bf, 0x5c1, 0x5c2, 0x5c4, 0x5c5, 0x600, 0x605, 0x610,
  0x61a, 0x61c, 0x61c, 0x64b, 0x65f, 0x670, 0x670, 0x6d6, 0x6dd, 0x6df, 0x6e4, 0x6e7, 0x6e8, 0x6ea, 0x6ed, 0x70f, 0x70f,
  0x711, 0x711, 0x730, 0x74a, 0x7a6, 0x7b0, 0x7eb, 0x7f3, 0x816, 0x82d, 0x859, 0x85b, 0x8d3, 0x902, 0x93a, 0x93a, 0x93c,
  0x93c, 0x941, 0x948, 0x94d, 0x94d, 0x951, 0x957, 0x962, 0x963, 0xe31, 0xe31, 0xe34, 0xe3a, 0xe47, 0xe4e, 0xeb1, 0xeb1,
  0xeb4, 0xebc, 0xec8, 0xecd, 0x1160, 0x11ff, 0x135d, 0x135f, 0x17b4, 0x17b5, 0x180b, 0x180f, 0x1ab0, 0x1aff, 0x1dc0,
  0x1dff, 0x200b, 0x200f, 0x202a, 0x202e, 0x2060, 0x206f, 0x20d0, 0x20f0, 0x302a, 0x302d, 0x3099, 0x309a, 0xfe00,
  0xfe0f, 0xfe20, 0xfe2f, 0xfeff, 0xfeff, 0xfff9, 0xfffb, 0x1d167, 0x1d169, 0x1d173, 0x1d182, 0xe0000, 0xe0fff,
];

/** Pairs of first and last code points that take two cells (Unicode East Asian Width W and F, emoji presentation). */
const WIDE = [
  0x1100, 0x115f, 0x231a, 0x231b, 0x2329, 0x232a, 0x23e9, 0x23ec, 0x23f0, 0x23f0, 0x23f3, 0x23f3, 0x25fd, 0x25fe,
  0x2614, 0x2615, 0x2648, 0x2653, 0x267f, 0x267f, 0x2693, 0x2693, 0x26a1, 0x26a1, 0x26aa, 0x26ab, 0x26bd, 0x26be,
  0x26c4, 0x26c5, 0x26ce, 0x26ce, 0x26d4, 0x26d4, 0x26ea, 0x26ea, 0x26f2, 0x26f3, 0x26f5, 0x26f5, 0x26fa, 0x26fa,
  0x26fd, 0x26fd, 0x2705, 0x2705, 0x270a, 0x270b, 0x2728, 0x2728, 0x274c, 0x274c, 0x274e, 0x274e, 0x2753, 0x2755,
  0x2757, 0x2757, 0x2795, 0x2797, 0x27b0, 0x27b0, 0x27bf, 0x27bf, 0x2b1b, 0x2b1c, 0x2b50, 0x2b50, 0x2b55, 0x2b55,
  0x2e80, 0x303e, 0x3041, 0x33ff, 0x3400, 0x4dbf, 0x4e00, 0x9fff, 0xa000, 0xa4cf, 0xa960, 0xa97f, 0xac00, 0xd7a3,
  0xf900, 0xfaff, 0xfe10, 0xfe19, 0xfe30, 0xfe6f, 0xff00, 0xff60, 0xffe0, 0xffe6, 0x16fe0, 0x18cff, 0x1aff0, 0x1b2ff,
  0x1f004, 0x1f004, 0x1f0cf, 0x1f0cf, 0x1f18e, 0x1f18e, 0x1f191, 0x1f19a, 0x1f200, 0x1f265, 0x1f300, 0x1f64f, 0x1f680,
  0x1f6ff, 0x1f7e0, 0x1f7f0, 0x1f900, 0x1f9ff, 0x1fa70, 0x1faff, 0x20000, 0x3fffd,
];

function isIn(ranges: readonly number[], codePoint: number): boolean {
  let low = 0;
  let high = ranges.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (codePoint < ranges[2 * middle]) high = middle - 1;
    else if (codePoint > ranges[2 * middle + 1]) low = middle + 1;
    else return true;
  }
  return false;
}

function isControl(codePoint: number): boolean {
  if (codePoint < 0x20 || (codePoint >= 0x7f && codePoint < 0xa0)) return true;
  return codePoint === 0x2028 || codePoint === 0x2029 || (codePoint >= 0xd800 && codePoint <= 0xdfff);
}

/** What a cell holds for this code point: itself, or UNPRINTABLE. */
export function printable(codePoint: number): number {
  return isControl(codePoint) ? UNPRINTABLE : codePoint;
}

/** Cells that a code point takes: 0, 1 or 2. Control characters take 1 (they are shown as "·"). */
export function codePointWidth(codePoint: number): number {
  if (codePoint < 0x300) return codePoint === 0xad ? 0 : 1;
  if (codePoint >= 0x2500 && codePoint < 0x25fd) return 1;
  if (isIn(ZERO_WIDTH, codePoint)) return 0;
  return isIn(WIDE, codePoint) ? 2 : 1;
}

/** Cells that a text takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x300) {
      width += codePointWidth(unit);
      continue;
    }
    const codePoint = text.codePointAt(i) as number;
    if (codePoint > 0xffff) i++;
    width += codePointWidth(codePoint);
  }
  return width;
}

/** The longest beginning of the text that takes at most `width` cells. */
function cut(text: string, width: number): string {
  let used = 0;
  let end = 0;
  for (const character of text) {
    used += codePointWidth(character.codePointAt(0) as number);
    if (used > width) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** The text cut to `width` cells; what was cut is marked with "…" in the last cell. */
export function clipText(text: string, width: number): string {
  if (text.length <= width && textWidth(text) <= width) return text;
  if (textWidth(text) <= width) return text;
  return width <= 0 ? '' : `${cut(text, width - 1)}…`;
}

export type Align = 'left' | 'right' | 'center';

/** The text in exactly `width` cells: cut with "…" or filled with blanks. */
export function fitText(text: string, width: number, align: Align = 'left'): string {
  const clipped = clipText(text, width);
  const blanks = width - textWidth(clipped);
  if (blanks <= 0) return clipped;
  const before = align === 'left' ? 0 : align === 'right' ? blanks : blanks >> 1;
  return ' '.repeat(before) + clipped + ' '.repeat(blanks - before);
}

/** Words laid out in lines of at most `width` cells; a word longer than a line is broken. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((each) => each !== '')) {
    let rest = word;
    const joined = line === '' ? rest : `${line} ${rest}`;
    if (textWidth(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    while (textWidth(rest) > width && width > 1) {
      const head = cut(rest, width);
      lines.push(head);
      rest = rest.slice(head.length);
    }
    line = rest;
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}
