// The benchmark: this program as a user runs it (dist/), beside whichever peers are installed, all in one run: the
// machine may be slow or busy, ratios hold. Never a test: nothing fails because it was slow.
//
//   npm run bench [-- --quick] [--only start,idle,cpu,filter,speed,file,frame,monitors,pairs] [--markdown README.md]
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { narrowSections } from './filters.mjs';
import { compileSender, createLink, deleteLink } from './link.mjs';
import { cpuPerPacket, frame, fullSpeed, idle, RATE } from './live.mjs';
import { monitorSections, pairSections } from './monitors.mjs';
import { readingRates, startUp } from './offline.mjs';
import { markdown, megabytes, number, ratio, writeBetweenMarkers } from './report.mjs';
import { targetSections } from './targets.mjs';
import { PROGRAM, TOOLS } from './tools.mjs';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, markdown: { type: 'string' } },
});
const quick = options.quick;
const window = quick ? { warmUp: 3, seconds: 3 } : { warmUp: 6, seconds: 10 };
const CONVERSATIONS = [1000, 30_000, 200_000];
const OURS = Object.keys(TOOLS).filter((name) => TOOLS[name].needs === null);

/** What targets.mjs compares, by name. */
const figures = new Map();

/** name -> the sections of the report it makes. */
const MEASUREMENTS = {
  start: startUpSection,
  idle: idleSection,
  cpu: cpuSections,
  filter: (sender) => narrowSections(sender, { window, progress, figures }),
  speed: speedSection,
  file: fileSection,
  frame: frameSection,
  monitors: (sender) => monitorSections(sender, { window, quick, progress }),
  pairs: (sender) => pairSections(sender, { window, quick, progress, figures }),
};

const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-bench-'));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
process.on('exit', cleanUp);
await main();

async function main() {
  if (process.getuid() !== 0) throw new Error('the benchmark makes network namespaces: run it as root');
  if (!existsSync(PROGRAM)) throw new Error('dist/ is not built: npm run build');
  createLink();
  const sender = compileSender(folder);
  const sections = [];
  for (const [name, measure] of Object.entries(MEASUREMENTS)) {
    if (options.only !== undefined && !options.only.split(',').includes(name)) continue;
    progress(name);
    sections.push(...(await sectionsOf(name, () => measure(sender))));
  }
  const text = markdown([...targetSections(figures), ...sections]);
  console.log(text);
  if (options.markdown !== undefined && process.exitCode !== 1) writeBetweenMarkers(options.markdown, text);
}

/** A measurement that fails costs its own sections, not those of twenty minutes before it. */
async function sectionsOf(name, measure) {
  try {
    const sections = await measure();
    process.stderr.write(markdown(sections));
    return sections;
  } catch (error) {
    progress(`${name} FAILED: ${error.stack}`);
    process.exitCode = 1;
    return [];
  }
}

function cleanUp() {
  deleteLink();
  rmSync(folder, { recursive: true, force: true });
}

function progress(text) {
  process.stderr.write(`bench: ${text}\n`);
}

async function startUpSection() {
  const { empty, help, screen } = await startUp(quick ? 7 : 15);
  figures.set('help', help / empty).set('screen', screen / empty);
  const row = (what, value) => [what, `${number(value)} ms`, ratio(value, empty)];
  const rows = [row('`node -e 0`', empty), row('`iptraf-ts --help`', help), row('`iptraf-ts`, first screen', screen)];
  return [{ title: 'Start', columns: ['time', 'ratio'], rows }];
}

async function idleSection() {
  const { cpuShare, resident } = await idle(quick ? 5 : 15);
  figures.set('idle', cpuShare * 100).set('resident', resident);
  const rows = [
    ['CPU', `${number(cpuShare * 100, 2)} %`],
    ['resident memory, both processes, beside the ring', megabytes(resident)],
  ];
  return [{ title: 'Idle screen', columns: ['iptraf-ts'], rows }];
}

async function cpuSections(sender) {
  const results = new Map();
  for (const name of Object.keys(TOOLS)) {
    for (const conversations of CONVERSATIONS) {
      // The slowest are not let loose on 200,000: they would only show that they are overrun.
      if (conversations === 200_000 && !OURS.includes(name) && (quick || !name.startsWith('iptraf-ng'))) continue;
      progress(`${name}, ${conversations} conversations`);
      results.set(`${name} ${conversations}`, await cpuPerPacket(sender, name, { conversations, ...window }));
    }
  }
  const cell = (name, conversations) => {
    const result = results.get(`${name} ${conversations}`);
    if (result === undefined || result === null) return '–';
    return `${number(result.nanosecondsPerPacket)}${result.saturated ? ' (overrun)' : ''}`;
  };
  const rows = Object.keys(TOOLS).map((name) => [
    `\`${name}\``,
    ...CONVERSATIONS.map((conversations) => cell(name, conversations)),
  ]);
  noteCpu((name, conversations) => results.get(`${name} ${conversations}`)?.nanosecondsPerPacket);
  const columns = CONVERSATIONS.map((conversations) => `${number(conversations)} conversations`);
  return [
    { title: `CPU ns a packet at ${number(RATE / 1000)} kpps, TCP and UDP`, columns, rows },
    await memorySection(sender),
  ];
}

function noteCpu(nanoseconds) {
  const live = nanoseconds(OURS[0], 1000);
  figures.set('live', live).set('growth', nanoseconds(OURS[0], 200_000) / live);
  const iptraf = nanoseconds('iptraf-ng -i', 1000);
  if (iptraf !== undefined) figures.set('ofIptraf', live / iptraf);
}

/**
 * What 180,000 more conversations take. From 20,000 on: the first thousands bring the program to do things that take
 * memory once (compiled code, a larger heap), and that is no conversation's.
 */
async function memorySection(sender) {
  const rows = [];
  for (const traffic of ['udp', 'tcp']) {
    const measure = (conversations) => cpuPerPacket(sender, OURS[0], { conversations, traffic, ...window });
    const few = await measure(20_000);
    const many = await measure(200_000);
    const bytes = (many.anonymous - few.anonymous) / 180_000;
    figures.set(traffic, bytes);
    rows.push([traffic.toUpperCase(), `${number(bytes)} bytes`]);
  }
  return { title: 'Memory of a conversation, at 200,000', columns: ['iptraf-ts'], rows };
}

async function speedSection(sender) {
  const rows = [];
  for (const name of [OURS[0], 'tcpdump -w /dev/null']) {
    const result = await fullSpeed(sender, name, { conversations: 1000, seconds: quick ? 4 : 10 });
    if (result === null) continue;
    if (name === OURS[0]) figures.set('dropped', result.dropped);
    const share = `${number((result.counted / result.arrived) * 100, 3)} %`;
    rows.push([`\`${name}\``, number(result.packetsPerSecond), number(result.arrived), share, number(result.dropped)]);
  }
  return [{ title: 'Full speed', columns: ['packets/s', 'arrived', 'counted', 'dropped'], rows }];
}

function fileSection(sender) {
  const packets = quick ? 2_000_000 : 5_000_000;
  const columns = ['packets/s', 'of tcpdump'];
  return [1000, 200_000].map((conversations) => {
    const rates = readingRates(sender, folder, { conversations, packets });
    const tcpdump = rates.find(({ name }) => name.startsWith('tcpdump')).rate;
    figures.set(conversations === 1000 ? 'file' : 'largeFile', rates[0].rate);
    if (conversations === 1000 && tcpdump !== null) figures.set('ofTcpdump', rates[0].rate / tcpdump);
    const rows = rates.map(({ name, rate }) => [`\`${name}\``, number(rate), ratio(rate, tcpdump)]);
    return { title: `Reading ${number(packets)} packets, ${number(conversations)} conversations`, columns, rows };
  });
}

async function frameSection(sender) {
  const { framesPerSecond, milliseconds, bytes } = await frame(sender, quick ? 5 : 15);
  figures.set('frame', milliseconds);
  const rows = [
    ['CPU of the front process', `${number(milliseconds, 2)} ms`],
    ['bytes', number(bytes)],
    ['frames a second', number(framesPerSecond, 1)],
  ];
  return [{ title: 'A frame at 200x60, every row changing', columns: ['iptraf-ts'], rows }];
}
