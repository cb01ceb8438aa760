/** A report as text for people, in 80 columns. */
import type { Report } from './report.ts';
import { type Section, sections, summary, warnings } from './sections.ts';

const WIDTH = 80;

export function* textReport(report: Report): Generator<string> {
  for (const [label, text] of summary(report)) yield wrapped(`${label}:`.padEnd(15), text);
  for (const note of warnings(report)) yield wrapped('note:'.padEnd(15), note);
  for (const each of sections(report)) yield* sectionText(each);
}

function* sectionText({ title, note, columns, rows, isEmpty, more, empty }: Section): Generator<string> {
  yield `\n${title.toUpperCase()}${more === null ? '' : ` (${more})`}\n`;
  if (isEmpty) return yield wrapped('  ', empty);
  if (note !== null) yield wrapped('  ', note);
  const widths = columns.map((column) => column.length);
  for (const row of rows) for (const [i, { text }] of row.entries()) widths[i] = Math.max(widths[i], text.length);
  yield line(columns, widths);
  for (const row of rows) {
    yield line(
      row.map(({ text }) => text),
      widths,
    );
  }
}

/** Figures to the right, the last column as it is; what does not fit goes on below. */
function line(cells: readonly string[], widths: readonly number[]): string {
  const figures = cells.slice(0, -1).map((cell, i) => `  ${cell.padStart(widths[i])}`);
  return wrapped(`${figures.join('')}  `, cells.at(-1) ?? '');
}

function wrapped(label: string, text: string): string {
  const [first, ...rest] = lineBroken(text, WIDTH - label.length);
  return [label + first, ...rest.map((line) => ' '.repeat(label.length) + line)].map((line) => `${line}\n`).join('');
}

/** Broken at blanks; a word that is too long itself is cut. */
function lineBroken(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1];
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.flatMap((line) => line.match(new RegExp(`.{1,${width}}`, 'gu')) ?? ['']);
}
