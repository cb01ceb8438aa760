/**
 * The script of a report's page, in the browser: draws the charts and sorts tables. The build bundles it with uPlot into
 * one text (scripts/build-report-page.mjs). Without it the page is whole but for the charts.
 */
import uPlot from 'uplot';

const CHART_HEIGHT = 240;
const UNITS = ['', 'k', 'M', 'G', 'T', 'P'];

const data = JSON.parse(document.getElementById('data').textContent);
const charts = [];

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** 1234567, "B" -> "1.23 MB" */
function short(value, unit) {
  let power = 0;
  let scaled = value;
  while (Math.abs(scaled) >= 1000 && power < UNITS.length - 1) {
    scaled /= 1000;
    power++;
  }
  return `${Number(scaled.toPrecision(3))} ${UNITS[power]}${unit}`.trimEnd();
}

/** Ticks of time: what each says, and what more where the year, the day or the month is another one. */
const DAY = 86_400;
const CLOCK = ['{HH}:{mm}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1];
const TIMES = [
  [DAY * 365, '{YYYY}', null, null, null, null, null, null, 1],
  [DAY * 28, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
  [DAY, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
  [3600, ...CLOCK],
  [60, ...CLOCK],
];
const HOURS = [1, 2, 3, 6, 12].map((hours) => hours * 3600);
const DAYS = [1, 2, 7, 14, 28, 91, 182, 365].map((days) => days * DAY);

function axis(more) {
  const tone = { stroke: () => color('--line'), width: 1 };
  return { stroke: () => color('--faint'), grid: tone, ticks: tone, ...more };
}

/** `unit` follows the figure: "B", "bit/s". */
function draw(place, { label, unit, seconds, times, values, tone }) {
  const figure = (value) => (value == null ? '–' : short(value, unit));
  const isDaily = seconds >= DAY;
  const options = {
    width: place.clientWidth,
    height: CHART_HEIGHT,
    tzDate: (time) => uPlot.tzDate(new Date(time * 1000), data.zone),
    // A bar stands on the time that it begins at: room for the first and the last. Of a single one uPlot makes years.
    scales: {
      x: { range: (_, from, to) => [from - seconds, Math.min(to, times.at(-1)) + seconds] },
      y: { range: (_, __, most) => [0, most * 1.05 || 1] },
    },
    axes: [
      axis({ values: TIMES, incrs: isDaily ? DAYS : [...HOURS, ...DAYS] }),
      axis({ values: (_, ticks) => ticks.map(figure), size: 88 }),
    ],
    series: [
      { label: isDaily ? 'day' : 'hour', value: isDaily ? '{YYYY}-{MM}-{DD}' : '{YYYY}-{MM}-{DD} {HH}:{mm}' },
      {
        label,
        stroke: () => color(tone),
        fill: () => color(tone),
        width: 0,
        paths: uPlot.paths.bars({ size: [0.8, 48, 1] }),
        points: { show: false },
        value: (_, value) => figure(value),
      },
    ],
    cursor: { drag: { x: true, y: false } },
  };
  charts.push({ place, chart: new uPlot(options, [times, values], place) });
}

function redraw() {
  for (const { chart } of charts) chart.redraw(false, true);
}

function fit() {
  for (const { place, chart } of charts) {
    const width = place.clientWidth;
    if (width > 0 && width !== chart.width) chart.setSize({ width, height: CHART_HEIGHT });
  }
}

function sortBy(table, column) {
  const head = table.tHead.rows[0].cells;
  const descending = head[column].getAttribute('aria-sort') !== 'descending';
  for (const cell of head) cell.removeAttribute('aria-sort');
  head[column].setAttribute('aria-sort', descending ? 'descending' : 'ascending');
  const sign = descending ? -1 : 1;
  const keyOf = (row) => {
    const { value } = row.cells[column].dataset;
    return value === undefined ? row.cells[column].textContent : Number(value);
  };
  const compare = (a, b) => (typeof a === 'number' ? a - b : a < b ? -1 : a > b ? 1 : 0);
  const body = table.tBodies[0];
  body.append(...[...body.rows].sort((a, b) => sign * compare(keyOf(a), keyOf(b))));
}

for (const [id, chart] of Object.entries(data.charts)) {
  const place = document.getElementById(id);
  if (place !== null && chart.times.length > 0) draw(place, chart);
}
for (const table of document.querySelectorAll('.scroll > table')) {
  for (const [column, cell] of [...table.tHead.rows[0].cells].entries()) {
    cell.querySelector('button')?.addEventListener('click', () => sortBy(table, column));
  }
}
addEventListener('resize', fit);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
// Paper is white, whatever the screen is.
addEventListener('beforeprint', () => {
  document.documentElement.dataset.print = '';
  redraw();
});
addEventListener('afterprint', () => {
  delete document.documentElement.dataset.print;
  redraw();
});
