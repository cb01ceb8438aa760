/**
 * Charts: a run of values as one line of blocks, or as an area of dots over several lines; round numbers for their scale
 * and their time axis. Pure: text in, text out.
 */

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** The last `width` values as blocks, newest at the right; null = nothing known (blank), 0 = blank too. */
export function sparkline(values: readonly (number | null)[], width: number, maximum?: number): string {
  const shown = values.slice(-width);
  const top = maximum ?? Math.max(0, ...shown.map((value) => value ?? 0));
  const block = (value: number | null): string => {
    if (value === null || value <= 0 || top <= 0) return ' ';
    return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor((value / top) * BLOCKS.length))];
  };
  return shown.map(block).join('').padStart(width);
}

/** Dots of a braille cell from the bottom up and from the top down, by how many are set: left and right column. */
const BRAILLE = 0x2800;
const LEFT_UP = [0, 0x40, 0x44, 0x46, 0x47];
const RIGHT_UP = [0, 0x80, 0xa0, 0xb0, 0xb8];
const LEFT_DOWN = [0, 0x01, 0x03, 0x07, 0x47];
const RIGHT_DOWN = [0, 0x08, 0x18, 0x38, 0xb8];
const BRAILLE_DOTS = 4;
/** Where there is no braille, a cell is one value wide and two halves high. */
const ASCII_UP = [' ', '.', '#'];
const ASCII_DOWN = [' ', "'", '#'];
const ASCII_DOTS = 2;

export interface ChartShape {
  /** Cells. */
  width: number;
  height: number;
  /** Value that fills the whole height. */
  maximum: number;
  /** Hangs from its top line. */
  hanging?: boolean;
  /** Only ASCII can be shown: Canvas.ascii. */
  ascii: boolean;
}

/** Values that stand side by side in one cell. */
export function chartColumns(ascii: boolean): 1 | 2 {
  return ascii ? 1 : 2;
}

/**
 * Values as an area of dots, one line of text for each row, top row first. The newest value stands at the right; null and
 * 0 are blank, and whatever is more than 0 is at least one dot.
 */
export function chartRows(values: readonly (number | null)[], shape: ChartShape): string[] {
  const { width, height, maximum, hanging = false, ascii } = shape;
  const columns = chartColumns(ascii);
  const perRow = ascii ? ASCII_DOTS : BRAILLE_DOTS;
  const shown = values.slice(-width * columns);
  const blank = width * columns - shown.length;
  const dots = (column: number): number => {
    const value = shown[column - blank] ?? 0;
    if (value <= 0 || maximum <= 0) return 0;
    return Math.min(height * perRow, Math.max(1, Math.round((value / maximum) * height * perRow)));
  };
  const rows: string[] = [];
  for (let row = 0; row < height; row++) {
    const below = (hanging ? row : height - 1 - row) * perRow;
    const inRow = (column: number): number => Math.min(perRow, Math.max(0, dots(column) - below));
    let text = '';
    for (let x = 0; x < width; x++) {
      text += ascii
        ? (hanging ? ASCII_DOWN : ASCII_UP)[inRow(x)]
        : brailleCell(inRow(2 * x), inRow(2 * x + 1), hanging);
    }
    rows.push(text);
  }
  return rows;
}

function brailleCell(left: number, right: number, hanging: boolean): string {
  const dots = hanging ? LEFT_DOWN[left] | RIGHT_DOWN[right] : LEFT_UP[left] | RIGHT_UP[right];
  return dots === 0 ? ' ' : String.fromCodePoint(BRAILLE | dots);
}

/** Ends of a scale, times a power of ten or of two: little of the chart stays empty, and half of each is short too. */
const DECIMAL_ENDS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];
const BINARY_ENDS = [1, 1.5, 2];

/** The least round number that is not below the value. */
export function roundScale(value: number, base: 1000 | 1024 = 1000): number {
  if (!(value > 0)) return 1;
  const [ends, root] = base === 1024 ? [BINARY_ENDS, 2] : [DECIMAL_ENDS, 10];
  const power = root ** Math.floor(base === 1024 ? Math.log2(value) : Math.log10(value));
  return power * (ends.find((end) => end * power >= value) ?? root);
}

/** Seconds between two marks of a time axis. */
const MARK_STEPS = [10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400];
/** Cells between them. */
const MARK_SPACE = 12;

/** A moment on a time axis whose right end is now: cell, and how long ago in words. */
export interface TimeMark {
  x: number;
  text: string;
}

/** Marks at round times for an axis of `width` cells, newest first; `now` itself is not among them. */
export function timeMarks(width: number, secondsPerCell: number): TimeMark[] {
  const step = MARK_STEPS.find((seconds) => seconds / secondsPerCell >= MARK_SPACE) ?? 86_400;
  const marks: TimeMark[] = [];
  for (let ago = step; ago / secondsPerCell <= width; ago += step) {
    marks.push({ x: Math.round(width - ago / secondsPerCell), text: spanText(ago) });
  }
  return marks;
}

/** "30 s", "90 s", "2 min", "2:30 min", "1 h". */
function spanText(seconds: number): string {
  if (seconds < 60 || (seconds < 120 && seconds % 60 !== 0)) return `${seconds} s`;
  const [unit, size] = seconds < 3600 ? ['min', 60] : ['h', 3600];
  const rest = (seconds % size) / (size / 60);
  return `${Math.floor(seconds / size)}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`} ${unit}`;
}
