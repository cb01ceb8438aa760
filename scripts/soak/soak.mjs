// The soak: the daemon under a constant stream of new TCP connections, its log rotated again and again. At the end every
// connection that was made must have exactly one final record, the totals must be the sender's, memory flat and no
// descriptor leaked. For a day on a machine of your own; for seconds in the tests.
//
//   node scripts/soak/soak.mjs [--seconds 86400] [--connections 2000] [--rotate-every 60] [--warm-up 120] [--interval 15]
//
// Needs root (network namespaces), cc and a built program (dist/). Prints one line now and then, and a verdict as JSON.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { compileSender, createLink, deleteLink, INTERFACE, onReceiver, startSender } from '../bench/link.mjs';
import { PROGRAM } from '../bench/tools.mjs';
import { Ledger } from './ledger.mjs';
import { engineOf, growth, sample } from './process-facts.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '86400' },
    connections: { type: 'string', default: '2000' },
    'rotate-every': { type: 'string', default: '60' },
    'warm-up': { type: 'string', default: '120' },
    interval: { type: 'string', default: '15' },
  },
});
const SECONDS = Number(options.seconds);
const CONNECTIONS = Number(options.connections);
const ROTATE_EVERY = Number(options['rotate-every']);
const WARM_UP = Number(options['warm-up']);
/** Minutes between two blocks of the log: heaps have their size after some of them. */
const INTERVAL_MINUTES = Number(options.interval) / 60;
/** SYN, SYN/ACK, data and answer, two FINs, the last ACK: sender.c. */
const PACKETS_A_CONNECTION = 7;
/** Closed conversations leave soon, so that the table is as full after the warm-up as ever. */
const PERSISTENCE_MINUTES = 0.05;
/** Seconds after which a log that was put aside is complete. */
const SETTLED_SECONDS = 2;

const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-soak-'));
const LOG = join(folder, 'soak.log');
const aside = [];
let rotations = 0;

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
process.on('exit', cleanUp);
await main();

async function main() {
  if (process.getuid() !== 0) throw new Error('the soak makes network namespaces: run it as root');
  if (!existsSync(PROGRAM)) throw new Error('dist/ is not built: npm run build');
  createLink();
  const sender = compileSender(folder);
  const daemon = await startDaemon();
  const rate = CONNECTIONS * PACKETS_A_CONNECTION;
  const sending = startSender(sender, { traffic: 'connections', conversations: 1, rate, seconds: SECONDS });
  const ledger = new Ledger();
  const samples = await watchOver(daemon.pid, sending.result, ledger);
  const { sent } = await sending.result;
  await sleep(SETTLED_SECONDS * 1000);
  daemon.kill('SIGTERM');
  const [status, signal] = await once(daemon, 'exit');
  for (const name of [...aside, LOG]) await ledger.read(name);
  const verdict = judge({ sent, ledger, samples, status: status ?? signal });
  console.log(JSON.stringify(verdict));
  process.exitCode = verdict.faults.length === 0 ? 0 : 1;
}

async function startDaemon() {
  const state = join(folder, 'state');
  mkdirSync(state);
  const settings = { version: 1, closedPersistenceMinutes: PERSISTENCE_MINUTES };
  writeFileSync(join(state, 'settings.json'), JSON.stringify(settings), { mode: 0o600 });
  const args = [
    '-B',
    '--foreground',
    '-i',
    INTERFACE,
    '-L',
    LOG,
    '--log-format',
    'json',
    '-I',
    String(INTERVAL_MINUTES),
  ];
  const env = { ...process.env, IPTRAF_TS_STATE_DIR: state, IPTRAF_TS_RUN_DIR: join(folder, 'run') };
  const daemon = spawn(...onReceiver(process.execPath, PROGRAM, ...args), {
    stdio: ['ignore', 'inherit', 'inherit'],
    env,
  });
  daemon.once('exit', (status, signal) => {
    if (status !== 0) console.error(`soak: the daemon ended: ${signal ?? status}`);
  });
  const isReady = () =>
    existsSync(join(folder, 'run')) && readdirSync(join(folder, 'run')).some((name) => name.endsWith('.pid'));
  while (!isReady()) {
    if (daemon.exitCode !== null) throw new Error('the daemon did not start');
    await sleep(50);
  }
  return daemon;
}

/** Rotates, reads what was put aside, and samples both processes until the sender is done. */
async function watchOver(pid, done, ledger) {
  const samples = [];
  const began = performance.now();
  let isDone = false;
  done.finally(() => {
    isDone = true;
  });
  let lastRotation = began;
  while (!isDone) {
    await sleep(Math.min(1000, ROTATE_EVERY * 250));
    const elapsed = (performance.now() - began) / 1000;
    if (elapsed >= WARM_UP) samples.push({ front: sample(pid), engine: sample(engineOf(pid)) });
    if (performance.now() - lastRotation < ROTATE_EVERY * 1000) continue;
    lastRotation = performance.now();
    // The one before is complete by now: read, counted and gone, so that a day needs little room.
    for (const name of aside.splice(0)) {
      await ledger.read(name);
      rmSync(name);
    }
    rotate(pid);
    console.error(`soak: ${elapsed.toFixed(0)} s, ${ledger.connections} connections recorded, ${rotations} rotations`);
  }
  return samples;
}

function rotate(pid) {
  const name = `${LOG}.${++rotations}`;
  renameSync(LOG, name);
  aside.push(name);
  process.kill(pid, 'SIGUSR1');
}

function judge({ sent, ledger, samples, status }) {
  const made = Math.ceil(sent / PACKETS_A_CONNECTION);
  const missing = ledger.missing(made);
  const memory = { front: growth(samples, 'front', 'kilobytes'), engine: growth(samples, 'engine', 'kilobytes') };
  const descriptors = {
    front: growth(samples, 'front', 'descriptors'),
    engine: growth(samples, 'engine', 'descriptors'),
  };
  const faults = [];
  const must = (holds, fault) => holds || faults.push(fault);
  must(status === 0, `the daemon ended with ${status}`);
  must(missing === 0, `${missing} connections have no final record`);
  must(ledger.twice === 0, `${ledger.twice} connections have more than one final record`);
  must(ledger.foreign === 0, `${ledger.foreign} records of connections that were not made`);
  must(ledger.damaged === 0, `${ledger.damaged} lines of the log are no JSON`);
  must(ledger.lost === 0, `the log says that ${ledger.lost} lines were lost`);
  must(
    ledger.packets + ledger.latePackets === sent,
    `records have ${ledger.packets} + ${ledger.latePackets} late packets of ${sent}`,
  );
  must(ledger.stoppedPackets === sent, `the stopped record says ${ledger.stoppedPackets} packets of ${sent}`);
  for (const [name, { share }] of Object.entries(memory))
    must(share < 0.05, `memory of the ${name} grew by ${(share * 100).toFixed(1)} %`);
  for (const [name, { from, to }] of Object.entries(descriptors))
    must(to <= from, `descriptors of the ${name} grew from ${from} to ${to}`);
  return { sent, connections: made, recorded: ledger.connections, rotations, memory, descriptors, faults };
}

function cleanUp() {
  deleteLink();
  rmSync(folder, { recursive: true, force: true });
}
