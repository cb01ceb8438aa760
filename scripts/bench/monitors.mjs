// The other monitors: what a packet costs in each beside iptraf-ng's or iftop, how that grows with stations, ports and
// pairs of hosts, and what several monitors at once cost. The engine alone is asked for the last, as the screens would
// ask it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { INTERFACE, onReceiver, packetsArrived, startSender } from './link.mjs';
import { cpuNanoseconds, processTree, runnableNanoseconds } from './processes.mjs';
import { number, ratio } from './report.mjs';
import { inTerminal, isInstalled, PROGRAM, withPipe } from './tools.mjs';

const ENGINE = fileURLToPath(new URL('../../dist/engine.js', import.meta.url));

/** Packets a second: the first of these that leaves a program time to breathe is measured, or the last. */
const RATES = [200_000, 20_000, 1500];
/** A thread that wanted this share of the time was overrun, or nearly so: it cannot have seen every packet. */
const SATURATED = 0.9;
/** The middle one of so many windows counts: the machine has other work now and then. */
const WINDOWS = 5;
const PULLS_A_SECOND = 4;

/**
 * Option of both programs, and the traffic that makes it work: kind and how many of it. `few`: traffic of as many
 * conversations that has few of what the monitor lists: more ports or stations are more conversations too, and what
 * those cost is not the monitor's.
 */
const MONITORS = [
  { args: ['-g'], traffic: 'mixed', amounts: [1000] },
  { args: ['-d', INTERFACE], traffic: 'mixed', amounts: [1000] },
  { args: ['-z', INTERFACE], traffic: 'mixed', amounts: [1000] },
  { args: ['-s', INTERFACE], traffic: 'ports', amounts: [10, 65_536], few: { traffic: 'tcp', word: 'on one port' } },
  {
    args: ['-l', INTERFACE],
    traffic: 'stations',
    amounts: [10, 10_000, 20_000],
    few: { traffic: 'udp', word: 'of one station' },
  },
];

/** At fewer packets a second the pairs would not all have one within the longest window, 40 s. */
const PAIRS = {
  args: ['--pairs', INTERFACE],
  traffic: 'pairs',
  amounts: [100, 20_000, 100_000],
  few: { traffic: 'pair', word: 'of one pair' },
  rates: [200_000, 20_000],
};

const PROGRAMS = [
  {
    name: 'iptraf-ts --json',
    needs: null,
    run: (args) => withPipe(process.execPath, PROGRAM, ...args, '--json', '--every', '1'),
  },
  { name: 'iptraf-ts', needs: null, run: (args) => inTerminal({}, process.execPath, PROGRAM, ...args) },
];
const IPTRAF = { name: 'iptraf-ng', needs: 'iptraf-ng', run: (args) => inTerminal({}, 'iptraf-ng', ...args) };
const IFTOP = {
  name: 'iftop',
  command: 'iftop -n',
  needs: 'iftop',
  run: () => inTerminal({}, 'iftop', '-n', '-i', INTERFACE),
};

/** What the screens of these monitors ask, four times a second. */
const QUESTIONS = {
  'ip-traffic': [
    { sort: 'rate', options: { panel: 'tcp', search: null } },
    { sort: 'rate', options: { panel: 'other', search: null } },
  ],
  ports: [{ sort: 'rate', options: { view: 'services', search: null } }],
  'lan-stations': [
    { sort: 'rate', options: { panel: 'stations', byteKind: 'ip', search: null } },
    { sort: 'rate', options: { panel: 'groups', byteKind: 'ip', search: null } },
  ],
};

/** The sections of the report. `progress` is told what is being measured. */
export async function monitorSections(sender, { window, quick, progress }) {
  const { rows, growth } = await costsAndGrowth(sender, MONITORS, [...PROGRAMS, IPTRAF], { window, quick, progress });
  return [
    { title: 'Monitors', columns: COST_COLUMNS, rows },
    { title: 'Growth of the cost of a packet', columns: ['ratio'], rows: growth },
    await severalSection(sender, window, progress),
  ];
}

/** The host pair monitor by itself; `figures` learns how its cost grows. */
export async function pairSections(sender, { window, quick, progress, figures }) {
  const { rows, growth, ratios } = await costsAndGrowth(sender, [PAIRS], [...PROGRAMS, IFTOP], {
    window,
    quick,
    progress,
  });
  const [{ name }] = PROGRAMS;
  if (ratios.has(name)) figures.set('pairs', ratios.get(name));
  return [
    { title: 'Host pairs', columns: COST_COLUMNS, rows },
    { title: 'Growth of the cost of a packet with host pairs', columns: ['ratio'], rows: growth },
  ];
}

const COST_COLUMNS = ['kpps', 'CPU ns a packet'];

/** Rows of what a packet costs, and of how that grows; `ratios`: most beside fewest, by program, where it was not overrun. */
async function costsAndGrowth(sender, monitors, programs, { window, quick, progress }) {
  const rows = [];
  const growth = [];
  const ratios = new Map();
  for (const monitor of monitors) {
    const amounts = quick ? [...new Set([monitor.amounts[0], monitor.amounts.at(-1)])] : monitor.amounts;
    for (const program of programs) {
      if (program.needs !== null && !isInstalled(program.needs)) continue;
      const costs = await costsOf(sender, monitor, program, amounts, window, progress);
      rows.push(...costs.map((cost) => costRow(monitor, program, cost)));
      const rate = Math.min(...costs.map((cost) => cost.rate));
      const [few, ...more] = costs.filter((cost) => cost.rate === rate).sort((a, b) => a.amount - b.amount);
      for (const many of more) {
        const what = `${program.name}: ${number(many.amount)} ${monitor.traffic} beside ${number(few.amount)}`;
        growth.push([what, many.saturated ? '–' : ratio(many.nanoseconds, few.nanoseconds)]);
      }
      const most = more.at(-1) ?? few;
      if (!most.saturated && most.amount === amounts.at(-1)) {
        ratios.set(program.name, most.nanoseconds / few.nanoseconds);
      }
      if (monitor.few === undefined || program.name !== PROGRAMS[0].name) continue;
      growth.push(await besideFew(sender, monitor, program, most, window, progress));
    }
  }
  return { rows, growth, ratios };
}

/** The same number of conversations with few of what the monitor lists. */
async function besideFew(sender, { args, traffic: listed, few }, program, many, window, progress) {
  const { amount, rate } = many;
  progress(`${program.name} ${args[0]}, ${number(amount)} conversations ${few.word}`);
  const run = () => program.run(args);
  const same = await steady(sender, { run, traffic: few.traffic, amount, rates: [rate], ...window });
  const what = `${program.name}: ${number(amount)} ${listed} beside as many conversations ${few.word}`;
  return [what, many.saturated || same.saturated ? '–' : ratio(many.nanoseconds, same.nanoseconds)];
}

/** One program's monitor with few and with many. */
async function costsOf(sender, { args, traffic, rates: given = RATES }, { name, run }, amounts, window, progress) {
  const costs = [];
  const measure = (amount, rates) => {
    progress(`${name} ${args[0]}, ${number(amount)} ${traffic}`);
    return steady(sender, { run: () => run(args), traffic, amount, rates, ...window });
  };
  let rates = given;
  for (const amount of amounts) {
    costs.push(await measure(amount, rates));
    // What was overrun by few will not be faster with many.
    rates = given.slice(given.indexOf(costs.at(-1).rate));
  }
  // At a low rate what a program does by the clock weighs more: few and many are compared at one.
  if (costs[0].rate !== rates[0]) costs.push(await measure(amounts[0], [rates[0]]));
  return costs;
}

function costRow({ args, traffic }, { name, command = `${name} ${args[0]}` }, { amount, rate, ...cost }) {
  const what = `\`${command}\`, ${number(amount)} ${traffic === 'mixed' ? 'conversations' : traffic}`;
  return [what, number(rate / 1000, rate < 10_000 ? 1 : 0), costText(cost)];
}

const costText = ({ nanoseconds, saturated }) => `${number(nanoseconds)}${saturated ? ' (overrun)' : ''}`;

/** CPU a packet of one program, at the highest of `rates` that does not overrun it. */
async function steady(sender, { run, traffic, amount, rates, warmUp, seconds }) {
  for (const rate of rates) {
    const tool = run();
    await sleep(1500);
    // All of them are to be seen before it counts.
    const before = Math.max(warmUp, (1.2 * amount) / rate);
    const sending = startSender(sender, { traffic, conversations: amount, rate, seconds: before + seconds + 30 });
    await sleep(before * 1000);
    const cost = await costOver(processTree(tool.pid), tool.pid, seconds);
    await sending.stop();
    await tool.stop();
    if (!cost.saturated || rate === rates.at(-1)) return { amount, rate, ...cost };
  }
  throw new Error('no rate to measure at');
}

async function costOver(pids, pid, seconds) {
  const costs = [];
  let overruns = 0;
  for (let i = 0; i < WINDOWS; i++) {
    const before = { cpu: cpuNanoseconds(pids), packets: packetsArrived(pid), wanted: runnableNanoseconds(pids) };
    const began = performance.now();
    await sleep((seconds * 1000) / WINDOWS);
    costs.push((cpuNanoseconds(pids) - before.cpu) / (packetsArrived(pid) - before.packets));
    const elapsed = (performance.now() - began) * 1e6;
    const wanted = [...runnableNanoseconds(pids)].map(([thread, time]) => time - (before.wanted.get(thread) ?? time));
    if (Math.max(...wanted) / elapsed > SATURATED) overruns++;
  }
  costs.sort((a, b) => a - b);
  return { nanoseconds: costs[WINDOWS >> 1], saturated: overruns > WINDOWS / 2 };
}

/** Engines with one monitor and with three, under traffic that makes rows in all of them. */
async function severalSection(sender, window, progress) {
  const names = Object.keys(QUESTIONS);
  const costs = [];
  for (const monitors of [...names.map((name) => [name]), names]) {
    progress(`engine with ${monitors.join(', ')}`);
    costs.push(await engineCost(sender, monitors, window));
  }
  const three = costs.pop();
  const rows = names.map((name, i) => [
    `\`${name}\``,
    costText(costs[i]),
    ratio(three.nanoseconds, costs[i].nanoseconds),
  ]);
  rows.push(['all three at once', costText(three), '']);
  const title = `Engine with one monitor and with three, 1,000 stations, ${number(RATES[0] / 1000)} kpps`;
  return { title, columns: ['CPU ns a packet', 'three beside it'], rows };
}

async function engineCost(sender, monitors, { warmUp, seconds }) {
  const engine = await startEngine(monitors);
  const sending = startSender(sender, {
    traffic: 'stations',
    conversations: 1000,
    rate: RATES[0],
    seconds: warmUp + seconds + 30,
  });
  const pulls = setInterval(() => pull(engine, monitors), 1000 / PULLS_A_SECOND);
  await sleep(warmUp * 1000);
  const cost = await costOver([engine.pid], engine.pid, seconds);
  clearInterval(pulls);
  await sending.stop();
  engine.disconnect();
  await once(engine, 'exit');
  return cost;
}

/** The engine process by itself (src/engine/messages.ts says what it is told). */
async function startEngine(monitors) {
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'];
  const engine = spawn(...onReceiver(process.execPath, '--max-semi-space-size=1', ENGINE), {
    stdio,
    serialization: 'advanced',
  });
  const options = {
    source: { kind: 'live', interfaces: [INTERFACE], capture: 'ring', promiscuous: false },
    monitors,
    snaplen: 256,
    expression: null,
    filter: null,
    writePath: null,
    rateWindow: 1,
    maximumConversations: 1_000_000,
    decapsulate: false,
    keepsPackets: false,
    tcpTimeout: 900,
    closedPersistence: 60,
  };
  engine.send({ type: 'start', id: 1, options });
  const [reply] = await once(engine, 'message');
  if (reply.type !== 'answer') throw new Error(`the engine with ${monitors.join(', ')}: ${reply.message}`);
  engine.on('message', (answer) => {
    if (answer.type === 'failed') throw new Error(`the engine: ${answer.message}`);
  });
  return engine;
}

function pull(engine, monitors) {
  for (const monitor of monitors) {
    for (const question of QUESTIONS[monitor]) {
      const query = { descending: true, offset: 0, limit: 20, follow: null, ...question };
      engine.send({ type: 'page', id: 2, monitor, query });
    }
  }
}
