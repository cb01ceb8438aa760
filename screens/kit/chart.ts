/** Chart: a run of values as one line of blocks; the canvas turns them into ASCII where it must. */

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
