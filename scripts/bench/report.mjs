// Turns measurements into one Markdown table: on standard output and, on request, between the markers of a document.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

export const number = (value, digits = 0) =>
  value === null || value === undefined || Number.isNaN(value)
    ? '–'
    : value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits });

export const ratio = (value, reference) => {
  const quotient = value / reference;
  return Number.isFinite(quotient) ? `${number(quotient, quotient < 0.1 ? 4 : 2)} ×` : '–';
};

export const megabytes = (bytes) => `${number(bytes / 1e6)} MB`;

/** Rows are [what, figure, compared with]. */
export function markdown(sections) {
  const lines = [machine(), ''];
  for (const { title, columns, rows } of sections) {
    lines.push(`| ${[title, ...columns].join(' | ')} |`, `|---${'|---:'.repeat(columns.length)}|`);
    for (const row of rows) lines.push(`| ${row.join(' | ')} |`);
    lines.push('');
  }
  return lines.join('\n').trimEnd();
}

function machine() {
  const [{ model }] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const date = new Date().toISOString().slice(0, 10);
  return `Measured on ${date}: ${cpus().length} × ${model.trim()}, ${memory} GiB, Linux ${release()}, Node ${process.versions.node}.`;
}

/** Replaces what stands between the markers. */
export function writeBetweenMarkers(path, text) {
  const document = readFileSync(path, 'utf8');
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${path} has no ${BEGIN} … ${END}`);
  writeFileSync(`${path}.new`, `${document.slice(0, begin + BEGIN.length)}\n${text}\n${document.slice(end)}`);
  renameSync(`${path}.new`, path);
}
