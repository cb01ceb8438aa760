/**
 * A report as one page for a browser: no other file, no network. Tables are in its text; the script beside it (made by
 * the build: style, script and plotting library) draws charts and sorts. Whatever came from a log is escaped, and the
 * page's policy lets nothing run and nothing load but what the build put there.
 */
import { readFileSync } from 'node:fs';
import type { HourRow, Report } from './report.ts';
import { type Section, type SectionCell, sections, summary, warnings } from './sections.ts';

/** What scripts/build-report-page.mjs wrote. */
interface PageParts {
  style: string;
  styleHash: string;
  script: string;
  scriptHash: string;
}

/** Characters of a name beyond which it may be broken. */
const LONG_NAME = 40;

const PARTS = new URL('./report-page.json', import.meta.url);

export function* htmlReport(report: Report, parts: string | URL = PARTS): Generator<string> {
  const { style, styleHash, script, scriptHash } = JSON.parse(readFileSync(parts, 'utf8')) as PageParts;
  const policy = `default-src 'none'; style-src '${styleHash}'; script-src '${scriptHash}'; base-uri 'none'; form-action 'none'`;
  const all = sections(report);
  const [[, period]] = summary(report);
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(`Traffic report, ${period}`)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Traffic report</h1>
<p class="faint">${escaped(period)}</p>
</header>
`;
  yield notes(report);
  yield facts(report);
  yield '<main>\n';
  yield charts(report);
  for (const each of all) yield* sectionHtml(each);
  yield `</main>
<footer class="faint"><p>iptraf-ts report. Bytes are those of IP packets; days and hours are of ${escaped(report.zone)}.</p></footer>
<script type="application/json" id="data">${chartData(report)}</script>
<script>${script}</script>
</body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

function notes(report: Report): string {
  const items = warnings(report).map((note) => `<li>${escaped(note)}</li>\n`);
  return items.length === 0 ? '' : `<ul class="notes">\n${items.join('')}</ul>\n`;
}

function facts(report: Report): string {
  const items = summary(report).map(([label, text]) => `<dt>${escaped(label)}</dt><dd>${escaped(text)}</dd>\n`);
  return `<dl>\n${items.join('')}</dl>\n`;
}

function charts({ hours, days }: Report): string {
  if (hours.length === 0) return '';
  const daily = days.length < 2 ? '' : chart('chart-days', 'Traffic by day');
  return `<div class="charts">
${chart('chart-hours', 'Traffic by hour')}${daily}${chart('chart-conversations', 'Conversations that ended, by hour')}</div>
<noscript><p class="faint">Charts need scripts; all figures are in the tables.</p></noscript>
`;
}

function chart(id: string, title: string): string {
  return `<section><h2>${title}</h2><div class="chart" id="${id}"></div></section>\n`;
}

/** Nothing in it ends the element that it stands in. */
function chartData({ zone, hours, days }: Report): string {
  const rate = ({ bytes }: HourRow): number => (bytes * 8) / 3600;
  const times = hours.map(({ start }) => start);
  const hourly = { seconds: 3600, times };
  const data = {
    zone,
    charts: {
      'chart-hours': { ...hourly, label: 'average', unit: 'bit/s', values: hours.map(rate), tone: '--accent' },
      'chart-conversations': {
        ...hourly,
        label: 'conversations',
        unit: '',
        values: hours.map(({ ended }) => ended.conversations),
        tone: '--second',
      },
      'chart-days': {
        label: 'bytes',
        unit: 'B',
        seconds: 86_400,
        times: days.map(({ start }) => start),
        values: days.map(({ bytes }) => bytes),
        tone: '--accent',
      },
    },
  };
  return JSON.stringify(data).replaceAll('<', '\\u003c');
}

function* sectionHtml({ id, title, note, columns, rows, isEmpty, more, empty }: Section): Generator<string> {
  yield `<section id="${id}">\n<h2>${escaped(title)}${more === null ? '' : ` <small class="faint">${escaped(more)}</small>`}</h2>\n`;
  if (note !== null && !isEmpty) yield `<p class="faint">${escaped(note)}</p>\n`;
  if (isEmpty) yield `<p class="faint">${escaped(empty)}</p>\n`;
  else yield* table(columns, rows);
  yield '</section>\n';
}

/** What a row is of stands first here. */
function* table(columns: readonly string[], rows: Iterable<readonly SectionCell[]>): Generator<string> {
  const order = [columns.length - 1, ...columns.slice(0, -1).keys()];
  const titles = order.map((i) => `<th scope="col"><button type="button">${escaped(columns[i])}</button></th>`);
  yield `<div class="scroll"><table>\n<thead><tr>${titles.join('')}</tr></thead>\n<tbody>\n`;
  let most = 0;
  for (const row of rows) {
    // The first row of a ranking is its longest bar.
    const share = columns.indexOf('share');
    if (share >= 0) most = Math.max(most, row[share].value ?? 0);
    const cells = order.map((i) => cell(row[i], columns[i], i === columns.length - 1, most));
    yield `<tr>${cells.join('')}</tr>\n`;
  }
  yield '</tbody>\n</table></div>\n';
}

function cell({ text, value }: SectionCell, column: string, isName: boolean, most: number): string {
  const sorted = value === null ? '' : ` data-value="${value}"`;
  const isShare = column === 'share';
  const kind = isShare ? 'share' : isName && text.length > LONG_NAME ? 'long' : null;
  const shown = escaped(text) + (isShare ? bar(value ?? 0, most) : '');
  return `<td${sorted}${kind === null ? '' : ` class="${kind}"`}>${shown}</td>`;
}

function bar(part: number, most: number): string {
  const width = most > 0 ? ((100 * part) / most).toFixed(1) : '0';
  return `<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect width="${width}" height="1"/></svg>`;
}
