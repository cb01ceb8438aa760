/**
 * Figures as iftop writes them, so that scripts which read its output read ours: K, M and G are powers of 1024, three
 * digits, one unit letter. What is about to be a thousand of its prefix keeps it ("1000KB", "100.0Kb"), what is more has
 * the next ("0.98Kb"); beyond G there is none. Checked against iftop 1.0pre4.
 */

const PREFIXES = ['', 'K', 'M', 'G'] as const;
/** From here on the next prefix is taken, although it is 1024 of this one. */
const PREFIX_LIMIT = 1000;

/** b: bits, B: bytes, p: packets. */
export type IftopUnitLetter = 'b' | 'B' | 'p';

/** "-" where the value is not known. Packets are counted in thousands, as everywhere. */
export function iftopFigure(value: number | null, unit: IftopUnitLetter): string {
  if (value === null) return '-';
  const base = unit === 'p' ? 1000 : 1024;
  let scale = 1;
  let step = 0;
  while (value >= scale * PREFIX_LIMIT && step < PREFIXES.length - 1) {
    scale *= base;
    step++;
  }
  const scaled = value / scale;
  return `${scaled.toFixed(step === 0 ? 0 : decimals(scaled))}${PREFIXES[step]}${unit}`;
}

function decimals(scaled: number): number {
  if (scaled < 10) return 2;
  return scaled < 100 ? 1 : 0;
}
