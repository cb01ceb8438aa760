// Measurements without traffic: reading capture files, and starting.
import { execFileSync, spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { isInstalled, PROGRAM, runInTerminal } from './tools.mjs';

const DEV_NULL = openSync('/dev/null', 'w');

/** Seconds of wall clock until a command has ended. */
function timed(command, args) {
  const began = performance.now();
  const { status } = spawnSync(command, args, { stdio: ['ignore', DEV_NULL, DEV_NULL] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
  return (performance.now() - began) / 1000;
}

const best = (times, run) => Math.min(...Array.from({ length: times }, run));

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** Whole runs, start-up included, best of three: packets a second of each reader. */
export function readingRates(sender, folder, { conversations, packets }) {
  const file = join(folder, `${conversations}.pcap`);
  execFileSync(sender, ['file', file, 'mixed', String(conversations), String(packets)]);
  const small = join(folder, `${conversations}-small.pcap`);
  const smallPackets = 20_000;
  execFileSync(sender, ['file', small, 'mixed', String(Math.min(conversations, 1000)), String(smallPackets)]);
  const rate = (name, times, count, command, ...args) =>
    isInstalled(command) ? { name, rate: count / best(times, () => timed(command, args)) } : { name, rate: null };
  return [
    rate('iptraf-ts -r', 3, packets, process.execPath, PROGRAM, '-i', 'all', '-r', file, '--json'),
    rate('tcpdump -r -w /dev/null', 3, packets, 'tcpdump', '-r', file, '-w', '/dev/null'),
    rate('capinfos', 1, packets, 'capinfos', file),
    rate(`tshark -z conv,ip (${smallPackets} packets)`, 1, smallPackets, 'tshark', '-r', small, '-q', '-z', 'conv,ip'),
  ];
}

/** Milliseconds: medians, the kinds taken in turn so that the machine's moods hit all alike. */
export async function startUp(times) {
  const empty = [];
  const help = [];
  const screen = [];
  for (let i = 0; i < times; i++) {
    empty.push(timed(process.execPath, ['-e', '0']) * 1000);
    help.push(timed(process.execPath, [PROGRAM, '--help']) * 1000);
    screen.push(await firstScreen());
  }
  return { empty: median(empty), help: median(help), screen: median(screen) };
}

async function firstScreen() {
  const began = performance.now();
  const tool = runInTerminal({ cols: 80, rows: 24 }, process.execPath, [PROGRAM]);
  const seen = new Promise((resolve) => {
    tool.onData = () => /IP traffic/i.test(tool.output) && resolve(performance.now() - began);
  });
  const late = new Promise((resolve) => setTimeout(resolve, 10_000, Number.NaN));
  const milliseconds = await Promise.race([seen, late, tool.ended.then(() => Number.NaN)]);
  await tool.stop();
  return milliseconds;
}
